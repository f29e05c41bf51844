//! Patient records: what stands in the vault's tables, all of it sealed or hashed.

mod dismissal;
mod duplicate;
mod erase;
mod hold;
mod key;
mod merge;
mod record;
mod token;

pub use dismissal::{end_dismissals, find_standing_dismissal, get_dismissal, insert_dismissal, list_dismissals};
pub use duplicate::{have_same_qualified, list_duplicates, list_duplicates_of, save_duplicates};
pub use erase::{erase, find_erasure, list_erased, list_merged, open_referrals};
pub use hold::{get_hold, insert_hold, lift_hold, list_holds};
pub use key::{StaleKey, find_key, insert_key, list_stale_keys, save_key};
pub use merge::{find_standing_merge, get_merge, insert_merge, list_merges, undo_merge};
pub use record::{ensure_in_use, family, get, get_at, insert, list, lock, save};
pub use token::{HashedToken, candidates, save_tokens, twin_candidates};
