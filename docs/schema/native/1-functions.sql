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

CREATE TYPE society.new_task AS (
	id uuid,
	task_id character varying(100),
	title character varying(500),
	description text,
	task_type character varying(100),
	payload jsonb,
	priority society.agent_task_priority,
	required_skills text[],
	min_trust numeric,
	assigned_to uuid,
	scheduled_at timestamp with time zone,
	max_retries integer,
	timeout interval,
	deadline_at timestamp with time zone,
	unique_key character varying(255),
	idempotency_key character varying(255),
	fair_key character varying(255),
	weight double precision,
	waits_for jsonb
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

CREATE FUNCTION evaluation.active_teams() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT id FROM platform.teams WHERE is_active AND erased_at IS NULL ORDER BY id
$$;

CREATE FUNCTION evaluation.approval_rule(of_config uuid) RETURNS TABLE(needed_for text, approvers text, four_eyes boolean, needs_proof boolean, is_own boolean)
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT rules.needed_for, rules.approvers, rules.four_eyes, rules.needs_proof, rules.config_id IS NOT NULL
      FROM evaluation.approval_rules AS rules
     WHERE rules.tenant_id = platform.tenant_id() AND (rules.config_id = of_config OR rules.config_id IS NULL)
     UNION ALL
    SELECT 'proposals', 'member', false, false, NULL
     ORDER BY 5 DESC NULLS LAST
     LIMIT 1
$$;

CREATE FUNCTION evaluation.check_approver(of_config uuid) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    ranks CONSTANT text[] := '{owner,admin,member}';
BEGIN
    IF NOT platform.is_administrator() AND (
        SELECT COALESCE(array_position(ranks, platform.member_role()) > array_position(ranks, approvers), true)
          FROM evaluation.approval_rule(of_config)
    ) THEN
        RAISE EXCEPTION 'the person who asks may not approve versions of this configuration'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_are_for_approvers';
    END IF;
END
$$;

CREATE FUNCTION evaluation.check_decision() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    rule record;
BEGIN
    IF NEW.approval_status = OLD.approval_status THEN
        RETURN NEW;
    END IF;
    IF OLD.approval_status <> 'pending' THEN
        RAISE EXCEPTION 'diff % has been decided', OLD.diff_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'decisions_are_final';
    END IF;
    NEW.approved_by := platform.user_id();
    NEW.decided_at := clock_timestamp();
    PERFORM evaluation.check_approver(NEW.config_id);
    SELECT * INTO rule FROM evaluation.approval_rule(NEW.config_id);
    IF NEW.approval_status = 'approved' AND rule.four_eyes AND NEW.approved_by IS NOT DISTINCT FROM NEW.proposed_by THEN
        RAISE EXCEPTION 'who proposed diff % may not approve it', OLD.diff_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_need_four_eyes';
    END IF;
    -- The first proof that came to an end counts: whoever tries often enough gets a lucky one.
    IF NEW.approval_status = 'approved' AND rule.needs_proof AND 'better' IS DISTINCT FROM (
        SELECT verdict FROM evaluation.proofs WHERE diff_id = NEW.diff_id AND verdict IS NOT NULL ORDER BY created_at LIMIT 1
    ) THEN
        RAISE EXCEPTION 'diff % has not been shown to be better', OLD.diff_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'approvals_need_a_proof';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.check_proof() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM evaluation.config_diffs AS diffs
          JOIN evaluation.simulations AS one ON one.config_version_id = diffs.version_before
          JOIN evaluation.simulations AS other ON other.config_version_id = diffs.version_after
         WHERE diffs.diff_id = NEW.diff_id AND one.simulation_id = NEW.baseline_simulation_id
           AND other.simulation_id = NEW.candidate_simulation_id
    ) THEN
        RAISE EXCEPTION 'these simulations are not of the versions of diff %', NEW.diff_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'proofs_are_of_their_versions';
    END IF;
    IF NEW.verdict IS NOT NULL AND EXISTS (
        SELECT FROM evaluation.simulations_scenarios AS ran
         WHERE ran.simulation_id IN (NEW.baseline_simulation_id, NEW.candidate_simulation_id)
           AND NOT EXISTS (
               SELECT FROM evaluation.proof_scenarios AS held
                WHERE held.proof_id = NEW.proof_id AND held.scenario_id = ran.scenario_id AND held.content_hash = ran.content_hash
           )
    ) THEN
        RAISE EXCEPTION 'proof % ran scenarios that are not held out', NEW.proof_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'proofs_are_on_the_held_out_split';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.check_release() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW.is_proposal THEN
        RETURN NEW;
    END IF;
    IF (TG_OP = 'UPDATE' AND NOT EXISTS (
            SELECT FROM evaluation.config_diffs WHERE version_after = NEW.version_id AND approval_status = 'approved'
        ) AND OLD.is_proposal)
       OR (TG_OP = 'INSERT' AND NEW.version_number > 1
           AND (SELECT needed_for FROM evaluation.approval_rule(NEW.config_id)) = 'everything') THEN
        RAISE EXCEPTION 'version % of configuration % needs an approval', NEW.version_number, NEW.config_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'versions_are_approved';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.check_releaser() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM evaluation.check_approver(NEW.config_id);
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.check_rule_setter() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- Whoever erases a team, or a configuration, takes its rule along.
    IF current_user = 'guildhall_app' AND NOT platform.may_administer_team() THEN
        RAISE EXCEPTION 'the person who asks may not change who approves'
              USING ERRCODE = 'check_violation', CONSTRAINT = 'approval_rules_are_set_by_administrators';
    END IF;
    RETURN COALESCE(NEW, OLD);
END
$$;

CREATE FUNCTION evaluation.found_by_words(kind text, asked text, any_unit boolean, at_most integer) RETURNS TABLE(id text, rank real)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    team   CONSTANT uuid := platform.tenant_id();
    wanted CONSTANT tsquery := platform.text_query(asked, 'en', any_unit);
BEGIN
    CASE kind
        WHEN 'config' THEN RETURN QUERY
            SELECT versions.version_id::text, ts_rank(platform.text_vector(versions.raw_yaml, 'en'), wanted) AS matching
              FROM evaluation.config_versions AS versions
             WHERE versions.tenant_id = team AND NOT versions.is_deleted
               AND platform.text_vector(versions.raw_yaml, 'en') @@ wanted
             ORDER BY matching DESC, versions.version_id LIMIT at_most;
        WHEN 'scenario' THEN RETURN QUERY
            SELECT scenarios.scenario_id,
                   ts_rank(platform.text_vector(scenarios.name || ' ' || scenarios.task_prompt, 'en'), wanted) AS matching
              FROM evaluation.scenarios
             WHERE scenarios.tenant_id = team
               AND platform.text_vector(scenarios.name || ' ' || scenarios.task_prompt, 'en') @@ wanted
             ORDER BY matching DESC, scenarios.scenario_id LIMIT at_most;
        WHEN 'trajectory' THEN RETURN QUERY
            SELECT embeddings.outcome_id::text, ts_rank(embeddings.words, wanted) AS matching
              FROM evaluation.outcome_embeddings AS embeddings
             WHERE embeddings.tenant_id = team AND embeddings.words @@ wanted
             ORDER BY matching DESC, embeddings.outcome_id LIMIT at_most;
        WHEN 'failure' THEN RETURN QUERY
            SELECT signatures.signature_id::text, ts_rank(signatures.words, wanted) AS matching
              FROM evaluation.failure_signatures AS signatures
             WHERE signatures.tenant_id = team AND signatures.words @@ wanted
             ORDER BY matching DESC, signatures.signature_id LIMIT at_most;
    END CASE;
END
$$;

CREATE FUNCTION evaluation.hand_out_analysis() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- Whoever analyses at once has described it meanwhile.
    IF EXISTS (
        SELECT FROM evaluation.llm_recommendation_sessions
         WHERE session_id = NEW.session_id AND session_status = 'running' AND config_version_id IS NULL
    ) THEN
        INSERT INTO platform.background_tasks (task_type, payload, unique_key)
        VALUES (
            'recommendations.analyse', jsonb_build_object('session_id', NEW.session_id),
            'recommendations.analyse ' || NEW.session_id
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION evaluation.lost_analyses() RETURNS TABLE(tenant_id uuid, session_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT sessions.tenant_id, sessions.session_id
      FROM evaluation.llm_recommendation_sessions AS sessions
     WHERE sessions.session_status = 'running' AND sessions.created_at < now() - interval '1 hour'
       AND NOT EXISTS (SELECT FROM platform.background_tasks AS jobs
                        WHERE jobs.tenant_id = sessions.tenant_id
                          AND jobs.unique_key = 'recommendations.analyse ' || sessions.session_id
                          AND jobs.status IN ('pending', 'queued', 'running', 'paused', 'stuck'))
     ORDER BY sessions.created_at
     LIMIT 1000
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

CREATE FUNCTION evaluation.refuse_proposal_as_latest() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM evaluation.config_versions WHERE version_id = NEW.latest_version_id AND is_proposal) THEN
        RAISE EXCEPTION 'version % is a proposal', NEW.latest_version_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'latest_version_is_approved';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.refuse_seen_scenario() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    prompt CONSTANT text := (
        SELECT definition ->> 'task_prompt' FROM evaluation.scenario_versions
         WHERE scenario_id = NEW.scenario_id AND content_hash = NEW.content_hash AND tenant_id = NEW.tenant_id
    );
BEGIN
    IF EXISTS (
        SELECT FROM evaluation.analyst_reads AS seen
          JOIN evaluation.scenario_versions AS contents USING (tenant_id, scenario_id, content_hash)
         WHERE seen.tenant_id = NEW.tenant_id
           AND (seen.scenario_id = NEW.scenario_id OR contents.definition ->> 'task_prompt' = prompt)
    ) THEN
        RAISE EXCEPTION 'scenario % was shown to an analyst', NEW.scenario_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'proofs_are_on_unseen_scenarios';
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION evaluation.teams_with_loose_failures() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT teams.id
      FROM platform.teams
     WHERE EXISTS (SELECT FROM store.failure_patterns AS patterns
                    WHERE patterns.tenant_id = teams.id AND patterns.pattern_cluster_id IS NULL)
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

CREATE FUNCTION gateway.check_callers(kinds text[], proofs uuid[], users uuid[], teams uuid[], roles text[], administrators boolean[], scopes text[], revisions bigint[]) RETURNS TABLE(place bigint, verdict text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT asked.place, CASE WHEN held.role IS NULL THEN 'refused' ELSE 'changed' END
      FROM unnest(kinds, proofs, users, teams, roles, administrators, scopes, revisions) WITH ORDINALITY
           AS asked (kind, proof, user_id, tenant_id, role, administrator, scopes, revision, place)
      LEFT JOIN LATERAL (
               SELECT members.role::text AS role, users.role = 'admin' AS administrator, known.scopes,
                      COALESCE((SELECT kept.revision FROM gateway.revisions AS kept WHERE kept.tenant_id = asked.tenant_id), 0) AS revision
                 FROM (SELECT array_to_string(keys.scopes, ',') AS scopes
                         FROM platform.api_keys AS keys
                        WHERE asked.kind = 'key' AND keys.id = asked.proof AND keys.user_id = asked.user_id
                          AND keys.tenant_id = asked.tenant_id AND keys.is_active
                          AND (keys.expires_at IS NULL OR keys.expires_at > clock_timestamp())
                        UNION ALL
                       SELECT ''
                         FROM platform.user_sessions AS sessions
                        WHERE asked.kind = 'session' AND sessions.id = asked.proof AND sessions.user_id = asked.user_id
                          AND sessions.tenant_id = asked.tenant_id AND sessions.status = 'active'
                          AND sessions.expires_at > clock_timestamp()) AS known
                 JOIN platform.users ON users.id = asked.user_id AND users.is_active
                 JOIN platform.teams AS homes ON homes.id = asked.tenant_id AND homes.is_active
                 JOIN platform.team_members AS members ON members.tenant_id = asked.tenant_id AND members.user_id = asked.user_id
           ) AS held ON true
     WHERE held.role IS DISTINCT FROM asked.role OR held.administrator <> asked.administrator
        OR held.scopes <> asked.scopes OR held.revision <> asked.revision;
END
$$;

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

CREATE FUNCTION gateway.lost_debates() RETURNS TABLE(tenant_id uuid, id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT debates.tenant_id, debates.id
      FROM gateway.debate_sessions AS debates
     WHERE debates.status IN ('pending', 'active')
       AND debates.created_at < now() - CASE WHEN debates.metadata ? 'asked_with' THEN interval '1 hour' ELSE interval '1 day' END
       AND NOT EXISTS (SELECT FROM platform.background_tasks AS jobs
                        WHERE jobs.tenant_id = debates.tenant_id
                          AND jobs.unique_key = 'debate:' || debates.id
                          AND jobs.status IN ('pending', 'queued', 'running', 'paused', 'stuck'))
     ORDER BY debates.created_at
     LIMIT 1000
$$;

CREATE FUNCTION gateway.note_revision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO gateway.revisions AS kept (tenant_id)
    SELECT id FROM platform.teams WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END
        ON CONFLICT (tenant_id) DO UPDATE SET revision = kept.revision + 1;
    RETURN NULL;
END
$$;

CREATE FUNCTION gateway.reserve(calls integer[], wanted uuid[], starts date[], amounts numeric[]) RETURNS TABLE(call integer, budget_id uuid, name text, limit_usd numeric, left_usd numeric)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    asked record;
BEGIN
    INSERT INTO gateway.budget_periods (tenant_id, budget_id, starts_on)
    SELECT DISTINCT budgets.tenant_id, budgets.id, each.starts_on
      FROM unnest(wanted, starts) AS each (id, starts_on)
      JOIN gateway.budgets ON budgets.id = each.id
     ORDER BY budgets.id, each.starts_on
        ON CONFLICT DO NOTHING;
    PERFORM FROM gateway.budget_periods AS held
      WHERE (held.budget_id, held.starts_on) IN (SELECT * FROM unnest(wanted, starts))
      ORDER BY held.budget_id, held.starts_on FOR UPDATE;
    FOR asked IN
        SELECT each.call, array_agg(each.id) AS ids, array_agg(each.starts_on) AS starts_on, array_agg(each.amount) AS amounts
          FROM unnest(calls, wanted, starts, amounts) AS each (call, id, starts_on, amount)
         GROUP BY each.call ORDER BY each.call
    LOOP
        SELECT asked.call, budgets.id, budgets.name, budgets.limit_usd, held.limit_left
          INTO call, budget_id, name, limit_usd, left_usd
          FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
          JOIN gateway.budgets ON budgets.id = each.id AND budgets.is_hard
          JOIN LATERAL (
                   SELECT budgets.limit_usd - periods.spent_usd - periods.reserved_usd AS limit_left
                     FROM gateway.budget_periods AS periods
                    WHERE periods.budget_id = each.id AND periods.starts_on = each.starts_on
               ) AS held ON each.amount IS NULL OR held.limit_left < each.amount
         WHERE budgets.limit_usd IS NOT NULL
         ORDER BY held.limit_left
         LIMIT 1;
        IF FOUND THEN
            RETURN NEXT;
        ELSE
            UPDATE gateway.budget_periods AS periods
               SET reserved_usd = periods.reserved_usd + COALESCE(each.amount, 0)
              FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
             WHERE periods.budget_id = each.id AND periods.starts_on = each.starts_on;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION gateway.settle_calls(ids uuid[], times timestamp with time zone[], states text[], prompts integer[], completions integer[], totals integer[], cached integer[], reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamp with time zone[]) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    settled  uuid[];
    earliest CONSTANT timestamptz := (SELECT min(each) FROM unnest(times) AS each);
    latest   CONSTANT timestamptz := (SELECT max(each) FROM unnest(times) AS each);
BEGIN
    WITH changed AS (
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at
           AND kept.created_at BETWEEN earliest AND latest -- so that no other day is opened
           AND kept.status IN ('pending', 'running')
        RETURNING kept.id
    )
    SELECT COALESCE(array_agg(id), '{}') INTO settled FROM changed;
    IF cardinality(settled) < cardinality(ids) THEN
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at
           AND kept.created_at BETWEEN earliest AND latest
           AND kept.error_code = 'lost' AND kept.id <> ALL (settled);
    END IF;
    RETURN settled;
END
$$;

CREATE FUNCTION gateway.settle_spending(wanted uuid[], starts date[], reserved numeric[], spent numeric[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM gateway.budget_periods AS held
      WHERE (held.budget_id, held.starts_on) IN (SELECT * FROM unnest(wanted, starts))
      ORDER BY held.budget_id, held.starts_on FOR UPDATE;
    UPDATE gateway.budget_periods AS held
       SET reserved_usd = held.reserved_usd - done.reserved, spent_usd = held.spent_usd + done.spent
      FROM (SELECT each.id, each.starts_on, sum(each.reserved) AS reserved, sum(each.spent) AS spent
              FROM unnest(wanted, starts, reserved, spent) AS each (id, starts_on, reserved, spent)
             GROUP BY each.id, each.starts_on) AS done
     WHERE held.budget_id = done.id AND held.starts_on = done.starts_on;
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

CREATE FUNCTION platform.amend_function(routine regprocedure, passage text, anew text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    definition CONSTANT text := pg_get_functiondef(routine);
BEGIN
    IF position(passage IN definition) = 0 THEN
        RAISE EXCEPTION '% has no such passage: %', routine, passage;
    END IF;
    EXECUTE replace(definition, passage, anew);
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

CREATE FUNCTION platform.audit_is_closed() RETURNS boolean
    LANGUAGE sql
    RETURN (date_part('epoch'::text, clock_timestamp()) >= (COALESCE(NULLIF(current_setting('guildhall.audited_until'::text, true), ''::text), '0'::text))::double precision);

CREATE FUNCTION platform.audit_trigger() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            DECLARE
                known    text[] := COALESCE(NULLIF(current_setting('guildhall.recorded_' || TG_RELID, true), '')::text[], platform.audited_table(TG_RELID));
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
                image    jsonb  := platform.without_secrets(COALESCE(new_data, old_data));
            BEGIN
                IF TG_OP <> 'UPDATE' OR NOT OLD *= NEW THEN
                    PERFORM platform.keep_change(
                        (image ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid,
                        TG_TABLE_SCHEMA, known[1], TG_OP,
                        (SELECT COALESCE(jsonb_object_agg(name, image -> name), '{}') FROM unnest(known[2]::text[]) AS name WHERE image ? name),
                        old_data, new_data
                    );
                END IF;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.audit_trigger() IS 'AI-GO''s name for record_change.';

CREATE FUNCTION platform.audited_table(relation oid) RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN set_config(
        'guildhall.recorded_' || relation,
        ARRAY[(SELECT relname::text FROM pg_class WHERE oid = COALESCE(pg_partition_root(relation), relation)),
              ARRAY(SELECT attname::text
                      FROM pg_index
                      JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                     WHERE indrelid = relation AND indisprimary)::text]::text,
        false
    )::text[];
END
$$;

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

CREATE TABLE platform.installation (
    database_id uuid DEFAULT gen_random_uuid() NOT NULL,
    engine text DEFAULT 'native'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_the_one boolean DEFAULT true NOT NULL,
    upkeep_at timestamp with time zone,
    CONSTRAINT installation_engine_is_known CHECK ((engine = ANY (ARRAY['native'::text, 'timescale'::text]))),
    CONSTRAINT installation_is_single CHECK (is_the_one)
);

COMMENT ON TABLE platform.installation IS 'operations: system: which database this is, and the engine its series were made with.';

COMMENT ON COLUMN platform.installation.upkeep_at IS 'When a pass of upkeep last found every ledger sealed; null: none has yet.';

CREATE FUNCTION platform.timescale_schema() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT quote_ident((pg_namespace.nspname)::text) AS quote_ident FROM (pg_extension JOIN pg_namespace ON ((pg_namespace.oid = pg_extension.extnamespace))) WHERE ((pg_extension.extname = 'timescaledb'::name) AND ((SELECT installation.engine FROM platform.installation) = 'timescale'::text)));

CREATE FUNCTION platform.beginning_of_rows() RETURNS text
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN CASE WHEN (platform.timescale_schema() IS NULL) THEN 'COALESCE(dropped_before, ''-infinity'')'::text ELSE 'COALESCE(greatest(dropped_before, now() - retention), ''-infinity'')'::text END;

CREATE FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.cache_delete(wanted text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    ended timestamptz;
BEGIN
    DELETE FROM platform.cache_entries WHERE key = wanted RETURNING expires_at INTO ended;
    RETURN COALESCE(ended > clock_timestamp(), false);
END
$$;

CREATE UNLOGGED TABLE platform.cache_entries (
    key character varying(200) NOT NULL,
    value bytea NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT cache_entries_size CHECK ((octet_length(value) <= 1048576))
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.cache_entries IS 'cache: system: values that processes share for a while; a crash empties it.';

CREATE FUNCTION platform.cache_get(wanted text) RETURNS bytea
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT entries.value FROM platform.cache_entries entries WHERE (((entries.key)::text = cache_get.wanted) AND (entries.expires_at > clock_timestamp())));

CREATE FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO platform.cache_entries AS entries (key, value, expires_at)
    VALUES (wanted, new_value, clock_timestamp() + make_interval(secs => ttl_s))
        ON CONFLICT (key) DO UPDATE SET value = excluded.value, expires_at = excluded.expires_at
     WHERE NOT only_if_absent OR entries.expires_at <= clock_timestamp();
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.change_member_role(member uuid, new_role text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    had text;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    PERFORM platform.require_rank_over(had, new_role);
    UPDATE platform.team_members SET role = new_role
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND role <> new_role;
    RETURN had;
END
$$;

CREATE FUNCTION platform.cleanup_old_audit_logs() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.drop_partition(due.series, due.partition)
       FROM platform.expired_partitions() AS due
      WHERE due.series IN ('audit_log', 'audit_logs');
END
$$;

CREATE FUNCTION platform.compress_partition(partition_name text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.partition_spans() AS spans WHERE spans.partition = partition_name) THEN
        RAISE EXCEPTION 'no series has a partition %', partition_name USING ERRCODE = 'undefined_table';
    END IF;
    BEGIN
        EXECUTE format(
            'SELECT %s.compress_chunk(%L::regclass, if_not_compressed => true)',
            (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'), partition_name
        );
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
        RETURN false;
    END;
    RETURN true;
END
$$;

CREATE FUNCTION platform.config_version_audit() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            DECLARE
                known    text[] := COALESCE(NULLIF(current_setting('guildhall.recorded_' || TG_RELID, true), '')::text[], platform.audited_table(TG_RELID));
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
                image    jsonb  := platform.without_secrets(COALESCE(new_data, old_data));
            BEGIN
                IF TG_OP <> 'UPDATE' OR NOT OLD *= NEW THEN
                    PERFORM platform.keep_change(
                        (image ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid,
                        TG_TABLE_SCHEMA, known[1], TG_OP,
                        (SELECT COALESCE(jsonb_object_agg(name, image -> name), '{}') FROM unnest(known[2]::text[]) AS name WHERE image ? name),
                        old_data, new_data
                    );
                END IF;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.config_version_audit() IS 'Arc-Eval''s name for record_change.';

CREATE FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made timestamptz;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = person)
        AND ((person = platform.user_id() AND platform.member_role() IN ('owner', 'admin', 'member')) OR platform.is_administrator()),
        'make this key'
    );
    INSERT INTO platform.api_keys (id, user_id, key_hash, user_identifier, name, scopes, rate_limit, expires_at)
    VALUES (new_id, person, digest, person::text, new_name, new_scopes, new_rate_limit, ends_at)
    RETURNING created_at INTO made;
    UPDATE platform.users SET api_key = replace(new_id::text, '-', '')
     WHERE id = person AND (as_default OR (NOT as_default AND api_key IS NULL));
    RETURN made;
END
$$;

CREATE FUNCTION platform.create_ledger(relation text, time_column text, left_out text[] DEFAULT '{}'::text[], contents text[] DEFAULT '{}'::text[], personal text[] DEFAULT '{}'::text[], view_name text DEFAULT NULL::text, by_the_clock boolean DEFAULT true, stamped boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target    CONSTANT regclass := CASE WHEN relation LIKE '%.%' THEN relation ELSE 'store.' || relation END;
    ledger    CONSTANT text     := (SELECT relname FROM pg_class WHERE oid = target);
    role_name text;
    missing   text;
BEGIN
    EXECUTE format(
        'ALTER TABLE %s ADD COLUMN epoch bigint, ADD COLUMN transaction_id bigint, ADD COLUMN digest bytea, '
        'ADD COLUMN redaction_id uuid', target
    );
    INSERT INTO platform.ledgers (name, relation, view_name, time_column, by_the_clock, stamped, key_columns, columns, contents, personal)
    SELECT ledger, target::text, view_name, time_column, by_the_clock, stamped,
           (SELECT array_agg(attributes.attname::text ORDER BY array_position(indexes.indkey::int2[], attributes.attnum))
              FROM pg_index AS indexes
              JOIN pg_attribute AS attributes ON attributes.attrelid = indexes.indrelid AND attributes.attnum = ANY (indexes.indkey)
             WHERE indexes.indrelid = target AND indexes.indisprimary),
           (SELECT array_agg(attname::text ORDER BY attnum)
              FROM pg_attribute
             WHERE attrelid = target AND attnum > 0 AND NOT attisdropped
               AND attname NOT IN ('digest', 'redaction_id') AND attname <> ALL (left_out)),
           contents, personal;

    SELECT attname INTO missing
      FROM unnest(contents || personal) AS wanted
      LEFT JOIN pg_attribute ON attrelid = target AND attname = wanted AND NOT attnotnull
     WHERE attname IS NULL;
    IF FOUND THEN
        RAISE EXCEPTION 'what erasure empties must be columns of % that may be null', target USING ERRCODE = 'invalid_parameter_value';
    END IF;

    EXECUTE format(
        'UPDATE %s AS rows SET epoch = platform.epoch(), transaction_id = pg_current_xact_id()::text::bigint',
        target
    );
    EXECUTE format(
        'UPDATE %s AS rows SET digest = sha256(convert_to(%s, ''UTF8''))', target,
        platform.ledger_text(target, (SELECT columns FROM platform.ledgers WHERE name = ledger), 'rows.')
    );
    EXECUTE format(
        'ALTER TABLE %s ALTER COLUMN epoch SET NOT NULL, ALTER COLUMN transaction_id SET NOT NULL, ALTER COLUMN digest SET NOT NULL',
        target
    );
    EXECUTE format('COMMENT ON COLUMN %s.digest IS %L', target, 'SHA-256 of the row as it was written; see the page on the audit.');
    EXECUTE format('COMMENT ON COLUMN %s.transaction_id IS %L', target, 'The transaction that wrote the row; with epoch, what seals count by.');
    EXECUTE format('COMMENT ON COLUMN %s.redaction_id IS %L', target, 'The erasure that last emptied parts of the row.');
    EXECUTE format('CREATE INDEX %I ON %s (epoch, transaction_id)', ledger || '_by_transaction', target);
    PERFORM platform.write_ledger_triggers(ledger);

    FOREACH role_name IN ARRAY ARRAY['guildhall_app', 'guildhall_curator', 'guildhall_writer', 'guildhall_worker', 'guildhall_scheduler'] LOOP
        IF has_table_privilege(role_name, target, 'INSERT') THEN
            EXECUTE format('REVOKE INSERT ON %s FROM %I', target, role_name);
            PERFORM platform.let_add_to_ledger(ledger, role_name);
        END IF;
        EXECUTE format('REVOKE INSERT (epoch, transaction_id, digest, redaction_id), '
                       'UPDATE (epoch, transaction_id, digest, redaction_id), DELETE, TRUNCATE ON %s FROM %I', target, role_name);
    END LOOP;
    EXECUTE format('GRANT SELECT ON %s TO guildhall_scheduler', target);
    IF (SELECT relrowsecurity FROM pg_class WHERE oid = target) THEN
        EXECUTE format('CREATE POLICY rows_are_sealed ON %s FOR SELECT TO guildhall_scheduler, guildhall_owner USING (true)', target);
        EXECUTE format('CREATE POLICY rows_are_redacted ON %s FOR UPDATE TO guildhall_owner USING (true)', target);
    END IF;
END
$$;

CREATE FUNCTION platform.create_monthly_partition() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_monthly_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_next_month_partitions() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.create_partitions_ahead();
END
$$;

CREATE FUNCTION platform.create_partitions_ahead(wanted text DEFAULT NULL::text, ahead interval DEFAULT '3 mons'::interval) RETURNS integer
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT COALESCE(sum(platform.ensure_partitions(name, now(), now() + CASE WHEN step = interval '1 day' THEN ahead / 6 ELSE ahead END)), 0)::integer
      FROM platform.series
     WHERE name = COALESCE(wanted, name)
$$;

CREATE FUNCTION platform.create_rollup(rollup_name text, series_name text, width interval, keys text[], measures text, refresh_interval interval, start_offset interval, end_offset interval, condition text DEFAULT 'true'::text, finer text DEFAULT NULL::text, continuous boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    has_tenant          CONSTANT boolean := platform.has_teams(series_name);
    is_continuous       CONSTANT boolean := continuous AND platform.timescale_schema() IS NOT NULL;
    columns_before_keys CONSTANT integer := CASE WHEN has_tenant THEN 2 ELSE 1 END;
    parts               jsonb;
BEGIN
    SELECT jsonb_build_object(
               'rollup', rollup_name,
               'series', series.name,
               'rows', 'store.' || COALESCE(finer || '_now', series.name),
               'time', CASE WHEN finer IS NULL THEN quote_ident(series.time_column) ELSE 'bucket' END,
               'rows begin', platform.beginning_of_rows(),
               'width', quote_literal(width),
               'keys', array_to_string(keys, ', '),
               'measures', measures,
               'condition', condition,
               'timescale', COALESCE(platform.timescale_schema(), ''),
               'class', CASE WHEN has_tenant THEN 'tenant' ELSE 'global' END,
               -- nothing of teams in a roll-up of what all teams share
               'tenant_id is set', CASE WHEN has_tenant THEN
                   'ALTER COLUMN tenant_id SET NOT NULL, ALTER COLUMN tenant_id SET DEFAULT platform.tenant_id(),' ELSE '' END,
               'tenant_id,', CASE WHEN has_tenant THEN 'tenant_id,' ELSE '' END,
               'dirty.tenant_id,', CASE WHEN has_tenant THEN 'dirty.tenant_id,' ELSE '' END,
               'marks.tenant_id,', CASE WHEN has_tenant THEN 'marks.tenant_id,' ELSE '' END,
               'mark is of rolled', CASE WHEN has_tenant THEN 'marks.tenant_id = rolled.tenant_id' ELSE 'marks.tenant_id IS NULL' END,
               'row is of dirty', CASE WHEN has_tenant THEN 'tenant_id = dirty.tenant_id' ELSE 'true' END,
               'row is of $3', CASE WHEN has_tenant THEN 'tenant_id = ANY ($3)' ELSE '$3 IS NOT NULL' END,
               'positions of keys', (SELECT string_agg(n::text, ', ') FROM generate_series(1, cardinality(keys)) AS n),
               'positions of all', (SELECT string_agg(n::text, ', ') FROM generate_series(1, columns_before_keys + cardinality(keys)) AS n)
           )
      INTO STRICT parts
      FROM platform.series
     WHERE series.name = series_name;

    IF is_continuous THEN
        EXECUTE platform.fill($sql$
            CREATE MATERIALIZED VIEW store.{rollup}
              WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
                SELECT {tenant_id,} {timescale}.time_bucket(interval {width}, {time}) AS bucket, {keys}, {measures}
                  FROM {rows}
                 WHERE {condition}
                 GROUP BY {positions of all}
                  WITH NO DATA;
            COMMENT ON VIEW store.{rollup} IS 'operations: {class}: the roll-up of {series}, as far as it was refreshed.';
            $sql$, parts);
    ELSE
        EXECUTE platform.fill($sql$
            CREATE TABLE store.{rollup} AS
                SELECT {tenant_id,} {time} AS bucket, {keys}, {measures}
                  FROM {rows}
                 GROUP BY {positions of all}
                  WITH NO DATA;
            COMMENT ON TABLE store.{rollup} IS 'operations: {class}: the roll-up of {series}, as far as it was refreshed.';
            $sql$, parts);
        parts := parts || jsonb_build_object('key names', (
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
              FROM pg_attribute
             WHERE attrelid = format('store.%I', rollup_name)::regclass
               AND attnum BETWEEN 1 AND columns_before_keys + cardinality(keys)
        ));
        EXECUTE platform.fill($sql$
            ALTER TABLE store.{rollup}
                {tenant_id is set}
                ALTER COLUMN bucket SET NOT NULL,
                ADD CONSTRAINT {rollup}_one_per_key UNIQUE NULLS NOT DISTINCT ({key names});
            $sql$, parts);
    END IF;
    EXECUTE platform.fill($sql$
        CREATE VIEW store.{rollup}_now AS
            SELECT rolled.*
              FROM store.{rollup} AS rolled
             WHERE NOT EXISTS (
                       SELECT FROM platform.rollup_marks AS marks
                        WHERE marks.rollup = '{rollup}'
                          AND {mark is of rolled}
                          AND marks.bucket = rolled.bucket
                          AND marks.bucket >= (SELECT {rows begin} FROM platform.series WHERE name = '{series}')
                   )
             UNION ALL
            -- Each marked bucket has a sub-query of its own, which finds its rows through the index by time.
            SELECT {dirty.tenant_id,} dirty.bucket, live.*
              FROM (
                       SELECT DISTINCT {marks.tenant_id,} marks.bucket
                         FROM platform.rollup_marks AS marks
                        WHERE marks.rollup = '{rollup}'
                          AND marks.bucket >= (SELECT {rows begin} FROM platform.series WHERE name = '{series}')
                   ) AS dirty
             CROSS JOIN LATERAL (
                       SELECT {keys}, {measures}
                         FROM {rows}
                        WHERE {row is of dirty}
                          AND {time} >= dirty.bucket AND {time} < dirty.bucket + interval {width}
                          AND ({condition})
                        GROUP BY {positions of keys}
                   ) AS live;
        COMMENT ON VIEW store.{rollup}_now IS 'operations: {class}: the roll-up of {series}, exact at every moment.';
        $sql$, parts);

    INSERT INTO platform.rollups (name, source, width, refresh_interval, start_offset, end_offset, is_continuous, query)
    VALUES (
        rollup_name, series_name, width, refresh_interval, start_offset, end_offset, is_continuous,
        CASE WHEN NOT is_continuous THEN platform.fill($sql$
            INSERT INTO store.{rollup}
            SELECT {tenant_id,} $1, {keys}, {measures}
              FROM {rows}
             WHERE {row is of $3}
               AND {time} >= $1 AND {time} < $2
               AND ({condition})
             GROUP BY {positions of all}
            $sql$, parts) END
    );
    -- Jobs run as the owner, who must then be allowed to log in.
    IF is_continuous AND (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE platform.fill('SELECT {timescale}.add_continuous_aggregate_policy(''store.{rollup}'', $1, $2, $3)', parts)
          USING start_offset, end_offset, refresh_interval;
    END IF;
END
$_$;

CREATE FUNCTION platform.create_series(series_name text, time_column text, step interval, retention interval, chunk interval DEFAULT '1 day'::interval, compress_after interval DEFAULT NULL::interval, segment_by text[] DEFAULT '{}'::text[], order_by text DEFAULT NULL::text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    writable text;
BEGIN
    INSERT INTO platform.series (name, time_column, step, retention, chunk, compress_after, segment_by, order_by)
    VALUES (series_name, time_column, step, retention, chunk, compress_after, segment_by, order_by);

    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.make_hypertable(series_name);
    ELSE
        PERFORM platform.ensure_partitions(series_name, now(), now() + interval '3 months');
    END IF;

    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) INTO writable
      FROM pg_attribute
     WHERE attrelid = format('store.%I', series_name)::regclass
       AND attnum > 0 AND NOT attisdropped
       AND attname <> 'tenant_id' AND attgenerated = '';
    EXECUTE format('GRANT INSERT (%s) ON store.%I TO guildhall_app', writable, series_name);

    -- Last, as TimescaleDB passes grants of columns on to a compressed table, which does not have them.
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.set_policies(series_name);
    END IF;
END
$$;

CREATE FUNCTION platform.create_task_engine(engine text, tasks text, dependencies text, lanes text, status text, priority text, patience text, recorded text, bury text, revive text, words jsonb DEFAULT '{}'::jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    template text;
    word     record;
BEGIN
    FOREACH template IN ARRAY ARRAY[

$template$
CREATE FUNCTION {engine}_places(p_lanes integer[], p_keys text[], p_priorities {priority}[], p_weights double precision[], p_ready timestamptz[])
    RETURNS timestamptz[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - {patience}(groups.priority),
                       (SELECT tasks.place - {patience}(tasks.priority) FROM {tasks} AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + {patience}(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           {engine}_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM {tasks}
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE {tasks} AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_enqueue(
    p_types text[], p_payloads jsonb[],
    p_ids uuid[] DEFAULT NULL, p_queues text[] DEFAULT NULL, p_priorities {priority}[] DEFAULT NULL,
    p_scheduled_at timestamptz[] DEFAULT NULL, p_max_retries integer[] DEFAULT NULL,
    p_timeouts interval[] DEFAULT NULL, p_deadlines timestamptz[] DEFAULT NULL,
    p_unique_keys text[] DEFAULT NULL, p_idempotency_keys text[] DEFAULT NULL,
    p_fair_keys text[] DEFAULT NULL, p_weights double precision[] DEFAULT NULL,
    p_waiting integer[] DEFAULT NULL, p_waits_for uuid[] DEFAULT NULL, p_on_failure text[] DEFAULT NULL
) RETURNS TABLE (id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_ids    uuid[];
    v_final  uuid[];
    v_open   integer[];
    v_team   CONSTANT text := platform.tenant_id();
    v_wrong  text;
    v_awaited uuid[];
    v_known  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(COALESCE(given.id, gen_random_uuid()) ORDER BY given.n),
           array_agg(lanes.lane ORDER BY given.n),
           min(given.task_type || CASE WHEN given.queue IS NULL THEN '' ELSE ' in queue ' || given.queue END)
               FILTER (WHERE lanes.lane IS NULL)
      INTO v_ids, v_lanes, v_wrong
      FROM unnest(p_types, p_ids, p_queues) WITH ORDINALITY AS given (task_type, id, queue, n)
      LEFT JOIN {lanes} AS lanes ON lanes.task_type = given.task_type AND lanes.queue = COALESCE(given.queue, 'default');
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(deadline)::text FROM unnest(p_deadlines) AS deadline WHERE deadline <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := v_ids;
    IF p_unique_keys IS NOT NULL OR p_idempotency_keys IS NOT NULL THEN
        v_final := ARRAY(
            SELECT COALESCE(
                       (SELECT live.id FROM {tasks} AS live
                         WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = given.unique_key
                           AND live.status IN ('pending', 'queued', 'running', 'paused', 'stuck')),
                       (SELECT known.id FROM {tasks} AS known
                         WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = given.idempotency_key),
                       CASE WHEN given.unique_key IS NOT NULL THEN first_value(given.id) OVER (PARTITION BY given.unique_key ORDER BY given.n)
                            WHEN given.idempotency_key IS NOT NULL
                            THEN first_value(given.id) OVER (PARTITION BY given.idempotency_key ORDER BY given.n) END,
                       given.id
                   )
              FROM unnest(v_ids, p_unique_keys, p_idempotency_keys) WITH ORDINALITY AS given (id, unique_key, idempotency_key, n)
             ORDER BY given.n
        );
    END IF;

    IF p_waiting IS NOT NULL THEN
        SELECT array_agg(COALESCE(ahead.final_id, edges.awaited) ORDER BY edges.n),
               array_agg(DISTINCT COALESCE(ahead.final_id, edges.awaited)) FILTER (WHERE ahead.id IS DISTINCT FROM ahead.final_id OR ahead.id IS NULL),
               min(edges.awaited::text) FILTER (WHERE ahead.n >= edges.waiting)
          INTO v_awaited, v_known, v_wrong
          FROM unnest(p_waiting, p_waits_for) WITH ORDINALITY AS edges (waiting, awaited, n)
          LEFT JOIN unnest(v_ids, v_final) WITH ORDINALITY AS ahead (id, final_id, n) ON ahead.id = edges.awaited;
        -- A task that ends meanwhile would not see that this one waits for it.
        PERFORM FROM {tasks} AS awaited WHERE awaited.id = ANY (v_known) ORDER BY awaited.id FOR SHARE;
        SELECT COALESCE(v_wrong, min(awaited.id::text)) INTO v_wrong
          FROM unnest(v_known) AS awaited (id)
         WHERE NOT EXISTS (SELECT FROM {tasks} AS known WHERE known.id = awaited.id);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % is neither there nor ahead of what waits for it', v_wrong
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_dependency_is_known', DETAIL = v_wrong;
        END IF;
        SELECT min(awaited.id::text) INTO v_wrong
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
         WHERE awaited.status IN ('failed', 'cancelled', 'dead_letter') AND COALESCE(edges.on_failure, 'cancel') <> 'ignore';
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % has failed already', v_wrong
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong;
        END IF;
        SELECT array_agg(COALESCE(counted.open, 0) ORDER BY given.n)
          INTO v_open
          FROM generate_subscripts(v_ids, 1) AS given (n)
          LEFT JOIN (
                   SELECT edges.waiting, count(DISTINCT edges.awaited)::integer AS open
                     FROM unnest(p_waiting, v_awaited) AS edges (waiting, awaited)
                     LEFT JOIN {tasks} AS awaited ON awaited.id = edges.awaited
                    WHERE COALESCE(awaited.status, 'pending') NOT IN ('completed', 'failed', 'cancelled', 'dead_letter')
                    GROUP BY edges.waiting
               ) AS counted ON counted.waiting = given.n;
    END IF;

    SELECT {engine}_places(
               array_agg(given.lane ORDER BY given.n),
               array_agg(COALESCE(given.fair_key, v_team) ORDER BY given.n),
               array_agg(COALESCE(given.priority, 'normal') ORDER BY given.n),
               array_agg(COALESCE(given.weight, 1) ORDER BY given.n),
               array_agg(COALESCE(given.scheduled_at, now()) ORDER BY given.n)
           )
      INTO v_places
      FROM unnest(v_lanes, p_fair_keys, p_priorities, p_weights, p_scheduled_at) WITH ORDINALITY
           AS given (lane, fair_key, priority, weight, scheduled_at, n);

    INSERT INTO {tasks} (id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at, unique_key,
                         idempotency_key, fair_key, weight, lane, open_dependencies, place)
    SELECT given.id, given.task_type, COALESCE(given.payload, '{}'), COALESCE(given.priority, 'normal'),
           COALESCE(given.scheduled_at, now()), COALESCE(given.max_retries, lanes.max_retries),
           COALESCE(given.timeout, lanes.timeout), given.deadline_at, given.unique_key, given.idempotency_key,
           COALESCE(given.fair_key, v_team), COALESCE(given.weight, 1), given.lane, COALESCE(given.open, 0),
           CASE WHEN COALESCE(given.open, 0) = 0 AND COALESCE(given.scheduled_at, now()) <= now() THEN given.place END
      FROM unnest(v_ids, v_final, p_types, p_payloads, p_priorities, p_scheduled_at, p_max_retries, p_timeouts, p_deadlines,
                  p_unique_keys, p_idempotency_keys, p_fair_keys, p_weights, v_lanes, v_open, v_places) WITH ORDINALITY
           AS given (id, final_id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at,
                     unique_key, idempotency_key, fair_key, weight, lane, open, place, n)
      JOIN {lanes} AS lanes ON lanes.lane = given.lane
     WHERE given.id = given.final_id
     ORDER BY given.n;

    IF p_waiting IS NOT NULL THEN
        INSERT INTO {dependencies} (task_id, depends_on_task_id, on_failure, is_settled)
        SELECT v_ids[edges.waiting], awaited.id, COALESCE(min(edges.on_failure), 'cancel'),
               awaited.status IN ('completed', 'failed', 'cancelled', 'dead_letter')
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN {tasks} AS awaited ON awaited.id = edges.awaited
         WHERE v_ids[edges.waiting] = v_final[edges.waiting]
         GROUP BY edges.waiting, awaited.id, awaited.status;
    END IF;
    RETURN QUERY SELECT given.final_id, given.id = given.final_id FROM unnest(v_ids, v_final) AS given (id, final_id);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_sort = off
AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM {tasks} AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE {engine}_take_places(v_due) END;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[])
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
AS $$
DECLARE
    v_limited integer[];
    v_lane    record;
    v_room    integer;
BEGIN
    SELECT array_agg(lane) FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(p_n)  FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(lane) FILTER (WHERE max_running IS NOT NULL OR rate_count IS NOT NULL)
      INTO p_lanes, p_rooms, v_limited
      FROM {lanes}
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM {tasks} AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM {lanes} WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM {tasks} AS tasks
                 WHERE tasks.lane = v_lane.lane AND tasks.status IN ('queued', 'running')
            ));
        END IF;
        IF v_lane.rate_count IS NOT NULL THEN
            v_room := LEAST(v_room, floor(
                v_lane.rate_count
                * extract(epoch FROM clock_timestamp() + v_lane.rate_per
                                     - GREATEST(v_lane.rate_used_to, clock_timestamp()))
                / extract(epoch FROM v_lane.rate_per) + 0.000001
            )::integer);
        END IF;
        IF v_room > 0 THEN
            p_lanes := p_lanes || v_lane.lane;
            p_rooms := p_rooms || v_room;
        END IF;
    END LOOP;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL)
    RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    v_was_silent boolean;
    v_token      CONSTANT text := gen_random_uuid();
    v_lanes      integer[];
    v_rooms      integer[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    SELECT workers.last_seen < now() - workers.lease / 2 INTO v_was_silent
      FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker;
    IF v_was_silent THEN
        UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp() WHERE workers.worker_id = p_worker;
    ELSIF v_was_silent IS NULL THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM {engine}_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM {engine}_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- Where several lanes have tasks, a window says how many of each; what others
    -- hold in it is passed over when locking, so that two who claim at once do not
    -- get half each.
    IF cardinality(v_lanes) > 1 THEN
        SELECT array_agg(quotas.lane), array_agg(quotas.n)
          INTO v_lanes, v_rooms
          FROM (
              SELECT heads.lane, count(*)::integer AS n
                FROM (
                    SELECT served.lane
                      FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                     CROSS JOIN LATERAL (
                               SELECT tasks.scheduled_at + {patience}(tasks.priority) AS due_at
                                 FROM {tasks} AS tasks
                                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                                ORDER BY tasks.place, tasks.seq
                                LIMIT served.room
                           ) AS waiting
                     ORDER BY waiting.due_at
                     LIMIT p_n
                ) AS heads
               GROUP BY heads.lane
          ) AS quotas;
    END IF;
    RETURN QUERY
        WITH held AS MATERIALIZED (
            SELECT taken.ctid AS row, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM unnest(v_lanes, v_rooms) AS quotas (lane, n)
             CROSS JOIN LATERAL (
                       SELECT tasks.ctid, tasks.place, tasks.seq
                         FROM {tasks} AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'running' ELSE 'queued' END::{status},
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = overlay(v_token PLACING lpad(to_hex(held.n), 8, '0') FROM 29)::uuid,
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.ctid = held.row
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'running' THEN 'started' ELSE 'queued' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS ({recorded}),
        spent AS (
            UPDATE {lanes} AS lanes
               SET rate_used_to = GREATEST(lanes.rate_used_to, clock_timestamp())
                                  + lanes.rate_per / lanes.rate_count * used.n
              FROM (SELECT changed.lane, count(*) AS n FROM changed GROUP BY changed.lane) AS used
             WHERE lanes.lane = used.lane AND lanes.rate_count IS NOT NULL
        )
        SELECT changed.id, changed.tenant_id, changed.task_type, changed.payload, changed.attempt_token, changed.attempt,
               changed.retry_count, changed.max_retries, changed.leased_until, changed.status::text, changed.created_by
          FROM changed
         ORDER BY changed.n;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'running', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'queued' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

$template$
CREATE FUNCTION {engine}_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_counts  integer[];
    v_places  timestamptz[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM {tasks}
          WHERE id IN (SELECT task_id FROM {dependencies} WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE {dependencies} AS edges
               SET is_settled = true
              FROM {tasks} AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        )
        SELECT array_agg(counted.task_id), array_agg(counted.n) INTO v_waiting, v_counts
          FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted;
        -- Whoever waits for nothing more takes its place with the same change of its row.
        SELECT array_agg(id), {engine}_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(ready_at))
          INTO v_ready, v_places
          FROM (
                   SELECT tasks.id, tasks.lane, tasks.fair_key, tasks.priority, tasks.weight,
                          GREATEST(tasks.scheduled_at, tasks.created_at) AS ready_at
                     FROM unnest(v_waiting, v_counts) AS counted (id, n)
                     JOIN {tasks} AS tasks ON tasks.id = counted.id
                    WHERE tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = counted.n
                      AND tasks.scheduled_at <= now()
                    ORDER BY tasks.scheduled_at, tasks.seq
               ) AS ready;
        UPDATE {tasks} AS tasks
           SET open_dependencies = 0, place = placed.place
          FROM unnest(v_ready, v_places) AS placed (id, place)
         WHERE tasks.id = placed.id;
        v_count := v_count + COALESCE(cardinality(v_ready), 0);
        -- The others; one that has its place waits for none, which is fewer than were counted.
        UPDATE {tasks} AS tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM unnest(v_waiting, v_counts) AS counted (id, n)
         WHERE tasks.id = counted.id AND tasks.open_dependencies >= counted.n AND tasks.status IN ('pending', 'paused');

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM {dependencies} AS edges
              JOIN {tasks} AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'dead_letter')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE {tasks} AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::{status},
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    SET enable_bitmapscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET plan_cache_mode = force_generic_plan
AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM {engine}_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_fail(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL,
    p_is_final boolean[] DEFAULT NULL, p_delays interval[] DEFAULT NULL
) RETURNS TABLE (id uuid, status text, scheduled_at timestamptz)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN {tasks} AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status        = held.verdict::{status},
               completed_at  = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count   = LEAST(tasks.retry_count + (held.verdict <> 'failed')::integer, tasks.max_retries),
               scheduled_at  = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               error_message = held.message,
               attempt_token = NULL, leased_until = NULL, place = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'failed' AS event, tasks.attempts AS attempt,
                  held.token AS attempt_token, tasks.worker_id, tasks.error_message, held.stack AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS ({recorded})
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'dead_letter')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM {engine}_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM {engine}_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM {tasks} AS tasks WHERE tasks.id = ANY (v_changed);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql VOLATILE
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$
$template$,

$template$
CREATE FUNCTION {engine}_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    {bury};
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('queued', 'running')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT id FROM changed
$$
$template$,

$template$
CREATE FUNCTION {engine}_step(
    p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL
) RETURNS TABLE (
        id uuid, tenant_id uuid, task_type varchar, payload jsonb, attempt_token uuid, attempt integer, retry_count integer,
        max_retries integer, leased_until timestamptz, status text, created_by uuid
    )
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM {engine}_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM {engine}_claim(p_worker, p_lanes, p_n, p_begin);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}', p_tokens uuid[] DEFAULT '{}') RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE platform.task_workers SET last_seen = clock_timestamp() WHERE worker_id = p_worker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;
    RETURN QUERY
        SELECT given.id
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE NOT EXISTS (
                   SELECT FROM {tasks} AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('queued', 'running', 'completed')
               );
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM {tasks} AS tasks
         WHERE tasks.status IN ('queued', 'running')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = CASE WHEN tasks.status = 'queued' THEN 'pending' ELSE 'stuck' END::{status},
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'queued' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'stuck' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS ({recorded})
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer)
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, {engine}_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM {tasks} AS tasks
          JOIN {lanes} AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'stuck'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status       = held.verdict::{status},
               completed_at = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count  = LEAST(tasks.retry_count + 1, tasks.max_retries),
               scheduled_at = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               place        = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'rescued' AS event, tasks.attempts AS attempt, NULL::uuid AS attempt_token,
                  tasks.worker_id, tasks.error_message, NULL::text AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS ({recorded} WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'dead_letter')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM {tasks} AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'paused')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'dead_letter', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM {engine}_bury(v_dead);
        PERFORM {engine}_settle(v_dead);
    END IF;
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE {tasks} AS tasks
       SET status = 'paused', leased_until = NULL
      FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running')
    RETURNING tasks.id
$$
$template$,

$template$
CREATE FUNCTION {engine}_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'paused'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM {engine}_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM {engine}_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$
$template$,

$template$
CREATE FUNCTION {engine}_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE {tasks} AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM {dependencies} AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM {tasks} WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'dead_letter')
           AND NOT EXISTS (
                   SELECT FROM {tasks} AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'dead_letter')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN
        {revive};
        PERFORM {engine}_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$
$template$
    ] LOOP
        template := replace(template, '{engine}', engine);
        template := replace(template, '{tasks}', tasks);
        template := replace(template, '{dependencies}', dependencies);
        template := replace(template, '{lanes}', lanes);
        template := replace(template, '{status}', status);
        template := replace(template, '{priority}', priority);
        template := replace(template, '{patience}', patience);
        template := replace(template, '{recorded}', recorded);
        template := replace(template, '{bury}', bury);
        template := replace(template, '{revive}', revive);
        FOR word IN SELECT key, value FROM jsonb_each_text(words) LOOP
            template := replace(template, quote_literal(word.key), quote_literal(word.value));
        END LOOP;
        EXECUTE template;
    END LOOP;
END
$_$;

CREATE FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.users WHERE id = platform.user_id() AND is_active)
        AND (owner = platform.user_id() OR platform.is_administrator()),
        'make a team for somebody else'
    );
    INSERT INTO platform.teams (name, slug) VALUES (new_name, new_slug) RETURNING id INTO made;
    INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (made, owner, 'owner');
    RETURN made;
END
$$;

CREATE FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'add users');
    INSERT INTO platform.users (username, email, password_hash, role)
    VALUES (new_username, new_email, new_password_hash, new_role)
    RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION platform.drop_ledger(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target CONSTANT regclass := (SELECT relation FROM platform.ledgers WHERE name = ledger);
BEGIN
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_the_row ON %s', target);
    EXECUTE format('DROP TRIGGER the_row_stays_as_it_is ON %s', target);
    EXECUTE format('DROP TRIGGER the_row_stays ON %s', target);
    EXECUTE format('DROP FUNCTION IF EXISTS store.%I()', 'stamp_' || ledger);
    EXECUTE format('DROP INDEX %s.%I', (SELECT relnamespace::regnamespace FROM pg_class WHERE oid = target), ledger || '_by_transaction');
    EXECUTE format('DROP POLICY IF EXISTS rows_are_sealed ON %s', target);
    EXECUTE format('DROP POLICY IF EXISTS rows_are_redacted ON %s', target);
    EXECUTE format('ALTER TABLE %s DROP COLUMN epoch, DROP COLUMN transaction_id, DROP COLUMN digest, DROP COLUMN redaction_id', target);
    EXECUTE format('REVOKE SELECT ON %s FROM guildhall_scheduler', target);
    DELETE FROM platform.audit_seal_parts AS parts WHERE parts.ledger = drop_ledger.ledger;
    DELETE FROM platform.audit_seals AS seals WHERE seals.ledger = drop_ledger.ledger;
    DELETE FROM platform.ledgers WHERE name = ledger;
END
$$;

CREATE FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint DEFAULT NULL::bigint, archived_digest text DEFAULT NULL::text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET lock_timeout TO '200ms'
    AS $_$
DECLARE
    expired   record;
    kept      platform.series;
    columns   text[];
    present   record;
    is_behind boolean := false;
BEGIN
    SELECT * INTO expired FROM platform.expired_partitions(series_name) AS due WHERE due.partition = partition_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'series % has no partition % that is older than it keeps rows', quote_literal(series_name), partition_name
              USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    SELECT * INTO STRICT kept FROM platform.series WHERE name = series_name;
    IF kept.is_archived AND archived_digest IS NULL THEN
        RETURN 'archive';
    END IF;
    IF to_regclass('platform.rollup_marks') IS NOT NULL THEN -- a later migration makes it
        EXECUTE 'SELECT EXISTS (
                     SELECT FROM platform.rollup_marks AS marks
                       JOIN platform.rollups ON rollups.name = marks.rollup
                      WHERE rollups.source = $1 AND marks.bucket >= $2 AND marks.bucket < $3
                 )'
           INTO is_behind USING series_name, GREATEST(expired.starts, kept.dropped_before), expired.ends;
        IF is_behind THEN
            RETURN 'roll-ups';
        END IF;
    END IF;
    -- Whoever is about to write into it holds this lock until the rows are in.
    IF NOT pg_try_advisory_xact_lock(hashtext('platform.series.kept'), hashtext(split_part(partition_name, '.', 2))) THEN
        RETURN 'busy';
    END IF;

    BEGIN
        IF archived_digest IS NOT NULL THEN
            EXECUTE format('LOCK TABLE %s IN SHARE MODE', partition_name);
            SELECT array_agg(attname::text ORDER BY attnum) INTO columns
              FROM pg_attribute
             WHERE attrelid = format('store.%I', series_name)::regclass
               AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            SELECT * INTO present
              FROM platform.fingerprint(format('store.%I', series_name), columns, kept.time_column, expired.starts, expired.ends);
            IF (present.row_count, present.digest) IS DISTINCT FROM (archived_rows, archived_digest) THEN
                RETURN 'changed';
            END IF;
        END IF;
        IF (SELECT engine FROM platform.installation) = 'timescale' THEN
            EXECUTE format(
                'SELECT %s.drop_chunks(%L::regclass, older_than => $1, newer_than => $2)',
                (SELECT extnamespace::regnamespace FROM pg_extension WHERE extname = 'timescaledb'),
                format('store.%I', series_name)
            ) USING expired.ends, expired.starts;
        ELSE
            EXECUTE format('DROP TABLE %s', partition_name);
        END IF;
    EXCEPTION
        WHEN lock_not_available OR deadlock_detected THEN RETURN 'busy';
        WHEN dependent_objects_still_exist THEN RETURN 'in use';
    END;
    UPDATE platform.series SET dropped_before = GREATEST(dropped_before, expired.ends) WHERE name = series_name;
    RETURN 'dropped';
END
$_$;

CREATE FUNCTION platform.drop_task_engine(engine text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    rendered regprocedure;
BEGIN
    FOR rendered IN
        SELECT oid FROM pg_proc WHERE pronamespace = split_part(engine, '.', 1)::regnamespace AND proname ^@ (split_part(engine, '.', 2) || '_')
    LOOP
        EXECUTE format('DROP FUNCTION %s', rendered);
    END LOOP;
END
$$;

CREATE FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET lock_timeout TO '5s'
    AS $$
DECLARE
    wanted    platform.series;
    starts    timestamptz;
    ends      timestamptz;
    partition text;
    whole     text;
    made      integer := 0;
BEGIN
    SELECT * INTO wanted FROM platform.series WHERE name = series_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no series %', quote_literal(series_name) USING ERRCODE = 'undefined_table';
    END IF;
    IF NOT isfinite(earliest) OR NOT isfinite(latest) OR latest < earliest OR latest - earliest > interval '100 years' THEN
        RAISE EXCEPTION 'a series cannot be given partitions from % to %', earliest, latest
              USING ERRCODE = 'datetime_field_overflow';
    END IF;
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        RETURN 0;
    END IF;

    starts := date_trunc(CASE WHEN wanted.step = interval '1 day' THEN 'day' ELSE 'month' END, earliest);
    WHILE starts <= latest LOOP
        ends      := starts + wanted.step;
        partition := platform.partition_name(series_name, starts);
        IF wanted.step = interval '1 day' THEN
            -- A month from before the series went by days holds all of its own.
            whole := platform.partition_name(series_name, starts, interval '1 month');
            IF to_regclass(format('store.%I', whole)) IS NOT NULL THEN
                partition := whole;
                ends      := date_trunc('month', starts) + interval '1 month';
            END IF;
        END IF;
        IF ends <= now() - wanted.retention THEN
            -- Upkeep may drop a partition of that age, but not before this transaction has ended.
            PERFORM pg_advisory_xact_lock_shared(hashtext('platform.series.kept'), hashtext(partition));
        END IF;
        IF to_regclass(format('store.%I', partition)) IS NULL THEN
            -- Two writers may want the same month: the second waits, and finds it made. Whether
            -- it is there is known for certain only by making it: names are looked up in a cache.
            PERFORM pg_advisory_xact_lock(hashtext('platform.series'), hashtext(partition));
            BEGIN
                EXECUTE format('CREATE TABLE store.%I (LIKE store.%I INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS INCLUDING STORAGE)',
                               partition, series_name);
                EXECUTE format('ALTER TABLE store.%I ATTACH PARTITION store.%I FOR VALUES FROM (%L) TO (%L)',
                               series_name, partition, starts, ends);
                made := made + 1;
            EXCEPTION WHEN duplicate_table THEN
                NULL;
            END;
        END IF;
        starts := ends;
    END LOOP;
    RETURN made;
END
$$;

CREATE FUNCTION platform.epoch() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN set_config('guildhall.epoch', (SELECT number FROM platform.epoch)::text, false)::bigint;
END
$$;

CREATE FUNCTION platform.erase_person(person uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- It asks who may.
    IF NOT platform.erase_user(person) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('user', person, reason, platform.user_id());
END
$$;

CREATE FUNCTION platform.erase_team(team uuid, reason text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT platform.finish_erasing_team(team) THEN
        RETURN NULL;
    END IF;
    RETURN platform.redact_audit('team', team, reason, platform.user_id());
END
$$;

CREATE FUNCTION platform.erase_team_rows(team uuid, at_most integer) RETURNS TABLE(relation text, removed bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    wanted  record;
    earliest timestamptz;
    done    bigint;
    budget  bigint := at_most;
    before  CONSTANT text := COALESCE(current_setting('app.tenant_id', true), '');
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.teams WHERE id = team AND erased_at IS NOT NULL), 'erase a team that is not being erased'
    );
    PERFORM set_config('app.tenant_id', team::text, true); -- the policies let the owner's functions see this team
    FOR wanted IN SELECT * FROM platform.erasure_order() LOOP
        EXIT WHEN budget <= 0;
        -- Members go last, with the team: until then its owner may go on.
        CONTINUE WHEN wanted.relation = 'platform.team_members'::regclass;
        IF wanted.time_column IS NULL THEN
            BEGIN
                EXECUTE format(
                    'DELETE FROM %1$s WHERE tenant_id = $1 AND (tableoid, ctid) IN '
                    '(SELECT tableoid, ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2)', wanted.relation
                ) USING team, budget;
                GET DIAGNOSTICS done = ROW_COUNT;
            EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
                -- Rows that refer to others of the same table can only go together.
                EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', wanted.relation) USING team;
                GET DIAGNOSTICS done = ROW_COUNT;
            END;
        ELSE
            -- A month at a time: rows of compressed chunks have no place by which a batch could name them.
            EXECUTE format('SELECT min(%I) FROM %s WHERE tenant_id = $1', wanted.time_column, wanted.relation) INTO earliest USING team;
            EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND %2$I >= $2 AND %2$I < $2 + interval ''1 month''',
                           wanted.relation, wanted.time_column) USING team, earliest;
            GET DIAGNOSTICS done = ROW_COUNT;
            -- What is left of the series is for the next call.
            budget := CASE WHEN done > 0 THEN 0 ELSE budget END;
        END IF;
        IF done > 0 THEN
            budget := budget - done;
            relation := wanted.relation::text;
            removed := done;
            RETURN NEXT;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', before, true);
END
$_$;

CREATE FUNCTION platform.erase_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    known   platform.users;
    trace   record;
    nobody  text := 'erased-' || replace(gen_random_uuid()::text, '-', '');
BEGIN
    PERFORM platform.require(platform.is_administrator() OR person = platform.user_id(), 'erase somebody else');
    PERFORM platform.refuse_the_first(person);
    SELECT * INTO known FROM platform.users WHERE id = person AND erased_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    DELETE FROM platform.sign_in_failures AS failures
     WHERE failures.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(known.username, NULL) AS wanted);
    DELETE FROM platform.user_preferences WHERE user_id = person OR user_identifier = person::text;
    DELETE FROM platform.user_sessions WHERE user_id = person;
    DELETE FROM platform.api_keys WHERE user_id = person;
    DELETE FROM platform.team_invitations WHERE email = known.email OR accepted_by = person;
    DELETE FROM platform.team_members WHERE user_id = person;

    -- Where somebody was and with what, wherever it stands beside who it was.
    FOR trace IN
        SELECT attributes.attrelid::regclass AS relation,
               string_agg(format('%I = NULL', attributes.attname), ', ' ORDER BY attributes.attnum) AS changes,
               string_agg(format('%I IS NOT NULL', attributes.attname), ' OR ' ORDER BY attributes.attnum) AS is_there
          FROM pg_attribute AS attributes
          JOIN pg_class AS classes ON classes.oid = attributes.attrelid AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
          JOIN pg_attribute AS people ON people.attrelid = classes.oid AND people.attname = 'user_id' AND people.atttypid = 'uuid'::regtype
         WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND attributes.attname IN ('ip_address', 'user_agent', 'user_identifier')
           AND NOT attributes.attnotnull
           AND split_part(COALESCE(obj_description(classes.oid), ''), ':', 1) <> 'audit'
         GROUP BY attributes.attrelid
    LOOP
        EXECUTE format('UPDATE %s SET %s WHERE user_id = $1 AND (%s)', trace.relation, trace.changes, trace.is_there) USING person;
    END LOOP;

    UPDATE platform.users
       SET username = nobody, email = nobody || '@invalid', password_hash = '!', api_key = NULL, role = 'user',
           is_active = false, last_login_at = NULL,
           deleted_at = COALESCE(deleted_at, clock_timestamp()), erased_at = clock_timestamp()
     WHERE id = person;
    RETURN true;
END
$_$;

CREATE FUNCTION platform.erasure_order() RETURNS TABLE(relation regclass, time_column text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    remaining oid[];
    free_ones oid[];
BEGIN
    SELECT array_agg(classes.oid) INTO remaining
      FROM pg_class AS classes
     WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
       AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
       AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
       AND split_part(obj_description(classes.oid), ': ', 1) <> 'audit';
    WHILE cardinality(remaining) > 0 LOOP
        -- Keys that set null or cascade may form circles; they refuse nothing.
        FOR strictness IN 1..3 LOOP
            SELECT array_agg(candidate ORDER BY candidate::regclass::text) INTO free_ones
              FROM unnest(remaining) AS candidate
             WHERE NOT EXISTS (
                       SELECT FROM pg_constraint AS keys
                        WHERE keys.contype = 'f'
                          AND keys.confrelid = candidate
                          AND keys.conrelid <> candidate
                          AND keys.conrelid = ANY (remaining)
                          AND (strictness = 1 AND keys.confdeltype IN ('a', 'r', 'c')
                               OR strictness = 2 AND keys.confdeltype IN ('a', 'r'))
                   );
            EXIT WHEN free_ones IS NOT NULL;
        END LOOP;
        RETURN QUERY
        SELECT candidate::regclass, series.time_column
          FROM unnest(free_ones) WITH ORDINALITY AS free (candidate, place)
          JOIN pg_class AS classes ON classes.oid = candidate
          LEFT JOIN platform.series ON series.name = classes.relname AND classes.relnamespace = 'store'::regnamespace
         ORDER BY place;
        remaining := ARRAY(SELECT candidate FROM unnest(remaining) AS candidate WHERE candidate <> ALL (free_ones));
    END LOOP;
END
$$;

CREATE FUNCTION platform.expired_partitions(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_archived boolean)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT spans.series, spans.partition, spans.starts, spans.ends, registered.is_archived
      FROM platform.partition_spans(wanted) AS spans
      JOIN platform.series AS registered ON registered.name = spans.series
     WHERE spans.ends <= now() - registered.retention
       AND NOT EXISTS (
               SELECT FROM platform.archives
                WHERE archives.series = spans.series
                  AND archives.starts_at < spans.ends AND archives.ends_at > spans.starts
                  AND archives.kept_until > now()
           )
     ORDER BY spans.series, spans.starts
$$;

CREATE FUNCTION platform.extend_ledger(ledger text, added text[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE platform.ledgers SET columns = columns || added WHERE name = ledger;
    PERFORM platform.write_ledger_triggers(ledger);
END
$$;

CREATE FUNCTION platform.fill(template text, parts jsonb) RETURNS text
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT key, value FROM jsonb_each_text(parts) LOOP
        template := replace(template, '{' || part.key || '}', part.value);
    END LOOP;
    RETURN template;
END
$$;

CREATE TABLE platform.users (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    username character varying(255) NOT NULL,
    email character varying(255) NOT NULL,
    password_hash character varying(255) DEFAULT '!'::character varying NOT NULL,
    api_key character varying(255),
    role character varying(50) DEFAULT 'user'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    last_login_at timestamp with time zone,
    deleted_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT users_archived_are_inactive CHECK ((is_active = (deleted_at IS NULL))),
    CONSTRAINT users_erased_are_archived CHECK (((erased_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT users_role_is_known CHECK (((role)::text = ANY ((ARRAY['user'::character varying, 'admin'::character varying])::text[]))),
    CONSTRAINT users_updated_after_created CHECK ((updated_at >= created_at))
);

ALTER TABLE ONLY platform.users FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.users IS 'identity: global: the people who use this installation.';

COMMENT ON COLUMN platform.users.password_hash IS 'An argon2id hash; "!" matches no password.';

COMMENT ON COLUMN platform.users.api_key IS 'The public id of the person''s default API key, never a secret.';

COMMENT ON COLUMN platform.users.deleted_at IS 'When the person was archived; restoring makes it null again.';

COMMENT ON COLUMN platform.users.erased_at IS 'When everything personal was taken out; what remains is a name that means nobody.';

CREATE FUNCTION platform.find_login(login text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT users.id FROM platform.users WHERE ((((users.username)::text = lower(find_login.login)) OR ((users.email)::text = lower(find_login.login))) AND users.is_active) ORDER BY ((users.username)::text = lower(find_login.login)) DESC LIMIT 1);

CREATE FUNCTION platform.fingerprint(relation regclass, columns text[], time_column text, starts timestamp with time zone, ends timestamp with time zone) RETURNS TABLE(row_count bigint, digest text)
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    SET "IntervalStyle" TO 'postgres'
    SET bytea_output TO 'hex'
    SET extra_float_digits TO '1'
    AS $_$
BEGIN
    RETURN QUERY EXECUTE format(
        $sql$
        SELECT count(*),
               format('%%s:%%s', COALESCE(sum(('x' || left(hash, 16))::bit(64)::bigint::numeric), 0),
                               COALESCE(sum(('x' || substr(hash, 17, 16))::bit(64)::bigint::numeric), 0))
          FROM (
                   SELECT encode(sha256(convert_to(ROW(%s)::text, 'UTF8')), 'hex') AS hash
                     FROM %s
                    WHERE %I >= $1 AND %I < $2
               ) AS hashed
        $sql$,
        (SELECT string_agg(quote_ident(name), ', ' ORDER BY place) FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)),
        relation, time_column, time_column
    ) USING starts, ends;
END
$_$;

CREATE FUNCTION platform.finish_erasing_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    DELETE FROM platform.teams WHERE id = team AND erased_at IS NOT NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) RETURNS TABLE(session_id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, expires_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
DECLARE
    person  platform.users;
    place   record;
    made    uuid;
    at_time CONSTANT timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO person FROM platform.users
     WHERE users.id = platform.find_login(login)
       AND users.password_hash LIKE '$argon2id$%'
       AND sha256(convert_to(users.password_hash, 'UTF8')) = sha256(convert_to(hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM platform.sign_in_failures AS known
     WHERE known.subject = (SELECT wanted.subject FROM platform.sign_in_subjects(login, NULL) AS wanted);
    UPDATE platform.sign_in_failures AS known SET failures = greatest(known.failures - 1, 0)
     WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted);

    SELECT members.tenant_id, members.role INTO place
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.is_active
     WHERE members.user_id = person.id
       AND (team IS NULL OR teams.slug = team)
     ORDER BY members.created_at, members.tenant_id
     LIMIT 1;
    IF FOUND AND token_digest IS NOT NULL THEN
        -- From here on the person is known, also to the audit log.
        PERFORM set_config('app.user_id', person.id::text, true);
        UPDATE platform.users SET last_login_at = at_time WHERE users.id = person.id;
        INSERT INTO platform.user_sessions (
            tenant_id, user_id, session_token, ip_address, user_agent, idle_lifetime, last_activity, expires_at, ends_at, created_at
        )
        VALUES (place.tenant_id, person.id, token_digest, address, agent, idle, at_time, at_time + least(idle, longest), at_time + longest, at_time)
        RETURNING id INTO made;
    END IF;
    RETURN QUERY
    SELECT made, person.id, place.tenant_id, place.role, person.role = 'admin', CASE WHEN made IS NOT NULL THEN at_time + least(idle, longest) END;
END
$_$;

CREATE FUNCTION platform.fold(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(NORMALIZE(regexp_replace(NORMALIZE(content, NFKD), '[\u0300-\u036f]'::text, ''::text, 'g'::text), NFKC));

CREATE FUNCTION platform.forget_cache() RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.forget_idempotency_keys() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM platform.idempotency_keys WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;

CREATE FUNCTION platform.has_teams(series_name text) RETURNS boolean
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (EXISTS (SELECT FROM pg_attribute WHERE ((pg_attribute.attrelid = ((format('store.%I'::text, has_teams.series_name))::regclass)::oid) AND (pg_attribute.attname = 'tenant_id'::name))));

CREATE FUNCTION platform.hints_at_secrets(words text) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (lower((words COLLATE "C")) ~~ ANY (ARRAY['%passw%'::text, '%passphrase%'::text, '%secret%'::text, '%token%'::text, '%key"%'::text, '%key\_%'::text, '%authorization%'::text, '%credential%'::text, '%cookie%'::text, '%ciphertext%'::text]));

CREATE FUNCTION platform.histogram_index(measured double precision) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (measured <= (0.000000001)::double precision) THEN '-1000000'::integer WHEN (measured < 'Infinity'::double precision) THEN (ceil((ln(measured) / ln(((1.02)::double precision / (0.98)::double precision)))))::integer ELSE NULL::integer END;

CREATE FUNCTION platform.histogram_value(idx integer) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (idx = '-1000000'::integer) THEN (0)::double precision ELSE (((2)::double precision * power(((1.02)::double precision / (0.98)::double precision), (idx)::double precision)) / (((1.02)::double precision / (0.98)::double precision) + (1)::double precision)) END;

CREATE FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require_rank_over(NULL, new_role);
    IF EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = platform.tenant_id() AND users.email = address
    ) THEN
        RAISE EXCEPTION 'a member needs no invitation'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_are_for_others', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND email = address AND accepted_at IS NULL AND revoked_at IS NULL;
    INSERT INTO platform.team_invitations (email, role, token_digest, expires_at)
    VALUES (address, new_role, digest, ends_at)
    RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION platform.user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.user_id'::text, true), ''::text))::uuid;

CREATE FUNCTION platform.is_administrator() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (EXISTS (SELECT FROM platform.users WHERE ((users.id = platform.user_id()) AND ((users.role)::text = 'admin'::text) AND users.is_active)));

CREATE FUNCTION platform.isolate(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader, guildhall_owner '
        'USING (tenant_id = (SELECT platform.tenant_id())) '
        'WITH CHECK (tenant_id = (SELECT platform.tenant_id()))',
        relation
    );
END
$$;

CREATE FUNCTION platform.job_has_parents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_parents_of_jobs(ARRAY[NEW.tenant_id], array_remove(ARRAY[NEW.created_by], NULL));
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.job_patience(priority platform.job_priority) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE priority WHEN 'critical'::platform.job_priority THEN '00:00:00'::interval WHEN 'high'::platform.job_priority THEN '00:15:00'::interval WHEN 'normal'::platform.job_priority THEN '01:00:00'::interval WHEN 'low'::platform.job_priority THEN '04:00:00'::interval ELSE '12:00:00'::interval END;

CREATE FUNCTION platform.jobs_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN

    INSERT INTO store.background_task_history (tenant_id, task_id, event, attempt, worker_id, error_message)
    SELECT tenant_id, id, 'dead_letter', NULLIF(attempts, 0), worker_id, error_message
      FROM platform.background_tasks
     WHERE id = ANY (p_dead);
    INSERT INTO platform.dead_letter_queue (tenant_id, original_task_id, task_type, payload, error_message, error_stack, retry_history)
    SELECT tasks.tenant_id, tasks.id, tasks.task_type, tasks.payload, tasks.error_message,
           (SELECT events.error_stack FROM store.background_task_history AS events
             WHERE events.task_id = tasks.id AND events.event = 'failed' ORDER BY events.created_at DESC LIMIT 1),
           COALESCE((
               SELECT jsonb_agg(jsonb_build_object('attempt', events.attempt, 'event', events.event, 'worker_id', events.worker_id,
                                                   'error_message', events.error_message, 'at', events.created_at)
                                ORDER BY events.created_at)
                 FROM store.background_task_history AS events
                WHERE events.task_id = tasks.id AND events.event IN ('failed', 'stuck')
           ), '[]')
      FROM platform.background_tasks AS tasks
     WHERE tasks.id = ANY (p_dead)
        ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION platform.jobs_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$;

CREATE FUNCTION platform.jobs_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
DECLARE
    v_was_silent boolean;
    v_token      CONSTANT text := gen_random_uuid();
    v_lanes      integer[];
    v_rooms      integer[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    SELECT workers.last_seen < now() - workers.lease / 2 INTO v_was_silent
      FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker;
    IF v_was_silent THEN
        UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp() WHERE workers.worker_id = p_worker;
    ELSIF v_was_silent IS NULL THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM platform.jobs_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM platform.jobs_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- Where several lanes have tasks, a window says how many of each; what others
    -- hold in it is passed over when locking, so that two who claim at once do not
    -- get half each.
    IF cardinality(v_lanes) > 1 THEN
        SELECT array_agg(quotas.lane), array_agg(quotas.n)
          INTO v_lanes, v_rooms
          FROM (
              SELECT heads.lane, count(*)::integer AS n
                FROM (
                    SELECT served.lane
                      FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                     CROSS JOIN LATERAL (
                               SELECT tasks.scheduled_at + platform.job_patience(tasks.priority) AS due_at
                                 FROM platform.background_tasks AS tasks
                                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                                ORDER BY tasks.place, tasks.seq
                                LIMIT served.room
                           ) AS waiting
                     ORDER BY waiting.due_at
                     LIMIT p_n
                ) AS heads
               GROUP BY heads.lane
          ) AS quotas;
    END IF;
    RETURN QUERY
        WITH held AS MATERIALIZED (
            SELECT taken.ctid AS row, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM unnest(v_lanes, v_rooms) AS quotas (lane, n)
             CROSS JOIN LATERAL (
                       SELECT tasks.ctid, tasks.place, tasks.seq
                         FROM platform.background_tasks AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE platform.background_tasks AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'running' ELSE 'queued' END::platform.job_status,
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = overlay(v_token PLACING lpad(to_hex(held.n), 8, '0') FROM 29)::uuid,
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.ctid = held.row
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'running' THEN 'started' ELSE 'queued' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed),
        spent AS (
            UPDATE platform.task_lanes AS lanes
               SET rate_used_to = GREATEST(lanes.rate_used_to, clock_timestamp())
                                  + lanes.rate_per / lanes.rate_count * used.n
              FROM (SELECT changed.lane, count(*) AS n FROM changed GROUP BY changed.lane) AS used
             WHERE lanes.lane = used.lane AND lanes.rate_count IS NOT NULL
        )
        SELECT changed.id, changed.tenant_id, changed.task_type, changed.payload, changed.attempt_token, changed.attempt,
               changed.retry_count, changed.max_retries, changed.leased_until, changed.status::text, changed.created_by
          FROM changed
         ORDER BY changed.n;
END
$$;

CREATE FUNCTION platform.jobs_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL::jsonb[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN platform.background_tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$;

CREATE FUNCTION platform.jobs_enqueue(p_types text[], p_payloads jsonb[], p_ids uuid[] DEFAULT NULL::uuid[], p_queues text[] DEFAULT NULL::text[], p_priorities platform.job_priority[] DEFAULT NULL::platform.job_priority[], p_scheduled_at timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_max_retries integer[] DEFAULT NULL::integer[], p_timeouts interval[] DEFAULT NULL::interval[], p_deadlines timestamp with time zone[] DEFAULT NULL::timestamp with time zone[], p_unique_keys text[] DEFAULT NULL::text[], p_idempotency_keys text[] DEFAULT NULL::text[], p_fair_keys text[] DEFAULT NULL::text[], p_weights double precision[] DEFAULT NULL::double precision[], p_waiting integer[] DEFAULT NULL::integer[], p_waits_for uuid[] DEFAULT NULL::uuid[], p_on_failure text[] DEFAULT NULL::text[]) RETURNS TABLE(id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
DECLARE
    v_ids    uuid[];
    v_final  uuid[];
    v_open   integer[];
    v_team   CONSTANT text := platform.tenant_id();
    v_wrong  text;
    v_awaited uuid[];
    v_known  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(COALESCE(given.id, gen_random_uuid()) ORDER BY given.n),
           array_agg(lanes.lane ORDER BY given.n),
           min(given.task_type || CASE WHEN given.queue IS NULL THEN '' ELSE ' in queue ' || given.queue END)
               FILTER (WHERE lanes.lane IS NULL)
      INTO v_ids, v_lanes, v_wrong
      FROM unnest(p_types, p_ids, p_queues) WITH ORDINALITY AS given (task_type, id, queue, n)
      LEFT JOIN platform.task_lanes AS lanes ON lanes.task_type = given.task_type AND lanes.queue = COALESCE(given.queue, 'default');
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(deadline)::text FROM unnest(p_deadlines) AS deadline WHERE deadline <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := v_ids;
    IF p_unique_keys IS NOT NULL OR p_idempotency_keys IS NOT NULL THEN
        v_final := ARRAY(
            SELECT COALESCE(
                       (SELECT live.id FROM platform.background_tasks AS live
                         WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = given.unique_key
                           AND live.status IN ('pending', 'queued', 'running', 'paused', 'stuck')),
                       (SELECT known.id FROM platform.background_tasks AS known
                         WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = given.idempotency_key),
                       CASE WHEN given.unique_key IS NOT NULL THEN first_value(given.id) OVER (PARTITION BY given.unique_key ORDER BY given.n)
                            WHEN given.idempotency_key IS NOT NULL
                            THEN first_value(given.id) OVER (PARTITION BY given.idempotency_key ORDER BY given.n) END,
                       given.id
                   )
              FROM unnest(v_ids, p_unique_keys, p_idempotency_keys) WITH ORDINALITY AS given (id, unique_key, idempotency_key, n)
             ORDER BY given.n
        );
    END IF;

    IF p_waiting IS NOT NULL THEN
        SELECT array_agg(COALESCE(ahead.final_id, edges.awaited) ORDER BY edges.n),
               array_agg(DISTINCT COALESCE(ahead.final_id, edges.awaited)) FILTER (WHERE ahead.id IS DISTINCT FROM ahead.final_id OR ahead.id IS NULL),
               min(edges.awaited::text) FILTER (WHERE ahead.n >= edges.waiting)
          INTO v_awaited, v_known, v_wrong
          FROM unnest(p_waiting, p_waits_for) WITH ORDINALITY AS edges (waiting, awaited, n)
          LEFT JOIN unnest(v_ids, v_final) WITH ORDINALITY AS ahead (id, final_id, n) ON ahead.id = edges.awaited;
        -- A task that ends meanwhile would not see that this one waits for it.
        PERFORM FROM platform.background_tasks AS awaited WHERE awaited.id = ANY (v_known) ORDER BY awaited.id FOR SHARE;
        SELECT COALESCE(v_wrong, min(awaited.id::text)) INTO v_wrong
          FROM unnest(v_known) AS awaited (id)
         WHERE NOT EXISTS (SELECT FROM platform.background_tasks AS known WHERE known.id = awaited.id);
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % is neither there nor ahead of what waits for it', v_wrong
                  USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_dependency_is_known', DETAIL = v_wrong;
        END IF;
        SELECT min(awaited.id::text) INTO v_wrong
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
         WHERE awaited.status IN ('failed', 'cancelled', 'dead_letter') AND COALESCE(edges.on_failure, 'cancel') <> 'ignore';
        IF v_wrong IS NOT NULL THEN
            RAISE EXCEPTION 'task % has failed already', v_wrong
                  USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong;
        END IF;
        SELECT array_agg(COALESCE(counted.open, 0) ORDER BY given.n)
          INTO v_open
          FROM generate_subscripts(v_ids, 1) AS given (n)
          LEFT JOIN (
                   SELECT edges.waiting, count(DISTINCT edges.awaited)::integer AS open
                     FROM unnest(p_waiting, v_awaited) AS edges (waiting, awaited)
                     LEFT JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
                    WHERE COALESCE(awaited.status, 'pending') NOT IN ('completed', 'failed', 'cancelled', 'dead_letter')
                    GROUP BY edges.waiting
               ) AS counted ON counted.waiting = given.n;
    END IF;

    SELECT platform.jobs_places(
               array_agg(given.lane ORDER BY given.n),
               array_agg(COALESCE(given.fair_key, v_team) ORDER BY given.n),
               array_agg(COALESCE(given.priority, 'normal') ORDER BY given.n),
               array_agg(COALESCE(given.weight, 1) ORDER BY given.n),
               array_agg(COALESCE(given.scheduled_at, now()) ORDER BY given.n)
           )
      INTO v_places
      FROM unnest(v_lanes, p_fair_keys, p_priorities, p_weights, p_scheduled_at) WITH ORDINALITY
           AS given (lane, fair_key, priority, weight, scheduled_at, n);

    INSERT INTO platform.background_tasks (id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at, unique_key,
                         idempotency_key, fair_key, weight, lane, open_dependencies, place)
    SELECT given.id, given.task_type, COALESCE(given.payload, '{}'), COALESCE(given.priority, 'normal'),
           COALESCE(given.scheduled_at, now()), COALESCE(given.max_retries, lanes.max_retries),
           COALESCE(given.timeout, lanes.timeout), given.deadline_at, given.unique_key, given.idempotency_key,
           COALESCE(given.fair_key, v_team), COALESCE(given.weight, 1), given.lane, COALESCE(given.open, 0),
           CASE WHEN COALESCE(given.open, 0) = 0 AND COALESCE(given.scheduled_at, now()) <= now() THEN given.place END
      FROM unnest(v_ids, v_final, p_types, p_payloads, p_priorities, p_scheduled_at, p_max_retries, p_timeouts, p_deadlines,
                  p_unique_keys, p_idempotency_keys, p_fair_keys, p_weights, v_lanes, v_open, v_places) WITH ORDINALITY
           AS given (id, final_id, task_type, payload, priority, scheduled_at, max_retries, timeout, deadline_at,
                     unique_key, idempotency_key, fair_key, weight, lane, open, place, n)
      JOIN platform.task_lanes AS lanes ON lanes.lane = given.lane
     WHERE given.id = given.final_id
     ORDER BY given.n;

    IF p_waiting IS NOT NULL THEN
        INSERT INTO platform.background_task_dependencies (task_id, depends_on_task_id, on_failure, is_settled)
        SELECT v_ids[edges.waiting], awaited.id, COALESCE(min(edges.on_failure), 'cancel'),
               awaited.status IN ('completed', 'failed', 'cancelled', 'dead_letter')
          FROM unnest(p_waiting, v_awaited, p_on_failure) AS edges (waiting, awaited, on_failure)
          JOIN platform.background_tasks AS awaited ON awaited.id = edges.awaited
         WHERE v_ids[edges.waiting] = v_final[edges.waiting]
         GROUP BY edges.waiting, awaited.id, awaited.status;
    END IF;
    RETURN QUERY SELECT given.final_id, given.id = given.final_id FROM unnest(v_ids, v_final) AS given (id, final_id);
END
$$;

CREATE FUNCTION platform.jobs_fail(p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL::text[], p_is_final boolean[] DEFAULT NULL::boolean[], p_delays interval[] DEFAULT NULL::interval[]) RETURNS TABLE(id uuid, status text, scheduled_at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, platform.jobs_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN platform.background_tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'running'
          JOIN platform.task_lanes AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status        = held.verdict::platform.job_status,
               completed_at  = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count   = LEAST(tasks.retry_count + (held.verdict <> 'failed')::integer, tasks.max_retries),
               scheduled_at  = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               error_message = held.message,
               attempt_token = NULL, leased_until = NULL, place = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'failed' AS event, tasks.attempts AS attempt,
                  held.token AS attempt_token, tasks.worker_id, tasks.error_message, held.stack AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'dead_letter')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM platform.jobs_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM platform.jobs_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM platform.background_tasks AS tasks WHERE tasks.id = ANY (v_changed);
END
$$;

CREATE FUNCTION platform.jobs_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}'::uuid[], p_tokens uuid[] DEFAULT '{}'::uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE platform.task_workers SET last_seen = clock_timestamp() WHERE worker_id = p_worker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;
    RETURN QUERY
        SELECT given.id
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE NOT EXISTS (
                   SELECT FROM platform.background_tasks AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('queued', 'running', 'completed')
               );
END
$$;

CREATE FUNCTION platform.jobs_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM platform.background_tasks AS tasks
         WHERE tasks.status IN ('queued', 'running')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = CASE WHEN tasks.status = 'queued' THEN 'pending' ELSE 'stuck' END::platform.job_status,
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'queued' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'stuck' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE platform.background_tasks AS tasks
       SET status = 'paused', leased_until = NULL
      FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'queued', 'running')
    RETURNING tasks.id
$$;

CREATE FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) RETURNS timestamp with time zone[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM platform.background_tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - platform.job_patience(groups.priority),
                       (SELECT tasks.place - platform.job_patience(tasks.priority) FROM platform.background_tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + platform.job_patience(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$;

CREATE FUNCTION platform.jobs_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM platform.background_tasks AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE platform.jobs_take_places(v_due) END;
END
$$;

CREATE FUNCTION platform.jobs_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('queued', 'running')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT id FROM changed
$$;

CREATE FUNCTION platform.jobs_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, platform.jobs_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'dead_letter'
                    ELSE 'pending' END AS verdict
          FROM platform.background_tasks AS tasks
          JOIN platform.task_lanes AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'stuck'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status       = held.verdict::platform.job_status,
               completed_at = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count  = LEAST(tasks.retry_count + 1, tasks.max_retries),
               scheduled_at = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               place        = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'rescued' AS event, tasks.attempts AS attempt, NULL::uuid AS attempt_token,
                  tasks.worker_id, tasks.error_message, NULL::text AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'dead_letter')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM platform.background_tasks AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'paused')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'dead_letter', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM platform.jobs_bury(v_dead);
        PERFORM platform.jobs_settle(v_dead);
    END IF;
END
$$;

CREATE FUNCTION platform.jobs_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'paused'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM platform.jobs_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$;

CREATE FUNCTION platform.jobs_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM platform.background_task_dependencies AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM platform.background_tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'dead_letter')
           AND NOT EXISTS (
                   SELECT FROM platform.background_tasks AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'queued', 'running', 'paused', 'stuck')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'dead_letter')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN

        UPDATE platform.dead_letter_queue
           SET resolution = 'redriven', resolved_at = now(), resolved_by = platform.user_id()
         WHERE original_task_id = ANY (v_again) AND resolved_at IS NULL;
        PERFORM platform.jobs_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$;

CREATE FUNCTION platform.jobs_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
DECLARE
    v_limited integer[];
    v_lane    record;
    v_room    integer;
BEGIN
    SELECT array_agg(lane) FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(p_n)  FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(lane) FILTER (WHERE max_running IS NOT NULL OR rate_count IS NOT NULL)
      INTO p_lanes, p_rooms, v_limited
      FROM platform.task_lanes
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM platform.background_tasks AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM platform.task_lanes WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM platform.background_tasks AS tasks
                 WHERE tasks.lane = v_lane.lane AND tasks.status IN ('queued', 'running')
            ));
        END IF;
        IF v_lane.rate_count IS NOT NULL THEN
            v_room := LEAST(v_room, floor(
                v_lane.rate_count
                * extract(epoch FROM clock_timestamp() + v_lane.rate_per
                                     - GREATEST(v_lane.rate_used_to, clock_timestamp()))
                / extract(epoch FROM v_lane.rate_per) + 0.000001
            )::integer);
        END IF;
        IF v_room > 0 THEN
            p_lanes := p_lanes || v_lane.lane;
            p_rooms := p_rooms || v_room;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION platform.jobs_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_counts  integer[];
    v_places  timestamptz[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM platform.background_task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM platform.background_tasks
          WHERE id IN (SELECT task_id FROM platform.background_task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE platform.background_task_dependencies AS edges
               SET is_settled = true
              FROM platform.background_tasks AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        )
        SELECT array_agg(counted.task_id), array_agg(counted.n) INTO v_waiting, v_counts
          FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted;
        -- Whoever waits for nothing more takes its place with the same change of its row.
        SELECT array_agg(id), platform.jobs_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(ready_at))
          INTO v_ready, v_places
          FROM (
                   SELECT tasks.id, tasks.lane, tasks.fair_key, tasks.priority, tasks.weight,
                          GREATEST(tasks.scheduled_at, tasks.created_at) AS ready_at
                     FROM unnest(v_waiting, v_counts) AS counted (id, n)
                     JOIN platform.background_tasks AS tasks ON tasks.id = counted.id
                    WHERE tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = counted.n
                      AND tasks.scheduled_at <= now()
                    ORDER BY tasks.scheduled_at, tasks.seq
               ) AS ready;
        UPDATE platform.background_tasks AS tasks
           SET open_dependencies = 0, place = placed.place
          FROM unnest(v_ready, v_places) AS placed (id, place)
         WHERE tasks.id = placed.id;
        v_count := v_count + COALESCE(cardinality(v_ready), 0);
        -- The others; one that has its place waits for none, which is fewer than were counted.
        UPDATE platform.background_tasks AS tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM unnest(v_waiting, v_counts) AS counted (id, n)
         WHERE tasks.id = counted.id AND tasks.open_dependencies >= counted.n AND tasks.status IN ('pending', 'paused');

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM platform.background_task_dependencies AS edges
              JOIN platform.background_tasks AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'dead_letter')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE platform.background_tasks AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::platform.job_status,
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'paused')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE platform.background_tasks AS tasks
           SET status = 'running', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'queued' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.background_task_history
               (tenant_id, task_id, event, attempt, attempt_token, worker_id, error_message, error_stack, detail)
        SELECT changed.tenant_id, changed.id, changed.event, NULLIF(changed.attempt, 0), changed.attempt_token, changed.worker_id,
               changed.error_message, changed.error_stack, changed.detail
          FROM changed)
    SELECT id FROM changed
$$;

CREATE FUNCTION platform.jobs_step(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM platform.jobs_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM platform.jobs_claim(p_worker, p_lanes, p_n, p_begin);
END
$$;

CREATE FUNCTION platform.jobs_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           platform.jobs_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM platform.background_tasks
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE platform.background_tasks AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

CREATE FUNCTION platform.jobs_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$;

CREATE FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) RETURNS TABLE(user_id uuid, tenant_id uuid, slug character varying, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_column
DECLARE
    address text;
    person  uuid;
BEGIN
    SELECT known.email INTO address FROM platform.team_invitations AS known
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO platform.users (username, email, password_hash) VALUES (new_username, address, new_password_hash)
    RETURNING id INTO person;
    PERFORM set_config('app.user_id', person::text, true);
    RETURN QUERY
    SELECT person, joined.tenant_id, joined.slug, joined.role FROM platform.accept_invitation(digest) AS joined;
    IF NOT FOUND THEN
        -- Somebody was quicker: then there is no reason for an account either.
        RAISE EXCEPTION 'the invitation has just been used'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_end_once', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
END
$$;

CREATE FUNCTION platform.keep_an_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM platform.installation FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM platform.users WHERE role = 'admin' AND is_active) THEN
        RAISE EXCEPTION 'an installation keeps an administrator'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'installation_keeps_an_administrator', TABLE = 'users', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    -- Two owners who go at once: the second waits here and then sees that it is the last.
    PERFORM FROM platform.teams WHERE id = OLD.tenant_id AND erased_at IS NULL FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = OLD.tenant_id
           AND members.role = 'owner'
           AND users.is_active
    ) THEN
        RAISE EXCEPTION 'a team keeps an owner'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'teams_keep_an_owner', TABLE = 'team_members', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.keep_change(tenant_id uuid, table_schema text, table_name text, operation text, record_key jsonb, old_data jsonb, new_data jsonb) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
#variable_conflict use_variable
BEGIN
    IF platform.audit_is_closed() THEN
        -- Partitions are made ahead; where upkeep has stood still, here.
        IF EXISTS (SELECT FROM pg_class WHERE oid = 'store.audit_log'::regclass AND relkind = 'p') THEN
            PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
        END IF;
        PERFORM set_config('guildhall.audited_until',
                           extract(epoch FROM date_trunc('month', clock_timestamp(), 'UTC') + interval '1 month')::bigint::text, false);
    END IF;
    INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data)
    VALUES (tenant_id, table_schema, table_name, operation, record_key, platform.without_secrets(old_data), platform.without_secrets(new_data));
END
$$;

CREATE FUNCTION platform.keep_sealed(relation regclass, sealed_column text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO platform.sealed_columns VALUES (relation::text, sealed_column);
    EXECUTE format('CREATE POLICY functions_see_every_row ON %s TO guildhall_owner USING (true) WITH CHECK (true)', relation);
END
$$;

CREATE FUNCTION platform.ledger_text(relation regclass, columns text[], prefix text) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    covered record;
    value   text;
    lines   text[] := '{}';
BEGIN
    FOR covered IN
        SELECT wanted.name, attributes.atttypid::regtype AS type, types.typcategory, types.typtype,
               elements.typcategory AS element_category, types.typelem::regtype::text AS element
          FROM unnest(columns) WITH ORDINALITY AS wanted (name, place)
          LEFT JOIN pg_attribute AS attributes
            ON attributes.attrelid = relation AND attributes.attname = wanted.name AND NOT attributes.attisdropped
          LEFT JOIN pg_type AS types ON types.oid = attributes.atttypid
          LEFT JOIN pg_type AS elements ON elements.oid = types.typelem
         ORDER BY wanted.place
    LOOP
        value := prefix || quote_ident(covered.name);
        value := CASE
            WHEN covered.type::text IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint', 'numeric', 'inet', 'cidr', 'jsonb')
                THEN format('%s::text', value)
            WHEN covered.type::text = 'timestamp with time zone' THEN format('extract(epoch FROM %s)::text', value)
            WHEN covered.type::text = 'date' THEN format('to_json(%s)::text', value)
            WHEN covered.type::text = 'double precision' THEN format('encode(float8send(%s), ''hex'')', value)
            WHEN covered.type::text = 'bytea' THEN format('encode(%s, ''hex'')', value)
            WHEN covered.typcategory = 'S' OR covered.typtype = 'e' THEN format('to_json(%s::text)::text', value)
            WHEN covered.typcategory = 'A'
                 AND (covered.element_category = 'S' OR covered.element IN ('uuid', 'boolean', 'smallint', 'integer', 'bigint'))
                THEN format('to_json(%s)::text', value)
        END;
        IF value IS NULL THEN
            RAISE EXCEPTION 'column % of % cannot be digested: it is %', covered.name, relation, COALESCE(covered.type::text, 'not there')
                  USING ERRCODE = 'datatype_mismatch', HINT = 'Name it among the columns to leave out.';
        END IF;
        lines := lines || format('%L || %s', covered.name || '=', value);
    END LOOP;
    RETURN format('concat_ws(chr(10), %s)', array_to_string(lines, ', '));
END
$$;

CREATE FUNCTION platform.let_add_to_ledger(ledger text, role_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    target CONSTANT regclass := (SELECT relation FROM platform.ledgers WHERE name = ledger AND stamped);
BEGIN
    IF target IS NOT NULL THEN
        EXECUTE format(
            'GRANT INSERT (%s) ON %s TO %I',
            (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
               FROM pg_attribute
              WHERE attrelid = target AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
                AND attname NOT IN ('epoch', 'transaction_id', 'digest', 'redaction_id')),
            target, role_name
        );
    END IF;
END
$$;

CREATE FUNCTION platform.list_teams(with_archived boolean) RETURNS TABLE(id uuid, name character varying, slug character varying, is_active boolean, members integer, role text, created_at timestamp with time zone, updated_at timestamp with time zone, deleted_at timestamp with time zone, erased_at timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT teams.id, teams.name, teams.slug, teams.is_active,
           (SELECT count(*)::integer FROM platform.team_members AS members WHERE members.tenant_id = teams.id),
           mine.role, teams.created_at, teams.updated_at, teams.deleted_at, teams.erased_at
      FROM platform.teams
      LEFT JOIN platform.team_members AS mine ON mine.tenant_id = teams.id AND mine.user_id = platform.user_id()
     WHERE (teams.is_active OR with_archived)
       AND (mine.role IS NOT NULL OR (SELECT platform.is_administrator()))
     ORDER BY teams.slug
$$;

CREATE FUNCTION platform.list_users(with_archived boolean) RETURNS TABLE(id uuid, username character varying, email character varying, role character varying, is_active boolean, api_key character varying, last_login_at timestamp with time zone, created_at timestamp with time zone, updated_at timestamp with time zone, deleted_at timestamp with time zone, has_password boolean, teams text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.api_key, users.last_login_at,
           users.created_at, users.updated_at, users.deleted_at, users.password_hash <> '!',
           ARRAY(SELECT teams.slug || ':' || members.role
                   FROM platform.team_members AS members
                   JOIN platform.teams ON teams.id = members.tenant_id
                  WHERE members.user_id = users.id
                  ORDER BY members.created_at, teams.slug)
      FROM platform.users
     WHERE (users.is_active OR with_archived)
       AND users.erased_at IS NULL
       AND (users.id = platform.user_id() OR (SELECT platform.is_administrator()))
     ORDER BY users.username
$$;

CREATE FUNCTION platform.login_tenant() RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT tenant_id FROM platform.sql_logins WHERE role_name = session_user
$$;

CREATE FUNCTION platform.maintain_series(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, action text, detail text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
DECLARE
    kept platform.series;
    due  record;
    made integer;
    on_timescale CONSTANT boolean := (SELECT engine FROM platform.installation) = 'timescale';
BEGIN
    IF wanted IS NOT NULL AND NOT EXISTS (SELECT FROM platform.series WHERE name = wanted) THEN
        RAISE EXCEPTION 'there is no series %', quote_literal(wanted) USING ERRCODE = 'undefined_table';
    END IF;
    FOR kept IN SELECT * FROM platform.series WHERE name = COALESCE(wanted, name) ORDER BY name LOOP
        series := kept.name;
        made   := platform.create_partitions_ahead(kept.name);
        IF made > 0 THEN
            action := 'made';
            detail := made::text;
            RETURN NEXT;
        END IF;

        FOR due IN SELECT * FROM platform.expired_partitions(kept.name) LOOP
            action := platform.drop_partition(kept.name, due.partition);
            detail := due.partition;
            RETURN NEXT;
        END LOOP;

        CONTINUE WHEN NOT on_timescale;
        -- Its own job may have dropped chunks that this has never seen.
        IF kept.retention IS NOT NULL AND NOT kept.is_archived THEN
            UPDATE platform.series AS moved
               SET dropped_before = GREATEST(moved.dropped_before, LEAST(now() - kept.retention, (
                       SELECT min(spans.starts) FROM platform.partition_spans(kept.name) AS spans
                   )))
             WHERE moved.name = kept.name;
        END IF;
        FOR due IN
            SELECT spans.partition
              FROM platform.partition_spans(kept.name) AS spans
             WHERE NOT spans.is_compressed AND spans.ends <= now() - kept.compress_after
        LOOP
            action := CASE WHEN platform.compress_partition(due.partition) THEN 'compressed' ELSE 'busy' END;
            detail := due.partition;
            RETURN NEXT;
        END LOOP;
    END LOOP;
END
$$;

CREATE FUNCTION platform.make_hypertable(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $_$
DECLARE
    wanted     platform.series;
    parent     regclass := format('store.%I', series_name);
    extension  text;
    statements text[];
    statement  text;
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    -- What LIKE leaves out, or would give another name.
    SELECT array_agg(parts.statement ORDER BY parts.place, parts.name) INTO statements
      FROM (
               SELECT 1 AS place, conname AS name, format('ALTER TABLE %s ADD CONSTRAINT %I %s', parent, conname, pg_get_constraintdef(oid)) AS statement
                 FROM pg_constraint
                WHERE conrelid = parent AND contype IN ('p', 'u', 'f')
               UNION ALL
               SELECT 2, indexrelid::regclass::text, regexp_replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ')
                 FROM pg_index
                WHERE indrelid = parent AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND conrelid = parent)
               UNION ALL
               SELECT 3, tgname, pg_get_triggerdef(oid)
                 FROM pg_trigger
                WHERE tgrelid = parent AND NOT tgisinternal
               UNION ALL
               SELECT 4, '', format('COMMENT ON TABLE %s IS %L', parent, obj_description(parent, 'pg_class'))
               UNION ALL
               SELECT 5, '', format('COMMENT ON INDEX %s IS %L', indexrelid::regclass, obj_description(indexrelid, 'pg_class'))
                 FROM pg_index
                WHERE indrelid = parent AND obj_description(indexrelid, 'pg_class') IS NOT NULL
               UNION ALL
               SELECT 6, '', format('GRANT %s ON %s TO %I', granted.privilege_type, parent, granted.grantee::regrole)
                 FROM pg_class, aclexplode(relacl) AS granted
                WHERE pg_class.oid = parent AND granted.grantee NOT IN (0, relowner)
               UNION ALL
               SELECT 6, '', format('GRANT %s (%I) ON %s TO %I', granted.privilege_type, attname, parent, granted.grantee::regrole)
                 FROM pg_attribute, aclexplode(attacl) AS granted
                WHERE attrelid = parent AND granted.grantee <> 0
           ) AS parts;

    EXECUTE format('CREATE TABLE store.%I (LIKE %s INCLUDING ALL EXCLUDING INDEXES)', series_name || '_anew', parent);
    EXECUTE format('DROP TABLE %s', parent);
    EXECUTE format('ALTER TABLE store.%I RENAME TO %I', series_name || '_anew', series_name);
    EXECUTE format(
        'SELECT %1$s.create_hypertable(%2$L::regclass, %1$s.by_range(%3$L, %4$L::interval), create_default_indexes => false)',
        extension, format('store.%I', series_name), wanted.time_column, wanted.chunk
    );
    FOREACH statement IN ARRAY statements LOOP
        EXECUTE statement;
    END LOOP;
END
$_$;

CREATE FUNCTION platform.tenant_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid;

CREATE TABLE platform.team_members (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT team_members_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);

ALTER TABLE ONLY platform.team_members FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.team_members IS 'identity: tenant: who belongs to a team, and what they may do in it.';

CREATE TABLE platform.teams (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(100) NOT NULL,
    slug character varying(100) NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    erased_at timestamp with time zone,
    CONSTRAINT teams_archived_are_inactive CHECK ((is_active = (deleted_at IS NULL))),
    CONSTRAINT teams_erased_are_archived CHECK (((erased_at IS NULL) OR (deleted_at IS NOT NULL))),
    CONSTRAINT teams_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+(-[a-z0-9]+)*$'::text)),
    CONSTRAINT teams_updated_after_created CHECK ((updated_at >= created_at))
);

ALTER TABLE ONLY platform.teams FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.teams IS 'identity: global: the tenants; somebody who works alone is a team of one.';

COMMENT ON COLUMN platform.teams.erased_at IS 'When its erasure began; the row itself goes last.';

CREATE FUNCTION platform.member_role() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (SELECT members.role FROM ((platform.team_members members JOIN platform.users ON (((users.id = members.user_id) AND users.is_active))) JOIN platform.teams ON (((teams.id = members.tenant_id) AND teams.is_active))) WHERE ((members.tenant_id = platform.tenant_id()) AND (members.user_id = platform.user_id())));

CREATE FUNCTION platform.may_administer_team() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    RETURN (COALESCE((platform.member_role() = ANY (ARRAY['owner'::text, 'admin'::text])), false) OR platform.is_administrator());

CREATE FUNCTION platform.new_jobs_have_parents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_parents_of_jobs(
        ARRAY(SELECT DISTINCT tenant_id FROM added), ARRAY(SELECT DISTINCT created_by FROM added WHERE created_by IS NOT NULL)
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.partition_name(series_name text, starts timestamp with time zone, step interval) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    RETURN ((series_name || to_char(starts, CASE WHEN (step = '1 day'::interval) THEN '_YYYY_MM_DD'::text ELSE '_YYYY_MM'::text END)) || CASE WHEN (EXTRACT(year FROM starts) < (0)::numeric) THEN '_bc'::text ELSE ''::text END);

CREATE TABLE platform.series (
    name text NOT NULL,
    time_column text NOT NULL,
    step interval NOT NULL,
    retention interval,
    chunk interval DEFAULT '1 day'::interval NOT NULL,
    compress_after interval,
    segment_by text[] DEFAULT '{}'::text[] NOT NULL,
    order_by text,
    is_archived boolean DEFAULT false NOT NULL,
    dropped_before timestamp with time zone,
    CONSTRAINT series_chunk_is_positive CHECK ((chunk > '00:00:00'::interval)),
    CONSTRAINT series_compression_waits CHECK ((compress_after > '00:00:00'::interval)),
    CONSTRAINT series_retention_is_positive CHECK ((retention > '00:00:00'::interval)),
    CONSTRAINT series_step_is_a_month_or_a_day CHECK ((((step = '1 mon'::interval) AND (date_trunc('month'::text, step) = step)) OR ((step = '1 day'::interval) AND (date_trunc('day'::text, step) = step))))
);

COMMENT ON TABLE platform.series IS 'operations: system: every table that is kept by time: its base table in schema store, its column, and how its rows are kept.';

COMMENT ON COLUMN platform.series.step IS 'The span of a partition on native partitions.';

COMMENT ON COLUMN platform.series.retention IS 'How long rows are kept; NULL: for ever. Whole partitions are dropped once all of their span is older.';

COMMENT ON COLUMN platform.series.chunk IS 'The span of a chunk on TimescaleDB.';

COMMENT ON COLUMN platform.series.compress_after IS 'The age at which TimescaleDB compresses a chunk; NULL: never.';

COMMENT ON COLUMN platform.series.segment_by IS 'Columns whose values compressed rows have in common.';

COMMENT ON COLUMN platform.series.is_archived IS 'Partitions go to a file before they are dropped.';

COMMENT ON COLUMN platform.series.dropped_before IS 'Rows older than this were dropped; those that arrive late are taken, and dropped by the next pass of upkeep.';

CREATE FUNCTION platform.partition_name(series_name text, starts timestamp with time zone) RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    RETURN platform.partition_name(series_name, starts, (SELECT series.step FROM platform.series WHERE (series.name = partition_name.series_name)));

CREATE FUNCTION platform.partition_spans(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_compressed boolean)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET "DateStyle" TO 'ISO, YMD'
    AS $_$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        RETURN QUERY EXECUTE
            'SELECT hypertable_name::text, format(''%I.%I'', chunk_schema, chunk_name), range_start, range_end, is_compressed
               FROM timescaledb_information.chunks
              WHERE hypertable_schema = ''store'' AND hypertable_name = COALESCE($1, hypertable_name)
                AND EXISTS (SELECT FROM platform.series WHERE name = hypertable_name)
              ORDER BY hypertable_name, range_start'
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT registered.name, format('store.%I', children.relname), bounds.parts[1]::timestamptz, bounds.parts[2]::timestamptz, false
          FROM platform.series AS registered
          JOIN pg_inherits ON inhparent = format('store.%I', registered.name)::regclass
          JOIN pg_class AS children ON children.oid = inhrelid
         CROSS JOIN LATERAL (
                   SELECT regexp_match(pg_get_expr(children.relpartbound, children.oid), 'FROM \(''(.+)''\) TO \(''(.+)''\)') AS parts
               ) AS bounds
         WHERE registered.name = COALESCE(wanted, registered.name)
         ORDER BY registered.name, 3;
END
$_$;

CREATE FUNCTION platform.percentile(fraction double precision, idx integer[], n bigint[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT platform.histogram_value(counted.bucket) AS histogram_value
    FROM ( SELECT buckets.bucket,
             buckets.size,
             sum(buckets.size) OVER (ORDER BY buckets.bucket) AS up_to_here,
             sum(buckets.size) OVER () AS total
            FROM UNNEST(percentile.idx, percentile.n) buckets(bucket, size)) counted
   WHERE ((counted.size > 0) AND ((percentile.fraction >= (0)::double precision) AND (percentile.fraction <= (1)::double precision)) AND (counted.up_to_here > floor(((percentile.fraction * ((counted.total - (1)::numeric))::double precision))::numeric)))
   ORDER BY counted.bucket
  LIMIT 1;
END;

CREATE FUNCTION platform.publish_catalogue() RETURNS text[]
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    published text[];
BEGIN
    IF current_setting('wal_level') <> 'logical' THEN
        RAISE EXCEPTION 'wal_level is %, so there is nothing to publish', current_setting('wal_level')
              USING ERRCODE = 'object_not_in_prerequisite_state',
                    HINT = 'Set wal_level = logical and restart the server.';
    END IF;
    SELECT array_agg(oid::regclass::text ORDER BY oid::regclass::text) INTO published
      FROM pg_class
     WHERE relkind IN ('r', 'p') AND NOT relispartition
       AND (relnamespace = 'catalogue'::regnamespace
            -- A table that is in a publication cannot become a hypertable, nor are its chunks published.
            OR oid = to_regclass('store.status_probes') AND (SELECT engine FROM platform.installation) = 'native');
    IF EXISTS (SELECT FROM pg_publication WHERE pubname = 'ai_go_global') THEN
        EXECUTE format('ALTER PUBLICATION ai_go_global SET TABLE %s', array_to_string(published, ', '));
    ELSE
        EXECUTE format('CREATE PUBLICATION ai_go_global FOR TABLE %s WITH (publish_via_partition_root = true)',
                       array_to_string(published, ', '));
    END IF;
    RETURN published;
END
$$;

CREATE FUNCTION platform.recognize_api_key(key_id uuid, digest text) RETURNS TABLE(id uuid, user_id uuid, tenant_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id
      FROM platform.api_keys AS known
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
     WHERE known.id = recognize_api_key.key_id
       AND known.key_hash = recognize_api_key.digest;
END
$$;

CREATE FUNCTION platform.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
            DECLARE
                known    text[] := COALESCE(NULLIF(current_setting('guildhall.recorded_' || TG_RELID, true), '')::text[], platform.audited_table(TG_RELID));
                old_data jsonb  := to_jsonb(OLD) - COALESCE(TG_ARGV, '{}');
                new_data jsonb  := to_jsonb(NEW) - COALESCE(TG_ARGV, '{}');
                image    jsonb  := platform.without_secrets(COALESCE(new_data, old_data));
            BEGIN
                IF TG_OP <> 'UPDATE' OR NOT OLD *= NEW THEN
                    PERFORM platform.keep_change(
                        (image ->> CASE WHEN TG_RELID = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END)::uuid,
                        TG_TABLE_SCHEMA, known[1], TG_OP,
                        (SELECT COALESCE(jsonb_object_agg(name, image -> name), '{}') FROM unnest(known[2]::text[]) AS name WHERE image ? name),
                        old_data, new_data
                    );
                END IF;
                RETURN NULL;
            END
            $$;

COMMENT ON FUNCTION platform.record_change() IS 'Keeps the image of a changed row; arguments are the columns to leave out.';

CREATE FUNCTION platform.record_job_event() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO store.background_task_history (tenant_id, task_id, event, attempt, worker_id, error_message)
    VALUES (NEW.tenant_id, NEW.id,
            CASE WHEN NEW.status <> 'pending' THEN NEW.status::text
                 WHEN OLD.status = 'paused' THEN 'resumed'
                 WHEN OLD.status = 'dead_letter' THEN 'redriven'
                 ELSE 'retried' END,
            NULLIF(NEW.attempts, 0), NEW.worker_id, CASE WHEN NEW.status <> 'pending' THEN NEW.error_message END);
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.record_new_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    month text := to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM');
BEGIN
    -- Partitions are made ahead; where upkeep has stood still, here, once for each session and month.
    IF current_setting('guildhall.job_history_until', true) IS DISTINCT FROM month THEN
        PERFORM platform.ensure_partitions('background_task_history', now(), now() + interval '1 month');
        PERFORM set_config('guildhall.job_history_until', month, false);
    END IF;
    INSERT INTO store.background_task_history (tenant_id, task_id, event)
    SELECT tenant_id, id, 'enqueued' FROM added;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.recorder_text(relation regclass, left_out text[]) RETURNS text
    LANGUAGE plpgsql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    team    text;
    key     text;
    secrets boolean;
    words   text;
    shown   CONSTANT text := CASE WHEN left_out <> '{}' THEN format(' - %L::text[]', left_out) ELSE '' END;
    entry   text;
BEGIN
    SELECT string_agg(format('COALESCE(NEW.%1$I, OLD.%1$I)', attname), '') FILTER (
               WHERE attname = CASE WHEN relation = 'platform.teams'::regclass THEN 'id' ELSE 'tenant_id' END),
           string_agg(format('%L, COALESCE(NEW.%2$I, OLD.%2$I)', attname, attname), ', ' ORDER BY attnum) FILTER (
               WHERE attnum = ANY ((SELECT indkey::int2[] FROM pg_index WHERE indrelid = relation AND indisprimary)::int2[])
                 AND attname !~* (platform.secret_names() || '$')),
           COALESCE(bool_or(attname ~* (platform.secret_names() || '$')), false),
           string_agg(format(CASE atttypid WHEN 'json'::regtype THEN 'OLD.%1$I::jsonb, NEW.%1$I::jsonb' ELSE 'OLD.%1$I, NEW.%1$I' END, attname),
                      ', ' ORDER BY attnum) FILTER (WHERE atttypid IN ('jsonb'::regtype, 'json'::regtype))
      INTO team, key, secrets, words
      FROM pg_attribute
     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attname <> ALL (left_out);
    SELECT format('%s, %L, %L, TG_OP, jsonb_build_object(%s), to_jsonb(OLD)%5$s, to_jsonb(NEW)%5$s',
                  COALESCE(team, 'NULL'), relnamespace::regnamespace, relname, key, shown)
      INTO entry FROM pg_class WHERE oid = relation;
    IF secrets THEN
        RETURN format(
            $body$
BEGIN
    PERFORM platform.keep_change(%s) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$body$,
            entry
        );
    END IF;
    RETURN format(
        $body$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed()%s THEN
        PERFORM platform.keep_change(%s) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (%2$s);
    END IF;
    RETURN NULL;
END
$body$,
        CASE WHEN words IS NULL THEN '' ELSE format(' OR platform.hints_at_secrets(concat(%s))', words) END, entry
    );
END
$_$;

CREATE FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid DEFAULT NULL::uuid) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    redaction CONSTANT uuid := gen_random_uuid();
    kept      platform.ledgers;
    whose     CONSTANT text := CASE kind WHEN 'team' THEN 'tenant_id' ELSE 'user_id' END;
    emails    text[];
    earlier   uuid[];
    touched   bigint;
    changed   bigint;
    counts    jsonb  := '{}';
    evidence  jsonb  := '{}';
    wanted    record;
    condition text;
BEGIN
    IF kind NOT IN ('user', 'team') OR subject IS NULL OR COALESCE(reason, '') = '' THEN
        RAISE EXCEPTION 'a redaction is of a user or a team, by id, for a reason' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Two at once could each take rows over from the other.
    LOCK TABLE platform.audit_redactions IN SHARE ROW EXCLUSIVE MODE;

    FOR kept IN SELECT * FROM platform.ledgers ORDER BY name LOOP
        CONTINUE WHEN NOT EXISTS (
            SELECT FROM pg_attribute WHERE attrelid = kept.relation::regclass AND attname = whose AND NOT attisdropped
        );
        -- Invitations name a person by address.
        emails  := ARRAY(
            SELECT DISTINCT image ->> 'email'
              FROM store.audit_log AS rows, unnest(ARRAY[rows.old_data, rows.new_data]) AS image
             WHERE kind = 'user' AND rows.table_schema = 'platform' AND rows.table_name = 'users'
               AND rows.record_key ->> 'id' = subject::text AND image ->> 'email' IS NOT NULL
        );
        earlier := '{}';
        touched := 0;
        FOR wanted IN
            SELECT format('%I = $1', whose) AS condition, CASE kind WHEN 'team' THEN kept.contents ELSE kept.personal END AS emptied
             UNION ALL
            -- What the log holds about the person, whoever did it.
            SELECT $condition$table_schema = 'platform' AND (
                       (table_name = 'users' AND record_key ->> 'id' = $1::text)
                       OR (table_name = ANY (ARRAY(SELECT relname::text FROM pg_class
                                                    WHERE relnamespace = 'platform'::regnamespace
                                                      AND obj_description(oid, 'pg_class') LIKE 'identity: %'))
                           AND ($1::text IN (old_data ->> 'user_id', new_data ->> 'user_id',
                                             old_data ->> 'accepted_by', new_data ->> 'accepted_by')
                                OR old_data ->> 'email' = ANY ($3) OR new_data ->> 'email' = ANY ($3))))$condition$,
                   kept.contents
             WHERE kind = 'user' AND kept.name = 'audit_log'
        LOOP
            CONTINUE WHEN cardinality(wanted.emptied) = 0;
            condition := format('(%s) AND num_nonnulls(%s) > 0', wanted.condition,
                                (SELECT string_agg(quote_ident(name), ', ') FROM unnest(wanted.emptied) AS name));
            EXECUTE format('SELECT $2 || ARRAY(SELECT DISTINCT redaction_id FROM %s WHERE redaction_id IS NOT NULL AND %s)',
                           kept.relation, condition)
               INTO earlier USING subject, earlier, emails;
            -- What is emptied carries its digest from now on, sealed or not.
            EXECUTE format('UPDATE %s AS rows SET redaction_id = $2, digest = COALESCE(digest, sha256(convert_to(%s, ''UTF8''))), %s WHERE %s',
                           kept.relation, platform.ledger_text(kept.relation::regclass, kept.columns, 'rows.'),
                           (SELECT string_agg(format('%I = NULL', name), ', ') FROM unnest(wanted.emptied) AS name), condition)
              USING subject, redaction, emails;
            GET DIAGNOSTICS changed = ROW_COUNT;
            touched := touched + changed;
        END LOOP;
        IF touched > 0 THEN
            counts   := counts || jsonb_build_object(kept.name, touched);
            evidence := evidence || jsonb_build_object(
                kept.name,
                -- Where a redaction has lost its last row to this one, that is said too.
                (SELECT COALESCE(jsonb_object_agg(id, '{}'::jsonb), '{}') FROM unnest(earlier) AS id WHERE id <> redaction)
                || platform.redaction_evidence(kept.name, earlier || redaction)
            );
        END IF;
    END LOOP;

    INSERT INTO platform.audit_redactions (id, kind, subject_id, reason, requested_by, row_counts, evidence)
    VALUES (redaction, kind, subject, reason, requested_by, counts, evidence);
    RETURN (SELECT COALESCE(sum(count::bigint), 0) FROM jsonb_each_text(counts) AS ledgers (name, count));
END
$_$;

CREATE FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) RETURNS jsonb
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    kept  platform.ledgers;
    found jsonb;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    EXECUTE format(
        $query$
        SELECT COALESCE(jsonb_object_agg(redaction_id, days), '{}')
          FROM (SELECT redaction_id, jsonb_object_agg(day, hash) AS days
                  FROM (SELECT redaction_id, (%1$I AT TIME ZONE 'UTC')::date AS day,
                               encode(sha256(string_agg(digest || sha256(convert_to(%2$s, 'UTF8')), '' ORDER BY digest)), 'hex') AS hash
                          FROM %3$s AS rows
                         WHERE redaction_id = ANY ($1)
                         GROUP BY 1, 2) AS by_day
                 GROUP BY redaction_id) AS by_redaction
        $query$,
        kept.time_column, platform.ledger_text(kept.relation::regclass, kept.columns, 'rows.'), kept.relation
    ) INTO found USING redactions;
    RETURN found;
END
$_$;

CREATE FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone DEFAULT NULL::timestamp with time zone, at_most integer DEFAULT NULL::integer) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    SET plan_cache_mode TO 'force_custom_plan'
    AS $_$
DECLARE
    wanted    platform.rollups;
    kept_from timestamptz;
    dirty     record;
    buckets   integer := 0;
BEGIN
    SELECT * INTO wanted FROM platform.rollups WHERE name = rollup_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no roll-up %', quote_literal(rollup_name) USING ERRCODE = 'undefined_table';
    END IF;
    IF wanted.is_continuous THEN
        RETURN 0; -- refresh_continuous_rollups does it, in transactions of its own
    END IF;
    IF NOT pg_try_advisory_xact_lock(hashtext('platform.rollups'), hashtext(rollup_name)) THEN
        RETURN NULL;
    END IF;
    EXECUTE format('SELECT %s FROM platform.series WHERE name = $1', platform.beginning_of_rows()) INTO kept_from USING wanted.source;

    FOR dirty IN
        WITH taken AS (
            DELETE FROM platform.rollup_marks AS marks
             USING (
                       SELECT DISTINCT oldest.bucket
                         FROM platform.rollup_marks AS oldest
                        WHERE oldest.rollup = rollup_name
                          AND oldest.bucket <= COALESCE(until, now() - wanted.end_offset) - wanted.width
                        ORDER BY oldest.bucket
                        LIMIT at_most
                   ) AS due
             WHERE marks.rollup = rollup_name AND marks.bucket = due.bucket
            RETURNING marks.tenant_id, marks.bucket
        )
        SELECT bucket, array_agg(DISTINCT tenant_id) AS tenants FROM taken GROUP BY bucket ORDER BY bucket
    LOOP
        -- Raw rows of that age were dropped: what was rolled up of them is all that is left.
        CONTINUE WHEN dirty.bucket < kept_from;
        EXECUTE format('DELETE FROM store.%I WHERE bucket = $1 AND %s', rollup_name,
                       CASE WHEN platform.has_teams(wanted.source) THEN 'tenant_id = ANY ($2)' ELSE '$2 IS NOT NULL' END)
          USING dirty.bucket, dirty.tenants;
        EXECUTE wanted.query USING dirty.bucket, dirty.bucket + wanted.width, dirty.tenants;
        buckets := buckets + 1;
    END LOOP;
    UPDATE platform.rollups SET refreshed_at = now() WHERE name = rollup_name;
    RETURN buckets;
END
$_$;

CREATE TABLE platform.rollups (
    name text NOT NULL,
    source text NOT NULL,
    width interval NOT NULL,
    refresh_interval interval NOT NULL,
    start_offset interval NOT NULL,
    end_offset interval NOT NULL,
    is_continuous boolean NOT NULL,
    query text,
    refreshed_at timestamp with time zone,
    CONSTRAINT rollups_are_computed_by_us_or_the_server CHECK ((is_continuous = (query IS NULL))),
    CONSTRAINT rollups_refresh_interval_is_positive CHECK ((refresh_interval > '00:00:00'::interval)),
    CONSTRAINT rollups_width_is_whole CHECK (((width > '00:00:00'::interval) AND (((EXTRACT(epoch FROM width))::bigint % (300)::bigint) = 0))),
    CONSTRAINT rollups_window_is_two_buckets CHECK (((start_offset - end_offset) >= ((2)::double precision * width)))
);

COMMENT ON TABLE platform.rollups IS 'operations: system: every roll-up: its series, the width of its buckets, how often and over which window it is refreshed.';

COMMENT ON COLUMN platform.rollups.start_offset IS 'How far back a continuous aggregate''s policy looks; marks need no such limit.';

COMMENT ON COLUMN platform.rollups.end_offset IS 'Buckets that end later than this before now are left to be read from raw rows; negative: the bucket under way is refreshed too.';

COMMENT ON COLUMN platform.rollups.query IS 'Computes one bucket: $1 is its start, $2 its end, $3 the teams; null where TimescaleDB does.';

CREATE FUNCTION platform.refresh_rollups(until timestamp with time zone DEFAULT NULL::timestamp with time zone, at_most integer DEFAULT NULL::integer) RETURNS TABLE(rollup text, buckets integer)
    LANGUAGE sql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 SELECT rollups.name,
     platform.refresh_rollup(rollups.name, refresh_rollups.until, refresh_rollups.at_most) AS refresh_rollup
    FROM platform.rollups
   ORDER BY rollups.width, rollups.name;
END;

CREATE FUNCTION platform.refuse_changed_ledger() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION 'rows of ledger % stay as they were written', TG_ARGV[0]
          USING ERRCODE = 'restrict_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_ARGV[0], CONSTRAINT = TG_ARGV[0] || '_is_a_ledger';
END
$$;

CREATE FUNCTION platform.refuse_job_transition() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (OLD.status, NEW.status) IN (
        ('pending', 'running'), ('running', 'completed'), -- the two that happen most
        ('pending', 'queued'), ('pending', 'paused'), ('pending', 'cancelled'), ('pending', 'failed'), ('pending', 'dead_letter'),
        ('queued', 'running'), ('queued', 'pending'), ('queued', 'paused'), ('queued', 'stuck'), ('queued', 'cancelled'), ('queued', 'dead_letter'),
        ('running', 'failed'), ('running', 'pending'), ('running', 'paused'), ('running', 'stuck'),
        ('running', 'cancelled'), ('running', 'dead_letter'),
        ('paused', 'pending'), ('paused', 'cancelled'), ('paused', 'failed'), ('paused', 'dead_letter'),
        ('stuck', 'running'), ('stuck', 'pending'), ('stuck', 'failed'), ('stuck', 'cancelled'), ('stuck', 'dead_letter'),
        ('failed', 'pending'), ('failed', 'dead_letter'),
        ('cancelled', 'pending'),
        ('dead_letter', 'pending')
    ) THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'job % may not go from % to %', OLD.id, OLD.status, NEW.status
          USING ERRCODE = 'check_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                CONSTRAINT = 'background_tasks_follow_their_states';
END
$$;

CREATE FUNCTION platform.refuse_the_first(id uuid) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF id IN ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002') THEN
        RAISE EXCEPTION 'the person and the team of the command line stay'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'the_first_stay';
    END IF;
END
$$;

CREATE FUNCTION platform.refuse_to_empty_while_there_are_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION '%.% is emptied in transactions that are READ COMMITTED', TG_TABLE_SCHEMA, TG_TABLE_NAME
              USING ERRCODE = 'feature_not_supported', HINT = 'Another would not see the jobs that others have just added.';
    END IF;
    IF EXISTS (SELECT FROM platform.background_tasks WHERE TG_TABLE_NAME = 'teams' OR created_by IS NOT NULL) THEN
        RAISE EXCEPTION 'there are jobs of % yet', TG_TABLE_NAME
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = format('background_tasks_%s_fkey', CASE TG_TABLE_NAME WHEN 'teams' THEN 'tenant_id' ELSE 'created_by' END),
                    HINT = 'Name platform.background_tasks in the same TRUNCATE.';
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.refuse_while_there_are_jobs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_column CONSTANT text := CASE TG_TABLE_NAME WHEN 'teams' THEN 'tenant_id' ELSE 'created_by' END;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'rows of %.% are deleted in transactions that are READ COMMITTED', TG_TABLE_SCHEMA, TG_TABLE_NAME
              USING ERRCODE = 'feature_not_supported', HINT = 'Another would not see the jobs that others have just added.';
    END IF;
    IF (v_column = 'tenant_id' AND EXISTS (SELECT FROM platform.background_tasks WHERE tenant_id = OLD.id))
       OR (v_column = 'created_by' AND EXISTS (SELECT FROM platform.background_tasks WHERE created_by = OLD.id))
    THEN
        RAISE EXCEPTION 'there are jobs of % % yet', TG_TABLE_NAME, OLD.id
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = format('background_tasks_%s_fkey', v_column),
                    DETAIL = format('Key (id)=(%s) is still referenced from table "background_tasks".', OLD.id);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION platform.register_task_type(p_type text, p_queue text DEFAULT 'default'::text, p_max_retries integer DEFAULT 3, p_timeout interval DEFAULT NULL::interval, p_retry_base interval DEFAULT '00:00:01'::interval, p_retry_most interval DEFAULT '01:00:00'::interval, p_schema jsonb DEFAULT NULL::jsonb) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_lane integer;
BEGIN
    INSERT INTO platform.task_lanes AS lanes (task_type, queue, max_retries, timeout, retry_base, retry_most, payload_schema)
    VALUES (p_type, p_queue, p_max_retries, p_timeout, p_retry_base, p_retry_most, p_schema)
        ON CONFLICT ON CONSTRAINT task_lanes_one_per_type_and_queue DO UPDATE
       SET max_retries = excluded.max_retries, timeout = excluded.timeout, retry_base = excluded.retry_base,
           retry_most = excluded.retry_most, payload_schema = excluded.payload_schema
     WHERE (lanes.max_retries, lanes.timeout, lanes.retry_base, lanes.retry_most, lanes.payload_schema)
           IS DISTINCT FROM (excluded.max_retries, excluded.timeout, excluded.retry_base, excluded.retry_most, excluded.payload_schema);
    SELECT lane INTO STRICT v_lane FROM platform.task_lanes WHERE task_type = p_type AND queue = p_queue;
    RETURN v_lane;
END
$$;

CREATE TABLE platform.task_workers (
    worker_id character varying(255) NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    agent_id uuid,
    host text,
    pid integer,
    queues text[] DEFAULT '{}'::text[] NOT NULL,
    concurrency integer DEFAULT 1 NOT NULL,
    lease interval DEFAULT '00:00:30'::interval NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    last_seen timestamp with time zone DEFAULT now() NOT NULL,
    stopping_at timestamp with time zone,
    CONSTRAINT task_workers_are_named CHECK (((worker_id)::text <> ''::text)),
    CONSTRAINT task_workers_concurrency_is_positive CHECK ((concurrency > 0)),
    CONSTRAINT task_workers_lease_is_positive CHECK ((lease > '00:00:00'::interval))
)
WITH (fillfactor='50');

COMMENT ON TABLE platform.task_workers IS 'jobs: system: who is at work, and when each was last heard of; one row for a process, however many tasks it has.';

COMMENT ON COLUMN platform.task_workers.tenant_id IS 'The one team that it serves; null: all of them.';

COMMENT ON COLUMN platform.task_workers.lease IS 'For how long after it was heard of its tasks are its own.';

CREATE FUNCTION platform.register_worker(p_worker text, p_queues text[] DEFAULT '{}'::text[], p_concurrency integer DEFAULT 1, p_lease interval DEFAULT '00:00:30'::interval, p_host text DEFAULT NULL::text, p_pid integer DEFAULT NULL::integer, p_agent uuid DEFAULT NULL::uuid) RETURNS void
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    BEGIN ATOMIC
 INSERT INTO platform.task_workers AS workers (worker_id, agent_id, host, pid, queues, concurrency, lease)
   VALUES (register_worker.p_worker, register_worker.p_agent, register_worker.p_host, register_worker.p_pid, register_worker.p_queues, register_worker.p_concurrency, register_worker.p_lease) ON CONFLICT(worker_id) DO UPDATE SET queues = excluded.queues, concurrency = excluded.concurrency, lease = excluded.lease, last_seen = clock_timestamp(), stopping_at = NULL::timestamp with time zone
   WHERE (NOT (workers.tenant_id IS DISTINCT FROM excluded.tenant_id));
END;

CREATE FUNCTION platform.remove_member(member uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    had text;
    one uuid;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    IF member IS DISTINCT FROM platform.user_id() THEN
        PERFORM platform.require_rank_over(had, NULL);
    END IF;
    FOR one IN
        SELECT id FROM platform.api_keys
         WHERE tenant_id = platform.tenant_id() AND user_id = member AND is_active AND had IS NOT NULL
    LOOP
        PERFORM platform.revoke_api_key(one);
    END LOOP;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND status = 'active';
    DELETE FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = member;
    RETURN had;
END
$$;

CREATE FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    UPDATE platform.users SET password_hash = new_hash
     WHERE id = person AND is_active AND old_hash LIKE '$argon2id$%'
       AND sha256(convert_to(password_hash, 'UTF8')) = sha256(convert_to(old_hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF and_sign_out THEN
        UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
         WHERE user_id = person AND status = 'active';
    END IF;
    RETURN true;
END
$_$;

CREATE FUNCTION platform.replicas_now() RETURNS TABLE(application text, state text, lag_bytes bigint, lag_seconds double precision)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT application_name, state,
           pg_wal_lsn_diff(
               CASE WHEN pg_is_in_recovery() THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn
           )::bigint,
           extract(epoch FROM replay_lag)::double precision
      FROM pg_stat_replication
$$;

CREATE FUNCTION platform.require(allowed boolean, what text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'the person who asks may not %', what USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

CREATE FUNCTION platform.require_ownership(team uuid, what text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR EXISTS (
            SELECT FROM platform.team_members AS members
              JOIN platform.users ON users.id = members.user_id AND users.is_active
             WHERE members.tenant_id = team AND members.user_id = platform.user_id() AND members.role = 'owner'
        ),
        what
    );
END
$$;

CREATE FUNCTION platform.require_parents_of_jobs(p_teams uuid[], p_people uuid[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_found uuid[];
BEGIN
    -- As a foreign key does: nobody may delete them before this transaction has ended.
    v_found := ARRAY(SELECT id FROM platform.teams WHERE id = ANY (p_teams) ORDER BY id FOR KEY SHARE);
    IF cardinality(v_found) < cardinality(p_teams) THEN
        RAISE EXCEPTION 'a job is of a team that is not there'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = 'background_tasks_tenant_id_fkey',
                    DETAIL = (SELECT format('Key (tenant_id)=(%s) is not present in table "teams".', min(team::text))
                                FROM unnest(p_teams) AS team WHERE team <> ALL (v_found));
    END IF;
    v_found := ARRAY(SELECT id FROM platform.users WHERE id = ANY (p_people) ORDER BY id FOR KEY SHARE);
    IF cardinality(v_found) < cardinality(p_people) THEN
        RAISE EXCEPTION 'a job is by somebody who is not there'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = 'platform', TABLE = 'background_tasks',
                    CONSTRAINT = 'background_tasks_created_by_fkey',
                    DETAIL = (SELECT format('Key (created_by)=(%s) is not present in table "users".', min(person::text))
                                FROM unnest(p_people) AS person WHERE person <> ALL (v_found));
    END IF;
END
$$;

CREATE FUNCTION platform.require_rank_over(member_role text, new_role text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR platform.member_role() = 'owner'
        OR (platform.member_role() = 'admin' AND member_role IS DISTINCT FROM 'owner' AND new_role IS DISTINCT FROM 'owner'),
        'change members of this team'
    );
END
$$;

CREATE FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    changed integer;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'change this column'
    );
    EXECUTE format('UPDATE %2$s SET %1$I = $3 WHERE id = $1 AND %1$I = $2', in_column, in_relation::regclass)
      USING secret, sealed_before, sealed_after;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed = 1;
END
$_$;

CREATE FUNCTION platform.restore_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'restore this team');
    UPDATE platform.teams SET is_active = true, deleted_at = NULL
     WHERE id = team AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.restore_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'restore people');
    UPDATE platform.users SET is_active = true, deleted_at = NULL
     WHERE id = person AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.retired_before(ledger text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT series.dropped_before
      FROM platform.series
      JOIN platform.ledgers ON ledgers.name = series.name AND ledgers.relation = 'store.' || series.name
     WHERE series.name = ledger
$$;

CREATE FUNCTION platform.revoke_api_key(key_id uuid) RETURNS timestamp with time zone
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    found_key platform.api_keys;
BEGIN
    SELECT * INTO found_key FROM platform.api_keys
     WHERE id = key_id AND tenant_id = platform.tenant_id()
       AND (user_id = platform.user_id() OR platform.may_administer_team())
       FOR UPDATE;
    IF NOT FOUND OR NOT found_key.is_active THEN
        RETURN found_key.revoked_at;
    END IF;
    UPDATE platform.api_keys SET is_active = false, revoked_at = clock_timestamp() WHERE id = key_id
    RETURNING revoked_at INTO found_key.revoked_at;
    UPDATE platform.users SET api_key = NULL
     WHERE id = found_key.user_id AND api_key = replace(key_id::text, '-', '');
    RETURN found_key.revoked_at;
END
$$;

CREATE FUNCTION platform.revoke_invitation(invitation uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.may_administer_team(), 'take invitations back');
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE id = invitation AND tenant_id = platform.tenant_id() AND accepted_at IS NULL AND revoked_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    ended integer;
BEGIN
    PERFORM platform.require(person = platform.user_id() OR platform.is_administrator(), 'sign others out');
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person
       AND status = 'active'
       AND (only_session IS NULL OR id = only_session)
       AND (but_session IS NULL OR id <> but_session);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;

CREATE TEXT SEARCH CONFIGURATION platform.english_zh (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR asciiword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR word WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_part WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword_asciipart WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR asciihword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR hword WITH english_stem;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.english_zh
    ADD MAPPING FOR uint WITH simple;

COMMENT ON TEXT SEARCH CONFIGURATION platform.english_zh IS 'The stems of English words, in English and Chinese texts.';

CREATE TEXT SEARCH CONFIGURATION platform.japanese (
    PARSER = pg_catalog."default" );

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR asciiword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR word WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR numword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR email WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR url WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR host WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR sfloat WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR version WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_numpart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_part WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword_asciipart WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR numhword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR asciihword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR hword WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR url_path WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR file WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR "float" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR "int" WITH simple;

ALTER TEXT SEARCH CONFIGURATION platform.japanese
    ADD MAPPING FOR uint WITH simple;

COMMENT ON TEXT SEARCH CONFIGURATION platform.japanese IS 'Words of the Latin script in Japanese texts, as they are.';

CREATE FUNCTION platform.search_configuration(locale text) RETURNS regconfig
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (locale ~* '^(en|zh)\y'::text) THEN 'platform.english_zh'::regconfig WHEN (locale ~* '^ja\y'::text) THEN 'platform.japanese'::regconfig ELSE 'simple'::regconfig END;

CREATE FUNCTION platform.secret_names() RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('(?:password|passwd|passphrase|secrets?|token|api_?key|authorization|credentials?|private_?key|access_?key|cookie'::text || '|ciphertext|(?:password|secret|token|key)_(?:hash|digest))'::text);

CREATE FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) RETURNS TABLE(id uuid, tenant_id uuid, sealed bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'look into this column'
    );
    RETURN QUERY EXECUTE format(
        'SELECT id, tenant_id, %1$I FROM %2$s '
        'WHERE substring(%1$I FROM 2 FOR 8) <> $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3',
        in_column, in_relation::regclass
    ) USING current_key, after, at_most;
END
$_$;

CREATE FUNCTION platform.series_partitions(wanted text DEFAULT NULL::text) RETURNS TABLE(series text, partition text, starts timestamp with time zone, ends timestamp with time zone, is_compressed boolean, estimated_rows bigint, size_bytes bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    extension text;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';
        RETURN QUERY EXECUTE format(
            'SELECT spans.*, %1$s.approximate_row_count(spans.partition::regclass), sizes.total_bytes
               FROM platform.partition_spans($1) AS spans
              CROSS JOIN LATERAL %1$s.chunks_detailed_size(format(''store.%%I'', spans.series)::regclass) AS sizes
              WHERE format(''%%I.%%I'', sizes.chunk_schema, sizes.chunk_name) = spans.partition
              ORDER BY spans.series, spans.starts', extension)
            USING wanted;
        RETURN;
    END IF;
    RETURN QUERY
        SELECT spans.*, GREATEST(classes.reltuples, 0)::bigint, pg_total_relation_size(classes.oid)
          FROM platform.partition_spans(wanted) AS spans
          JOIN pg_class AS classes ON classes.oid = spans.partition::regclass
         ORDER BY spans.series, spans.starts;
END
$_$;

CREATE FUNCTION platform.series_short_of(ahead interval DEFAULT '1 mon'::interval) RETURNS TABLE(series text, reaches timestamp with time zone)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET "TimeZone" TO 'UTC'
    AS $$
    SELECT registered.name, min(part)
      FROM platform.series AS registered
     CROSS JOIN LATERAL generate_series(
               date_trunc(CASE WHEN registered.step = interval '1 day' THEN 'day' ELSE 'month' END, now()),
               now() + CASE WHEN registered.step = interval '1 day' THEN ahead / 6 ELSE ahead END, registered.step
           ) AS part
     WHERE (SELECT engine FROM platform.installation) = 'native'
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, part))) IS NULL
       AND to_regclass(format('store.%I', platform.partition_name(registered.name, part, interval '1 month'))) IS NULL
     GROUP BY registered.name
     ORDER BY registered.name
$$;

CREATE FUNCTION platform.sessions_now() RETURNS TABLE(pid integer, kind text, database text, login text, application text, state text, transaction_seconds double precision, snapshot_age integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT activity.pid, activity.backend_type, activity.datname::text, activity.usename::text, activity.application_name,
           activity.state,
           extract(epoch FROM clock_timestamp() - activity.xact_start)::double precision,
           greatest(age(activity.backend_xmin), age(activity.backend_xid))
      FROM pg_stat_activity AS activity
     WHERE activity.pid <> pg_backend_pid()
       AND (activity.backend_type IS NULL OR activity.backend_type IN ('client backend', 'walsender')
            OR activity.backend_xmin IS NOT NULL)
$$;

CREATE FUNCTION platform.set_password_hash(person uuid, new_hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'set passwords of others');
    UPDATE platform.users SET password_hash = new_hash WHERE id = person AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person AND status = 'active';
    DELETE FROM platform.sign_in_failures
     WHERE subject = (SELECT wanted.subject
                        FROM platform.users, platform.sign_in_subjects(users.username, NULL) AS wanted
                       WHERE users.id = person);
    RETURN true;
END
$$;

CREATE FUNCTION platform.set_policies(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    wanted    platform.series;
    extension text;
    relation  text := format('store.%I', series_name);
BEGIN
    SELECT * INTO STRICT wanted FROM platform.series WHERE name = series_name;
    SELECT extnamespace::regnamespace INTO STRICT extension FROM pg_extension WHERE extname = 'timescaledb';

    EXECUTE format('SELECT %s.set_chunk_time_interval(%L::regclass, %L::interval)', extension, relation, wanted.chunk);
    EXECUTE format('SELECT %s.remove_compression_policy(%L::regclass, if_exists => true)', extension, relation);
    EXECUTE format('SELECT %s.remove_retention_policy(%L::regclass, if_exists => true)', extension, relation);
    IF wanted.compress_after IS NOT NULL THEN
        EXECUTE format(
            'ALTER TABLE %s SET (timescaledb.compress, timescaledb.compress_segmentby = %L, timescaledb.compress_orderby = %L)',
            relation,
            (SELECT COALESCE(string_agg(quote_ident(part), ', '), '') FROM unnest(wanted.segment_by) AS part),
            -- Whatever tells rows apart is best among these, lest compressed rows must be searched for duplicates.
            COALESCE(wanted.order_by, format('%I DESC', wanted.time_column) || COALESCE((
                SELECT string_agg(format(', %I', attname), '' ORDER BY attnum)
                  FROM pg_index
                  JOIN pg_attribute ON attrelid = indrelid AND attnum = ANY (indkey)
                 WHERE indrelid = relation::regclass AND indisprimary
                   AND attname <> wanted.time_column AND attname <> ALL (wanted.segment_by)
            ), ''))
        );
        EXECUTE format('SELECT %s.add_compression_policy(%L::regclass, %L::interval)', extension, relation, wanted.compress_after);
    END IF;
    IF wanted.retention IS NOT NULL AND NOT wanted.is_archived THEN
        EXECUTE format('SELECT %s.add_retention_policy(%L::regclass, %L::interval)', extension, relation, wanted.retention);
    END IF;
END
$$;

CREATE FUNCTION platform.set_refresh_policy(rollup_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    wanted platform.rollups;
    parts  jsonb;
BEGIN
    SELECT * INTO STRICT wanted FROM platform.rollups WHERE name = rollup_name;
    IF NOT wanted.is_continuous OR NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        RETURN;
    END IF;
    parts := jsonb_build_object('timescale', platform.timescale_schema(), 'rollup', rollup_name);
    EXECUTE platform.fill('SELECT {timescale}.remove_continuous_aggregate_policy(''store.{rollup}'', if_exists => true)', parts);
    EXECUTE platform.fill('SELECT {timescale}.add_continuous_aggregate_policy(''store.{rollup}'', $1, $2, $3)', parts)
      USING wanted.start_offset, wanted.end_offset, wanted.refresh_interval;
END
$_$;

CREATE FUNCTION platform.settle_grants() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    wings  CONSTANT text[] := ARRAY['platform', 'catalogue', 'gateway', 'evaluation', 'society'];
    relation   record;
    definition text;
    other      text;
BEGIN
    -- People's windows are made anew each time; those that look through others go first.
    FOR relation IN
        SELECT format('%I.%I', schemaname, viewname) AS name FROM pg_views WHERE schemaname = 'mine'
    LOOP
        EXECUTE format('DROP VIEW IF EXISTS %s CASCADE', relation.name);
    END LOOP;

    FOR relation IN
        SELECT classes.oid, classes.oid::regclass::text AS name, classes.relname, classes.relkind, classes.relrowsecurity,
               split_part(obj_description(classes.oid), ': ', 2) AS class,
               CASE WHEN has_table_privilege('guildhall_app', classes.oid, 'SELECT') THEN ''
                    ELSE (SELECT '(' || string_agg(quote_ident(attname), ', ' ORDER BY attnum) || ')'
                            FROM pg_attribute
                           WHERE attrelid = classes.oid AND attnum > 0 AND NOT attisdropped
                             AND has_column_privilege('guildhall_app', classes.oid, attnum, 'SELECT'))
               END AS readable
          FROM pg_class AS classes
         WHERE classes.relnamespace::regnamespace::text = ANY (wings)
           AND classes.relkind IN ('r', 'p', 'v', 'm') AND NOT classes.relispartition
         ORDER BY classes.oid
    LOOP
        CONTINUE WHEN relation.readable IS NULL;
        EXECUTE format('GRANT SELECT %s ON %s TO guildhall_reader', relation.readable, relation.name);

        IF relation.relkind IN ('r', 'p') AND relation.class = 'tenant' THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
            EXECUTE format('DROP POLICY IF EXISTS rows_belong_to_the_persons_team ON %s', relation.name);
            EXECUTE format(
                'CREATE POLICY rows_belong_to_the_persons_team ON %s FOR SELECT TO guildhall_person '
                'USING (tenant_id = (SELECT platform.login_tenant()))', relation.name
            );
        ELSIF relation.class = 'global' AND NOT relation.relrowsecurity THEN
            EXECUTE format('GRANT SELECT %s ON %s TO guildhall_person', relation.readable, relation.name);
        ELSIF relation.relkind = 'v' AND relation.class = 'tenant' THEN
            -- A window: the view of the same name, keyed on the login, and no
            -- function of the person's own sees a row before it is known to be theirs.
            definition := replace(pg_get_viewdef(relation.oid), 'platform.tenant_id()', 'platform.login_tenant()');
            FOR other IN SELECT viewname FROM pg_views WHERE schemaname = 'mine' LOOP
                definition := regexp_replace(
                    definition, format('\m(%s)\.%s\M', array_to_string(wings, '|'), quote_ident(other)),
                    format('mine.%I', other), 'g'
                );
            END LOOP;
            EXECUTE format(
                'CREATE VIEW mine.%I WITH (security_barrier%s) AS %s', relation.relname,
                CASE WHEN (SELECT reloptions FROM pg_class WHERE oid = relation.oid) @> '{security_invoker=true}'
                     THEN ', security_invoker' ELSE '' END,
                rtrim(definition, '; ')
            );
            EXECUTE format('COMMENT ON VIEW mine.%I IS %L', relation.relname, obj_description(relation.oid));
            EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', relation.relname);
        END IF;
    END LOOP;

    -- Batches that mix teams say themselves whose each row is.
    -- Into ledgers they go without a digest, into the audit log not at all.
    FOR relation IN SELECT series.name, ledgers.name AS ledger FROM platform.series LEFT JOIN platform.ledgers USING (name) LOOP
        IF relation.ledger IS NULL THEN
            EXECUTE format('GRANT INSERT ON store.%I TO guildhall_writer', relation.name);
        ELSE
            PERFORM platform.let_add_to_ledger(relation.ledger, 'guildhall_writer');
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION platform.sign_in_subjects(login text, address inet) RETURNS TABLE(subject bytea, free integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT sha256(convert_to('person ' || COALESCE(platform.find_login(login)::text, lower(login)), 'UTF8')), 5
    UNION ALL
    SELECT sha256(convert_to('address ' || host(address), 'UTF8')), 50
     WHERE address IS NOT NULL
$$;

CREATE FUNCTION platform.sign_in_wait(failures integer, free integer) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN (failures < free) THEN '00:00:00'::interval ELSE LEAST((power((2)::double precision, (LEAST((failures - free), 20))::double precision) * '00:00:10'::interval), '00:15:00'::interval) END;

CREATE FUNCTION platform.squeeze(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(platform.fold(content), '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3003]+'::text, ''::text, 'g'::text);

CREATE FUNCTION platform.statements_counted() RETURNS TABLE(statement_id bigint, login text, calls bigint, mean_ms double precision, max_ms double precision, total_ms double precision)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    extension text := (
        SELECT quote_ident(nspname)
          FROM pg_extension
          JOIN pg_namespace ON pg_namespace.oid = extnamespace
         WHERE extname = 'pg_stat_statements' AND has_schema_privilege('guildhall_owner', extnamespace, 'USAGE')
    );
BEGIN
    -- Made but not loaded when the server started, it refuses to be read.
    IF extension IS NULL OR current_setting('pg_stat_statements.max', true) IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE format(
        'SELECT counted.queryid, pg_get_userbyid(counted.userid)::text, counted.calls, counted.mean_exec_time,
                counted.max_exec_time, counted.total_exec_time
           FROM %s.pg_stat_statements(false) AS counted
          WHERE counted.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())', extension);
END
$$;

CREATE FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) RETURNS TABLE(taken bigint, ahead_ns bigint, wait_ns bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.teams_owned_alone(person uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT COALESCE(array_agg(teams.slug::text ORDER BY teams.slug), '{}')
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.erased_at IS NULL
     WHERE members.user_id = person AND members.role = 'owner'
       AND (platform.is_administrator() OR person = platform.user_id())
       AND NOT EXISTS (
               SELECT FROM platform.team_members AS others
                 JOIN platform.users ON users.id = others.user_id AND users.is_active
                WHERE others.tenant_id = teams.id AND others.role = 'owner' AND others.user_id <> person
           )
$$;

CREATE FUNCTION platform.text_units(content text) RETURNS TABLE(place bigint, run text, word text, parts text[], joined text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT units.place,
     units.found[1] AS found,
     units.found[2] AS found,
     string_to_array(regexp_replace(units.found[2], '[-_/+:]'::text, ' '::text, 'g'::text), ' '::text) AS string_to_array,
     regexp_replace(units.found[2], '[-_./+:]'::text, ''::text, 'g'::text) AS regexp_replace
    FROM regexp_matches(platform.fold("left"(text_units.content, 10000)), '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3096\u3099-\u30fa\u30fc-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)|((?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+(?:[-_./+:](?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+)*)'::text, 'g'::text) WITH ORDINALITY units(found, place);
END;

CREATE FUNCTION platform.text_grams(content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 WITH units AS (
          SELECT text_units.run,
             text_units.parts,
             text_units.joined,
             (sum(COALESCE(length(text_units.run), cardinality(text_units.parts))) OVER (ORDER BY text_units.place) - COALESCE(length(text_units.run), cardinality(text_units.parts))) AS before
            FROM platform.text_units(text_grams.content) text_units(place, run, word, parts, joined)
         ), tokens AS (
          SELECT substr(units.run, n.n, 2) AS token,
             (units.before + n.n) AS place
            FROM (units
              CROSS JOIN LATERAL generate_series(1, length(units.run)) n(n))
         UNION ALL
          SELECT units.parts[n.n] AS parts,
             (units.before + n.n)
            FROM (units
              CROSS JOIN LATERAL generate_subscripts(units.parts, 1) n(n))
         UNION ALL
          SELECT units.joined,
             (units.before + 1)
            FROM units
           WHERE (units.joined <> units.parts[1])
         )
  SELECT (COALESCE(string_agg(((quote_literal("left"(tokens.token, 200)) || ':'::text) || LEAST(tokens.place, (16383)::bigint)), ' '::text), ''::text))::tsvector AS "coalesce"
    FROM tokens;
END;

CREATE FUNCTION platform.text_stems(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector(platform.search_configuration(locale), regexp_replace(platform.fold("left"(content, 10000)), '[^\u0001-\u007f]+'::text, ' '::text, 'g'::text));

CREATE FUNCTION platform.text_query(content text, locale text, any_unit boolean DEFAULT false) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 WITH queries AS (
          SELECT ((units.word IS NOT NULL) AND (platform.text_stems(units.word, text_query.locale) = ''::tsvector)) AS says_nothing,
                 CASE
                     WHEN (length(units.run) = 1) THEN (quote_literal(units.run) || ':*'::text)
                     WHEN (units.run IS NOT NULL) THEN ( SELECT string_agg(quote_literal(substr(units.run, n.n, 2)), ' <-> '::text ORDER BY n.n) AS string_agg
                        FROM generate_series(1, (length(units.run) - 1)) n(n))
                     ELSE ( SELECT (
                             CASE
                                 WHEN (units.joined <> units.parts[1]) THEN (quote_literal("left"(units.joined, 200)) || ' | '::text)
                                 ELSE ''::text
                             END || string_agg((('('::text || ( SELECT string_agg(quote_literal(forms.form), ' | '::text ORDER BY forms.form) AS string_agg
                                FROM ( SELECT "left"(parts.part, 200) AS form
                                     UNION
                                      SELECT unnest(tsvector_to_array(platform.text_stems(parts.part, text_query.locale))) AS unnest) forms)) || ')'::text), ' <-> '::text ORDER BY parts.n))
                        FROM unnest(units.parts) WITH ORDINALITY parts(part, n))
                 END AS query
            FROM platform.text_units(text_query.content) units(place, run, word, parts, joined)
         )
  SELECT (string_agg((('('::text || queries.query) || ')'::text),
         CASE
             WHEN text_query.any_unit THEN ' | '::text
             ELSE ' & '::text
         END))::tsquery AS string_agg
    FROM queries
   WHERE ((NOT queries.says_nothing) OR (NOT (EXISTS ( SELECT
            FROM queries others
           WHERE (NOT others.says_nothing)))));
END;

CREATE FUNCTION platform.text_vector(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (platform.text_grams(content) || platform.text_stems(content, locale));

CREATE FUNCTION platform.tidy_identity(keep interval DEFAULT '90 days'::interval) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
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

CREATE FUNCTION platform.update_updated_at_column() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW IS DISTINCT FROM OLD AND NEW.updated_at IS NOT DISTINCT FROM OLD.updated_at THEN
        NEW.updated_at := GREATEST(now(), OLD.updated_at); -- never back in time
    END IF;
    RETURN NEW;
END
$$;

CREATE TABLE platform.team_invitations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    email character varying(255) NOT NULL,
    role text DEFAULT 'member'::text NOT NULL,
    token_digest character varying(64) NOT NULL,
    invited_by uuid DEFAULT platform.user_id() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    accepted_at timestamp with time zone,
    accepted_by uuid,
    revoked_at timestamp with time zone,
    CONSTRAINT team_invitations_accepted_by_somebody CHECK (((accepted_at IS NULL) = (accepted_by IS NULL))),
    CONSTRAINT team_invitations_end_once CHECK (((accepted_at IS NULL) OR (revoked_at IS NULL))),
    CONSTRAINT team_invitations_role_is_known CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text]))),
    CONSTRAINT team_invitations_token_is_a_digest CHECK (((token_digest)::text ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY platform.team_invitations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.team_invitations IS 'identity: tenant: who was asked to join, as what; each can be accepted once.';

CREATE FUNCTION platform.use_invitation(digest text, person uuid) RETURNS platform.team_invitations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    used platform.team_invitations;
BEGIN
    UPDATE platform.team_invitations AS known SET accepted_at = clock_timestamp(), accepted_by = person
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp()
       AND EXISTS (SELECT FROM platform.teams WHERE teams.id = known.tenant_id AND teams.is_active)
    RETURNING known.* INTO used;
    IF FOUND THEN
        INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (used.tenant_id, person, used.role)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN used;
END
$$;

CREATE FUNCTION platform.use_session(wanted text, requests integer, idle interval, longest interval, most integer) RETURNS TABLE(id uuid, status text, context jsonb, request_count integer, last_activity timestamp with time zone, expires_at timestamp with time zone, ends_at timestamp with time zone, created_at timestamp with time zone)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
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

CREATE FUNCTION platform.user_identifier() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting('app.user_identifier'::text, true), ''::text), (platform.user_id())::text);

CREATE FUNCTION platform.validate_user_access(target_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN COALESCE(target_user_id = platform.user_id(), false)
        OR platform.is_administrator()
        OR (to_regrole('app_admin') IS NOT NULL AND pg_has_role(session_user, 'app_admin', 'MEMBER'));
END
$$;

CREATE FUNCTION platform.verify_api_key(provided_key text) RETURNS TABLE(id uuid, user_identifier character varying, scopes text[], rate_limit integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
#variable_conflict use_column
BEGIN
    IF provided_key !~ '^gh_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$' OR provided_key IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_identifier, known.scopes, known.rate_limit
      FROM platform.authenticate_api_key(substr(provided_key, 4, 32)::uuid,
                                         encode(sha256(convert_to(provided_key, 'UTF8')), 'hex')) AS known;
END
$_$;

CREATE FUNCTION platform.watch_series(series_name text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    parts   jsonb;
    removed text := '';
    -- Reduced to five minutes before it meets the roll-ups: a batch of thousands becomes a few marks.
    marks CONSTANT text := $sql$
            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT {tenant} AS tenant_id,
                              date_bin(interval '5 minutes', {time}, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM {rows}
                   ) AS moments
              JOIN platform.rollups ON rollups.source = '{series}';
        $sql$;
BEGIN
    SELECT jsonb_build_object(
               'series', series.name,
               'time', quote_ident(series.time_column),
               'tenant', CASE WHEN platform.has_teams(series.name) THEN 'tenant_id' ELSE 'NULL::uuid' END
           )
      INTO STRICT parts
      FROM platform.series
     WHERE series.name = series_name;

    -- A compressed hypertable gives no transition table of removed rows, and cascades reach its chunks one by one.
    IF platform.timescale_schema() IS NOT NULL THEN
        removed := $sql$
            IF TG_LEVEL = 'ROW' THEN
            $sql$ || replace(marks, '{rows}', '(SELECT OLD.*) AS removed') || $sql$
                RETURN NULL;
            END IF;
            $sql$;
    END IF;
    EXECUTE platform.fill($sql$
        CREATE FUNCTION store.mark_{series}() RETURNS trigger
            LANGUAGE plpgsql SECURITY DEFINER
            SET search_path = pg_catalog, pg_temp
        AS $body$
        BEGIN
            $sql$ || removed || replace(marks, '{rows}', 'changed_rows') || $sql$
            IF TG_OP = 'UPDATE' THEN
            $sql$ || replace(marks, '{rows}', 'new_rows') || $sql$
            END IF;
            RETURN NULL;
        END
        $body$;
        REVOKE ALL ON FUNCTION store.mark_{series}() FROM PUBLIC;
        CREATE TRIGGER {series}_added_are_marked AFTER INSERT ON store.{series}
            REFERENCING NEW TABLE AS changed_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_changed_are_marked AFTER UPDATE ON store.{series}
            REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows
            FOR EACH STATEMENT EXECUTE FUNCTION store.mark_{series}();
        CREATE TRIGGER {series}_removed_are_marked AFTER DELETE ON store.{series}
            $sql$ || CASE removed WHEN '' THEN 'REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT' ELSE 'FOR EACH ROW' END || $sql$
            EXECUTE FUNCTION store.mark_{series}();
        CREATE INDEX {series}_by_age ON store.{series} USING brin ({time}) WITH (pages_per_range = 16);
        $sql$, parts);
END
$_$;

CREATE FUNCTION platform.weighted_median(numbers double precision[], weights double precision[]) RETURNS double precision
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
 SELECT avg(sorted.number) AS avg
    FROM ( SELECT pairs.number,
             sum(pairs.weight) AS weight,
             sum(sum(pairs.weight)) OVER (ORDER BY pairs.number) AS up_to_here,
             sum(sum(pairs.weight)) OVER () AS total
            FROM UNNEST(weighted_median.numbers, weighted_median.weights) pairs(number, weight)
           WHERE ((pairs.number IS NOT NULL) AND (pairs.weight > (0)::double precision))
           GROUP BY pairs.number) sorted
   WHERE ((sorted.up_to_here >= (sorted.total / (2)::double precision)) AND ((sorted.up_to_here - sorted.weight) <= (sorted.total / (2)::double precision)));
END;

CREATE FUNCTION platform.without_secrets(image jsonb) RETURNS jsonb
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
BEGIN
    IF image::text !~* (platform.secret_names() || '": ["[{]') THEN
        RETURN image;
    END IF;
    CASE jsonb_typeof(image)
        WHEN 'object' THEN
            RETURN (
                SELECT COALESCE(
                           jsonb_object_agg(
                               key,
                               CASE WHEN jsonb_typeof(value) IN ('string', 'array', 'object') AND key ~* (platform.secret_names() || '$')
                                    THEN '"[redacted]"'
                                    ELSE platform.without_secrets(value)
                               END
                           ), '{}')
                  FROM jsonb_each(image)
            );
        WHEN 'array' THEN
            RETURN (
                SELECT COALESCE(jsonb_agg(platform.without_secrets(value) ORDER BY place), '[]')
                  FROM jsonb_array_elements(image) WITH ORDINALITY AS elements (value, place)
            );
        ELSE
            RETURN image;
    END CASE;
END
$_$;

CREATE FUNCTION platform.write_ledger_triggers(ledger text) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
DECLARE
    kept     platform.ledgers;
    relation regclass;
    stamp    text;
BEGIN
    SELECT * INTO STRICT kept FROM platform.ledgers WHERE name = ledger;
    relation := kept.relation::regclass;
    stamp    := format('store.%I', 'stamp_' || ledger);
    EXECUTE format('DROP TRIGGER IF EXISTS stamp_the_row ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays_as_it_is ON %s', relation);
    EXECUTE format('DROP TRIGGER IF EXISTS the_row_stays ON %s', relation);
    -- Rights say who may; these guard against a right too many. Erasure runs as the owner.
    EXECUTE format(
        'CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, %s ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)',
        (SELECT string_agg(quote_ident(name), ', ') FROM unnest(kept.columns) AS name), relation, ledger
    );
    EXECUTE format(
        'CREATE TRIGGER the_row_stays BEFORE DELETE ON %s FOR EACH ROW '
        'WHEN (current_user <> ''guildhall_owner'') EXECUTE FUNCTION platform.refuse_changed_ledger(%L)', relation, ledger
    );
    IF NOT kept.stamped THEN
        RETURN;
    END IF;
    -- Only the owner can name a digest: whoever restores archived rows.
    EXECUTE format(
        $function$
        CREATE OR REPLACE FUNCTION %s() RETURNS trigger
            LANGUAGE plpgsql
        AS $body$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(%s, 'UTF8'));
            RETURN NEW;
        END
        $body$
        $function$,
        stamp, platform.ledger_text(relation, kept.columns, 'NEW.')
    );
    EXECUTE format('CREATE TRIGGER stamp_the_row BEFORE INSERT ON %s FOR EACH ROW EXECUTE FUNCTION %s()', relation, stamp);
END
$_$;

CREATE FUNCTION platform.write_recorder(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    name     CONSTANT text := (SELECT format('store.%I', format('record_%s_%s', relnamespace::regnamespace, relname)) FROM pg_class WHERE oid = relation);
    kept     record;
    left_out text[];
BEGIN
    FOR kept IN
        SELECT pg_get_triggerdef(oid) AS definition, (string_to_array(encode(tgargs, 'escape'), '\000'))[:tgnargs] AS left_out
          FROM pg_trigger
         WHERE tgrelid = relation AND tgfoid::regproc IN ('platform.record_change'::regproc, to_regproc(name))
         ORDER BY tgname
    LOOP
        IF kept.left_out <> left_out THEN
            RAISE EXCEPTION 'the triggers of % leave out different columns', relation USING ERRCODE = 'object_not_in_prerequisite_state';
        END IF;
        IF left_out IS NULL THEN
            left_out := kept.left_out;
            EXECUTE format('CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER '
                           'SET search_path = pg_catalog, pg_temp AS %L', name, platform.recorder_text(relation, left_out));
        END IF;
        EXECUTE replace(replace(kept.definition, 'CREATE TRIGGER', 'CREATE OR REPLACE TRIGGER'),
                        'EXECUTE FUNCTION platform.record_change(', format('EXECUTE FUNCTION %s(', name));
    END LOOP;
    IF left_out IS NULL THEN
        RAISE EXCEPTION '% has no trigger with platform.record_change', relation USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
END
$$;

CREATE FUNCTION society.acting_agent() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN (NULLIF(current_setting('app.agent_id'::text, true), ''::text))::uuid;

CREATE FUNCTION society.add_points() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    given record;
    level society.performance_tier;
BEGIN
    INSERT INTO society.point_keys (tenant_id, idempotency_key, transaction_id)
    SELECT tenant_id, idempotency_key, id FROM added WHERE idempotency_key IS NOT NULL ORDER BY tenant_id, idempotency_key;

    FOR given IN
        SELECT agents.tenant_id, agents.id, agents.current_tier, agents.total_points + sums.points AS points, sums.last
          FROM society.agents
          JOIN (SELECT tenant_id, agent_id, sum(final_points) AS points, (array_agg(id ORDER BY created_at DESC, id))[1] AS last
                  FROM added GROUP BY tenant_id, agent_id) AS sums
            ON sums.tenant_id = agents.tenant_id AND sums.agent_id = agents.id
         ORDER BY agents.id
           FOR NO KEY UPDATE OF agents
    LOOP
        -- At what a higher tier asks for it rises; below what its own needs it falls.
        SELECT COALESCE(
                   max(tiers.tier) FILTER (WHERE tiers.tier > given.current_tier AND tiers.min_points <= given.points),
                   max(tiers.tier) FILTER (WHERE tiers.tier <= given.current_tier AND tiers.keep_points <= given.points),
                   min(tiers.tier),
                   given.current_tier
               )
          INTO level
          FROM society.tiers
         WHERE tiers.tenant_id = given.tenant_id;

        UPDATE society.agents SET total_points = given.points, current_tier = level
         WHERE tenant_id = given.tenant_id AND id = given.id;
        IF level <> given.current_tier THEN
            INSERT INTO society.tier_history (tenant_id, agent_id, old_tier, new_tier, points_at, transaction_id)
            VALUES (given.tenant_id, given.id, given.current_tier, level, given.points, given.last);
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.admit_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    session society.voting_sessions;
    spent   CONSTANT integer := CASE WHEN TG_OP = 'INSERT' THEN NEW.tokens_spent ELSE -OLD.tokens_spent END;
    granted numeric;
    broken  text;
BEGIN
    SELECT * INTO session FROM society.voting_sessions WHERE tenant_id = NEW.tenant_id AND id = NEW.session_id FOR SHARE;
    IF NOT FOUND THEN
        RETURN NEW; -- the key says so
    END IF;
    SELECT weight INTO granted
      FROM society.voting_eligibility
     WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id AND agent_id = NEW.agent_id;
    broken := CASE
        WHEN session.status <> 'open' OR session.deleted_at IS NOT NULL OR session.opens_at > now() OR session.closes_at <= now()
            THEN 'votes_are_cast_while_open'
        WHEN granted IS NULL AND EXISTS (
                SELECT FROM society.voting_eligibility WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id
             )
            THEN 'votes_come_from_the_roll'
        WHEN granted IS NULL AND spent > session.token_budget
            THEN 'votes_are_within_the_budget'
    END;
    IF broken IS NOT NULL THEN
        RAISE EXCEPTION 'agent % may not vote so in session %', NEW.agent_id, NEW.session_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = broken;
    END IF;
    UPDATE society.voting_eligibility
       SET tokens_left = tokens_left - spent
     WHERE tenant_id = NEW.tenant_id AND session_id = NEW.session_id AND agent_id = NEW.agent_id AND spent <> 0;
    IF TG_OP = 'INSERT' THEN
        NEW.weight := COALESCE(granted, 1);
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.admit_dependencies() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_team    uuid;
    v_wrong   record;
    v_back    record;
    v_edge    uuid[];
    v_reached uuid[];
    v_by      uuid[];
    v_path    uuid[];
BEGIN
    FOR v_team IN SELECT DISTINCT tenant_id FROM added ORDER BY tenant_id LOOP
        PERFORM pg_advisory_xact_lock(hashtext('society.task_dependencies'), hashtext(v_team::text));
    END LOOP;
    -- One that ends meanwhile would not see who waits for it.
    PERFORM FROM society.tasks WHERE id = ANY (ARRAY(SELECT DISTINCT depends_on_task_id FROM added)) ORDER BY id FOR SHARE;
    SELECT awaited.id, awaited.status INTO v_wrong
      FROM added
      JOIN society.tasks AS awaited ON awaited.id = added.depends_on_task_id
      JOIN society.tasks AS waiting ON waiting.id = added.task_id
     WHERE awaited.status IN ('failed', 'cancelled') AND added.on_failure <> 'ignore' AND added.kind = 'finish_to_start'
       AND waiting.status IN ('pending', 'blocked')
     LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'task % is % already', v_wrong.id, v_wrong.status
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_dependency_may_succeed', DETAIL = v_wrong.id::text;
    END IF;

    UPDATE society.task_dependencies AS edges
       SET goes_back  = waiting.seq <= awaited.seq,
           is_settled = edges.kind <> 'finish_to_start' OR waiting.status NOT IN ('pending', 'blocked')
                        OR awaited.status IN ('completed', 'failed', 'cancelled')
      FROM added
      JOIN society.tasks AS waiting ON waiting.id = added.task_id
      JOIN society.tasks AS awaited ON awaited.id = added.depends_on_task_id
     WHERE edges.id = added.id
       AND (waiting.seq <= awaited.seq OR edges.kind <> 'finish_to_start' OR waiting.status NOT IN ('pending', 'blocked')
            OR awaited.status IN ('completed', 'failed', 'cancelled'));

    FOR v_back IN
        SELECT task_id, depends_on_task_id AS awaited_id, tenant_id
          FROM society.task_dependencies
         WHERE goes_back AND NOT is_settled AND tenant_id IN (SELECT tenant_id FROM added)
    LOOP
        -- What it would wait for, further and further away, and by which each was reached.
        v_reached := ARRAY[v_back.awaited_id];
        v_by      := ARRAY[v_back.task_id];
        v_edge    := v_reached;
        WHILE v_edge IS NOT NULL AND v_back.task_id <> ALL (v_reached) LOOP
            SELECT array_agg(further.id), v_reached || array_agg(further.id), v_by || array_agg(further.task_id)
              INTO v_edge, v_reached, v_by
              FROM (
                       SELECT DISTINCT ON (edges.depends_on_task_id) edges.depends_on_task_id AS id, edges.task_id
                         FROM unnest(v_edge) AS reached (id)
                         JOIN society.task_dependencies AS edges ON edges.tenant_id = v_back.tenant_id AND edges.task_id = reached.id
                        WHERE NOT edges.is_settled AND edges.depends_on_task_id <> ALL (v_reached)
                   ) AS further;
        END LOOP;
        IF v_edge IS NOT NULL THEN
            v_path := ARRAY[v_back.task_id];
            LOOP
                v_path := v_by[array_position(v_reached, v_path[1])] || v_path;
                EXIT WHEN v_path[1] = v_back.task_id;
            END LOOP;
            RAISE EXCEPTION 'tasks would wait for each other: %',
                    (SELECT string_agg(tasks.task_id, ' → ' ORDER BY circle.n)
                       FROM unnest(v_path) WITH ORDINALITY AS circle (id, n) JOIN society.tasks ON tasks.id = circle.id)
                  USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME,
                        CONSTRAINT = 'task_dependencies_are_not_circular', DETAIL = array_to_string(v_path, ' ');
        END IF;
    END LOOP;

    UPDATE society.tasks
       SET open_dependencies = tasks.open_dependencies + counted.n, place = NULL
      FROM (
               SELECT edges.task_id, count(*)::integer AS n
                 FROM added JOIN society.task_dependencies AS edges ON edges.id = added.id
                WHERE NOT edges.is_settled
                GROUP BY edges.task_id
           ) AS counted
     WHERE tasks.id = counted.task_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.admit_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.max_retries := COALESCE(NEW.max_retries, (SELECT max_retries FROM society.task_types WHERE tenant_id = NEW.tenant_id AND name = NEW.task_type), 3);
        NEW.timeout     := COALESCE(NEW.timeout, (SELECT timeout FROM society.task_types WHERE tenant_id = NEW.tenant_id AND name = NEW.task_type));
        NEW.fair_key    := COALESCE(NEW.fair_key, '-');
    END IF;
    NEW.lane  := society.task_lane(NEW.tenant_id, NEW.task_type, NEW.required_skills, NEW.min_trust, NEW.assigned_to);
    NEW.place := NULL;
    IF NEW.deleted_at IS NOT NULL THEN
        NEW.scheduled_at := 'infinity'; -- nobody begins what is deleted
    ELSIF TG_OP = 'UPDATE' AND OLD.deleted_at IS NOT NULL THEN
        NEW.scheduled_at := now();
    END IF;
    IF NEW.status = 'pending' AND NEW.open_dependencies = 0 AND NEW.scheduled_at <= now() THEN
        NEW.place := (society.tasks_places(ARRAY[NEW.lane], ARRAY[NEW.fair_key::text], ARRAY[NEW.priority], ARRAY[NEW.weight],
                                           ARRAY[NEW.scheduled_at]))[1];
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.count_battles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    before CONSTANT integer := (OLD.status = 'completed')::integer;
    after  CONSTANT integer := (NEW.status = 'completed')::integer;
BEGIN
    PERFORM FROM society.agents
      WHERE tenant_id = NEW.tenant_id
        AND id IN (SELECT agent_id FROM society.battle_participants WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.id)
      ORDER BY id FOR NO KEY UPDATE;
    UPDATE society.agents
       SET battles_fought = battles_fought + after - before,
           battles_won    = battles_won + after * (id IS NOT DISTINCT FROM NEW.winner_id)::integer
                            - before * (id IS NOT DISTINCT FROM OLD.winner_id)::integer
     WHERE tenant_id = NEW.tenant_id
       AND id IN (SELECT agent_id FROM society.battle_participants WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.id);
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_ended_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    figures record;
BEGIN
    FOR figures IN
        SELECT assigned_to, count(*) FILTER (WHERE status = 'completed') AS completed, count(*) FILTER (WHERE status = 'failed') AS failed,
               COALESCE(sum(quality_score) FILTER (WHERE status = 'completed'), 0) AS score,
               count(quality_score) FILTER (WHERE status = 'completed') AS scores,
               COALESCE(sum(duration_ms) FILTER (WHERE status = 'completed'), 0) AS time_ms,
               count(duration_ms) FILTER (WHERE status = 'completed') AS times
          FROM added
         WHERE assigned_to IS NOT NULL AND status IN ('completed', 'failed')
         GROUP BY assigned_to
         ORDER BY assigned_to
    LOOP
        UPDATE society.agents
           SET tasks_completed     = tasks_completed + figures.completed,
               tasks_failed        = tasks_failed + figures.failed,
               quality_score_total = quality_score_total + figures.score,
               quality_score_count = quality_score_count + figures.scores,
               task_time_total_ms  = task_time_total_ms + figures.time_ms,
               task_time_count     = task_time_count + figures.times
         WHERE id = figures.assigned_to;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_idea_votes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    vote society.idea_votes;
BEGIN
    IF TG_OP = 'DELETE' THEN vote := OLD; ELSE vote := NEW; END IF;
    UPDATE society.ideas
       SET votes_count = votes_count + (TG_OP = 'INSERT')::integer - (TG_OP = 'DELETE')::integer,
           votes_total = votes_total + CASE WHEN TG_OP = 'DELETE' THEN 0 ELSE NEW.value END - CASE WHEN TG_OP = 'INSERT' THEN 0 ELSE OLD.value END
     WHERE tenant_id = vote.tenant_id AND id = vote.idea_id;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_ideas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    idea   society.ideas;
    change CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.deleted_at IS NULL)::integer - (TG_OP <> 'INSERT' AND OLD.deleted_at IS NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN idea := OLD; ELSE idea := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.brainstorm_sessions SET total_ideas = total_ideas + change WHERE tenant_id = idea.tenant_id AND id = idea.session_id;
        UPDATE society.brainstorm_participants SET ideas_count = ideas_count + change
         WHERE tenant_id = idea.tenant_id AND session_id = idea.session_id AND agent_id = idea.agent_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_mentorship_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    meeting society.mentorship_sessions;
    change  CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.held_at IS NOT NULL)::integer - (TG_OP <> 'INSERT' AND OLD.held_at IS NOT NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN meeting := OLD; ELSE meeting := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.mentorship_pairings SET completed_sessions = completed_sessions + change
         WHERE tenant_id = meeting.tenant_id AND id = meeting.pairing_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.count_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    place  society.brainstorm_participants;
    change CONSTANT integer := (TG_OP <> 'DELETE' AND NEW.left_at IS NULL)::integer - (TG_OP <> 'INSERT' AND OLD.left_at IS NULL)::integer;
BEGIN
    IF TG_OP = 'DELETE' THEN place := OLD; ELSE place := NEW; END IF;
    IF change <> 0 THEN
        UPDATE society.brainstorm_sessions SET participant_count = participant_count + change
         WHERE tenant_id = place.tenant_id AND id = place.session_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.default_tiers() RETURNS TABLE(tier society.performance_tier, min_points integer, keep_points integer, multiplier numeric)
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 VALUES ('bronze'::society.performance_tier,0,0,1), ('silver'::society.performance_tier,1000,900,1.05), ('gold'::society.performance_tier,5000,4500,1.1), ('platinum'::society.performance_tier,15000,13500,1.15), ('diamond'::society.performance_tier,50000,45000,1.2), ('legend'::society.performance_tier,150000,135000,1.25);
END;

CREATE FUNCTION society.draw_from_pool() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    allocation society.resource_allocations;
    taken      CONSTANT integer := CASE WHEN TG_OP <> 'DELETE' AND NEW.status = 'active' THEN NEW.amount ELSE 0 END
                                 - CASE WHEN TG_OP <> 'INSERT' AND OLD.status = 'active' THEN OLD.amount ELSE 0 END;
BEGIN
    IF TG_OP = 'DELETE' THEN allocation := OLD; ELSE allocation := NEW; END IF;
    IF taken <> 0 THEN
        UPDATE society.resource_pools SET available = available - taken
         WHERE tenant_id = allocation.tenant_id AND id = allocation.pool_id;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.fill_pool() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        NEW.available := NEW.total_capacity;
    ELSE
        NEW.available := OLD.available + NEW.total_capacity - OLD.total_capacity;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.follow_new_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM society.ready_task_history();
    INSERT INTO store.task_history (tenant_id, task_id, event_type, new_status, details)
    SELECT tenant_id, id, 'created', status,
           jsonb_strip_nulls(jsonb_build_object('status', status, 'assigned_to', assigned_to, 'priority', priority, 'title', title,
                                                'deadline_at', deadline_at, 'quality_score', quality_score, 'deleted_at', deleted_at))
      FROM added;
    INSERT INTO society.task_assignments (tenant_id, task_id, agent_id, assigned_by, assigned_by_agent)
    SELECT tenant_id, id, assigned_to, platform.user_id(), society.acting_agent()
      FROM added
     WHERE assigned_to IS NOT NULL AND deleted_at IS NULL AND status NOT IN ('completed', 'failed', 'cancelled');
    RETURN NULL;
END
$$;

CREATE FUNCTION society.follow_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_nestloop TO 'off'
    SET enable_hashjoin TO 'on'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    is_told   CONSTANT boolean := COALESCE(current_setting('guildhall.tasks_told', true) = 'on', false);
    v_teams   uuid[];
    v_left    uuid[];
    v_taken   uuid[];
    v_holders uuid[];
    v_of      uuid[];
BEGIN
    IF is_told THEN
        PERFORM set_config('guildhall.tasks_told', '', true);
    END IF;
    PERFORM society.ready_task_history();
    IF NOT is_told THEN
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, details)
        SELECT after.tenant_id, after.id,
               CASE WHEN before.deleted_at IS DISTINCT FROM after.deleted_at
                    THEN CASE WHEN after.deleted_at IS NULL THEN 'restored' ELSE 'deleted' END
                    WHEN before.status = 'blocked' AND after.status = 'pending' THEN 'resumed'
                    WHEN before.status IN ('failed', 'cancelled') AND after.status = 'pending' THEN 'retried'
                    WHEN before.status <> after.status THEN after.status::text
                    WHEN before.assigned_to IS DISTINCT FROM after.assigned_to
                    THEN CASE WHEN after.assigned_to IS NULL THEN 'released' ELSE 'assigned' END
                    ELSE 'changed' END,
               before.status, after.status,
               (SELECT COALESCE(jsonb_object_agg(key, value), '{}')
                  FROM jsonb_each(jsonb_build_object(
                           'status', after.status, 'assigned_to', after.assigned_to, 'priority', after.priority, 'title', after.title,
                           'deadline_at', after.deadline_at, 'quality_score', after.quality_score, 'deleted_at', after.deleted_at,
                           'error_message', CASE WHEN after.status IN ('failed', 'cancelled') THEN after.error_message END))
                 WHERE value IS DISTINCT FROM to_jsonb(before) -> key)
          FROM before JOIN after USING (id)
         WHERE (before.status, before.assigned_to, before.priority, before.title, before.deadline_at, before.quality_score, before.deleted_at)
               IS DISTINCT FROM
               (after.status, after.assigned_to, after.priority, after.title, after.deadline_at, after.quality_score, after.deleted_at)
           AND NOT (before.status = 'queued' AND after.status = 'failed'); -- a dead letter, which says so itself
    END IF;

    SELECT array_agg(DISTINCT tenant_id), array_agg(id) FILTER (WHERE held_by IS NOT NULL),
           array_agg(id) FILTER (WHERE holder IS NOT NULL), array_agg(holder) FILTER (WHERE holder IS NOT NULL),
           array_agg(tenant_id) FILTER (WHERE holder IS NOT NULL)
      INTO v_teams, v_left, v_taken, v_holders, v_of
      FROM (
               SELECT after.tenant_id, after.id,
                      CASE WHEN before.deleted_at IS NULL AND before.status NOT IN ('completed', 'failed', 'cancelled') THEN before.assigned_to END AS held_by,
                      CASE WHEN after.deleted_at IS NULL AND after.status NOT IN ('completed', 'failed', 'cancelled') THEN after.assigned_to END AS holder
                 FROM before JOIN after USING (id)
           ) AS changed
     WHERE held_by IS DISTINCT FROM holder;
    IF v_left IS NOT NULL THEN
        UPDATE society.task_assignments
           SET released_at = clock_timestamp()
         WHERE tenant_id = ANY (v_teams) AND task_id = ANY (v_left) AND released_at IS NULL;
    END IF;
    IF v_taken IS NOT NULL THEN
        INSERT INTO society.task_assignments (tenant_id, task_id, agent_id, assigned_by, assigned_by_agent)
        SELECT taken.tenant_id, taken.id, taken.holder, platform.user_id(), society.acting_agent()
          FROM unnest(v_of, v_taken, v_holders) AS taken (tenant_id, id, holder);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.forget_dependencies() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_ready uuid[];
BEGIN
    WITH changed AS (
        UPDATE society.tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM (SELECT task_id, count(*)::integer AS n FROM removed WHERE NOT is_settled GROUP BY task_id) AS counted
         WHERE tasks.id = counted.task_id AND tasks.status IN ('pending', 'blocked')
        RETURNING tasks.id, tasks.open_dependencies
    )
    SELECT array_agg(id) FILTER (WHERE open_dependencies = 0) INTO v_ready FROM changed;
    IF v_ready IS NOT NULL THEN
        PERFORM society.tasks_take_places(v_ready);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.forget_status_reason() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.status_reason := NULL;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.give_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.tiers (tenant_id, tier, min_points, keep_points, multiplier)
    SELECT NEW.id, usual.* FROM society.default_tiers() AS usual;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.guard_closed_board() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry  society.leaderboard_rankings;
    closed timestamptz;
BEGIN
    IF TG_OP = 'DELETE' THEN entry := OLD; ELSE entry := NEW; END IF;
    SELECT closed_at INTO closed FROM society.leaderboard_periods
     WHERE tenant_id = entry.tenant_id AND category = entry.category AND period = entry.period AND period_start = entry.period_start
       FOR SHARE;
    IF closed IS NOT NULL THEN
        RAISE EXCEPTION 'the % board % of % is closed', entry.period, entry.category, entry.period_start
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry society.battle_participants;
    state society.battle_status;
BEGIN
    IF TG_OP = 'DELETE' THEN entry := OLD; ELSE entry := NEW; END IF;
    SELECT status INTO state FROM society.battles WHERE tenant_id = entry.tenant_id AND id = entry.battle_id FOR SHARE;
    IF state NOT IN ('scheduled', 'open') THEN
        RAISE EXCEPTION 'battle % has begun', entry.battle_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_roll() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    entry   society.voting_eligibility;
    session society.voting_sessions;
BEGIN
    IF TG_OP = 'DELETE' THEN
        entry := OLD;
    ELSE
        entry := NEW;
    END IF;
    SELECT * INTO session FROM society.voting_sessions WHERE tenant_id = entry.tenant_id AND id = entry.session_id FOR SHARE;
    IF session.status <> 'draft' THEN
        RAISE EXCEPTION 'the roll of voting session % is closed', entry.session_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        entry.token_budget := COALESCE(entry.token_budget, session.token_budget);
        entry.tokens_left  := entry.token_budget;
    END IF;
    RETURN entry;
END
$$;

CREATE FUNCTION society.guard_trail() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM society.voting_sessions WHERE tenant_id = NEW.tenant_id AND id = NEW.session_id)
       OR (NEW.vote_id IS NOT NULL
           AND NOT EXISTS (SELECT FROM society.votes WHERE tenant_id = NEW.tenant_id AND id = NEW.vote_id AND session_id = NEW.session_id))
    THEN
        RAISE EXCEPTION 'the team has no such voting session or ballot'
              USING ERRCODE = 'foreign_key_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.move_rating() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE society.agents SET elo_rating = NEW.new_rating
     WHERE tenant_id = NEW.tenant_id AND id = NEW.agent_id AND elo_rating = NEW.old_rating;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the rating of agent % is not % any more', NEW.agent_id, NEW.old_rating
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.ready_task_history() RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    month CONSTANT text := to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM');
BEGIN
    IF current_setting('guildhall.task_history_until', true) IS DISTINCT FROM month THEN
        PERFORM platform.ensure_partitions('task_history', now(), now() + interval '1 month');
        PERFORM set_config('guildhall.task_history_until', month, false);
    END IF;
END
$$;

CREATE FUNCTION society.record_agent_status() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.agent_status_history (tenant_id, agent_id, old_status, new_status, reason, changed_by, changed_by_agent)
    VALUES (NEW.tenant_id, NEW.id, OLD.status, NEW.status, NEW.status_reason, platform.user_id(), society.acting_agent());
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.vote_audit_trail (tenant_id, session_id, vote_id, event_type, payload, signature, signed_by)
    VALUES (
        NEW.tenant_id, NEW.session_id, NEW.id,
        CASE WHEN NEW.superseded_at IS NULL THEN 'vote_cast' ELSE 'vote_superseded' END,
        to_jsonb(NEW) - '{tenant_id}'::text[],
        NEW.signature,
        CASE WHEN NEW.signature IS NOT NULL THEN NEW.agent_id END
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_penalty() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    stood  CONSTANT boolean := TG_OP = 'UPDATE' AND OLD.status IN ('reported', 'confirmed');
    stands CONSTANT boolean := NEW.status IN ('reported', 'confirmed');
    change CONSTANT integer := CASE WHEN stands THEN NEW.penalty_points ELSE 0 END - CASE WHEN stood THEN OLD.penalty_points ELSE 0 END;
BEGIN
    IF TG_OP = 'INSERT' OR change <> 0 OR stood <> stands THEN
        PERFORM platform.ensure_partitions('penalty_history', clock_timestamp(), clock_timestamp());
        INSERT INTO store.penalty_history (tenant_id, agent_id, violation_id, event_type, points_delta, reason)
        VALUES (
            NEW.tenant_id, NEW.agent_id, NEW.id,
            CASE WHEN TG_OP = 'INSERT' THEN 'assessed'
                 WHEN stood AND NOT stands THEN CASE NEW.status WHEN 'expired' THEN 'expired' ELSE 'reversed' END
                 WHEN stands AND NOT stood THEN 'reinstated'
                 WHEN change > 0 THEN 'raised'
                 ELSE 'reduced' END,
            change, NEW.status_reason
        );
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_trust() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.ensure_partitions('reputation_history', clock_timestamp(), clock_timestamp());
    INSERT INTO store.reputation_history (tenant_id, agent_id, run_id, eigentrust_score, composite_score, trust_level, change, cause)
    VALUES (NEW.tenant_id, NEW.agent_id, NEW.run_id, NEW.eigentrust_score, NEW.composite, NEW.trust_level, NEW.composite - OLD.composite, NEW.cause);
    UPDATE society.agents SET trust_score = NEW.composite
     WHERE tenant_id = NEW.tenant_id AND id = NEW.agent_id AND trust_score IS DISTINCT FROM NEW.composite;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.record_voting_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO society.vote_audit_trail (tenant_id, session_id, event_type, payload)
    VALUES (
        NEW.tenant_id, NEW.id,
        CASE NEW.status WHEN 'draft' THEN 'session_created' WHEN 'open' THEN 'session_opened' WHEN 'closed' THEN 'session_closed'
                        WHEN 'tallied' THEN 'session_tallied' WHEN 'tied' THEN 'session_tied' WHEN 'no_quorum' THEN 'session_without_quorum'
                        ELSE 'session_cancelled' END,
        to_jsonb(NEW) - '{tenant_id, updated_at}'::text[]
    );
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0]
          USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
END
$$;

CREATE FUNCTION society.refuse_circular_delegation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('society.vote_delegations'), hashtext(NEW.tenant_id::text));
    IF EXISTS (
        WITH RECURSIVE reached (agent_id, session_id) AS (
            SELECT NEW.to_agent_id, NEW.session_id
             UNION
            SELECT edges.to_agent_id, COALESCE(reached.session_id, edges.session_id)
              FROM reached
              JOIN society.vote_delegations AS edges
                ON edges.tenant_id = NEW.tenant_id AND edges.from_agent_id = reached.agent_id
               AND edges.revoked_at IS NULL AND (edges.expires_at IS NULL OR edges.expires_at > now())
               AND (edges.session_id IS NULL OR reached.session_id IS NULL OR edges.session_id = reached.session_id)
        )
        SELECT FROM reached WHERE agent_id = NEW.from_agent_id
    ) THEN
        RAISE EXCEPTION 'the vote of agent % would come back to itself by way of agent %', NEW.from_agent_id, NEW.to_agent_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse_crossed_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM FROM society.tiers WHERE tenant_id = NEW.tenant_id ORDER BY tier FOR UPDATE;
    IF EXISTS (
        SELECT FROM society.tiers AS lower
          JOIN society.tiers AS higher ON higher.tenant_id = lower.tenant_id AND higher.tier > lower.tier
         WHERE lower.tenant_id = NEW.tenant_id
           AND (lower.min_points >= higher.min_points OR lower.keep_points > higher.keep_points)
    ) THEN
        RAISE EXCEPTION 'a higher tier needs more points than a lower one'
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.refuse_judge_who_fights() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (
        SELECT FROM society.battle_participants
         WHERE tenant_id = NEW.tenant_id AND battle_id = NEW.battle_id AND agent_id = NEW.judge_id
    ) THEN
        RAISE EXCEPTION 'agent % fights in battle % and may not judge it', NEW.judge_id, NEW.battle_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.refuse_partial_reviewer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    violation CONSTANT uuid := CASE TG_TABLE_NAME
        WHEN 'appeals' THEN (to_jsonb(NEW) ->> 'violation_id')::uuid
        ELSE (SELECT violation_id FROM society.appeals WHERE tenant_id = NEW.tenant_id AND id = (to_jsonb(NEW) ->> 'appeal_id')::uuid)
    END;
BEGIN
    IF EXISTS (
        SELECT FROM society.violations
         WHERE tenant_id = NEW.tenant_id AND id = violation AND NEW.reviewer_id IN (agent_id, reported_by)
    ) THEN
        RAISE EXCEPTION 'agent % is a party to violation % and may not judge it', NEW.reviewer_id, violation
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.refuse_vote_on_own_idea() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF EXISTS (SELECT FROM society.ideas WHERE tenant_id = NEW.tenant_id AND id = NEW.idea_id AND agent_id = NEW.agent_id) THEN
        RAISE EXCEPTION 'agent % may not vote on its own idea %', NEW.agent_id, NEW.idea_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.settle(relation regclass, fixed text[] DEFAULT '{}'::text[], kept text[] DEFAULT '{}'::text[], hidden text[] DEFAULT '{}'::text[], removable boolean DEFAULT false, audited boolean DEFAULT true) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    table_name CONSTANT name := (SELECT relname FROM pg_class WHERE oid = relation);
    insertable text;
    changeable text;
    watched    text;
BEGIN
    SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept)),
           string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept || fixed || '{id,created_at}')),
           string_agg(quote_ident(attname), ', ' ORDER BY attnum) FILTER (WHERE attname <> ALL (kept))
      INTO insertable, changeable, watched
      FROM pg_attribute
     WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND attname NOT IN ('tenant_id', 'updated_at');

    PERFORM platform.isolate(relation);
    EXECUTE format('CREATE POLICY counts_are_kept_for_every_team ON %s TO guildhall_owner USING (true) WITH CHECK (true)', relation);

    EXECUTE format('GRANT SELECT ON %s TO guildhall_app', relation);
    IF insertable IS NOT NULL THEN
        EXECUTE format('GRANT INSERT (%s) ON %s TO guildhall_app', insertable, relation);
    END IF;
    IF changeable IS NOT NULL THEN
        EXECUTE format('GRANT UPDATE (%s) ON %s TO guildhall_app', changeable, relation);
    END IF;
    IF removable THEN
        EXECUTE format('GRANT DELETE ON %s TO guildhall_app', relation);
    END IF;

    IF EXISTS (SELECT FROM pg_attribute WHERE attrelid = relation AND attname = 'updated_at' AND NOT attisdropped) THEN
        EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE ON %s FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column()',
                       'update_' || table_name || '_updated_at', relation);
    END IF;
    IF audited THEN
        EXECUTE format('CREATE TRIGGER %I AFTER INSERT OR DELETE OR UPDATE OF %s ON %s FOR EACH ROW EXECUTE FUNCTION platform.record_change(%s)',
                       table_name || '_are_audited', watched, relation,
                       (SELECT string_agg(quote_literal(column_name), ', ') FROM unnest(hidden) AS column_name));
    END IF;
END
$$;

CREATE FUNCTION society.stamp_release() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    NEW.released_at := COALESCE(NEW.released_at, now());
    RETURN NEW;
END
$$;

CREATE FUNCTION society.stamp_task() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    resumed boolean;
BEGIN
    CASE
        WHEN NEW.status = 'queued' THEN
            NEW.queued_at := COALESCE(CASE WHEN NEW.queued_at IS DISTINCT FROM OLD.queued_at THEN NEW.queued_at END, now());
        WHEN NEW.status IN ('assigned', 'in_progress') THEN
            resumed := COALESCE(OLD.status IN ('blocked', 'in_review'), false);
            IF NEW.status = 'in_progress' THEN
                NEW.started_at := COALESCE(CASE WHEN resumed OR NEW.started_at IS DISTINCT FROM OLD.started_at THEN NEW.started_at END, now());
            END IF;
            -- A claim says by which worker: the task is its agent's.
            IF NEW.attempt_token IS DISTINCT FROM OLD.attempt_token AND NEW.worker_id IS NOT NULL THEN
                NEW.assigned_to := (SELECT agent_id FROM platform.task_workers WHERE worker_id = NEW.worker_id);
            END IF;
        WHEN NEW.status IN ('completed', 'failed', 'cancelled') THEN
            -- Another transaction, younger than this one, may have begun the task.
            IF NEW.completed_at IS NULL OR NEW.completed_at = now() THEN
                NEW.completed_at := greatest(now(), NEW.started_at);
            END IF;
            NEW.leased_until := NULL;
        WHEN NEW.status = 'pending' AND TG_OP = 'UPDATE' THEN
            -- Back in its lane, which is one agent's or anybody's.
            NEW.assigned_to := (SELECT agent_id FROM society.task_lanes WHERE lane = NEW.lane);
        ELSE NULL;
    END CASE;
    IF OLD.status IN ('failed', 'cancelled') AND NEW.status NOT IN ('failed', 'cancelled') THEN
        NEW.completed_at := NULL;
        NEW.started_at   := CASE WHEN NEW.status = 'in_progress' THEN NEW.started_at END;
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.stamp_voting_session() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF NEW.status NOT IN ('draft', 'cancelled') THEN
        NEW.opened_at := COALESCE(NEW.opened_at, now());
    END IF;
    IF NEW.status NOT IN ('draft', 'open') THEN
        NEW.closed_at := COALESCE(NEW.closed_at, now());
    END IF;
    RETURN NEW;
END
$$;

CREATE FUNCTION society.task_details(attempt integer, error_message text, error_stack text, worker_id text, quality_score numeric) RETURNS jsonb
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN jsonb_strip_nulls(jsonb_build_object('attempt', NULLIF(attempt, 0), 'error_message', error_message, 'error_stack', error_stack, 'worker_id', worker_id, 'quality_score', quality_score));

CREATE FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_skills text[] := CASE WHEN p_agent IS NULL THEN ARRAY(SELECT DISTINCT skill FROM unnest(p_skills) AS skill ORDER BY skill) ELSE '{}' END;
    v_trust  numeric := CASE WHEN p_agent IS NULL THEN p_trust ELSE 0 END;
    v_lane   integer;
BEGIN
    LOOP
        SELECT lane INTO v_lane
          FROM society.task_lanes
         WHERE tenant_id = p_tenant AND task_type = p_type AND required_skills = v_skills AND min_trust = v_trust
           AND agent_id IS NOT DISTINCT FROM p_agent;
        EXIT WHEN FOUND;
        INSERT INTO society.task_lanes (tenant_id, task_type, required_skills, min_trust, agent_id)
        VALUES (p_tenant, p_type, v_skills, v_trust, p_agent)
            ON CONFLICT DO NOTHING;
    END LOOP;
    RETURN v_lane;
END
$$;

CREATE FUNCTION society.task_patience(priority society.agent_task_priority) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE priority WHEN 'critical'::society.agent_task_priority THEN '00:00:00'::interval WHEN 'high'::society.agent_task_priority THEN '00:15:00'::interval WHEN 'medium'::society.agent_task_priority THEN '01:00:00'::interval ELSE '04:00:00'::interval END;

CREATE FUNCTION society.task_status_after(event text, detail jsonb) RETURNS society.agent_task_status
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE event WHEN 'started'::text THEN 'in_progress'::society.agent_task_status WHEN 'assigned'::text THEN 'assigned'::society.agent_task_status WHEN 'completed'::text THEN 'completed'::society.agent_task_status WHEN 'stuck'::text THEN 'queued'::society.agent_task_status WHEN 'failed'::text THEN CASE WHEN (detail ? 'retry_at'::text) THEN 'pending'::society.agent_task_status ELSE 'failed'::society.agent_task_status END ELSE 'pending'::society.agent_task_status END;

CREATE FUNCTION society.tasks_bury(p_dead uuid[]) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN

    INSERT INTO store.task_history (tenant_id, task_id, event_type, new_status, actor_id, details)
    SELECT tenant_id, id, 'dead' || '_letter', status, assigned_to,
           society.task_details(attempts, error_message, NULL, worker_id, NULL)
      FROM society.tasks
     WHERE id = ANY (p_dead);
    INSERT INTO society.task_dead_letters (tenant_id, task_id, task_type, payload, error_message, error_stack, retry_history)
    SELECT tasks.tenant_id, tasks.id, tasks.task_type, tasks.payload, tasks.error_message,
           (SELECT events.details ->> 'error_stack' FROM store.task_history AS events
             WHERE events.tenant_id = tasks.tenant_id AND events.task_id = tasks.id AND events.event_type = 'failed'
             ORDER BY events.created_at DESC LIMIT 1),
           COALESCE((
               SELECT jsonb_agg((events.details - 'error_stack') || jsonb_build_object('event', events.event_type, 'at', events.created_at)
                                ORDER BY events.created_at)
                 FROM store.task_history AS events
                WHERE events.tenant_id = tasks.tenant_id AND events.task_id = tasks.id
                  AND (events.event_type = 'failed' OR events.event_type = 'st' || 'uck')
           ), '[]')
      FROM society.tasks AS tasks
     WHERE tasks.id = ANY (p_dead)
        ON CONFLICT DO NOTHING;
END
$$;

CREATE FUNCTION society.tasks_cancel(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_cancelled uuid[];
BEGIN
    WITH changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'cancelled', completed_at = now(), leased_until = NULL, place = NULL
          FROM (SELECT id FROM society.tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('pending', 'assigned', 'in_progress', 'blocked', 'queued')
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_cancelled FROM changed;
    IF v_cancelled IS NOT NULL THEN
        PERFORM society.tasks_settle(v_cancelled);
    END IF;
    RETURN QUERY SELECT unnest(v_cancelled);
END
$$;

CREATE FUNCTION society.tasks_claim(p_worker text, p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
#variable_conflict use_column
DECLARE
    v_was_silent boolean;
    v_token      CONSTANT text := gen_random_uuid();
    v_lanes      integer[];
    v_rooms      integer[];
BEGIN
    IF p_n < 1 THEN
        RETURN;
    END IF;
    -- One that was silent for longer than its lease lives: it claims.
    SELECT workers.last_seen < now() - workers.lease / 2 INTO v_was_silent
      FROM platform.task_workers AS workers WHERE workers.worker_id = p_worker;
    IF v_was_silent THEN
        UPDATE platform.task_workers AS workers SET last_seen = clock_timestamp() WHERE workers.worker_id = p_worker;
    ELSIF v_was_silent IS NULL THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;

    PERFORM society.tasks_promote(p_lanes);
    SELECT * INTO v_lanes, v_rooms FROM society.tasks_rooms(p_lanes, p_n);
    IF v_lanes IS NULL THEN
        RETURN;
    END IF;

    -- Where several lanes have tasks, a window says how many of each; what others
    -- hold in it is passed over when locking, so that two who claim at once do not
    -- get half each.
    IF cardinality(v_lanes) > 1 THEN
        SELECT array_agg(quotas.lane), array_agg(quotas.n)
          INTO v_lanes, v_rooms
          FROM (
              SELECT heads.lane, count(*)::integer AS n
                FROM (
                    SELECT served.lane
                      FROM unnest(v_lanes, v_rooms) AS served (lane, room)
                     CROSS JOIN LATERAL (
                               SELECT tasks.scheduled_at + society.task_patience(tasks.priority) AS due_at
                                 FROM society.tasks AS tasks
                                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                                ORDER BY tasks.place, tasks.seq
                                LIMIT served.room
                           ) AS waiting
                     ORDER BY waiting.due_at
                     LIMIT p_n
                ) AS heads
               GROUP BY heads.lane
          ) AS quotas;
    END IF;
    RETURN QUERY
        WITH held AS MATERIALIZED (
            SELECT taken.ctid AS row, row_number() OVER (ORDER BY taken.place, taken.seq) AS n
              FROM unnest(v_lanes, v_rooms) AS quotas (lane, n)
             CROSS JOIN LATERAL (
                       SELECT tasks.ctid, tasks.place, tasks.seq
                         FROM society.tasks AS tasks
                        WHERE tasks.lane = quotas.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                          AND (tasks.deadline_at > now() OR tasks.deadline_at IS NULL)
                        ORDER BY tasks.place, tasks.seq
                        LIMIT quotas.n
                          FOR UPDATE SKIP LOCKED
                   ) AS taken
        ),
        changed AS (
            UPDATE society.tasks AS tasks
               SET status        = CASE WHEN held.n <= p_begin OR p_begin IS NULL THEN 'in_progress' ELSE 'assigned' END::society.agent_task_status,
                   worker_id     = p_worker,
                   attempts      = tasks.attempts + 1,
                   attempt_token = overlay(v_token PLACING lpad(to_hex(held.n), 8, '0') FROM 29)::uuid,
                   started_at    = now(),
                   leased_until  = LEAST(now() + tasks.timeout, tasks.deadline_at)
              FROM held
             WHERE tasks.ctid = held.row
            RETURNING tasks.id, tasks.tenant_id, tasks.task_type, tasks.payload, tasks.attempt_token, tasks.attempts AS attempt,
                      tasks.retry_count, tasks.max_retries, tasks.leased_until, tasks.status, tasks.created_by, tasks.lane, held.n,
                      CASE WHEN tasks.status = 'in_progress' THEN 'started' ELSE 'assigned' END AS event, p_worker AS worker_id,
                      NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
        ),
        recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id),
        spent AS (
            UPDATE society.task_lanes AS lanes
               SET rate_used_to = GREATEST(lanes.rate_used_to, clock_timestamp())
                                  + lanes.rate_per / lanes.rate_count * used.n
              FROM (SELECT changed.lane, count(*) AS n FROM changed GROUP BY changed.lane) AS used
             WHERE lanes.lane = used.lane AND lanes.rate_count IS NOT NULL
        )
        SELECT changed.id, changed.tenant_id, changed.task_type, changed.payload, changed.attempt_token, changed.attempt,
               changed.retry_count, changed.max_retries, changed.leased_until, changed.status::text, changed.created_by
          FROM changed
         ORDER BY changed.n;
END
$$;

CREATE FUNCTION society.tasks_complete(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[] DEFAULT NULL::jsonb[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    v_done uuid[];
BEGIN
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(p_ids, p_tokens, p_results) AS given (id, token, result) ORDER BY id
    ),
    changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'completed', completed_at = now(), result = given.result, leased_until = NULL, error_message = NULL
          FROM given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'in_progress'
        RETURNING tasks.tenant_id, tasks.id, 'completed' AS event, tasks.attempts AS attempt, tasks.attempt_token,
                  tasks.worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id)
    SELECT array_agg(id) INTO v_done FROM changed;
    IF v_done IS NOT NULL THEN
        PERFORM society.tasks_settle(v_done);
    END IF;
    RETURN QUERY SELECT unnest(v_done);
    IF cardinality(p_ids) > COALESCE(cardinality(v_done), 0) THEN
        RETURN QUERY
            SELECT tasks.id
              FROM unnest(p_ids, p_tokens) AS given (id, token)
              JOIN society.tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token
             WHERE tasks.status = 'completed' AND tasks.id <> ALL (COALESCE(v_done, '{}'));
    END IF;
END
$$;

CREATE FUNCTION society.tasks_enqueue(p_tasks jsonb) RETURNS TABLE(id uuid, is_new boolean)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_new    society.new_task[];
    v_final  uuid[];
    v_lanes  integer[];
    v_places timestamptz[];
    v_wrong  text;
BEGIN
    v_new := ARRAY(
        SELECT wanted FROM society.tasks_wanted((
            SELECT jsonb_agg(jsonb_build_object('id', gen_random_uuid()) || jsonb_strip_nulls(objects.object) ORDER BY objects.n)
              FROM jsonb_array_elements(p_tasks) WITH ORDINALITY AS objects (object, n)
        )) AS wanted
    );
    v_wrong := (SELECT min(new.task_type) FROM unnest(v_new) AS new
                 WHERE new.task_type <> 'task'
                   AND NOT EXISTS (SELECT FROM society.task_types AS types WHERE types.tenant_id = platform.tenant_id() AND types.name = new.task_type));
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'there is no task type %', v_wrong
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_type_is_known', DETAIL = v_wrong;
    END IF;
    v_wrong := (SELECT min(new.deadline_at) FROM unnest(v_new) AS new WHERE new.deadline_at <= now());
    IF v_wrong IS NOT NULL THEN
        RAISE EXCEPTION 'the deadline % has passed', v_wrong
              USING ERRCODE = 'check_violation', CONSTRAINT = 'task_deadline_is_ahead', DETAIL = v_wrong;
    END IF;

    -- Whoever has a key already is who is meant; of several here, the first.
    v_final := ARRAY(
        SELECT COALESCE(
                   (SELECT live.id FROM society.tasks AS live
                     WHERE live.tenant_id = platform.tenant_id() AND live.unique_key = new.unique_key
                       AND live.status IN ('pending', 'assigned', 'in_progress', 'blocked', 'queued')),
                   (SELECT known.id FROM society.tasks AS known
                     WHERE known.tenant_id = platform.tenant_id() AND known.idempotency_key = new.idempotency_key),
                   CASE WHEN new.unique_key IS NOT NULL THEN first_value(new.id) OVER (PARTITION BY new.unique_key ORDER BY ordinality)
                        WHEN new.idempotency_key IS NOT NULL THEN first_value(new.id) OVER (PARTITION BY new.idempotency_key ORDER BY ordinality) END,
                   new.id
               )
          FROM unnest(v_new) WITH ORDINALITY AS new
         ORDER BY ordinality
    );

    WITH lanes AS MATERIALIZED (
        SELECT profiles.*, society.task_lane(platform.tenant_id(), task_type, required_skills, min_trust, assigned_to) AS lane
          FROM (SELECT DISTINCT task_type, required_skills, min_trust, assigned_to FROM unnest(v_new)) AS profiles
    )
    SELECT array_agg(lanes.lane ORDER BY n),
           society.tasks_places(array_agg(lanes.lane ORDER BY n), array_agg(fair_key::text ORDER BY n), array_agg(priority ORDER BY n),
                                array_agg(weight ORDER BY n), array_agg(scheduled_at ORDER BY n))
      INTO v_lanes, v_places
      FROM (SELECT *, ordinality AS n FROM unnest(v_new) WITH ORDINALITY) AS new
      JOIN lanes USING (task_type, required_skills, min_trust)
     WHERE lanes.assigned_to IS NOT DISTINCT FROM new.assigned_to;

    INSERT INTO society.tasks (id, task_id, title, description, task_type, payload, priority, required_skills, min_trust, assigned_to,
                               scheduled_at, max_retries, timeout, deadline_at, unique_key, idempotency_key, fair_key, weight, lane, place)
    SELECT id, task_id, title, description, task_type, payload, priority, required_skills, min_trust, assigned_to, scheduled_at,
           max_retries, timeout, deadline_at, unique_key, idempotency_key, fair_key, weight, v_lanes[ordinality],
           CASE WHEN scheduled_at <= now() AND waits_for = '[]' THEN v_places[ordinality] END
      FROM unnest(v_new) WITH ORDINALITY
     WHERE id = v_final[ordinality]
     ORDER BY ordinality;

    IF EXISTS (SELECT FROM unnest(v_new) WHERE waits_for <> '[]') THEN
        INSERT INTO society.task_dependencies (task_id, depends_on_task_id, on_failure)
        SELECT new.id, COALESCE(v_final[ahead.ordinality], edge.task), COALESCE(min(edge.on_failure), 'cancel')
          FROM unnest(v_new) WITH ORDINALITY AS new
         CROSS JOIN LATERAL jsonb_to_recordset(new.waits_for) AS edge (task uuid, on_failure text)
          LEFT JOIN unnest(v_new) WITH ORDINALITY AS ahead ON ahead.id = edge.task
         WHERE new.id = v_final[new.ordinality]
         GROUP BY 1, 2;
        PERFORM society.tasks_take_places(ARRAY(SELECT id FROM unnest(v_new) WHERE waits_for <> '[]'));
    END IF;
    RETURN QUERY SELECT v_final[ordinality], new.id = v_final[ordinality] FROM unnest(v_new) WITH ORDINALITY AS new ORDER BY ordinality;
END
$$;

CREATE FUNCTION society.tasks_fail(p_worker text, p_ids uuid[], p_tokens uuid[], p_messages text[], p_stacks text[] DEFAULT NULL::text[], p_is_final boolean[] DEFAULT NULL::boolean[], p_delays interval[] DEFAULT NULL::interval[]) RETURNS TABLE(id uuid, status text, scheduled_at timestamp with time zone)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_changed uuid[];
    v_ended   uuid[];
    v_dead    uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, given.token, given.stack, COALESCE(given.message, 'no reason was given') AS message,
               COALESCE(given.delay, society.tasks_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count)) AS delay,
               CASE WHEN given.is_final THEN 'failed'
                    WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'failed'
                    ELSE 'pending' END AS verdict
          FROM unnest(p_ids, p_tokens, p_messages, p_stacks, p_is_final, p_delays)
                 AS given (id, token, message, stack, is_final, delay)
          JOIN society.tasks AS tasks ON tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'in_progress'
          JOIN society.task_lanes AS lanes ON lanes.lane = tasks.lane
         ORDER BY tasks.id
           FOR UPDATE OF tasks
    ),
    changed AS (
        UPDATE society.tasks AS tasks
           SET status        = held.verdict::society.agent_task_status,
               completed_at  = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count   = LEAST(tasks.retry_count + (held.verdict <> 'failed')::integer, tasks.max_retries),
               scheduled_at  = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               error_message = held.message,
               attempt_token = NULL, leased_until = NULL, place = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'failed' AS event, tasks.attempts AS attempt,
                  held.token AS attempt_token, tasks.worker_id, tasks.error_message, held.stack AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id)
    SELECT array_agg(changed.id), array_agg(changed.id) FILTER (WHERE changed.status <> 'pending'),
           array_agg(changed.id) FILTER (WHERE changed.status = 'failed')
      INTO v_changed, v_ended, v_dead
      FROM changed;
    IF v_dead IS NOT NULL THEN
        PERFORM society.tasks_bury(v_dead);
    END IF;
    IF v_ended IS NOT NULL THEN
        PERFORM society.tasks_settle(v_ended);
    END IF;
    RETURN QUERY
        SELECT tasks.id, tasks.status::text, tasks.scheduled_at FROM society.tasks AS tasks WHERE tasks.id = ANY (v_changed);
END
$$;

CREATE FUNCTION society.tasks_finish(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_scores numeric[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
BEGIN
    IF num_nonnulls(VARIADIC p_scores) > 0 THEN
        PERFORM set_config('guildhall.tasks_told', 'on', true);
        UPDATE society.tasks
           SET quality_score = given.score
          FROM unnest(p_ids, p_tokens, p_scores) AS given (id, token, score)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'in_progress' AND given.score IS NOT NULL;
    END IF;
    RETURN QUERY SELECT * FROM society.tasks_complete(p_worker, p_ids, p_tokens, p_results);
END
$$;

CREATE FUNCTION society.tasks_heartbeat(p_worker text, p_ids uuid[] DEFAULT '{}'::uuid[], p_tokens uuid[] DEFAULT '{}'::uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    UPDATE platform.task_workers SET last_seen = clock_timestamp() WHERE worker_id = p_worker;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no worker %', quote_literal(p_worker)
              USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'task_worker_is_known', DETAIL = p_worker;
    END IF;
    RETURN QUERY
        SELECT given.id
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE NOT EXISTS (
                   SELECT FROM society.tasks AS tasks
                    WHERE tasks.id = given.id AND tasks.attempt_token = given.token
                      AND tasks.status IN ('assigned', 'in_progress', 'completed')
               );
END
$$;

CREATE FUNCTION society.tasks_lanes_for(p_agent uuid, p_n integer, p_tried integer[] DEFAULT '{}'::integer[]) RETURNS integer[]
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_hashjoin TO 'off'
    SET enable_mergejoin TO 'off'
    AS $$
DECLARE
    v_team    uuid;
    v_trust   numeric;
    v_skills  text[];
    v_entries text[];
    v_lanes   integer[];
    v_known   jsonb;
BEGIN
    SELECT tenant_id, COALESCE(trust_score, 0), ARRAY(SELECT skill_name FROM society.agent_skills
                                                       WHERE agent_skills.tenant_id = agents.tenant_id AND agent_skills.agent_id = agents.id)
      INTO v_team, v_trust, v_skills
      FROM society.agents
     WHERE id = p_agent AND (platform.tenant_id() IS NULL OR tenant_id = platform.tenant_id());

    v_entries := v_skills || ARRAY['', p_agent::text];
    v_known   := jsonb_object(v_skills, v_skills);
    IF 64 < (SELECT count(*) FROM (SELECT FROM society.task_lanes WHERE tenant_id = v_team AND entry = ANY (v_entries) LIMIT 65) AS open) THEN
        SELECT array_agg(lane) INTO v_lanes
          FROM (
                   SELECT first.lane
                     FROM (SELECT lane, place, seq FROM society.tasks
                            WHERE tenant_id = v_team AND status = 'pending' AND place IS NOT NULL ORDER BY place, seq LIMIT 512) AS first
                     JOIN society.task_lanes AS lanes ON lanes.lane = first.lane
                    WHERE (lanes.agent_id IS NULL OR lanes.agent_id = p_agent)
                      AND v_known ?& lanes.required_skills AND lanes.min_trust <= v_trust AND NOT lanes.is_paused
                      AND lanes.lane <> ALL (p_tried)
                    ORDER BY first.place, first.seq
                    LIMIT p_n
               ) AS heads;
    END IF;
    IF cardinality(v_lanes) < p_n OR v_lanes IS NULL THEN
        SELECT array_agg(lane) INTO v_lanes
          FROM (
                   SELECT lanes.lane
                     FROM society.task_lanes AS lanes
                    CROSS JOIN LATERAL (
                              SELECT tasks.place, tasks.seq FROM society.tasks
                               WHERE tasks.lane = lanes.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                               ORDER BY tasks.place, tasks.seq LIMIT 1
                          ) AS head
                    WHERE lanes.tenant_id = v_team AND lanes.entry = ANY (v_entries)
                      AND (lanes.agent_id IS NULL OR lanes.agent_id = p_agent)
                      AND v_known ?& lanes.required_skills AND lanes.min_trust <= v_trust AND NOT lanes.is_paused
                      AND lanes.lane <> ALL (p_tried)
                    ORDER BY head.place, head.seq
                    LIMIT p_n
               ) AS heads;
    END IF;
    RETURN ARRAY(SELECT DISTINCT unnest(v_lanes));
END
$$;

CREATE FUNCTION society.tasks_mark_stuck(p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count integer;
BEGIN
    WITH lost AS MATERIALIZED (
        SELECT tasks.id, CASE WHEN tasks.leased_until < now() THEN 'the attempt took longer than it may'
                              ELSE format('worker %s was lost', tasks.worker_id) END AS reason, tasks.attempt_token
          FROM society.tasks AS tasks
         WHERE tasks.status IN ('assigned', 'in_progress')
           AND (tasks.leased_until < now()
                OR tasks.worker_id NOT IN (
                       SELECT workers.worker_id FROM platform.task_workers AS workers WHERE workers.last_seen >= now() - workers.lease
                   ))
         LIMIT p_most
           FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE society.tasks AS tasks
           SET status = CASE WHEN tasks.status = 'assigned' THEN 'pending' ELSE 'queued' END::society.agent_task_status,
               attempt_token = NULL, leased_until = NULL,
               error_message = CASE WHEN tasks.status = 'assigned' THEN tasks.error_message ELSE lost.reason END
          FROM lost
         WHERE tasks.id = lost.id
        RETURNING tasks.tenant_id, tasks.id, CASE WHEN tasks.status = 'queued' THEN 'stuck' ELSE 'rescued' END AS event,
                  tasks.attempts AS attempt, lost.attempt_token, tasks.worker_id, lost.reason AS error_message,
                  NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id)
    SELECT count(*) INTO v_count FROM changed;
    RETURN v_count;
END
$$;

CREATE FUNCTION society.tasks_pause(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    UPDATE society.tasks AS tasks
       SET status = 'blocked', leased_until = NULL
      FROM (SELECT id FROM society.tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
     WHERE tasks.id = held.id AND tasks.status IN ('pending', 'assigned', 'in_progress')
    RETURNING tasks.id
$$;

CREATE FUNCTION society.tasks_places(p_lanes integer[], p_keys text[], p_priorities society.agent_task_priority[], p_weights double precision[], p_ready timestamp with time zone[]) RETURNS timestamp with time zone[]
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    RETURN (
        WITH fresh AS MATERIALIZED (
            SELECT * FROM unnest(p_lanes, p_keys, p_priorities, p_weights, p_ready) WITH ORDINALITY
                       AS given (lane, fair_key, priority, weight, ready_at, n)
        ),
        turns AS MATERIALIZED (
            SELECT groups.*, COALESCE(
                       (SELECT tasks.place + interval '1 millisecond' FROM society.tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.fair_key = groups.fair_key AND tasks.priority = groups.priority
                           AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place DESC LIMIT 1) - society.task_patience(groups.priority),
                       (SELECT tasks.place - society.task_patience(tasks.priority) FROM society.tasks AS tasks
                         WHERE tasks.lane = groups.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL
                         ORDER BY tasks.place, tasks.seq LIMIT 1)
                   ) AS earliest
              FROM (SELECT DISTINCT lane, fair_key, priority FROM fresh) AS groups
        )
        SELECT array_agg(
                   GREATEST(COALESCE(turns.earliest, fresh.ready_at), fresh.ready_at - interval '1 hour') + society.task_patience(fresh.priority)
                   + interval '1 millisecond' * (fresh.steps - 1 / fresh.weight)
                   ORDER BY fresh.n
               )
          FROM (SELECT *, sum(1 / weight) OVER (PARTITION BY lane, fair_key, priority ORDER BY ready_at, n) AS steps FROM fresh) AS fresh
          JOIN turns USING (lane, fair_key, priority)
    );
END
$$;

CREATE FUNCTION society.tasks_present(p_agent uuid, p_lease interval DEFAULT NULL::interval) RETURNS void
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM platform.task_workers
                    WHERE worker_id = society.worker_of(p_agent) AND lease = COALESCE(p_lease, lease)
                      AND last_seen >= now() - lease / 2) THEN
        PERFORM platform.register_worker(
            society.worker_of(p_agent), '{}', 1,
            COALESCE(p_lease, (SELECT lease FROM platform.task_workers WHERE worker_id = society.worker_of(p_agent)), '5 minutes'),
            NULL, NULL, p_agent);
    END IF;
END
$$;

CREATE FUNCTION society.tasks_promote(p_lanes integer[], p_most integer DEFAULT 1000) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    SET enable_sort TO 'off'
    AS $$
DECLARE
    v_due uuid[];
BEGIN
    SELECT array_agg(due.id) INTO v_due
      FROM unnest(p_lanes) AS served (lane)
     CROSS JOIN LATERAL (
               SELECT tasks.id
                 FROM society.tasks AS tasks
                WHERE tasks.lane = served.lane AND tasks.status = 'pending' AND tasks.place IS NULL
                  AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                ORDER BY tasks.scheduled_at
                LIMIT p_most
                  FOR UPDATE SKIP LOCKED
           ) AS due;
    RETURN CASE WHEN v_due IS NULL THEN 0 ELSE society.tasks_take_places(v_due) END;
END
$$;

CREATE FUNCTION society.tasks_release(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'pending', attempt_token = NULL, leased_until = NULL
          FROM (SELECT * FROM unnest(p_ids, p_tokens) AS given (id, token) ORDER BY id) AS given
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status IN ('assigned', 'in_progress')
        RETURNING tasks.tenant_id, tasks.id, 'handed_back' AS event, tasks.attempts AS attempt, given.token AS attempt_token,
                  p_worker AS worker_id, NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id)
    SELECT id FROM changed
$$;

CREATE FUNCTION society.tasks_rescue(p_most integer DEFAULT 1000, OUT p_retried integer, OUT p_dead integer) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_dead uuid[];
BEGIN
    WITH held AS MATERIALIZED (
        SELECT tasks.id, society.tasks_wait(lanes.retry_base, lanes.retry_most, tasks.retry_count) AS delay,
               CASE WHEN tasks.retry_count >= tasks.max_retries OR tasks.deadline_at <= now() THEN 'failed'
                    ELSE 'pending' END AS verdict
          FROM society.tasks AS tasks
          JOIN society.task_lanes AS lanes ON lanes.lane = tasks.lane
         WHERE tasks.status = 'queued'
         LIMIT p_most
           FOR UPDATE OF tasks SKIP LOCKED
    ),
    changed AS (
        UPDATE society.tasks AS tasks
           SET status       = held.verdict::society.agent_task_status,
               completed_at = CASE WHEN held.verdict <> 'pending' THEN now() END,
               retry_count  = LEAST(tasks.retry_count + 1, tasks.max_retries),
               scheduled_at = CASE WHEN held.verdict = 'pending' THEN now() + held.delay ELSE tasks.scheduled_at END,
               place        = NULL
          FROM held
         WHERE tasks.id = held.id
        RETURNING tasks.tenant_id, tasks.id, tasks.status, 'rescued' AS event, tasks.attempts AS attempt, NULL::uuid AS attempt_token,
                  tasks.worker_id, tasks.error_message, NULL::text AS error_stack,
                  CASE WHEN tasks.status = 'pending' THEN jsonb_build_object('retry_at', tasks.scheduled_at) ELSE '{}' END AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id WHERE changed.status = 'pending')
    SELECT count(*) FILTER (WHERE status = 'pending'), array_agg(id) FILTER (WHERE status = 'failed')
      INTO p_retried, v_dead
      FROM changed;

    WITH late AS MATERIALIZED (
        SELECT tasks.id FROM society.tasks AS tasks
         WHERE tasks.deadline_at <= now() AND tasks.status IN ('pending', 'blocked')
         LIMIT p_most FOR UPDATE SKIP LOCKED
    ),
    changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'failed', completed_at = now(), place = NULL,
               error_message = COALESCE(tasks.error_message, 'its deadline passed before it was done')
          FROM late WHERE tasks.id = late.id
        RETURNING tasks.id
    )
    SELECT COALESCE(v_dead, '{}') || COALESCE(array_agg(id), '{}') INTO v_dead FROM changed;
    p_dead := cardinality(v_dead);
    IF p_dead > 0 THEN
        PERFORM society.tasks_bury(v_dead);
        PERFORM society.tasks_settle(v_dead);
    END IF;
END
$$;

CREATE FUNCTION society.tasks_resume(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_resumed uuid[];
BEGIN
    WITH changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'pending'
          FROM (SELECT id FROM society.tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status = 'blocked'
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_resumed FROM changed;
    PERFORM society.tasks_take_places(v_resumed);
    RETURN QUERY SELECT unnest(v_resumed);
END
$$;

CREATE FUNCTION society.tasks_retry(p_ids uuid[]) RETURNS SETOF uuid
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
DECLARE
    v_again uuid[];
BEGIN
    WITH changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'pending', retry_count = 0, completed_at = NULL, scheduled_at = now(), place = NULL,
               deadline_at = CASE WHEN tasks.deadline_at > now() THEN tasks.deadline_at END,
               open_dependencies = (
                   SELECT count(*) FROM society.task_dependencies AS edges WHERE edges.task_id = tasks.id AND NOT edges.is_settled
               )
          FROM (SELECT id FROM society.tasks WHERE id = ANY (p_ids) ORDER BY id FOR UPDATE) AS held
         WHERE tasks.id = held.id AND tasks.status IN ('failed', 'cancelled', 'failed')
           AND NOT EXISTS (
                   SELECT FROM society.tasks AS others
                    WHERE others.tenant_id = tasks.tenant_id AND others.unique_key = tasks.unique_key AND others.id <> tasks.id
                      AND (others.status IN ('pending', 'assigned', 'in_progress', 'blocked', 'queued')
                           OR (others.id < tasks.id AND others.id = ANY (p_ids)
                               AND others.status IN ('failed', 'cancelled', 'failed')))
               )
        RETURNING tasks.id
    )
    SELECT array_agg(id) INTO v_again FROM changed;
    IF v_again IS NOT NULL THEN

        UPDATE society.task_dead_letters
           SET resolution = 'redriven', resolved_at = now(), resolved_by = platform.user_id()
         WHERE task_id = ANY (v_again) AND resolved_at IS NULL;
        PERFORM society.tasks_take_places(v_again);
    END IF;
    RETURN QUERY SELECT unnest(v_again);
END
$$;

CREATE FUNCTION society.tasks_rooms(INOUT p_lanes integer[], p_n integer, OUT p_rooms integer[]) RETURNS record
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET enable_bitmapscan TO 'off'
    AS $$
DECLARE
    v_limited integer[];
    v_lane    record;
    v_room    integer;
BEGIN
    SELECT array_agg(lane) FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(p_n)  FILTER (WHERE max_running IS NULL AND rate_count IS NULL),
           array_agg(lane) FILTER (WHERE max_running IS NOT NULL OR rate_count IS NOT NULL)
      INTO p_lanes, p_rooms, v_limited
      FROM society.task_lanes
     WHERE lane = ANY (p_lanes) AND NOT is_paused;
    IF v_limited IS NULL THEN
        RETURN;
    END IF;
    -- Nobody needs a lane's limits who finds nothing in it.
    v_limited := ARRAY(
        SELECT wanted.lane
          FROM unnest(v_limited) AS wanted (lane)
         WHERE EXISTS (SELECT FROM society.tasks AS tasks
                        WHERE tasks.lane = wanted.lane AND tasks.status = 'pending' AND tasks.place IS NOT NULL)
    );
    FOR v_lane IN
        SELECT * FROM society.task_lanes WHERE lane = ANY (v_limited) AND NOT is_paused ORDER BY lane FOR UPDATE SKIP LOCKED
    LOOP
        v_room := p_n;
        IF v_lane.max_running IS NOT NULL THEN
            v_room := LEAST(v_room, v_lane.max_running - (
                SELECT count(*)::integer FROM society.tasks AS tasks
                 WHERE tasks.lane = v_lane.lane AND tasks.status IN ('assigned', 'in_progress')
            ));
        END IF;
        IF v_lane.rate_count IS NOT NULL THEN
            v_room := LEAST(v_room, floor(
                v_lane.rate_count
                * extract(epoch FROM clock_timestamp() + v_lane.rate_per
                                     - GREATEST(v_lane.rate_used_to, clock_timestamp()))
                / extract(epoch FROM v_lane.rate_per) + 0.000001
            )::integer);
        END IF;
        IF v_room > 0 THEN
            p_lanes := p_lanes || v_lane.lane;
            p_rooms := p_rooms || v_room;
        END IF;
    END LOOP;
END
$$;

CREATE FUNCTION society.tasks_settle(p_ended uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    SET plan_cache_mode TO 'force_generic_plan'
    AS $$
DECLARE
    v_ended   uuid[] := p_ended;
    v_waiting uuid[];
    v_ready   uuid[];
    v_counts  integer[];
    v_places  timestamptz[];
    v_count   integer := 0;
BEGIN
    WHILE EXISTS (SELECT FROM society.task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled) LOOP
        PERFORM FROM society.tasks
          WHERE id IN (SELECT task_id FROM society.task_dependencies WHERE depends_on_task_id = ANY (v_ended) AND NOT is_settled)
          ORDER BY id FOR UPDATE;
        WITH settled AS (
            UPDATE society.task_dependencies AS edges
               SET is_settled = true
              FROM society.tasks AS ended
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.id = edges.depends_on_task_id
               AND (ended.status = 'completed' OR edges.on_failure = 'ignore')
            RETURNING edges.task_id
        )
        SELECT array_agg(counted.task_id), array_agg(counted.n) INTO v_waiting, v_counts
          FROM (SELECT task_id, count(*)::integer AS n FROM settled GROUP BY task_id) AS counted;
        -- Whoever waits for nothing more takes its place with the same change of its row.
        SELECT array_agg(id), society.tasks_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(ready_at))
          INTO v_ready, v_places
          FROM (
                   SELECT tasks.id, tasks.lane, tasks.fair_key, tasks.priority, tasks.weight,
                          GREATEST(tasks.scheduled_at, tasks.created_at) AS ready_at
                     FROM unnest(v_waiting, v_counts) AS counted (id, n)
                     JOIN society.tasks AS tasks ON tasks.id = counted.id
                    WHERE tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = counted.n
                      AND tasks.scheduled_at <= now()
                    ORDER BY tasks.scheduled_at, tasks.seq
               ) AS ready;
        UPDATE society.tasks AS tasks
           SET open_dependencies = 0, place = placed.place
          FROM unnest(v_ready, v_places) AS placed (id, place)
         WHERE tasks.id = placed.id;
        v_count := v_count + COALESCE(cardinality(v_ready), 0);
        -- The others; one that has its place waits for none, which is fewer than were counted.
        UPDATE society.tasks AS tasks
           SET open_dependencies = tasks.open_dependencies - counted.n
          FROM unnest(v_waiting, v_counts) AS counted (id, n)
         WHERE tasks.id = counted.id AND tasks.open_dependencies >= counted.n AND tasks.status IN ('pending', 'blocked');

        WITH doomed AS (
            SELECT edges.task_id,
                   bool_or(edges.on_failure = 'fail' AND ended.status <> 'cancelled') AS fails,
                   min(format('task %s, which it waits for, is %s', ended.id, ended.status)) AS reason
              FROM society.task_dependencies AS edges
              JOIN society.tasks AS ended ON ended.id = edges.depends_on_task_id
             WHERE edges.depends_on_task_id = ANY (v_ended) AND NOT edges.is_settled
               AND ended.status IN ('failed', 'cancelled', 'failed')
             GROUP BY edges.task_id
        ),
        changed AS (
            UPDATE society.tasks AS tasks
               SET status = CASE WHEN doomed.fails THEN 'failed' ELSE 'cancelled' END::society.agent_task_status,
                   completed_at = now(), error_message = doomed.reason, place = NULL
              FROM doomed
             WHERE tasks.id = doomed.task_id AND tasks.status IN ('pending', 'blocked')
            RETURNING tasks.id
        )
        SELECT array_agg(id) INTO v_ended FROM changed;
    END LOOP;
    RETURN v_count;
END
$$;

CREATE FUNCTION society.tasks_start(p_worker text, p_ids uuid[], p_tokens uuid[]) RETURNS SETOF uuid
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    WITH changed AS (
        UPDATE society.tasks AS tasks
           SET status = 'in_progress', started_at = now(), leased_until = LEAST(now() + tasks.timeout, tasks.deadline_at)
          FROM unnest(p_ids, p_tokens) AS given (id, token)
         WHERE tasks.id = given.id AND tasks.attempt_token = given.token AND tasks.status = 'assigned' AND tasks.worker_id = p_worker
        RETURNING tasks.tenant_id, tasks.id, 'started' AS event, tasks.attempts AS attempt, tasks.attempt_token, tasks.worker_id,
                  NULL::text AS error_message, NULL::text AS error_stack, '{}'::jsonb AS detail
    ),
    recorded AS (
        INSERT INTO store.task_history (tenant_id, task_id, event_type, old_status, new_status, actor_id, user_id, details)
        SELECT changed.tenant_id, changed.id, changed.event, earlier.status, society.task_status_after(changed.event, changed.detail),
               COALESCE(earlier.assigned_to, workers.agent_id), platform.user_id(),
               society.task_details(changed.attempt, changed.error_message, changed.error_stack, changed.worker_id,
                                    CASE changed.event WHEN 'completed' THEN earlier.quality_score END) || changed.detail
          FROM (SELECT set_config('guildhall.tasks_told', 'on', true)) AS told
         CROSS JOIN changed
          JOIN society.tasks AS earlier ON earlier.id = changed.id
          LEFT JOIN platform.task_workers AS workers ON workers.worker_id = changed.worker_id)
    SELECT id FROM changed
$$;

CREATE FUNCTION society.tasks_step(p_worker text, p_ids uuid[], p_tokens uuid[], p_results jsonb[], p_lanes integer[], p_n integer, p_begin integer DEFAULT NULL::integer) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    RETURN QUERY
        SELECT done, NULL::uuid, NULL::varchar, NULL::jsonb, NULL::uuid, NULL::integer, NULL::integer, NULL::integer,
               NULL::timestamptz, 'completed', NULL::uuid
          FROM society.tasks_complete(p_worker, p_ids, p_tokens, p_results) AS done;
    RETURN QUERY SELECT * FROM society.tasks_claim(p_worker, p_lanes, p_n, p_begin);
END
$$;

CREATE FUNCTION society.tasks_take(p_agent uuid, p_n integer, p_begin integer DEFAULT NULL::integer, p_lease interval DEFAULT NULL::interval) RETURNS TABLE(id uuid, tenant_id uuid, task_type character varying, payload jsonb, attempt_token uuid, attempt integer, retry_count integer, max_retries integer, leased_until timestamp with time zone, status text, created_by uuid)
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_seqscan TO 'off'
    AS $$
#variable_conflict use_column
DECLARE
    v_lanes integer[];
    v_tried integer[] := '{}';
    v_got   integer := 0;
    v_more  integer;
BEGIN
    PERFORM society.tasks_present(p_agent, p_lease);
    v_lanes := ARRAY(
        SELECT DISTINCT due.lane
          FROM (SELECT tasks.lane FROM society.tasks
                 WHERE tasks.tenant_id = (SELECT agents.tenant_id FROM society.agents WHERE agents.id = p_agent)
                   AND tasks.status = 'pending' AND tasks.place IS NULL AND tasks.open_dependencies = 0 AND tasks.scheduled_at <= now()
                 ORDER BY tasks.scheduled_at LIMIT 1000) AS due
    );
    IF v_lanes <> '{}' THEN
        PERFORM society.tasks_promote(v_lanes);
    END IF;
    -- What others take meanwhile is made up for from further lanes.
    WHILE v_got < p_n LOOP
        v_lanes := society.tasks_lanes_for(p_agent, p_n - v_got, v_tried);
        EXIT WHEN v_lanes = '{}';
        RETURN QUERY SELECT * FROM society.tasks_claim(society.worker_of(p_agent), v_lanes, p_n - v_got,
                                                        CASE WHEN p_begin IS NOT NULL THEN GREATEST(p_begin - v_got, 0) END);
        GET DIAGNOSTICS v_more = ROW_COUNT;
        v_got := v_got + v_more;
        v_tried := v_tried || v_lanes;
    END LOOP;
END
$$;

CREATE FUNCTION society.tasks_take_places(p_ids uuid[]) RETURNS integer
    LANGUAGE plpgsql
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET enable_seqscan TO 'off'
    AS $$
DECLARE
    v_count  integer;
    v_ids    uuid[];
    v_places timestamptz[];
BEGIN
    SELECT array_agg(ready.id),
           society.tasks_places(array_agg(lane), array_agg(fair_key::text), array_agg(priority), array_agg(weight), array_agg(scheduled_at))
      INTO v_ids, v_places
      FROM (
          SELECT id, lane, fair_key, priority, weight, GREATEST(scheduled_at, created_at) AS scheduled_at
            FROM society.tasks
           WHERE id = ANY (p_ids) AND status = 'pending' AND place IS NULL AND open_dependencies = 0 AND scheduled_at <= now()
           ORDER BY scheduled_at, seq
      ) AS ready;
    IF v_ids IS NULL THEN
        RETURN 0;
    END IF;
    UPDATE society.tasks AS tasks
       SET place = placed.place
      FROM unnest(v_ids, v_places) AS placed (id, place)
     WHERE tasks.id = placed.id AND tasks.status = 'pending' AND tasks.place IS NULL;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;

CREATE FUNCTION society.tasks_wait(p_base interval, p_most interval, p_retries integer) RETURNS interval
    LANGUAGE sql
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT LEAST(p_most, p_base * power(2, LEAST(p_retries, 30))) * (0.5 + random() / 2)
$$;

CREATE FUNCTION society.tasks_wanted(p_tasks jsonb) RETURNS SETOF society.new_task
    LANGUAGE sql STABLE
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
    SELECT given.id, COALESCE(given.task_id, 'task-' || replace(right(given.id::text, 17), '-', '')),
           COALESCE(given.title, given.task_type, 'task'), given.description, COALESCE(given.task_type, 'task'),
           COALESCE(given.payload, '{}'), COALESCE(given.priority, 'medium'),
           ARRAY(SELECT unnest(given.required_skills) UNION SELECT unnest(types.required_skills) ORDER BY 1),
           GREATEST(given.min_trust, types.min_trust, 0), given.assigned_to, COALESCE(given.scheduled_at, now()),
           COALESCE(given.max_retries, types.max_retries, 3), COALESCE(given.timeout, types.timeout), given.deadline_at,
           given.unique_key, given.idempotency_key, COALESCE(given.fair_key, '-'), COALESCE(given.weight, 1),
           COALESCE(given.waits_for, '[]')
      FROM jsonb_array_elements(p_tasks) WITH ORDINALITY AS objects (object, n)
     CROSS JOIN LATERAL jsonb_populate_record(NULL::society.new_task, objects.object) AS given
      LEFT JOIN society.task_types AS types ON types.tenant_id = platform.tenant_id() AND types.name = given.task_type
     ORDER BY n
$$;

CREATE FUNCTION society.update_agent_stats_on_task_completion() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    SET plan_cache_mode TO 'force_generic_plan'
    SET enable_nestloop TO 'off'
    SET enable_hashjoin TO 'on'
    AS $$
DECLARE
    figures record;
BEGIN
    -- In the order of their ids, so that two who end tasks do not wait for each other.
    FOR figures IN
        SELECT tenant_id, assigned_to, count(*) FILTER (WHERE ends AND status = 'completed') AS completed,
               count(*) FILTER (WHERE ends AND status = 'failed') AS failed,
               COALESCE(sum(quality_score) FILTER (WHERE status = 'completed'), 0) - COALESCE(sum(old_score), 0) AS score,
               count(quality_score) FILTER (WHERE status = 'completed') - count(old_score) AS scores,
               COALESCE(sum(duration_ms) FILTER (WHERE status = 'completed'), 0) - COALESCE(sum(old_time), 0) AS time_ms,
               count(duration_ms) FILTER (WHERE status = 'completed') - count(old_time) AS times
          FROM (
                   SELECT after.*, before.status <> after.status AS ends,
                          CASE WHEN before.status = 'completed' THEN before.quality_score END AS old_score,
                          CASE WHEN before.status = 'completed' THEN before.duration_ms END AS old_time
                     FROM before JOIN after USING (id)
                    WHERE after.assigned_to IS NOT NULL AND after.status IN ('completed', 'failed')
                      AND (before.status, before.quality_score, before.duration_ms) IS DISTINCT FROM (after.status, after.quality_score, after.duration_ms)
                      AND NOT (after.status = 'failed' AND before.status IN ('pending', 'blocked')
                               AND (after.open_dependencies > 0 OR COALESCE(after.deadline_at <= now(), false)))
               ) AS ended
         GROUP BY tenant_id, assigned_to
         ORDER BY assigned_to
    LOOP
        UPDATE society.agents
           SET tasks_completed     = tasks_completed + figures.completed,
               tasks_failed        = tasks_failed + figures.failed,
               quality_score_total = quality_score_total + figures.score,
               quality_score_count = quality_score_count + figures.scores,
               task_time_total_ms  = task_time_total_ms + figures.time_ms,
               task_time_count     = task_time_count + figures.times
         WHERE id = figures.assigned_to;
    END LOOP;
    RETURN NULL;
END
$$;

CREATE FUNCTION society.worker_of(p_agent uuid) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ('agent/'::text || (p_agent)::text);

CREATE FUNCTION store.mark_analytics_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'analytics_events';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'analytics_events';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_failure_patterns() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'failure_patterns';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'failure_patterns';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_llm_requests() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_requests';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_requests';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_llm_responses() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_responses';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', created_at, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'llm_responses';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_outcomes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'outcomes';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'outcomes';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_status_probes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT NULL::uuid AS tenant_id,
                              date_bin(interval '5 minutes', "time", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'status_probes';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT NULL::uuid AS tenant_id,
                              date_bin(interval '5 minutes', "time", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'status_probes';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_streaming_analytics() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'streaming_analytics';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', "timestamp", timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'streaming_analytics';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.mark_tool_usage() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
        BEGIN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM changed_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'tool_usage';

            IF TG_OP = 'UPDATE' THEN

            INSERT INTO platform.rollup_marks (rollup, tenant_id, bucket)
            SELECT DISTINCT rollups.name, moments.tenant_id,
                   date_bin(rollups.width, moments.moment, timestamptz '2000-01-01 00:00+00')
              FROM (
                       SELECT DISTINCT tenant_id AS tenant_id,
                              date_bin(interval '5 minutes', execution_time, timestamptz '2000-01-01 00:00+00') AS moment
                         FROM new_rows
                   ) AS moments
              JOIN platform.rollups ON rollups.source = 'tool_usage';

            END IF;
            RETURN NULL;
        END
        $$;

CREATE FUNCTION store.record_catalogue_benchmark_scores() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.configuration, NEW.configuration)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'benchmark_scores', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'benchmark_scores', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_benchmark_suites() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.description, NEW.description, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'benchmark_suites', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'benchmark_suites', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_documentation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.title, NEW.title)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'documentation', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'documentation', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_incidents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'incidents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'incidents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_model_aliases() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'model_aliases', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'model_aliases', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_model_endpoints() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'model_endpoints', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'model_endpoints', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_models() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.name, NEW.name, OLD.description, NEW.description, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'models', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{search_vector}'::text[], to_jsonb(NEW) - '{search_vector}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'models', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{search_vector}'::text[], to_jsonb(NEW) - '{search_vector}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_news_articles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.title, NEW.title, OLD.summary, NEW.summary, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'news_articles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{content}'::text[], to_jsonb(NEW) - '{content}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'news_articles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{content}'::text[], to_jsonb(NEW) - '{content}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_news_model_mentions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'news_model_mentions', TG_OP, jsonb_build_object('news_id', COALESCE(NEW.news_id, OLD.news_id), 'model_id', COALESCE(NEW.model_id, OLD.model_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'news_model_mentions', TG_OP, jsonb_build_object('news_id', COALESCE(NEW.news_id, OLD.news_id), 'model_id', COALESCE(NEW.model_id, OLD.model_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_pricing() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.volume_discounts, NEW.volume_discounts, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'pricing', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'pricing', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_probe_locations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'probe_locations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'probe_locations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_catalogue_providers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.regions, NEW.regions, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(NULL, 'catalogue', 'providers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'catalogue', 'providers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_config_diffs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.change_summary, NEW.change_summary, OLD.impact_prediction, NEW.impact_prediction)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'config_diffs', TG_OP, jsonb_build_object('diff_id', COALESCE(NEW.diff_id, OLD.diff_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'config_diffs', TG_OP, jsonb_build_object('diff_id', COALESCE(NEW.diff_id, OLD.diff_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_configurations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.sandbox_config, NEW.sandbox_config)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'configurations', TG_OP, jsonb_build_object('config_id', COALESCE(NEW.config_id, OLD.config_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'configurations', TG_OP, jsonb_build_object('config_id', COALESCE(NEW.config_id, OLD.config_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_llm_recommendation_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'llm_recommendation_sessions', TG_OP, jsonb_build_object('session_id', COALESCE(NEW.session_id, OLD.session_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'llm_recommendation_sessions', TG_OP, jsonb_build_object('session_id', COALESCE(NEW.session_id, OLD.session_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_recommendations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.impact_estimate, NEW.impact_estimate, OLD.evidence, NEW.evidence, OLD.application, NEW.application)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'recommendations', TG_OP, jsonb_build_object('recommendation_id', COALESCE(NEW.recommendation_id, OLD.recommendation_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'recommendations', TG_OP, jsonb_build_object('recommendation_id', COALESCE(NEW.recommendation_id, OLD.recommendation_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_scenarios() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.ground_truth, NEW.ground_truth, OLD.expected_tools, NEW.expected_tools)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'scenarios', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'scenario_id', COALESCE(NEW.scenario_id, OLD.scenario_id)), to_jsonb(OLD) - '{scenario_embedding}'::text[], to_jsonb(NEW) - '{scenario_embedding}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'scenarios', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'scenario_id', COALESCE(NEW.scenario_id, OLD.scenario_id)), to_jsonb(OLD) - '{scenario_embedding}'::text[], to_jsonb(NEW) - '{scenario_embedding}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_evaluation_simulations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.metadata, NEW.metadata, OLD.sandbox_metadata, NEW.sandbox_metadata, OLD.assumed, NEW.assumed)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'simulations', TG_OP, jsonb_build_object('simulation_id', COALESCE(NEW.simulation_id, OLD.simulation_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'evaluation', 'simulations', TG_OP, jsonb_build_object('simulation_id', COALESCE(NEW.simulation_id, OLD.simulation_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_acp_agents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.args, NEW.args, OLD.capabilities, NEW.capabilities, OLD.config, NEW.config)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'acp_agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'acp_agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_code_versions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.files_changed, NEW.files_changed, OLD.test_results, NEW.test_results)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'code_versions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'code_versions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_cognee_memories() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'cognee_memories', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{content,entities,relationships}'::text[], to_jsonb(NEW) - '{content,entities,relationships}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'cognee_memories', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{content,entities,relationships}'::text[], to_jsonb(NEW) - '{content,entities,relationships}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_debate_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.positions, NEW.positions, OLD.participants, NEW.participants, OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'debate_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'debate_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_ensembles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.config, NEW.config)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'ensembles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'ensembles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_llm_providers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.config, NEW.config)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'llm_providers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{api_key_ciphertext}'::text[], to_jsonb(NEW) - '{api_key_ciphertext}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'llm_providers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{api_key_ciphertext}'::text[], to_jsonb(NEW) - '{api_key_ciphertext}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_lsp_servers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.args, NEW.args, OLD.file_patterns, NEW.file_patterns)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'lsp_servers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'lsp_servers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_mcp_servers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.capabilities, NEW.capabilities, OLD.config, NEW.config)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'mcp_servers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'gateway', 'mcp_servers', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_gateway_memory_nodes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(NULL, 'gateway', 'memory_nodes', TG_OP, jsonb_build_object('node_id', COALESCE(NEW.node_id, OLD.node_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'gateway', 'memory_nodes', TG_OP, jsonb_build_object('node_id', COALESCE(NEW.node_id, OLD.node_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_api_keys() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'api_keys', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{key_hash}'::text[], to_jsonb(NEW) - '{key_hash}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'api_keys', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{key_hash}'::text[], to_jsonb(NEW) - '{key_hash}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_audit_redactions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.row_counts, NEW.row_counts, OLD.evidence, NEW.evidence)) THEN
        PERFORM platform.keep_change(NULL, 'platform', 'audit_redactions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'platform', 'audit_redactions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_background_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'background_tasks', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_dead_letter_queue() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.payload, NEW.payload, OLD.retry_history, NEW.retry_history)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'dead_letter_queue', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'dead_letter_queue', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_provider_secrets() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'provider_secrets', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{sealed}'::text[], to_jsonb(NEW) - '{sealed}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'provider_secrets', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{sealed}'::text[], to_jsonb(NEW) - '{sealed}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_schedules() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.payload, NEW.payload)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'schedules', TG_OP, jsonb_build_object('name', COALESCE(NEW.name, OLD.name)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'schedules', TG_OP, jsonb_build_object('name', COALESCE(NEW.name, OLD.name)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_task_lanes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.payload_schema, NEW.payload_schema)) THEN
        PERFORM platform.keep_change(NULL, 'platform', 'task_lanes', TG_OP, jsonb_build_object('lane', COALESCE(NEW.lane, OLD.lane)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'platform', 'task_lanes', TG_OP, jsonb_build_object('lane', COALESCE(NEW.lane, OLD.lane)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_team_invitations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'team_invitations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{token_digest}'::text[], to_jsonb(NEW) - '{token_digest}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'team_invitations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{token_digest}'::text[], to_jsonb(NEW) - '{token_digest}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_team_members() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'team_members', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'user_id', COALESCE(NEW.user_id, OLD.user_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'team_members', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'user_id', COALESCE(NEW.user_id, OLD.user_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_teams() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.id, OLD.id), 'platform', 'teams', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.id, OLD.id), 'platform', 'teams', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_user_preferences() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.display_preferences, NEW.display_preferences)) THEN
        PERFORM platform.keep_change(NULL, 'platform', 'user_preferences', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (NULL, 'platform', 'user_preferences', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_user_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'user_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{session_token,context}'::text[], to_jsonb(NEW) - '{session_token,context}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'platform', 'user_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{session_token,context}'::text[], to_jsonb(NEW) - '{session_token,context}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_platform_users() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.keep_change(NULL, 'platform', 'users', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{password_hash}'::text[], to_jsonb(NEW) - '{password_hash}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_achievements() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'achievements', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_agent_achievements() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_achievements', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_achievements', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_agent_permissions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_permissions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_permissions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_agent_skills() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_skills', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agent_skills', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_agents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.metadata, NEW.metadata)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_appeal_reviews() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'appeal_reviews', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'appeal_reviews', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_appeals() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'appeals', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'appeals', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_battle_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.submission, NEW.submission)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battle_participants', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battle_participants', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_battle_rounds() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.scores, NEW.scores)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battle_rounds', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battle_rounds', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_battles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.rules, NEW.rules)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'battles', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_brainstorm_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'brainstorm_participants', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'brainstorm_participants', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_brainstorm_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'brainstorm_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'brainstorm_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_hall_of_fame() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.evidence, NEW.evidence)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'hall_of_fame', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'hall_of_fame', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_idea_combinations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'idea_combinations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'idea_combinations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_ideas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'ideas', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{embedding}'::text[], to_jsonb(NEW) - '{embedding}'::text[]) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'ideas', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD) - '{embedding}'::text[], to_jsonb(NEW) - '{embedding}'::text[]);
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_leaderboard_periods() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'leaderboard_periods', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'category', COALESCE(NEW.category, OLD.category), 'period', COALESCE(NEW.period, OLD.period), 'period_start', COALESCE(NEW.period_start, OLD.period_start)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'leaderboard_periods', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'category', COALESCE(NEW.category, OLD.category), 'period', COALESCE(NEW.period, OLD.period), 'period_start', COALESCE(NEW.period_start, OLD.period_start)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_mentee_progress() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentee_progress', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentee_progress', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_mentorship_curriculum() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.assessment_tasks, NEW.assessment_tasks)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_curriculum', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_curriculum', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_mentorship_pairings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_pairings', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_pairings', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_mentorship_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'mentorship_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_peer_ratings() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'peer_ratings', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'peer_ratings', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_point_rules() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.multiplier_rule, NEW.multiplier_rule)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'point_rules', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'point_rules', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_pretrusted_agents() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'pretrusted_agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'pretrusted_agents', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_priority_queues() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'priority_queues', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'priority_queues', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_resource_allocations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'resource_allocations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'resource_allocations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_resource_pools() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'resource_pools', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'resource_pools', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_retraining_assessments() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'retraining_assessments', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'retraining_assessments', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_retraining_programs() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.assessment, NEW.assessment)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'retraining_programs', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'retraining_programs', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_task_dependencies() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_dependencies', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_dependencies', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_task_queues() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_queues', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_queues', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_task_results() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.output, NEW.output)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_results', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'task_results', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_tasks() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'tasks', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.perks, NEW.perks)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'tiers', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'tier', COALESCE(NEW.tier, OLD.tier)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'tiers', TG_OP, jsonb_build_object('tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id), 'tier', COALESCE(NEW.tier, OLD.tier)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_violations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() OR platform.hints_at_secrets(concat(OLD.evidence, NEW.evidence)) THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'violations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'violations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_vote_delegations() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'vote_delegations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'vote_delegations', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_voting_eligibility() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    IF (TG_OP = 'UPDATE' AND OLD *= NEW) OR platform.audit_is_closed() THEN
        PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'voting_eligibility', TG_OP, jsonb_build_object('session_id', COALESCE(NEW.session_id, OLD.session_id), 'agent_id', COALESCE(NEW.agent_id, OLD.agent_id), 'tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    ELSE
        INSERT INTO store.audit_log (tenant_id, table_schema, table_name, operation, record_key, old_data, new_data) VALUES (COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'voting_eligibility', TG_OP, jsonb_build_object('session_id', COALESCE(NEW.session_id, OLD.session_id), 'agent_id', COALESCE(NEW.agent_id, OLD.agent_id), 'tenant_id', COALESCE(NEW.tenant_id, OLD.tenant_id)), to_jsonb(OLD), to_jsonb(NEW));
    END IF;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.record_society_voting_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    PERFORM platform.keep_change(COALESCE(NEW.tenant_id, OLD.tenant_id), 'society', 'voting_sessions', TG_OP, jsonb_build_object('id', COALESCE(NEW.id, OLD.id)), to_jsonb(OLD), to_jsonb(NEW)) WHERE TG_OP <> 'UPDATE' OR NOT OLD *= NEW;
    RETURN NULL;
END
$$;

CREATE FUNCTION store.stamp_audit_logs() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'timestamp=' || extract(epoch FROM NEW."timestamp")::text, 'user_id=' || NEW.user_id::text, 'action=' || to_json(NEW.action::text)::text, 'resource_type=' || to_json(NEW.resource_type::text)::text, 'resource_id=' || NEW.resource_id::text, 'ip_address=' || NEW.ip_address::text, 'user_agent=' || to_json(NEW.user_agent::text)::text, 'request_id=' || to_json(NEW.request_id::text)::text, 'request_data=' || NEW.request_data::text, 'response_status=' || NEW.response_status::text, 'duration_ms=' || NEW.duration_ms::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_ensemble_ballots() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'request_id=' || NEW.request_id::text, 'tenant_id=' || NEW.tenant_id::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'layer=' || NEW.layer::text, 'voter=' || to_json(NEW.voter::text)::text, 'place=' || NEW.place::text, 'state=' || to_json(NEW.state::text)::text, 'weight=' || NEW.weight::text, 'option=' || to_json(NEW.option::text)::text, 'ranking=' || to_json(NEW.ranking)::text, 'grades=' || NEW.grades::text, 'response_id=' || NEW.response_id::text, 'vote_id=' || NEW.vote_id::text, 'answer_sha256=' || to_json(NEW.answer_sha256::text)::text, 'error_code=' || to_json(NEW.error_code::text)::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_ensemble_votes() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'request_id=' || NEW.request_id::text, 'tenant_id=' || NEW.tenant_id::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'ensemble=' || to_json(NEW.ensemble::text)::text, 'strategy=' || to_json(NEW.strategy::text)::text, 'rule=' || to_json(NEW.rule::text)::text, 'winner=' || to_json(NEW.winner::text)::text, 'winners=' || to_json(NEW.winners)::text, 'scores=' || NEW.scores::text, 'others=' || NEW.others::text, 'selected_id=' || NEW.selected_id::text, 'confidence=' || NEW.confidence::text, 'stopped=' || to_json(NEW.stopped::text)::text, 'fallback=' || to_json(NEW.fallback::text)::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_llm_requests() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'user_id=' || NEW.user_id::text, 'request_type=' || to_json(NEW.request_type::text)::text, 'model=' || to_json(NEW.model::text)::text, 'prompt=' || to_json(NEW.prompt::text)::text, 'messages=' || NEW.messages::text, 'model_params=' || NEW.model_params::text, 'ensemble_config=' || NEW.ensemble_config::text, 'memory_enhanced=' || NEW.memory_enhanced::text, 'memory=' || NEW.memory::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'process_id=' || NEW.process_id::text, 'api_key_id=' || NEW.api_key_id::text, 'provider_name=' || to_json(NEW.provider_name::text)::text, 'is_streamed=' || NEW.is_streamed::text, 'budget_ids=' || to_json(NEW.budget_ids)::text, 'reserved_usd=' || NEW.reserved_usd::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text, 'simulation_id=' || NEW.simulation_id::text, 'outcome_id=' || NEW.outcome_id::text, 'role=' || to_json(NEW.role::text)::text, 'reserved_each=' || to_json(NEW.reserved_each)::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_llm_responses() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'request_id=' || NEW.request_id::text, 'request_created_at=' || extract(epoch FROM NEW.request_created_at)::text, 'provider_name=' || to_json(NEW.provider_name::text)::text, 'model=' || to_json(NEW.model::text)::text, 'content=' || to_json(NEW.content::text)::text, 'raw_response=' || NEW.raw_response::text, 'tokens_prompt=' || NEW.tokens_prompt::text, 'tokens_completion=' || NEW.tokens_completion::text, 'tokens_total=' || NEW.tokens_total::text, 'cost_usd=' || NEW.cost_usd::text, 'response_time=' || NEW.response_time::text, 'finish_reason=' || to_json(NEW.finish_reason::text)::text, 'error_code=' || to_json(NEW.error_code::text)::text, 'error_message=' || to_json(NEW.error_message::text)::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'attempt=' || NEW.attempt::text, 'upstream_status=' || NEW.upstream_status::text, 'upstream_id=' || to_json(NEW.upstream_id::text)::text, 'time_to_first_byte=' || NEW.time_to_first_byte::text, 'tokens_cached=' || NEW.tokens_cached::text, 'tokens_reasoning=' || NEW.tokens_reasoning::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

CREATE FUNCTION store.stamp_vote_audit_trail() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
        BEGIN
            IF NEW.digest IS NOT NULL THEN
                RETURN NEW;
            END IF;
            NEW.transaction_id := pg_current_xact_id()::text::bigint;
            NEW.epoch  := COALESCE(NULLIF(current_setting('guildhall.epoch', true), '')::bigint, platform.epoch());
            NEW.digest := sha256(convert_to(concat_ws(chr(10), 'id=' || NEW.id::text, 'tenant_id=' || NEW.tenant_id::text, 'session_id=' || NEW.session_id::text, 'vote_id=' || NEW.vote_id::text, 'event_type=' || to_json(NEW.event_type::text)::text, 'actor_id=' || NEW.actor_id::text, 'user_id=' || NEW.user_id::text, 'payload=' || NEW.payload::text, 'signature=' || encode(NEW.signature, 'hex'), 'signed_by=' || NEW.signed_by::text, 'created_at=' || extract(epoch FROM NEW.created_at)::text, 'epoch=' || NEW.epoch::text, 'transaction_id=' || NEW.transaction_id::text), 'UTF8'));
            RETURN NEW;
        END
        $$;

