-- An appointment at a site for which the convention judges again waits as one on such a day does.

-- Sites at which an appointment may be booked without asking, as the referral's last event told; none: every site, as for referrals of
-- before.
ALTER TABLE referral ADD COLUMN booking_sites uuid[];
