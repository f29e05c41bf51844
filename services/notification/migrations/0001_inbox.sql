-- The inbox of each unit and organisation.

-- A mailbox counts its messages: the number is drawn under the row's lock, so it follows the order of commits, without gaps.
-- Whoever follows a mailbox by number therefore never passes one over.
CREATE TABLE mailbox (
    organisation_id uuid   NOT NULL,
    -- The nil UUID stands for the organisation as a whole.
    unit_id         uuid   NOT NULL,
    last_sequence   bigint NOT NULL CHECK (last_sequence > 0),
    PRIMARY KEY (organisation_id, unit_id)
);

CREATE TABLE message (
    id              uuid        PRIMARY KEY,
    organisation_id uuid        NOT NULL,
    unit_id         uuid        NOT NULL,
    sequence        bigint      NOT NULL CHECK (sequence > 0),
    kind            text        NOT NULL CHECK (kind IN ('referral-submitted', 'referral-cancelled')),
    referral_id     uuid        NOT NULL,
    referral_number text        NOT NULL,
    create_time     timestamptz NOT NULL,
    FOREIGN KEY (organisation_id, unit_id) REFERENCES mailbox,
    UNIQUE (organisation_id, unit_id, sequence)
);
CREATE INDEX message_recent ON message (organisation_id, unit_id, create_time DESC, id DESC);
