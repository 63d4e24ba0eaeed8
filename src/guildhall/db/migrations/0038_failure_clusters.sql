-- Failures that are alike, under ids that last: what a failure says when what is
-- volatile is masked (its signature) has an embedding, and signatures that are
-- near each other are a cluster.

CREATE TABLE evaluation.failure_clusters (
    cluster_id       uuid         PRIMARY KEY,
    tenant_id        uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name             text,
    pattern          text         NOT NULL,
    failure_type     text         NOT NULL,
    failure_category text         NOT NULL,
    fault            text         NOT NULL,
    failures         bigint       NOT NULL DEFAULT 0,
    first_seen       timestamptz  NOT NULL,
    last_seen        timestamptz  NOT NULL,
    embedding        vector(1536) NOT NULL,
    embedding_model  text         NOT NULL,
    merged_into      uuid,
    resolution_steps text,
    llm_analysis     jsonb,
    resolved_at      timestamptz,
    resolved_by      uuid         REFERENCES platform.users,
    created_at       timestamptz  NOT NULL DEFAULT now(),
    updated_at       timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, cluster_id),
    FOREIGN KEY (tenant_id, merged_into) REFERENCES evaluation.failure_clusters (tenant_id, cluster_id),
    CONSTRAINT failure_clusters_name_length CHECK (length(name) BETWEEN 1 AND 200),
    CONSTRAINT failure_clusters_resolution_length CHECK (length(resolution_steps) <= 10000),
    CONSTRAINT failure_clusters_analysis_is_an_object CHECK (jsonb_typeof(llm_analysis) = 'object'),
    CONSTRAINT failure_clusters_count_is_not_negative CHECK (failures >= 0),
    CONSTRAINT failure_clusters_end_after_they_begin CHECK (last_seen >= first_seen),
    CONSTRAINT failure_clusters_merge_into_others CHECK (merged_into <> cluster_id),
    CONSTRAINT failure_clusters_resolved_by_somebody CHECK ((resolved_at IS NULL) = (resolved_by IS NULL))
);
COMMENT ON TABLE evaluation.failure_clusters IS 'failures: tenant: failures that are alike, under an id that lasts; what people have found out about them.';
COMMENT ON COLUMN evaluation.failure_clusters.pattern IS 'What their messages have in common, <*> where they differ.';
COMMENT ON COLUMN evaluation.failure_clusters.failures IS 'How many there were, those of deleted simulations and dropped partitions included.';
COMMENT ON COLUMN evaluation.failure_clusters.embedding IS 'Their centre, of length 1.';
COMMENT ON COLUMN evaluation.failure_clusters.merged_into IS 'The cluster that took it in; never one that was itself taken in.';
CREATE INDEX failure_clusters_by_last_seen ON evaluation.failure_clusters (tenant_id, last_seen DESC) WHERE merged_into IS NULL;
CREATE INDEX failure_clusters_by_merger ON evaluation.failure_clusters (tenant_id, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX failure_clusters_by_resolver ON evaluation.failure_clusters (resolved_by) WHERE resolved_by IS NOT NULL;

CREATE TABLE evaluation.failure_signatures (
    signature_id     uuid         PRIMARY KEY,
    tenant_id        uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    failure_type     text         NOT NULL,
    failure_category text         NOT NULL,
    fault            text         NOT NULL,
    message          text         NOT NULL,
    words            tsvector     NOT NULL GENERATED ALWAYS AS (
        platform.text_vector(failure_type || ' ' || failure_category || ' ' || message, 'en')
    ) STORED,
    embedding        vector(1536) NOT NULL,
    embedding_model  text         NOT NULL,
    cluster_id       uuid         NOT NULL,
    confidence       double precision NOT NULL,
    failures         bigint       NOT NULL DEFAULT 0,
    first_seen       timestamptz,
    last_seen        timestamptz,
    created_at       timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, signature_id),
    FOREIGN KEY (tenant_id, cluster_id) REFERENCES evaluation.failure_clusters (tenant_id, cluster_id),
    CONSTRAINT failure_signatures_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT failure_signatures_count_is_not_negative CHECK (failures >= 0)
) WITH (fillfactor = 70); -- counting touches no index, as long as there is room
COMMENT ON TABLE evaluation.failure_signatures IS 'failures: tenant: what failures say once what is volatile is masked, with the embedding, beside the series and not inside it.';
COMMENT ON COLUMN evaluation.failure_signatures.signature_id IS 'From the digest of the team and the columns up to the message: the same failure has the same signature.';
CREATE INDEX failure_signatures_by_cluster ON evaluation.failure_signatures (tenant_id, cluster_id);
CREATE INDEX failure_signatures_by_words ON evaluation.failure_signatures USING gin (words);
CREATE INDEX failure_signatures_by_embedding ON evaluation.failure_signatures
    USING hnsw ((embedding::halfvec(1536)) halfvec_cosine_ops);

CREATE TABLE evaluation.failure_days (
    tenant_id             uuid    NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    signature_id          uuid    NOT NULL,
    day                   date    NOT NULL,
    failures              integer NOT NULL,
    recoveries_attempted  integer NOT NULL,
    recoveries_successful integer NOT NULL,
    PRIMARY KEY (signature_id, day),
    FOREIGN KEY (tenant_id, signature_id) REFERENCES evaluation.failure_signatures (tenant_id, signature_id) ON DELETE CASCADE,
    CONSTRAINT failure_days_add_up CHECK (
        failures > 0 AND recoveries_successful >= 0
        AND recoveries_attempted BETWEEN recoveries_successful AND failures
    )
);
COMMENT ON TABLE evaluation.failure_days IS 'failures: tenant: how often each signature was seen on each day, in UTC: the trend of a cluster is the sum over its signatures.';
CREATE INDEX failure_days_by_tenant ON evaluation.failure_days (tenant_id, day DESC);

CREATE TABLE evaluation.failure_cluster_events (
    event_id    uuid        PRIMARY KEY,
    tenant_id   uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    cluster_id  uuid        NOT NULL,
    kind        text        NOT NULL,
    other_id    uuid,
    signatures  integer     NOT NULL,
    failures    bigint      NOT NULL,
    happened_at timestamptz NOT NULL DEFAULT now(),
    FOREIGN KEY (tenant_id, cluster_id) REFERENCES evaluation.failure_clusters (tenant_id, cluster_id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, other_id) REFERENCES evaluation.failure_clusters (tenant_id, cluster_id) ON DELETE CASCADE,
    CONSTRAINT failure_cluster_events_kind_is_known CHECK (kind IN ('founded', 'merged', 'split')),
    CONSTRAINT failure_cluster_events_name_both CHECK ((kind = 'founded') = (other_id IS NULL))
);
COMMENT ON TABLE evaluation.failure_cluster_events IS 'failures: tenant: where clusters came from: founded, split from another, or merged into another.';
COMMENT ON COLUMN evaluation.failure_cluster_events.signatures IS 'Of the cluster, when it was founded, merged or split.';
CREATE INDEX failure_cluster_events_by_cluster ON evaluation.failure_cluster_events (tenant_id, cluster_id, happened_at);
CREATE INDEX failure_cluster_events_by_other ON evaluation.failure_cluster_events (tenant_id, other_id) WHERE other_id IS NOT NULL;

CREATE TABLE evaluation.failure_clusterings (
    tenant_id       uuid        PRIMARY KEY DEFAULT platform.tenant_id() REFERENCES platform.teams,
    embedding_model text,
    signatures      integer     NOT NULL,
    grouped_at      timestamptz,
    trouble         text,
    updated_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE evaluation.failure_clusterings IS 'failures: tenant: how a team''s failures were clustered last; its row is locked by whoever does so.';
COMMENT ON COLUMN evaluation.failure_clusterings.signatures IS 'How many there were when all were grouped anew.';
COMMENT ON COLUMN evaluation.failure_clusterings.trouble IS 'Why some wait: what the embedding service said last; null where nothing does.';

-- Which signature a failure has. Its cluster stands beside it, as the documents have it; its embedding does not.
ALTER TABLE store.failure_patterns ADD COLUMN signature_id uuid;
CREATE INDEX failure_patterns_loose ON store.failure_patterns (tenant_id, execution_time, pattern_id) WHERE pattern_cluster_id IS NULL;

CREATE OR REPLACE VIEW evaluation.failure_patterns AS
    SELECT pattern_id, tenant_id, outcome_id, simulation_id, scenario_id, trial_number, execution_time, failure_type,
           failure_category, fault, error_message, error_embedding, step, pattern_cluster_id, cluster_confidence,
           similar_failures_count, similar_failures_count AS similar_failures, recovery_attempted,
           recovery_successful, resolution_steps, llm_analysis, created_at, signature_id
      FROM store.failure_patterns
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;

SELECT platform.isolate(relation)
  FROM unnest(ARRAY[
           'evaluation.failure_clusters', 'evaluation.failure_signatures', 'evaluation.failure_days',
           'evaluation.failure_cluster_events', 'evaluation.failure_clusterings'
       ]::regclass[]) AS relation;

GRANT SELECT, INSERT, UPDATE ON
    evaluation.failure_clusters, evaluation.failure_signatures, evaluation.failure_days, evaluation.failure_clusterings
    TO guildhall_app;
GRANT SELECT, INSERT ON evaluation.failure_cluster_events TO guildhall_app;

-- Counts and centres change with every failure; the audit keeps what becomes of clusters, and what people say of them.
CREATE TRIGGER failure_clusters_are_audited AFTER INSERT OR DELETE ON evaluation.failure_clusters
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding');
CREATE TRIGGER failure_clusters_changes_are_audited AFTER UPDATE ON evaluation.failure_clusters
    FOR EACH ROW
    WHEN ((OLD.name, OLD.merged_into, OLD.resolution_steps, OLD.llm_analysis, OLD.resolved_at, OLD.resolved_by)
          IS DISTINCT FROM
          (NEW.name, NEW.merged_into, NEW.resolution_steps, NEW.llm_analysis, NEW.resolved_at, NEW.resolved_by))
    EXECUTE FUNCTION platform.record_change('embedding');
INSERT INTO platform.audit_exemptions (relation, reason) VALUES
    ('evaluation.failure_signatures', 'bulk: computed from failures, and can be computed again'),
    ('evaluation.failure_days', 'bulk: counted from failures'),
    ('evaluation.failure_cluster_events', 'is itself the record of what became of clusters'),
    ('evaluation.failure_clusterings', 'when the machine clustered last');

-- Teams whose failures wait to be clustered: what upkeep looks after.
CREATE FUNCTION evaluation.teams_with_loose_failures() RETURNS SETOF uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT teams.id
      FROM platform.teams
     WHERE EXISTS (SELECT FROM store.failure_patterns AS patterns
                    WHERE patterns.tenant_id = teams.id AND patterns.pattern_cluster_id IS NULL)
$$;
REVOKE ALL ON FUNCTION evaluation.teams_with_loose_failures() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION evaluation.teams_with_loose_failures() TO guildhall_scheduler;

CREATE TEMPORARY TABLE window_before ON COMMIT DROP AS
SELECT pg_get_viewdef('mine.v_llm_failure_analysis'::regclass) AS definition;
SELECT platform.settle_grants();

-- People's window on it stays as it was: it is as old as the migration that made windows anew last.
DO $window$
BEGIN
    EXECUTE 'CREATE OR REPLACE VIEW mine.v_llm_failure_analysis WITH (security_barrier, security_invoker) AS '
            || rtrim((SELECT definition FROM window_before), '; ');
END
$window$;
