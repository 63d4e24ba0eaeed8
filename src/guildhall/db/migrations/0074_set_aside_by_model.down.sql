SELECT platform.amend_function('gateway.reserve(integer[], uuid[], date[], numeric[])'::regprocedure, was, anew)
  FROM (VALUES
        ('array_agg(each.amount) AS amounts',
         'min(each.amount) AS amount'),
        ('FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
          JOIN gateway.budgets',
         'FROM unnest(asked.ids, asked.starts_on) AS each (id, starts_on)
          JOIN gateway.budgets'),
        ('each.amount IS NULL OR held.limit_left < each.amount',
         'asked.amount IS NULL OR held.limit_left < asked.amount'),
        ('reserved_usd = periods.reserved_usd + COALESCE(each.amount, 0)
              FROM unnest(asked.ids, asked.starts_on, asked.amounts) AS each (id, starts_on, amount)
             WHERE periods.budget_id = each.id AND periods.starts_on = each.starts_on;',
         'reserved_usd = periods.reserved_usd + COALESCE(asked.amount, 0)
             WHERE (periods.budget_id, periods.starts_on) IN (SELECT * FROM unnest(asked.ids, asked.starts_on));')
       ) AS passages (was, anew);

UPDATE platform.ledgers SET columns = array_remove(columns, 'reserved_each') WHERE name = 'llm_requests';
SELECT platform.write_ledger_triggers('llm_requests');
ALTER TABLE store.llm_requests DROP COLUMN reserved_each;
