//! Messages: how they come in, what becomes of those that cannot be applied, how they leave, and deadlines.

mod dead;
mod delivery;
mod input;
mod newer;
mod parked;
mod planted;
mod queue;
mod relay;
mod timers;

/// Appointments that were opened.
const APPOINTMENTS: &str = "SELECT count(*) FROM appointment";
/// Messages given up and not decided on.
const PARKED: &str = "SELECT count(*) FROM parked WHERE state = 'parked'";
/// A rule of the database that refuses one referral's appointment.
const REFUSE: &str = "ALTER TABLE appointment ADD CONSTRAINT not_this_one CHECK (referral_number <> 'AAAA-BBBB-CCC')";
/// Its end.
const RELENT: &str = "ALTER TABLE appointment DROP CONSTRAINT not_this_one";
