-- Whose appointment it is, so that all that is held on a person can be found: the patient's record at the organisation that sent
-- the referral, as its event names it. None for appointments of before, until this service is rebuilt from the referral
-- service's snapshot, and none again once the record was erased.
ALTER TABLE appointment ADD COLUMN patient_id uuid;
CREATE INDEX appointment_patient ON appointment (patient_id) WHERE patient_id IS NOT NULL;
