DROP FUNCTION gateway.lost_debates();
DROP FUNCTION evaluation.lost_analyses();
DROP INDEX gateway.debate_sessions_open, evaluation.llm_recommendation_sessions_running;
DROP POLICY functions_see_every_row ON gateway.debate_sessions;
DROP POLICY functions_see_every_row ON evaluation.llm_recommendation_sessions;
DROP TRIGGER analyses_are_handed_out ON evaluation.llm_recommendation_sessions;
DROP FUNCTION evaluation.hand_out_analysis();
