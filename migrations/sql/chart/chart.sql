-- The chart of accounts of each book: which accounts there are, and what they begin with.

SELECT protect(kind)
FROM unnest(ARRAY['ledger_account', 'ledger_hold', 'ledger_period']::regclass[]) AS kind;
SELECT staff_write('ledger_account');
SELECT staff_write('ledger_period', 'false');
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['ledger_account', 'ledger_period']::regclass[]) AS kind;
REVOKE DELETE ON ledger_period, ledger_hold, book FROM makao_app, makao_worker;
SELECT audited('book', 'warning');
SELECT audited('ledger_account', 'notice');
SELECT audited('ledger_period', 'warning');
SELECT audited('ledger_hold', 'notice');

-- What the recipes name keeps its code and type; an account stands under one of its own book and type
-- that nothing is posted to, and never under itself.
CREATE FUNCTION ledger_account_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    above public.ledger_account;
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.system THEN
            RAISE EXCEPTION 'account % stays', OLD.code USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'system_account_stays';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'UPDATE' AND ((NEW.book_id, NEW.system) <> (OLD.book_id, OLD.system)
        OR OLD.system AND (NEW.code, NEW.type) <> (OLD.code, OLD.type)) THEN
        RAISE EXCEPTION 'account % stays', OLD.code USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'system_account_stays';
    END IF;
    IF NEW.currency IS NOT NULL AND EXISTS (SELECT FROM public.account AS a
        WHERE a.organization_id = NEW.organization_id AND a.book_id = NEW.book_id
          AND a.code = NEW.code AND a.currency <> NEW.currency) THEN
        RAISE EXCEPTION 'account % is kept in another currency', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_currency';
    END IF;
    IF NEW.parent_id IS NOT NULL THEN
        SELECT * INTO above FROM public.ledger_account
        WHERE organization_id = NEW.organization_id AND id = NEW.parent_id;
        IF (above.book_id, above.type) IS DISTINCT FROM (NEW.book_id, NEW.type)
           OR EXISTS (SELECT FROM public.account AS a WHERE a.organization_id = NEW.organization_id
               AND a.book_id = above.book_id AND a.code = above.code)
           OR EXISTS (WITH RECURSIVE up AS (
                  SELECT above.id AS id, above.parent_id AS parent_id
                  UNION SELECT l.id, l.parent_id FROM public.ledger_account AS l
                  JOIN up ON l.id = up.parent_id)
               SELECT FROM up WHERE up.id = NEW.id) THEN
            RAISE EXCEPTION 'account % cannot stand there', NEW.code
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_account_parent';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits BEFORE INSERT OR UPDATE OR DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_fits();

-- An account is opened under one of the chart that is no heading, is active and takes its currency.
CREATE FUNCTION account_opens() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    line public.ledger_account;
BEGIN
    SELECT * INTO line FROM public.ledger_account AS l
    WHERE l.organization_id = NEW.organization_id AND l.book_id = NEW.book_id AND l.code = NEW.code
    FOR KEY SHARE;
    IF line.id IS NULL OR NOT line.active OR coalesce(line.currency, NEW.currency) <> NEW.currency
       OR EXISTS (SELECT FROM public.ledger_account AS l
           WHERE l.organization_id = NEW.organization_id AND l.parent_id = line.id) THEN
        RAISE EXCEPTION 'nothing is posted to account %', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'account_in_chart';
    END IF;
    NEW.type := line.type;
    RETURN NEW;
END $$;
CREATE TRIGGER opens BEFORE INSERT ON account FOR EACH ROW EXECUTE FUNCTION account_opens();

-- What a new book begins with; a test holds it against models/chart.py, which has the names for
-- translation. A book of money held for others (`in_trust`) has no income of its own.
CREATE FUNCTION standard_chart()
RETURNS TABLE (code text, name text, type text, parent text, system boolean, in_trust boolean)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    VALUES
    ('10', 'Cash and bank', 'asset', '', false, true),
    ('1000', 'Cash', 'asset', '10', true, true),
    ('1010', 'Bank', 'asset', '10', true, true),
    ('1020', 'Card clearing', 'asset', '10', true, true),
    ('1030', 'Mobile money', 'asset', '10', true, true),
    ('1040', 'Cheques in hand', 'asset', '10', true, true),
    ('12', 'Receivables', 'asset', '', false, true),
    ('1200', 'Accounts receivable', 'asset', '12', true, true),
    ('1210', 'Due from owners', 'asset', '12', true, false),
    ('1220', 'Disputed payments', 'asset', '12', true, false),
    ('1300', 'Prepaid expenses', 'asset', '12', false, false),
    ('15', 'Fixed assets', 'asset', '', false, false),
    ('1500', 'Furniture and equipment', 'asset', '15', false, false),
    ('1590', 'Accumulated depreciation', 'asset', '15', false, false),
    ('20', 'Payables', 'liability', '', false, true),
    ('2000', 'Accounts payable', 'liability', '20', true, false),
    ('2010', 'Tax payable', 'liability', '20', true, false),
    ('2050', 'Due to owners', 'liability', '20', true, true),
    ('2090', 'Accrued expenses', 'liability', '20', false, false),
    ('21', 'Customers', 'liability', '', false, true),
    ('2100', 'Contract liabilities', 'liability', '21', true, false),
    ('2200', 'Refunds payable', 'liability', '21', true, true),
    ('2300', 'Customer credit', 'liability', '21', true, true),
    ('24', 'Held for others', 'liability', '', false, true),
    ('2400', 'Deposits held', 'liability', '24', true, true),
    ('2500', 'Wallet balances', 'liability', '24', true, false),
    ('30', 'Equity', 'equity', '', false, true),
    ('3000', 'Capital', 'equity', '30', false, false),
    ('3100', 'Retained earnings', 'equity', '30', true, false),
    ('3900', 'Opening balances', 'equity', '30', true, true),
    ('40', 'Sales', 'income', '', false, false),
    ('4000', 'Apartment sales', 'income', '40', true, false),
    ('4100', 'Forfeited deposits', 'income', '40', true, false),
    ('42', 'Property income', 'income', '', false, false),
    ('4200', 'Rental income', 'income', '42', true, false),
    ('4300', 'Estate dues', 'income', '42', true, false),
    ('4400', 'Utilities charged on', 'income', '42', true, false),
    ('4500', 'Late fees', 'income', '42', true, false),
    ('4600', 'Management fees', 'income', '42', false, false),
    ('4800', 'Discounts allowed', 'income', '42', true, false),
    ('4900', 'Other income', 'income', '42', false, false),
    ('50', 'Running the properties', 'expense', '', false, false),
    ('5000', 'Repairs and maintenance', 'expense', '50', false, false),
    ('5100', 'Utilities', 'expense', '50', false, false),
    ('5200', 'Security', 'expense', '50', false, false),
    ('5300', 'Cleaning and gardens', 'expense', '50', false, false),
    ('5400', 'Salaries', 'expense', '50', false, false),
    ('5500', 'Insurance', 'expense', '50', false, false),
    ('58', 'Cost of money', 'expense', '', false, true),
    ('5800', 'Payment fees', 'expense', '58', true, false),
    ('5810', 'Chargebacks', 'expense', '58', true, false),
    ('5820', 'Bank charges', 'expense', '58', true, true),
    ('5900', 'Write-offs', 'expense', '58', true, false);
END;

CREATE FUNCTION begin_chart(home uuid, in_book uuid, kind text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    INSERT INTO public.ledger_account
        (id, organization_id, book_id, code, name, type, system, custom, created_at)
    SELECT public.uuid_now(), home, in_book, s.code, s.name, s.type, s.system, '{}', now()
    FROM public.standard_chart() AS s WHERE kind <> 'trust' OR s.in_trust;
    UPDATE public.ledger_account AS l SET parent_id = above.id
    FROM public.standard_chart() AS s
    JOIN public.ledger_account AS above ON above.organization_id = home AND above.book_id = in_book
     AND above.code = s.parent
    WHERE l.organization_id = home AND l.book_id = in_book AND l.code = s.code;
END $$;
CREATE FUNCTION book_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.begin_chart(NEW.organization_id, NEW.id, NEW.kind);
    RETURN NULL;
END $$;
CREATE TRIGGER begins AFTER INSERT ON book FOR EACH ROW EXECUTE FUNCTION book_begins();

-- The organizations that are there: a chart for the books they have, and a book in trust.
SELECT begin_chart(organization_id, id, kind) FROM book;
INSERT INTO book (id, organization_id, name, kind, custom)
SELECT uuid_now(), id, 'trust', 'trust', '{}' FROM organization;
CREATE OR REPLACE FUNCTION organization_begins() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM public.begin_rules(NEW.id);
    INSERT INTO public.book (id, organization_id, name, kind, custom)
    VALUES (public.uuid_now(), NEW.id, 'trust', 'trust', '{}');
    RETURN NULL;
END $$;
