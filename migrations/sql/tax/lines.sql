-- Lines of invoices with discount and tax: rounded half up in the decimals of the currency, so that the
-- total is what the customer reckons. What was there before is whole, and stays as it is.

ALTER TABLE invoice_line
    ADD COLUMN places int NOT NULL DEFAULT 4,
    ADD COLUMN discount numeric(19, 4) NOT NULL DEFAULT 0,
    ADD COLUMN tax_id uuid,
    ADD COLUMN tax_percent numeric(7, 4),
    ADD COLUMN tax_included boolean NOT NULL DEFAULT false,
    ADD COLUMN tax_amount numeric(19, 4) NOT NULL DEFAULT 0,
    DROP COLUMN amount;
ALTER TABLE invoice_line
    ADD COLUMN amount numeric(19, 4) GENERATED ALWAYS AS (round(quantity * unit_price, places)) STORED,
    ADD COLUMN net_amount numeric(19, 4) GENERATED ALWAYS AS (round(quantity * unit_price, places)
        - discount - CASE WHEN tax_included THEN tax_amount ELSE 0 END) STORED,
    ADD COLUMN gross_amount numeric(19, 4) GENERATED ALWAYS AS (round(quantity * unit_price, places)
        - discount + CASE WHEN tax_included THEN 0 ELSE tax_amount END) STORED,
    ADD CONSTRAINT uq_invoice_line_organization_id_id UNIQUE (organization_id, id),
    ADD CONSTRAINT fk_invoice_line_organization_id_tax_id FOREIGN KEY (organization_id, tax_id)
        REFERENCES tax (organization_id, id),
    ADD CONSTRAINT ck_invoice_line_places CHECK (places BETWEEN 0 AND 4),
    ADD CONSTRAINT ck_invoice_line_discount_within CHECK (
        discount = 0 OR discount > 0 AND discount <= round(quantity * unit_price, places)),
    ADD CONSTRAINT ck_invoice_line_tax_has_percent CHECK ((tax_id IS NULL) = (tax_percent IS NULL)),
    ADD CONSTRAINT ck_invoice_line_tax_is_its_percent CHECK (tax_amount = CASE WHEN tax_id IS NULL THEN 0
        ELSE round((round(quantity * unit_price, places) - discount) * tax_percent
            / CASE WHEN tax_included THEN 100 + tax_percent ELSE 100 END, places) END);
SELECT audited('invoice_line', 'notice');

CREATE OR REPLACE FUNCTION invoice_lines_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.invoice SET total = sums.total
    FROM (SELECT c.organization_id, c.invoice_id, coalesce(sum(l.gross_amount), 0) AS total
          FROM (SELECT DISTINCT organization_id, invoice_id FROM changed) AS c
          LEFT JOIN public.invoice_line AS l
            ON l.organization_id = c.organization_id AND l.invoice_id = c.invoice_id
          GROUP BY c.organization_id, c.invoice_id) AS sums
    WHERE invoice.organization_id = sums.organization_id AND invoice.id = sums.invoice_id
      AND invoice.total IS DISTINCT FROM sums.total;
    RETURN NULL;
END $$;

SELECT protect(kind) FROM unnest(ARRAY['tax', 'tax_rate', 'paper_style']::regclass[]) AS kind;
SELECT staff_write(kind) FROM unnest(ARRAY['tax', 'tax_rate', 'paper_style']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['tax', 'tax_rate', 'paper_style']::regclass[]) AS kind;
SELECT audited(kind, 'notice')
FROM unnest(ARRAY['tax', 'tax_rate', 'paper_style']::regclass[]) AS kind;
REVOKE DELETE ON tax FROM makao_app, makao_worker;

-- A rate that was charged stays as it was: invoices tell of it.
CREATE FUNCTION tax_rate_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.invoice_line AS l
        JOIN public.invoice AS i ON i.organization_id = l.organization_id AND i.id = l.invoice_id
        JOIN public.organization AS home ON home.id = i.organization_id
        WHERE l.organization_id = OLD.organization_id AND l.tax_id = OLD.tax_id
          AND l.tax_percent = OLD.percent
          AND (i.issued_at AT TIME ZONE home.time_zone)::date >= OLD.begins_on) THEN
        RAISE EXCEPTION 'the rate was charged' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'tax_rate_stays';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER stays BEFORE UPDATE OR DELETE ON tax_rate
    FOR EACH ROW EXECUTE FUNCTION tax_rate_stays();
CREATE INDEX ix_invoice_line_tax ON invoice_line (organization_id, tax_id) WHERE tax_id IS NOT NULL;
