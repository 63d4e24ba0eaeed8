-- phase: expand
-- Sessions that callers of models name: their calls are tied to them, and what
-- the conversation is about is kept with them. Nobody signs in by one: no token
-- has its digest. They end like others, also when all of a person's do.

ALTER TABLE platform.user_sessions
    ADD COLUMN name varchar(255),
    ADD CONSTRAINT user_sessions_are_named CHECK (name <> '');
COMMENT ON COLUMN platform.user_sessions.name IS 'What the person''s programs call it; null for sessions that somebody is signed in by.';
CREATE UNIQUE INDEX user_sessions_one_per_name ON platform.user_sessions (tenant_id, user_id, name) WHERE name IS NOT NULL;
CREATE INDEX user_sessions_open_by_name ON platform.user_sessions (tenant_id, user_id, expires_at) WHERE name IS NOT NULL AND status = 'active';
GRANT SELECT (name) ON platform.user_sessions TO guildhall_app, guildhall_reader, guildhall_person;

-- One's own session of that name in the team, made if there was none; using it moves its end, and counts the requests.
-- One that has ended stays so, and is given as it is. Nothing is given where a new one would be one too many of the person's that go on.
CREATE FUNCTION platform.use_session(wanted text, requests integer, idle interval, longest interval, most integer)
    RETURNS TABLE (id uuid, status text, context jsonb, request_count integer, last_activity timestamptz, expires_at timestamptz,
                   ends_at timestamptz, created_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    at_time CONSTANT timestamptz := clock_timestamp();
BEGIN
    IF NOT EXISTS (
        SELECT FROM platform.user_sessions
         WHERE tenant_id = platform.tenant_id() AND user_id = platform.user_id() AND name = wanted
    ) THEN
        -- One after the other, or several at once would each find room.
        PERFORM pg_advisory_xact_lock(hashtextextended('sessions of ' || platform.user_id() || ' in ' || platform.tenant_id(), 0));
        IF most <= (
            SELECT count(*) FROM platform.user_sessions
             WHERE tenant_id = platform.tenant_id() AND user_id = platform.user_id() AND name IS NOT NULL AND name <> wanted
               AND status = 'active' AND expires_at > at_time
        ) THEN
            RETURN;
        END IF;
    END IF;
    INSERT INTO platform.user_sessions AS known (
        tenant_id, user_id, name, session_token, idle_lifetime, request_count, last_activity, expires_at, ends_at, created_at
    )
    VALUES (
        platform.tenant_id(), platform.user_id(), wanted,
        encode(sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')), 'hex'),
        idle, requests, at_time, at_time + least(idle, longest), at_time + longest, at_time
    )
        ON CONFLICT (tenant_id, user_id, name) WHERE name IS NOT NULL DO UPDATE
       SET request_count = known.request_count + excluded.request_count, last_activity = at_time,
           expires_at = least(at_time + known.idle_lifetime, known.ends_at)
     WHERE known.status = 'active' AND known.expires_at > at_time;
    RETURN QUERY
    SELECT known.id, CASE WHEN known.status = 'active' AND known.expires_at <= at_time THEN 'expired' ELSE known.status::text END,
           known.context, known.request_count, known.last_activity, known.expires_at, known.ends_at, known.created_at
      FROM platform.user_sessions AS known
     WHERE known.tenant_id = platform.tenant_id() AND known.user_id = platform.user_id() AND known.name = wanted;
END
$$;
REVOKE ALL ON FUNCTION platform.use_session(text, integer, interval, interval, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.use_session(text, integer, interval, interval, integer) TO guildhall_app;

-- Named sessions that ended long ago go, so many in a pass: their calls stay, and are of no session then. The name is free again.
CREATE OR REPLACE FUNCTION platform.tidy_identity(keep interval DEFAULT '90 days') RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed integer;
BEGIN
    DELETE FROM platform.sign_in_failures WHERE last_failed_at < clock_timestamp() - interval '1 day';
    UPDATE platform.user_sessions SET status = 'expired' WHERE status = 'active' AND expires_at <= clock_timestamp();
    GET DIAGNOSTICS changed = ROW_COUNT;
    DELETE FROM platform.user_sessions
     WHERE id IN (
               SELECT ended.id FROM platform.user_sessions AS ended
                WHERE ended.name IS NOT NULL
                  AND ended.status <> 'active'
                  AND least(ended.revoked_at, ended.expires_at) < clock_timestamp() - keep
                LIMIT 10000
           );
    DELETE FROM platform.team_invitations
     WHERE accepted_at IS NULL AND least(expires_at, revoked_at) < clock_timestamp() - keep;
    RETURN changed;
END
$$;
