-- The audit trail: what every statement changed, row by row, written by the database itself.

CREATE FUNCTION acting_name() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF session_user = 'makao_app' THEN
        RETURN coalesce('user:' || public.acting_profile(), 'visitor');
    END IF;
    RETURN coalesce(nullif(current_setting('makao.actor', true), ''), 'database:' || session_user);
END $$;

-- The digest of a row with all that it says; what is empty keeps its place. Without a search_path of
-- its own (names are bound when it is made), so that it can be written into the statements that use
-- it: over a hundred thousand rows that is seconds.
CREATE FUNCTION audit_digest(salt bytea, organization uuid, kind text, row_id uuid, action text,
    before jsonb, after jsonb, changed text[], actor text, request text, client text, severity text,
    at timestamptz) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE
RETURN sha256(salt || convert_to(concat_ws(E'\x1f', coalesce(organization::text, ''), kind,
    coalesce(row_id::text, ''), action, coalesce(before::text, ''), coalesce(after::text, ''),
    changed::text, actor, request, client, severity, extract(epoch FROM at)::text), 'UTF8'));

-- Give a table its part of the audit trail: a function made for its columns, which compares them
-- without going through JSON and writes only those that differ, and three triggers. Its plan is kept,
-- and may have been made for a single row: without a nested loop it serves 100,000 as well. An update
-- keeps the columns that changed, as they were and became; one that was or became empty is in
-- `changed` alone. `hidden` columns are never written down. A revision that adds columns to an
-- audited table calls this again.
CREATE FUNCTION audited(kind regclass, severity text DEFAULT 'info',
    home text DEFAULT 'organization_id', hidden text[] DEFAULT '{}') RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $make$
DECLARE
    changed text;
    before text;
    after text;
    action text;
    body text;
    place text := CASE WHEN home = '' THEN 'NULL::uuid' ELSE 'r.' || quote_ident(home) END;
BEGIN
    SELECT string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM n.%1$I THEN %1$L END', attname), ', '),
        string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM n.%1$I THEN %2$L || to_json(o.%1$I) END',
            attname, to_json(attname) || ':'), ', '),
        string_agg(format('CASE WHEN o.%1$I IS DISTINCT FROM n.%1$I THEN %2$L || to_json(n.%1$I) END',
            attname, to_json(attname) || ':'), ', ')
    INTO changed, before, after
    FROM (SELECT attname FROM pg_attribute WHERE attrelid = kind AND attnum > 0
          AND NOT attisdropped AND attname <> ALL (hidden) ORDER BY attnum) AS shown;
    -- What some changes of state are called by those who look for them.
    SELECT CASE
        WHEN 'status' = ANY (names) THEN $$CASE WHEN o.status IS DISTINCT FROM n.status
            THEN CASE n.status::text WHEN 'approved' THEN 'approve' WHEN 'rejected' THEN 'reject'
                WHEN 'suspended' THEN 'suspend' WHEN 'active' THEN 'activate' ELSE 'update' END
            ELSE 'update' END$$
        WHEN 'active' = ANY (names) THEN $$CASE WHEN o.active AND NOT n.active THEN 'suspend'
            WHEN n.active AND NOT o.active THEN 'activate' ELSE 'update' END$$
        ELSE $$'update'$$ END
    INTO action
    FROM (SELECT array_agg(attname::text) AS names FROM pg_attribute WHERE attrelid = kind
          AND attnum > 0 AND NOT attisdropped) AS columns;
    body := $body$
DECLARE
    who text := public.acting_name();
    request text := coalesce(current_setting('makao.request', true), '');
    caller text := coalesce(current_setting('makao.client', true), '');
    now timestamptz := clock_timestamp();
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO public.audit_entry (id, organization_id, table_name, row_id, action, after,
            actor, request_id, client, severity, at, salt, digest)
        SELECT public.uuid_now(), e.home, TG_TABLE_NAME, e.id, 'create', e.after, who, request,
            caller, %2$L, now, e.salt, public.audit_digest(e.salt, e.home, TG_TABLE_NAME, e.id,
                'create', NULL, e.after, '{}', who, request, caller, %2$L, now)
        FROM (SELECT %1$s AS home, r.id, to_jsonb(r) - %6$L::text[] AS after,
                  uuid_send(gen_random_uuid()) AS salt FROM new_rows AS r) AS e;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO public.audit_entry (id, organization_id, table_name, row_id, action, before,
            actor, request_id, client, severity, at, salt, digest)
        SELECT public.uuid_now(), e.home, TG_TABLE_NAME, e.id, 'delete', e.before, who, request,
            caller, %2$L, now, e.salt, public.audit_digest(e.salt, e.home, TG_TABLE_NAME, e.id,
                'delete', e.before, NULL, '{}', who, request, caller, %2$L, now)
        FROM (SELECT %1$s AS home, r.id, to_jsonb(r) - %6$L::text[] AS before,
                  uuid_send(gen_random_uuid()) AS salt FROM old_rows AS r) AS e;
    ELSE
        INSERT INTO public.audit_entry (id, organization_id, table_name, row_id, action, before,
            after, changed, actor, request_id, client, severity, at, salt, digest)
        SELECT public.uuid_now(), e.home, TG_TABLE_NAME, e.id, e.action, e.before, e.after,
            e.changed, who, request, caller, %2$L, now, e.salt, public.audit_digest(e.salt, e.home,
                TG_TABLE_NAME, e.id, e.action, e.before, e.after, e.changed, who, request, caller,
                %2$L, now)
        FROM (SELECT %1$s AS home, r.id, uuid_send(gen_random_uuid()) AS salt,
                  r.audit_action AS action, r.before, r.after, r.changed
              FROM (SELECT n.*, %7$s AS audit_action, array_remove(ARRAY[%3$s]::text[], NULL) AS changed,
                        ('{' || concat_ws(',', %4$s) || '}')::jsonb AS before,
                        ('{' || concat_ws(',', %5$s) || '}')::jsonb AS after
                    FROM old_rows AS o JOIN new_rows AS n USING (id)) AS r
              WHERE r.changed <> '{}') AS e;
    END IF;
    RETURN NULL;
END $body$;
    body := replace(replace(replace(replace(replace(replace(replace(body, '%1$s', place),
        '%2$L', quote_literal(severity)), '%3$s', changed), '%4$s', before), '%5$s', after),
        '%6$L', quote_literal(hidden::text)), '%7$s', action);
    EXECUTE format('CREATE OR REPLACE FUNCTION %I() RETURNS trigger LANGUAGE plpgsql'
        ' SECURITY DEFINER SET enable_nestloop = off SET search_path = pg_catalog, pg_temp AS %L',
        'audit_' || kind, body);
    EXECUTE format('CREATE OR REPLACE TRIGGER audit_insert AFTER INSERT ON %s'
        ' REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()',
        kind, 'audit_' || kind);
    EXECUTE format('CREATE OR REPLACE TRIGGER audit_update AFTER UPDATE ON %s'
        ' REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
        ' FOR EACH STATEMENT EXECUTE FUNCTION %I()', kind, 'audit_' || kind);
    EXECUTE format('CREATE OR REPLACE TRIGGER audit_delete AFTER DELETE ON %s'
        ' REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION %I()',
        kind, 'audit_' || kind);
END $make$;

CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
END $$;

-- A sealer may write the place in the chain once; nobody changes anything else.
CREATE FUNCTION sealed_once() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.seal_id IS NOT NULL OR NEW.seal_id IS NULL
       OR to_jsonb(OLD) - ARRAY['seal_id', 'position'] <> to_jsonb(NEW) - ARRAY['seal_id', 'position']
    THEN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'append_only';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION keep_for_ever(kind regclass) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER append_only BEFORE DELETE OR TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION append_only()', kind);
    EXECUTE format('CREATE TRIGGER sealed_once BEFORE UPDATE ON %s'
        ' FOR EACH ROW EXECUTE FUNCTION sealed_once()', kind);
END $$;

SELECT keep_for_ever('audit_entry');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
    FOR EACH STATEMENT EXECUTE FUNCTION append_only();

-- Append up to `most` unsealed rows of one chain to it; say how many. One sealer a chain at a time.
CREATE FUNCTION seal_rows(chain_name text, home uuid, kind regclass, condition text, most int)
RETURNS int LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last public.seal;
    new_id uuid := public.uuid_now();
    batch bytea;
    count int;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('seal:' || chain_name, 0));
    SELECT * INTO last FROM public.seal WHERE chain = chain_name ORDER BY number DESC LIMIT 1;
    EXECUTE format(
        'CREATE TEMP TABLE sealing ON COMMIT DROP AS SELECT id, digest,'
        ' row_number() OVER (ORDER BY id) + $1 AS position FROM'
        ' (SELECT id, digest FROM %s WHERE seal_id IS NULL AND %s ORDER BY id LIMIT $2) AS fresh',
        kind, condition)
    USING coalesce(last.last_position, 0), most, home;
    SELECT string_agg(digest, ''::bytea ORDER BY position), count(*) INTO batch, count FROM sealing;
    IF count > 0 THEN
        INSERT INTO public.seal (id, organization_id, chain, number, first_position, last_position,
            previous, digest, sealed_at)
        VALUES (new_id, home, chain_name, coalesce(last.number, 0) + 1,
            coalesce(last.last_position, 0) + 1, coalesce(last.last_position, 0) + count,
            coalesce(last.digest, ''::bytea), sha256(coalesce(last.digest, ''::bytea) || batch),
            clock_timestamp());
        EXECUTE format('UPDATE %s AS target SET seal_id = $1, position = sealing.position'
            ' FROM sealing WHERE target.id = sealing.id', kind) USING new_id;
    END IF;
    DROP TABLE sealing;
    RETURN count;
END $$;

CREATE FUNCTION seal_audit(home uuid, most int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT public.seal_rows('audit:' || coalesce(home::text, 'platform'), home,
        'public.audit_entry', 'organization_id IS NOT DISTINCT FROM $3', most);
END;

CREATE FUNCTION seal_ledger(home uuid, book uuid, most int) RETURNS int
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT public.seal_rows('ledger:' || book, home, 'public.journal_entry',
        format('organization_id = $3 AND book_id = %L', book), most);
END;
