-- Whoever sent a referral answers for what was counted of it; the ledger as a whole is a worker's still.

CREATE INDEX usage_entry_referral ON usage_entry (referral_id);
CREATE POLICY sent ON usage_entry FOR SELECT USING (EXISTS (
    SELECT FROM referral_party p WHERE p.referral_id = usage_entry.referral_id AND p.capacity = 'referrer'));
