-- A line of a convention that comes to a threshold is told to its partners.
ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message ADD CONSTRAINT message_kind_check CHECK (kind IN (
    'referral-submitted', 'referral-moved', 'referral-overdue', 'referral-cancelled', 'glass-broken', 'appointment-moved',
    'appointment-cancelled', 'report-released', 'critical-released', 'report-quarantined', 'report-acknowledged',
    'delivery-failed', 'delivery-parked', 'meter-threshold'));
