-- Invoices: what is issued stays as it is, and totals are the sum of their lines.

CREATE FUNCTION invoice_lines_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.invoice SET total = sums.total
    FROM (SELECT c.organization_id, c.invoice_id, coalesce(sum(l.amount), 0) AS total
          FROM (SELECT DISTINCT organization_id, invoice_id FROM changed) AS c
          LEFT JOIN public.invoice_line AS l
            ON l.organization_id = c.organization_id AND l.invoice_id = c.invoice_id
          GROUP BY c.organization_id, c.invoice_id) AS sums
    WHERE invoice.organization_id = sums.organization_id AND invoice.id = sums.invoice_id
      AND invoice.total IS DISTINCT FROM sums.total;
    RETURN NULL;
END $$;
CREATE TRIGGER count_insert AFTER INSERT ON invoice_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_lines_count();
CREATE TRIGGER count_update AFTER UPDATE ON invoice_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_lines_count();
CREATE TRIGGER count_delete AFTER DELETE ON invoice_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_lines_count();

CREATE FUNCTION invoice_line_frozen() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM changed JOIN public.invoice ON invoice.organization_id =
        changed.organization_id AND invoice.id = changed.invoice_id WHERE status <> 'draft') THEN
        RAISE EXCEPTION 'the invoice is issued' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'invoice_frozen';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_frozen_insert AFTER INSERT ON invoice_line REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_line_frozen();
CREATE TRIGGER a_frozen_update AFTER UPDATE ON invoice_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_line_frozen();
CREATE TRIGGER a_frozen_delete AFTER DELETE ON invoice_line REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION invoice_line_frozen();
CREATE FUNCTION invoice_line_stays_on() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'a line stays on its invoice' USING ERRCODE = 'check_violation',
        CONSTRAINT = 'invoice_frozen';
END $$;
CREATE TRIGGER stays_on BEFORE UPDATE ON invoice_line FOR EACH ROW
    WHEN (OLD.invoice_id <> NEW.invoice_id) EXECUTE FUNCTION invoice_line_stays_on();

CREATE FUNCTION invoice_frozen() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (NEW.number, NEW.party_id, NEW.currency, NEW.total, NEW.issued_at,
        NEW.subject, NEW.due_on) IS DISTINCT FROM (OLD.number, OLD.party_id, OLD.currency,
        OLD.total, OLD.issued_at, OLD.subject, OLD.due_on) THEN
        RAISE EXCEPTION 'the invoice is issued' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'invoice_frozen';
    END IF;
    IF OLD.status IN ('void', 'rejected', 'written_off') AND NEW.status <> OLD.status THEN
        RAISE EXCEPTION 'the invoice is closed' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'invoice_closed';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER frozen BEFORE UPDATE ON invoice FOR EACH ROW
    WHEN (OLD.status <> 'draft') EXECUTE FUNCTION invoice_frozen();

CREATE FUNCTION invoice_stays() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status <> 'draft' THEN
        RAISE EXCEPTION 'the invoice is issued' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'invoice_frozen';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER stays BEFORE DELETE ON invoice FOR EACH ROW EXECUTE FUNCTION invoice_stays();

-- The next number of a series, or the last of the next `many`. The row stays locked until the
-- transaction ends: without gaps.
CREATE FUNCTION next_number(home uuid, name text, many int DEFAULT 1) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    given int;
BEGIN
    IF home IS DISTINCT FROM public.acting_organization() THEN
        RAISE EXCEPTION 'not your organization' USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.counter AS c (id, organization_id, series, last)
    VALUES (public.uuid_now(), home, name, greatest(many, 0))
    ON CONFLICT (organization_id, series) DO UPDATE SET last = c.last + greatest(many, 0)
    RETURNING last INTO given;
    RETURN given;
END $$;

-- A price reaches all open bookings and drafts at once. With room on their pages a row stays on its
-- own, and none of its indexes is written.
ALTER TABLE invoice SET (fillfactor = 50);
ALTER TABLE booking SET (fillfactor = 50);
ALTER TABLE invoice_line SET (fillfactor = 65);
