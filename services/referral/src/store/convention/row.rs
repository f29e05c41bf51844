//! How a convention is read.

use chrono::{DateTime, NaiveDate, Utc};
use relais_platform::{
    Error, Result,
    ids::{Child, SiteId},
};
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::convention::{Conditions, Convention, Line, Party, Reason, ServiceTerm, State, Terms};

/// A row of a convention with terms of it.
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) display_name: String,
    pub(super) state: String,
    pub(super) halted: bool,
    pub(super) version: i64,
    pub(super) terms_version: i64,
    pub(super) entered: i64,
    pub(super) open_version: Option<i64>,
    pub(super) renews_id: Option<Uuid>,
    pub(super) chain_id: Uuid,
    pub(super) renewed: bool,
    pub(super) last_day: Option<NaiveDate>,
    pub(super) reason: String,
    pub(super) create_time: DateTime<Utc>,
    pub(super) update_time: DateTime<Utc>,
    pub(super) effective_date: NaiveDate,
    pub(super) start_date: NaiveDate,
    pub(super) end_date: NaiveDate,
    pub(super) exclusive: bool,
    pub(super) signature_date: Option<NaiveDate>,
    pub(super) parties: Json<Vec<Party>>,
    pub(super) services: Json<Vec<ServiceTerm>>,
    pub(super) lines: Json<Vec<Line>>,
    pub(super) sites: Option<Json<Vec<Child<SiteId>>>>,
    pub(super) conditions: Json<Conditions>,
}

/// A convention as one statement reads it; what is open beside it takes another ([`super::whole`]).
#[derive(Debug)]
pub struct Found {
    /// The convention, without its amendment.
    pub convention: Convention,
    pub(super) open: Option<i64>,
}

impl TryFrom<Row> for Found {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        // Of a draft, what is open is what is shown.
        let open = row.open_version.filter(|_| row.terms_version > 0);
        Ok(Self { convention: row.try_into()?, open })
    }
}

impl TryFrom<Row> for Convention {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let terms = Terms {
            parties: row.parties.0,
            services: row.services.0,
            lines: row.lines.0,
            start_date: row.start_date,
            end_date: row.end_date,
            sites: row.sites.map(|sites| sites.0).unwrap_or_default(),
            conditions: row.conditions.0,
            exclusive: row.exclusive,
        };
        Ok(Self {
            id: row.id.into(),
            display_name: row.display_name,
            state: State::stored(&row.state)?,
            halted: row.halted,
            version: row.version,
            terms_version: row.terms_version,
            effective_date: row.effective_date,
            last_day: row.last_day.unwrap_or(terms.end_date),
            terms,
            signature_date: row.signature_date,
            entered: row.entered,
            amendment: None,
            renews: row.renews_id.map(Into::into),
            chain: row.chain_id.into(),
            renewed: row.renewed,
            reason: Some(row.reason.as_str()).filter(|code| !code.is_empty()).map(Reason::stored).transpose()?,
            create_time: row.create_time,
            update_time: row.update_time,
        })
    }
}
