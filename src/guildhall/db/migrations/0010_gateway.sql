-- The gateway wing: accounts at providers, every call and every answer,
-- debates, memory, and the servers that agents talk to.

-- providers ----------------------------------------------------------------

CREATE TABLE gateway.llm_providers (
    id                    uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id             uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name                  varchar(255)  NOT NULL,
    type                  varchar(100)  NOT NULL,
    provider_id           uuid          REFERENCES catalogue.providers ON DELETE SET NULL,
    api_key_ciphertext    bytea,
    api_key_key_id        text          GENERATED ALWAYS AS (encode(substring(api_key_ciphertext FROM 2 FOR 8), 'hex')) STORED,
    base_url              varchar(500),
    model                 varchar(255),
    weight                numeric(5, 2) NOT NULL DEFAULT 1.0,
    enabled               boolean       NOT NULL DEFAULT true,
    config                jsonb         NOT NULL DEFAULT '{}',
    health_status         varchar(50)   NOT NULL DEFAULT 'unknown',
    response_time         bigint,
    modelsdev_provider_id varchar(255),
    total_models          integer,
    enabled_models        integer,
    last_models_sync      timestamptz,
    created_at            timestamptz   NOT NULL DEFAULT now(),
    updated_at            timestamptz   NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT llm_providers_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT llm_providers_are_named CHECK (name <> '' AND type <> ''),
    -- As the application seals: version 1, the key's id, a nonce, then ciphertext and tag.
    CONSTRAINT llm_providers_secret_is_sealed CHECK (
        octet_length(api_key_ciphertext) BETWEEN 38 AND 16384 AND get_byte(api_key_ciphertext, 0) = 1
    ),
    CONSTRAINT llm_providers_url_holds_no_secret CHECK (base_url ~ '^https?://' AND base_url !~ '^[^/]*//[^/]*@'),
    CONSTRAINT llm_providers_weight_is_not_negative CHECK (weight >= 0),
    CONSTRAINT llm_providers_health_is_known CHECK (health_status IN ('healthy', 'degraded', 'unhealthy', 'unknown')),
    CONSTRAINT llm_providers_time_is_not_negative CHECK (response_time >= 0),
    CONSTRAINT llm_providers_models_are_counted CHECK (total_models >= 0 AND enabled_models BETWEEN 0 AND total_models)
);
COMMENT ON TABLE gateway.llm_providers IS 'providers: tenant: a team''s accounts at providers of models: where, with which key, how much of the traffic, and how they fare.';
COMMENT ON COLUMN gateway.llm_providers.provider_id IS 'The company in the catalogue, where it is one of those.';
COMMENT ON COLUMN gateway.llm_providers.api_key_ciphertext IS 'The provider''s key, sealed by the application with AES-256-GCM; the database never has it in clear.';
COMMENT ON COLUMN gateway.llm_providers.api_key_key_id IS 'Which of the installation''s keys sealed it, as the envelope says.';
COMMENT ON COLUMN gateway.llm_providers.response_time IS 'Milliseconds of the last answer; null before the first.';
CREATE INDEX llm_providers_by_provider ON gateway.llm_providers (provider_id) WHERE provider_id IS NOT NULL;
CREATE TRIGGER update_llm_providers_updated_at BEFORE UPDATE ON gateway.llm_providers
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

-- requests -----------------------------------------------------------------

CREATE TABLE store.llm_requests (
    id                uuid            NOT NULL,
    tenant_id         uuid            NOT NULL DEFAULT platform.tenant_id(),
    session_id        uuid,
    user_id           uuid            NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    request_type      varchar(50)     NOT NULL DEFAULT 'completion',
    model             varchar(255),
    prompt            text            NOT NULL,
    messages          jsonb           NOT NULL DEFAULT '[]',
    model_params      jsonb           NOT NULL DEFAULT '{}',
    ensemble_config   jsonb,
    memory_enhanced   boolean         NOT NULL DEFAULT false,
    memory            jsonb           NOT NULL DEFAULT '{}',
    status            varchar(50)     NOT NULL DEFAULT 'pending',
    tokens_prompt     integer,
    tokens_completion integer,
    tokens_total      integer,
    cost_usd          numeric(18, 10),
    error_code        text,
    error_message     text,
    created_at        timestamptz     NOT NULL DEFAULT now(),
    started_at        timestamptz,
    completed_at      timestamptz,
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions (tenant_id, id) ON DELETE SET NULL (session_id),
    CONSTRAINT llm_requests_type_is_named CHECK (request_type <> ''),
    CONSTRAINT llm_requests_messages_is_a_list CHECK (jsonb_typeof(messages) = 'array'),
    CONSTRAINT llm_requests_status_is_known CHECK (status IN ('pending', 'running', 'completed', 'failed')),
    CONSTRAINT llm_requests_end_is_recorded CHECK ((status IN ('completed', 'failed')) = (completed_at IS NOT NULL)),
    CONSTRAINT llm_requests_error_is_of_a_failure CHECK (status = 'failed' OR num_nonnulls(error_code, error_message) = 0),
    CONSTRAINT llm_requests_tokens_is_not_negative CHECK (tokens_prompt >= 0 AND tokens_completion >= 0 AND tokens_total >= 0),
    CONSTRAINT llm_requests_cost_is_not_negative CHECK (cost_usd >= 0)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.llm_requests IS 'requests: tenant: every call of a model: written before the call, settled after it.';
COMMENT ON COLUMN store.llm_requests.model IS 'As the caller asked for it; which model answered is with the response.';
COMMENT ON COLUMN store.llm_requests.cost_usd IS 'Like the tokens, the sum over all its responses once they are in; null while it, or the price of one of them, is unknown.';
CREATE INDEX idx_requests_created_at ON store.llm_requests (tenant_id, created_at DESC);
CREATE INDEX idx_requests_user_id ON store.llm_requests (tenant_id, user_id, created_at DESC);
CREATE INDEX idx_requests_session_id ON store.llm_requests (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX idx_requests_status ON store.llm_requests (status, created_at) WHERE status IN ('pending', 'running');
SELECT platform.create_series(
    'llm_requests', 'created_at', step => '1 month', retention => '90 days', chunk => '1 day', compress_after => '7 days',
    segment_by => '{tenant_id}', order_by => 'created_at DESC, id'
);

CREATE VIEW gateway.llm_requests AS
    SELECT id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, ensemble_config,
           memory_enhanced, memory, status, tokens_prompt, tokens_completion, tokens_total, cost_usd, error_code,
           error_message, created_at, started_at, completed_at
      FROM store.llm_requests
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW gateway.llm_requests ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW gateway.llm_requests IS 'requests: tenant: the team''s own calls.';

CREATE TABLE store.llm_responses (
    id                 uuid            NOT NULL,
    tenant_id          uuid            NOT NULL DEFAULT platform.tenant_id(),
    request_id         uuid            NOT NULL,
    request_created_at timestamptz     NOT NULL,
    provider_id        uuid,
    provider_name      varchar(255)    NOT NULL,
    model              varchar(255),
    model_id           uuid            REFERENCES catalogue.models ON DELETE SET NULL,
    content            text,
    raw_response       jsonb           NOT NULL DEFAULT '{}',
    tokens_prompt      integer,
    tokens_completion  integer,
    tokens_total       integer,
    cost_usd           numeric(18, 10),
    confidence         numeric(5, 4),
    response_time      bigint,
    finish_reason      varchar(50),
    selected           boolean         NOT NULL DEFAULT false,
    error_code         text,
    error_message      text,
    created_at         timestamptz     NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, provider_id) REFERENCES gateway.llm_providers (tenant_id, id) ON DELETE SET NULL (provider_id),
    CONSTRAINT llm_responses_answer_or_fail CHECK (num_nonnulls(content, error_code) > 0),
    CONSTRAINT llm_responses_tokens_is_not_negative CHECK (tokens_prompt >= 0 AND tokens_completion >= 0 AND tokens_total >= 0),
    CONSTRAINT llm_responses_cost_is_not_negative CHECK (cost_usd >= 0),
    CONSTRAINT llm_responses_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT llm_responses_time_is_not_negative CHECK (response_time >= 0)
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.llm_responses IS 'requests: tenant: every answer of a provider, and every failure to answer; an ensemble has several for one request.';
COMMENT ON COLUMN store.llm_responses.request_created_at IS 'With request_id the key of the request, and the partition that it is in.';
COMMENT ON COLUMN store.llm_responses.model_id IS 'The model in the catalogue; null where the provider''s name of it is in none.';
COMMENT ON COLUMN store.llm_responses.response_time IS 'Milliseconds from the call to the end of the answer.';
CREATE INDEX idx_responses_request_id ON store.llm_responses (request_id);
CREATE INDEX idx_responses_provider_id ON store.llm_responses (tenant_id, provider_id, created_at DESC);
CREATE INDEX llm_responses_by_model ON store.llm_responses (model_id) WHERE model_id IS NOT NULL;
SELECT platform.create_series(
    'llm_responses', 'created_at', step => '1 month', retention => '90 days', chunk => '1 day', compress_after => '7 days',
    segment_by => '{tenant_id}', order_by => 'created_at DESC, id'
);

CREATE VIEW gateway.llm_responses AS
    SELECT id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, model_id, content, raw_response,
           tokens_prompt, tokens_completion, tokens_total, cost_usd, confidence, response_time, finish_reason, selected,
           error_code, error_message, created_at
      FROM store.llm_responses
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW gateway.llm_responses ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW gateway.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';

-- debates ------------------------------------------------------------------

CREATE TABLE gateway.debate_sessions (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    topic         text         NOT NULL,
    description   text,
    status        varchar(50)  NOT NULL DEFAULT 'pending',
    current_round integer      NOT NULL DEFAULT 0,
    total_rounds  integer      NOT NULL,
    voting_method varchar(50)  NOT NULL DEFAULT 'weighted',
    positions     jsonb        NOT NULL DEFAULT '[]',
    participants  jsonb        NOT NULL DEFAULT '[]',
    final_winner  varchar(255),
    metadata      jsonb        NOT NULL DEFAULT '{}',
    created_by    uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    started_at    timestamptz,
    completed_at  timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT debate_sessions_have_a_topic CHECK (topic <> ''),
    CONSTRAINT debate_sessions_status_is_known CHECK (status IN ('pending', 'active', 'completed', 'cancelled')),
    CONSTRAINT debate_sessions_rounds_is_positive CHECK (total_rounds > 0),
    CONSTRAINT debate_sessions_round_is_within_the_plan CHECK (current_round BETWEEN 0 AND total_rounds),
    CONSTRAINT debate_sessions_method_is_known CHECK (voting_method IN ('weighted', 'majority', 'borda', 'condorcet')),
    CONSTRAINT debate_sessions_positions_is_a_list CHECK (jsonb_typeof(positions) = 'array'),
    CONSTRAINT debate_sessions_participants_is_a_list CHECK (jsonb_typeof(participants) = 'array'),
    CONSTRAINT debate_sessions_winner_is_of_an_end CHECK (final_winner IS NULL OR status = 'completed'),
    CONSTRAINT debate_sessions_active_has_begun CHECK (status <> 'active' OR started_at IS NOT NULL),
    CONSTRAINT debate_sessions_end_is_recorded CHECK ((status IN ('completed', 'cancelled')) = (completed_at IS NOT NULL))
);
COMMENT ON TABLE gateway.debate_sessions IS 'debates: tenant: a question that models argue about, in rounds, before they vote.';
COMMENT ON COLUMN gateway.debate_sessions.final_winner IS 'The position that won; null also where the vote was a tie.';
CREATE INDEX idx_debate_sessions_status ON gateway.debate_sessions (tenant_id, status, created_at DESC);
CREATE INDEX idx_debate_sessions_created_by ON gateway.debate_sessions (created_by);

CREATE TABLE gateway.debate_turns (
    id             uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid          NOT NULL DEFAULT platform.tenant_id(),
    session_id     uuid          NOT NULL,
    round_number   integer       NOT NULL,
    turn_number    integer       NOT NULL,
    participant_id varchar(255)  NOT NULL,
    position       varchar(255)  NOT NULL,
    content        text          NOT NULL,
    raw_response   jsonb         NOT NULL DEFAULT '{}',
    tokens_used    integer,
    response_time  bigint,
    confidence     numeric(5, 4),
    created_at     timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT debate_turns_one_per_place UNIQUE (tenant_id, session_id, round_number, turn_number),
    CONSTRAINT debate_turns_round_is_not_negative CHECK (round_number >= 0),
    CONSTRAINT debate_turns_turn_is_not_negative CHECK (turn_number >= 0),
    CONSTRAINT debate_turns_tokens_is_not_negative CHECK (tokens_used >= 0),
    CONSTRAINT debate_turns_time_is_not_negative CHECK (response_time >= 0),
    CONSTRAINT debate_turns_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1)
);
COMMENT ON TABLE gateway.debate_turns IS 'debates: tenant: what each participant said, in which round and for which position.';
COMMENT ON COLUMN gateway.debate_turns.participant_id IS 'An agent or a model, by the name that the session''s list of participants has for it.';

CREATE TABLE gateway.code_versions (
    id                uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid         NOT NULL DEFAULT platform.tenant_id(),
    session_id        uuid         NOT NULL,
    version_hash      varchar(64)  NOT NULL,
    branch            varchar(255) NOT NULL,
    commit_message    text,
    files_changed     jsonb        NOT NULL DEFAULT '[]',
    diff_summary      text,
    validation_status varchar(50)  NOT NULL DEFAULT 'pending',
    test_results      jsonb        NOT NULL DEFAULT '{}',
    created_at        timestamptz  NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT code_versions_hash_is_of_a_commit CHECK (version_hash ~ '^[0-9a-f]{7,64}$'),
    CONSTRAINT code_versions_files_is_a_list CHECK (jsonb_typeof(files_changed) = 'array'),
    CONSTRAINT code_versions_status_is_known CHECK (validation_status IN ('pending', 'passed', 'failed'))
);
COMMENT ON TABLE gateway.code_versions IS 'debates: tenant: the commits that a debate is about, and what their tests said.';
CREATE INDEX code_versions_by_session ON gateway.code_versions (tenant_id, session_id, created_at);

-- memory -------------------------------------------------------------------

CREATE TABLE gateway.cognee_memories (
    id            uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id       uuid          NOT NULL DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    session_id    uuid,
    content       text          NOT NULL,
    memory_type   varchar(50)   NOT NULL DEFAULT 'fact',
    entities      jsonb         NOT NULL DEFAULT '[]',
    relationships jsonb         NOT NULL DEFAULT '[]',
    confidence    numeric(5, 4) NOT NULL DEFAULT 0.8,
    access_count  integer       NOT NULL DEFAULT 0,
    last_accessed timestamptz,
    created_at    timestamptz   NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions (tenant_id, id) ON DELETE SET NULL (session_id),
    CONSTRAINT cognee_memories_say_something CHECK (content <> ''),
    CONSTRAINT cognee_memories_type_is_named CHECK (memory_type <> ''),
    CONSTRAINT cognee_memories_entities_is_a_list CHECK (jsonb_typeof(entities) = 'array'),
    CONSTRAINT cognee_memories_relationships_is_a_list CHECK (jsonb_typeof(relationships) = 'array'),
    CONSTRAINT cognee_memories_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT cognee_memories_access_is_counted CHECK (access_count >= 0 AND (access_count = 0) = (last_accessed IS NULL))
);
COMMENT ON TABLE gateway.cognee_memories IS 'memory: tenant: what is remembered of a person: facts, with the things they name and how those hang together.';
CREATE INDEX idx_memories_user_id ON gateway.cognee_memories (user_id, tenant_id, created_at DESC);
CREATE INDEX idx_memories_session_id ON gateway.cognee_memories (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX idx_memories_type ON gateway.cognee_memories (tenant_id, memory_type);

-- Errata: what a session remembers pointed at nothing.
ALTER TABLE platform.user_sessions
    ADD CONSTRAINT user_sessions_remember_what_is_there FOREIGN KEY (tenant_id, memory_id)
        REFERENCES gateway.cognee_memories (tenant_id, id) ON DELETE SET NULL (memory_id);
CREATE INDEX user_sessions_by_memory ON platform.user_sessions (tenant_id, memory_id) WHERE memory_id IS NOT NULL;

-- Which server holds a shard is decided by hashing its key over these.
CREATE TABLE gateway.memory_nodes (
    node_id    varchar(255)  PRIMARY KEY,
    address    text,
    weight     numeric(5, 2) NOT NULL DEFAULT 1.0,
    status     text          NOT NULL DEFAULT 'active',
    created_at timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT memory_nodes_are_named CHECK (node_id <> ''),
    CONSTRAINT memory_nodes_weight_is_positive CHECK (weight > 0),
    CONSTRAINT memory_nodes_status_is_known CHECK (status IN ('active', 'draining', 'down'))
);
COMMENT ON TABLE gateway.memory_nodes IS 'memory: system: the servers that hold shards of memory; "local" is this database.';
COMMENT ON COLUMN gateway.memory_nodes.address IS 'Host and port, never a secret; null: this database.';
INSERT INTO gateway.memory_nodes (node_id) VALUES ('local');

CREATE TABLE gateway.distributed_memory (
    id              uuid         NOT NULL DEFAULT gen_random_uuid(),
    tenant_id       uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    shard_key       varchar(64)  NOT NULL,
    user_id         uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    content         text         NOT NULL,
    embedding       vector(1536),
    embedding_model text,
    metadata        jsonb        NOT NULL DEFAULT '{}',
    node_id         varchar(255) NOT NULL DEFAULT 'local' REFERENCES gateway.memory_nodes,
    replicated_to   jsonb        NOT NULL DEFAULT '[]',
    created_at      timestamptz  NOT NULL DEFAULT now(),
    PRIMARY KEY (shard_key, id),
    CONSTRAINT distributed_memory_shard_is_named CHECK (shard_key <> ''),
    CONSTRAINT distributed_memory_says_something CHECK (content <> ''),
    CONSTRAINT distributed_memory_replicas_is_a_list CHECK (jsonb_typeof(replicated_to) = 'array')
) PARTITION BY HASH (shard_key);
COMMENT ON TABLE gateway.distributed_memory IS 'memory: tenant: what is remembered as text with its embedding, in sixteen shards; a search names the shard.';
COMMENT ON COLUMN gateway.distributed_memory.replicated_to IS 'The ids of the other nodes that have acknowledged a copy.';
DO $$
BEGIN
    FOR shard IN 0..15 LOOP
        EXECUTE format('CREATE TABLE gateway.%I PARTITION OF gateway.distributed_memory FOR VALUES WITH (MODULUS 16, REMAINDER %s)',
                       'distributed_memory_' || to_char(shard, 'FM00'), shard);
    END LOOP;
END
$$;
CREATE INDEX distributed_memory_by_user ON gateway.distributed_memory (user_id, tenant_id, created_at DESC);
CREATE INDEX distributed_memory_by_shard ON gateway.distributed_memory (tenant_id, shard_key, created_at DESC);
CREATE INDEX distributed_memory_by_node ON gateway.distributed_memory (node_id);
CREATE INDEX distributed_memory_by_embedding ON gateway.distributed_memory
    USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE embedding IS NOT NULL;

-- Who is erased is forgotten (0005): what is remembered of a person was theirs alone.
CREATE FUNCTION gateway.forget_erased_person() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM gateway.cognee_memories WHERE user_id = NEW.id;
    DELETE FROM gateway.distributed_memory WHERE user_id = NEW.id;
    RETURN NULL;
END
$$;
REVOKE ALL ON FUNCTION gateway.forget_erased_person() FROM PUBLIC;
CREATE POLICY functions_see_every_row ON gateway.cognee_memories    TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY functions_see_every_row ON gateway.distributed_memory TO guildhall_owner USING (true) WITH CHECK (true);
CREATE TRIGGER who_is_erased_is_forgotten AFTER UPDATE OF erased_at ON platform.users
    FOR EACH ROW WHEN (OLD.erased_at IS NULL AND NEW.erased_at IS NOT NULL) EXECUTE FUNCTION gateway.forget_erased_person();

-- protocols ----------------------------------------------------------------

CREATE TABLE gateway.mcp_servers (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name          varchar(255) NOT NULL,
    type          varchar(100) NOT NULL,
    endpoint      varchar(500) NOT NULL,
    port          integer,
    capabilities  jsonb        NOT NULL DEFAULT '[]',
    config        jsonb        NOT NULL DEFAULT '{}',
    health_status varchar(50)  NOT NULL DEFAULT 'unknown',
    enabled       boolean      NOT NULL DEFAULT true,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT mcp_servers_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT mcp_servers_are_named CHECK (name <> '' AND type <> '' AND endpoint <> ''),
    CONSTRAINT mcp_servers_endpoint_holds_no_secret CHECK (endpoint !~ '^[^/]*//[^/]*@'),
    CONSTRAINT mcp_servers_port_range CHECK (port BETWEEN 1 AND 65535),
    CONSTRAINT mcp_servers_health_is_known CHECK (health_status IN ('healthy', 'degraded', 'unhealthy', 'unknown'))
);
COMMENT ON TABLE gateway.mcp_servers IS 'protocols: tenant: the servers of tools (Model Context Protocol) that a team''s agents may use.';
COMMENT ON COLUMN gateway.mcp_servers.port IS 'Null for a server that is spoken to over its standard input and output.';

CREATE TABLE gateway.lsp_servers (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name          varchar(255) NOT NULL,
    language      varchar(100) NOT NULL,
    command       varchar(500) NOT NULL,
    args          jsonb        NOT NULL DEFAULT '[]',
    file_patterns jsonb        NOT NULL DEFAULT '[]',
    enabled       boolean      NOT NULL DEFAULT true,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT lsp_servers_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT lsp_servers_are_named CHECK (name <> '' AND language <> '' AND command <> ''),
    CONSTRAINT lsp_servers_args_is_a_list CHECK (jsonb_typeof(args) = 'array'),
    CONSTRAINT lsp_servers_patterns_is_a_list CHECK (jsonb_typeof(file_patterns) = 'array')
);
COMMENT ON TABLE gateway.lsp_servers IS 'protocols: tenant: the servers of programming languages (Language Server Protocol) that a team''s agents may use.';

-- Errata: ACP stands in the document's list of migrations, without a table.
CREATE TABLE gateway.acp_agents (
    id               uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name             varchar(255) NOT NULL,
    command          varchar(500) NOT NULL,
    args             jsonb        NOT NULL DEFAULT '[]',
    protocol_version integer,
    capabilities     jsonb        NOT NULL DEFAULT '{}',
    config           jsonb        NOT NULL DEFAULT '{}',
    health_status    varchar(50)  NOT NULL DEFAULT 'unknown',
    enabled          boolean      NOT NULL DEFAULT true,
    created_at       timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT acp_agents_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT acp_agents_are_named CHECK (name <> '' AND command <> ''),
    CONSTRAINT acp_agents_args_is_a_list CHECK (jsonb_typeof(args) = 'array'),
    CONSTRAINT acp_agents_version_is_positive CHECK (protocol_version > 0),
    CONSTRAINT acp_agents_health_is_known CHECK (health_status IN ('healthy', 'degraded', 'unhealthy', 'unknown'))
);
COMMENT ON TABLE gateway.acp_agents IS 'protocols: tenant: agents that are started and spoken to over the Agent Client Protocol.';
COMMENT ON COLUMN gateway.acp_agents.protocol_version IS 'What the agent answered to initialize; null before it was asked.';

-- who may do what ----------------------------------------------------------

DO $$
DECLARE
    relation regclass;
BEGIN
    FOREACH relation IN ARRAY ARRAY[
        'gateway.llm_providers', 'gateway.debate_sessions', 'gateway.debate_turns', 'gateway.code_versions', 'gateway.cognee_memories',
        'gateway.distributed_memory', 'gateway.mcp_servers', 'gateway.lsp_servers', 'gateway.acp_agents'
    ]::regclass[] LOOP
        PERFORM platform.isolate(relation);
    END LOOP;
END
$$;

-- Under a new key every team's secrets are sealed anew (0005).
SELECT platform.keep_sealed('gateway.llm_providers', 'api_key_ciphertext');

GRANT SELECT, INSERT, UPDATE, DELETE ON
    gateway.llm_providers, gateway.debate_sessions, gateway.code_versions, gateway.cognee_memories, gateway.distributed_memory,
    gateway.mcp_servers, gateway.lsp_servers, gateway.acp_agents TO guildhall_app;
-- What was said stays said, and goes with its debate.
GRANT SELECT, INSERT ON gateway.debate_turns TO guildhall_app;
GRANT SELECT, INSERT, UPDATE (
        status, tokens_prompt, tokens_completion, tokens_total, cost_usd, error_code, error_message, started_at, completed_at
    ) ON gateway.llm_requests TO guildhall_app;
GRANT SELECT, INSERT, UPDATE (confidence, selected) ON gateway.llm_responses TO guildhall_app;
GRANT SELECT ON gateway.memory_nodes TO guildhall_app, guildhall_scheduler;
GRANT INSERT, UPDATE ON gateway.memory_nodes TO guildhall_scheduler;

-- what is audited ----------------------------------------------------------
-- Health, counts of use and embeddings change by themselves; the audit keeps what somebody decided. Of
-- a memory it keeps that there was one and whose, and nothing that could not be forgotten.

CREATE TRIGGER llm_providers_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF name, type, provider_id, api_key_ciphertext, base_url, model, weight, enabled, config,
                                        modelsdev_provider_id
    ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION platform.record_change('api_key_ciphertext');
CREATE TRIGGER debate_sessions_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.debate_sessions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER code_versions_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.code_versions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER cognee_memories_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF content, memory_type, entities, relationships, confidence, user_id, session_id
    ON gateway.cognee_memories FOR EACH ROW EXECUTE FUNCTION platform.record_change('content', 'entities', 'relationships');
CREATE TRIGGER distributed_memory_is_audited
    AFTER INSERT OR DELETE OR UPDATE OF content, metadata, user_id, shard_key
    ON gateway.distributed_memory FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding', 'content', 'metadata');
CREATE TRIGGER memory_nodes_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.memory_nodes
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER mcp_servers_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF name, type, endpoint, port, capabilities, config, enabled
    ON gateway.mcp_servers FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER lsp_servers_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.lsp_servers
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER acp_agents_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF name, command, args, protocol_version, capabilities, config, enabled
    ON gateway.acp_agents FOR EACH ROW EXECUTE FUNCTION platform.record_change();
