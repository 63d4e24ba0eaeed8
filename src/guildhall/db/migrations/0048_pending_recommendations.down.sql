CREATE OR REPLACE VIEW evaluation.v_dashboard_pending_recommendations WITH (security_invoker = true) AS
    SELECT recommendations.recommendation_id, recommendations.recommendation_type, recommendations.description,
           recommendations.confidence, recommendations.impact_estimate, recommendations.suggested_yaml_changes,
           COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
           sessions.data_window_start, sessions.data_window_end,
           recommendations.created_at, recommendations.tenant_id
      FROM evaluation.recommendations
      LEFT JOIN evaluation.llm_recommendation_sessions AS sessions ON sessions.session_id = recommendations.session_id
     WHERE NOT recommendations.applied AND recommendations.confidence > 0.7
     ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
     LIMIT 10;
COMMENT ON VIEW evaluation.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has applied yet.';
