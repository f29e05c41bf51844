//! The whole suite, on the four real programs; and the walls of the source.

mod accounts;
mod break_glass;
mod canaries;
mod canary;
mod clock;
mod dead_letters;
mod frozen;
mod holdings;
mod isolation;
mod killed;
mod layers;
mod mail;
mod matrix;
mod metrics;
mod onboarding;
mod plans;
mod programs;
mod rebuild;
mod reflection;
mod row_security;
mod start_order;
mod stories;
mod traces;
