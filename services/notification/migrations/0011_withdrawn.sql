-- Whether a reminder is of a time that its appointment has no more: it was moved, given up, or the patient is there. Such a one is not
-- sent, also not again.
ALTER TABLE delivery ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
