//! Médecins du Monde and the laboratory, as the story bionext tells of them: who takes part, what is agreed, when the sampling
//! centres are open, what is asked and what is answered. The story plays it once, the kill checker hundreds of times.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_proto::{
    convention::v1::{
        Coding, Deadlines, Eligibility, Prescribers, ResultRecipients, Terms, eligibility, result_recipients, terms,
    },
    network::v1::{CreatePractitionerRequest, Identifier, Practitioner},
    referral::v1::{Needs, Referral, referral},
    results::v1::{
        Observation, Quantity, ReportContent,
        observation::{Interpretation, Value},
    },
    scheduling::v1::{CreateOpeningRuleRequest, OpeningRule, Weekday},
};

use super::{LOINC, PANEL, care_centre, organisation_in, site_in};
use crate::{Session, date, eventually, request_id};

/// The register of the doctors who practise in Luxembourg.
pub const COLLEGE: &str = "urn:relais:lu:college-medical";
/// Glucose, mass concentration in serum or plasma.
pub const GLUCOSE: &str = "2345-7";
/// Creatinine, mass concentration in serum or plasma.
pub const CREATININE: &str = "2160-0";

/// All days, for a centre that is open on each.
pub const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Who takes part, and where, by name.
#[derive(Debug, Clone)]
pub struct Laboratory {
    /// Médecins du Monde Luxembourg.
    pub mdm: String,
    /// Its care centre.
    pub centre: String,
    /// BioneXt Lab.
    pub lab: String,
    /// The sampling centre in Dudelange.
    pub forges: String,
    /// The sampling centre at the hospital.
    pub chem: String,
}

impl Laboratory {
    /// Enters them, in a country, by the clocks of a zone.
    ///
    /// # Errors
    /// When the service refuses.
    pub async fn enter(operator: &Session, country: &str, time_zone: &str) -> Result<Self> {
        let mdm = organisation_in(operator, "Médecins du Monde Luxembourg", country).await?;
        let lab = organisation_in(operator, "BioneXt Lab", country).await?;
        let centre = care_centre(operator, &mdm).await?;
        let forges = site_in(operator, &lab, "Forges du Sud, Dudelange", time_zone).await?;
        let chem = site_in(operator, &lab, "CHEM, Esch-sur-Alzette", time_zone).await?;
        Ok(Self { mdm, centre, lab, forges, chem })
    }

    /// What is agreed: accepted by hand, for people without cover, at both centres; results go to the prescriber.
    pub fn terms(&self, today: NaiveDate) -> Terms {
        Terms {
            acceptance: terms::Acceptance::ByHand.into(),
            deadlines: Some(Deadlines { first_contact_routine_hours: 72, result_days: 7, ..Deadlines::default() }),
            recipients: Some(ResultRecipients {
                kind: result_recipients::Kind::PrescriberOrSubstitute.into(),
                ..ResultRecipients::default()
            }),
            prescribers: Some(Prescribers { required: true, register: COLLEGE.into() }),
            eligibility: Some(Eligibility {
                health_cover: eligibility::HealthCover::None.into(),
                patient_wish: true,
                territories: vec!["lu".into()],
                ..Eligibility::default()
            }),
            sites: vec![self.forges.clone(), self.chem.clone()],
            ..super::terms(&self.mdm, &self.lab, today)
        }
    }
}

/// Enters a doctor with a number on the register.
///
/// # Errors
/// When the service refuses.
pub async fn doctor(operator: &Session, parent: &str, name: &str, number: &str) -> Result<String> {
    let registration = Some(Identifier { system: COLLEGE.into(), value: number.into() });
    let practitioner = Some(Practitioner { display_name: name.into(), registration, ..Practitioner::default() });
    let request = CreatePractitionerRequest { parent: parent.into(), practitioner, request_id: request_id() };
    let answer = operator.network().create_practitioner(request).await.context("CreatePractitioner")?.into_inner();
    Ok(answer.practitioner.context("no practitioner")?.name)
}

/// Sampling for the panel on these days: a rule without hours and seats.
pub fn sampling(site: &str, weekdays: &[Weekday], first: NaiveDate) -> OpeningRule {
    OpeningRule {
        site: site.into(),
        services: vec![Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() }],
        weekdays: weekdays.iter().map(|day| (*day).into()).collect(),
        wheelchair_access: true,
        valid_from_date: Some(date(first)),
        ..OpeningRule::default()
    }
}

/// Opens a centre, once scheduling knows it: an event tells of it.
///
/// # Errors
/// When the service refuses.
pub async fn open(reception: &Session, rule: OpeningRule) -> Result<()> {
    eventually("scheduling knows the site", || async {
        let request = CreateOpeningRuleRequest { opening_rule: Some(rule.clone()), request_id: request_id() };
        Ok(Some(reception.openings().create_opening_rule(request).await.context("CreateOpeningRule")?))
    })
    .await?;
    Ok(())
}

/// What a prescriber asks for somebody who has no cover, of whom the patient's record knows.
pub fn ask(sent: Referral, site: &str, prescriber: &str) -> Referral {
    Referral {
        site: site.into(),
        prescriber: prescriber.into(),
        health_cover: referral::HealthCover::None.into(),
        patient_wish: true,
        territory: "lu".into(),
        needs: Some(Needs { interpreter_language: "ar".into(), wheelchair: false }),
        ..sent
    }
}

/// A result: which analysis, how much, and what that means.
pub type Measured<'a> = (&'a str, &'a str, Interpretation);

/// What a report says of a day's samples.
pub fn content(day: NaiveDate, site: &str, values: &[Measured<'_>]) -> ReportContent {
    let observation = |(code, value, interpretation): &Measured<'_>| Observation {
        code: (*code).into(),
        interpretation: (*interpretation).into(),
        value: Some(Value::Quantity(Quantity { value: (*value).into(), unit: "mg/dL".into(), ..Quantity::default() })),
        ..Observation::default()
    };
    ReportContent {
        performed_date: Some(date(day)),
        site: site.into(),
        observations: values.iter().map(observation).collect(),
        ..ReportContent::default()
    }
}
