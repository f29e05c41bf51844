-- A version of a report that must be read at once is told as such: no quiet hours and no digest hold it back.
ALTER TABLE message DROP CONSTRAINT message_kind_check;
ALTER TABLE message ADD CONSTRAINT message_kind_check CHECK (kind IN (
    'referral-submitted', 'referral-moved', 'referral-overdue', 'referral-cancelled', 'glass-broken', 'appointment-moved',
    'appointment-cancelled', 'report-released', 'critical-released', 'report-quarantined', 'report-acknowledged',
    'delivery-failed', 'delivery-parked'));
