//! A world with two partners under a signed convention, and a stranger.

use anyhow::{Context, Result};
use chrono::NaiveDate;
use relais_platform::clock::machine_now;
use relais_proto::referral::v1::{Referral, SubmitReferralRequest};
use relais_referral::Referral as Service;
use relais_tests::{Identity, Session, World, partnership, request_id};

/// Partners in a world of their own.
pub struct Partners {
    pub world: World<Service>,
    pub operator: Session,
    pub coordinator: Session,
    pub desk: Session,
    pub lab: Session,
    pub stranger: Session,
    pub mdm: String,
    pub centre: String,
    pub provider: String,
    pub convention: String,
    pub patient: String,
    pub today: NaiveDate,
}

impl Partners {
    pub async fn meet() -> Result<Self> {
        Self::meet_with(&[]).await
    }

    pub async fn meet_with(settings: &[(&str, &str)]) -> Result<Self> {
        let world = World::start_with(settings).await?;
        let operator = world.session(&Identity::new("operator", "operator"))?;
        let mdm = partnership::organisation(&operator, "Médecins du Monde").await?;
        let provider = partnership::organisation(&operator, "BioneXt Lab").await?;
        let other = partnership::organisation(&operator, "Another").await?;
        let centre = partnership::care_centre(&operator, &mdm).await?;
        let coordinator = world.session(&Identity::new("coordinator", "coordinator").of(&mdm))?;
        let desk = world.session(&Identity::new("desk", "desk").of(&mdm).at(&centre))?;
        let today = machine_now().date_naive();
        let draft = partnership::draft(&coordinator, partnership::terms(&mdm, &provider, today)).await?;
        let convention = partnership::sign(&coordinator, draft, today).await?.name;
        let patient = partnership::patient(&desk).await?;
        let lab = world.session(&Identity::new("lab", "desk").of(&provider))?;
        let stranger = world.session(&Identity::new("stranger", "desk").of(&other))?;
        Ok(Self {
            world,
            operator,
            coordinator,
            desk,
            lab,
            stranger,
            mdm,
            centre,
            provider,
            convention,
            patient,
            today,
        })
    }

    pub fn ask(&self) -> Referral {
        partnership::referral(&self.convention, &self.patient, &self.provider, self.today)
    }

    pub fn request(&self, referral: Referral) -> SubmitReferralRequest {
        SubmitReferralRequest { referral: Some(referral), request_id: request_id(), ..Default::default() }
    }

    pub async fn submit(&self) -> Result<Referral> {
        let answer = self.desk.referrals().submit_referral(self.request(self.ask())).await?.into_inner();
        answer.referral.context("no referral")
    }
}
