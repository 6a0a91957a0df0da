-- What jobs ask before they have chosen an organization, and what comes in before anybody is known.

-- The organizations in which there is something to do at `instant`; each look is one probe of an index.
CREATE FUNCTION organizations_due(kind text, instant timestamptz) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    condition text := CASE kind
        WHEN 'events' THEN 'event AS r WHERE r.organization_id = o.id AND r.relayed_at IS NULL'
        WHEN 'deliveries' THEN 'delivery AS r WHERE r.organization_id = o.id'
            ' AND r.done_at IS NULL AND r.parked_at IS NULL AND r.due_at <= $1'
        WHEN 'payments' THEN 'payment_intent AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
        WHEN 'refunds' THEN 'refund AS r WHERE r.organization_id = o.id AND r.check_at <= $1'
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

-- Keep a provider's message, whose signature the caller has proved, and let a worker ask how that
-- payment stands. It says nothing by itself: a forged one could only make us ask.
-- Returns the organization; nothing for a payment that we do not know.
CREATE FUNCTION take_notice(kind text, message text, intent uuid, said text, content jsonb,
    instant timestamptz) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    home uuid;
    over boolean;
BEGIN
    SELECT organization_id, status IN ('succeeded', 'partly_refunded', 'refunded') INTO home, over
    FROM public.payment_intent WHERE id = intent AND provider = kind;
    IF home IS NULL THEN
        RETURN NULL;
    END IF;
    INSERT INTO public.provider_event (id, organization_id, provider, event_id, intent_id, type,
        body, received_at, handled_at)
    VALUES (gen_random_uuid(), home, kind, message, intent, said, content, instant,
        CASE WHEN over THEN instant END)
    ON CONFLICT (provider, event_id) DO NOTHING;
    IF FOUND AND NOT over THEN
        UPDATE public.payment_intent SET check_at = instant WHERE id = intent;
    END IF;
    RETURN home;
END $$;

-- What services/events.py calls the envelope of a fact, written where the rows are: the relay moves
-- thousands at a time. A test holds the two against each other.
CREATE FUNCTION event_envelope(fact event) RETURNS text LANGUAGE sql STABLE
RETURN json_build_object(
    'id', 'evt_' || fact.id,
    'type', fact.type,
    'version', fact.version,
    'timestamp', to_char(fact.happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS')
        || CASE WHEN date_trunc('second', fact.happened_at) = fact.happened_at THEN ''
           ELSE to_char(fact.happened_at AT TIME ZONE 'UTC', '.US') END || 'Z',
    'tenantId', fact.organization_id,
    'correlationId', fact.correlation_id,
    'causationId', 'evt_' || fact.causation_id,
    'actor', json_build_object('type', split_part(fact.actor, ':', 1),
        'id', substr(fact.actor, length(split_part(fact.actor, ':', 1)) + 2)),
    'data', fact.data,
    'metadata', json_build_object('source', 'makao', 'clientApp', fact.source,
        'subject', json_build_object('type', fact.subject_table, 'id', fact.subject_id),
        'sequence', fact.sequence))::text;
