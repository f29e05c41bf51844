//! Reports, before whom they were laid, what they say, and what was counted of them.

use std::collections::HashMap;

use anyhow::Result;
use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use super::rows;

/// A version of a report.
#[derive(Debug, Clone, FromRow)]
pub struct Version {
    /// The report.
    pub report: Uuid,
    /// Its referral; the nil UUID when it was put aside.
    pub referral: Uuid,
    /// The version.
    pub version: i64,
    /// What it is.
    pub status: String,
    /// Whether it is the one that readers see.
    pub shown: bool,
    /// The acts that it was the first to tell of.
    pub acts: i64,
    /// How many events the report has had.
    pub revision: i64,
}

impl Version {
    /// Whether it tells all.
    pub fn is_whole(&self) -> bool {
        ["final", "amended", "corrected"].contains(&self.status.as_str())
    }
}

/// A version laid before somebody.
#[derive(Debug, Clone, FromRow)]
pub struct Release {
    /// The report.
    pub report: Uuid,
    /// The version.
    pub version: i64,
    /// Whether it was acknowledged.
    pub acknowledged: bool,
}

/// What the referral service has noted of a report.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Noticed {
    /// The report.
    pub report: Uuid,
    /// Its version.
    pub version: i64,
    /// What that is.
    pub status: String,
    /// Whether it was acknowledged.
    pub acknowledged: bool,
}

/// What was counted of a version.
#[derive(Debug, Clone, FromRow)]
pub struct Entry {
    /// The report.
    pub report: Uuid,
    /// The version.
    pub version: i64,
    /// How much.
    pub quantity: i64,
}

/// What the convention's ledger amounts to, as its service counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recount {
    /// Of the entries.
    pub total: i64,
    /// As it is reported to the parties.
    pub reported: i64,
    /// Figures that differ from the entries.
    pub differences: usize,
}

/// All of it.
#[derive(Debug, Clone, Default)]
pub struct Reports {
    /// All versions.
    pub versions: Vec<Version>,
    /// All releases.
    pub releases: Vec<Release>,
    /// All that the referral service has noted.
    pub noticed: Vec<Noticed>,
    /// The ledger.
    pub entries: Vec<Entry>,
    /// The ledger, counted again; none when that was not asked.
    pub recount: Option<Recount>,
    /// What the laboratory reads in each version.
    pub said: HashMap<(Uuid, i64), String>,
    /// What the prescriber reads in each report, in the version that is shown.
    pub read: HashMap<(Uuid, i64), String>,
}

const VERSIONS: &str = "
    SELECT v.report_id AS report, COALESCE(r.referral_id, '00000000-0000-0000-0000-000000000000') AS referral, v.version,
           v.status, v.version = r.shown_version AS shown, COALESCE(i.acts, 0)::bigint AS acts, r.revision
    FROM report_version v JOIN report r ON r.id = v.report_id
    LEFT JOIN report_issue i ON (i.report_id, i.version) = (v.report_id, v.version)";
const RELEASES: &str =
    "SELECT report_id AS report, version, acknowledge_time IS NOT NULL AS acknowledged FROM report_release";
const NOTICED: &str =
    "SELECT report_id AS report, report_version AS version, status, acknowledged FROM referral_report";
const ENTRIES: &str = "SELECT report_id AS report, report_version AS version, quantity FROM usage_entry";

impl Reports {
    /// What the results service keeps.
    pub(super) async fn read_handed_in(&mut self, schema: &mut PgConnection) -> Result<()> {
        self.versions = rows(schema, VERSIONS).await?;
        self.releases = rows(schema, RELEASES).await?;
        Ok(())
    }

    /// What the referral service keeps.
    pub(super) async fn read_counted(&mut self, schema: &mut PgConnection) -> Result<()> {
        self.noticed = rows(schema, NOTICED).await?;
        self.entries = rows(schema, ENTRIES).await?;
        Ok(())
    }
}
