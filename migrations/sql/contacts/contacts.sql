-- Addresses and phones of accounts: what counts as shown is decided here, by a code that went there,
-- given in the same transaction. Codes are read by these functions alone.
SELECT protect_platform('contact_code');
REVOKE ALL ON contact_code FROM makao_app, makao_worker, makao_auth, makao_reader;
GRANT UPDATE (text_notices) ON profile TO makao_app;

-- Keep the digest of a new code: 'made', or 'too_many' after five within an hour, to somebody or to an
-- address. Those before open nothing any more. Who asks at once waits here.
CREATE FUNCTION new_contact_code(who uuid, way text, at text, new_id uuid, new_salt bytea,
    new_digest bytea) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.profile WHERE id = who FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN 'nobody';
    ELSIF (SELECT count(*) FROM public.contact_code AS c WHERE (c.profile_id = who OR c.address = at)
        AND c.made_at > now() - interval '1 hour') >= 5 THEN
        RETURN 'too_many';
    END IF;
    UPDATE public.contact_code SET expires_at = now()
    WHERE profile_id = who AND channel = way AND expires_at > now();
    INSERT INTO public.contact_code (id, profile_id, channel, address, salt, digest, made_at, expires_at)
    VALUES (new_id, who, way, at, new_salt, new_digest, now(), now() + interval '10 minutes');
    RETURN 'made';
END $$;

-- Try a code: 'right', 'wrong', 'over' (too old, used up, or none). Who tries at once waits here, so
-- that each try is counted; five wrong ones use it up. Of two who show the same address at once, the
-- second waits for what the first makes of it.
CREATE FUNCTION try_contact_code(who uuid, way text, given text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    mine public.contact_code;
BEGIN
    SELECT * INTO mine FROM public.contact_code AS c WHERE c.profile_id = who AND c.channel = way
    ORDER BY c.id DESC LIMIT 1 FOR UPDATE;
    IF mine.id IS NULL OR mine.expires_at <= now() OR mine.tries >= 5 OR mine.proved_in <> '' THEN
        RETURN 'over';
    ELSIF sha256(mine.salt || convert_to(given, 'UTF8')) = mine.digest THEN
        UPDATE public.contact_code SET proved_in = pg_current_xact_id()::text WHERE id = mine.id;
        PERFORM pg_advisory_xact_lock(hashtextextended('contact:' || mine.address, 0));
        RETURN 'right';
    END IF;
    UPDATE public.contact_code SET tries = tries + 1 WHERE id = mine.id;
    RETURN CASE WHEN mine.tries = 4 THEN 'over' ELSE 'wrong' END;
END $$;

-- The address that somebody has shown in this very transaction to be theirs.
CREATE FUNCTION contact_proved(who uuid, way text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    SELECT c.address FROM public.contact_code AS c
    WHERE c.profile_id = who AND c.channel = way AND c.proved_in = pg_current_xact_id()::text
    ORDER BY c.id DESC LIMIT 1;
END;

-- Codes that are long over are of no use: the hour in which they are counted has passed.
CREATE FUNCTION forget_contact_codes() RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
    DELETE FROM public.contact_code WHERE made_at < now() - interval '1 day';
END;

-- Another phone is not confirmed; and whoever writes, nothing is confirmed that was not shown.
CREATE FUNCTION contacts_are_shown() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.phone <> OLD.phone THEN
        NEW.phone_confirmed_at := NULL;
    ELSIF NEW.phone_confirmed_at IS NOT NULL
        AND NEW.phone_confirmed_at IS DISTINCT FROM OLD.phone_confirmed_at
        AND public.contact_proved(NEW.id, 'sms') IS DISTINCT FROM NEW.phone THEN
        RAISE EXCEPTION 'nobody has shown that this phone is theirs' USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_is_shown';
    END IF;
    IF NEW.email <> OLD.email AND public.contact_proved(NEW.id, 'email') IS DISTINCT FROM NEW.email THEN
        RAISE EXCEPTION 'nobody has shown that this address is theirs' USING
            ERRCODE = 'restrict_violation', CONSTRAINT = 'contact_is_shown';
    END IF;
    RETURN NEW;
END $$;
-- Two accounts of one confirmed address cannot be told apart by it: the older one keeps it.
ALTER TABLE profile DISABLE TRIGGER USER;
UPDATE profile SET email_confirmed_at = NULL WHERE email_confirmed_at IS NOT NULL AND EXISTS (
    SELECT FROM profile AS other WHERE lower(other.email) = lower(profile.email)
      AND other.email_confirmed_at IS NOT NULL AND other.id < profile.id);
ALTER TABLE profile ENABLE TRIGGER USER;
CREATE TRIGGER contacts_are_shown BEFORE UPDATE OF phone, phone_confirmed_at, email ON profile
    FOR EACH ROW EXECUTE FUNCTION contacts_are_shown();
REVOKE EXECUTE ON FUNCTION new_contact_code(uuid, text, text, uuid, bytea, bytea),
    try_contact_code(uuid, text, text), contact_proved(uuid, text), forget_contact_codes(),
    contacts_are_shown() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION new_contact_code(uuid, text, text, uuid, bytea, bytea),
    try_contact_code(uuid, text, text), contact_proved(uuid, text), forget_contact_codes() TO makao_auth;
