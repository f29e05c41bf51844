-- The whole life of a referral: its states, whose turn it is, until when, and what other services told of it.

ALTER TABLE referral
    DROP CONSTRAINT referral_state_check,
    ADD CONSTRAINT referral_state_check CHECK (state IN ('submitted', 'awaiting-information', 'waitlisted', 'accepted', 'scheduled',
        'no-show', 'appointment-cancelled', 'attended', 'results-available', 'completed', 'rejected', 'redirected',
        'cancel-requested', 'cancelled', 'expired', 'failed', 'entered-in-error')),
    -- Whose turn it is, and until when; nobody's when it is closed.
    ADD COLUMN owner_id    uuid        REFERENCES organisation,
    ADD COLUMN due_at      timestamptz,
    ADD COLUMN overdue     boolean     NOT NULL DEFAULT false,
    -- The referral that this one replaces. One replaces it at the most.
    ADD COLUMN replaces_id uuid        UNIQUE REFERENCES referral;

-- The timeline says what made each step, who took it, and what it came from.
ALTER TABLE referral_transition
    ADD COLUMN id              uuid        NOT NULL DEFAULT gen_random_uuid() UNIQUE,
    ADD COLUMN previous        text,
    ADD COLUMN cause           text        NOT NULL DEFAULT 'call'
        CHECK (cause IN ('call', 'automatic', 'fact', 'overdue', 'silence', 'undo')),
    ADD COLUMN organisation_id uuid        REFERENCES organisation,
    ADD COLUMN capacity        text        CHECK (capacity IN ('referrer', 'provider', 'coordinator')),
    ADD COLUMN due_at          timestamptz,
    ADD COLUMN alternative     text        NOT NULL DEFAULT '',
    ADD COLUMN items           text[]      NOT NULL DEFAULT '{}';
CREATE INDEX referral_transition_recent ON referral_transition (referral_id, at DESC, id DESC);

-- What was submitted before gets its deadline: the usual five days from then on.
ALTER TABLE referral NO FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_transition NO FORCE ROW LEVEL SECURITY;
UPDATE referral SET owner_id = provider_id, due_at = create_time + interval '120 hours' WHERE state = 'submitted';
UPDATE referral_transition t
SET organisation_id = r.referrer_id, capacity = 'referrer', due_at = CASE WHEN t.version = r.version THEN r.due_at END,
    previous = CASE WHEN t.version > 1 THEN 'submitted' END
FROM referral r WHERE r.id = t.referral_id;
INSERT INTO timer (id, kind, subject, due_at, urgency, trace)
SELECT gen_random_uuid(), 'referral-step', id, due_at, 3, '{}' FROM referral WHERE state = 'submitted';
ALTER TABLE referral FORCE ROW LEVEL SECURITY;
ALTER TABLE referral_transition FORCE ROW LEVEL SECURITY;

-- No black hole: whatever is open has an owner and a deadline, and nothing else has. A program of before knows neither, and makes
-- only the first two states.
ALTER TABLE referral ADD CONSTRAINT referral_turn CHECK (
    state IN ('submitted', 'cancelled')
    OR (owner_id IS NOT NULL AND due_at IS NOT NULL) = (state IN ('awaiting-information', 'waitlisted', 'accepted', 'scheduled',
        'no-show', 'appointment-cancelled', 'attended', 'results-available', 'cancel-requested')));

-- Work lists: what is an organisation's turn, and what is overdue.
CREATE INDEX referral_owned ON referral (owner_id, create_time DESC, id DESC) WHERE owner_id IS NOT NULL;
CREATE INDEX referral_overdue ON referral (create_time DESC, id DESC) WHERE overdue;

ALTER TABLE referral_appointment
    DROP CONSTRAINT referral_appointment_state_check,
    ADD CONSTRAINT referral_appointment_state_check
        CHECK (state IN ('proposed', 'booked', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'entered-in-error')),
    ADD COLUMN end_at timestamptz;

-- What other services told, each once: an appointment in a version, a version of a report, its first reading.
CREATE TABLE referral_fact (
    id          uuid        PRIMARY KEY,
    referral_id uuid        NOT NULL REFERENCES referral,
    kind        text        NOT NULL CHECK (kind IN ('appointment', 'report')),
    subject_id  uuid        NOT NULL,
    -- Grows with what is told of the subject: the same told again changes nothing.
    version     bigint      NOT NULL CHECK (version > 0),
    state       text        NOT NULL,
    start_at    timestamptz,
    at          timestamptz NOT NULL,
    UNIQUE (kind, subject_id, version)
);
CREATE INDEX referral_fact_recent ON referral_fact (referral_id, at DESC, id DESC);

-- The reports of a referral as they stand.
CREATE TABLE referral_report (
    report_id      uuid    PRIMARY KEY,
    referral_id    uuid    NOT NULL REFERENCES referral,
    report_version bigint  NOT NULL CHECK (report_version > 0),
    status         text    NOT NULL,
    acknowledged   boolean NOT NULL
);
CREATE INDEX referral_report_referral ON referral_report (referral_id);

-- What people said beside a step. Apart from the timeline, which is never changed: this is erased with the patient.
CREATE TABLE referral_note (
    referral_id uuid   NOT NULL,
    version     bigint NOT NULL,
    note        text   NOT NULL CHECK (length(note) BETWEEN 1 AND 500),
    PRIMARY KEY (referral_id, version),
    FOREIGN KEY (referral_id, version) REFERENCES referral_transition
);

DO $$ BEGIN
    EXECUTE format('REVOKE UPDATE, DELETE, TRUNCATE ON referral_fact FROM %I', current_setting('relais.runtime_role'));
    EXECUTE format('REVOKE UPDATE, TRUNCATE ON referral_note FROM %I', current_setting('relais.runtime_role'));
END $$;

ALTER TABLE referral_fact ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_fact FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_fact USING (app_system());
CREATE POLICY seen ON referral_fact FOR SELECT
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_fact.referral_id));

ALTER TABLE referral_report ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_report FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_report USING (app_system());
CREATE POLICY seen ON referral_report FOR SELECT
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_report.referral_id));

ALTER TABLE referral_note ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_note FORCE ROW LEVEL SECURITY;
CREATE POLICY seen ON referral_note FOR SELECT
    USING (app_system() OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_note.referral_id));
CREATE POLICY made ON referral_note FOR INSERT
    WITH CHECK (app_system() OR EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral_note.referral_id));
-- Who holds the patient's record erases it.
CREATE POLICY erased ON referral_note FOR DELETE
    USING (app_system() OR EXISTS (SELECT FROM referral_party p
                                   WHERE p.referral_id = referral_note.referral_id AND p.capacity = 'referrer'));
