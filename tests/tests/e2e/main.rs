//! The whole suite, on the four real programs; and the walls of the source.

mod clock;
mod isolation;
mod killed;
mod layers;
mod programs;
mod reflection;
mod start_order;
mod stories;
mod traces;
