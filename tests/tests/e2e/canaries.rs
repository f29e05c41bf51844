//! A thousand people whose names nobody else bears go through all flows; none is seen where they must not be: logs, spans,
//! metrics, what is published, other schemas, error texts.

use std::{collections::HashMap, sync::Arc};

use anyhow::{Context, Result};
use futures::{StreamExt, TryStreamExt, stream};
use relais_proto::referral::v1::{
    CancelReferralRequest, CreatePatientRequest, ErasePatientRequest, ExportPatientRequest, GetPatientRequest, Patient,
    PatientContacts, PatientIdentity, SearchPatientsRequest, SubmitReferralRequest, UpdatePatientRequest,
    cancel_referral_request::Reason,
};
use relais_tests::{
    Collector, Options, SERVICES, Session, Suite, partnership, partnership::Partners, request_id, settled,
};
use sqlx::{Connection, PgConnection};

use super::canary::dump;

const PEOPLE: usize = 1_000;
/// Fewer than a service has connections: nobody is to wait in vain on a busy machine.
const AT_ONCE: usize = 4;
/// What all of them share, and nothing else has.
const MARKS: [&str; 2] = ["qwzcanary", "35269177"];

fn identity(number: usize) -> PatientIdentity {
    let contacts = PatientContacts {
        phone: format!("+{}{number:04}", MARKS[1]),
        email: format!("{}{number}@example.org", MARKS[0]),
        ..PatientContacts::default()
    };
    let born = chrono::NaiveDate::from_ymd_opt(1950 + (number % 60) as i32, 1 + (number % 12) as u32, 5);
    let name = |part: &str| format!("Qwzcanary{part}{}", letters(number));
    PatientIdentity {
        contacts: Some(contacts),
        ..partnership::identity(&name("fam"), &name("giv"), born.unwrap_or_default())
    }
}

/// A number in letters: a name has no digits.
fn letters(mut number: usize) -> String {
    let mut word = String::new();
    for _ in 0..4 {
        word.push(char::from(b'a' + (number % 26) as u8));
        number /= 26;
    }
    word
}

/// One person through all flows; answers with the texts of what was refused.
async fn flow(desk: &Session, coordinator: &Session, partners: &Partners, number: usize) -> Result<String> {
    let (mut client, who) = (desk.patients(), identity(number));
    let patient = partnership::patient_of(desk, who.clone()).await?;
    let name = patient.name.clone();
    client.get_patient(GetPatientRequest { name: name.clone() }).await?;
    let query = who.family_name.clone();
    let found = client.search_patients(SearchPatientsRequest { query, ..SearchPatientsRequest::default() }).await?;
    assert!(!found.into_inner().matches.is_empty(), "{number} is not found");
    let changed = Patient { name: name.clone(), identity: Some(who.clone()), ..Patient::default() };
    let request = UpdatePatientRequest { patient: Some(changed), update_mask: None, request_id: request_id() };
    client.update_patient(request).await?;
    let mut referral = partners.request().referral.context("no referral")?;
    referral.patient = name.clone();
    let request = SubmitReferralRequest { referral: Some(referral), request_id: request_id() };
    let sent = desk.referrals().submit_referral(request).await?.into_inner().referral.context("no referral")?;
    let mut refused = String::new();
    // What is refused is not told either: a wrong field, an open referral, a name where a resource's belongs.
    let wrong = PatientIdentity { language: who.family_name.clone(), ..who.clone() };
    let patient = Some(Patient { identity: Some(wrong), ..Patient::default() });
    let creating = client.create_patient(CreatePatientRequest { patient, request_id: request_id() }).await;
    refused += &format!("{:?}", creating.err().context("a language of one's own")?);
    let getting = client.get_patient(GetPatientRequest { name: who.family_name.clone() }).await;
    refused += &format!("{:?}", getting.err().context("a name of no resource")?);
    let erase = |name: &str| ErasePatientRequest { name: name.into(), request_id: request_id() };
    let erasing = coordinator.patients().erase_patient(erase(&name)).await;
    refused += &format!("{:?}", erasing.err().context("erased with an open referral")?);
    if number.is_multiple_of(3) {
        let (name, reason) = (sent.name, Reason::PatientDeclined.into());
        let cancel = CancelReferralRequest { name, reason, etag: String::new(), request_id: request_id() };
        desk.referrals().cancel_referral(cancel).await?;
    }
    if number.is_multiple_of(9) {
        client.export_patient(ExportPatientRequest { name: name.clone() }).await?;
        coordinator.patients().erase_patient(erase(&name)).await?;
    }
    Ok(refused)
}

#[tokio::test]
async fn of_a_thousand_names_none_is_seen_outside_the_vault() -> Result<()> {
    let collector = Collector::start().await?;
    let settings = [
        ("RELAIS__TELEMETRY__FILTER", "debug".to_string()),
        ("RELAIS__TELEMETRY__OTLP_ENDPOINT", format!("http://{}", collector.address)),
        ("RELAIS__TELEMETRY__METRICS_INTERVAL_MS", "1000".to_string()),
        ("OTEL_BSP_SCHEDULE_DELAY", "200".to_string()),
    ];
    let settings: HashMap<_, _> = settings.into_iter().map(|(key, value)| (key.to_string(), value)).collect();
    let suite = Suite::start(Options { settings }).await?;
    let partners = Arc::new(Partners::meet(&suite).await?);
    let mut sender = partners.sender.clone();
    sender.roles = vec!["coordinator".into()];
    let coordinator = suite.session("referral", &sender)?;
    let flows = stream::iter(0..PEOPLE).map(|number| flow(&partners.desk, &coordinator, &partners, number));
    let refused: Vec<String> = flows.buffer_unordered(AT_ONCE).try_collect().await?;
    settled(&suite.sessions(&relais_tests::Identity::new("operator", "operator"))?).await?;

    let mut url: url::Url = suite.servers.database_url.clone();
    url.set_path(&suite.name);
    let mut database = PgConnection::connect(url.as_str()).await?;
    let sent: i64 = sqlx::query_scalar("SELECT count(*) FROM referral.outbox_sent").fetch_one(&mut database).await?;
    assert!(sent >= PEOPLE as i64, "{sent} were published");
    // The tables hold what was published, too: bodies and traces stay in outbox_sent.
    let tables = dump(&mut database).await?;
    database.close().await?;
    let spans = format!("{:?}", collector.all()).to_lowercase();
    assert!(collector.all().len() > PEOPLE && collector.figures().contains("relais.outbox"), "telemetry has not come");
    let logs: Vec<String> =
        SERVICES.iter().map(|service| std::fs::read_to_string(suite.log(service))).collect::<Result<_, _>>()?;
    let seen = [
        ("a table", tables),
        ("a span", spans),
        ("a metric", collector.figures().to_lowercase()),
        ("a log", logs.concat().to_lowercase()),
        ("an error", refused.concat().to_lowercase()),
    ];
    for mark in MARKS {
        let hex: String = mark.bytes().map(|byte| format!("{byte:02x}")).collect();
        for (place, text) in &seen {
            assert!(!text.is_empty() && !text.contains(mark) && !text.contains(&hex), "{mark} stands in {place}");
        }
    }
    suite.stop().await
}
