-- Version 3. Contract: nobody of version 1 is left, so what it alone needed goes.
DROP TRIGGER filled ON seen_appointment;
DROP FUNCTION fill_seen_appointment();
ALTER TABLE seen_appointment ALTER COLUMN referral_id SET NOT NULL, DROP COLUMN referral;
