-- An appointment on a day on which the convention judges again has its seat and is pending until the answer is there.

-- Days on which an appointment may be booked without asking, by the clocks of the site, as the referral's last event told; none: on
-- that side every day, as for referrals of before.
ALTER TABLE referral
    ADD COLUMN booking_from  date,
    ADD COLUMN booking_until date;

-- A pending one is a booked one that awaits its judgement: so the database keeps its seat, its patient's time and its place as the
-- referral's one appointment as it keeps a booked one's, no end of a hold frees it, and a program of before finds it booked.
ALTER TABLE appointment_change ADD COLUMN awaiting boolean NOT NULL DEFAULT false;

-- How long before it the patient is to be reminded, once it is booked.
ALTER TABLE appointment ADD COLUMN lead_s integer;
