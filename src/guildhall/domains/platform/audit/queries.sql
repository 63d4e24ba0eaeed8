-- What is asked of a ledger's own table is composed in store.py: it differs by table and columns.

-- name: trust_the_catalogue
-- Verdicts rest on what PostgreSQL brings along, whatever else has been made in the database.
SET LOCAL search_path = pg_catalog, pg_temp;

-- name: ledgers
SELECT name FROM platform.ledgers ORDER BY name;

-- name: find_ledger
SELECT name, relation, view_name, time_column, by_the_clock, key_columns, columns
  FROM platform.ledgers
 WHERE name = :name;

-- name: columns_of
-- What kind of value a column holds decides how it is written into the text of a row.
SELECT attributes.attname::text AS name, pg_catalog.format_type(attributes.atttypid, NULL) AS type,
       types.typcategory::text AS category, types.typtype = 'e' AS is_enum,
       pg_catalog.format_type(elements.oid, NULL) AS element, elements.typcategory::text AS element_category
  FROM pg_catalog.pg_attribute AS attributes
  JOIN pg_catalog.pg_type AS types ON types.oid = attributes.atttypid
  LEFT JOIN pg_catalog.pg_type AS elements ON elements.oid = types.typelem AND types.typcategory = 'A'
 WHERE attributes.attrelid = (:relation::text)::regclass AND attributes.attnum > 0 AND NOT attributes.attisdropped;

-- name: lock_ledger
-- One sealer at a time for each ledger. Writers take no part in it.
SELECT pg_advisory_xact_lock(hashtext('platform.ledgers'), hashtext(:name::text));

-- name: moment
SELECT epoch.number AS epoch, pg_snapshot_xmin(snapshot)::text::bigint AS oldest,
       pg_snapshot_xmax(snapshot)::text::bigint AS next, clock_timestamp() AS at
  FROM pg_current_snapshot() AS snapshot, platform.epoch;

-- name: retired_before
SELECT platform.retired_before(:name);

-- name: seals
-- A page of a chain, from a number on.
SELECT ledger, number, epoch, from_transaction, to_transaction, seen_transaction, columns, row_count, first_at, last_at,
       retired_before, summary, root, sealed_at, previous, hash, key_id, signature
  FROM platform.audit_seals
 WHERE ledger = :ledger AND number >= :number
 ORDER BY number
 LIMIT :at_most;

-- name: last_seals
-- The newest seal of each ledger, or of one.
SELECT DISTINCT ON (ledger)
       ledger, number, epoch, from_transaction, to_transaction, seen_transaction, columns, row_count, first_at, last_at,
       retired_before, summary, root, sealed_at, previous, hash, key_id, signature
  FROM platform.audit_seals
 WHERE :ledger::text IS NULL OR ledger = :ledger
 ORDER BY ledger, number DESC;

-- name: last_span_of_epoch
SELECT max(to_transaction) FROM platform.audit_seals WHERE ledger = :ledger AND epoch = :epoch;

-- name: parts
SELECT number, tenant_id, day, row_count, root, path
  FROM platform.audit_seal_parts
 WHERE ledger = :ledger AND number BETWEEN :first AND :last
 ORDER BY number, position;

-- name: digests
-- The digests of a seal's rows, for each team and day whose rows do not carry them.
SELECT tenant_id, day, digests
  FROM platform.audit_seal_parts
 WHERE ledger = :ledger AND number = :number AND digests IS NOT NULL;

-- name: team_digests
-- The same of the acting team's rows alone.
SELECT tenant_id, day, digests
  FROM platform.team_seals
 WHERE ledger = :ledger AND number = :number AND digests IS NOT NULL;

-- name: ends_of_epochs
SELECT epoch, max(to_transaction) AS end, max(number) AS number
  FROM platform.audit_seals
 WHERE ledger = :ledger
 GROUP BY epoch;

-- name: sealed_rows
SELECT COALESCE(sum(row_count), 0)::bigint FROM platform.audit_seals WHERE ledger = :ledger;

-- name: insert_seal
INSERT INTO platform.audit_seals (
    ledger, number, epoch, from_transaction, to_transaction, seen_transaction, columns, row_count, first_at, last_at,
    retired_before, summary, root, sealed_at, previous, hash, key_id, signature
)
VALUES (
    :ledger, :number, :epoch, :from_transaction, :to_transaction, :seen_transaction, :columns, :row_count, :first_at, :last_at,
    :retired_before, :summary, :root, :sealed_at, :previous, :hash, :key_id, :signature
);

-- name: insert_parts
INSERT INTO platform.audit_seal_parts (ledger, number, position, tenant_id, day, row_count, root, path, digests)
SELECT :ledger, :number, position, tenant_id, day, row_count, root, path, digests
  FROM unnest(:tenant_ids::uuid[], :days::date[], :row_counts::bigint[], :roots::bytea[], :paths::bytea[], :digests::bytea[])
       WITH ORDINALITY AS parts (tenant_id, day, row_count, root, path, digests, position);

-- name: team_seals
-- What the seals say of the acting team, oldest first; a seal comes once for each of its days.
SELECT ledger, number, epoch, from_transaction, to_transaction, seen_transaction, columns, NULL::bigint AS row_count,
       NULL::timestamptz AS first_at, NULL::timestamptz AS last_at, retired_before, summary, seal_root AS root, sealed_at,
       previous, hash, key_id, signature, tenant_id, day, row_count AS part_rows, root AS part_root, path
  FROM platform.team_seals
 WHERE ledger = :ledger
   AND number BETWEEN :number AND (
           SELECT max(number)
             FROM (SELECT DISTINCT number FROM platform.team_seals
                    WHERE ledger = :ledger AND number >= :number ORDER BY number LIMIT :at_most) AS page
       )
 ORDER BY number, day;

-- name: redactions
-- The records of redactions as the audit log holds them, where they are sealed.
SELECT new_data
  FROM store.audit_log
 WHERE table_schema = 'platform' AND table_name = 'audit_redactions' AND operation = 'INSERT'
 ORDER BY epoch, transaction_id, "timestamp", log_id;

-- name: redact
SELECT platform.redact_audit(:kind, :subject, :reason, :requested_by);

-- name: insert_request
-- Who asks, for which team, from where, are settings of the transaction.
INSERT INTO store.audit_logs (action, resource_type, resource_id, request_data, response_status, duration_ms)
VALUES (:action, :resource_type, :resource_id, :request_data, :response_status, :duration_ms);

-- name: changes
SELECT log_id, "timestamp" AS at, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role, old_data, new_data,
       redaction_id
  FROM platform.audit_log
 WHERE (:table_name::text IS NULL OR table_name = :table_name)
   AND (:record::text IS NULL OR strpos(record_key::text, to_json(:record::text)::text) > 0)
   AND (:user_id::uuid IS NULL OR user_id = :user_id)
 ORDER BY "timestamp" DESC
 LIMIT :at_most;

-- name: every_change
SELECT log_id, "timestamp" AS at, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role, old_data,
       new_data, redaction_id
  FROM platform.audit_log
 WHERE :record::text IS NULL OR strpos(record_key::text, to_json(:record::text)::text) > 0;

-- name: every_installation_change
-- What belongs to no team: people, and what all teams share.
SELECT log_id, "timestamp" AS at, table_schema, table_name, operation, record_key, user_id, agent_id, actor_role, old_data,
       new_data, redaction_id
  FROM platform.installation_changes
 WHERE :record::text IS NULL OR strpos(record_key::text, to_json(:record::text)::text) > 0;

-- name: every_ledger
SELECT name, columns, created_at FROM platform.ledgers;
