-- How referrals are admitted and go on under a convention. No statement asks for a part of it, so it is one document, as
-- immutable as the terms that it belongs to; what is missing in it is the usual. What names the directory stands beside it, under
-- foreign keys.

ALTER TABLE convention_terms ADD COLUMN conditions jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(conditions) = 'object');
ALTER TABLE convention_terms ADD COLUMN recipient_organisation_id uuid;
ALTER TABLE convention_terms ADD COLUMN recipient_unit_id uuid;
ALTER TABLE convention_terms ADD CONSTRAINT convention_terms_recipient_whole
    CHECK ((recipient_organisation_id IS NULL) = (recipient_unit_id IS NULL));
ALTER TABLE convention_terms ADD CONSTRAINT convention_terms_recipient_fkey
    FOREIGN KEY (recipient_organisation_id, recipient_unit_id) REFERENCES unit (organisation_id, id);

-- Where patients are received; no row: at every site of the providers.
CREATE TABLE convention_site (
    convention_id   uuid   NOT NULL,
    version         bigint NOT NULL,
    organisation_id uuid   NOT NULL,
    site_id         uuid   NOT NULL,
    position        bigint NOT NULL,
    PRIMARY KEY (convention_id, version, organisation_id, site_id),
    FOREIGN KEY (convention_id, version) REFERENCES convention_terms,
    FOREIGN KEY (organisation_id, site_id) REFERENCES site (organisation_id, id)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON convention_site FROM %I', current_setting('relais.runtime_role'));
END $$;

-- What the referrer says of a patient's situation: needs, cover, the declared reason, documents that come along. Codes alone.

ALTER TABLE referral ADD COLUMN situation jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(situation) = 'object');
