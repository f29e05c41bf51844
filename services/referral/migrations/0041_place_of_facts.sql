-- Where an appointment is, as scheduling told it: a statement counts by the site that was known at each step. No foreign key: a site
-- that nobody knows must not hold a message up. Facts of before have none.

ALTER TABLE referral_fact ADD COLUMN site_id uuid;
