-- The loop that improves an agent round by round, so that it can be interrupted and taken up again.

CREATE TABLE evaluation.improvements (
    improvement_id uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id      uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id        uuid        NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    config_id      uuid        NOT NULL,
    analyst        text        NOT NULL,
    rounds         integer     NOT NULL,
    budget_usd     numeric(14, 6),
    settings       jsonb       NOT NULL DEFAULT '{}',
    stopped_for    text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    completed_at   timestamptz,
    UNIQUE (tenant_id, improvement_id),
    FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations (tenant_id, config_id) ON DELETE CASCADE,
    CONSTRAINT improvements_analyst_is_known CHECK (analyst IN ('rules', 'llm')),
    CONSTRAINT improvements_rounds_range CHECK (rounds BETWEEN 1 AND 100),
    CONSTRAINT improvements_budget_is_positive CHECK (budget_usd > 0),
    CONSTRAINT improvements_end_for_a_reason CHECK ((completed_at IS NULL) = (stopped_for IS NULL))
);
COMMENT ON TABLE evaluation.improvements IS 'recommendations: tenant: runs of the loop that improves an agent: what was asked for, and why it stopped.';
CREATE INDEX improvements_by_configuration ON evaluation.improvements (tenant_id, config_id, created_at DESC);
CREATE INDEX improvements_by_user ON evaluation.improvements (user_id);

CREATE TABLE evaluation.improvement_rounds (
    improvement_id    uuid    NOT NULL,
    round_number      integer NOT NULL,
    tenant_id         uuid    NOT NULL DEFAULT platform.tenant_id(),
    parent_version_id uuid    NOT NULL,
    simulation_id     uuid,
    session_id        uuid,
    recommendation_id uuid,
    proof_id          uuid,
    is_proven         boolean,
    PRIMARY KEY (improvement_id, round_number),
    FOREIGN KEY (tenant_id, improvement_id) REFERENCES evaluation.improvements (tenant_id, improvement_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, parent_version_id) REFERENCES evaluation.config_versions (tenant_id, version_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations (tenant_id, simulation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions (tenant_id, session_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, recommendation_id) REFERENCES evaluation.recommendations (tenant_id, recommendation_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, proof_id) REFERENCES evaluation.proofs (tenant_id, proof_id) ON DELETE CASCADE,
    CONSTRAINT improvement_rounds_number_is_positive CHECK (round_number > 0)
);
COMMENT ON TABLE evaluation.improvement_rounds IS 'recommendations: tenant: the rounds of an improvement, each as far as it has come: one recommendation, and its proof.';
CREATE INDEX improvement_rounds_by_parent ON evaluation.improvement_rounds (tenant_id, parent_version_id);
CREATE INDEX improvement_rounds_by_simulation ON evaluation.improvement_rounds (tenant_id, simulation_id);
CREATE INDEX improvement_rounds_by_session ON evaluation.improvement_rounds (tenant_id, session_id);
CREATE INDEX improvement_rounds_by_recommendation ON evaluation.improvement_rounds (tenant_id, recommendation_id);
CREATE INDEX improvement_rounds_by_proof ON evaluation.improvement_rounds (tenant_id, proof_id);

DO $$
DECLARE
    relation regclass;
BEGIN
    -- Grants as platform.settle_grants would give them.
    FOREACH relation IN ARRAY ARRAY['evaluation.improvements', 'evaluation.improvement_rounds']::regclass[] LOOP
        PERFORM platform.isolate(relation);
        EXECUTE format('GRANT SELECT ON %s TO guildhall_reader, guildhall_person', relation);
        EXECUTE format(
            'CREATE POLICY rows_belong_to_the_persons_team ON %s FOR SELECT TO guildhall_person '
            'USING (tenant_id = (SELECT platform.login_tenant()))', relation
        );
        EXECUTE format(
            'CREATE TRIGGER changes_are_audited AFTER INSERT OR UPDATE OR DELETE ON %s FOR EACH ROW EXECUTE FUNCTION platform.record_change()',
            relation
        );
    END LOOP;
END
$$;
GRANT SELECT, INSERT, UPDATE ON evaluation.improvements, evaluation.improvement_rounds TO guildhall_app;
