ALTER TABLE evaluation.llm_recommendation_sessions DROP COLUMN gateway_calls, DROP COLUMN gateway_keys;
SELECT platform.write_recorder('evaluation.llm_recommendation_sessions');
