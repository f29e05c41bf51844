-- What another key says already is not asked again with each referral: each such look locks a row that all referrals of an organisation
-- share, and the submissions of a network wait for one another there.

-- The patient is one of the referrer's (referrer_id, patient_id), and a patient's organisation stands in the directory.
ALTER TABLE referral DROP CONSTRAINT referral_referrer_id_fkey;
-- A party is one of this referral with this referrer (referral_id, referrer_id).
ALTER TABLE referral_party DROP CONSTRAINT referral_party_referral_id_fkey;

-- The first funder of a version of a convention. In PL/pgSQL a session plans it once, and only where a funder bears the cost is it
-- called: as part of the query that reads a referral it was made ready each time.
CREATE FUNCTION funder_of(convention uuid, number bigint) RETURNS uuid LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT p.organisation_id FROM convention_party p
        WHERE p.convention_id = convention AND p.version = number AND p.role = 'funder'
        ORDER BY p.position LIMIT 1);
END $$;

-- When a referral was done, as of a version of it: since the last time that it stood elsewhere.
CREATE FUNCTION done_of(referral uuid, number bigint) RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN (
        SELECT min(d.at) FROM referral_transition d
        WHERE d.referral_id = referral AND d.version <= number AND d.version > COALESCE((
            SELECT max(o.version) FROM referral_transition o
            WHERE o.referral_id = referral AND o.version <= number
                AND o.state NOT IN ('attended', 'results-available', 'completed')), 0));
END $$;

-- As before, in one call instead of two. Its tables are named with the schema: policies hold whatever a session's search path is.
DO $do$ BEGIN
    EXECUTE format($f$
        CREATE OR REPLACE FUNCTION is_known(referral uuid) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
        BEGIN
            RETURN %1$I.app_system() OR EXISTS (SELECT FROM %1$I.referral_party p WHERE p.referral_id = referral)
                OR EXISTS (SELECT FROM %1$I.file_access f WHERE f.referral_id = referral);
        END $$;
    $f$, current_schema());
END $do$;
