//! Reads a member.

use relais_platform::{
    Result,
    audit::Subject,
    database::{Unit, UseCase},
    ids::{Child, MemberId},
};

use crate::{domain::network::Member, store::network};

/// Reads a member of the caller's organisation.
#[derive(Debug, Clone, Copy)]
pub struct GetMember(pub Child<MemberId>);

impl UseCase for GetMember {
    type Outcome = Member;
    const NAME: &'static str = "get_member";

    fn asks(&self) -> Subject {
        self.0.into()
    }

    async fn run(&self, unit: &mut Unit<'_>) -> Result<Member> {
        let member = network::get_member(unit, self.0).await?;
        unit.audit(member.name);
        Ok(member)
    }
}
