//! A call from outside: who makes it, whether they may, whether it is the same again, and on which page.

pub mod access;
pub mod caller;
pub mod check;
pub(crate) mod deadline;
pub mod fingerprint;
pub mod idempotency;
mod load;
pub mod page;
pub mod rules;
pub mod token;

pub use caller::{Call, Caller, Role};
pub use check::Check;
pub use idempotency::{Outcome, Recall};
pub use page::{Page, PageRequest, Position};
pub use rules::{Rule, Rules, Sight};
