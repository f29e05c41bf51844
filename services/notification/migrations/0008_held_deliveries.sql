-- Whoever sent a referral answers for what went out about it, to whomever, as for what was told of it. A digest counts others'
-- messages as well, and is not shown.

CREATE POLICY sent ON delivery FOR SELECT
    USING (purpose <> 'digest' AND EXISTS (SELECT FROM referral_sender s WHERE s.referral_id = delivery.referral_id));
CREATE POLICY sent ON delivery_attempt FOR SELECT
    USING (EXISTS (SELECT FROM delivery d WHERE d.id = delivery_attempt.delivery_id));
