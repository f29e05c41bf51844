//! Every reading, change and refusal leaves its row: who, what, whose, and how it ended.

use anyhow::{Context, Result};
use relais_proto::audit::v1::ListAccessesRequest;
use relais_proto::referral::v1::{
    CancelReferralRequest, CreatePatientRequest, GetPatientRequest, GetReferralRequest, ListReferralsRequest,
    LookupReferralRequest, cancel_referral_request::Reason,
};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World, eventually, partnership, partnership::Partners, request_id};
use sqlx::AssertSqlSafe;
use tonic::{Code, Status};
use uuid::Uuid;

/// A row as `RPC outcome reason`, with the last word of its resource's collection, and whether patient and referral are named.
type Told = (String, String, String, String, bool, bool);

async fn told(world: &World<Service>, subject: &str) -> Result<Vec<Told>> {
    let query = "SELECT split_part(action, '/', 3), outcome, reason, split_part(resource, '/', 1), patient IS NOT NULL,
                        referral IS NOT NULL
                 FROM audit WHERE caller = 'https://issuer.relais.invalid|' || $1 ORDER BY id";
    Ok(sqlx::query_as(query).bind(subject).fetch_all(&world.database).await?)
}

fn row(rpc: &str, outcome: &str, reason: &str, resource: &str, patient: bool, referral: bool) -> Told {
    (rpc.into(), outcome.into(), reason.into(), resource.into(), patient, referral)
}

async fn get(session: &Session, name: &str) -> Result<(), Status> {
    session.referrals().get_referral(GetReferralRequest { name: name.into() }).await.map(|_| ())
}

fn cancel(name: &str) -> CancelReferralRequest {
    let reason = Reason::PatientDeclined.into();
    CancelReferralRequest { name: name.into(), reason, request_id: request_id(), ..Default::default() }
}

#[tokio::test]
async fn what_is_served_changed_and_refused_leaves_its_row() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    let request = partners.request();
    let referral = partners.submit(request.clone()).await?.name;
    partners.submit(request).await?;
    get(&partners.desk, &referral).await?;
    let mut referrals = partners.desk.referrals();
    referrals.list_referrals(ListReferralsRequest::default()).await?;
    let answered = cancel(&referral);
    referrals.cancel_referral(answered.clone()).await?;
    let status = referrals.cancel_referral(cancel(&referral)).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    // The same request again is answered, so it is not refused.
    referrals.cancel_referral(answered).await?;
    let absent = format!("referrals/{}", Uuid::now_v7());
    assert_eq!(get(&partners.desk, &absent).await.unwrap_err().code(), Code::NotFound);

    assert_eq!(
        told(&world, "desk").await?,
        [
            row("CreatePatient", "changed", "", "patients", true, false),
            row("SubmitReferral", "changed", "", "referrals", true, true),
            row("SubmitReferral", "served", "", "referrals", true, true),
            row("GetReferral", "served", "", "referrals", true, true),
            row("ListReferrals", "served", "", "referrals", true, true),
            row("CancelReferral", "changed", "", "referrals", true, true),
            row("CancelReferral", "refused", "REFERRAL_CLOSED", "referrals", false, true),
            row("CancelReferral", "served", "", "referrals", true, true),
            row("GetReferral", "refused", "NOT_FOUND", "referrals", false, true),
        ]
    );
    world.end().await
}

#[tokio::test]
async fn strangers_leave_rows_that_name_what_they_asked_for() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    let referral = partners.submit(partners.request()).await?.name;
    let elsewhere = partnership::organisation(&partners.operator, "Elsewhere").await?;
    let stranger = world.session(&Identity::new("stranger", "clinician").of(&elsewhere))?;
    let funder = world.session(&Identity::new("funder", "funder").of(&elsewhere))?;

    assert_eq!(get(&stranger, &referral).await.unwrap_err().code(), Code::NotFound);
    let patient = GetPatientRequest { name: partners.patient().into() };
    assert_eq!(stranger.patients().get_patient(patient.clone()).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(stranger.referrals().submit_referral(partners.request()).await.unwrap_err().code(), Code::NotFound);
    assert_eq!(funder.patients().get_patient(patient.clone()).await.unwrap_err().code(), Code::PermissionDenied);
    let before = world.count("SELECT count(*) FROM audit").await?;
    let nobody = world.session_with("no token of anybody")?;
    assert_eq!(nobody.patients().get_patient(patient).await.unwrap_err().code(), Code::Unauthenticated);
    assert_eq!(world.count("SELECT count(*) FROM audit").await?, before, "who has no token leaves no row");

    assert_eq!(
        told(&world, "stranger").await?,
        [
            row("GetReferral", "refused", "NOT_FOUND", "referrals", false, true),
            row("GetPatient", "refused", "NOT_FOUND", "patients", true, false),
            row("SubmitReferral", "refused", "NOT_FOUND", "patients", true, false),
        ]
    );
    assert_eq!(told(&world, "funder").await?, [row("GetPatient", "refused", "NOT_PERMITTED", "", false, false)]);
    let named = "SELECT count(*) FROM audit WHERE outcome = 'refused' AND organisation IS NOT NULL AND trace_id <> ''";
    assert_eq!(world.count(named).await?, 4, "each says for whom, and in which trace");
    world.end().await
}

/// Who guesses numbers leaves each of them, and a guess that was right is in that referral's account.
#[tokio::test]
async fn a_number_that_was_guessed_stands_in_its_row() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    let sent = partners.submit(partners.request()).await?;
    let elsewhere = partnership::organisation(&partners.operator, "Elsewhere").await?;
    let stranger = world.session(&Identity::new("stranger", "clinician").of(&elsewhere))?;
    let guess = LookupReferralRequest { number: sent.number.clone() };
    assert_eq!(stranger.referrals().lookup_referral(guess).await.unwrap_err().code(), Code::NotFound);
    let query = "SELECT resource FROM audit WHERE action LIKE '%/LookupReferral' AND outcome = 'refused'";
    let named: Vec<String> = sqlx::query_scalar(query).fetch_all(&world.database).await?;
    assert_eq!(named, [format!("referral {}", sent.number)]);
    let admin = world.session(&Identity::new("admin", "admin").of(&partners.sender.organisation))?;
    for (patient, referral) in [(partners.patient().to_string(), String::new()), (String::new(), sent.name)] {
        let asked = ListAccessesRequest { patient, referral, ..Default::default() };
        let told = admin.audits().list_accesses(asked).await?.into_inner().accesses;
        assert!(told.iter().any(|access| access.subject.ends_with("|stranger")), "{told:?}");
    }
    world.end().await
}

#[tokio::test]
async fn a_list_leaves_a_row_for_each_row_served() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    for _ in 0..5 {
        partners.submit(partners.request()).await?;
    }
    let page = ListReferralsRequest { page_size: 3, ..Default::default() };
    let first = partners.desk.referrals().list_referrals(page.clone()).await?.into_inner();
    let second = ListReferralsRequest { page_token: first.next_page_token, ..page };
    partners.desk.referrals().list_referrals(second).await?;
    let listed = "SELECT count(*) FROM audit WHERE action LIKE '%/ListReferrals' AND outcome = 'served'";
    let distinct = "SELECT count(DISTINCT referral) FROM audit WHERE action LIKE '%/ListReferrals'";
    assert_eq!((world.count(listed).await?, world.count(distinct).await?), (5, 5), "what was not shown leaves none");
    world.end().await
}

/// Neither a reading nor a refusal goes out when its row cannot be written; nor is anything changed.
#[tokio::test]
async fn without_its_row_no_answer_goes_out() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    let referral = partners.submit(partners.request()).await?.name;
    // Every row but those made so far is refused.
    let refuse = "ALTER TABLE audit ADD CONSTRAINT full_up CHECK (false) NOT VALID";
    sqlx::query(refuse).execute(&world.database).await?;
    let session = &partners.desk;
    assert_eq!(get(session, &referral).await.unwrap_err().code(), Code::Internal);
    let absent = format!("referrals/{}", Uuid::now_v7());
    assert_eq!(get(session, &absent).await.unwrap_err().code(), Code::Internal, "a refusal neither");
    let request = CreatePatientRequest { patient: None, request_id: request_id() };
    assert_eq!(session.patients().create_patient(request).await.unwrap_err().code(), Code::Internal);
    assert_eq!(world.count("SELECT count(*) FROM patient").await?, 1);
    let funder = world.session(&Identity::new("funder", "funder"))?;
    assert_eq!(get(&funder, &referral).await.unwrap_err().code(), Code::Internal, "nor one by role");
    sqlx::query("ALTER TABLE audit DROP CONSTRAINT full_up").execute(&world.database).await?;
    get(session, &referral).await?;
    world.end().await
}

/// Nobody changes a row: not the service, and not the owner in passing; old days can still be dropped whole.
#[tokio::test]
async fn rows_are_never_changed() -> Result<()> {
    let world = World::<Service>::start().await?;
    let partners = Partners::meet_at(|identity| world.session(identity)).await?;
    partners.submit(partners.request()).await?;
    let sealed = || async { Ok((world.count("SELECT count(*) FROM audit_seal").await? > 0).then_some(())) };
    eventually("a seal is made", sealed).await?;
    let runtime = sqlx::PgPool::connect(world.settings.database.url.expose()).await?;
    let today = relais_platform::clock::machine_now().format("%Y%m%d");
    for (role, pool) in [("runtime", &runtime), ("owner", &world.database)] {
        for table in ["audit".to_string(), format!("audit_{today}"), "audit_rest".into(), "audit_seal".into()] {
            let change = if table == "audit_seal" { "seq = 1" } else { "caller = ''" };
            for statement in [
                format!("UPDATE referral.{table} SET {change}"),
                format!("DELETE FROM referral.{table}"),
                format!("TRUNCATE referral.{table}"),
            ] {
                let done = sqlx::query(AssertSqlSafe(statement.clone())).execute(pool).await;
                // A partition without rows has none to refuse.
                if table == "audit_rest" && done.as_ref().is_ok_and(|done| done.rows_affected() == 0) {
                    continue;
                }
                let refused = done.err().with_context(|| format!("{role}: {statement}"))?;
                let code = refused.as_database_error().and_then(|error| error.code()).map(|code| code.to_string());
                assert_eq!(code.as_deref(), Some("42501"), "{role}: {statement}: {refused}");
            }
        }
    }
    sqlx::query(AssertSqlSafe(format!("DROP TABLE audit_{today}"))).execute(&world.database).await?;
    runtime.close().await;
    world.end().await
}
