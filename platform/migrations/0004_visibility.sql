-- Row level security: whose rows a transaction sees. Each unit of work says it in its first statement, for itself alone
-- (database/visibility.rs). Policies stand in the services' migrations; platform tables have none.

-- The organisation for which the present transaction reads and writes; null, and so no row, when nobody said.
CREATE FUNCTION app_organisation() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT NULLIF(current_setting('app.organisation', true), '')::uuid
$$;

-- Whether the present transaction is a worker's: it applies events, rings timers, or reads a snapshot.
CREATE FUNCTION app_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT COALESCE(current_setting('app.system', true), '') = 'on'
$$;
