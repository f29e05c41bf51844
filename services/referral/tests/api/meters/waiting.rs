//! The waiting list: in which order places are offered, and what becomes of offers.

use anyhow::Result;
use chrono::TimeDelta;
use futures::future::join_all;
use relais_platform::events::Event;
use relais_proto::{
    convention::v1::{AmendConventionRequest, GetConventionRequest, SignConventionRequest, terms},
    referral::v1::{
        GetAllowedActionsRequest, ListTransitionsRequest, ListWaitingRequest, ListWaitingResponse, WaitingReferral,
        referral::{NextStep, Priority, State},
    },
};
use relais_tests::{Identity, Session, eventually, partnership, request_id, rules, violations};
use tonic::Code;

use super::*;
use crate::lifecycle::{
    Appointment, accept_referral, advance, cancel_referral, decline_offer, fail_referral, get, provide_information,
    reject_referral, request_information, undo_referral, until, waitlist_referral,
};

const OFFERED: &str = "SELECT count(*) FROM waiting WHERE offer_expire_time IS NOT NULL";
/// An instance that looks at what is due when it starts, and then for hours at nothing.
pub(super) const ASLEEP: (&str, &str) = ("RELAIS__TIMERS__POLL_MS", "36000000");

pub(super) fn waits(committed: i64) -> Line {
    Line { on_exhausted: line::OnExhausted::Waitlist.into(), ..firm(committed) }
}

impl Metered {
    async fn page(&self, by: &Session, size: i32, token: &str) -> Result<ListWaitingResponse, Status> {
        let (parent, page_token) = (self.convention.clone(), token.to_string());
        let request = ListWaitingRequest { parent, page_size: size, page_token };
        Ok(by.referrals().list_waiting(request).await?.into_inner())
    }

    async fn list(&self, by: &Session) -> Result<Vec<WaitingReferral>, Status> {
        Ok(self.page(by, 0, "").await?.waiting)
    }

    /// So many who hold a place, and so many who wait.
    async fn queue(&self, holding: usize, waiting: usize) -> Result<(Vec<Referral>, Vec<Referral>)> {
        let mut sent = Vec::new();
        for _ in 0..holding + waiting {
            sent.push(self.send().await?);
        }
        let waiting = sent.split_off(holding);
        assert!(waiting.iter().all(|it| it.state() == State::Waitlisted), "{waiting:?}");
        assert!(sent.iter().all(|it| it.state() == State::Submitted), "{sent:?}");
        Ok((sent, waiting))
    }

    async fn until_offered(&self, name: &str) -> Result<Referral> {
        eventually("it has an offer", || async {
            Ok(Some(get(&self.partners.lab, name).await?).filter(|now| now.offer_expire_time.is_some()))
        })
        .await
    }
}

fn told(list: &[WaitingReferral]) -> Vec<(String, i32)> {
    list.iter().map(|it| (it.referral.clone().unwrap_or_default().name, it.position)).collect()
}

#[tokio::test]
async fn priority_counts_then_continuing_care_then_who_came_first() -> Result<()> {
    let metered = Metered::agree(vec![waits(2)]).await?;
    let partners = &metered.partners;
    // Somebody whom the provider has seen, and another who holds the last place.
    let seen = metered.send().await?;
    accept_referral(&partners.lab, &seen.name).await?;
    Appointment::of(&seen).tell(partners, "fulfilled").await?;
    until(partners, &seen.name, State::Attended).await?;
    let mut names = Vec::new();
    for (priority, patient) in [
        (Priority::Routine, None),
        (Priority::Routine, None),
        (Priority::Routine, Some(seen.patient.clone())),
        (Priority::Urgent, None),
        (Priority::Routine, None),
    ] {
        let new = partnership::patient(&partners.desk).await?;
        let ask = Referral { priority: priority.into(), patient: patient.unwrap_or(new), ..metered.ask() };
        names.push(metered.submit(ask).await?.name);
    }
    let expected: Vec<_> = [3, 2, 1, 4].iter().zip(1..).map(|(at, place)| (names[*at].clone(), place)).collect();
    let whole = metered.list(&partners.lab).await?;
    assert_eq!(told(&whole), expected);
    let continuing: Vec<_> = whole.iter().map(|it| it.continuing_care).collect();
    assert_eq!(continuing, [false, true, false, false]);
    assert_eq!(told(&metered.list(&partners.desk).await?), expected, "who sent them sees the same places");
    // By pages, each of them given to this caller alone.
    let first = metered.page(&partners.lab, 3, "").await?;
    let second = metered.page(&partners.lab, 3, &first.next_page_token).await?;
    assert_eq!((told(&first.waiting).as_slice(), told(&second.waiting).as_slice()), expected.split_at(3));
    assert_eq!(second.next_page_token, "");
    let refused = metered.page(&partners.desk, 3, &first.next_page_token).await.unwrap_err();
    assert_eq!(violations(&refused), ["page_token"]);
    // To a unit that sent none, and to strangers, there are none.
    let other = partnership::care_centre(&partners.operator, &partners.mdm).await?;
    let elsewhere = partners.world.session(&Identity::new("e", "desk").of(&partners.mdm).at(&other))?;
    assert_eq!(metered.list(&elsewhere).await?, []);
    assert_eq!(metered.list(&partners.stranger).await.unwrap_err().code(), Code::NotFound);
    metered.end().await
}

#[tokio::test]
async fn a_place_that_comes_free_is_kept_for_the_first_who_waits() -> Result<()> {
    let mut metered = Metered::agree(vec![waits(1)]).await?;
    let (holding, waiting) = metered.queue(1, 2).await?;
    cancel_referral(&metered.partners.desk, &holding[0].name).await?;
    let offered = metered.until_offered(&waiting[0].name).await?;
    assert_eq!((offered.state(), offered.reason.as_str()), (State::Waitlisted, "place-offered"));
    assert_eq!((offered.next_step(), &offered.owner), (NextStep::Decide, &metered.partners.provider));
    let hours = |time: Option<prost_types::Timestamp>| time.unwrap_or_default().seconds / 3_600;
    assert_eq!(hours(offered.offer_expire_time) - hours(offered.update_time), 72);
    assert_eq!((metered.stands().await?, metered.partners.world.count(OFFERED).await?), ((1, 0, 0, 0), 1));
    loop {
        let (envelope, event) = metered.partners.world.tap.next().await?;
        if let Event::ReferralOffered(told) = event {
            assert_eq!((&told.referral, told.expire_time), (&offered.name, offered.offer_expire_time));
            assert_eq!(envelope.version.to_string(), offered.etag);
            break;
        }
    }
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let places: Vec<_> = metered.list(lab).await?.iter().map(|it| it.position).collect();
    assert_eq!(places, [0, 1]);
    for (by, expected) in [(lab, ["AcceptReferral", "DeclineOffer"]), (desk, ["CancelReferral", "DeclineOffer"])] {
        let request = GetAllowedActionsRequest { name: offered.name.clone() };
        let actions = by.referrals().get_allowed_actions(request).await?.into_inner().actions;
        assert!(expected.iter().all(|rpc| actions.iter().any(|action| action == rpc)), "{actions:?}");
    }
    let refused = accept_referral(lab, &waiting[1].name).await.unwrap_err();
    assert_eq!(rules(&refused), ["volume-exhausted"]);
    assert_eq!(decline_offer(lab, &waiting[1].name).await.unwrap_err().code(), Code::FailedPrecondition);
    let accepted = accept_referral(lab, &waiting[0].name).await?;
    assert_eq!((accepted.state(), accepted.offer_expire_time), (State::Accepted, None));
    assert_eq!(metered.stands().await?, (1, 0, 0, 0), "the place was its own");
    assert_eq!(metered.list(desk).await?.len(), 1);
    let request = ListTransitionsRequest { parent: offered.name.clone(), ..Default::default() };
    let steps = desk.referrals().list_transitions(request).await?.into_inner().transitions;
    let reasons: Vec<_> = steps.iter().map(|step| step.reason.as_str()).collect();
    assert_eq!(reasons, ["", "place-offered", "volume-exhausted", ""]);
    metered.end().await
}

#[tokio::test]
async fn what_is_declined_or_lapses_goes_to_the_next_and_its_referral_behind() -> Result<()> {
    let mut metered = Metered::agree(vec![waits(1)]).await?;
    let (holding, waiting) = metered.queue(1, 3).await?;
    cancel_referral(&metered.partners.desk, &holding[0].name).await?;
    metered.until_offered(&waiting[0].name).await?;
    let declined = decline_offer(&metered.partners.desk, &waiting[0].name).await?;
    assert_eq!((declined.state(), declined.reason.as_str()), (State::Waitlisted, "offer-declined"));
    assert_eq!((declined.next_step(), declined.offer_expire_time), (NextStep::OfferPlace, None));
    let refused = undo_referral(&metered.partners.desk, &waiting[0].name).await.unwrap_err();
    assert_eq!(rules(&refused), ["nothing-to-undo"], "the place is somebody else's");
    metered.until_offered(&waiting[1].name).await?;
    let list = metered.list(&metered.partners.lab).await?;
    let passed: Vec<_> = list.iter().map(|it| (it.passed_offers, it.rest_end_time.is_some())).collect();
    assert_eq!(passed, [(0, false), (0, false), (1, true)]);
    assert_eq!(told(&list)[2], (waiting[0].name.clone(), 2), "behind the third");
    // Nobody answers: it is the third one's, then the first one's again.
    advance(&mut metered.partners, TimeDelta::hours(73)).await?;
    metered.until_offered(&waiting[2].name).await?;
    let lapsed = get(&metered.partners.lab, &waiting[1].name).await?;
    assert_eq!((lapsed.state(), lapsed.reason.as_str()), (State::Waitlisted, "offer-lapsed"));
    assert_eq!(metered.partners.world.count(OFFERED).await?, 1);
    decline_offer(&metered.partners.lab, &waiting[2].name).await?;
    metered.until_offered(&waiting[0].name).await?;
    assert_eq!((metered.stands().await?, metered.partners.world.count(OFFERED).await?), ((1, 0, 0, 0), 1));
    // Alone on the list, whoever let it pass rests: for as long, the place is free.
    for waits in &waiting[1..] {
        cancel_referral(&metered.partners.desk, &waits.name).await?;
    }
    decline_offer(&metered.partners.lab, &waiting[0].name).await?;
    assert_eq!(metered.stands().await?, (0, 0, 1, 0));
    assert_eq!(metered.send().await?.state(), State::Submitted);
    metered.end().await
}

/// Whatever is killed between what gives a place back and its offer, the next instance that starts offers it once.
#[tokio::test]
async fn nobody_comes_before_who_waits_and_a_place_is_offered_once_whoever_is_killed() -> Result<()> {
    let metered = Metered::agree_with(vec![waits(1)], |terms| terms, &[ASLEEP]).await?;
    let (holding, waiting) = metered.queue(1, 1).await?;
    let (world, lab) = (&metered.partners.world, &metered.partners.lab);
    cancel_referral(&metered.partners.desk, &holding[0].name).await?;
    assert_eq!(metered.stands().await?, (0, 0, 1, 0), "nobody has offered it yet");
    assert!(metered.check(metered.ask()).await?.waitlisted);
    let new = metered.send().await?;
    assert_eq!((new.state(), new.reason.as_str()), (State::Waitlisted, "volume-exhausted"));
    assert_eq!(rules(&accept_referral(lab, &new.name).await.unwrap_err()), ["volume-exhausted"]);
    for _ in 0..2 {
        let other = Box::pin(world.another()).await?;
        metered.until_offered(&waiting[0].name).await?;
        world.until_count("SELECT count(*) FROM meter_freed", 0).await?;
        assert_eq!((metered.stands().await?, world.count(OFFERED).await?), ((1, 0, 0, 0), 1));
        other.stop::<relais_referral::Referral>().await;
    }
    assert_eq!(world.count("SELECT count(*) FROM referral_transition WHERE reason = 'place-offered'").await?, 1);
    metered.end().await
}

#[tokio::test]
async fn places_that_come_free_at_once_are_offered_in_turn_and_each_to_one() -> Result<()> {
    let settings = [("RELAIS__DATABASE__MAX_CONNECTIONS", "16")];
    let metered = Metered::agree_with(vec![waits(3)], |terms| terms, &settings).await?;
    let other = Box::pin(metered.partners.world.another()).await?;
    let (holding, waiting) = metered.queue(3, 5).await?;
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let freed = join_all(holding.iter().map(|it| cancel_referral(desk, &it.name))).await;
    assert!(freed.iter().all(Result::is_ok));
    for first in &waiting[..3] {
        metered.until_offered(&first.name).await?;
    }
    assert_eq!(metered.partners.world.count(OFFERED).await?, 3);
    // Both sides at once: one of them is too late.
    let (accepted, declined) =
        futures::join!(accept_referral(lab, &waiting[0].name), decline_offer(desk, &waiting[0].name));
    assert!(accepted.is_ok() != declined.is_ok(), "{accepted:?} {declined:?}");
    let next = &waiting[if declined.is_ok() { 3 } else { 2 }];
    metered.until_offered(&next.name).await?;
    assert_eq!(metered.stands().await?, (3, 0, 0, 0));
    other.stop::<relais_referral::Referral>().await;
    metered.end().await
}

/// Where the convention accepts by itself, nobody would take an offer: whoever's turn it is, is accepted.
#[tokio::test]
async fn where_what_is_admitted_is_accepted_so_is_who_gets_a_place() -> Result<()> {
    let agreed = |terms| Terms { acceptance: terms::Acceptance::Automatic.into(), ..terms };
    let metered = Metered::agree_with(vec![waits(1)], agreed, &[]).await?;
    let (first, second) = (metered.send().await?, metered.send().await?);
    assert_eq!((first.state(), second.state()), (State::Accepted, State::Waitlisted));
    fail_referral(&metered.partners.lab, &first.name).await?;
    until(&metered.partners, &second.name, State::Accepted).await?;
    assert_eq!((metered.stands().await?, metered.list(&metered.partners.lab).await?), ((1, 0, 0, 0), vec![]));
    metered.end().await
}

/// A provider that has no time keeps the place of whom it puts on the list; a step that is taken back leads to where it stood.
#[tokio::test]
async fn who_has_a_place_waits_for_the_provider_alone() -> Result<()> {
    let metered = Metered::agree(vec![waits(1)]).await?;
    let (desk, lab) = (&metered.partners.desk, &metered.partners.lab);
    let (holding, waiting) = metered.queue(1, 2).await?;
    waitlist_referral(lab, &holding[0].name).await?;
    let since =
        |list: Vec<WaitingReferral>| list.into_iter().map(|it| (it.position, it.wait_start_time)).collect::<Vec<_>>();
    let before = since(metered.list(lab).await?);
    let positions: Vec<_> = before.iter().map(|(position, _)| *position).collect();
    assert_eq!((positions, metered.partners.world.count(OFFERED).await?), (vec![1, 2, 1], 0));
    reject_referral(lab, &waiting[0].name).await?;
    assert_eq!(metered.list(desk).await?.len(), 2);
    undo_referral(lab, &waiting[0].name).await?;
    assert_eq!(since(metered.list(lab).await?), before);
    // Who was asked for something meanwhile has not lost its turn either.
    request_information(lab, &waiting[0].name).await?;
    provide_information(desk, &waiting[0].name).await?;
    waitlist_referral(lab, &waiting[0].name).await?;
    assert_eq!(since(metered.list(lab).await?), before);
    accept_referral(lab, &holding[0].name).await?;
    assert_eq!(metered.stands().await?, (1, 0, 0, 0));
    metered.end().await
}

#[tokio::test]
async fn what_an_amendment_adds_is_offered() -> Result<()> {
    let metered = Metered::agree(vec![waits(1)]).await?;
    let (_, waiting) = metered.queue(1, 3).await?;
    let conventions = || metered.partners.operator.conventions();
    let name = metered.convention.clone();
    let found = conventions().get_convention(GetConventionRequest { name: name.clone() }).await?.into_inner();
    let convention = found.convention.context("no convention")?;
    let terms = Some(Terms { lines: vec![waits(3)], ..convention.terms.unwrap_or_default() });
    let (effective_date, etag) = (day(metered.partners.today), convention.etag);
    let request = AmendConventionRequest { name: name.clone(), terms, effective_date, etag, request_id: request_id() };
    let amended = conventions().amend_convention(request).await?.into_inner().convention.context("no convention")?;
    let (signature_date, etag) = (day(metered.partners.today), amended.etag);
    let request = SignConventionRequest { name, signature_date, etag, request_id: request_id() };
    conventions().sign_convention(request).await?;
    for first in &waiting[..2] {
        metered.until_offered(&first.name).await?;
    }
    assert_eq!((metered.stands().await?, metered.partners.world.count(OFFERED).await?), ((3, 0, 0, 0), 2));
    metered.end().await
}

#[tokio::test]
async fn with_a_new_period_its_places_are_offered() -> Result<()> {
    let line = Line { per: line::Per::Month.into(), ..waits(1) };
    let mut metered = Metered::agree(vec![line]).await?;
    let (holding, waiting) = metered.queue(1, 2).await?;
    accept_referral(&metered.partners.lab, &holding[0].name).await?;
    advance(&mut metered.partners, TimeDelta::days(32)).await?;
    metered.until_offered(&waiting[0].name).await?;
    assert_eq!(metered.partners.world.count(OFFERED).await?, 1, "one place a month");
    let reserved = "SELECT count(*) FROM meter m JOIN meter_stripe s ON s.meter_id = m.id WHERE s.reserved = 1";
    assert_eq!(metered.partners.world.count(reserved).await?, 2, "one in each of two months");
    accept_referral(&metered.partners.lab, &waiting[0].name).await?;
    metered.end().await
}
