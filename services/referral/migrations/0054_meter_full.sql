-- Which lines, periods and places have nothing left for a holder, of those that are asked for: for whoever is told when something is left
-- again. Of what nobody asked for yet, all is left. It says nothing else, to parties of each convention.
CREATE FUNCTION meter_full(holder uuid, asked jsonb)
RETURNS TABLE (convention_id uuid, line_id text, period_start date, site_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER AS $$
    SELECT m.convention_id, m.line_id, m.period_start, m.site_id
    FROM jsonb_to_recordset(asked) AS l(convention uuid, line_id text, period_start date, site uuid)
    JOIN meter m ON m.convention_id = l.convention AND m.line_id = l.line_id AND m.period_start = l.period_start
        AND m.site_id = l.site
    WHERE m.committed <= (SELECT sum(s.reserved + s.used) FROM meter_stripe s WHERE s.meter_id = m.id)
      AND NOT EXISTS (SELECT FROM meter_place p
                      WHERE p.meter_id = m.id AND p.holder_id = holder AND p.reserved + p.used > 0)
      AND (app_system() OR EXISTS (SELECT FROM convention_party p
                                   WHERE p.convention_id = m.convention_id AND p.organisation_id = app_organisation()))
$$;

DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION meter_full SET search_path = %I, pg_temp', current_schema());
END $$;
