//! A chain of conventions: begun in 2017, renewed each three years, now for three more. A referral is judged by the one in force.

use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result};
use chrono::{Datelike, Days, Months, NaiveDate};
use relais_proto::{
    convention::v1::{
        Coding, Convention, CreateConventionRequest, GetConventionRequest, Line, Party, ResultRecipients, Service,
        Terms, convention::Standing, line, party::Role, result_recipients, service::Bearer, terms::Acceptance,
    },
    referral::v1::{CheckAdmissionRequest, Referral},
};
use tonic::Code;

use super::{
    Stage, ensure,
    office::{Office, Partnership},
    scene,
};
use crate::{
    date,
    partnership::{self, CHEST_XRAY, LOINC},
    request_id, rules,
    story::{Actor, asked, steps::is},
};

/// People whom MC3 commits to see in each year of the new mandate.
pub(super) const PEOPLE_A_YEAR: i64 = 10;
/// The document that everybody who is sent brings along.
pub(super) const SUMMONS: &str = "summons";
/// The line of people.
pub(super) const PATIENTS: &str = "patients";
/// The line of X-rays.
pub(super) const XRAYS: &str = "x-rays";
/// Years of a mandate.
const YEARS: u32 = 3;

/// Its first and its last day.
type Mandate = (NaiveDate, NaiveDate);

/// The first day of a year of the convention that begins on a day, counted from 0.
pub(super) fn year_from(first_day: NaiveDate, year: u32) -> NaiveDate {
    first_day.checked_add_months(Months::new(12 * year)).unwrap_or(first_day)
}

/// The mandates since 2017, by their first and last days: of three years each until the day before `next`; the first is as long as
/// is left.
fn mandates(next: NaiveDate) -> Vec<Mandate> {
    let before = (1..).map_while(|mandate| next.checked_sub_months(Months::new(12 * YEARS * mandate)));
    let mut firsts: Vec<_> = before.take_while(|first| first.year() > 2017).collect();
    firsts.extend(NaiveDate::from_ymd_opt(2017, 7, 1));
    firsts.reverse();
    let nexts = firsts.iter().skip(1).copied().chain([next]).collect::<Vec<_>>();
    firsts.into_iter().zip(nexts).map(|(first, next)| (first, next - Days::new(1))).collect()
}

impl Office {
    /// What is agreed: OFII sends and pays, X-rays count at the site where they are made, reports go to the medical service.
    fn terms(&self, (first, last): Mandate, lines: Vec<Line>, run_off_days: i32) -> Terms {
        let party = |name: &str, role: Role| Party { organisation: name.into(), role: role.into() };
        let code = Coding { system: LOINC.into(), code: CHEST_XRAY.into(), ..Coding::default() };
        let recipients =
            ResultRecipients { kind: result_recipients::Kind::UnitClinicians.into(), unit: self.medical.clone() };
        Terms {
            parties: vec![
                party(&self.ofii, Role::Referrer),
                party(&self.ofii, Role::Funder),
                party(&self.group, Role::Provider),
            ],
            services: vec![Service { code: Some(code), bearer: Bearer::Funder.into() }],
            lines,
            start_date: Some(date(first)),
            end_date: Some(date(last)),
            acceptance: Acceptance::Automatic.into(),
            recipients: Some(recipients),
            checklist: vec![SUMMONS.into()],
            sites: vec![self.colmar.clone(), self.selestat.clone(), self.guebwiller.clone()],
            run_off_days,
            thresholds: vec![70, 90, 100],
            suppress_below: 3,
            ..Terms::default()
        }
    }
}

/// X-rays are counted where they are made, without a limit.
fn xrays() -> Line {
    let (measure, kind) = (line::Measure::Acts.into(), line::Kind::Counted.into());
    Line { line_id: XRAYS.into(), measure, kind, ..Line::default() }
}

/// So many people in each year: a second X-ray of the same person is not a second one.
fn patients(committed: i64) -> Line {
    let (measure, kind) = (line::Measure::Persons.into(), line::Kind::Firm.into());
    Line { line_id: PATIENTS.into(), measure, kind, per: line::Per::Year.into(), committed, ..Line::default() }
}

/// OFII drafts, MC3 signs.
async fn agree(
    stage: &Stage<'_>,
    office: &Office,
    (terms, renews): (Terms, &str),
    signed: NaiveDate,
) -> Result<Convention> {
    let draft = draft(stage, &office.coordinator, terms, renews).await?;
    partnership::sign(&stage.at(&office.head)?.referral, draft, signed).await
}

async fn draft(stage: &Stage<'_>, actor: &Actor, terms: Terms, renews: &str) -> Result<Convention> {
    let display_name = "Chest X-rays for people who have come to France".into();
    let (terms, renews) = (Some(terms), renews.into());
    let convention = Some(Convention { display_name, terms, renews, ..Convention::default() });
    let request = CreateConventionRequest { convention, request_id: request_id() };
    let mut client = stage.at(actor)?.referral.conventions();
    asked("CreateConvention", client.create_convention(request)).await?.convention.context("no convention")
}

/// The conventions since 2017, and the new mandate.
pub(super) async fn renew(stage: &Stage<'_>, office: Office) -> Result<Partnership> {
    scene("A chain of conventions");
    let first_day = stage.today() + Days::new(21);
    let (mut chain, mut before) = (String::new(), String::new());
    for mandate in mandates(first_day) {
        // What was admitted by then may still be done in the month after.
        let terms = office.terms(mandate, vec![xrays()], 30);
        let signed = agree(stage, &office, (terms, &before), mandate.0 - Days::new(30)).await?;
        let renewal = if before.is_empty() { "a first convention" } else { "renewed" };
        office.head.tells(format!("{renewal}: from {} to {}, X-rays counted without a limit", mandate.0, mandate.1));
        before = signed.name;
        chain = if chain.is_empty() { before.clone() } else { chain };
    }
    let mandate = (first_day, year_from(first_day, YEARS) - Days::new(1));
    let lines = || vec![patients(PEOPLE_A_YEAR), xrays()];
    let early = office.terms((first_day - Days::new(1), mandate.1), lines(), 0);
    let refused = draft(stage, &office.coordinator, early, &before).await.err().context("an overlap is taken")?;
    ensure(is(&refused, Code::FailedPrecondition), "it was refused for another reason")?;
    let told = refused.downcast_ref().map(rules).unwrap_or_default().join(", ");
    office.coordinator.tells(format!("drafts the next one, a day too early: {told}"));
    let signed = agree(stage, &office, (office.terms(mandate, lines(), 0), &before), stage.today()).await?;
    ensure(signed.chain == chain && signed.standing() == Standing::NotYet, "the new mandate renews nothing")?;
    let people = format!("MC3 commits to {PEOPLE_A_YEAR} people a year");
    office
        .head
        .tells(format!("three more years: from {} to {}; {people}, at all sites together", mandate.0, mandate.1));
    office.coordinator.tells("OFII pays, the patient never; both hear at 70, 90 and 100 %");
    let (convention, people) = (signed.name, AtomicUsize::new(0));
    Ok(Partnership { office, chain, before, convention, first_day, people })
}

/// Any convention of the chain may be named: the one in force on the requested day judges.
pub(super) async fn is_judged_by_whichever_is_in_force(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let person = story.person(stage).await?;
    for (day, judge) in [(story.first_day - Days::new(1), &story.before), (story.first_day, &story.convention)] {
        let ask = Referral { convention: story.chain.clone(), ..story.ask(&person.record, day) };
        let mut client = stage.at(&story.desk)?.referral.referrals();
        let request = CheckAdmissionRequest { referral: Some(ask) };
        let judged = asked("CheckAdmission", client.check_admission(request)).await?;
        ensure(judged.admitted && judged.convention == *judge, "another convention judged")?;
        let standing = story.standing(stage, judge).await?;
        let standing = standing.as_str_name().trim_start_matches("STANDING_").to_lowercase().replace('_', "-");
        story.desk.tells(format!("names the convention of 2017 for {day}: judged by the one of that day ({standing})"));
    }
    Ok(())
}

impl Partnership {
    /// Where a convention stands today.
    pub(super) async fn standing(&self, stage: &Stage<'_>, name: &str) -> Result<Standing> {
        Ok(self.agreed(stage, name).await?.standing())
    }

    /// A convention as it is now.
    pub(super) async fn agreed(&self, stage: &Stage<'_>, name: &str) -> Result<Convention> {
        let mut client = stage.at(&self.coordinator)?.referral.conventions();
        let request = GetConventionRequest { name: name.into() };
        asked("GetConvention", client.get_convention(request)).await?.convention.context("no convention")
    }
}
