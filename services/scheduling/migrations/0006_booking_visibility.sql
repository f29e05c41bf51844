-- Row level security on what booking adds: parties see and change their appointments, events and timers write.

-- The whole list of a referral, for its parties: they know each other. Run as the owner, who alone may read all rows.
CREATE POLICY known ON referral_party FOR SELECT TO CURRENT_USER USING (true);
CREATE FUNCTION parties_of(referral uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT COALESCE(jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'unit', p.unit_id, 'capacity', p.capacity)
                              ORDER BY p.capacity DESC, p.organisation_id), '[]')
    FROM referral_party p
    WHERE p.referral_id = referral AND (app_system() OR EXISTS (
        SELECT FROM referral_party own WHERE own.referral_id = referral AND own.organisation_id = app_organisation()))
$$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION parties_of(uuid) SET search_path = %I, pg_temp', current_schema());
END $$;

ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral USING (app_system());
CREATE POLICY seen ON referral FOR SELECT
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral.id));

CREATE POLICY changed ON appointment FOR UPDATE
    USING (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = appointment.id));

ALTER TABLE appointment_change ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment_change FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON appointment_change USING (app_system());
CREATE POLICY seen ON appointment_change FOR SELECT
    USING (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = appointment_change.appointment_id));
CREATE POLICY made ON appointment_change FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = appointment_change.appointment_id));

ALTER TABLE hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE hold FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON hold USING (app_system());
CREATE POLICY seen ON hold FOR SELECT
    USING (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = hold.appointment_id));
CREATE POLICY made ON hold FOR INSERT
    WITH CHECK (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = hold.appointment_id));

-- For whom and until when is asked by the query.
CREATE POLICY opened ON appointment_change FOR SELECT
    USING (EXISTS (SELECT FROM appointment a JOIN opened_file f ON f.referral_id = a.referral_id
                   WHERE a.id = appointment_change.appointment_id));
