//! Names that nobody else bears go through the vault; none of them is seen outside of it.

use std::collections::HashMap;

use anyhow::Result;
use relais_proto::referral::v1::{
    CreatePatientRequest, ErasePatientRequest, Patient, PatientContacts, PatientIdentity, SearchPatientsRequest,
};
use relais_tests::{Identity, Options, SERVICES, Suite, partnership, request_id};
use sqlx::{Connection, PgConnection};

use super::canary_marks::dump;

const CANARIES: [&str; 4] = ["Zyxcanaryfamily", "Zyxcanarygiven", "zyxcanary@example.org", "+352698765432"];

fn identity() -> PatientIdentity {
    let contacts =
        PatientContacts { phone: CANARIES[3].into(), email: CANARIES[2].into(), ..PatientContacts::default() };
    let born = chrono::NaiveDate::from_ymd_opt(1985, 5, 9).unwrap_or_default();
    PatientIdentity { contacts: Some(contacts), ..partnership::identity(CANARIES[0], CANARIES[1], born) }
}

#[tokio::test]
async fn names_and_contacts_are_seen_in_no_log_table_or_event() -> Result<()> {
    let loud = HashMap::from([("RELAIS__TELEMETRY__FILTER".to_string(), "debug".to_string())]);
    let suite = Suite::start(Options { settings: loud }).await?;
    let operator = suite.session("referral", &Identity::new("operator", "operator"))?;
    let mdm = partnership::organisation(&operator, "MdM").await?;
    let coordinator = suite.session("referral", &Identity::new("c", "coordinator").of(&mdm))?;
    let mut client = coordinator.patients();
    let kept = partnership::patient_of(&coordinator, identity()).await?;
    let gone = partnership::patient_of(&coordinator, identity()).await?;
    let query = CANARIES[0].to_string();
    let found = client.search_patients(SearchPatientsRequest { query, ..SearchPatientsRequest::default() }).await?;
    assert_eq!(found.into_inner().matches.len(), 2);
    client.erase_patient(ErasePatientRequest { name: gone.name, request_id: request_id() }).await?;
    // What is refused is not told either.
    let wrong = PatientIdentity { language: CANARIES[0].into(), birth_place_code: CANARIES[1].into(), ..identity() };
    let patient = Some(Patient { identity: Some(wrong), ..Patient::default() });
    let refused = client.create_patient(CreatePatientRequest { patient, request_id: request_id() }).await.unwrap_err();
    assert!(CANARIES.iter().all(|canary| !format!("{refused:?}").contains(canary)), "{refused:?}");
    // A ciphertext that does not open is logged as an error, without what it holds.
    // As who sees all schemas.
    let mut url = suite.servers.database_url.clone();
    url.set_path(&suite.name);
    let mut database = PgConnection::connect(url.as_str()).await?;
    let all = dump(&mut database, &[]).await?;
    let id = &kept.name["patients/".len()..];
    assert!(all.contains(id), "the dump tells of the record");
    sqlx::query("UPDATE referral.patient_person SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)")
        .execute(&mut database)
        .await?;
    let request = relais_proto::referral::v1::GetPatientRequest { name: kept.name.clone() };
    assert_eq!(client.get_patient(request).await.unwrap_err().code(), tonic::Code::Internal);
    let logs: String =
        SERVICES.iter().map(|service| std::fs::read_to_string(suite.log(service))).collect::<Result<_, _>>()?;
    let logs = logs.to_lowercase();
    assert!(logs.contains("does not open"), "the fault is logged");
    for canary in CANARIES.map(str::to_lowercase) {
        let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!all.contains(&canary) && !all.contains(&hex), "{canary} stands in the database");
        assert!(!logs.contains(&canary) && !logs.contains(&hex), "{canary} stands in a log");
    }
    database.close().await?;
    suite.stop().await
}

#[tokio::test]
async fn without_a_master_key_the_vault_does_not_start_and_says_so() -> Result<()> {
    let suite = Suite::prepare(Options::default()).await?;
    for (keys, said) in
        [("", "vault.master_key_file"), ("1:c2VjcmV0", "vault.master_keys"), ("secret", "key 1 must be")]
    {
        let output = suite.command("referral").env("RELAIS__VAULT__MASTER_KEYS", keys).output().await?;
        let told = String::from_utf8(output.stderr)?;
        assert!(!output.status.success() && told.contains(said), "{keys}: {told}");
        assert!(!told.contains("c2VjcmV0"), "{told}");
    }
    suite.stop().await
}
