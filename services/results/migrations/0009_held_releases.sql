-- All releases of a report, also those taken back, for whoever answers for what is held on its patient.
CREATE INDEX report_release_report ON report_release (report_id, version, id);
