-- Orders, and the copy of who is a party of their referrals. ("order" is a word of SQL's own.)

-- Each referral's party list as its last event told it.
CREATE TABLE referral_party (
    referral_id     uuid NOT NULL,
    organisation_id uuid NOT NULL,
    unit_id         uuid,
    capacity        text NOT NULL CHECK (capacity IN ('referrer', 'provider', 'coordinator')),
    PRIMARY KEY (referral_id, organisation_id, capacity)
);

CREATE TABLE service_order (
    id              uuid        PRIMARY KEY,
    state           text        NOT NULL CHECK (state IN ('draft', 'revoked')),
    -- One more with each change, and one event with each.
    version         bigint      NOT NULL CHECK (version > 0),
    referral_id     uuid        NOT NULL,
    referral_number text        NOT NULL,
    provider_id     uuid        NOT NULL,
    create_time     timestamptz NOT NULL,
    update_time     timestamptz NOT NULL
);
-- One order at a time serves a referral.
CREATE UNIQUE INDEX service_order_open ON service_order (referral_id) WHERE state <> 'revoked';

CREATE INDEX service_order_referral ON service_order (referral_id, create_time DESC, id DESC);

-- The pages of a party whose capacity is clinical: one row for each order and organisation.
CREATE TABLE service_order_party (
    order_id        uuid        NOT NULL REFERENCES service_order,
    organisation_id uuid        NOT NULL,
    create_time     timestamptz NOT NULL,
    PRIMARY KEY (order_id, organisation_id)
);
CREATE INDEX service_order_party_recent ON service_order_party (organisation_id, create_time DESC, order_id DESC);
