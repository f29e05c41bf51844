-- What is left of a report once its patient's record was erased: that it was there, and nothing of what it said. Its versions never
-- change, so their ciphertexts stay; the key that opens them does not.

ALTER TABLE report
    ALTER COLUMN data_key DROP NOT NULL,
    -- Whoever's key was destroyed is named no more.
    ADD CONSTRAINT report_of_nobody CHECK (data_key IS NOT NULL OR (named_patient IS NULL AND state <> 'quarantined'));
