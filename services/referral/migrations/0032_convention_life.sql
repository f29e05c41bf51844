-- The life of a convention: versions of its terms by amendment, chains of renewals, suspension, termination. A program of before
-- still enters drafts and signs them: what it does not write has a meaning.

ALTER TABLE convention DROP CONSTRAINT convention_state_check;
ALTER TABLE convention ADD CONSTRAINT convention_state_check CHECK (state IN ('draft', 'signed', 'suspended', 'terminated'));
-- The terms that are open, entered and not signed: at most one version. None in a draft: its first ones.
ALTER TABLE convention ADD COLUMN open_version bigint CHECK (open_version > 1);
-- Whether it was suspended when it was terminated: then it admits nothing any more.
ALTER TABLE convention ADD COLUMN halted boolean NOT NULL DEFAULT false;
-- The last day, when it was terminated.
ALTER TABLE convention ADD COLUMN last_day date;
ALTER TABLE convention ADD COLUMN reason text NOT NULL DEFAULT '';
ALTER TABLE convention ADD COLUMN update_time timestamptz;
-- The convention that it renews, and the first one of its chain; none: it is the first itself.
ALTER TABLE convention ADD COLUMN renews_id uuid REFERENCES convention;
ALTER TABLE convention ADD COLUMN chain_id uuid REFERENCES convention;
ALTER TABLE convention ADD CONSTRAINT convention_terminated CHECK ((state = 'terminated') = (last_day IS NOT NULL));
ALTER TABLE convention ADD CONSTRAINT convention_halted CHECK (NOT halted OR state = 'terminated');
ALTER TABLE convention ADD CONSTRAINT convention_renewal CHECK ((renews_id IS NULL) = (chain_id IS NULL) AND renews_id <> id);
-- A convention is renewed once; drafts may vie for it.
CREATE UNIQUE INDEX convention_renewed_once ON convention (renews_id) WHERE state <> 'draft';
CREATE INDEX convention_chain ON convention ((COALESCE(chain_id, id)));

-- The first day that a version judges; none: the first day of the convention. The database keeps what was exclusive apart.
ALTER TABLE convention_terms ADD COLUMN effective_date date;
ALTER TABLE convention_terms ADD COLUMN exclusive boolean NOT NULL DEFAULT false;
ALTER TABLE convention_terms ADD CONSTRAINT convention_terms_effective CHECK (effective_date BETWEEN start_date AND end_date);

-- What a convention was in its earlier versions, for whoever asks the same again. Who changed it, the audit knows.
CREATE TABLE convention_past (
    convention_id uuid        NOT NULL REFERENCES convention,
    version       bigint      NOT NULL CHECK (version > 0),
    display_name  text        NOT NULL,
    state         text        NOT NULL,
    halted        boolean     NOT NULL,
    terms_version bigint      NOT NULL,
    open_version  bigint,
    last_day      date,
    reason        text        NOT NULL,
    update_time   timestamptz NOT NULL,
    PRIMARY KEY (convention_id, version)
);
-- All that was signed was a draft before.
INSERT INTO convention_past (convention_id, version, display_name, state, halted, terms_version, reason, update_time)
SELECT id, 1, display_name, 'draft', false, 0, '', create_time FROM convention WHERE version = 2;

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON convention_past FROM %I', current_setting('relais.runtime_role'));
END $$;
