//! The audit: a row for everything, in the transaction that serves it, and sealed.

mod planted;
mod rows;
mod sealed;
