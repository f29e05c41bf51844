-- A party may hold a referral's row while it decides on it, so that no event of the referral comes in between; it changes nothing of it.
CREATE POLICY held ON referral FOR UPDATE
    USING (EXISTS (SELECT FROM referral_party p WHERE p.referral_id = referral.id)) WITH CHECK (false);
