//! Opening a file of others: who may, for how long, how often, and what is told of what is not there.

use anyhow::Result;
use prost_types::Duration;
use relais_platform::clock::machine_now;
use relais_proto::{
    network::v1::{EndRegistrationRequest, GetPractitionerRequest, registration::EndReason},
    referral::v1::{
        CancelReferralRequest, FileAccess, GetReferralRequest, ListReferralsRequest, OpenFileRequest,
        cancel_referral_request::Reason as CancelReason, file_access::Reason,
    },
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World, date, partnership, partnership::Partners, request_id, rules, violations};
use tonic::{Code, Status};
use uuid::Uuid;

struct Case {
    world: World<Service>,
    partners: Partners,
    elsewhere: String,
    entry: String,
    name: String,
    number: String,
}

impl Case {
    async fn start(settings: &[(&str, &str)]) -> Result<Self> {
        let world = World::start_with(settings).await?;
        let partners = Partners::meet_at(|identity| world.session(identity)).await?;
        let elsewhere = partnership::organisation(&partners.operator, "Hospital").await?;
        let entry = partnership::practitioner(&partners.operator, &elsewhere).await?;
        let referral = partners.submit(partners.request()).await?;
        Ok(Self { world, partners, elsewhere, entry, name: referral.name, number: referral.number })
    }

    fn clinician(&self, subject: &str) -> Result<Session> {
        self.world.session(&Identity::new(subject, "clinician").of(&self.elsewhere).registered(&self.entry))
    }

    fn named(&self) -> OpenFileRequest {
        ask(&self.name)
    }
}

fn ask(name: &str) -> OpenFileRequest {
    let (reason, statement) = (Reason::ContinuityOfCare.into(), "She is in my consultation now".into());
    OpenFileRequest { name: name.into(), reason, statement, request_id: request_id(), ..Default::default() }
}

async fn open(session: &Session, request: OpenFileRequest) -> Result<FileAccess, Status> {
    let answer = session.break_glass().open_file(request).await?.into_inner();
    answer.file_access.ok_or_else(|| Status::internal("no access"))
}

async fn get(session: &Session, name: &str) -> Result<(), Status> {
    session.referrals().get_referral(GetReferralRequest { name: name.into() }).await.map(|_| ())
}

#[tokio::test]
async fn the_caller_alone_reads_and_changes_nothing() -> Result<()> {
    let case = Case::start(&[]).await?;
    let (me, colleague) = (case.clinician("me")?, case.clinician("colleague")?);
    assert_eq!(get(&me, &case.name).await.unwrap_err().code(), Code::NotFound);
    let request = case.named();
    let opened = open(&me, request.clone()).await?;
    assert_eq!(open(&me, request).await?, opened, "the same request again answers the same");
    let length = opened.expire_time.map(|end| end.seconds).unwrap_or_default()
        - opened.create_time.map(|start| start.seconds).unwrap_or_default();
    assert_eq!(
        (length, opened.referral.as_str(), opened.reason()),
        (3600, case.name.as_str(), Reason::ContinuityOfCare)
    );
    get(&me, &case.name).await?;
    assert_eq!(get(&colleague, &case.name).await.unwrap_err().code(), Code::NotFound, "that subject alone");
    let mut listed = me.referrals();
    let listed = listed.list_referrals(ListReferralsRequest::default()).await?.into_inner();
    assert!(listed.referrals.is_empty(), "lists are of parties");
    let cancel = CancelReferralRequest {
        name: case.name.clone(),
        reason: CancelReason::Duplicate.into(),
        request_id: request_id(),
        ..Default::default()
    };
    assert_eq!(me.referrals().cancel_referral(cancel).await.unwrap_err().code(), Code::NotFound, "it is for reading");
    assert_eq!(case.world.count("SELECT count(*) FROM file_access").await?, 1);
    case.world.end().await
}

#[tokio::test]
async fn a_party_a_desk_and_bad_requests_are_refused() -> Result<()> {
    let case = Case::start(&[]).await?;
    let sender = &case.partners.sender.organisation;
    let entry = partnership::practitioner(&case.partners.operator, sender).await?;
    let party = case.world.session(&Identity::new("own", "clinician").of(sender).registered(&entry))?;
    assert_eq!(open(&party, case.named()).await.unwrap_err().code(), Code::FailedPrecondition);
    assert_eq!(open(&case.partners.desk, case.named()).await.unwrap_err().code(), Code::PermissionDenied);
    let me = case.clinician("me")?;
    let good = case.named();
    let long = Some(Duration { seconds: 4 * 3600 + 1, nanos: 0 });
    let wrong = [
        ("number", OpenFileRequest { name: String::new(), ..good.clone() }),
        ("number", OpenFileRequest { number: case.number.clone(), ..good.clone() }),
        ("number", OpenFileRequest { name: String::new(), number: "7K3M-9QXA-4T8".into(), ..good.clone() }),
        ("name", OpenFileRequest { name: "referrals/1".into(), ..good.clone() }),
        ("reason", OpenFileRequest { reason: 0, ..good.clone() }),
        ("reason", OpenFileRequest { reason: 99, ..good.clone() }),
        ("statement", OpenFileRequest { statement: "because".into(), ..good.clone() }),
        ("statement", OpenFileRequest { statement: "x".repeat(501), ..good.clone() }),
        ("statement", OpenFileRequest { statement: "a\u{0}b\u{202e}cdefghijkl".into(), ..good.clone() }),
        ("duration", OpenFileRequest { duration: long, ..good.clone() }),
        ("duration", OpenFileRequest { duration: Some(Duration { seconds: -60, nanos: 0 }), ..good.clone() }),
        ("duration", OpenFileRequest { duration: Some(Duration { seconds: i64::MAX, nanos: -1 }), ..good.clone() }),
        ("request_id", OpenFileRequest { request_id: String::new(), ..good }),
    ];
    for (field, request) in wrong {
        let status = open(&me, request.clone()).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{request:?}");
        assert_eq!(violations(&status).first().map(String::as_str), Some(field), "{request:?}");
    }
    assert_eq!(case.world.count("SELECT count(*) FROM file_access").await?, 0);
    case.world.end().await
}

/// An administrator gives roles, a register licenses: who is in none, or was struck off, opens nothing, and learns of nothing.
#[tokio::test]
async fn whom_no_register_licenses_today_opens_nothing() -> Result<()> {
    let case = Case::start(&[]).await?;
    let unregistered = case.world.session(&Identity::new("new", "clinician").of(&case.elsewhere))?;
    let refused = |status: &Status| (status.code(), status.message().to_string(), rules(status));
    let there = open(&unregistered, case.named()).await.unwrap_err();
    assert_eq!((there.code(), rules(&there)), (Code::FailedPrecondition, vec!["registered-practitioner".to_string()]));
    let absent = open(&unregistered, ask(&format!("referrals/{}", Uuid::now_v7()))).await.unwrap_err();
    assert_eq!(refused(&absent), refused(&there), "there or not");

    open(&case.clinician("me")?, case.named()).await?;
    let mut network = case.partners.operator.network();
    let request = GetPractitionerRequest { name: case.entry.clone() };
    let entry = network.get_practitioner(request).await?.into_inner().practitioner.unwrap_or_default();
    let end = EndRegistrationRequest {
        name: entry.registrations[0].name.clone(),
        end_date: Some(date(machine_now().date_naive())),
        end_reason: EndReason::StruckOff.into(),
        request_id: request_id(),
        ..Default::default()
    };
    network.end_registration(end).await?;
    let struck_off = open(&case.clinician("me")?, case.named()).await.unwrap_err();
    assert_eq!(refused(&struck_off), refused(&there), "struck off today");
    assert_eq!(case.world.count("SELECT count(*) FROM file_access").await?, 1);
    let rows = "SELECT count(*) FROM audit WHERE action LIKE '%/OpenFile' AND reason = 'NOT_REGISTERED'";
    assert_eq!(case.world.count(rows).await?, 3);
    case.world.end().await
}

/// What is not there reads as everywhere, stands in the audit, and counts: nobody probes for numbers.
#[tokio::test]
async fn a_try_for_what_is_not_there_counts() -> Result<()> {
    let case = Case::start(&[("RELAIS__AUDIT__BREAK_GLASS_PER_DAY", "2")]).await?;
    let me = case.clinician("me")?;
    let absent = format!("referrals/{}", Uuid::now_v7());
    let request = ask(&absent);
    let status = open(&me, request.clone()).await.unwrap_err();
    let elsewhere = get(&me, &absent).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (elsewhere.code(), elsewhere.message()));
    let again = open(&me, request).await.unwrap_err();
    assert_eq!(again.message(), status.message(), "the same request is the same try");
    open(&me, OpenFileRequest { number: case.number.clone(), ..ask("") }).await?;
    let third = open(&me, case.named()).await.unwrap_err();
    assert_eq!(third.code(), Code::ResourceExhausted);
    assert_eq!(open(&me, ask(&absent)).await.unwrap_err().message(), third.message(), "found or not");
    open(&case.clinician("another")?, case.named()).await?;
    let tried = "SELECT count(*) FROM audit WHERE action LIKE '%/OpenFile' AND outcome = 'refused' AND purpose <> ''
                 AND reason = 'NOT_FOUND'";
    assert_eq!(case.world.count(tried).await?, 1);
    let often = "SELECT count(*) FROM audit WHERE action LIKE '%/OpenFile' AND reason = 'TOO_MANY_FILES_OPENED'";
    assert_eq!(case.world.count(often).await?, 2);
    case.world.end().await
}

#[tokio::test]
async fn twenty_at_once_open_no_more_than_allowed() -> Result<()> {
    let case = Case::start(&[]).await?;
    let me = case.clinician("me")?;
    let tries = (0..20).map(|_| open(&me, case.named()));
    let done = futures::future::join_all(tries).await;
    assert_eq!(done.iter().filter(|answer| answer.is_ok()).count(), 5);
    let refused = done.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.into_iter().all(|status| status.code() == Code::ResourceExhausted));
    case.world.end().await
}
