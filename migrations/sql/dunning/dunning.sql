-- Reminders of what is due, and fees on what is late.

SELECT protect(kind) FROM unnest(ARRAY['reminder_step', 'invoice_reminder', 'late_fee_rule',
    'late_fee']::regclass[]) AS kind;
SELECT staff_write(kind, 'false')
FROM unnest(ARRAY['reminder_step', 'late_fee_rule']::regclass[]) AS kind;
SELECT protect_through('invoice_reminder', 'invoice_id', 'invoice');
SELECT protect_through('late_fee', 'invoice_id', 'invoice');
SELECT portal_may(kind, NULL, NULL, NULL)
FROM unnest(ARRAY['invoice_reminder', 'late_fee']::regclass[]) AS kind;
SELECT staff_may(kind, '{Admin,Accountant}', NULL, NULL, NULL)
FROM unnest(ARRAY['reminder_step', 'invoice_reminder', 'late_fee_rule', 'late_fee']::regclass[]) AS kind;
REVOKE UPDATE, DELETE ON late_fee, invoice_reminder FROM makao_app, makao_worker;
SELECT audited(kind, 'notice') FROM unnest(ARRAY['reminder_step', 'late_fee_rule', 'late_fee',
    'invoice_reminder']::regclass[]) AS kind;

-- Never a fee on a fee, whoever charges it.
CREATE FUNCTION late_fee_on_no_fee() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.invoice_line AS l WHERE l.organization_id = NEW.organization_id
        AND l.invoice_id = NEW.invoice_id AND l.code = '4500') THEN
        RAISE EXCEPTION 'no fee on a fee' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'late_fee_on_no_fee';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER on_no_fee AFTER INSERT ON late_fee
    FOR EACH ROW EXECUTE FUNCTION late_fee_on_no_fee();
