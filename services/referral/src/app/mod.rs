//! Use cases, one a file: load, decide, fill the unit, and the platform flushes and commits it.

pub mod convention;
pub mod identity;
pub mod network;
pub mod referral;
pub mod statement;
