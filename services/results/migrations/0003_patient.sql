-- Whose order it is, so that all that is held on a person can be found: the patient's record at the organisation that sent the
-- referral, as its event names it. None for orders of before, until this service is rebuilt from the referral service's
-- snapshot, and none again once the record was erased.
ALTER TABLE service_order ADD COLUMN patient_id uuid;
CREATE INDEX service_order_patient ON service_order (patient_id) WHERE patient_id IS NOT NULL;
