//! What a repeated request answers: the version that it made.

use relais_platform::{
    Result,
    calls::{Outcome, Recall},
    database::Unit,
};

use super::Invited;
use crate::{domain::network::Member, store::network};

impl Recall for Member {
    fn outcome(&self) -> Outcome {
        Outcome { id: self.name.id.0, version: self.version }
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        let member = network::get_member_version(unit, outcome.id.into(), outcome.version).await?;
        unit.audit(member.name);
        Ok(member)
    }
}

impl Recall for Invited {
    fn outcome(&self) -> Outcome {
        self.member.outcome()
    }

    async fn recall(unit: &mut Unit<'_>, outcome: Outcome) -> Result<Self> {
        Member::recall(unit, outcome).await.map(|member| Self { member, secret: None })
    }
}
