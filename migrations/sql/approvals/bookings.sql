-- Bookings: approved only when those whom the rule names have approved them, at this total.

CREATE TRIGGER keeps_rules BEFORE INSERT ON booking FOR EACH ROW EXECUTE FUNCTION keeps_rules();

CREATE FUNCTION booking_is_approved() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT public.is_approved(NEW.organization_id, 'booking.approve', NEW.id, NEW.total) THEN
        RAISE EXCEPTION 'booking % is not approved', NEW.id USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER is_approved AFTER UPDATE OF status ON booking FOR EACH ROW
    WHEN (OLD.status <> 'approved' AND NEW.status = 'approved')
    EXECUTE FUNCTION booking_is_approved();

-- What waits for its approval already.
INSERT INTO approval (id, organization_id, governs, subject_table, subject_id, subject_name, about,
    version, amount, currency, status, asked_at, custom, rule_id, roles, needed, separate)
SELECT uuid_now(), b.organization_id, 'booking.approve', 'booking', b.id, b.number,
    concat_ws(' · ', p.name, a.name), b.flow_version, b.total, b.currency, 'waiting', b.status_at, '{}', b.id, '{}', 0, false
FROM booking AS b
JOIN party AS p ON p.organization_id = b.organization_id AND p.id = b.customer_id
JOIN apartment AS a ON a.organization_id = b.organization_id AND a.id = b.original_id
WHERE b.status = 'under_review';

-- The roles that a rule names may approve, whatever else they may do; so the lock of the staff lets
-- that one change of a booking, and what follows from it, to all of them.
DROP FUNCTION staff_insert_booking(), staff_update_booking(), staff_delete_booking(),
    staff_insert_apartment(), staff_update_apartment(), staff_delete_apartment() CASCADE;
SELECT staff_may('apartment', '{Admin,Manager}',
    $$ acting_as('{Sales}') AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.source_id
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ kept(to_jsonb(o), to_jsonb(n), '{status,customer_id,updated_at}')
       AND (acting_as('{Sales}') OR n.status = 'booked' AND EXISTS (SELECT FROM booking AS b
           WHERE b.original_id = n.id AND b.status = 'approved' AND b.customer_id = n.customer_id)) $$,
    NULL);
SELECT staff_may('booking', '{Admin,Manager}',
    $$ acting_as('{Sales}') AND n.status = 'pending' AND n.package_price = 0 AND n.addons_price = 0
       AND EXISTS (SELECT FROM apartment AS a WHERE a.id = n.original_id
           AND a.base_price = n.base_price AND a.currency = n.currency) $$,
    $$ (o.status, n.status) = ('under_review', 'approved')
           AND kept(to_jsonb(o), to_jsonb(n), '{status,status_at,updated_at}')
           AND is_approved(n.organization_id, 'booking.approve', n.id, n.total)
       OR acting_as('{Sales}') AND kept(to_jsonb(o), to_jsonb(n), '{status,status_at,hold_until,
           confirmed_at,apartment_id,package_id,package_price,plan_id,payment_method,assigned_to_id,
           assigned_at,reason,total,updated_at}')
       AND (n.status = o.status OR n.status NOT IN ('approved', 'rejected'))
       AND ((n.package_id, n.package_price) IS NOT DISTINCT FROM (o.package_id, o.package_price)
           OR n.package_price = (SELECT price FROM package WHERE id = n.package_id)) $$,
    NULL);
