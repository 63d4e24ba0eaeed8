-- name: relations
-- The documents' names live in the wings; where two wings share one, the first of the search path counts.
SELECT DISTINCT ON (classes.relname)
       classes.oid::bigint AS oid, namespaces.nspname::text AS schema, classes.relname::text AS name,
       classes.relkind::text AS kind, COALESCE(bases.oid, classes.oid)::bigint AS base_oid,
       COALESCE(bases.oid, classes.oid)::regclass::text AS base, classes.relrowsecurity AS row_security
  FROM pg_class AS classes
  JOIN pg_namespace AS namespaces ON namespaces.oid = classes.relnamespace
  LEFT JOIN pg_class AS bases
    ON classes.relkind = 'v' AND bases.relname = classes.relname AND bases.relnamespace = to_regnamespace('store')
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform')
   AND classes.relkind IN ('r', 'p', 'v', 'm') AND NOT classes.relispartition
 ORDER BY classes.relname, array_position(ARRAY['evaluation', 'gateway', 'catalogue', 'society', 'platform'], namespaces.nspname::text);

-- name: columns
-- Views first, so that their own list of columns counts and the base only adds to it.
SELECT classes.oid::bigint AS oid, attributes.attname::text AS name, attributes.attnotnull AS not_null,
       attributes.atthasdef OR attributes.attidentity <> '' AS has_default,
       format_type(attributes.atttypid, attributes.atttypmod) AS type,
       COALESCE((SELECT array_agg(enumlabel::text ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = attributes.atttypid), '{}') AS labels
  FROM pg_attribute AS attributes
  JOIN pg_class AS classes ON classes.oid = attributes.attrelid
  JOIN pg_namespace AS namespaces ON namespaces.oid = classes.relnamespace
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform', 'store')
   AND classes.relkind IN ('r', 'p', 'v', 'm') AND NOT classes.relispartition
   AND attributes.attnum > 0 AND NOT attributes.attisdropped
 ORDER BY namespaces.nspname = 'store', attributes.attnum;

-- name: constraints
SELECT constraints.conrelid::bigint AS oid, constraints.conname::text AS name, constraints.contype::text AS kind,
       (SELECT array_agg(attributes.attname::text ORDER BY keys.place)
          FROM unnest(constraints.conkey) WITH ORDINALITY AS keys (number, place)
          JOIN pg_attribute AS attributes ON attributes.attrelid = constraints.conrelid AND attributes.attnum = keys.number) AS columns,
       (SELECT relname::text FROM pg_class WHERE oid = constraints.confrelid) AS references,
       CASE constraints.confdeltype
           WHEN 'a' THEN 'NO ACTION' WHEN 'r' THEN 'RESTRICT' WHEN 'c' THEN 'CASCADE' WHEN 'n' THEN 'SET NULL' WHEN 'd' THEN 'SET DEFAULT'
       END AS on_delete,
       CASE constraints.contype WHEN 'c' THEN pg_get_expr(constraints.conbin, constraints.conrelid) END AS expression
  FROM pg_constraint AS constraints
  JOIN pg_class AS classes ON classes.oid = constraints.conrelid
  JOIN pg_namespace AS namespaces ON namespaces.oid = classes.relnamespace
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform', 'store')
   AND NOT classes.relispartition AND constraints.contype IN ('p', 'u', 'f', 'c');

-- name: indexes
SELECT indexes.indrelid::bigint AS oid, classes.relname::text AS name, methods.amname::text AS method, indexes.indisunique AS is_unique,
       ARRAY(SELECT pg_get_indexdef(indexes.indexrelid, place, true) FROM generate_series(1, indexes.indnkeyatts) AS place ORDER BY place) AS columns,
       pg_get_expr(indexes.indpred, indexes.indrelid) AS where
  FROM pg_index AS indexes
  JOIN pg_class AS classes ON classes.oid = indexes.indexrelid
  JOIN pg_class AS tables ON tables.oid = indexes.indrelid
  JOIN pg_am AS methods ON methods.oid = classes.relam
  JOIN pg_namespace AS namespaces ON namespaces.oid = tables.relnamespace
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform', 'store')
   AND NOT tables.relispartition AND indexes.indisvalid;

-- name: triggers
SELECT triggers.tgrelid::bigint AS oid, triggers.tgname::text AS name, procedures.proname::text AS function
  FROM pg_trigger AS triggers
  JOIN pg_proc AS procedures ON procedures.oid = triggers.tgfoid
 WHERE NOT triggers.tgisinternal;

-- name: policies
SELECT polrelid::bigint AS oid, polname::text AS name FROM pg_policy;

-- name: functions
SELECT namespaces.nspname::text AS schema, procedures.proname::text AS name,
       ARRAY(SELECT format_type(type, NULL) FROM unnest(procedures.proargtypes) AS type) AS arguments,
       pg_get_function_result(procedures.oid) AS returns
  FROM pg_proc AS procedures
  JOIN pg_namespace AS namespaces ON namespaces.oid = procedures.pronamespace
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform');

-- name: enumerations
SELECT types.typname::text AS name, array_agg(labels.enumlabel::text ORDER BY labels.enumsortorder) AS labels
  FROM pg_type AS types
  JOIN pg_enum AS labels ON labels.enumtypid = types.oid
  JOIN pg_namespace AS namespaces ON namespaces.oid = types.typnamespace
 WHERE namespaces.nspname IN ('evaluation', 'gateway', 'catalogue', 'society', 'platform')
 GROUP BY types.typname;

-- name: roles
SELECT rolname::text AS name FROM pg_roles;

-- name: extensions
SELECT extname::text AS name FROM pg_extension;

-- name: search_configurations
SELECT cfgname::text AS name FROM pg_ts_config;

-- name: publications
SELECT pubname::text AS name FROM pg_publication;
