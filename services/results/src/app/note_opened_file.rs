//! Notes that a clinician who is no party opened the file of a referral.

use chrono::DateTime;
use relais_platform::{
    Result,
    audit::Subject,
    calls::Check,
    database::{Unit, UseCase},
};
use relais_proto::events::v1;

use crate::store::{self, OpenedFile};

/// Opens what hangs on the referral for that caller, until the access ends.
#[derive(Debug, Clone)]
pub struct NoteOpenedFile(Option<OpenedFile>);

impl NoteOpenedFile {
    /// Of an event. One that does not say for whom, as they once did not, opens nothing.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the event's names are none: the message is parked.
    pub fn try_new(told: &v1::GlassBroken) -> Result<Self> {
        let Some(end) = told.expire_time.filter(|_| !told.caller.is_empty()) else { return Ok(Self(None)) };
        let mut check = Check::default();
        let access = check.name("access", &told.access);
        let end = u32::try_from(end.nanos).ok().and_then(|nanos| DateTime::from_timestamp(end.seconds, nanos));
        check.ensure("expire_time", end.is_some(), "must be an instant");
        check.ensure("caller", told.caller.len() == 32, "must be a digest");
        let file = OpenedFile {
            access,
            referral: check.name("referral", &told.referral),
            organisation: check.name("organisation", &told.organisation),
            caller: told.caller.clone(),
            purpose: format!("{} {access}", told.reason),
            expire_time: end.unwrap_or_default(),
        };
        check.finish().map(|()| Self(Some(file)))
    }
}

impl UseCase for NoteOpenedFile {
    type Outcome = ();
    const NAME: &'static str = "note_opened_file";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        if let Some(file) = self.0.as_ref().filter(|file| file.expire_time > unit.now()) {
            store::note_opened(unit, file).await?;
            unit.audit(Subject::from(file.referral).purpose(&file.purpose));
        }
        Ok(())
    }
}
