-- The trace of the change for which recipients are to be asked: the first who asks goes on in it.
ALTER TABLE release_due ADD COLUMN trace jsonb NOT NULL DEFAULT '{}';
