-- phase: expand
-- What a call of a model was made for: the trial of a simulation, and who in it
-- called: the agent, its user, a judge, an analyst.

ALTER TABLE store.llm_requests
    ADD COLUMN simulation_id uuid,
    ADD COLUMN outcome_id    uuid,
    ADD COLUMN role          varchar(50),
    ADD CONSTRAINT llm_requests_role_is_of_a_simulation CHECK (simulation_id IS NOT NULL OR num_nonnulls(outcome_id, role) = 0),
    ADD CONSTRAINT llm_requests_role_is_known CHECK (role IN ('agent', 'user', 'judge', 'analyst'));
COMMENT ON COLUMN store.llm_requests.simulation_id IS 'The simulation that the call was made for; the gateway has seen that it is the team''s.';
COMMENT ON COLUMN store.llm_requests.outcome_id IS 'The trial within the simulation, by the id of its outcome, which is written when the trial has ended.';
COMMENT ON COLUMN store.llm_requests.role IS 'Who called in the trial: agent, user, judge; or the analyst of a simulation.';

-- Most calls are made for no trial, and cost these nothing.
CREATE INDEX llm_requests_by_simulation ON store.llm_requests (tenant_id, simulation_id, created_at DESC) WHERE simulation_id IS NOT NULL;
CREATE INDEX llm_requests_by_outcome ON store.llm_requests (tenant_id, outcome_id, created_at DESC) WHERE outcome_id IS NOT NULL;

SELECT platform.extend_ledger('llm_requests', '{simulation_id, outcome_id, role}');
SELECT platform.let_add_to_ledger('llm_requests', 'guildhall_writer');

-- The team's view, and people's, get the columns at their end, whatever they have by now.
DO $$
DECLARE
    path   CONSTANT text := current_setting('search_path');
    listed CONSTANT text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum)
                               FROM pg_attribute
                              WHERE attrelid = 'gateway.llm_requests'::regclass AND attnum > 0 AND NOT attisdropped);
BEGIN
    EXECUTE format(
        'CREATE OR REPLACE VIEW gateway.llm_requests AS SELECT %s, simulation_id, outcome_id, role FROM store.llm_requests '
        'WHERE tenant_id = (SELECT platform.tenant_id()) WITH CASCADED CHECK OPTION', listed
    );
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that functions are written out with their schema
    EXECUTE format(
        'CREATE OR REPLACE VIEW mine.llm_requests WITH (security_barrier) AS %s',
        rtrim(replace(pg_get_viewdef('gateway.llm_requests'::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
    );
    PERFORM set_config('search_path', path, true);
END
$$;

-- A run's own key is nobody's default key, though it be their first: as_default null says so.
SELECT platform.amend_function(
    'platform.create_api_key(uuid, text, uuid, text, text[], integer, timestamptz, boolean)',
    '(as_default OR api_key IS NULL)', '(as_default OR (NOT as_default AND api_key IS NULL))'
);
