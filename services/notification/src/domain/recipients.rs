//! Who is told.

use relais_platform::parties::{Capacity, Party};

use super::{Kind, Mailbox};

/// The inboxes that hear of `kind`, in order, each once. Who did it is not told of it.
pub fn recipients(kind: Kind, parties: &[Party]) -> Vec<Mailbox> {
    let told: &[Capacity] = match kind {
        Kind::ReferralSubmitted | Kind::ReferralCancelled => &[Capacity::Provider],
        Kind::GlassBroken => &[Capacity::Referrer, Capacity::Provider],
    };
    let parties = parties.iter().filter(|party| told.contains(&party.capacity));
    let mut mailboxes: Vec<_> =
        parties.map(|party| Mailbox { organisation: party.organisation, unit: party.unit }).collect();
    mailboxes.sort();
    mailboxes.dedup();
    mailboxes
}

#[cfg(test)]
mod tests {
    use relais_platform::ids::{OrganisationId, UnitId};

    use super::*;

    #[test]
    fn the_provider_hears_of_a_referral_and_nobody_else() {
        let (lab, desk) = (OrganisationId::draw(), UnitId::draw());
        let party = |organisation, unit, capacity| Party { organisation, unit, capacity };
        let parties = [
            party(OrganisationId::draw(), None, Capacity::Referrer),
            party(lab, Some(desk), Capacity::Provider),
            party(lab, Some(desk), Capacity::Provider),
            party(OrganisationId::draw(), None, Capacity::Coordinator),
        ];
        let told = recipients(Kind::ReferralSubmitted, &parties);
        assert_eq!(told, [Mailbox { organisation: lab, unit: Some(desk) }]);
        assert_eq!(recipients(Kind::ReferralCancelled, &parties), told);
        assert_eq!(recipients(Kind::GlassBroken, &parties).len(), 2, "who sent hears of a broken glass too");
    }
}
