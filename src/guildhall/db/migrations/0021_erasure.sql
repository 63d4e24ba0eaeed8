-- Erasing a person or a team, and what the audit log holds of them, is one
-- transaction: whoever is gone from the tables is gone from the images too.

-- How many rows of the ledgers were emptied; null if there was nobody to erase.
CREATE FUNCTION platform.erase_person(person uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- It asks who may.
    IF NOT platform.erase_user(person) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('user', person, reason, platform.user_id());
END
$$;

-- The end of an erasure that `begin_erasing_team` began, when `erase_team_rows` finds nothing more.
CREATE FUNCTION platform.erase_team(team uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT platform.finish_erasing_team(team) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('team', team, reason, platform.user_id());
END
$$;

REVOKE ALL ON FUNCTION platform.erase_person(uuid, text), platform.erase_team(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.erase_person(uuid, text), platform.erase_team(uuid, text) TO guildhall_app;

-- Half of it alone is for nobody.
REVOKE EXECUTE ON FUNCTION platform.erase_user(uuid), platform.finish_erasing_team(uuid) FROM guildhall_app;
