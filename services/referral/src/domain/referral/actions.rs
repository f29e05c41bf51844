//! What can be done with a referral as it stands: whatever its moves allow. Who may do it, the table of rules says.

use relais_platform::ids::OrganisationId;

use super::{Move, Referral, Transition, go, undo};

/// A move, by the RPC that makes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// The RPC's path.
    pub rpc: &'static str,
}

impl Action {
    /// The RPC's name, as clients know it.
    pub fn name(&self) -> &'static str {
        self.rpc.rsplit('/').next().unwrap_or(self.rpc)
    }
}

/// The moves that a referral is open to, for somebody of `by`; `last` is its last step.
pub fn open_actions(referral: &Referral, last: &Transition, by: OrganisationId) -> Vec<Action> {
    let moves = Move::ALL.into_iter().filter(|by| go(referral, *by).is_ok()).map(Move::rpc);
    let undone = undo(last, by, &referral.facts).is_ok().then_some("/relais.referral.v1.ReferralService/UndoReferral");
    moves.chain(undone).map(|rpc| Action { rpc }).collect()
}
