//! What reports say and files hold is sealed: each report and order has a key, which its provider's key wraps, which the master
//! key wraps. Keys in the open live no longer than a use case.

use std::sync::Arc;

use relais_platform::{
    Error, Result,
    database::{Unit, UseCase},
    error::Violation,
    ids::{AttachmentId, OrderId, OrganisationId, ReportId},
    vault::{Key, KeyService, Place, Sealed},
};

use crate::{
    domain::{
        attachment::{Attachment, Parent},
        report::{Content, Report},
    },
    store::key,
};

/// The version of a provider's and of a report's key: neither has been renewed so far.
const FIRST: i32 = 1;
/// What is sealed of a version is as long as a multiple of this, in bytes.
const BLOCK: usize = 1024;
/// Keys wrapped anew in one transaction.
const STRETCH: i64 = 50;

/// Opens and seals.
#[derive(Debug, Clone)]
pub struct Vault {
    keys: Arc<dyn KeyService>,
}

/// A report's or an order's key in the open.
#[derive(Debug)]
pub struct DataKey {
    key: Key,
    provider: OrganisationId,
}

/// Whose key it is.
#[derive(Debug, Clone, Copy)]
enum Owner {
    Order(OrderId),
    Report(ReportId),
}

impl Vault {
    /// With who keeps the master key.
    pub fn new(keys: Arc<dyn KeyService>) -> Self {
        Self { keys }
    }

    /// Draws the key of a new report, and wraps it.
    ///
    /// # Errors
    /// UNAVAILABLE without the master key.
    pub async fn draw(
        &self,
        unit: &mut Unit<'_>,
        report: ReportId,
        provider: OrganisationId,
    ) -> Result<(DataKey, Vec<u8>)> {
        self.draw_for(unit, Owner::Report(report), provider).await
    }

    /// Opens the key of a report.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it was destroyed with the patient's record; UNAVAILABLE without the master key; INTERNAL when it
    /// was moved or changed.
    pub async fn open(&self, unit: &mut Unit<'_>, report: &Report) -> Result<DataKey> {
        let wrapped = report.key.as_deref().ok_or_else(erased)?;
        self.open_for(unit, Owner::Report(report.id), report.provider, wrapped).await
    }

    /// Opens the key under which a file is sealed; an order's is drawn with its first file.
    ///
    /// # Errors
    /// As [`Vault::open`].
    pub async fn open_for_file(&self, unit: &mut Unit<'_>, file: &Attachment) -> Result<DataKey> {
        match file.parent {
            Parent::Report(report, _) => {
                let wrapped = key::find_report_key(unit, report).await?.ok_or_else(erased)?;
                self.open_for(unit, Owner::Report(report), file.provider, &wrapped).await
            }
            Parent::Order(order) => {
                if key::find_order_key(unit, order).await?.is_none() {
                    let (_, wrapped) = self.draw_for(unit, Owner::Order(order), file.provider).await?;
                    key::insert_order_key(unit, order, &wrapped).await?;
                }
                let wrapped = key::find_order_key(unit, order).await?.ok_or_else(erased)?;
                self.open_for(unit, Owner::Order(order), file.provider, &wrapped).await
            }
        }
    }

    async fn draw_for(
        &self,
        unit: &mut Unit<'_>,
        owner: Owner,
        provider: OrganisationId,
    ) -> Result<(DataKey, Vec<u8>)> {
        let key = Key::draw()?;
        let wrapped = self.provider_key(unit, provider).await?.wrap(FIRST, &owner.place(provider), &key)?;
        Ok((DataKey { key, provider }, wrapped.bytes))
    }

    async fn open_for(
        &self,
        unit: &mut Unit<'_>,
        owner: Owner,
        provider: OrganisationId,
        wrapped: &[u8],
    ) -> Result<DataKey> {
        let sealed = Sealed { version: FIRST, bytes: wrapped.to_vec() };
        let key = self.provider_key(unit, provider).await?.unwrap(&owner.place(provider), &sealed)?;
        Ok(DataKey { key, provider })
    }

    /// The key of a provider, drawn when it has none.
    async fn provider_key(&self, unit: &mut Unit<'_>, provider: OrganisationId) -> Result<Key> {
        let place = place_of_key(provider);
        if key::find_key(unit, provider).await?.is_none() {
            let wrapped = self.keys.wrap(&place, &Key::draw()?).await?;
            key::insert_key(unit, provider, &wrapped).await?;
        }
        let wrapped = key::find_key(unit, provider).await?;
        let wrapped = wrapped.ok_or_else(|| Error::internal(anyhow::anyhow!("a key that was kept is not there")))?;
        self.keys.unwrap(&place, &wrapped).await
    }
}

impl DataKey {
    /// Seals what a version of a report says.
    ///
    /// # Errors
    /// INTERNAL when it cannot be encrypted.
    pub fn seal(&self, report: ReportId, version: i64, content: &Content) -> Result<Vec<u8>> {
        let mut json = serde_json::to_vec(content).map_err(|error| unreadable(&error))?;
        // Spaces at the end: a ciphertext's length is not to tell how much was found.
        json.resize(json.len().next_multiple_of(BLOCK), b' ');
        Ok(self.key.seal(FIRST, &self.place_of_version(report, version), &json)?.bytes)
    }

    /// Opens what a version of a report says.
    ///
    /// # Errors
    /// INTERNAL when it was moved or changed.
    pub fn open(&self, report: ReportId, version: i64, sealed: &[u8]) -> Result<Content> {
        let sealed = Sealed { version: FIRST, bytes: sealed.to_vec() };
        let json = self.key.open(&self.place_of_version(report, version), &sealed)?;
        serde_json::from_slice(&json).map_err(|error| unreadable(&error))
    }

    /// Seals a chunk of a file.
    ///
    /// # Errors
    /// INTERNAL when it cannot be encrypted.
    pub fn seal_chunk(&self, file: AttachmentId, number: i32, bytes: &[u8]) -> Result<Vec<u8>> {
        Ok(self.key.seal(FIRST, &self.place_of_chunk(file, number), bytes)?.bytes)
    }

    /// Opens a chunk of a file.
    ///
    /// # Errors
    /// INTERNAL when it was moved or changed.
    pub fn open_chunk(&self, file: AttachmentId, number: i32, sealed: &[u8]) -> Result<Vec<u8>> {
        let sealed = Sealed { version: FIRST, bytes: sealed.to_vec() };
        Ok(self.key.open(&self.place_of_chunk(file, number), &sealed)?.to_vec())
    }

    fn place_of_version(&self, report: ReportId, version: i64) -> Place {
        place("report_version", "sealed", format!("{}/{version}", report.0), self.provider)
    }

    fn place_of_chunk(&self, file: AttachmentId, number: i32) -> Place {
        place("attachment_chunk", "sealed", format!("{}/{number}", file.0), self.provider)
    }
}

impl Owner {
    fn place(self, provider: OrganisationId) -> Place {
        let (table, row) = match self {
            Self::Order(id) => ("service_order", id.0),
            Self::Report(id) => ("report", id.0),
        };
        place(table, "data_key", row.to_string(), provider)
    }
}

fn place_of_key(provider: OrganisationId) -> Place {
    place("organisation_key", "wrapped", provider.0.to_string(), provider)
}

fn place(table: &'static str, column: &'static str, row: String, provider: OrganisationId) -> Place {
    Place { schema: "results", table, column, row, organisation: provider.0 }
}

/// The key is gone, and with it what it sealed.
pub(super) fn erased() -> Error {
    let words = "the patient's record was erased, and what was found and filed with it";
    Error::refused("PATIENT_ERASED", vec![Violation::new("patient-erased", words)])
}

/// What serde says of a content could hold a part of it: only where it stands is kept.
fn unreadable(error: &serde_json::Error) -> Error {
    Error::internal(anyhow::anyhow!("a report cannot be read at column {}", error.column()))
}

/// Wraps some providers' keys under the newest master key, when an older one wraps them.
#[derive(Debug, Clone)]
pub struct RewrapKeys(pub Vault);

impl UseCase for RewrapKeys {
    type Outcome = usize;
    const NAME: &'static str = "rewrap_keys";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<usize> {
        let keys = &self.0.keys;
        let stale = key::list_stale_keys(unit, keys.newest(), STRETCH).await?;
        for (provider, wrapped) in &stale {
            let place = place_of_key(*provider);
            let key = keys.unwrap(&place, wrapped).await?;
            key::save_key(unit, *provider, &keys.wrap(&place, &key).await?).await?;
            unit.audit(*provider);
        }
        Ok(stale.len())
    }
}
