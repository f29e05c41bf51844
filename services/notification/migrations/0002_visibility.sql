-- Row level security on all that is people's: an organisation sees its mailboxes, events write. What the policies ask is in
-- the platform's 0004_visibility.sql.

ALTER TABLE mailbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE mailbox FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON mailbox USING (app_system());
CREATE POLICY seen ON mailbox FOR SELECT USING (organisation_id = app_organisation());

ALTER TABLE message ENABLE ROW LEVEL SECURITY;
ALTER TABLE message FORCE ROW LEVEL SECURITY;
CREATE POLICY written ON message USING (app_system());
CREATE POLICY seen ON message FOR SELECT USING (organisation_id = app_organisation());
