-- phase: expand
-- Which calls of models an analysis has made: whoever closes one whose process was killed finds in the ledger what it cost.

ALTER TABLE evaluation.llm_recommendation_sessions
    ADD COLUMN gateway_calls uuid[] NOT NULL DEFAULT '{}',
    ADD COLUMN gateway_keys  uuid[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN evaluation.llm_recommendation_sessions.gateway_calls IS 'Calls that it has made, by their ids in the gateway''s ledger; each is noted before it is made.';
COMMENT ON COLUMN evaluation.llm_recommendation_sessions.gateway_keys IS 'Keys that were made for it alone, with which it calls a gateway of another process: all of their calls are its own.';
SELECT platform.write_recorder('evaluation.llm_recommendation_sessions');
