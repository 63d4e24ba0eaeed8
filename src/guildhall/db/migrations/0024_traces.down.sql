REVOKE UPDATE (
    call_count, error_count, timed_count, total_duration_ms, avg_duration_ms, success_rate, tool_sequence, error_types
) ON evaluation.tool_usage FROM guildhall_app;
REVOKE UPDATE (
    status, passed, reliability_score, fault, execution_time_ms, tokens_used, cost_usd, trajectory, trajectory_body,
    metrics, error_code, error_category, execution_metadata
) ON evaluation.outcomes FROM guildhall_app;
DROP INDEX evaluation.simulations_one_open_for_traces;

-- What came of traces was told by a client. The owner belongs to no team.
CREATE POLICY origins_are_taken_back ON evaluation.simulations TO guildhall_owner USING (true) WITH CHECK (true);
UPDATE evaluation.simulations SET origin = 'client' WHERE origin = 'traces';
DROP POLICY origins_are_taken_back ON evaluation.simulations;
ALTER TABLE evaluation.simulations DROP CONSTRAINT simulations_origin_is_known;
ALTER TABLE evaluation.simulations
    ADD CONSTRAINT simulations_origin_is_known CHECK (origin IN ('run', 'import', 'client'));

DROP VIEW mine.spans;
DROP VIEW evaluation.spans;
DROP TABLE store.spans;
DELETE FROM platform.series WHERE name = 'spans';
