//! One client: submits, cancels, sends again what was not answered, and writes down what it was told.

use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};

use fastrand::Rng;
use relais_platform::ids::ReferralId;
use relais_proto::referral::v1::{
    CancelReferralRequest, GetPatientRequest, GetPatientResponse, GetReferralRequest, GetReferralResponse,
    cancel_referral_request::Reason,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use uuid::Uuid;

use super::{
    call::{Refusal, Reply, call, patient_id, referral_id},
    record::{Answer, Cancel, Reading, Submission},
    senders::{PATIENTS, Senders},
    tally::{Counted, Tally},
};
use crate::Session;

/// Between two calls of one client.
const PACE: Duration = Duration::from_millis(140);

/// The rule that refuses whoever comes when all is taken.
const USED_UP: &str = "volume-exhausted";

/// How far the run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// New requests are made.
    Load,
    /// What was asked is asked again until it is answered.
    Finish,
    /// It is not answered.
    GiveUp,
}

#[derive(Debug, Clone, Copy)]
enum What {
    Submit,
    Cancel,
    Read,
}

/// A request that is to be sent, perhaps again.
struct Errand {
    /// Which submission it belongs to.
    submission: usize,
    what: What,
    /// How often it was sent before.
    attempt: usize,
    due: Instant,
}

pub(super) struct Client {
    /// The same desk at each instance of the referral service.
    desks: Vec<Session>,
    senders: Arc<Senders>,
    random: Rng,
    tally: Arc<Tally>,
    phase: watch::Receiver<Phase>,
    errands: VecDeque<Errand>,
    submissions: Vec<Submission>,
}

impl Client {
    pub(super) fn new(
        desks: Vec<Session>,
        senders: Arc<Senders>,
        random: Rng,
        tally: Arc<Tally>,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        Self { desks, senders, random, tally, phase, errands: VecDeque::new(), submissions: Vec::new() }
    }

    /// Until all is answered that was asked; gives back what was told.
    pub(super) async fn run(mut self) -> Vec<Submission> {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            pace.tick().await;
            let phase = *self.phase.borrow();
            match self.next(phase) {
                Some(errand) if phase != Phase::GiveUp => self.send(errand).await,
                _ => return self.submissions,
            }
        }
    }

    fn next(&mut self, phase: Phase) -> Option<Errand> {
        let now = Instant::now();
        let due = self.errands.iter().position(|errand| phase != Phase::Load || errand.due <= now);
        if let Some(errand) = due.and_then(|at| self.errands.remove(at)) {
            return Some(errand);
        }
        (phase == Phase::Load).then(|| {
            // A third goes where little is committed.
            let scarce = (self.random.u8(..3) == 0).then(|| self.random.usize(..PATIENTS));
            self.submissions.push(Submission { request: Uuid::now_v7(), scarce, ..Submission::default() });
            Errand { submission: self.submissions.len() - 1, what: What::Submit, attempt: 0, due: now }
        })
    }

    async fn send(&mut self, mut errand: Errand) {
        self.tally.sent(errand.attempt);
        let began = Instant::now();
        let reply = match errand.what {
            What::Submit => self.submit(&errand).await,
            What::Cancel => self.cancel(&errand).await,
            What::Read => self.read(&errand).await,
        };
        match reply {
            Reply::Done(referral) => {
                self.tally.answered(began);
                self.acknowledged(&errand, referral);
            }
            Reply::Refused(refusal) => self.refused(&errand, refusal),
            Reply::Again => {
                self.tally.unanswered(errand.attempt);
                errand.attempt += 1;
                errand.due = self.within(200..1_500);
                self.errands.push_back(errand);
            }
        }
    }

    async fn submit(&mut self, errand: &Errand) -> Reply<Uuid> {
        let submission = &mut self.submissions[errand.submission];
        submission.sent += 1;
        let (body, patience) = (self.senders.request(submission), self.patience());
        let mut desk = self.desk(errand).referrals();
        call(
            patience,
            body,
            |request| async move { desk.submit_referral(request).await },
            |body| referral_id(body.referral),
        )
        .await
    }

    async fn cancel(&mut self, errand: &Errand) -> Reply<Uuid> {
        let submission = &self.submissions[errand.submission];
        let (Some(referral), Some(cancel)) = (submission.answer.done(), &submission.cancel) else {
            return Reply::Refused("nothing to cancel".into());
        };
        let body = CancelReferralRequest {
            name: ReferralId(*referral).to_string(),
            reason: Reason::PatientDeclined.into(),
            request_id: cancel.request.to_string(),
            ..CancelReferralRequest::default()
        };
        let patience = self.patience();
        let mut desk = self.desk(errand).referrals();
        call(
            patience,
            body,
            |request| async move { desk.cancel_referral(request).await },
            |body| referral_id(body.referral),
        )
        .await
    }

    /// Reads the referral, or its patient: what is answered must stand in the audit, by the trace that was sent.
    async fn read(&mut self, errand: &Errand) -> Reply<Uuid> {
        let Some(referral) = self.submissions[errand.submission].answer.done().copied() else {
            return Reply::Refused("nothing to read".into());
        };
        let (trace, patience) = (Uuid::now_v7().simple().to_string(), self.patience());
        let Ok(desk) = self.desk(errand).traced(&format!("00-{trace}-00f067aa0ba902b7-01")) else {
            return Reply::Refused("no trace".into());
        };
        let (rpc, reply) = if errand.submission.is_multiple_of(2) {
            let (name, mut desk) = (ReferralId(referral).to_string(), desk.referrals());
            let get = |request| async move { desk.get_referral(request).await };
            let id = |body: GetReferralResponse| referral_id(body.referral);
            ("GetReferral", call(patience, GetReferralRequest { name }, get, id).await)
        } else {
            let (name, mut desk) = (self.senders.partners.patient().to_string(), desk.patients());
            let get = |request| async move { desk.get_patient(request).await };
            let id = |body: GetPatientResponse| patient_id(body.patient);
            ("GetPatient", call(patience, GetPatientRequest { name }, get, id).await)
        };
        if let Reply::Done(_) = reply {
            self.tally.count(Counted::Read);
            self.submissions[errand.submission].reads.push(Reading { rpc, trace });
        }
        reply
    }

    fn acknowledged(&mut self, errand: &Errand, referral: Uuid) {
        let submission = &mut self.submissions[errand.submission];
        let (first, told) = match errand.what {
            What::Submit => (submission.answer == Answer::None, submission.answer.done().copied().unwrap_or(referral)),
            What::Read => return,
            What::Cancel => {
                let cancel = submission.cancel.get_or_insert_default();
                let first = cancel.answer == Answer::None;
                cancel.answer = Answer::Done(());
                (first, submission.answer.done().copied().unwrap_or_default())
            }
        };
        if told != referral {
            submission.others.push(format!("referral {referral}, not {told}"));
        }
        if !first {
            return;
        }
        if matches!(errand.what, What::Submit) {
            submission.answer = Answer::Done(referral);
        }
        let cancel = matches!(errand.what, What::Cancel);
        self.tally.count(if cancel { Counted::Cancelled } else { Counted::Submitted });
        self.go_on(errand);
    }

    /// A half of what was submitted is read, a third cancelled; and a few requests are sent again although they were answered. Where
    /// little is committed nearly all is cancelled after a while, and a few places stay taken.
    fn go_on(&mut self, errand: &Errand) {
        let submission = errand.submission;
        let scarce = self.submissions[submission].scarce.is_some();
        let cancels = if scarce { self.random.u8(..24) != 0 } else { self.random.u8(..3) == 0 };
        if matches!(errand.what, What::Submit) && cancels {
            let cancel = Cancel { request: Uuid::now_v7(), answer: Answer::None };
            self.submissions[submission].cancel = Some(cancel);
            let due = self.within(if scarce { 0..8_000 } else { 0..3_000 });
            self.errands.push_back(Errand { submission, what: What::Cancel, attempt: 0, due });
        }
        if matches!(errand.what, What::Submit) && self.random.u8(..2) == 0 {
            let due = self.within(0..3_000);
            self.errands.push_back(Errand { submission, what: What::Read, attempt: 0, due });
        }
        if self.random.u8(..32) == 0 {
            let due = self.within(0..3_000);
            self.errands.push_back(Errand { submission, what: errand.what, attempt: errand.attempt + 1, due });
        }
    }

    fn refused(&mut self, errand: &Errand, Refusal { said, rules }: Refusal) {
        let submission = &mut self.submissions[errand.submission];
        let first = matches!(errand.what, What::Submit) && submission.answer == Answer::None;
        submission.used_up |=
            first && submission.scarce.is_some() && !rules.is_empty() && rules.iter().all(|rule| rule == USED_UP);
        self.tally.count(if first && submission.used_up { Counted::UsedUp } else { Counted::Refused });
        match (errand.what, &mut submission.cancel) {
            (What::Submit, _) if submission.answer == Answer::None => submission.answer = Answer::Refused(said),
            (What::Cancel, Some(cancel)) if cancel.answer == Answer::None => cancel.answer = Answer::Refused(said),
            _ => submission.others.push(said),
        }
    }

    /// Each attempt goes to another instance than the one before.
    fn desk(&self, errand: &Errand) -> Session {
        self.desks[(errand.submission + errand.attempt) % self.desks.len()].clone()
    }

    /// Most wait for two or three seconds, a few for next to nothing: what they asked goes on without them.
    fn patience(&mut self) -> Duration {
        let impatient = self.random.u8(..24) == 0;
        Duration::from_millis(if impatient { self.random.u64(1..40) } else { self.random.u64(2_000..3_000) })
    }

    fn within(&mut self, milliseconds: std::ops::Range<u64>) -> Instant {
        Instant::now() + Duration::from_millis(self.random.u64(milliseconds))
    }
}
