//! A row of the audit, and the bytes of it that are sealed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// A row as it stands in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its id, a UUID v7 of the machine's time.
    pub id: Uuid,
    /// When, by the clock of rules.
    pub at: DateTime<Utc>,
    /// Who: issuer and subject; `system` for what an event or a timer did.
    pub caller: String,
    /// The service that acted on behalf of the caller; empty when none did.
    pub actor: String,
    /// The organisation the caller acted for.
    pub organisation: Option<Uuid>,
    /// Its unit.
    pub unit: Option<Uuid>,
    /// The caller's entry in the register.
    pub practitioner: Option<Uuid>,
    /// The RPC's path; `event` for what an event or a timer did.
    pub action: String,
    /// What the caller stated it was for.
    pub purpose: String,
    /// What was read or changed, by its name.
    pub resource: String,
    /// Whose data it was.
    pub patient: Option<Uuid>,
    /// The referral it belongs to.
    pub referral: Option<Uuid>,
    /// How it ended, see [`super::Outcome`].
    pub outcome: String,
    /// The stable reason of a refusal.
    pub reason: String,
    /// The trace it stood in.
    pub trace_id: String,
}

/// Before every row's bytes: another form of them would have another name.
const FORM: &[u8] = b"relais.audit.row.1";
/// Stands for the length of what is not there.
const ABSENT: [u8; 4] = [0xff; 4];

impl Row {
    /// The sealed bytes: every column in the order of this struct, behind its length, so that no byte can move from one to
    /// the next.
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512);
        put(&mut bytes, Some(FORM));
        put(&mut bytes, Some(self.id.as_bytes()));
        put(&mut bytes, Some(&self.at.timestamp_micros().to_be_bytes()));
        put(&mut bytes, Some(self.caller.as_bytes()));
        put(&mut bytes, Some(self.actor.as_bytes()));
        put(&mut bytes, id(self.organisation.as_ref()));
        put(&mut bytes, id(self.unit.as_ref()));
        put(&mut bytes, id(self.practitioner.as_ref()));
        put(&mut bytes, Some(self.action.as_bytes()));
        put(&mut bytes, Some(self.purpose.as_bytes()));
        put(&mut bytes, Some(self.resource.as_bytes()));
        put(&mut bytes, id(self.patient.as_ref()));
        put(&mut bytes, id(self.referral.as_ref()));
        put(&mut bytes, Some(self.outcome.as_bytes()));
        put(&mut bytes, Some(self.reason.as_bytes()));
        put(&mut bytes, Some(self.trace_id.as_bytes()));
        bytes
    }
}

fn id(id: Option<&Uuid>) -> Option<&[u8]> {
    id.map(|id| id.as_bytes().as_slice())
}

/// Appends a value behind its length; what is not there is not the same as what is empty.
pub(super) fn put(bytes: &mut Vec<u8>, value: Option<&[u8]>) {
    match value {
        // PostgreSQL keeps no value of 4 GiB.
        Some(value) => {
            bytes.extend(u32::try_from(value.len()).unwrap_or(u32::MAX - 1).to_be_bytes());
            bytes.extend(value);
        }
        None => bytes.extend(ABSENT),
    }
}
