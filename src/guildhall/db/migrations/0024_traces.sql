-- Traces that agents report by OpenTelemetry: the spans as they came, and the
-- trials that are made of them.

CREATE TABLE store.spans (
    tenant_id      uuid        NOT NULL DEFAULT platform.tenant_id(),
    trace_id       bytea       NOT NULL,
    span_id        bytea       NOT NULL,
    parent_span_id bytea,
    started_at     timestamptz NOT NULL,
    duration_ns    bigint,
    name           text        NOT NULL,
    kind           smallint    NOT NULL,
    status         smallint    NOT NULL,
    status_message text,
    service_name   text,
    attributes     jsonb       NOT NULL,
    events         jsonb       NOT NULL DEFAULT '[]',
    links          jsonb       NOT NULL DEFAULT '[]',
    resource       jsonb       NOT NULL DEFAULT '{}',
    scope          jsonb       NOT NULL DEFAULT '{}',
    created_at     timestamptz NOT NULL DEFAULT now(),
    -- Begins with the team: two teams may report the same trace, and neither learns of it.
    PRIMARY KEY (tenant_id, trace_id, span_id, started_at),
    CONSTRAINT spans_trace_has_sixteen_bytes CHECK (length(trace_id) = 16),
    CONSTRAINT spans_id_has_eight_bytes CHECK (length(span_id) = 8),
    CONSTRAINT spans_parent_has_eight_bytes CHECK (length(parent_span_id) = 8),
    CONSTRAINT spans_duration_is_not_negative CHECK (duration_ns >= 0),
    CONSTRAINT spans_kind_is_known CHECK (kind BETWEEN 0 AND 5),
    CONSTRAINT spans_status_is_known CHECK (status BETWEEN 0 AND 2)
) PARTITION BY RANGE (started_at);
COMMENT ON TABLE store.spans IS 'traces: tenant: the spans that agents reported, as they came; a trace whose root is among them has an outcome.';
COMMENT ON COLUMN store.spans.parent_span_id IS 'Null: the root of its trace.';
COMMENT ON COLUMN store.spans.duration_ns IS 'Null where the span ended before it began.';
COMMENT ON COLUMN store.spans.kind IS 'SpanKind of OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.';
COMMENT ON COLUMN store.spans.status IS 'StatusCode of OTLP: 0 unset, 1 ok, 2 error.';
-- The spans of a trace lie together when they are compressed, so that one trace is not looked for in all.
SELECT platform.create_series(
    'spans', 'started_at', step => '1 month', retention => '90 days', chunk => '1 day', compress_after => '7 days',
    segment_by => '{tenant_id}', order_by => 'trace_id, started_at, span_id'
);

CREATE VIEW evaluation.spans AS
    SELECT tenant_id, trace_id, span_id, parent_span_id, started_at, duration_ns, name, kind, status, status_message,
           service_name, attributes, events, links, resource, scope, created_at
      FROM store.spans
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW evaluation.spans IS 'traces: tenant: the spans of the team''s own traces.';
GRANT SELECT, INSERT ON evaluation.spans TO guildhall_app;

-- Simulations of traces ------------------------------------------------------

ALTER TABLE evaluation.simulations DROP CONSTRAINT simulations_origin_is_known;
ALTER TABLE evaluation.simulations
    ADD CONSTRAINT simulations_origin_is_known CHECK (origin IN ('run', 'import', 'client', 'traces'));

-- Traces of one version are trials of one simulation, until somebody ends it.
CREATE UNIQUE INDEX simulations_one_open_for_traces ON evaluation.simulations (tenant_id, config_version_id)
    WHERE origin = 'traces' AND status IN ('pending', 'running');

-- What is told of a trial after its outcome was recorded changes the outcome; whose it is, and of which trial, stays.
GRANT UPDATE (
    status, passed, reliability_score, fault, execution_time_ms, tokens_used, cost_usd, trajectory, trajectory_body,
    metrics, error_code, error_category, execution_metadata
) ON evaluation.outcomes TO guildhall_app;
GRANT UPDATE (
    call_count, error_count, timed_count, total_duration_ms, avg_duration_ms, success_rate, tool_sequence, error_types
) ON evaluation.tool_usage TO guildhall_app;

SELECT platform.settle_grants();
