//! A line of persons on a statement: what is committed, and whom the ledger of its meter counts, where they were seen.

use anyhow::{Context, Result};
use relais_platform::{calls::check::time_to_proto, ids::AppointmentId};
use relais_proto::{
    convention::v1::{Line, Terms, line},
    events::v1::AppointmentMoved,
    referral::v1::{Referral, referral::State},
};
use relais_tests::partnership;

use super::Stage;
use crate::lifecycle::{accept_referral, until};

/// The stage, under a convention that commits to ten persons.
async fn committed() -> Result<Stage> {
    let stage = Stage::set().await?;
    let partners = &stage.partners;
    let persons = Line {
        line_id: "persons".into(),
        measure: line::Measure::Persons.into(),
        kind: line::Kind::Firm.into(),
        committed: 10,
        ..Line::default()
    };
    let usual = partnership::terms(&partners.mdm, &partners.provider, partners.today);
    let terms = Terms { lines: vec![persons], suppress_below: 3, ..usual };
    let draft = partnership::draft(&partners.coordinator, terms).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    Ok(Stage { convention, ..stage })
}

/// A patient was sent wherever, and seen at a site so many days ago.
async fn seen(stage: &Stage, patient: &str, site: &str, days: u64) -> Result<()> {
    let (partners, convention) = (&stage.partners, stage.convention.clone());
    let asked = Referral { convention, patient: patient.into(), ..partners.ask() };
    let answer = partners.desk.referrals().submit_referral(partners.request(asked)).await?.into_inner();
    let sent = answer.referral.context("no referral")?;
    accept_referral(&partners.lab, &sent.name).await?;
    let (appointment, start) = (AppointmentId::draw(), stage.before(days).and_hms_opt(9, 0, 0).context("no morning")?);
    let moved = AppointmentMoved {
        appointment: appointment.to_string(),
        referral: sent.name.clone(),
        state: "fulfilled".into(),
        previous: "booked".into(),
        start_time: Some(time_to_proto(start.and_utc())),
        end_time: Some(time_to_proto(start.and_utc())),
        site: site.into(),
        time_zone: "Europe/Luxembourg".into(),
        ..Default::default()
    };
    partners.world.tap.publish(appointment.0, 1, moved).await?;
    until(partners, &sent.name, State::Attended).await?;
    Ok(())
}

#[tokio::test]
async fn a_line_of_persons_tells_what_is_committed_and_each_person_once() -> Result<()> {
    // In boxes, not on the stack, which is small in tests.
    let stage = Box::pin(committed()).await?;
    for site in [&stage.forges, &stage.forges, &stage.forges, &stage.forges, &stage.chem, &stage.chem, &stage.chem] {
        let patient = Box::pin(partnership::patient(&stage.partners.desk)).await?;
        Box::pin(seen(&stage, &patient, site, 40)).await?;
        // Seen again, it is the same person.
        Box::pin(seen(&stage, &patient, site, 38)).await?;
    }
    let first = Box::pin(stage.close((60, 31))).await?;
    let line = &first.lines[0];
    assert_eq!((line.line_id.as_str(), line.measure(), line.committed), ("persons", line::Measure::Persons, Some(10)));
    assert_eq!(line.committed_per, "term");
    assert_eq!(stage.at(line.period.as_ref()), [Some(7), Some(4), Some(3), Some(0)]);

    // One more at each: too few to be told, now and by what was told before.
    for site in [&stage.forges, &stage.chem] {
        let patient = Box::pin(partnership::patient(&stage.partners.desk)).await?;
        Box::pin(seen(&stage, &patient, site, 20)).await?;
    }
    let second = Box::pin(stage.close((30, 11))).await?;
    let line = &second.lines[0];
    assert_eq!(stage.at(line.period.as_ref()), [None, None, None, Some(0)]);
    assert_eq!(stage.at(line.before.as_ref()), [Some(7), Some(4), Some(3), Some(0)]);
    assert_eq!(stage.at(line.to_date.as_ref()), [None, None, None, Some(0)]);
    Box::pin(stage.partners.world.end()).await
}
