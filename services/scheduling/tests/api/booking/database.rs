//! What the database itself refuses, whatever the program would ask of it.

use anyhow::Result;
use sqlx::AssertSqlSafe;

use super::*;

/// The code and constraint with which a statement, or its commit, is refused.
async fn refusal(centre: &Centre, sql: &str) -> Result<(String, String)> {
    let mut transaction = centre.world.database.begin().await?;
    let done = match sqlx::raw_sql(AssertSqlSafe(sql.to_string())).execute(&mut *transaction).await {
        Ok(_) => transaction.commit().await,
        Err(error) => {
            transaction.rollback().await?;
            Err(error)
        }
    };
    let error = done.err().with_context(|| format!("not refused: {sql}"))?;
    let inner = error.as_database_error().context("no answer of the database")?;
    Ok((inner.code().unwrap_or_default().into(), inner.constraint().unwrap_or_default().into()))
}

/// Statements that would break what the database keeps, with the code and the constraint that refuse each; `one` and `two` are
/// booked in different slots.
fn broken(one: &str, two: &str) -> Vec<(String, &'static str, &'static str)> {
    let claim = |number: &str, walk_in: &str| {
        format!(
            "DELETE FROM seat_claim WHERE appointment_id = '{two}';
             INSERT INTO seat_claim (appointment_id, slot_id, number, walk_in, rule_id, start_time, end_time)
             SELECT '{two}', slot_id, {number}, {walk_in}, rule_id, start_time, end_time
             FROM seat_claim WHERE appointment_id = '{one}'"
        )
    };
    vec![
        // The seat of another.
        (claim("number", "false"), "23P01", "seat_claim_taken"),
        // A seat that is not there: the limit that is stored is the seats that are.
        (claim("4", "false"), "23503", "seat_claim_slot_id_number_walk_in_rule_id"),
        // A seat for those who come without a booking.
        (claim("3", "false"), "23503", "seat_claim_slot_id_number_walk_in_rule_id"),
        // A booked appointment that loses its seat, or whose seat is of another time.
        (format!("DELETE FROM seat_claim WHERE appointment_id = '{one}'"), "23503", "appointment_has_its_seat"),
        (
            format!("UPDATE appointment SET end_time = end_time + interval '1 minute' WHERE id = '{one}'"),
            "23503",
            "appointment_has_its_seat",
        ),
        // A claim at a time that is not the seat's.
        (
            format!("UPDATE seat_claim SET end_time = end_time + interval '1 minute' WHERE appointment_id = '{one}'"),
            "23503",
            "",
        ),
        // A slot that overlaps another of its rule; one that is empty, backwards, without an end.
        (
            "INSERT INTO slot (id, rule_id, site_id, provider_id, start_time, end_time, local_date)
             SELECT gen_random_uuid(), rule_id, site_id, provider_id, start_time + interval '1 microsecond', end_time, local_date
             FROM slot LIMIT 1".into(),
            "23P01",
            "slot_rule_id_during_excl",
        ),
        ("UPDATE slot SET end_time = start_time".into(), "23514", "slot_check"),
        ("UPDATE slot SET end_time = 'infinity'".into(), "23514", "slot_end_time_check"),
        ("UPDATE slot SET start_time = '-infinity'".into(), "23514", "slot_start_time_check"),
    ]
}

#[tokio::test]
async fn no_seat_no_chair_and_no_patient_is_taken_twice() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(OpeningRule { seats: 2, walk_in_seats: 1, ..centre.rule() }).await?;
    let (_, one) = centre.booked("ONE", 24).await?;
    let (_, two) = centre.booked("TWO", 30).await?;
    let id = |name: &str| name.rsplit('/').next().unwrap_or_default().to_string();
    let (one, two) = (id(&one.name), id(&two.name));
    for (sql, code, constraint) in broken(&one, &two) {
        let told = refusal(&centre, &sql).await?;
        assert_eq!(told.0, code, "{sql}: {told:?}");
        assert!(told.1.contains(constraint), "{sql}: {told:?}");
    }
    let backwards = refusal(&centre, "UPDATE slot SET end_time = start_time - interval '1 hour'").await?;
    assert!(["23514", "22000"].contains(&backwards.0.as_str()), "{backwards:?}");
    // One patient in two places at once.
    let same = format!(
        "UPDATE appointment SET patient_id = (SELECT patient_id FROM appointment WHERE id = '{one}'),
             (slot_id, start_time, end_time) = (SELECT slot_id, start_time, end_time FROM appointment WHERE id = '{one}')
         WHERE id = '{two}'"
    );
    assert_eq!(refusal(&centre, &same).await?, ("23P01".into(), "appointment_patient_busy".into()));
    centre.end().await
}

/// A patient who has two referrals is told so by the rule; slots that touch do not overlap.
#[tokio::test]
async fn a_patient_is_in_one_place_at_a_time_and_two_that_touch_are_well() -> Result<()> {
    let centre = Centre::open().await?;
    centre.enter(OpeningRule { seats: 2, ..centre.rule() }).await?;
    let (one, two) = (centre.accepted("ONE").await?, centre.accepted("TWO").await?);
    sqlx::raw_sql(
        "UPDATE referral SET patient_id = (SELECT min(patient_id::text)::uuid FROM referral);
                   UPDATE appointment SET patient_id = (SELECT min(patient_id::text)::uuid FROM referral)",
    )
    .execute(&centre.world.database)
    .await?;
    let sender = centre.sender()?;
    let slots = centre.slots(&one).await?;
    let touching =
        slots.windows(2).skip(4).find(|pair| pair[0].end_time == pair[1].start_time).context("two that touch")?;
    book(&sender, &one, &touching[0].name).await?;
    assert_eq!(refused(book(&sender, &two, &touching[0].name).await), ["patient-busy"]);
    assert_eq!(centre.world.count("SELECT count(*) FROM seat_claim").await?, 1, "the refused one kept a seat");
    assert!(is(&book(&sender, &two, &touching[1].name).await?, State::Booked));
    centre.end().await
}
