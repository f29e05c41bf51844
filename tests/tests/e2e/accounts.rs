//! Who saw a patient: the account that the services give is the one that the clients kept themselves.

use anyhow::{Context, Result};
use relais_proto::{
    audit::v1::{Access, ListAccessesRequest, access::Outcome},
    notification::v1::ListMessagesRequest,
    referral::v1::{GetPatientRequest, GetReferralRequest, ListReferralsRequest, Referral},
    results::v1::{GetOrderRequest, ListOrdersRequest},
    scheduling::v1::{GetAppointmentRequest, ListAppointmentsRequest},
};
use relais_tests::{
    Identity, Options, Session, Sessions, Suite,
    partnership::{Partners, organisation},
    settled,
};
use tonic::{Code, Response, Status};

/// How many calls of each caller.
const CALLS: usize = 40;

/// An access as a client remembers it: where, who, which RPC, how it ended, and to which referral (none: the record alone).
type Remembered = (&'static str, String, &'static str, Outcome, Option<String>);

/// One of those who call, with a memory of their own.
struct Caller<'r> {
    subject: &'static str,
    sessions: Sessions,
    record: &'r mut Vec<Remembered>,
}

impl Caller<'_> {
    fn remember(&mut self, service: &'static str, rpc: &'static str, outcome: Outcome, referral: Option<&str>) {
        self.record.push((service, self.subject.into(), rpc, outcome, referral.map(Into::into)));
    }

    /// What was asked for one thing: served, or refused as if it were not there.
    fn one<T>(
        &mut self,
        service: &'static str,
        rpc: &'static str,
        answer: Result<Response<T>, Status>,
        referral: Option<&str>,
    ) {
        let outcome = match answer {
            Ok(_) => Outcome::Served,
            Err(status) => {
                assert_eq!(status.code(), Code::NotFound, "{rpc}: {status}");
                Outcome::Refused
            }
        };
        self.remember(service, rpc, outcome, referral);
    }

    /// Makes some call about this patient, or this referral with its appointment and order.
    async fn call(&mut self, random: &mut fastrand::Rng, patient: &str, about: &About) -> Result<()> {
        let Sessions { referral: r, scheduling: s, results: o, notification: n } = self.sessions.clone();
        let name = || about.referral.name.clone();
        let is = Some(about.referral.name.as_str());
        match random.u8(0..8) {
            0 => {
                let answer = r.patients().get_patient(GetPatientRequest { name: patient.into() }).await;
                self.one("referral", "GetPatient", answer, None);
            }
            1 => {
                let answer = r.referrals().get_referral(GetReferralRequest { name: name() }).await;
                self.one("referral", "GetReferral", answer, is);
            }
            2 => {
                for seen in r.referrals().list_referrals(ListReferralsRequest::default()).await?.into_inner().referrals
                {
                    self.remember("referral", "ListReferrals", Outcome::Served, Some(&seen.name));
                }
            }
            3 => {
                let answer =
                    s.scheduling().get_appointment(GetAppointmentRequest { name: about.appointment.clone() }).await;
                self.one("scheduling", "GetAppointment", answer, is);
            }
            4 => {
                let list = ListAppointmentsRequest { referral: name(), ..Default::default() };
                for seen in s.scheduling().list_appointments(list).await?.into_inner().appointments {
                    self.remember("scheduling", "ListAppointments", Outcome::Served, Some(&seen.referral));
                }
            }
            5 => {
                let answer = o.results().get_order(GetOrderRequest { name: about.order.clone() }).await;
                self.one("results", "GetOrder", answer, is);
            }
            6 => {
                let list = ListOrdersRequest { referral: name(), ..Default::default() };
                for seen in o.results().list_orders(list).await?.into_inner().orders {
                    self.remember("results", "ListOrders", Outcome::Served, Some(&seen.referral));
                }
            }
            _ => {
                for seen in n.inbox().list_messages(ListMessagesRequest::default()).await?.into_inner().messages {
                    self.remember("notification", "ListMessages", Outcome::Served, Some(&seen.referral));
                }
            }
        }
        Ok(())
    }
}

/// A referral with what other services made of it.
struct About {
    referral: Referral,
    appointment: String,
    order: String,
}

impl About {
    /// Looked up by the desk, which remembers it.
    async fn of(referral: Referral, desk: &mut Caller<'_>) -> Result<Self> {
        let (name, sessions) = (referral.name.clone(), desk.sessions.clone());
        let list = ListAppointmentsRequest { referral: name.clone(), ..Default::default() };
        let found = sessions.scheduling.scheduling().list_appointments(list).await?.into_inner().appointments;
        let appointment = found.into_iter().next().context("no appointment")?.name;
        desk.remember("scheduling", "ListAppointments", Outcome::Served, Some(&name));
        let list = ListOrdersRequest { referral: name.clone(), ..Default::default() };
        let found = sessions.results.results().list_orders(list).await?.into_inner().orders;
        let order = found.into_iter().next().context("no order")?.name;
        desk.remember("results", "ListOrders", Outcome::Served, Some(&name));
        Ok(Self { referral, appointment, order })
    }
}

/// All pages of an account, the oldest first.
async fn account(session: &Session, patient: &str, referral: &str) -> Result<Vec<Access>> {
    let (patient, referral) = (patient.to_string(), referral.to_string());
    let mut asked = ListAccessesRequest { patient, referral, page_size: 7, ..Default::default() };
    let mut accesses = Vec::new();
    loop {
        let page = session.audits().list_accesses(asked.clone()).await?.into_inner();
        accesses.extend(page.accesses);
        if page.next_page_token.is_empty() {
            accesses.reverse();
            return Ok(accesses);
        }
        asked.page_token = page.next_page_token;
    }
}

/// What clients did, as they remember it: not what events did, and not that accounts were asked for.
fn remembered(service: &'static str, accesses: &[Access]) -> Vec<Remembered> {
    let known = [
        "CreatePatient",
        "SubmitReferral",
        "GetPatient",
        "GetReferral",
        "ListReferrals",
        "GetAppointment",
        "ListAppointments",
        "GetOrder",
        "ListOrders",
        "ListMessages",
    ];
    let rows = accesses.iter().filter_map(|access| {
        let rpc = known.iter().find(|rpc| access.rpc.ends_with(&format!("/{rpc}")))?;
        let subject = access.subject.rsplit('|').next().unwrap_or_default().to_string();
        let referral = (*rpc != "GetPatient" && *rpc != "CreatePatient").then(|| access.referral.clone());
        Some((service, subject, *rpc, access.outcome(), referral))
    });
    rows.collect()
}

#[tokio::test]
async fn the_account_of_a_patient_is_the_one_that_clients_kept() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let mut record: Vec<Remembered> = Vec::new();
    // Whoever treats sees orders, too.
    let treating = partners.sender.clone().and("clinician");
    let mut desk = Caller { subject: "desk", sessions: suite.sessions(&treating)?, record: &mut record };
    desk.remember("referral", "CreatePatient", Outcome::Changed, None);
    let mut submitted = Vec::new();
    for _ in 0..2 {
        submitted.push(partners.submit(partners.request()).await?);
        let name = submitted.last().map(|referral| referral.name.clone());
        desk.remember("referral", "SubmitReferral", Outcome::Changed, name.as_deref());
    }
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    let mut abouts = Vec::new();
    for referral in submitted {
        abouts.push(About::of(referral, &mut desk).await?);
    }
    let elsewhere = organisation(&partners.operator, "Elsewhere").await?;
    let provider = abouts[0].referral.provider.clone();
    let callers = [
        ("desk", suite.sessions(&treating)?),
        ("lab", suite.sessions(&Identity::new("lab", "clinician").of(&provider))?),
        ("stranger", suite.sessions(&Identity::new("stranger", "clinician").of(&elsewhere))?),
    ];
    let mut random = fastrand::Rng::with_seed(7);
    for call in 0..CALLS * callers.len() {
        let (subject, sessions) = callers[call % callers.len()].clone();
        let about = &abouts[random.usize(..abouts.len())];
        Caller { subject, sessions, record: &mut record }.call(&mut random, partners.patient(), about).await?;
    }
    let refused = record.iter().filter(|row| row.3 == Outcome::Refused).count();
    assert!(refused > 20, "{refused} refusals");

    let admin = suite.sessions(&Identity::new("admin", "admin").of(&partners.sender.organisation))?;
    for about in &abouts {
        for (service, session) in admin.all() {
            let told = remembered(service, &account(session, "", &about.referral.name).await?);
            let of_it = |row: &&Remembered| row.0 == service && row.4.as_deref() == Some(&about.referral.name);
            let own: Vec<_> = record.iter().filter(of_it).cloned().collect();
            // Who was refused an appointment or an order was not told whose it is, and neither was the audit.
            let told: Vec<_> = told.into_iter().map(|row| unnamed(row, &about.referral.name)).collect();
            assert_eq!(told, own, "{service}");
            assert!(!own.is_empty());
        }
    }
    let told = remembered("referral", &account(&admin.referral, partners.patient(), "").await?);
    let own: Vec<_> = record.iter().filter(|row| row.0 == "referral").cloned().collect();
    assert_eq!(told, own, "the whole account of the patient at the referral service");
    suite.stop().await
}

fn unnamed(row: Remembered, referral: &str) -> Remembered {
    let (service, subject, rpc, outcome, named) = row;
    let named = named.map(|name| if name.is_empty() { referral.to_string() } else { name });
    (service, subject, rpc, outcome, named)
}

#[tokio::test]
async fn an_account_is_for_whoever_holds_the_record_and_is_an_access_itself() -> Result<()> {
    let suite = Suite::start(Options::default()).await?;
    let partners = Partners::meet(&suite).await?;
    let referral = partners.submit(partners.request()).await?;
    settled(&suite.sessions(&Identity::new("operator", "operator"))?).await?;
    let holder = &partners.sender.organisation;
    let absent = format!("referrals/{}", uuid::Uuid::now_v7());
    for (service, admin) in suite.sessions(&Identity::new("admin", "admin").of(holder))?.all() {
        account(admin, "", &referral.name).await?;
        let last = account(admin, "", &referral.name).await?.pop().context("an account")?;
        assert!(last.rpc.ends_with("/ListAccesses") && last.subject.ends_with("|admin"), "{service}: {last:?}");
        assert_eq!(last.organisation, *holder);
        let status = account(admin, "", &absent).await.unwrap_err().downcast::<Status>()?;
        let other = suite.session(service, &Identity::new("head", "coordinator").of(&referral.provider))?;
        let refused = account(&other, "", &referral.name).await.unwrap_err().downcast::<Status>()?;
        assert_eq!((refused.code(), status.code()), (Code::NotFound, Code::NotFound), "{service}");
        assert_eq!(refused.message().replace(&referral.name, ""), status.message().replace(&absent, ""), "{service}");
        let desk = suite.session(service, &partners.sender)?;
        let refused = account(&desk, "", &referral.name).await.unwrap_err().downcast::<Status>()?;
        assert_eq!(refused.code(), Code::PermissionDenied, "{service}");
        let both = account(admin, partners.patient(), &referral.name).await.unwrap_err().downcast::<Status>()?;
        assert_eq!(both.code(), Code::InvalidArgument, "{service}");
    }
    let stranger = organisation(&partners.operator, "Elsewhere").await?;
    let stranger = suite.session("referral", &Identity::new("stranger", "admin").of(&stranger))?;
    let refused = account(&stranger, partners.patient(), "").await.unwrap_err().downcast::<Status>()?;
    assert_eq!(refused.code(), Code::NotFound);
    // Who asked and was refused stands in the account too.
    let admin = suite.session("referral", &Identity::new("admin", "admin").of(holder))?;
    let told = account(&admin, partners.patient(), "").await?;
    let asked = |access: &&Access| access.outcome() == Outcome::Refused && access.rpc.ends_with("/ListAccesses");
    let who: Vec<_> = told.iter().filter(asked).filter_map(|access| access.subject.rsplit('|').next()).collect();
    assert_eq!(who, ["head", "stranger"]);
    suite.stop().await
}
