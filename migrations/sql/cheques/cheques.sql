-- Cheques: taken by staff alone; what stands on one stays, and each pays once.

SELECT protect('cheque');
SELECT protect_party('cheque', 'party_id');
SELECT portal_may('cheque', NULL, NULL, NULL);
SELECT staff_may('cheque', '{Admin,Accountant}', NULL, NULL, NULL);
SELECT audited('cheque', 'notice');
REVOKE DELETE ON cheque FROM makao_app, makao_worker;

CREATE FUNCTION cheque_stays() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.status = 'bounced' AND NEW.status <> 'bounced'
       OR to_jsonb(OLD) - ARRAY['status', 'deposited_on', 'cleared_on', 'bounced_on', 'reason',
            'fee_invoice_id', 'custom']
        <> to_jsonb(NEW) - ARRAY['status', 'deposited_on', 'cleared_on', 'bounced_on', 'reason',
            'fee_invoice_id', 'custom'] THEN
        RAISE EXCEPTION 'what stands on a cheque stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'cheque_stays';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stays BEFORE UPDATE ON cheque FOR EACH ROW EXECUTE FUNCTION cheque_stays();
