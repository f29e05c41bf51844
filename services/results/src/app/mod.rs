//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

mod account;
pub mod attachment;
mod get_order;
mod holdings;
mod list_orders;
mod move_order;
mod note_opened_file;
mod note_referral;
mod open_order;
pub mod report;
mod restore_order;
mod revoke_order;
mod snapshot_orders;
mod take_over_site;
mod tell;
mod vault;

pub use account::account;
pub use get_order::GetOrder;
pub use holdings::{Holdings, holdings};
pub use list_orders::ListOrders;
pub use move_order::{Entitled, MoveOrder, Step};
pub use note_opened_file::NoteOpenedFile;
pub use note_referral::NoteReferral;
pub use open_order::OpenOrder;
pub use revoke_order::RevokeOrder;
pub use snapshot_orders::snapshot_orders;
pub use take_over_site::TakeOverSite;
pub use vault::{RewrapKeys, Vault};

use relais_platform::audit::Subject;

use crate::domain::Order;

impl From<&Order> for Subject {
    fn from(order: &Order) -> Self {
        let subject = Self::of(order.id).referral(order.referral);
        order.patient.into_iter().fold(subject, Self::patient)
    }
}
