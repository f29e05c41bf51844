-- Row level security on all that is people's: parties see, events write. What the policies ask is in the platform's
-- 0004_visibility.sql.

ALTER TABLE referral_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE referral_party FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON referral_party USING (app_system());
CREATE POLICY seen ON referral_party FOR SELECT USING (organisation_id = app_organisation());

ALTER TABLE service_order_party ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_order_party FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON service_order_party USING (app_system());
CREATE POLICY seen ON service_order_party FOR SELECT USING (organisation_id = app_organisation());

ALTER TABLE service_order ENABLE ROW LEVEL SECURITY;
ALTER TABLE service_order FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON service_order USING (app_system());
CREATE POLICY seen ON service_order FOR SELECT
    USING (EXISTS (SELECT FROM service_order_party p WHERE p.order_id = service_order.id));
