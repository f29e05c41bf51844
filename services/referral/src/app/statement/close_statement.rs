//! Closes a statement: the figures of a period as they are now, for good.

use std::collections::BTreeSet;

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    error::Violation,
    ids::{ConventionId, SiteId, StatementId},
};
use uuid::Uuid;

use crate::{
    app::convention::{ensure_keeps, get_for_caller},
    domain::{
        convention::{Convention, Role, State},
        statement::{Closing, Days, InPeriod, Place, STEPS, Statement, close, ensure_follows},
    },
    store::statement,
};

/// Closes the statement of a period.
#[derive(Debug, Clone, Copy)]
pub struct CloseStatement {
    /// The id, drawn before anything is stored.
    pub id: StatementId,
    /// Of which convention.
    pub convention: ConventionId,
    /// Of which days.
    pub days: Days,
}

impl UseCase for CloseStatement {
    type Outcome = Statement;
    const NAME: &'static str = "close_statement";
    // What is counted is a worker's; whether the caller may close is asked first.
    const SYSTEM: bool = true;

    fn asks(&self) -> Subject {
        self.convention.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Statement> {
        let convention = get_for_caller(unit, self.convention).await?;
        ensure_keeps(unit.caller()?, &convention)?;
        if convention.state == State::Draft {
            let rule = Violation::new("convention-not-signed", "a draft has no statements");
            return Err(Error::refused("STATEMENT_REFUSED", vec![rule]));
        }
        statement::lock(unit, convention.id).await?;
        let earlier = statement::list_all(unit, convention.id).await?;
        let stated: Vec<Days> = earlier.iter().map(|statement| statement.days).collect();
        let today = statement::earliest_today(unit, &providers(&convention)).await?;
        ensure_follows(self.days, &stated, today)?;
        let closed = self.count(unit, &convention, &earlier).await?;
        statement::insert(unit, &closed).await?;
        unit.audit(&closed);
        Ok(closed)
    }
}

impl CloseStatement {
    async fn count(&self, unit: &mut Unit<'_>, convention: &Convention, earlier: &[Statement]) -> Result<Statement> {
        // Whoever closes one holds the lock, so that no number is left out.
        let number = earlier.last().map_or(1, |last| last.number + 1);
        let before = earlier.iter().map(|statement| (statement.number, statement.days));
        let periods: Vec<(i64, Days)> = before.chain([(number, self.days)]).collect();
        let (counted, took) = statement::count(unit, convention.id, &periods, &STEPS).await?;
        let sites: Vec<SiteId> = sites(convention, earlier, &counted).into_iter().collect();
        let closing = Closing {
            id: self.id,
            convention,
            number,
            days: self.days,
            earlier,
            counted,
            took,
            sites: statement::list_names(unit, &sites).await?,
            signers: statement::list_signers(unit, &convention.terms.parties).await?,
            now: unit.now(),
        };
        Ok(close(&closing))
    }
}

fn providers(convention: &Convention) -> Vec<Uuid> {
    let parties = convention.terms.parties.iter().filter(|party| party.role == Role::Provider);
    parties.map(|party| party.organisation.0).collect()
}

/// The sites of the terms, those where something was counted, and those of earlier statements.
fn sites(convention: &Convention, earlier: &[Statement], counted: &[InPeriod]) -> BTreeSet<SiteId> {
    let agreed = convention.terms.sites.iter().map(|site| site.id);
    let stated = earlier.iter().flat_map(|statement| &statement.document.sites).map(|named| named.site.id);
    let counted = counted.iter().filter_map(|it| match it.counted.key.place {
        Place::Site(site) => Some(site),
        Place::Nowhere | Place::All => None,
    });
    agreed.chain(stated).chain(counted).collect()
}
