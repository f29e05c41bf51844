-- How one gets to a site, and each version of what is said of it. No patient's data.

-- 1 as entered, one more with each change.
ALTER TABLE site ADD COLUMN version bigint NOT NULL DEFAULT 1 CHECK (version > 0);
-- Stops, wheelchair, parking, languages, position; read and written as a whole. What is not in it, nobody said.
ALTER TABLE site ADD COLUMN access jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(access) = 'object');

-- Versions of sites that have changed: what a repeated request answers.
CREATE TABLE site_version (
    site_id      uuid        NOT NULL REFERENCES site,
    version      bigint      NOT NULL CHECK (version > 0),
    display_name text        NOT NULL CHECK (char_length(display_name) BETWEEN 1 AND 200),
    access       jsonb       NOT NULL CHECK (jsonb_typeof(access) = 'object'),
    at           timestamptz NOT NULL,
    PRIMARY KEY (site_id, version)
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON site_version FROM %I', current_setting('relais.runtime_role'));
END $$;
