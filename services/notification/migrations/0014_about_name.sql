-- The name of what a message is about, for people: a convention's. Nothing of a person has one.
ALTER TABLE message ADD COLUMN about_name text NOT NULL DEFAULT '';
