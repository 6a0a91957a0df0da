-- Inspections of leased units: managers write them; tenants, and who owned a part of the unit during the
-- lease, see what was signed off. Then nothing of it changes any more, neither a thing nor a picture.

SELECT protect(kind) FROM unnest(ARRAY['inspection', 'inspection_item', 'inspection_template']::regclass[])
    AS kind;
SELECT staff_write('inspection', 'status = ''signed_off'' AND EXISTS (SELECT FROM lease AS l'
    ' WHERE l.organization_id = inspection.organization_id AND l.id = inspection.lease_id'
    ' AND (EXISTS (SELECT FROM lease_party AS p WHERE p.organization_id = l.organization_id'
    ' AND p.lease_id = l.id) OR EXISTS (SELECT FROM ownership AS o'
    ' WHERE o.organization_id = l.organization_id AND o.unit_id = l.unit_id'
    ' AND daterange(o.since, o.until, ''[]'') && daterange(l.since, l.until, ''[]''))))');
SELECT staff_write('inspection_item', 'EXISTS (SELECT FROM inspection AS i'
    ' WHERE i.organization_id = inspection_item.organization_id AND i.id = inspection_item.inspection_id)');
SELECT staff_write('inspection_template', 'false');
SELECT staff_may(kind, '{Admin,Manager}', NULL, NULL, NULL)
FROM unnest(ARRAY['inspection', 'inspection_item', 'inspection_template']::regclass[]) AS kind;
SELECT audited(kind, 'notice')
FROM unnest(ARRAY['inspection', 'inspection_item', 'inspection_template']::regclass[]) AS kind;
CREATE POLICY inspection ON document FOR SELECT TO makao_app USING (
    organization_id = (SELECT acting_organization()) AND use = 'attachment'
    AND subject_table = 'inspection_item' AND EXISTS (SELECT FROM inspection_item AS i
        WHERE i.organization_id = document.organization_id AND i.id = document.subject_id));

-- It is begun as a draft, and signed off when it says of each thing what it was found like.
CREATE FUNCTION inspection_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'an inspection begins as a draft' USING ERRCODE = 'restrict_violation',
                CONSTRAINT = 'inspection_is_whole';
        END IF;
        RETURN NULL;
    END IF;
    IF OLD.status = 'signed_off' THEN
        RAISE EXCEPTION 'what was signed off stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_stays';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN NULL;
    END IF;
    IF (NEW.lease_id, NEW.number) IS DISTINCT FROM (OLD.lease_id, OLD.number) THEN
        RAISE EXCEPTION 'an inspection keeps its lease' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_stays';
    END IF;
    IF NEW.status = 'signed_off' AND (NOT EXISTS (SELECT FROM public.inspection_item AS i
            WHERE i.organization_id = NEW.organization_id AND i.inspection_id = NEW.id)
        OR EXISTS (SELECT FROM public.inspection_item AS i WHERE i.organization_id = NEW.organization_id
            AND i.inspection_id = NEW.id AND i.grade IS NULL)) THEN
        RAISE EXCEPTION 'not everything was looked at' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_is_whole';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER stays AFTER INSERT OR UPDATE OR DELETE ON inspection
    FOR EACH ROW EXECUTE FUNCTION inspection_stays();

-- Whether an inspection is still being written. Whoever signs it off waits for who writes in it.
CREATE FUNCTION inspection_is_open(home uuid, which uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    stands text;
BEGIN
    SELECT i.status INTO stands FROM public.inspection AS i
    WHERE i.organization_id = home AND i.id = which FOR SHARE;
    RETURN stands IS DISTINCT FROM 'signed_off';
END $$;
CREATE FUNCTION inspection_item_stays() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.inspection_id <> OLD.inspection_id
       OR TG_OP <> 'INSERT' AND NOT public.inspection_is_open(OLD.organization_id, OLD.inspection_id)
       OR TG_OP <> 'DELETE' AND NOT public.inspection_is_open(NEW.organization_id, NEW.inspection_id) THEN
        RAISE EXCEPTION 'what was signed off stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_stays';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN NULL;
    END IF;
    IF NOT EXISTS (SELECT FROM public.inspection AS i JOIN public.lease AS l
            ON l.organization_id = i.organization_id AND l.id = i.lease_id
            WHERE i.organization_id = NEW.organization_id AND i.id = NEW.inspection_id
              AND l.currency = NEW.currency) THEN
        RAISE EXCEPTION 'a cost is in the currency of the lease' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'inspection_item_currency';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER stays AFTER INSERT OR UPDATE OR DELETE ON inspection_item
    FOR EACH ROW EXECUTE FUNCTION inspection_item_stays();

-- Pictures stay, too; and what shows somebody's home is never a picture for everybody.
CREATE FUNCTION inspection_files_stay() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    kept public.document;
    sheet uuid;
BEGIN
    IF TG_OP = 'INSERT' THEN
        kept := NEW;
    ELSE
        kept := OLD;
    END IF;
    sheet := kept.subject_id;
    IF kept.subject_table = 'inspection_item' THEN
        SELECT i.inspection_id INTO sheet FROM public.inspection_item AS i
        WHERE i.organization_id = kept.organization_id AND i.id = kept.subject_id;
    END IF;
    IF NOT public.inspection_is_open(kept.organization_id, sheet) THEN
        RAISE EXCEPTION 'what was signed off stays' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_stays';
    END IF;
    IF TG_OP <> 'DELETE' AND (NEW.use <> 'attachment' OR TG_OP = 'UPDATE'
        AND (NEW.subject_table, NEW.subject_id) IS DISTINCT FROM (OLD.subject_table, OLD.subject_id)) THEN
        RAISE EXCEPTION 'files of inspections are attachments' USING ERRCODE = 'restrict_violation',
            CONSTRAINT = 'inspection_files';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER inspection_files_insert AFTER INSERT ON document FOR EACH ROW
    WHEN (NEW.subject_table IN ('inspection', 'inspection_item'))
    EXECUTE FUNCTION inspection_files_stay();
CREATE TRIGGER inspection_files_stay AFTER UPDATE ON document FOR EACH ROW
    WHEN (OLD.subject_table IN ('inspection', 'inspection_item')
        OR NEW.subject_table IN ('inspection', 'inspection_item'))
    EXECUTE FUNCTION inspection_files_stay();
CREATE TRIGGER inspection_files_delete AFTER DELETE ON document FOR EACH ROW
    WHEN (OLD.subject_table IN ('inspection', 'inspection_item'))
    EXECUTE FUNCTION inspection_files_stay();

REVOKE EXECUTE ON FUNCTION inspection_stays(), inspection_is_open(uuid, uuid), inspection_item_stays(),
    inspection_files_stay() FROM PUBLIC;
