//! The referral service through real clients, on real PostgreSQL and RabbitMQ.

mod access;
mod admission;
mod audit;
mod break_glass;
mod cancellation;
mod conventions;
mod directory;
mod events;
mod file_reviews;
mod lifecycle;
mod listing;
mod load;
mod onboarding;
mod once;
mod parties;
mod partner_links;
mod partners;
mod recipients;
mod registrations;
mod retention;
mod rules_of_admission;
mod tenancy;
mod tokens;
mod usage;
mod vault;
mod visibility;
