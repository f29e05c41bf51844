-- Whose referral it is, so that all that is held on a person can be found: the patient's record at the organisation that sent
-- the referral, as its event names it. None for referrals of before, until this service is rebuilt from the referral service's
-- snapshot, and none again once the record was erased.
ALTER TABLE referral_sender ADD COLUMN patient_id uuid;
CREATE INDEX referral_sender_patient ON referral_sender (patient_id) WHERE patient_id IS NOT NULL;

-- Whoever sent a referral answers for what was told about it, in whoever's inbox it is. Which inbox a caller lists and
-- follows is a condition of those queries.
CREATE INDEX message_referral ON message (referral_id);
CREATE POLICY sent ON message FOR SELECT
    USING (EXISTS (SELECT FROM referral_sender s WHERE s.referral_id = message.referral_id));
