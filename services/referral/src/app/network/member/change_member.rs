//! Changes a member: position, suspension, the end.

use relais_platform::{
    Error, Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{Child, MemberId},
};

use crate::{
    domain::network::{Change, Member, ensure_administered},
    store::network,
};

/// Changes a member of the caller's organisation, which keeps an active admin whoever else is changed meanwhile.
#[derive(Debug, Clone)]
pub struct ChangeMember {
    /// Whom.
    pub name: Child<MemberId>,
    /// How.
    pub change: Change,
    /// The version that the caller saw; none: whatever it is.
    pub seen: Option<i64>,
}

impl UseCase for ChangeMember {
    type Outcome = Member;
    const NAME: &'static str = "change_member";

    fn asks(&self) -> Subject {
        self.name.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Member> {
        let own = unit.caller()?.acting_organisation()?;
        network::lock_administration(unit, own).await?;
        let before = network::get_member(unit, self.name).await?;
        if self.seen.is_some_and(|seen| seen != before.version) {
            return Err(Error::stale_etag());
        }
        let after = before.after(&self.change, unit.now())?;
        let others = network::count_other_admins(unit, before.name).await?;
        ensure_administered(&before, &after, others)?;
        network::save_member(unit, &after).await?;
        unit.audit(after.name);
        Ok(after)
    }
}
