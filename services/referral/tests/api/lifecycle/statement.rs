//! What a statement tells of referrals: who was seen, how long it took, why it came to nothing, and who did not come.

use relais_proto::{
    convention::v1::{CloseStatementRequest, Count, CountBySite, Statement, Terms},
    referral::v1::{MergePatientsRequest, patient_merge},
};
use relais_tests::{date, partnership};

use super::*;

fn value(row: Option<&CountBySite>) -> Option<i64> {
    row.and_then(|row| row.all).and_then(|count: Count| count.value)
}

fn at(row: Option<&CountBySite>, site: &str) -> Option<i64> {
    let found = row.into_iter().flat_map(|row| &row.sites).find(|it| it.site == site);
    found.and_then(|it| it.count).and_then(|count| count.value)
}

fn step<'a>(statement: &'a Statement, code: &str) -> Option<&'a CountBySite> {
    statement.steps.iter().find(|step| step.code == code).and_then(|step| step.count.as_ref())
}

/// A referral of somebody else each time, under the convention.
async fn sent(partners: &Partners, convention: &str) -> Result<Referral> {
    let patient = partnership::patient(&partners.desk).await?;
    let ask = Referral { convention: convention.into(), patient, ..partners.ask() };
    let answer = partners.desk.referrals().submit_referral(partners.request(ask)).await?.into_inner();
    answer.referral.context("no referral")
}

/// Its appointment as scheduling tells of it, at a site.
async fn tell_at(
    partners: &Partners,
    appointment: &mut Appointment,
    (site, state): (&str, &'static str),
) -> Result<()> {
    let told = told::AppointmentMoved { site: site.into(), ..appointment.moved(state) };
    partners.world.tap.publish(appointment.id.0, appointment.version, told).await?;
    Ok(())
}

/// All that happens in the period: four are seen at a site, one of them after three who did not come; three are rejected, one cancels.
async fn happens(partners: &mut Partners, (convention, site): (&str, &str)) -> Result<Vec<Referral>> {
    let mut seen = Vec::new();
    for _ in 0..4 {
        seen.push(sent(partners, convention).await?);
    }
    for _ in 0..3 {
        reject_referral(&partners.lab, &sent(partners, convention).await?.name).await?;
    }
    cancel_referral(&partners.desk, &sent(partners, convention).await?.name).await?;
    advance(partners, TimeDelta::hours(10)).await?;
    for (at, referral) in seen.iter().enumerate() {
        accept_referral(&partners.lab, &referral.name).await?;
        let mut missed = Appointment::of(referral);
        if at > 0 {
            tell_at(partners, &mut missed, (site, "booked")).await?;
            until(partners, &referral.name, State::Scheduled).await?;
            tell_at(partners, &mut missed, (site, "noshow")).await?;
            until(partners, &referral.name, State::NoShow).await?;
        }
        let mut kept = Appointment::of(referral);
        tell_at(partners, &mut kept, (site, "booked")).await?;
        until(partners, &referral.name, State::Scheduled).await?;
        tell_at(partners, &mut kept, (site, "arrived")).await?;
        until(partners, &referral.name, State::Attended).await?;
    }
    // Somebody at the desk took a step by mistake, and took it back.
    let undone = &seen[0].name;
    complete_referral(&partners.lab, undone).await?;
    undo_referral(&partners.lab, undone).await?;
    Ok(seen)
}

#[tokio::test]
async fn a_statement_tells_who_was_seen_how_long_it_took_and_why_it_came_to_nothing() -> Result<()> {
    let mut partners = Partners::meet().await?;
    let site = partnership::site(&partners.operator, &partners.provider, "Forges du Sud").await?;
    let terms = Terms { suppress_below: 3, ..partnership::terms(&partners.mdm, &partners.provider, partners.today) };
    let draft = partnership::draft(&partners.coordinator, terms).await?;
    let convention = partnership::sign(&partners.coordinator, draft, partners.today).await?.name;
    // Of another convention, which is counted nowhere.
    partners.submit().await?;
    let seen = happens(&mut partners, (&convention, &site)).await?;
    // Two records are found to be of one person.
    let request = MergePatientsRequest {
        survivor: seen[2].patient.clone(),
        merged: seen[3].patient.clone(),
        reason: patient_merge::Reason::PatientSays.into(),
        request_id: request_id(),
    };
    partners.desk.patients().merge_patients(request).await?;
    advance(&mut partners, TimeDelta::days(3)).await?;

    let period = (partners.today - chrono::Days::new(1), partners.today + chrono::Days::new(1));
    let request = CloseStatementRequest {
        convention,
        first_day: Some(date(period.0)),
        last_day: Some(date(period.1)),
        request_id: request_id(),
    };
    let closed = partners.operator.statements().close_statement(request).await?.into_inner().statement;
    let statement = closed.context("no statement")?;
    let told = |code: &str| (value(step(&statement, code)), at(step(&statement, code), &site));
    for (code, expected) in [
        ("submitted", (Some(8), Some(0))),
        ("accepted", (Some(4), Some(0))),
        ("scheduled", (Some(7), Some(7))),
        ("no-show", (Some(3), Some(3))),
        ("attended", (Some(4), Some(4))),
        ("completed", (Some(0), Some(0))),
        ("rejected", (Some(3), Some(0))),
        ("cancelled", (None, Some(0))),
    ] {
        assert_eq!(told(code), expected, "{code}");
    }
    assert_eq!((value(statement.persons.as_ref()), at(statement.persons.as_ref(), &site)), (Some(3), Some(3)));
    let refusals: Vec<_> = statement.refusals.iter().map(|it| (it.reason.as_str(), value(it.count.as_ref()))).collect();
    assert_eq!(refusals, [("patient-declined", None), ("no-capacity", Some(3))]);
    let delay = |at: usize| statement.delays[at].all.clone().unwrap_or_default();
    let hours = delay(0).p50_hours.context("a delay")?;
    assert!((10.0..11.0).contains(&hours) && delay(0).p90_hours >= delay(0).p50_hours, "{:?}", delay(0));
    assert_eq!(delay(1).p50_hours, Some(0.0));
    assert_eq!((statement.delays[2].sites.len(), statement.delays[2].sites[0].site.as_str()), (1, site.as_str()));
    let none = delay(4);
    assert_eq!((none.p50_hours, none.suppressed), (None, false), "nothing was completed");
    partners.world.end().await
}
