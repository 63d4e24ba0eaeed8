-- phase: expand
-- Which improvement an analysis was made for: what those that failed have cost is spent as well, though no round has them.

ALTER TABLE evaluation.llm_recommendation_sessions
    ADD COLUMN improvement_id uuid,
    ADD FOREIGN KEY (tenant_id, improvement_id) REFERENCES evaluation.improvements (tenant_id, improvement_id)
        ON DELETE SET NULL (improvement_id);
COMMENT ON COLUMN evaluation.llm_recommendation_sessions.improvement_id IS 'The improvement that it was made for, whose budget it spends from; null for one that somebody asked for by itself.';
CREATE INDEX llm_recommendation_sessions_by_improvement ON evaluation.llm_recommendation_sessions (tenant_id, improvement_id);
SELECT platform.write_recorder('evaluation.llm_recommendation_sessions');
