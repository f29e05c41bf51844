//! Decisions: plain values in, decisions out. Nothing here knows SQL, gRPC, a broker or a clock.

pub mod convention;
pub mod identity;
pub mod language;
pub mod network;
pub mod referral;
pub mod statement;
