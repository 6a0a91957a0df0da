-- Bookings: limits of add-ons, totals, and the clone that follows its booking.

CREATE FUNCTION booking_within_limits() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    chosen public.addon;
    most int;
    units bigint;
BEGIN
    -- Two who change one booking wait here for each other, and count what is really there.
    PERFORM FROM public.booking WHERE organization_id = NEW.organization_id AND id = NEW.booking_id
        FOR NO KEY UPDATE;
    SELECT * INTO chosen FROM public.addon
    WHERE organization_id = NEW.organization_id AND id = NEW.addon_id;
    IF NEW.units > chosen.max_units THEN
        RAISE EXCEPTION 'too many units' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'booking_addon_max_units';
    END IF;
    SELECT max_units INTO most FROM public.addon_category
    WHERE organization_id = NEW.organization_id AND id = chosen.category_id;
    IF most IS NOT NULL THEN
        SELECT coalesce(sum(b.units), 0) INTO units
        FROM public.booking_addon AS b
        JOIN public.addon AS a ON a.organization_id = b.organization_id AND a.id = b.addon_id
        WHERE b.organization_id = NEW.organization_id AND b.booking_id = NEW.booking_id
          AND a.category_id = chosen.category_id;
        IF units > most THEN
            RAISE EXCEPTION 'too many units of the category' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'booking_addon_category_limit';
        END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER within_limits AFTER INSERT OR UPDATE OF units ON booking_addon
    FOR EACH ROW EXECUTE FUNCTION booking_within_limits();

CREATE FUNCTION booking_addons_count() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    UPDATE public.booking SET addons_price = coalesce(sums.amount, 0)
    FROM (SELECT c.organization_id, c.booking_id, sum(b.amount) AS amount
          FROM (SELECT DISTINCT organization_id, booking_id FROM changed) AS c
          LEFT JOIN public.booking_addon AS b
            ON b.organization_id = c.organization_id AND b.booking_id = c.booking_id
          GROUP BY c.organization_id, c.booking_id) AS sums
    WHERE booking.organization_id = sums.organization_id AND booking.id = sums.booking_id
      AND booking.addons_price IS DISTINCT FROM coalesce(sums.amount, 0);
    RETURN NULL;
END $$;
CREATE TRIGGER count_insert AFTER INSERT ON booking_addon REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION booking_addons_count();
CREATE TRIGGER count_update AFTER UPDATE ON booking_addon REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION booking_addons_count();
CREATE TRIGGER count_delete AFTER DELETE ON booking_addon REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION booking_addons_count();

-- The owners of an apartment hold at most all of it.
CREATE FUNCTION owners_hold_at_most_all() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.apartment WHERE organization_id = NEW.organization_id
        AND id = NEW.apartment_id FOR NO KEY UPDATE;
    IF (SELECT sum(share) FROM public.apartment_owner WHERE organization_id = NEW.organization_id
        AND apartment_id = NEW.apartment_id) > 100 THEN
        RAISE EXCEPTION 'more than all' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'owners_hold_at_most_all';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER at_most_all AFTER INSERT OR UPDATE ON apartment_owner
    FOR EACH ROW EXECUTE FUNCTION owners_hold_at_most_all();

-- The steps of a plan add up to the whole, at the end of the transaction that changes them.
CREATE FUNCTION plan_adds_up() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    plan public.instalment_step := coalesce(NEW, OLD);
    whole numeric;
BEGIN
    SELECT sum(percent) INTO whole FROM public.instalment_step
    WHERE organization_id = plan.organization_id AND plan_id = plan.plan_id;
    IF whole IS NOT NULL AND whole <> 100 THEN
        RAISE EXCEPTION 'not the whole' USING ERRCODE = 'check_violation',
            CONSTRAINT = 'plan_adds_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER adds_up AFTER INSERT OR UPDATE OR DELETE ON instalment_step
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION plan_adds_up();
