DROP TRIGGER analyses_are_handed_out ON evaluation.llm_recommendation_sessions;
DROP FUNCTION evaluation.hand_out_analysis();
