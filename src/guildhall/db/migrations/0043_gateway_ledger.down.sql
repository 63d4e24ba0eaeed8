DELETE FROM platform.audit_exemptions
 WHERE relation IN ('gateway.bodies', 'gateway.budget_periods', 'gateway.idempotent_calls', 'gateway.processes');
DROP VIEW mine.llm_requests, mine.llm_responses;
DROP TABLE gateway.processes, gateway.idempotent_calls;
DROP FUNCTION gateway.check_callers(text[], uuid[], uuid[], uuid[], text[], boolean[], text[], bigint[]);
DROP TRIGGER llm_providers_are_revised ON gateway.llm_providers;
DROP FUNCTION gateway.settle_spending(uuid[], date[], numeric[], numeric[]);
DROP FUNCTION gateway.reserve(integer[], uuid[], date[], numeric[]);
DROP TABLE gateway.budget_periods, gateway.budgets, gateway.bodies;
DROP FUNCTION gateway.note_revision();
DROP TABLE gateway.revisions;
DROP FUNCTION gateway.settle_calls(uuid[], timestamptz[], text[], integer[], integer[], integer[], integer[], integer[], numeric[], text[], text[], timestamptz[]);

DROP INDEX store.llm_requests_by_key;
DROP VIEW gateway.llm_requests, gateway.llm_responses;
SELECT platform.drop_ledger('llm_responses');
SELECT platform.drop_ledger('llm_requests');
REVOKE ALL ON store.llm_requests, store.llm_responses FROM guildhall_writer;
REVOKE SELECT (id, tenant_id, user_id, model, provider_name, status, error_code, created_at, process_id, budget_ids, reserved_usd),
       UPDATE (status, tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd, error_code,
               error_message, completed_at)
    ON store.llm_requests FROM guildhall_writer;
ALTER TABLE store.llm_responses
    DROP COLUMN attempt, DROP COLUMN upstream_status, DROP COLUMN upstream_id, DROP COLUMN time_to_first_byte,
    DROP COLUMN tokens_cached, DROP COLUMN tokens_reasoning;
ALTER TABLE store.llm_requests
    DROP COLUMN process_id, DROP COLUMN api_key_id, DROP COLUMN provider_name, DROP COLUMN is_streamed, DROP COLUMN budget_ids,
    DROP COLUMN reserved_usd, DROP COLUMN tokens_cached, DROP COLUMN tokens_reasoning;
COMMENT ON COLUMN store.llm_requests.messages IS NULL;

CREATE VIEW gateway.llm_requests AS
    SELECT id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, ensemble_config,
           memory_enhanced, memory, status, tokens_prompt, tokens_completion, tokens_total, cost_usd, error_code,
           error_message, created_at, started_at, completed_at
      FROM store.llm_requests
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW gateway.llm_requests ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW gateway.llm_requests IS 'requests: tenant: the team''s own calls.';
CREATE VIEW gateway.llm_responses AS
    SELECT id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, model_id, content, raw_response,
           tokens_prompt, tokens_completion, tokens_total, cost_usd, confidence, response_time, finish_reason, selected,
           error_code, error_message, created_at
      FROM store.llm_responses
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
ALTER VIEW gateway.llm_responses ALTER COLUMN id SET DEFAULT gen_random_uuid();
COMMENT ON VIEW gateway.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';
GRANT SELECT, INSERT, UPDATE (
        status, tokens_prompt, tokens_completion, tokens_total, cost_usd, error_code, error_message, started_at, completed_at
    ) ON gateway.llm_requests TO guildhall_app;
GRANT SELECT, INSERT, UPDATE (confidence, selected) ON gateway.llm_responses TO guildhall_app;

GRANT SELECT ON gateway.llm_requests, gateway.llm_responses TO guildhall_reader;
GRANT INSERT ON store.llm_requests, store.llm_responses TO guildhall_writer;

-- People's windows on both, as platform.settle_grants would make them; it would make all others anew as well.
DO $$
DECLARE
    path CONSTANT text := current_setting('search_path');
    name text;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that functions are written out with their schema
    FOREACH name IN ARRAY ARRAY['llm_requests', 'llm_responses'] LOOP
        EXECUTE format('DROP VIEW IF EXISTS mine.%I', name);
        EXECUTE format(
            'CREATE VIEW mine.%I WITH (security_barrier) AS %s', name,
            rtrim(replace(pg_get_viewdef(format('gateway.%I', name)::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
        );
        EXECUTE format('COMMENT ON VIEW mine.%I IS %L', name, obj_description(format('gateway.%I', name)::regclass));
        EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', name);
    END LOOP;
    PERFORM set_config('search_path', path, true);
END
$$;

UPDATE platform.series SET compress_after = '7 days' WHERE name IN ('llm_requests', 'llm_responses');
DO $$
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        PERFORM platform.set_policies('llm_requests'), platform.set_policies('llm_responses');
    END IF;
END
$$;
