//! Begins an upload, or finds the one that it goes on with.

use chrono::TimeDelta;
use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::{Kind, Violation},
    ids::{AttachmentId, OrganisationId, ReferralId},
    parties::Capacity,
    timers::{self, Timer, Urgency},
};

use super::{DROP_UPLOAD, ParentName};
use crate::{
    app::vault::erased,
    domain::attachment::{Attachment, MOST, MediaType, Parent},
    store::{self, attachment, referral, report},
};

/// An upload that is not whole is dropped after this time.
const PATIENCE: TimeDelta = TimeDelta::days(1);

/// Begins a file of an order, by its referrer, or of a report, by its provider.
#[derive(Debug, Clone)]
pub struct BeginUpload {
    /// Its id, drawn by the caller.
    pub id: AttachmentId,
    /// What it belongs to.
    pub parent: ParentName,
    /// What it is.
    pub media_type: MediaType,
    /// Its size in bytes.
    pub size: i64,
    /// The SHA-256 of all of it.
    pub sha256: Vec<u8>,
}

/// What a new file hangs on.
struct Place {
    parent: Parent,
    provider: OrganisationId,
    referral: ReferralId,
    files: usize,
}

impl UseCase for BeginUpload {
    type Outcome = Attachment;
    const NAME: &'static str = "begin_upload";

    fn asks(&self) -> Subject {
        self.parent.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Attachment> {
        unit.changes();
        let place = self.place(unit).await?;
        let organisation = unit.caller()?.acting_organisation()?;
        let file = Attachment {
            id: self.id,
            parent: place.parent,
            organisation,
            provider: place.provider,
            media_type: self.media_type,
            size: self.size,
            sha256: self.sha256.clone(),
            received: 0,
            complete: false,
            create_time: unit.now(),
        };
        if let Some(begun) = attachment::find_own(unit, self.id).await? {
            return if begun.is_same(&file) { Ok(begun) } else { Err(reused()) };
        }
        if i64::try_from(place.files).unwrap_or(i64::MAX) >= MOST {
            let violation = Violation::new("too-many-files", format!("there are {MOST} files already"));
            return Err(Error::refused("FILE_REFUSED", vec![violation]));
        }
        attachment::insert(unit, &file).await?;
        let due_at = unit.now() + PATIENCE;
        let timer = Timer { kind: DROP_UPLOAD.into(), subject: file.id.0, due_at, urgency: Urgency::Routine };
        timers::set(unit, &timer);
        unit.audit(Subject::of(file.id).referral(place.referral));
        Ok(file)
    }
}

impl BeginUpload {
    async fn place(&self, unit: &mut Unit<'_>) -> Result<Place> {
        match self.parent {
            ParentName::Order(id) => {
                let order = store::get(unit, id).await?;
                unit.about(&order.referral_number);
                ensure(unit, order.referral, Capacity::Referrer).await?;
                order.patient.ok_or_else(erased)?;
                let files = attachment::list_of(unit, &[id.0], &[]).await?.len();
                Ok(Place { parent: Parent::Order(id), provider: order.provider, referral: order.referral, files })
            }
            ParentName::Report(id) => {
                let report = report::get(unit, id).await?;
                unit.about(&report.referral_number);
                let referral = report.referral.ok_or_else(|| Error::not_found(id))?;
                ensure(unit, referral, Capacity::Provider).await?;
                report.key.as_ref().ok_or_else(erased)?;
                let files = attachment::list_of(unit, &[], &[id.0]).await?.len();
                let parent = Parent::Report(id, report.shown_version);
                Ok(Place { parent, provider: report.provider, referral, files })
            }
        }
    }
}

/// The referrer adds to what is asked, the provider to what was found.
async fn ensure(unit: &mut Unit<'_>, referral: ReferralId, capacity: Capacity) -> Result<()> {
    let facts = referral::facts(unit, referral).await?;
    if unit.scope()?.capacities(&facts.parties).contains(&capacity) {
        return Ok(());
    }
    Err(Error::denied(format!("only the {} may do this", capacity.as_str())))
}

fn reused() -> Error {
    let violations = vec![Violation::new("header.request_id", "was used for another file")];
    let error = Error::new(Kind::InvalidArgument, "REQUEST_ID_REUSED", "this request_id was used for another file");
    Error { violations, ..error }
}
