-- The society of agents, second part: how they vote, and how they think
-- together. How ballots are counted is the application's; what may happen to a
-- ballot is said here.

-- voting -------------------------------------------------------------------------

CREATE TYPE society.voting_algorithm AS ENUM (
    'majority', 'plurality', 'supermajority', 'unanimous', 'weighted', 'confidence_weighted', 'approval', 'score', 'star',
    'borda', 'condorcet', 'copeland', 'minimax', 'schulze', 'ranked_pairs', 'irv', 'stv', 'quadratic', 'consensus'
);
CREATE TYPE society.voting_status AS ENUM ('draft', 'open', 'closed', 'tallied', 'tied', 'no_quorum', 'cancelled');

CREATE TABLE society.voting_sessions (
    id             uuid                     PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid                     NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    session_id     varchar(100)             NOT NULL,
    topic          varchar(500)             NOT NULL,
    description    text,
    algorithm      society.voting_algorithm NOT NULL DEFAULT 'majority',
    status         society.voting_status    NOT NULL DEFAULT 'draft',
    options        jsonb                    NOT NULL DEFAULT '[]',
    results        jsonb,
    seats          integer                  NOT NULL DEFAULT 1,
    quorum         numeric(5, 4),
    threshold      numeric(5, 4),
    token_budget   integer,
    is_secret      boolean                  NOT NULL DEFAULT false,
    tie_break      text[]                   NOT NULL DEFAULT '{}',
    tie_seed_hash  bytea,
    tie_seed       bytea,
    opens_at       timestamptz,
    closes_at      timestamptz,
    opened_at      timestamptz,
    closed_at      timestamptz,
    created_by     uuid                     DEFAULT platform.user_id() REFERENCES platform.users,
    proposed_by    uuid                     DEFAULT society.acting_agent(),
    created_at     timestamptz              NOT NULL DEFAULT now(),
    updated_at     timestamptz              NOT NULL DEFAULT now(),
    deleted_at     timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, proposed_by) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT voting_sessions_are_named CHECK (session_id <> '' AND topic <> ''),
    CONSTRAINT voting_sessions_options_are_a_list CHECK (jsonb_typeof(options) = 'array'),
    CONSTRAINT voting_sessions_offer_a_choice CHECK (status IN ('draft', 'cancelled') OR jsonb_array_length(options) > 1),
    CONSTRAINT voting_sessions_seats_is_positive CHECK (seats > 0),
    CONSTRAINT voting_sessions_quorum_is_a_share CHECK (quorum BETWEEN 0 AND 1),
    CONSTRAINT voting_sessions_threshold_is_a_share CHECK (threshold BETWEEN 0 AND 1),
    CONSTRAINT voting_sessions_budget_is_not_negative CHECK (token_budget >= 0),
    CONSTRAINT voting_sessions_reveal_the_seed_they_committed_to CHECK (
        tie_seed IS NULL OR (tie_seed_hash IS NOT NULL AND tie_seed_hash = sha256(tie_seed))
    ),
    CONSTRAINT voting_sessions_close_after_they_open CHECK (closes_at > opens_at),
    CONSTRAINT voting_sessions_opening_is_recorded CHECK (
        CASE status WHEN 'draft' THEN opened_at IS NULL WHEN 'cancelled' THEN true ELSE opened_at IS NOT NULL END
    ),
    CONSTRAINT voting_sessions_closing_is_recorded CHECK ((status IN ('draft', 'open')) = (closed_at IS NULL)),
    CONSTRAINT voting_sessions_tallied_have_results CHECK (status NOT IN ('tallied', 'tied') OR results IS NOT NULL)
);
COMMENT ON TABLE society.voting_sessions IS 'voting: tenant: what is voted on, by which rule, and what came of it.';
COMMENT ON COLUMN society.voting_sessions.quorum IS 'The share of the roll that must vote; null: any turnout will do.';
COMMENT ON COLUMN society.voting_sessions.threshold IS 'The share that an option needs, where the algorithm asks for one.';
COMMENT ON COLUMN society.voting_sessions.tie_break IS 'What settles a tie, in order; a lottery''s seed is committed to by its hash and shown after closing.';
CREATE UNIQUE INDEX voting_sessions_one_live_per_session_id ON society.voting_sessions (tenant_id, session_id) WHERE deleted_at IS NULL;
CREATE INDEX idx_voting_sessions_status ON society.voting_sessions (tenant_id, status);
CREATE INDEX voting_sessions_by_proposer ON society.voting_sessions (tenant_id, proposed_by) WHERE proposed_by IS NOT NULL;
CREATE INDEX voting_sessions_by_creator ON society.voting_sessions (created_by) WHERE created_by IS NOT NULL;

CREATE TRIGGER voting_sessions_follow_their_states BEFORE UPDATE OF status ON society.voting_sessions
    FOR EACH ROW WHEN (
        OLD.status <> NEW.status
        AND (OLD.status, NEW.status) NOT IN (
            ('draft', 'open'), ('draft', 'cancelled'), ('open', 'closed'), ('open', 'cancelled'),
            ('closed', 'tallied'), ('closed', 'tied'), ('closed', 'no_quorum'), ('closed', 'cancelled'),
            ('tied', 'tallied'), ('tied', 'cancelled')
        )
    )
    EXECUTE FUNCTION society.refuse('a vote is drafted, opened, closed and counted, in this order');
CREATE TRIGGER voting_sessions_are_frozen_once_open BEFORE UPDATE ON society.voting_sessions
    FOR EACH ROW WHEN (
        OLD.status <> 'draft'
        AND (OLD.session_id, OLD.topic, OLD.options, OLD.algorithm, OLD.seats, OLD.quorum, OLD.threshold, OLD.token_budget, OLD.is_secret,
             OLD.tie_break, OLD.tie_seed_hash, OLD.opened_at)
            IS DISTINCT FROM
            (NEW.session_id, NEW.topic, NEW.options, NEW.algorithm, NEW.seats, NEW.quorum, NEW.threshold, NEW.token_budget, NEW.is_secret,
             NEW.tie_break, NEW.tie_seed_hash, NEW.opened_at)
    )
    EXECUTE FUNCTION society.refuse('a vote that was opened keeps its options and its rules');
CREATE TRIGGER voting_sessions_keep_their_results BEFORE UPDATE ON society.voting_sessions
    FOR EACH ROW WHEN (OLD.status IN ('tallied', 'no_quorum', 'cancelled') AND OLD.results IS DISTINCT FROM NEW.results)
    EXECUTE FUNCTION society.refuse('a vote that was counted keeps its results');

CREATE FUNCTION society.stamp_voting_session() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER voting_sessions_are_stamped_at_first BEFORE INSERT ON society.voting_sessions
    FOR EACH ROW EXECUTE FUNCTION society.stamp_voting_session();
CREATE TRIGGER voting_sessions_are_stamped BEFORE UPDATE OF status ON society.voting_sessions
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION society.stamp_voting_session();

CREATE TABLE society.voting_eligibility (
    session_id   uuid        NOT NULL,
    agent_id     uuid        NOT NULL,
    tenant_id    uuid        NOT NULL DEFAULT platform.tenant_id(),
    weight       numeric     NOT NULL DEFAULT 1,
    token_budget integer,
    tokens_left  integer,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, session_id, agent_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT voting_eligibility_weight_is_not_negative CHECK (weight >= 0),
    CONSTRAINT voting_eligibility_is_within_the_budget CHECK (tokens_left BETWEEN 0 AND token_budget),
    CONSTRAINT voting_eligibility_budget_is_whole CHECK (num_nonnulls(token_budget, tokens_left) <> 1)
);
COMMENT ON TABLE society.voting_eligibility IS 'voting: tenant: the roll of a vote: who may vote, with which weight and how many tokens; without a roll every agent of the team may.';
CREATE INDEX voting_eligibility_by_agent ON society.voting_eligibility (tenant_id, agent_id);

-- The roll is part of what is frozen. The lock makes opening wait for a roll that is being written, and the other way.
CREATE FUNCTION society.guard_roll() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
-- Not for the owner, as whom a team is erased.
CREATE TRIGGER voting_eligibility_is_frozen_once_open BEFORE INSERT OR DELETE OR UPDATE OF weight, token_budget ON society.voting_eligibility
    FOR EACH ROW WHEN (current_user <> 'guildhall_owner') EXECUTE FUNCTION society.guard_roll();

CREATE TABLE society.votes (
    id            uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid          NOT NULL DEFAULT platform.tenant_id(),
    session_id    uuid          NOT NULL,
    agent_id      uuid          NOT NULL,
    vote_option   varchar(200),
    ranking       jsonb,
    scores        jsonb,
    confidence    numeric(5, 4),
    tokens_spent  integer       NOT NULL DEFAULT 0,
    weight        numeric       NOT NULL DEFAULT 1,
    rationale     text,
    signature     bytea,
    cast_at       timestamptz   NOT NULL DEFAULT now(),
    superseded_at timestamptz,
    superseded_by uuid,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, superseded_by) REFERENCES society.votes (tenant_id, id)
        ON DELETE SET NULL (superseded_by) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT votes_say_something CHECK (num_nonnulls(vote_option, ranking, scores) > 0),
    CONSTRAINT votes_ranking_is_a_list CHECK (jsonb_typeof(ranking) = 'array'),
    CONSTRAINT votes_scores_are_by_option CHECK (jsonb_typeof(scores) = 'object'),
    CONSTRAINT votes_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT votes_tokens_are_not_negative CHECK (tokens_spent >= 0),
    CONSTRAINT votes_signature_is_ed25519 CHECK (octet_length(signature) = 64),
    CONSTRAINT votes_are_superseded_by_another CHECK (superseded_by IS NULL OR (superseded_by <> id AND superseded_at IS NOT NULL))
);
COMMENT ON TABLE society.votes IS 'voting: tenant: ballots; one that was replaced or withdrawn stays, and counts no more.';
COMMENT ON COLUMN society.votes.ranking IS 'Options from the best; equals stand together in a list of their own.';
COMMENT ON COLUMN society.votes.weight IS 'As the roll said when the ballot was cast.';
CREATE UNIQUE INDEX votes_one_live_ballot_per_voter ON society.votes (tenant_id, session_id, agent_id) WHERE superseded_at IS NULL;
CREATE INDEX votes_by_session ON society.votes (tenant_id, session_id, cast_at);
CREATE INDEX votes_by_agent ON society.votes (tenant_id, agent_id, cast_at DESC);
CREATE INDEX votes_by_successor ON society.votes (tenant_id, superseded_by) WHERE superseded_by IS NOT NULL;

-- A ballot is cast and withdrawn while its vote is open, by somebody on the
-- roll, within the budget. Voters share the lock on their session, and do not
-- wait for each other; closing waits for ballots on their way.
CREATE FUNCTION society.admit_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER votes_are_admitted BEFORE INSERT ON society.votes
    FOR EACH ROW WHEN (NEW.superseded_at IS NULL) EXECUTE FUNCTION society.admit_ballot();
CREATE TRIGGER votes_are_withdrawn BEFORE UPDATE OF superseded_at ON society.votes
    FOR EACH ROW WHEN (OLD.superseded_at IS NULL AND NEW.superseded_at IS NOT NULL) EXECUTE FUNCTION society.admit_ballot();
CREATE TRIGGER votes_superseded_stay_superseded BEFORE UPDATE ON society.votes
    FOR EACH ROW WHEN (OLD.superseded_at IS NOT NULL AND OLD.superseded_at IS DISTINCT FROM NEW.superseded_at)
    EXECUTE FUNCTION society.refuse('a ballot that was withdrawn does not come back');
CREATE TRIGGER votes_are_born_live BEFORE INSERT ON society.votes
    FOR EACH ROW WHEN (NEW.superseded_at IS NOT NULL)
    EXECUTE FUNCTION society.refuse('a ballot is cast before it is withdrawn');

-- A trigger, not keys, asks that an event is about a vote of the team and about a
-- ballot of that vote: keys could say so only with another index on ballots.
CREATE TABLE society.vote_audit_trail (
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid        NOT NULL DEFAULT platform.tenant_id(),
    session_id uuid        NOT NULL,
    vote_id    uuid,
    event_type varchar(50) NOT NULL,
    actor_id   uuid        DEFAULT society.acting_agent(),
    user_id    uuid        DEFAULT platform.user_id(),
    payload    jsonb       NOT NULL DEFAULT '{}',
    signature  bytea,
    signed_by  uuid,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT vote_audit_trail_event_is_known CHECK (
        event_type IN ('session_created', 'session_opened', 'session_closed', 'session_tallied', 'session_tied', 'session_without_quorum',
                       'session_cancelled', 'vote_cast', 'vote_superseded', 'ballot_refused', 'tie_broken', 'recounted')
    ),
    CONSTRAINT vote_audit_trail_signature_is_ed25519 CHECK (octet_length(signature) = 64)
);
COMMENT ON TABLE society.vote_audit_trail IS 'voting: tenant: everything that happened in a vote, ballot by ballot; rows are added and never changed.';
CREATE INDEX vote_audit_trail_by_session ON society.vote_audit_trail (tenant_id, session_id, created_at);
CREATE INDEX vote_audit_trail_by_vote ON society.vote_audit_trail (tenant_id, vote_id) WHERE vote_id IS NOT NULL;

CREATE TRIGGER vote_audit_trail_is_append_only BEFORE UPDATE OR DELETE ON society.vote_audit_trail
    FOR EACH ROW WHEN (current_user <> 'guildhall_owner') -- as whom a team is erased
    EXECUTE FUNCTION society.refuse('the trail of a vote is added to and never changed');
CREATE TRIGGER vote_audit_trail_is_never_emptied BEFORE TRUNCATE ON society.vote_audit_trail
    FOR EACH STATEMENT EXECUTE FUNCTION society.refuse('the trail of a vote is added to and never changed');

CREATE FUNCTION society.guard_trail() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER events_are_about_a_vote BEFORE INSERT ON society.vote_audit_trail
    FOR EACH ROW EXECUTE FUNCTION society.guard_trail();

CREATE FUNCTION society.record_voting_session() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER voting_sessions_begin_a_trail AFTER INSERT ON society.voting_sessions
    FOR EACH ROW EXECUTE FUNCTION society.record_voting_session();
CREATE TRIGGER voting_sessions_leave_a_trail AFTER UPDATE OF status ON society.voting_sessions
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION society.record_voting_session();

CREATE FUNCTION society.record_ballot() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER votes_begin_a_trail AFTER INSERT ON society.votes
    FOR EACH ROW EXECUTE FUNCTION society.record_ballot();
CREATE TRIGGER votes_leave_a_trail AFTER UPDATE OF superseded_at ON society.votes
    FOR EACH ROW WHEN (OLD.superseded_at IS DISTINCT FROM NEW.superseded_at) EXECUTE FUNCTION society.record_ballot();

CREATE TABLE society.vote_delegations (
    id            uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid        NOT NULL DEFAULT platform.tenant_id(),
    session_id    uuid,
    from_agent_id uuid        NOT NULL,
    to_agent_id   uuid        NOT NULL,
    expires_at    timestamptz,
    revoked_at    timestamptz,
    created_at    timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT vote_delegations_are_of_two_agents CHECK (from_agent_id <> to_agent_id)
);
COMMENT ON TABLE society.vote_delegations IS 'voting: tenant: who votes for whom, in one session or, where none is named, in all; never in a circle.';
CREATE UNIQUE INDEX vote_delegations_one_live_per_scope ON society.vote_delegations (tenant_id, from_agent_id, session_id)
    NULLS NOT DISTINCT WHERE revoked_at IS NULL;
CREATE INDEX vote_delegations_by_session ON society.vote_delegations (tenant_id, session_id) WHERE session_id IS NOT NULL;
CREATE INDEX vote_delegations_by_sender ON society.vote_delegations (tenant_id, from_agent_id);
CREATE INDEX vote_delegations_by_receiver ON society.vote_delegations (tenant_id, to_agent_id);

-- As with tasks. A way leads through general delegations and those of one session.
CREATE FUNCTION society.refuse_circular_delegation() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER vote_delegations_are_not_circular AFTER INSERT OR UPDATE ON society.vote_delegations
    FOR EACH ROW WHEN (NEW.revoked_at IS NULL) EXECUTE FUNCTION society.refuse_circular_delegation();

-- brainstorming ------------------------------------------------------------------

CREATE TABLE society.brainstorm_sessions (
    id                uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    session_id        varchar(100) NOT NULL,
    topic             varchar(500) NOT NULL,
    facilitator_id    uuid,
    technique         varchar(50),
    status            varchar(20)  NOT NULL DEFAULT 'planned',
    phase             varchar(20),
    max_ideas         integer,
    total_ideas       integer      NOT NULL DEFAULT 0,
    participant_count integer      NOT NULL DEFAULT 0,
    voting_session_id uuid,
    started_at        timestamptz,
    ended_at          timestamptz,
    created_by        uuid         DEFAULT platform.user_id() REFERENCES platform.users,
    created_at        timestamptz  NOT NULL DEFAULT now(),
    updated_at        timestamptz  NOT NULL DEFAULT now(),
    deleted_at        timestamptz,
    UNIQUE (tenant_id, id),
    FOREIGN KEY (tenant_id, facilitator_id) REFERENCES society.agents (tenant_id, id),
    FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions (tenant_id, id),
    CONSTRAINT brainstorm_sessions_are_named CHECK (session_id <> '' AND topic <> ''),
    CONSTRAINT brainstorm_sessions_status_is_known CHECK (status IN ('planned', 'active', 'paused', 'completed', 'cancelled')),
    CONSTRAINT brainstorm_sessions_phase_is_known CHECK (phase IN ('diverge', 'cluster', 'combine', 'converge', 'decide')),
    CONSTRAINT brainstorm_sessions_counts_are_not_negative CHECK (total_ideas >= 0 AND participant_count >= 0),
    CONSTRAINT brainstorm_sessions_hold_so_many_ideas CHECK (total_ideas <= max_ideas),
    CONSTRAINT brainstorm_sessions_end_after_they_begin CHECK (ended_at >= started_at)
);
COMMENT ON TABLE society.brainstorm_sessions IS 'brainstorming: tenant: a topic that agents think about together.';
COMMENT ON COLUMN society.brainstorm_sessions.total_ideas IS 'Its ideas that were not deleted; kept by a trigger.';
COMMENT ON COLUMN society.brainstorm_sessions.participant_count IS 'Those who have joined and not left; kept by a trigger.';
CREATE UNIQUE INDEX brainstorm_sessions_one_live_per_session_id ON society.brainstorm_sessions (tenant_id, session_id) WHERE deleted_at IS NULL;
CREATE INDEX brainstorm_sessions_by_status ON society.brainstorm_sessions (tenant_id, status, created_at DESC);
CREATE INDEX brainstorm_sessions_by_facilitator ON society.brainstorm_sessions (tenant_id, facilitator_id) WHERE facilitator_id IS NOT NULL;
CREATE INDEX brainstorm_sessions_by_vote ON society.brainstorm_sessions (tenant_id, voting_session_id) WHERE voting_session_id IS NOT NULL;
CREATE INDEX brainstorm_sessions_by_creator ON society.brainstorm_sessions (created_by) WHERE created_by IS NOT NULL;

CREATE TABLE society.brainstorm_participants (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid        NOT NULL DEFAULT platform.tenant_id(),
    session_id  uuid        NOT NULL,
    agent_id    uuid        NOT NULL,
    role        varchar(20) NOT NULL DEFAULT 'contributor',
    ideas_count integer     NOT NULL DEFAULT 0,
    joined_at   timestamptz NOT NULL DEFAULT now(),
    left_at     timestamptz,
    FOREIGN KEY (tenant_id, session_id) REFERENCES society.brainstorm_sessions (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT brainstorm_participants_one_per_agent UNIQUE (tenant_id, session_id, agent_id),
    CONSTRAINT brainstorm_participants_role_is_known CHECK (role IN ('facilitator', 'contributor', 'critic', 'observer')),
    CONSTRAINT brainstorm_participants_ideas_are_not_negative CHECK (ideas_count >= 0),
    CONSTRAINT brainstorm_participants_leave_after_they_join CHECK (left_at >= joined_at)
);
COMMENT ON TABLE society.brainstorm_participants IS 'brainstorming: tenant: who takes part, since when, and with how many ideas.';
CREATE INDEX brainstorm_participants_by_agent ON society.brainstorm_participants (tenant_id, agent_id);

CREATE TABLE society.ideas (
    id                uuid          PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid          NOT NULL DEFAULT platform.tenant_id(),
    session_id        uuid          NOT NULL,
    agent_id          uuid          NOT NULL,
    parent_id         uuid,
    title             varchar(500)  NOT NULL,
    content           text,
    category          varchar(100),
    status            varchar(20)   NOT NULL DEFAULT 'proposed',
    novelty_score     numeric(5, 4),
    feasibility_score numeric(5, 4),
    votes_count       integer       NOT NULL DEFAULT 0,
    votes_total       integer       NOT NULL DEFAULT 0,
    embedding         vector(1536),
    embedding_model   text,
    created_at        timestamptz   NOT NULL DEFAULT now(),
    updated_at        timestamptz   NOT NULL DEFAULT now(),
    deleted_at        timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT ideas_are_of_one_session UNIQUE (tenant_id, session_id, id),
    -- Whoever has an idea takes part; an idea grows from one of the same session.
    FOREIGN KEY (tenant_id, session_id, agent_id)
        REFERENCES society.brainstorm_participants (tenant_id, session_id, agent_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, session_id, parent_id) REFERENCES society.ideas (tenant_id, session_id, id),
    CONSTRAINT ideas_are_named CHECK (title <> ''),
    CONSTRAINT ideas_grow_from_others CHECK (parent_id <> id),
    CONSTRAINT ideas_status_is_known CHECK (status IN ('proposed', 'discussed', 'merged', 'selected', 'rejected')),
    CONSTRAINT ideas_novelty_is_a_share CHECK (novelty_score BETWEEN 0 AND 1),
    CONSTRAINT ideas_feasibility_is_a_share CHECK (feasibility_score BETWEEN 0 AND 1),
    CONSTRAINT ideas_votes_are_not_negative CHECK (votes_count >= 0),
    CONSTRAINT ideas_embedding_names_its_model CHECK (embedding IS NULL OR embedding_model IS NOT NULL)
);
COMMENT ON TABLE society.ideas IS 'brainstorming: tenant: what was thought of, by whom, and from which idea it grew.';
COMMENT ON COLUMN society.ideas.votes_count IS 'How many agents voted on it; votes_total is the sum of their votes. Both are kept by a trigger.';
CREATE INDEX ideas_by_author ON society.ideas (tenant_id, session_id, agent_id);
CREATE INDEX ideas_by_parent ON society.ideas (tenant_id, session_id, parent_id) WHERE parent_id IS NOT NULL;
CREATE INDEX ideas_by_embedding ON society.ideas USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops) WHERE embedding IS NOT NULL;

CREATE TABLE society.idea_combinations (
    id             uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid        NOT NULL DEFAULT platform.tenant_id(),
    session_id     uuid        NOT NULL,
    result_idea_id uuid        NOT NULL,
    combined_by    uuid,
    rationale      text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, session_id, result_idea_id) REFERENCES society.ideas (tenant_id, session_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, combined_by) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT idea_combinations_one_per_result UNIQUE (tenant_id, result_idea_id),
    CONSTRAINT idea_combinations_are_of_one_session UNIQUE (tenant_id, id, session_id, result_idea_id)
);
COMMENT ON TABLE society.idea_combinations IS 'brainstorming: tenant: an idea that was made of others, and why.';
CREATE INDEX idea_combinations_by_session ON society.idea_combinations (tenant_id, session_id, result_idea_id);
CREATE INDEX idea_combinations_by_combiner ON society.idea_combinations (tenant_id, combined_by) WHERE combined_by IS NOT NULL;

CREATE TABLE society.idea_combination_sources (
    combination_id uuid NOT NULL,
    idea_id        uuid NOT NULL,
    tenant_id      uuid NOT NULL DEFAULT platform.tenant_id(),
    session_id     uuid NOT NULL,
    result_idea_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, combination_id, idea_id),
    FOREIGN KEY (tenant_id, combination_id, session_id, result_idea_id)
        REFERENCES society.idea_combinations (tenant_id, id, session_id, result_idea_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, session_id, idea_id) REFERENCES society.ideas (tenant_id, session_id, id) ON DELETE CASCADE,
    CONSTRAINT idea_combination_sources_are_others CHECK (idea_id <> result_idea_id)
);
COMMENT ON TABLE society.idea_combination_sources IS 'brainstorming: tenant: the ideas of which another was made, all of one session.';
CREATE INDEX idea_combination_sources_by_idea ON society.idea_combination_sources (tenant_id, session_id, idea_id);

CREATE TABLE society.idea_votes (
    id         uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid        NOT NULL DEFAULT platform.tenant_id(),
    idea_id    uuid        NOT NULL,
    agent_id   uuid        NOT NULL,
    value      integer     NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, idea_id) REFERENCES society.ideas (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents (tenant_id, id),
    CONSTRAINT idea_votes_one_per_agent UNIQUE (tenant_id, idea_id, agent_id),
    CONSTRAINT idea_votes_range CHECK (value BETWEEN -5 AND 5 AND value <> 0)
);
COMMENT ON TABLE society.idea_votes IS 'brainstorming: tenant: for or against an idea, from -5 to 5; nobody votes on their own.';
CREATE INDEX idea_votes_by_agent ON society.idea_votes (tenant_id, agent_id);

CREATE FUNCTION society.refuse_vote_on_own_idea() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM society.ideas WHERE tenant_id = NEW.tenant_id AND id = NEW.idea_id AND agent_id = NEW.agent_id) THEN
        RAISE EXCEPTION 'agent % may not vote on its own idea %', NEW.agent_id, NEW.idea_id
              USING ERRCODE = 'check_violation', SCHEMA = TG_TABLE_SCHEMA, TABLE = TG_TABLE_NAME, CONSTRAINT = TG_NAME;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER idea_votes_are_on_others_ideas BEFORE INSERT OR UPDATE OF idea_id, agent_id ON society.idea_votes
    FOR EACH ROW EXECUTE FUNCTION society.refuse_vote_on_own_idea();

-- Counts are changed, not counted anew: whoever adds at the same time waits for the row, and both are in it.
CREATE FUNCTION society.count_ideas() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER ideas_are_counted AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON society.ideas
    FOR EACH ROW EXECUTE FUNCTION society.count_ideas();

CREATE FUNCTION society.count_participants() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER brainstorm_participants_are_counted AFTER INSERT OR DELETE OR UPDATE OF left_at ON society.brainstorm_participants
    FOR EACH ROW EXECUTE FUNCTION society.count_participants();

CREATE FUNCTION society.count_idea_votes() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER idea_votes_are_counted AFTER INSERT OR DELETE OR UPDATE OF value ON society.idea_votes
    FOR EACH ROW EXECUTE FUNCTION society.count_idea_votes();

-- who may do what ----------------------------------------------------------------

SELECT society.settle('society.voting_sessions');
SELECT society.settle('society.voting_eligibility', fixed => '{session_id, agent_id}', kept => '{tokens_left}', removable => true);
-- A ballot can be withdrawn or replaced, and in nothing else changed; the trail keeps what happened to it.
SELECT society.settle(
    'society.votes',
    fixed => '{session_id, agent_id, vote_option, ranking, scores, confidence, tokens_spent, rationale, signature, cast_at}',
    kept => '{weight}', audited => false
);
SELECT society.settle(
    'society.vote_audit_trail',
    fixed => '{session_id, vote_id, event_type, payload, signature, signed_by}', kept => '{actor_id, user_id, created_at}', audited => false
);
SELECT society.settle('society.vote_delegations', fixed => '{session_id, from_agent_id, to_agent_id}');
SELECT society.settle('society.brainstorm_sessions', kept => '{total_ideas, participant_count}');
SELECT society.settle('society.brainstorm_participants', fixed => '{session_id, agent_id, joined_at}', kept => '{ideas_count}');
SELECT society.settle('society.ideas', fixed => '{session_id, agent_id}', kept => '{votes_count, votes_total}', hidden => '{embedding}');
SELECT society.settle('society.idea_combinations', fixed => '{session_id, result_idea_id, combined_by}', removable => true);
SELECT society.settle(
    'society.idea_combination_sources', fixed => '{combination_id, idea_id, session_id, result_idea_id}', removable => true, audited => false
);
SELECT society.settle('society.idea_votes', fixed => '{idea_id, agent_id}', removable => true, audited => false);
