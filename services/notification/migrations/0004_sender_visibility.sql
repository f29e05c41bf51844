-- Row level security on who sent a referral.

ALTER TABLE referral_sender ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_sender FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_sender USING (app_system());
CREATE POLICY seen ON referral_sender FOR SELECT USING (organisation_id = app_organisation());
