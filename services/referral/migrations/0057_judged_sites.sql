-- Booking judges the site, too: where the convention has sites, or a line for each of them.

-- Sites at which an appointment may be booked without the convention being asked; none: every site, as for referrals of before.
ALTER TABLE referral ADD COLUMN booking_sites uuid[];

-- Where the appointment is that is noted: what is used counts there. No foreign key, as in 0041; of before, none.
ALTER TABLE referral_appointment ADD COLUMN site_id uuid;
