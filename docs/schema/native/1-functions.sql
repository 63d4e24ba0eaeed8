CREATE SCHEMA catalogue;

CREATE SCHEMA evaluation;

CREATE SCHEMA gateway;

CREATE SCHEMA mine;

COMMENT ON SCHEMA mine IS 'What people who write SQL see of series and their roll-ups: the team''s own rows, by who has logged in.';

CREATE SCHEMA platform;

CREATE SCHEMA society;

CREATE SCHEMA store;

COMMENT ON SCHEMA store IS 'The base tables of every series: the application may add rows here and nothing else; it reads and changes them through the view of the same name in its wing.';

CREATE TYPE catalogue.key_range AS RANGE (
    subtype = text,
    multirange_type_name = catalogue.key_multirange,
    collation = pg_catalog."C"
);

CREATE TYPE platform.job_priority AS ENUM (
    'critical',
    'high',
    'normal',
    'low',
    'background'
);

CREATE TYPE platform.job_status AS ENUM (
    'pending',
    'queued',
    'running',
    'paused',
    'completed',
    'failed',
    'stuck',
    'cancelled',
    'dead_letter'
);

COMMENT ON TYPE platform.job_status IS 'pending: waits · queued: taken by a worker, not begun · running · paused: waits for a person · stuck: its lease or its deadline has passed · completed, failed, cancelled, dead_letter: ends.';

CREATE TYPE society.achievement_category AS ENUM (
    'task',
    'quality',
    'speed',
    'collaboration',
    'voting',
    'innovation',
    'battle',
    'mentorship',
    'reputation',
    'streak',
    'special'
);

CREATE TYPE society.agent_status AS ENUM (
    'offline',
    'idle',
    'active',
    'busy',
    'paused',
    'suspended',
    'retraining',
    'retired'
);

CREATE TYPE society.agent_task_priority AS ENUM (
    'low',
    'medium',
    'high',
    'critical'
);

CREATE TYPE society.agent_task_status AS ENUM (
    'pending',
    'queued',
    'assigned',
    'in_progress',
    'blocked',
    'in_review',
    'completed',
    'failed',
    'cancelled'
);

CREATE TYPE society.agent_type AS ENUM (
    'team-leader',
    'worker',
    'specialist',
    'coordinator',
    'reviewer',
    'monitor',
    'mentor'
);

CREATE TYPE society.appeal_status AS ENUM (
    'filed',
    'under_review',
    'upheld',
    'reduced',
    'overturned',
    'rejected',
    'withdrawn'
);

COMMENT ON TYPE society.appeal_status IS 'upheld: the appeal fails on its merits and the penalty stands · reduced, overturned: it succeeds in part or whole · rejected: not heard.';

CREATE TYPE society.battle_mode AS ENUM (
    'duel',
    'team',
    'free_for_all',
    'tournament',
    'king_of_the_hill',
    'collaborative'
);

CREATE TYPE society.battle_status AS ENUM (
    'scheduled',
    'open',
    'in_progress',
    'judging',
    'completed',
    'cancelled',
    'disputed'
);

CREATE TYPE society.mentorship_status AS ENUM (
    'proposed',
    'active',
    'paused',
    'completed',
    'terminated'
);

CREATE TYPE society.performance_tier AS ENUM (
    'bronze',
    'silver',
    'gold',
    'platinum',
    'diamond',
    'legend'
);

CREATE TYPE society.violation_type AS ENUM (
    'task_abandonment',
    'deadline_miss',
    'poor_quality',
    'false_report',
    'vote_manipulation',
    'rating_manipulation',
    'collusion',
    'resource_abuse',
    'permission_breach',
    'unsafe_output',
    'protocol_breach',
    'impersonation'
);

CREATE TYPE society.voting_algorithm AS ENUM (
    'majority',
    'plurality',
    'supermajority',
    'unanimous',
    'weighted',
    'confidence_weighted',
    'approval',
    'score',
    'star',
    'borda',
    'condorcet',
    'copeland',
    'minimax',
    'schulze',
    'ranked_pairs',
    'irv',
    'stv',
    'quadratic',
    'consensus'
);

CREATE TYPE society.voting_status AS ENUM (
    'draft',
    'open',
    'closed',
    'tallied',
    'tied',
    'no_quorum',
    'cancelled'
);

CREATE FUNCTION catalogue.distance_km(from_latitude double precision, from_longitude double precision, to_latitude double precision, to_longitude double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ((((2)::numeric * 6371.0088))::double precision * asin(sqrt(LEAST((1)::double precision, (power(sind(((to_latitude - from_latitude) / (2)::double precision)), (2)::double precision) + ((cosd(from_latitude) * cosd(to_latitude)) * power(sind(((to_longitude - from_longitude) / (2)::double precision)), (2)::double precision)))))));

CREATE FUNCTION catalogue.is_localized(texts jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (jsonb_typeof(texts) = 'object'::text) THEN ((texts <> '{}'::jsonb) AND (NOT jsonb_path_exists(texts, '$.keyvalue()?(!(@."key" like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))'::jsonpath)) AND (NOT jsonb_path_exists(texts, 'strict $.*?(@.type() != "string" || @ == "")'::jsonpath))) WHEN (texts IS NOT NULL) THEN false ELSE NULL::boolean END;

CREATE FUNCTION catalogue.key_of(VARIADIC parts text[]) RETURNS catalogue.key_range
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN catalogue.key_range(array_to_string(parts, ''::text, ''::text), array_to_string(parts, ''::text, ''::text), '[]'::text);

CREATE FUNCTION catalogue.localized(texts jsonb, locale text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT jsonb_each_text.value
    FROM jsonb_each_text(localized.texts) jsonb_each_text(key, value)
   ORDER BY (jsonb_each_text.key = localized.locale) DESC, (split_part(jsonb_each_text.key, '-'::text, 1) = split_part(localized.locale, '-'::text, 1)) DESC, (jsonb_each_text.key = 'en-US'::text) DESC, (split_part(jsonb_each_text.key, '-'::text, 1) = 'en'::text) DESC, jsonb_each_text.key
  LIMIT 1;
END;

CREATE FUNCTION catalogue.refresh_model_listings() RETURNS void
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    REFRESH MATERIALIZED VIEW CONCURRENTLY catalogue.model_listings
$$;

CREATE FUNCTION catalogue.search_models(query_text text, locale character varying DEFAULT 'en-US'::character varying, limit_count integer DEFAULT 20) RETURNS TABLE(id uuid, name jsonb, rank real)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    asked    tsquery;
    exact    CONSTANT text := lower(btrim(query_text));
    squeezed CONSTANT text := platform.squeeze(query_text);
BEGIN
    FOREACH asked IN ARRAY ARRAY[
        platform.text_query(query_text, locale), platform.text_query(query_text, locale, any_unit => true)
    ] LOOP
        RETURN QUERY
            WITH named AS (
                SELECT models.id FROM catalogue.models WHERE models.slug = exact
                 UNION
                SELECT aliases.model_id
                  FROM catalogue.model_aliases AS aliases
                 WHERE aliases.alias = exact AND tstzrange(aliases.valid_from, aliases.valid_to) @> now()
            ), found AS (
                SELECT models.id FROM catalogue.models WHERE models.search_vector @@ asked
                 UNION
                SELECT named.id FROM named
            )
            SELECT models.id, models.name,
                   (ts_rank_cd(models.search_vector, asked)
                    + CASE WHEN models.id IN (SELECT named.id FROM named) THEN 100 ELSE 0 END
                    + CASE WHEN strpos(platform.squeeze(COALESCE(models.name ->> locale, catalogue.localized(models.name, locale))), squeezed) > 0
                           THEN 10 ELSE 0 END
                   )::real AS rank
              FROM found
              JOIN catalogue.models ON models.id = found.id
             WHERE models.is_active
             ORDER BY rank DESC, models.slug
             LIMIT limit_count;
        EXIT WHEN FOUND;
    END LOOP;
END
$$;

CREATE FUNCTION catalogue.update_search_vector() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    written record;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.slug, NEW.name, NEW.description, NEW.foundation_model)
                            IS NOT DISTINCT FROM (OLD.slug, OLD.name, OLD.description, OLD.foundation_model) THEN
        NEW.search_vector := OLD.search_vector;
        RETURN NEW;
    END IF;
    NEW.search_vector := setweight(platform.text_grams(NEW.slug), 'A')
                      || setweight(platform.text_grams(COALESCE(NEW.foundation_model, '')), 'C');
    -- What is not localized is refused by its check, which speaks after this.
    FOR written IN
        SELECT key, value, 'A'::"char" AS weight FROM jsonb_each_text(CASE WHEN catalogue.is_localized(NEW.name) THEN NEW.name END)
         UNION ALL
        SELECT key, value, 'B' FROM jsonb_each_text(CASE WHEN catalogue.is_localized(NEW.description) THEN NEW.description END)
         ORDER BY weight, key
    LOOP
        NEW.search_vector := NEW.search_vector || setweight(platform.text_vector(written.value, written.key), written.weight);
    END LOOP;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.refuse_changed_version() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'version % of configuration % is immutable', OLD.version_number, OLD.config_id
          USING ERRCODE = 'restrict_violation', CONSTRAINT = 'config_versions_are_immutable';
END
$$;

CREATE FUNCTION evaluation.trigger_llm_recommendation_analysis(analysis_window interval DEFAULT '7 days'::interval, user_id_param uuid DEFAULT NULL::uuid) RETURNS uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    asking  CONSTANT uuid := COALESCE(user_id_param, platform.user_id());
    begins  CONSTANT timestamptz := now() - analysis_window;
    session uuid;
BEGIN
    IF analysis_window <= interval '0' THEN
        RAISE EXCEPTION 'the window is %, expected a positive one', analysis_window USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF NOT EXISTS (
        SELECT FROM platform.team_members WHERE user_id = asking AND tenant_id = platform.tenant_id()
    ) THEN
        RAISE EXCEPTION 'an analysis needs a member of the team as its user' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    INSERT INTO evaluation.llm_recommendation_sessions (
        user_id, analysis_start_time, analysis_end_time, data_window_start, data_window_end, llm_model,
        total_outcomes_analyzed, patterns_identified, session_status
    )
    VALUES (
        asking, now(), now(), begins, now(), 'gpt-4-turbo',
        (SELECT count(*) FROM evaluation.outcomes WHERE execution_time > begins AND execution_time <= now()),
        (SELECT count(*) FROM evaluation.failure_patterns WHERE execution_time > begins AND execution_time <= now()),
        'running'
    )
    RETURNING session_id INTO session;
    RETURN session;
END
$$;

COMMENT ON FUNCTION evaluation.trigger_llm_recommendation_analysis(analysis_window interval, user_id_param uuid) IS 'recommendations: opens an analysis of the team''s recent outcomes.';

CREATE FUNCTION gateway.forget_erased_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    DELETE FROM gateway.cognee_memories WHERE user_id = NEW.id;
    DELETE FROM gateway.distributed_memory WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.accept_invitation(digest text) RETURNS TABLE(tenant_id uuid, slug character varying, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    used platform.team_invitations;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.users WHERE users.id = platform.user_id() AND users.is_active), 'join a team'
    );
    used := platform.use_invitation(digest, platform.user_id());
    RETURN QUERY
    SELECT members.tenant_id, teams.slug, members.role
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id
     WHERE members.tenant_id = used.tenant_id AND members.user_id = platform.user_id();
END
$$;

CREATE FUNCTION platform.add_member(member uuid, new_role text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    added text;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'put people into teams');
    INSERT INTO platform.team_members (user_id, role) VALUES (member, new_role)
        ON CONFLICT DO NOTHING
    RETURNING role INTO added;
    RETURN added;
END
$$;

CREATE FUNCTION platform.admit_job() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_queue text;
    v_lane  platform.task_lanes;
BEGIN
    v_queue := (SELECT CASE count(*) WHEN 1 THEN min(queue) ELSE 'default' END FROM platform.task_lanes WHERE task_type = NEW.task_type);
    INSERT INTO platform.task_lanes (task_type, queue) VALUES (NEW.task_type, v_queue) ON CONFLICT DO NOTHING;
    SELECT * INTO STRICT v_lane FROM platform.task_lanes WHERE task_type = NEW.task_type AND queue = v_queue;
    NEW.lane := v_lane.lane;
    NEW.max_retries := COALESCE(NEW.max_retries, v_lane.max_retries);
    NEW.timeout := COALESCE(NEW.timeout, v_lane.timeout);
    NEW.fair_key := COALESCE(NEW.fair_key, NEW.tenant_id::text);
    IF NEW.status = 'pending' AND NEW.place IS NULL AND NEW.open_dependencies = 0 AND NEW.scheduled_at <= now() THEN
        NEW.place := (platform.jobs_places(ARRAY[NEW.lane], ARRAY[NEW.fair_key::text], ARRAY[NEW.priority], ARRAY[NEW.weight],
                                           ARRAY[NEW.scheduled_at]))[1];
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION platform.archive_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'archive this team');
    PERFORM platform.refuse_the_first(team);
    UPDATE platform.teams SET is_active = false, deleted_at = clock_timestamp()
     WHERE id = team AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE tenant_id = team AND status = 'active';
    RETURN true;
END
$$;

CREATE FUNCTION platform.archive_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator() OR person = platform.user_id(), 'archive somebody else');
    PERFORM platform.refuse_the_first(person);
    UPDATE platform.users SET is_active = false, deleted_at = clock_timestamp()
     WHERE id = person AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person AND status = 'active';
    RETURN true;
END
$$;

CREATE FUNCTION platform.audit_trigger() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            #variable_conflict use_variable
            DECLARE
                known    text[] := NULLIF(current_setting('guildhall.audited_' || TG_RELID, true), '')::text[];
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD *= NEW THEN
                    RETURN NULL;
                END IF;
                IF known IS NULL OR date_part('epoch', clock_timestamp()) >= known[1]::float8 THEN
                    known := platform.audited_table(TG_RELID);
                END IF;
                IF concat(old_data - known[5]::text[], new_data - known[5]::text[]) ~ platform.secret_hint() THEN
                    old_data := platform.without_secrets(old_data);
                    new_data := platform.without_secrets(new_data);
                END IF;

                -- The digest is of the same text that platform.ledger_text writes: null has no line.
                INSERT INTO store.audit_log (
                    log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                    old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id, digest
                )
                SELECT log_id, tenant_id, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role,
                       old_data, new_data, ip_address, user_agent, request_id, "timestamp", epoch, transaction_id,
                       sha256(convert_to(concat(
                           'log_id=', log_id,
                           CASE WHEN tenant_id IS NOT NULL THEN E'\ntenant_id=' END, tenant_id,
                           E'\ntable_name=', to_json(table_name),
                           E'\noperation="', operation, '"',
                           CASE WHEN user_id IS NOT NULL THEN E'\nuser_id=' END, user_id,
                           CASE WHEN old_data IS NOT NULL THEN E'\nold_data=' END, old_data,
                           CASE WHEN new_data IS NOT NULL THEN E'\nnew_data=' END, new_data,
                           CASE WHEN ip_address IS NOT NULL THEN E'\nip_address=' END, ip_address::text,
                           CASE WHEN user_agent IS NOT NULL THEN E'\nuser_agent=' END, to_json(user_agent),
                           E'\ntimestamp=', extract(epoch FROM "timestamp"),
                           E'\ntable_schema=', to_json(table_schema),
                           E'\nrecord_key=', record_key,
                           CASE WHEN agent_id IS NOT NULL THEN E'\nagent_id=' END, agent_id,
                           E'\nactor_role=', to_json(actor_role),
                           CASE WHEN request_id IS NOT NULL THEN E'\nrequest_id=' END, to_json(request_id),
                           E'\nepoch=', epoch,
                           E'\ntransaction_id=', transaction_id
                       ), 'UTF8'))
                  FROM (SELECT gen_random_uuid() AS log_id,
                               (COALESCE(new_data, old_data) ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid
                                   AS tenant_id,
                               TG_TABLE_SCHEMA::text AS table_schema, known[2] AS table_name, TG_OP AS operation,
                               COALESCE(new_data, old_data) - known[4]::text[] AS record_key,
                               NULLIF(current_setting('app.user_id', true), '')::uuid AS user_id,
                               NULLIF(current_setting('app.agent_id', true), '')::uuid AS agent_id,
                               COALESCE(NULLIF(current_setting('role'), 'none'), session_user) AS actor_role,
                               NULLIF(current_setting('app.address', true), '')::inet AS ip_address,
                               NULLIF(current_setting('app.user_agent', true), '') AS user_agent,
                               NULLIF(current_setting('app.request_id', true), '') AS request_id,
                               clock_timestamp() AS "timestamp",
                               known[3]::bigint AS epoch,
                               pg_current_xact_id()::text::bigint AS transaction_id
                        OFFSET 0) AS new_row;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.audit_trigger() IS 'AI-GO''s name for record_change.';

CREATE FUNCTION platform.audited_table(relation oid) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    known text[];
BEGIN
    -- Partitions are made ahead; where upkeep has stood still, here.
    IF EXISTS (SELECT FROM pg_class WHERE oid = 'store.audit_log'::regclass AND relkind = 'p') THEN
        PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
    END IF;
    SELECT ARRAY[date_part('epoch', date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC') + interval '1 month')::text,
                 (SELECT relname::text FROM pg_class WHERE oid = COALESCE(pg_partition_root(relation), relation)),
                 platform.epoch()::text,
                 COALESCE(array_agg(attname::text) FILTER (WHERE NOT is_key), '{}')::text,
                 COALESCE(array_agg(attname::text) FILTER (WHERE is_plain), '{}')::text]
      INTO known
      FROM (SELECT attname,
                   attnum = ANY (COALESCE((SELECT indkey::int2[] FROM pg_index WHERE indrelid = relation AND indisprimary), '{}')) AS is_key,
                   atttypid NOT IN ('jsonb'::regtype, 'json'::regtype) AND attname !~* (platform.secret_names() || '$') AS is_plain
              FROM pg_attribute
             WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped) AS attributes;
    PERFORM set_config('guildhall.audited_' || relation, known::text, false);
    RETURN known;
END
$_$;

CREATE FUNCTION platform.authenticate_api_key(key_id uuid, digest text) RETURNS TABLE(id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, user_identifier character varying, name character varying, scopes text[], rate_limit integer, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
BEGIN
    -- At most once a minute, and nobody waits for somebody else's minute.
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE platform.api_keys AS known
           SET last_used_at = clock_timestamp()
         WHERE known.id = (
                   SELECT stale.id FROM platform.api_keys AS stale
                    WHERE stale.id = authenticate_api_key.key_id
                      AND stale.key_hash = authenticate_api_key.digest
                      AND stale.is_active
                      AND (stale.expires_at IS NULL OR stale.expires_at > clock_timestamp())
                      AND (stale.last_used_at IS NULL OR stale.last_used_at < clock_timestamp() - interval '1 minute')
                      FOR NO KEY UPDATE SKIP LOCKED
               );
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id, members.role, users.role = 'admin', known.user_identifier, known.name,
           known.scopes, known.rate_limit, known.expires_at
      FROM platform.api_keys AS known
      JOIN platform.users ON users.id = known.user_id AND users.is_active
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
      JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
     WHERE known.id = authenticate_api_key.key_id
       AND known.key_hash = authenticate_api_key.digest
       AND known.is_active
       AND (known.expires_at IS NULL OR known.expires_at > clock_timestamp());
END
$$;

CREATE FUNCTION platform.authenticate_session(token_digest text) RETURNS TABLE(session_id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
BEGIN
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE platform.user_sessions AS known
           SET last_activity = clock_timestamp(),
               expires_at = least(clock_timestamp() + known.idle_lifetime, known.ends_at)
         WHERE known.id = (
                   SELECT stale.id FROM platform.user_sessions AS stale
                    WHERE stale.session_token = authenticate_session.token_digest
                      AND stale.status = 'active'
                      AND stale.expires_at > clock_timestamp()
                      AND stale.last_activity < clock_timestamp() - interval '1 minute'
                      FOR NO KEY UPDATE SKIP LOCKED
               );
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id, members.role, users.role = 'admin', known.expires_at
      FROM platform.user_sessions AS known
      JOIN platform.users ON users.id = known.user_id AND users.is_active
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
      JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
     WHERE known.session_token = authenticate_session.token_digest
       AND known.status = 'active'
       AND known.expires_at > clock_timestamp();
END
$$;

CREATE FUNCTION platform.begin_erasing_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    PERFORM platform.refuse_the_first(team);
    UPDATE platform.teams
       SET is_active = false,
           deleted_at = COALESCE(deleted_at, clock_timestamp()), erased_at = COALESCE(erased_at, clock_timestamp())
     WHERE id = team;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.users SET api_key = NULL
     WHERE api_key IN (SELECT replace(keys.id::text, '-', '') FROM platform.api_keys AS keys WHERE keys.tenant_id = team);
    RETURN true;
END
$$;

CREATE FUNCTION platform.begin_sign_in(login text, address inet) RETURNS TABLE(hash_settings text, wait_seconds double precision)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    wait interval;
BEGIN
    DELETE FROM platform.sign_in_failures AS old
     WHERE old.subject IN (SELECT stale.subject FROM platform.sign_in_failures AS stale
                            WHERE stale.last_failed_at < clock_timestamp() - interval '1 day'
                            ORDER BY stale.last_failed_at LIMIT 10
                              FOR UPDATE SKIP LOCKED);
    INSERT INTO platform.sign_in_failures (subject, last_failed_at)
    SELECT wanted.subject, clock_timestamp() FROM platform.sign_in_subjects(login, address) AS wanted
     ORDER BY wanted.subject
        ON CONFLICT DO NOTHING;
    PERFORM FROM platform.sign_in_failures AS known
      WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted)
      ORDER BY known.subject
        FOR UPDATE;

    SELECT max(known.last_failed_at + platform.sign_in_wait(known.failures, wanted.free) - clock_timestamp()) INTO wait
      FROM platform.sign_in_subjects(login, address) AS wanted
      JOIN platform.sign_in_failures AS known ON known.subject = wanted.subject
     WHERE known.failures >= wanted.free;
    IF wait > interval '0' THEN
        RETURN QUERY SELECT NULL::text, extract(epoch FROM wait)::double precision;
        RETURN;
    END IF;

    UPDATE platform.sign_in_failures AS known
       SET failures = known.failures + 1, last_failed_at = clock_timestamp()
     WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted);
    RETURN QUERY
    SELECT (SELECT substring(users.password_hash FROM '^(\$argon2id\$.*)\$[^$]+$')
              FROM platform.users WHERE users.id = platform.find_login(login)),
           0::double precision;
END
$_$;

