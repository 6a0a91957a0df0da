-- What lost disputes took back of which invoice: written by jobs with the dispute, and never changed.
SELECT protect('payment_dispute_part');
SELECT protect_through('payment_dispute_part', 'dispute_id', 'payment_dispute');
SELECT portal_may('payment_dispute_part', NULL, NULL, NULL);
SELECT staff_may('payment_dispute_part', '{}', NULL, NULL, NULL);
REVOKE UPDATE, DELETE ON payment_dispute_part FROM makao_app, makao_worker;
SELECT audited('payment_dispute_part', 'warning');

-- Together they are at most what their payment had paid of the invoice, whoever loses two at once.
CREATE FUNCTION dispute_part_fits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    paid numeric;
BEGIN
    SELECT a.amount INTO paid FROM public.payment_dispute AS d
    JOIN public.payment_allocation AS a
      ON a.organization_id = d.organization_id AND a.intent_id = d.intent_id
    WHERE d.organization_id = NEW.organization_id AND d.id = NEW.dispute_id AND d.status = 'lost'
      AND a.invoice_id = NEW.invoice_id FOR UPDATE OF a;
    IF coalesce((SELECT sum(t.amount) FROM public.payment_dispute_part AS t
            JOIN public.payment_dispute AS other
              ON other.organization_id = t.organization_id AND other.id = t.dispute_id
            JOIN public.payment_dispute AS mine
              ON mine.organization_id = other.organization_id AND mine.intent_id = other.intent_id
            WHERE mine.organization_id = NEW.organization_id AND mine.id = NEW.dispute_id
              AND t.invoice_id = NEW.invoice_id), 0) > coalesce(paid, 0) THEN
        RAISE EXCEPTION 'more than was paid' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'dispute_part_fits';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER fits AFTER INSERT ON payment_dispute_part
    FOR EACH ROW EXECUTE FUNCTION dispute_part_fits();
