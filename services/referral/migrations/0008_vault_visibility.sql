-- Row level security on the vault: an organisation sees what is known of its own patients. The keys of organisations hold no
-- person's data, and rotation reads them all.

ALTER TABLE patient_version ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_version FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_version USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE patient_person ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_person FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_person USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE patient_token ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_token FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_token USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE patient_duplicate ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_duplicate FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_duplicate USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE patient_merge ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_merge FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_merge USING (app_system() OR organisation_id = app_organisation());

ALTER TABLE patient_hold ENABLE ROW LEVEL SECURITY;
ALTER TABLE patient_hold FORCE ROW LEVEL SECURITY;
CREATE POLICY own ON patient_hold USING (app_system() OR organisation_id = app_organisation());
