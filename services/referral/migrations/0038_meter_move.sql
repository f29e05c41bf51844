-- Moves the places of a referral to another period: all of them, or none. Answers as meter_settle.
CREATE FUNCTION meter_move(asked jsonb, of_convention uuid, subject uuid, of_referral uuid, of_source text, at timestamptz)
RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
    settled jsonb;
    lines text;
BEGIN
    settled := meter_settle(asked, of_convention, subject, of_referral, of_source, at);
    IF settled->'short' <> '[]' THEN
        -- What other lines gave already goes back with this block.
        RAISE SQLSTATE 'RM001' USING DETAIL = settled->>'short';
    END IF;
    RETURN settled;
EXCEPTION WHEN SQLSTATE 'RM001' THEN
    GET STACKED DIAGNOSTICS lines = PG_EXCEPTION_DETAIL;
    RETURN jsonb_build_object('short', lines::jsonb, 'crossed', '[]'::jsonb);
END $$;

DO $$ BEGIN
    EXECUTE format('ALTER FUNCTION meter_move SET search_path = %I, pg_temp', current_schema());
END $$;
