//! All that a service holds on a person, for whoever answers to that person: what it is, and who saw it.
//!
//! A service says what belongs to a record ([`crate::Service::holdings`]) in one unit, which leaves an audit row for each thing;
//! accesses follow a page at a time, for there may be many.

use std::marker::PhantomData;

use relais_proto::holdings::v1::Holding;

use crate::{
    Context, Service,
    audit::{Account, Row, Subject, store},
    calls::{Page, PageRequest, Position},
    database::{Unit, UseCase},
    error::Result,
    ids::PatientId,
};

/// What is held on a record.
#[derive(Debug, Default)]
pub struct Held {
    /// The record, then those merged into it.
    pub patients: Vec<PatientId>,
    /// Each thing.
    pub holdings: Vec<Holding>,
    /// Whose accesses belong to it.
    pub account: Account,
}

/// Reads all that is held on a record, but who saw it.
pub(crate) struct ExportHoldings<S> {
    pub(crate) context: Context,
    pub(crate) patient: PatientId,
    pub(crate) service: PhantomData<fn() -> S>,
}

impl<S: Service> UseCase for ExportHoldings<S> {
    type Outcome = Held;
    const NAME: &'static str = "export_holdings";

    fn asks(&self) -> Subject {
        self.patient.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Held> {
        S::holdings(&self.context, unit, self.patient).await
    }
}

/// Reads a page of who saw it: of an account that [`ExportHoldings`] gave out.
pub(crate) struct ExportAccesses {
    pub(crate) patient: PatientId,
    pub(crate) account: Account,
    pub(crate) page: PageRequest,
}

impl UseCase for ExportAccesses {
    type Outcome = Page<Row>;
    const NAME: &'static str = "export_accesses";

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Page<Row>> {
        let rows = store::list_accesses(unit, &self.account, &self.page).await?;
        unit.audit(self.patient);
        Ok(self.page.page(rows, |row| Position { time: row.at, id: row.id }))
    }
}
