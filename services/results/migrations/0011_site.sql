-- Sites, as their organisations entered them: what a laboratory names as the place of a sample or of a result is one of its own.
-- Those from before are told by the referral service's snapshot (relais.referral.site).
CREATE TABLE site (
    id              uuid PRIMARY KEY,
    organisation_id uuid NOT NULL
);
