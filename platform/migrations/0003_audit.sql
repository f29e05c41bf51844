-- The audit: who read or changed whose data, what for, and how it ended; sealed by a chain of hashes.

-- The service that acted on behalf of the caller; empty when the caller came itself.
ALTER TABLE audit ADD COLUMN actor text NOT NULL DEFAULT '';
-- The caller's entry in the register of practitioners.
ALTER TABLE audit ADD COLUMN practitioner uuid;
-- Why, where the caller had to say so.
ALTER TABLE audit ADD COLUMN purpose text NOT NULL DEFAULT '';
-- Whose data, as far as this service knows.
ALTER TABLE audit ADD COLUMN patient uuid;
ALTER TABLE audit ADD COLUMN referral uuid;
-- How it ended, and the stable reason of a refusal.
ALTER TABLE audit ADD COLUMN outcome text NOT NULL DEFAULT 'served' CHECK (outcome IN ('served', 'changed', 'refused'));
ALTER TABLE audit ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE audit ADD CONSTRAINT audit_refused_why CHECK ((outcome = 'refused') = (reason <> ''));

-- Who saw a patient, or a referral; and who was refused a resource, when the service did not look whose it is.
CREATE INDEX audit_patient ON audit (patient, at DESC, id DESC) WHERE patient IS NOT NULL;
CREATE INDEX audit_referral ON audit (referral, at DESC, id DESC) WHERE referral IS NOT NULL;
DROP INDEX audit_resource;
CREATE INDEX audit_refused ON audit (resource, at DESC, id DESC) WHERE outcome = 'refused';

-- Rows that no seal holds yet. Membership is explicit: a row that commits late is in a later seal, and none is passed over.
CREATE TABLE audit_unsealed (
    id uuid PRIMARY KEY
);
INSERT INTO audit_unsealed SELECT id FROM audit;

-- The chain: each seal holds rows in the order of their ids, a hash over them, and the hash of the seal before. The hash
-- of a seal is made of the digest, so the chain can still be followed when rows of old days were dropped.
CREATE TABLE audit_seal (
    seq     bigint      PRIMARY KEY CHECK (seq > 0),
    -- By the machine's clock.
    at      timestamptz NOT NULL,
    members uuid[]      NOT NULL CHECK (cardinality(members) > 0),
    digest  bytea       NOT NULL CHECK (octet_length(digest) = 32),
    prev    bytea       NOT NULL CHECK (octet_length(prev) = 32),
    hash    bytea       NOT NULL CHECK (octet_length(hash) = 32)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON audit_seal FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON audit_unsealed FROM %I', current_setting('relais.runtime_role'));
END $$;

-- Not even the owner changes rows in passing. A partition of old days can still be dropped whole.
CREATE FUNCTION audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is never changed' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_is_kept BEFORE UPDATE OR DELETE ON audit_seal FOR EACH ROW EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_is_kept_whole BEFORE TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
CREATE TRIGGER audit_is_kept_whole BEFORE TRUNCATE ON audit_seal FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept();
-- Partitions inherit triggers of rows, not those of statements.
DO $$
DECLARE
    part regclass;
BEGIN
    FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'audit'::regclass LOOP
        EXECUTE format('CREATE TRIGGER audit_is_kept_whole BEFORE TRUNCATE ON %s FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()', part);
    END LOOP;
END $$;

-- As before; partitions of the audit cannot be emptied.
CREATE OR REPLACE FUNCTION ensure_partitions(days_ahead integer) RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    parent text;
    day    date;
    part   text;
BEGIN
    -- Every function of this schema runs with the schema first, whatever the caller's path is.
    PERFORM pg_advisory_xact_lock(hashtextextended(current_schema() || '.ensure_partitions', 0));
    FOREACH parent IN ARRAY ARRAY['outbox_sent', 'inbox', 'audit'] LOOP
        FOR i IN 0..days_ahead LOOP
            day  := (now() AT TIME ZONE 'UTC')::date + i;
            part := parent || '_' || to_char(day, 'YYYYMMDD');
            CONTINUE WHEN to_regclass(part) IS NOT NULL;
            BEGIN
                EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)', part, parent,
                    uuid_v7_floor(day::timestamp AT TIME ZONE 'UTC'), uuid_v7_floor((day + 1)::timestamp AT TIME ZONE 'UTC'));
                IF parent = 'audit' THEN
                    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON %I FROM %I', part, runtime_role());
                    EXECUTE format('CREATE TRIGGER audit_is_kept_whole BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION audit_is_kept()', part);
                END IF;
            EXCEPTION WHEN check_violation THEN
                -- Rows of that day already stand in the default partition: they stay there.
                NULL;
            END;
        END LOOP;
    END LOOP;
END $$;
DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION ensure_partitions(integer) SET search_path = %I, pg_temp', current_schema());
END $$;
