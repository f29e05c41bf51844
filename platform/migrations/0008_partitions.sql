-- A day's partition is made in a moment, but not while somebody reads the whole table, as a backup does; and whoever writes waits
-- behind the one who waits. So it is given up soon, and tried again by the hour: partitions are made days ahead.
ALTER FUNCTION ensure_partitions(integer) SET lock_timeout = '2s';
