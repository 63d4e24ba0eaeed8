-- The gateway's ledger in use: what a call is charged to, who wrote it, and the
-- digests under which both series are sealed; bodies beside them, budgets,
-- idempotency keys, and the processes whose calls are closed when they are gone.

-- A ledger's columns are granted one by one, which TimescaleDB cannot do where it compresses (0002); what is long is
-- compressed already, beside the rows.
UPDATE platform.series SET compress_after = NULL WHERE name IN ('llm_requests', 'llm_responses');
DO $$
DECLARE
    relation text;
BEGIN
    IF (SELECT engine FROM platform.installation) = 'timescale' THEN
        FOREACH relation IN ARRAY ARRAY['llm_requests', 'llm_responses'] LOOP
            PERFORM platform.set_policies(relation);
            EXECUTE format('SELECT %1$s.decompress_chunk(chunk, if_compressed => true) FROM %1$s.show_chunks(%2$L::regclass) AS chunk',
                           platform.timescale_schema(), 'store.' || relation);
            EXECUTE format('ALTER TABLE store.%I SET (timescaledb.compress = false)', relation);
        END LOOP;
    END IF;
END
$$;

-- what a row tells ----------------------------------------------------------

ALTER TABLE store.llm_requests
    ADD COLUMN process_id       uuid,
    ADD COLUMN api_key_id       uuid,
    ADD COLUMN provider_name    varchar(255),
    ADD COLUMN is_streamed      boolean,
    ADD COLUMN budget_ids       uuid[],
    ADD COLUMN reserved_usd     numeric(18, 10),
    ADD COLUMN tokens_cached    integer,
    ADD COLUMN tokens_reasoning integer;
COMMENT ON COLUMN store.llm_requests.process_id IS 'The gateway''s process that wrote it; when that is gone, a call without an end is closed as lost.';
COMMENT ON COLUMN store.llm_requests.provider_name IS 'The account that it was about to be sent to; who answered is with the response.';
COMMENT ON COLUMN store.llm_requests.budget_ids IS 'The budgets that reserved_usd was set aside in, until the cost was known.';
COMMENT ON COLUMN store.llm_requests.messages IS 'As they were sent; a long one, or a long part of the parameters, is {"$body": …}, its SHA-256 in gateway.bodies.';

ALTER TABLE store.llm_responses
    ADD COLUMN attempt            smallint,
    ADD COLUMN upstream_status    smallint,
    ADD COLUMN upstream_id        text,
    ADD COLUMN time_to_first_byte bigint,
    ADD COLUMN tokens_cached      integer,
    ADD COLUMN tokens_reasoning   integer;
COMMENT ON COLUMN store.llm_responses.attempt IS 'Which attempt of the request it was, from 1.';
COMMENT ON COLUMN store.llm_responses.upstream_id IS 'What the provider calls its answer; providers repeat themselves, so it is no key.';
COMMENT ON COLUMN store.llm_responses.time_to_first_byte IS 'Milliseconds from the call to the first byte of the answer.';

-- A ledger tells when a row was written by its own process's clock, and a row may wait for the database.
SELECT platform.create_ledger(
    'llm_requests', 'created_at', view_name => 'gateway.llm_requests', by_the_clock => false,
    left_out => '{session_id, status, tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd,
                  error_code, error_message, started_at, completed_at}'
);
SELECT platform.create_ledger(
    'llm_responses', 'created_at', view_name => 'gateway.llm_responses', by_the_clock => false,
    left_out => '{provider_id, model_id, confidence, selected}'
);

CREATE OR REPLACE VIEW gateway.llm_requests AS
    SELECT id, tenant_id, session_id, user_id, request_type, model, prompt, messages, model_params, ensemble_config,
           memory_enhanced, memory, status, tokens_prompt, tokens_completion, tokens_total, cost_usd, error_code,
           error_message, created_at, started_at, completed_at, process_id, api_key_id, provider_name, is_streamed,
           budget_ids, reserved_usd, tokens_cached, tokens_reasoning, epoch, transaction_id, digest, redaction_id
      FROM store.llm_requests
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
CREATE OR REPLACE VIEW gateway.llm_responses AS
    SELECT id, tenant_id, request_id, request_created_at, provider_id, provider_name, model, model_id, content, raw_response,
           tokens_prompt, tokens_completion, tokens_total, cost_usd, confidence, response_time, finish_reason, selected,
           error_code, error_message, created_at, attempt, upstream_status, upstream_id, time_to_first_byte, tokens_cached,
           tokens_reasoning, epoch, transaction_id, digest, redaction_id
      FROM store.llm_responses
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
CREATE INDEX llm_requests_by_key ON store.llm_requests (tenant_id, api_key_id, created_at DESC) WHERE api_key_id IS NOT NULL;

-- Group commits mix teams. What was asked stays; how it ended is settled.
GRANT SELECT (id, tenant_id, user_id, model, provider_name, status, error_code, created_at, process_id, budget_ids, reserved_usd),
      UPDATE (status, tokens_prompt, tokens_completion, tokens_total, tokens_cached, tokens_reasoning, cost_usd, error_code,
              error_message, completed_at)
    ON store.llm_requests TO guildhall_writer;

-- How calls ended, and which of them ended by this: only what these had set aside is to be settled. Each is found by
-- its key, whatever the planner believes of a table that grows this fast. What was taken for lost and comes to an end
-- after all has that end; what it had set aside was taken for spent then.
CREATE FUNCTION gateway.settle_calls(
    ids uuid[], times timestamptz[], states text[], prompts integer[], completions integer[], totals integer[], cached integer[],
    reasoning integer[], costs numeric[], codes text[], reasons text[], ends timestamptz[]
) RETURNS uuid[]
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    SET enable_seqscan = off
    SET plan_cache_mode = force_generic_plan -- planned once in a session: planning takes longer than the work
AS $$
DECLARE
    settled uuid[];
BEGIN
    WITH changed AS (
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at AND kept.status IN ('pending', 'running')
        RETURNING kept.id
    )
    SELECT COALESCE(array_agg(id), '{}') INTO settled FROM changed;
    IF cardinality(settled) < cardinality(ids) THEN
        UPDATE store.llm_requests AS kept
           SET status = done.state, tokens_prompt = done.prompt, tokens_completion = done.completion, tokens_total = done.total,
               tokens_cached = done.cached, tokens_reasoning = done.reasoning, cost_usd = done.cost, error_code = done.code,
               error_message = done.message, completed_at = done.at
          FROM unnest(ids, times, states, prompts, completions, totals, cached, reasoning, costs, codes, reasons, ends)
               AS done (id, created_at, state, prompt, completion, total, cached, reasoning, cost, code, message, at)
         WHERE kept.id = done.id AND kept.created_at = done.created_at AND kept.error_code = 'lost' AND kept.id <> ALL (settled);
    END IF;
    RETURN settled;
END
$$;

-- bodies --------------------------------------------------------------------

CREATE TABLE gateway.bodies (
    tenant_id  uuid    NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    sha256     text    NOT NULL,
    encoding   text    NOT NULL DEFAULT 'identity',
    size_bytes bigint  NOT NULL,
    content    bytea   NOT NULL,
    used_on    date    NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date,
    PRIMARY KEY (tenant_id, sha256),
    CONSTRAINT bodies_sha256_is_hex CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    CONSTRAINT bodies_encoding_is_known CHECK (encoding IN ('identity', 'zstd')),
    CONSTRAINT bodies_size_is_not_negative CHECK (size_bytes >= 0)
);
ALTER TABLE gateway.bodies ALTER COLUMN content SET STORAGE EXTERNAL; -- compressed already, or small
COMMENT ON TABLE gateway.bodies IS 'requests: tenant: long messages, parameters and answers of calls, once for each content: agents send their whole history with every turn.';
COMMENT ON COLUMN gateway.bodies.used_on IS 'The last day, in UTC, on which a call held it; what nobody has sent for long goes.';
CREATE INDEX bodies_by_day ON gateway.bodies (used_on);
SELECT platform.isolate('gateway.bodies');
CREATE POLICY calls_of_every_team_are_kept ON gateway.bodies TO guildhall_writer USING (true) WITH CHECK (true);
CREATE POLICY bodies_of_every_team_expire ON gateway.bodies TO guildhall_scheduler USING (true);
GRANT SELECT ON gateway.bodies TO guildhall_app;
GRANT SELECT (tenant_id, sha256, used_on), INSERT, UPDATE (used_on) ON gateway.bodies TO guildhall_writer;
GRANT SELECT (tenant_id, sha256, used_on), DELETE ON gateway.bodies TO guildhall_scheduler;

-- budgets -------------------------------------------------------------------

CREATE TABLE gateway.budgets (
    id                uuid            PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id         uuid            NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name              varchar(255)    NOT NULL,
    user_id           uuid            REFERENCES platform.users ON DELETE CASCADE,
    api_key_id        uuid            REFERENCES platform.api_keys ON DELETE CASCADE,
    model             varchar(255),
    period            text            NOT NULL DEFAULT 'month',
    limit_usd         numeric(18, 10),
    tokens_per_minute integer,
    is_hard           boolean         NOT NULL DEFAULT true,
    created_at        timestamptz     NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT budgets_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT budgets_are_named CHECK (name <> '' AND model <> ''),
    CONSTRAINT budgets_period_is_known CHECK (period IN ('day', 'month')),
    CONSTRAINT budgets_limit_something CHECK (num_nonnulls(limit_usd, tokens_per_minute) > 0),
    CONSTRAINT budgets_limits_are_not_negative CHECK (limit_usd >= 0 AND tokens_per_minute > 0)
);
COMMENT ON TABLE gateway.budgets IS 'budgets: tenant: what may be spent on calls in a day or month: by the team, or by whom, which key and which model the columns name.';
COMMENT ON COLUMN gateway.budgets.is_hard IS 'Calls that would exceed it, or whose price is not known, are refused; a soft one only counts.';
CREATE INDEX budgets_by_user ON gateway.budgets (user_id) WHERE user_id IS NOT NULL;
CREATE INDEX budgets_by_key ON gateway.budgets (api_key_id) WHERE api_key_id IS NOT NULL;

CREATE TABLE gateway.budget_periods (
    tenant_id    uuid            NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    budget_id    uuid            NOT NULL,
    starts_on    date            NOT NULL,
    spent_usd    numeric(18, 10) NOT NULL DEFAULT 0,
    reserved_usd numeric(18, 10) NOT NULL DEFAULT 0,
    PRIMARY KEY (budget_id, starts_on),
    FOREIGN KEY (tenant_id, budget_id) REFERENCES gateway.budgets (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT budget_periods_are_not_negative CHECK (spent_usd >= 0 AND reserved_usd >= 0)
) WITH (fillfactor = 50);
COMMENT ON TABLE gateway.budget_periods IS 'budgets: tenant: what was spent of a budget in each day or month, and what is set aside for calls under way.';
CREATE INDEX budget_periods_by_budget ON gateway.budget_periods (tenant_id, budget_id);
SELECT platform.isolate('gateway.budgets');
SELECT platform.isolate('gateway.budget_periods');
CREATE POLICY functions_see_every_row ON gateway.budgets TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY functions_see_every_row ON gateway.budget_periods TO guildhall_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.budgets TO guildhall_app;
GRANT SELECT ON gateway.budget_periods TO guildhall_app;
-- Whoever closes what was lost gives back what was set aside for it.
CREATE POLICY periods_of_every_team_are_read ON gateway.budgets FOR SELECT TO guildhall_writer USING (true);
GRANT SELECT (id, period) ON gateway.budgets TO guildhall_writer;
CREATE TRIGGER budgets_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.budgets
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();

-- Sets amounts aside for calls, in their order; tells of those that a hard budget refuses, for which nothing is. Rows are
-- locked in one order, and held until the calls are written: what is spent and set aside never exceeds a hard limit.
CREATE FUNCTION gateway.reserve(calls integer[], wanted uuid[], starts date[], amounts numeric[])
    RETURNS TABLE (call integer, budget_id uuid, name text, limit_usd numeric, left_usd numeric)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    asked record;
BEGIN
    INSERT INTO gateway.budget_periods (tenant_id, budget_id, starts_on)
    SELECT DISTINCT budgets.tenant_id, budgets.id, each.starts_on
      FROM unnest(wanted, starts) AS each (id, starts_on)
      JOIN gateway.budgets ON budgets.id = each.id
     ORDER BY budgets.id, each.starts_on
        ON CONFLICT DO NOTHING;
    PERFORM FROM gateway.budget_periods AS held
      WHERE (held.budget_id, held.starts_on) IN (SELECT * FROM unnest(wanted, starts))
      ORDER BY held.budget_id, held.starts_on FOR UPDATE;
    FOR asked IN
        SELECT each.call, array_agg(each.id) AS ids, array_agg(each.starts_on) AS starts_on, min(each.amount) AS amount
          FROM unnest(calls, wanted, starts, amounts) AS each (call, id, starts_on, amount)
         GROUP BY each.call ORDER BY each.call
    LOOP
        SELECT asked.call, budgets.id, budgets.name, budgets.limit_usd, held.limit_left
          INTO call, budget_id, name, limit_usd, left_usd
          FROM unnest(asked.ids, asked.starts_on) AS each (id, starts_on)
          JOIN gateway.budgets ON budgets.id = each.id AND budgets.is_hard
          JOIN LATERAL (
                   SELECT budgets.limit_usd - periods.spent_usd - periods.reserved_usd AS limit_left
                     FROM gateway.budget_periods AS periods
                    WHERE periods.budget_id = each.id AND periods.starts_on = each.starts_on
               ) AS held ON asked.amount IS NULL OR held.limit_left < asked.amount
         WHERE budgets.limit_usd IS NOT NULL
         ORDER BY held.limit_left
         LIMIT 1;
        IF FOUND THEN
            RETURN NEXT;
        ELSE
            UPDATE gateway.budget_periods AS periods
               SET reserved_usd = periods.reserved_usd + COALESCE(asked.amount, 0)
             WHERE (periods.budget_id, periods.starts_on) IN (SELECT * FROM unnest(asked.ids, asked.starts_on));
        END IF;
    END LOOP;
END
$$;

-- What was set aside is given back, and what was spent is counted.
CREATE FUNCTION gateway.settle_spending(wanted uuid[], starts date[], reserved numeric[], spent numeric[]) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM gateway.budget_periods AS held
      WHERE (held.budget_id, held.starts_on) IN (SELECT * FROM unnest(wanted, starts))
      ORDER BY held.budget_id, held.starts_on FOR UPDATE;
    UPDATE gateway.budget_periods AS held
       SET reserved_usd = held.reserved_usd - done.reserved, spent_usd = held.spent_usd + done.spent
      FROM (SELECT each.id, each.starts_on, sum(each.reserved) AS reserved, sum(each.spent) AS spent
              FROM unnest(wanted, starts, reserved, spent) AS each (id, starts_on, reserved, spent)
             GROUP BY each.id, each.starts_on) AS done
     WHERE held.budget_id = done.id AND held.starts_on = done.starts_on;
END
$$;

-- who is let through --------------------------------------------------------

CREATE TABLE gateway.revisions (
    tenant_id uuid   PRIMARY KEY REFERENCES platform.teams ON DELETE CASCADE,
    revision  bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE gateway.revisions IS 'providers: system: counts the changes of a team''s accounts and budgets, so that no process goes on with what it remembers of them.';

CREATE FUNCTION gateway.note_revision() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO gateway.revisions AS kept (tenant_id)
    SELECT id FROM platform.teams WHERE id = CASE WHEN TG_OP = 'DELETE' THEN OLD.tenant_id ELSE NEW.tenant_id END
        ON CONFLICT (tenant_id) DO UPDATE SET revision = kept.revision + 1;
    RETURN NULL;
END
$$;
CREATE TRIGGER llm_providers_are_revised
    AFTER INSERT OR DELETE OR UPDATE OF name, type, api_key_ciphertext, base_url, model, weight, enabled, config
    ON gateway.llm_providers FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();
CREATE TRIGGER budgets_are_revised AFTER INSERT OR UPDATE OR DELETE ON gateway.budgets
    FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();

-- Who of these callers may not go on: their key or session has ended ("refused"), they may do more or less than is
-- believed, or their team's accounts or budgets are others by now ("changed"). It is asked with each batch of calls, in
-- the transaction that writes them, so that revoking counts at once in every process.
CREATE FUNCTION gateway.check_callers(
    kinds text[], proofs uuid[], users uuid[], teams uuid[], roles text[], administrators boolean[], scopes text[], revisions bigint[]
) RETURNS TABLE (place bigint, verdict text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT asked.place, CASE WHEN held.role IS NULL THEN 'refused' ELSE 'changed' END
      FROM unnest(kinds, proofs, users, teams, roles, administrators, scopes, revisions) WITH ORDINALITY
           AS asked (kind, proof, user_id, tenant_id, role, administrator, scopes, revision, place)
      LEFT JOIN LATERAL (
               SELECT members.role::text AS role, users.role = 'admin' AS administrator, known.scopes,
                      COALESCE((SELECT kept.revision FROM gateway.revisions AS kept WHERE kept.tenant_id = asked.tenant_id), 0) AS revision
                 FROM (SELECT array_to_string(keys.scopes, ',') AS scopes
                         FROM platform.api_keys AS keys
                        WHERE asked.kind = 'key' AND keys.id = asked.proof AND keys.user_id = asked.user_id
                          AND keys.tenant_id = asked.tenant_id AND keys.is_active
                          AND (keys.expires_at IS NULL OR keys.expires_at > clock_timestamp())
                        UNION ALL
                       SELECT ''
                         FROM platform.user_sessions AS sessions
                        WHERE asked.kind = 'session' AND sessions.id = asked.proof AND sessions.user_id = asked.user_id
                          AND sessions.tenant_id = asked.tenant_id AND sessions.status = 'active'
                          AND sessions.expires_at > clock_timestamp()) AS known
                 JOIN platform.users ON users.id = asked.user_id AND users.is_active
                 JOIN platform.teams AS homes ON homes.id = asked.tenant_id AND homes.is_active
                 JOIN platform.team_members AS members ON members.tenant_id = asked.tenant_id AND members.user_id = asked.user_id
           ) AS held ON true
     WHERE held.role IS DISTINCT FROM asked.role OR held.administrator <> asked.administrator
        OR held.scopes <> asked.scopes OR held.revision <> asked.revision;
END
$$;

-- idempotency keys ----------------------------------------------------------

CREATE TABLE gateway.idempotent_calls (
    tenant_id   uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id     uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    key         varchar(255) NOT NULL,
    fingerprint bytea        NOT NULL,
    process_id  uuid         NOT NULL,
    request_id  uuid         NOT NULL,
    media_type  text,
    answer      text,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    expires_at  timestamptz  NOT NULL DEFAULT now() + interval '1 day',
    PRIMARY KEY (tenant_id, user_id, key),
    CONSTRAINT idempotent_calls_fingerprint_is_a_digest CHECK (octet_length(fingerprint) = 32),
    CONSTRAINT idempotent_calls_answer_has_a_type CHECK (num_nonnulls(media_type, answer) <> 1)
);
COMMENT ON TABLE gateway.idempotent_calls IS 'requests: tenant: calls that were sent with an idempotency key, for a day: sent again, they are answered as before and cost nothing.';
COMMENT ON COLUMN gateway.idempotent_calls.answer IS 'The SHA-256 of the answer in gateway.bodies; null while the call is under way.';
CREATE INDEX idempotent_calls_by_user ON gateway.idempotent_calls (user_id);
CREATE INDEX idempotent_calls_by_end ON gateway.idempotent_calls (expires_at);
SELECT platform.isolate('gateway.idempotent_calls');
CREATE POLICY answers_are_the_persons_own ON gateway.idempotent_calls AS RESTRICTIVE TO guildhall_app, guildhall_reader
    USING (user_id = (SELECT platform.user_id()))
    WITH CHECK (user_id = (SELECT platform.user_id()));
CREATE POLICY calls_of_every_team_are_settled ON gateway.idempotent_calls TO guildhall_writer, guildhall_scheduler
    USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON gateway.idempotent_calls TO guildhall_app;
GRANT SELECT, UPDATE (media_type, answer), DELETE ON gateway.idempotent_calls TO guildhall_writer;
GRANT SELECT, DELETE ON gateway.idempotent_calls TO guildhall_scheduler;

-- processes -----------------------------------------------------------------

CREATE TABLE gateway.processes (
    id         uuid        PRIMARY KEY,
    presence   bigint      NOT NULL,
    host       text,
    pid        integer,
    started_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gateway.processes IS 'requests: system: the processes that write calls; whose presence, an advisory lock, is gone has its open calls closed as lost.';
GRANT SELECT, INSERT, DELETE ON gateway.processes TO guildhall_writer;
GRANT SELECT ON gateway.processes TO guildhall_app;

REVOKE ALL ON FUNCTION
    gateway.settle_calls(uuid[], timestamptz[], text[], integer[], integer[], integer[], integer[], integer[], numeric[], text[], text[], timestamptz[]),
    gateway.reserve(integer[], uuid[], date[], numeric[]), gateway.settle_spending(uuid[], date[], numeric[], numeric[]),
    gateway.check_callers(text[], uuid[], uuid[], uuid[], text[], boolean[], text[], bigint[]), gateway.note_revision() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
    gateway.settle_calls(uuid[], timestamptz[], text[], integer[], integer[], integer[], integer[], integer[], numeric[], text[], text[], timestamptz[]),
    gateway.reserve(integer[], uuid[], date[], numeric[]), gateway.settle_spending(uuid[], date[], numeric[], numeric[]),
    gateway.check_callers(text[], uuid[], uuid[], uuid[], text[], boolean[], text[], bigint[]) TO guildhall_writer;
GRANT SELECT ON gateway.revisions TO guildhall_app;

INSERT INTO platform.audit_exemptions (relation, reason) VALUES
    ('gateway.bodies',           'what calls held, named by its own digest in rows that are sealed'),
    ('gateway.budget_periods',   'sums of calls, which are sealed'),
    ('gateway.idempotent_calls', 'answers, kept for a day; the calls are sealed'),
    ('gateway.processes',        'which process wrote a call is in its row');

GRANT SELECT ON gateway.bodies, gateway.budgets, gateway.budget_periods, gateway.idempotent_calls, gateway.processes, gateway.revisions
    TO guildhall_reader;
GRANT SELECT ON gateway.bodies, gateway.budgets, gateway.budget_periods, gateway.idempotent_calls TO guildhall_person;
CREATE POLICY rows_belong_to_the_persons_team ON gateway.bodies           FOR SELECT TO guildhall_person USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY rows_belong_to_the_persons_team ON gateway.budgets          FOR SELECT TO guildhall_person USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY rows_belong_to_the_persons_team ON gateway.budget_periods   FOR SELECT TO guildhall_person USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY rows_belong_to_the_persons_team ON gateway.idempotent_calls FOR SELECT TO guildhall_person USING (tenant_id = (SELECT platform.login_tenant()));
CREATE POLICY not_for_people_who_write_sql ON gateway.idempotent_calls AS RESTRICTIVE TO guildhall_person USING (false);

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
