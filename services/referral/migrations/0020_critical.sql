-- Whether the last version of a report holds what somebody must hear of at once: then its reading is due as the most urgent is.
ALTER TABLE referral_report ADD COLUMN critical boolean NOT NULL DEFAULT false;
