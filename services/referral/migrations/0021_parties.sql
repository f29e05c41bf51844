-- The list of a referral's parties, as before, for less.
-- A function in SQL that is not inlined is planned again by every statement that calls it, which took longer than all the rest of
-- reading a referral; in PL/pgSQL a session plans it once.

CREATE OR REPLACE FUNCTION parties_of(referral uuid) RETURNS jsonb LANGUAGE plpgsql STABLE SECURITY DEFINER AS $$
BEGIN
    RETURN (
        SELECT jsonb_agg(jsonb_build_object('organisation', p.organisation_id, 'unit', p.unit_id, 'capacity', p.capacity)
                         ORDER BY p.capacity DESC, p.organisation_id)
        FROM referral_party p
        WHERE p.referral_id = referral AND (
            app_system()
            OR EXISTS (SELECT FROM referral_party own
                       WHERE own.referral_id = referral AND own.organisation_id = app_organisation())
            OR EXISTS (SELECT FROM file_access f WHERE f.referral_id = referral AND f.organisation_id = app_organisation())));
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION parties_of(uuid) SET search_path = %I, pg_temp', current_schema());
END $$;
