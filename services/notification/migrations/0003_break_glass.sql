-- Messages of a broken glass, and who may know who saw a message.

ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message ADD CONSTRAINT message_kind_check
    CHECK (kind IN ('referral-submitted', 'referral-cancelled', 'glass-broken'));

-- Who sent a referral, and so holds the patient's record: as its last event told it.
CREATE TABLE referral_sender (
    referral_id     uuid PRIMARY KEY,
    organisation_id uuid NOT NULL,
    unit_id         uuid
);
