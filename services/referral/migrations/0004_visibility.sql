-- Row level security on all that is people's. What the policies ask is in the platform's 0004_visibility.sql.

-- A party's row says whose referral it is: the referrer, and nobody else, makes parties.
ALTER TABLE referral_party ADD COLUMN referrer_id uuid;
UPDATE referral_party p SET referrer_id = r.referrer_id FROM referral r WHERE r.id = p.referral_id;
ALTER TABLE referral_party ALTER COLUMN referrer_id SET NOT NULL;
ALTER TABLE referral ADD UNIQUE (id, referrer_id);
ALTER TABLE referral_party ADD FOREIGN KEY (referral_id, referrer_id) REFERENCES referral (id, referrer_id);

-- The whole list of a referral, for its parties: they know each other. Run as the owner, who alone may read all rows.
CREATE FUNCTION parties_of(referral uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'unit', p.unit_id, 'capacity', p.capacity)
                     ORDER BY p.capacity DESC, p.organisation_id)
    FROM referral_party p
    WHERE p.referral_id = referral AND (app_system() OR EXISTS (
        SELECT FROM referral_party own WHERE own.referral_id = referral AND own.organisation_id = app_organisation()))
$$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION parties_of(uuid) SET search_path = %I, pg_temp', current_schema());
END $$;

ALTER TABLE patient ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE referral_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_party FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON referral_party FOR SELECT USING (app_system() OR organisation_id = app_organisation());
CREATE POLICY known ON referral_party FOR SELECT TO CURRENT_USER USING (true);
CREATE POLICY made ON referral_party FOR INSERT WITH CHECK (app_system() OR referrer_id = app_organisation());

ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON referral FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral.id));
CREATE POLICY made ON referral FOR INSERT WITH CHECK (app_system() OR referrer_id = app_organisation());
CREATE POLICY changed ON referral FOR UPDATE
    USING (app_system() OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral.id));

ALTER TABLE referral_transition ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_transition FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON referral_transition FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_transition.referral_id));
-- The first one is written by the statement that makes the parties, which does not see them yet; a second first one is
-- refused by the primary key.
CREATE POLICY made ON referral_transition FOR INSERT
    WITH CHECK (app_system() OR version = 1
                OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_transition.referral_id));

ALTER TABLE referral_appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_appointment FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_appointment USING (app_system());
CREATE POLICY seen ON referral_appointment FOR SELECT
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_appointment.referral_id));
