-- Messages of every step of a referral, of its appointments and reports, and of deliveries; who read them, and who took charge.

ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message
    ADD CONSTRAINT message_kind_check CHECK (kind IN (
        'referral-submitted', 'referral-moved', 'referral-overdue', 'referral-cancelled', 'glass-broken', 'appointment-moved',
        'appointment-cancelled', 'report-released', 'report-quarantined', 'report-acknowledged', 'delivery-failed',
        'delivery-parked')),
    -- A report that fits no order belongs to no referral.
    ALTER COLUMN referral_id DROP NOT NULL,
    ADD COLUMN state             text        NOT NULL DEFAULT '',
    ADD COLUMN reason            text        NOT NULL DEFAULT '',
    ADD COLUMN start_time        timestamptz,
    ADD COLUMN time_zone         text        NOT NULL DEFAULT '',
    ADD COLUMN due_time          timestamptz,
    ADD COLUMN about             text        NOT NULL DEFAULT '',
    ADD COLUMN undone            boolean     NOT NULL DEFAULT false,
    ADD COLUMN read_time         timestamptz,
    ADD COLUMN reader            text        NOT NULL DEFAULT '',
    ADD COLUMN acknowledge_time  timestamptz,
    ADD COLUMN acknowledger      text        NOT NULL DEFAULT '',
    ADD CONSTRAINT message_read_by_somebody CHECK ((read_time IS NULL) = (reader = '')),
    ADD CONSTRAINT message_acknowledged_by_somebody CHECK ((acknowledge_time IS NULL) = (acknowledger = '')),
    -- Who takes charge has read.
    ADD CONSTRAINT message_acknowledged_when_read CHECK (acknowledge_time IS NULL OR read_time <= acknowledge_time);

CREATE INDEX message_unread ON message (organisation_id, unit_id, create_time DESC, id DESC) WHERE read_time IS NULL;
-- What was told of a referral: a rebuild tells nobody twice.
DROP INDEX message_referral;
CREATE INDEX message_referral ON message (referral_id, kind, state);

CREATE POLICY marked ON message FOR UPDATE USING (organisation_id = app_organisation());
