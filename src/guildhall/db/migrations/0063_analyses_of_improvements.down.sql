ALTER TABLE evaluation.llm_recommendation_sessions DROP COLUMN improvement_id;
SELECT platform.write_recorder('evaluation.llm_recommendation_sessions');
