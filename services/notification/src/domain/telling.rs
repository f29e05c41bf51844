//! Who is told what: one table.
//!
//! A step that follows from an appointment is told by the appointment's event, which knows its time: the referral's own `scheduled`,
//! `no-show`, `appointment-cancelled` and `attended` tell nobody. `results-available` tells nobody either, for the report's release
//! does, and that to its recipient alone. Nobody is told what the own organisation did; who did it says the event, or else the
//! table.

use relais_platform::ids::{OrganisationId, PatientId, ReferralId};
use relais_platform::parties::{Capacity, Party};
use relais_platform::text_enum;

use super::{Facts, Kind, Mailbox};

text_enum! {
    /// How much a message asks of whoever reads it.
    pub enum Class {
        /// Something waits to be done.
        Work = "work",
        /// What has become of something.
        News = "news",
        /// A deadline was missed, a glass was broken, or a result must be read at once.
        Critical = "critical",
    }
}

/// Something that happened, as an event tells it.
#[derive(Debug, Clone)]
pub struct Happening {
    /// What.
    pub kind: Kind,
    /// Codes and times.
    pub facts: Facts,
    /// The referral, when it is about one.
    pub referral: Option<ReferralId>,
    /// That referral's number.
    pub number: String,
    /// That referral's parties.
    pub parties: Vec<Party>,
    /// Whose referral it is, when the event says so.
    pub patient: Option<PatientId>,
    /// Who did it, when the event says so.
    pub actor: Option<OrganisationId>,
    /// Whether nobody did it, but a convention or a deadline: then both sides hear of it.
    pub by_itself: bool,
    /// Who owns the next step.
    pub owner: Option<OrganisationId>,
    /// To whom it is addressed, party or not.
    pub addressee: Option<Mailbox>,
}

/// Who is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whom {
    /// Parties of this capacity.
    Party(Capacity),
    /// Parties of the organisation that owns the next step.
    Owner,
    /// Whom the event names.
    Addressee,
}

/// A row: what, in which state (none: in any), tells whom; who does such a thing; and how much it asks. Without a class it is never
/// mailed.
struct Row(Kind, &'static str, &'static [Whom], Option<Capacity>, Option<Class>);

const R: Whom = Whom::Party(Capacity::Referrer);
const P: Whom = Whom::Party(Capacity::Provider);
const C: Whom = Whom::Party(Capacity::Coordinator);
const BY_REFERRER: Option<Capacity> = Some(Capacity::Referrer);
const BY_PROVIDER: Option<Capacity> = Some(Capacity::Provider);
const WORK: Option<Class> = Some(Class::Work);
const NEWS: Option<Class> = Some(Class::News);
const CRITICAL: Option<Class> = Some(Class::Critical);

const TABLE: &[Row] = &[
    Row(Kind::ReferralSubmitted, "", &[P], BY_REFERRER, WORK),
    Row(Kind::ReferralMoved, "accepted", &[R], BY_PROVIDER, NEWS),
    Row(Kind::ReferralMoved, "awaiting-information", &[R], BY_PROVIDER, WORK),
    // What was asked for has been given.
    Row(Kind::ReferralMoved, "submitted", &[P], BY_REFERRER, WORK),
    Row(Kind::ReferralMoved, "waitlisted", &[R], BY_PROVIDER, NEWS),
    Row(Kind::ReferralMoved, "rejected", &[R], BY_PROVIDER, WORK),
    Row(Kind::ReferralMoved, "redirected", &[R], BY_PROVIDER, NEWS),
    Row(Kind::ReferralMoved, "cancel-requested", &[P], BY_REFERRER, WORK),
    Row(Kind::ReferralMoved, "completed", &[R], BY_PROVIDER, NEWS),
    Row(Kind::ReferralMoved, "failed", &[R], BY_PROVIDER, WORK),
    Row(Kind::ReferralMoved, "expired", &[R, P], None, WORK),
    Row(Kind::ReferralMoved, "entered-in-error", &[R, P], BY_REFERRER, NEWS),
    Row(Kind::ReferralOverdue, "", &[Whom::Owner, C], None, CRITICAL),
    Row(Kind::ReferralOffered, "made", &[R, P], None, WORK),
    Row(Kind::ReferralOffered, "lapsed", &[R, P], None, WORK),
    Row(Kind::ReferralOffered, "declined", &[R, P], BY_PROVIDER, NEWS),
    Row(Kind::ReferralCancelled, "", &[R, P], BY_REFERRER, NEWS),
    Row(Kind::GlassBroken, "", &[R, P], None, CRITICAL),
    // The convention takes long to answer whether it may be booked.
    Row(Kind::AppointmentMoved, "pending", &[R, P], None, WORK),
    Row(Kind::AppointmentMoved, "booked", &[R, P], BY_PROVIDER, NEWS),
    Row(Kind::AppointmentMoved, "fulfilled", &[R], BY_PROVIDER, NEWS),
    Row(Kind::AppointmentMoved, "noshow", &[R], BY_PROVIDER, WORK),
    Row(Kind::AppointmentMoved, "entered-in-error", &[R], BY_PROVIDER, NEWS),
    Row(Kind::AppointmentCancelled, "", &[R, P], BY_PROVIDER, WORK),
    Row(Kind::ReportReleased, "", &[Whom::Addressee], None, WORK),
    Row(Kind::CriticalReleased, "", &[Whom::Addressee], None, CRITICAL),
    Row(Kind::ReportQuarantined, "", &[Whom::Addressee], None, WORK),
    Row(Kind::ReportAcknowledged, "", &[P], BY_REFERRER, NEWS),
    // Figures are looked up, and never mailed.
    Row(Kind::MeterThreshold, "", &[R, P, C], None, None),
    // A mail that says that mail fails would fail.
    Row(Kind::DeliveryFailed, "", &[Whom::Addressee], None, None),
    Row(Kind::DeliveryParked, "", &[Whom::Addressee], None, None),
];
/// What was undone may have been acted on by either side.
const UNDONE: Row = Row(Kind::ReferralMoved, "", &[R, P], None, WORK);

fn row(kind: Kind, facts: &Facts) -> Option<&'static Row> {
    if kind == Kind::ReferralMoved && facts.undone {
        return Some(&UNDONE);
    }
    TABLE.iter().find(|row| row.0 == kind && (row.1.is_empty() || row.1 == facts.state))
}

/// How much a message asks; none when it is never mailed.
pub fn class(kind: Kind, facts: &Facts) -> Option<Class> {
    row(kind, facts).and_then(|row| row.4)
}

/// The inboxes that hear of it, in order, each once.
pub fn told(happening: &Happening) -> Vec<Mailbox> {
    let Some(Row(_, _, whom, by, _)) = row(happening.kind, &happening.facts) else { return Vec::new() };
    let of = |party: &&Party| {
        whom.iter().any(|whom| match whom {
            Whom::Party(capacity) => party.capacity == *capacity,
            Whom::Owner => Some(party.organisation) == happening.owner,
            Whom::Addressee => false,
        })
    };
    let others = happening.parties.iter().filter(of).filter(|party| !did_it(happening, *by, party));
    let mut mailboxes: Vec<_> =
        others.map(|party| Mailbox { organisation: party.organisation, unit: party.unit }).collect();
    if whom.contains(&Whom::Addressee) {
        mailboxes.extend(happening.addressee);
    }
    mailboxes.sort();
    mailboxes.dedup();
    mailboxes
}

/// Whether this party is the one that did it. An organisation on both sides did it as whoever usually does.
fn did_it(happening: &Happening, by: Option<Capacity>, party: &Party) -> bool {
    if happening.by_itself {
        return false;
    }
    let Some(actor) = happening.actor else { return Some(party.capacity) == by };
    let mut own = happening.parties.iter().filter(|party| party.organisation == actor);
    party.organisation == actor && (Some(party.capacity) == by || !own.any(|own| Some(own.capacity) == by))
}

/// Kinds and states of the table, for tests that every one has its words.
#[cfg(test)]
pub fn rows() -> impl Iterator<Item = (Kind, &'static str)> {
    TABLE.iter().map(|row| (row.0, row.1))
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::UnitId;

    use super::*;

    fn between() -> (Happening, [Mailbox; 3]) {
        let mailbox = |unit| Mailbox { organisation: OrganisationId::draw(), unit };
        let boxes = [mailbox(Some(UnitId::draw())), mailbox(None), mailbox(None)];
        let party =
            |mailbox: Mailbox, capacity| Party { organisation: mailbox.organisation, unit: mailbox.unit, capacity };
        let capacities = [Capacity::Referrer, Capacity::Provider, Capacity::Coordinator];
        let parties = boxes.iter().zip(capacities).map(|(mailbox, capacity)| party(*mailbox, capacity)).collect();
        let happening = Happening {
            kind: Kind::ReferralSubmitted,
            facts: Facts::default(),
            referral: None,
            number: String::new(),
            parties,
            patient: None,
            actor: None,
            by_itself: false,
            owner: None,
            addressee: None,
        };
        (happening, boxes)
    }

    fn of(happening: &Happening, kind: Kind, state: &str) -> Vec<Mailbox> {
        told(&Happening { kind, facts: Facts { state: state.into(), ..Facts::default() }, ..happening.clone() })
    }

    #[test]
    fn each_step_is_told_to_whoever_waits_for_it() {
        let (happening, [referrer, provider, coordinator]) = between();
        assert_eq!(of(&happening, Kind::ReferralSubmitted, ""), [provider]);
        for state in ["accepted", "awaiting-information", "waitlisted", "rejected", "redirected", "completed", "failed"]
        {
            assert_eq!(of(&happening, Kind::ReferralMoved, state), [referrer], "{state}");
        }
        for state in ["submitted", "cancel-requested"] {
            assert_eq!(of(&happening, Kind::ReferralMoved, state), [provider], "{state}");
        }
        assert_eq!(of(&happening, Kind::ReferralMoved, "expired").len(), 2);
        let late = Happening { owner: Some(provider.organisation), ..happening.clone() };
        let mut expected = vec![provider, coordinator];
        expected.sort();
        assert_eq!(of(&late, Kind::ReferralOverdue, "submitted"), expected);
        assert_eq!(of(&happening, Kind::GlassBroken, "").len(), 2);
        assert_eq!(of(&happening, Kind::ReportAcknowledged, "final"), [provider]);
    }

    #[test]
    fn the_same_is_not_told_twice() {
        let (happening, [referrer, ..]) = between();
        for state in ["scheduled", "no-show", "appointment-cancelled", "attended", "results-available", "burnt"] {
            assert_eq!(of(&happening, Kind::ReferralMoved, state), [], "{state}");
        }
        for state in ["booked", "fulfilled", "noshow"] {
            assert_eq!(of(&happening, Kind::AppointmentMoved, state), [referrer], "{state}");
        }
        assert_eq!(of(&happening, Kind::AppointmentMoved, "arrived"), []);
    }

    #[test]
    fn a_report_is_told_to_its_recipient_alone() {
        let (happening, [.., provider, _]) = between();
        assert_eq!(of(&happening, Kind::ReportReleased, "final"), [], "not the parties");
        assert_eq!(of(&happening, Kind::CriticalReleased, "final"), [], "not the parties");
        let unit = Mailbox { unit: Some(UnitId::draw()), ..provider };
        let addressed = Happening { addressee: Some(unit), ..happening };
        assert_eq!(of(&addressed, Kind::ReportReleased, "final"), [unit]);
        assert_eq!(of(&addressed, Kind::CriticalReleased, "final"), [unit]);
    }

    #[test]
    fn nobody_is_told_what_the_own_organisation_did() {
        let (happening, [referrer, provider, _]) = between();
        let by = |actor: Mailbox| Happening { actor: Some(actor.organisation), ..happening.clone() };
        assert_eq!(of(&happening, Kind::ReferralCancelled, ""), [provider], "events from before said nothing");
        assert_eq!(of(&by(provider), Kind::ReferralCancelled, ""), [referrer]);
        assert_eq!(of(&by(referrer), Kind::AppointmentMoved, "booked"), [provider]);
        assert_eq!(of(&by(referrer), Kind::AppointmentCancelled, ""), [provider]);
        let undone = Facts { undone: true, ..Facts::default() };
        let undone = Happening { kind: Kind::ReferralMoved, facts: undone, ..by(provider) };
        assert_eq!(told(&undone), [referrer]);
        assert_eq!(told(&Happening { actor: None, ..undone }).len(), 2);
    }

    /// Whoever booked waits for the answer as the other side does.
    #[test]
    fn what_a_convention_says_is_told_to_both_sides() {
        let (happening, [referrer, provider, _]) = between();
        let judged = Happening { by_itself: true, ..happening };
        let mut both = vec![referrer, provider];
        both.sort();
        assert_eq!(of(&judged, Kind::AppointmentMoved, "booked"), both);
        assert_eq!(of(&judged, Kind::AppointmentCancelled, ""), both);
        assert_eq!(of(&judged, Kind::AppointmentMoved, "pending"), both);
    }

    #[test]
    fn an_organisation_on_both_sides_hears_as_the_other_side() {
        let (mut happening, [referrer, ..]) = between();
        happening.parties[1].organisation = referrer.organisation;
        happening.actor = Some(referrer.organisation);
        let as_provider = Mailbox { unit: None, ..referrer };
        assert_eq!(of(&happening, Kind::ReferralSubmitted, ""), [as_provider]);
        assert_eq!(of(&happening, Kind::ReferralMoved, "accepted"), [referrer]);
    }
}
