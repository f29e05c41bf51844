-- A place that is offered to a referral on the waiting list is told to both sides, and that it was not taken.
ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message ADD CONSTRAINT message_kind_check CHECK (kind IN (
    'referral-submitted', 'referral-moved', 'referral-overdue', 'referral-cancelled', 'glass-broken', 'appointment-moved',
    'appointment-cancelled', 'report-released', 'critical-released', 'report-quarantined', 'report-acknowledged',
    'delivery-failed', 'delivery-parked', 'meter-threshold', 'referral-offered'));
