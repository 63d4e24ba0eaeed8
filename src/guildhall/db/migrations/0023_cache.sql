-- Proofs that are insisted on in each transaction, so that revoking one counts at once,
-- and a cache that processes share.

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

-- the cache ----------------------------------------------------------------
-- What processes share for a while and can lose without harm: nothing of it is
-- written to the log, and a crash of the server empties it. Only functions reach it.

CREATE UNLOGGED TABLE platform.cache_entries (
    key        varchar(200) PRIMARY KEY,
    value      bytea        NOT NULL,
    expires_at timestamptz  NOT NULL,
    CONSTRAINT cache_entries_size CHECK (octet_length(value) <= 1048576)
) WITH (fillfactor = 70);
COMMENT ON TABLE platform.cache_entries IS 'cache: system: values that processes share for a while; a crash empties it.';

CREATE UNLOGGED TABLE platform.cache_counters (
    key        varchar(200) PRIMARY KEY,
    total      bigint       NOT NULL,
    expires_at timestamptz  NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE platform.cache_counters IS 'cache: system: what processes count together for a while; a crash empties it.';
COMMENT ON COLUMN platform.cache_counters.expires_at IS 'Counted from the first addition; from then on the counter begins anew.';

CREATE UNLOGGED TABLE platform.rate_limits (
    key    varchar(200) PRIMARY KEY,
    tat_ns bigint       NOT NULL
) WITH (fillfactor = 70);
COMMENT ON TABLE platform.rate_limits IS 'cache: system: how much of its rate each key has used; a crash empties it.';
COMMENT ON COLUMN platform.rate_limits.tat_ns IS 'When the next request would be due if they came evenly, in nanoseconds since 1970 (algorithms/gcra.py).';

CREATE FUNCTION platform.cache_get(wanted text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    RETURN (SELECT entries.value FROM platform.cache_entries AS entries
             WHERE entries.key = wanted AND entries.expires_at > clock_timestamp());

-- Whether the value was kept: one that has expired is in nobody's way.
CREATE FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO platform.cache_entries AS entries (key, value, expires_at)
    VALUES (wanted, new_value, clock_timestamp() + make_interval(secs => ttl_s))
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
     WHERE NOT only_if_absent OR entries.expires_at <= clock_timestamp();
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.cache_delete(wanted text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ended timestamptz;
BEGIN
    DELETE FROM platform.cache_entries WHERE key = wanted RETURNING expires_at INTO ended;
    RETURN COALESCE(ended > clock_timestamp(), false);
END
$$;

CREATE FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    counted bigint;
BEGIN
    INSERT INTO platform.cache_counters AS counters (key, total, expires_at)
    VALUES (wanted, step, clock_timestamp() + make_interval(secs => ttl_s))
        ON CONFLICT (key) DO UPDATE
       SET total      = CASE WHEN counters.expires_at > clock_timestamp() THEN counters.total ELSE 0 END + excluded.total,
           expires_at = CASE WHEN counters.expires_at > clock_timestamp() THEN counters.expires_at ELSE excluded.expires_at END
    RETURNING total INTO counted;
    RETURN counted;
END
$$;

-- `gcra.admit`, with the row locked: how many cells were taken, how far ahead
-- the key's theoretical arrival time lies, and how long to wait if none were.
CREATE FUNCTION platform.take_cells(
    wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint
)
    RETURNS TABLE (taken bigint, ahead_ns bigint, wait_ns bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tat    bigint;
    now_ns bigint;
    due    bigint;
BEGIN
    LOOP
        SELECT known.tat_ns INTO tat FROM platform.rate_limits AS known WHERE known.key = wanted FOR NO KEY UPDATE;
        EXIT WHEN FOUND;
        INSERT INTO platform.rate_limits (key, tat_ns) VALUES (wanted, 0) ON CONFLICT DO NOTHING;
    END LOOP;
    -- Only now: whoever waited for the row comes after whoever had it.
    now_ns := (extract(epoch FROM clock_timestamp()) * 1000000000)::bigint;
    due := greatest(tat, now_ns + hold_ns);
    taken := least(cost, greatest(0, (now_ns + room * interval_ns - due) / interval_ns));
    wait_ns := 0;
    IF taken >= at_least THEN
        tat := due + taken * interval_ns;
        UPDATE platform.rate_limits AS known SET tat_ns = tat WHERE known.key = wanted;
    ELSE
        taken := 0;
        wait_ns := greatest(0, due + at_least * interval_ns - now_ns - room * interval_ns);
    END IF;
    ahead_ns := greatest(0, tat - now_ns);
    RETURN NEXT;
END
$$;

-- Upkeep: what has expired, and rates that are whole again.
CREATE FUNCTION platform.forget_cache() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    removed bigint := 0;
    more    bigint;
BEGIN
    DELETE FROM platform.cache_entries WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS more = ROW_COUNT;
    removed := removed + more;
    DELETE FROM platform.cache_counters WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS more = ROW_COUNT;
    removed := removed + more;
    DELETE FROM platform.rate_limits WHERE tat_ns <= extract(epoch FROM clock_timestamp()) * 1000000000;
    GET DIAGNOSTICS more = ROW_COUNT;
    RETURN removed + more;
END
$$;

REVOKE ALL ON FUNCTION platform.cache_get(text), platform.cache_put(text, bytea, double precision, boolean),
    platform.cache_delete(text), platform.cache_count(text, bigint, double precision),
    platform.take_cells(text, bigint, bigint, bigint, bigint, bigint), platform.forget_cache() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.cache_get(text), platform.cache_put(text, bytea, double precision, boolean),
    platform.cache_delete(text), platform.cache_count(text, bigint, double precision),
    platform.take_cells(text, bigint, bigint, bigint, bigint, bigint) TO guildhall_app;
GRANT EXECUTE ON FUNCTION platform.forget_cache() TO guildhall_scheduler;
