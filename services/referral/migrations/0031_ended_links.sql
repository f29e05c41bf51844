-- Links end with the patient's record: whoever holds it revokes those of all parties when it is erased.
CREATE POLICY ended ON partner_link FOR UPDATE USING (EXISTS (
    SELECT FROM referral_party p
    WHERE p.referral_id = partner_link.referral_id AND p.organisation_id = app_organisation() AND p.capacity = 'referrer'));
