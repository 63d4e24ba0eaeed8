-- Proofs that are insisted on in each transaction, so that revoking one counts at once.

-- Refuses a proof that somebody was let in by before: the key or session has
-- ended, or is not of the person and team that are set (GH001), or what they
-- may do is not what is believed (GH002). It is part of the message that begins
-- a transaction, so it only reads, a row of each table by its key.
CREATE FUNCTION platform.insist(
    kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea
) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    is_as_believed boolean;
BEGIN
    IF kind = 'key' THEN
        SELECT members.role = believed_role
               AND (users.role = 'admin') = believed_administrator
               AND convert_to(array_to_string(known.scopes, ','), 'UTF8') = believed_scopes
          INTO is_as_believed
          FROM platform.api_keys AS known
          JOIN platform.users ON users.id = known.user_id AND users.is_active
          JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
          JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
         WHERE known.id = proof
           AND known.user_id = platform.user_id()
           AND known.tenant_id = platform.tenant_id()
           AND known.is_active
           AND (known.expires_at IS NULL OR known.expires_at > clock_timestamp());
    ELSE
        SELECT members.role = believed_role
               AND (users.role = 'admin') = believed_administrator
          INTO is_as_believed
          FROM platform.user_sessions AS known
          JOIN platform.users ON users.id = known.user_id AND users.is_active
          JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
          JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
         WHERE known.id = proof
           AND known.user_id = platform.user_id()
           AND known.tenant_id = platform.tenant_id()
           AND known.status = 'active'
           AND known.expires_at > clock_timestamp();
    END IF;
    IF is_as_believed IS NULL THEN
        RAISE EXCEPTION 'the key or session is not good any more' USING ERRCODE = 'GH001';
    ELSIF NOT is_as_believed THEN
        RAISE EXCEPTION 'what the person may do has changed' USING ERRCODE = 'GH002';
    END IF;
END
$$;
REVOKE ALL ON FUNCTION platform.insist(text, uuid, text, boolean, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.insist(text, uuid, text, boolean, bytea) TO guildhall_app;
