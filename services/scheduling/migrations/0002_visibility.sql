-- Row level security on all that is people's: parties see, events write. What the policies ask is in the platform's
-- 0004_visibility.sql.

ALTER TABLE referral_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_party FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_party USING (app_system());
CREATE POLICY seen ON referral_party FOR SELECT USING (organisation_id = app_organisation());

ALTER TABLE appointment_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment_party FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON appointment_party USING (app_system());
CREATE POLICY seen ON appointment_party FOR SELECT USING (organisation_id = app_organisation());

ALTER TABLE appointment ENABLE ROW LEVEL SECURITY;
ALTER TABLE appointment FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON appointment USING (app_system());
CREATE POLICY seen ON appointment FOR SELECT
    USING (EXISTS (SELECT FROM appointment_party p WHERE p.appointment_id = appointment.id));
