-- How one gets to a site, as its organisation says; and slots of some hours of the week. No person's data.

-- Stops, wheelchair, languages, position; read and written as a whole. What is not in it, nobody said.
ALTER TABLE site ADD COLUMN access jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(access) = 'object');
CREATE INDEX site_organisation ON site (organisation_id);

-- Whether a slot begins on one of these weekdays (Monday is the lowest bit), within these minutes after midnight by the site's
-- clocks, the last day included. One expression, so that statements that call it are planned as if it stood in them.
CREATE FUNCTION slot_fits(local_date date, start_time timestamptz, zone text,
                          weekdays smallint, from_minute smallint, until_minute smallint, last_day date)
    RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT (weekdays >> (EXTRACT(isodow FROM local_date)::int - 1)) & 1 = 1
       AND local_date <= last_day
       AND EXTRACT(hour FROM start_time AT TIME ZONE zone)::int * 60 + EXTRACT(minute FROM start_time AT TIME ZONE zone)::int
           BETWEEN from_minute AND until_minute - 1
$$;
