//! The whole suite, on the four real programs; and the walls of the source.

mod accounts;
mod break_glass;
mod clock;
mod dead_letters;
mod frozen;
mod isolation;
mod killed;
mod layers;
mod metrics;
mod programs;
mod rebuild;
mod reflection;
mod start_order;
mod stories;
mod traces;
