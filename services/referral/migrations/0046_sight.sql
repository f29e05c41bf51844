-- Whose rows a caller sees, as before, for less. A policy that looks for a party is planned anew, with the policies of the tables it
-- looks into, by every statement that is not planned for good; a function in PL/pgSQL is planned once by a session, and no planner
-- makes a hash of all that an organisation has of it.

-- Their tables are named with the schema: policies hold whatever a session's search path is.
DO $do$ BEGIN
    EXECUTE format($f$
        CREATE FUNCTION is_party(referral uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN %1$I.app_system() OR EXISTS (SELECT FROM %1$I.referral_party p WHERE p.referral_id = referral);
        END $$;

        -- A party, or somebody of an organisation that opened the file: for whom and until when is asked by the query.
        CREATE FUNCTION is_known(referral uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN %1$I.is_party(referral) OR EXISTS (SELECT FROM %1$I.file_access f WHERE f.referral_id = referral);
        END $$;
    $f$, current_schema());
END $do$;

ALTER POLICY seen ON referral USING (is_known(id));
ALTER POLICY changed ON referral USING (is_party(id));
ALTER POLICY seen ON referral_transition USING (is_known(referral_id));
ALTER POLICY made ON referral_transition WITH CHECK (version = 1 OR is_party(referral_id));
ALTER POLICY seen ON referral_appointment USING (is_known(referral_id));
ALTER POLICY seen ON referral_fact USING (is_party(referral_id));
ALTER POLICY seen ON referral_report USING (is_party(referral_id));
ALTER POLICY seen ON referral_note USING (is_party(referral_id));
ALTER POLICY made ON referral_note WITH CHECK (is_party(referral_id));
-- Part of the policies above.
DROP POLICY opened ON referral;
DROP POLICY opened ON referral_transition;
DROP POLICY opened ON referral_appointment;

CREATE OR REPLACE FUNCTION results_of(referral uuid) RETURNS text LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT CASE WHEN count(*) = 0 THEN 'none'
                    WHEN bool_or(critical AND NOT acknowledged) THEN 'critical'
                    WHEN NOT bool_and(acknowledged) THEN 'unread'
                    WHEN bool_and(status IN ('final', 'amended', 'corrected')) THEN 'settled'
                    ELSE 'partial' END
        FROM referral_report WHERE referral_id = referral AND status NOT IN ('cancelled', 'entered-in-error'));
END $$;
