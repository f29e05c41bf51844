//! What tests, stories and measurements stand on: real servers, real processes, real tokens.
//!
//! - [`World`]: one service in this process on a database and queues of its own, for the services' tests;
//! - [`Suite`]: the four programs as a user would run them, for stories and tests end to end;
//! - [`Issuer`]: the development issuer of tokens; [`ServiceKeys`], [`SigningKey`]: keys of services, and those of a test's making;
//! - [`JwksServer`]: an issuer's key server that misbehaves when told to;
//! - [`SmtpServer`], [`AddressBook`]: a mail server, and who says where somebody is reached;
//! - [`Authority`]: certificates, right and wrong ones; [`Catcher`]: a mail catcher's API;
//! - [`Tap`], [`Gate`]: what is published, a connection that can be cut;
//! - [`Collector`], [`Journal`]: spans as they arrive, and the calls that began them;
//! - [`Told`]: events as the referral service tells them;
//! - [`partnership`]: organisations and conventions, entered through the public APIs;
//! - [`faults`]: what is promised, held against processes that are killed and frozen;
//! - [`story`]: partnerships played through the public APIs;
//! - [`mod@bench`]: what is reached against the bare limit of the servers.
//!
//! The servers come from `./dev`, see [`Servers`]: outside of it, tests say so and stop.

mod address_book;
mod authority;
pub mod bench;
mod catcher;
mod client;
mod collector;
pub mod faults;
mod gate;
mod issuer;
mod journal;
mod jwks;
mod keys;
pub mod partnership;
mod ports;
mod process;
mod servers;
mod settle;
mod smtp;
mod staying;
pub mod story;
mod suite;
mod tap;
mod told;
mod world;

pub use address_book::{AddressBook, Answers};
pub use authority::{Authority, Validity};
pub use catcher::Catcher;
pub use client::{Bearer, Session, Sessions, all_services, date, in_language, methods, request_id, rules, violations};
pub use collector::{Collector, SeenMetric, SeenSpan};
pub use gate::Gate;
pub use issuer::{Identity, Issuer};
pub use journal::{Journal, Noted};
pub use jwks::{Answer, JwksServer};
pub use keys::{ServiceKeys, SigningKey};
pub use servers::{SERVICES, Servers};
pub use settle::{eventually, settled};
pub use smtp::{Mail, Manner, SmtpServer};
pub use staying::Staying;
pub use suite::{Addresses, Options, Suite, Tls};
pub use tap::{Tap, message};
pub use told::Told;
pub use world::{World, insert_event};

/// The master key of tests and stories.
pub const MASTER_KEY: &str = "1:c2Nob29sIG9mIGZpc2ggaW4gYSBibHVlIGxhZ29vbiE=";
