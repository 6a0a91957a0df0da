-- Facts that nobody has published yet. A fact itself is never written again: to mark it cost more than
-- all the rest of publishing it, as each of its indexes had to take it up once more.

SELECT protect('outbox');
CREATE POLICY staff ON outbox AS RESTRICTIVE FOR SELECT TO makao_app
    USING ((SELECT acting_for_all()));
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON outbox FROM makao_app, makao_worker;
GRANT DELETE ON outbox TO makao_worker;
REVOKE UPDATE ON event FROM makao_worker;

CREATE FUNCTION event_waits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.outbox (organization_id, id) SELECT organization_id, id FROM added;
    RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION event_waits() FROM PUBLIC;
CREATE TRIGGER waits AFTER INSERT ON event REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION event_waits();

-- What services/events.py calls the envelope of a fact. Put together as text: to build JSON objects
-- takes twice as long, and the relay writes thousands at a time.
CREATE OR REPLACE FUNCTION event_envelope(fact event) RETURNS text LANGUAGE sql STABLE
RETURN '{"id": "evt_' || fact.id || '", "type": ' || to_json(fact.type)
    || ', "version": ' || to_json(fact.version)
    || ', "timestamp": "' || replace(to_char(fact.happened_at AT TIME ZONE 'UTC',
        'YYYY-MM-DD"T"HH24:MI:SS.US'), '.000000', '') || 'Z", "tenantId": "' || fact.organization_id
    || '", "correlationId": "' || fact.correlation_id
    || '", "causationId": ' || coalesce('"evt_' || fact.causation_id || '"', 'null')
    || ', "actor": {"type": ' || to_json(split_part(fact.actor, ':', 1))
    || ', "id": ' || to_json(substr(fact.actor, length(split_part(fact.actor, ':', 1)) + 2))
    || '}, "data": ' || fact.data
    || ', "metadata": {"source": "makao", "clientApp": ' || to_json(fact.source)
    || ', "subject": {"type": ' || to_json(fact.subject_table) || ', "id": "' || fact.subject_id
    || '"}, "sequence": ' || fact.sequence || '}}';

-- The organizations in which there is something to do at `instant`; each look is one probe of an index.
CREATE OR REPLACE FUNCTION organizations_due(kind text, instant timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    condition text := CASE kind
        WHEN 'events' THEN 'outbox AS r WHERE r.organization_id = o.id'
        WHEN 'deliveries' THEN 'delivery AS r WHERE r.organization_id = o.id'
            ' AND r.done_at IS NULL AND r.parked_at IS NULL AND r.due_at <= $1'
        WHEN 'payments' THEN 'payment_intent AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
        WHEN 'refunds' THEN 'refund AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
        WHEN 'disputes' THEN 'provider_event AS r WHERE r.organization_id = o.id'
            ' AND r.handled_at IS NULL AND r.topic = ''dispute'' AND r.received_at <= $1'
        WHEN 'sagas' THEN 'saga AS r WHERE r.organization_id = o.id AND r.finished_at IS NULL'
            ' AND r.status <> ''parked'' AND r.due_at <= $1'
        WHEN 'dispatches' THEN 'dispatch AS r WHERE r.organization_id = o.id'
            ' AND r.sent_at IS NULL AND r.failed_at IS NULL AND r.due_at <= $1'
        WHEN 'holds' THEN 'booking AS r WHERE r.organization_id = o.id AND r.status = ''pending'''
            ' AND r.hold_until <= $1'
        WHEN 'imports' THEN 'import_run AS r WHERE r.organization_id = o.id'
            ' AND r.status = ''running'''
    END;
BEGIN
    IF condition IS NULL THEN
        RAISE EXCEPTION 'no such work: %', kind;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT o.id FROM public.organization AS o WHERE EXISTS (SELECT FROM public.' || condition
        || ') ORDER BY o.id' USING instant;
END $$;

-- How everything goes, in numbers: nothing here is a row of anybody's business.
CREATE OR REPLACE FUNCTION platform_health()
RETURNS TABLE (name text, parked bigint, waiting bigint, oldest timestamptz, unsent bigint,
    sealed_at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.platform_only();
    RETURN QUERY
    SELECT o.name::text,
        (SELECT count(*) FROM public.delivery AS d WHERE d.organization_id = o.id
            AND d.parked_at IS NOT NULL AND d.done_at IS NULL),
        (SELECT count(*) FROM public.saga AS s WHERE s.organization_id = o.id AND s.finished_at IS NULL
            AND s.status = 'parked'),
        (SELECT min(e.happened_at) FROM public.outbox AS w
            JOIN public.event AS e ON e.id = w.id WHERE w.organization_id = o.id),
        (SELECT count(*) FROM public.dispatch AS d WHERE d.organization_id = o.id
            AND d.failed_at > now() - interval '7 days'),
        (SELECT s.sealed_at FROM public.seal AS s WHERE s.chain = 'audit:' || o.id
            ORDER BY s.number DESC LIMIT 1)
    FROM public.organization AS o WHERE o.suspended_at IS NULL ORDER BY lower(o.name), o.id;
END $$;
