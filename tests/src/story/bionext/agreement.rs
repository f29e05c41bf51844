//! The partners enter, and sign: a convention that began before its signature, counts without a limit and costs nobody anything.

use anyhow::{Context, Result};
use chrono::{Days, NaiveDate};
use relais_proto::{
    convention::v1::{
        Coding, Convention, Deadlines, Eligibility, Prescribers, ResultRecipients, Terms, eligibility,
        result_recipients, terms,
    },
    network::v1::{
        Contact, CreatePractitionerRequest, Identifier, Practitioner, SetContactRequest, SetUnitSubstituteRequest,
    },
    scheduling::v1::{CreateOpeningRuleRequest, OpeningRule, Weekday},
};

use super::{Cast, Stage, scene};
use crate::{
    Identity, Session, date, eventually,
    partnership::{self, LOINC, PANEL},
    request_id,
    story::{Actor, asked},
};

/// The register of the doctors who practise in Luxembourg.
pub(super) const COLLEGE: &str = "urn:relais:lu:college-medical";
/// Where the care centre's social worker reads mail.
pub(super) const SOCIAL_WORKER: &str = "esch@mdm.example";
const LABORATORY: &str = "sampling@bionext.example";

/// What everybody in the story knows.
pub(super) struct Partnership {
    /// Dr Weber, who prescribes at the care centre.
    pub prescriber: Actor,
    /// Dr Reuter, named at the care centre to stand in.
    pub substitute: Actor,
    /// The social worker's desk at the care centre.
    pub desk: Actor,
    /// Who coordinates for Médecins du Monde.
    pub coordinator: Actor,
    /// The laboratory's desk.
    pub reception: Actor,
    /// The laboratory's biologist.
    pub biologist: Actor,
    /// A laboratory that is no party.
    pub stranger: Actor,
    /// BioneXt Lab.
    pub provider: String,
    /// The sampling centre in Dudelange.
    pub forges: String,
    /// The sampling centre at the hospital.
    pub chem: String,
    /// The convention.
    pub convention: String,
}

impl Partnership {
    pub(super) fn cast(self, stage: &Stage<'_>) -> Cast {
        let Self { prescriber, substitute, desk, coordinator, reception, biologist, stranger, .. } = self;
        let operator = stage.operator().clone();
        Cast { actors: vec![operator, prescriber, substitute, desk, coordinator, reception, biologist, stranger] }
    }
}

/// The organisations, and what of them is on the map.
struct Entered {
    mdm: String,
    lab: String,
    other: String,
    centre: String,
    forges: String,
    chem: String,
}

/// The network enters who takes part; the partners sign.
pub(super) async fn sign(stage: &Stage<'_>) -> Result<Partnership> {
    scene("A convention is signed");
    let Entered { mdm, lab, other, centre, forges, chem } = enter(stage).await?;
    let operator = stage.at(stage.operator())?.referral;
    let weber = practitioner(&operator, &mdm, "Dr Claire Weber", "M-4711").await?;
    let reuter = practitioner(&operator, &mdm, "Dr Luc Reuter", "M-4712").await?;
    let clinician = |subject: &str| Identity::new(subject, "clinician").of(&mdm).at(&centre);
    let partnership = Partnership {
        prescriber: Actor::new("Dr Weber", clinician("weber").registered(&weber)),
        substitute: Actor::new("Dr Reuter", clinician("reuter").registered(&reuter)),
        desk: Actor::new("social worker of MdM", Identity::new("social-worker", "desk").of(&mdm).at(&centre)),
        coordinator: Actor::new("coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(&mdm)),
        reception: Actor::new("BioneXt Lab, desk", Identity::new("bionext-desk", "desk").of(&lab)),
        biologist: Actor::new("BioneXt Lab, biologist", Identity::new("bionext-biologist", "clinician").of(&lab)),
        stranger: Actor::new("another laboratory", Identity::new("stranger", "desk").of(&other)),
        convention: agree(stage, &mdm, &lab, [&forges, &chem]).await?,
        provider: lab,
        forges,
        chem,
    };
    name_substitute(stage, &partnership, &centre, &reuter).await?;
    open_sites(stage, &partnership).await?;
    Ok(partnership)
}

async fn enter(stage: &Stage<'_>) -> Result<Entered> {
    let operator = stage.operator();
    let at = stage.at(operator)?.referral;
    let mdm = partnership::organisation(&at, "Médecins du Monde Luxembourg").await?;
    let lab = partnership::organisation(&at, "BioneXt Lab").await?;
    let other = partnership::organisation(&at, "A laboratory that is no party").await?;
    let centre = partnership::care_centre(&at, &mdm).await?;
    let forges = partnership::site(&at, &lab, "Forges du Sud, Dudelange").await?;
    let chem = partnership::site(&at, &lab, "CHEM, Esch-sur-Alzette").await?;
    operator.tells("enters Médecins du Monde, BioneXt Lab, and the sampling centres Forges du Sud and CHEM");
    for (mailbox, email) in [(&centre, SOCIAL_WORKER), (&lab, LABORATORY)] {
        let contact = Some(Contact { email: email.into(), language: "fr".into(), ..Contact::default() });
        let request = SetContactRequest { mailbox: mailbox.clone(), contact, request_id: request_id() };
        asked("SetContact", at.network().set_contact(request)).await?;
    }
    Ok(Entered { mdm, lab, other, centre, forges, chem })
}

async fn practitioner(operator: &Session, parent: &str, name: &str, number: &str) -> Result<String> {
    let registration = Some(Identifier { system: COLLEGE.into(), value: number.into() });
    let practitioner = Practitioner { display_name: name.into(), registration, ..Practitioner::default() };
    let request =
        CreatePractitionerRequest { parent: parent.into(), practitioner: Some(practitioner), request_id: request_id() };
    let answer = asked("CreatePractitioner", operator.network().create_practitioner(request)).await?;
    Ok(answer.practitioner.context("no practitioner")?.name)
}

async fn agree(stage: &Stage<'_>, mdm: &str, lab: &str, sites: [&str; 2]) -> Result<String> {
    let coordinator = Actor::new("coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(mdm));
    let at = stage.at(&coordinator)?.referral;
    let today = stage.today();
    let draft = partnership::draft(&at, terms(mdm, lab, sites, today)).await?;
    let signed = today - Days::new(7);
    let Convention { name, .. } = partnership::sign(&at, draft, signed).await?;
    let began = today - Days::new(200);
    coordinator.tells(format!("signs on {signed}; the laboratory gives since {began}"));
    coordinator.tells("nobody pays: the provider gives in kind, and what is given is counted without a limit");
    Ok(name)
}

fn terms(mdm: &str, lab: &str, sites: [&str; 2], today: NaiveDate) -> Terms {
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
            ..Eligibility::default()
        }),
        sites: sites.map(str::to_string).to_vec(),
        ..partnership::terms(mdm, lab, today)
    }
}

/// Results of a prescriber who may receive nothing go to whom the care centre names.
async fn name_substitute(stage: &Stage<'_>, story: &Partnership, centre: &str, reuter: &str) -> Result<()> {
    let at = stage.at(&story.coordinator)?.referral;
    let request = SetUnitSubstituteRequest { unit: centre.into(), substitute: reuter.into(), request_id: request_id() };
    asked("SetUnitSubstitute", at.leaves().set_unit_substitute(request)).await?;
    story.coordinator.tells("names Dr Reuter to stand in at the care centre");
    Ok(())
}

/// Sampling on weekday mornings: by appointment, and beside it for whoever walks in.
async fn open_sites(stage: &Stage<'_>, story: &Partnership) -> Result<()> {
    let panel = Coding { system: LOINC.into(), code: PANEL.into(), ..Coding::default() };
    let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    for site in [&story.forges, &story.chem] {
        let rule = OpeningRule {
            site: site.clone(),
            services: vec![panel.clone()],
            weekdays: weekdays.map(Into::into).to_vec(),
            from_time: "07:00".into(),
            until_time: "12:00".into(),
            slot_minutes: 15,
            seats: 2,
            walk_in_seats: 1,
            wheelchair_access: true,
            valid_from_date: Some(date(stage.today())),
            ..OpeningRule::default()
        };
        // The site is told of by an event.
        eventually("scheduling knows the site", || async {
            let request = CreateOpeningRuleRequest { opening_rule: Some(rule.clone()), request_id: request_id() };
            let at = stage.at(&story.reception)?.scheduling;
            Ok(Some(asked("CreateOpeningRule", at.openings().create_opening_rule(request)).await?))
        })
        .await?;
    }
    story.reception.tells("opens both centres on weekdays from 07:00 to noon, two seats a quarter, one for walk-ins");
    Ok(())
}
