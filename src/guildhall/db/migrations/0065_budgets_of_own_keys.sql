-- phase: expand
-- A budget is for a key of its own team. Until now it could name another
-- team's, which told that there is such a key, and limited nothing.

DELETE FROM gateway.budgets
 USING platform.api_keys AS keys
 WHERE keys.id = budgets.api_key_id AND keys.tenant_id <> budgets.tenant_id;

ALTER TABLE gateway.budgets
    DROP CONSTRAINT budgets_api_key_id_fkey,
    ADD CONSTRAINT budgets_key_is_the_teams FOREIGN KEY (tenant_id, api_key_id) REFERENCES platform.api_keys (tenant_id, id) ON DELETE CASCADE;
DROP INDEX gateway.budgets_by_key;
CREATE INDEX budgets_by_key ON gateway.budgets (tenant_id, api_key_id) WHERE api_key_id IS NOT NULL;
