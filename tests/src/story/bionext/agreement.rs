//! The partners enter, and sign: a convention that began before its signature, counts without a limit and costs nobody anything.

use anyhow::Result;
use chrono::Days;
use relais_proto::{
    convention::v1::Convention,
    network::v1::{Contact, SetContactRequest, SetUnitSubstituteRequest},
    scheduling::v1::{OpeningRule, Weekday},
};

use super::{Cast, Stage, scene};
use crate::{
    Identity,
    partnership::{
        self,
        laboratory::{self, Laboratory, doctor},
    },
    request_id,
    story::{Actor, asked},
};

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
        let actors = vec![operator, prescriber, substitute, desk, coordinator, reception, biologist, stranger];
        Cast { actors, private: stage.private() }
    }
}

/// The network enters who takes part; the partners sign.
pub(super) async fn sign(stage: &Stage<'_>) -> Result<Partnership> {
    scene("A convention is signed");
    let entered = enter(stage).await?;
    let convention = agree(stage, &entered).await?;
    let Laboratory { mdm, lab, centre, forges, chem } = entered;
    let operator = stage.at(stage.operator())?.referral;
    let other = partnership::organisation(&operator, "A laboratory that is no party").await?;
    let weber = doctor(&operator, &mdm, "Dr Claire Weber", "M-4711").await?;
    let reuter = doctor(&operator, &mdm, "Dr Luc Reuter", "M-4712").await?;
    let clinician = |subject: &str| Identity::new(subject, "clinician").of(&mdm).at(&centre);
    let partnership = Partnership {
        prescriber: Actor::new("Dr Weber", clinician("weber").registered(&weber)),
        substitute: Actor::new("Dr Reuter", clinician("reuter").registered(&reuter)),
        desk: Actor::new("social worker of MdM", Identity::new("social-worker", "desk").of(&mdm).at(&centre)),
        coordinator: Actor::new("coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(&mdm)),
        reception: Actor::new("BioneXt Lab, desk", Identity::new("bionext-desk", "desk").of(&lab)),
        biologist: Actor::new("BioneXt Lab, biologist", Identity::new("bionext-biologist", "clinician").of(&lab)),
        stranger: Actor::new("another laboratory", Identity::new("stranger", "desk").of(&other)),
        provider: lab,
        forges,
        chem,
        convention,
    };
    name_substitute(stage, &partnership, &centre, &reuter).await?;
    open_sites(stage, &partnership).await?;
    Ok(partnership)
}

async fn enter(stage: &Stage<'_>) -> Result<Laboratory> {
    let operator = stage.operator();
    let at = stage.at(operator)?.referral;
    let entered = Laboratory::enter(&at, "LU", "Europe/Luxembourg").await?;
    operator.tells("enters Médecins du Monde, BioneXt Lab, and the sampling centres Forges du Sud and CHEM");
    for (mailbox, email) in [(&entered.centre, SOCIAL_WORKER), (&entered.lab, LABORATORY)] {
        let contact = Some(Contact { email: email.into(), language: "fr".into(), ..Contact::default() });
        let request = SetContactRequest { mailbox: mailbox.clone(), contact, request_id: request_id() };
        asked("SetContact", at.network().set_contact(request)).await?;
    }
    Ok(entered)
}

async fn agree(stage: &Stage<'_>, entered: &Laboratory) -> Result<String> {
    let coordinator =
        Actor::new("coordinator of MdM", Identity::new("mdm-coordinator", "coordinator").of(&entered.mdm));
    let at = stage.at(&coordinator)?.referral;
    let today = stage.today();
    let draft = partnership::draft(&at, entered.terms(today)).await?;
    let signed = today - Days::new(7);
    let Convention { name, .. } = partnership::sign(&at, draft, signed).await?;
    let began = today - Days::new(200);
    coordinator.tells(format!("signs on {signed}; the laboratory gives since {began}"));
    coordinator.tells("nobody pays: the provider gives in kind, and what is given is counted without a limit");
    Ok(name)
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
    let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    for site in [&story.forges, &story.chem] {
        let rule = OpeningRule {
            from_time: "07:00".into(),
            until_time: "12:00".into(),
            slot_minutes: 15,
            seats: 2,
            walk_in_seats: 1,
            ..laboratory::sampling(site, &weekdays, stage.today())
        };
        laboratory::open(&stage.at(&story.reception)?.scheduling, rule).await?;
    }
    story.reception.tells("opens both centres on weekdays from 07:00 to noon, two seats a quarter, one for walk-ins");
    Ok(())
}
