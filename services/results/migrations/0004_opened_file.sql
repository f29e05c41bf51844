-- Referrals whose file a clinician who is no party has opened: as the referral service told it, until it ends.

CREATE TABLE opened_file (
    access_id       uuid        PRIMARY KEY,
    referral_id     uuid        NOT NULL,
    -- For whom: the organisation, and SHA-256 of issuer and subject.
    organisation_id uuid        NOT NULL,
    caller          bytea       NOT NULL CHECK (octet_length(caller) = 32),
    -- Stands in the audit with each reading by it.
    purpose         text        NOT NULL,
    expire_time     timestamptz NOT NULL
);
CREATE INDEX opened_file_live ON opened_file (referral_id, organisation_id, expire_time DESC);
CREATE INDEX opened_file_over ON opened_file (expire_time);

ALTER TABLE opened_file ENABLE ROW LEVEL SECURITY;
ALTER TABLE opened_file FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON opened_file USING (app_system());
CREATE POLICY seen ON opened_file FOR SELECT USING (organisation_id = app_organisation());

-- For whom and until when is asked by the query.
CREATE POLICY opened ON service_order FOR SELECT
    USING (EXISTS (SELECT FROM opened_file f WHERE f.referral_id = service_order.referral_id));
