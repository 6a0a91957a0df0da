-- Search by any part of what rows are called: an index of all runs of three letters in them. The
-- extension for that (pg_trgm) is not to be had everywhere. Under row-level security no index can
-- serve such a condition, so that functions of the owner ask it, for staff and in their organization.

CREATE FUNCTION trigrams(words text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    plain text := pg_catalog.lower(words);
    runs text[] := '{}';
BEGIN
    FOR at IN 1..pg_catalog.length(plain) - 2 LOOP
        runs[at] := pg_catalog.substr(plain, at, 3);
    END LOOP;
    RETURN runs;
END $$;

-- Let rows be searched by some of their columns, one or more of which have a part of three letters or
-- more: makes the index, and a function `<table>_found`, which gives the keys of at most so many. It is
-- planned for each part: for one that most rows have, reading the table until there are enough is best.
-- The index has no condition of its own, as the planner reads the statistics only of such.
CREATE FUNCTION searchable(kind regclass, columns text[], condition text DEFAULT 'true') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $make$
DECLARE
    words text := (SELECT string_agg(format('coalesce(%I, '''')', each), ' || E''\n'' || ' ORDER BY n)
        FROM unnest(columns) WITH ORDINALITY AS listed(each, n));
    body text := $body$
BEGIN
    IF public.acting_for_all() THEN
        RETURN QUERY EXECUTE format('SELECT id FROM public.%1$s WHERE organization_id = %%L AND %2$s'
            ' AND public.trigrams(%3$s) @> public.trigrams(%%L) AND (%3$s) ILIKE %%L LIMIT %%s',
            public.acting_organization(), part,
            '%%' || regexp_replace(part, '([\\%%_])', '\\\1', 'g') || '%%', most);
    END IF;
END $body$;
BEGIN
    EXECUTE format('CREATE INDEX %I ON %s USING gin (trigrams(%s))', 'search_' || kind, kind, words);
    EXECUTE format('CREATE FUNCTION %I(part text, most int) RETURNS SETOF uuid'
        ' LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %L',
        kind || '_found', format(body, kind, condition, replace(words, '''', '''''')));
END $make$;

SELECT searchable('apartment', ARRAY['name', 'layout', 'view'], 'source_id IS NULL');
SELECT searchable('party', ARRAY['name', 'email', 'phone']);
SELECT searchable('booking', ARRAY['number']);
SELECT searchable('invoice', ARRAY['number', 'subject']);
SELECT searchable('payment_intent', ARRAY['number', 'reference']);

-- The list in the order of names, with what the policy looks at: the pages before a deep one are not
-- read.
CREATE INDEX search_apartment_name ON apartment (organization_id, name, id)
    INCLUDE (type, status, customer_id, source_id) WHERE source_id IS NULL;
