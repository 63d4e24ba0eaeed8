-- phase: expand
-- What is set aside for a call that several models answer is not the same in
-- all of its budgets: in that of one model, what that model's part may cost.

ALTER TABLE store.llm_requests ADD COLUMN reserved_each text[]; -- numbers that a digest can be taken of
COMMENT ON COLUMN store.llm_requests.reserved_each IS 'What is set aside in each of budget_ids, in their order, where that is not reserved_usd in all of them.';
SELECT platform.extend_ledger('llm_requests', '{reserved_each}');
SELECT platform.let_add_to_ledger('llm_requests', 'guildhall_writer');
GRANT SELECT (reserved_each) ON store.llm_requests TO guildhall_writer;

-- Each budget is asked for its own amount. Where nobody knows that, a hard budget refuses the call.
SELECT platform.amend_function('gateway.reserve(integer[], uuid[], date[], numeric[])'::regprocedure, was, anew)
  FROM (VALUES
        ('min(each.amount) AS amount',
         'array_agg(each.amount) AS amounts'),
        ('FROM unnest(asked.ids, asked.starts_on) AS each (id, starts_on)
          JOIN gateway.budgets',
         'FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
          JOIN gateway.budgets'),
        ('asked.amount IS NULL OR held.limit_left < asked.amount',
         'each.amount IS NULL OR held.limit_left < each.amount'),
        ('reserved_usd = periods.reserved_usd + COALESCE(asked.amount, 0)
             WHERE (periods.budget_id, periods.starts_on) IN (SELECT * FROM unnest(asked.ids, asked.starts_on));',
         'reserved_usd = periods.reserved_usd + COALESCE(each.amount, 0)
              FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
             WHERE periods.budget_id = each.id AND periods.starts_on = each.starts_on;')
       ) AS passages (was, anew);
