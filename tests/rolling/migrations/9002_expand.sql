-- Version 2 keeps the referral's id instead of its name. Expand: both columns are there, and whoever writes one has the other
-- filled, so that both versions read and write side by side.
ALTER TABLE seen_appointment ADD COLUMN referral_id uuid;

CREATE FUNCTION fill_seen_appointment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.referral_id := coalesce(NEW.referral_id, split_part(NEW.referral, '/', 2)::uuid);
    NEW.referral := coalesce(NEW.referral, 'referrals/' || NEW.referral_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER filled BEFORE INSERT OR UPDATE ON seen_appointment
    FOR EACH ROW EXECUTE FUNCTION fill_seen_appointment();

UPDATE seen_appointment SET referral_id = NULL;
