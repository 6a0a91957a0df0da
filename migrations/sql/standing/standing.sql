-- Where a party stands: what it may move to, who says so, and what only those in good standing begin.

CREATE FUNCTION party_stands() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF (OLD.status, NEW.status) NOT IN (('draft', 'active'), ('active', 'inactive'),
            ('inactive', 'active'), ('draft', 'blacklisted'), ('active', 'blacklisted'),
            ('inactive', 'blacklisted'), ('blacklisted', 'inactive'), ('draft', 'inactive')) THEN
        RAISE EXCEPTION 'a party cannot go from % to %', OLD.status, NEW.status
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'party_stands';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER stands BEFORE UPDATE OF status ON party FOR EACH ROW
    WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION party_stands();

-- Sales staff add and amend parties; who is admitted, set aside or blacklisted is a manager's to say.
CREATE FUNCTION party_standing_may() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF current_user = 'makao_app' AND NOT public.acting_as('{Admin,Manager}') THEN
        RAISE EXCEPTION 'standings are not for whoever asks'
            USING ERRCODE = 'insufficient_privilege', CONSTRAINT = 'party_standing_may';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER standing_insert BEFORE INSERT ON party FOR EACH ROW
    WHEN (NEW.status NOT IN ('active', 'draft') OR NEW.status_reason <> '')
    EXECUTE FUNCTION party_standing_may();
CREATE TRIGGER standing_update BEFORE UPDATE OF status, status_reason, status_at ON party FOR EACH ROW
    WHEN ((OLD.status, OLD.status_reason, OLD.status_at)
        IS DISTINCT FROM (NEW.status, NEW.status_reason, NEW.status_at))
    EXECUTE FUNCTION party_standing_may();

-- Refuse a row that begins with a party who is not active. Whoever changes their standing meanwhile
-- waits for the end of this transaction, and this one for theirs. Runs as its owner: members of the
-- portal may not lock their own party, and nobody learns more by it than yes or no.
CREATE FUNCTION party_is_active() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who uuid := to_jsonb(NEW) ->> TG_ARGV[0];
    stands text;
BEGIN
    IF who IS NULL THEN
        RETURN NEW;
    END IF;
    SELECT status INTO stands FROM public.party
    WHERE organization_id = NEW.organization_id AND id = who FOR SHARE;
    -- Who does not exist is for the foreign key to refuse.
    IF stands <> 'active' THEN
        RAISE EXCEPTION 'the party is %', stands
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'party_is_active';
    END IF;
    RETURN NEW;
END $$;

-- Let rows of a table begin only with an active party in `key`. Rows that are there stay as they are.
CREATE FUNCTION needs_active_party(kind regclass, key text) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER active_party_on_insert BEFORE INSERT ON %s FOR EACH ROW'
        ' EXECUTE FUNCTION party_is_active(%L)', kind, key);
    EXECUTE format('CREATE TRIGGER active_party_on_update BEFORE UPDATE OF %I ON %s FOR EACH ROW'
        ' WHEN (OLD.%I IS DISTINCT FROM NEW.%I) EXECUTE FUNCTION party_is_active(%L)',
        key, kind, key, key, key);
END $$;
SELECT needs_active_party('booking', 'customer_id');
