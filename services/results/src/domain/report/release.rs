//! Releases: before whom a version is laid. Who receives it is asked anew for each version, and again while it is unread: what
//! nobody has read yet follows whoever may read it now.

use chrono::{DateTime, Utc};
use relais_platform::ids::{OrganisationId, PractitionerId, UnitId};
use uuid::Uuid;

use super::Report;

/// Who receives a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipient {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The unit in whose inbox it is laid.
    pub unit: Option<UnitId>,
    /// The practitioner; none for any clinician of the unit.
    pub practitioner: Option<PractitionerId>,
    /// Why a substitute receives it; empty for whom it was meant.
    pub substitute_for: String,
}

/// Who wants to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reader {
    /// The organisation.
    pub organisation: OrganisationId,
    /// The unit of the token.
    pub unit: Option<UnitId>,
    /// The entry of the register, for a practitioner.
    pub practitioner: Option<PractitionerId>,
}

impl Recipient {
    /// Whether this reader is meant: the practitioner where one is named, else a clinician of the unit.
    pub fn is(&self, reader: &Reader) -> bool {
        let person = match self.practitioner {
            Some(_) => reader.practitioner == self.practitioner,
            None => self.unit.is_none() || reader.unit == self.unit,
        };
        reader.organisation == self.organisation && person
    }

    /// Whether both are the same person or unit, wherever it is laid.
    fn is_same(&self, other: &Self) -> bool {
        let whom = |it: &Self| (it.organisation, it.practitioner, it.unit.filter(|_| it.practitioner.is_none()));
        whom(self) == whom(other)
    }
}

/// A version laid before somebody, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its id.
    pub id: Uuid,
    /// The version.
    pub version: i64,
    /// Before whom.
    pub recipient: Recipient,
    /// When.
    pub release_time: DateTime<Utc>,
    /// When it was taken back, unread; none while it stands.
    pub withdraw_time: Option<DateTime<Utc>>,
    /// When it was first read.
    pub read_time: Option<DateTime<Utc>>,
    /// When it was acknowledged.
    pub acknowledge_time: Option<DateTime<Utc>>,
}

impl Reader {
    /// Whether a version of a report is this reader's to read: its provider's clinicians read all, others what stands before them.
    pub fn reads(&self, report: &Report, version: i64, releases: &[Release]) -> bool {
        let before = |it: &Release| it.version == version && it.withdraw_time.is_none() && it.recipient.is(self);
        self.organisation == report.provider || releases.iter().any(before)
    }
}

/// What is to be done for those who receive a report now.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Before whom the version is to be laid.
    pub release: Vec<Recipient>,
    /// Releases to take back: unread, and their recipient may not read any more.
    pub withdraw: Vec<Uuid>,
}

/// What is to be done with the version that is shown, of all releases that stand. What was read stays read: nobody unreads it.
pub fn plan(shown: i64, standing: &[Release], entitled: &[Recipient]) -> Plan {
    let has = |who: &Recipient| standing.iter().any(|it| it.version == shown && it.recipient.is_same(who));
    // Somebody whom the answer names twice is laid it once.
    let mut release: Vec<Recipient> = Vec::new();
    for who in entitled.iter().filter(|who| !has(who)) {
        if !release.iter().any(|other| other.is_same(who)) {
            release.push(who.clone());
        }
    }
    let lost = |it: &&Release| it.read_time.is_none() && !entitled.iter().any(|who| who.is_same(&it.recipient));
    Plan { release, withdraw: standing.iter().filter(lost).map(|it| it.id).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doctor(organisation: OrganisationId) -> Recipient {
        let (unit, practitioner) = (Some(UnitId::draw()), Some(PractitionerId::draw()));
        Recipient { organisation, unit, practitioner, substitute_for: String::new() }
    }

    fn released(recipient: &Recipient, version: i64, read: bool) -> Release {
        let release_time = DateTime::UNIX_EPOCH;
        let read_time = read.then_some(release_time);
        let (id, recipient) = (Uuid::now_v7(), recipient.clone());
        Release { id, version, recipient, release_time, withdraw_time: None, read_time, acknowledge_time: None }
    }

    #[test]
    fn what_is_unread_follows_whoever_may_read_it() {
        let organisation = OrganisationId::draw();
        let (struck_off, substitute) = (doctor(organisation), doctor(organisation));
        let (unread, read) = (released(&struck_off, 2, false), released(&struck_off, 1, true));
        let standing = [unread.clone(), read];
        let now = plan(2, &standing, std::slice::from_ref(&substitute));
        assert_eq!(now, Plan { release: vec![substitute.clone()], withdraw: vec![unread.id] });
        assert_eq!(plan(2, &standing, std::slice::from_ref(&struck_off)), Plan::default());
        assert_eq!(plan(3, &standing, &[struck_off.clone(), struck_off.clone()]).release, [struck_off]);
        assert_eq!(plan(2, &standing, &[]), Plan { release: vec![], withdraw: vec![unread.id] });
    }

    #[test]
    fn a_named_doctor_or_a_clinician_of_the_unit_is_meant() {
        let named = doctor(OrganisationId::draw());
        let reader = Reader { organisation: named.organisation, unit: None, practitioner: named.practitioner };
        assert!(named.is(&reader));
        let colleague = Reader { unit: named.unit, practitioner: Some(PractitionerId::draw()), ..reader };
        assert!(!named.is(&colleague) && !named.is(&Reader { organisation: OrganisationId::draw(), ..reader }));
        let unit = Recipient { practitioner: None, ..named };
        assert!(unit.is(&colleague) && !unit.is(&reader));
    }
}
