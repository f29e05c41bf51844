-- Whose rows a caller sees, as before, for less: a policy that looks for a party is planned anew, with the policies of the tables it
-- looks into, by every statement that is not planned for good; a function in PL/pgSQL is planned once by a session.

-- Their tables are named with the schema: policies hold whatever a session's search path is.
DO $do$ BEGIN
    EXECUTE format($f$
        CREATE FUNCTION is_party(referral uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN EXISTS (SELECT FROM %1$I.referral_party p WHERE p.referral_id = referral);
        END $$;
        CREATE FUNCTION is_party_to(appointment uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN EXISTS (SELECT FROM %1$I.appointment_party p WHERE p.appointment_id = appointment);
        END $$;

        -- For whom and until when is asked by the query.
        CREATE FUNCTION is_opened(referral uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN EXISTS (SELECT FROM %1$I.opened_file f WHERE f.referral_id = referral);
        END $$;
        CREATE FUNCTION is_opened_of(appointment uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN EXISTS (SELECT FROM %1$I.appointment a JOIN %1$I.opened_file f ON f.referral_id = a.referral_id
                           WHERE a.id = appointment);
        END $$;
    $f$, current_schema());
END $do$;

ALTER POLICY seen ON referral USING (is_party(id));
ALTER POLICY held ON referral USING (is_party(id)) WITH CHECK (false);
ALTER POLICY seen ON appointment USING (is_party_to(id));
ALTER POLICY changed ON appointment USING (is_party_to(id));
ALTER POLICY opened ON appointment USING (is_opened(referral_id));
ALTER POLICY seen ON appointment_change USING (is_party_to(appointment_id));
ALTER POLICY made ON appointment_change WITH CHECK (is_party_to(appointment_id));
ALTER POLICY opened ON appointment_change USING (is_opened_of(appointment_id));
ALTER POLICY seen ON hold USING (is_party_to(appointment_id));
ALTER POLICY made ON hold WITH CHECK (is_party_to(appointment_id));
