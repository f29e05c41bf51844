-- Booking judges again: by the clocks of the site, on days that the admission did not cover.

-- Days on which an appointment may be booked without the convention being asked; none: every day, as for referrals of before.
ALTER TABLE referral
    ADD COLUMN booking_from  date,
    ADD COLUMN booking_until date;

-- A judgement is a version of the referral that changes no state, as it is when a step becomes overdue; and what was overdue before it
-- is so after it. Rows of before hold the wider rules, too: nothing is read for that.
ALTER TABLE referral_transition
    DROP CONSTRAINT referral_transition_cause_check,
    ADD CONSTRAINT referral_transition_cause_check
        CHECK (cause IN ('call', 'automatic', 'fact', 'overdue', 'silence', 'undo', 'judgement')) NOT VALID,
    ADD COLUMN overdue boolean NOT NULL DEFAULT false;

ALTER TABLE referral_appointment
    DROP CONSTRAINT referral_appointment_state_check,
    ADD CONSTRAINT referral_appointment_state_check CHECK (
        state IN ('proposed', 'pending', 'booked', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'entered-in-error')) NOT VALID;
