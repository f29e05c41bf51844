//! The outbox: what a unit emitted is published after its commit, and never lost.
//!
//! A unit writes its events into `outbox` in its own transaction. One [`relay`] per service moves them to `outbox_sent` and
//! publishes them; a crash between the two repeats, never loses.

mod publish;
pub mod relay;
pub(crate) mod store;
