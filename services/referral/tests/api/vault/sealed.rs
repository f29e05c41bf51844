//! The database holds nothing in the open, and a ciphertext that is moved or changed does not open.

use anyhow::Result;
use relais_proto::referral::v1::{PatientContacts, PatientIdentity};
use relais_tests::partnership;
use sqlx::AssertSqlSafe;
use tonic::Code;

use super::{MATRICULE, enter, get, named};
use crate::partners::Partners;

/// Every row of every table, bytes as hexadecimal digits.
async fn dump(partners: &Partners) -> Result<String> {
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT c.oid::regclass::text FROM pg_class c WHERE c.relnamespace = 'referral'::regnamespace AND c.relkind = 'r'",
    )
    .fetch_all(&partners.world.database)
    .await?;
    assert!(tables.len() > 20, "{tables:?}");
    let mut all = String::new();
    for table in tables {
        let query = format!("SELECT coalesce(string_agg(t::text, ' '), '') FROM {table} t");
        all +=
            &sqlx::query_scalar::<_, String>(AssertSqlSafe(query.as_str())).fetch_one(&partners.world.database).await?;
    }
    Ok(all.to_lowercase())
}

fn hex(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn no_table_holds_a_name_a_contact_or_a_number_in_the_open() -> Result<()> {
    let partners = Partners::meet().await?;
    let canaries = ["zyxcanaryfamily", "zyxcanarygiven", "zyxcanary@example.org", "+352698765432", MATRICULE];
    let number = relais_proto::referral::v1::PatientIdentifier { system: super::NIR.into(), value: MATRICULE.into() };
    let identity = PatientIdentity {
        contacts: Some(PatientContacts { phone: canaries[3].into(), email: canaries[2].into(), ..Default::default() }),
        identifiers: vec![number],
        ..named(canaries[0], canaries[1])
    };
    let name = partnership::patient_of(&partners.desk, identity.clone()).await?.name;
    partnership::patient_of(&partners.desk, identity).await?;
    assert_eq!(super::names_found(&partners.desk, canaries[0]).await?.len(), 2);
    let referral = partnership::referral(&partners.convention, &name, &partners.provider, partners.today);
    partners.desk.referrals().submit_referral(partners.request(referral)).await?;
    partners.world.until_count("SELECT count(*) FROM outbox_sent", 1).await?;
    let all = dump(&partners).await?;
    assert!(all.contains(&name["patients/".len()..]), "the dump tells of the record");
    for canary in canaries {
        assert!(!all.contains(canary), "{canary} stands in the database");
        assert!(!all.contains(&hex(canary)), "{canary} stands in the database as bytes");
    }
    partners.world.end().await
}

#[tokio::test]
async fn a_ciphertext_that_is_moved_never_opens() -> Result<()> {
    let partners = Partners::meet().await?;
    let one = enter(&partners.desk, "Weber", "Anne").await?.name;
    let other = enter(&partners.desk, "Klein", "Paul").await?.name;
    let foreign = enter(&partners.lab, "Schmit", "Luc").await?.name;
    let (one_id, other_id, foreign_id) = (id(&one), id(&other), id(&foreign));
    let from =
        |column: &str, of: &str| format!("(SELECT {column} FROM {} WHERE {} = '{of}')", table(column), key(column));
    let moves = [
        // Another row's.
        set("sealed", &one_id, &from("sealed", &other_id)),
        set("data_key", &one_id, &from("data_key", &other_id)),
        // Another organisation's.
        set("sealed", &one_id, &from("sealed", &foreign_id)),
        set("data_key", &one_id, &from("data_key", &foreign_id)),
        "UPDATE organisation_key k SET wrapped =
         (SELECT wrapped FROM organisation_key o WHERE o.organisation_id <> k.organisation_id LIMIT 1)"
            .into(),
        // Another column's.
        set("sealed", &one_id, &from("data_key", &one_id)),
        set("data_key", &one_id, &from("sealed", &one_id)),
        format!("UPDATE organisation_key SET wrapped = {}", from("data_key", &one_id)),
        // One byte changed, the end cut, nothing left.
        set("sealed", &one_id, "set_byte(sealed, 20, get_byte(sealed, 20) # 1)"),
        set("sealed", &one_id, "substr(sealed, 1, octet_length(sealed) - 1)"),
        set("data_key", &one_id, "''::bytea"),
        // Another version of the key.
        format!("UPDATE patient_person SET key_version = 2 WHERE patient_id = '{one_id}'"),
        format!("UPDATE patient SET data_key_version = 2 WHERE id = '{one_id}'"),
    ];
    let count = moves.len();
    for (at, movement) in moves.into_iter().enumerate() {
        assert!(get(&partners.desk, &one).await.is_ok(), "before {movement}");
        let tables = ["patient", "patient_person", "organisation_key"];
        for table in tables {
            sql(&partners, &format!("CREATE TABLE {table}_before AS TABLE {table}")).await?;
        }
        sql(&partners, &movement).await?;
        let refused = get(&partners.desk, &one).await.expect_err(&movement);
        assert_eq!(refused.code(), Code::Internal, "{movement}: {refused:?}");
        assert!(!format!("{refused:?}").contains("sealed"), "internals never leave: {refused:?}");
        let restore = [
            "UPDATE patient p SET data_key = b.data_key, data_key_version = b.data_key_version FROM patient_before b WHERE b.id = p.id",
            "UPDATE patient_person p SET sealed = b.sealed, key_version = b.key_version FROM patient_person_before b
             WHERE b.patient_id = p.patient_id AND b.version = p.version",
            "UPDATE organisation_key k SET wrapped = b.wrapped FROM organisation_key_before b WHERE b.organisation_id = k.organisation_id",
            "DROP TABLE patient_before, patient_person_before, organisation_key_before",
        ];
        for statement in restore {
            sql(&partners, statement).await?;
        }
        assert!(at < count);
    }
    partners.world.end().await
}

fn id(name: &str) -> String {
    name["patients/".len()..].to_string()
}

fn table(column: &str) -> &'static str {
    if column == "sealed" { "patient_person" } else { "patient" }
}

fn key(column: &str) -> &'static str {
    if column == "sealed" { "patient_id" } else { "id" }
}

fn set(column: &str, of: &str, value: &str) -> String {
    format!("UPDATE {} SET {column} = {value} WHERE {} = '{of}'", table(column), key(column))
}

async fn sql(partners: &Partners, statement: &str) -> Result<()> {
    sqlx::query(AssertSqlSafe(statement)).execute(&partners.world.database).await?;
    Ok(())
}
