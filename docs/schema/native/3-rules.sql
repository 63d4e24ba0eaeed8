ALTER TABLE ONLY society.voting_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.voting_sessions IS 'voting: tenant: what is voted on, by which rule, and what came of it.';

COMMENT ON COLUMN society.voting_sessions.quorum IS 'The share of the roll that must vote; null: any turnout will do.';

COMMENT ON COLUMN society.voting_sessions.threshold IS 'The share that an option needs, where the algorithm asks for one.';

COMMENT ON COLUMN society.voting_sessions.tie_break IS 'What settles a tie, in order; a lottery''s seed is committed to by its hash and shown after closing.';

ALTER TABLE ONLY evaluation.failure_patterns ALTER COLUMN pattern_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY evaluation.outcomes ALTER COLUMN outcome_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY evaluation.tool_usage ALTER COLUMN usage_id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY gateway.llm_requests ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY gateway.llm_responses ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.agent_activity_log ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.agent_activity_log ALTER COLUMN created_at SET DEFAULT now();

ALTER TABLE ONLY society.point_transactions ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY society.task_history ALTER COLUMN id SET DEFAULT gen_random_uuid();

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_one_per_day UNIQUE (model_id, suite_id, evaluation_date, variant);

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.benchmark_suites
    ADD CONSTRAINT benchmark_suites_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.benchmark_suites
    ADD CONSTRAINT benchmark_suites_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.documentation
    ADD CONSTRAINT documentation_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_mean_one_model_at_a_time EXCLUDE USING gist (catalogue.key_of(VARIADIC ARRAY[(alias)::text, (provider_id)::text]) WITH =, tstzrange(valid_from, valid_to) WITH &&);

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_one_per_region UNIQUE (model_id, region);

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_pkey PRIMARY KEY (news_id, model_id);

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_one_per_retrieval UNIQUE (model_id, source, retrieved_at);

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_one_price_a_day EXCLUDE USING gist (catalogue.key_of(VARIADIC ARRAY[(model_id)::text, (tier)::text, (service_tier)::text, (region)::text, (currency)::text, (min_input_tokens)::text]) WITH =, daterange(effective_from, effective_to) WITH &&) WHERE ((superseded_at IS NULL));

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.probe_locations
    ADD CONSTRAINT probe_locations_one_per_name UNIQUE (name);

ALTER TABLE ONLY catalogue.probe_locations
    ADD CONSTRAINT probe_locations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY catalogue.providers
    ADD CONSTRAINT providers_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY catalogue.providers
    ADD CONSTRAINT providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY evaluation.analyst_reads
    ADD CONSTRAINT analyst_reads_pkey PRIMARY KEY (session_id, scenario_id, content_hash);

ALTER TABLE ONLY evaluation.approval_rules
    ADD CONSTRAINT approval_rules_one_for_each UNIQUE NULLS NOT DISTINCT (tenant_id, config_id);

ALTER TABLE ONLY evaluation.approval_rules
    ADD CONSTRAINT approval_rules_pkey PRIMARY KEY (rule_id);

ALTER TABLE ONLY evaluation.bodies
    ADD CONSTRAINT bodies_pkey PRIMARY KEY (tenant_id, sha256);

ALTER TABLE evaluation.config_diffs
    ADD CONSTRAINT config_diffs_approval_has_a_person CHECK (((approval_status = 'pending'::text) OR (approved_by IS NOT NULL))) NOT VALID;

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_one_per_pair UNIQUE (tenant_id, config_id, version_before, version_after);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_pkey PRIMARY KEY (diff_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_tenant_id_diff_id_key UNIQUE (tenant_id, diff_id);

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_pkey PRIMARY KEY (release_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_config_id_version_id_key UNIQUE (config_id, version_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_one_per_content UNIQUE (tenant_id, config_id, config_hash);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_one_per_number UNIQUE (tenant_id, config_id, version_number);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_pkey PRIMARY KEY (version_id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_tenant_id_version_id_key UNIQUE (tenant_id, version_id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_pkey PRIMARY KEY (config_id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_tenant_id_config_id_key UNIQUE (tenant_id, config_id);

ALTER TABLE ONLY evaluation.failure_cluster_events
    ADD CONSTRAINT failure_cluster_events_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY evaluation.failure_clusterings
    ADD CONSTRAINT failure_clusterings_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY evaluation.failure_clusters
    ADD CONSTRAINT failure_clusters_pkey PRIMARY KEY (cluster_id);

ALTER TABLE ONLY evaluation.failure_clusters
    ADD CONSTRAINT failure_clusters_tenant_id_cluster_id_key UNIQUE (tenant_id, cluster_id);

ALTER TABLE ONLY evaluation.failure_days
    ADD CONSTRAINT failure_days_pkey PRIMARY KEY (signature_id, day);

ALTER TABLE ONLY evaluation.failure_signatures
    ADD CONSTRAINT failure_signatures_pkey PRIMARY KEY (signature_id);

ALTER TABLE ONLY evaluation.failure_signatures
    ADD CONSTRAINT failure_signatures_tenant_id_signature_id_key UNIQUE (tenant_id, signature_id);

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_pkey PRIMARY KEY (improvement_id, round_number);

ALTER TABLE ONLY evaluation.improvements
    ADD CONSTRAINT improvements_pkey PRIMARY KEY (improvement_id);

ALTER TABLE ONLY evaluation.improvements
    ADD CONSTRAINT improvements_tenant_id_improvement_id_key UNIQUE (tenant_id, improvement_id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_pkey PRIMARY KEY (session_id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_session_id_key UNIQUE (tenant_id, session_id);

ALTER TABLE ONLY evaluation.outcome_embeddings
    ADD CONSTRAINT outcome_embeddings_pkey PRIMARY KEY (outcome_id, execution_time);

ALTER TABLE ONLY evaluation.proof_scenarios
    ADD CONSTRAINT proof_scenarios_pkey PRIMARY KEY (proof_id, scenario_id);

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_pkey PRIMARY KEY (proof_id);

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_tenant_id_proof_id_key UNIQUE (tenant_id, proof_id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_one_in_the_team UNIQUE (tenant_id, recommendation_id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_pkey PRIMARY KEY (recommendation_id);

ALTER TABLE ONLY evaluation.scenario_versions
    ADD CONSTRAINT scenario_versions_one_split UNIQUE (tenant_id, scenario_id, content_hash, split);

ALTER TABLE ONLY evaluation.scenario_versions
    ADD CONSTRAINT scenario_versions_pkey PRIMARY KEY (tenant_id, scenario_id, content_hash);

ALTER TABLE ONLY evaluation.scenarios
    ADD CONSTRAINT scenarios_pkey PRIMARY KEY (tenant_id, scenario_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_one_per_import UNIQUE (tenant_id, import_hash);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_pkey PRIMARY KEY (simulation_id);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_pkey PRIMARY KEY (simulation_id, scenario_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_simulation_id_key UNIQUE (tenant_id, simulation_id);

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_pkey PRIMARY KEY (simulation_id, scenario_id, trial_number);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.bodies
    ADD CONSTRAINT bodies_pkey PRIMARY KEY (tenant_id, sha256);

ALTER TABLE ONLY gateway.budget_periods
    ADD CONSTRAINT budget_periods_pkey PRIMARY KEY (budget_id, starts_on);

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.code_versions
    ADD CONSTRAINT code_versions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.debate_ballots
    ADD CONSTRAINT debate_ballots_pkey PRIMARY KEY (tenant_id, session_id, vote, participant_id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_one_per_place UNIQUE (tenant_id, session_id, round_number, turn_number);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_pkey PRIMARY KEY (shard_key, id);

ALTER TABLE ONLY gateway.ensembles
    ADD CONSTRAINT ensembles_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.ensembles
    ADD CONSTRAINT ensembles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.idempotent_calls
    ADD CONSTRAINT idempotent_calls_pkey PRIMARY KEY (tenant_id, user_id, key);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY gateway.memory_nodes
    ADD CONSTRAINT memory_nodes_pkey PRIMARY KEY (node_id);

ALTER TABLE ONLY gateway.processes
    ADD CONSTRAINT processes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY gateway.revisions
    ADD CONSTRAINT revisions_pkey PRIMARY KEY (tenant_id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_one_per_file UNIQUE (file);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_exemptions
    ADD CONSTRAINT audit_exemptions_pkey PRIMARY KEY (relation);

ALTER TABLE ONLY platform.audit_redactions
    ADD CONSTRAINT audit_redactions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_one_per_team_and_day UNIQUE NULLS NOT DISTINCT (ledger, number, tenant_id, day);

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_pkey PRIMARY KEY (ledger, number, "position");

ALTER TABLE ONLY platform.audit_seals
    ADD CONSTRAINT audit_seals_pkey PRIMARY KEY (ledger, number);

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_pkey PRIMARY KEY (depends_on_task_id, task_id);

ALTER TABLE ONLY platform.background_tasks
    ADD CONSTRAINT background_tasks_pkey PRIMARY KEY (id) WITH (fillfactor='40');

ALTER TABLE ONLY platform.cache_counters
    ADD CONSTRAINT cache_counters_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.cache_entries
    ADD CONSTRAINT cache_entries_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (tenant_id, user_id, key);

ALTER TABLE ONLY platform.installation
    ADD CONSTRAINT installation_pkey PRIMARY KEY (is_the_one);

ALTER TABLE ONLY platform.ledgers
    ADD CONSTRAINT ledgers_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.ledgers
    ADD CONSTRAINT ledgers_relation_key UNIQUE (relation);

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.rate_limits
    ADD CONSTRAINT rate_limits_pkey PRIMARY KEY (key);

ALTER TABLE ONLY platform.rollups
    ADD CONSTRAINT rollups_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_pkey PRIMARY KEY (schedule_name, due_at);

ALTER TABLE ONLY platform.schedules
    ADD CONSTRAINT schedules_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.sealed_columns
    ADD CONSTRAINT sealed_columns_pkey PRIMARY KEY (relation, column_name);

ALTER TABLE ONLY platform.series
    ADD CONSTRAINT series_pkey PRIMARY KEY (name);

ALTER TABLE ONLY platform.sign_in_failures
    ADD CONSTRAINT sign_in_failures_pkey PRIMARY KEY (subject);

ALTER TABLE ONLY platform.slow_query_log
    ADD CONSTRAINT slow_query_log_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_pkey PRIMARY KEY (role_name);

ALTER TABLE ONLY platform.task_lanes
    ADD CONSTRAINT task_lanes_one_per_type_and_queue UNIQUE (task_type, queue);

ALTER TABLE ONLY platform.task_lanes
    ADD CONSTRAINT task_lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY platform.task_workers
    ADD CONSTRAINT task_workers_pkey PRIMARY KEY (worker_id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_one_per_token UNIQUE (token_digest, tenant_id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_pkey PRIMARY KEY (tenant_id, user_id);

ALTER TABLE ONLY platform.teams
    ADD CONSTRAINT teams_one_per_slug UNIQUE (slug);

ALTER TABLE ONLY platform.teams
    ADD CONSTRAINT teams_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_one_per_identifier UNIQUE (user_identifier);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_one_per_user UNIQUE (user_id);

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_one_per_token UNIQUE (session_token, tenant_id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_api_key UNIQUE (api_key);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_email UNIQUE (email);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_one_per_username UNIQUE (username);

ALTER TABLE ONLY platform.users
    ADD CONSTRAINT users_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_one_per_period UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, achievement_id, period);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_one_per_skill UNIQUE (tenant_id, agent_id, skill_name);

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agent_status_history
    ADD CONSTRAINT agent_status_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_one_per_reviewer UNIQUE (tenant_id, appeal_id, reviewer_id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_one_per_agent UNIQUE (tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_one_per_judge UNIQUE NULLS NOT DISTINCT (tenant_id, battle_id, round_number, judge_id);

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_one_per_agent UNIQUE (tenant_id, session_id, agent_id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_one_per_battle UNIQUE (tenant_id, agent_id, battle_id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_one_per_agent UNIQUE (tenant_id, agent_id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.hall_of_fame
    ADD CONSTRAINT hall_of_fame_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_pkey PRIMARY KEY (tenant_id, combination_id, idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_are_of_one_session UNIQUE (tenant_id, id, session_id, result_idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_one_per_result UNIQUE (tenant_id, result_idea_id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_one_per_agent UNIQUE (tenant_id, idea_id, agent_id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_are_of_one_session UNIQUE (tenant_id, session_id, id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.leaderboard_periods
    ADD CONSTRAINT leaderboard_periods_pkey PRIMARY KEY (tenant_id, category, period, period_start);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_one_per_agent UNIQUE (tenant_id, category, period, period_start, agent_id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_one_per_curriculum UNIQUE (tenant_id, pairing_id, curriculum_id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_have_one_mentee UNIQUE (tenant_id, id, mentee_id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_one_per_number UNIQUE (tenant_id, pairing_id, session_number);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_one_per_evidence UNIQUE NULLS NOT DISTINCT (tenant_id, rater_id, ratee_id, context, task_id, battle_id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.point_keys
    ADD CONSTRAINT point_keys_one_award_per_key PRIMARY KEY (tenant_id, idempotency_key);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_one_per_category UNIQUE (tenant_id, category);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_one_per_queue UNIQUE (tenant_id, agent_id, queue_id);

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_are_of_one_type UNIQUE (tenant_id, id, resource_type);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_one_per_attempt UNIQUE (tenant_id, program_id, attempt);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_are_of_one_agent UNIQUE (tenant_id, id, agent_id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_one_per_type UNIQUE (tenant_id, agent_id, streak_type);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_assignments
    ADD CONSTRAINT task_assignments_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_dead_letters
    ADD CONSTRAINT task_dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_one_per_pair UNIQUE (tenant_id, task_id, depends_on_task_id);

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_one_per_attempt UNIQUE (tenant_id, task_id, attempt);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_lanes
    ADD CONSTRAINT task_lanes_are_the_teams UNIQUE (tenant_id, lane);

ALTER TABLE ONLY society.task_lanes
    ADD CONSTRAINT task_lanes_one_per_profile UNIQUE NULLS NOT DISTINCT (tenant_id, task_type, required_skills, min_trust, agent_id);

ALTER TABLE ONLY society.task_lanes
    ADD CONSTRAINT task_lanes_pkey PRIMARY KEY (lane);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_one_per_name UNIQUE (tenant_id, name);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_one_per_attempt UNIQUE (tenant_id, task_id, attempt);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.task_types
    ADD CONSTRAINT task_types_pkey PRIMARY KEY (tenant_id, name);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.tier_history
    ADD CONSTRAINT tier_history_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.tiers
    ADD CONSTRAINT tiers_pkey PRIMARY KEY (tenant_id, tier);

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_one_edge_per_context UNIQUE (tenant_id, from_agent_id, to_agent_id, context);

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_are_of_one_agent UNIQUE (tenant_id, id, agent_id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.vote_audit_trail
    ADD CONSTRAINT vote_audit_trail_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_pkey PRIMARY KEY (tenant_id, session_id, agent_id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_pkey PRIMARY KEY (id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_id_key UNIQUE (tenant_id, id);

ALTER TABLE ONLY store.agent_activity_log
    ADD CONSTRAINT agent_activity_log_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.analytics_events
    ADD CONSTRAINT analytics_events_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.audit_log
    ADD CONSTRAINT audit_log_pkey PRIMARY KEY (epoch, transaction_id, "timestamp", log_id);

ALTER TABLE ONLY store.audit_logs
    ADD CONSTRAINT audit_logs_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.background_task_history
    ADD CONSTRAINT background_task_history_pkey PRIMARY KEY (task_id, created_at, event);

ALTER TABLE ONLY store.daily_model_views
    ADD CONSTRAINT daily_model_views_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, model);

ALTER TABLE ONLY store.daily_stats
    ADD CONSTRAINT daily_stats_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, event_type);

ALTER TABLE ONLY store.ensemble_ballots
    ADD CONSTRAINT ensemble_ballots_pkey PRIMARY KEY (request_id, layer, voter, created_at);

ALTER TABLE ONLY store.ensemble_votes
    ADD CONSTRAINT ensemble_votes_pkey PRIMARY KEY (request_id, created_at);

ALTER TABLE ONLY store.failure_patterns
    ADD CONSTRAINT failure_patterns_pkey PRIMARY KEY (pattern_id, execution_time);

ALTER TABLE ONLY store.failure_trends_daily
    ADD CONSTRAINT failure_trends_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, failure_category);

ALTER TABLE ONLY store.llm_arrival_hourly
    ADD CONSTRAINT llm_arrival_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, provider_name, model, idx);

ALTER TABLE ONLY store.llm_first_token_hourly
    ADD CONSTRAINT llm_first_token_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, provider_name, model, idx);

ALTER TABLE ONLY store.llm_latency_daily
    ADD CONSTRAINT llm_latency_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, provider_name, model, idx);

ALTER TABLE ONLY store.llm_requests
    ADD CONSTRAINT llm_requests_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.llm_responses
    ADD CONSTRAINT llm_responses_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.llm_traffic_hourly
    ADD CONSTRAINT llm_traffic_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, provider_name, model);

ALTER TABLE ONLY store.mv_daily_stats
    ADD CONSTRAINT mv_daily_stats_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, user_id, model);

ALTER TABLE ONLY store.outcomes
    ADD CONSTRAINT outcomes_pkey PRIMARY KEY (outcome_id, execution_time);

ALTER TABLE ONLY store.penalty_history
    ADD CONSTRAINT penalty_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.point_transactions
    ADD CONSTRAINT point_transactions_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.reputation_history
    ADD CONSTRAINT reputation_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.scenario_performance_daily
    ADD CONSTRAINT scenario_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, scenario_id);

ALTER TABLE ONLY store.simulation_latency_hourly
    ADD CONSTRAINT simulation_latency_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id, idx);

ALTER TABLE ONLY store.simulation_performance_daily
    ADD CONSTRAINT simulation_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id);

ALTER TABLE ONLY store.simulation_performance_hourly
    ADD CONSTRAINT simulation_performance_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, simulation_id);

ALTER TABLE ONLY store.spans
    ADD CONSTRAINT spans_pkey PRIMARY KEY (tenant_id, trace_id, span_id, started_at);

ALTER TABLE ONLY store.status_5min
    ADD CONSTRAINT status_5min_one_per_key UNIQUE NULLS NOT DISTINCT (bucket, model_id, region);

ALTER TABLE ONLY store.status_hourly
    ADD CONSTRAINT status_hourly_one_per_key UNIQUE NULLS NOT DISTINCT (bucket, model_id, region);

ALTER TABLE ONLY store.status_probes
    ADD CONSTRAINT status_probes_pkey PRIMARY KEY (model_id, region, probe_location, "time");

ALTER TABLE ONLY store.streaming_analytics
    ADD CONSTRAINT streaming_analytics_pkey PRIMARY KEY (id, "timestamp");

ALTER TABLE ONLY store.task_history
    ADD CONSTRAINT task_history_pkey PRIMARY KEY (id, created_at);

ALTER TABLE ONLY store.tool_performance_daily
    ADD CONSTRAINT tool_performance_daily_one_per_key UNIQUE NULLS NOT DISTINCT (tenant_id, bucket, tool_name);

ALTER TABLE ONLY store.tool_usage
    ADD CONSTRAINT tool_usage_pkey PRIMARY KEY (usage_id, execution_time);

CREATE INDEX idx_benchmarks_category ON catalogue.benchmark_suites USING btree (category);

CREATE INDEX idx_docs_locale ON catalogue.documentation USING btree (locale);

CREATE INDEX idx_docs_model ON catalogue.documentation USING btree (model_id);

CREATE INDEX idx_docs_type ON catalogue.documentation USING btree (doc_type);

CREATE INDEX idx_incidents_model ON catalogue.incidents USING btree (model_id);

CREATE INDEX idx_incidents_provider ON catalogue.incidents USING btree (provider_id);

CREATE INDEX idx_incidents_status ON catalogue.incidents USING btree (status) WHERE ((status)::text <> 'resolved'::text);

CREATE INDEX idx_incidents_time ON catalogue.incidents USING btree (started_at DESC);

CREATE UNIQUE INDEX idx_model_listings_id ON catalogue.model_listings USING btree (id);

CREATE INDEX idx_model_listings_provider ON catalogue.model_listings USING btree (provider_id);

CREATE INDEX idx_models_active ON catalogue.models USING btree (is_active);

CREATE INDEX idx_models_capabilities ON catalogue.models USING gin (capabilities);

CREATE INDEX idx_models_foundation ON catalogue.models USING btree (foundation_model);

CREATE INDEX idx_models_modalities ON catalogue.models USING gin (modalities);

CREATE INDEX idx_models_provider ON catalogue.models USING btree (provider_id);

CREATE INDEX idx_models_search ON catalogue.models USING gin (search_vector);

CREATE INDEX idx_news_category ON catalogue.news_articles USING btree (category);

CREATE INDEX idx_news_locale ON catalogue.news_articles USING btree (locale_primary);

CREATE INDEX idx_news_published ON catalogue.news_articles USING btree (published_at DESC);

CREATE INDEX idx_news_tags ON catalogue.news_articles USING gin (tags);

CREATE INDEX idx_pricing_effective ON catalogue.pricing USING btree (effective_from, effective_to);

CREATE INDEX idx_pricing_model ON catalogue.pricing USING btree (model_id);

CREATE INDEX idx_pricing_region ON catalogue.pricing USING btree (region);

CREATE INDEX idx_providers_regions ON catalogue.providers USING gin (regions);

CREATE INDEX idx_scores_date ON catalogue.benchmark_scores USING btree (evaluation_date DESC);

CREATE INDEX idx_scores_model ON catalogue.benchmark_scores USING btree (model_id);

CREATE INDEX idx_scores_suite ON catalogue.benchmark_scores USING btree (suite_id);

CREATE INDEX model_aliases_by_alias ON catalogue.model_aliases USING btree (alias);

CREATE INDEX model_aliases_by_model ON catalogue.model_aliases USING btree (model_id);

CREATE INDEX model_aliases_by_provider ON catalogue.model_aliases USING btree (provider_id);

CREATE INDEX news_articles_by_author ON catalogue.news_articles USING btree (author_id) WHERE (author_id IS NOT NULL);

CREATE INDEX news_model_mentions_by_model ON catalogue.news_model_mentions USING btree (model_id);

CREATE INDEX pricing_by_claim ON catalogue.pricing USING btree (claim_id) WHERE (claim_id IS NOT NULL);

CREATE INDEX analyst_reads_by_scenario ON evaluation.analyst_reads USING btree (tenant_id, scenario_id, content_hash, split);

CREATE INDEX approval_rules_by_setter ON evaluation.approval_rules USING btree (set_by);

CREATE INDEX config_diffs_by_approver ON evaluation.config_diffs USING btree (approved_by) WHERE (approved_by IS NOT NULL);

CREATE INDEX config_diffs_by_proposer ON evaluation.config_diffs USING btree (proposed_by) WHERE (proposed_by IS NOT NULL);

CREATE INDEX config_diffs_by_version_after ON evaluation.config_diffs USING btree (config_id, version_after);

CREATE INDEX config_diffs_by_version_before ON evaluation.config_diffs USING btree (config_id, version_before);

CREATE INDEX config_diffs_to_decide ON evaluation.config_diffs USING btree (tenant_id, created_at) WHERE (is_proposal AND (approval_status = 'pending'::text));

CREATE INDEX config_releases_by_configuration ON evaluation.config_releases USING btree (tenant_id, config_id, released_at DESC);

CREATE INDEX config_releases_by_diff ON evaluation.config_releases USING btree (tenant_id, diff_id);

CREATE INDEX config_releases_by_previous ON evaluation.config_releases USING btree (config_id, previous_version_id);

CREATE INDEX config_releases_by_user ON evaluation.config_releases USING btree (user_id);

CREATE INDEX config_releases_by_version ON evaluation.config_releases USING btree (config_id, version_id);

CREATE INDEX config_versions_by_words ON evaluation.config_versions USING gin (platform.text_vector(raw_yaml, 'en'::text));

CREATE INDEX configurations_by_latest_version ON evaluation.configurations USING btree (config_id, latest_version_id);

CREATE INDEX configurations_by_user ON evaluation.configurations USING btree (user_id);

CREATE INDEX failure_cluster_events_by_cluster ON evaluation.failure_cluster_events USING btree (tenant_id, cluster_id, happened_at);

CREATE INDEX failure_cluster_events_by_other ON evaluation.failure_cluster_events USING btree (tenant_id, other_id) WHERE (other_id IS NOT NULL);

CREATE INDEX failure_clusters_by_last_seen ON evaluation.failure_clusters USING btree (tenant_id, last_seen DESC) WHERE (merged_into IS NULL);

CREATE INDEX failure_clusters_by_merger ON evaluation.failure_clusters USING btree (tenant_id, merged_into) WHERE (merged_into IS NOT NULL);

CREATE INDEX failure_clusters_by_resolver ON evaluation.failure_clusters USING btree (resolved_by) WHERE (resolved_by IS NOT NULL);

CREATE INDEX failure_days_by_tenant ON evaluation.failure_days USING btree (tenant_id, day DESC);

CREATE INDEX failure_signatures_by_cluster ON evaluation.failure_signatures USING btree (tenant_id, cluster_id);

CREATE INDEX failure_signatures_by_embedding ON evaluation.failure_signatures USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops);

CREATE INDEX failure_signatures_by_words ON evaluation.failure_signatures USING gin (words);

CREATE INDEX idx_config_diffs_config_created ON evaluation.config_diffs USING btree (tenant_id, config_id, created_at DESC);

CREATE INDEX idx_config_diffs_llm_generated ON evaluation.config_diffs USING btree (llm_generated, created_at DESC) WHERE llm_generated;

CREATE INDEX idx_config_embedding_cosine ON evaluation.config_versions USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX idx_config_versions_config_version ON evaluation.config_versions USING btree (tenant_id, config_id, version_number DESC);

CREATE INDEX idx_config_versions_parsed_gin ON evaluation.config_versions USING gin (parsed_config jsonb_path_ops);

CREATE INDEX idx_recommendations_impact_gin ON evaluation.recommendations USING gin (impact_estimate jsonb_path_ops) WHERE (impact_estimate IS NOT NULL);

CREATE INDEX idx_recommendations_pending ON evaluation.recommendations USING btree (tenant_id, confidence DESC, created_at DESC) WHERE (NOT applied);

CREATE INDEX idx_recommendations_pending_confidence ON evaluation.recommendations USING btree (tenant_id, applied, confidence DESC, created_at DESC) WHERE (NOT applied);

CREATE INDEX idx_scenario_embedding_cosine ON evaluation.scenarios USING hnsw (((scenario_embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (scenario_embedding IS NOT NULL);

CREATE INDEX idx_scenarios_text_search ON evaluation.scenarios USING gin (to_tsvector('english'::regconfig, ((name || ' '::text) || task_prompt)));

CREATE INDEX idx_simulations_config_created ON evaluation.simulations USING btree (tenant_id, config_version_id, created_at DESC);

CREATE INDEX idx_simulations_metadata_gin ON evaluation.simulations USING gin (metadata jsonb_path_ops) WHERE (metadata <> '{}'::jsonb);

CREATE INDEX idx_simulations_modal_app ON evaluation.simulations USING btree (tenant_id, modal_app_id, created_at DESC) WHERE (modal_app_id IS NOT NULL);

CREATE INDEX idx_simulations_recent_completed ON evaluation.simulations USING btree (tenant_id, completed_at DESC) INCLUDE (simulation_id, overall_score, total_cost_usd) WHERE (status = 'completed'::text);

CREATE INDEX idx_simulations_status_priority ON evaluation.simulations USING btree (tenant_id, status, priority DESC) WHERE (status = ANY (ARRAY['pending'::text, 'running'::text]));

CREATE INDEX idx_simulations_user_performance ON evaluation.simulations USING btree (tenant_id, config_version_id, status, overall_score, total_cost_usd, completed_at);

CREATE INDEX idx_trajectory_embedding_cosine ON evaluation.outcome_embeddings USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops);

CREATE INDEX improvement_rounds_by_parent ON evaluation.improvement_rounds USING btree (tenant_id, parent_version_id);

CREATE INDEX improvement_rounds_by_proof ON evaluation.improvement_rounds USING btree (tenant_id, proof_id);

CREATE INDEX improvement_rounds_by_recommendation ON evaluation.improvement_rounds USING btree (tenant_id, recommendation_id);

CREATE INDEX improvement_rounds_by_session ON evaluation.improvement_rounds USING btree (tenant_id, session_id);

CREATE INDEX improvement_rounds_by_simulation ON evaluation.improvement_rounds USING btree (tenant_id, simulation_id);

CREATE INDEX improvements_by_configuration ON evaluation.improvements USING btree (tenant_id, config_id, created_at DESC);

CREATE INDEX improvements_by_user ON evaluation.improvements USING btree (user_id);

CREATE INDEX llm_recommendation_sessions_by_improvement ON evaluation.llm_recommendation_sessions USING btree (tenant_id, improvement_id);

CREATE INDEX llm_recommendation_sessions_by_tenant ON evaluation.llm_recommendation_sessions USING btree (tenant_id, created_at DESC);

CREATE INDEX llm_recommendation_sessions_by_user ON evaluation.llm_recommendation_sessions USING btree (user_id);

CREATE INDEX llm_recommendation_sessions_by_version ON evaluation.llm_recommendation_sessions USING btree (tenant_id, config_version_id);

CREATE INDEX llm_recommendation_sessions_running ON evaluation.llm_recommendation_sessions USING btree (created_at) WHERE (session_status = 'running'::text);

CREATE INDEX outcome_embeddings_by_tenant ON evaluation.outcome_embeddings USING btree (tenant_id);

CREATE INDEX outcome_embeddings_by_words ON evaluation.outcome_embeddings USING gin (words);

CREATE INDEX proof_scenarios_by_scenario ON evaluation.proof_scenarios USING btree (tenant_id, scenario_id, content_hash, split);

CREATE INDEX proofs_by_baseline ON evaluation.proofs USING btree (tenant_id, baseline_simulation_id);

CREATE INDEX proofs_by_candidate ON evaluation.proofs USING btree (tenant_id, candidate_simulation_id);

CREATE INDEX proofs_by_diff ON evaluation.proofs USING btree (tenant_id, diff_id, created_at DESC);

CREATE INDEX recommendations_by_applier ON evaluation.recommendations USING btree (applied_by) WHERE (applied_by IS NOT NULL);

CREATE INDEX recommendations_by_diff ON evaluation.recommendations USING btree (tenant_id, diff_id);

CREATE INDEX recommendations_by_proposed_diff ON evaluation.recommendations USING btree (tenant_id, proposed_diff_id);

CREATE INDEX recommendations_by_session ON evaluation.recommendations USING btree (tenant_id, session_id);

CREATE INDEX recommendations_by_simulation ON evaluation.recommendations USING btree (tenant_id, simulation_id);

CREATE INDEX recommendations_by_version ON evaluation.recommendations USING btree (tenant_id, config_version_id);

CREATE INDEX scenarios_by_suite ON evaluation.scenarios USING btree (tenant_id, suite, scenario_id);

CREATE INDEX scenarios_by_words ON evaluation.scenarios USING gin (platform.text_vector(((name || ' '::text) || task_prompt), 'en'::text));

CREATE INDEX simulations_by_creation ON evaluation.simulations USING btree (tenant_id, created_at DESC);

CREATE INDEX simulations_by_interleaved ON evaluation.simulations USING btree (tenant_id, interleaved_with) WHERE (interleaved_with IS NOT NULL);

CREATE UNIQUE INDEX simulations_one_open_for_traces ON evaluation.simulations USING btree (tenant_id, config_version_id) WHERE ((origin = 'traces'::text) AND (status = ANY (ARRAY['pending'::text, 'running'::text])));

CREATE INDEX simulations_scenarios_by_content ON evaluation.simulations_scenarios USING btree (tenant_id, scenario_id, content_hash);

CREATE INDEX simulations_scenarios_by_simulation ON evaluation.simulations_scenarios USING btree (tenant_id, simulation_id, execution_order);

CREATE INDEX trials_to_do ON evaluation.trials USING btree (simulation_id, "position") WHERE (state = ANY (ARRAY['pending'::text, 'running'::text]));

CREATE INDEX bodies_by_day ON gateway.bodies USING btree (used_on);

CREATE INDEX budget_periods_by_budget ON gateway.budget_periods USING btree (tenant_id, budget_id);

CREATE INDEX budgets_by_key ON gateway.budgets USING btree (tenant_id, api_key_id) WHERE (api_key_id IS NOT NULL);

CREATE INDEX budgets_by_user ON gateway.budgets USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX code_versions_by_session ON gateway.code_versions USING btree (tenant_id, session_id, created_at);

CREATE INDEX debate_sessions_open ON gateway.debate_sessions USING btree (created_at) WHERE ((status)::text = ANY ((ARRAY['pending'::character varying, 'active'::character varying])::text[]));

CREATE INDEX distributed_memory_by_embedding ON ONLY gateway.distributed_memory USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX distributed_memory_by_node ON ONLY gateway.distributed_memory USING btree (node_id);

CREATE INDEX distributed_memory_by_shard ON ONLY gateway.distributed_memory USING btree (tenant_id, shard_key, created_at DESC);

CREATE INDEX distributed_memory_by_user ON ONLY gateway.distributed_memory USING btree (user_id, tenant_id, created_at DESC);

CREATE INDEX ensembles_by_person ON gateway.ensembles USING btree (created_by);

CREATE INDEX idempotent_calls_by_end ON gateway.idempotent_calls USING btree (expires_at);

CREATE INDEX idempotent_calls_by_user ON gateway.idempotent_calls USING btree (user_id);

CREATE INDEX idx_debate_sessions_created_by ON gateway.debate_sessions USING btree (created_by);

CREATE INDEX idx_debate_sessions_status ON gateway.debate_sessions USING btree (tenant_id, status, created_at DESC);

CREATE INDEX idx_memories_session_id ON gateway.cognee_memories USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX idx_memories_type ON gateway.cognee_memories USING btree (tenant_id, memory_type);

CREATE INDEX idx_memories_user_id ON gateway.cognee_memories USING btree (user_id, tenant_id, created_at DESC);

CREATE INDEX llm_providers_by_provider ON gateway.llm_providers USING btree (provider_id) WHERE (provider_id IS NOT NULL);

CREATE INDEX api_keys_by_user ON platform.api_keys USING btree (user_id);

CREATE INDEX archives_by_span ON platform.archives USING btree (series, starts_at);

CREATE INDEX audit_seal_parts_by_team ON platform.audit_seal_parts USING btree (tenant_id, ledger, number);

CREATE INDEX background_task_dependencies_by_task ON platform.background_task_dependencies USING btree (task_id);

CREATE INDEX background_tasks_by_creator ON platform.background_tasks USING brin (created_by);

CREATE INDEX background_tasks_by_deadline ON platform.background_tasks USING btree (deadline_at) WHERE ((deadline_at IS NOT NULL) AND (status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status])));

CREATE INDEX background_tasks_by_lease ON platform.background_tasks USING btree (leased_until) WHERE (leased_until IS NOT NULL);

CREATE INDEX background_tasks_by_turn ON platform.background_tasks USING btree (lane, fair_key, priority, place) WHERE ((status = 'pending'::platform.job_status) AND (place IS NOT NULL));

CREATE INDEX background_tasks_held_up ON platform.background_tasks USING btree (lane, status) WHERE (status = ANY (ARRAY['paused'::platform.job_status, 'stuck'::platform.job_status]));

CREATE UNIQUE INDEX background_tasks_one_per_idempotency_key ON platform.background_tasks USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE UNIQUE INDEX background_tasks_one_per_unique_key ON platform.background_tasks USING btree (tenant_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::platform.job_status, 'queued'::platform.job_status, 'running'::platform.job_status, 'paused'::platform.job_status, 'stuck'::platform.job_status])));

CREATE INDEX clickhouse_analytics_by_team ON platform.clickhouse_analytics USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX clickhouse_analytics_by_user ON platform.clickhouse_analytics USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX clickhouse_analytics_to_export ON platform.clickhouse_analytics USING btree ("timestamp") WHERE (NOT exported);

CREATE INDEX dead_letter_queue_by_resolver ON platform.dead_letter_queue USING btree (resolved_by) WHERE (resolved_by IS NOT NULL);

CREATE INDEX dead_letter_queue_by_task ON platform.dead_letter_queue USING btree (tenant_id, original_task_id);

CREATE INDEX dead_letter_queue_by_time ON platform.dead_letter_queue USING btree (tenant_id, moved_at DESC);

CREATE UNIQUE INDEX dead_letter_queue_one_open_per_task ON platform.dead_letter_queue USING btree (tenant_id, original_task_id) WHERE (resolved_at IS NULL);

CREATE INDEX idx_idempotency_keys_expires_at ON platform.idempotency_keys USING btree (expires_at);

CREATE INDEX idx_idempotency_keys_user_id ON platform.idempotency_keys USING btree (user_id);

CREATE INDEX idx_sessions_status ON platform.user_sessions USING btree (status, expires_at);

CREATE INDEX idx_sessions_user_id ON platform.user_sessions USING btree (user_id);

CREATE INDEX idx_tasks_priority ON platform.background_tasks USING btree (lane, place, seq) WHERE ((status = 'pending'::platform.job_status) AND (place IS NOT NULL));

CREATE INDEX idx_tasks_scheduled_at ON platform.background_tasks USING btree (lane, scheduled_at) WHERE ((status = 'pending'::platform.job_status) AND (place IS NULL) AND (open_dependencies = 0));

CREATE INDEX idx_tasks_status ON platform.background_tasks USING btree (tenant_id, status, created_at DESC);

CREATE INDEX idx_tasks_worker_id ON platform.background_tasks USING btree (worker_id) WHERE (status = ANY (ARRAY['queued'::platform.job_status, 'running'::platform.job_status, 'stuck'::platform.job_status]));

CREATE INDEX rollup_marks_by_bucket ON platform.rollup_marks USING btree (rollup, tenant_id, bucket);

CREATE INDEX rollups_by_source ON platform.rollups USING btree (source);

CREATE INDEX schedule_runs_by_task ON platform.schedule_runs USING btree (task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX schedules_by_team ON platform.schedules USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);

CREATE INDEX schedules_due ON platform.schedules USING btree (next_run_at) WHERE enabled;

CREATE INDEX sign_in_failures_by_time ON platform.sign_in_failures USING btree (last_failed_at);

CREATE INDEX slow_query_log_by_time ON platform.slow_query_log USING btree ("timestamp" DESC);

CREATE INDEX sql_logins_by_tenant ON platform.sql_logins USING btree (tenant_id);

CREATE INDEX sql_logins_by_user ON platform.sql_logins USING btree (user_id);

CREATE INDEX task_workers_by_tenant ON platform.task_workers USING btree (tenant_id) WHERE (tenant_id IS NOT NULL);

CREATE INDEX team_invitations_by_accepter ON platform.team_invitations USING btree (accepted_by) WHERE (accepted_by IS NOT NULL);

CREATE INDEX team_invitations_by_inviter ON platform.team_invitations USING btree (invited_by);

CREATE INDEX team_members_by_user ON platform.team_members USING btree (user_id);

CREATE INDEX user_sessions_by_memory ON platform.user_sessions USING btree (tenant_id, memory_id) WHERE (memory_id IS NOT NULL);

CREATE UNIQUE INDEX user_sessions_one_per_name ON platform.user_sessions USING btree (tenant_id, user_id, name) WHERE (name IS NOT NULL);

CREATE INDEX user_sessions_open_by_name ON platform.user_sessions USING btree (tenant_id, user_id, expires_at) WHERE ((name IS NOT NULL) AND ((status)::text = 'active'::text));

CREATE INDEX achievements_by_category ON society.achievements USING btree (tenant_id, category) WHERE (is_active AND (deleted_at IS NULL));

CREATE UNIQUE INDEX achievements_one_live_per_achievement_id ON society.achievements USING btree (tenant_id, achievement_id) WHERE (deleted_at IS NULL);

CREATE INDEX agent_achievements_by_achievement ON society.agent_achievements USING btree (tenant_id, achievement_id);

CREATE INDEX agent_permissions_by_agent ON society.agent_permissions USING btree (tenant_id, agent_id);

CREATE INDEX agent_permissions_by_granter ON society.agent_permissions USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE UNIQUE INDEX agent_permissions_one_live_per_permission ON society.agent_permissions USING btree (tenant_id, agent_id, permission) WHERE (revoked_at IS NULL);

CREATE INDEX agent_skills_by_skill ON society.agent_skills USING btree (tenant_id, skill_name, proficiency DESC);

CREATE INDEX agent_skills_by_verifier ON society.agent_skills USING btree (tenant_id, verified_by) WHERE (verified_by IS NOT NULL);

CREATE INDEX agent_status_history_by_agent ON society.agent_status_history USING btree (tenant_id, agent_id, changed_at DESC);

CREATE INDEX agents_by_creator ON society.agents USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX agents_by_points ON society.agents USING btree (tenant_id, total_points DESC) WHERE (deleted_at IS NULL);

CREATE INDEX appeal_reviews_by_reviewer ON society.appeal_reviews USING btree (tenant_id, reviewer_id);

CREATE INDEX appeals_by_reviewer ON society.appeals USING btree (tenant_id, reviewer_id) WHERE (reviewer_id IS NOT NULL);

CREATE INDEX appeals_by_violation ON society.appeals USING btree (tenant_id, violation_id, agent_id);

CREATE INDEX appeals_by_vote ON society.appeals USING btree (tenant_id, voting_session_id) WHERE (voting_session_id IS NOT NULL);

CREATE UNIQUE INDEX appeals_one_open_per_violation ON society.appeals USING btree (tenant_id, violation_id) WHERE (status = ANY (ARRAY['filed'::society.appeal_status, 'under_review'::society.appeal_status]));

CREATE INDEX battle_participants_by_agent ON society.battle_participants USING btree (tenant_id, agent_id);

CREATE INDEX battle_rounds_by_judge ON society.battle_rounds USING btree (tenant_id, judge_id) WHERE (judge_id IS NOT NULL);

CREATE INDEX battles_by_creator ON society.battles USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX battles_by_status ON society.battles USING btree (tenant_id, status, created_at DESC);

CREATE INDEX battles_by_task ON society.battles USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX battles_by_winner ON society.battles USING btree (tenant_id, winner_id) WHERE (winner_id IS NOT NULL);

CREATE UNIQUE INDEX battles_one_live_per_battle_id ON society.battles USING btree (tenant_id, battle_id) WHERE (deleted_at IS NULL);

CREATE INDEX brainstorm_participants_by_agent ON society.brainstorm_participants USING btree (tenant_id, agent_id);

CREATE INDEX brainstorm_sessions_by_creator ON society.brainstorm_sessions USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX brainstorm_sessions_by_facilitator ON society.brainstorm_sessions USING btree (tenant_id, facilitator_id) WHERE (facilitator_id IS NOT NULL);

CREATE INDEX brainstorm_sessions_by_status ON society.brainstorm_sessions USING btree (tenant_id, status, created_at DESC);

CREATE INDEX brainstorm_sessions_by_vote ON society.brainstorm_sessions USING btree (tenant_id, voting_session_id) WHERE (voting_session_id IS NOT NULL);

CREATE UNIQUE INDEX brainstorm_sessions_one_live_per_session_id ON society.brainstorm_sessions USING btree (tenant_id, session_id) WHERE (deleted_at IS NULL);

CREATE INDEX eigentrust_runs_by_time ON society.eigentrust_runs USING btree (tenant_id, started_at DESC);

CREATE INDEX elo_history_by_agent ON society.elo_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX elo_history_by_battle ON society.elo_history USING btree (tenant_id, battle_id, agent_id) WHERE (battle_id IS NOT NULL);

CREATE INDEX global_trust_scores_by_level ON society.global_trust_scores USING btree (tenant_id, trust_level, eigentrust_score DESC);

CREATE INDEX global_trust_scores_by_run ON society.global_trust_scores USING btree (tenant_id, run_id) WHERE (run_id IS NOT NULL);

CREATE INDEX hall_of_fame_by_agent ON society.hall_of_fame USING btree (tenant_id, agent_id);

CREATE UNIQUE INDEX hall_of_fame_one_live_per_title ON society.hall_of_fame USING btree (tenant_id, agent_id, title, season) NULLS NOT DISTINCT WHERE (deleted_at IS NULL);

CREATE INDEX idea_combination_sources_by_idea ON society.idea_combination_sources USING btree (tenant_id, session_id, idea_id);

CREATE INDEX idea_combinations_by_combiner ON society.idea_combinations USING btree (tenant_id, combined_by) WHERE (combined_by IS NOT NULL);

CREATE INDEX idea_combinations_by_session ON society.idea_combinations USING btree (tenant_id, session_id, result_idea_id);

CREATE INDEX idea_votes_by_agent ON society.idea_votes USING btree (tenant_id, agent_id);

CREATE INDEX ideas_by_author ON society.ideas USING btree (tenant_id, session_id, agent_id);

CREATE INDEX ideas_by_embedding ON society.ideas USING hnsw (((embedding)::public.halfvec(1536)) public.halfvec_cosine_ops) WHERE (embedding IS NOT NULL);

CREATE INDEX ideas_by_parent ON society.ideas USING btree (tenant_id, session_id, parent_id) WHERE (parent_id IS NOT NULL);

CREATE UNIQUE INDEX idx_agents_agent_id ON society.agents USING btree (tenant_id, agent_id) WHERE (deleted_at IS NULL);

CREATE INDEX idx_agents_elo ON society.agents USING btree (tenant_id, elo_rating DESC);

CREATE INDEX idx_agents_type_status ON society.agents USING btree (tenant_id, type, status) WHERE (deleted_at IS NULL);

CREATE INDEX idx_leaderboard_category_period ON society.leaderboard_rankings USING btree (tenant_id, category, period, period_start, rank);

CREATE INDEX idx_tasks_assigned_to ON society.tasks USING btree (tenant_id, assigned_to) WHERE (assigned_to IS NOT NULL);

CREATE INDEX idx_tasks_priority_status ON society.tasks USING btree (tenant_id, place, seq) INCLUDE (lane) WHERE ((status = 'pending'::society.agent_task_status) AND (place IS NOT NULL));

CREATE INDEX idx_tasks_status ON society.tasks USING btree (tenant_id, status) WHERE ((status <> ALL (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) AND ((status <> 'pending'::society.agent_task_status) OR (place IS NULL)));

CREATE INDEX idx_trust_graph_to ON society.trust_graph USING btree (tenant_id, to_agent_id);

CREATE INDEX idx_voting_sessions_status ON society.voting_sessions USING btree (tenant_id, status);

CREATE INDEX leaderboard_rankings_by_agent ON society.leaderboard_rankings USING btree (tenant_id, agent_id);

CREATE INDEX mentee_progress_by_curriculum ON society.mentee_progress USING btree (tenant_id, curriculum_id);

CREATE INDEX mentee_progress_by_pairing ON society.mentee_progress USING btree (tenant_id, pairing_id, mentee_id);

CREATE UNIQUE INDEX mentorship_curriculum_one_live_per_level ON society.mentorship_curriculum USING btree (tenant_id, skill_name, level) WHERE (deleted_at IS NULL);

CREATE INDEX mentorship_pairings_by_mentee ON society.mentorship_pairings USING btree (tenant_id, mentee_id, status);

CREATE INDEX mentorship_pairings_by_mentor ON society.mentorship_pairings USING btree (tenant_id, mentor_id, status);

CREATE UNIQUE INDEX mentorship_pairings_one_active_per_skill ON society.mentorship_pairings USING btree (tenant_id, mentee_id, skill_focus) WHERE (status = 'active'::society.mentorship_status);

CREATE INDEX peer_ratings_by_battle ON society.peer_ratings USING btree (tenant_id, battle_id) WHERE (battle_id IS NOT NULL);

CREATE INDEX peer_ratings_by_ratee ON society.peer_ratings USING btree (tenant_id, ratee_id, created_at DESC);

CREATE INDEX peer_ratings_by_task ON society.peer_ratings USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX pretrusted_agents_by_agent ON society.pretrusted_agents USING btree (tenant_id, agent_id);

CREATE INDEX pretrusted_agents_by_granter ON society.pretrusted_agents USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE UNIQUE INDEX pretrusted_agents_one_without_end ON society.pretrusted_agents USING btree (tenant_id, agent_id) WHERE (until IS NULL);

CREATE INDEX priority_queues_by_queue ON society.priority_queues USING btree (tenant_id, queue_id, boost DESC);

CREATE INDEX resource_allocations_by_agent ON society.resource_allocations USING btree (tenant_id, agent_id, status);

CREATE INDEX resource_allocations_by_expiry ON society.resource_allocations USING btree (expires_at) WHERE ((status)::text = 'active'::text);

CREATE INDEX resource_allocations_by_granter ON society.resource_allocations USING btree (granted_by) WHERE (granted_by IS NOT NULL);

CREATE INDEX resource_allocations_by_pool ON society.resource_allocations USING btree (tenant_id, pool_id, resource_type);

CREATE UNIQUE INDEX resource_pools_one_live_per_type ON society.resource_pools USING btree (tenant_id, resource_type) WHERE (deleted_at IS NULL);

CREATE INDEX retraining_assessments_by_assessor ON society.retraining_assessments USING btree (tenant_id, assessor_id) WHERE (assessor_id IS NOT NULL);

CREATE INDEX retraining_assessments_by_program ON society.retraining_assessments USING btree (tenant_id, program_id, agent_id);

CREATE INDEX retraining_programs_by_agent ON society.retraining_programs USING btree (tenant_id, agent_id, status);

CREATE INDEX retraining_programs_by_violation ON society.retraining_programs USING btree (tenant_id, violation_id, agent_id) WHERE (violation_id IS NOT NULL);

CREATE INDEX task_assignments_by_agent ON society.task_assignments USING btree (tenant_id, agent_id, assigned_at DESC);

CREATE INDEX task_assignments_by_task ON society.task_assignments USING btree (tenant_id, task_id, assigned_at);

CREATE UNIQUE INDEX task_assignments_one_open_per_task ON society.task_assignments USING btree (tenant_id, task_id) WHERE (released_at IS NULL);

CREATE INDEX task_dead_letters_by_task ON society.task_dead_letters USING btree (task_id);

CREATE INDEX task_dead_letters_by_time ON society.task_dead_letters USING btree (tenant_id, moved_at DESC);

CREATE UNIQUE INDEX task_dead_letters_one_open_per_task ON society.task_dead_letters USING btree (tenant_id, task_id) WHERE (resolved_at IS NULL);

CREATE INDEX task_dependencies_by_dependency ON society.task_dependencies USING btree (depends_on_task_id);

CREATE INDEX task_dependencies_that_go_back ON society.task_dependencies USING btree (tenant_id) WHERE goes_back;

CREATE INDEX task_executions_by_agent ON society.task_executions USING btree (tenant_id, agent_id, started_at DESC);

CREATE INDEX task_lanes_by_agent ON society.task_lanes USING btree (tenant_id, agent_id) WHERE (agent_id IS NOT NULL);

CREATE INDEX task_lanes_by_entry ON society.task_lanes USING btree (tenant_id, entry);

CREATE INDEX task_results_by_agent ON society.task_results USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX tasks_by_creator ON society.tasks USING brin (created_by);

CREATE INDEX tasks_by_deadline ON society.tasks USING btree (deadline_at) WHERE ((deadline_at IS NOT NULL) AND (status = ANY (ARRAY['pending'::society.agent_task_status, 'blocked'::society.agent_task_status])));

CREATE INDEX tasks_by_lane ON society.tasks USING btree (lane, place, seq) WHERE ((status = 'pending'::society.agent_task_status) AND (place IS NOT NULL));

CREATE INDEX tasks_by_queue ON society.tasks USING btree (tenant_id, queue_id) WHERE (queue_id IS NOT NULL);

CREATE INDEX tasks_by_requester ON society.tasks USING btree (tenant_id, requested_by) WHERE (requested_by IS NOT NULL);

CREATE INDEX tasks_by_turn ON society.tasks USING btree (lane, fair_key, priority, place) WHERE ((status = 'pending'::society.agent_task_status) AND (place IS NOT NULL));

CREATE INDEX tasks_due ON society.tasks USING btree (tenant_id, scheduled_at) WHERE ((status = 'pending'::society.agent_task_status) AND (place IS NULL) AND (open_dependencies = 0));

CREATE INDEX tasks_due_by_lane ON society.tasks USING btree (lane, scheduled_at) WHERE ((status = 'pending'::society.agent_task_status) AND (place IS NULL) AND (open_dependencies = 0));

CREATE UNIQUE INDEX tasks_one_live_per_task_id ON society.tasks USING btree (tenant_id, task_id) WHERE (deleted_at IS NULL);

CREATE UNIQUE INDEX tasks_one_per_idempotency_key ON society.tasks USING btree (tenant_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);

CREATE UNIQUE INDEX tasks_one_per_unique_key ON society.tasks USING btree (tenant_id, unique_key) WHERE ((unique_key IS NOT NULL) AND (status = ANY (ARRAY['pending'::society.agent_task_status, 'assigned'::society.agent_task_status, 'in_progress'::society.agent_task_status, 'blocked'::society.agent_task_status, 'queued'::society.agent_task_status])));

CREATE INDEX tier_history_by_agent ON society.tier_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX violations_by_agent ON society.violations USING btree (tenant_id, agent_id, occurred_at DESC);

CREATE INDEX violations_by_reporter ON society.violations USING btree (tenant_id, reported_by) WHERE (reported_by IS NOT NULL);

CREATE INDEX violations_by_task ON society.violations USING btree (tenant_id, task_id) WHERE (task_id IS NOT NULL);

CREATE INDEX violations_by_user ON society.violations USING btree (reported_by_user) WHERE (reported_by_user IS NOT NULL);

CREATE INDEX vote_audit_trail_by_session ON society.vote_audit_trail USING btree (tenant_id, session_id, created_at);

CREATE INDEX vote_audit_trail_by_transaction ON society.vote_audit_trail USING btree (epoch, transaction_id);

CREATE INDEX vote_audit_trail_by_vote ON society.vote_audit_trail USING btree (tenant_id, vote_id) WHERE (vote_id IS NOT NULL);

CREATE INDEX vote_delegations_by_receiver ON society.vote_delegations USING btree (tenant_id, to_agent_id);

CREATE INDEX vote_delegations_by_sender ON society.vote_delegations USING btree (tenant_id, from_agent_id);

CREATE INDEX vote_delegations_by_session ON society.vote_delegations USING btree (tenant_id, session_id) WHERE (session_id IS NOT NULL);

CREATE UNIQUE INDEX vote_delegations_one_live_per_scope ON society.vote_delegations USING btree (tenant_id, from_agent_id, session_id) NULLS NOT DISTINCT WHERE (revoked_at IS NULL);

CREATE INDEX votes_by_agent ON society.votes USING btree (tenant_id, agent_id, cast_at DESC);

CREATE INDEX votes_by_session ON society.votes USING btree (tenant_id, session_id, cast_at);

CREATE INDEX votes_by_successor ON society.votes USING btree (tenant_id, superseded_by) WHERE (superseded_by IS NOT NULL);

CREATE UNIQUE INDEX votes_one_live_ballot_per_voter ON society.votes USING btree (tenant_id, session_id, agent_id) WHERE (superseded_at IS NULL);

CREATE INDEX voting_eligibility_by_agent ON society.voting_eligibility USING btree (tenant_id, agent_id);

CREATE INDEX voting_sessions_by_creator ON society.voting_sessions USING btree (created_by) WHERE (created_by IS NOT NULL);

CREATE INDEX voting_sessions_by_proposer ON society.voting_sessions USING btree (tenant_id, proposed_by) WHERE (proposed_by IS NOT NULL);

CREATE UNIQUE INDEX voting_sessions_one_live_per_session_id ON society.voting_sessions USING btree (tenant_id, session_id) WHERE (deleted_at IS NULL);

CREATE INDEX agent_activity_log_by_agent ON ONLY store.agent_activity_log USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX analytics_events_by_age ON ONLY store.analytics_events USING brin ("timestamp") WITH (pages_per_range='16');

CREATE INDEX analytics_events_by_type ON ONLY store.analytics_events USING btree (tenant_id, event_type, "timestamp" DESC);

CREATE INDEX audit_log_by_time ON ONLY store.audit_log USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX audit_logs_by_time ON ONLY store.audit_logs USING btree (tenant_id, "timestamp" DESC);

CREATE INDEX audit_logs_by_transaction ON ONLY store.audit_logs USING btree (epoch, transaction_id);

CREATE INDEX background_task_history_lately ON ONLY store.background_task_history USING brin (created_at) WITH (pages_per_range='32', autosummarize='on');

CREATE INDEX ensemble_ballots_by_transaction ON ONLY store.ensemble_ballots USING btree (epoch, transaction_id);

CREATE INDEX ensemble_votes_by_name ON ONLY store.ensemble_votes USING btree (tenant_id, ensemble, created_at DESC) WHERE (ensemble IS NOT NULL);

CREATE INDEX ensemble_votes_by_transaction ON ONLY store.ensemble_votes USING btree (epoch, transaction_id);

CREATE INDEX failure_patterns_by_age ON ONLY store.failure_patterns USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX failure_patterns_by_outcome ON ONLY store.failure_patterns USING btree (outcome_id);

CREATE INDEX failure_patterns_by_simulation ON ONLY store.failure_patterns USING btree (simulation_id, scenario_id);

CREATE INDEX failure_patterns_loose ON ONLY store.failure_patterns USING btree (tenant_id, execution_time, pattern_id) WHERE (pattern_cluster_id IS NULL);

CREATE INDEX idx_failure_patterns_cluster_time ON ONLY store.failure_patterns USING btree (pattern_cluster_id, execution_time DESC) WHERE (pattern_cluster_id IS NOT NULL);

CREATE INDEX idx_outcomes_modal_call ON ONLY store.outcomes USING btree (modal_call_id) WHERE (modal_call_id IS NOT NULL);

CREATE INDEX idx_outcomes_newest ON ONLY store.outcomes USING btree (tenant_id, execution_time DESC, outcome_id DESC);

CREATE INDEX idx_outcomes_scenario_time ON ONLY store.outcomes USING btree (tenant_id, scenario_id, execution_time DESC);

CREATE INDEX idx_outcomes_simulation_status ON ONLY store.outcomes USING btree (simulation_id, status);

CREATE INDEX idx_outcomes_time_status ON ONLY store.outcomes USING btree (tenant_id, execution_time DESC, status) WHERE (status <> 'success'::text);

CREATE INDEX idx_probes_model_time ON ONLY store.status_probes USING btree (model_id, "time" DESC);

CREATE INDEX idx_probes_region_time ON ONLY store.status_probes USING btree (region, "time" DESC);

CREATE INDEX idx_requests_created_at ON ONLY store.llm_requests USING btree (tenant_id, created_at DESC);

CREATE INDEX idx_requests_session_id ON ONLY store.llm_requests USING btree (session_id) WHERE (session_id IS NOT NULL);

CREATE INDEX idx_requests_status ON ONLY store.llm_requests USING btree (status, created_at) WHERE ((status)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying])::text[]));

CREATE INDEX idx_requests_user_id ON ONLY store.llm_requests USING btree (tenant_id, user_id, created_at DESC);

CREATE INDEX idx_responses_provider_id ON ONLY store.llm_responses USING btree (tenant_id, provider_id, created_at DESC);

CREATE INDEX idx_responses_request_id ON ONLY store.llm_responses USING btree (request_id);

CREATE INDEX llm_requests_by_age ON ONLY store.llm_requests USING brin (created_at) WITH (pages_per_range='16');

CREATE INDEX llm_requests_by_error ON ONLY store.llm_requests USING btree (tenant_id, error_code, created_at DESC) WHERE ((status)::text = 'failed'::text);

CREATE INDEX llm_requests_by_failure ON ONLY store.llm_requests USING btree (tenant_id, created_at DESC) WHERE ((status)::text = 'failed'::text);

CREATE INDEX llm_requests_by_key ON ONLY store.llm_requests USING btree (tenant_id, api_key_id, created_at DESC) WHERE (api_key_id IS NOT NULL);

CREATE INDEX llm_requests_by_model ON ONLY store.llm_requests USING btree (tenant_id, model, created_at DESC);

CREATE INDEX llm_requests_by_outcome ON ONLY store.llm_requests USING btree (tenant_id, outcome_id, created_at DESC) WHERE (outcome_id IS NOT NULL);

CREATE INDEX llm_requests_by_provider ON ONLY store.llm_requests USING btree (tenant_id, provider_name, created_at DESC);

CREATE INDEX llm_requests_by_simulation ON ONLY store.llm_requests USING btree (tenant_id, simulation_id, created_at DESC) WHERE (simulation_id IS NOT NULL);

CREATE INDEX llm_requests_by_transaction ON ONLY store.llm_requests USING btree (epoch, transaction_id);

CREATE INDEX llm_responses_by_age ON ONLY store.llm_responses USING brin (created_at) WITH (pages_per_range='16');

CREATE INDEX llm_responses_by_model ON ONLY store.llm_responses USING btree (model_id) WHERE (model_id IS NOT NULL);

CREATE INDEX llm_responses_by_transaction ON ONLY store.llm_responses USING btree (epoch, transaction_id);

CREATE INDEX outcomes_by_age ON ONLY store.outcomes USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX penalty_history_by_agent ON ONLY store.penalty_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX penalty_history_by_violation ON ONLY store.penalty_history USING btree (tenant_id, violation_id, created_at);

CREATE INDEX point_transactions_by_agent ON ONLY store.point_transactions USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX reputation_history_by_agent ON ONLY store.reputation_history USING btree (tenant_id, agent_id, created_at DESC);

CREATE INDEX simulation_performance_hourly_by_simulation ON store.simulation_performance_hourly USING btree (tenant_id, simulation_id);

CREATE INDEX status_probes_by_age ON ONLY store.status_probes USING brin ("time") WITH (pages_per_range='16');

CREATE INDEX streaming_analytics_by_age ON ONLY store.streaming_analytics USING brin ("timestamp") WITH (pages_per_range='16');

CREATE INDEX streaming_analytics_by_stream ON ONLY store.streaming_analytics USING btree (tenant_id, stream_id, chunk_number);

CREATE INDEX streaming_analytics_by_user ON ONLY store.streaming_analytics USING btree (user_id) WHERE (user_id IS NOT NULL);

CREATE INDEX task_history_by_task ON ONLY store.task_history USING btree (tenant_id, task_id, created_at);

CREATE INDEX tool_usage_by_age ON ONLY store.tool_usage USING brin (execution_time) WITH (pages_per_range='16');

CREATE INDEX tool_usage_by_outcome ON ONLY store.tool_usage USING btree (outcome_id);

CREATE INDEX tool_usage_by_simulation ON ONLY store.tool_usage USING btree (simulation_id, tool_name);

CREATE OR REPLACE VIEW platform.series_horizon AS
 SELECT series.name AS series,
    count(parts.partition) AS partitions,
    min(parts.starts) AS earliest,
    max(parts.ends) AS reaches,
    (EXTRACT(epoch FROM (max(parts.ends) - now())) / (86400)::numeric) AS days_ahead,
    COALESCE(sum(parts.size_bytes), (0)::numeric) AS size_bytes,
    (COALESCE(sum(parts.estimated_rows), (0)::numeric))::bigint AS estimated_rows,
    series.retention
   FROM (platform.series
     LEFT JOIN platform.series_partitions() parts(series, partition, starts, ends, is_compressed, estimated_rows, size_bytes) ON ((parts.series = series.name)))
  GROUP BY series.name;

CREATE TRIGGER benchmark_scores_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.benchmark_scores FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_benchmark_scores();

CREATE TRIGGER benchmark_suites_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.benchmark_suites FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_benchmark_suites();

CREATE TRIGGER documentation_is_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.documentation FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_documentation();

CREATE TRIGGER incidents_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.incidents FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_incidents();

CREATE TRIGGER model_aliases_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.model_aliases FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_model_aliases();

CREATE TRIGGER model_endpoints_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.model_endpoints FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_model_endpoints();

CREATE TRIGGER models_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_models('search_vector');

CREATE TRIGGER news_articles_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.news_articles FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_news_articles('content');

CREATE TRIGGER news_model_mentions_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.news_model_mentions FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_news_model_mentions();

CREATE TRIGGER pricing_is_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.pricing FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_pricing();

CREATE TRIGGER probe_locations_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.probe_locations FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_probe_locations();

CREATE TRIGGER providers_are_audited AFTER INSERT OR DELETE OR UPDATE ON catalogue.providers FOR EACH ROW EXECUTE FUNCTION store.record_catalogue_providers();

CREATE TRIGGER update_documentation_updated_at BEFORE UPDATE ON catalogue.documentation FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_incidents_updated_at BEFORE UPDATE ON catalogue.incidents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_models_updated_at BEFORE UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_news_articles_updated_at BEFORE UPDATE ON catalogue.news_articles FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_probe_locations_updated_at BEFORE UPDATE ON catalogue.probe_locations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_providers_updated_at BEFORE UPDATE ON catalogue.providers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_search_vector_trigger BEFORE INSERT OR UPDATE ON catalogue.models FOR EACH ROW EXECUTE FUNCTION catalogue.update_search_vector();

CREATE CONSTRAINT TRIGGER analyses_are_handed_out AFTER INSERT ON evaluation.llm_recommendation_sessions DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (((new.session_status = 'running'::text) AND (new.config_version_id IS NULL))) EXECUTE FUNCTION evaluation.hand_out_analysis();

CREATE TRIGGER approval_rules_are_set_by_administrators BEFORE INSERT OR DELETE OR UPDATE ON evaluation.approval_rules FOR EACH ROW EXECUTE FUNCTION evaluation.check_rule_setter();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.approval_rules FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.config_releases FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.improvement_rounds FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.improvements FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.proofs FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER config_diffs_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.config_diffs FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_config_diffs();

CREATE TRIGGER config_version_audit_trigger AFTER INSERT OR DELETE OR UPDATE ON evaluation.config_versions FOR EACH ROW EXECUTE FUNCTION platform.config_version_audit('embedding');

CREATE TRIGGER config_versions_are_immutable BEFORE UPDATE OF version_id, tenant_id, config_id, version_number, raw_yaml, parsed_config, files, config_hash, generated_by, created_at ON evaluation.config_versions FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_changed_version();

CREATE TRIGGER configurations_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.configurations FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_configurations();

CREATE TRIGGER decisions_are_final BEFORE UPDATE OF approval_status, approved_by ON evaluation.config_diffs FOR EACH ROW EXECUTE FUNCTION evaluation.check_decision();

CREATE TRIGGER failure_clusters_are_audited AFTER INSERT OR DELETE ON evaluation.failure_clusters FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding');

CREATE TRIGGER failure_clusters_changes_are_audited AFTER UPDATE ON evaluation.failure_clusters FOR EACH ROW WHEN (((((((old.name IS DISTINCT FROM new.name) OR (old.merged_into IS DISTINCT FROM new.merged_into)) OR (old.resolution_steps IS DISTINCT FROM new.resolution_steps)) OR (old.llm_analysis IS DISTINCT FROM new.llm_analysis)) OR (old.resolved_at IS DISTINCT FROM new.resolved_at)) OR (old.resolved_by IS DISTINCT FROM new.resolved_by))) EXECUTE FUNCTION platform.record_change('embedding');

CREATE TRIGGER latest_version_is_approved BEFORE INSERT OR UPDATE OF latest_version_id ON evaluation.configurations FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_proposal_as_latest();

CREATE TRIGGER llm_recommendation_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.llm_recommendation_sessions FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_llm_recommendation_sessions();

CREATE TRIGGER proofs_are_of_their_versions BEFORE INSERT OR UPDATE ON evaluation.proofs FOR EACH ROW EXECUTE FUNCTION evaluation.check_proof();

CREATE TRIGGER proofs_are_on_unseen_scenarios BEFORE INSERT OR UPDATE ON evaluation.proof_scenarios FOR EACH ROW EXECUTE FUNCTION evaluation.refuse_seen_scenario();

CREATE TRIGGER recommendations_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.recommendations FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_recommendations();

CREATE TRIGGER releases_are_by_approvers BEFORE INSERT ON evaluation.config_releases FOR EACH ROW EXECUTE FUNCTION evaluation.check_releaser();

CREATE TRIGGER scenarios_are_audited AFTER INSERT OR DELETE OR UPDATE ON evaluation.scenarios FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_scenarios('scenario_embedding');

CREATE TRIGGER simulations_are_audited AFTER INSERT OR DELETE ON evaluation.simulations FOR EACH ROW EXECUTE FUNCTION store.record_evaluation_simulations();

CREATE TRIGGER simulations_changes_are_audited AFTER UPDATE ON evaluation.simulations FOR EACH ROW WHEN ((old.status IS DISTINCT FROM new.status)) EXECUTE FUNCTION store.record_evaluation_simulations();

CREATE TRIGGER versions_are_approved BEFORE INSERT OR UPDATE OF is_proposal ON evaluation.config_versions FOR EACH ROW EXECUTE FUNCTION evaluation.check_release();

CREATE TRIGGER acp_agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, command, args, protocol_version, capabilities, config, enabled ON gateway.acp_agents FOR EACH ROW EXECUTE FUNCTION store.record_gateway_acp_agents();

CREATE TRIGGER budgets_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.budgets FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER budgets_are_revised AFTER INSERT OR DELETE OR UPDATE ON gateway.budgets FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();

CREATE TRIGGER changes_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.ensembles FOR EACH ROW EXECUTE FUNCTION store.record_gateway_ensembles();

CREATE TRIGGER code_versions_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.code_versions FOR EACH ROW EXECUTE FUNCTION store.record_gateway_code_versions();

CREATE TRIGGER cognee_memories_are_audited AFTER INSERT OR DELETE OR UPDATE OF content, memory_type, entities, relationships, confidence, user_id, session_id ON gateway.cognee_memories FOR EACH ROW EXECUTE FUNCTION store.record_gateway_cognee_memories('content', 'entities', 'relationships');

CREATE TRIGGER debate_ballots_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.debate_ballots FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER debate_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.debate_sessions FOR EACH ROW EXECUTE FUNCTION store.record_gateway_debate_sessions();

CREATE TRIGGER distributed_memory_is_audited AFTER INSERT OR DELETE OR UPDATE OF content, metadata, user_id, shard_key ON gateway.distributed_memory FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding', 'content', 'metadata');

CREATE TRIGGER ensembles_are_dated BEFORE UPDATE ON gateway.ensembles FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER ensembles_are_revised AFTER INSERT OR DELETE OR UPDATE ON gateway.ensembles FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();

CREATE TRIGGER llm_providers_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, type, provider_id, api_key_ciphertext, base_url, model, weight, enabled, config, modelsdev_provider_id ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION store.record_gateway_llm_providers('api_key_ciphertext');

CREATE TRIGGER llm_providers_are_revised AFTER INSERT OR DELETE OR UPDATE OF name, type, api_key_ciphertext, base_url, model, weight, enabled, config ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();

CREATE TRIGGER lsp_servers_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.lsp_servers FOR EACH ROW EXECUTE FUNCTION store.record_gateway_lsp_servers();

CREATE TRIGGER mcp_servers_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, type, endpoint, port, capabilities, config, enabled ON gateway.mcp_servers FOR EACH ROW EXECUTE FUNCTION store.record_gateway_mcp_servers();

CREATE TRIGGER memory_nodes_are_audited AFTER INSERT OR DELETE OR UPDATE ON gateway.memory_nodes FOR EACH ROW EXECUTE FUNCTION store.record_gateway_memory_nodes();

CREATE TRIGGER update_llm_providers_updated_at BEFORE UPDATE ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER api_keys_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, scopes, rate_limit, expires_at, is_active, revoked_at ON platform.api_keys FOR EACH ROW EXECUTE FUNCTION store.record_platform_api_keys('key_hash');

CREATE TRIGGER audit_redactions_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.audit_redactions FOR EACH ROW EXECUTE FUNCTION store.record_platform_audit_redactions();

CREATE TRIGGER background_tasks_are_admitted BEFORE INSERT ON platform.background_tasks FOR EACH ROW WHEN ((new.lane IS NULL)) EXECUTE FUNCTION platform.admit_job();

CREATE TRIGGER background_tasks_are_audited AFTER DELETE OR UPDATE ON platform.background_tasks FOR EACH ROW WHEN ((platform.user_id() IS NOT NULL)) EXECUTE FUNCTION store.record_platform_background_tasks();

CREATE TRIGGER background_tasks_follow_their_states AFTER UPDATE OF status ON platform.background_tasks FOR EACH ROW WHEN (((old.status <> new.status) AND (((old.status <> 'pending'::platform.job_status) OR (new.status <> 'running'::platform.job_status)) AND ((old.status <> 'running'::platform.job_status) OR (new.status <> 'completed'::platform.job_status))))) EXECUTE FUNCTION platform.refuse_job_transition();

CREATE TRIGGER background_tasks_have_parents AFTER INSERT ON platform.background_tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION platform.new_jobs_have_parents();

CREATE TRIGGER background_tasks_keep_parents AFTER UPDATE OF tenant_id, created_by ON platform.background_tasks FOR EACH ROW WHEN (((old.tenant_id IS DISTINCT FROM new.tenant_id) OR (old.created_by IS DISTINCT FROM new.created_by))) EXECUTE FUNCTION platform.job_has_parents();

CREATE TRIGGER background_tasks_record_what_workers_did_not AFTER UPDATE OF status ON platform.background_tasks FOR EACH ROW WHEN (((old.status <> new.status) AND ((new.status = ANY (ARRAY['paused'::platform.job_status, 'cancelled'::platform.job_status])) OR ((new.status = 'pending'::platform.job_status) AND (old.status = ANY (ARRAY['paused'::platform.job_status, 'failed'::platform.job_status, 'cancelled'::platform.job_status, 'dead_letter'::platform.job_status]))) OR ((new.status = 'failed'::platform.job_status) AND (old.status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status])))))) EXECUTE FUNCTION platform.record_job_event();

CREATE TRIGGER dead_letter_queue_is_audited AFTER DELETE OR UPDATE ON platform.dead_letter_queue FOR EACH ROW EXECUTE FUNCTION store.record_platform_dead_letter_queue();

CREATE TRIGGER installation_keeps_an_administrator AFTER UPDATE OF role, is_active ON platform.users FOR EACH ROW WHEN ((((old.role)::text = 'admin'::text) AND old.is_active AND (NOT (((new.role)::text = 'admin'::text) AND new.is_active)))) EXECUTE FUNCTION platform.keep_an_administrator();

CREATE TRIGGER new_background_tasks_are_recorded AFTER INSERT ON platform.background_tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION platform.record_new_jobs();

CREATE TRIGGER provider_secrets_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.provider_secrets FOR EACH ROW EXECUTE FUNCTION store.record_platform_provider_secrets('sealed');

CREATE TRIGGER schedules_are_audited AFTER INSERT OR DELETE OR UPDATE OF task_type, queue, payload, priority, tenant_id, cron, every, timezone, enabled ON platform.schedules FOR EACH ROW EXECUTE FUNCTION store.record_platform_schedules();

CREATE TRIGGER task_lanes_are_audited AFTER INSERT OR DELETE OR UPDATE OF is_paused, max_running, rate_count, rate_per ON platform.task_lanes FOR EACH ROW EXECUTE FUNCTION store.record_platform_task_lanes();

CREATE TRIGGER team_invitations_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.team_invitations FOR EACH ROW EXECUTE FUNCTION store.record_platform_team_invitations('token_digest');

CREATE TRIGGER team_members_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.team_members FOR EACH ROW EXECUTE FUNCTION store.record_platform_team_members();

CREATE TRIGGER teams_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.teams FOR EACH ROW EXECUTE FUNCTION store.record_platform_teams();

CREATE TRIGGER teams_are_given_tiers AFTER INSERT ON platform.teams FOR EACH ROW EXECUTE FUNCTION society.give_tiers();

CREATE TRIGGER teams_have_no_jobs_when_deleted AFTER DELETE ON platform.teams FOR EACH ROW EXECUTE FUNCTION platform.refuse_while_there_are_jobs();

CREATE TRIGGER teams_keep_an_owner AFTER DELETE OR UPDATE ON platform.team_members FOR EACH ROW WHEN ((old.role = 'owner'::text)) EXECUTE FUNCTION platform.keep_an_owner();

CREATE TRIGGER teams_with_jobs_are_never_emptied AFTER TRUNCATE ON platform.teams FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_to_empty_while_there_are_jobs();

CREATE TRIGGER teams_with_jobs_keep_their_ids AFTER UPDATE OF id ON platform.teams FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION platform.refuse_while_there_are_jobs();

CREATE TRIGGER update_provider_secrets_updated_at BEFORE UPDATE ON platform.provider_secrets FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_schedules_updated_at BEFORE UPDATE ON platform.schedules FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_lanes_updated_at BEFORE UPDATE ON platform.task_lanes FOR EACH ROW WHEN ((NOT (old.rate_used_to IS DISTINCT FROM new.rate_used_to))) EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_teams_updated_at BEFORE UPDATE ON platform.teams FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_user_preferences_updated_at BEFORE UPDATE ON platform.user_preferences FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_users_updated_at BEFORE UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER user_preferences_are_audited AFTER INSERT OR DELETE OR UPDATE ON platform.user_preferences FOR EACH ROW EXECUTE FUNCTION store.record_platform_user_preferences();

CREATE TRIGGER user_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF status ON platform.user_sessions FOR EACH ROW EXECUTE FUNCTION store.record_platform_user_sessions('session_token', 'context');

CREATE TRIGGER users_are_audited AFTER INSERT OR DELETE OR UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users FOR EACH ROW EXECUTE FUNCTION store.record_platform_users('password_hash');

CREATE TRIGGER users_have_no_jobs_when_deleted AFTER DELETE ON platform.users FOR EACH ROW EXECUTE FUNCTION platform.refuse_while_there_are_jobs();

CREATE TRIGGER users_with_jobs_are_never_emptied AFTER TRUNCATE ON platform.users FOR EACH STATEMENT EXECUTE FUNCTION platform.refuse_to_empty_while_there_are_jobs();

CREATE TRIGGER users_with_jobs_keep_their_ids AFTER UPDATE OF id ON platform.users FOR EACH ROW WHEN ((old.id <> new.id)) EXECUTE FUNCTION platform.refuse_while_there_are_jobs();

CREATE TRIGGER who_is_erased_is_forgotten AFTER UPDATE OF erased_at ON platform.users FOR EACH ROW WHEN (((old.erased_at IS NULL) AND (new.erased_at IS NOT NULL))) EXECUTE FUNCTION gateway.forget_erased_person();

CREATE TRIGGER achievements_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, achievement_id, name, description, category, requirements, points_reward, rarity, icon, is_repeatable, is_secret, is_active, created_at, deleted_at ON society.achievements FOR EACH ROW EXECUTE FUNCTION store.record_society_achievements();

CREATE TRIGGER agent_achievements_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, achievement_id, period, progress, earned_at, points_transaction_id, created_at ON society.agent_achievements FOR EACH ROW EXECUTE FUNCTION store.record_society_agent_achievements();

CREATE TRIGGER agent_permissions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, permission, basis, granted_by, expires_at, revoked_at, created_at ON society.agent_permissions FOR EACH ROW EXECUTE FUNCTION store.record_society_agent_permissions();

CREATE TRIGGER agent_skills_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, skill_name, proficiency, evidence_count, verified_by, last_used_at, created_at ON society.agent_skills FOR EACH ROW EXECUTE FUNCTION store.record_society_agent_skills();

CREATE TRIGGER agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, name, type, status, status_reason, capabilities, metadata, public_key, last_active_at, created_by, created_at, deleted_at ON society.agents FOR EACH ROW EXECUTE FUNCTION store.record_society_agents();

CREATE TRIGGER agents_begin_a_status_history AFTER INSERT ON society.agents FOR EACH ROW EXECUTE FUNCTION society.record_agent_status();

CREATE TRIGGER agents_give_a_reason_once BEFORE UPDATE OF status ON society.agents FOR EACH ROW WHEN (((old.status <> new.status) AND (old.status_reason = new.status_reason))) EXECUTE FUNCTION society.forget_status_reason();

CREATE TRIGGER agents_keep_a_status_history AFTER UPDATE OF status ON society.agents FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.record_agent_status();

CREATE TRIGGER appeal_reviews_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, appeal_id, reviewer_id, opinion, comment, is_recused, created_at ON society.appeal_reviews FOR EACH ROW EXECUTE FUNCTION store.record_society_appeal_reviews();

CREATE TRIGGER appeal_reviews_are_impartial BEFORE INSERT OR UPDATE OF reviewer_id, opinion ON society.appeal_reviews FOR EACH ROW WHEN ((NOT new.is_recused)) EXECUTE FUNCTION society.refuse_partial_reviewer();

CREATE TRIGGER appeals_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, violation_id, agent_id, status, grounds, decision, reviewer_id, voting_session_id, decided_at, created_at ON society.appeals FOR EACH ROW EXECUTE FUNCTION store.record_society_appeals();

CREATE TRIGGER appeals_are_reviewed_impartially BEFORE INSERT OR UPDATE OF reviewer_id ON society.appeals FOR EACH ROW WHEN ((new.reviewer_id IS NOT NULL)) EXECUTE FUNCTION society.refuse_partial_reviewer();

CREATE TRIGGER appeals_follow_their_states BEFORE UPDATE OF status ON society.appeals FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status <> ALL (ARRAY['filed'::society.appeal_status, 'under_review'::society.appeal_status])) OR (new.status = 'filed'::society.appeal_status)))) EXECUTE FUNCTION society.refuse('an appeal is filed, reviewed and decided once');

CREATE TRIGGER battle_participants_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, agent_id, team, submission, score, rank, elo_change, joined_at ON society.battle_participants FOR EACH ROW EXECUTE FUNCTION store.record_society_battle_participants();

CREATE TRIGGER battle_participants_are_known_at_the_beginning BEFORE INSERT OR DELETE ON society.battle_participants FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_participants();

CREATE TRIGGER battle_rounds_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, round_number, judge_id, scores, verdict, created_at ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION store.record_society_battle_rounds();

CREATE TRIGGER battle_rounds_are_judged_by_others BEFORE INSERT OR UPDATE OF judge_id ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION society.refuse_judge_who_fights();

CREATE TRIGGER battles_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, battle_id, title, category, mode, status, task_id, rules, judge_kind, is_rated, prize_pool, winner_id, scheduled_at, started_at, ended_at, created_by, created_at, deleted_at ON society.battles FOR EACH ROW EXECUTE FUNCTION store.record_society_battles();

CREATE TRIGGER battles_are_counted AFTER UPDATE OF status ON society.battles FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status = 'completed'::society.battle_status) OR (new.status = 'completed'::society.battle_status)))) EXECUTE FUNCTION society.count_battles();

CREATE TRIGGER battles_follow_their_states BEFORE UPDATE OF status ON society.battles FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((((((((((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'open'::society.battle_status)) AND ((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'in_progress'::society.battle_status))) AND ((old.status <> 'scheduled'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'open'::society.battle_status) OR (new.status <> 'in_progress'::society.battle_status))) AND ((old.status <> 'open'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'judging'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'in_progress'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'judging'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))) AND ((old.status <> 'completed'::society.battle_status) OR (new.status <> 'disputed'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'judging'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'completed'::society.battle_status))) AND ((old.status <> 'disputed'::society.battle_status) OR (new.status <> 'cancelled'::society.battle_status))))) EXECUTE FUNCTION society.refuse('a battle is announced, fought, judged and completed, in this order');

CREATE TRIGGER battles_keep_their_winner BEFORE UPDATE OF winner_id ON society.battles FOR EACH ROW WHEN (((old.status = 'completed'::society.battle_status) AND (new.status = 'completed'::society.battle_status) AND (old.winner_id IS DISTINCT FROM new.winner_id))) EXECUTE FUNCTION society.refuse('a completed battle keeps its winner unless it is disputed');

CREATE TRIGGER brainstorm_participants_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, agent_id, role, joined_at, left_at ON society.brainstorm_participants FOR EACH ROW EXECUTE FUNCTION store.record_society_brainstorm_participants();

CREATE TRIGGER brainstorm_participants_are_counted AFTER INSERT OR DELETE OR UPDATE OF left_at ON society.brainstorm_participants FOR EACH ROW EXECUTE FUNCTION society.count_participants();

CREATE TRIGGER brainstorm_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, topic, facilitator_id, technique, status, phase, max_ideas, voting_session_id, started_at, ended_at, created_by, created_at, deleted_at ON society.brainstorm_sessions FOR EACH ROW EXECUTE FUNCTION store.record_society_brainstorm_sessions();

CREATE TRIGGER elo_history_continues_the_rating AFTER INSERT ON society.elo_history FOR EACH ROW EXECUTE FUNCTION society.move_rating();

CREATE TRIGGER ended_tasks_update_agent_stats AFTER INSERT ON society.tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.count_ended_tasks();

CREATE TRIGGER events_are_about_a_vote BEFORE INSERT ON society.vote_audit_trail FOR EACH ROW EXECUTE FUNCTION society.guard_trail();

CREATE TRIGGER global_trust_scores_begin_a_history AFTER INSERT ON society.global_trust_scores FOR EACH ROW EXECUTE FUNCTION society.record_trust();

CREATE TRIGGER global_trust_scores_keep_a_history AFTER UPDATE ON society.global_trust_scores FOR EACH ROW WHEN (((((old.run_id IS DISTINCT FROM new.run_id) OR (old.eigentrust_score IS DISTINCT FROM new.eigentrust_score)) OR (old.composite IS DISTINCT FROM new.composite)) OR ((old.trust_level)::text IS DISTINCT FROM (new.trust_level)::text))) EXECUTE FUNCTION society.record_trust();

CREATE TRIGGER hall_of_fame_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, tier, title, badge, citation, category, season, evidence, inducted_at, created_at, deleted_at ON society.hall_of_fame FOR EACH ROW EXECUTE FUNCTION store.record_society_hall_of_fame();

CREATE TRIGGER idea_combinations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, result_idea_id, combined_by, rationale, created_at ON society.idea_combinations FOR EACH ROW EXECUTE FUNCTION store.record_society_idea_combinations();

CREATE TRIGGER idea_votes_are_counted AFTER INSERT OR DELETE OR UPDATE OF value ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION society.count_idea_votes();

CREATE TRIGGER idea_votes_are_on_others_ideas BEFORE INSERT OR UPDATE OF idea_id, agent_id ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION society.refuse_vote_on_own_idea();

CREATE TRIGGER ideas_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, agent_id, parent_id, title, content, category, status, novelty_score, feasibility_score, embedding, embedding_model, created_at, deleted_at ON society.ideas FOR EACH ROW EXECUTE FUNCTION store.record_society_ideas('embedding');

CREATE TRIGGER ideas_are_counted AFTER INSERT OR DELETE OR UPDATE OF deleted_at ON society.ideas FOR EACH ROW EXECUTE FUNCTION society.count_ideas();

CREATE TRIGGER leaderboard_periods_are_audited AFTER INSERT OR DELETE OR UPDATE OF category, period, period_start, period_end, closed_at, snapshot_hash, created_at ON society.leaderboard_periods FOR EACH ROW EXECUTE FUNCTION store.record_society_leaderboard_periods();

CREATE TRIGGER leaderboard_periods_stay_closed BEFORE UPDATE OF closed_at, snapshot_hash, period_end ON society.leaderboard_periods FOR EACH ROW WHEN (((old.closed_at IS NOT NULL) AND (((old.closed_at IS DISTINCT FROM new.closed_at) OR (old.snapshot_hash IS DISTINCT FROM new.snapshot_hash)) OR (old.period_end IS DISTINCT FROM new.period_end)))) EXECUTE FUNCTION society.refuse('a board that was closed stays closed');

CREATE TRIGGER leaderboard_rankings_are_kept_once_closed BEFORE INSERT OR DELETE OR UPDATE ON society.leaderboard_rankings FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_closed_board();

CREATE TRIGGER mentee_progress_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, pairing_id, mentee_id, curriculum_id, progress_percentage, mastery_level, attempts, passed_at, created_at ON society.mentee_progress FOR EACH ROW EXECUTE FUNCTION store.record_society_mentee_progress();

CREATE TRIGGER mentorship_curriculum_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, skill_name, level, title, objectives, assessment_tasks, estimated_sessions, created_at, deleted_at ON society.mentorship_curriculum FOR EACH ROW EXECUTE FUNCTION store.record_society_mentorship_curriculum();

CREATE TRIGGER mentorship_pairings_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, mentor_id, mentee_id, skill_focus, status, planned_sessions, match_score, started_at, ended_at, created_at ON society.mentorship_pairings FOR EACH ROW EXECUTE FUNCTION store.record_society_mentorship_pairings();

CREATE TRIGGER mentorship_pairings_follow_their_states BEFORE UPDATE OF status ON society.mentorship_pairings FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((old.status <> 'proposed'::society.mentorship_status) OR (new.status <> 'active'::society.mentorship_status)) AND ((old.status <> 'proposed'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'paused'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'completed'::society.mentorship_status))) AND ((old.status <> 'active'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'active'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'completed'::society.mentorship_status))) AND ((old.status <> 'paused'::society.mentorship_status) OR (new.status <> 'terminated'::society.mentorship_status))))) EXECUTE FUNCTION society.refuse('a pairing is proposed, active, perhaps paused, and then ends');

CREATE TRIGGER mentorship_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, pairing_id, session_number, topic, objectives_met, mentor_rating, mentee_rating, notes, scheduled_at, held_at, duration_ms, created_at ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION store.record_society_mentorship_sessions();

CREATE TRIGGER mentorship_sessions_are_counted AFTER INSERT OR DELETE OR UPDATE OF held_at ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION society.count_mentorship_sessions();

CREATE TRIGGER new_tasks_begin_a_history AFTER INSERT ON society.tasks REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.follow_new_tasks();

CREATE TRIGGER peer_ratings_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, rater_id, ratee_id, rating, context, task_id, battle_id, comment, weight, created_at ON society.peer_ratings FOR EACH ROW EXECUTE FUNCTION store.record_society_peer_ratings();

CREATE TRIGGER point_rules_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, category, base_points, multiplier_rule, cap_per_day, is_active, created_at ON society.point_rules FOR EACH ROW EXECUTE FUNCTION store.record_society_point_rules();

CREATE TRIGGER pretrusted_agents_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, weight, since, until, granted_by, reason, created_at ON society.pretrusted_agents FOR EACH ROW EXECUTE FUNCTION store.record_society_pretrusted_agents();

CREATE TRIGGER priority_queues_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, queue_id, boost, basis, expires_at, created_at ON society.priority_queues FOR EACH ROW EXECUTE FUNCTION store.record_society_priority_queues();

CREATE TRIGGER resource_allocations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, pool_id, resource_type, amount, used, performance_tier, status, granted_by, expires_at, released_at, created_at ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION store.record_society_resource_allocations();

CREATE TRIGGER resource_allocations_are_drawn AFTER INSERT OR DELETE OR UPDATE OF status, amount ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION society.draw_from_pool();

CREATE TRIGGER resource_allocations_are_stamped BEFORE UPDATE OF status ON society.resource_allocations FOR EACH ROW WHEN ((((old.status)::text = 'active'::text) AND ((new.status)::text <> 'active'::text))) EXECUTE FUNCTION society.stamp_release();

CREATE TRIGGER resource_allocations_end_once BEFORE UPDATE ON society.resource_allocations FOR EACH ROW WHEN ((((old.status)::text <> 'active'::text) AND ((old.status)::text <> (new.status)::text))) EXECUTE FUNCTION society.refuse('an allocation that has ended does not come back');

CREATE TRIGGER resource_pools_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, resource_type, unit, total_capacity, reserve, refresh_interval, created_at, deleted_at ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION store.record_society_resource_pools();

CREATE TRIGGER resource_pools_begin_full BEFORE INSERT ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION society.fill_pool();

CREATE TRIGGER resource_pools_grow_and_shrink BEFORE UPDATE OF total_capacity ON society.resource_pools FOR EACH ROW WHEN ((old.total_capacity <> new.total_capacity)) EXECUTE FUNCTION society.fill_pool();

CREATE TRIGGER retraining_assessments_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, program_id, agent_id, attempt, score, passed, assessor_id, comment, created_at ON society.retraining_assessments FOR EACH ROW EXECUTE FUNCTION store.record_society_retraining_assessments();

CREATE TRIGGER retraining_programs_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, violation_id, curriculum, assessment, status, progress_percentage, due_at, completed_at, created_at ON society.retraining_programs FOR EACH ROW EXECUTE FUNCTION store.record_society_retraining_programs();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON society.vote_audit_trail FOR EACH ROW EXECUTE FUNCTION store.stamp_vote_audit_trail();

CREATE TRIGGER task_completion_updates_agent_stats AFTER UPDATE ON society.tasks REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION society.update_agent_stats_on_task_completion();

CREATE TRIGGER task_dead_letters_are_audited AFTER DELETE OR UPDATE ON society.task_dead_letters FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER task_dependencies_are_audited AFTER DELETE OR UPDATE OF kind, on_failure ON society.task_dependencies FOR EACH ROW EXECUTE FUNCTION store.record_society_task_dependencies();

CREATE TRIGGER task_dependencies_are_forgotten AFTER DELETE ON society.task_dependencies REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION society.forget_dependencies();

CREATE TRIGGER task_dependencies_are_not_circular AFTER INSERT ON society.task_dependencies REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.admit_dependencies();

CREATE TRIGGER task_lanes_are_audited AFTER DELETE OR UPDATE OF is_paused, max_running, rate_count, rate_per ON society.task_lanes FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER task_queues_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, name, priority_rule, max_in_flight, is_paused, created_at ON society.task_queues FOR EACH ROW EXECUTE FUNCTION store.record_society_task_queues();

CREATE TRIGGER task_results_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, task_id, attempt, agent_id, output, quality_score, tokens_used, cost_usd, duration_ms, created_at ON society.task_results FOR EACH ROW EXECUTE FUNCTION store.record_society_task_results();

CREATE TRIGGER task_types_are_audited AFTER INSERT OR DELETE OR UPDATE OF name, required_skills, min_trust, payload_schema, max_retries, timeout, created_at ON society.task_types FOR EACH ROW EXECUTE FUNCTION platform.record_change();

CREATE TRIGGER tasks_are_admitted BEFORE INSERT ON society.tasks FOR EACH ROW WHEN ((new.lane IS NULL)) EXECUTE FUNCTION society.admit_task();

CREATE TRIGGER tasks_are_audited AFTER DELETE OR UPDATE OF task_id, title, description, status, priority, queue_id, assigned_to, task_type, required_skills, min_trust, payload, result, quality_score, max_retries, deadline_at, timeout, deleted_at ON society.tasks FOR EACH ROW WHEN ((current_setting('role'::text) <> ALL (ARRAY['guildhall_worker'::text, 'guildhall_scheduler'::text]))) EXECUTE FUNCTION store.record_society_tasks();

CREATE TRIGGER tasks_are_stamped BEFORE UPDATE OF status ON society.tasks FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.stamp_task();

CREATE TRIGGER tasks_are_stamped_at_first BEFORE INSERT ON society.tasks FOR EACH ROW EXECUTE FUNCTION society.stamp_task();

CREATE TRIGGER tasks_change_lines BEFORE UPDATE OF task_type, required_skills, min_trust, assigned_to, priority, scheduled_at, deleted_at ON society.tasks FOR EACH ROW WHEN (((new.status = ANY (ARRAY['pending'::society.agent_task_status, 'blocked'::society.agent_task_status])) AND (old.status = new.status) AND (((((((old.task_type)::text IS DISTINCT FROM (new.task_type)::text) OR (old.required_skills IS DISTINCT FROM new.required_skills)) OR (old.min_trust IS DISTINCT FROM new.min_trust)) OR (old.assigned_to IS DISTINCT FROM new.assigned_to)) OR (old.priority IS DISTINCT FROM new.priority)) OR (old.deleted_at IS DISTINCT FROM new.deleted_at)))) EXECUTE FUNCTION society.admit_task();

CREATE TRIGGER tasks_follow_their_states BEFORE UPDATE OF status ON society.tasks FOR EACH ROW WHEN (((old.status <> new.status) AND ((old.status = 'completed'::society.agent_task_status) OR ((old.status = 'cancelled'::society.agent_task_status) AND (new.status <> 'pending'::society.agent_task_status)) OR ((old.status = 'failed'::society.agent_task_status) AND (new.status = ANY (ARRAY['completed'::society.agent_task_status, 'in_review'::society.agent_task_status, 'blocked'::society.agent_task_status])))))) EXECUTE FUNCTION society.refuse('a completed task stays as it is; one that failed or was cancelled is tried again');

CREATE TRIGGER tasks_keep_a_history AFTER UPDATE ON society.tasks REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION society.follow_tasks();

CREATE TRIGGER tasks_keep_who_ended_them BEFORE UPDATE OF assigned_to ON society.tasks FOR EACH ROW WHEN (((old.status = new.status) AND (old.status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) AND (old.assigned_to IS DISTINCT FROM new.assigned_to))) EXECUTE FUNCTION society.refuse('a task that has ended keeps the agent who ended it');

CREATE TRIGGER the_row_stays BEFORE DELETE ON society.vote_audit_trail FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('vote_audit_trail');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, session_id, vote_id, event_type, actor_id, user_id, payload, signature, signed_by, created_at, epoch, transaction_id ON society.vote_audit_trail FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('vote_audit_trail');

CREATE TRIGGER tiers_are_audited AFTER UPDATE ON society.tiers FOR EACH ROW EXECUTE FUNCTION store.record_society_tiers();

CREATE TRIGGER tiers_rise_with_points AFTER UPDATE OF min_points, keep_points ON society.tiers FOR EACH ROW EXECUTE FUNCTION society.refuse_crossed_tiers();

CREATE TRIGGER update_achievements_updated_at BEFORE UPDATE ON society.achievements FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_achievements_updated_at BEFORE UPDATE ON society.agent_achievements FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_permissions_updated_at BEFORE UPDATE ON society.agent_permissions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agent_skills_updated_at BEFORE UPDATE ON society.agent_skills FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_agents_updated_at BEFORE UPDATE ON society.agents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_appeal_reviews_updated_at BEFORE UPDATE ON society.appeal_reviews FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_appeals_updated_at BEFORE UPDATE ON society.appeals FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_battle_rounds_updated_at BEFORE UPDATE ON society.battle_rounds FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_battles_updated_at BEFORE UPDATE ON society.battles FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_brainstorm_sessions_updated_at BEFORE UPDATE ON society.brainstorm_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_eigentrust_runs_updated_at BEFORE UPDATE ON society.eigentrust_runs FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_global_trust_scores_updated_at BEFORE UPDATE ON society.global_trust_scores FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_hall_of_fame_updated_at BEFORE UPDATE ON society.hall_of_fame FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_idea_votes_updated_at BEFORE UPDATE ON society.idea_votes FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_ideas_updated_at BEFORE UPDATE ON society.ideas FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_leaderboard_periods_updated_at BEFORE UPDATE ON society.leaderboard_periods FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_leaderboard_rankings_updated_at BEFORE UPDATE ON society.leaderboard_rankings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentee_progress_updated_at BEFORE UPDATE ON society.mentee_progress FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_curriculum_updated_at BEFORE UPDATE ON society.mentorship_curriculum FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_pairings_updated_at BEFORE UPDATE ON society.mentorship_pairings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_mentorship_sessions_updated_at BEFORE UPDATE ON society.mentorship_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_peer_ratings_updated_at BEFORE UPDATE ON society.peer_ratings FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_point_rules_updated_at BEFORE UPDATE ON society.point_rules FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_pretrusted_agents_updated_at BEFORE UPDATE ON society.pretrusted_agents FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_priority_queues_updated_at BEFORE UPDATE ON society.priority_queues FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_resource_allocations_updated_at BEFORE UPDATE ON society.resource_allocations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_resource_pools_updated_at BEFORE UPDATE ON society.resource_pools FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_retraining_programs_updated_at BEFORE UPDATE ON society.retraining_programs FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_streaks_updated_at BEFORE UPDATE ON society.streaks FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_executions_updated_at BEFORE UPDATE ON society.task_executions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_queues_updated_at BEFORE UPDATE ON society.task_queues FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_results_updated_at BEFORE UPDATE ON society.task_results FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_task_types_updated_at BEFORE UPDATE ON society.task_types FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_tasks_updated_at BEFORE UPDATE ON society.tasks FOR EACH ROW WHEN (((NOT (old.place IS DISTINCT FROM new.place)) AND (old.open_dependencies = new.open_dependencies))) EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_tiers_updated_at BEFORE UPDATE ON society.tiers FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_trust_graph_updated_at BEFORE UPDATE ON society.trust_graph FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_violations_updated_at BEFORE UPDATE ON society.violations FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER update_voting_sessions_updated_at BEFORE UPDATE ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER violations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, agent_id, violation_type, severity, penalty_points, status, status_reason, description, evidence, task_id, reported_by, reported_by_user, detected_by, occurred_at, created_at ON society.violations FOR EACH ROW EXECUTE FUNCTION store.record_society_violations();

CREATE TRIGGER violations_keep_a_penalty_history AFTER INSERT OR UPDATE OF status, penalty_points ON society.violations FOR EACH ROW EXECUTE FUNCTION society.record_penalty();

CREATE TRIGGER vote_audit_trail_is_never_emptied BEFORE TRUNCATE ON society.vote_audit_trail FOR EACH STATEMENT EXECUTE FUNCTION society.refuse('the trail of a vote is added to and never changed');

CREATE TRIGGER vote_delegations_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, from_agent_id, to_agent_id, expires_at, revoked_at, created_at ON society.vote_delegations FOR EACH ROW EXECUTE FUNCTION store.record_society_vote_delegations();

CREATE TRIGGER vote_delegations_are_not_circular AFTER INSERT OR UPDATE ON society.vote_delegations FOR EACH ROW WHEN ((new.revoked_at IS NULL)) EXECUTE FUNCTION society.refuse_circular_delegation();

CREATE TRIGGER votes_are_admitted BEFORE INSERT ON society.votes FOR EACH ROW WHEN ((new.superseded_at IS NULL)) EXECUTE FUNCTION society.admit_ballot();

CREATE TRIGGER votes_are_born_live BEFORE INSERT ON society.votes FOR EACH ROW WHEN ((new.superseded_at IS NOT NULL)) EXECUTE FUNCTION society.refuse('a ballot is cast before it is withdrawn');

CREATE TRIGGER votes_are_withdrawn BEFORE UPDATE OF superseded_at ON society.votes FOR EACH ROW WHEN (((old.superseded_at IS NULL) AND (new.superseded_at IS NOT NULL))) EXECUTE FUNCTION society.admit_ballot();

CREATE TRIGGER votes_begin_a_trail AFTER INSERT ON society.votes FOR EACH ROW EXECUTE FUNCTION society.record_ballot();

CREATE TRIGGER votes_leave_a_trail AFTER UPDATE OF superseded_at ON society.votes FOR EACH ROW WHEN ((old.superseded_at IS DISTINCT FROM new.superseded_at)) EXECUTE FUNCTION society.record_ballot();

CREATE TRIGGER votes_superseded_stay_superseded BEFORE UPDATE ON society.votes FOR EACH ROW WHEN (((old.superseded_at IS NOT NULL) AND (old.superseded_at IS DISTINCT FROM new.superseded_at))) EXECUTE FUNCTION society.refuse('a ballot that was withdrawn does not come back');

CREATE TRIGGER voting_eligibility_are_audited AFTER INSERT OR DELETE OR UPDATE OF session_id, agent_id, weight, token_budget, created_at ON society.voting_eligibility FOR EACH ROW EXECUTE FUNCTION store.record_society_voting_eligibility();

CREATE TRIGGER voting_eligibility_is_frozen_once_open BEFORE INSERT OR DELETE OR UPDATE OF weight, token_budget ON society.voting_eligibility FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION society.guard_roll();

CREATE TRIGGER voting_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF id, session_id, topic, description, algorithm, status, options, results, seats, quorum, threshold, token_budget, is_secret, tie_break, tie_seed_hash, tie_seed, opens_at, closes_at, opened_at, closed_at, created_by, proposed_by, created_at, deleted_at ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION store.record_society_voting_sessions();

CREATE TRIGGER voting_sessions_are_frozen_once_open BEFORE UPDATE ON society.voting_sessions FOR EACH ROW WHEN (((old.status <> 'draft'::society.voting_status) AND (((((((((((((old.session_id)::text IS DISTINCT FROM (new.session_id)::text) OR ((old.topic)::text IS DISTINCT FROM (new.topic)::text)) OR (old.options IS DISTINCT FROM new.options)) OR (old.algorithm IS DISTINCT FROM new.algorithm)) OR (old.seats IS DISTINCT FROM new.seats)) OR (old.quorum IS DISTINCT FROM new.quorum)) OR (old.threshold IS DISTINCT FROM new.threshold)) OR (old.token_budget IS DISTINCT FROM new.token_budget)) OR (old.is_secret IS DISTINCT FROM new.is_secret)) OR (old.tie_break IS DISTINCT FROM new.tie_break)) OR (old.tie_seed_hash IS DISTINCT FROM new.tie_seed_hash)) OR (old.opened_at IS DISTINCT FROM new.opened_at)))) EXECUTE FUNCTION society.refuse('a vote that was opened keeps its options and its rules');

CREATE TRIGGER voting_sessions_are_stamped BEFORE UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.stamp_voting_session();

CREATE TRIGGER voting_sessions_are_stamped_at_first BEFORE INSERT ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION society.stamp_voting_session();

CREATE TRIGGER voting_sessions_begin_a_trail AFTER INSERT ON society.voting_sessions FOR EACH ROW EXECUTE FUNCTION society.record_voting_session();

CREATE TRIGGER voting_sessions_follow_their_states BEFORE UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN (((old.status <> new.status) AND (((((((((((old.status <> 'draft'::society.voting_status) OR (new.status <> 'open'::society.voting_status)) AND ((old.status <> 'draft'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'open'::society.voting_status) OR (new.status <> 'closed'::society.voting_status))) AND ((old.status <> 'open'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'tallied'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'tied'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'no_quorum'::society.voting_status))) AND ((old.status <> 'closed'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))) AND ((old.status <> 'tied'::society.voting_status) OR (new.status <> 'tallied'::society.voting_status))) AND ((old.status <> 'tied'::society.voting_status) OR (new.status <> 'cancelled'::society.voting_status))))) EXECUTE FUNCTION society.refuse('a vote is drafted, opened, closed and counted, in this order');

CREATE TRIGGER voting_sessions_keep_their_results BEFORE UPDATE ON society.voting_sessions FOR EACH ROW WHEN (((old.status = ANY (ARRAY['tallied'::society.voting_status, 'no_quorum'::society.voting_status, 'cancelled'::society.voting_status])) AND (old.results IS DISTINCT FROM new.results))) EXECUTE FUNCTION society.refuse('a vote that was counted keeps its results');

CREATE TRIGGER voting_sessions_leave_a_trail AFTER UPDATE OF status ON society.voting_sessions FOR EACH ROW WHEN ((old.status <> new.status)) EXECUTE FUNCTION society.record_voting_session();

CREATE TRIGGER analytics_events_added_are_marked AFTER INSERT ON store.analytics_events REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER analytics_events_changed_are_marked AFTER UPDATE ON store.analytics_events REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER analytics_events_removed_are_marked AFTER DELETE ON store.analytics_events REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_analytics_events();

CREATE TRIGGER failure_patterns_added_are_marked AFTER INSERT ON store.failure_patterns REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER failure_patterns_changed_are_marked AFTER UPDATE ON store.failure_patterns REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER failure_patterns_removed_are_marked AFTER DELETE ON store.failure_patterns REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_failure_patterns();

CREATE TRIGGER llm_requests_added_are_marked AFTER INSERT ON store.llm_requests REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_requests_changed_are_marked AFTER UPDATE ON store.llm_requests REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_requests_removed_are_marked AFTER DELETE ON store.llm_requests REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_requests();

CREATE TRIGGER llm_responses_added_are_marked AFTER INSERT ON store.llm_responses REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER llm_responses_changed_are_marked AFTER UPDATE ON store.llm_responses REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER llm_responses_removed_are_marked AFTER DELETE ON store.llm_responses REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_llm_responses();

CREATE TRIGGER outcomes_added_are_marked AFTER INSERT ON store.outcomes REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER outcomes_changed_are_marked AFTER UPDATE ON store.outcomes REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER outcomes_removed_are_marked AFTER DELETE ON store.outcomes REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_outcomes();

CREATE TRIGGER point_transactions_move_agents AFTER INSERT ON store.point_transactions REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION society.add_points();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.audit_logs FOR EACH ROW EXECUTE FUNCTION store.stamp_audit_logs();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.ensemble_ballots FOR EACH ROW EXECUTE FUNCTION store.stamp_ensemble_ballots();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.ensemble_votes FOR EACH ROW EXECUTE FUNCTION store.stamp_ensemble_votes();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.llm_requests FOR EACH ROW EXECUTE FUNCTION store.stamp_llm_requests();

CREATE TRIGGER stamp_the_row BEFORE INSERT ON store.llm_responses FOR EACH ROW EXECUTE FUNCTION store.stamp_llm_responses();

CREATE TRIGGER status_probes_added_are_marked AFTER INSERT ON store.status_probes REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER status_probes_changed_are_marked AFTER UPDATE ON store.status_probes REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER status_probes_removed_are_marked AFTER DELETE ON store.status_probes REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_status_probes();

CREATE TRIGGER streaming_analytics_added_are_marked AFTER INSERT ON store.streaming_analytics REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_streaming_analytics();

CREATE TRIGGER streaming_analytics_changed_are_marked AFTER UPDATE ON store.streaming_analytics REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_streaming_analytics();

CREATE TRIGGER streaming_analytics_removed_are_marked AFTER DELETE ON store.streaming_analytics REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_streaming_analytics();

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.audit_log FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_log');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.audit_logs FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_logs');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.ensemble_ballots FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('ensemble_ballots');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.ensemble_votes FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('ensemble_votes');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.llm_requests FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('llm_requests');

CREATE TRIGGER the_row_stays BEFORE DELETE ON store.llm_responses FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('llm_responses');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, log_id, tenant_id, table_name, operation, user_id, old_data, new_data, ip_address, user_agent, modal_call_context, "timestamp", table_schema, record_key, agent_id, actor_role, request_id, epoch, transaction_id ON store.audit_log FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_log');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, "timestamp", user_id, action, resource_type, resource_id, ip_address, user_agent, request_id, request_data, response_status, duration_ms, epoch, transaction_id ON store.audit_logs FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('audit_logs');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, request_id, tenant_id, created_at, layer, voter, place, state, weight, option, ranking, grades, response_id, vote_id, answer_sha256, error_code, epoch, transaction_id ON store.ensemble_ballots FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('ensemble_ballots');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, request_id, tenant_id, created_at, ensemble, strategy, rule, winner, winners, scores, others, selected_id, confidence, stopped, fallback, epoch, transaction_id ON store.ensemble_votes FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('ensemble_votes');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, user_id, request_type, model, prompt, messages, model_params, ensemble_config, memory_enhanced, memory, created_at, process_id, api_key_id, provider_name, is_streamed, budget_ids, reserved_usd, epoch, transaction_id, simulation_id, outcome_id, role, reserved_each ON store.llm_requests FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('llm_requests');

CREATE TRIGGER the_row_stays_as_it_is BEFORE UPDATE OF digest, redaction_id, id, tenant_id, request_id, request_created_at, provider_name, model, content, raw_response, tokens_prompt, tokens_completion, tokens_total, cost_usd, response_time, finish_reason, error_code, error_message, created_at, attempt, upstream_status, upstream_id, time_to_first_byte, tokens_cached, tokens_reasoning, epoch, transaction_id ON store.llm_responses FOR EACH ROW WHEN ((CURRENT_USER <> 'guildhall_owner'::name)) EXECUTE FUNCTION platform.refuse_changed_ledger('llm_responses');

CREATE TRIGGER tool_usage_added_are_marked AFTER INSERT ON store.tool_usage REFERENCING NEW TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

CREATE TRIGGER tool_usage_changed_are_marked AFTER UPDATE ON store.tool_usage REFERENCING OLD TABLE AS changed_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

CREATE TRIGGER tool_usage_removed_are_marked AFTER DELETE ON store.tool_usage REFERENCING OLD TABLE AS changed_rows FOR EACH STATEMENT EXECUTE FUNCTION store.mark_tool_usage();

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.benchmark_scores
    ADD CONSTRAINT benchmark_scores_suite_id_fkey FOREIGN KEY (suite_id) REFERENCES catalogue.benchmark_suites(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.documentation
    ADD CONSTRAINT documentation_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.incidents
    ADD CONSTRAINT incidents_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_aliases
    ADD CONSTRAINT model_aliases_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.model_endpoints
    ADD CONSTRAINT model_endpoints_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.models
    ADD CONSTRAINT models_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.news_articles
    ADD CONSTRAINT news_articles_author_id_fkey FOREIGN KEY (author_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.news_model_mentions
    ADD CONSTRAINT news_model_mentions_news_id_fkey FOREIGN KEY (news_id) REFERENCES catalogue.news_articles(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.price_claims
    ADD CONSTRAINT price_claims_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES catalogue.price_claims(id) ON DELETE SET NULL;

ALTER TABLE ONLY catalogue.pricing
    ADD CONSTRAINT pricing_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.analyst_reads
    ADD CONSTRAINT analyst_reads_tenant_id_scenario_id_content_hash_split_fkey FOREIGN KEY (tenant_id, scenario_id, content_hash, split) REFERENCES evaluation.scenario_versions(tenant_id, scenario_id, content_hash, split) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.analyst_reads
    ADD CONSTRAINT analyst_reads_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions(tenant_id, session_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.approval_rules
    ADD CONSTRAINT approval_rules_set_by_fkey FOREIGN KEY (set_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.approval_rules
    ADD CONSTRAINT approval_rules_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.approval_rules
    ADD CONSTRAINT approval_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.bodies
    ADD CONSTRAINT bodies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_approved_by_fkey FOREIGN KEY (approved_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_config_id_version_after_fkey FOREIGN KEY (config_id, version_after) REFERENCES evaluation.config_versions(config_id, version_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_config_id_version_before_fkey FOREIGN KEY (config_id, version_before) REFERENCES evaluation.config_versions(config_id, version_id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_proposed_by_fkey FOREIGN KEY (proposed_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.config_diffs
    ADD CONSTRAINT config_diffs_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_config_id_previous_version_id_fkey FOREIGN KEY (config_id, previous_version_id) REFERENCES evaluation.config_versions(config_id, version_id) ON DELETE SET NULL (previous_version_id);

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_config_id_version_id_fkey FOREIGN KEY (config_id, version_id) REFERENCES evaluation.config_versions(config_id, version_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_tenant_id_diff_id_fkey FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs(tenant_id, diff_id) ON DELETE SET NULL (diff_id);

ALTER TABLE ONLY evaluation.config_releases
    ADD CONSTRAINT config_releases_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.config_versions
    ADD CONSTRAINT config_versions_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT configurations_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.failure_cluster_events
    ADD CONSTRAINT failure_cluster_events_tenant_id_cluster_id_fkey FOREIGN KEY (tenant_id, cluster_id) REFERENCES evaluation.failure_clusters(tenant_id, cluster_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.failure_cluster_events
    ADD CONSTRAINT failure_cluster_events_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.failure_cluster_events
    ADD CONSTRAINT failure_cluster_events_tenant_id_other_id_fkey FOREIGN KEY (tenant_id, other_id) REFERENCES evaluation.failure_clusters(tenant_id, cluster_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.failure_clusterings
    ADD CONSTRAINT failure_clusterings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.failure_clusters
    ADD CONSTRAINT failure_clusters_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.failure_clusters
    ADD CONSTRAINT failure_clusters_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.failure_clusters
    ADD CONSTRAINT failure_clusters_tenant_id_merged_into_fkey FOREIGN KEY (tenant_id, merged_into) REFERENCES evaluation.failure_clusters(tenant_id, cluster_id);

ALTER TABLE ONLY evaluation.failure_days
    ADD CONSTRAINT failure_days_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.failure_days
    ADD CONSTRAINT failure_days_tenant_id_signature_id_fkey FOREIGN KEY (tenant_id, signature_id) REFERENCES evaluation.failure_signatures(tenant_id, signature_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.failure_signatures
    ADD CONSTRAINT failure_signatures_tenant_id_cluster_id_fkey FOREIGN KEY (tenant_id, cluster_id) REFERENCES evaluation.failure_clusters(tenant_id, cluster_id);

ALTER TABLE ONLY evaluation.failure_signatures
    ADD CONSTRAINT failure_signatures_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.configurations
    ADD CONSTRAINT fk_latest_version FOREIGN KEY (config_id, latest_version_id) REFERENCES evaluation.config_versions(config_id, version_id) ON DELETE SET NULL (latest_version_id) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_improvement_id_fkey FOREIGN KEY (tenant_id, improvement_id) REFERENCES evaluation.improvements(tenant_id, improvement_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_parent_version_id_fkey FOREIGN KEY (tenant_id, parent_version_id) REFERENCES evaluation.config_versions(tenant_id, version_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_proof_id_fkey FOREIGN KEY (tenant_id, proof_id) REFERENCES evaluation.proofs(tenant_id, proof_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_recommendation_id_fkey FOREIGN KEY (tenant_id, recommendation_id) REFERENCES evaluation.recommendations(tenant_id, recommendation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions(tenant_id, session_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvement_rounds
    ADD CONSTRAINT improvement_rounds_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvements
    ADD CONSTRAINT improvements_tenant_id_config_id_fkey FOREIGN KEY (tenant_id, config_id) REFERENCES evaluation.configurations(tenant_id, config_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.improvements
    ADD CONSTRAINT improvements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.improvements
    ADD CONSTRAINT improvements_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_config_version_id_fkey FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions(tenant_id, version_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_tenant_id_improvement_id_fkey FOREIGN KEY (tenant_id, improvement_id) REFERENCES evaluation.improvements(tenant_id, improvement_id) ON DELETE SET NULL (improvement_id);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions
    ADD CONSTRAINT llm_recommendation_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.outcome_embeddings
    ADD CONSTRAINT outcome_embeddings_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.proof_scenarios
    ADD CONSTRAINT proof_scenarios_tenant_id_proof_id_fkey FOREIGN KEY (tenant_id, proof_id) REFERENCES evaluation.proofs(tenant_id, proof_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.proof_scenarios
    ADD CONSTRAINT proof_scenarios_tenant_id_scenario_id_content_hash_split_fkey FOREIGN KEY (tenant_id, scenario_id, content_hash, split) REFERENCES evaluation.scenario_versions(tenant_id, scenario_id, content_hash, split) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_tenant_id_baseline_simulation_id_fkey FOREIGN KEY (tenant_id, baseline_simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_tenant_id_candidate_simulation_id_fkey FOREIGN KEY (tenant_id, candidate_simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_tenant_id_diff_id_fkey FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs(tenant_id, diff_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.proofs
    ADD CONSTRAINT proofs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_applied_by_fkey FOREIGN KEY (applied_by) REFERENCES platform.users(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_config_version_id_fkey FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions(tenant_id, version_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_diff_id_fkey FOREIGN KEY (tenant_id, diff_id) REFERENCES evaluation.config_diffs(tenant_id, diff_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_proposed_diff_id_fkey FOREIGN KEY (tenant_id, proposed_diff_id) REFERENCES evaluation.config_diffs(tenant_id, diff_id) ON DELETE SET NULL (proposed_diff_id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES evaluation.llm_recommendation_sessions(tenant_id, session_id);

ALTER TABLE ONLY evaluation.recommendations
    ADD CONSTRAINT recommendations_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.scenario_versions
    ADD CONSTRAINT scenario_versions_tenant_id_scenario_id_fkey FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios(tenant_id, scenario_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.scenarios
    ADD CONSTRAINT scenarios_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_tenant_id_scenario_id_content_hash_fkey FOREIGN KEY (tenant_id, scenario_id, content_hash) REFERENCES evaluation.scenario_versions(tenant_id, scenario_id, content_hash);

ALTER TABLE ONLY evaluation.simulations_scenarios
    ADD CONSTRAINT simulations_scenarios_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_config_version_id_fkey FOREIGN KEY (tenant_id, config_version_id) REFERENCES evaluation.config_versions(tenant_id, version_id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY evaluation.simulations
    ADD CONSTRAINT simulations_tenant_id_interleaved_with_fkey FOREIGN KEY (tenant_id, interleaved_with) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE SET NULL (interleaved_with) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_simulation_id_scenario_id_fkey FOREIGN KEY (simulation_id, scenario_id) REFERENCES evaluation.simulations_scenarios(simulation_id, scenario_id) ON DELETE CASCADE;

ALTER TABLE ONLY evaluation.trials
    ADD CONSTRAINT trials_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.acp_agents
    ADD CONSTRAINT acp_agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.bodies
    ADD CONSTRAINT bodies_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.budget_periods
    ADD CONSTRAINT budget_periods_tenant_id_budget_id_fkey FOREIGN KEY (tenant_id, budget_id) REFERENCES gateway.budgets(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.budget_periods
    ADD CONSTRAINT budget_periods_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_key_is_the_teams FOREIGN KEY (tenant_id, api_key_id) REFERENCES platform.api_keys(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.budgets
    ADD CONSTRAINT budgets_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.code_versions
    ADD CONSTRAINT code_versions_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions(tenant_id, id) ON DELETE SET NULL (session_id);

ALTER TABLE ONLY gateway.cognee_memories
    ADD CONSTRAINT cognee_memories_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.debate_ballots
    ADD CONSTRAINT debate_ballots_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY gateway.debate_sessions
    ADD CONSTRAINT debate_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.debate_turns
    ADD CONSTRAINT debate_turns_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_node_id_fkey FOREIGN KEY (node_id) REFERENCES gateway.memory_nodes(node_id);

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE gateway.distributed_memory
    ADD CONSTRAINT distributed_memory_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.ensembles
    ADD CONSTRAINT ensembles_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY gateway.ensembles
    ADD CONSTRAINT ensembles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.idempotent_calls
    ADD CONSTRAINT idempotent_calls_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.idempotent_calls
    ADD CONSTRAINT idempotent_calls_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_provider_id_fkey FOREIGN KEY (provider_id) REFERENCES catalogue.providers(id) ON DELETE SET NULL;

ALTER TABLE ONLY gateway.llm_providers
    ADD CONSTRAINT llm_providers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.lsp_servers
    ADD CONSTRAINT lsp_servers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.mcp_servers
    ADD CONSTRAINT mcp_servers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY gateway.revisions
    ADD CONSTRAINT revisions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.api_keys
    ADD CONSTRAINT api_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.archives
    ADD CONSTRAINT archives_series_fkey FOREIGN KEY (series) REFERENCES platform.series(name) ON DELETE CASCADE;

ALTER TABLE ONLY platform.audit_seal_parts
    ADD CONSTRAINT audit_seal_parts_ledger_number_fkey FOREIGN KEY (ledger, number) REFERENCES platform.audit_seals(ledger, number);

ALTER TABLE ONLY platform.audit_seals
    ADD CONSTRAINT audit_seals_ledger_fkey FOREIGN KEY (ledger) REFERENCES platform.ledgers(name);

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_depends_on_task_id_fkey FOREIGN KEY (depends_on_task_id) REFERENCES platform.background_tasks(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.background_task_dependencies
    ADD CONSTRAINT background_task_dependencies_task_id_fkey FOREIGN KEY (task_id) REFERENCES platform.background_tasks(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.clickhouse_analytics
    ADD CONSTRAINT clickhouse_analytics_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_original_task_id_fkey FOREIGN KEY (original_task_id) REFERENCES platform.background_tasks(id) ON DELETE SET NULL;

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_resolved_by_fkey FOREIGN KEY (resolved_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.dead_letter_queue
    ADD CONSTRAINT dead_letter_queue_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.idempotency_keys
    ADD CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.provider_secrets
    ADD CONSTRAINT provider_secrets_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.rollups
    ADD CONSTRAINT rollups_source_fkey FOREIGN KEY (source) REFERENCES platform.series(name);

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_schedule_name_fkey FOREIGN KEY (schedule_name) REFERENCES platform.schedules(name) ON DELETE CASCADE;

ALTER TABLE ONLY platform.schedule_runs
    ADD CONSTRAINT schedule_runs_task_id_fkey FOREIGN KEY (task_id) REFERENCES platform.background_tasks(id) ON DELETE SET NULL;

ALTER TABLE ONLY platform.schedules
    ADD CONSTRAINT schedules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.sql_logins
    ADD CONSTRAINT sql_logins_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.task_workers
    ADD CONSTRAINT task_workers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_accepted_by_fkey FOREIGN KEY (accepted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES platform.users(id);

ALTER TABLE ONLY platform.team_invitations
    ADD CONSTRAINT team_invitations_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.team_members
    ADD CONSTRAINT team_members_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.user_preferences
    ADD CONSTRAINT user_preferences_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_remember_what_is_there FOREIGN KEY (tenant_id, memory_id) REFERENCES gateway.cognee_memories(tenant_id, id) ON DELETE SET NULL (memory_id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY platform.user_sessions
    ADD CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE CASCADE;

ALTER TABLE ONLY society.achievements
    ADD CONSTRAINT achievements_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_tenant_id_achievement_id_fkey FOREIGN KEY (tenant_id, achievement_id) REFERENCES society.achievements(tenant_id, id);

ALTER TABLE ONLY society.agent_achievements
    ADD CONSTRAINT agent_achievements_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.agent_permissions
    ADD CONSTRAINT agent_permissions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agent_skills
    ADD CONSTRAINT agent_skills_tenant_id_verified_by_fkey FOREIGN KEY (tenant_id, verified_by) REFERENCES society.agents(tenant_id, id) ON DELETE SET NULL (verified_by);

ALTER TABLE ONLY society.agent_status_history
    ADD CONSTRAINT agent_status_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.agents
    ADD CONSTRAINT agents_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_tenant_id_appeal_id_fkey FOREIGN KEY (tenant_id, appeal_id) REFERENCES society.appeals(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.appeal_reviews
    ADD CONSTRAINT appeal_reviews_tenant_id_reviewer_id_fkey FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_reviewer_id_fkey FOREIGN KEY (tenant_id, reviewer_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id);

ALTER TABLE ONLY society.appeals
    ADD CONSTRAINT appeals_tenant_id_voting_session_id_fkey FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.battle_participants
    ADD CONSTRAINT battle_participants_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.battle_rounds
    ADD CONSTRAINT battle_rounds_tenant_id_judge_id_fkey FOREIGN KEY (tenant_id, judge_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_are_won_by_a_participant FOREIGN KEY (tenant_id, id, winner_id) REFERENCES society.battle_participants(tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.battles
    ADD CONSTRAINT battles_tenant_id_winner_id_fkey FOREIGN KEY (tenant_id, winner_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_participants
    ADD CONSTRAINT brainstorm_participants_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.brainstorm_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_facilitator_id_fkey FOREIGN KEY (tenant_id, facilitator_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.brainstorm_sessions
    ADD CONSTRAINT brainstorm_sessions_tenant_id_voting_session_id_fkey FOREIGN KEY (tenant_id, voting_session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.eigentrust_runs
    ADD CONSTRAINT eigentrust_runs_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.elo_history
    ADD CONSTRAINT elo_history_tenant_id_battle_id_agent_id_fkey FOREIGN KEY (tenant_id, battle_id, agent_id) REFERENCES society.battle_participants(tenant_id, battle_id, agent_id);

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.global_trust_scores
    ADD CONSTRAINT global_trust_scores_tenant_id_run_id_fkey FOREIGN KEY (tenant_id, run_id) REFERENCES society.eigentrust_runs(tenant_id, id);

ALTER TABLE ONLY society.hall_of_fame
    ADD CONSTRAINT hall_of_fame_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_tenant_id_combination_id_session__fkey FOREIGN KEY (tenant_id, combination_id, session_id, result_idea_id) REFERENCES society.idea_combinations(tenant_id, id, session_id, result_idea_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_combination_sources
    ADD CONSTRAINT idea_combination_sources_tenant_id_session_id_idea_id_fkey FOREIGN KEY (tenant_id, session_id, idea_id) REFERENCES society.ideas(tenant_id, session_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_tenant_id_combined_by_fkey FOREIGN KEY (tenant_id, combined_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_combinations
    ADD CONSTRAINT idea_combinations_tenant_id_session_id_result_idea_id_fkey FOREIGN KEY (tenant_id, session_id, result_idea_id) REFERENCES society.ideas(tenant_id, session_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.idea_votes
    ADD CONSTRAINT idea_votes_tenant_id_idea_id_fkey FOREIGN KEY (tenant_id, idea_id) REFERENCES society.ideas(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_session_id_agent_id_fkey FOREIGN KEY (tenant_id, session_id, agent_id) REFERENCES society.brainstorm_participants(tenant_id, session_id, agent_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.ideas
    ADD CONSTRAINT ideas_tenant_id_session_id_parent_id_fkey FOREIGN KEY (tenant_id, session_id, parent_id) REFERENCES society.ideas(tenant_id, session_id, id);

ALTER TABLE ONLY society.leaderboard_periods
    ADD CONSTRAINT leaderboard_periods_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.leaderboard_rankings
    ADD CONSTRAINT leaderboard_rankings_tenant_id_category_period_period_star_fkey FOREIGN KEY (tenant_id, category, period, period_start) REFERENCES society.leaderboard_periods(tenant_id, category, period, period_start);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_tenant_id_curriculum_id_fkey FOREIGN KEY (tenant_id, curriculum_id) REFERENCES society.mentorship_curriculum(tenant_id, id);

ALTER TABLE ONLY society.mentee_progress
    ADD CONSTRAINT mentee_progress_tenant_id_pairing_id_mentee_id_fkey FOREIGN KEY (tenant_id, pairing_id, mentee_id) REFERENCES society.mentorship_pairings(tenant_id, id, mentee_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.mentorship_curriculum
    ADD CONSTRAINT mentorship_curriculum_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_mentee_id_fkey FOREIGN KEY (tenant_id, mentee_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.mentorship_pairings
    ADD CONSTRAINT mentorship_pairings_tenant_id_mentor_id_fkey FOREIGN KEY (tenant_id, mentor_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.mentorship_sessions
    ADD CONSTRAINT mentorship_sessions_tenant_id_pairing_id_fkey FOREIGN KEY (tenant_id, pairing_id) REFERENCES society.mentorship_pairings(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_battle_id_fkey FOREIGN KEY (tenant_id, battle_id) REFERENCES society.battles(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_ratee_id_fkey FOREIGN KEY (tenant_id, ratee_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_rater_id_fkey FOREIGN KEY (tenant_id, rater_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.peer_ratings
    ADD CONSTRAINT peer_ratings_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.point_keys
    ADD CONSTRAINT point_keys_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.point_rules
    ADD CONSTRAINT point_rules_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.pretrusted_agents
    ADD CONSTRAINT pretrusted_agents_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.priority_queues
    ADD CONSTRAINT priority_queues_tenant_id_queue_id_fkey FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_granted_by_fkey FOREIGN KEY (granted_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.resource_allocations
    ADD CONSTRAINT resource_allocations_tenant_id_pool_id_resource_type_fkey FOREIGN KEY (tenant_id, pool_id, resource_type) REFERENCES society.resource_pools(tenant_id, id, resource_type);

ALTER TABLE ONLY society.resource_pools
    ADD CONSTRAINT resource_pools_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_tenant_id_assessor_id_fkey FOREIGN KEY (tenant_id, assessor_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.retraining_assessments
    ADD CONSTRAINT retraining_assessments_tenant_id_program_id_agent_id_fkey FOREIGN KEY (tenant_id, program_id, agent_id) REFERENCES society.retraining_programs(tenant_id, id, agent_id) ON DELETE CASCADE;

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.retraining_programs
    ADD CONSTRAINT retraining_programs_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id);

ALTER TABLE ONLY society.streaks
    ADD CONSTRAINT streaks_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_assignments
    ADD CONSTRAINT task_assignments_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_dead_letters
    ADD CONSTRAINT task_dead_letters_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_tenant_id_depends_on_task_id_fkey FOREIGN KEY (tenant_id, depends_on_task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_dependencies
    ADD CONSTRAINT task_dependencies_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.task_executions
    ADD CONSTRAINT task_executions_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_lanes
    ADD CONSTRAINT task_lanes_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.task_lanes
    ADD CONSTRAINT task_lanes_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.task_queues
    ADD CONSTRAINT task_queues_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.task_results
    ADD CONSTRAINT task_results_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.task_types
    ADD CONSTRAINT task_types_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_lane_fkey FOREIGN KEY (tenant_id, lane) REFERENCES society.task_lanes(tenant_id, lane);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_assigned_to_fkey FOREIGN KEY (tenant_id, assigned_to) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_queue_id_fkey FOREIGN KEY (tenant_id, queue_id) REFERENCES society.task_queues(tenant_id, id) ON DELETE SET NULL (queue_id);

ALTER TABLE ONLY society.tasks
    ADD CONSTRAINT tasks_tenant_id_requested_by_fkey FOREIGN KEY (tenant_id, requested_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.tier_history
    ADD CONSTRAINT tier_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.tiers
    ADD CONSTRAINT tiers_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id) ON DELETE CASCADE;

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_tenant_id_from_agent_id_fkey FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.trust_graph
    ADD CONSTRAINT trust_graph_tenant_id_to_agent_id_fkey FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_reported_by_user_fkey FOREIGN KEY (reported_by_user) REFERENCES platform.users(id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_reported_by_fkey FOREIGN KEY (tenant_id, reported_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.violations
    ADD CONSTRAINT violations_tenant_id_task_id_fkey FOREIGN KEY (tenant_id, task_id) REFERENCES society.tasks(tenant_id, id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_from_agent_id_fkey FOREIGN KEY (tenant_id, from_agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.vote_delegations
    ADD CONSTRAINT vote_delegations_tenant_id_to_agent_id_fkey FOREIGN KEY (tenant_id, to_agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id);

ALTER TABLE ONLY society.votes
    ADD CONSTRAINT votes_tenant_id_superseded_by_fkey FOREIGN KEY (tenant_id, superseded_by) REFERENCES society.votes(tenant_id, id) ON DELETE SET NULL (superseded_by) DEFERRABLE INITIALLY DEFERRED;

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id);

ALTER TABLE ONLY society.voting_eligibility
    ADD CONSTRAINT voting_eligibility_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES society.voting_sessions(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_created_by_fkey FOREIGN KEY (created_by) REFERENCES platform.users(id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES platform.teams(id);

ALTER TABLE ONLY society.voting_sessions
    ADD CONSTRAINT voting_sessions_tenant_id_proposed_by_fkey FOREIGN KEY (tenant_id, proposed_by) REFERENCES society.agents(tenant_id, id);

ALTER TABLE store.agent_activity_log
    ADD CONSTRAINT agent_activity_log_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.failure_patterns
    ADD CONSTRAINT failure_patterns_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE store.llm_requests
    ADD CONSTRAINT llm_requests_tenant_id_session_id_fkey FOREIGN KEY (tenant_id, session_id) REFERENCES platform.user_sessions(tenant_id, id) ON DELETE SET NULL (session_id);

ALTER TABLE store.llm_requests
    ADD CONSTRAINT llm_requests_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id);

ALTER TABLE store.llm_responses
    ADD CONSTRAINT llm_responses_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE SET NULL;

ALTER TABLE store.llm_responses
    ADD CONSTRAINT llm_responses_tenant_id_provider_id_fkey FOREIGN KEY (tenant_id, provider_id) REFERENCES gateway.llm_providers(tenant_id, id) ON DELETE SET NULL (provider_id);

ALTER TABLE store.outcomes
    ADD CONSTRAINT outcomes_tenant_id_scenario_id_fkey FOREIGN KEY (tenant_id, scenario_id) REFERENCES evaluation.scenarios(tenant_id, scenario_id);

ALTER TABLE store.outcomes
    ADD CONSTRAINT outcomes_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE store.penalty_history
    ADD CONSTRAINT penalty_history_tenant_id_violation_id_agent_id_fkey FOREIGN KEY (tenant_id, violation_id, agent_id) REFERENCES society.violations(tenant_id, id, agent_id) ON DELETE CASCADE;

ALTER TABLE store.point_transactions
    ADD CONSTRAINT point_transactions_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.reputation_history
    ADD CONSTRAINT reputation_history_tenant_id_agent_id_fkey FOREIGN KEY (tenant_id, agent_id) REFERENCES society.agents(tenant_id, id) ON DELETE CASCADE;

ALTER TABLE store.status_probes
    ADD CONSTRAINT status_probes_model_id_fkey FOREIGN KEY (model_id) REFERENCES catalogue.models(id) ON DELETE CASCADE;

ALTER TABLE store.streaming_analytics
    ADD CONSTRAINT streaming_analytics_user_id_fkey FOREIGN KEY (user_id) REFERENCES platform.users(id) ON DELETE SET NULL;

ALTER TABLE store.tool_usage
    ADD CONSTRAINT tool_usage_tenant_id_simulation_id_fkey FOREIGN KEY (tenant_id, simulation_id) REFERENCES evaluation.simulations(tenant_id, simulation_id) ON DELETE CASCADE;

ALTER TABLE evaluation.analyst_reads ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.approval_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.bodies ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.config_diffs ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.config_releases ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.config_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.configurations ENABLE ROW LEVEL SECURITY;

CREATE POLICY embeddings_are_read_by_the_view_of_outcomes ON evaluation.outcome_embeddings FOR SELECT TO guildhall_owner USING (true);

ALTER TABLE evaluation.failure_cluster_events ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.failure_clusterings ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.failure_clusters ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.failure_days ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.failure_signatures ENABLE ROW LEVEL SECURITY;

CREATE POLICY functions_see_every_row ON evaluation.llm_recommendation_sessions FOR SELECT TO guildhall_owner USING (true);

ALTER TABLE evaluation.improvement_rounds ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.improvements ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.llm_recommendation_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.outcome_embeddings ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.proof_scenarios ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.proofs ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.recommendations ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.analyst_reads FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.approval_rules FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.bodies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.config_diffs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.config_releases FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.config_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.configurations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.failure_cluster_events FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.failure_clusterings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.failure_clusters FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.failure_days FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.failure_signatures FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.improvement_rounds FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.improvements FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.llm_recommendation_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.outcome_embeddings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.proof_scenarios FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.proofs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.recommendations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.scenario_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.scenarios FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.simulations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.simulations_scenarios FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON evaluation.trials FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON evaluation.analyst_reads TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.approval_rules TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.bodies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.config_diffs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.config_releases TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.config_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.configurations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.failure_cluster_events TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.failure_clusterings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.failure_clusters TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.failure_days TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.failure_signatures TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.improvement_rounds TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.improvements TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.llm_recommendation_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.outcome_embeddings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.proof_scenarios TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.proofs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.recommendations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.scenario_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.scenarios TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.simulations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.simulations_scenarios TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON evaluation.trials TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE evaluation.scenario_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.scenarios ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.simulations ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.simulations_scenarios ENABLE ROW LEVEL SECURITY;

ALTER TABLE evaluation.trials ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.acp_agents ENABLE ROW LEVEL SECURITY;

CREATE POLICY answers_are_the_persons_own ON gateway.idempotent_calls AS RESTRICTIVE TO guildhall_app, guildhall_reader USING ((user_id = ( SELECT platform.user_id() AS user_id))) WITH CHECK ((user_id = ( SELECT platform.user_id() AS user_id)));

ALTER TABLE gateway.bodies ENABLE ROW LEVEL SECURITY;

CREATE POLICY bodies_of_every_team_expire ON gateway.bodies TO guildhall_scheduler USING (true);

ALTER TABLE gateway.budget_periods ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.budgets ENABLE ROW LEVEL SECURITY;

CREATE POLICY calls_of_every_team_are_kept ON gateway.bodies TO guildhall_writer USING (true) WITH CHECK (true);

CREATE POLICY calls_of_every_team_are_settled ON gateway.idempotent_calls TO guildhall_writer, guildhall_scheduler USING (true) WITH CHECK (true);

ALTER TABLE gateway.code_versions ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.cognee_memories ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_ballots ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.debate_turns ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.distributed_memory ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.ensembles ENABLE ROW LEVEL SECURITY;

CREATE POLICY functions_see_every_row ON gateway.budget_periods TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.budgets TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.cognee_memories TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.debate_sessions FOR SELECT TO guildhall_owner USING (true);

CREATE POLICY functions_see_every_row ON gateway.distributed_memory TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON gateway.llm_providers TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE gateway.idempotent_calls ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.llm_providers ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.lsp_servers ENABLE ROW LEVEL SECURITY;

ALTER TABLE gateway.mcp_servers ENABLE ROW LEVEL SECURITY;

CREATE POLICY not_for_people_who_write_sql ON gateway.idempotent_calls AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY periods_of_every_team_are_read ON gateway.budgets FOR SELECT TO guildhall_writer USING (true);

CREATE POLICY rows_belong_to_the_persons_team ON gateway.acp_agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.bodies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.budget_periods FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.budgets FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.code_versions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.cognee_memories FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.debate_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.debate_turns FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.distributed_memory FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.ensembles FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.idempotent_calls FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.llm_providers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.lsp_servers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON gateway.mcp_servers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON gateway.acp_agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.bodies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.budget_periods TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.budgets TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.code_versions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.cognee_memories TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_ballots TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.debate_turns TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.distributed_memory TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.ensembles TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.idempotent_calls TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.llm_providers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.lsp_servers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON gateway.mcp_servers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY answers_are_the_persons_own ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_app, guildhall_reader USING ((user_id = ( SELECT platform.user_id() AS user_id))) WITH CHECK ((user_id = ( SELECT platform.user_id() AS user_id)));

ALTER TABLE platform.api_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.background_task_dependencies ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.background_tasks ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.clickhouse_analytics ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.dead_letter_queue ENABLE ROW LEVEL SECURITY;

CREATE POLICY events_of_every_team_are_exported ON platform.clickhouse_analytics TO guildhall_worker, guildhall_scheduler USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.api_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.background_task_dependencies TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.background_tasks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.idempotency_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.provider_secrets TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.team_invitations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.team_members TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.teams TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.user_preferences TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.user_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY functions_see_every_row ON platform.users TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE platform.idempotency_keys ENABLE ROW LEVEL SECURITY;

CREATE POLICY invitations_are_seen_by_administrators ON platform.team_invitations AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY job_is_of_the_same_team ON platform.dead_letter_queue AS RESTRICTIVE FOR INSERT WITH CHECK (((original_task_id IS NULL) OR (EXISTS ( SELECT
   FROM platform.background_tasks tasks
  WHERE ((tasks.id = dead_letter_queue.original_task_id) AND (tasks.tenant_id = dead_letter_queue.tenant_id))))));

CREATE POLICY jobs_are_begun_and_finished_by_workers ON platform.background_tasks AS RESTRICTIVE FOR UPDATE TO guildhall_app USING (true) WITH CHECK ((status = ANY (ARRAY['pending'::platform.job_status, 'paused'::platform.job_status, 'cancelled'::platform.job_status])));

CREATE POLICY jobs_are_of_the_same_team ON platform.background_task_dependencies AS RESTRICTIVE FOR INSERT WITH CHECK (((EXISTS ( SELECT
   FROM platform.background_tasks waiting
  WHERE ((waiting.id = background_task_dependencies.task_id) AND (waiting.tenant_id = background_task_dependencies.tenant_id)))) AND (EXISTS ( SELECT
   FROM platform.background_tasks awaited
  WHERE ((awaited.id = background_task_dependencies.depends_on_task_id) AND (awaited.tenant_id = background_task_dependencies.tenant_id))))));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.background_task_dependencies TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.background_tasks TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY jobs_are_of_the_team_or_of_all ON platform.dead_letter_queue TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY keys_are_seen_by_their_people ON platform.api_keys AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (((user_id = ( SELECT platform.user_id() AS user_id)) OR ( SELECT platform.may_administer_team() AS may_administer_team)));

CREATE POLICY not_for_people_who_write_sql ON platform.api_keys AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.provider_secrets AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.team_invitations AS RESTRICTIVE TO guildhall_person USING (false);

CREATE POLICY not_for_people_who_write_sql ON platform.user_sessions AS RESTRICTIVE TO guildhall_person USING (false);

ALTER TABLE platform.provider_secrets ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_belong_to_the_persons_team ON platform.api_keys FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.background_task_dependencies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.background_tasks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.clickhouse_analytics FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.dead_letter_queue FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.idempotency_keys FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.provider_secrets FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.team_invitations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.team_members FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON platform.user_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON platform.api_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.background_task_dependencies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.background_tasks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.clickhouse_analytics TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.dead_letter_queue TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.idempotency_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.provider_secrets TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.team_invitations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON platform.user_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY secrets_are_added_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR INSERT TO guildhall_app WITH CHECK (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY secrets_are_changed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR UPDATE TO guildhall_app USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY secrets_are_removed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR DELETE TO guildhall_app USING (( SELECT platform.may_administer_team() AS may_administer_team));

CREATE POLICY sessions_are_the_persons_own ON platform.user_sessions AS RESTRICTIVE TO guildhall_app, guildhall_reader USING ((user_id = ( SELECT platform.user_id() AS user_id))) WITH CHECK ((user_id = ( SELECT platform.user_id() AS user_id)));

ALTER TABLE platform.team_invitations ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.team_members ENABLE ROW LEVEL SECURITY;

CREATE POLICY team_members_are_seen_from_within ON platform.team_members FOR SELECT TO guildhall_app USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE platform.teams ENABLE ROW LEVEL SECURITY;

CREATE POLICY teams_are_seen_from_within ON platform.teams FOR SELECT TO guildhall_app USING ((id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE platform.user_preferences ENABLE ROW LEVEL SECURITY;

CREATE POLICY user_prefs_policy ON platform.user_preferences TO guildhall_app USING (((user_identifier)::text = ( SELECT platform.user_identifier() AS user_identifier))) WITH CHECK ((((user_identifier)::text = ( SELECT platform.user_identifier() AS user_identifier)) AND ((user_id IS NULL) OR (user_id = ( SELECT platform.user_id() AS user_id)))));

ALTER TABLE platform.user_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE platform.users ENABLE ROW LEVEL SECURITY;

CREATE POLICY users_are_seen_by_their_teams ON platform.users FOR SELECT TO guildhall_app USING (((id = ( SELECT platform.user_id() AS user_id)) OR (EXISTS ( SELECT
   FROM platform.team_members members
  WHERE ((members.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (members.user_id = users.id))))));

ALTER TABLE society.achievements ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_achievements ENABLE ROW LEVEL SECURITY;

CREATE POLICY agent_own_violations ON society.violations AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader USING (((( SELECT society.acting_agent() AS acting_agent) IS NULL) OR (agent_id = ( SELECT society.acting_agent() AS acting_agent))));

ALTER TABLE society.agent_permissions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_skills ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agent_status_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.agents ENABLE ROW LEVEL SECURITY;

CREATE POLICY agents_are_of_the_team_or_of_all ON society.agent_skills FOR SELECT TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY agents_are_of_the_team_or_of_all ON society.agents FOR SELECT TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

ALTER TABLE society.appeal_reviews ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.appeals ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battle_participants ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battle_rounds ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.battles ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.brainstorm_participants ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.brainstorm_sessions ENABLE ROW LEVEL SECURITY;

CREATE POLICY counts_are_kept_for_every_team ON society.achievements TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_achievements TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_permissions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_skills TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agent_status_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.agents TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.appeal_reviews TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.appeals TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battle_participants TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battle_rounds TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.battles TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.brainstorm_participants TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.brainstorm_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.eigentrust_runs TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.elo_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.global_trust_scores TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.hall_of_fame TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_combination_sources TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_combinations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.idea_votes TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.ideas TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.leaderboard_periods TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.leaderboard_rankings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentee_progress TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_curriculum TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_pairings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.mentorship_sessions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.peer_ratings TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.point_keys TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.point_rules TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.pretrusted_agents TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.priority_queues TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.resource_allocations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.resource_pools TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.retraining_assessments TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.retraining_programs TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.streaks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_assignments TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_dead_letters TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_dependencies TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_executions TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_lanes TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_queues TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_results TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.task_types TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tasks TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tier_history TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.tiers TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.trust_graph TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.violations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.vote_audit_trail TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.vote_delegations TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.votes TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.voting_eligibility TO guildhall_owner USING (true) WITH CHECK (true);

CREATE POLICY counts_are_kept_for_every_team ON society.voting_sessions TO guildhall_owner USING (true) WITH CHECK (true);

ALTER TABLE society.eigentrust_runs ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.elo_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.global_trust_scores ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.hall_of_fame ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_combination_sources ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_combinations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.idea_votes ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.ideas ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.leaderboard_periods ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.leaderboard_rankings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentee_progress ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_curriculum ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_pairings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.mentorship_sessions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.peer_ratings ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.point_keys ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.point_rules ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.pretrusted_agents ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.priority_queues ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.resource_allocations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.resource_pools ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.retraining_assessments ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.retraining_programs ENABLE ROW LEVEL SECURITY;

CREATE POLICY rows_are_redacted ON society.vote_audit_trail FOR UPDATE TO guildhall_owner USING (true);

CREATE POLICY rows_are_sealed ON society.vote_audit_trail FOR SELECT TO guildhall_owner, guildhall_scheduler USING (true);

CREATE POLICY rows_belong_to_the_persons_team ON society.achievements FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_achievements FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_permissions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_skills FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agent_status_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.appeal_reviews FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.appeals FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battle_participants FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battle_rounds FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.battles FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.brainstorm_participants FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.brainstorm_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.eigentrust_runs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.elo_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.global_trust_scores FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.hall_of_fame FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_combination_sources FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_combinations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.idea_votes FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.ideas FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.leaderboard_periods FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.leaderboard_rankings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentee_progress FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_curriculum FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_pairings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.mentorship_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.peer_ratings FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.point_keys FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.point_rules FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.pretrusted_agents FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.priority_queues FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.resource_allocations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.resource_pools FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.retraining_assessments FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.retraining_programs FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.streaks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_assignments FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_dead_letters FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_dependencies FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_executions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_lanes FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_queues FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_results FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.task_types FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tasks FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tier_history FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.tiers FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.trust_graph FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.violations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.vote_audit_trail FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.vote_delegations FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.votes FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.voting_eligibility FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_persons_team ON society.voting_sessions FOR SELECT TO guildhall_person USING ((tenant_id = ( SELECT platform.login_tenant() AS login_tenant)));

CREATE POLICY rows_belong_to_the_team ON society.achievements TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_achievements TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_permissions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_skills TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agent_status_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.appeal_reviews TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.appeals TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battle_participants TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battle_rounds TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.battles TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.brainstorm_participants TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.brainstorm_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.eigentrust_runs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.elo_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.global_trust_scores TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.hall_of_fame TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_combination_sources TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_combinations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.idea_votes TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.ideas TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.leaderboard_periods TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.leaderboard_rankings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentee_progress TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_curriculum TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_pairings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.mentorship_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.peer_ratings TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.point_keys TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.point_rules TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.pretrusted_agents TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.priority_queues TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.resource_allocations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.resource_pools TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.retraining_assessments TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.retraining_programs TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.streaks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_assignments TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_dead_letters TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_dependencies TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_executions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_lanes TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_queues TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_results TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.task_types TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tasks TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tier_history TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.tiers TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.trust_graph TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.violations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.vote_audit_trail TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.vote_delegations TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.votes TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.voting_eligibility TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

CREATE POLICY rows_belong_to_the_team ON society.voting_sessions TO guildhall_owner, guildhall_app, guildhall_reader USING ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id))) WITH CHECK ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)));

ALTER TABLE society.streaks ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_assignments ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_dead_letters ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_dependencies ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_executions ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_lanes ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_queues ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_results ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.task_types ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.tasks ENABLE ROW LEVEL SECURITY;

CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_dead_letters TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_dependencies TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY tasks_are_of_the_team_or_of_all ON society.task_lanes TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

CREATE POLICY tasks_are_of_the_team_or_of_all ON society.tasks TO guildhall_worker, guildhall_scheduler USING (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id)))) WITH CHECK (((( SELECT platform.tenant_id() AS tenant_id) IS NULL) OR (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))));

ALTER TABLE society.tier_history ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.tiers ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.trust_graph ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.violations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.vote_audit_trail ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.vote_delegations ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.votes ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.voting_eligibility ENABLE ROW LEVEL SECURITY;

ALTER TABLE society.voting_sessions ENABLE ROW LEVEL SECURITY;

GRANT USAGE ON SCHEMA catalogue TO guildhall_app;
GRANT USAGE ON SCHEMA catalogue TO guildhall_reader;
GRANT USAGE ON SCHEMA catalogue TO guildhall_curator;
GRANT USAGE ON SCHEMA catalogue TO guildhall_writer;
GRANT USAGE ON SCHEMA catalogue TO guildhall_worker;
GRANT USAGE ON SCHEMA catalogue TO guildhall_scheduler;
GRANT USAGE ON SCHEMA catalogue TO guildhall_person;

GRANT USAGE ON SCHEMA evaluation TO guildhall_app;
GRANT USAGE ON SCHEMA evaluation TO guildhall_reader;
GRANT USAGE ON SCHEMA evaluation TO guildhall_curator;
GRANT USAGE ON SCHEMA evaluation TO guildhall_writer;
GRANT USAGE ON SCHEMA evaluation TO guildhall_worker;
GRANT USAGE ON SCHEMA evaluation TO guildhall_scheduler;
GRANT USAGE ON SCHEMA evaluation TO guildhall_person;

GRANT USAGE ON SCHEMA gateway TO guildhall_app;
GRANT USAGE ON SCHEMA gateway TO guildhall_reader;
GRANT USAGE ON SCHEMA gateway TO guildhall_curator;
GRANT USAGE ON SCHEMA gateway TO guildhall_writer;
GRANT USAGE ON SCHEMA gateway TO guildhall_worker;
GRANT USAGE ON SCHEMA gateway TO guildhall_scheduler;
GRANT USAGE ON SCHEMA gateway TO guildhall_person;

GRANT USAGE ON SCHEMA mine TO guildhall_person;

GRANT USAGE ON SCHEMA platform TO guildhall_app;
GRANT USAGE ON SCHEMA platform TO guildhall_reader;
GRANT USAGE ON SCHEMA platform TO guildhall_curator;
GRANT USAGE ON SCHEMA platform TO guildhall_writer;
GRANT USAGE ON SCHEMA platform TO guildhall_worker;
GRANT USAGE ON SCHEMA platform TO guildhall_scheduler;
GRANT USAGE ON SCHEMA platform TO guildhall_person;
GRANT USAGE ON SCHEMA platform TO guildhall_login;

GRANT USAGE ON SCHEMA society TO guildhall_app;
GRANT USAGE ON SCHEMA society TO guildhall_reader;
GRANT USAGE ON SCHEMA society TO guildhall_curator;
GRANT USAGE ON SCHEMA society TO guildhall_writer;
GRANT USAGE ON SCHEMA society TO guildhall_worker;
GRANT USAGE ON SCHEMA society TO guildhall_scheduler;
GRANT USAGE ON SCHEMA society TO guildhall_person;

GRANT USAGE ON SCHEMA store TO guildhall_app;
GRANT USAGE ON SCHEMA store TO guildhall_reader;
GRANT USAGE ON SCHEMA store TO guildhall_curator;
GRANT USAGE ON SCHEMA store TO guildhall_writer;
GRANT USAGE ON SCHEMA store TO guildhall_worker;
GRANT USAGE ON SCHEMA store TO guildhall_scheduler;

REVOKE ALL ON FUNCTION catalogue.refresh_model_listings() FROM PUBLIC;
GRANT ALL ON FUNCTION catalogue.refresh_model_listings() TO guildhall_curator;
GRANT ALL ON FUNCTION catalogue.refresh_model_listings() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION evaluation.active_teams() FROM PUBLIC;
GRANT ALL ON FUNCTION evaluation.active_teams() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION evaluation.found_by_words(kind text, asked text, any_unit boolean, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION evaluation.found_by_words(kind text, asked text, any_unit boolean, at_most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION evaluation.lost_analyses() FROM PUBLIC;
GRANT ALL ON FUNCTION evaluation.lost_analyses() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION evaluation.teams_with_loose_failures() FROM PUBLIC;
GRANT ALL ON FUNCTION evaluation.teams_with_loose_failures() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION gateway.check_callers(kinds text[], proofs uuid[], users uuid[], teams uuid[], roles text[], administrators boolean[], scopes text[], revisions bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION gateway.check_callers(kinds text[], proofs uuid[], users uuid[], teams uuid[], roles text[], administrators boolean[], scopes text[], revisions bigint[]) TO guildhall_writer;

REVOKE ALL ON FUNCTION gateway.forget_erased_person() FROM PUBLIC;

REVOKE ALL ON FUNCTION gateway.lost_debates() FROM PUBLIC;
GRANT ALL ON FUNCTION gateway.lost_debates() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION gateway.note_revision() FROM PUBLIC;

REVOKE ALL ON FUNCTION gateway.reserve(calls integer[], wanted uuid[], starts date[], amounts numeric[]) FROM PUBLIC;
GRANT ALL ON FUNCTION gateway.reserve(calls integer[], wanted uuid[], starts date[], amounts numeric[]) TO guildhall_writer;

REVOKE ALL ON FUNCTION gateway.settle_calls(ids uuid[], times timestamp with time zone[], states text[], prompts integer[], completions integer[], totals integer[], cached integer[], reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION gateway.settle_calls(ids uuid[], times timestamp with time zone[], states text[], prompts integer[], completions integer[], totals integer[], cached integer[], reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamp with time zone[]) TO guildhall_writer;

REVOKE ALL ON FUNCTION gateway.settle_spending(wanted uuid[], starts date[], reserved numeric[], spent numeric[]) FROM PUBLIC;
GRANT ALL ON FUNCTION gateway.settle_spending(wanted uuid[], starts date[], reserved numeric[], spent numeric[]) TO guildhall_writer;

REVOKE ALL ON FUNCTION platform.accept_invitation(digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.accept_invitation(digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.add_member(member uuid, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.add_member(member uuid, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.admit_job() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.amend_function(routine regprocedure, passage text, anew text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.archive_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.archive_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.archive_user(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.archive_user(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.audited_table(relation oid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.authenticate_api_key(key_id uuid, digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.authenticate_api_key(key_id uuid, digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.authenticate_session(token_digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.authenticate_session(token_digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.begin_erasing_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.begin_erasing_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.begin_sign_in(login text, address inet) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.begin_sign_in(login text, address inet) TO guildhall_app;

GRANT SELECT ON TABLE platform.installation TO guildhall_login;
GRANT SELECT ON TABLE platform.installation TO guildhall_app;
GRANT SELECT ON TABLE platform.installation TO guildhall_reader;
GRANT SELECT ON TABLE platform.installation TO guildhall_scheduler;

GRANT UPDATE(upkeep_at) ON TABLE platform.installation TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.timescale_schema() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.beginning_of_rows() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_count(wanted text, step bigint, ttl_s double precision) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_delete(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_delete(wanted text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_get(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_get(wanted text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cache_put(wanted text, new_value bytea, ttl_s double precision, only_if_absent boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.change_member_role(member uuid, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.change_member_role(member uuid, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.cleanup_old_audit_logs() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.cleanup_old_audit_logs() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.compress_partition(partition_name text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.compress_partition(partition_name text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_api_key(new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamp with time zone, as_default boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.create_ledger(relation text, time_column text, left_out text[], contents text[], personal text[], view_name text, by_the_clock boolean, stamped boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_monthly_partition() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_monthly_partition() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_monthly_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_monthly_partitions() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_next_month_partitions() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_next_month_partitions() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_partitions_ahead(wanted text, ahead interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_partitions_ahead(wanted text, ahead interval) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.create_rollup(rollup_name text, series_name text, width interval, keys text[], measures text, refresh_interval interval, start_offset interval, end_offset interval, condition text, finer text, continuous boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_series(series_name text, time_column text, step interval, retention interval, chunk interval, compress_after interval, segment_by text[], order_by text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_task_engine(engine text, tasks text, dependencies text, lanes text, status text, priority text, patience text, recorded text, bury text, revive text, words jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.drop_ledger(ledger text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint, archived_digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.drop_partition(series_name text, partition_name text, archived_rows bigint, archived_digest text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.drop_task_engine(engine text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_app;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_curator;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_writer;
GRANT ALL ON FUNCTION platform.ensure_partitions(series_name text, earliest timestamp with time zone, latest timestamp with time zone) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.epoch() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_app;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_curator;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_writer;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_worker;
GRANT ALL ON FUNCTION platform.epoch() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.erase_person(person uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_person(person uuid, reason text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_team(team uuid, reason text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_team(team uuid, reason text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_team_rows(team uuid, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.erase_team_rows(team uuid, at_most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.erase_user(person uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.erasure_order() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.expired_partitions(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.expired_partitions(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.extend_ledger(ledger text, added text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.fill(template text, parts jsonb) FROM PUBLIC;

GRANT SELECT(id) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(username) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(username) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(email) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(email) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(role) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(role) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(created_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(updated_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(updated_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(is_active) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(is_active) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(last_login_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(last_login_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(deleted_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(deleted_at) ON TABLE platform.users TO guildhall_reader;

GRANT SELECT(erased_at) ON TABLE platform.users TO guildhall_app;
GRANT SELECT(erased_at) ON TABLE platform.users TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.find_login(login text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.fingerprint(relation regclass, columns text[], time_column text, starts timestamp with time zone, ends timestamp with time zone) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.finish_erasing_team(team uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.finish_sign_in(login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.forget_cache() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.forget_cache() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.forget_idempotency_keys() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.forget_idempotency_keys() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.has_teams(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.insist(kind text, proof uuid, believed_role text, believed_administrator boolean, believed_scopes bytea) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamp with time zone) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.is_administrator() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.is_administrator() TO guildhall_app;
GRANT ALL ON FUNCTION platform.is_administrator() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.isolate(relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.job_has_parents() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_app;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.jobs_places(p_lanes integer[], p_keys text[], p_priorities platform.job_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.keep_an_administrator() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.keep_an_owner() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.keep_change(tenant_id uuid, table_schema text, table_name text, operation text, record_key jsonb, old_data jsonb, new_data jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.keep_sealed(relation regclass, sealed_column text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.ledger_text(relation regclass, columns text[], prefix text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.let_add_to_ledger(ledger text, role_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.list_teams(with_archived boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.list_teams(with_archived boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.list_users(with_archived boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.list_users(with_archived boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.login_tenant() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.login_tenant() TO guildhall_person;

REVOKE ALL ON FUNCTION platform.maintain_series(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.maintain_series(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.make_hypertable(series_name text) FROM PUBLIC;

GRANT SELECT ON TABLE platform.team_members TO guildhall_app;
GRANT SELECT ON TABLE platform.team_members TO guildhall_reader;
GRANT SELECT ON TABLE platform.team_members TO guildhall_person;

GRANT SELECT ON TABLE platform.teams TO guildhall_app;
GRANT SELECT ON TABLE platform.teams TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.member_role() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.member_role() TO guildhall_app;
GRANT ALL ON FUNCTION platform.member_role() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.may_administer_team() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.may_administer_team() TO guildhall_app;
GRANT ALL ON FUNCTION platform.may_administer_team() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.new_jobs_have_parents() FROM PUBLIC;

GRANT SELECT ON TABLE platform.series TO guildhall_app;
GRANT SELECT ON TABLE platform.series TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.series TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.partition_spans(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.partition_spans(wanted text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.publish_catalogue() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.recognize_api_key(key_id uuid, digest text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.recognize_api_key(key_id uuid, digest text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.record_job_event() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.record_new_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.recorder_text(relation regclass, left_out text[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.redact_audit(kind text, subject uuid, reason text, requested_by uuid) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.redaction_evidence(ledger text, redactions uuid[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.refresh_rollup(rollup_name text, until timestamp with time zone, at_most integer) TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.rollups TO guildhall_app;
GRANT SELECT ON TABLE platform.rollups TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.rollups TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.refresh_rollups(until timestamp with time zone, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.refresh_rollups(until timestamp with time zone, at_most integer) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.refuse_the_first(id uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.refuse_to_empty_while_there_are_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.refuse_while_there_are_jobs() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.register_task_type(p_type text, p_queue text, p_max_retries integer, p_timeout interval, p_retry_base interval, p_retry_most interval, p_schema jsonb) TO guildhall_scheduler;

GRANT SELECT,DELETE ON TABLE platform.task_workers TO guildhall_worker;
GRANT SELECT,DELETE ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(worker_id) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(worker_id) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(agent_id) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(agent_id) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(host) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(host) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(pid) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(pid) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(queues),UPDATE(queues) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(queues),UPDATE(queues) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(concurrency),UPDATE(concurrency) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(concurrency),UPDATE(concurrency) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT INSERT(lease),UPDATE(lease) ON TABLE platform.task_workers TO guildhall_worker;
GRANT INSERT(lease),UPDATE(lease) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT UPDATE(last_seen) ON TABLE platform.task_workers TO guildhall_worker;
GRANT UPDATE(last_seen) ON TABLE platform.task_workers TO guildhall_scheduler;

GRANT UPDATE(stopping_at) ON TABLE platform.task_workers TO guildhall_worker;
GRANT UPDATE(stopping_at) ON TABLE platform.task_workers TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) TO guildhall_worker;
GRANT ALL ON FUNCTION platform.register_worker(p_worker text, p_queues text[], p_concurrency integer, p_lease interval, p_host text, p_pid integer, p_agent uuid) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.remove_member(member uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.remove_member(member uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.replicas_now() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.replicas_now() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.require(allowed boolean, what text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.require_ownership(team uuid, what text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.require_parents_of_jobs(p_teams uuid[], p_people uuid[]) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.require_rank_over(member_role text, new_role text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.restore_team(team uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.restore_team(team uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.restore_user(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.restore_user(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.retired_before(ledger text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.retired_before(ledger text) TO guildhall_app;
GRANT ALL ON FUNCTION platform.retired_before(ledger text) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.revoke_api_key(key_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_api_key(key_id uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.revoke_invitation(invitation uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_invitation(invitation uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.series_partitions(wanted text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.series_partitions(wanted text) TO guildhall_scheduler;
GRANT ALL ON FUNCTION platform.series_partitions(wanted text) TO guildhall_curator;

REVOKE ALL ON FUNCTION platform.series_short_of(ahead interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.series_short_of(ahead interval) TO guildhall_scheduler;
GRANT ALL ON FUNCTION platform.series_short_of(ahead interval) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.sessions_now() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.sessions_now() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.set_password_hash(person uuid, new_hash text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.set_password_hash(person uuid, new_hash text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.set_policies(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.set_refresh_policy(rollup_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.settle_grants() FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.sign_in_subjects(login text, address inet) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.sign_in_wait(failures integer, free integer) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.statements_counted() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.statements_counted() TO guildhall_scheduler;

REVOKE ALL ON FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.take_cells(wanted text, interval_ns bigint, room bigint, cost bigint, at_least bigint, hold_ns bigint) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.teams_owned_alone(person uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.teams_owned_alone(person uuid) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.tidy_identity(keep interval) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.tidy_identity(keep interval) TO guildhall_scheduler;

GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(email) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(role) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(invited_by) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(accepted_at) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(accepted_by) ON TABLE platform.team_invitations TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.team_invitations TO guildhall_person;

REVOKE ALL ON FUNCTION platform.use_invitation(digest text, person uuid) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.use_session(wanted text, requests integer, idle interval, longest interval, most integer) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.use_session(wanted text, requests integer, idle interval, longest interval, most integer) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.user_identifier() FROM PUBLIC;
GRANT ALL ON FUNCTION platform.user_identifier() TO guildhall_app;
GRANT ALL ON FUNCTION platform.user_identifier() TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) TO guildhall_app;
GRANT ALL ON FUNCTION platform.validate_user_access(target_user_id uuid) TO guildhall_reader;

REVOKE ALL ON FUNCTION platform.verify_api_key(provided_key text) FROM PUBLIC;
GRANT ALL ON FUNCTION platform.verify_api_key(provided_key text) TO guildhall_app;

REVOKE ALL ON FUNCTION platform.watch_series(series_name text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.without_secrets(image jsonb) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.write_ledger_triggers(ledger text) FROM PUBLIC;

REVOKE ALL ON FUNCTION platform.write_recorder(relation regclass) FROM PUBLIC;

REVOKE ALL ON FUNCTION society.admit_dependencies() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.admit_task() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.count_ended_tasks() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.follow_new_tasks() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.follow_tasks() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.forget_dependencies() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.ready_task_history() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.settle(relation regclass, fixed text[], kept text[], hidden text[], removable boolean, audited boolean) FROM PUBLIC;

REVOKE ALL ON FUNCTION society.stamp_task() FROM PUBLIC;

REVOKE ALL ON FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) FROM PUBLIC;
GRANT ALL ON FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) TO guildhall_app;
GRANT ALL ON FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) TO guildhall_worker;
GRANT ALL ON FUNCTION society.task_lane(p_tenant uuid, p_type text, p_skills text[], p_trust numeric, p_agent uuid) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION society.tasks_lanes_for(p_agent uuid, p_n integer, p_tried integer[]) FROM PUBLIC;
GRANT ALL ON FUNCTION society.tasks_lanes_for(p_agent uuid, p_n integer, p_tried integer[]) TO guildhall_worker;
GRANT ALL ON FUNCTION society.tasks_lanes_for(p_agent uuid, p_n integer, p_tried integer[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION society.tasks_places(p_lanes integer[], p_keys text[], p_priorities society.agent_task_priority[], p_weights double precision[], p_ready timestamp with time zone[]) FROM PUBLIC;
GRANT ALL ON FUNCTION society.tasks_places(p_lanes integer[], p_keys text[], p_priorities society.agent_task_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_app;
GRANT ALL ON FUNCTION society.tasks_places(p_lanes integer[], p_keys text[], p_priorities society.agent_task_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_worker;
GRANT ALL ON FUNCTION society.tasks_places(p_lanes integer[], p_keys text[], p_priorities society.agent_task_priority[], p_weights double precision[], p_ready timestamp with time zone[]) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION society.tasks_present(p_agent uuid, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION society.tasks_present(p_agent uuid, p_lease interval) TO guildhall_worker;
GRANT ALL ON FUNCTION society.tasks_present(p_agent uuid, p_lease interval) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION society.tasks_take(p_agent uuid, p_n integer, p_begin integer, p_lease interval) FROM PUBLIC;
GRANT ALL ON FUNCTION society.tasks_take(p_agent uuid, p_n integer, p_begin integer, p_lease interval) TO guildhall_worker;
GRANT ALL ON FUNCTION society.tasks_take(p_agent uuid, p_n integer, p_begin integer, p_lease interval) TO guildhall_scheduler;

REVOKE ALL ON FUNCTION store.mark_analytics_events() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_failure_patterns() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_llm_requests() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_llm_responses() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_outcomes() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_status_probes() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_streaming_analytics() FROM PUBLIC;

REVOKE ALL ON FUNCTION store.mark_tool_usage() FROM PUBLIC;

GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.benchmark_scores TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.benchmark_scores TO guildhall_person;

GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.benchmark_suites TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.benchmark_suites TO guildhall_person;

GRANT SELECT ON TABLE catalogue.documentation TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.documentation TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.documentation TO guildhall_person;

GRANT SELECT ON TABLE catalogue.incidents TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.incidents TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_worker;
GRANT SELECT,INSERT,UPDATE ON TABLE catalogue.incidents TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.incidents TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.model_aliases TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_aliases TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.model_endpoints TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_endpoints TO guildhall_person;

GRANT SELECT ON TABLE catalogue.models TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.models TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.models TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.models TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.models TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.models TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.models TO guildhall_person;

GRANT SELECT ON TABLE catalogue.providers TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.providers TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.providers TO guildhall_person;

GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_app;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.model_listings TO guildhall_person;

GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.news_articles TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.news_articles TO guildhall_person;

GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.news_model_mentions TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.news_model_mentions TO guildhall_person;

GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.price_claims TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.price_claims TO guildhall_person;

GRANT SELECT ON TABLE catalogue.pricing TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.pricing TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.pricing TO guildhall_person;

GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.probe_locations TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.probe_locations TO guildhall_person;

GRANT INSERT ON TABLE store.status_probes TO guildhall_writer;

GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_app;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_5min TO guildhall_person;

GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_app;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_worker;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_hourly TO guildhall_person;

GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_app;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE catalogue.status_probes TO guildhall_curator;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_writer;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_worker;
GRANT SELECT,INSERT ON TABLE catalogue.status_probes TO guildhall_scheduler;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_reader;
GRANT SELECT ON TABLE catalogue.status_probes TO guildhall_person;

GRANT SELECT ON TABLE evaluation.analyst_reads TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.analyst_reads TO guildhall_person;
GRANT SELECT,INSERT ON TABLE evaluation.analyst_reads TO guildhall_app;

GRANT SELECT ON TABLE evaluation.approval_rules TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.approval_rules TO guildhall_person;
GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.approval_rules TO guildhall_app;

GRANT SELECT,INSERT ON TABLE evaluation.bodies TO guildhall_app;
GRANT SELECT ON TABLE evaluation.bodies TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.bodies TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.config_diffs TO guildhall_app;
GRANT SELECT ON TABLE evaluation.config_diffs TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.config_diffs TO guildhall_person;

GRANT SELECT ON TABLE evaluation.config_releases TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.config_releases TO guildhall_person;
GRANT SELECT,INSERT ON TABLE evaluation.config_releases TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.config_versions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.config_versions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.config_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.configurations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.configurations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.configurations TO guildhall_person;

GRANT SELECT,INSERT ON TABLE evaluation.failure_cluster_events TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_cluster_events TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.failure_cluster_events TO guildhall_person;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_clusterings TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_clusterings TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.failure_clusterings TO guildhall_person;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_clusters TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_clusters TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.failure_clusters TO guildhall_person;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_days TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_days TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.failure_days TO guildhall_person;

GRANT INSERT ON TABLE store.failure_patterns TO guildhall_writer;

GRANT INSERT(pattern_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(outcome_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(scenario_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(trial_number) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(failure_type) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(failure_category) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(fault) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(error_embedding) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(step) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(pattern_cluster_id) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(cluster_confidence) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(similar_failures_count) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(recovery_attempted) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(recovery_successful) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(resolution_steps) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(llm_analysis) ON TABLE store.failure_patterns TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.failure_patterns TO guildhall_app;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_patterns TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_patterns TO guildhall_reader;

GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.failure_signatures TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_signatures TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.failure_signatures TO guildhall_person;

GRANT SELECT ON TABLE evaluation.failure_trends_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.failure_trends_daily TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.improvement_rounds TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.improvement_rounds TO guildhall_person;
GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.improvement_rounds TO guildhall_app;

GRANT SELECT ON TABLE evaluation.improvements TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.improvements TO guildhall_person;
GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.improvements TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.llm_recommendation_sessions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.llm_recommendation_sessions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.llm_recommendation_sessions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.outcome_embeddings TO guildhall_app;
GRANT SELECT ON TABLE evaluation.outcome_embeddings TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.outcome_embeddings TO guildhall_person;

GRANT INSERT ON TABLE store.outcomes TO guildhall_writer;

GRANT INSERT(outcome_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(scenario_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trial_number) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(status) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(passed) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(reliability_score) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(fault) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_time_ms) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(tokens_used) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(cost_usd) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trajectory) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(trajectory_body) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(metrics) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(retry_count) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(error_code) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(error_category) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(modal_call_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(sandbox_id) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(sandbox_logs) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(execution_metadata) ON TABLE store.outcomes TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.outcomes TO guildhall_app;

GRANT SELECT,INSERT ON TABLE evaluation.outcomes TO guildhall_app;
GRANT SELECT ON TABLE evaluation.outcomes TO guildhall_reader;

GRANT UPDATE(status) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(passed) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(reliability_score) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(fault) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(execution_time_ms) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(tokens_used) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(cost_usd) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(trajectory) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(trajectory_body) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(metrics) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(error_code) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(error_category) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT UPDATE(execution_metadata) ON TABLE evaluation.outcomes TO guildhall_app;

GRANT SELECT ON TABLE evaluation.proof_scenarios TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.proof_scenarios TO guildhall_person;
GRANT SELECT,INSERT ON TABLE evaluation.proof_scenarios TO guildhall_app;

GRANT SELECT ON TABLE evaluation.proofs TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.proofs TO guildhall_person;
GRANT SELECT,INSERT,UPDATE ON TABLE evaluation.proofs TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.recommendations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.recommendations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.recommendations TO guildhall_person;

GRANT SELECT ON TABLE evaluation.scenario_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenario_performance_daily TO guildhall_reader;

GRANT SELECT,INSERT ON TABLE evaluation.scenario_versions TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenario_versions TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.scenario_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.scenarios TO guildhall_app;
GRANT SELECT ON TABLE evaluation.scenarios TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.scenarios TO guildhall_person;

GRANT SELECT ON TABLE evaluation.simulation_latency_hourly TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_latency_hourly TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.simulation_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_performance_daily TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.simulation_performance_hourly TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulation_performance_hourly TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulations TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.simulations TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.simulations_scenarios TO guildhall_app;
GRANT SELECT ON TABLE evaluation.simulations_scenarios TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.simulations_scenarios TO guildhall_person;

GRANT INSERT ON TABLE store.spans TO guildhall_writer;

GRANT INSERT(trace_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(span_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(parent_span_id) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(started_at) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(duration_ns) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(name) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(kind) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(status) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(status_message) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(service_name) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(attributes) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(events) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(links) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(resource) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(scope) ON TABLE store.spans TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.spans TO guildhall_app;

GRANT SELECT,INSERT ON TABLE evaluation.spans TO guildhall_app;
GRANT SELECT ON TABLE evaluation.spans TO guildhall_reader;

GRANT INSERT ON TABLE store.tool_usage TO guildhall_writer;

GRANT INSERT(usage_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(outcome_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(simulation_id) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(execution_time) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(tool_name) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(call_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(error_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(timed_count) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(total_duration_ms) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(avg_duration_ms) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(success_rate) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(tool_sequence) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(total_cost_usd) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(error_types) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(modal_function_calls) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(sandbox_tool_logs) ON TABLE store.tool_usage TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.tool_usage TO guildhall_app;

GRANT SELECT ON TABLE evaluation.tool_performance_daily TO guildhall_app;
GRANT SELECT ON TABLE evaluation.tool_performance_daily TO guildhall_reader;

GRANT SELECT,INSERT ON TABLE evaluation.tool_usage TO guildhall_app;
GRANT SELECT ON TABLE evaluation.tool_usage TO guildhall_reader;

GRANT UPDATE(call_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(error_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(timed_count) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(total_duration_ms) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(avg_duration_ms) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(success_rate) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(tool_sequence) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT UPDATE(error_types) ON TABLE evaluation.tool_usage TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE evaluation.trials TO guildhall_app;
GRANT SELECT ON TABLE evaluation.trials TO guildhall_reader;
GRANT SELECT ON TABLE evaluation.trials TO guildhall_person;

GRANT SELECT ON TABLE evaluation.v_active_simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_active_simulations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_analyst_trials TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_analyst_trials TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_active_simulations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_active_simulations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_cost_analysis TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_cost_analysis TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_pending_recommendations TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_pending_recommendations TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_dashboard_performance_trends TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_dashboard_performance_trends TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_error_rates TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_error_rates TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_config_performance TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_config_performance TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_failure_analysis TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_failure_analysis TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_llm_scenario_trends TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_llm_scenario_trends TO guildhall_reader;

GRANT SELECT ON TABLE evaluation.v_system_performance TO guildhall_app;
GRANT SELECT ON TABLE evaluation.v_system_performance TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.acp_agents TO guildhall_app;
GRANT SELECT ON TABLE gateway.acp_agents TO guildhall_reader;
GRANT SELECT ON TABLE gateway.acp_agents TO guildhall_person;

GRANT SELECT ON TABLE gateway.bodies TO guildhall_app;
GRANT INSERT ON TABLE gateway.bodies TO guildhall_writer;
GRANT DELETE ON TABLE gateway.bodies TO guildhall_scheduler;
GRANT SELECT ON TABLE gateway.bodies TO guildhall_reader;
GRANT SELECT ON TABLE gateway.bodies TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE gateway.bodies TO guildhall_writer;
GRANT SELECT(tenant_id) ON TABLE gateway.bodies TO guildhall_scheduler;

GRANT SELECT(sha256) ON TABLE gateway.bodies TO guildhall_writer;
GRANT SELECT(sha256) ON TABLE gateway.bodies TO guildhall_scheduler;

GRANT SELECT(used_on),UPDATE(used_on) ON TABLE gateway.bodies TO guildhall_writer;
GRANT SELECT(used_on) ON TABLE gateway.bodies TO guildhall_scheduler;

GRANT SELECT ON TABLE gateway.budget_periods TO guildhall_app;
GRANT SELECT ON TABLE gateway.budget_periods TO guildhall_reader;
GRANT SELECT ON TABLE gateway.budget_periods TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.budgets TO guildhall_app;
GRANT SELECT ON TABLE gateway.budgets TO guildhall_reader;
GRANT SELECT ON TABLE gateway.budgets TO guildhall_person;

GRANT SELECT(id) ON TABLE gateway.budgets TO guildhall_writer;

GRANT SELECT(period) ON TABLE gateway.budgets TO guildhall_writer;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.code_versions TO guildhall_app;
GRANT SELECT ON TABLE gateway.code_versions TO guildhall_reader;
GRANT SELECT ON TABLE gateway.code_versions TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.cognee_memories TO guildhall_app;
GRANT SELECT ON TABLE gateway.cognee_memories TO guildhall_reader;
GRANT SELECT ON TABLE gateway.cognee_memories TO guildhall_person;

GRANT SELECT,INSERT ON TABLE gateway.debate_ballots TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.debate_sessions TO guildhall_app;
GRANT SELECT ON TABLE gateway.debate_sessions TO guildhall_reader;
GRANT SELECT ON TABLE gateway.debate_sessions TO guildhall_person;

GRANT SELECT,INSERT ON TABLE gateway.debate_turns TO guildhall_app;
GRANT SELECT ON TABLE gateway.debate_turns TO guildhall_reader;
GRANT SELECT ON TABLE gateway.debate_turns TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.distributed_memory TO guildhall_app;
GRANT SELECT ON TABLE gateway.distributed_memory TO guildhall_reader;
GRANT SELECT ON TABLE gateway.distributed_memory TO guildhall_person;

GRANT SELECT ON TABLE store.ensemble_ballots TO guildhall_scheduler;

GRANT INSERT(request_id) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(tenant_id) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(created_at) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(layer) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(voter) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(place) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(state) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(weight) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(option) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(ranking) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(grades) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(response_id) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(vote_id) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(answer_sha256) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT INSERT(error_code) ON TABLE store.ensemble_ballots TO guildhall_writer;

GRANT SELECT ON TABLE gateway.ensemble_ballots TO guildhall_app;
GRANT SELECT ON TABLE gateway.ensemble_ballots TO guildhall_reader;

GRANT SELECT ON TABLE store.ensemble_votes TO guildhall_scheduler;

GRANT INSERT(request_id) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(tenant_id) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(created_at) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(ensemble) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(strategy) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(rule) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(winner) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(winners) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(scores) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(others) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(selected_id) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(confidence) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(stopped) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT INSERT(fallback) ON TABLE store.ensemble_votes TO guildhall_writer;

GRANT SELECT ON TABLE gateway.ensemble_votes TO guildhall_app;
GRANT SELECT ON TABLE gateway.ensemble_votes TO guildhall_reader;

GRANT SELECT,INSERT,DELETE ON TABLE gateway.ensembles TO guildhall_app;
GRANT SELECT ON TABLE gateway.ensembles TO guildhall_reader;
GRANT SELECT ON TABLE gateway.ensembles TO guildhall_person;

GRANT UPDATE(config) ON TABLE gateway.ensembles TO guildhall_app;

GRANT UPDATE(updated_at) ON TABLE gateway.ensembles TO guildhall_app;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.idempotent_calls TO guildhall_app;
GRANT SELECT,DELETE ON TABLE gateway.idempotent_calls TO guildhall_writer;
GRANT SELECT,DELETE ON TABLE gateway.idempotent_calls TO guildhall_scheduler;
GRANT SELECT ON TABLE gateway.idempotent_calls TO guildhall_reader;
GRANT SELECT ON TABLE gateway.idempotent_calls TO guildhall_person;

GRANT UPDATE(media_type) ON TABLE gateway.idempotent_calls TO guildhall_writer;

GRANT UPDATE(answer) ON TABLE gateway.idempotent_calls TO guildhall_writer;

GRANT INSERT ON TABLE store.streaming_analytics TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(stream_id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(chunk_number) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(latency_ms) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(tokens_delta) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(user_id) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(provider_name) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(model) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(is_streamed) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(generating_ms) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(cost_usd) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT INSERT(error_code) ON TABLE store.streaming_analytics TO guildhall_app;

GRANT SELECT ON TABLE gateway.llm_arrival_hourly TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_arrival_hourly TO guildhall_reader;

GRANT SELECT ON TABLE store.llm_responses TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE store.llm_responses TO guildhall_app;
GRANT SELECT(id),INSERT(id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tenant_id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(request_id) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(request_id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(request_created_at) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(request_created_at) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(provider_id) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(provider_id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(provider_name) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(provider_name) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(model) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(model) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(model_id) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(model_id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(content) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(content) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(raw_response) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(raw_response) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tokens_prompt) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(tokens_prompt) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tokens_completion) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(tokens_completion) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tokens_total) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(tokens_total) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(cost_usd) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(cost_usd) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(confidence) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(confidence),UPDATE(confidence) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(response_time) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(response_time) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(finish_reason) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(finish_reason) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(selected) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(selected),UPDATE(selected) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(error_code) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(error_code) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(error_message) ON TABLE store.llm_responses TO guildhall_app;
GRANT INSERT(error_message) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(created_at) ON TABLE store.llm_responses TO guildhall_app;
GRANT SELECT(created_at),INSERT(created_at) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(attempt) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(upstream_status) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(upstream_id) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(time_to_first_byte) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tokens_cached) ON TABLE store.llm_responses TO guildhall_writer;

GRANT INSERT(tokens_reasoning) ON TABLE store.llm_responses TO guildhall_writer;

GRANT SELECT ON TABLE gateway.llm_latency_daily TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_latency_daily TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.llm_providers TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_providers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.llm_providers TO guildhall_person;

GRANT SELECT ON TABLE store.llm_requests TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(id),INSERT(id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(session_id) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(session_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(user_id) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(user_id),INSERT(user_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(request_type) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(request_type) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(model) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(model),INSERT(model) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(prompt) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(prompt) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(messages) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(messages) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(model_params) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(model_params) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(ensemble_config) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(ensemble_config) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(memory_enhanced) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(memory_enhanced) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(memory) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(memory) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(status) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(status),INSERT(status),UPDATE(status) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(tokens_prompt) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(tokens_prompt),UPDATE(tokens_prompt) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(tokens_completion) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(tokens_completion),UPDATE(tokens_completion) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(tokens_total) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(tokens_total),UPDATE(tokens_total) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(cost_usd) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(cost_usd),UPDATE(cost_usd) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(error_code) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(error_code),INSERT(error_code),UPDATE(error_code) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(error_message) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(error_message),UPDATE(error_message) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(created_at) ON TABLE store.llm_requests TO guildhall_app;
GRANT SELECT(created_at),INSERT(created_at) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(started_at) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(started_at) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(completed_at) ON TABLE store.llm_requests TO guildhall_app;
GRANT INSERT(completed_at),UPDATE(completed_at) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(process_id),INSERT(process_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(api_key_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(provider_name),INSERT(provider_name) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(is_streamed) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(budget_ids),INSERT(budget_ids) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(reserved_usd),INSERT(reserved_usd) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(tokens_cached),UPDATE(tokens_cached) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(tokens_reasoning),UPDATE(tokens_reasoning) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(simulation_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(outcome_id) ON TABLE store.llm_requests TO guildhall_writer;

GRANT INSERT(role) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT(reserved_each),INSERT(reserved_each) ON TABLE store.llm_requests TO guildhall_writer;

GRANT SELECT,INSERT ON TABLE gateway.llm_requests TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_requests TO guildhall_reader;

GRANT UPDATE(status) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_prompt) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_completion) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(tokens_total) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(cost_usd) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(error_code) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(error_message) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(started_at) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT UPDATE(completed_at) ON TABLE gateway.llm_requests TO guildhall_app;

GRANT SELECT,INSERT ON TABLE gateway.llm_responses TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_responses TO guildhall_reader;

GRANT UPDATE(confidence) ON TABLE gateway.llm_responses TO guildhall_app;

GRANT UPDATE(selected) ON TABLE gateway.llm_responses TO guildhall_app;

GRANT SELECT ON TABLE gateway.llm_traffic_hourly TO guildhall_app;
GRANT SELECT ON TABLE gateway.llm_traffic_hourly TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.lsp_servers TO guildhall_app;
GRANT SELECT ON TABLE gateway.lsp_servers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.lsp_servers TO guildhall_person;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE gateway.mcp_servers TO guildhall_app;
GRANT SELECT ON TABLE gateway.mcp_servers TO guildhall_reader;
GRANT SELECT ON TABLE gateway.mcp_servers TO guildhall_person;

GRANT SELECT ON TABLE gateway.memory_nodes TO guildhall_app;
GRANT SELECT,INSERT,UPDATE ON TABLE gateway.memory_nodes TO guildhall_scheduler;
GRANT SELECT ON TABLE gateway.memory_nodes TO guildhall_reader;

GRANT SELECT ON TABLE gateway.mv_daily_stats TO guildhall_app;
GRANT SELECT ON TABLE gateway.mv_daily_stats TO guildhall_reader;

GRANT SELECT,INSERT,DELETE ON TABLE gateway.processes TO guildhall_writer;
GRANT SELECT ON TABLE gateway.processes TO guildhall_app;
GRANT SELECT ON TABLE gateway.processes TO guildhall_reader;

GRANT SELECT ON TABLE gateway.revisions TO guildhall_app;
GRANT SELECT ON TABLE gateway.revisions TO guildhall_reader;

GRANT INSERT ON TABLE store.agent_activity_log TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(activity_type) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(subject_type) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(subject_id) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(details) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.agent_activity_log TO guildhall_app;

GRANT SELECT ON TABLE mine.agent_activity_log TO guildhall_person;

GRANT INSERT ON TABLE store.analytics_events TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(session_id) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(event_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(user_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(device_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(geo_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT INSERT(referrer_properties) ON TABLE store.analytics_events TO guildhall_app;

GRANT SELECT ON TABLE mine.analytics_events TO guildhall_person;

GRANT SELECT ON TABLE store.audit_log TO guildhall_scheduler;

GRANT SELECT ON TABLE mine.audit_log TO guildhall_person;

GRANT SELECT ON TABLE store.audit_logs TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(tenant_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT("timestamp") ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(user_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(action) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(action) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(resource_type) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(resource_type) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(resource_id) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(resource_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(ip_address) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(user_agent) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(request_id) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(request_data) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(request_data) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(response_status) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(response_status) ON TABLE store.audit_logs TO guildhall_writer;

GRANT INSERT(duration_ms) ON TABLE store.audit_logs TO guildhall_app;
GRANT INSERT(duration_ms) ON TABLE store.audit_logs TO guildhall_writer;

GRANT SELECT ON TABLE mine.audit_logs TO guildhall_person;

GRANT SELECT ON TABLE mine.audit_trail TO guildhall_person;

GRANT SELECT,INSERT ON TABLE store.background_task_history TO guildhall_worker;
GRANT SELECT,INSERT ON TABLE store.background_task_history TO guildhall_scheduler;
GRANT INSERT ON TABLE store.background_task_history TO guildhall_writer;

GRANT INSERT(task_id) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(event) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(attempt) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(attempt_token) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(worker_id) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(error_message) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(error_stack) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(detail) ON TABLE store.background_task_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.background_task_history TO guildhall_app;

GRANT SELECT ON TABLE mine.background_task_history TO guildhall_person;

GRANT SELECT ON TABLE mine.daily_stats TO guildhall_person;

GRANT SELECT ON TABLE mine.ensemble_ballots TO guildhall_person;

GRANT SELECT ON TABLE mine.ensemble_votes TO guildhall_person;

GRANT SELECT ON TABLE mine.failure_patterns TO guildhall_person;

GRANT SELECT ON TABLE mine.failure_trends_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_arrival_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_latency_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_requests TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_responses TO guildhall_person;

GRANT SELECT ON TABLE mine.llm_traffic_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.mv_daily_stats TO guildhall_person;

GRANT SELECT ON TABLE mine.outcomes TO guildhall_person;

GRANT INSERT ON TABLE store.penalty_history TO guildhall_writer;

GRANT SELECT ON TABLE mine.penalty_history TO guildhall_person;

GRANT INSERT ON TABLE store.point_transactions TO guildhall_writer;

GRANT INSERT(id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(category) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(base_points) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(multiplier) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(final_points) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(reason) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(source_type) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(source_id) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(idempotency_key) ON TABLE store.point_transactions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.point_transactions TO guildhall_app;

GRANT SELECT ON TABLE mine.point_transactions TO guildhall_person;

GRANT INSERT ON TABLE store.reputation_history TO guildhall_writer;

GRANT SELECT ON TABLE mine.reputation_history TO guildhall_person;

GRANT SELECT ON TABLE mine.scenario_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_latency_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.simulation_performance_hourly TO guildhall_person;

GRANT SELECT ON TABLE mine.spans TO guildhall_person;

GRANT SELECT ON TABLE mine.streaming_analytics TO guildhall_person;

GRANT INSERT ON TABLE store.task_history TO guildhall_writer;
GRANT SELECT,INSERT ON TABLE store.task_history TO guildhall_worker;
GRANT SELECT,INSERT ON TABLE store.task_history TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(task_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(event_type) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(old_status) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(new_status) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(actor_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(user_id) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(details) ON TABLE store.task_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE store.task_history TO guildhall_app;

GRANT SELECT ON TABLE mine.task_history TO guildhall_person;

GRANT SELECT,INSERT ON TABLE platform.audit_seal_parts TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.audit_seals TO guildhall_scheduler;

GRANT SELECT ON TABLE mine.team_seals TO guildhall_person;

GRANT SELECT ON TABLE mine.tool_performance_daily TO guildhall_person;

GRANT SELECT ON TABLE mine.tool_usage TO guildhall_person;

GRANT SELECT ON TABLE society.agents TO guildhall_app;
GRANT SELECT ON TABLE society.agents TO guildhall_reader;
GRANT SELECT ON TABLE society.agents TO guildhall_person;
GRANT SELECT ON TABLE society.agents TO guildhall_worker;
GRANT SELECT ON TABLE society.agents TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(agent_id),UPDATE(agent_id) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(type),UPDATE(type) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(status_reason),UPDATE(status_reason) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(capabilities),UPDATE(capabilities) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(metadata),UPDATE(metadata) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(public_key),UPDATE(public_key) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(last_active_at),UPDATE(last_active_at) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agents TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.agents TO guildhall_app;

GRANT SELECT ON TABLE mine.v_active_agents TO guildhall_person;

GRANT SELECT ON TABLE society.mentee_progress TO guildhall_app;
GRANT SELECT ON TABLE society.mentee_progress TO guildhall_reader;
GRANT SELECT ON TABLE society.mentee_progress TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(pairing_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(mentee_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(curriculum_id) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(progress_percentage),UPDATE(progress_percentage) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(mastery_level),UPDATE(mastery_level) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(passed_at),UPDATE(passed_at) ON TABLE society.mentee_progress TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentee_progress TO guildhall_app;

GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_pairings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(mentor_id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(mentee_id) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(skill_focus) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(planned_sessions),UPDATE(planned_sessions) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(match_score),UPDATE(match_score) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_pairings TO guildhall_app;

GRANT SELECT ON TABLE mine.v_active_mentorships TO guildhall_person;

GRANT SELECT ON TABLE mine.v_active_simulations TO guildhall_person;

GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_app;
GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_reader;
GRANT SELECT ON TABLE society.global_trust_scores TO guildhall_person;

GRANT INSERT(id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(run_id),UPDATE(run_id) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(eigentrust_score),UPDATE(eigentrust_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(persistence_score),UPDATE(persistence_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(competence_score),UPDATE(competence_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(peer_rating_score),UPDATE(peer_rating_score) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(composite),UPDATE(composite) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(trust_level),UPDATE(trust_level) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(sample_size),UPDATE(sample_size) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(cause),UPDATE(cause) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(computed_at),UPDATE(computed_at) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.global_trust_scores TO guildhall_app;

GRANT SELECT ON TABLE society.peer_ratings TO guildhall_app;
GRANT SELECT ON TABLE society.peer_ratings TO guildhall_reader;
GRANT SELECT ON TABLE society.peer_ratings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(rater_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(ratee_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(rating),UPDATE(rating) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(context) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(comment),UPDATE(comment) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.peer_ratings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.peer_ratings TO guildhall_app;

GRANT SELECT ON TABLE society.trust_graph TO guildhall_app;
GRANT SELECT ON TABLE society.trust_graph TO guildhall_reader;
GRANT SELECT ON TABLE society.trust_graph TO guildhall_person;

GRANT INSERT(id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(from_agent_id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(to_agent_id) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(context) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(local_trust),UPDATE(local_trust) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(interaction_count),UPDATE(interaction_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(positive_count),UPDATE(positive_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(negative_count),UPDATE(negative_count) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(last_interaction_at),UPDATE(last_interaction_at) ON TABLE society.trust_graph TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.trust_graph TO guildhall_app;

GRANT SELECT ON TABLE mine.v_agent_reputation TO guildhall_person;

GRANT SELECT ON TABLE mine.v_analyst_trials TO guildhall_person;

GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_app;
GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_reader;
GRANT SELECT ON TABLE society.leaderboard_periods TO guildhall_person;

GRANT INSERT(category) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period_start) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(period_end),UPDATE(period_end) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(closed_at),UPDATE(closed_at) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(snapshot_hash),UPDATE(snapshot_hash) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.leaderboard_periods TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.leaderboard_rankings TO guildhall_app;
GRANT SELECT ON TABLE society.leaderboard_rankings TO guildhall_reader;
GRANT SELECT ON TABLE society.leaderboard_rankings TO guildhall_person;

GRANT INSERT(id) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(category) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(period) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(period_start) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(score),UPDATE(score) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(previous_rank),UPDATE(previous_rank) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(rank_change),UPDATE(rank_change) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(ci_low),UPDATE(ci_low) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(ci_high),UPDATE(ci_high) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(tie_group),UPDATE(tie_group) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.leaderboard_rankings TO guildhall_app;

GRANT SELECT ON TABLE mine.v_current_leaderboard TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_active_simulations TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_cost_analysis TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_pending_recommendations TO guildhall_person;

GRANT SELECT ON TABLE mine.v_dashboard_performance_trends TO guildhall_person;

GRANT SELECT ON TABLE mine.v_error_rates TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_config_performance TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_failure_analysis TO guildhall_person;

GRANT SELECT ON TABLE mine.v_llm_scenario_trends TO guildhall_person;

GRANT SELECT ON TABLE mine.v_system_performance TO guildhall_person;

GRANT SELECT ON TABLE society.tasks TO guildhall_app;
GRANT SELECT ON TABLE society.tasks TO guildhall_reader;
GRANT SELECT ON TABLE society.tasks TO guildhall_person;
GRANT SELECT ON TABLE society.tasks TO guildhall_worker;
GRANT SELECT ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(status) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(status) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(priority),UPDATE(priority) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(queue_id),UPDATE(queue_id) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(assigned_to),UPDATE(assigned_to) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(required_skills),UPDATE(required_skills) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(payload),UPDATE(payload) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(result),UPDATE(result) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(result) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(result) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(quality_score),UPDATE(quality_score) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(quality_score) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(quality_score) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(attempts),UPDATE(attempts) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(attempts) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(attempts) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(attempt_token),UPDATE(attempt_token) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(attempt_token) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(attempt_token) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(leased_until),UPDATE(leased_until) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(leased_until) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(leased_until) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(deadline_at) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(deadline_at) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(queued_at),UPDATE(queued_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(started_at) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(started_at) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(completed_at),UPDATE(completed_at) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(completed_at) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(completed_at) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(requested_by),UPDATE(requested_by) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(task_type),UPDATE(task_type) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(min_trust),UPDATE(min_trust) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(scheduled_at) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(scheduled_at) ON TABLE society.tasks TO guildhall_scheduler;

GRANT UPDATE(worker_id) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(worker_id) ON TABLE society.tasks TO guildhall_scheduler;

GRANT UPDATE(retry_count) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(retry_count) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(retry_count) ON TABLE society.tasks TO guildhall_scheduler;

GRANT UPDATE(error_message) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(error_message) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(error_message) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(lane) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(place),UPDATE(place) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(place) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(place) ON TABLE society.tasks TO guildhall_scheduler;

GRANT INSERT(fair_key) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(unique_key) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(idempotency_key) ON TABLE society.tasks TO guildhall_app;

GRANT INSERT(timeout),UPDATE(timeout) ON TABLE society.tasks TO guildhall_app;

GRANT UPDATE(open_dependencies) ON TABLE society.tasks TO guildhall_app;
GRANT UPDATE(open_dependencies) ON TABLE society.tasks TO guildhall_worker;
GRANT UPDATE(open_dependencies) ON TABLE society.tasks TO guildhall_scheduler;

GRANT SELECT ON TABLE mine.v_task_queue_summary TO guildhall_person;

GRANT SELECT,INSERT ON TABLE platform.analytics_events TO guildhall_app;
GRANT SELECT ON TABLE platform.analytics_events TO guildhall_reader;

GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(user_id) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(user_identifier) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(name) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(scopes) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(rate_limit) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(last_used_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(is_active) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.api_keys TO guildhall_person;

GRANT SELECT ON TABLE platform.archives TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.audit_log TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_log TO guildhall_reader;

GRANT SELECT ON TABLE platform.audit_logs TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_logs TO guildhall_reader;

GRANT SELECT ON TABLE platform.audit_redactions TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.audit_trail TO guildhall_app;
GRANT SELECT ON TABLE platform.audit_trail TO guildhall_reader;

GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_reader;
GRANT SELECT ON TABLE platform.background_task_dependencies TO guildhall_person;

GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(task_id) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(depends_on_task_id) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(on_failure) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_app;
GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_worker;
GRANT INSERT(is_settled),UPDATE(is_settled) ON TABLE platform.background_task_dependencies TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.background_task_history TO guildhall_app;
GRANT SELECT ON TABLE platform.background_task_history TO guildhall_reader;

GRANT SELECT ON TABLE platform.background_tasks TO guildhall_app;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_worker;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_reader;
GRANT SELECT ON TABLE platform.background_tasks TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(tenant_id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(task_type) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(payload) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(status) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(priority),UPDATE(priority) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(priority) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(priority) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT UPDATE(worker_id) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(worker_id) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(attempts) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(attempts) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(attempt_token) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(attempt_token) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(leased_until) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(heartbeat_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(heartbeat_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(deadline_at),UPDATE(deadline_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(retry_count) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(max_retries) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(max_retries) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT UPDATE(error_message) ON TABLE platform.background_tasks TO guildhall_app;

GRANT UPDATE(result) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(result) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_scheduler;
GRANT INSERT(idempotency_key) ON TABLE platform.background_tasks TO guildhall_worker;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(started_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(started_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_app;
GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT UPDATE(completed_at) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(lane) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(place),UPDATE(place) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(fair_key) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(weight) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(unique_key) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(timeout) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_app;
GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_worker;
GRANT INSERT(open_dependencies),UPDATE(open_dependencies) ON TABLE platform.background_tasks TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_app;
GRANT SELECT,DELETE ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT SELECT,DELETE ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_reader;
GRANT SELECT ON TABLE platform.clickhouse_analytics TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(event_type) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(event_data) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(user_id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT(session_id) ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT INSERT("timestamp") ON TABLE platform.clickhouse_analytics TO guildhall_app;

GRANT UPDATE(exported) ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT UPDATE(exported) ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;

GRANT UPDATE(exported_at) ON TABLE platform.clickhouse_analytics TO guildhall_worker;
GRANT UPDATE(exported_at) ON TABLE platform.clickhouse_analytics TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.connection_stats TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.connection_stats TO guildhall_curator;

GRANT SELECT ON TABLE platform.daily_stats TO guildhall_app;
GRANT SELECT ON TABLE platform.daily_stats TO guildhall_reader;

GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_reader;
GRANT SELECT ON TABLE platform.dead_letter_queue TO guildhall_person;

GRANT SELECT(id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(original_task_id),INSERT(original_task_id) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(original_task_id),INSERT(original_task_id) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(task_type) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(task_type) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(payload) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(payload) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(error_message) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(error_message) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(error_stack) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(error_stack) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT INSERT(retry_history) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT INSERT(retry_history) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT(moved_at) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(moved_at) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolution) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT UPDATE(resolution) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolved_by) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT UPDATE(resolved_by) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT UPDATE(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_app;
GRANT SELECT(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_worker;
GRANT SELECT(resolved_at),UPDATE(resolved_at) ON TABLE platform.dead_letter_queue TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.epoch TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.idempotency_keys TO guildhall_app;
GRANT SELECT ON TABLE platform.idempotency_keys TO guildhall_reader;
GRANT SELECT ON TABLE platform.idempotency_keys TO guildhall_person;

GRANT INSERT(key) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT INSERT(fingerprint),UPDATE(fingerprint) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(status) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(headers) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(body) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT UPDATE(created_at) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE platform.idempotency_keys TO guildhall_app;

GRANT SELECT ON TABLE platform.index_usage TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.index_usage TO guildhall_curator;

GRANT SELECT ON TABLE platform.installation_changes TO guildhall_curator;
GRANT SELECT ON TABLE platform.installation_changes TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.ledgers TO guildhall_app;
GRANT SELECT ON TABLE platform.ledgers TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.ledgers TO guildhall_reader;

GRANT SELECT ON TABLE platform.lock_contention TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.lock_contention TO guildhall_curator;

GRANT SELECT,DELETE ON TABLE platform.provider_secrets TO guildhall_app;
GRANT SELECT ON TABLE platform.provider_secrets TO guildhall_reader;
GRANT SELECT ON TABLE platform.provider_secrets TO guildhall_person;

GRANT INSERT(id) ON TABLE platform.provider_secrets TO guildhall_app;

GRANT INSERT(sealed),UPDATE(sealed) ON TABLE platform.provider_secrets TO guildhall_app;

GRANT SELECT ON TABLE platform.replication_lag TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.replication_lag TO guildhall_curator;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.schedule_runs TO guildhall_scheduler;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.schedules TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.sealed_columns TO guildhall_app;
GRANT SELECT ON TABLE platform.sealed_columns TO guildhall_reader;

GRANT SELECT ON TABLE platform.series_horizon TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.series_horizon TO guildhall_curator;

GRANT SELECT,DELETE ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT("timestamp") ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(duration_ms) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(query) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(query_plan) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_app;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_reader;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_curator;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_writer;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_worker;
GRANT INSERT(application_name) ON TABLE platform.slow_query_log TO guildhall_scheduler;

GRANT SELECT,INSERT ON TABLE platform.streaming_analytics TO guildhall_app;
GRANT SELECT ON TABLE platform.streaming_analytics TO guildhall_reader;

GRANT SELECT ON TABLE platform.table_bloat TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.table_bloat TO guildhall_curator;

GRANT SELECT ON TABLE platform.table_sizes TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.table_sizes TO guildhall_curator;

GRANT SELECT ON TABLE platform.task_lanes TO guildhall_app;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_worker;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_scheduler;
GRANT SELECT ON TABLE platform.task_lanes TO guildhall_reader;

GRANT INSERT(task_type) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(task_type) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(queue) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(queue) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(is_paused) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(max_running) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_count) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_per) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT UPDATE(rate_used_to) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT UPDATE(rate_used_to) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(retry_base),UPDATE(retry_base) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(retry_base),UPDATE(retry_base) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(retry_most),UPDATE(retry_most) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(retry_most),UPDATE(retry_most) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(timeout),UPDATE(timeout) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(timeout),UPDATE(timeout) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT INSERT(payload_schema),UPDATE(payload_schema) ON TABLE platform.task_lanes TO guildhall_worker;
GRANT INSERT(payload_schema),UPDATE(payload_schema) ON TABLE platform.task_lanes TO guildhall_scheduler;

GRANT SELECT ON TABLE platform.team_seals TO guildhall_app;
GRANT SELECT ON TABLE platform.team_seals TO guildhall_reader;

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE platform.user_preferences TO guildhall_app;
GRANT SELECT ON TABLE platform.user_preferences TO guildhall_reader;

GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(tenant_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(user_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(context),UPDATE(context) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(context) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(context) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(memory_id),UPDATE(memory_id) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(memory_id) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(memory_id) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(status) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(request_count),UPDATE(request_count) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(request_count) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(request_count) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(idle_lifetime) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(ip_address) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(user_agent) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(last_activity) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(expires_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(ends_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(revoked_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(created_at) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT(name) ON TABLE platform.user_sessions TO guildhall_app;
GRANT SELECT(name) ON TABLE platform.user_sessions TO guildhall_reader;
GRANT SELECT(name) ON TABLE platform.user_sessions TO guildhall_person;

GRANT SELECT ON TABLE society.achievements TO guildhall_app;
GRANT SELECT ON TABLE society.achievements TO guildhall_reader;
GRANT SELECT ON TABLE society.achievements TO guildhall_person;

GRANT INSERT(id) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(achievement_id),UPDATE(achievement_id) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(requirements),UPDATE(requirements) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(points_reward),UPDATE(points_reward) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(rarity),UPDATE(rarity) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(icon),UPDATE(icon) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_repeatable),UPDATE(is_repeatable) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_secret),UPDATE(is_secret) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.achievements TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.achievements TO guildhall_app;

GRANT SELECT ON TABLE society.agent_achievements TO guildhall_app;
GRANT SELECT ON TABLE society.agent_achievements TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_achievements TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(achievement_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(period) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(progress),UPDATE(progress) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(earned_at),UPDATE(earned_at) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(points_transaction_id),UPDATE(points_transaction_id) ON TABLE society.agent_achievements TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_achievements TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.agent_activity_log TO guildhall_app;
GRANT SELECT ON TABLE society.agent_activity_log TO guildhall_reader;

GRANT SELECT ON TABLE society.agent_permissions TO guildhall_app;
GRANT SELECT ON TABLE society.agent_permissions TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_permissions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(permission) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(basis),UPDATE(basis) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(granted_by) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(revoked_at),UPDATE(revoked_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_permissions TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.agent_skills TO guildhall_app;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_person;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_worker;
GRANT SELECT ON TABLE society.agent_skills TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(skill_name),UPDATE(skill_name) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(proficiency),UPDATE(proficiency) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(evidence_count),UPDATE(evidence_count) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(verified_by),UPDATE(verified_by) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(last_used_at),UPDATE(last_used_at) ON TABLE society.agent_skills TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.agent_skills TO guildhall_app;

GRANT SELECT ON TABLE society.agent_status_history TO guildhall_app;
GRANT SELECT ON TABLE society.agent_status_history TO guildhall_reader;
GRANT SELECT ON TABLE society.agent_status_history TO guildhall_person;

GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_app;
GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_reader;
GRANT SELECT ON TABLE society.appeal_reviews TO guildhall_person;

GRANT INSERT(id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(appeal_id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(reviewer_id) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(opinion),UPDATE(opinion) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(comment),UPDATE(comment) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(is_recused),UPDATE(is_recused) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.appeal_reviews TO guildhall_app;

GRANT SELECT ON TABLE society.appeals TO guildhall_app;
GRANT SELECT ON TABLE society.appeals TO guildhall_reader;
GRANT SELECT ON TABLE society.appeals TO guildhall_person;

GRANT INSERT(id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(violation_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(grounds) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(decision),UPDATE(decision) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(reviewer_id),UPDATE(reviewer_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(voting_session_id),UPDATE(voting_session_id) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(decided_at),UPDATE(decided_at) ON TABLE society.appeals TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.appeals TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.battle_participants TO guildhall_app;
GRANT SELECT ON TABLE society.battle_participants TO guildhall_reader;
GRANT SELECT ON TABLE society.battle_participants TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(team),UPDATE(team) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(submission),UPDATE(submission) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(score),UPDATE(score) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(rank),UPDATE(rank) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(elo_change),UPDATE(elo_change) ON TABLE society.battle_participants TO guildhall_app;

GRANT INSERT(joined_at) ON TABLE society.battle_participants TO guildhall_app;

GRANT SELECT ON TABLE society.battle_rounds TO guildhall_app;
GRANT SELECT ON TABLE society.battle_rounds TO guildhall_reader;
GRANT SELECT ON TABLE society.battle_rounds TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(round_number) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(judge_id),UPDATE(judge_id) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(scores),UPDATE(scores) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(verdict),UPDATE(verdict) ON TABLE society.battle_rounds TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.battle_rounds TO guildhall_app;

GRANT SELECT ON TABLE society.battles TO guildhall_app;
GRANT SELECT ON TABLE society.battles TO guildhall_reader;
GRANT SELECT ON TABLE society.battles TO guildhall_person;

GRANT INSERT(id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(battle_id),UPDATE(battle_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(mode),UPDATE(mode) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(rules),UPDATE(rules) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(judge_kind),UPDATE(judge_kind) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(is_rated),UPDATE(is_rated) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(prize_pool),UPDATE(prize_pool) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(winner_id),UPDATE(winner_id) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.battles TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.battles TO guildhall_app;

GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_app;
GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_reader;
GRANT SELECT ON TABLE society.brainstorm_participants TO guildhall_person;

GRANT INSERT(id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(role),UPDATE(role) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(joined_at) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT INSERT(left_at),UPDATE(left_at) ON TABLE society.brainstorm_participants TO guildhall_app;

GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.brainstorm_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(session_id),UPDATE(session_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(facilitator_id),UPDATE(facilitator_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(technique),UPDATE(technique) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(phase),UPDATE(phase) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(max_ideas),UPDATE(max_ideas) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(voting_session_id),UPDATE(voting_session_id) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.brainstorm_sessions TO guildhall_app;

GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_app;
GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_reader;
GRANT SELECT ON TABLE society.eigentrust_runs TO guildhall_person;

GRANT INSERT(id) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(alpha) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(tolerance) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(iterations),UPDATE(iterations) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(residual),UPDATE(residual) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(nodes) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(edges) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(pretrust) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(input_hash) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(started_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.eigentrust_runs TO guildhall_app;

GRANT SELECT ON TABLE society.elo_history TO guildhall_app;
GRANT SELECT ON TABLE society.elo_history TO guildhall_reader;
GRANT SELECT ON TABLE society.elo_history TO guildhall_person;

GRANT INSERT(id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(battle_id) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(category) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(old_rating) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(new_rating) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(change) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(k_factor) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(expected) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(actual) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(reason) ON TABLE society.elo_history TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.elo_history TO guildhall_app;

GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_app;
GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_reader;
GRANT SELECT ON TABLE society.hall_of_fame TO guildhall_person;

GRANT INSERT(id) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(agent_id),UPDATE(agent_id) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(tier),UPDATE(tier) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(badge),UPDATE(badge) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(citation),UPDATE(citation) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(season),UPDATE(season) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(evidence),UPDATE(evidence) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(inducted_at),UPDATE(inducted_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.hall_of_fame TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_combination_sources TO guildhall_app;
GRANT SELECT ON TABLE society.idea_combination_sources TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_combination_sources TO guildhall_person;

GRANT INSERT(combination_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(idea_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT INSERT(result_idea_id) ON TABLE society.idea_combination_sources TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_combinations TO guildhall_app;
GRANT SELECT ON TABLE society.idea_combinations TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_combinations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(result_idea_id) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(combined_by) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(rationale),UPDATE(rationale) ON TABLE society.idea_combinations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.idea_combinations TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.idea_votes TO guildhall_app;
GRANT SELECT ON TABLE society.idea_votes TO guildhall_reader;
GRANT SELECT ON TABLE society.idea_votes TO guildhall_person;

GRANT INSERT(id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(idea_id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(value),UPDATE(value) ON TABLE society.idea_votes TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.idea_votes TO guildhall_app;

GRANT SELECT ON TABLE society.ideas TO guildhall_app;
GRANT SELECT ON TABLE society.ideas TO guildhall_reader;
GRANT SELECT ON TABLE society.ideas TO guildhall_person;

GRANT INSERT(id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(parent_id),UPDATE(parent_id) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(content),UPDATE(content) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(novelty_score),UPDATE(novelty_score) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(feasibility_score),UPDATE(feasibility_score) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(embedding),UPDATE(embedding) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(embedding_model),UPDATE(embedding_model) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.ideas TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.ideas TO guildhall_app;

GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_curriculum TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(skill_name),UPDATE(skill_name) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(level),UPDATE(level) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(title),UPDATE(title) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(objectives),UPDATE(objectives) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(assessment_tasks),UPDATE(assessment_tasks) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(estimated_sessions),UPDATE(estimated_sessions) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.mentorship_curriculum TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.mentorship_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.mentorship_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.mentorship_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(pairing_id) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(session_number) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(objectives_met),UPDATE(objectives_met) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(mentor_rating),UPDATE(mentor_rating) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(mentee_rating),UPDATE(mentee_rating) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(notes),UPDATE(notes) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(scheduled_at),UPDATE(scheduled_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(held_at),UPDATE(held_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(duration_ms),UPDATE(duration_ms) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.mentorship_sessions TO guildhall_app;

GRANT SELECT ON TABLE society.penalty_history TO guildhall_app;
GRANT SELECT ON TABLE society.penalty_history TO guildhall_reader;

GRANT SELECT ON TABLE society.point_keys TO guildhall_app;
GRANT SELECT ON TABLE society.point_keys TO guildhall_reader;
GRANT SELECT ON TABLE society.point_keys TO guildhall_person;

GRANT SELECT,DELETE ON TABLE society.point_rules TO guildhall_app;
GRANT SELECT ON TABLE society.point_rules TO guildhall_reader;
GRANT SELECT ON TABLE society.point_rules TO guildhall_person;

GRANT INSERT(id) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(category),UPDATE(category) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(base_points),UPDATE(base_points) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(multiplier_rule),UPDATE(multiplier_rule) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(cap_per_day),UPDATE(cap_per_day) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(is_active),UPDATE(is_active) ON TABLE society.point_rules TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.point_rules TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.point_transactions TO guildhall_app;
GRANT SELECT ON TABLE society.point_transactions TO guildhall_reader;

GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_app;
GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_reader;
GRANT SELECT ON TABLE society.pretrusted_agents TO guildhall_person;

GRANT INSERT(id) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(since),UPDATE(since) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(until),UPDATE(until) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(granted_by),UPDATE(granted_by) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(reason),UPDATE(reason) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.pretrusted_agents TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.priority_queues TO guildhall_app;
GRANT SELECT ON TABLE society.priority_queues TO guildhall_reader;
GRANT SELECT ON TABLE society.priority_queues TO guildhall_person;

GRANT INSERT(id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(queue_id) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(boost),UPDATE(boost) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(basis),UPDATE(basis) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.priority_queues TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.priority_queues TO guildhall_app;

GRANT SELECT ON TABLE society.reputation_history TO guildhall_app;
GRANT SELECT ON TABLE society.reputation_history TO guildhall_reader;

GRANT SELECT ON TABLE society.resource_allocations TO guildhall_app;
GRANT SELECT ON TABLE society.resource_allocations TO guildhall_reader;
GRANT SELECT ON TABLE society.resource_allocations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(pool_id) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(resource_type) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(amount) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(used),UPDATE(used) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(performance_tier) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(granted_by) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(released_at),UPDATE(released_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.resource_allocations TO guildhall_app;

GRANT SELECT ON TABLE society.resource_pools TO guildhall_app;
GRANT SELECT ON TABLE society.resource_pools TO guildhall_reader;
GRANT SELECT ON TABLE society.resource_pools TO guildhall_person;

GRANT INSERT(id) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(resource_type) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(unit),UPDATE(unit) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(total_capacity),UPDATE(total_capacity) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(reserve),UPDATE(reserve) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(refresh_interval),UPDATE(refresh_interval) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.resource_pools TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.resource_pools TO guildhall_app;

GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_app;
GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_reader;
GRANT SELECT ON TABLE society.retraining_assessments TO guildhall_person;

GRANT INSERT(id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(program_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(score) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(passed) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(assessor_id) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(comment) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.retraining_assessments TO guildhall_app;

GRANT SELECT ON TABLE society.retraining_programs TO guildhall_app;
GRANT SELECT ON TABLE society.retraining_programs TO guildhall_reader;
GRANT SELECT ON TABLE society.retraining_programs TO guildhall_person;

GRANT INSERT(id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(violation_id) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(curriculum),UPDATE(curriculum) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(assessment),UPDATE(assessment) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(progress_percentage),UPDATE(progress_percentage) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(due_at),UPDATE(due_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(completed_at),UPDATE(completed_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.retraining_programs TO guildhall_app;

GRANT SELECT ON TABLE society.streaks TO guildhall_app;
GRANT SELECT ON TABLE society.streaks TO guildhall_reader;
GRANT SELECT ON TABLE society.streaks TO guildhall_person;

GRANT INSERT(id) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(streak_type) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(current_count),UPDATE(current_count) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(longest_count),UPDATE(longest_count) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(last_activity_on),UPDATE(last_activity_on) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(freeze_tokens),UPDATE(freeze_tokens) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(timezone),UPDATE(timezone) ON TABLE society.streaks TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.streaks TO guildhall_app;

GRANT SELECT ON TABLE society.task_assignments TO guildhall_app;
GRANT SELECT ON TABLE society.task_assignments TO guildhall_reader;
GRANT SELECT ON TABLE society.task_assignments TO guildhall_person;

GRANT INSERT(reason),UPDATE(reason) ON TABLE society.task_assignments TO guildhall_app;

GRANT SELECT ON TABLE society.task_dead_letters TO guildhall_app;
GRANT SELECT ON TABLE society.task_dead_letters TO guildhall_reader;
GRANT SELECT ON TABLE society.task_dead_letters TO guildhall_person;

GRANT SELECT(id) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT SELECT(id) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT SELECT(tenant_id),INSERT(tenant_id) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT SELECT(task_id),INSERT(task_id) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT SELECT(task_id),INSERT(task_id) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(task_type) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT INSERT(task_type) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(payload) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT INSERT(payload) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(error_message) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT INSERT(error_message) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(error_stack) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT INSERT(error_stack) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(retry_history) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT INSERT(retry_history) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT SELECT(moved_at) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT SELECT(moved_at) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT INSERT(resolution),UPDATE(resolution) ON TABLE society.task_dead_letters TO guildhall_app;

GRANT INSERT(resolved_by),UPDATE(resolved_by) ON TABLE society.task_dead_letters TO guildhall_app;

GRANT INSERT(resolved_at),UPDATE(resolved_at) ON TABLE society.task_dead_letters TO guildhall_app;
GRANT SELECT(resolved_at) ON TABLE society.task_dead_letters TO guildhall_worker;
GRANT SELECT(resolved_at) ON TABLE society.task_dead_letters TO guildhall_scheduler;

GRANT SELECT,DELETE ON TABLE society.task_dependencies TO guildhall_app;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_reader;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_person;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_worker;
GRANT SELECT ON TABLE society.task_dependencies TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(depends_on_task_id) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(kind),UPDATE(kind) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_dependencies TO guildhall_app;

GRANT INSERT(on_failure),UPDATE(on_failure) ON TABLE society.task_dependencies TO guildhall_app;

GRANT UPDATE(is_settled) ON TABLE society.task_dependencies TO guildhall_app;
GRANT UPDATE(is_settled) ON TABLE society.task_dependencies TO guildhall_worker;
GRANT UPDATE(is_settled) ON TABLE society.task_dependencies TO guildhall_scheduler;

GRANT SELECT ON TABLE society.task_executions TO guildhall_app;
GRANT SELECT ON TABLE society.task_executions TO guildhall_reader;
GRANT SELECT ON TABLE society.task_executions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(started_at),UPDATE(started_at) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(ended_at),UPDATE(ended_at) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(outcome),UPDATE(outcome) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(error_message),UPDATE(error_message) ON TABLE society.task_executions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_executions TO guildhall_app;

GRANT SELECT,INSERT ON TABLE society.task_history TO guildhall_app;
GRANT SELECT ON TABLE society.task_history TO guildhall_reader;

GRANT SELECT ON TABLE society.task_lanes TO guildhall_app;
GRANT SELECT ON TABLE society.task_lanes TO guildhall_worker;
GRANT SELECT ON TABLE society.task_lanes TO guildhall_scheduler;
GRANT SELECT ON TABLE society.task_lanes TO guildhall_reader;
GRANT SELECT ON TABLE society.task_lanes TO guildhall_person;

GRANT INSERT(is_paused),UPDATE(is_paused) ON TABLE society.task_lanes TO guildhall_app;

GRANT INSERT(max_running),UPDATE(max_running) ON TABLE society.task_lanes TO guildhall_app;

GRANT INSERT(rate_count),UPDATE(rate_count) ON TABLE society.task_lanes TO guildhall_app;

GRANT INSERT(rate_per),UPDATE(rate_per) ON TABLE society.task_lanes TO guildhall_app;

GRANT UPDATE(rate_used_to) ON TABLE society.task_lanes TO guildhall_worker;
GRANT UPDATE(rate_used_to) ON TABLE society.task_lanes TO guildhall_scheduler;

GRANT SELECT,DELETE ON TABLE society.task_queues TO guildhall_app;
GRANT SELECT ON TABLE society.task_queues TO guildhall_reader;
GRANT SELECT ON TABLE society.task_queues TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(name),UPDATE(name) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(priority_rule),UPDATE(priority_rule) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(max_in_flight),UPDATE(max_in_flight) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(is_paused),UPDATE(is_paused) ON TABLE society.task_queues TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_queues TO guildhall_app;

GRANT SELECT ON TABLE society.task_results TO guildhall_app;
GRANT SELECT ON TABLE society.task_results TO guildhall_reader;
GRANT SELECT ON TABLE society.task_results TO guildhall_person;

GRANT INSERT(id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(task_id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(attempt) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(output),UPDATE(output) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(quality_score),UPDATE(quality_score) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(tokens_used),UPDATE(tokens_used) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(cost_usd),UPDATE(cost_usd) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(duration_ms),UPDATE(duration_ms) ON TABLE society.task_results TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_results TO guildhall_app;

GRANT SELECT ON TABLE society.task_types TO guildhall_app;
GRANT SELECT ON TABLE society.task_types TO guildhall_reader;
GRANT SELECT ON TABLE society.task_types TO guildhall_person;

GRANT INSERT(name),UPDATE(name) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(required_skills),UPDATE(required_skills) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(min_trust),UPDATE(min_trust) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(payload_schema),UPDATE(payload_schema) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(max_retries),UPDATE(max_retries) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(timeout),UPDATE(timeout) ON TABLE society.task_types TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.task_types TO guildhall_app;

GRANT SELECT ON TABLE society.tier_history TO guildhall_app;
GRANT SELECT ON TABLE society.tier_history TO guildhall_reader;
GRANT SELECT ON TABLE society.tier_history TO guildhall_person;

GRANT SELECT ON TABLE society.tiers TO guildhall_app;
GRANT SELECT ON TABLE society.tiers TO guildhall_reader;
GRANT SELECT ON TABLE society.tiers TO guildhall_person;

GRANT UPDATE(min_points) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(keep_points) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(multiplier) ON TABLE society.tiers TO guildhall_app;

GRANT UPDATE(perks) ON TABLE society.tiers TO guildhall_app;

GRANT SELECT ON TABLE society.v_active_agents TO guildhall_app;
GRANT SELECT ON TABLE society.v_active_agents TO guildhall_reader;

GRANT SELECT ON TABLE society.v_active_mentorships TO guildhall_app;
GRANT SELECT ON TABLE society.v_active_mentorships TO guildhall_reader;

GRANT SELECT ON TABLE society.v_agent_reputation TO guildhall_app;
GRANT SELECT ON TABLE society.v_agent_reputation TO guildhall_reader;

GRANT SELECT ON TABLE society.v_current_leaderboard TO guildhall_app;
GRANT SELECT ON TABLE society.v_current_leaderboard TO guildhall_reader;

GRANT SELECT ON TABLE society.v_task_queue_summary TO guildhall_app;
GRANT SELECT ON TABLE society.v_task_queue_summary TO guildhall_reader;

GRANT SELECT ON TABLE society.violations TO guildhall_app;
GRANT SELECT ON TABLE society.violations TO guildhall_reader;
GRANT SELECT ON TABLE society.violations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(violation_type) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(severity),UPDATE(severity) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(penalty_points),UPDATE(penalty_points) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(status_reason),UPDATE(status_reason) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(evidence),UPDATE(evidence) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(task_id),UPDATE(task_id) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(reported_by) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(reported_by_user) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(detected_by) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(occurred_at) ON TABLE society.violations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.violations TO guildhall_app;

GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_app;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_reader;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_person;
GRANT SELECT ON TABLE society.vote_audit_trail TO guildhall_scheduler;

GRANT INSERT(id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(vote_id) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(event_type) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(payload) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(signature) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT INSERT(signed_by) ON TABLE society.vote_audit_trail TO guildhall_app;

GRANT SELECT ON TABLE society.vote_delegations TO guildhall_app;
GRANT SELECT ON TABLE society.vote_delegations TO guildhall_reader;
GRANT SELECT ON TABLE society.vote_delegations TO guildhall_person;

GRANT INSERT(id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(from_agent_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(to_agent_id) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(expires_at),UPDATE(expires_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(revoked_at),UPDATE(revoked_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.vote_delegations TO guildhall_app;

GRANT SELECT ON TABLE society.votes TO guildhall_app;
GRANT SELECT ON TABLE society.votes TO guildhall_reader;
GRANT SELECT ON TABLE society.votes TO guildhall_person;

GRANT INSERT(id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(session_id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(vote_option) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(ranking) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(scores) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(confidence) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(tokens_spent) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(rationale) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(signature) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(cast_at) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(superseded_at),UPDATE(superseded_at) ON TABLE society.votes TO guildhall_app;

GRANT INSERT(superseded_by),UPDATE(superseded_by) ON TABLE society.votes TO guildhall_app;

GRANT SELECT,DELETE ON TABLE society.voting_eligibility TO guildhall_app;
GRANT SELECT ON TABLE society.voting_eligibility TO guildhall_reader;
GRANT SELECT ON TABLE society.voting_eligibility TO guildhall_person;

GRANT INSERT(session_id) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(agent_id) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(weight),UPDATE(weight) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(token_budget),UPDATE(token_budget) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.voting_eligibility TO guildhall_app;

GRANT SELECT ON TABLE society.voting_sessions TO guildhall_app;
GRANT SELECT ON TABLE society.voting_sessions TO guildhall_reader;
GRANT SELECT ON TABLE society.voting_sessions TO guildhall_person;

GRANT INSERT(id) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(session_id),UPDATE(session_id) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(topic),UPDATE(topic) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(description),UPDATE(description) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(algorithm),UPDATE(algorithm) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(status),UPDATE(status) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(options),UPDATE(options) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(results),UPDATE(results) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(seats),UPDATE(seats) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(quorum),UPDATE(quorum) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(threshold),UPDATE(threshold) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(token_budget),UPDATE(token_budget) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(is_secret),UPDATE(is_secret) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_break),UPDATE(tie_break) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_seed_hash),UPDATE(tie_seed_hash) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(tie_seed),UPDATE(tie_seed) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(opens_at),UPDATE(opens_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(closes_at),UPDATE(closes_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(opened_at),UPDATE(opened_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(closed_at),UPDATE(closed_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(created_by),UPDATE(created_by) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(proposed_by),UPDATE(proposed_by) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(created_at) ON TABLE society.voting_sessions TO guildhall_app;

GRANT INSERT(deleted_at),UPDATE(deleted_at) ON TABLE society.voting_sessions TO guildhall_app;
