-- The evaluation wing: both Arc-Eval documents as one definition, the union of
-- their columns and allowed values, with the errata applied.

-- What is kept by content: files that an agent or a scenario refers to, and
-- trajectories too long for a row.
CREATE TABLE evaluation.bodies (
    tenant_id  uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    sha256     text        NOT NULL,
    encoding   text        NOT NULL DEFAULT 'identity',
    size_bytes bigint      NOT NULL,
    content    bytea       NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, sha256),
    CONSTRAINT bodies_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT bodies_encoding_is_known CHECK (encoding IN ('identity', 'zstd')),
    CONSTRAINT bodies_size_is_not_negative CHECK (size_bytes >= 0)
);
ALTER TABLE evaluation.bodies ALTER COLUMN content SET STORAGE EXTERNAL; -- compressed already, or small
COMMENT ON TABLE evaluation.bodies IS 'bodies: tenant: files and long trajectories, once for each content; sha256 is of the content before compression.';

-- configurations ---------------------------------------------------------

CREATE TABLE evaluation.configurations (
    config_id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name              text        NOT NULL,
    user_id           uuid        NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    latest_version_id uuid,
    is_active         boolean     NOT NULL DEFAULT true,
    modal_app_id      text,
    sandbox_config    jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL DEFAULT now(),
    updated_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, config_id),
    CONSTRAINT configurations_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT configurations_name_length CHECK (length(name) BETWEEN 3 AND 100),
    CONSTRAINT valid_name CHECK (name ~ '^[a-zA-Z0-9_\-\s]+$'),
    CONSTRAINT valid_timestamps CHECK (updated_at >= created_at)
);
COMMENT ON TABLE evaluation.configurations IS 'configurations: tenant: the agents under evaluation, by name.';
CREATE INDEX configurations_by_user ON evaluation.configurations (user_id);

CREATE TABLE evaluation.config_versions (
    version_id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid         NOT NULL DEFAULT platform.tenant_id(),
    config_id           uuid         NOT NULL,
    version_number      integer      NOT NULL,
    raw_yaml            text         NOT NULL,
    parsed_config       jsonb        NOT NULL,
    files               jsonb        NOT NULL DEFAULT '{}',
    config_hash         text         NOT NULL,
    embedding           vector(1536),
    embedding_model     text,
    generated_by        text         NOT NULL DEFAULT 'manual',
    modal_deployment_id text,
    is_deleted          boolean      NOT NULL DEFAULT false,
    created_at          timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, version_id),
    UNIQUE (config_id, version_id),
    FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations (tenant_id, config_id) ON DELETE CASCADE,
    CONSTRAINT config_versions_one_per_number UNIQUE (tenant_id, config_id, version_number),
    CONSTRAINT config_versions_one_per_content UNIQUE (tenant_id, config_id, config_hash),
    CONSTRAINT config_versions_number_is_positive CHECK (version_number > 0),
    CONSTRAINT config_versions_yaml_size CHECK (length(raw_yaml) <= 1048576),
    CONSTRAINT config_versions_hash_is_sha256 CHECK (length(config_hash) = 64),
    CONSTRAINT config_versions_origin_is_known CHECK (
        generated_by IN ('manual', 'diff_engine', 'optimization', 'api', 'llm_recommendation', 'modal_sandbox', 'import')
    ),
    -- Unknown is null, as in an imported log; a number must make sense.
    CONSTRAINT valid_parsed_config CHECK (
        parsed_config ? 'model' AND parsed_config ? 'temperature'
        AND CASE jsonb_typeof(parsed_config -> 'temperature')
                WHEN 'number' THEN (parsed_config ->> 'temperature')::numeric BETWEEN 0 AND 2
                WHEN 'null' THEN generated_by = 'import'
                ELSE false
            END
    )
);
COMMENT ON TABLE evaluation.config_versions IS 'configurations: tenant: immutable versions of a configuration: the YAML as written, as parsed, and the digests of every file it refers to.';
COMMENT ON COLUMN evaluation.config_versions.files IS 'Path, relative to the YAML file, to the SHA-256 under which evaluation.bodies holds its content.';
CREATE INDEX idx_config_versions_config_version ON evaluation.config_versions (tenant_id, config_id, version_number DESC);
CREATE INDEX idx_config_versions_parsed_gin ON evaluation.config_versions USING gin (parsed_config jsonb_path_ops);
CREATE INDEX idx_config_embedding_cosine ON evaluation.config_versions
    USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE embedding IS NOT NULL;

-- A configuration's latest version is one of its own (errata: the document's key let it be anybody's).
ALTER TABLE evaluation.configurations
    ADD CONSTRAINT fk_latest_version FOREIGN KEY (config_id, latest_version_id)
        REFERENCES evaluation.config_versions (config_id, version_id)
        ON DELETE SET NULL (latest_version_id) DEFERRABLE INITIALLY DEFERRED;
CREATE INDEX configurations_by_latest_version ON evaluation.configurations (config_id, latest_version_id);

CREATE FUNCTION evaluation.refuse_changed_version() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RAISE EXCEPTION 'version % of configuration % is immutable', OLD.version_number, OLD.config_id
          USING ERRCODE = 'restrict_violation', CONSTRAINT = 'config_versions_are_immutable';
END
$$;
CREATE TRIGGER config_versions_are_immutable
    BEFORE UPDATE OF version_id, tenant_id, config_id, version_number, raw_yaml, parsed_config, files, config_hash, generated_by, created_at
    ON evaluation.config_versions FOR EACH ROW
    EXECUTE FUNCTION evaluation.refuse_changed_version();

CREATE TABLE evaluation.config_diffs (
    diff_id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid        NOT NULL DEFAULT platform.tenant_id(),
    config_id         uuid        NOT NULL,
    version_before    uuid        NOT NULL,
    version_after     uuid        NOT NULL,
    diff_yaml         text        NOT NULL,
    change_summary    jsonb,
    impact_prediction jsonb,
    llm_generated     boolean     NOT NULL DEFAULT false,
    approval_status   text        NOT NULL DEFAULT 'pending',
    approved_by       uuid        REFERENCES platform.users,
    created_at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, diff_id),
    FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations (tenant_id, config_id) ON DELETE CASCADE,
    FOREIGN KEY (config_id, version_before) REFERENCES evaluation.config_versions (config_id, version_id),
    FOREIGN KEY (config_id, version_after) REFERENCES evaluation.config_versions (config_id, version_id),
    CONSTRAINT config_diffs_one_per_pair UNIQUE (tenant_id, config_id, version_before, version_after),
    CONSTRAINT config_diffs_size CHECK (length(diff_yaml) <= 524288),
    CONSTRAINT config_diffs_approval_is_known CHECK (approval_status IN ('pending', 'approved', 'rejected')),
    CONSTRAINT different_versions CHECK (version_before <> version_after)
);
COMMENT ON TABLE evaluation.config_diffs IS 'configurations: tenant: what changed between two versions, as a unified text and by path.';
CREATE INDEX idx_config_diffs_config_created ON evaluation.config_diffs (tenant_id, config_id, created_at DESC);
CREATE INDEX config_diffs_by_version_before ON evaluation.config_diffs (config_id, version_before);
CREATE INDEX config_diffs_by_version_after ON evaluation.config_diffs (config_id, version_after);
CREATE INDEX config_diffs_by_approver ON evaluation.config_diffs (approved_by) WHERE approved_by IS NOT NULL;
CREATE INDEX idx_config_diffs_llm_generated ON evaluation.config_diffs (llm_generated, created_at DESC) WHERE llm_generated;

-- scenarios --------------------------------------------------------------

CREATE TABLE evaluation.scenarios (
    tenant_id             uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    scenario_id           text        NOT NULL,
    name                  text        NOT NULL,
    task_prompt           text        NOT NULL,
    ground_truth          jsonb,
    difficulty_level      text        NOT NULL DEFAULT 'medium',
    tags                  text[]      NOT NULL DEFAULT '{}',
    scenario_embedding    vector(1536),
    embedding_model       text,
    expected_tools        jsonb,
    modal_function_name   text,
    is_active             boolean     NOT NULL DEFAULT true,
    estimated_duration_ms integer,
    suite                 text,
    split                 text        NOT NULL DEFAULT 'search',
    group_name            text,
    content_hash          text        NOT NULL,
    created_at            timestamptz NOT NULL DEFAULT now(),
    updated_at            timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, scenario_id),
    CONSTRAINT scenarios_id_length CHECK (length(scenario_id) <= 100),
    CONSTRAINT valid_scenario_id CHECK (scenario_id ~ '^[a-z0-9_]+$'),
    CONSTRAINT scenarios_name_length CHECK (length(name) BETWEEN 3 AND 200),
    CONSTRAINT scenarios_prompt_length CHECK (length(task_prompt) >= 10),
    CONSTRAINT scenarios_difficulty_is_known CHECK (difficulty_level IN ('easy', 'medium', 'hard')),
    CONSTRAINT scenarios_tags_count CHECK (cardinality(tags) <= 20),
    CONSTRAINT scenarios_duration_is_positive CHECK (estimated_duration_ms > 0),
    CONSTRAINT scenarios_split_is_known CHECK (split IN ('search', 'holdout'))
);
COMMENT ON TABLE evaluation.scenarios IS 'scenarios: tenant: the test cases in their latest content.';
CREATE INDEX scenarios_by_suite ON evaluation.scenarios (tenant_id, suite, scenario_id);
CREATE INDEX idx_scenarios_text_search ON evaluation.scenarios
    USING gin (to_tsvector('english', name || ' ' || task_prompt));
CREATE INDEX idx_scenario_embedding_cosine ON evaluation.scenarios
    USING hnsw ((scenario_embedding::halfvec(1536)) halfvec_cosine_ops) WHERE scenario_embedding IS NOT NULL;

CREATE TABLE evaluation.scenario_versions (
    tenant_id    uuid        NOT NULL DEFAULT platform.tenant_id(),
    scenario_id  text        NOT NULL,
    content_hash text        NOT NULL,
    definition   jsonb       NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, scenario_id, content_hash),
    FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios (tenant_id, scenario_id) ON DELETE CASCADE,
    CONSTRAINT scenario_versions_hash_is_sha256 CHECK (content_hash ~ '^[0-9a-f]{64}$')
);
COMMENT ON TABLE evaluation.scenario_versions IS 'scenarios: tenant: every content a scenario ever had; a simulation pins the one it ran.';

-- simulations ------------------------------------------------------------

CREATE TABLE evaluation.simulations (
    simulation_id       uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    config_version_id   uuid          NOT NULL,
    scenario_set        text[]        NOT NULL,
    simulation_name     text,
    status              text          NOT NULL DEFAULT 'pending',
    total_scenarios     integer       NOT NULL,
    completed_scenarios integer       NOT NULL DEFAULT 0,
    trials_per_scenario integer       NOT NULL DEFAULT 1,
    overall_score       double precision,
    execution_time_ms   double precision,
    total_cost_usd      numeric(14, 6),
    max_cost_usd        numeric(14, 6),
    metadata            jsonb         NOT NULL DEFAULT '{}',
    sandbox_metadata    jsonb         NOT NULL DEFAULT '{}',
    modal_app_id        text,
    modal_environment   text          NOT NULL DEFAULT 'production',
    sandbox_instances   integer       NOT NULL DEFAULT 1,
    timeout_ms          integer       NOT NULL DEFAULT 300000,
    max_retries         integer       NOT NULL DEFAULT 3,
    priority            integer       NOT NULL DEFAULT 5,
    seed                bigint        NOT NULL DEFAULT 0,
    origin              text          NOT NULL DEFAULT 'run',
    import_hash         text,
    assumed             jsonb         NOT NULL DEFAULT '[]',
    interleaved_with    uuid,
    error_message       text,
    created_at          timestamptz   NOT NULL DEFAULT now(),
    started_at          timestamptz,
    completed_at        timestamptz,
    UNIQUE (tenant_id, simulation_id),
    FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions (tenant_id, version_id),
    FOREIGN KEY (tenant_id, interleaved_with) REFERENCES evaluation.simulations (tenant_id, simulation_id)
        ON DELETE SET NULL (interleaved_with) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT simulations_one_per_import UNIQUE (tenant_id, import_hash),
    CONSTRAINT simulations_have_scenarios CHECK (cardinality(scenario_set) > 0),
    CONSTRAINT simulations_name_length CHECK (length(simulation_name) <= 200),
    CONSTRAINT simulations_status_is_known CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
    CONSTRAINT simulations_total_is_positive CHECK (total_scenarios > 0),
    CONSTRAINT simulations_completed_is_not_negative CHECK (completed_scenarios >= 0),
    CONSTRAINT simulations_trials_is_positive CHECK (trials_per_scenario > 0),
    CONSTRAINT simulations_score_is_a_share CHECK (overall_score BETWEEN 0 AND 1),
    CONSTRAINT simulations_duration_is_not_negative CHECK (execution_time_ms >= 0),
    CONSTRAINT simulations_cost_is_not_negative CHECK (total_cost_usd >= 0),
    CONSTRAINT simulations_budget_is_positive CHECK (max_cost_usd > 0),
    CONSTRAINT simulations_timeout_is_positive CHECK (timeout_ms > 0),
    CONSTRAINT simulations_retries_is_not_negative CHECK (max_retries >= 0),
    CONSTRAINT simulations_instances_is_positive CHECK (sandbox_instances > 0),
    CONSTRAINT simulations_priority_range CHECK (priority BETWEEN 1 AND 10),
    CONSTRAINT simulations_origin_is_known CHECK (origin IN ('run', 'import', 'client')),
    -- Errata: the documents let only a completed simulation record its end.
    CONSTRAINT valid_completion CHECK ((status IN ('completed', 'failed', 'cancelled')) = (completed_at IS NOT NULL)),
    CONSTRAINT completed_scenarios_limit CHECK (completed_scenarios <= total_scenarios),
    CONSTRAINT valid_timestamps CHECK (started_at IS NULL OR started_at >= created_at)
);
COMMENT ON TABLE evaluation.simulations IS 'simulations: tenant: one configuration version on a set of scenarios, each repeated.';
CREATE INDEX idx_simulations_status_priority ON evaluation.simulations (tenant_id, status, priority DESC)
    WHERE status IN ('pending', 'running');
CREATE INDEX idx_simulations_config_created ON evaluation.simulations (tenant_id, config_version_id, created_at DESC);
CREATE INDEX simulations_by_creation ON evaluation.simulations (tenant_id, created_at DESC);
CREATE INDEX idx_simulations_recent_completed ON evaluation.simulations (tenant_id, completed_at DESC)
    INCLUDE (simulation_id, overall_score, total_cost_usd) WHERE status = 'completed';
CREATE INDEX idx_simulations_user_performance ON evaluation.simulations
    (tenant_id, config_version_id, status, overall_score, total_cost_usd, completed_at);
CREATE INDEX idx_simulations_metadata_gin ON evaluation.simulations USING gin (metadata jsonb_path_ops) WHERE metadata <> '{}';
CREATE INDEX idx_simulations_modal_app ON evaluation.simulations (tenant_id, modal_app_id, created_at DESC)
    WHERE modal_app_id IS NOT NULL;
CREATE INDEX simulations_by_interleaved ON evaluation.simulations (tenant_id, interleaved_with)
    WHERE interleaved_with IS NOT NULL;

CREATE TABLE evaluation.simulations_scenarios (
    simulation_id        uuid        NOT NULL,
    scenario_id          text        NOT NULL,
    tenant_id            uuid        NOT NULL DEFAULT platform.tenant_id(),
    execution_order      integer     NOT NULL,
    status               text        NOT NULL DEFAULT 'pending',
    content_hash         text        NOT NULL,
    modal_call_id        text,
    modal_execution_logs text,
    started_at           timestamptz,
    completed_at         timestamptz,
    retry_count          integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (simulation_id, scenario_id),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, scenario_id, content_hash)
        REFERENCES evaluation.scenario_versions (tenant_id, scenario_id, content_hash),
    CONSTRAINT simulations_scenarios_order_is_positive CHECK (execution_order > 0),
    CONSTRAINT simulations_scenarios_status_is_known CHECK (status IN ('pending', 'running', 'completed', 'failed', 'skipped')),
    CONSTRAINT simulations_scenarios_retries_is_not_negative CHECK (retry_count >= 0),
    CONSTRAINT valid_execution_timestamps CHECK (completed_at IS NULL OR started_at IS NOT NULL)
) WITH (fillfactor = 70);
COMMENT ON TABLE evaluation.simulations_scenarios IS 'simulations: tenant: the scenarios of a simulation, each pinned to the content that ran.';
CREATE INDEX simulations_scenarios_by_simulation ON evaluation.simulations_scenarios (tenant_id, simulation_id, execution_order);
CREATE INDEX simulations_scenarios_by_content ON evaluation.simulations_scenarios (tenant_id, scenario_id, content_hash);

-- One row for each repetition, claimed under a lease (decision 12). The
-- outcome's id and time are fixed when the attempt is claimed (decision 10).
CREATE TABLE evaluation.trials (
    simulation_id  uuid        NOT NULL,
    scenario_id    text        NOT NULL,
    trial_number   integer     NOT NULL,
    tenant_id      uuid        NOT NULL DEFAULT platform.tenant_id(),
    position       bigint      NOT NULL,
    state          text        NOT NULL DEFAULT 'pending',
    attempts       integer     NOT NULL DEFAULT 0,
    attempt_token  uuid,
    outcome_id     uuid,
    execution_time timestamptz,
    worker         text,
    leased_until   timestamptz,
    finished_at    timestamptz,
    PRIMARY KEY (simulation_id, scenario_id, trial_number),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (simulation_id, scenario_id) REFERENCES evaluation.simulations_scenarios ON DELETE CASCADE,
    CONSTRAINT trials_number_is_positive CHECK (trial_number > 0),
    CONSTRAINT trials_state_is_known CHECK (state IN ('pending', 'running', 'done', 'skipped')),
    CONSTRAINT trials_attempts_is_not_negative CHECK (attempts >= 0),
    CONSTRAINT trials_running_is_leased CHECK (
        state <> 'running'
        OR (attempt_token IS NOT NULL AND outcome_id IS NOT NULL AND execution_time IS NOT NULL AND leased_until IS NOT NULL)
    ),
    CONSTRAINT trials_done_has_an_outcome CHECK (state <> 'done' OR (outcome_id IS NOT NULL AND execution_time IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
COMMENT ON TABLE evaluation.trials IS 'simulations: tenant: the repetitions of each scenario: which are to do, who is at work on them until when, which outcome closed them.';
CREATE INDEX trials_to_do ON evaluation.trials (simulation_id, position) WHERE state IN ('pending', 'running');

-- outcomes ---------------------------------------------------------------

CREATE TABLE store.outcomes (
    outcome_id         uuid             NOT NULL,
    tenant_id          uuid             NOT NULL DEFAULT platform.tenant_id(),
    simulation_id      uuid             NOT NULL,
    scenario_id        text             NOT NULL,
    trial_number       integer          NOT NULL DEFAULT 1,
    execution_time     timestamptz      NOT NULL,
    status             text             NOT NULL,
    passed             boolean,
    reliability_score  double precision,
    fault              text,
    execution_time_ms  double precision,
    tokens_used        integer,
    cost_usd           numeric(18, 10),
    trajectory         jsonb            NOT NULL,
    trajectory_body    text,
    metrics            jsonb            NOT NULL DEFAULT '{}',
    retry_count        integer          NOT NULL DEFAULT 0,
    error_code         text,
    error_category     text,
    modal_call_id      text,
    sandbox_id         text,
    sandbox_logs       text,
    execution_metadata jsonb            NOT NULL DEFAULT '{}',
    created_at         timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (outcome_id, execution_time),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios (tenant_id, scenario_id),
    CONSTRAINT outcomes_status_is_known CHECK (status IN ('success', 'error', 'timeout', 'cancelled')),
    CONSTRAINT outcomes_trial_is_positive CHECK (trial_number > 0),
    CONSTRAINT outcomes_score_is_a_share CHECK (reliability_score BETWEEN 0 AND 1),
    CONSTRAINT outcomes_fault_is_known CHECK (fault IN ('agent', 'tool', 'simulator', 'judge', 'infrastructure', 'scenario')),
    CONSTRAINT outcomes_duration_is_not_negative CHECK (execution_time_ms >= 0),
    CONSTRAINT outcomes_tokens_is_not_negative CHECK (tokens_used >= 0),
    CONSTRAINT outcomes_cost_is_not_negative CHECK (cost_usd >= 0),
    CONSTRAINT outcomes_retries_is_not_negative CHECK (retry_count >= 0),
    CONSTRAINT outcomes_category_is_known CHECK (
        error_category IN ('timeout', 'tool_error', 'model_error', 'validation_error', 'system_error', 'sandbox_error')
    ),
    CONSTRAINT valid_trajectory CHECK (trajectory ? 'start_time' AND trajectory ? 'status')
) PARTITION BY RANGE (execution_time);
COMMENT ON TABLE store.outcomes IS 'outcomes: tenant: the record of each trial: whether it finished, whether it was right, what it took, what was done step by step.';
CREATE INDEX idx_outcomes_simulation_status ON store.outcomes (simulation_id, status);
CREATE INDEX idx_outcomes_scenario_time ON store.outcomes (tenant_id, scenario_id, execution_time DESC);
CREATE INDEX idx_outcomes_time_status ON store.outcomes (tenant_id, execution_time DESC, status) WHERE status <> 'success';
CREATE INDEX idx_outcomes_modal_call ON store.outcomes (modal_call_id) WHERE modal_call_id IS NOT NULL;
SELECT platform.create_series(
    'outcomes', 'execution_time', step => '1 month', retention => '2 years',
    chunk => '1 day', compress_after => '7 days', segment_by => '{tenant_id}', order_by => 'execution_time DESC, outcome_id'
);

CREATE TABLE evaluation.outcome_embeddings (
    outcome_id     uuid         NOT NULL,
    execution_time timestamptz  NOT NULL,
    tenant_id      uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    model          text         NOT NULL,
    embedding      vector(1536) NOT NULL,
    PRIMARY KEY (outcome_id, execution_time)
);
COMMENT ON TABLE evaluation.outcome_embeddings IS 'outcomes: tenant: the embedding of a trajectory, beside the series and not inside it, so that old outcomes can be compressed and still be searched.';
CREATE INDEX outcome_embeddings_by_tenant ON evaluation.outcome_embeddings (tenant_id);
CREATE INDEX idx_trajectory_embedding_cosine ON evaluation.outcome_embeddings
    USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops);

CREATE VIEW evaluation.outcomes AS
    SELECT outcome_id, tenant_id, simulation_id, scenario_id, trial_number, execution_time, status, passed,
           reliability_score, fault, execution_time_ms, tokens_used, cost_usd, trajectory, trajectory_body,
           (SELECT embeddings.embedding
              FROM evaluation.outcome_embeddings AS embeddings
             WHERE embeddings.outcome_id = outcomes.outcome_id
               AND embeddings.execution_time = outcomes.execution_time) AS trajectory_embedding,
           metrics, retry_count, error_code, error_category, modal_call_id, sandbox_id, sandbox_logs,
           execution_metadata, created_at
      FROM store.outcomes AS outcomes
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW evaluation.outcomes ALTER COLUMN outcome_id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW evaluation.outcomes IS 'outcomes: tenant: the team''s own outcomes.';

CREATE TABLE store.tool_usage (
    usage_id             uuid             NOT NULL,
    tenant_id            uuid             NOT NULL DEFAULT platform.tenant_id(),
    outcome_id           uuid             NOT NULL,
    simulation_id        uuid,
    execution_time       timestamptz      NOT NULL,
    tool_name            text             NOT NULL,
    call_count           integer          NOT NULL,
    error_count          integer          NOT NULL DEFAULT 0,
    timed_count          integer          NOT NULL DEFAULT 0,
    total_duration_ms    double precision NOT NULL DEFAULT 0,
    avg_duration_ms      double precision,
    success_rate         double precision NOT NULL,
    tool_sequence        jsonb,
    total_cost_usd       numeric(18, 10),
    error_types          text[]           NOT NULL DEFAULT '{}',
    modal_function_calls jsonb,
    sandbox_tool_logs    text,
    created_at           timestamptz      NOT NULL DEFAULT now(),
    PRIMARY KEY (usage_id, execution_time),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    CONSTRAINT tool_usage_name_length CHECK (length(tool_name) <= 100),
    CONSTRAINT tool_usage_count_is_positive CHECK (call_count > 0),
    CONSTRAINT tool_usage_parts_are_within_the_whole CHECK (
        error_count BETWEEN 0 AND call_count AND timed_count BETWEEN 0 AND call_count
    ),
    CONSTRAINT tool_usage_duration_is_not_negative CHECK (total_duration_ms >= 0 AND avg_duration_ms >= 0),
    CONSTRAINT tool_usage_rate_is_a_share CHECK (success_rate BETWEEN 0 AND 1),
    CONSTRAINT tool_usage_cost_is_not_negative CHECK (total_cost_usd >= 0)
) PARTITION BY RANGE (execution_time);
COMMENT ON TABLE store.tool_usage IS 'outcomes: tenant: each tool''s calls in a trial, as counts and sums, which merge; the documents'' averages are kept beside them.';
CREATE INDEX tool_usage_by_simulation ON store.tool_usage (simulation_id, tool_name);
CREATE INDEX tool_usage_by_outcome ON store.tool_usage (outcome_id);
SELECT platform.create_series(
    'tool_usage', 'execution_time', step => '1 month', retention => '6 months',
    chunk => '1 day', compress_after => '7 days', segment_by => '{tenant_id}', order_by => 'execution_time DESC, usage_id'
);

CREATE VIEW evaluation.tool_usage AS
    SELECT usage_id, tenant_id, outcome_id, simulation_id, execution_time, tool_name, call_count, error_count, timed_count,
           total_duration_ms, avg_duration_ms, success_rate, tool_sequence, total_cost_usd, error_types,
           modal_function_calls, sandbox_tool_logs, created_at
      FROM store.tool_usage
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW evaluation.tool_usage ALTER COLUMN usage_id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW evaluation.tool_usage IS 'outcomes: tenant: the team''s own tool usage.';

-- failures ---------------------------------------------------------------

CREATE TABLE store.failure_patterns (
    pattern_id             uuid        NOT NULL,
    tenant_id              uuid        NOT NULL DEFAULT platform.tenant_id(),
    outcome_id             uuid        NOT NULL,
    simulation_id          uuid,
    scenario_id            text,
    trial_number           integer,
    execution_time         timestamptz NOT NULL,
    failure_type           text        NOT NULL,
    failure_category       text        NOT NULL,
    fault                  text        NOT NULL,
    error_message          text,
    error_embedding        vector(1536),
    step                   integer,
    pattern_cluster_id     uuid,
    cluster_confidence     double precision,
    similar_failures_count integer     NOT NULL DEFAULT 0,
    recovery_attempted     boolean     NOT NULL DEFAULT false,
    recovery_successful    boolean     NOT NULL DEFAULT false,
    resolution_steps       text,
    llm_analysis           jsonb,
    created_at             timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (pattern_id, execution_time),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    CONSTRAINT failure_patterns_type_length CHECK (length(failure_type) <= 100),
    CONSTRAINT failure_patterns_category_is_known CHECK (
        failure_category IN ('timeout', 'tool_error', 'model_error', 'validation_error', 'system_error', 'sandbox_error', 'modal_error', 'unknown')
    ),
    CONSTRAINT failure_patterns_fault_is_known CHECK (fault IN ('agent', 'tool', 'simulator', 'judge', 'infrastructure', 'scenario')),
    CONSTRAINT failure_patterns_message_length CHECK (length(error_message) <= 10000),
    CONSTRAINT failure_patterns_confidence_is_a_share CHECK (cluster_confidence BETWEEN 0 AND 1),
    CONSTRAINT failure_patterns_similar_is_not_negative CHECK (similar_failures_count >= 0),
    CONSTRAINT valid_recovery CHECK (NOT recovery_successful OR recovery_attempted)
) PARTITION BY RANGE (execution_time);
COMMENT ON TABLE store.failure_patterns IS 'failures: tenant: why a trial did not pass, and who is to blame.';
CREATE INDEX failure_patterns_by_outcome ON store.failure_patterns (outcome_id);
CREATE INDEX failure_patterns_by_simulation ON store.failure_patterns (simulation_id, scenario_id);
CREATE INDEX idx_failure_patterns_cluster_time ON store.failure_patterns (pattern_cluster_id, execution_time DESC)
    WHERE pattern_cluster_id IS NOT NULL;
SELECT platform.create_series(
    'failure_patterns', 'execution_time', step => '1 month', retention => '1 year',
    chunk => '7 days', compress_after => '14 days', segment_by => '{tenant_id}', order_by => 'execution_time DESC, pattern_id'
);

CREATE VIEW evaluation.failure_patterns AS
    SELECT pattern_id, tenant_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
           failure_category, fault, error_message, error_embedding, step, pattern_cluster_id, cluster_confidence,
           similar_failures_count, similar_failures_count AS similar_failures, recovery_attempted,
           recovery_successful, resolution_steps, llm_analysis, created_at
      FROM store.failure_patterns
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW evaluation.failure_patterns ALTER COLUMN pattern_id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW evaluation.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';

-- recommendations --------------------------------------------------------

CREATE TABLE evaluation.llm_recommendation_sessions (
    session_id                uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id                 uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id                   uuid          NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    analysis_start_time       timestamptz   NOT NULL,
    analysis_end_time         timestamptz   NOT NULL,
    data_window_start         timestamptz   NOT NULL,
    data_window_end           timestamptz   NOT NULL,
    llm_model                 text          NOT NULL,
    llm_temperature           double precision NOT NULL DEFAULT 0.1,
    prompt_template_version   text,
    total_outcomes_analyzed   integer       NOT NULL,
    patterns_identified       integer       NOT NULL DEFAULT 0,
    recommendations_generated integer       NOT NULL DEFAULT 0,
    analysis_cost_usd         numeric(18, 10) DEFAULT 0,
    session_status            text          NOT NULL DEFAULT 'completed',
    error_message             text,
    created_at                timestamptz   NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, session_id),
    CONSTRAINT llm_recommendation_sessions_outcomes_is_not_negative CHECK (total_outcomes_analyzed >= 0),
    CONSTRAINT llm_recommendation_sessions_cost_is_not_negative CHECK (analysis_cost_usd >= 0),
    CONSTRAINT llm_recommendation_sessions_status_is_known CHECK (session_status IN ('running', 'completed', 'failed')),
    CONSTRAINT valid_analysis_window CHECK (analysis_end_time >= analysis_start_time),
    CONSTRAINT valid_data_window CHECK (data_window_end >= data_window_start)
);
COMMENT ON TABLE evaluation.llm_recommendation_sessions IS 'recommendations: tenant: each analysis of past outcomes, with what it read and what it cost.';
CREATE INDEX llm_recommendation_sessions_by_tenant ON evaluation.llm_recommendation_sessions (tenant_id, created_at DESC);
CREATE INDEX llm_recommendation_sessions_by_user ON evaluation.llm_recommendation_sessions (user_id);

-- Errata: a bare source_id points anywhere. The source is one typed reference,
-- and source_id says which.
CREATE TABLE evaluation.recommendations (
    recommendation_id      uuid             PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id              uuid             NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    session_id             uuid,
    source_type            text             NOT NULL,
    simulation_id          uuid,
    outcome_id             uuid,
    diff_id                uuid,
    pattern_cluster_id     uuid,
    source_id              uuid             NOT NULL GENERATED ALWAYS AS (
        CASE source_type
            WHEN 'simulation' THEN simulation_id
            WHEN 'outcome' THEN outcome_id
            WHEN 'config_diff' THEN diff_id
            WHEN 'pattern_analysis' THEN pattern_cluster_id
            WHEN 'time_series_analysis' THEN session_id
        END
    ) STORED,
    recommendation_type    text             NOT NULL,
    description            text             NOT NULL,
    suggested_yaml_changes text,
    impact_estimate        jsonb,
    confidence             double precision NOT NULL,
    llm_model_used         text,
    llm_prompt_hash        text,
    historical_data_window interval,
    applied                boolean          NOT NULL DEFAULT false,
    applied_at             timestamptz,
    applied_by             uuid             REFERENCES platform.users,
    feedback_score         integer,
    created_at             timestamptz      NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions (tenant_id, session_id),
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs (tenant_id, diff_id) ON DELETE CASCADE,
    CONSTRAINT recommendations_source_is_known CHECK (
        source_type IN ('simulation', 'outcome', 'config_diff', 'pattern_analysis', 'time_series_analysis')
    ),
    CONSTRAINT recommendations_have_one_source CHECK (
        num_nonnulls(simulation_id, outcome_id, diff_id, pattern_cluster_id) = CASE source_type WHEN 'time_series_analysis' THEN 0 ELSE 1 END
    ),
    CONSTRAINT recommendations_type_is_known CHECK (
        recommendation_type IN ('config_change', 'scenario_addition', 'tool_optimization', 'performance_tuning', 'modal_optimization')
    ),
    CONSTRAINT recommendations_description_length CHECK (length(description) >= 10),
    CONSTRAINT recommendations_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT recommendations_feedback_range CHECK (feedback_score BETWEEN 1 AND 5),
    CONSTRAINT valid_application CHECK (applied = (applied_at IS NOT NULL))
);
COMMENT ON TABLE evaluation.recommendations IS 'recommendations: tenant: what to change, on which evidence, and what came of it.';
CREATE INDEX idx_recommendations_pending ON evaluation.recommendations (tenant_id, confidence DESC, created_at DESC) WHERE NOT applied;
CREATE INDEX idx_recommendations_pending_confidence ON evaluation.recommendations (tenant_id, applied, confidence DESC, created_at DESC)
    WHERE NOT applied;
CREATE INDEX idx_recommendations_impact_gin ON evaluation.recommendations USING gin (impact_estimate jsonb_path_ops)
    WHERE impact_estimate IS NOT NULL;
CREATE INDEX recommendations_by_session ON evaluation.recommendations (tenant_id, session_id);
CREATE INDEX recommendations_by_simulation ON evaluation.recommendations (tenant_id, simulation_id);
CREATE INDEX recommendations_by_diff ON evaluation.recommendations (tenant_id, diff_id);
CREATE INDEX recommendations_by_applier ON evaluation.recommendations (applied_by) WHERE applied_by IS NOT NULL;

-- who may do what ----------------------------------------------------------

DO $$
DECLARE
    relation regclass;
BEGIN
    FOREACH relation IN ARRAY ARRAY[
        'evaluation.bodies', 'evaluation.configurations', 'evaluation.config_versions', 'evaluation.config_diffs',
        'evaluation.scenarios', 'evaluation.scenario_versions', 'evaluation.simulations', 'evaluation.simulations_scenarios',
        'evaluation.trials', 'evaluation.outcome_embeddings', 'evaluation.llm_recommendation_sessions', 'evaluation.recommendations'
    ]::regclass[] LOOP
        PERFORM platform.isolate(relation);
    END LOOP;
END
$$;

GRANT SELECT, INSERT ON evaluation.bodies, evaluation.scenario_versions TO guildhall_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON
    evaluation.configurations, evaluation.config_versions, evaluation.config_diffs, evaluation.scenarios,
    evaluation.simulations, evaluation.simulations_scenarios, evaluation.trials, evaluation.outcome_embeddings,
    evaluation.llm_recommendation_sessions, evaluation.recommendations TO guildhall_app;
GRANT SELECT, INSERT ON evaluation.outcomes, evaluation.tool_usage TO guildhall_app;
GRANT SELECT, INSERT, UPDATE ON evaluation.failure_patterns TO guildhall_app;

-- what is audited ----------------------------------------------------------

CREATE TRIGGER configurations_are_audited AFTER INSERT OR UPDATE OR DELETE ON evaluation.configurations
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER config_version_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON evaluation.config_versions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding');
CREATE TRIGGER config_diffs_are_audited AFTER INSERT OR UPDATE OR DELETE ON evaluation.config_diffs
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER scenarios_are_audited AFTER INSERT OR UPDATE OR DELETE ON evaluation.scenarios
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('scenario_embedding');
CREATE TRIGGER simulations_are_audited AFTER INSERT OR DELETE ON evaluation.simulations
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER simulations_changes_are_audited AFTER UPDATE ON evaluation.simulations
    FOR EACH ROW WHEN (OLD.status IS DISTINCT FROM NEW.status) EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER recommendations_are_audited AFTER INSERT OR UPDATE OR DELETE ON evaluation.recommendations
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
