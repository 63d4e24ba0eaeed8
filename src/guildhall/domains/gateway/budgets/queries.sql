-- name: budgets
SELECT budgets.id, budgets.name, budgets.user_id, budgets.api_key_id, budgets.model, budgets.period, budgets.limit_usd,
       budgets.tokens_per_minute, budgets.is_hard, budgets.created_at, today.starts_on,
       COALESCE(periods.spent_usd, 0) AS spent_usd, COALESCE(periods.reserved_usd, 0) AS reserved_usd
  FROM gateway.budgets
 CROSS JOIN LATERAL (SELECT date_trunc(budgets.period, now() AT TIME ZONE 'UTC')::date AS starts_on) AS today
  LEFT JOIN gateway.budget_periods AS periods
    ON periods.tenant_id = budgets.tenant_id AND periods.budget_id = budgets.id AND periods.starts_on = today.starts_on
 ORDER BY budgets.name;

-- name: insert_budget
INSERT INTO gateway.budgets (name, user_id, api_key_id, model, period, limit_usd, tokens_per_minute, is_hard)
VALUES (:name, :user_id, :api_key_id, :model, :period, :limit_usd, :tokens_per_minute, :is_hard)
RETURNING id;

-- name: update_budget
UPDATE gateway.budgets
   SET period = :period, limit_usd = :limit_usd, tokens_per_minute = :tokens_per_minute, is_hard = :is_hard
 WHERE name = :name;

-- name: delete_budget
DELETE FROM gateway.budgets WHERE name = :name;
