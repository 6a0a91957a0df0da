-- Credit notes: never more than was invoiced, whoever writes two at once; and credit that pays.

SELECT protect(kind)
FROM unnest(ARRAY['credit_note', 'credit_note_line', 'credit_use']::regclass[]) AS kind;
SELECT protect_party('credit_note', 'party_id');
SELECT protect_party('credit_use', 'party_id');
SELECT protect_through('credit_note_line', 'credit_note_id', 'credit_note');
SELECT portal_may(kind, NULL, NULL, NULL)
FROM unnest(ARRAY['credit_note', 'credit_note_line', 'credit_use']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['credit_note', 'credit_note_line', 'credit_use']::regclass[]) AS kind;
REVOKE UPDATE, DELETE ON credit_note, credit_note_line, credit_use FROM makao_app, makao_worker;
SELECT audited(kind, 'notice')
FROM unnest(ARRAY['credit_note', 'credit_note_line', 'credit_use']::regclass[]) AS kind;

CREATE FUNCTION credit_note_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked public.invoice;
BEGIN
    SELECT * INTO asked FROM public.invoice AS i
    WHERE i.organization_id = NEW.organization_id AND i.id = NEW.invoice_id FOR UPDATE;
    IF asked.status NOT IN ('issued', 'partly_paid', 'paid')
       OR (asked.party_id, asked.currency) <> (NEW.party_id, NEW.currency) THEN
        RAISE EXCEPTION 'not of this invoice' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'credit_note_fits';
    END IF;
    IF EXISTS (SELECT FROM public.booking_invoice AS b
        WHERE b.organization_id = NEW.organization_id AND b.invoice_id = NEW.invoice_id) THEN
        RAISE EXCEPTION 'an instalment of a booking' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'credit_note_of_booking';
    END IF;
    NEW.total := 0;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON credit_note FOR EACH ROW EXECUTE FUNCTION credit_note_fits();

-- The invoice's line is locked, so that two notes see each other.
CREATE FUNCTION credit_note_line_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    asked public.invoice_line;
BEGIN
    SELECT l.* INTO asked FROM public.invoice_line AS l
    JOIN public.credit_note AS n ON n.organization_id = l.organization_id AND n.invoice_id = l.invoice_id
    WHERE l.organization_id = NEW.organization_id AND l.id = NEW.invoice_line_id
      AND n.id = NEW.credit_note_id FOR UPDATE OF l;
    IF asked.id IS NULL OR EXISTS (SELECT FROM public.credit_note_line AS c
        WHERE c.organization_id = NEW.organization_id AND c.invoice_line_id = NEW.invoice_line_id
        HAVING coalesce(sum(c.net_amount), 0) + NEW.net_amount > asked.net_amount
            OR coalesce(sum(c.tax_amount), 0) + NEW.tax_amount > asked.tax_amount) THEN
        RAISE EXCEPTION 'more than was invoiced' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'credit_note_within_invoice';
    END IF;
    UPDATE public.credit_note SET total = total + NEW.net_amount + NEW.tax_amount
    WHERE organization_id = NEW.organization_id AND id = NEW.credit_note_id;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT ON credit_note_line
    FOR EACH ROW EXECUTE FUNCTION credit_note_line_fits();

-- Nobody writes off alone what the rule puts to others, but for what a booking that ended leaves.
CREATE OR REPLACE FUNCTION begin_rules(home uuid) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    INSERT INTO public.approval_rule (id, organization_id, governs, roles, separate, custom)
    SELECT public.uuid_now(), home, governs, roles, separate, '{}'
    FROM (VALUES ('booking.approve', '{Admin,Manager}'::varchar[], false),
                 ('ledger_period.reopen', '{Admin,Accountant}'::varchar[], true),
                 ('invoice.write_off', '{Admin,Accountant}'::varchar[], false))
        AS rule(governs, roles, separate)
    WHERE NOT EXISTS (SELECT FROM public.approval_rule AS r
        WHERE r.organization_id = home AND r.governs = rule.governs);
END;
SELECT begin_rules(id) FROM organization;
GRANT EXECUTE ON FUNCTION rules_version(uuid, text) TO makao_app, makao_worker;
CREATE FUNCTION invoice_is_given_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.is_approved(NEW.organization_id, 'invoice.write_off', NEW.id,
            NEW.total - NEW.paid_amount)
       AND NOT EXISTS (SELECT FROM public.booking_invoice AS l JOIN public.booking AS b
           ON b.organization_id = l.organization_id AND b.id = l.booking_id
           WHERE l.organization_id = NEW.organization_id AND l.invoice_id = NEW.id
             AND b.status IN ('cancelled', 'rejected', 'expired')) THEN
        RAISE EXCEPTION 'nobody agreed to write invoice % off', NEW.id
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER is_given_up AFTER UPDATE OF status ON invoice FOR EACH ROW
    WHEN (OLD.status <> 'written_off' AND NEW.status = 'written_off')
    EXECUTE FUNCTION invoice_is_given_up();

-- Whoever the rule names may agree to it, whatever else they may do: the entry follows the invoice.
CREATE OR REPLACE FUNCTION follows_invoice(home uuid, new_key text, kind text, source uuid, codes text[],
    parties uuid[], amounts numeric[], units uuid[]) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT kind = 'invoice' AND i.id IS NOT NULL
        AND new_key = 'invoice:' || i.id || ':' || i.status
        AND NOT EXISTS (SELECT FROM unnest(codes, parties, amounts, units)
                AS leg(code, party, amount, unit)
            WHERE leg.unit IS DISTINCT FROM i.unit_id OR leg.party IS DISTINCT FROM i.party_id
                  AND (leg.party IS NOT NULL OR leg.code = '1200' OR i.party_id = public.acting_party())
               OR (leg.code = '1200') IS DISTINCT FROM ((leg.amount > 0) = (i.status = 'issued')))
        AND (SELECT sum(amount) FROM unnest(amounts) AS amount WHERE amount > 0)
            = i.total - i.paid_amount
    FROM (VALUES (1)) AS one
    LEFT JOIN public.invoice AS i ON i.organization_id = home AND i.id = source
        AND (i.party_id = public.acting_party() OR public.acting_as('{Manager,Sales}')
             OR i.status = 'written_off' AND public.acting_for_all());
END;
DROP FUNCTION staff_insert_invoice(), staff_update_invoice(), staff_delete_invoice() CASCADE;
SELECT staff_may('invoice', '{Admin,Accountant}',
    $$ acting_as('{Manager,Sales}') AND n.status = 'draft' AND n.paid_amount = 0 $$,
    $$ n.status = 'written_off' AND o.status IN ('issued', 'partly_paid')
           AND kept(to_jsonb(o), to_jsonb(n), '{status,reason,closed_at,due_amount,updated_at}')
           AND is_approved(n.organization_id, 'invoice.write_off', n.id, n.total - n.paid_amount)
       OR acting_as('{Manager,Sales}') AND n.paid_amount = o.paid_amount
       AND (n.status = o.status OR n.status NOT IN ('paid', 'partly_paid')) $$,
    $$ acting_as('{Manager,Sales}') $$);

-- Papers are made once and stay as they were made, whoever asks.
CREATE FUNCTION paper_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'papers stay as they were made' USING ERRCODE = 'restrict_violation',
        CONSTRAINT = 'paper_stays';
END $$;
CREATE TRIGGER paper_stays BEFORE UPDATE OR DELETE ON document FOR EACH ROW
    WHEN (OLD.use IN ('contract', 'receipt', 'invoice', 'credit_note')) EXECUTE FUNCTION paper_stays();
DROP FUNCTION portal_insert_document(), portal_update_document(), portal_delete_document() CASCADE;
SELECT portal_may('document',
    $$ n.use IN ('contract', 'receipt', 'invoice', 'credit_note') $$, NULL, NULL);
