-- What is asked: lines of orders. And whether the referral that asks is still open.

-- How each referral stands, as its events told it: a status of the vocabulary.
CREATE TABLE referral (
    id    uuid PRIMARY KEY,
    state text NOT NULL
);

ALTER TABLE service_order
    DROP CONSTRAINT service_order_state_check,
    ADD CONSTRAINT service_order_state_check CHECK (state IN ('draft', 'active', 'completed', 'revoked')),
    -- An order and its lines are one document: they are read, judged and changed together, under the order's version.
    ADD COLUMN lines jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(lines) = 'array' AND jsonb_array_length(lines) <= 200);

-- An order as each call that changed it left it: what the same request again answers.
CREATE TABLE service_order_version (
    order_id    uuid        NOT NULL REFERENCES service_order,
    version     bigint      NOT NULL CHECK (version > 1),
    state       text        NOT NULL,
    lines       jsonb       NOT NULL,
    update_time timestamptz NOT NULL,
    PRIMARY KEY (order_id, version)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON service_order_version FROM %I', current_setting('relais.runtime_role'));
END $$;

-- The whole list of a referral, for its parties: events tell it whole. Run as the owner, who alone may read all rows.
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
CREATE POLICY known ON referral_party FOR SELECT TO CURRENT_USER USING (true);

ALTER TABLE referral ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral USING (app_system());
CREATE POLICY seen ON referral FOR SELECT
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral.id));

-- Those who treat place lines, take samples and hand in results.
CREATE POLICY changed ON service_order FOR UPDATE
    USING (EXISTS (SELECT FROM service_order_party p WHERE p.order_id = service_order.id));

ALTER TABLE service_order_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_order_version FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON service_order_version FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM service_order_party p WHERE p.order_id = service_order_version.order_id));
CREATE POLICY made ON service_order_version FOR INSERT
    WITH CHECK (app_system() OR EXISTS (SELECT FROM service_order_party p WHERE p.order_id = service_order_version.order_id));
