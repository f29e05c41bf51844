//! Opens the file of a referral for a clinician who is no party: breaking the glass.
//!
//! That a referral is there cannot be hidden from whoever may open it. So each try is kept and counts, found or not; the audit
//! has it either way, and what is not there reads as everywhere. What the clinician stated stands where it can be erased, and so not
//! in the audit.

use chrono::TimeDelta;
use relais_platform::{
    Result,
    audit::Subject,
    calls::{Outcome, Recall, check::time_to_proto},
    database::{Unit, UseCase},
    error::Error,
    ids::{FileAccessId, ReferralId},
};
use relais_proto::events::v1;

use super::tell;
use crate::{
    domain::referral::{
        COUNTED, FileAccess, Number, OpenReason, OpenedFile, ensure_licensed, ensure_no_party, ensure_not_too_often,
    },
    store::{network, referral},
};

/// How a clinician names a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum File {
    /// By the referral's resource name.
    Named(ReferralId),
    /// By its number.
    Numbered(Number),
}

impl std::fmt::Display for File {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Named(id) => id.fmt(f),
            Self::Numbered(number) => f.write_str(&numbered(number)),
        }
    }
}

/// What a number is called where no resource name is known: in the audit, and by who asks it for such rows.
pub(super) fn numbered(number: impl std::fmt::Display) -> String {
    format!("referral {number}")
}

/// Opens a file for the caller alone.
#[derive(Debug, Clone)]
pub struct OpenFile {
    /// The id of the access, drawn before anything is stored.
    pub id: FileAccessId,
    /// Which file.
    pub file: File,
    /// Why.
    pub reason: OpenReason,
    /// Why, in the clinician's words.
    pub statement: String,
    /// For how long.
    pub duration: TimeDelta,
    /// How many a clinician may open within 24 hours.
    pub per_day: u32,
}

impl UseCase for OpenFile {
    type Outcome = FileAccess;
    const NAME: &'static str = "open_file";
    // A file of whichever parties: that is what breaking the glass is.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        let subject = match &self.file {
            File::Named(id) => (*id).into(),
            File::Numbered(_) => Subject::of(&self.file),
        };
        subject.purpose(self.reason.as_str())
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<FileAccess> {
        let (organisation, desk) = (unit.caller()?.acting_organisation()?, unit.caller()?.unit);
        ensure_registered(unit).await?;
        let opened = referral::count_since(unit, unit.now() - COUNTED).await?;
        ensure_not_too_often(opened, self.per_day)?;
        let file = match &self.file {
            File::Named(id) => referral::find_file(unit, Some(*id), None).await?,
            File::Numbered(number) => referral::find_file(unit, None, Some(number.as_str())).await?,
        };
        if let Some(file) = &file {
            ensure_no_party(file, organisation, desk)?;
        }
        let access = FileAccess {
            id: self.id,
            referral: file.as_ref().map(|file| file.referral),
            caller: unit.caller()?.key(),
            organisation,
            reason: self.reason,
            statement: self.statement.clone(),
            create_time: unit.now(),
            expire_time: unit.now() + self.duration,
        };
        referral::insert_access(unit, &access, file.as_ref().and_then(OpenedFile::owner)).await?;
        match &file {
            Some(file) => self.opened(unit, file, &access)?,
            None => unit.audit_refused(self.asks(), "NOT_FOUND"),
        }
        Ok(access)
    }
}

impl OpenFile {
    fn opened(&self, unit: &mut Unit<'_>, file: &OpenedFile, access: &FileAccess) -> Result<()> {
        unit.about(&file.number);
        let caller = unit.caller()?.digest();
        unit.emit(access.id, 1, broken(file, access, caller));
        unit.audit(Subject::of(file.referral).referral(file.referral).patient(file.patient).purpose(access.purpose()));
        Ok(())
    }
}

/// Before anything is looked for: who is refused learns nothing of the file, and no try counts.
async fn ensure_registered(unit: &mut Unit<'_>) -> Result<()> {
    let day = unit.now().date_naive();
    let registrations = match unit.caller()?.practitioner {
        Some(practitioner) => network::list_registrations(unit, &[practitioner.id]).await?.remove(&practitioner.id),
        None => None,
    };
    ensure_licensed(&registrations.unwrap_or_default(), day)
}

fn broken(file: &OpenedFile, access: &FileAccess, caller: Vec<u8>) -> v1::GlassBroken {
    v1::GlassBroken {
        access: access.id.to_string(),
        referral: file.referral.to_string(),
        number: file.number.clone(),
        parties: file.parties.iter().map(tell::party).collect(),
        organisation: access.organisation.to_string(),
        reason: access.reason.as_str().into(),
        caller,
        expire_time: Some(time_to_proto(access.expire_time)),
    }
}

impl Recall for FileAccess {
    fn outcome(&self) -> Outcome {
        // An access never changes.
        Outcome { id: self.id.0, version: 1 }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let found = referral::find_access(unit, outcome.id.into()).await?;
        let access = found.ok_or_else(|| Error::internal(anyhow::anyhow!("an access that was kept is gone")))?;
        match access.referral {
            Some(referral) => unit.audit(Subject::from(referral).purpose(access.purpose())),
            None => unit.audit_refused(Subject::of(access.id), "NOT_FOUND"),
        }
        Ok(access)
    }
}
