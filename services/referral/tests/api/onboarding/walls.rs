//! Row level security on what onboarding keeps: the organisation's own rows, whatever a query forgets to ask.

use anyhow::{Context, Result};
use relais_proto::network::v1::member::Role;
use relais_tests::partnership;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use uuid::Uuid;

use super::{
    House,
    leave::{create, request, set_substitute},
};

async fn seen(runtime: &mut PgConnection, table: &str, organisation: &str) -> Result<i64> {
    let mut transaction = runtime.begin().await?;
    let setting = format!("SELECT set_config('app.organisation', '{organisation}', true)");
    transaction.execute(AssertSqlSafe(setting)).await?;
    let counting = format!("SELECT count(*) FROM referral.{table}");
    let count = sqlx::query_scalar(AssertSqlSafe(counting)).fetch_one(&mut *transaction).await?;
    transaction.rollback().await?;
    Ok(count)
}

#[tokio::test]
async fn rows_of_onboarding_are_the_organisations_own() -> Result<()> {
    let house = House::open().await?;
    house.join("bob", &[Role::Desk]).await?;
    let (doctor, other) = (house.practitioner(1).await?, house.practitioner(2).await?);
    create(&house.admin, request(&doctor, (1, 3), &other)).await?;
    let unit = partnership::care_centre(&house.admin, &house.organisation).await?;
    set_substitute(&house.admin, &unit, &other).await?;
    let own = house.organisation.strip_prefix("organisations/").context("no id")?.to_string();
    let mut runtime = PgConnection::connect(house.world.settings.database.url.expose()).await?;
    let tables = [("member", 2), ("member_version", 4), ("leave", 1), ("leave_version", 1), ("unit_substitute", 1)];
    for (table, rows) in tables {
        assert_eq!(seen(&mut runtime, table, &own).await?, rows, "{table}");
        for nobody in [String::new(), Uuid::now_v7().to_string()] {
            assert_eq!(seen(&mut runtime, table, &nobody).await?, 0, "{table} for {nobody:?}");
        }
        // What was is not rewritten: the runtime role may not delete.
        let gone = runtime.execute(AssertSqlSafe(format!("DELETE FROM referral.{table}"))).await;
        let code = gone.err().and_then(|error| Some(error.as_database_error()?.code()?.to_string()));
        assert_eq!(code.as_deref(), Some("42501"), "{table}");
    }
    // Nor does anybody become a member of an organisation in another's name.
    let mut transaction = runtime.begin().await?;
    let stranger = format!("SELECT set_config('app.organisation', '{}', true)", Uuid::now_v7());
    transaction.execute(AssertSqlSafe(stranger)).await?;
    let joined = format!(
        "INSERT INTO referral.member (id, organisation_id, version, state, display_name, roles, issuer, subject, create_time,
             update_time)
         VALUES (gen_random_uuid(), '{own}', 1, 'active', 'E', ARRAY['admin'], 'i', 's', now(), now())"
    );
    let refused = transaction.execute(AssertSqlSafe(joined)).await.err();
    let code = refused.and_then(|error| Some(error.as_database_error()?.code()?.to_string()));
    assert_eq!(code.as_deref(), Some("42501"));
    transaction.rollback().await?;
    runtime.close().await?;
    house.world.end().await
}
