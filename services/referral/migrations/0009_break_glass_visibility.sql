-- Row level security for files that were opened: the organisation of whoever opened one sees its referral. For whom and until
-- when is asked by the query.

ALTER TABLE file_access ENABLE ROW LEVEL SECURITY;
ALTER TABLE file_access FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON file_access USING (app_system() OR organisation_id = app_organisation());

CREATE POLICY opened ON referral FOR SELECT
    USING (EXISTS (SELECT FROM file_access f WHERE f.referral_id = referral.id));
CREATE POLICY opened ON referral_transition FOR SELECT
    USING (EXISTS (SELECT FROM file_access f WHERE f.referral_id = referral_transition.referral_id));
CREATE POLICY opened ON referral_appointment FOR SELECT
    USING (EXISTS (SELECT FROM file_access f WHERE f.referral_id = referral_appointment.referral_id));

CREATE OR REPLACE FUNCTION parties_of(referral uuid) RETURNS jsonb LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'unit', p.unit_id, 'capacity', p.capacity)
                     ORDER BY p.capacity DESC, p.organisation_id)
    FROM referral_party p
    WHERE p.referral_id = referral AND (
        app_system()
        OR EXISTS (SELECT FROM referral_party own
                   WHERE own.referral_id = referral AND own.organisation_id = app_organisation())
        OR EXISTS (SELECT FROM file_access f WHERE f.referral_id = referral AND f.organisation_id = app_organisation()))
$$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION parties_of(uuid) SET search_path = %I, pg_temp', current_schema());
END $$;
