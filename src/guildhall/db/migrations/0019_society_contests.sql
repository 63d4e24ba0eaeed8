-- The society of agents, third part: what they win: points and tiers, battles,
-- places on leaderboards.

-- gamification -------------------------------------------------------------------

CREATE TYPE society.achievement_category AS ENUM (
    'task', 'quality', 'speed', 'collaboration', 'voting', 'innovation', 'battle', 'mentorship', 'reputation', 'streak', 'special'
);

CREATE TABLE society.tiers (
    tenant_id   uuid                     NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams ON DELETE CASCADE,
    tier        society.performance_tier NOT NULL,
    min_points  integer                  NOT NULL,
    keep_points integer                  NOT NULL,
    multiplier  numeric(8, 4)            NOT NULL DEFAULT 1,
    perks       jsonb                    NOT NULL DEFAULT '{}',
    created_at  timestamptz              NOT NULL DEFAULT now(),
    updated_at  timestamptz              NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, tier),
    CONSTRAINT tiers_are_kept_below_where_they_are_reached CHECK (keep_points <= min_points),
    CONSTRAINT tiers_multiplier_is_positive CHECK (multiplier > 0)
);
COMMENT ON TABLE society.tiers IS 'gamification: tenant: the points at which an agent of the team rises to a tier and below which it falls from it; every team is given all six.';
COMMENT ON COLUMN society.tiers.keep_points IS 'Lower than min_points, so that an agent at the edge does not rise and fall with every transaction.';

CREATE FUNCTION society.refuse_crossed_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER tiers_rise_with_points AFTER UPDATE OF min_points, keep_points ON society.tiers
    FOR EACH ROW EXECUTE FUNCTION society.refuse_crossed_tiers();

CREATE FUNCTION society.default_tiers()
    RETURNS TABLE (tier society.performance_tier, min_points integer, keep_points integer, multiplier numeric)
    LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
    VALUES ('bronze'::society.performance_tier, 0, 0, 1), ('silver', 1000, 900, 1.05), ('gold', 5000, 4500, 1.1),
           ('platinum', 15000, 13500, 1.15), ('diamond', 50000, 45000, 1.2), ('legend', 150000, 135000, 1.25);
END;

-- Every team has thresholds of its own, which it may move; a new team is given the usual ones.
CREATE FUNCTION society.give_tiers() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO society.tiers (tenant_id, tier, min_points, keep_points, multiplier)
    SELECT NEW.id, usual.* FROM society.default_tiers() AS usual;
    RETURN NULL;
END
$$;
CREATE TRIGGER teams_are_given_tiers AFTER INSERT ON platform.teams
    FOR EACH ROW EXECUTE FUNCTION society.give_tiers();

CREATE TABLE society.tier_history (
    id             uuid                     PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid                     NOT NULL DEFAULT platform.tenant_id(),
    agent_id       uuid                     NOT NULL,
    old_tier       society.performance_tier NOT NULL,
    new_tier       society.performance_tier NOT NULL,
    points_at      integer                  NOT NULL,
    transaction_id uuid,
    created_at     timestamptz              NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT tier_history_is_of_changes CHECK (old_tier <> new_tier)
);
COMMENT ON TABLE society.tier_history IS 'gamification: tenant: every rise and fall of an agent, and the points it had then; written by a trigger.';
COMMENT ON COLUMN society.tier_history.transaction_id IS 'The last of the point transactions that caused it; they are a series, so no key points there.';
CREATE INDEX tier_history_by_agent ON society.tier_history (tenant_id, agent_id, created_at DESC);

CREATE TABLE society.point_rules (
    id              uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid          NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    category        varchar(50)   NOT NULL,
    base_points     integer       NOT NULL,
    multiplier_rule jsonb         NOT NULL DEFAULT '{}',
    cap_per_day     integer,
    is_active       boolean       NOT NULL DEFAULT true,
    created_at      timestamptz   NOT NULL DEFAULT now(),
    updated_at      timestamptz   NOT NULL DEFAULT now(),
    CONSTRAINT point_rules_one_per_category UNIQUE (tenant_id, category),
    CONSTRAINT point_rules_category_is_plain CHECK (category ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT point_rules_cap_is_not_negative CHECK (cap_per_day >= 0)
);
COMMENT ON TABLE society.point_rules IS 'gamification: tenant: what an act of a category is worth, and how much of it counts in a day.';

CREATE TABLE store.point_transactions (
    id              uuid          NOT NULL DEFAULT gen_random_uuid(),
    tenant_id       uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id        uuid          NOT NULL,
    category        varchar(50)   NOT NULL,
    base_points     integer       NOT NULL,
    multiplier      numeric(8, 4) NOT NULL DEFAULT 1,
    final_points    integer       NOT NULL,
    reason          text,
    source_type     varchar(50),
    source_id       uuid,
    idempotency_key varchar(255),
    created_at      timestamptz   NOT NULL DEFAULT now(),
    PRIMARY KEY (id, created_at),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT point_transactions_category_is_plain CHECK (category ~ '^[a-z][a-z0-9_]*$'),
    CONSTRAINT point_transactions_multiplier_is_not_negative CHECK (multiplier >= 0),
    CONSTRAINT point_transactions_final_is_base_by_multiplier CHECK (final_points = round(base_points * multiplier)),
    CONSTRAINT point_transactions_source_is_whole CHECK (num_nonnulls(source_type, source_id) <> 1),
    CONSTRAINT point_transactions_key_is_not_empty CHECK (idempotency_key <> '')
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.point_transactions IS 'gamification: tenant: points given and taken; what was wrong is put right by a row against it.';
CREATE INDEX point_transactions_by_agent ON store.point_transactions (tenant_id, agent_id, created_at DESC);
SELECT platform.create_series('point_transactions', 'created_at', '1 month', '12 months', chunk => '1 month');

CREATE VIEW society.point_transactions AS
    SELECT id, tenant_id, agent_id, category, base_points, multiplier, final_points, reason, source_type, source_id, idempotency_key, created_at
      FROM store.point_transactions
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW society.point_transactions ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW society.point_transactions IS 'gamification: tenant: the team''s own point transactions.';
GRANT SELECT, INSERT ON society.point_transactions TO guildhall_app;

-- A series cannot be unique over more than a partition, so keys are kept beside it.
CREATE TABLE society.point_keys (
    tenant_id       uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    idempotency_key varchar(255) NOT NULL,
    transaction_id  uuid         NOT NULL,
    created_at      timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT point_keys_one_award_per_key PRIMARY KEY (tenant_id, idempotency_key)
);
COMMENT ON TABLE society.point_keys IS 'gamification: tenant: which award was made already: a second one of the same key is refused, in whatever month; written by a trigger.';

-- Adds what a statement gave to each agent's total, and moves the agent to the
-- tier of its points. Agents are locked in one order, so two batches of many
-- agents wait for each other and never in a circle.
CREATE FUNCTION society.add_points() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER point_transactions_move_agents AFTER INSERT ON store.point_transactions
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.add_points();

CREATE TABLE society.achievements (
    id             uuid                         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid                         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    achievement_id varchar(100)                 NOT NULL,
    name           varchar(200)                 NOT NULL,
    description    text,
    category       society.achievement_category NOT NULL,
    requirements   jsonb                        NOT NULL,
    points_reward  integer                      NOT NULL DEFAULT 0,
    rarity         varchar(20)                  NOT NULL DEFAULT 'common',
    icon           text,
    is_repeatable  boolean                      NOT NULL DEFAULT false,
    is_secret      boolean                      NOT NULL DEFAULT false,
    is_active      boolean                      NOT NULL DEFAULT true,
    created_at     timestamptz                  NOT NULL DEFAULT now(),
    updated_at     timestamptz                  NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT achievements_are_named CHECK (achievement_id <> '' AND name <> ''),
    CONSTRAINT achievements_requirements_are_an_object CHECK (jsonb_typeof(requirements) = 'object'),
    CONSTRAINT achievements_reward_is_not_negative CHECK (points_reward >= 0),
    CONSTRAINT achievements_rarity_is_known CHECK (rarity IN ('common', 'uncommon', 'rare', 'epic', 'legendary'))
);
COMMENT ON TABLE society.achievements IS 'gamification: tenant: what can be achieved, what it takes, and what it is worth.';
CREATE UNIQUE INDEX achievements_one_live_per_achievement_id ON society.achievements (tenant_id, achievement_id) WHERE deleted_at IS NULL;
CREATE INDEX achievements_by_category ON society.achievements (tenant_id, category) WHERE is_active AND deleted_at IS NULL;

CREATE TABLE society.agent_achievements (
    id                    uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id             uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id              uuid          NOT NULL,
    achievement_id        uuid          NOT NULL,
    period                varchar(20),
    progress              numeric(5, 4) NOT NULL DEFAULT 0,
    earned_at             timestamptz,
    points_transaction_id uuid,
    created_at            timestamptz   NOT NULL DEFAULT now(),
    updated_at            timestamptz   NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, achievement_id) REFERENCES society.achievements (tenant_id, id),
    CONSTRAINT agent_achievements_one_per_period UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, achievement_id, period),
    CONSTRAINT agent_achievements_progress_is_a_share CHECK (progress BETWEEN 0 AND 1),
    CONSTRAINT agent_achievements_earned_is_done CHECK (earned_at IS NULL OR progress = 1)
);
COMMENT ON TABLE society.agent_achievements IS 'gamification: tenant: how far an agent is with an achievement, and when it was earned; once, or once in each period where it can be repeated.';
CREATE INDEX agent_achievements_by_achievement ON society.agent_achievements (tenant_id, achievement_id);

CREATE TABLE society.streaks (
    id               uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id        uuid        NOT NULL DEFAULT platform.tenant_id(),
    agent_id         uuid        NOT NULL,
    streak_type      varchar(50) NOT NULL,
    current_count    integer     NOT NULL DEFAULT 0,
    longest_count    integer     NOT NULL DEFAULT 0,
    last_activity_on date,
    freeze_tokens    integer     NOT NULL DEFAULT 0,
    timezone         varchar(64) NOT NULL DEFAULT 'UTC',
    created_at       timestamptz NOT NULL DEFAULT now(),
    updated_at       timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT streaks_one_per_type UNIQUE (tenant_id, agent_id, streak_type),
    CONSTRAINT streaks_type_is_named CHECK (streak_type <> ''),
    CONSTRAINT streaks_counts_agree CHECK (current_count BETWEEN 0 AND longest_count),
    CONSTRAINT streaks_tokens_are_not_negative CHECK (freeze_tokens >= 0)
);
COMMENT ON TABLE society.streaks IS 'gamification: tenant: days in a row on which an agent did something, in its own time zone.';

-- battles ------------------------------------------------------------------------

CREATE TYPE society.battle_mode AS ENUM ('duel', 'team', 'free_for_all', 'tournament', 'king_of_the_hill', 'collaborative');
CREATE TYPE society.battle_status AS ENUM ('scheduled', 'open', 'in_progress', 'judging', 'completed', 'cancelled', 'disputed');

CREATE TABLE society.battles (
    id           uuid                  PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    uuid                  NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    battle_id    varchar(100)          NOT NULL,
    title        varchar(500)          NOT NULL,
    category     varchar(50)           NOT NULL DEFAULT 'general',
    mode         society.battle_mode   NOT NULL DEFAULT 'duel',
    status       society.battle_status NOT NULL DEFAULT 'scheduled',
    task_id      uuid,
    rules        jsonb                 NOT NULL DEFAULT '{}',
    judge_kind   varchar(20),
    is_rated     boolean               NOT NULL DEFAULT true,
    prize_pool   integer               NOT NULL DEFAULT 0,
    winner_id    uuid,
    scheduled_at timestamptz,
    started_at   timestamptz,
    ended_at     timestamptz,
    created_by   uuid                  DEFAULT platform.user_id() REFERENCES platform.users,
    created_at   timestamptz           NOT NULL DEFAULT now(),
    updated_at   timestamptz           NOT NULL DEFAULT now(),
    deleted_at   timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks (tenant_id, id),
    FOREIGN KEY (tenant_id, winner_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT battles_are_named CHECK (battle_id <> '' AND title <> '' AND category <> ''),
    CONSTRAINT battles_judge_is_known CHECK (judge_kind IN ('agents', 'people', 'tests', 'model')),
    CONSTRAINT battles_prize_is_not_negative CHECK (prize_pool >= 0),
    CONSTRAINT battles_are_won_at_their_end CHECK (winner_id IS NULL OR status IN ('judging', 'completed', 'disputed')),
    CONSTRAINT battles_end_after_they_begin CHECK (ended_at >= started_at)
);
COMMENT ON TABLE society.battles IS 'battles: tenant: judged contests between agents.';
COMMENT ON COLUMN society.battles.winner_id IS 'One of its participants; null for a draw.';
CREATE UNIQUE INDEX battles_one_live_per_battle_id ON society.battles (tenant_id, battle_id) WHERE deleted_at IS NULL;
CREATE INDEX battles_by_status ON society.battles (tenant_id, status, created_at DESC);
CREATE INDEX battles_by_winner ON society.battles (tenant_id, winner_id) WHERE winner_id IS NOT NULL;
CREATE INDEX battles_by_task ON society.battles (tenant_id, task_id) WHERE task_id IS NOT NULL;
CREATE INDEX battles_by_creator ON society.battles (created_by) WHERE created_by IS NOT NULL;

CREATE TABLE society.battle_participants (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid         NOT NULL DEFAULT platform.tenant_id(),
    battle_id  uuid         NOT NULL,
    agent_id   uuid         NOT NULL,
    team       varchar(100),
    submission jsonb,
    score      numeric,
    rank       integer,
    elo_change integer,
    joined_at  timestamptz  NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT battle_participants_one_per_agent UNIQUE (tenant_id, battle_id, agent_id),
    CONSTRAINT battle_participants_rank_is_positive CHECK (rank > 0)
);
COMMENT ON TABLE society.battle_participants IS 'battles: tenant: who fights, on which side, with what, and how it went.';
CREATE INDEX battle_participants_by_agent ON society.battle_participants (tenant_id, agent_id);

ALTER TABLE society.battles ADD CONSTRAINT battles_are_won_by_a_participant
    FOREIGN KEY (tenant_id, id, winner_id) REFERENCES society.battle_participants (tenant_id, battle_id, agent_id);

CREATE TRIGGER battles_follow_their_states BEFORE UPDATE OF status ON society.battles
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status, NEW.status) NOT IN (
            ('scheduled', 'open'), ('scheduled', 'in_progress'), ('scheduled', 'cancelled'),
            ('open', 'in_progress'), ('open', 'cancelled'),
            ('in_progress', 'judging'), ('in_progress', 'completed'), ('in_progress', 'cancelled'), ('in_progress', 'disputed'),
            ('judging', 'completed'), ('judging', 'disputed'), ('judging', 'cancelled'),
            ('completed', 'disputed'), ('disputed', 'judging'), ('disputed', 'completed'), ('disputed', 'cancelled')
        )
    )
    EXECUTE FUNCTION society.refuse('a battle is announced, fought, judged and completed, in this order');
CREATE TRIGGER battles_keep_their_winner BEFORE UPDATE OF winner_id ON society.battles
    FOR EACH ROW WHEN (OLD.status = 'completed' AND NEW.status = 'completed' AND OLD.winner_id IS DISTINCT FROM NEW.winner_id)
    EXECUTE FUNCTION society.refuse('a completed battle keeps its winner unless it is disputed');

-- Who fights is settled when the fight begins.
CREATE FUNCTION society.guard_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
-- Not for the owner, as whom a team is erased.
CREATE TRIGGER battle_participants_are_known_at_the_beginning BEFORE INSERT OR DELETE ON society.battle_participants
    FOR EACH ROW WHEN (current_user <> 'guildhall_owner') EXECUTE FUNCTION society.guard_participants();

CREATE FUNCTION society.count_battles() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER battles_are_counted AFTER UPDATE OF status ON society.battles
    FOR EACH ROW WHEN (OLD.status <> NEW.status AND (OLD.status = 'completed' OR NEW.status = 'completed'))
    EXECUTE FUNCTION society.count_battles();

CREATE TABLE society.battle_rounds (
    id           uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    uuid        NOT NULL DEFAULT platform.tenant_id(),
    battle_id    uuid        NOT NULL,
    round_number integer     NOT NULL,
    judge_id     uuid,
    scores       jsonb       NOT NULL DEFAULT '{}',
    verdict      text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    updated_at   timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, judge_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT battle_rounds_one_per_judge UNIQUE NULLS NOT DISTINCT (tenant_id, battle_id, round_number, judge_id),
    CONSTRAINT battle_rounds_number_is_positive CHECK (round_number > 0)
);
COMMENT ON TABLE society.battle_rounds IS 'battles: tenant: what each judge said of each round; nobody judges a battle they fight in.';
CREATE INDEX battle_rounds_by_judge ON society.battle_rounds (tenant_id, judge_id) WHERE judge_id IS NOT NULL;

CREATE FUNCTION society.refuse_judge_who_fights() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER battle_rounds_are_judged_by_others BEFORE INSERT OR UPDATE OF judge_id ON society.battle_rounds
    FOR EACH ROW EXECUTE FUNCTION society.refuse_judge_who_fights();

CREATE TABLE society.elo_history (
    id         uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid          NOT NULL DEFAULT platform.tenant_id(),
    agent_id   uuid          NOT NULL,
    battle_id  uuid,
    category   varchar(50),
    old_rating integer       NOT NULL,
    new_rating integer       NOT NULL,
    change     integer       NOT NULL,
    k_factor   numeric(6, 2),
    expected   numeric(7, 6),
    actual     numeric(7, 6),
    reason     text,
    created_at timestamptz   NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, battle_id, agent_id) REFERENCES society.battle_participants (tenant_id, battle_id, agent_id),
    CONSTRAINT elo_history_one_per_battle UNIQUE (tenant_id, agent_id, battle_id),
    CONSTRAINT elo_history_new_is_old_and_change CHECK (new_rating = old_rating + change),
    CONSTRAINT elo_history_shares CHECK (expected BETWEEN 0 AND 1 AND actual BETWEEN 0 AND 1),
    CONSTRAINT elo_history_has_a_cause CHECK (num_nonnulls(battle_id, reason) > 0)
);
COMMENT ON TABLE society.elo_history IS 'battles: tenant: each change of an agent''s rating, from the one before; rows are added and never changed.';
CREATE INDEX elo_history_by_battle ON society.elo_history (tenant_id, battle_id, agent_id) WHERE battle_id IS NOT NULL;
CREATE INDEX elo_history_by_agent ON society.elo_history (tenant_id, agent_id, created_at DESC);

-- A rating is where its history ends. Who computed from a rating that is no longer the latest computes again.
CREATE FUNCTION society.move_rating() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER elo_history_continues_the_rating AFTER INSERT ON society.elo_history
    FOR EACH ROW EXECUTE FUNCTION society.move_rating();

-- leaderboards -------------------------------------------------------------------

CREATE TABLE society.leaderboard_periods (
    tenant_id     uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    category      varchar(50) NOT NULL,
    period        varchar(20) NOT NULL,
    period_start  date        NOT NULL,
    period_end    date,
    closed_at     timestamptz,
    snapshot_hash bytea,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, category, period, period_start),
    CONSTRAINT leaderboard_periods_category_is_known CHECK (
        category IN ('overall', 'points', 'quality', 'battles', 'trust', 'collaboration', 'mentorship', 'tasks')
    ),
    CONSTRAINT leaderboard_periods_period_is_known CHECK (period IN ('daily', 'weekly', 'monthly', 'quarterly', 'yearly', 'all_time')),
    CONSTRAINT leaderboard_periods_end_after_they_begin CHECK (period_end > period_start),
    CONSTRAINT leaderboard_periods_end_unless_they_are_for_all_time CHECK ((period = 'all_time') = (period_end IS NULL)),
    CONSTRAINT leaderboard_periods_hash_is_sha256 CHECK (octet_length(snapshot_hash) = 32)
);
COMMENT ON TABLE society.leaderboard_periods IS 'leaderboards: tenant: which boards there are, for which days, and which are closed and change no more.';
COMMENT ON COLUMN society.leaderboard_periods.period_end IS 'The first day that no longer belongs to it, in UTC.';

CREATE TABLE society.leaderboard_rankings (
    id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid        NOT NULL DEFAULT platform.tenant_id(),
    category      varchar(50) NOT NULL,
    period        varchar(20) NOT NULL,
    period_start  date        NOT NULL,
    agent_id      uuid        NOT NULL,
    rank          integer     NOT NULL,
    score         numeric     NOT NULL,
    previous_rank integer,
    rank_change   integer,
    ci_low        numeric,
    ci_high       numeric,
    tie_group     integer,
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, category, period, period_start)
        REFERENCES society.leaderboard_periods (tenant_id, category, period, period_start),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT leaderboard_rankings_one_per_agent UNIQUE (tenant_id, category, period, period_start, agent_id),
    CONSTRAINT leaderboard_rankings_ranks_are_positive CHECK (rank > 0 AND (previous_rank IS NULL OR previous_rank > 0)),
    CONSTRAINT leaderboard_rankings_change_is_from_the_previous CHECK (rank_change IS NOT DISTINCT FROM previous_rank - rank),
    CONSTRAINT leaderboard_rankings_score_is_in_its_interval CHECK (ci_low <= score AND score <= ci_high)
);
COMMENT ON TABLE society.leaderboard_rankings IS 'leaderboards: tenant: the ranks of a board; equal scores share a rank and the next is left out.';
COMMENT ON COLUMN society.leaderboard_rankings.rank_change IS 'Ranks gained since the period before; null for somebody new, never 0.';
CREATE INDEX idx_leaderboard_category_period ON society.leaderboard_rankings (tenant_id, category, period, period_start, rank);
CREATE INDEX leaderboard_rankings_by_agent ON society.leaderboard_rankings (tenant_id, agent_id);

CREATE FUNCTION society.guard_closed_board() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER leaderboard_rankings_are_kept_once_closed BEFORE INSERT OR UPDATE OR DELETE ON society.leaderboard_rankings
    FOR EACH ROW WHEN (current_user <> 'guildhall_owner') EXECUTE FUNCTION society.guard_closed_board();
CREATE TRIGGER leaderboard_periods_stay_closed BEFORE UPDATE OF closed_at, snapshot_hash, period_end ON society.leaderboard_periods
    FOR EACH ROW WHEN (
        OLD.closed_at IS NOT NULL
        AND (OLD.closed_at, OLD.snapshot_hash, OLD.period_end) IS DISTINCT FROM (NEW.closed_at, NEW.snapshot_hash, NEW.period_end)
    )
    EXECUTE FUNCTION society.refuse('a board that was closed stays closed');

CREATE VIEW society.v_current_leaderboard WITH (security_invoker = true) AS
    SELECT rankings.tenant_id, rankings.category, rankings.period, rankings.period_start, periods.period_end,
           rankings.rank, rankings.previous_rank, rankings.rank_change, rankings.score, rankings.ci_low, rankings.ci_high,
           agents.id AS agent_uuid, agents.agent_id, agents.name, agents.current_tier, periods.closed_at
      FROM society.leaderboard_rankings AS rankings
      JOIN society.leaderboard_periods AS periods USING (tenant_id, category, period, period_start)
      JOIN society.agents ON agents.tenant_id = rankings.tenant_id AND agents.id = rankings.agent_id
     WHERE rankings.tenant_id = (SELECT platform.tenant_id())
       AND rankings.period = 'weekly'
       AND rankings.period_start <= (now() AT TIME ZONE 'UTC')::date
       AND periods.period_end > (now() AT TIME ZONE 'UTC')::date;
COMMENT ON VIEW society.v_current_leaderboard IS 'leaderboards: tenant: the ranks of the current week, in every category.';
GRANT SELECT ON society.v_current_leaderboard TO guildhall_app;

CREATE TABLE society.hall_of_fame (
    id          uuid                     PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid                     NOT NULL DEFAULT platform.tenant_id(),
    agent_id    uuid                     NOT NULL,
    tier        society.performance_tier NOT NULL,
    title       varchar(200)             NOT NULL,
    badge       varchar(100),
    citation    text,
    category    varchar(50),
    season      varchar(50),
    evidence    jsonb                    NOT NULL DEFAULT '{}',
    inducted_at timestamptz              NOT NULL DEFAULT now(),
    created_at  timestamptz              NOT NULL DEFAULT now(),
    updated_at  timestamptz              NOT NULL DEFAULT now(),
    deleted_at  timestamptz,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT hall_of_fame_title_is_named CHECK (title <> '')
);
COMMENT ON TABLE society.hall_of_fame IS 'leaderboards: tenant: agents to be remembered, and what for.';
CREATE UNIQUE INDEX hall_of_fame_one_live_per_title ON society.hall_of_fame (tenant_id, agent_id, title, season) NULLS NOT DISTINCT
    WHERE deleted_at IS NULL;
CREATE INDEX hall_of_fame_by_agent ON society.hall_of_fame (tenant_id, agent_id);

-- who may do what ----------------------------------------------------------------

SELECT society.settle('society.tiers', kept => '{tier}', audited => false);
REVOKE INSERT (min_points, keep_points, multiplier, perks, created_at) ON society.tiers FROM guildhall_app;
-- What every team is given is no act of anybody's.
CREATE TRIGGER tiers_are_audited AFTER UPDATE ON society.tiers
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
SELECT society.settle('society.point_rules', removable => true);
SELECT society.settle('society.achievements');
SELECT society.settle('society.agent_achievements', fixed => '{agent_id, achievement_id, period}');
SELECT society.settle('society.streaks', fixed => '{agent_id, streak_type}', audited => false);
SELECT society.settle('society.battles');
SELECT society.settle('society.battle_participants', fixed => '{battle_id, agent_id, joined_at}', removable => true);
SELECT society.settle('society.battle_rounds', fixed => '{battle_id, round_number}');
SELECT society.settle(
    'society.elo_history',
    fixed => '{agent_id, battle_id, category, old_rating, new_rating, change, k_factor, expected, actual, reason}', audited => false
);
SELECT society.settle('society.leaderboard_periods', fixed => '{category, period, period_start}');
SELECT society.settle('society.leaderboard_rankings', fixed => '{category, period, period_start, agent_id}', removable => true, audited => false);
SELECT society.settle('society.hall_of_fame');

-- Written by triggers alone.
SELECT society.settle('society.tier_history', kept => '{id, agent_id, old_tier, new_tier, points_at, transaction_id, created_at}', audited => false);
SELECT society.settle('society.point_keys', kept => '{idempotency_key, transaction_id, created_at}', audited => false);

INSERT INTO platform.audit_exemptions (relation, operations, reason) VALUES
    ('society.tiers',                '{INSERT, DELETE}',         'what every team is given, and what goes with it'),
    ('society.streaks',              '{INSERT, UPDATE, DELETE}', 'bulk: days that follow from what was done'),
    ('society.elo_history',          '{INSERT, UPDATE, DELETE}', 'a log: rows are added and never changed'),
    ('society.leaderboard_rankings', '{INSERT, UPDATE, DELETE}', 'bulk: computed; the board it stands on is audited'),
    ('society.tier_history',         '{INSERT, UPDATE, DELETE}', 'a log, written by triggers alone'),
    ('society.point_keys',           '{INSERT, UPDATE, DELETE}', 'written by triggers alone; the award is in point_transactions');

-- The teams that there are already. The owner is bound by the row-level security of teams, too.
ALTER TABLE platform.teams NO FORCE ROW LEVEL SECURITY;
INSERT INTO society.tiers (tenant_id, tier, min_points, keep_points, multiplier)
SELECT teams.id, usual.* FROM platform.teams CROSS JOIN society.default_tiers() AS usual;
ALTER TABLE platform.teams FORCE ROW LEVEL SECURITY;

SELECT platform.settle_grants();
