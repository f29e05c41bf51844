//! What can be done with a referral as it stands. Who may do it, the table of rules says.

use super::{Referral, State};

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

/// The moves that a referral's state is open to.
pub fn open_actions(referral: &Referral) -> Vec<Action> {
    match referral.state {
        State::Submitted => vec![Action { rpc: "/relais.referral.v1.ReferralService/CancelReferral" }],
        State::Cancelled => Vec::new(),
    }
}
