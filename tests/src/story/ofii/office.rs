//! Who takes part: an office with a desk and a medical service, a radiology group with sites in Alsace. How one gets to them is
//! invented.

use std::sync::atomic::AtomicUsize;

use anyhow::{Context, Result};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use relais_proto::{
    convention::v1::Coding,
    network::v1::{
        CreateSiteRequest, CreateUnitRequest, Site, Stop, Unit,
        site::Wheelchair,
        stop::Kind::{self, Bus, Train},
        unit,
    },
    scheduling::v1::{OpeningRule, Weekday},
};

use super::{Cast, Stage, scene};
use crate::{
    Identity, Session, date,
    partnership::{self, CHEST_XRAY, LOINC, laboratory},
    request_id,
    story::{Actor, asked},
};

/// Who takes part, and where people are seen.
pub(super) struct Office {
    /// OFII.
    pub ofii: String,
    /// Its medical service.
    pub medical: String,
    /// MC3.
    pub group: String,
    /// Near the station.
    pub colmar: String,
    /// Twelve minutes from the station.
    pub selestat: String,
    /// Where no train stops, and which opens first.
    pub guebwiller: String,
    /// A site that is none of the convention's.
    pub strasbourg: String,
    /// OFII's administrative desk.
    pub desk: Actor,
    /// A doctor of OFII's medical service.
    pub doctor: Actor,
    /// Who asks for X-rays at OFII, for whichever unit.
    pub physician: Actor,
    /// Who coordinates for OFII, and pays.
    pub coordinator: Actor,
    /// MC3's desk.
    pub reception: Actor,
    /// MC3's radiologist.
    pub radiologist: Actor,
    /// Who coordinates for MC3.
    pub head: Actor,
}

/// What everybody in the story knows.
pub(super) struct Partnership {
    /// Who takes part.
    pub office: Office,
    /// The convention that began in 2017.
    pub chain: String,
    /// The one in force while the next is signed.
    pub before: String,
    /// The new mandate.
    pub convention: String,
    /// Its first day.
    pub first_day: NaiveDate,
    /// How many people have been sent.
    pub people: AtomicUsize,
}

impl std::ops::Deref for Partnership {
    type Target = Office;

    fn deref(&self) -> &Office {
        &self.office
    }
}

impl Partnership {
    pub(super) fn cast(self, stage: &Stage<'_>) -> Cast {
        let Office { desk, doctor, physician, coordinator, reception, radiologist, head, .. } = self.office;
        let operator = stage.operator().clone();
        let actors = vec![operator, desk, doctor, physician, coordinator, reception, radiologist, head];
        Cast { actors, private: stage.private() }
    }
}

/// The next morning, before anything opens; by the clocks of Paris it is the same day.
pub(super) fn next_morning(stage: &Stage<'_>) -> DateTime<Utc> {
    morning(stage.today() + Days::new(1))
}

/// The morning of a day.
pub(super) fn morning(day: NaiveDate) -> DateTime<Utc> {
    (day.and_time(NaiveTime::MIN) + TimeDelta::hours(4)).and_utc()
}

/// The network enters them; MC3 says how one gets to its sites, and opens them.
pub(super) async fn enter(stage: &Stage<'_>) -> Result<Office> {
    scene("Who takes part");
    let at = stage.at(stage.operator())?.referral;
    let ofii = partnership::organisation_in(&at, "OFII", "FR").await?;
    let group = partnership::organisation_in(&at, "MC3, radiology group", "FR").await?;
    let desk = unit_of(&at, &ofii, ("Desk of Strasbourg", unit::Kind::Desk)).await?;
    let medical = unit_of(&at, &ofii, ("Medical service", unit::Kind::MedicalService)).await?;
    let mut sites = Vec::new();
    for site in sites_of_mc3() {
        let request = CreateSiteRequest { parent: group.clone(), site: Some(site), request_id: request_id() };
        let entered = asked("CreateSite", at.network().create_site(request)).await?.site;
        sites.push(entered.context("no site")?.name);
    }
    let [colmar, selestat, guebwiller, strasbourg] = sites.try_into().ok().context("other sites")?;
    stage.operator().tells("enters OFII with a desk and a medical service, and MC3 with four sites");
    let office = Office {
        colmar,
        selestat,
        guebwiller,
        strasbourg,
        desk: Actor::new("OFII, desk", Identity::new("ofii-desk", "desk").of(&ofii).at(&desk)),
        doctor: Actor::new("OFII, medical service", Identity::new("ofii-doctor", "clinician").of(&ofii).at(&medical)),
        physician: Actor::new("OFII, physician", Identity::new("ofii-physician", "clinician").of(&ofii)),
        coordinator: Actor::new("OFII, coordinator", Identity::new("ofii-coordinator", "coordinator").of(&ofii)),
        reception: Actor::new("MC3, desk", Identity::new("mc3-desk", "desk").of(&group)),
        radiologist: Actor::new("MC3, radiologist", Identity::new("mc3-radiologist", "clinician").of(&group)),
        head: Actor::new("MC3, coordinator", Identity::new("mc3-coordinator", "coordinator").of(&group)),
        ofii,
        medical,
        group,
    };
    open_sites(stage, &office).await?;
    Ok(office)
}

async fn unit_of(operator: &Session, parent: &str, (name, kind): (&str, unit::Kind)) -> Result<String> {
    let unit = Some(Unit { display_name: name.into(), kind: kind.into(), ..Unit::default() });
    let request = CreateUnitRequest { parent: parent.into(), unit, request_id: request_id() };
    Ok(asked("CreateUnit", operator.network().create_unit(request)).await?.unit.context("no unit")?.name)
}

/// Colmar, Sélestat, Guebwiller, Strasbourg: how one gets there, how one gets in, what is spoken.
fn sites_of_mc3() -> [Site; 4] {
    let site =
        |name: &str, (kind, stop, walking_minutes): (Kind, &str, i32), wheelchair: Wheelchair, spoken: &[&str]| Site {
            display_name: format!("MC3 {name}"),
            time_zone: "Europe/Paris".into(),
            access: vec![Stop { kind: kind.into(), display_name: stop.into(), walking_minutes, ..Stop::default() }],
            wheelchair: wheelchair.into(),
            languages: spoken.iter().map(|code| (*code).into()).collect(),
            ..Site::default()
        };
    [
        site("Colmar", (Train, "Gare de Colmar", 6), Wheelchair::Yes, &["fr", "ar", "de"]),
        site("Sélestat", (Train, "Gare de Sélestat", 12), Wheelchair::Yes, &["fr"]),
        site("Guebwiller", (Bus, "Guebwiller Centre", 3), Wheelchair::Limited, &["fr"]),
        site("Strasbourg", (Train, "Gare de Strasbourg", 14), Wheelchair::Yes, &["fr", "ar"]),
    ]
}

/// X-rays on weekday mornings; Guebwiller opens first.
async fn open_sites(stage: &Stage<'_>, office: &Office) -> Result<()> {
    let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
    for (site, opens, language) in
        [(&office.colmar, "08:30", Some("ar")), (&office.selestat, "08:30", None), (&office.guebwiller, "08:00", None)]
    {
        let rule = OpeningRule {
            site: site.clone(),
            services: vec![Coding { system: LOINC.into(), code: CHEST_XRAY.into(), ..Coding::default() }],
            weekdays: weekdays.iter().map(|day| (*day).into()).collect(),
            from_time: opens.into(),
            until_time: "12:00".into(),
            slot_minutes: 30,
            seats: 2,
            interpreter_languages: language.into_iter().map(Into::into).collect(),
            valid_from_date: Some(date(stage.today())),
            advance_days: 60,
            ..OpeningRule::default()
        };
        laboratory::open(&stage.at(&office.reception)?.scheduling, rule).await?;
    }
    office.reception.tells("opens Colmar, Sélestat and Guebwiller on weekday mornings, two seats each half hour");
    Ok(())
}
