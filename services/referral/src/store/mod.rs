//! All SQL of the service, checked at compile time; one file per aggregate. A function that joins a unit of work takes it
//! first.

pub mod convention;
pub mod identity;
pub mod network;
pub mod partner_link;
pub mod referral;
pub mod statement;
