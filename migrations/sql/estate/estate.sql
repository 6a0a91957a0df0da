-- Estates: managers keep them; members of the portal see the units that they own or live in, and what
-- these stand in. Shares of a unit stay within the whole on each day.

SELECT protect(kind)
FROM unnest(ARRAY['estate', 'block', 'unit', 'ownership', 'occupancy']::regclass[]) AS kind;
SELECT protect_party(kind, 'party_id')
FROM unnest(ARRAY['ownership', 'occupancy']::regclass[]) AS kind;
SELECT staff_write(kind) FROM unnest(ARRAY['ownership', 'occupancy']::regclass[]) AS kind;
SELECT staff_write('unit',
    'EXISTS (SELECT FROM ownership AS o WHERE o.organization_id = unit.organization_id'
    ' AND o.unit_id = unit.id) OR EXISTS (SELECT FROM occupancy AS o'
    ' WHERE o.organization_id = unit.organization_id AND o.unit_id = unit.id)');
SELECT staff_write('block', 'EXISTS (SELECT FROM unit AS u'
    ' WHERE u.organization_id = block.organization_id AND u.block_id = block.id)');
SELECT staff_write('estate', 'EXISTS (SELECT FROM unit AS u'
    ' WHERE u.organization_id = estate.organization_id AND u.estate_id = estate.id)');
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['estate', 'block', 'unit', 'ownership', 'occupancy']::regclass[]) AS kind;
SELECT audited(kind) FROM unnest(ARRAY['estate', 'block', 'unit']::regclass[]) AS kind;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['ownership', 'occupancy']::regclass[]) AS kind;
SELECT counted('unit');

-- Added as fractions, so that three thirds are the whole and nothing is lost by rounding. The most is
-- owned on a day on which somebody begins to own.
CREATE FUNCTION shares_within_whole() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    touched record;
    day date;
    held record;
    parts numeric;
    whole numeric;
BEGIN
    -- Two who change the owners of one unit wait here for each other, and add up what is there then.
    FOR touched IN SELECT u.organization_id, u.id FROM public.unit AS u
        WHERE u.id IN (SELECT unit_id FROM fresh) ORDER BY u.id FOR NO KEY UPDATE LOOP
        FOR day IN SELECT DISTINCT since FROM public.ownership AS o
            WHERE o.organization_id = touched.organization_id AND o.unit_id = touched.id LOOP
            parts := 0;
            whole := 1;
            FOR held IN SELECT share_parts, share_of FROM public.ownership AS o
                WHERE o.organization_id = touched.organization_id AND o.unit_id = touched.id
                  AND o.since <= day AND (o.until IS NULL OR o.until >= day) LOOP
                parts := parts * held.share_of + held.share_parts * whole;
                whole := whole * held.share_of;
            END LOOP;
            IF parts > whole THEN
                RAISE EXCEPTION 'more than all of unit % on %', touched.id, day
                    USING ERRCODE = 'check_violation', CONSTRAINT = 'shares_within_whole';
            END IF;
        END LOOP;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER within_whole_insert AFTER INSERT ON ownership REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION shares_within_whole();
CREATE TRIGGER within_whole_update AFTER UPDATE ON ownership REFERENCING NEW TABLE AS fresh
    FOR EACH STATEMENT EXECUTE FUNCTION shares_within_whole();
