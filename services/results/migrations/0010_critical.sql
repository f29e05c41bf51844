-- Whether a version holds a value that somebody must hear of at once: what it is, stands sealed.
ALTER TABLE report_version ADD COLUMN critical boolean NOT NULL DEFAULT false;
