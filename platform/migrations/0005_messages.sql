-- Messages that kill whoever tries them, wherever they are met.

-- How often a held message was begun without an end since. Noted before each try, in a commit of its own: a message that
-- kills its consumer leaves nothing else behind.
ALTER TABLE retry ADD COLUMN started integer NOT NULL DEFAULT 0 CHECK (started >= 0);
