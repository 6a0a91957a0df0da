-- How many rows an organization has in the tables whose lists grow long: kept, as counting 100,000 of
-- them takes longer than all the rest of a page. Each statement adds what it changed in a row of its
-- own, so that nobody waits for anybody, and whoever reads sees the sum of what they may see.

-- Count a table from here on, and what it holds now; `condition` says which of its rows. May be called
-- again: it then counts anew.
CREATE FUNCTION counted(kind regclass, condition text DEFAULT 'true') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $make$
DECLARE
    body text := $body$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.row_count (id, organization_id, table_name, rows)
        SELECT public.uuid_now(), organization_id, TG_TABLE_NAME, count(*)
        FROM new_rows WHERE %1$s GROUP BY organization_id;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.row_count (id, organization_id, table_name, rows)
        SELECT public.uuid_now(), organization_id, TG_TABLE_NAME, -count(*)
        FROM old_rows WHERE %1$s GROUP BY organization_id;
    ELSE
        INSERT INTO public.row_count (id, organization_id, table_name, rows)
        SELECT public.uuid_now(), organization_id, TG_TABLE_NAME, sum(n)
        FROM (SELECT organization_id, 1 FROM new_rows WHERE %1$s
              UNION ALL SELECT organization_id, -1 FROM old_rows WHERE %1$s) AS changed(organization_id, n)
        GROUP BY organization_id HAVING sum(n) <> 0;
    END IF;
    RETURN NULL;
END $body$;
BEGIN
    EXECUTE format('CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER'
        ' SET search_path = pg_catalog, pg_temp AS %L', 'count_' || kind, format(body, condition));
    EXECUTE format('CREATE OR REPLACE TRIGGER count_insert AFTER INSERT ON %s'
        ' REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()',
        kind, 'count_' || kind);
    EXECUTE format('CREATE OR REPLACE TRIGGER count_delete AFTER DELETE ON %s'
        ' REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()',
        kind, 'count_' || kind);
    IF condition <> 'true' THEN
        EXECUTE format('CREATE OR REPLACE TRIGGER count_update AFTER UPDATE ON %s'
            ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
            ' FOR EACH STATEMENT EXECUTE FUNCTION %I()', kind, 'count_' || kind);
    END IF;
    EXECUTE format('LOCK TABLE %s IN SHARE MODE', kind);
    DELETE FROM row_count WHERE table_name = kind::text;
    EXECUTE format('INSERT INTO row_count (id, organization_id, table_name, rows)'
        ' SELECT uuid_now(), organization_id, %L, count(*) FROM %s WHERE %s GROUP BY organization_id',
        kind, kind, condition);
END $make$;

SELECT counted(kind) FROM unnest(ARRAY['party', 'booking', 'invoice', 'payment_intent']::regclass[])
    AS kind;
SELECT counted('apartment', 'source_id IS NULL');

-- Put many small changes together into one row. Two at once do no harm: the second takes what the
-- first has left.
CREATE FUNCTION fold_row_counts() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    WITH crowded AS (
        SELECT organization_id, table_name FROM public.row_count
        GROUP BY organization_id, table_name HAVING count(*) > 20
    ), taken AS (
        DELETE FROM public.row_count AS k USING crowded AS c
        WHERE k.organization_id = c.organization_id AND k.table_name = c.table_name
        RETURNING k.organization_id, k.table_name, k.rows
    )
    INSERT INTO public.row_count (id, organization_id, table_name, rows)
    SELECT public.uuid_now(), organization_id, table_name, sum(rows) FROM taken
    GROUP BY organization_id, table_name;
END;
