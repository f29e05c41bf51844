-- Appointments, and the copy of who is a party of their referrals.

-- Each referral's party list as its last event told it.
CREATE TABLE referral_party (
    referral_id     uuid NOT NULL,
    organisation_id uuid NOT NULL,
    unit_id         uuid,
    capacity        text NOT NULL CHECK (capacity IN ('referrer', 'provider', 'coordinator')),
    PRIMARY KEY (referral_id, organisation_id, capacity)
);

CREATE TABLE appointment (
    id              uuid        PRIMARY KEY,
    state           text        NOT NULL CHECK (state IN ('proposed', 'cancelled')),
    -- One more with each change, and one event with each.
    version         bigint      NOT NULL CHECK (version > 0),
    referral_id     uuid        NOT NULL,
    referral_number text        NOT NULL,
    provider_id     uuid        NOT NULL,
    site_id         uuid,
    requested_date  date        NOT NULL,
    create_time     timestamptz NOT NULL,
    update_time     timestamptz NOT NULL
);
-- One appointment at a time serves a referral.
CREATE UNIQUE INDEX appointment_open ON appointment (referral_id) WHERE state <> 'cancelled';

CREATE INDEX appointment_referral ON appointment (referral_id, create_time DESC, id DESC);

-- The pages of a party: one row for each appointment and organisation.
CREATE TABLE appointment_party (
    appointment_id  uuid        NOT NULL REFERENCES appointment,
    organisation_id uuid        NOT NULL,
    create_time     timestamptz NOT NULL,
    PRIMARY KEY (appointment_id, organisation_id)
);
CREATE INDEX appointment_party_recent ON appointment_party (organisation_id, create_time DESC, appointment_id DESC);
