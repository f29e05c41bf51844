//! Who saw a patient or a referral, for whoever may know.

use std::{fmt, marker::PhantomData};

use super::{Row, Subject, store};
use crate::{
    Service,
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    error::Result,
    ids::{PatientId, ReferralId},
};

/// Whose accesses are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Those to a patient: the record and all referrals.
    Patient(PatientId),
    /// Those to one referral.
    Referral(ReferralId),
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Patient(id) => id.fmt(f),
            Self::Referral(id) => id.fmt(f),
        }
    }
}

impl From<Asked> for Subject {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::Patient(id) => id.into(),
            Asked::Referral(id) => id.into(),
        }
    }
}

/// What belongs to it in a service.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// Patients' records.
    pub patients: Vec<PatientId>,
    /// Referrals.
    pub referrals: Vec<ReferralId>,
    /// Names of what else belongs to them: one who was refused it named nothing more.
    pub resources: Vec<String>,
}

/// Lists the accesses to all of an account, the most recent first.
pub(crate) struct ListAccesses<S> {
    pub(crate) asked: Asked,
    pub(crate) page: PageRequest,
    pub(crate) service: PhantomData<fn() -> S>,
}

impl<S: Service> UseCase for ListAccesses<S> {
    type Outcome = Page<Row>;
    const NAME: &'static str = "list_accesses";

    fn asks(&self) -> Subject {
        self.asked.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Row>> {
        let account = S::account(unit, self.asked).await?;
        let rows = store::list_accesses(unit, &account, &self.page).await?;
        unit.audit(self.asked);
        Ok(self.page.page(rows, |row| Position { time: row.at, id: row.id }))
    }
}
