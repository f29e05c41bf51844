//! The vault at work: an organisation's key is had by its master key, a patient's by the organisation's, a person by the
//! patient's. Keys in the open live no longer than a use case.

use std::sync::Arc;

use relais_platform::{
    Error, Result,
    database::Unit,
    ids::{OrganisationId, PatientId},
    vault::{Key, KeyService, Place, Sealed, TokenKey},
};
use zeroize::Zeroizing;

use crate::{
    domain::identity::{Patient, Person, Record, SealedPerson, Token},
    store::identity::{self, HashedToken},
};

/// The version of an organisation's and of a patient's key: neither has been renewed so far.
const FIRST: i32 = 1;

/// A sealed person is as long as a multiple of this, in bytes.
const BLOCK: usize = 1024;

/// Opens and seals persons.
#[derive(Debug, Clone)]
pub struct Vault {
    keys: Arc<dyn KeyService>,
}

/// An organisation's key in the open.
#[derive(Debug)]
pub struct OrganisationKey {
    organisation: OrganisationId,
    key: Key,
    wrapped: Sealed,
    tokens: TokenKey,
}

impl Vault {
    /// With who keeps the master key.
    pub fn new(keys: Arc<dyn KeyService>) -> Self {
        Self { keys }
    }

    /// The version of the master key that wraps.
    pub fn newest(&self) -> i32 {
        self.keys.newest()
    }

    /// The key of an organisation; none before its first person.
    ///
    /// # Errors
    /// UNAVAILABLE without the master key that wraps it.
    pub async fn find_key(&self, unit: &mut Unit<'_>, organisation: OrganisationId) -> Result<Option<OrganisationKey>> {
        match identity::find_key(unit, organisation).await? {
            Some(wrapped) => self.unwrap(organisation, wrapped).await.map(Some),
            None => Ok(None),
        }
    }

    /// The key of an organisation, drawn when it has none.
    ///
    /// # Errors
    /// As [`Vault::find_key`]; PERMISSION_DENIED when the organisation is not in the directory.
    pub async fn key(&self, unit: &mut Unit<'_>, organisation: OrganisationId) -> Result<OrganisationKey> {
        if let Some(key) = self.find_key(unit, organisation).await? {
            return Ok(key);
        }
        let wrapped = self.keys.wrap(&place_of_key(organisation), &Key::draw()?).await?;
        identity::insert_key(unit, organisation, &wrapped).await?;
        let key = self.find_key(unit, organisation).await?;
        key.ok_or_else(|| Error::internal(anyhow::anyhow!("a key that was kept is not there")))
    }

    /// Wraps an organisation's key under the newest master key.
    ///
    /// # Errors
    /// UNAVAILABLE without the master key that wraps it now.
    pub async fn rewrap(&self, organisation: OrganisationId, wrapped: &Sealed) -> Result<Sealed> {
        let place = place_of_key(organisation);
        let key = self.keys.unwrap(&place, wrapped).await?;
        self.keys.wrap(&place, &key).await
    }

    /// Opens a record.
    ///
    /// # Errors
    /// INTERNAL when something in it was moved or changed; UNAVAILABLE without its master key.
    pub async fn open(&self, record: Record) -> Result<Patient> {
        let Some(sealed) = &record.person else { return Ok(Patient { record, person: None }) };
        self.unwrap(record.organisation, sealed.organisation_key.clone()).await?.open(record)
    }

    async fn unwrap(&self, organisation: OrganisationId, wrapped: Sealed) -> Result<OrganisationKey> {
        let key = self.keys.unwrap(&place_of_key(organisation), &wrapped).await?;
        let tokens = key.token_key();
        Ok(OrganisationKey { organisation, key, wrapped, tokens })
    }
}

impl OrganisationKey {
    /// Opens a record of this organisation.
    ///
    /// # Errors
    /// INTERNAL when something in it was moved or changed.
    pub fn open(&self, record: Record) -> Result<Patient> {
        let Some(sealed) = &record.person else { return Ok(Patient { record, person: None }) };
        let key = self.key.unwrap(&self.place_of_patient_key(record.id), &sealed.patient_key)?;
        let json = key.open(&self.place_of_person(record.id, sealed.written), &sealed.person)?;
        let person: Person = serde_json::from_slice(&json).map_err(unreadable)?;
        Ok(Patient { record, person: Some(person) })
    }

    /// Seals a person as the record's `version`, under the patient's key: that of `before`, or a new one.
    ///
    /// # Errors
    /// INTERNAL when the key of before was moved or changed.
    pub fn seal(
        &self,
        id: PatientId,
        version: i64,
        person: &Person,
        before: Option<&SealedPerson>,
    ) -> Result<SealedPerson> {
        let place = self.place_of_patient_key(id);
        let (key, patient_key) = match before {
            Some(sealed) => (self.key.unwrap(&place, &sealed.patient_key)?, sealed.patient_key.clone()),
            None => {
                let key = Key::draw()?;
                let wrapped = self.key.wrap(FIRST, &place, &key)?;
                (key, wrapped)
            }
        };
        let mut json = Zeroizing::new(serde_json::to_vec(person).map_err(unreadable)?);
        // Spaces at the end: a ciphertext's length is not to tell a short name from a long one.
        let padded = json.len().next_multiple_of(BLOCK);
        json.resize(padded, b' ');
        let person = key.seal(FIRST, &self.place_of_person(id, version), &json)?;
        Ok(SealedPerson { written: version, person, patient_key, organisation_key: self.wrapped.clone() })
    }

    /// Hashes tokens, so that they are worth nothing without this key and differ from every other organisation's.
    pub fn hash(&self, tokens: impl IntoIterator<Item = Token>) -> Vec<HashedToken> {
        let hash = |(kind, text): Token| (kind, self.tokens.token(kind.as_str(), &text));
        tokens.into_iter().map(hash).collect()
    }

    fn place_of_patient_key(&self, id: PatientId) -> Place {
        self.place("patient", "data_key", id.0.to_string())
    }

    fn place_of_person(&self, id: PatientId, version: i64) -> Place {
        self.place("patient_person", "sealed", format!("{}/{version}", id.0))
    }

    fn place(&self, table: &'static str, column: &'static str, row: String) -> Place {
        Place { schema: "referral", table, column, row, organisation: self.organisation.0 }
    }
}

fn place_of_key(organisation: OrganisationId) -> Place {
    let row = organisation.0.to_string();
    Place { schema: "referral", table: "organisation_key", column: "wrapped", row, organisation: organisation.0 }
}

/// What serde says of a person could hold a part of it: only where it stands is kept.
fn unreadable(error: serde_json::Error) -> Error {
    Error::internal(anyhow::anyhow!("a person cannot be read at column {}", error.column()))
}
