-- The learning loop: what an analyst proposed and what it was shown, who may
-- approve a version, and the proof on scenarios that no analyst has seen.
-- mends: 24a879c7f3840f3f458159223cb6dcf3cf833a9b7a5c2c9f52f3b00faa1aecad
-- (It used to fail on a database with decisions, whose rows the policy hid from it.)

-- versions that wait for an approval ------------------------------------------

ALTER TABLE evaluation.config_versions ADD COLUMN is_proposal boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN evaluation.config_versions.is_proposal IS 'Kept so that it can be simulated; it becomes a configuration''s latest version when somebody has approved it.';

ALTER TABLE evaluation.config_diffs
    ADD COLUMN is_proposal     boolean NOT NULL DEFAULT false,
    ADD COLUMN proposed_by     uuid    REFERENCES platform.users,
    ADD COLUMN decided_at      timestamptz,
    ADD COLUMN decision_reason text;
-- What was decided before has no time of its own, and may name nobody.
ALTER TABLE evaluation.config_diffs NO FORCE ROW LEVEL SECURITY;
UPDATE evaluation.config_diffs SET decided_at = created_at WHERE approval_status <> 'pending';
ALTER TABLE evaluation.config_diffs FORCE ROW LEVEL SECURITY;
ALTER TABLE evaluation.config_diffs
    ADD CONSTRAINT config_diffs_reason_length CHECK (length(decision_reason) <= 2000),
    ADD CONSTRAINT config_diffs_decision_has_a_time CHECK ((approval_status = 'pending') = (decided_at IS NULL)),
    ADD CONSTRAINT config_diffs_approval_has_a_person CHECK (approval_status = 'pending' OR approved_by IS NOT NULL) NOT VALID;
COMMENT ON COLUMN evaluation.config_diffs.is_proposal IS 'Somebody asks for version_after to be approved; other rows only say what differs.';
COMMENT ON COLUMN evaluation.config_diffs.approved_by IS 'Who decided, either way.';
CREATE INDEX config_diffs_by_proposer ON evaluation.config_diffs (proposed_by) WHERE proposed_by IS NOT NULL;
CREATE INDEX config_diffs_to_decide ON evaluation.config_diffs (tenant_id, created_at) WHERE is_proposal AND approval_status = 'pending';

CREATE TABLE evaluation.approval_rules (
    rule_id     uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    config_id   uuid,
    needed_for  text        NOT NULL DEFAULT 'proposals',
    approvers   text        NOT NULL DEFAULT 'member',
    four_eyes   boolean     NOT NULL DEFAULT false,
    needs_proof boolean     NOT NULL DEFAULT false,
    set_by      uuid        NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    updated_at  timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations (tenant_id, config_id) ON DELETE CASCADE,
    CONSTRAINT approval_rules_one_for_each UNIQUE NULLS NOT DISTINCT (tenant_id, config_id),
    CONSTRAINT approval_rules_need_is_known CHECK (needed_for IN ('nothing', 'proposals', 'everything')),
    CONSTRAINT approval_rules_approvers_are_a_role CHECK (approvers IN ('owner', 'admin', 'member'))
);
COMMENT ON TABLE evaluation.approval_rules IS 'configurations: tenant: which versions need an approval and by whom, for the team or, where config_id is given, for one configuration.';
COMMENT ON COLUMN evaluation.approval_rules.needed_for IS 'nothing; proposals: what an analyst made; everything: also what people save, but for a first version.';
COMMENT ON COLUMN evaluation.approval_rules.approvers IS 'The lowest role that may approve.';
CREATE INDEX approval_rules_by_setter ON evaluation.approval_rules (set_by);

-- The rule of a configuration: its own, else the team's, else that what an analyst made needs a member.
CREATE FUNCTION evaluation.approval_rule(of_config uuid)
    RETURNS TABLE (needed_for text, approvers text, four_eyes boolean, needs_proof boolean, is_own boolean)
    LANGUAGE sql STABLE
    SET search_path = pg_catalog, pg_temp
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
    SET search_path = pg_catalog, pg_temp
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

CREATE FUNCTION evaluation.check_rule_setter() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER approval_rules_are_set_by_administrators BEFORE INSERT OR UPDATE OR DELETE ON evaluation.approval_rules
    FOR EACH ROW EXECUTE FUNCTION evaluation.check_rule_setter();

-- recommendations --------------------------------------------------------------

ALTER TABLE evaluation.llm_recommendation_sessions
    ADD COLUMN analyst                 text    NOT NULL DEFAULT 'llm',
    ADD COLUMN config_version_id       uuid,
    ADD COLUMN prompt_hash             text,
    ADD COLUMN failures_shown          uuid[]  NOT NULL DEFAULT '{}',
    ADD COLUMN model_calls             integer NOT NULL DEFAULT 0,
    ADD COLUMN tokens_used             bigint,
    ADD COLUMN recommendations_refused integer NOT NULL DEFAULT 0,
    ADD CONSTRAINT llm_recommendation_sessions_analyst_is_known CHECK (analyst IN ('rules', 'llm')),
    ADD CONSTRAINT llm_recommendation_sessions_counts_are_not_negative CHECK (model_calls >= 0 AND tokens_used >= 0 AND recommendations_refused >= 0),
    ADD CONSTRAINT llm_recommendation_sessions_hash_is_sha256 CHECK (prompt_hash ~ '^[0-9a-f]{64}$'),
    ADD FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions (tenant_id, version_id) ON DELETE CASCADE;
CREATE INDEX llm_recommendation_sessions_by_version ON evaluation.llm_recommendation_sessions (tenant_id, config_version_id);

ALTER TABLE evaluation.recommendations
    ADD COLUMN config_version_id uuid,
    ADD COLUMN status            text  NOT NULL DEFAULT 'open',
    ADD COLUMN status_reason     text,
    ADD COLUMN reason            text,
    ADD COLUMN evidence          jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN application       jsonb,
    ADD COLUMN proposed_diff_id  uuid,
    ADD COLUMN feedback_comment  text,
    ADD CONSTRAINT recommendations_one_in_the_team UNIQUE (tenant_id, recommendation_id),
    ADD CONSTRAINT recommendations_status_is_known CHECK (status IN ('open', 'accepted', 'rejected', 'refused')),
    ADD CONSTRAINT recommendations_refusal_has_a_reason CHECK (status <> 'refused' OR status_reason IS NOT NULL),
    ADD CONSTRAINT recommendations_comment_length CHECK (length(feedback_comment) <= 2000),
    ADD FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions (tenant_id, version_id) ON DELETE CASCADE,
    ADD FOREIGN KEY (tenant_id, proposed_diff_id) REFERENCES evaluation.config_diffs (tenant_id, diff_id) ON DELETE SET NULL (proposed_diff_id);
COMMENT ON COLUMN evaluation.recommendations.status IS 'refused: its patch does not apply to the version that it is about, for status_reason.';
COMMENT ON COLUMN evaluation.recommendations.reason IS 'What found it: the name of a rule, or model.';
COMMENT ON COLUMN evaluation.recommendations.application IS 'What accepting it made: a diff, or scenarios.';
CREATE INDEX recommendations_by_version ON evaluation.recommendations (tenant_id, config_version_id);
CREATE INDEX recommendations_by_proposed_diff ON evaluation.recommendations (tenant_id, proposed_diff_id);

-- splits -----------------------------------------------------------------------

ALTER TABLE evaluation.scenario_versions
    ADD COLUMN split text NOT NULL GENERATED ALWAYS AS (COALESCE(definition ->> 'split', 'search')) STORED,
    ADD CONSTRAINT scenario_versions_one_split UNIQUE (tenant_id, scenario_id, content_hash, split);

CREATE TABLE evaluation.analyst_reads (
    session_id   uuid NOT NULL,
    scenario_id  text NOT NULL,
    tenant_id    uuid NOT NULL DEFAULT platform.tenant_id(),
    content_hash text NOT NULL,
    split        text NOT NULL DEFAULT 'search',
    PRIMARY KEY (session_id, scenario_id, content_hash),
    FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions (tenant_id, session_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, scenario_id, content_hash, split)
        REFERENCES evaluation.scenario_versions (tenant_id, scenario_id, content_hash, split) ON DELETE CASCADE,
    CONSTRAINT analysts_read_the_search_split CHECK (split = 'search')
);
COMMENT ON TABLE evaluation.analyst_reads IS 'recommendations: tenant: the scenarios that each analysis saw; none of the held-out split can be among them.';
CREATE INDEX analyst_reads_by_scenario ON evaluation.analyst_reads (tenant_id, scenario_id, content_hash, split);

CREATE TABLE evaluation.proofs (
    proof_id                uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id               uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    diff_id                 uuid        NOT NULL,
    baseline_simulation_id  uuid        NOT NULL,
    candidate_simulation_id uuid        NOT NULL,
    predicted               jsonb,
    verdict                 text,
    effect                  double precision,
    effect_low              double precision,
    effect_high             double precision,
    p_value                 double precision,
    scenarios               integer,
    created_at              timestamptz NOT NULL DEFAULT now(),
    completed_at            timestamptz,
    UNIQUE (tenant_id, proof_id),
    FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs (tenant_id, diff_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, baseline_simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, candidate_simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    CONSTRAINT proofs_verdict_is_known CHECK (verdict IN ('better', 'worse', 'equivalent', 'not enough data')),
    CONSTRAINT proofs_have_two_sides CHECK (baseline_simulation_id <> candidate_simulation_id),
    CONSTRAINT proofs_end_with_a_verdict CHECK ((verdict IS NULL) = (completed_at IS NULL))
);
COMMENT ON TABLE evaluation.proofs IS 'recommendations: tenant: a proposed version beside its parent on held-out scenarios: the effect that was predicted, and the one that was measured.';
CREATE INDEX proofs_by_diff ON evaluation.proofs (tenant_id, diff_id, created_at DESC);
CREATE INDEX proofs_by_baseline ON evaluation.proofs (tenant_id, baseline_simulation_id);
CREATE INDEX proofs_by_candidate ON evaluation.proofs (tenant_id, candidate_simulation_id);

CREATE TABLE evaluation.proof_scenarios (
    proof_id     uuid NOT NULL,
    scenario_id  text NOT NULL,
    tenant_id    uuid NOT NULL DEFAULT platform.tenant_id(),
    content_hash text NOT NULL,
    split        text NOT NULL DEFAULT 'holdout',
    PRIMARY KEY (proof_id, scenario_id),
    FOREIGN KEY (tenant_id, proof_id) REFERENCES evaluation.proofs (tenant_id, proof_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, scenario_id, content_hash, split)
        REFERENCES evaluation.scenario_versions (tenant_id, scenario_id, content_hash, split) ON DELETE CASCADE,
    CONSTRAINT proofs_are_on_the_held_out_split CHECK (split = 'holdout')
);
COMMENT ON TABLE evaluation.proof_scenarios IS 'recommendations: tenant: the scenarios of a proof: held out, and never seen by an analyst, under this name or another.';
CREATE INDEX proof_scenarios_by_scenario ON evaluation.proof_scenarios (tenant_id, scenario_id, content_hash, split);

CREATE FUNCTION evaluation.refuse_seen_scenario() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER proofs_are_on_unseen_scenarios BEFORE INSERT OR UPDATE ON evaluation.proof_scenarios
    FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_seen_scenario();

-- A verdict is on these scenarios and no other, and on the two versions of the diff.
CREATE FUNCTION evaluation.check_proof() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER proofs_are_of_their_versions BEFORE INSERT OR UPDATE ON evaluation.proofs
    FOR EACH ROW EXECUTE FUNCTION evaluation.check_proof();

-- What an analyst may read: trials of scenarios that are, and were when they ran, for searching.
CREATE VIEW evaluation.v_analyst_trials WITH (security_invoker = true) AS
    SELECT outcomes.tenant_id, outcomes.outcome_id, outcomes.execution_time, outcomes.simulation_id,
           simulations.config_version_id, outcomes.scenario_id, ran.content_hash, scenarios.name AS scenario_name,
           scenarios.task_prompt, scenarios.expected_tools, outcomes.trial_number, outcomes.status, outcomes.passed, outcomes.fault,
           outcomes.execution_time_ms, outcomes.cost_usd, outcomes.retry_count, simulations.timeout_ms
      FROM evaluation.outcomes
      JOIN evaluation.simulations ON simulations.simulation_id = outcomes.simulation_id
      JOIN evaluation.simulations_scenarios AS ran
        ON ran.simulation_id = outcomes.simulation_id AND ran.scenario_id = outcomes.scenario_id
      JOIN evaluation.scenario_versions AS contents
        ON contents.tenant_id = ran.tenant_id AND contents.scenario_id = ran.scenario_id
       AND contents.content_hash = ran.content_hash AND contents.split = 'search'
      JOIN evaluation.scenarios
        ON scenarios.tenant_id = ran.tenant_id AND scenarios.scenario_id = ran.scenario_id AND scenarios.split = 'search';
COMMENT ON VIEW evaluation.v_analyst_trials IS 'recommendations: tenant: the trials that an analyst may read, none of a held-out scenario.';

-- approvals --------------------------------------------------------------------

-- A decision is final; it is by who is set, who may, and who did not propose it where four eyes are asked for.
CREATE FUNCTION evaluation.check_decision() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER decisions_are_final BEFORE UPDATE OF approval_status, approved_by ON evaluation.config_diffs
    FOR EACH ROW EXECUTE FUNCTION evaluation.check_decision();

-- No version leaves the state of a proposal, and none goes around it, without the approval that its rule asks for.
CREATE FUNCTION evaluation.check_release() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
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
CREATE TRIGGER versions_are_approved BEFORE INSERT OR UPDATE OF is_proposal ON evaluation.config_versions
    FOR EACH ROW EXECUTE FUNCTION evaluation.check_release();

CREATE FUNCTION evaluation.refuse_proposal_as_latest() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF EXISTS (SELECT FROM evaluation.config_versions WHERE version_id = NEW.latest_version_id AND is_proposal) THEN
        RAISE EXCEPTION 'version % is a proposal', NEW.latest_version_id
              USING ERRCODE = 'check_violation', CONSTRAINT = 'latest_version_is_approved';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER latest_version_is_approved BEFORE INSERT OR UPDATE OF latest_version_id ON evaluation.configurations
    FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_proposal_as_latest();

CREATE TABLE evaluation.config_releases (
    release_id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id           uuid        NOT NULL DEFAULT platform.tenant_id(),
    config_id           uuid        NOT NULL,
    version_id          uuid        NOT NULL,
    previous_version_id uuid,
    kind                text        NOT NULL,
    diff_id             uuid,
    user_id             uuid        NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    reason              text,
    released_at         timestamptz NOT NULL DEFAULT clock_timestamp(),
    FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations (tenant_id, config_id) ON DELETE CASCADE,
    FOREIGN KEY (config_id, version_id) REFERENCES evaluation.config_versions (config_id, version_id) ON DELETE CASCADE,
    FOREIGN KEY (config_id, previous_version_id) REFERENCES evaluation.config_versions (config_id, version_id)
        ON DELETE SET NULL (previous_version_id),
    FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs (tenant_id, diff_id) ON DELETE SET NULL (diff_id),
    CONSTRAINT config_releases_kind_is_known CHECK (kind IN ('approval', 'rollback')),
    CONSTRAINT config_releases_reason_length CHECK (length(reason) <= 2000)
);
COMMENT ON TABLE evaluation.config_releases IS 'configurations: tenant: every approval and rollback that moved a configuration''s latest version: by whom, and why.';
CREATE INDEX config_releases_by_configuration ON evaluation.config_releases (tenant_id, config_id, released_at DESC);
CREATE INDEX config_releases_by_version ON evaluation.config_releases (config_id, version_id);
CREATE INDEX config_releases_by_previous ON evaluation.config_releases (config_id, previous_version_id);
CREATE INDEX config_releases_by_diff ON evaluation.config_releases (tenant_id, diff_id);
CREATE INDEX config_releases_by_user ON evaluation.config_releases (user_id);

CREATE FUNCTION evaluation.check_releaser() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM evaluation.check_approver(NEW.config_id);
    RETURN NEW;
END
$$;
CREATE TRIGGER releases_are_by_approvers BEFORE INSERT ON evaluation.config_releases
    FOR EACH ROW EXECUTE FUNCTION evaluation.check_releaser();

-- who may do what --------------------------------------------------------------

DO $$
DECLARE
    relation regclass;
BEGIN
    -- Grants as platform.settle_grants would give them.
    FOREACH relation IN ARRAY ARRAY[
        'evaluation.approval_rules', 'evaluation.analyst_reads', 'evaluation.proofs', 'evaluation.proof_scenarios', 'evaluation.config_releases'
    ]::regclass[] LOOP
        PERFORM platform.isolate(relation);
        EXECUTE format('GRANT SELECT ON %s TO guildhall_reader, guildhall_person', relation);
        EXECUTE format(
            'CREATE POLICY rows_belong_to_the_persons_team ON %s FOR SELECT TO guildhall_person '
            'USING (tenant_id = (SELECT platform.login_tenant()))', relation
        );
        CONTINUE WHEN relation IN ('evaluation.analyst_reads'::regclass, 'evaluation.proof_scenarios'::regclass);
        EXECUTE format(
            'CREATE TRIGGER changes_are_audited AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION platform.record_change()',
            relation
        );
    END LOOP;
END
$$;
INSERT INTO platform.audit_exemptions (relation, operations, reason) VALUES
    ('evaluation.analyst_reads',   '{INSERT, UPDATE, DELETE}', 'written once with its session, which is audited'),
    ('evaluation.proof_scenarios', '{INSERT, UPDATE, DELETE}', 'written once with its proof, which is audited');
GRANT SELECT, INSERT, UPDATE, DELETE ON evaluation.approval_rules TO guildhall_app;
GRANT SELECT, INSERT ON evaluation.analyst_reads, evaluation.proof_scenarios, evaluation.config_releases TO guildhall_app;
GRANT SELECT, INSERT, UPDATE ON evaluation.proofs TO guildhall_app;
GRANT SELECT ON evaluation.v_analyst_trials TO guildhall_app, guildhall_reader;

-- The window as platform.settle_grants would make it, which makes all others anew as well.
DO $$
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);
    EXECUTE format(
        'CREATE VIEW mine.v_analyst_trials WITH (security_barrier, security_invoker) AS %s',
        replace(rtrim(pg_get_viewdef('evaluation.v_analyst_trials'::regclass), '; '), 'evaluation.outcomes', 'mine.outcomes')
    );
    EXECUTE format('COMMENT ON VIEW mine.v_analyst_trials IS %L', obj_description('evaluation.v_analyst_trials'::regclass));
    GRANT SELECT ON mine.v_analyst_trials TO guildhall_person;
END
$$;

-- What is recorded of these follows their columns.
SELECT platform.write_recorder('evaluation.recommendations');
