-- phase: expand

ALTER TABLE gateway.budgets
    DROP CONSTRAINT budgets_key_is_the_teams,
    ADD CONSTRAINT budgets_api_key_id_fkey FOREIGN KEY (api_key_id) REFERENCES platform.api_keys ON DELETE CASCADE;
DROP INDEX gateway.budgets_by_key;
CREATE INDEX budgets_by_key ON gateway.budgets (api_key_id) WHERE api_key_id IS NOT NULL;
