-- The society of agents, fourth part: how they stand with each other: trust,
-- mentorship, rewards, penalties.

-- reputation ---------------------------------------------------------------------

CREATE TABLE society.trust_graph (
    id                  uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid          NOT NULL DEFAULT platform.tenant_id(),
    from_agent_id       uuid          NOT NULL,
    to_agent_id         uuid          NOT NULL,
    context             varchar(50)   NOT NULL DEFAULT 'general',
    local_trust         numeric(7, 6) NOT NULL,
    interaction_count   integer       NOT NULL DEFAULT 0,
    positive_count      integer       NOT NULL DEFAULT 0,
    negative_count      integer       NOT NULL DEFAULT 0,
    last_interaction_at timestamptz,
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT trust_graph_one_edge_per_context UNIQUE (tenant_id, from_agent_id, to_agent_id, context),
    CONSTRAINT trust_graph_is_between_two_agents CHECK (from_agent_id <> to_agent_id),
    CONSTRAINT trust_graph_trust_is_a_share CHECK (local_trust BETWEEN 0 AND 1),
    CONSTRAINT trust_graph_counts_agree CHECK (least(positive_count, negative_count) >= 0 AND positive_count + negative_count <= interaction_count)
);
COMMENT ON TABLE society.trust_graph IS 'reputation: tenant: how far one agent trusts another, from their dealings.';
CREATE INDEX idx_trust_graph_to ON society.trust_graph (tenant_id, to_agent_id);

CREATE TABLE society.peer_ratings (
    id         uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid          NOT NULL DEFAULT platform.tenant_id(),
    rater_id   uuid          NOT NULL,
    ratee_id   uuid          NOT NULL,
    rating     integer       NOT NULL,
    context    varchar(50)   NOT NULL DEFAULT 'general',
    task_id    uuid,
    battle_id  uuid,
    comment    text,
    weight     numeric(8, 4) NOT NULL DEFAULT 1,
    created_at timestamptz   NOT NULL DEFAULT now(),
    updated_at timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, rater_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, ratee_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id),
    FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles (tenant_id, id),
    CONSTRAINT peer_ratings_one_per_evidence UNIQUE NULLS NOT DISTINCT (tenant_id, rater_id, ratee_id, context, task_id, battle_id),
    CONSTRAINT peer_ratings_are_of_others CHECK (rater_id <> ratee_id),
    CONSTRAINT peer_ratings_range CHECK (rating BETWEEN 1 AND 5),
    CONSTRAINT peer_ratings_have_one_evidence CHECK (num_nonnulls(task_id, battle_id) < 2),
    CONSTRAINT peer_ratings_weight_is_not_negative CHECK (weight >= 0)
);
COMMENT ON TABLE society.peer_ratings IS 'reputation: tenant: what one agent thinks of another''s work, from 1 to 5.';
CREATE INDEX peer_ratings_by_ratee ON society.peer_ratings (tenant_id, ratee_id, created_at DESC);
CREATE INDEX peer_ratings_by_task ON society.peer_ratings (tenant_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX peer_ratings_by_battle ON society.peer_ratings (tenant_id, battle_id) WHERE battle_id IS NOT NULL;

CREATE TABLE society.pretrusted_agents (
    id         uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id   uuid          NOT NULL,
    weight     numeric(8, 4) NOT NULL DEFAULT 1,
    since      timestamptz   NOT NULL DEFAULT now(),
    until      timestamptz,
    granted_by uuid          DEFAULT platform.user_id() REFERENCES platform.users,
    reason     text,
    created_at timestamptz   NOT NULL DEFAULT now(),
    updated_at timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT pretrusted_agents_weight_is_positive CHECK (weight > 0),
    CONSTRAINT pretrusted_agents_end_after_they_begin CHECK (until > since)
);
COMMENT ON TABLE society.pretrusted_agents IS 'reputation: tenant: the agents that trust begins with, how much, and how long.';
CREATE UNIQUE INDEX pretrusted_agents_one_without_end ON society.pretrusted_agents (tenant_id, agent_id) WHERE until IS NULL;
CREATE INDEX pretrusted_agents_by_agent ON society.pretrusted_agents (tenant_id, agent_id);
CREATE INDEX pretrusted_agents_by_granter ON society.pretrusted_agents (granted_by) WHERE granted_by IS NOT NULL;

CREATE TABLE society.eigentrust_runs (
    id         uuid             PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid             NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    alpha      double precision NOT NULL,
    tolerance  double precision NOT NULL,
    iterations integer,
    residual   double precision,
    nodes      integer          NOT NULL,
    edges      integer          NOT NULL,
    pretrust   jsonb            NOT NULL DEFAULT '{}',
    input_hash bytea,
    started_at timestamptz      NOT NULL DEFAULT now(),
    ended_at   timestamptz,
    created_at timestamptz      NOT NULL DEFAULT now(),
    updated_at timestamptz      NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT eigentrust_runs_alpha_is_a_share CHECK (alpha BETWEEN 0 AND 1),
    CONSTRAINT eigentrust_runs_tolerance_is_positive CHECK (tolerance > 0),
    CONSTRAINT eigentrust_runs_counts_are_not_negative CHECK (least(nodes, edges, iterations, residual) >= 0),
    CONSTRAINT eigentrust_runs_hash_is_sha256 CHECK (octet_length(input_hash) = 32),
    CONSTRAINT eigentrust_runs_end_after_they_begin CHECK (ended_at >= started_at)
);
COMMENT ON TABLE society.eigentrust_runs IS 'reputation: tenant: each computation of global trust: on what, with which parameters, and how close it came.';
CREATE INDEX eigentrust_runs_by_time ON society.eigentrust_runs (tenant_id, started_at DESC);

CREATE TABLE society.global_trust_scores (
    id                uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id          uuid          NOT NULL,
    run_id            uuid,
    eigentrust_score  numeric,
    persistence_score numeric(5, 4),
    competence_score  numeric(5, 4),
    peer_rating_score numeric(5, 4),
    composite         numeric(5, 4),
    trust_level       varchar(20)   NOT NULL DEFAULT 'untrusted',
    rank              integer,
    sample_size       integer       NOT NULL DEFAULT 0,
    cause             text,
    computed_at       timestamptz   NOT NULL DEFAULT now(),
    created_at        timestamptz   NOT NULL DEFAULT now(),
    updated_at        timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, run_id) REFERENCES society.eigentrust_runs (tenant_id, id),
    CONSTRAINT global_trust_scores_one_per_agent UNIQUE (tenant_id, agent_id),
    CONSTRAINT global_trust_scores_are_shares CHECK (
        eigentrust_score BETWEEN 0 AND 1 AND persistence_score BETWEEN 0 AND 1 AND competence_score BETWEEN 0 AND 1
        AND peer_rating_score BETWEEN 0 AND 1 AND composite BETWEEN 0 AND 1
    ),
    CONSTRAINT global_trust_scores_level_is_known CHECK (trust_level IN ('untrusted', 'poor', 'fair', 'good', 'excellent', 'outstanding')),
    CONSTRAINT global_trust_scores_rank_is_positive CHECK (rank > 0),
    CONSTRAINT global_trust_scores_sample_is_not_negative CHECK (sample_size >= 0)
);
COMMENT ON TABLE society.global_trust_scores IS 'reputation: tenant: what all dealings together say of an agent, and of what its score is made.';
COMMENT ON COLUMN society.global_trust_scores.cause IS 'Why it was computed; the history keeps it beside the score.';
COMMENT ON COLUMN society.global_trust_scores.eigentrust_score IS 'Its share of all trust: the scores of a run sum to 1.';
CREATE INDEX global_trust_scores_by_run ON society.global_trust_scores (tenant_id, run_id) WHERE run_id IS NOT NULL;
CREATE INDEX global_trust_scores_by_level ON society.global_trust_scores (tenant_id, trust_level, eigentrust_score DESC);

CREATE TABLE store.reputation_history (
    id               uuid          NOT NULL DEFAULT gen_random_uuid(),
    tenant_id        uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id         uuid          NOT NULL,
    run_id           uuid,
    eigentrust_score numeric,
    composite_score  numeric(5, 4),
    trust_level      varchar(20)   NOT NULL,
    change           numeric(6, 4),
    cause            text,
    created_at       timestamptz   NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT reputation_history_level_is_known CHECK (trust_level IN ('untrusted', 'poor', 'fair', 'good', 'excellent', 'outstanding'))
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.reputation_history IS 'reputation: tenant: how an agent''s reputation moved; scores are written by a trigger.';
CREATE INDEX reputation_history_by_agent ON store.reputation_history (tenant_id, agent_id, created_at DESC);
SELECT platform.create_series('reputation_history', 'created_at', '1 month', '12 months', chunk => '1 month');
REVOKE ALL ON store.reputation_history FROM guildhall_app; -- only triggers add to it

CREATE VIEW society.reputation_history AS
    SELECT id, tenant_id, agent_id, run_id, eigentrust_score, composite_score, trust_level, change, cause, created_at
      FROM store.reputation_history
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW society.reputation_history IS 'reputation: tenant: the reputation history of the team''s own agents.';
GRANT SELECT ON society.reputation_history TO guildhall_app;

-- An agent's trust score is its composite, and every score it had is in the history.
CREATE FUNCTION society.record_trust() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER global_trust_scores_begin_a_history AFTER INSERT ON society.global_trust_scores
    FOR EACH ROW EXECUTE FUNCTION society.record_trust();
CREATE TRIGGER global_trust_scores_keep_a_history AFTER UPDATE ON society.global_trust_scores
    FOR EACH ROW WHEN (
        (OLD.run_id, OLD.eigentrust_score, OLD.composite, OLD.trust_level) IS DISTINCT FROM (NEW.run_id, NEW.eigentrust_score, NEW.composite, NEW.trust_level)
    )
    EXECUTE FUNCTION society.record_trust();

CREATE VIEW society.v_agent_reputation WITH (security_invoker = true) AS
    SELECT agents.tenant_id, agents.id AS agent_uuid, agents.agent_id, agents.name, agents.type, agents.current_tier, agents.trust_score,
           scores.trust_level, scores.eigentrust_score, scores.persistence_score, scores.competence_score, scores.peer_rating_score,
           scores.composite, scores.rank, scores.sample_size, scores.computed_at,
           ratings.rating_count, ratings.average_rating, edges.trusted_by_count, edges.interaction_count
      FROM society.agents
      LEFT JOIN society.global_trust_scores AS scores ON scores.tenant_id = agents.tenant_id AND scores.agent_id = agents.id
     CROSS JOIN LATERAL (
               SELECT count(*) AS rating_count, avg(rating) AS average_rating
                 FROM society.peer_ratings
                WHERE peer_ratings.tenant_id = agents.tenant_id AND peer_ratings.ratee_id = agents.id
           ) AS ratings
     CROSS JOIN LATERAL (
               SELECT count(DISTINCT from_agent_id) FILTER (WHERE local_trust > 0) AS trusted_by_count,
                      COALESCE(sum(trust_graph.interaction_count), 0) AS interaction_count
                 FROM society.trust_graph
                WHERE trust_graph.tenant_id = agents.tenant_id AND trust_graph.to_agent_id = agents.id
           ) AS edges
     WHERE agents.tenant_id = (SELECT platform.tenant_id())
       AND agents.deleted_at IS NULL;
COMMENT ON VIEW society.v_agent_reputation IS 'reputation: tenant: all that is known of each agent''s reputation; what was never computed is null.';
GRANT SELECT ON society.v_agent_reputation TO guildhall_app;

-- mentorship ---------------------------------------------------------------------

CREATE TYPE society.mentorship_status AS ENUM ('proposed', 'active', 'paused', 'completed', 'terminated');

CREATE TABLE society.mentorship_curriculum (
    id                 uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id          uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    skill_name         varchar(100) NOT NULL,
    level              integer      NOT NULL,
    title              varchar(200),
    objectives         text[]       NOT NULL DEFAULT '{}',
    assessment_tasks   jsonb        NOT NULL DEFAULT '[]',
    estimated_sessions integer,
    created_at         timestamptz  NOT NULL DEFAULT now(),
    updated_at         timestamptz  NOT NULL DEFAULT now(),
    deleted_at         timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT mentorship_curriculum_skill_is_named CHECK (skill_name <> ''),
    CONSTRAINT mentorship_curriculum_level_is_positive CHECK (level > 0),
    CONSTRAINT mentorship_curriculum_tasks_are_a_list CHECK (jsonb_typeof(assessment_tasks) = 'array'),
    CONSTRAINT mentorship_curriculum_sessions_is_positive CHECK (estimated_sessions > 0)
);
COMMENT ON TABLE society.mentorship_curriculum IS 'mentorship: tenant: what is taught of a skill, level by level, and how it is examined; a level follows the one below it.';
CREATE UNIQUE INDEX mentorship_curriculum_one_live_per_level ON society.mentorship_curriculum (tenant_id, skill_name, level) WHERE deleted_at IS NULL;

CREATE TABLE society.mentorship_pairings (
    id                    uuid                      PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id             uuid                      NOT NULL DEFAULT platform.tenant_id(),
    mentor_id             uuid                      NOT NULL,
    mentee_id             uuid                      NOT NULL,
    skill_focus           varchar(100)              NOT NULL,
    status                society.mentorship_status NOT NULL DEFAULT 'proposed',
    planned_sessions      integer,
    completed_sessions    integer                   NOT NULL DEFAULT 0,
    completion_percentage numeric GENERATED ALWAYS AS (100.0 * least(completed_sessions, planned_sessions) / planned_sessions) STORED,
    match_score           numeric(5, 4),
    started_at            timestamptz,
    ended_at              timestamptz,
    created_at            timestamptz               NOT NULL DEFAULT now(),
    updated_at            timestamptz               NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT mentorship_pairings_have_one_mentee UNIQUE (tenant_id, id, mentee_id),
    FOREIGN KEY (tenant_id, mentor_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, mentee_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT mentorship_pairings_are_of_two_agents CHECK (mentor_id <> mentee_id),
    CONSTRAINT mentorship_pairings_skill_is_named CHECK (skill_focus <> ''),
    CONSTRAINT mentorship_pairings_plan_is_positive CHECK (planned_sessions > 0),
    CONSTRAINT mentorship_pairings_sessions_are_not_negative CHECK (completed_sessions >= 0),
    CONSTRAINT mentorship_pairings_match_is_a_share CHECK (match_score BETWEEN 0 AND 1),
    CONSTRAINT mentorship_pairings_end_after_they_begin CHECK (ended_at >= started_at)
);
COMMENT ON TABLE society.mentorship_pairings IS 'mentorship: tenant: who teaches whom, which skill, and how far they have come.';
COMMENT ON COLUMN society.mentorship_pairings.completed_sessions IS 'The sessions that were held; kept by a trigger.';
COMMENT ON COLUMN society.mentorship_pairings.completion_percentage IS 'Of the planned sessions; null where none were planned.';
CREATE UNIQUE INDEX mentorship_pairings_one_active_per_skill ON society.mentorship_pairings (tenant_id, mentee_id, skill_focus) WHERE status = 'active';
CREATE INDEX mentorship_pairings_by_mentor ON society.mentorship_pairings (tenant_id, mentor_id, status);
CREATE INDEX mentorship_pairings_by_mentee ON society.mentorship_pairings (tenant_id, mentee_id, status);

CREATE TRIGGER mentorship_pairings_follow_their_states BEFORE UPDATE OF status ON society.mentorship_pairings
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status, NEW.status) NOT IN (
            ('proposed', 'active'), ('proposed', 'terminated'), ('active', 'paused'), ('active', 'completed'), ('active', 'terminated'),
            ('paused', 'active'), ('paused', 'completed'), ('paused', 'terminated')
        )
    )
    EXECUTE FUNCTION society.refuse('a pairing is proposed, active, perhaps paused, and then ends');

CREATE TABLE society.mentorship_sessions (
    id             uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid         NOT NULL DEFAULT platform.tenant_id(),
    pairing_id     uuid         NOT NULL,
    session_number integer      NOT NULL,
    topic          varchar(500),
    objectives_met text[]       NOT NULL DEFAULT '{}',
    mentor_rating  integer,
    mentee_rating  integer,
    notes          text,
    scheduled_at   timestamptz,
    held_at        timestamptz,
    duration_ms    double precision,
    created_at     timestamptz  NOT NULL DEFAULT now(),
    updated_at     timestamptz  NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, pairing_id) REFERENCES society.mentorship_pairings (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT mentorship_sessions_one_per_number UNIQUE (tenant_id, pairing_id, session_number),
    CONSTRAINT mentorship_sessions_number_is_positive CHECK (session_number > 0),
    CONSTRAINT mentorship_sessions_ratings_range CHECK (mentor_rating BETWEEN 1 AND 5 AND mentee_rating BETWEEN 1 AND 5),
    CONSTRAINT mentorship_sessions_duration_is_not_negative CHECK (duration_ms >= 0)
);
COMMENT ON TABLE society.mentorship_sessions IS 'mentorship: tenant: the meetings of a pairing; one that has a held_at took place.';
COMMENT ON COLUMN society.mentorship_sessions.mentor_rating IS 'What the mentor says of the session; mentee_rating what the mentee says.';

CREATE FUNCTION society.count_mentorship_sessions() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER mentorship_sessions_are_counted AFTER INSERT OR DELETE OR UPDATE OF held_at ON society.mentorship_sessions
    FOR EACH ROW EXECUTE FUNCTION society.count_mentorship_sessions();

CREATE TABLE society.mentee_progress (
    id                  uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid          NOT NULL DEFAULT platform.tenant_id(),
    pairing_id          uuid          NOT NULL,
    mentee_id           uuid          NOT NULL,
    curriculum_id       uuid          NOT NULL,
    progress_percentage numeric(5, 2) NOT NULL DEFAULT 0,
    mastery_level       varchar(20)   NOT NULL DEFAULT 'novice',
    attempts            integer       NOT NULL DEFAULT 0,
    passed_at           timestamptz,
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, pairing_id, mentee_id) REFERENCES society.mentorship_pairings (tenant_id, id, mentee_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, curriculum_id) REFERENCES society.mentorship_curriculum (tenant_id, id),
    CONSTRAINT mentee_progress_one_per_curriculum UNIQUE (tenant_id, pairing_id, curriculum_id),
    CONSTRAINT mentee_progress_percentage_range CHECK (progress_percentage BETWEEN 0 AND 100),
    CONSTRAINT mentee_progress_mastery_is_known CHECK (mastery_level IN ('novice', 'beginner', 'competent', 'proficient', 'expert')),
    CONSTRAINT mentee_progress_attempts_are_not_negative CHECK (attempts >= 0)
);
COMMENT ON TABLE society.mentee_progress IS 'mentorship: tenant: how far the mentee of a pairing is with a level of the curriculum.';
CREATE INDEX mentee_progress_by_pairing ON society.mentee_progress (tenant_id, pairing_id, mentee_id);
CREATE INDEX mentee_progress_by_curriculum ON society.mentee_progress (tenant_id, curriculum_id);

CREATE VIEW society.v_active_mentorships WITH (security_invoker = true) AS
    SELECT pairings.tenant_id, pairings.id, pairings.skill_focus, pairings.status,
           pairings.mentor_id, mentors.agent_id AS mentor_agent_id, mentors.name AS mentor_name,
           pairings.mentee_id, mentees.agent_id AS mentee_agent_id, mentees.name AS mentee_name,
           pairings.planned_sessions, pairings.completed_sessions, pairings.completion_percentage,
           progress.curriculum_count, progress.passed_count, progress.average_progress, pairings.started_at
      FROM society.mentorship_pairings AS pairings
      JOIN society.agents AS mentors ON mentors.tenant_id = pairings.tenant_id AND mentors.id = pairings.mentor_id
      JOIN society.agents AS mentees ON mentees.tenant_id = pairings.tenant_id AND mentees.id = pairings.mentee_id
     CROSS JOIN LATERAL (
               SELECT count(*) AS curriculum_count, count(passed_at) AS passed_count, avg(progress_percentage) AS average_progress
                 FROM society.mentee_progress
                WHERE mentee_progress.tenant_id = pairings.tenant_id AND mentee_progress.pairing_id = pairings.id
           ) AS progress
     WHERE pairings.tenant_id = (SELECT platform.tenant_id())
       AND pairings.status = 'active';
COMMENT ON VIEW society.v_active_mentorships IS 'mentorship: tenant: the pairings at work, and how far they are.';
GRANT SELECT ON society.v_active_mentorships TO guildhall_app;

-- rewards ------------------------------------------------------------------------

CREATE TABLE society.resource_pools (
    id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    resource_type    varchar(50) NOT NULL,
    unit             varchar(30) NOT NULL DEFAULT 'units',
    total_capacity   integer     NOT NULL,
    available        integer     NOT NULL DEFAULT 0,
    reserve          integer     NOT NULL DEFAULT 0,
    refresh_interval interval,
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    deleted_at       timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT resource_pools_are_of_one_type UNIQUE (tenant_id, id, resource_type),
    CONSTRAINT resource_pools_type_is_named CHECK (resource_type <> ''),
    CONSTRAINT resource_pools_give_what_they_have CHECK (available BETWEEN 0 AND total_capacity),
    CONSTRAINT resource_pools_reserve_is_within_capacity CHECK (reserve BETWEEN 0 AND total_capacity),
    CONSTRAINT resource_pools_interval_is_positive CHECK (refresh_interval > interval '0')
);
COMMENT ON TABLE society.resource_pools IS 'rewards: tenant: what there is to give out.';
COMMENT ON COLUMN society.resource_pools.available IS 'Capacity less what is allocated; kept by triggers.';
CREATE UNIQUE INDEX resource_pools_one_live_per_type ON society.resource_pools (tenant_id, resource_type) WHERE deleted_at IS NULL;

CREATE FUNCTION society.fill_pool() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER resource_pools_begin_full BEFORE INSERT ON society.resource_pools
    FOR EACH ROW EXECUTE FUNCTION society.fill_pool();
CREATE TRIGGER resource_pools_grow_and_shrink BEFORE UPDATE OF total_capacity ON society.resource_pools
    FOR EACH ROW WHEN (OLD.total_capacity <> NEW.total_capacity) EXECUTE FUNCTION society.fill_pool();

CREATE TABLE society.resource_allocations (
    id               uuid                     PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid                     NOT NULL DEFAULT platform.tenant_id(),
    agent_id         uuid                     NOT NULL,
    pool_id          uuid                     NOT NULL,
    resource_type    varchar(50)              NOT NULL,
    amount           integer                  NOT NULL,
    used             integer                  NOT NULL DEFAULT 0,
    performance_tier society.performance_tier NOT NULL,
    status           varchar(20)              NOT NULL DEFAULT 'active',
    granted_by       uuid                     DEFAULT platform.user_id() REFERENCES platform.users,
    expires_at       timestamptz,
    released_at      timestamptz,
    created_at       timestamptz              NOT NULL DEFAULT now(),
    updated_at       timestamptz              NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, pool_id, resource_type) REFERENCES society.resource_pools (tenant_id, id, resource_type),
    CONSTRAINT resource_allocations_amount_is_positive CHECK (amount > 0),
    CONSTRAINT resource_allocations_use_is_within_the_amount CHECK (used BETWEEN 0 AND amount),
    CONSTRAINT resource_allocations_status_is_known CHECK (status IN ('active', 'released', 'expired', 'revoked')),
    CONSTRAINT resource_allocations_end_is_recorded CHECK ((status = 'active') = (released_at IS NULL))
);
COMMENT ON TABLE society.resource_allocations IS 'rewards: tenant: what an agent has been lent from a pool, on the strength of which tier, until when.';
CREATE INDEX resource_allocations_by_agent ON society.resource_allocations (tenant_id, agent_id, status);
CREATE INDEX resource_allocations_by_pool ON society.resource_allocations (tenant_id, pool_id, resource_type);
CREATE INDEX resource_allocations_by_expiry ON society.resource_allocations (expires_at) WHERE status = 'active';
CREATE INDEX resource_allocations_by_granter ON society.resource_allocations (granted_by) WHERE granted_by IS NOT NULL;

CREATE TRIGGER resource_allocations_end_once BEFORE UPDATE ON society.resource_allocations
    FOR EACH ROW WHEN (OLD.status <> 'active' AND OLD.status <> NEW.status)
    EXECUTE FUNCTION society.refuse('an allocation that has ended does not come back');

CREATE FUNCTION society.stamp_release() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.released_at := COALESCE(NEW.released_at, now());
    RETURN NEW;
END
$$;
CREATE TRIGGER resource_allocations_are_stamped BEFORE UPDATE OF status ON society.resource_allocations
    FOR EACH ROW WHEN (OLD.status = 'active' AND NEW.status <> 'active') EXECUTE FUNCTION society.stamp_release();

-- Two who ask at the same time for what is left wait for the pool's row, and the check refuses the second.
CREATE FUNCTION society.draw_from_pool() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER resource_allocations_are_drawn AFTER INSERT OR DELETE OR UPDATE OF status, amount ON society.resource_allocations
    FOR EACH ROW EXECUTE FUNCTION society.draw_from_pool();

CREATE TABLE society.agent_permissions (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid         NOT NULL DEFAULT platform.tenant_id(),
    agent_id   uuid         NOT NULL,
    permission varchar(100) NOT NULL,
    basis      text,
    granted_by uuid         DEFAULT platform.user_id() REFERENCES platform.users,
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT agent_permissions_are_named CHECK (permission <> '')
);
COMMENT ON TABLE society.agent_permissions IS 'rewards: tenant: what an agent has earned leave to do, and on what ground.';
CREATE UNIQUE INDEX agent_permissions_one_live_per_permission ON society.agent_permissions (tenant_id, agent_id, permission) WHERE revoked_at IS NULL;
CREATE INDEX agent_permissions_by_agent ON society.agent_permissions (tenant_id, agent_id);
CREATE INDEX agent_permissions_by_granter ON society.agent_permissions (granted_by) WHERE granted_by IS NOT NULL;

CREATE TABLE society.priority_queues (
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid        NOT NULL DEFAULT platform.tenant_id(),
    agent_id   uuid        NOT NULL,
    queue_id   uuid        NOT NULL,
    boost      integer     NOT NULL DEFAULT 1,
    basis      text,
    expires_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT priority_queues_one_per_queue UNIQUE (tenant_id, agent_id, queue_id),
    CONSTRAINT priority_queues_boost_is_positive CHECK (boost > 0)
);
COMMENT ON TABLE society.priority_queues IS 'rewards: tenant: which agents come first in which queue, and by how much.';
CREATE INDEX priority_queues_by_queue ON society.priority_queues (tenant_id, queue_id, boost DESC);

-- penalties ----------------------------------------------------------------------

CREATE TYPE society.violation_type AS ENUM (
    'task_abandonment', 'deadline_miss', 'poor_quality', 'false_report', 'vote_manipulation', 'rating_manipulation', 'collusion',
    'resource_abuse', 'permission_breach', 'unsafe_output', 'protocol_breach', 'impersonation'
);
CREATE TYPE society.appeal_status AS ENUM ('filed', 'under_review', 'upheld', 'reduced', 'overturned', 'rejected', 'withdrawn');
COMMENT ON TYPE society.appeal_status IS 'upheld: the appeal fails on its merits and the penalty stands · reduced, overturned: it succeeds in part or whole · rejected: not heard.';

CREATE TABLE society.violations (
    id               uuid                   PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid                   NOT NULL DEFAULT platform.tenant_id(),
    agent_id         uuid                   NOT NULL,
    violation_type   society.violation_type NOT NULL,
    severity         integer                NOT NULL,
    penalty_points   integer                NOT NULL DEFAULT 0,
    status           varchar(20)            NOT NULL DEFAULT 'reported',
    status_reason    text,
    description      text,
    evidence         jsonb                  NOT NULL DEFAULT '{}',
    task_id          uuid,
    reported_by      uuid                   DEFAULT society.acting_agent(),
    reported_by_user uuid                   DEFAULT platform.user_id() REFERENCES platform.users,
    detected_by      varchar(100),
    occurred_at      timestamptz            NOT NULL DEFAULT now(),
    created_at       timestamptz            NOT NULL DEFAULT now(),
    updated_at       timestamptz            NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT violations_are_of_one_agent UNIQUE (tenant_id, id, agent_id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, reported_by) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id),
    CONSTRAINT violations_severity_range CHECK (severity BETWEEN 1 AND 5),
    CONSTRAINT violations_penalty_is_not_negative CHECK (penalty_points >= 0),
    CONSTRAINT violations_status_is_known CHECK (status IN ('reported', 'confirmed', 'dismissed', 'overturned', 'expired')),
    CONSTRAINT violations_are_reported_by_others CHECK (reported_by <> agent_id)
);
COMMENT ON TABLE society.violations IS 'penalties: tenant: what an agent did against the rules, how grave it was, and what it cost.';
COMMENT ON COLUMN society.violations.penalty_points IS 'What counts against the agent while the violation stands; dismissed, overturned or expired, it counts nothing.';
CREATE INDEX violations_by_agent ON society.violations (tenant_id, agent_id, occurred_at DESC);
CREATE INDEX violations_by_reporter ON society.violations (tenant_id, reported_by) WHERE reported_by IS NOT NULL;
CREATE INDEX violations_by_task ON society.violations (tenant_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX violations_by_user ON society.violations (reported_by_user) WHERE reported_by_user IS NOT NULL;

CREATE TABLE store.penalty_history (
    id           uuid        NOT NULL DEFAULT gen_random_uuid(),
    tenant_id    uuid        NOT NULL DEFAULT platform.tenant_id(),
    agent_id     uuid        NOT NULL,
    violation_id uuid        NOT NULL,
    event_type   varchar(20) NOT NULL,
    points_delta integer     NOT NULL,
    actor_id     uuid        DEFAULT society.acting_agent(),
    user_id      uuid        DEFAULT platform.user_id(),
    reason       text,
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations (tenant_id, id, agent_id) ON DELETE CASCADE,
    CONSTRAINT penalty_history_event_is_known CHECK (event_type IN ('assessed', 'raised', 'reduced', 'reversed', 'expired', 'reinstated'))
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.penalty_history IS 'penalties: tenant: every change of a penalty: the sum over a violation is what it costs now; written by a trigger.';
CREATE INDEX penalty_history_by_violation ON store.penalty_history (tenant_id, violation_id, created_at);
CREATE INDEX penalty_history_by_agent ON store.penalty_history (tenant_id, agent_id, created_at DESC);
SELECT platform.create_series('penalty_history', 'created_at', '1 month', '12 months', chunk => '1 month');
REVOKE ALL ON store.penalty_history FROM guildhall_app; -- only triggers add to it

CREATE VIEW society.penalty_history AS
    SELECT id, tenant_id, agent_id, violation_id, event_type, points_delta, actor_id, user_id, reason, created_at
      FROM store.penalty_history
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW society.penalty_history IS 'penalties: tenant: the penalty history of the team''s own agents.';
GRANT SELECT ON society.penalty_history TO guildhall_app;

CREATE FUNCTION society.record_penalty() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER violations_keep_a_penalty_history AFTER INSERT OR UPDATE OF status, penalty_points ON society.violations
    FOR EACH ROW EXECUTE FUNCTION society.record_penalty();

CREATE TABLE society.appeals (
    id                uuid                  PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid                  NOT NULL DEFAULT platform.tenant_id(),
    violation_id      uuid                  NOT NULL,
    agent_id          uuid                  NOT NULL,
    status            society.appeal_status NOT NULL DEFAULT 'filed',
    grounds           text                  NOT NULL,
    decision          text,
    reviewer_id       uuid,
    voting_session_id uuid,
    decided_at        timestamptz,
    created_at        timestamptz           NOT NULL DEFAULT now(),
    updated_at        timestamptz           NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    -- Only whom it concerns appeals.
    FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations (tenant_id, id, agent_id),
    FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions (tenant_id, id),
    CONSTRAINT appeals_are_reviewed_by_others CHECK (reviewer_id <> agent_id),
    CONSTRAINT appeals_have_grounds CHECK (grounds <> ''),
    CONSTRAINT appeals_decision_is_recorded CHECK (
        (status IN ('upheld', 'reduced', 'overturned', 'rejected')) = (decided_at IS NOT NULL) AND (decided_at IS NULL OR decision IS NOT NULL)
    )
);
COMMENT ON TABLE society.appeals IS 'penalties: tenant: what an agent says against a violation it is charged with, and what was decided.';
CREATE UNIQUE INDEX appeals_one_open_per_violation ON society.appeals (tenant_id, violation_id) WHERE status IN ('filed', 'under_review');
CREATE INDEX appeals_by_violation ON society.appeals (tenant_id, violation_id, agent_id);
CREATE INDEX appeals_by_reviewer ON society.appeals (tenant_id, reviewer_id) WHERE reviewer_id IS NOT NULL;
CREATE INDEX appeals_by_vote ON society.appeals (tenant_id, voting_session_id) WHERE voting_session_id IS NOT NULL;

CREATE TRIGGER appeals_follow_their_states BEFORE UPDATE OF status ON society.appeals
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status NOT IN ('filed', 'under_review') OR NEW.status = 'filed'))
    EXECUTE FUNCTION society.refuse('an appeal is filed, reviewed and decided once');

CREATE TABLE society.appeal_reviews (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid        NOT NULL DEFAULT platform.tenant_id(),
    appeal_id   uuid        NOT NULL,
    reviewer_id uuid        NOT NULL,
    opinion     varchar(20),
    comment     text,
    is_recused  boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, appeal_id) REFERENCES society.appeals (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT appeal_reviews_one_per_reviewer UNIQUE (tenant_id, appeal_id, reviewer_id),
    CONSTRAINT appeal_reviews_opinion_is_known CHECK (opinion IN ('uphold', 'reduce', 'overturn')),
    CONSTRAINT appeal_reviews_opine_or_recuse CHECK (is_recused = (opinion IS NULL))
);
COMMENT ON TABLE society.appeal_reviews IS 'penalties: tenant: what each reviewer of an appeal thinks, or that they stand aside.';
CREATE INDEX appeal_reviews_by_reviewer ON society.appeal_reviews (tenant_id, reviewer_id);

-- Neither the accuser nor the accused is the judge. A violation's accuser cannot be changed, so looking once is enough.
CREATE FUNCTION society.refuse_partial_reviewer() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER appeals_are_reviewed_impartially BEFORE INSERT OR UPDATE OF reviewer_id ON society.appeals
    FOR EACH ROW WHEN (NEW.reviewer_id IS NOT NULL) EXECUTE FUNCTION society.refuse_partial_reviewer();
CREATE TRIGGER appeal_reviews_are_impartial BEFORE INSERT OR UPDATE OF reviewer_id, opinion ON society.appeal_reviews
    FOR EACH ROW WHEN (NOT NEW.is_recused) EXECUTE FUNCTION society.refuse_partial_reviewer();

CREATE TABLE society.retraining_programs (
    id                  uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id            uuid          NOT NULL,
    violation_id        uuid,
    curriculum          text          NOT NULL,
    assessment          jsonb         NOT NULL DEFAULT '{}',
    status              varchar(20)   NOT NULL DEFAULT 'assigned',
    progress_percentage numeric(5, 2) NOT NULL DEFAULT 0,
    due_at              timestamptz,
    completed_at        timestamptz,
    created_at          timestamptz   NOT NULL DEFAULT now(),
    updated_at          timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT retraining_programs_are_of_one_agent UNIQUE (tenant_id, id, agent_id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations (tenant_id, id, agent_id),
    CONSTRAINT retraining_programs_curriculum_is_named CHECK (curriculum <> ''),
    CONSTRAINT retraining_programs_status_is_known CHECK (status IN ('assigned', 'in_progress', 'completed', 'failed', 'cancelled')),
    CONSTRAINT retraining_programs_progress_range CHECK (progress_percentage BETWEEN 0 AND 100),
    CONSTRAINT retraining_programs_completion_is_recorded CHECK ((status = 'completed') = (completed_at IS NOT NULL))
);
COMMENT ON TABLE society.retraining_programs IS 'penalties: tenant: what an agent has to learn, by when, and how it will be examined.';
CREATE INDEX retraining_programs_by_agent ON society.retraining_programs (tenant_id, agent_id, status);
CREATE INDEX retraining_programs_by_violation ON society.retraining_programs (tenant_id, violation_id, agent_id) WHERE violation_id IS NOT NULL;

CREATE TABLE society.retraining_assessments (
    id          uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid          NOT NULL DEFAULT platform.tenant_id(),
    program_id  uuid          NOT NULL,
    agent_id    uuid          NOT NULL,
    attempt     integer       NOT NULL,
    score       numeric(5, 4),
    passed      boolean       NOT NULL,
    assessor_id uuid,
    comment     text,
    created_at  timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, program_id, agent_id) REFERENCES society.retraining_programs (tenant_id, id, agent_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, assessor_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT retraining_assessments_one_per_attempt UNIQUE (tenant_id, program_id, attempt),
    CONSTRAINT retraining_assessments_attempt_is_positive CHECK (attempt > 0),
    CONSTRAINT retraining_assessments_score_is_a_share CHECK (score BETWEEN 0 AND 1),
    CONSTRAINT retraining_assessments_are_by_others CHECK (assessor_id <> agent_id)
);
COMMENT ON TABLE society.retraining_assessments IS 'penalties: tenant: each examination in a retraining, by somebody else.';
CREATE INDEX retraining_assessments_by_program ON society.retraining_assessments (tenant_id, program_id, agent_id);
CREATE INDEX retraining_assessments_by_assessor ON society.retraining_assessments (tenant_id, assessor_id) WHERE assessor_id IS NOT NULL;

-- who may do what ----------------------------------------------------------------

SELECT society.settle('society.trust_graph', fixed => '{from_agent_id, to_agent_id, context}', audited => false);
SELECT society.settle('society.peer_ratings', fixed => '{rater_id, ratee_id, context, task_id, battle_id}');
SELECT society.settle('society.pretrusted_agents', fixed => '{agent_id}');
SELECT society.settle('society.eigentrust_runs', fixed => '{alpha, tolerance, nodes, edges, pretrust, input_hash, started_at}', audited => false);
SELECT society.settle('society.global_trust_scores', fixed => '{agent_id}', audited => false);
SELECT society.settle('society.mentorship_curriculum');
SELECT society.settle('society.mentorship_pairings', fixed => '{mentor_id, mentee_id, skill_focus}', kept => '{completed_sessions}');
SELECT society.settle('society.mentorship_sessions', fixed => '{pairing_id, session_number}', removable => true);
SELECT society.settle('society.mentee_progress', fixed => '{pairing_id, mentee_id, curriculum_id}');
SELECT society.settle('society.resource_pools', fixed => '{resource_type}', kept => '{available}');
SELECT society.settle('society.resource_allocations', fixed => '{agent_id, pool_id, resource_type, amount, performance_tier, granted_by}');
SELECT society.settle('society.agent_permissions', fixed => '{agent_id, permission, granted_by}');
SELECT society.settle('society.priority_queues', fixed => '{agent_id, queue_id}', removable => true);
SELECT society.settle('society.violations', fixed => '{agent_id, violation_type, reported_by, reported_by_user, detected_by, occurred_at}');
SELECT society.settle('society.appeals', fixed => '{violation_id, agent_id, grounds}');
SELECT society.settle('society.appeal_reviews', fixed => '{appeal_id, reviewer_id}');
SELECT society.settle('society.retraining_programs', fixed => '{agent_id, violation_id}');
SELECT society.settle('society.retraining_assessments', fixed => '{program_id, agent_id, attempt, score, passed, assessor_id, comment}');

-- An agent that asks for itself sees its own violations; people see their team's. Restrictive, so that it
-- narrows what the team may see and never widens it (errata, agent_orchestrator 1072 and 1074).
CREATE POLICY agent_own_violations ON society.violations
    AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader
    USING ((SELECT society.acting_agent()) IS NULL OR agent_id = (SELECT society.acting_agent()));

INSERT INTO platform.audit_exemptions (relation, operations, reason) VALUES
    ('society.trust_graph',         '{INSERT, UPDATE, DELETE}', 'bulk: changes with every dealing'),
    ('society.eigentrust_runs',     '{INSERT, UPDATE, DELETE}', 'a log of computations'),
    ('society.global_trust_scores', '{INSERT, UPDATE, DELETE}', 'bulk: computed; every score is in reputation_history');

SELECT platform.settle_grants();
