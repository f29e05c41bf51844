//! Puts a message about what happened into the inboxes of those who are to hear of it.

use relais_platform::{
    Result,
    database::{Unit, UseCase},
};

use super::put::put;
use crate::{
    domain::{Happening, Kind, told},
    store::{self, Senders},
};

/// Tells of what happened.
#[derive(Debug, Clone)]
pub struct Tell {
    /// What.
    pub happening: Happening,
    /// Whether this is a rebuild: nobody is told twice.
    pub restored: bool,
}

impl Tell {
    /// Takes over who sent it and for whom, and tells nobody: for what was told before that was kept, or is of a record that
    /// was erased since.
    ///
    /// # Errors
    /// UNAVAILABLE when the database is.
    pub async fn note_sender(&self, unit: &mut Unit<'_>) -> Result<()> {
        let Some(referral) = self.happening.referral else { return Ok(()) };
        let (parties, patient) = (&self.happening.parties, self.happening.patient);
        unit.later::<Senders>().take_over(referral, parties, patient);
        match patient {
            Some(_) => Ok(()),
            None => store::forget_patient_of(unit, referral).await,
        }
    }

    /// Referrals own the list of parties. Others carry a copy, which may be an older one.
    fn owns_parties(&self) -> bool {
        use Kind::{GlassBroken, ReferralCancelled, ReferralMoved, ReferralOverdue, ReferralSubmitted};
        let owners = [ReferralSubmitted, ReferralMoved, ReferralOverdue, ReferralCancelled, GlassBroken];
        owners.contains(&self.happening.kind)
    }
}

impl UseCase for Tell {
    type Outcome = ();
    const NAME: &'static str = "tell";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<()> {
        let happening = &self.happening;
        if let Some(referral) = happening.referral {
            if self.owns_parties() {
                unit.later::<Senders>().take_over(referral, &happening.parties, happening.patient);
            }
            if self.restored && store::is_told(unit, referral, happening.kind, &happening.facts).await? {
                return Ok(());
            }
        }
        for mailbox in told(happening) {
            put(unit, happening, mailbox);
        }
        Ok(())
    }
}
