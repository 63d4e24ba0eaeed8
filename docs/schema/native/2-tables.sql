CREATE TABLE catalogue.benchmark_scores (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    suite_id uuid NOT NULL,
    variant character varying(100) DEFAULT ''::character varying NOT NULL,
    score_raw numeric(10,4) NOT NULL,
    score_normalized numeric(5,2),
    score_low numeric(10,4),
    score_high numeric(10,4),
    sample_count integer,
    percentile integer,
    evaluation_date date NOT NULL,
    evaluation_commit character varying(100),
    harness character varying(100),
    source_url character varying(500),
    configuration jsonb DEFAULT '{}'::jsonb NOT NULL,
    notes text,
    is_official boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT benchmark_scores_configuration_is_an_object CHECK ((jsonb_typeof(configuration) = 'object'::text)),
    CONSTRAINT benchmark_scores_interval_holds_the_score CHECK (((score_low <= score_raw) AND (score_raw <= score_high))),
    CONSTRAINT benchmark_scores_normalized_is_a_percentage CHECK (((score_normalized >= (0)::numeric) AND (score_normalized <= (100)::numeric))),
    CONSTRAINT benchmark_scores_percentile_is_one CHECK (((percentile >= 0) AND (percentile <= 100))),
    CONSTRAINT benchmark_scores_sample_is_positive CHECK ((sample_count > 0)),
    CONSTRAINT benchmark_scores_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.benchmark_scores IS 'benchmarks: global: how models did in benchmarks, as published or as measured.';

COMMENT ON COLUMN catalogue.benchmark_scores.variant IS 'What sets two scores of one day apart, such as the effort of reasoning; empty: nothing.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_raw IS 'As the suite''s scoring_method says.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_normalized IS 'From 0 to 100.';

COMMENT ON COLUMN catalogue.benchmark_scores.score_low IS 'The 95 % interval of score_raw, where it is known, with score_high.';

COMMENT ON COLUMN catalogue.benchmark_scores.percentile IS 'The share of models, in percent, that did no better.';

COMMENT ON COLUMN catalogue.benchmark_scores.is_official IS 'Published by whoever keeps the benchmark.';

CREATE TABLE catalogue.benchmark_suites (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    description jsonb,
    category character varying(50),
    version character varying(20),
    evaluation_type character varying(50),
    max_score numeric(10,4),
    scoring_method character varying(50),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT benchmark_suites_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT benchmark_suites_max_score_is_positive CHECK ((max_score > (0)::numeric)),
    CONSTRAINT benchmark_suites_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT benchmark_suites_name_is_given CHECK (((name)::text <> ''::text)),
    CONSTRAINT benchmark_suites_scoring_is_known CHECK (((scoring_method)::text = ANY ((ARRAY['percentage'::character varying, 'raw_score'::character varying, 'percentile'::character varying, 'rating'::character varying])::text[]))),
    CONSTRAINT benchmark_suites_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text))
);

COMMENT ON TABLE catalogue.benchmark_suites IS 'benchmarks: global: published benchmarks, each version on its own.';

COMMENT ON COLUMN catalogue.benchmark_suites.category IS 'reasoning, code, language, multimodal, …';

COMMENT ON COLUMN catalogue.benchmark_suites.evaluation_type IS 'accuracy, performance, safety, …';

COMMENT ON COLUMN catalogue.benchmark_suites.scoring_method IS 'What score_raw is: a percentage, points of max_score, a percentile, or a rating without an upper end.';

CREATE TABLE catalogue.documentation (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    doc_type character varying(50) NOT NULL,
    title jsonb NOT NULL,
    url character varying(500) NOT NULL,
    locale character varying(10),
    version character varying(50),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT documentation_locale_is_a_tag CHECK (((locale)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
    CONSTRAINT documentation_title_is_localized CHECK (catalogue.is_localized(title)),
    CONSTRAINT documentation_type_is_plain CHECK (((doc_type)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text)),
    CONSTRAINT documentation_url_is_http CHECK (((url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.documentation IS 'models: global: pages about a model.';

COMMENT ON COLUMN catalogue.documentation.doc_type IS 'api, quickstart, cookbook, changelog, …';

COMMENT ON COLUMN catalogue.documentation.title IS 'By locale.';

COMMENT ON COLUMN catalogue.documentation.locale IS 'The language of the page itself; null: not known, or several.';

CREATE TABLE catalogue.incidents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid,
    provider_id uuid,
    regions text[] DEFAULT '{}'::text[] NOT NULL,
    severity character varying(20) NOT NULL,
    status character varying(20) NOT NULL,
    title character varying(500) NOT NULL,
    description text,
    impact_description text,
    started_at timestamp with time zone NOT NULL,
    identified_at timestamp with time zone,
    resolved_at timestamp with time zone,
    postmortem_url character varying(500),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT incidents_concern_something CHECK ((num_nonnulls(model_id, provider_id) > 0)),
    CONSTRAINT incidents_end_is_recorded CHECK ((((status)::text = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT incidents_go_forward CHECK (((identified_at >= started_at) AND (resolved_at >= started_at))),
    CONSTRAINT incidents_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT incidents_severity_is_known CHECK (((severity)::text = ANY ((ARRAY['minor'::character varying, 'major'::character varying, 'critical'::character varying])::text[]))),
    CONSTRAINT incidents_status_is_known CHECK (((status)::text = ANY ((ARRAY['investigating'::character varying, 'identified'::character varying, 'monitoring'::character varying, 'resolved'::character varying])::text[]))),
    CONSTRAINT incidents_title_is_given CHECK (((title)::text <> ''::text)),
    CONSTRAINT incidents_url_is_http CHECK (((postmortem_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.incidents IS 'status: global: when a model or all of a provider did not work as it should.';

COMMENT ON COLUMN catalogue.incidents.regions IS 'Empty: everywhere, or not known.';

CREATE TABLE catalogue.model_aliases (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    alias character varying(200) NOT NULL,
    provider_id uuid,
    model_id uuid NOT NULL,
    valid_from timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    valid_to timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_aliases_alias_is_plain CHECK (((alias)::text ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'::text)),
    CONSTRAINT model_aliases_end_after_they_begin CHECK ((valid_to > valid_from))
);

COMMENT ON TABLE catalogue.model_aliases IS 'models: global: other names of models, and when they mean which: what ends in "-latest" moves on.';

COMMENT ON COLUMN catalogue.model_aliases.alias IS 'In lower case.';

COMMENT ON COLUMN catalogue.model_aliases.provider_id IS 'Where the alias means that; null: everywhere.';

COMMENT ON COLUMN catalogue.model_aliases.valid_to IS 'The first moment at which it means that no more; null: it still does.';

CREATE TABLE catalogue.model_endpoints (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    region character varying(20) NOT NULL,
    endpoint_url character varying(500) NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    priority integer DEFAULT 100 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT model_endpoints_region_is_named CHECK (((region)::text <> ''::text)),
    CONSTRAINT model_endpoints_url_is_http CHECK (((endpoint_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.model_endpoints IS 'models: global: where a model answers, in each region.';

COMMENT ON COLUMN catalogue.model_endpoints.priority IS 'The lowest is tried first.';

CREATE TABLE catalogue.models (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    provider_id uuid NOT NULL,
    slug character varying(100) NOT NULL,
    name jsonb NOT NULL,
    description jsonb,
    foundation_model character varying(100),
    released_at date,
    deprecated_at date,
    sunset_at date,
    modalities text[] DEFAULT '{}'::text[] NOT NULL,
    capabilities text[] DEFAULT '{}'::text[] NOT NULL,
    context_window integer,
    max_output_tokens integer,
    training_cutoff date,
    api_version character varying(50),
    is_active boolean DEFAULT true NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    search_vector tsvector DEFAULT ''::tsvector NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT models_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT models_life_goes_forward CHECK (((deprecated_at >= released_at) AND (sunset_at >= COALESCE(deprecated_at, released_at)))),
    CONSTRAINT models_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT models_name_is_localized CHECK (catalogue.is_localized(name)),
    CONSTRAINT models_sizes_are_positive CHECK (((context_window > 0) AND (max_output_tokens > 0))),
    CONSTRAINT models_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'::text)),
    CONSTRAINT models_texts_size CHECK (((octet_length((name)::text) + COALESCE(octet_length((description)::text), 0)) <= 100000))
)
WITH (autovacuum_vacuum_scale_factor='0.1');

COMMENT ON TABLE catalogue.models IS 'models: global: every model that is known, also those that are gone.';

COMMENT ON COLUMN catalogue.models.name IS 'By locale: {"en-US": "GPT-4", "zh-CN": "GPT-4"}; so is the description.';

COMMENT ON COLUMN catalogue.models.deprecated_at IS 'From this day on its provider advises against it; from sunset_at on it does not answer.';

COMMENT ON COLUMN catalogue.models.modalities IS 'text, image, audio, video, …';

COMMENT ON COLUMN catalogue.models.context_window IS 'Tokens, as max_output_tokens.';

COMMENT ON COLUMN catalogue.models.search_vector IS 'What search_models looks in; a trigger keeps it, whatever is written to it.';

CREATE TABLE catalogue.providers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(50) NOT NULL,
    name character varying(100) NOT NULL,
    logo_url character varying(500),
    website_url character varying(500),
    status_page_url character varying(500),
    documentation_url character varying(500),
    regions jsonb DEFAULT '[]'::jsonb NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT providers_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT providers_name_is_given CHECK (((name)::text <> ''::text)),
    CONSTRAINT providers_regions_is_a_list CHECK ((jsonb_typeof(regions) = 'array'::text)),
    CONSTRAINT providers_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text))
);

COMMENT ON TABLE catalogue.providers IS 'models: global: companies that serve models.';

COMMENT ON COLUMN catalogue.providers.regions IS 'Names of regions: ["us-east", "eu-west"].';

CREATE MATERIALIZED VIEW catalogue.model_listings AS
 SELECT models.id,
    models.slug,
    models.name,
    models.provider_id,
    providers.name AS provider_name,
    providers.logo_url AS provider_logo,
    models.foundation_model,
    models.modalities,
    models.capabilities,
    models.context_window,
    models.is_active,
    COALESCE(( SELECT jsonb_agg(jsonb_build_object('suite', suites.slug, 'score', scores.score_normalized, 'date', scores.evaluation_date) ORDER BY scores.evaluation_date DESC, suites.slug, scores.variant) AS jsonb_agg
           FROM (catalogue.benchmark_scores scores
             JOIN catalogue.benchmark_suites suites ON ((suites.id = scores.suite_id)))
          WHERE ((scores.model_id = models.id) AND (scores.evaluation_date >= (((now() AT TIME ZONE 'UTC'::text))::date - 30)))), '[]'::jsonb) AS recent_benchmarks
   FROM (catalogue.models
     JOIN catalogue.providers ON ((providers.id = models.provider_id)))
  WHERE models.is_active
  WITH NO DATA;

COMMENT ON MATERIALIZED VIEW catalogue.model_listings IS 'models: global: the models that can be had, each with its provider and the benchmarks of the last 30 days, as of the last refresh.';

CREATE TABLE catalogue.news_articles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    slug character varying(200) NOT NULL,
    title jsonb NOT NULL,
    summary jsonb,
    content jsonb,
    author_id uuid,
    category character varying(50),
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    source_url character varying(500),
    image_url character varying(500),
    published_at timestamp with time zone,
    locale_primary character varying(10) DEFAULT 'en-US'::character varying NOT NULL,
    available_locales text[] DEFAULT '{}'::text[] NOT NULL,
    view_count integer DEFAULT 0 NOT NULL,
    is_featured boolean DEFAULT false NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT news_articles_locale_is_a_tag CHECK (((locale_primary)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text)),
    CONSTRAINT news_articles_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT news_articles_slug_is_plain CHECK (((slug)::text ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text)),
    CONSTRAINT news_articles_texts_are_localized CHECK ((catalogue.is_localized(title) AND catalogue.is_localized(summary) AND catalogue.is_localized(content))),
    CONSTRAINT news_articles_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text)),
    CONSTRAINT news_articles_view_count_is_not_negative CHECK ((view_count >= 0))
);

COMMENT ON TABLE catalogue.news_articles IS 'news: global: what happened to models; without published_at it is a draft.';

COMMENT ON COLUMN catalogue.news_articles.content IS 'Markdown, by locale; titles and summaries by locale too.';

CREATE TABLE catalogue.news_model_mentions (
    news_id uuid NOT NULL,
    model_id uuid NOT NULL,
    mention_type character varying(50),
    CONSTRAINT news_model_mentions_type_is_known CHECK (((mention_type)::text = ANY ((ARRAY['primary'::character varying, 'comparison'::character varying, 'brief'::character varying])::text[])))
);

COMMENT ON TABLE catalogue.news_model_mentions IS 'news: global: which models an article speaks of, and how much.';

CREATE TABLE catalogue.price_claims (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    source character varying(100) NOT NULL,
    source_url character varying(500),
    claim jsonb NOT NULL,
    retrieved_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT price_claims_claim_is_an_object CHECK ((jsonb_typeof(claim) = 'object'::text)),
    CONSTRAINT price_claims_source_is_named CHECK (((source)::text <> ''::text)),
    CONSTRAINT price_claims_url_is_http CHECK (((source_url)::text ~ '^https?://[^\s]+$'::text))
);

COMMENT ON TABLE catalogue.price_claims IS 'pricing: global: what each source says that a model costs; sources disagree, and a price names the claim it was taken from.';

COMMENT ON COLUMN catalogue.price_claims.claim IS 'As the source states it, in its own words and units.';

CREATE TABLE catalogue.pricing (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    model_id uuid NOT NULL,
    tier character varying(50) NOT NULL,
    service_tier character varying(50) DEFAULT 'default'::character varying NOT NULL,
    region character varying(20),
    currency character varying(3) DEFAULT 'USD'::character varying NOT NULL,
    min_input_tokens integer DEFAULT 0 NOT NULL,
    input_per_million numeric(18,10),
    output_per_million numeric(18,10),
    cache_read_per_million numeric(18,10),
    cache_write_per_million numeric(18,10),
    reasoning_per_million numeric(18,10),
    image_per_unit numeric(18,10),
    audio_per_minute numeric(18,10),
    video_per_minute numeric(18,10),
    fine_tuning_per_million numeric(18,10),
    volume_discounts jsonb DEFAULT '[]'::jsonb NOT NULL,
    effective_from date NOT NULL,
    effective_to date,
    claim_id uuid,
    superseded_at timestamp with time zone,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pricing_currency_is_a_code CHECK (((currency)::text ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT pricing_ends_after_it_begins CHECK ((effective_to > effective_from)),
    CONSTRAINT pricing_is_not_negative CHECK ((LEAST(input_per_million, output_per_million, cache_read_per_million, cache_write_per_million, reasoning_per_million, image_per_unit, audio_per_minute, video_per_minute, fine_tuning_per_million) >= (0)::numeric)),
    CONSTRAINT pricing_metadata_is_an_object CHECK ((jsonb_typeof(metadata) = 'object'::text)),
    CONSTRAINT pricing_region_is_named CHECK (((region)::text <> ''::text)),
    CONSTRAINT pricing_superseded_after_created CHECK ((superseded_at >= created_at)),
    CONSTRAINT pricing_threshold_is_not_negative CHECK ((min_input_tokens >= 0)),
    CONSTRAINT pricing_tiers_are_plain CHECK ((((tier)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text) AND ((service_tier)::text ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'::text))),
    CONSTRAINT pricing_volume_discounts_is_a_list CHECK ((jsonb_typeof(volume_discounts) = 'array'::text))
);

COMMENT ON TABLE catalogue.pricing IS 'pricing: global: what a model costs, and from when to when: of two prices for the same, on each day one holds.';

COMMENT ON COLUMN catalogue.pricing.tier IS 'The kind of contract: standard, enterprise, academic.';

COMMENT ON COLUMN catalogue.pricing.service_tier IS 'How a request is served: default, batch, flex, priority, …';

COMMENT ON COLUMN catalogue.pricing.region IS 'Null: everywhere that has no price of its own.';

COMMENT ON COLUMN catalogue.pricing.min_input_tokens IS 'The price holds for requests of at least that many tokens of input, cached ones included; the highest that a request reaches counts, for all of its tokens.';

COMMENT ON COLUMN catalogue.pricing.input_per_million IS 'In units of the currency, for a million tokens; null is unknown, 0 is free. So are the others.';

COMMENT ON COLUMN catalogue.pricing.reasoning_per_million IS 'Null: reasoning tokens cost what output costs.';

COMMENT ON COLUMN catalogue.pricing.effective_from IS 'The first day, in UTC, on which it holds.';

COMMENT ON COLUMN catalogue.pricing.effective_to IS 'The first day on which it holds no more; null: it still does.';

COMMENT ON COLUMN catalogue.pricing.superseded_at IS 'When the row was found to be wrong and another took its place; what was computed with it can still be explained.';

CREATE TABLE catalogue.probe_locations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    name character varying(50) NOT NULL,
    region character varying(20) NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT probe_locations_are_on_earth CHECK ((((latitude >= ('-90'::integer)::double precision) AND (latitude <= (90)::double precision)) AND ((longitude >= ('-180'::integer)::double precision) AND (longitude <= (180)::double precision)))),
    CONSTRAINT probe_locations_names_are_given CHECK ((((name)::text <> ''::text) AND ((region)::text <> ''::text)))
);

COMMENT ON TABLE catalogue.probe_locations IS 'status: global: where probes are sent from; status_probes.probe_location is one of their names, or a place that is not ours.';

COMMENT ON COLUMN catalogue.probe_locations.latitude IS 'Degrees north; longitude: degrees east.';

CREATE TABLE platform.rollup_marks (
    rollup text NOT NULL,
    tenant_id uuid,
    bucket timestamp with time zone NOT NULL,
    is_taken boolean DEFAULT false NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='2000', autovacuum_analyze_scale_factor='0.5');

COMMENT ON TABLE platform.rollup_marks IS 'operations: system: buckets of roll-ups that differ from the raw rows; only added to, until a refresh takes what it sees.';

COMMENT ON COLUMN platform.rollup_marks.is_taken IS 'A continuous aggregate is being refreshed, and will then agree with the rows that this mark stands for.';

CREATE TABLE store.status_5min (
    bucket timestamp with time zone NOT NULL,
    model_id uuid,
    region character varying(20),
    probe_count bigint,
    availability_sum numeric,
    availability_weight numeric,
    latency_p50_sum numeric,
    latency_p50_weight numeric,
    latency_p95_sum numeric,
    latency_p95_weight numeric,
    latency_p99_sum numeric,
    latency_p99_weight numeric,
    error_rate_sum numeric,
    error_rate_weight numeric,
    total_requests numeric,
    total_tokens numeric
);

COMMENT ON TABLE store.status_5min IS 'operations: global: the roll-up of status_probes, as far as it was refreshed.';

CREATE TABLE store.status_probes (
    "time" timestamp with time zone DEFAULT now() NOT NULL,
    model_id uuid NOT NULL,
    region character varying(20) NOT NULL,
    probe_location character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    availability numeric(5,2),
    latency_p50 integer,
    latency_p95 integer,
    latency_p99 integer,
    error_rate numeric(5,2),
    error_types jsonb DEFAULT '{}'::jsonb NOT NULL,
    requests_per_minute integer,
    tokens_per_minute bigint,
    status_code_distribution jsonb DEFAULT '{}'::jsonb NOT NULL,
    window_seconds integer DEFAULT 60 NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT status_probes_counts_are_not_negative CHECK (((requests_per_minute >= 0) AND (tokens_per_minute >= 0))),
    CONSTRAINT status_probes_latencies_rise CHECK (((latency_p50 >= 0) AND (latency_p95 >= COALESCE(latency_p50, 0)) AND (latency_p99 >= COALESCE(latency_p95, latency_p50, 0)))),
    CONSTRAINT status_probes_rates_are_percentages CHECK ((((availability >= (0)::numeric) AND (availability <= (100)::numeric)) AND ((error_rate >= (0)::numeric) AND (error_rate <= (100)::numeric)))),
    CONSTRAINT status_probes_window_is_positive CHECK ((window_seconds > 0))
)
PARTITION BY RANGE ("time");

COMMENT ON TABLE store.status_probes IS 'status: global: what each probe of a model found, by region and place.';

COMMENT ON COLUMN store.status_probes.availability IS 'Percent of requests that were answered; error_rate: percent that failed.';

COMMENT ON COLUMN store.status_probes.latency_p50 IS 'Milliseconds, as latency_p95 and latency_p99.';

COMMENT ON COLUMN store.status_probes.window_seconds IS 'How long the probe looked: requests are requests_per_minute × window_seconds / 60, and only they can be added up.';

CREATE VIEW store.status_5min_now AS
 SELECT rolled.bucket,
    rolled.model_id,
    rolled.region,
    rolled.probe_count,
    rolled.availability_sum,
    rolled.availability_weight,
    rolled.latency_p50_sum,
    rolled.latency_p50_weight,
    rolled.latency_p95_sum,
    rolled.latency_p95_weight,
    rolled.latency_p99_sum,
    rolled.latency_p99_weight,
    rolled.error_rate_sum,
    rolled.error_rate_weight,
    rolled.total_requests,
    rolled.total_tokens
   FROM store.status_5min rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_5min'::text) AND (marks.tenant_id IS NULL) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text)))))))
UNION ALL
 SELECT dirty.bucket,
    live.model_id,
    live.region,
    live.probe_count,
    live.availability_sum,
    live.availability_weight,
    live.latency_p50_sum,
    live.latency_p50_weight,
    live.latency_p95_sum,
    live.latency_p95_weight,
    live.latency_p99_sum,
    live.latency_p99_weight,
    live.error_rate_sum,
    live.error_rate_weight,
    live.total_requests,
    live.total_tokens
   FROM (( SELECT DISTINCT marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_5min'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT status_probes.model_id,
            status_probes.region,
            count(*) AS probe_count,
            sum((status_probes.availability * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS availability_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.availability IS NOT NULL)) AS availability_weight,
            sum(((status_probes.latency_p50)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p50_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p50 IS NOT NULL)) AS latency_p50_weight,
            sum(((status_probes.latency_p95)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p95_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p95 IS NOT NULL)) AS latency_p95_weight,
            sum(((status_probes.latency_p99)::numeric * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS latency_p99_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.latency_p99 IS NOT NULL)) AS latency_p99_weight,
            sum((status_probes.error_rate * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS error_rate_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.error_rate IS NOT NULL)) AS error_rate_weight,
            sum((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_requests,
            sum((((status_probes.tokens_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_tokens
           FROM store.status_probes
          WHERE (true AND (status_probes."time" >= dirty.bucket) AND (status_probes."time" < (dirty.bucket + '00:05:00'::interval)) AND true)
          GROUP BY status_probes.model_id, status_probes.region) live);

COMMENT ON VIEW store.status_5min_now IS 'operations: global: the roll-up of status_probes, exact at every moment.';

CREATE VIEW catalogue.status_5min AS
 SELECT bucket,
    model_id,
    region,
    (availability_sum / NULLIF(availability_weight, (0)::numeric)) AS avg_availability,
    (latency_p50_sum / NULLIF(latency_p50_weight, (0)::numeric)) AS avg_latency_p50,
    (latency_p95_sum / NULLIF(latency_p95_weight, (0)::numeric)) AS avg_latency_p95,
    (latency_p99_sum / NULLIF(latency_p99_weight, (0)::numeric)) AS avg_latency_p99,
    (error_rate_sum / NULLIF(error_rate_weight, (0)::numeric)) AS avg_error_rate,
    (round(total_requests))::bigint AS total_requests,
    (round(total_tokens))::bigint AS total_tokens,
    probe_count
   FROM store.status_5min_now;

COMMENT ON VIEW catalogue.status_5min IS 'status: global: how each model fared, by region and five minutes; averages weigh each probe by the requests it stands for.';

CREATE TABLE store.status_hourly (
    bucket timestamp with time zone NOT NULL,
    model_id uuid,
    region character varying(20),
    probe_count bigint,
    availability_sum numeric,
    availability_weight numeric,
    min_availability numeric,
    median_latency_p95 double precision,
    max_latency_p95 integer,
    error_rate_sum numeric,
    error_rate_weight numeric,
    total_requests numeric,
    total_tokens numeric
);

COMMENT ON TABLE store.status_hourly IS 'operations: global: the roll-up of status_probes, as far as it was refreshed.';

CREATE VIEW store.status_hourly_now AS
 SELECT rolled.bucket,
    rolled.model_id,
    rolled.region,
    rolled.probe_count,
    rolled.availability_sum,
    rolled.availability_weight,
    rolled.min_availability,
    rolled.median_latency_p95,
    rolled.max_latency_p95,
    rolled.error_rate_sum,
    rolled.error_rate_weight,
    rolled.total_requests,
    rolled.total_tokens
   FROM store.status_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_hourly'::text) AND (marks.tenant_id IS NULL) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text)))))))
UNION ALL
 SELECT dirty.bucket,
    live.model_id,
    live.region,
    live.probe_count,
    live.availability_sum,
    live.availability_weight,
    live.min_availability,
    live.median_latency_p95,
    live.max_latency_p95,
    live.error_rate_sum,
    live.error_rate_weight,
    live.total_requests,
    live.total_tokens
   FROM (( SELECT DISTINCT marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'status_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'status_probes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT status_probes.model_id,
            status_probes.region,
            count(*) AS probe_count,
            sum((status_probes.availability * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS availability_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.availability IS NOT NULL)) AS availability_weight,
            min(status_probes.availability) AS min_availability,
            platform.weighted_median(array_agg((status_probes.latency_p95)::double precision), array_agg((COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))::double precision)) AS median_latency_p95,
            max(status_probes.latency_p95) AS max_latency_p95,
            sum((status_probes.error_rate * COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric))) AS error_rate_sum,
            sum(COALESCE((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0), (1)::numeric)) FILTER (WHERE (status_probes.error_rate IS NOT NULL)) AS error_rate_weight,
            sum((((status_probes.requests_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_requests,
            sum((((status_probes.tokens_per_minute * status_probes.window_seconds))::numeric / 60.0)) AS total_tokens
           FROM store.status_probes
          WHERE (true AND (status_probes."time" >= dirty.bucket) AND (status_probes."time" < (dirty.bucket + '01:00:00'::interval)) AND true)
          GROUP BY status_probes.model_id, status_probes.region) live);

COMMENT ON VIEW store.status_hourly_now IS 'operations: global: the roll-up of status_probes, exact at every moment.';

CREATE VIEW catalogue.status_hourly AS
 SELECT bucket,
    model_id,
    region,
    (availability_sum / NULLIF(availability_weight, (0)::numeric)) AS avg_availability,
    min_availability,
    median_latency_p95,
    max_latency_p95,
    (error_rate_sum / NULLIF(error_rate_weight, (0)::numeric)) AS avg_error_rate,
    (round(total_requests))::bigint AS total_requests,
    (round(total_tokens))::bigint AS total_tokens,
    probe_count
   FROM store.status_hourly_now;

COMMENT ON VIEW catalogue.status_hourly IS 'status: global: how each model fared, by region and hour; averages and the median weigh each probe by the requests it stands for.';

CREATE VIEW catalogue.status_probes AS
 SELECT "time",
    model_id,
    region,
    probe_location,
    availability,
    latency_p50,
    latency_p95,
    latency_p99,
    error_rate,
    error_types,
    requests_per_minute,
    tokens_per_minute,
    status_code_distribution,
    metadata,
    window_seconds
   FROM store.status_probes;

COMMENT ON VIEW catalogue.status_probes IS 'status: global: what each probe of a model found; everybody may look.';

CREATE TABLE evaluation.analyst_reads (
    session_id uuid NOT NULL,
    scenario_id text NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    content_hash text NOT NULL,
    split text DEFAULT 'search'::text NOT NULL,
    CONSTRAINT analysts_read_the_search_split CHECK ((split = 'search'::text))
);

ALTER TABLE ONLY evaluation.analyst_reads FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.analyst_reads IS 'recommendations: tenant: the scenarios that each analysis saw; none of the held-out split can be among them.';

CREATE TABLE evaluation.approval_rules (
    rule_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid,
    needed_for text DEFAULT 'proposals'::text NOT NULL,
    approvers text DEFAULT 'member'::text NOT NULL,
    four_eyes boolean DEFAULT false NOT NULL,
    needs_proof boolean DEFAULT false NOT NULL,
    set_by uuid DEFAULT platform.user_id() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT approval_rules_approvers_are_a_role CHECK ((approvers = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text]))),
    CONSTRAINT approval_rules_need_is_known CHECK ((needed_for = ANY (ARRAY['nothing'::text, 'proposals'::text, 'everything'::text])))
);

ALTER TABLE ONLY evaluation.approval_rules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.approval_rules IS 'configurations: tenant: which versions need an approval and by whom, for the team or, where config_id is given, for one configuration.';

COMMENT ON COLUMN evaluation.approval_rules.needed_for IS 'nothing; proposals: what an analyst made; everything: also what people save, but for a first version.';

COMMENT ON COLUMN evaluation.approval_rules.approvers IS 'The lowest role that may approve.';

CREATE TABLE evaluation.bodies (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    sha256 text NOT NULL,
    encoding text DEFAULT 'identity'::text NOT NULL,
    size_bytes bigint NOT NULL,
    content bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT bodies_encoding_is_known CHECK ((encoding = ANY (ARRAY['identity'::text, 'zstd'::text]))),
    CONSTRAINT bodies_sha256_is_hex CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT bodies_size_is_not_negative CHECK ((size_bytes >= 0))
);
ALTER TABLE ONLY evaluation.bodies ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY evaluation.bodies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.bodies IS 'bodies: tenant: files and long trajectories, once for each content; sha256 is of the content before compression.';

CREATE TABLE evaluation.config_diffs (
    diff_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid NOT NULL,
    version_before uuid NOT NULL,
    version_after uuid NOT NULL,
    diff_yaml text NOT NULL,
    change_summary jsonb,
    impact_prediction jsonb,
    llm_generated boolean DEFAULT false NOT NULL,
    approval_status text DEFAULT 'pending'::text NOT NULL,
    approved_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_proposal boolean DEFAULT false NOT NULL,
    proposed_by uuid,
    decided_at timestamp with time zone,
    decision_reason text,
    CONSTRAINT config_diffs_approval_is_known CHECK ((approval_status = ANY (ARRAY['pending'::text, 'approved'::text, 'rejected'::text]))),
    CONSTRAINT config_diffs_decision_has_a_time CHECK (((approval_status = 'pending'::text) = (decided_at IS NULL))),
    CONSTRAINT config_diffs_reason_length CHECK ((length(decision_reason) <= 2000)),
    CONSTRAINT config_diffs_size CHECK ((length(diff_yaml) <= 524288)),
    CONSTRAINT different_versions CHECK ((version_before <> version_after))
);

ALTER TABLE ONLY evaluation.config_diffs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.config_diffs IS 'configurations: tenant: what changed between two versions, as a unified text and by path.';

COMMENT ON COLUMN evaluation.config_diffs.approved_by IS 'Who decided, either way.';

COMMENT ON COLUMN evaluation.config_diffs.is_proposal IS 'Somebody asks for version_after to be approved; other rows only say what differs.';

CREATE TABLE evaluation.config_releases (
    release_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid NOT NULL,
    version_id uuid NOT NULL,
    previous_version_id uuid,
    kind text NOT NULL,
    diff_id uuid,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    reason text,
    released_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT config_releases_kind_is_known CHECK ((kind = ANY (ARRAY['approval'::text, 'rollback'::text]))),
    CONSTRAINT config_releases_reason_length CHECK ((length(reason) <= 2000))
);

ALTER TABLE ONLY evaluation.config_releases FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.config_releases IS 'configurations: tenant: every approval and rollback that moved a configuration''s latest version: by whom, and why.';

CREATE TABLE evaluation.config_versions (
    version_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_id uuid NOT NULL,
    version_number integer NOT NULL,
    raw_yaml text NOT NULL,
    parsed_config jsonb NOT NULL,
    files jsonb DEFAULT '{}'::jsonb NOT NULL,
    config_hash text NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    generated_by text DEFAULT 'manual'::text NOT NULL,
    modal_deployment_id text,
    is_deleted boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_proposal boolean DEFAULT false NOT NULL,
    CONSTRAINT config_versions_hash_is_sha256 CHECK ((length(config_hash) = 64)),
    CONSTRAINT config_versions_number_is_positive CHECK ((version_number > 0)),
    CONSTRAINT config_versions_origin_is_known CHECK ((generated_by = ANY (ARRAY['manual'::text, 'diff_engine'::text, 'optimization'::text, 'api'::text, 'llm_recommendation'::text, 'modal_sandbox'::text, 'import'::text]))),
    CONSTRAINT config_versions_yaml_size CHECK ((length(raw_yaml) <= 1048576)),
    CONSTRAINT valid_parsed_config CHECK (((parsed_config ? 'model'::text) AND (parsed_config ? 'temperature'::text) AND
CASE jsonb_typeof((parsed_config -> 'temperature'::text))
    WHEN 'number'::text THEN ((((parsed_config ->> 'temperature'::text))::numeric >= (0)::numeric) AND (((parsed_config ->> 'temperature'::text))::numeric <= (2)::numeric))
    WHEN 'null'::text THEN (generated_by = 'import'::text)
    ELSE false
END))
);

ALTER TABLE ONLY evaluation.config_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.config_versions IS 'configurations: tenant: immutable versions of a configuration: the YAML as written, as parsed, and the digests of every file it refers to.';

COMMENT ON COLUMN evaluation.config_versions.files IS 'Path, relative to the YAML file, to the SHA-256 under which evaluation.bodies holds its content.';

COMMENT ON COLUMN evaluation.config_versions.is_proposal IS 'Kept so that it can be simulated; it becomes a configuration''s latest version when somebody has approved it.';

CREATE TABLE evaluation.configurations (
    config_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name text NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    latest_version_id uuid,
    is_active boolean DEFAULT true NOT NULL,
    modal_app_id text,
    sandbox_config jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT configurations_name_length CHECK (((length(name) >= 3) AND (length(name) <= 100))),
    CONSTRAINT valid_name CHECK ((name ~ '^[a-zA-Z0-9_\-\s]+$'::text)),
    CONSTRAINT valid_timestamps CHECK ((updated_at >= created_at))
);

ALTER TABLE ONLY evaluation.configurations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.configurations IS 'configurations: tenant: the agents under evaluation, by name.';

CREATE TABLE evaluation.failure_cluster_events (
    event_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    cluster_id uuid NOT NULL,
    kind text NOT NULL,
    other_id uuid,
    signatures integer NOT NULL,
    failures bigint NOT NULL,
    happened_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT failure_cluster_events_kind_is_known CHECK ((kind = ANY (ARRAY['founded'::text, 'merged'::text, 'split'::text]))),
    CONSTRAINT failure_cluster_events_name_both CHECK (((kind = 'founded'::text) = (other_id IS NULL)))
);

ALTER TABLE ONLY evaluation.failure_cluster_events FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.failure_cluster_events IS 'failures: tenant: where clusters came from: founded, split from another, or merged into another.';

COMMENT ON COLUMN evaluation.failure_cluster_events.signatures IS 'Of the cluster, when it was founded, merged or split.';

CREATE TABLE evaluation.failure_clusterings (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    embedding_model text,
    signatures integer NOT NULL,
    grouped_at timestamp with time zone,
    trouble text,
    updated_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY evaluation.failure_clusterings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.failure_clusterings IS 'failures: tenant: how a team''s failures were clustered last; its row is locked by whoever does so.';

COMMENT ON COLUMN evaluation.failure_clusterings.signatures IS 'How many there were when all were grouped anew.';

COMMENT ON COLUMN evaluation.failure_clusterings.trouble IS 'Why some wait: what the embedding service said last; null where nothing does.';

CREATE TABLE evaluation.failure_clusters (
    cluster_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name text,
    pattern text NOT NULL,
    failure_type text NOT NULL,
    failure_category text NOT NULL,
    fault text NOT NULL,
    failures bigint DEFAULT 0 NOT NULL,
    first_seen timestamp with time zone NOT NULL,
    last_seen timestamp with time zone NOT NULL,
    embedding public.vector(1536) NOT NULL,
    embedding_model text NOT NULL,
    merged_into uuid,
    resolution_steps text,
    llm_analysis jsonb,
    resolved_at timestamp with time zone,
    resolved_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT failure_clusters_analysis_is_an_object CHECK ((jsonb_typeof(llm_analysis) = 'object'::text)),
    CONSTRAINT failure_clusters_count_is_not_negative CHECK ((failures >= 0)),
    CONSTRAINT failure_clusters_end_after_they_begin CHECK ((last_seen >= first_seen)),
    CONSTRAINT failure_clusters_merge_into_others CHECK ((merged_into <> cluster_id)),
    CONSTRAINT failure_clusters_name_length CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT failure_clusters_resolution_length CHECK ((length(resolution_steps) <= 10000)),
    CONSTRAINT failure_clusters_resolved_by_somebody CHECK (((resolved_at IS NULL) = (resolved_by IS NULL)))
);

ALTER TABLE ONLY evaluation.failure_clusters FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.failure_clusters IS 'failures: tenant: failures that are alike, under an id that lasts; what people have found out about them.';

COMMENT ON COLUMN evaluation.failure_clusters.pattern IS 'What their messages have in common, <*> where they differ.';

COMMENT ON COLUMN evaluation.failure_clusters.failures IS 'How many there were, those of deleted simulations and dropped partitions included.';

COMMENT ON COLUMN evaluation.failure_clusters.embedding IS 'Their centre, of length 1.';

COMMENT ON COLUMN evaluation.failure_clusters.merged_into IS 'The cluster that took it in; never one that was itself taken in.';

CREATE TABLE evaluation.failure_days (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    signature_id uuid NOT NULL,
    day date NOT NULL,
    failures integer NOT NULL,
    recoveries_attempted integer NOT NULL,
    recoveries_successful integer NOT NULL,
    CONSTRAINT failure_days_add_up CHECK (((failures > 0) AND (recoveries_successful >= 0) AND ((recoveries_attempted >= recoveries_successful) AND (recoveries_attempted <= failures))))
);

ALTER TABLE ONLY evaluation.failure_days FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.failure_days IS 'failures: tenant: how often each signature was seen on each day, in UTC: the trend of a cluster is the sum over its signatures.';

CREATE TABLE store.failure_patterns (
    pattern_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    outcome_id uuid NOT NULL,
    simulation_id uuid,
    scenario_id text,
    trial_number integer,
    execution_time timestamp with time zone NOT NULL,
    failure_type text NOT NULL,
    failure_category text NOT NULL,
    fault text NOT NULL,
    error_message text,
    error_embedding public.vector(1536),
    step integer,
    pattern_cluster_id uuid,
    cluster_confidence double precision,
    similar_failures_count integer DEFAULT 0 NOT NULL,
    recovery_attempted boolean DEFAULT false NOT NULL,
    recovery_successful boolean DEFAULT false NOT NULL,
    resolution_steps text,
    llm_analysis jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    signature_id uuid,
    CONSTRAINT failure_patterns_category_is_known CHECK ((failure_category = ANY (ARRAY['timeout'::text, 'tool_error'::text, 'model_error'::text, 'validation_error'::text, 'system_error'::text, 'sandbox_error'::text, 'modal_error'::text, 'unknown'::text]))),
    CONSTRAINT failure_patterns_confidence_is_a_share CHECK (((cluster_confidence >= (0)::double precision) AND (cluster_confidence <= (1)::double precision))),
    CONSTRAINT failure_patterns_fault_is_known CHECK ((fault = ANY (ARRAY['agent'::text, 'tool'::text, 'simulator'::text, 'judge'::text, 'infrastructure'::text, 'scenario'::text]))),
    CONSTRAINT failure_patterns_message_length CHECK ((length(error_message) <= 10000)),
    CONSTRAINT failure_patterns_similar_is_not_negative CHECK ((similar_failures_count >= 0)),
    CONSTRAINT failure_patterns_type_length CHECK ((length(failure_type) <= 100)),
    CONSTRAINT valid_recovery CHECK (((NOT recovery_successful) OR recovery_attempted))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.failure_patterns IS 'failures: tenant: why a trial did not pass, and who is to blame.';

CREATE VIEW evaluation.failure_patterns AS
 SELECT pattern_id,
    tenant_id,
    outcome_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    failure_type,
    failure_category,
    fault,
    error_message,
    error_embedding,
    step,
    pattern_cluster_id,
    cluster_confidence,
    similar_failures_count,
    similar_failures_count AS similar_failures,
    recovery_attempted,
    recovery_successful,
    resolution_steps,
    llm_analysis,
    created_at,
    signature_id
   FROM store.failure_patterns
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';

CREATE TABLE evaluation.failure_signatures (
    signature_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    failure_type text NOT NULL,
    failure_category text NOT NULL,
    fault text NOT NULL,
    message text NOT NULL,
    words tsvector GENERATED ALWAYS AS (platform.text_vector(((((failure_type || ' '::text) || failure_category) || ' '::text) || message), 'en'::text)) STORED NOT NULL,
    embedding public.vector(1536) NOT NULL,
    embedding_model text NOT NULL,
    cluster_id uuid NOT NULL,
    confidence double precision NOT NULL,
    failures bigint DEFAULT 0 NOT NULL,
    first_seen timestamp with time zone,
    last_seen timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT failure_signatures_confidence_is_a_share CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT failure_signatures_count_is_not_negative CHECK ((failures >= 0))
)
WITH (fillfactor='70');

ALTER TABLE ONLY evaluation.failure_signatures FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.failure_signatures IS 'failures: tenant: what failures say once what is volatile is masked, with the embedding, beside the series and not inside it.';

COMMENT ON COLUMN evaluation.failure_signatures.signature_id IS 'From the digest of the team and the columns up to the message: the same failure has the same signature.';

CREATE TABLE store.failure_trends_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    failure_category text,
    failure_count bigint,
    clustered_count bigint,
    confidence_sum double precision,
    unique_patterns bigint
);

COMMENT ON TABLE store.failure_trends_daily IS 'operations: tenant: the roll-up of failure_patterns, as far as it was refreshed.';

CREATE VIEW store.failure_trends_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.failure_category,
    rolled.failure_count,
    rolled.clustered_count,
    rolled.confidence_sum,
    rolled.unique_patterns
   FROM store.failure_trends_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'failure_trends_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'failure_patterns'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.failure_category,
    live.failure_count,
    live.clustered_count,
    live.confidence_sum,
    live.unique_patterns
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'failure_trends_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'failure_patterns'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT failure_patterns.failure_category,
            count(*) AS failure_count,
            count(failure_patterns.cluster_confidence) AS clustered_count,
            sum(failure_patterns.cluster_confidence) AS confidence_sum,
            count(DISTINCT failure_patterns.pattern_cluster_id) AS unique_patterns
           FROM store.failure_patterns
          WHERE ((failure_patterns.tenant_id = dirty.tenant_id) AND (failure_patterns.execution_time >= dirty.bucket) AND (failure_patterns.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY failure_patterns.failure_category) live);

COMMENT ON VIEW store.failure_trends_daily_now IS 'operations: tenant: the roll-up of failure_patterns, exact at every moment.';

CREATE VIEW evaluation.failure_trends_daily AS
 SELECT bucket AS day,
    failure_category,
    failure_count,
    (confidence_sum / (NULLIF(clustered_count, 0))::double precision) AS avg_confidence,
    unique_patterns,
    tenant_id,
    clustered_count,
    confidence_sum
   FROM store.failure_trends_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.failure_trends_daily IS 'failures: tenant: the team''s failures by category and day; unique_patterns are those of the day and do not add up.';

CREATE TABLE evaluation.improvement_rounds (
    improvement_id uuid NOT NULL,
    round_number integer NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    parent_version_id uuid NOT NULL,
    simulation_id uuid,
    session_id uuid,
    recommendation_id uuid,
    proof_id uuid,
    is_proven boolean,
    CONSTRAINT improvement_rounds_number_is_positive CHECK ((round_number > 0))
);

ALTER TABLE ONLY evaluation.improvement_rounds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.improvement_rounds IS 'recommendations: tenant: the rounds of an improvement, each as far as it has come: one recommendation, and its proof.';

CREATE TABLE evaluation.improvements (
    improvement_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    config_id uuid NOT NULL,
    analyst text NOT NULL,
    rounds integer NOT NULL,
    budget_usd numeric(14,6),
    settings jsonb DEFAULT '{}'::jsonb NOT NULL,
    stopped_for text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT improvements_analyst_is_known CHECK ((analyst = ANY (ARRAY['rules'::text, 'llm'::text]))),
    CONSTRAINT improvements_budget_is_positive CHECK ((budget_usd > (0)::numeric)),
    CONSTRAINT improvements_end_for_a_reason CHECK (((completed_at IS NULL) = (stopped_for IS NULL))),
    CONSTRAINT improvements_rounds_range CHECK (((rounds >= 1) AND (rounds <= 100)))
);

ALTER TABLE ONLY evaluation.improvements FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.improvements IS 'recommendations: tenant: runs of the loop that improves an agent: what was asked for, and why it stopped.';

CREATE TABLE evaluation.llm_recommendation_sessions (
    session_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    analysis_start_time timestamp with time zone NOT NULL,
    analysis_end_time timestamp with time zone NOT NULL,
    data_window_start timestamp with time zone NOT NULL,
    data_window_end timestamp with time zone NOT NULL,
    llm_model text NOT NULL,
    llm_temperature double precision DEFAULT 0.1 NOT NULL,
    prompt_template_version text,
    total_outcomes_analyzed integer NOT NULL,
    patterns_identified integer DEFAULT 0 NOT NULL,
    recommendations_generated integer DEFAULT 0 NOT NULL,
    analysis_cost_usd numeric(18,10) DEFAULT 0,
    session_status text DEFAULT 'completed'::text NOT NULL,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    analyst text DEFAULT 'llm'::text NOT NULL,
    config_version_id uuid,
    prompt_hash text,
    failures_shown uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    model_calls integer DEFAULT 0 NOT NULL,
    tokens_used bigint,
    recommendations_refused integer DEFAULT 0 NOT NULL,
    improvement_id uuid,
    gateway_calls uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    gateway_keys uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT llm_recommendation_sessions_analyst_is_known CHECK ((analyst = ANY (ARRAY['rules'::text, 'llm'::text]))),
    CONSTRAINT llm_recommendation_sessions_cost_is_not_negative CHECK ((analysis_cost_usd >= (0)::numeric)),
    CONSTRAINT llm_recommendation_sessions_counts_are_not_negative CHECK (((model_calls >= 0) AND (tokens_used >= 0) AND (recommendations_refused >= 0))),
    CONSTRAINT llm_recommendation_sessions_hash_is_sha256 CHECK ((prompt_hash ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT llm_recommendation_sessions_outcomes_is_not_negative CHECK ((total_outcomes_analyzed >= 0)),
    CONSTRAINT llm_recommendation_sessions_status_is_known CHECK ((session_status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text]))),
    CONSTRAINT valid_analysis_window CHECK ((analysis_end_time >= analysis_start_time)),
    CONSTRAINT valid_data_window CHECK ((data_window_end >= data_window_start))
);

ALTER TABLE ONLY evaluation.llm_recommendation_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.llm_recommendation_sessions IS 'recommendations: tenant: each analysis of past outcomes, with what it read and what it cost.';

COMMENT ON COLUMN evaluation.llm_recommendation_sessions.improvement_id IS 'The improvement that it was made for, whose budget it spends from; null for one that somebody asked for by itself.';

COMMENT ON COLUMN evaluation.llm_recommendation_sessions.gateway_calls IS 'Calls that it has made, by their ids in the gateway''s ledger; each is noted before it is made.';

COMMENT ON COLUMN evaluation.llm_recommendation_sessions.gateway_keys IS 'Keys that were made for it alone, with which it calls a gateway of another process: all of their calls are its own.';

CREATE TABLE evaluation.outcome_embeddings (
    outcome_id uuid NOT NULL,
    execution_time timestamp with time zone NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    model text NOT NULL,
    embedding public.vector(1536) NOT NULL,
    words tsvector
);

ALTER TABLE ONLY evaluation.outcome_embeddings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.outcome_embeddings IS 'outcomes: tenant: the embedding of a trajectory, beside the series and not inside it, so that old outcomes can be compressed and still be searched.';

COMMENT ON COLUMN evaluation.outcome_embeddings.words IS 'What was said and done in the trajectory, as platform.text_vector has it.';

CREATE TABLE store.outcomes (
    outcome_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    trial_number integer DEFAULT 1 NOT NULL,
    execution_time timestamp with time zone NOT NULL,
    status text NOT NULL,
    passed boolean,
    reliability_score double precision,
    fault text,
    execution_time_ms double precision,
    tokens_used integer,
    cost_usd numeric(18,10),
    trajectory jsonb NOT NULL,
    trajectory_body text,
    metrics jsonb DEFAULT '{}'::jsonb NOT NULL,
    retry_count integer DEFAULT 0 NOT NULL,
    error_code text,
    error_category text,
    modal_call_id text,
    sandbox_id text,
    sandbox_logs text,
    execution_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT outcomes_category_is_known CHECK ((error_category = ANY (ARRAY['timeout'::text, 'tool_error'::text, 'model_error'::text, 'validation_error'::text, 'system_error'::text, 'sandbox_error'::text]))),
    CONSTRAINT outcomes_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT outcomes_duration_is_not_negative CHECK ((execution_time_ms >= (0)::double precision)),
    CONSTRAINT outcomes_fault_is_known CHECK ((fault = ANY (ARRAY['agent'::text, 'tool'::text, 'simulator'::text, 'judge'::text, 'infrastructure'::text, 'scenario'::text]))),
    CONSTRAINT outcomes_retries_is_not_negative CHECK ((retry_count >= 0)),
    CONSTRAINT outcomes_score_is_a_share CHECK (((reliability_score >= (0)::double precision) AND (reliability_score <= (1)::double precision))),
    CONSTRAINT outcomes_status_is_known CHECK ((status = ANY (ARRAY['success'::text, 'error'::text, 'timeout'::text, 'cancelled'::text]))),
    CONSTRAINT outcomes_tokens_is_not_negative CHECK ((tokens_used >= 0)),
    CONSTRAINT outcomes_trial_is_positive CHECK ((trial_number > 0)),
    CONSTRAINT valid_trajectory CHECK (((trajectory ? 'start_time'::text) AND (trajectory ? 'status'::text)))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.outcomes IS 'outcomes: tenant: the record of each trial: whether it finished, whether it was right, what it took, what was done step by step.';

CREATE VIEW evaluation.outcomes AS
 SELECT outcome_id,
    tenant_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    status,
    passed,
    reliability_score,
    fault,
    execution_time_ms,
    tokens_used,
    cost_usd,
    trajectory,
    trajectory_body,
    ( SELECT embeddings.embedding
           FROM evaluation.outcome_embeddings embeddings
          WHERE ((embeddings.outcome_id = outcomes.outcome_id) AND (embeddings.execution_time = outcomes.execution_time))) AS trajectory_embedding,
    metrics,
    retry_count,
    error_code,
    error_category,
    modal_call_id,
    sandbox_id,
    sandbox_logs,
    execution_metadata,
    created_at
   FROM store.outcomes outcomes
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.outcomes IS 'outcomes: tenant: the team''s own outcomes.';

CREATE TABLE evaluation.proof_scenarios (
    proof_id uuid NOT NULL,
    scenario_id text NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    content_hash text NOT NULL,
    split text DEFAULT 'holdout'::text NOT NULL,
    CONSTRAINT proofs_are_on_the_held_out_split CHECK ((split = 'holdout'::text))
);

ALTER TABLE ONLY evaluation.proof_scenarios FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.proof_scenarios IS 'recommendations: tenant: the scenarios of a proof: held out, and never seen by an analyst, under this name or another.';

CREATE TABLE evaluation.proofs (
    proof_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    diff_id uuid NOT NULL,
    baseline_simulation_id uuid NOT NULL,
    candidate_simulation_id uuid NOT NULL,
    predicted jsonb,
    verdict text,
    effect double precision,
    effect_low double precision,
    effect_high double precision,
    p_value double precision,
    scenarios integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    completed_at timestamp with time zone,
    CONSTRAINT proofs_end_with_a_verdict CHECK (((verdict IS NULL) = (completed_at IS NULL))),
    CONSTRAINT proofs_have_two_sides CHECK ((baseline_simulation_id <> candidate_simulation_id)),
    CONSTRAINT proofs_verdict_is_known CHECK ((verdict = ANY (ARRAY['better'::text, 'worse'::text, 'equivalent'::text, 'not enough data'::text])))
);

ALTER TABLE ONLY evaluation.proofs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.proofs IS 'recommendations: tenant: a proposed version beside its parent on held-out scenarios: the effect that was predicted, and the one that was measured.';

CREATE TABLE evaluation.recommendations (
    recommendation_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    source_type text NOT NULL,
    simulation_id uuid,
    outcome_id uuid,
    diff_id uuid,
    pattern_cluster_id uuid,
    source_id uuid GENERATED ALWAYS AS (
CASE source_type
    WHEN 'simulation'::text THEN simulation_id
    WHEN 'outcome'::text THEN outcome_id
    WHEN 'config_diff'::text THEN diff_id
    WHEN 'pattern_analysis'::text THEN pattern_cluster_id
    WHEN 'time_series_analysis'::text THEN session_id
    ELSE NULL::uuid
END) STORED NOT NULL,
    recommendation_type text NOT NULL,
    description text NOT NULL,
    suggested_yaml_changes text,
    impact_estimate jsonb,
    confidence double precision NOT NULL,
    llm_model_used text,
    llm_prompt_hash text,
    historical_data_window interval,
    applied boolean DEFAULT false NOT NULL,
    applied_at timestamp with time zone,
    applied_by uuid,
    feedback_score integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    config_version_id uuid,
    status text DEFAULT 'open'::text NOT NULL,
    status_reason text,
    reason text,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    application jsonb,
    proposed_diff_id uuid,
    feedback_comment text,
    CONSTRAINT recommendations_comment_length CHECK ((length(feedback_comment) <= 2000)),
    CONSTRAINT recommendations_confidence_is_a_share CHECK (((confidence >= (0)::double precision) AND (confidence <= (1)::double precision))),
    CONSTRAINT recommendations_description_length CHECK ((length(description) >= 10)),
    CONSTRAINT recommendations_feedback_range CHECK (((feedback_score >= 1) AND (feedback_score <= 5))),
    CONSTRAINT recommendations_have_one_source CHECK ((num_nonnulls(simulation_id, outcome_id, diff_id, pattern_cluster_id) =
CASE source_type
    WHEN 'time_series_analysis'::text THEN 0
    ELSE 1
END)),
    CONSTRAINT recommendations_refusal_has_a_reason CHECK (((status <> 'refused'::text) OR (status_reason IS NOT NULL))),
    CONSTRAINT recommendations_source_is_known CHECK ((source_type = ANY (ARRAY['simulation'::text, 'outcome'::text, 'config_diff'::text, 'pattern_analysis'::text, 'time_series_analysis'::text]))),
    CONSTRAINT recommendations_status_is_known CHECK ((status = ANY (ARRAY['open'::text, 'accepted'::text, 'rejected'::text, 'refused'::text]))),
    CONSTRAINT recommendations_type_is_known CHECK ((recommendation_type = ANY (ARRAY['config_change'::text, 'scenario_addition'::text, 'tool_optimization'::text, 'performance_tuning'::text, 'modal_optimization'::text]))),
    CONSTRAINT valid_application CHECK ((applied = (applied_at IS NOT NULL)))
);

ALTER TABLE ONLY evaluation.recommendations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.recommendations IS 'recommendations: tenant: what to change, on which evidence, and what came of it.';

COMMENT ON COLUMN evaluation.recommendations.status IS 'refused: its patch does not apply to the version that it is about, for status_reason.';

COMMENT ON COLUMN evaluation.recommendations.reason IS 'What found it: the name of a rule, or model.';

COMMENT ON COLUMN evaluation.recommendations.application IS 'What accepting it made: a diff, or scenarios.';

CREATE TABLE store.scenario_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    scenario_id text,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    reliability_square_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    error_count bigint,
    timeout_count bigint
);

COMMENT ON TABLE store.scenario_performance_daily IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.scenario_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.scenario_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.reliability_square_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.error_count,
    rolled.timeout_count
   FROM store.scenario_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'scenario_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.scenario_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.reliability_square_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.error_count,
    live.timeout_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'scenario_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.scenario_id,
            count(*) AS total_outcomes,
            count(outcomes.reliability_score) AS scored_outcomes,
            sum(outcomes.reliability_score) AS reliability_sum,
            sum((outcomes.reliability_score * outcomes.reliability_score)) AS reliability_square_sum,
            count(outcomes.execution_time_ms) AS timed_outcomes,
            sum(outcomes.execution_time_ms) AS execution_time_sum_ms,
            count(*) FILTER (WHERE (outcomes.status = 'error'::text)) AS error_count,
            count(*) FILTER (WHERE (outcomes.status = 'timeout'::text)) AS timeout_count
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY outcomes.scenario_id) live);

COMMENT ON VIEW store.scenario_performance_daily_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.scenario_performance_daily AS
 SELECT bucket AS day,
    scenario_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    reliability_square_sum,
    timed_outcomes,
    execution_time_sum_ms,
    error_count,
    timeout_count,
    tenant_id
   FROM store.scenario_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.scenario_performance_daily IS 'outcomes: tenant: the team''s outcomes by scenario and day, as counts and sums.';

CREATE TABLE evaluation.scenario_versions (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    scenario_id text NOT NULL,
    content_hash text NOT NULL,
    definition jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    split text GENERATED ALWAYS AS (COALESCE((definition ->> 'split'::text), 'search'::text)) STORED NOT NULL,
    CONSTRAINT scenario_versions_hash_is_sha256 CHECK ((content_hash ~ '^[0-9a-f]{64}$'::text))
);

ALTER TABLE ONLY evaluation.scenario_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.scenario_versions IS 'scenarios: tenant: every content a scenario ever had; a simulation pins the one it ran.';

CREATE TABLE evaluation.scenarios (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    scenario_id text NOT NULL,
    name text NOT NULL,
    task_prompt text NOT NULL,
    ground_truth jsonb,
    difficulty_level text DEFAULT 'medium'::text NOT NULL,
    tags text[] DEFAULT '{}'::text[] NOT NULL,
    scenario_embedding public.vector(1536),
    embedding_model text,
    expected_tools jsonb,
    modal_function_name text,
    is_active boolean DEFAULT true NOT NULL,
    estimated_duration_ms integer,
    suite text,
    split text DEFAULT 'search'::text NOT NULL,
    group_name text,
    content_hash text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT scenarios_difficulty_is_known CHECK ((difficulty_level = ANY (ARRAY['easy'::text, 'medium'::text, 'hard'::text]))),
    CONSTRAINT scenarios_duration_is_positive CHECK ((estimated_duration_ms > 0)),
    CONSTRAINT scenarios_id_length CHECK ((length(scenario_id) <= 100)),
    CONSTRAINT scenarios_name_length CHECK (((length(name) >= 3) AND (length(name) <= 200))),
    CONSTRAINT scenarios_prompt_length CHECK ((length(task_prompt) >= 10)),
    CONSTRAINT scenarios_split_is_known CHECK ((split = ANY (ARRAY['search'::text, 'holdout'::text]))),
    CONSTRAINT scenarios_tags_count CHECK ((cardinality(tags) <= 20)),
    CONSTRAINT valid_scenario_id CHECK ((scenario_id ~ '^[a-z0-9_]+$'::text))
);

ALTER TABLE ONLY evaluation.scenarios FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.scenarios IS 'scenarios: tenant: the test cases in their latest content.';

CREATE TABLE store.simulation_latency_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    idx integer,
    n bigint
);

COMMENT ON TABLE store.simulation_latency_hourly IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.simulation_latency_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.idx,
    rolled.n
   FROM store.simulation_latency_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_latency_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_latency_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.simulation_id,
            platform.histogram_index(outcomes.execution_time_ms) AS idx,
            count(*) AS n
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '01:00:00'::interval)) AND (platform.histogram_index(outcomes.execution_time_ms) IS NOT NULL))
          GROUP BY outcomes.simulation_id, (platform.histogram_index(outcomes.execution_time_ms))) live);

COMMENT ON VIEW store.simulation_latency_hourly_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.simulation_latency_hourly AS
 SELECT bucket AS hour,
    simulation_id,
    idx,
    n,
    tenant_id
   FROM store.simulation_latency_hourly_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_latency_hourly IS 'outcomes: tenant: histograms of the team''s execution times; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE TABLE store.simulation_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    priced_outcomes bigint,
    total_cost_usd numeric,
    counted_outcomes bigint,
    total_tokens bigint,
    error_count bigint
);

COMMENT ON TABLE store.simulation_performance_daily IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE TABLE store.simulation_performance_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    simulation_id uuid,
    total_outcomes bigint,
    scored_outcomes bigint,
    reliability_sum double precision,
    timed_outcomes bigint,
    execution_time_sum_ms double precision,
    min_execution_time_ms double precision,
    max_execution_time_ms double precision,
    priced_outcomes bigint,
    total_cost_usd numeric,
    counted_outcomes bigint,
    total_tokens bigint,
    judged_outcomes bigint,
    passed_outcomes bigint,
    error_count bigint,
    timeout_count bigint
);

COMMENT ON TABLE store.simulation_performance_hourly IS 'operations: tenant: the roll-up of outcomes, as far as it was refreshed.';

CREATE VIEW store.simulation_performance_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.min_execution_time_ms,
    rolled.max_execution_time_ms,
    rolled.priced_outcomes,
    rolled.total_cost_usd,
    rolled.counted_outcomes,
    rolled.total_tokens,
    rolled.judged_outcomes,
    rolled.passed_outcomes,
    rolled.error_count,
    rolled.timeout_count
   FROM store.simulation_performance_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.min_execution_time_ms,
    live.max_execution_time_ms,
    live.priced_outcomes,
    live.total_cost_usd,
    live.counted_outcomes,
    live.total_tokens,
    live.judged_outcomes,
    live.passed_outcomes,
    live.error_count,
    live.timeout_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT outcomes.simulation_id,
            count(*) AS total_outcomes,
            count(outcomes.reliability_score) AS scored_outcomes,
            sum(outcomes.reliability_score) AS reliability_sum,
            count(outcomes.execution_time_ms) AS timed_outcomes,
            sum(outcomes.execution_time_ms) AS execution_time_sum_ms,
            min(outcomes.execution_time_ms) AS min_execution_time_ms,
            max(outcomes.execution_time_ms) AS max_execution_time_ms,
            count(outcomes.cost_usd) AS priced_outcomes,
            sum(outcomes.cost_usd) AS total_cost_usd,
            count(outcomes.tokens_used) AS counted_outcomes,
            sum(outcomes.tokens_used) AS total_tokens,
            count(outcomes.passed) AS judged_outcomes,
            count(*) FILTER (WHERE outcomes.passed) AS passed_outcomes,
            count(*) FILTER (WHERE (outcomes.status = 'error'::text)) AS error_count,
            count(*) FILTER (WHERE (outcomes.status = 'timeout'::text)) AS timeout_count
           FROM store.outcomes
          WHERE ((outcomes.tenant_id = dirty.tenant_id) AND (outcomes.execution_time >= dirty.bucket) AND (outcomes.execution_time < (dirty.bucket + '01:00:00'::interval)) AND true)
          GROUP BY outcomes.simulation_id) live);

COMMENT ON VIEW store.simulation_performance_hourly_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW store.simulation_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.simulation_id,
    rolled.total_outcomes,
    rolled.scored_outcomes,
    rolled.reliability_sum,
    rolled.timed_outcomes,
    rolled.execution_time_sum_ms,
    rolled.priced_outcomes,
    rolled.total_cost_usd,
    rolled.counted_outcomes,
    rolled.total_tokens,
    rolled.error_count
   FROM store.simulation_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.simulation_id,
    live.total_outcomes,
    live.scored_outcomes,
    live.reliability_sum,
    live.timed_outcomes,
    live.execution_time_sum_ms,
    live.priced_outcomes,
    live.total_cost_usd,
    live.counted_outcomes,
    live.total_tokens,
    live.error_count
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'simulation_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'outcomes'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT simulation_performance_hourly_now.simulation_id,
            (sum(simulation_performance_hourly_now.total_outcomes))::bigint AS total_outcomes,
            (sum(simulation_performance_hourly_now.scored_outcomes))::bigint AS scored_outcomes,
            sum(simulation_performance_hourly_now.reliability_sum) AS reliability_sum,
            (sum(simulation_performance_hourly_now.timed_outcomes))::bigint AS timed_outcomes,
            sum(simulation_performance_hourly_now.execution_time_sum_ms) AS execution_time_sum_ms,
            (sum(simulation_performance_hourly_now.priced_outcomes))::bigint AS priced_outcomes,
            sum(simulation_performance_hourly_now.total_cost_usd) AS total_cost_usd,
            (sum(simulation_performance_hourly_now.counted_outcomes))::bigint AS counted_outcomes,
            (sum(simulation_performance_hourly_now.total_tokens))::bigint AS total_tokens,
            (sum(simulation_performance_hourly_now.error_count))::bigint AS error_count
           FROM store.simulation_performance_hourly_now
          WHERE ((simulation_performance_hourly_now.tenant_id = dirty.tenant_id) AND (simulation_performance_hourly_now.bucket >= dirty.bucket) AND (simulation_performance_hourly_now.bucket < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY simulation_performance_hourly_now.simulation_id) live);

COMMENT ON VIEW store.simulation_performance_daily_now IS 'operations: tenant: the roll-up of outcomes, exact at every moment.';

CREATE VIEW evaluation.simulation_performance_daily AS
 SELECT bucket AS day,
    simulation_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    priced_outcomes,
    total_cost_usd,
    counted_outcomes,
    total_tokens,
    error_count,
    tenant_id
   FROM store.simulation_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_performance_daily IS 'outcomes: tenant: the team''s outcomes by simulation and day, as counts and sums.';

CREATE VIEW evaluation.simulation_performance_hourly AS
 SELECT bucket AS hour,
    simulation_id,
    total_outcomes,
    (reliability_sum / (NULLIF(scored_outcomes, 0))::double precision) AS avg_reliability,
    (execution_time_sum_ms / (NULLIF(timed_outcomes, 0))::double precision) AS avg_execution_time,
    total_cost_usd AS total_cost,
    error_count,
    tenant_id,
    timeout_count,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    min_execution_time_ms,
    max_execution_time_ms,
    priced_outcomes,
    counted_outcomes,
    total_tokens,
    judged_outcomes,
    passed_outcomes
   FROM store.simulation_performance_hourly_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.simulation_performance_hourly IS 'outcomes: tenant: the team''s outcomes by simulation and hour: the documented averages, and the counts and sums by which hours add up.';

CREATE TABLE evaluation.simulations (
    simulation_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    config_version_id uuid NOT NULL,
    scenario_set text[] NOT NULL,
    simulation_name text,
    status text DEFAULT 'pending'::text NOT NULL,
    total_scenarios integer NOT NULL,
    completed_scenarios integer DEFAULT 0 NOT NULL,
    trials_per_scenario integer DEFAULT 1 NOT NULL,
    overall_score double precision,
    execution_time_ms double precision,
    total_cost_usd numeric(14,6),
    max_cost_usd numeric(14,6),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    sandbox_metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    modal_app_id text,
    modal_environment text DEFAULT 'production'::text NOT NULL,
    sandbox_instances integer DEFAULT 1 NOT NULL,
    timeout_ms integer DEFAULT 300000 NOT NULL,
    max_retries integer DEFAULT 3 NOT NULL,
    priority integer DEFAULT 5 NOT NULL,
    seed bigint DEFAULT 0 NOT NULL,
    origin text DEFAULT 'run'::text NOT NULL,
    import_hash text,
    assumed jsonb DEFAULT '[]'::jsonb NOT NULL,
    interleaved_with uuid,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT completed_scenarios_limit CHECK ((completed_scenarios <= total_scenarios)),
    CONSTRAINT simulations_budget_is_positive CHECK ((max_cost_usd > (0)::numeric)),
    CONSTRAINT simulations_completed_is_not_negative CHECK ((completed_scenarios >= 0)),
    CONSTRAINT simulations_cost_is_not_negative CHECK ((total_cost_usd >= (0)::numeric)),
    CONSTRAINT simulations_duration_is_not_negative CHECK ((execution_time_ms >= (0)::double precision)),
    CONSTRAINT simulations_have_scenarios CHECK ((cardinality(scenario_set) > 0)),
    CONSTRAINT simulations_instances_is_positive CHECK ((sandbox_instances > 0)),
    CONSTRAINT simulations_name_length CHECK ((length(simulation_name) <= 200)),
    CONSTRAINT simulations_origin_is_known CHECK ((origin = ANY (ARRAY['run'::text, 'import'::text, 'client'::text, 'traces'::text]))),
    CONSTRAINT simulations_priority_range CHECK (((priority >= 1) AND (priority <= 10))),
    CONSTRAINT simulations_retries_is_not_negative CHECK ((max_retries >= 0)),
    CONSTRAINT simulations_score_is_a_share CHECK (((overall_score >= (0)::double precision) AND (overall_score <= (1)::double precision))),
    CONSTRAINT simulations_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'cancelled'::text]))),
    CONSTRAINT simulations_timeout_is_positive CHECK ((timeout_ms > 0)),
    CONSTRAINT simulations_total_is_positive CHECK ((total_scenarios > 0)),
    CONSTRAINT simulations_trials_is_positive CHECK ((trials_per_scenario > 0)),
    CONSTRAINT valid_completion CHECK (((status = ANY (ARRAY['completed'::text, 'failed'::text, 'cancelled'::text])) = (completed_at IS NOT NULL))),
    CONSTRAINT valid_timestamps CHECK (((started_at IS NULL) OR (started_at >= created_at)))
);

ALTER TABLE ONLY evaluation.simulations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.simulations IS 'simulations: tenant: one configuration version on a set of scenarios, each repeated.';

CREATE TABLE evaluation.simulations_scenarios (
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    execution_order integer NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    content_hash text NOT NULL,
    modal_call_id text,
    modal_execution_logs text,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    retry_count integer DEFAULT 0 NOT NULL,
    CONSTRAINT simulations_scenarios_order_is_positive CHECK ((execution_order > 0)),
    CONSTRAINT simulations_scenarios_retries_is_not_negative CHECK ((retry_count >= 0)),
    CONSTRAINT simulations_scenarios_status_is_known CHECK ((status = ANY (ARRAY['pending'::text, 'running'::text, 'completed'::text, 'failed'::text, 'skipped'::text]))),
    CONSTRAINT valid_execution_timestamps CHECK (((completed_at IS NULL) OR (started_at IS NOT NULL)))
)
WITH (fillfactor='70');

ALTER TABLE ONLY evaluation.simulations_scenarios FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.simulations_scenarios IS 'simulations: tenant: the scenarios of a simulation, each pinned to the content that ran.';

CREATE TABLE store.spans (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    trace_id bytea NOT NULL,
    span_id bytea NOT NULL,
    parent_span_id bytea,
    started_at timestamp with time zone NOT NULL,
    duration_ns bigint,
    name text NOT NULL,
    kind smallint NOT NULL,
    status smallint NOT NULL,
    status_message text,
    service_name text,
    attributes jsonb NOT NULL,
    events jsonb DEFAULT '[]'::jsonb NOT NULL,
    links jsonb DEFAULT '[]'::jsonb NOT NULL,
    resource jsonb DEFAULT '{}'::jsonb NOT NULL,
    scope jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT spans_duration_is_not_negative CHECK ((duration_ns >= 0)),
    CONSTRAINT spans_id_has_eight_bytes CHECK ((length(span_id) = 8)),
    CONSTRAINT spans_kind_is_known CHECK (((kind >= 0) AND (kind <= 5))),
    CONSTRAINT spans_parent_has_eight_bytes CHECK ((length(parent_span_id) = 8)),
    CONSTRAINT spans_status_is_known CHECK (((status >= 0) AND (status <= 2))),
    CONSTRAINT spans_trace_has_sixteen_bytes CHECK ((length(trace_id) = 16))
)
PARTITION BY RANGE (started_at);

COMMENT ON TABLE store.spans IS 'traces: tenant: the spans that agents reported, as they came; a trace whose root is among them has an outcome.';

COMMENT ON COLUMN store.spans.parent_span_id IS 'Null: the root of its trace.';

COMMENT ON COLUMN store.spans.duration_ns IS 'Null where the span ended before it began.';

COMMENT ON COLUMN store.spans.kind IS 'SpanKind of OTLP: 0 unspecified, 1 internal, 2 server, 3 client, 4 producer, 5 consumer.';

COMMENT ON COLUMN store.spans.status IS 'StatusCode of OTLP: 0 unset, 1 ok, 2 error.';

CREATE VIEW evaluation.spans AS
 SELECT tenant_id,
    trace_id,
    span_id,
    parent_span_id,
    started_at,
    duration_ns,
    name,
    kind,
    status,
    status_message,
    service_name,
    attributes,
    events,
    links,
    resource,
    scope,
    created_at
   FROM store.spans
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.spans IS 'traces: tenant: the spans of the team''s own traces.';

CREATE TABLE store.tool_performance_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    tool_name text,
    usage_count bigint,
    total_calls bigint,
    successful_calls double precision,
    timed_calls bigint,
    duration_sum_ms double precision,
    priced_count bigint,
    total_cost_usd numeric
);

COMMENT ON TABLE store.tool_performance_daily IS 'operations: tenant: the roll-up of tool_usage, as far as it was refreshed.';

CREATE TABLE store.tool_usage (
    usage_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    outcome_id uuid NOT NULL,
    simulation_id uuid,
    execution_time timestamp with time zone NOT NULL,
    tool_name text NOT NULL,
    call_count integer NOT NULL,
    error_count integer DEFAULT 0 NOT NULL,
    timed_count integer DEFAULT 0 NOT NULL,
    total_duration_ms double precision DEFAULT 0 NOT NULL,
    avg_duration_ms double precision,
    success_rate double precision NOT NULL,
    tool_sequence jsonb,
    total_cost_usd numeric(18,10),
    error_types text[] DEFAULT '{}'::text[] NOT NULL,
    modal_function_calls jsonb,
    sandbox_tool_logs text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tool_usage_cost_is_not_negative CHECK ((total_cost_usd >= (0)::numeric)),
    CONSTRAINT tool_usage_count_is_positive CHECK ((call_count > 0)),
    CONSTRAINT tool_usage_duration_is_not_negative CHECK (((total_duration_ms >= (0)::double precision) AND (avg_duration_ms >= (0)::double precision))),
    CONSTRAINT tool_usage_name_length CHECK ((length(tool_name) <= 100)),
    CONSTRAINT tool_usage_parts_are_within_the_whole CHECK ((((error_count >= 0) AND (error_count <= call_count)) AND ((timed_count >= 0) AND (timed_count <= call_count)))),
    CONSTRAINT tool_usage_rate_is_a_share CHECK (((success_rate >= (0)::double precision) AND (success_rate <= (1)::double precision)))
)
PARTITION BY RANGE (execution_time);

COMMENT ON TABLE store.tool_usage IS 'outcomes: tenant: each tool''s calls in a trial, as counts and sums, which merge; the documents'' averages are kept beside them.';

CREATE VIEW store.tool_performance_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.tool_name,
    rolled.usage_count,
    rolled.total_calls,
    rolled.successful_calls,
    rolled.timed_calls,
    rolled.duration_sum_ms,
    rolled.priced_count,
    rolled.total_cost_usd
   FROM store.tool_performance_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'tool_performance_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'tool_usage'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.tool_name,
    live.usage_count,
    live.total_calls,
    live.successful_calls,
    live.timed_calls,
    live.duration_sum_ms,
    live.priced_count,
    live.total_cost_usd
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'tool_performance_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'tool_usage'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT tool_usage.tool_name,
            count(*) AS usage_count,
            sum(tool_usage.call_count) AS total_calls,
            sum((tool_usage.success_rate * (tool_usage.call_count)::double precision)) AS successful_calls,
            sum(COALESCE(NULLIF(tool_usage.timed_count, 0), tool_usage.call_count)) FILTER (WHERE (tool_usage.avg_duration_ms IS NOT NULL)) AS timed_calls,
            sum((tool_usage.avg_duration_ms * (COALESCE(NULLIF(tool_usage.timed_count, 0), tool_usage.call_count))::double precision)) AS duration_sum_ms,
            count(tool_usage.total_cost_usd) AS priced_count,
            sum(tool_usage.total_cost_usd) AS total_cost_usd
           FROM store.tool_usage
          WHERE ((tool_usage.tenant_id = dirty.tenant_id) AND (tool_usage.execution_time >= dirty.bucket) AND (tool_usage.execution_time < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY tool_usage.tool_name) live);

COMMENT ON VIEW store.tool_performance_daily_now IS 'operations: tenant: the roll-up of tool_usage, exact at every moment.';

CREATE VIEW evaluation.tool_performance_daily AS
 SELECT bucket AS day,
    tool_name,
    (successful_calls / (total_calls)::double precision) AS avg_success_rate,
    (duration_sum_ms / (timed_calls)::double precision) AS avg_duration,
    total_cost_usd AS daily_cost,
    usage_count,
    tenant_id,
    total_calls,
    successful_calls,
    timed_calls,
    duration_sum_ms,
    priced_count
   FROM store.tool_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW evaluation.tool_performance_daily IS 'outcomes: tenant: the team''s tools by day; averages are over calls.';

CREATE VIEW evaluation.tool_usage AS
 SELECT usage_id,
    tenant_id,
    outcome_id,
    simulation_id,
    execution_time,
    tool_name,
    call_count,
    error_count,
    timed_count,
    total_duration_ms,
    avg_duration_ms,
    success_rate,
    tool_sequence,
    total_cost_usd,
    error_types,
    modal_function_calls,
    sandbox_tool_logs,
    created_at
   FROM store.tool_usage
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW evaluation.tool_usage IS 'outcomes: tenant: the team''s own tool usage.';

CREATE TABLE evaluation.trials (
    simulation_id uuid NOT NULL,
    scenario_id text NOT NULL,
    trial_number integer NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    "position" bigint NOT NULL,
    state text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    attempt_token uuid,
    outcome_id uuid,
    execution_time timestamp with time zone,
    worker text,
    leased_until timestamp with time zone,
    finished_at timestamp with time zone,
    planned_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT trials_attempts_is_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT trials_done_has_an_outcome CHECK (((state <> 'done'::text) OR ((outcome_id IS NOT NULL) AND (execution_time IS NOT NULL)))),
    CONSTRAINT trials_number_is_positive CHECK ((trial_number > 0)),
    CONSTRAINT trials_running_is_leased CHECK (((state <> 'running'::text) OR ((attempt_token IS NOT NULL) AND (outcome_id IS NOT NULL) AND (execution_time IS NOT NULL) AND (leased_until IS NOT NULL)))),
    CONSTRAINT trials_state_is_known CHECK ((state = ANY (ARRAY['pending'::text, 'running'::text, 'done'::text, 'skipped'::text])))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY evaluation.trials FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE evaluation.trials IS 'simulations: tenant: the repetitions of each scenario: which are to do, who is at work on them until when, which outcome closed them.';

COMMENT ON COLUMN evaluation.trials.planned_at IS 'When it was planned, and so began to wait.';

CREATE VIEW evaluation.v_active_simulations WITH (security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    (versions.parsed_config ->> 'model'::text) AS model,
    simulations.tenant_id
   FROM (evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at;

COMMENT ON VIEW evaluation.v_active_simulations IS 'simulations: tenant: simulations that are not over, and how far they are.';

CREATE VIEW evaluation.v_analyst_trials WITH (security_invoker='true') AS
 SELECT outcomes.tenant_id,
    outcomes.outcome_id,
    outcomes.execution_time,
    outcomes.simulation_id,
    simulations.config_version_id,
    outcomes.scenario_id,
    ran.content_hash,
    scenarios.name AS scenario_name,
    scenarios.task_prompt,
    scenarios.expected_tools,
    outcomes.trial_number,
    outcomes.status,
    outcomes.passed,
    outcomes.fault,
    outcomes.execution_time_ms,
    outcomes.cost_usd,
    outcomes.retry_count,
    simulations.timeout_ms
   FROM ((((evaluation.outcomes
     JOIN evaluation.simulations ON ((simulations.simulation_id = outcomes.simulation_id)))
     JOIN evaluation.simulations_scenarios ran ON (((ran.simulation_id = outcomes.simulation_id) AND (ran.scenario_id = outcomes.scenario_id))))
     JOIN evaluation.scenario_versions contents ON (((contents.tenant_id = ran.tenant_id) AND (contents.scenario_id = ran.scenario_id) AND (contents.content_hash = ran.content_hash) AND (contents.split = 'search'::text))))
     JOIN evaluation.scenarios ON (((scenarios.tenant_id = ran.tenant_id) AND (scenarios.scenario_id = ran.scenario_id) AND (scenarios.split = 'search'::text))));

COMMENT ON VIEW evaluation.v_analyst_trials IS 'recommendations: tenant: the trials that an analyst may read, none of a held-out scenario.';

CREATE VIEW evaluation.v_dashboard_active_simulations WITH (security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    simulations.modal_app_id,
    (versions.parsed_config ->> 'model'::text) AS model_name,
    (COALESCE(recorded.outcomes, (0)::numeric))::bigint AS outcomes_recorded,
    simulations.tenant_id
   FROM ((evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
     LEFT JOIN ( SELECT simulation_performance_hourly.simulation_id,
            sum(simulation_performance_hourly.total_outcomes) AS outcomes
           FROM evaluation.simulation_performance_hourly
          WHERE (simulation_performance_hourly.simulation_id = ANY (ARRAY( SELECT simulations_1.simulation_id
                   FROM evaluation.simulations simulations_1
                  WHERE (simulations_1.status = ANY (ARRAY['pending'::text, 'running'::text])))))
          GROUP BY simulation_performance_hourly.simulation_id) recorded ON ((recorded.simulation_id = simulations.simulation_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at DESC;

COMMENT ON VIEW evaluation.v_dashboard_active_simulations IS 'simulations: tenant: simulations that are not over, how far they are, and how many outcomes they have.';

CREATE VIEW evaluation.v_dashboard_cost_analysis WITH (security_invoker='true') AS
 WITH spent AS MATERIALIZED (
         SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            sum(days.total_outcomes) AS outcomes,
            sum(days.total_cost_usd) AS cost,
            sum(days.priced_outcomes) AS priced,
            sum(days.total_tokens) AS tokens,
            sum(days.counted_outcomes) AS counted
           FROM (evaluation.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id
        ), models AS MATERIALIZED (
         SELECT config_versions.version_id,
            (config_versions.parsed_config ->> 'model'::text) AS model
           FROM evaluation.config_versions
          WHERE (config_versions.version_id = ANY (ARRAY( SELECT DISTINCT spent_1.config_version_id
                   FROM spent spent_1)))
        )
 SELECT spent.day,
    models.model,
    (sum(spent.outcomes))::bigint AS executions,
    sum(spent.cost) AS total_cost,
    (sum(spent.cost) / NULLIF(sum(spent.priced), (0)::numeric)) AS avg_cost_per_execution,
    (sum(spent.tokens))::bigint AS total_tokens,
    (sum(spent.tokens) / NULLIF(sum(spent.counted), (0)::numeric)) AS avg_tokens_per_execution,
    spent.tenant_id
   FROM (spent
     JOIN models ON ((models.version_id = spent.config_version_id)))
  GROUP BY spent.tenant_id, spent.day, models.model
  ORDER BY spent.day DESC, (sum(spent.cost)) DESC NULLS LAST;

COMMENT ON VIEW evaluation.v_dashboard_cost_analysis IS 'outcomes: tenant: what the last 30 days cost, by day and model; averages are over the outcomes whose cost, or tokens, are known.';

CREATE VIEW evaluation.v_dashboard_pending_recommendations WITH (security_invoker='true') AS
 SELECT recommendations.recommendation_id,
    recommendations.recommendation_type,
    recommendations.description,
    recommendations.confidence,
    recommendations.impact_estimate,
    recommendations.suggested_yaml_changes,
    COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
    sessions.data_window_start,
    sessions.data_window_end,
    recommendations.created_at,
    recommendations.tenant_id
   FROM (evaluation.recommendations
     LEFT JOIN evaluation.llm_recommendation_sessions sessions ON ((sessions.session_id = recommendations.session_id)))
  WHERE ((recommendations.status = 'open'::text) AND (NOT recommendations.applied) AND (recommendations.confidence > (0.7)::double precision))
  ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
 LIMIT 10;

COMMENT ON VIEW evaluation.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has decided on yet.';

CREATE VIEW evaluation.v_dashboard_performance_trends WITH (security_invoker='true') AS
 SELECT day,
    (sum(total_outcomes))::bigint AS total_executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration_ms,
    sum(total_cost_usd) AS daily_cost,
    (sum(error_count))::bigint AS error_count,
    round(((100.0 * sum(error_count)) / sum(total_outcomes)), 2) AS error_rate_pct,
    tenant_id
   FROM evaluation.simulation_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY tenant_id, day
  ORDER BY day DESC;

COMMENT ON VIEW evaluation.v_dashboard_performance_trends IS 'outcomes: tenant: outcomes of the last 30 days, by day.';

CREATE VIEW evaluation.v_error_rates WITH (security_invoker='true') AS
 SELECT day,
    scenario_id,
    total_outcomes AS total_runs,
    error_count,
    round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2) AS error_rate_pct,
    tenant_id
   FROM evaluation.scenario_performance_daily
  WHERE ((day >= date_trunc('day'::text, (now() - '7 days'::interval), 'UTC'::text)) AND (total_outcomes >= 10))
  ORDER BY day DESC, (round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2)) DESC;

COMMENT ON VIEW evaluation.v_error_rates IS 'outcomes: tenant: how often each scenario ended in an error, by day, over a week; scenarios with ten outcomes or more.';

CREATE VIEW evaluation.v_llm_config_performance WITH (security_invoker='true') AS
 SELECT versions.config_id,
    versions.version_number,
    versions.parsed_config,
    played.day,
    played.outcomes AS total_executions,
    played.avg_reliability,
    played.avg_execution_time,
    played.daily_cost,
    played.error_count,
    played.tenant_id
   FROM (( SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            (sum(days.total_outcomes))::bigint AS outcomes,
            (sum(days.reliability_sum) / (NULLIF(sum(days.scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
            (sum(days.execution_time_sum_ms) / (NULLIF(sum(days.timed_outcomes), (0)::numeric))::double precision) AS avg_execution_time,
            sum(days.total_cost_usd) AS daily_cost,
            (sum(days.error_count))::bigint AS error_count
           FROM (evaluation.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '90 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id) played
     JOIN evaluation.config_versions versions ON ((versions.version_id = played.config_version_id)))
  ORDER BY played.day DESC, played.avg_reliability DESC NULLS LAST;

COMMENT ON VIEW evaluation.v_llm_config_performance IS 'outcomes: tenant: outcomes of the last 90 days by day and version of a configuration.';

CREATE VIEW evaluation.v_llm_failure_analysis WITH (security_invoker='true') AS
 SELECT day,
    failure_category,
    count(*) AS daily_failures,
    avg(cluster_confidence) AS avg_confidence,
    (array_agg(DISTINCT error_message) FILTER (WHERE (error_message IS NOT NULL)))[1:20] AS sample_errors,
    array_agg(DISTINCT scenario_id) FILTER (WHERE (scenario_id IS NOT NULL)) AS affected_scenarios,
    tenant_id
   FROM ( SELECT patterns.tenant_id,
            date_trunc('day'::text, patterns.execution_time, 'UTC'::text) AS day,
            patterns.failure_category,
            patterns.cluster_confidence,
            patterns.error_message,
            COALESCE(patterns.scenario_id, ( SELECT outcomes.scenario_id
                   FROM evaluation.outcomes
                  WHERE ((outcomes.outcome_id = patterns.outcome_id) AND (outcomes.execution_time = patterns.execution_time)))) AS scenario_id
           FROM evaluation.failure_patterns patterns
          WHERE (patterns.execution_time >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))) failures
  GROUP BY tenant_id, day, failure_category
  ORDER BY day DESC, (count(*)) DESC;

COMMENT ON VIEW evaluation.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';

CREATE VIEW evaluation.v_llm_scenario_trends WITH (security_invoker='true') AS
 SELECT scenario_id,
    date_trunc('week'::text, day, 'UTC'::text) AS week,
    (sum(total_outcomes))::bigint AS executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
        CASE
            WHEN (sum(scored_outcomes) > (1)::numeric) THEN sqrt((GREATEST((sum(reliability_square_sum) - ((sum(reliability_sum) ^ (2)::double precision) / (sum(scored_outcomes))::double precision)), (0)::double precision) / ((sum(scored_outcomes) - (1)::numeric))::double precision))
            ELSE NULL::double precision
        END AS reliability_variance,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration,
    (sum(timeout_count))::bigint AS timeout_count,
    tenant_id
   FROM evaluation.scenario_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '6 mons'::interval), 'UTC'::text))
  GROUP BY tenant_id, scenario_id, (date_trunc('week'::text, day, 'UTC'::text))
  ORDER BY (date_trunc('week'::text, day, 'UTC'::text)) DESC, (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision);

COMMENT ON VIEW evaluation.v_llm_scenario_trends IS 'outcomes: tenant: outcomes of the last six months by week and scenario; reliability_variance is their standard deviation.';

CREATE VIEW evaluation.v_system_performance WITH (security_invoker='true') AS
 SELECT date_trunc('hour'::text, created_at, 'UTC'::text) AS hour,
    count(*) AS total_simulations,
    avg(execution_time_ms) AS avg_execution_time,
    sum(total_cost_usd) AS total_cost,
    count(*) FILTER (WHERE (status = 'failed'::text)) AS failed_count,
    avg(overall_score) AS avg_score,
    tenant_id
   FROM evaluation.simulations
  WHERE (created_at > (now() - '24:00:00'::interval))
  GROUP BY tenant_id, (date_trunc('hour'::text, created_at, 'UTC'::text))
  ORDER BY (date_trunc('hour'::text, created_at, 'UTC'::text));

COMMENT ON VIEW evaluation.v_system_performance IS 'simulations: tenant: simulations of the last 24 hours, by the hour in which they were planned.';

CREATE TABLE gateway.acp_agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    command character varying(500) NOT NULL,
    args jsonb DEFAULT '[]'::jsonb NOT NULL,
    protocol_version integer,
    capabilities jsonb DEFAULT '{}'::jsonb NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT acp_agents_are_named CHECK ((((name)::text <> ''::text) AND ((command)::text <> ''::text))),
    CONSTRAINT acp_agents_args_is_a_list CHECK ((jsonb_typeof(args) = 'array'::text)),
    CONSTRAINT acp_agents_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT acp_agents_version_is_positive CHECK ((protocol_version > 0))
);

ALTER TABLE ONLY gateway.acp_agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.acp_agents IS 'protocols: tenant: agents that are started and spoken to over the Agent Client Protocol.';

COMMENT ON COLUMN gateway.acp_agents.protocol_version IS 'What the agent answered to initialize; null before it was asked.';

CREATE TABLE gateway.bodies (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    sha256 text NOT NULL,
    encoding text DEFAULT 'identity'::text NOT NULL,
    size_bytes bigint NOT NULL,
    content bytea NOT NULL,
    used_on date DEFAULT ((now() AT TIME ZONE 'UTC'::text))::date NOT NULL,
    CONSTRAINT bodies_encoding_is_known CHECK ((encoding = ANY (ARRAY['identity'::text, 'zstd'::text]))),
    CONSTRAINT bodies_sha256_is_hex CHECK ((sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT bodies_size_is_not_negative CHECK ((size_bytes >= 0))
);
ALTER TABLE ONLY gateway.bodies ALTER COLUMN content SET STORAGE EXTERNAL;

ALTER TABLE ONLY gateway.bodies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.bodies IS 'requests: tenant: long messages, parameters and answers of calls, once for each content: agents send their whole history with every turn.';

COMMENT ON COLUMN gateway.bodies.used_on IS 'The last day, in UTC, on which a call held it; what nobody has sent for long goes.';

CREATE TABLE gateway.budget_periods (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    budget_id uuid NOT NULL,
    starts_on date NOT NULL,
    spent_usd numeric(18,10) DEFAULT 0 NOT NULL,
    reserved_usd numeric(18,10) DEFAULT 0 NOT NULL,
    CONSTRAINT budget_periods_are_not_negative CHECK (((spent_usd >= (0)::numeric) AND (reserved_usd >= (0)::numeric)))
)
WITH (fillfactor='50');

ALTER TABLE ONLY gateway.budget_periods FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.budget_periods IS 'budgets: tenant: what was spent of a budget in each day or month, and what is set aside for calls under way.';

CREATE TABLE gateway.budgets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    user_id uuid,
    api_key_id uuid,
    model character varying(255),
    period text DEFAULT 'month'::text NOT NULL,
    limit_usd numeric(18,10),
    tokens_per_minute integer,
    is_hard boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT budgets_are_named CHECK ((((name)::text <> ''::text) AND ((model)::text <> ''::text))),
    CONSTRAINT budgets_limit_something CHECK ((num_nonnulls(limit_usd, tokens_per_minute) > 0)),
    CONSTRAINT budgets_limits_are_not_negative CHECK (((limit_usd >= (0)::numeric) AND (tokens_per_minute > 0))),
    CONSTRAINT budgets_period_is_known CHECK ((period = ANY (ARRAY['day'::text, 'month'::text])))
);

ALTER TABLE ONLY gateway.budgets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.budgets IS 'budgets: tenant: what may be spent on calls in a day or month: by the team, or by whom, which key and which model the columns name.';

COMMENT ON COLUMN gateway.budgets.is_hard IS 'Calls that would exceed it, or whose price is not known, are refused; a soft one only counts.';

CREATE TABLE gateway.code_versions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    version_hash character varying(64) NOT NULL,
    branch character varying(255) NOT NULL,
    commit_message text,
    files_changed jsonb DEFAULT '[]'::jsonb NOT NULL,
    diff_summary text,
    validation_status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    test_results jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT code_versions_files_is_a_list CHECK ((jsonb_typeof(files_changed) = 'array'::text)),
    CONSTRAINT code_versions_hash_is_of_a_commit CHECK (((version_hash)::text ~ '^[0-9a-f]{7,64}$'::text)),
    CONSTRAINT code_versions_status_is_known CHECK (((validation_status)::text = ANY ((ARRAY['pending'::character varying, 'passed'::character varying, 'failed'::character varying])::text[])))
);

ALTER TABLE ONLY gateway.code_versions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.code_versions IS 'debates: tenant: the commits that a debate is about, and what their tests said.';

CREATE TABLE gateway.cognee_memories (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    session_id uuid,
    content text NOT NULL,
    memory_type character varying(50) DEFAULT 'fact'::character varying NOT NULL,
    entities jsonb DEFAULT '[]'::jsonb NOT NULL,
    relationships jsonb DEFAULT '[]'::jsonb NOT NULL,
    confidence numeric(5,4) DEFAULT 0.8 NOT NULL,
    access_count integer DEFAULT 0 NOT NULL,
    last_accessed timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT cognee_memories_access_is_counted CHECK (((access_count >= 0) AND ((access_count = 0) = (last_accessed IS NULL)))),
    CONSTRAINT cognee_memories_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT cognee_memories_entities_is_a_list CHECK ((jsonb_typeof(entities) = 'array'::text)),
    CONSTRAINT cognee_memories_relationships_is_a_list CHECK ((jsonb_typeof(relationships) = 'array'::text)),
    CONSTRAINT cognee_memories_say_something CHECK ((content <> ''::text)),
    CONSTRAINT cognee_memories_type_is_named CHECK (((memory_type)::text <> ''::text))
);

ALTER TABLE ONLY gateway.cognee_memories FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.cognee_memories IS 'memory: tenant: what is remembered of a person: facts, with the things they name and how those hang together.';

CREATE TABLE gateway.debate_ballots (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    vote character varying(50) NOT NULL,
    participant_id character varying(255) NOT NULL,
    ranking jsonb NOT NULL,
    weight numeric(18,6) DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT debate_ballots_ranking_is_a_list CHECK ((jsonb_typeof(ranking) = 'array'::text)),
    CONSTRAINT debate_ballots_vote_is_known CHECK (((vote)::text = ANY ((ARRAY['plain'::character varying, 'final'::character varying])::text[]))),
    CONSTRAINT debate_ballots_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY gateway.debate_ballots FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_ballots IS 'debates: tenant: every ballot of a debate, as it was cast; it is never changed.';

COMMENT ON COLUMN gateway.debate_ballots.vote IS 'plain: on the first answers, which nobody else had seen; final: after the last round.';

COMMENT ON COLUMN gateway.debate_ballots.ranking IS 'Positions, the best first; an empty list abstains.';

COMMENT ON COLUMN gateway.debate_ballots.weight IS 'What the voice weighs by the weighted method; by the others each counts as one.';

CREATE TABLE gateway.debate_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    topic text NOT NULL,
    description text,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    current_round integer DEFAULT 0 NOT NULL,
    total_rounds integer NOT NULL,
    voting_method character varying(50) DEFAULT 'weighted'::character varying NOT NULL,
    positions jsonb DEFAULT '[]'::jsonb NOT NULL,
    participants jsonb DEFAULT '[]'::jsonb NOT NULL,
    final_winner character varying(255),
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_by uuid DEFAULT platform.user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    CONSTRAINT debate_sessions_active_has_begun CHECK ((((status)::text <> 'active'::text) OR (started_at IS NOT NULL))),
    CONSTRAINT debate_sessions_end_is_recorded CHECK ((((status)::text = ANY ((ARRAY['completed'::character varying, 'cancelled'::character varying])::text[])) = (completed_at IS NOT NULL))),
    CONSTRAINT debate_sessions_have_a_topic CHECK ((topic <> ''::text)),
    CONSTRAINT debate_sessions_method_is_known CHECK (((voting_method)::text = ANY ((ARRAY['weighted'::character varying, 'majority'::character varying, 'borda'::character varying, 'condorcet'::character varying])::text[]))),
    CONSTRAINT debate_sessions_participants_is_a_list CHECK ((jsonb_typeof(participants) = 'array'::text)),
    CONSTRAINT debate_sessions_positions_is_a_list CHECK ((jsonb_typeof(positions) = 'array'::text)),
    CONSTRAINT debate_sessions_round_is_within_the_plan CHECK (((current_round >= 0) AND (current_round <= total_rounds))),
    CONSTRAINT debate_sessions_rounds_is_positive CHECK ((total_rounds > 0)),
    CONSTRAINT debate_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'active'::character varying, 'completed'::character varying, 'cancelled'::character varying])::text[]))),
    CONSTRAINT debate_sessions_winner_is_of_an_end CHECK (((final_winner IS NULL) OR ((status)::text = 'completed'::text)))
);

ALTER TABLE ONLY gateway.debate_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_sessions IS 'debates: tenant: a question that models argue about, in rounds, before they vote.';

COMMENT ON COLUMN gateway.debate_sessions.final_winner IS 'The position that won; null also where the vote was a tie.';

CREATE TABLE gateway.debate_turns (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    round_number integer NOT NULL,
    turn_number integer NOT NULL,
    participant_id character varying(255) NOT NULL,
    "position" character varying(255) NOT NULL,
    content text NOT NULL,
    raw_response jsonb DEFAULT '{}'::jsonb NOT NULL,
    tokens_used integer,
    response_time bigint,
    confidence numeric(5,4),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT debate_turns_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT debate_turns_round_is_not_negative CHECK ((round_number >= 0)),
    CONSTRAINT debate_turns_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT debate_turns_tokens_is_not_negative CHECK ((tokens_used >= 0)),
    CONSTRAINT debate_turns_turn_is_not_negative CHECK ((turn_number >= 0))
);

ALTER TABLE ONLY gateway.debate_turns FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.debate_turns IS 'debates: tenant: what each participant said, in which round and for which position.';

COMMENT ON COLUMN gateway.debate_turns.participant_id IS 'An agent or a model, by the name that the session''s list of participants has for it.';

CREATE TABLE gateway.distributed_memory (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    shard_key character varying(64) NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    content text NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    node_id character varying(255) DEFAULT 'local'::character varying NOT NULL,
    replicated_to jsonb DEFAULT '[]'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT distributed_memory_replicas_is_a_list CHECK ((jsonb_typeof(replicated_to) = 'array'::text)),
    CONSTRAINT distributed_memory_says_something CHECK ((content <> ''::text)),
    CONSTRAINT distributed_memory_shard_is_named CHECK (((shard_key)::text <> ''::text))
)
PARTITION BY HASH (shard_key);

ALTER TABLE ONLY gateway.distributed_memory FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.distributed_memory IS 'memory: tenant: what is remembered as text with its embedding, in sixteen shards; a search names the shard.';

COMMENT ON COLUMN gateway.distributed_memory.replicated_to IS 'The ids of the other nodes that have acknowledged a copy.';

CREATE TABLE store.ensemble_ballots (
    request_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    created_at timestamp with time zone NOT NULL,
    layer smallint DEFAULT 1 NOT NULL,
    voter character varying(255) NOT NULL,
    place smallint NOT NULL,
    state character varying(50) NOT NULL,
    weight numeric(18,6) DEFAULT 1 NOT NULL,
    option character varying(10),
    ranking text[] DEFAULT '{}'::text[] NOT NULL,
    grades jsonb DEFAULT '{}'::jsonb NOT NULL,
    response_id uuid,
    vote_id uuid,
    answer_sha256 text,
    error_code text,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT ensemble_ballots_answer_is_hex CHECK ((answer_sha256 ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT ensemble_ballots_layer_is_positive CHECK ((layer > 0)),
    CONSTRAINT ensemble_ballots_state_is_known CHECK (((state)::text = ANY ((ARRAY['cast'::character varying, 'abstained'::character varying, 'failed'::character varying, 'late'::character varying])::text[]))),
    CONSTRAINT ensemble_ballots_weight_is_not_negative CHECK ((weight >= (0)::numeric))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.ensemble_ballots IS 'ensembles: tenant: who was asked in an ensemble''s call and what each brought to the vote; never changed.';

COMMENT ON COLUMN store.ensemble_ballots.created_at IS 'The call''s: with request_id its key.';

COMMENT ON COLUMN store.ensemble_ballots.place IS 'Where the voter stands among the members; ties go to the answer whose first voter stands first.';

COMMENT ON COLUMN store.ensemble_ballots.option IS 'The letter of the voter''s own answer; equal answers have one. Letters are drawn by lot, by the call''s id.';

COMMENT ON COLUMN store.ensemble_ballots.ranking IS 'Letters, the best first: as members rank all answers, or a judge''s choice.';

COMMENT ON COLUMN store.ensemble_ballots.grades IS 'Grades by letter, in thousandths of the highest: a judge''s, or a scorer''s.';

COMMENT ON COLUMN store.ensemble_ballots.vote_id IS 'The response in which the voter ranked or judged, where that was asked for apart.';

COMMENT ON COLUMN store.ensemble_ballots.answer_sha256 IS 'The digest of the answer as votes compare it; null where the ledger keeps nothing of what was said.';

COMMENT ON COLUMN store.ensemble_ballots.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.ensemble_ballots.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.ensemble_ballots.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW gateway.ensemble_ballots AS
 SELECT request_id,
    tenant_id,
    created_at,
    layer,
    voter,
    place,
    state,
    weight,
    option,
    ranking,
    grades,
    response_id,
    vote_id,
    answer_sha256,
    error_code,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.ensemble_ballots
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.ensemble_ballots IS 'ensembles: tenant: the ballots of the team''s own calls of ensembles.';

CREATE TABLE store.ensemble_votes (
    request_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    created_at timestamp with time zone NOT NULL,
    ensemble character varying(255),
    strategy character varying(50) NOT NULL,
    rule character varying(50),
    winner character varying(10),
    winners text[] DEFAULT '{}'::text[] NOT NULL,
    scores jsonb DEFAULT '{}'::jsonb NOT NULL,
    others jsonb DEFAULT '{}'::jsonb NOT NULL,
    selected_id uuid,
    confidence numeric(5,4),
    stopped character varying(50) NOT NULL,
    fallback character varying(50),
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT ensemble_votes_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT ensemble_votes_stop_is_known CHECK (((stopped)::text = ANY ((ARRAY['all_in'::character varying, 'decided'::character varying, 'deadline'::character varying])::text[])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.ensemble_votes IS 'ensembles: tenant: how an ensemble''s call was decided; it is never changed.';

COMMENT ON COLUMN store.ensemble_votes.created_at IS 'The call''s: with request_id its key.';

COMMENT ON COLUMN store.ensemble_votes.ensemble IS 'The name under which the ensemble was asked; null where the call brought its configuration along.';

COMMENT ON COLUMN store.ensemble_votes.rule IS 'What was counted by; null where a judge wrote the answer.';

COMMENT ON COLUMN store.ensemble_votes.winners IS 'Letters of answers; several are a tie, of which winner is the one whose first voter stands first.';

COMMENT ON COLUMN store.ensemble_votes.selected_id IS 'Whose answer the caller was given, in llm_responses.';

COMMENT ON COLUMN store.ensemble_votes.fallback IS 'Why the judge did not decide, where one should have: what was counted instead is the members'' own answers.';

COMMENT ON COLUMN store.ensemble_votes.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.ensemble_votes.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.ensemble_votes.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW gateway.ensemble_votes AS
 SELECT request_id,
    tenant_id,
    created_at,
    ensemble,
    strategy,
    rule,
    winner,
    winners,
    scores,
    others,
    selected_id,
    confidence,
    stopped,
    fallback,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.ensemble_votes
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.ensemble_votes IS 'ensembles: tenant: how the team''s own calls of ensembles were decided.';

CREATE TABLE gateway.ensembles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    config jsonb NOT NULL,
    created_by uuid DEFAULT platform.user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ensembles_config_is_an_object CHECK ((jsonb_typeof(config) = 'object'::text)),
    CONSTRAINT ensembles_name_is_one CHECK ((((name)::text <> ''::text) AND ((name)::text !~ '[/[:space:]]'::text)))
);

ALTER TABLE ONLY gateway.ensembles FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.ensembles IS 'ensembles: tenant: which models answer together under a name, and how one answer is made of theirs.';

COMMENT ON COLUMN gateway.ensembles.config IS 'strategy, members with weights, judge, quorum …, as the docs of the gateway say them.';

CREATE TABLE gateway.idempotent_calls (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint bytea NOT NULL,
    process_id uuid NOT NULL,
    request_id uuid NOT NULL,
    media_type text,
    answer text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone DEFAULT (now() + '1 day'::interval) NOT NULL,
    CONSTRAINT idempotent_calls_answer_has_a_type CHECK ((num_nonnulls(media_type, answer) <> 1)),
    CONSTRAINT idempotent_calls_fingerprint_is_a_digest CHECK ((octet_length(fingerprint) = 32))
);

ALTER TABLE ONLY gateway.idempotent_calls FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.idempotent_calls IS 'requests: tenant: calls that were sent with an idempotency key, for a day: sent again, they are answered as before and cost nothing.';

COMMENT ON COLUMN gateway.idempotent_calls.answer IS 'The SHA-256 of the answer in gateway.bodies; null while the call is under way.';

CREATE TABLE store.llm_arrival_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    idx integer,
    n bigint
);

COMMENT ON TABLE store.llm_arrival_hourly IS 'operations: tenant: the roll-up of streaming_analytics, as far as it was refreshed.';

CREATE TABLE store.streaming_analytics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    stream_id character varying(255) NOT NULL,
    event_type character varying(100) NOT NULL,
    chunk_number integer NOT NULL,
    latency_ms bigint NOT NULL,
    tokens_delta integer DEFAULT 0 NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    is_streamed boolean,
    generating_ms bigint,
    cost_usd numeric(18,10),
    error_code text,
    CONSTRAINT streaming_analytics_counts_are_not_negative CHECK (((chunk_number >= 0) AND (latency_ms >= 0) AND (tokens_delta >= 0))),
    CONSTRAINT streaming_analytics_names_are_given CHECK ((((stream_id)::text <> ''::text) AND ((event_type)::text <> ''::text)))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.streaming_analytics IS 'requests: tenant: how answers arrive: a row for each.';

COMMENT ON COLUMN store.streaming_analytics.stream_id IS 'Of the gateway''s calls: the request''s id.';

COMMENT ON COLUMN store.streaming_analytics.event_type IS 'Of the gateway''s calls: completed or failed, once for each answer; the row has its id.';

COMMENT ON COLUMN store.streaming_analytics.chunk_number IS 'With completed and failed: in how many it came.';

COMMENT ON COLUMN store.streaming_analytics.latency_ms IS 'Since the request; of the first chunk it is the time to the first token.';

COMMENT ON COLUMN store.streaming_analytics.tokens_delta IS 'Tokens that the chunk added.';

COMMENT ON COLUMN store.streaming_analytics.generating_ms IS 'Of a stream: from its first token to its end; what of latency_ms is before that is the time to the first token.';

COMMENT ON COLUMN store.streaming_analytics.cost_usd IS 'Null where nobody knows the price.';

CREATE VIEW store.llm_arrival_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.provider_name,
    rolled.model,
    rolled.idx,
    rolled.n
   FROM store.llm_arrival_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_arrival_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.provider_name,
    live.model,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_arrival_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT streaming_analytics.provider_name,
            streaming_analytics.model,
            platform.histogram_index((streaming_analytics.latency_ms)::double precision) AS idx,
            count(*) AS n
           FROM store.streaming_analytics
          WHERE ((streaming_analytics.tenant_id = dirty.tenant_id) AND (streaming_analytics."timestamp" >= dirty.bucket) AND (streaming_analytics."timestamp" < (dirty.bucket + '01:00:00'::interval)) AND (((streaming_analytics.event_type)::text = 'completed'::text) AND (streaming_analytics.provider_name IS NOT NULL) AND (platform.histogram_index((streaming_analytics.latency_ms)::double precision) IS NOT NULL)))
          GROUP BY streaming_analytics.provider_name, streaming_analytics.model, (platform.histogram_index((streaming_analytics.latency_ms)::double precision))) live);

COMMENT ON VIEW store.llm_arrival_hourly_now IS 'operations: tenant: the roll-up of streaming_analytics, exact at every moment.';

CREATE TABLE store.llm_first_token_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    idx integer,
    n bigint
);

COMMENT ON TABLE store.llm_first_token_hourly IS 'operations: tenant: the roll-up of streaming_analytics, as far as it was refreshed.';

CREATE VIEW store.llm_first_token_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.provider_name,
    rolled.model,
    rolled.idx,
    rolled.n
   FROM store.llm_first_token_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_first_token_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.provider_name,
    live.model,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_first_token_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT streaming_analytics.provider_name,
            streaming_analytics.model,
            platform.histogram_index(((streaming_analytics.latency_ms - streaming_analytics.generating_ms))::double precision) AS idx,
            count(*) AS n
           FROM store.streaming_analytics
          WHERE ((streaming_analytics.tenant_id = dirty.tenant_id) AND (streaming_analytics."timestamp" >= dirty.bucket) AND (streaming_analytics."timestamp" < (dirty.bucket + '01:00:00'::interval)) AND ((streaming_analytics.provider_name IS NOT NULL) AND (platform.histogram_index(((streaming_analytics.latency_ms - streaming_analytics.generating_ms))::double precision) IS NOT NULL)))
          GROUP BY streaming_analytics.provider_name, streaming_analytics.model, (platform.histogram_index(((streaming_analytics.latency_ms - streaming_analytics.generating_ms))::double precision))) live);

COMMENT ON VIEW store.llm_first_token_hourly_now IS 'operations: tenant: the roll-up of streaming_analytics, exact at every moment.';

CREATE VIEW gateway.llm_arrival_hourly AS
 SELECT llm_arrival_hourly_now.bucket AS hour,
    llm_arrival_hourly_now.tenant_id,
    llm_arrival_hourly_now.provider_name,
    llm_arrival_hourly_now.model,
    'completed'::text AS event_type,
    llm_arrival_hourly_now.idx,
    llm_arrival_hourly_now.n
   FROM store.llm_arrival_hourly_now
  WHERE (llm_arrival_hourly_now.tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
UNION ALL
 SELECT llm_first_token_hourly_now.bucket AS hour,
    llm_first_token_hourly_now.tenant_id,
    llm_first_token_hourly_now.provider_name,
    llm_first_token_hourly_now.model,
    'first_token'::text AS event_type,
    llm_first_token_hourly_now.idx,
    llm_first_token_hourly_now.n
   FROM store.llm_first_token_hourly_now
  WHERE (llm_first_token_hourly_now.tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.llm_arrival_hourly IS 'requests: tenant: histograms of milliseconds until the team''s answers began (first_token) and were whole (completed), as gateway.llm_latency_daily.';

CREATE TABLE store.llm_latency_daily (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    idx integer,
    n bigint
);

COMMENT ON TABLE store.llm_latency_daily IS 'operations: tenant: the roll-up of llm_responses, as far as it was refreshed.';

CREATE TABLE store.llm_responses (
    id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    request_id uuid NOT NULL,
    request_created_at timestamp with time zone NOT NULL,
    provider_id uuid,
    provider_name character varying(255) NOT NULL,
    model character varying(255),
    model_id uuid,
    content text,
    raw_response jsonb DEFAULT '{}'::jsonb NOT NULL,
    tokens_prompt integer,
    tokens_completion integer,
    tokens_total integer,
    cost_usd numeric(18,10),
    confidence numeric(5,4),
    response_time bigint,
    finish_reason character varying(50),
    selected boolean DEFAULT false NOT NULL,
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    attempt smallint,
    upstream_status smallint,
    upstream_id text,
    time_to_first_byte bigint,
    tokens_cached integer,
    tokens_reasoning integer,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT llm_responses_answer_or_fail CHECK ((num_nonnulls(content, error_code) > 0)),
    CONSTRAINT llm_responses_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT llm_responses_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT llm_responses_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT llm_responses_tokens_is_not_negative CHECK (((tokens_prompt >= 0) AND (tokens_completion >= 0) AND (tokens_total >= 0)))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.llm_responses IS 'requests: tenant: every answer of a provider, and every failure to answer; an ensemble has several for one request.';

COMMENT ON COLUMN store.llm_responses.request_created_at IS 'With request_id the key of the request, and the partition that it is in.';

COMMENT ON COLUMN store.llm_responses.model_id IS 'The model in the catalogue; null where the provider''s name of it is in none.';

COMMENT ON COLUMN store.llm_responses.response_time IS 'Milliseconds from the call to the end of the answer.';

COMMENT ON COLUMN store.llm_responses.attempt IS 'Which attempt of the request it was, from 1.';

COMMENT ON COLUMN store.llm_responses.upstream_id IS 'What the provider calls its answer; providers repeat themselves, so it is no key.';

COMMENT ON COLUMN store.llm_responses.time_to_first_byte IS 'Milliseconds from the call to the first byte of the answer.';

COMMENT ON COLUMN store.llm_responses.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.llm_responses.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.llm_responses.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW store.llm_latency_daily_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.provider_name,
    rolled.model,
    rolled.idx,
    rolled.n
   FROM store.llm_latency_daily rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_latency_daily'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_responses'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.provider_name,
    live.model,
    live.idx,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_latency_daily'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_responses'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT llm_responses.provider_name,
            llm_responses.model,
            platform.histogram_index((llm_responses.response_time)::double precision) AS idx,
            count(*) AS n
           FROM store.llm_responses
          WHERE ((llm_responses.tenant_id = dirty.tenant_id) AND (llm_responses.created_at >= dirty.bucket) AND (llm_responses.created_at < (dirty.bucket + '1 day'::interval)) AND ((llm_responses.error_code IS NULL) AND (platform.histogram_index((llm_responses.response_time)::double precision) IS NOT NULL)))
          GROUP BY llm_responses.provider_name, llm_responses.model, (platform.histogram_index((llm_responses.response_time)::double precision))) live);

COMMENT ON VIEW store.llm_latency_daily_now IS 'operations: tenant: the roll-up of llm_responses, exact at every moment.';

CREATE VIEW gateway.llm_latency_daily AS
 SELECT bucket AS day,
    tenant_id,
    provider_name,
    model,
    idx,
    n
   FROM store.llm_latency_daily_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.llm_latency_daily IS 'requests: tenant: histograms of how long the team''s answers took, in milliseconds; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE TABLE gateway.llm_providers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(100) NOT NULL,
    provider_id uuid,
    api_key_ciphertext bytea,
    api_key_key_id text GENERATED ALWAYS AS (encode(SUBSTRING(api_key_ciphertext FROM 2 FOR 8), 'hex'::text)) STORED,
    base_url character varying(500),
    model character varying(255),
    weight numeric(5,2) DEFAULT 1.0 NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    response_time bigint,
    modelsdev_provider_id character varying(255),
    total_models integer,
    enabled_models integer,
    last_models_sync timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT llm_providers_are_named CHECK ((((name)::text <> ''::text) AND ((type)::text <> ''::text))),
    CONSTRAINT llm_providers_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT llm_providers_models_are_counted CHECK (((total_models >= 0) AND ((enabled_models >= 0) AND (enabled_models <= total_models)))),
    CONSTRAINT llm_providers_secret_is_sealed CHECK ((((octet_length(api_key_ciphertext) >= 38) AND (octet_length(api_key_ciphertext) <= 16384)) AND (get_byte(api_key_ciphertext, 0) = 1))),
    CONSTRAINT llm_providers_time_is_not_negative CHECK ((response_time >= 0)),
    CONSTRAINT llm_providers_url_holds_no_secret CHECK ((((base_url)::text ~ '^https?://'::text) AND ((base_url)::text !~ '^[^/]*//[^/]*@'::text))),
    CONSTRAINT llm_providers_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY gateway.llm_providers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.llm_providers IS 'providers: tenant: a team''s accounts at providers of models: where, with which key, how much of the traffic, and how they fare.';

COMMENT ON COLUMN gateway.llm_providers.provider_id IS 'The company in the catalogue, where it is one of those.';

COMMENT ON COLUMN gateway.llm_providers.api_key_ciphertext IS 'The provider''s key, sealed by the application with AES-256-GCM; the database never has it in clear.';

COMMENT ON COLUMN gateway.llm_providers.api_key_key_id IS 'Which of the installation''s keys sealed it, as the envelope says.';

COMMENT ON COLUMN gateway.llm_providers.response_time IS 'Milliseconds of the last answer; null before the first.';

CREATE TABLE store.llm_requests (
    id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    request_type character varying(50) DEFAULT 'completion'::character varying NOT NULL,
    model character varying(255),
    prompt text NOT NULL,
    messages jsonb DEFAULT '[]'::jsonb NOT NULL,
    model_params jsonb DEFAULT '{}'::jsonb NOT NULL,
    ensemble_config jsonb,
    memory_enhanced boolean DEFAULT false NOT NULL,
    memory jsonb DEFAULT '{}'::jsonb NOT NULL,
    status character varying(50) DEFAULT 'pending'::character varying NOT NULL,
    tokens_prompt integer,
    tokens_completion integer,
    tokens_total integer,
    cost_usd numeric(18,10),
    error_code text,
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    process_id uuid,
    api_key_id uuid,
    provider_name character varying(255),
    is_streamed boolean,
    budget_ids uuid[],
    reserved_usd numeric(18,10),
    tokens_cached integer,
    tokens_reasoning integer,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    simulation_id uuid,
    outcome_id uuid,
    role character varying(50),
    reserved_each text[],
    CONSTRAINT llm_requests_cost_is_not_negative CHECK ((cost_usd >= (0)::numeric)),
    CONSTRAINT llm_requests_end_is_recorded CHECK ((((status)::text = ANY ((ARRAY['completed'::character varying, 'failed'::character varying])::text[])) = (completed_at IS NOT NULL))),
    CONSTRAINT llm_requests_error_is_of_a_failure CHECK ((((status)::text = 'failed'::text) OR (num_nonnulls(error_code, error_message) = 0))),
    CONSTRAINT llm_requests_messages_is_a_list CHECK ((jsonb_typeof(messages) = 'array'::text)),
    CONSTRAINT llm_requests_role_is_known CHECK (((role)::text = ANY ((ARRAY['agent'::character varying, 'user'::character varying, 'judge'::character varying, 'analyst'::character varying])::text[]))),
    CONSTRAINT llm_requests_role_is_of_a_simulation CHECK (((simulation_id IS NOT NULL) OR (num_nonnulls(outcome_id, role) = 0))),
    CONSTRAINT llm_requests_status_is_known CHECK (((status)::text = ANY ((ARRAY['pending'::character varying, 'running'::character varying, 'completed'::character varying, 'failed'::character varying])::text[]))),
    CONSTRAINT llm_requests_tokens_is_not_negative CHECK (((tokens_prompt >= 0) AND (tokens_completion >= 0) AND (tokens_total >= 0))),
    CONSTRAINT llm_requests_type_is_named CHECK (((request_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.llm_requests IS 'requests: tenant: every call of a model: written before the call, settled after it.';

COMMENT ON COLUMN store.llm_requests.model IS 'As the caller asked for it; which model answered is with the response.';

COMMENT ON COLUMN store.llm_requests.messages IS 'As they were sent; a long one, or a long part of the parameters, is {"$body": …}, its SHA-256 in gateway.bodies.';

COMMENT ON COLUMN store.llm_requests.cost_usd IS 'Like the tokens, the sum over all its responses once they are in; null while it, or the price of one of them, is unknown.';

COMMENT ON COLUMN store.llm_requests.process_id IS 'The gateway''s process that wrote it; when that is gone, a call without an end is closed as lost.';

COMMENT ON COLUMN store.llm_requests.provider_name IS 'The account that it was about to be sent to; who answered is with the response.';

COMMENT ON COLUMN store.llm_requests.budget_ids IS 'The budgets that reserved_usd was set aside in, until the cost was known.';

COMMENT ON COLUMN store.llm_requests.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.llm_requests.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.llm_requests.redaction_id IS 'The erasure that last emptied parts of the row.';

COMMENT ON COLUMN store.llm_requests.simulation_id IS 'The simulation that the call was made for; the gateway has seen that it is the team''s.';

COMMENT ON COLUMN store.llm_requests.outcome_id IS 'The trial within the simulation, by the id of its outcome, which is written when the trial has ended.';

COMMENT ON COLUMN store.llm_requests.role IS 'Who called in the trial: agent, user, judge; or the analyst of a simulation.';

COMMENT ON COLUMN store.llm_requests.reserved_each IS 'What is set aside in each of budget_ids, in their order, where that is not reserved_usd in all of them.';

CREATE VIEW gateway.llm_requests AS
 SELECT id,
    tenant_id,
    session_id,
    user_id,
    request_type,
    model,
    prompt,
    messages,
    model_params,
    ensemble_config,
    memory_enhanced,
    memory,
    status,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    error_code,
    error_message,
    created_at,
    started_at,
    completed_at,
    process_id,
    api_key_id,
    provider_name,
    is_streamed,
    budget_ids,
    reserved_usd,
    tokens_cached,
    tokens_reasoning,
    epoch,
    transaction_id,
    digest,
    redaction_id,
    simulation_id,
    outcome_id,
    role
   FROM store.llm_requests
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.llm_requests IS 'requests: tenant: the team''s own calls.';

CREATE VIEW gateway.llm_responses AS
 SELECT id,
    tenant_id,
    request_id,
    request_created_at,
    provider_id,
    provider_name,
    model,
    model_id,
    content,
    raw_response,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    confidence,
    response_time,
    finish_reason,
    selected,
    error_code,
    error_message,
    created_at,
    attempt,
    upstream_status,
    upstream_id,
    time_to_first_byte,
    tokens_cached,
    tokens_reasoning,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.llm_responses
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW gateway.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';

CREATE TABLE store.llm_traffic_hourly (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    provider_name character varying(255),
    model character varying(255),
    answers bigint,
    errors bigint,
    streams bigint,
    tokens bigint,
    streamed_tokens bigint,
    generating_ms numeric,
    cost_usd numeric,
    priced_answers bigint
);

COMMENT ON TABLE store.llm_traffic_hourly IS 'operations: tenant: the roll-up of streaming_analytics, as far as it was refreshed.';

CREATE VIEW store.llm_traffic_hourly_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.provider_name,
    rolled.model,
    rolled.answers,
    rolled.errors,
    rolled.streams,
    rolled.tokens,
    rolled.streamed_tokens,
    rolled.generating_ms,
    rolled.cost_usd,
    rolled.priced_answers
   FROM store.llm_traffic_hourly rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_traffic_hourly'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.provider_name,
    live.model,
    live.answers,
    live.errors,
    live.streams,
    live.tokens,
    live.streamed_tokens,
    live.generating_ms,
    live.cost_usd,
    live.priced_answers
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'llm_traffic_hourly'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'streaming_analytics'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT streaming_analytics.provider_name,
            streaming_analytics.model,
            count(*) AS answers,
            count(*) FILTER (WHERE ((streaming_analytics.event_type)::text = 'failed'::text)) AS errors,
            count(*) FILTER (WHERE streaming_analytics.is_streamed) AS streams,
            sum(streaming_analytics.tokens_delta) AS tokens,
            sum(streaming_analytics.tokens_delta) FILTER (WHERE ((streaming_analytics.generating_ms IS NOT NULL) AND ((streaming_analytics.event_type)::text = 'completed'::text))) AS streamed_tokens,
            sum(streaming_analytics.generating_ms) FILTER (WHERE ((streaming_analytics.event_type)::text = 'completed'::text)) AS generating_ms,
            sum(streaming_analytics.cost_usd) AS cost_usd,
            count(streaming_analytics.cost_usd) AS priced_answers
           FROM store.streaming_analytics
          WHERE ((streaming_analytics.tenant_id = dirty.tenant_id) AND (streaming_analytics."timestamp" >= dirty.bucket) AND (streaming_analytics."timestamp" < (dirty.bucket + '01:00:00'::interval)) AND (((streaming_analytics.event_type)::text = ANY ((ARRAY['completed'::character varying, 'failed'::character varying])::text[])) AND (streaming_analytics.provider_name IS NOT NULL)))
          GROUP BY streaming_analytics.provider_name, streaming_analytics.model) live);

COMMENT ON VIEW store.llm_traffic_hourly_now IS 'operations: tenant: the roll-up of streaming_analytics, exact at every moment.';

CREATE VIEW gateway.llm_traffic_hourly AS
 SELECT bucket AS hour,
    tenant_id,
    provider_name,
    model,
    answers,
    errors,
    streams,
    tokens,
    streamed_tokens,
    generating_ms,
    cost_usd,
    priced_answers
   FROM store.llm_traffic_hourly_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.llm_traffic_hourly IS 'requests: tenant: the team''s answers by hour, account and model; cost is of those whose price is known, tokens are those of answers.';

CREATE TABLE gateway.lsp_servers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    language character varying(100) NOT NULL,
    command character varying(500) NOT NULL,
    args jsonb DEFAULT '[]'::jsonb NOT NULL,
    file_patterns jsonb DEFAULT '[]'::jsonb NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT lsp_servers_are_named CHECK ((((name)::text <> ''::text) AND ((language)::text <> ''::text) AND ((command)::text <> ''::text))),
    CONSTRAINT lsp_servers_args_is_a_list CHECK ((jsonb_typeof(args) = 'array'::text)),
    CONSTRAINT lsp_servers_patterns_is_a_list CHECK ((jsonb_typeof(file_patterns) = 'array'::text))
);

ALTER TABLE ONLY gateway.lsp_servers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.lsp_servers IS 'protocols: tenant: the servers of programming languages (Language Server Protocol) that a team''s agents may use.';

CREATE TABLE gateway.mcp_servers (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(255) NOT NULL,
    type character varying(100) NOT NULL,
    endpoint character varying(500) NOT NULL,
    port integer,
    capabilities jsonb DEFAULT '[]'::jsonb NOT NULL,
    config jsonb DEFAULT '{}'::jsonb NOT NULL,
    health_status character varying(50) DEFAULT 'unknown'::character varying NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mcp_servers_are_named CHECK ((((name)::text <> ''::text) AND ((type)::text <> ''::text) AND ((endpoint)::text <> ''::text))),
    CONSTRAINT mcp_servers_endpoint_holds_no_secret CHECK (((endpoint)::text !~ '^[^/]*//[^/]*@'::text)),
    CONSTRAINT mcp_servers_health_is_known CHECK (((health_status)::text = ANY ((ARRAY['healthy'::character varying, 'degraded'::character varying, 'unhealthy'::character varying, 'unknown'::character varying])::text[]))),
    CONSTRAINT mcp_servers_port_range CHECK (((port >= 1) AND (port <= 65535)))
);

ALTER TABLE ONLY gateway.mcp_servers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE gateway.mcp_servers IS 'protocols: tenant: the servers of tools (Model Context Protocol) that a team''s agents may use.';

COMMENT ON COLUMN gateway.mcp_servers.port IS 'Null for a server that is spoken to over its standard input and output.';

CREATE TABLE gateway.memory_nodes (
    node_id character varying(255) NOT NULL,
    address text,
    weight numeric(5,2) DEFAULT 1.0 NOT NULL,
    status text DEFAULT 'active'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT memory_nodes_are_named CHECK (((node_id)::text <> ''::text)),
    CONSTRAINT memory_nodes_status_is_known CHECK ((status = ANY (ARRAY['active'::text, 'draining'::text, 'down'::text]))),
    CONSTRAINT memory_nodes_weight_is_positive CHECK ((weight > (0)::numeric))
);

COMMENT ON TABLE gateway.memory_nodes IS 'memory: system: the servers that hold shards of memory; "local" is this database.';

COMMENT ON COLUMN gateway.memory_nodes.address IS 'Host and port, never a secret; null: this database.';

CREATE TABLE store.mv_daily_stats (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    user_id uuid,
    model character varying(255),
    requests bigint,
    completed_requests bigint,
    errors bigint,
    tokens_prompt bigint,
    tokens_completion bigint,
    tokens_total bigint,
    counted_requests bigint,
    total_cost_usd numeric,
    priced_requests bigint
);

COMMENT ON TABLE store.mv_daily_stats IS 'operations: tenant: the roll-up of llm_requests, as far as it was refreshed.';

CREATE VIEW store.mv_daily_stats_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.user_id,
    rolled.model,
    rolled.requests,
    rolled.completed_requests,
    rolled.errors,
    rolled.tokens_prompt,
    rolled.tokens_completion,
    rolled.tokens_total,
    rolled.counted_requests,
    rolled.total_cost_usd,
    rolled.priced_requests
   FROM store.mv_daily_stats rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'mv_daily_stats'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_requests'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.user_id,
    live.model,
    live.requests,
    live.completed_requests,
    live.errors,
    live.tokens_prompt,
    live.tokens_completion,
    live.tokens_total,
    live.counted_requests,
    live.total_cost_usd,
    live.priced_requests
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'mv_daily_stats'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'llm_requests'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT llm_requests.user_id,
            llm_requests.model,
            count(*) AS requests,
            count(*) FILTER (WHERE ((llm_requests.status)::text = 'completed'::text)) AS completed_requests,
            count(*) FILTER (WHERE ((llm_requests.status)::text = 'failed'::text)) AS errors,
            sum(llm_requests.tokens_prompt) AS tokens_prompt,
            sum(llm_requests.tokens_completion) AS tokens_completion,
            sum(llm_requests.tokens_total) AS tokens_total,
            count(llm_requests.tokens_total) AS counted_requests,
            sum(llm_requests.cost_usd) AS total_cost_usd,
            count(llm_requests.cost_usd) AS priced_requests
           FROM store.llm_requests
          WHERE ((llm_requests.tenant_id = dirty.tenant_id) AND (llm_requests.created_at >= dirty.bucket) AND (llm_requests.created_at < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY llm_requests.user_id, llm_requests.model) live);

COMMENT ON VIEW store.mv_daily_stats_now IS 'operations: tenant: the roll-up of llm_requests, exact at every moment.';

CREATE VIEW gateway.mv_daily_stats AS
 SELECT bucket AS day,
    tenant_id,
    user_id,
    model,
    requests,
    completed_requests,
    errors,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    counted_requests,
    total_cost_usd,
    priced_requests
   FROM store.mv_daily_stats_now
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW gateway.mv_daily_stats IS 'requests: tenant: the team''s calls by day, person and the model they asked for; cost is of the calls whose cost is known, of which there are priced_requests.';

CREATE TABLE gateway.processes (
    id uuid NOT NULL,
    presence bigint NOT NULL,
    host text,
    pid integer,
    started_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE gateway.processes IS 'requests: system: the processes that write calls; whose presence, an advisory lock, is gone has its open calls closed as lost.';

CREATE TABLE gateway.revisions (
    tenant_id uuid NOT NULL,
    revision bigint DEFAULT 1 NOT NULL
);

COMMENT ON TABLE gateway.revisions IS 'providers: system: counts the changes of a team''s accounts and budgets, so that no process goes on with what it remembers of them.';

CREATE TABLE store.agent_activity_log (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    activity_type character varying(100) NOT NULL,
    subject_type character varying(100),
    subject_id uuid,
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_activity_log_subject_is_whole CHECK ((num_nonnulls(subject_type, subject_id) <> 1)),
    CONSTRAINT agent_activity_log_type_is_named CHECK (((activity_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.agent_activity_log IS 'agents: tenant: what each agent did, as it says itself.';

CREATE VIEW mine.agent_activity_log WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    activity_type,
    subject_type,
    subject_id,
    details,
    created_at
   FROM store.agent_activity_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.agent_activity_log IS 'agents: tenant: the activity of the team''s own agents.';

CREATE TABLE store.analytics_events (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    session_id character varying(100),
    event_type character varying(50) NOT NULL,
    event_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    user_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    device_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    geo_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    referrer_properties jsonb DEFAULT '{}'::jsonb NOT NULL,
    CONSTRAINT analytics_events_properties_are_objects CHECK (((jsonb_typeof(event_properties) = 'object'::text) AND (jsonb_typeof(user_properties) = 'object'::text) AND (jsonb_typeof(device_properties) = 'object'::text) AND (jsonb_typeof(geo_properties) = 'object'::text) AND (jsonb_typeof(referrer_properties) = 'object'::text))),
    CONSTRAINT analytics_events_size CHECK ((((((pg_column_size(event_properties) + pg_column_size(user_properties)) + pg_column_size(device_properties)) + pg_column_size(geo_properties)) + pg_column_size(referrer_properties)) <= 65536)),
    CONSTRAINT analytics_events_type_is_named CHECK (((event_type)::text <> ''::text))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.analytics_events IS 'analytics: tenant: what people look at: page views, models viewed, benchmarks compared.';

COMMENT ON COLUMN store.analytics_events.event_type IS 'page_view, model_view, benchmark_compare, …';

COMMENT ON COLUMN store.analytics_events.event_properties IS 'Of a model_view: {"model_id": …}.';

CREATE VIEW mine.analytics_events WITH (security_barrier='true') AS
 SELECT id,
    "timestamp",
    session_id,
    event_type,
    event_properties,
    user_properties,
    device_properties,
    geo_properties,
    referrer_properties,
    tenant_id
   FROM store.analytics_events
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.analytics_events IS 'analytics: tenant: what the team''s own people look at.';

CREATE TABLE store.audit_log (
    log_id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    table_name text NOT NULL,
    operation text NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    old_data jsonb,
    new_data jsonb,
    ip_address inet DEFAULT (NULLIF(current_setting('app.address'::text, true), ''::text))::inet,
    user_agent text DEFAULT NULLIF(current_setting('app.user_agent'::text, true), ''::text),
    modal_call_context jsonb,
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    table_schema text,
    record_key jsonb,
    agent_id uuid DEFAULT (NULLIF(current_setting('app.agent_id'::text, true), ''::text))::uuid,
    actor_role text DEFAULT COALESCE(NULLIF(current_setting('role'::text), 'none'::text), (SESSION_USER)::text),
    request_id text DEFAULT NULLIF(current_setting('app.request_id'::text, true), ''::text),
    epoch bigint DEFAULT COALESCE((NULLIF(current_setting('guildhall.epoch'::text, true), ''::text))::bigint, platform.epoch()) NOT NULL,
    transaction_id bigint DEFAULT txid_current() NOT NULL,
    digest bytea,
    redaction_id uuid
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.audit_log IS 'audit: tenant: what changed in the business tables, by whom, before and after.';

COMMENT ON COLUMN store.audit_log.record_key IS 'The row''s primary key, as {column: value}.';

COMMENT ON COLUMN store.audit_log.actor_role IS 'The database role that made the change.';

COMMENT ON COLUMN store.audit_log.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.audit_log.digest IS 'SHA-256 of the row as it was written, where the row carries it: it is old, or redacted. Else its seal does.';

COMMENT ON COLUMN store.audit_log.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW mine.audit_log WITH (security_barrier='true') AS
 SELECT log_id,
    tenant_id,
    table_name,
    operation,
    user_id,
    old_data,
    new_data,
    ip_address,
    user_agent,
    modal_call_context,
    "timestamp",
    table_schema,
    record_key,
    agent_id,
    actor_role,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';

CREATE TABLE store.audit_logs (
    id bigint DEFAULT ((((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint << 20) | ((random() * (1048575)::double precision))::bigint) NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id(),
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    action character varying(100),
    resource_type character varying(50),
    resource_id uuid,
    ip_address inet DEFAULT (NULLIF(current_setting('app.address'::text, true), ''::text))::inet,
    user_agent text DEFAULT NULLIF(current_setting('app.user_agent'::text, true), ''::text),
    request_id text DEFAULT NULLIF(current_setting('app.request_id'::text, true), ''::text),
    request_data jsonb,
    response_status integer,
    duration_ms integer,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT audit_logs_duration_is_not_negative CHECK ((duration_ms >= 0)),
    CONSTRAINT audit_logs_status_is_a_status CHECK (((response_status >= 100) AND (response_status <= 599)))
)
PARTITION BY RANGE ("timestamp");

COMMENT ON TABLE store.audit_logs IS 'audit: tenant: who asked for what, and how it ended; requests that no team made, as a failed login, belong to none.';

COMMENT ON COLUMN store.audit_logs.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN store.audit_logs.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN store.audit_logs.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE VIEW mine.audit_logs WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    "timestamp",
    user_id,
    action,
    resource_type,
    resource_id,
    ip_address,
    user_agent,
    request_data,
    response_status,
    duration_ms,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_logs
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_logs IS 'audit: tenant: the team''s own requests; nobody may change them.';

CREATE VIEW mine.audit_trail WITH (security_barrier='true') AS
 SELECT log_id AS id,
    "timestamp",
    ((user_id)::text)::character varying(100) AS user_id,
    (operation)::character varying(50) AS action,
    (table_name)::character varying(50) AS table_name,
    ( SELECT (min(keys.value))::uuid AS min
           FROM jsonb_each_text(audit_log.record_key) keys(name, value)
          WHERE (keys.name <> 'tenant_id'::text)
         HAVING ((count(*) = 1) AND (min(keys.value) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))) AS record_id,
    old_data AS old_values,
    new_data AS new_values,
    ip_address,
    user_agent,
    tenant_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.audit_trail IS 'audit: tenant: the audit log in the columns of AI-GO; record_id where the key is one UUID.';

CREATE TABLE store.background_task_history (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    event text NOT NULL,
    attempt integer,
    attempt_token uuid,
    worker_id character varying(255),
    error_message text,
    error_stack text,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT background_task_history_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT background_task_history_event_is_known CHECK ((event = ANY (ARRAY['enqueued'::text, 'queued'::text, 'started'::text, 'handed_back'::text, 'completed'::text, 'failed'::text, 'retried'::text, 'stuck'::text, 'rescued'::text, 'paused'::text, 'resumed'::text, 'cancelled'::text, 'dead_letter'::text, 'redriven'::text])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.background_task_history IS 'jobs: tenant: every event in the life of a job, each attempt with its worker, its token and how it ended.';

CREATE VIEW mine.background_task_history WITH (security_barrier='true') AS
 SELECT tenant_id,
    task_id,
    event,
    attempt,
    attempt_token,
    worker_id,
    error_message,
    error_stack,
    detail,
    created_at
   FROM store.background_task_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.background_task_history IS 'jobs: tenant: the history of the team''s own jobs.';

CREATE TABLE store.daily_model_views (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    model text,
    n bigint
);

COMMENT ON TABLE store.daily_model_views IS 'operations: tenant: the roll-up of analytics_events, as far as it was refreshed.';

CREATE VIEW store.daily_model_views_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.model,
    rolled.n
   FROM store.daily_model_views rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_model_views'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.model,
    live.n
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_model_views'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT COALESCE((analytics_events.event_properties ->> 'model_id'::text), 'unknown'::text) AS model,
            count(*) AS n
           FROM store.analytics_events
          WHERE ((analytics_events.tenant_id = dirty.tenant_id) AND (analytics_events."timestamp" >= dirty.bucket) AND (analytics_events."timestamp" < (dirty.bucket + '1 day'::interval)) AND ((analytics_events.event_type)::text = 'model_view'::text))
          GROUP BY COALESCE((analytics_events.event_properties ->> 'model_id'::text), 'unknown'::text)) live);

COMMENT ON VIEW store.daily_model_views_now IS 'operations: tenant: the roll-up of analytics_events, exact at every moment.';

CREATE TABLE store.daily_stats (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    bucket timestamp with time zone NOT NULL,
    event_type character varying(50),
    event_count bigint,
    unique_sessions bigint
);

COMMENT ON TABLE store.daily_stats IS 'operations: tenant: the roll-up of analytics_events, as far as it was refreshed.';

CREATE VIEW store.daily_stats_now AS
 SELECT rolled.tenant_id,
    rolled.bucket,
    rolled.event_type,
    rolled.event_count,
    rolled.unique_sessions
   FROM store.daily_stats rolled
  WHERE (NOT (EXISTS ( SELECT
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_stats'::text) AND (marks.tenant_id = rolled.tenant_id) AND (marks.bucket = rolled.bucket) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text)))))))
UNION ALL
 SELECT dirty.tenant_id,
    dirty.bucket,
    live.event_type,
    live.event_count,
    live.unique_sessions
   FROM (( SELECT DISTINCT marks.tenant_id,
            marks.bucket
           FROM platform.rollup_marks marks
          WHERE ((marks.rollup = 'daily_stats'::text) AND (marks.bucket >= ( SELECT COALESCE(series.dropped_before, '-infinity'::timestamp with time zone) AS "coalesce"
                   FROM platform.series
                  WHERE (series.name = 'analytics_events'::text))))) dirty
     CROSS JOIN LATERAL ( SELECT analytics_events.event_type,
            count(*) AS event_count,
            count(DISTINCT analytics_events.session_id) AS unique_sessions
           FROM store.analytics_events
          WHERE ((analytics_events.tenant_id = dirty.tenant_id) AND (analytics_events."timestamp" >= dirty.bucket) AND (analytics_events."timestamp" < (dirty.bucket + '1 day'::interval)) AND true)
          GROUP BY analytics_events.event_type) live);

COMMENT ON VIEW store.daily_stats_now IS 'operations: tenant: the roll-up of analytics_events, exact at every moment.';

CREATE VIEW mine.daily_stats WITH (security_barrier='true') AS
 SELECT bucket AS day,
    event_type,
    event_count,
    unique_sessions,
        CASE
            WHEN ((event_type)::text = 'model_view'::text) THEN ( SELECT jsonb_object_agg(views.model, views.n) AS jsonb_object_agg
               FROM store.daily_model_views_now views
              WHERE ((views.tenant_id = days.tenant_id) AND (views.bucket = days.bucket)))
            ELSE NULL::jsonb
        END AS model_views,
    tenant_id
   FROM store.daily_stats_now days
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.daily_stats IS 'analytics: tenant: what the team''s own people looked at, by day; unique_sessions are those of the day and do not add up.';

CREATE VIEW mine.ensemble_ballots WITH (security_barrier='true') AS
 SELECT request_id,
    tenant_id,
    created_at,
    layer,
    voter,
    place,
    state,
    weight,
    option,
    ranking,
    grades,
    response_id,
    vote_id,
    answer_sha256,
    error_code,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.ensemble_ballots
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.ensemble_ballots IS 'ensembles: tenant: the ballots of the team''s own calls of ensembles.';

CREATE VIEW mine.ensemble_votes WITH (security_barrier='true') AS
 SELECT request_id,
    tenant_id,
    created_at,
    ensemble,
    strategy,
    rule,
    winner,
    winners,
    scores,
    others,
    selected_id,
    confidence,
    stopped,
    fallback,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.ensemble_votes
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.ensemble_votes IS 'ensembles: tenant: how the team''s own calls of ensembles were decided.';

CREATE VIEW mine.failure_patterns WITH (security_barrier='true') AS
 SELECT pattern_id,
    tenant_id,
    outcome_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    failure_type,
    failure_category,
    fault,
    error_message,
    error_embedding,
    step,
    pattern_cluster_id,
    cluster_confidence,
    similar_failures_count,
    similar_failures_count AS similar_failures,
    recovery_attempted,
    recovery_successful,
    resolution_steps,
    llm_analysis,
    created_at,
    signature_id
   FROM store.failure_patterns
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.failure_patterns IS 'failures: tenant: the team''s own failure patterns.';

CREATE VIEW mine.failure_trends_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    failure_category,
    failure_count,
    (confidence_sum / (NULLIF(clustered_count, 0))::double precision) AS avg_confidence,
    unique_patterns,
    tenant_id,
    clustered_count,
    confidence_sum
   FROM store.failure_trends_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.failure_trends_daily IS 'failures: tenant: the team''s failures by category and day; unique_patterns are those of the day and do not add up.';

CREATE VIEW mine.llm_arrival_hourly WITH (security_barrier='true') AS
 SELECT llm_arrival_hourly_now.bucket AS hour,
    llm_arrival_hourly_now.tenant_id,
    llm_arrival_hourly_now.provider_name,
    llm_arrival_hourly_now.model,
    'completed'::text AS event_type,
    llm_arrival_hourly_now.idx,
    llm_arrival_hourly_now.n
   FROM store.llm_arrival_hourly_now
  WHERE (llm_arrival_hourly_now.tenant_id = ( SELECT platform.login_tenant() AS tenant_id))
UNION ALL
 SELECT llm_first_token_hourly_now.bucket AS hour,
    llm_first_token_hourly_now.tenant_id,
    llm_first_token_hourly_now.provider_name,
    llm_first_token_hourly_now.model,
    'first_token'::text AS event_type,
    llm_first_token_hourly_now.idx,
    llm_first_token_hourly_now.n
   FROM store.llm_first_token_hourly_now
  WHERE (llm_first_token_hourly_now.tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_arrival_hourly IS 'requests: tenant: histograms of milliseconds until the team''s answers began (first_token) and were whole (completed), as gateway.llm_latency_daily.';

CREATE VIEW mine.llm_latency_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tenant_id,
    provider_name,
    model,
    idx,
    n
   FROM store.llm_latency_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_latency_daily IS 'requests: tenant: histograms of how long the team''s answers took, in milliseconds; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE VIEW mine.llm_requests WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    session_id,
    user_id,
    request_type,
    model,
    prompt,
    messages,
    model_params,
    ensemble_config,
    memory_enhanced,
    memory,
    status,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    error_code,
    error_message,
    created_at,
    started_at,
    completed_at,
    process_id,
    api_key_id,
    provider_name,
    is_streamed,
    budget_ids,
    reserved_usd,
    tokens_cached,
    tokens_reasoning,
    epoch,
    transaction_id,
    digest,
    redaction_id,
    simulation_id,
    outcome_id,
    role
   FROM store.llm_requests
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_requests IS 'requests: tenant: the team''s own calls.';

CREATE VIEW mine.llm_responses WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    request_id,
    request_created_at,
    provider_id,
    provider_name,
    model,
    model_id,
    content,
    raw_response,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    cost_usd,
    confidence,
    response_time,
    finish_reason,
    selected,
    error_code,
    error_message,
    created_at,
    attempt,
    upstream_status,
    upstream_id,
    time_to_first_byte,
    tokens_cached,
    tokens_reasoning,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.llm_responses
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_responses IS 'requests: tenant: the answers to the team''s own calls.';

CREATE VIEW mine.llm_traffic_hourly WITH (security_barrier='true') AS
 SELECT bucket AS hour,
    tenant_id,
    provider_name,
    model,
    answers,
    errors,
    streams,
    tokens,
    streamed_tokens,
    generating_ms,
    cost_usd,
    priced_answers
   FROM store.llm_traffic_hourly_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.llm_traffic_hourly IS 'requests: tenant: the team''s answers by hour, account and model; cost is of those whose price is known, tokens are those of answers.';

CREATE VIEW mine.mv_daily_stats WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tenant_id,
    user_id,
    model,
    requests,
    completed_requests,
    errors,
    tokens_prompt,
    tokens_completion,
    tokens_total,
    counted_requests,
    total_cost_usd,
    priced_requests
   FROM store.mv_daily_stats_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.mv_daily_stats IS 'requests: tenant: the team''s calls by day, person and the model they asked for; cost is of the calls whose cost is known, of which there are priced_requests.';

CREATE VIEW mine.outcomes WITH (security_barrier='true') AS
 SELECT outcome_id,
    tenant_id,
    simulation_id,
    scenario_id,
    trial_number,
    execution_time,
    status,
    passed,
    reliability_score,
    fault,
    execution_time_ms,
    tokens_used,
    cost_usd,
    trajectory,
    trajectory_body,
    ( SELECT embeddings.embedding
           FROM evaluation.outcome_embeddings embeddings
          WHERE ((embeddings.outcome_id = outcomes.outcome_id) AND (embeddings.execution_time = outcomes.execution_time))) AS trajectory_embedding,
    metrics,
    retry_count,
    error_code,
    error_category,
    modal_call_id,
    sandbox_id,
    sandbox_logs,
    execution_metadata,
    created_at
   FROM store.outcomes outcomes
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.outcomes IS 'outcomes: tenant: the team''s own outcomes.';

CREATE TABLE store.penalty_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_id uuid NOT NULL,
    event_type character varying(20) NOT NULL,
    points_delta integer NOT NULL,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT penalty_history_event_is_known CHECK (((event_type)::text = ANY ((ARRAY['assessed'::character varying, 'raised'::character varying, 'reduced'::character varying, 'reversed'::character varying, 'expired'::character varying, 'reinstated'::character varying])::text[])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.penalty_history IS 'penalties: tenant: every change of a penalty: the sum over a violation is what it costs now; written by a trigger.';

CREATE VIEW mine.penalty_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    violation_id,
    event_type,
    points_delta,
    actor_id,
    user_id,
    reason,
    created_at
   FROM store.penalty_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.penalty_history IS 'penalties: tenant: the penalty history of the team''s own agents.';

CREATE TABLE store.point_transactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    category character varying(50) NOT NULL,
    base_points integer NOT NULL,
    multiplier numeric(8,4) DEFAULT 1 NOT NULL,
    final_points integer NOT NULL,
    reason text,
    source_type character varying(50),
    source_id uuid,
    idempotency_key character varying(255),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT point_transactions_category_is_plain CHECK (((category)::text ~ '^[a-z][a-z0-9_]*$'::text)),
    CONSTRAINT point_transactions_final_is_base_by_multiplier CHECK (((final_points)::numeric = round(((base_points)::numeric * multiplier)))),
    CONSTRAINT point_transactions_key_is_not_empty CHECK (((idempotency_key)::text <> ''::text)),
    CONSTRAINT point_transactions_multiplier_is_not_negative CHECK ((multiplier >= (0)::numeric)),
    CONSTRAINT point_transactions_source_is_whole CHECK ((num_nonnulls(source_type, source_id) <> 1))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.point_transactions IS 'gamification: tenant: points given and taken; what was wrong is put right by a row against it.';

CREATE VIEW mine.point_transactions WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    category,
    base_points,
    multiplier,
    final_points,
    reason,
    source_type,
    source_id,
    idempotency_key,
    created_at
   FROM store.point_transactions
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.point_transactions IS 'gamification: tenant: the team''s own point transactions.';

CREATE TABLE store.reputation_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    run_id uuid,
    eigentrust_score numeric,
    composite_score numeric(5,4),
    trust_level character varying(20) NOT NULL,
    change numeric(6,4),
    cause text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT reputation_history_level_is_known CHECK (((trust_level)::text = ANY ((ARRAY['untrusted'::character varying, 'poor'::character varying, 'fair'::character varying, 'good'::character varying, 'excellent'::character varying, 'outstanding'::character varying])::text[])))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.reputation_history IS 'reputation: tenant: how an agent''s reputation moved; scores are written by a trigger.';

CREATE VIEW mine.reputation_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    run_id,
    eigentrust_score,
    composite_score,
    trust_level,
    change,
    cause,
    created_at
   FROM store.reputation_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.reputation_history IS 'reputation: tenant: the reputation history of the team''s own agents.';

CREATE VIEW mine.scenario_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    scenario_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    reliability_square_sum,
    timed_outcomes,
    execution_time_sum_ms,
    error_count,
    timeout_count,
    tenant_id
   FROM store.scenario_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.scenario_performance_daily IS 'outcomes: tenant: the team''s outcomes by scenario and day, as counts and sums.';

CREATE VIEW mine.simulation_latency_hourly WITH (security_barrier='true') AS
 SELECT bucket AS hour,
    simulation_id,
    idx,
    n,
    tenant_id
   FROM store.simulation_latency_hourly_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_latency_hourly IS 'outcomes: tenant: histograms of the team''s execution times; platform.percentile(0.95, array_agg(idx), array_agg(n)) over any of its rows is theirs, within 2 %.';

CREATE VIEW mine.simulation_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    simulation_id,
    total_outcomes,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    priced_outcomes,
    total_cost_usd,
    counted_outcomes,
    total_tokens,
    error_count,
    tenant_id
   FROM store.simulation_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_performance_daily IS 'outcomes: tenant: the team''s outcomes by simulation and day, as counts and sums.';

CREATE VIEW mine.simulation_performance_hourly WITH (security_barrier='true') AS
 SELECT bucket AS hour,
    simulation_id,
    total_outcomes,
    (reliability_sum / (NULLIF(scored_outcomes, 0))::double precision) AS avg_reliability,
    (execution_time_sum_ms / (NULLIF(timed_outcomes, 0))::double precision) AS avg_execution_time,
    total_cost_usd AS total_cost,
    error_count,
    tenant_id,
    timeout_count,
    scored_outcomes,
    reliability_sum,
    timed_outcomes,
    execution_time_sum_ms,
    min_execution_time_ms,
    max_execution_time_ms,
    priced_outcomes,
    counted_outcomes,
    total_tokens,
    judged_outcomes,
    passed_outcomes
   FROM store.simulation_performance_hourly_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.simulation_performance_hourly IS 'outcomes: tenant: the team''s outcomes by simulation and hour: the documented averages, and the counts and sums by which hours add up.';

CREATE VIEW mine.spans WITH (security_barrier='true') AS
 SELECT tenant_id,
    trace_id,
    span_id,
    parent_span_id,
    started_at,
    duration_ns,
    name,
    kind,
    status,
    status_message,
    service_name,
    attributes,
    events,
    links,
    resource,
    scope,
    created_at
   FROM store.spans
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.spans IS 'traces: tenant: the spans of the team''s own traces.';

CREATE VIEW mine.streaming_analytics WITH (security_barrier='true') AS
 SELECT id,
    stream_id,
    event_type,
    chunk_number,
    latency_ms,
    tokens_delta,
    user_id,
    "timestamp",
    tenant_id,
    provider_name,
    model,
    is_streamed,
    generating_ms,
    cost_usd,
    error_code
   FROM store.streaming_analytics
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.streaming_analytics IS 'requests: tenant: how the team''s own answers arrive.';

CREATE TABLE store.task_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    event_type character varying(50) NOT NULL,
    old_status society.agent_task_status,
    new_status society.agent_task_status,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    details jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT task_history_event_is_named CHECK (((event_type)::text <> ''::text))
)
PARTITION BY RANGE (created_at);

COMMENT ON TABLE store.task_history IS 'tasks: tenant: every event in the life of a task; changes are written by a trigger.';

CREATE VIEW mine.task_history WITH (security_barrier='true') AS
 SELECT id,
    tenant_id,
    task_id,
    event_type,
    old_status,
    new_status,
    actor_id,
    user_id,
    details,
    created_at
   FROM store.task_history
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.task_history IS 'tasks: tenant: the history of the team''s own tasks.';

CREATE TABLE platform.audit_seal_parts (
    ledger text NOT NULL,
    number bigint NOT NULL,
    "position" integer NOT NULL,
    tenant_id uuid,
    day date NOT NULL,
    row_count bigint NOT NULL,
    root bytea NOT NULL,
    path bytea NOT NULL,
    digests bytea,
    CONSTRAINT audit_seal_parts_have_rows CHECK ((row_count > 0))
);
ALTER TABLE ONLY platform.audit_seal_parts ALTER COLUMN digests SET STORAGE EXTERNAL;

COMMENT ON TABLE platform.audit_seal_parts IS 'audit: system: what a seal covers of each team and day, so that a team can check its own and a dropped day is missed alone; rows of no team belong to none.';

COMMENT ON COLUMN platform.audit_seal_parts.path IS 'How the part''s hash leads to the root of the seal: the hashes beside it, 32 bytes each, after a byte 00 where they stand left, 01 where right.';

COMMENT ON COLUMN platform.audit_seal_parts.digests IS 'The digests of its rows in their order, 32 bytes each, where rows do not carry them: they lead to the root, and tell which row was changed.';

CREATE TABLE platform.audit_seals (
    ledger text NOT NULL,
    number bigint NOT NULL,
    epoch bigint NOT NULL,
    from_transaction bigint NOT NULL,
    to_transaction bigint NOT NULL,
    seen_transaction bigint NOT NULL,
    columns text[] NOT NULL,
    row_count bigint NOT NULL,
    first_at timestamp with time zone NOT NULL,
    last_at timestamp with time zone NOT NULL,
    retired_before timestamp with time zone,
    summary bytea NOT NULL,
    root bytea NOT NULL,
    sealed_at timestamp with time zone NOT NULL,
    previous bytea,
    hash bytea NOT NULL,
    key_id text NOT NULL,
    signature bytea NOT NULL,
    CONSTRAINT audit_seals_are_chained CHECK (((previous IS NULL) = (number = 1))),
    CONSTRAINT audit_seals_number_is_positive CHECK ((number > 0)),
    CONSTRAINT audit_seals_seal_something CHECK ((row_count > 0)),
    CONSTRAINT audit_seals_span_something CHECK ((from_transaction < to_transaction))
);

COMMENT ON TABLE platform.audit_seals IS 'audit: system: each seal covers the rows of a span of transactions of one ledger; it holds the hash of the seal before it and is signed with a key kept outside the database.';

COMMENT ON COLUMN platform.audit_seals.to_transaction IS 'The first transaction that the seal does not cover.';

COMMENT ON COLUMN platform.audit_seals.seen_transaction IS 'The next transaction id when it was sealed: rows of this one and later ones cannot be older than the seal.';

COMMENT ON COLUMN platform.audit_seals.summary IS 'SHA-256 of count and times: teams can check the signature without knowing how busy others were.';

CREATE VIEW mine.team_seals WITH (security_barrier='true') AS
 SELECT parts.tenant_id,
    parts.ledger,
    parts.number,
    parts.day,
    parts.row_count,
    parts.root,
    parts.path,
    seals.epoch,
    seals.from_transaction,
    seals.to_transaction,
    seals.seen_transaction,
    seals.columns,
    seals.retired_before,
    seals.summary,
    seals.root AS seal_root,
    seals.sealed_at,
    seals.previous,
    seals.hash,
    seals.key_id,
    seals.signature,
    parts.digests
   FROM (platform.audit_seal_parts parts
     JOIN platform.audit_seals seals ON (((seals.ledger = parts.ledger) AND (seals.number = parts.number))))
  WHERE (parts.tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';

CREATE VIEW mine.tool_performance_daily WITH (security_barrier='true') AS
 SELECT bucket AS day,
    tool_name,
    (successful_calls / (total_calls)::double precision) AS avg_success_rate,
    (duration_sum_ms / (timed_calls)::double precision) AS avg_duration,
    total_cost_usd AS daily_cost,
    usage_count,
    tenant_id,
    total_calls,
    successful_calls,
    timed_calls,
    duration_sum_ms,
    priced_count
   FROM store.tool_performance_daily_now
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.tool_performance_daily IS 'outcomes: tenant: the team''s tools by day; averages are over calls.';

CREATE VIEW mine.tool_usage WITH (security_barrier='true') AS
 SELECT usage_id,
    tenant_id,
    outcome_id,
    simulation_id,
    execution_time,
    tool_name,
    call_count,
    error_count,
    timed_count,
    total_duration_ms,
    avg_duration_ms,
    success_rate,
    tool_sequence,
    total_cost_usd,
    error_types,
    modal_function_calls,
    sandbox_tool_logs,
    created_at
   FROM store.tool_usage
  WHERE (tenant_id = ( SELECT platform.login_tenant() AS tenant_id));

COMMENT ON VIEW mine.tool_usage IS 'outcomes: tenant: the team''s own tool usage.';

CREATE TABLE society.agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    type society.agent_type DEFAULT 'worker'::society.agent_type NOT NULL,
    status society.agent_status DEFAULT 'offline'::society.agent_status NOT NULL,
    status_reason text,
    capabilities text[] DEFAULT '{}'::text[] NOT NULL,
    metadata jsonb DEFAULT '{}'::jsonb NOT NULL,
    public_key bytea,
    total_points integer DEFAULT 0 NOT NULL,
    current_tier society.performance_tier DEFAULT 'bronze'::society.performance_tier NOT NULL,
    elo_rating integer DEFAULT 1200 NOT NULL,
    trust_score numeric(5,4),
    battles_fought integer DEFAULT 0 NOT NULL,
    battles_won integer DEFAULT 0 NOT NULL,
    tasks_completed integer DEFAULT 0 NOT NULL,
    tasks_failed integer DEFAULT 0 NOT NULL,
    quality_score_total numeric DEFAULT 0 NOT NULL,
    quality_score_count integer DEFAULT 0 NOT NULL,
    task_time_total_ms numeric DEFAULT 0 NOT NULL,
    task_time_count integer DEFAULT 0 NOT NULL,
    success_rate numeric GENERATED ALWAYS AS (((tasks_completed)::numeric / (NULLIF((tasks_completed + tasks_failed), 0))::numeric)) STORED,
    average_quality_score numeric GENERATED ALWAYS AS ((quality_score_total / (NULLIF(quality_score_count, 0))::numeric)) STORED,
    average_task_time_ms numeric GENERATED ALWAYS AS ((task_time_total_ms / (NULLIF(task_time_count, 0))::numeric)) STORED,
    last_active_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT agents_are_named CHECK ((((agent_id)::text <> ''::text) AND ((name)::text <> ''::text))),
    CONSTRAINT agents_counts_are_not_negative CHECK (((LEAST(tasks_completed, tasks_failed, quality_score_count, task_time_count, battles_won) >= 0) AND (battles_won <= battles_fought))),
    CONSTRAINT agents_key_is_ed25519 CHECK ((octet_length(public_key) = 32)),
    CONSTRAINT agents_trust_is_a_share CHECK (((trust_score >= (0)::numeric) AND (trust_score <= (1)::numeric)))
)
WITH (fillfactor='80');

ALTER TABLE ONLY society.agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agents IS 'agents: tenant: who works here: its kind and state, and its figures, which triggers keep.';

COMMENT ON COLUMN society.agents.agent_id IS 'The name by which the world outside knows it; of the team''s live agents no two have the same.';

COMMENT ON COLUMN society.agents.status_reason IS 'Why it is in this state, if that was said; a change of state that says nothing empties it.';

COMMENT ON COLUMN society.agents.total_points IS 'The sum of its point transactions; below zero where more was taken than earned.';

COMMENT ON COLUMN society.agents.success_rate IS 'Of the tasks it ended, the share that it completed; null while there are none.';

COMMENT ON COLUMN society.agents.average_quality_score IS 'Over its completed tasks that have a score: quality_score_total by quality_score_count.';

COMMENT ON COLUMN society.agents.average_task_time_ms IS 'Over its completed tasks whose beginning is known.';

CREATE VIEW mine.v_active_agents WITH (security_barrier='true', security_invoker='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    name,
    type,
    status,
    current_tier,
    total_points,
    elo_rating,
    trust_score,
    tasks_completed,
    tasks_failed,
    success_rate,
    average_quality_score,
    average_task_time_ms,
    battles_fought,
    battles_won,
    capabilities,
    last_active_at,
    created_at,
    updated_at
   FROM society.agents
  WHERE ((tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['offline'::society.agent_status, 'suspended'::society.agent_status, 'retired'::society.agent_status])));

COMMENT ON VIEW mine.v_active_agents IS 'agents: tenant: the agents that are there and may work, with all their figures.';

CREATE TABLE society.mentee_progress (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    pairing_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    curriculum_id uuid NOT NULL,
    progress_percentage numeric(5,2) DEFAULT 0 NOT NULL,
    mastery_level character varying(20) DEFAULT 'novice'::character varying NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    passed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentee_progress_attempts_are_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT mentee_progress_mastery_is_known CHECK (((mastery_level)::text = ANY ((ARRAY['novice'::character varying, 'beginner'::character varying, 'competent'::character varying, 'proficient'::character varying, 'expert'::character varying])::text[]))),
    CONSTRAINT mentee_progress_percentage_range CHECK (((progress_percentage >= (0)::numeric) AND (progress_percentage <= (100)::numeric)))
);

ALTER TABLE ONLY society.mentee_progress FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentee_progress IS 'mentorship: tenant: how far the mentee of a pairing is with a level of the curriculum.';

CREATE TABLE society.mentorship_pairings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    mentor_id uuid NOT NULL,
    mentee_id uuid NOT NULL,
    skill_focus character varying(100) NOT NULL,
    status society.mentorship_status DEFAULT 'proposed'::society.mentorship_status NOT NULL,
    planned_sessions integer,
    completed_sessions integer DEFAULT 0 NOT NULL,
    completion_percentage numeric GENERATED ALWAYS AS (((100.0 * (LEAST(completed_sessions, planned_sessions))::numeric) / (planned_sessions)::numeric)) STORED,
    match_score numeric(5,4),
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentorship_pairings_are_of_two_agents CHECK ((mentor_id <> mentee_id)),
    CONSTRAINT mentorship_pairings_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT mentorship_pairings_match_is_a_share CHECK (((match_score >= (0)::numeric) AND (match_score <= (1)::numeric))),
    CONSTRAINT mentorship_pairings_plan_is_positive CHECK ((planned_sessions > 0)),
    CONSTRAINT mentorship_pairings_sessions_are_not_negative CHECK ((completed_sessions >= 0)),
    CONSTRAINT mentorship_pairings_skill_is_named CHECK (((skill_focus)::text <> ''::text))
);

ALTER TABLE ONLY society.mentorship_pairings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_pairings IS 'mentorship: tenant: who teaches whom, which skill, and how far they have come.';

COMMENT ON COLUMN society.mentorship_pairings.completed_sessions IS 'The sessions that were held; kept by a trigger.';

COMMENT ON COLUMN society.mentorship_pairings.completion_percentage IS 'Of the planned sessions; null where none were planned.';

CREATE VIEW mine.v_active_mentorships WITH (security_barrier='true', security_invoker='true') AS
 SELECT pairings.tenant_id,
    pairings.id,
    pairings.skill_focus,
    pairings.status,
    pairings.mentor_id,
    mentors.agent_id AS mentor_agent_id,
    mentors.name AS mentor_name,
    pairings.mentee_id,
    mentees.agent_id AS mentee_agent_id,
    mentees.name AS mentee_name,
    pairings.planned_sessions,
    pairings.completed_sessions,
    pairings.completion_percentage,
    progress.curriculum_count,
    progress.passed_count,
    progress.average_progress,
    pairings.started_at
   FROM (((society.mentorship_pairings pairings
     JOIN society.agents mentors ON (((mentors.tenant_id = pairings.tenant_id) AND (mentors.id = pairings.mentor_id))))
     JOIN society.agents mentees ON (((mentees.tenant_id = pairings.tenant_id) AND (mentees.id = pairings.mentee_id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS curriculum_count,
            count(mentee_progress.passed_at) AS passed_count,
            avg(mentee_progress.progress_percentage) AS average_progress
           FROM society.mentee_progress
          WHERE ((mentee_progress.tenant_id = pairings.tenant_id) AND (mentee_progress.pairing_id = pairings.id))) progress)
  WHERE ((pairings.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (pairings.status = 'active'::society.mentorship_status));

COMMENT ON VIEW mine.v_active_mentorships IS 'mentorship: tenant: the pairings at work, and how far they are.';

CREATE VIEW mine.v_active_simulations WITH (security_barrier='true', security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    (versions.parsed_config ->> 'model'::text) AS model,
    simulations.tenant_id
   FROM (evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at;

COMMENT ON VIEW mine.v_active_simulations IS 'simulations: tenant: simulations that are not over, and how far they are.';

CREATE TABLE society.global_trust_scores (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    run_id uuid,
    eigentrust_score numeric,
    persistence_score numeric(5,4),
    competence_score numeric(5,4),
    peer_rating_score numeric(5,4),
    composite numeric(5,4),
    trust_level character varying(20) DEFAULT 'untrusted'::character varying NOT NULL,
    rank integer,
    sample_size integer DEFAULT 0 NOT NULL,
    cause text,
    computed_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT global_trust_scores_are_shares CHECK ((((eigentrust_score >= (0)::numeric) AND (eigentrust_score <= (1)::numeric)) AND ((persistence_score >= (0)::numeric) AND (persistence_score <= (1)::numeric)) AND ((competence_score >= (0)::numeric) AND (competence_score <= (1)::numeric)) AND ((peer_rating_score >= (0)::numeric) AND (peer_rating_score <= (1)::numeric)) AND ((composite >= (0)::numeric) AND (composite <= (1)::numeric)))),
    CONSTRAINT global_trust_scores_level_is_known CHECK (((trust_level)::text = ANY ((ARRAY['untrusted'::character varying, 'poor'::character varying, 'fair'::character varying, 'good'::character varying, 'excellent'::character varying, 'outstanding'::character varying])::text[]))),
    CONSTRAINT global_trust_scores_rank_is_positive CHECK ((rank > 0)),
    CONSTRAINT global_trust_scores_sample_is_not_negative CHECK ((sample_size >= 0))
);

ALTER TABLE ONLY society.global_trust_scores FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.global_trust_scores IS 'reputation: tenant: what all dealings together say of an agent, and of what its score is made.';

COMMENT ON COLUMN society.global_trust_scores.eigentrust_score IS 'Its share of all trust: the scores of a run sum to 1.';

COMMENT ON COLUMN society.global_trust_scores.cause IS 'Why it was computed; the history keeps it beside the score.';

CREATE TABLE society.peer_ratings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    rater_id uuid NOT NULL,
    ratee_id uuid NOT NULL,
    rating integer NOT NULL,
    context character varying(50) DEFAULT 'general'::character varying NOT NULL,
    task_id uuid,
    battle_id uuid,
    comment text,
    weight numeric(8,4) DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT peer_ratings_are_of_others CHECK ((rater_id <> ratee_id)),
    CONSTRAINT peer_ratings_have_one_evidence CHECK ((num_nonnulls(task_id, battle_id) < 2)),
    CONSTRAINT peer_ratings_range CHECK (((rating >= 1) AND (rating <= 5))),
    CONSTRAINT peer_ratings_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY society.peer_ratings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.peer_ratings IS 'reputation: tenant: what one agent thinks of another''s work, from 1 to 5.';

CREATE TABLE society.trust_graph (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    from_agent_id uuid NOT NULL,
    to_agent_id uuid NOT NULL,
    context character varying(50) DEFAULT 'general'::character varying NOT NULL,
    local_trust numeric(7,6) NOT NULL,
    interaction_count integer DEFAULT 0 NOT NULL,
    positive_count integer DEFAULT 0 NOT NULL,
    negative_count integer DEFAULT 0 NOT NULL,
    last_interaction_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT trust_graph_counts_agree CHECK (((LEAST(positive_count, negative_count) >= 0) AND ((positive_count + negative_count) <= interaction_count))),
    CONSTRAINT trust_graph_is_between_two_agents CHECK ((from_agent_id <> to_agent_id)),
    CONSTRAINT trust_graph_trust_is_a_share CHECK (((local_trust >= (0)::numeric) AND (local_trust <= (1)::numeric)))
);

ALTER TABLE ONLY society.trust_graph FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.trust_graph IS 'reputation: tenant: how far one agent trusts another, from their dealings.';

CREATE VIEW mine.v_agent_reputation WITH (security_barrier='true', security_invoker='true') AS
 SELECT agents.tenant_id,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.type,
    agents.current_tier,
    agents.trust_score,
    scores.trust_level,
    scores.eigentrust_score,
    scores.persistence_score,
    scores.competence_score,
    scores.peer_rating_score,
    scores.composite,
    scores.rank,
    scores.sample_size,
    scores.computed_at,
    ratings.rating_count,
    ratings.average_rating,
    edges.trusted_by_count,
    edges.interaction_count
   FROM (((society.agents
     LEFT JOIN society.global_trust_scores scores ON (((scores.tenant_id = agents.tenant_id) AND (scores.agent_id = agents.id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS rating_count,
            avg(peer_ratings.rating) AS average_rating
           FROM society.peer_ratings
          WHERE ((peer_ratings.tenant_id = agents.tenant_id) AND (peer_ratings.ratee_id = agents.id))) ratings)
     CROSS JOIN LATERAL ( SELECT count(DISTINCT trust_graph.from_agent_id) FILTER (WHERE (trust_graph.local_trust > (0)::numeric)) AS trusted_by_count,
            COALESCE(sum(trust_graph.interaction_count), (0)::bigint) AS interaction_count
           FROM society.trust_graph
          WHERE ((trust_graph.tenant_id = agents.tenant_id) AND (trust_graph.to_agent_id = agents.id))) edges)
  WHERE ((agents.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (agents.deleted_at IS NULL));

COMMENT ON VIEW mine.v_agent_reputation IS 'reputation: tenant: all that is known of each agent''s reputation; what was never computed is null.';

CREATE VIEW mine.v_analyst_trials WITH (security_barrier='true', security_invoker='true') AS
 SELECT outcomes.tenant_id,
    outcomes.outcome_id,
    outcomes.execution_time,
    outcomes.simulation_id,
    simulations.config_version_id,
    outcomes.scenario_id,
    ran.content_hash,
    scenarios.name AS scenario_name,
    scenarios.task_prompt,
    scenarios.expected_tools,
    outcomes.trial_number,
    outcomes.status,
    outcomes.passed,
    outcomes.fault,
    outcomes.execution_time_ms,
    outcomes.cost_usd,
    outcomes.retry_count,
    simulations.timeout_ms
   FROM ((((mine.outcomes
     JOIN evaluation.simulations ON ((simulations.simulation_id = outcomes.simulation_id)))
     JOIN evaluation.simulations_scenarios ran ON (((ran.simulation_id = outcomes.simulation_id) AND (ran.scenario_id = outcomes.scenario_id))))
     JOIN evaluation.scenario_versions contents ON (((contents.tenant_id = ran.tenant_id) AND (contents.scenario_id = ran.scenario_id) AND (contents.content_hash = ran.content_hash) AND (contents.split = 'search'::text))))
     JOIN evaluation.scenarios ON (((scenarios.tenant_id = ran.tenant_id) AND (scenarios.scenario_id = ran.scenario_id) AND (scenarios.split = 'search'::text))));

COMMENT ON VIEW mine.v_analyst_trials IS 'recommendations: tenant: the trials that an analyst may read, none of a held-out scenario.';

CREATE TABLE society.leaderboard_periods (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    period character varying(20) NOT NULL,
    period_start date NOT NULL,
    period_end date,
    closed_at timestamp with time zone,
    snapshot_hash bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT leaderboard_periods_category_is_known CHECK (((category)::text = ANY ((ARRAY['overall'::character varying, 'points'::character varying, 'quality'::character varying, 'battles'::character varying, 'trust'::character varying, 'collaboration'::character varying, 'mentorship'::character varying, 'tasks'::character varying])::text[]))),
    CONSTRAINT leaderboard_periods_end_after_they_begin CHECK ((period_end > period_start)),
    CONSTRAINT leaderboard_periods_end_unless_they_are_for_all_time CHECK ((((period)::text = 'all_time'::text) = (period_end IS NULL))),
    CONSTRAINT leaderboard_periods_hash_is_sha256 CHECK ((octet_length(snapshot_hash) = 32)),
    CONSTRAINT leaderboard_periods_period_is_known CHECK (((period)::text = ANY ((ARRAY['daily'::character varying, 'weekly'::character varying, 'monthly'::character varying, 'quarterly'::character varying, 'yearly'::character varying, 'all_time'::character varying])::text[])))
);

ALTER TABLE ONLY society.leaderboard_periods FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.leaderboard_periods IS 'leaderboards: tenant: which boards there are, for which days, and which are closed and change no more.';

COMMENT ON COLUMN society.leaderboard_periods.period_end IS 'The first day that no longer belongs to it, in UTC.';

CREATE TABLE society.leaderboard_rankings (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    period character varying(20) NOT NULL,
    period_start date NOT NULL,
    agent_id uuid NOT NULL,
    rank integer NOT NULL,
    score numeric NOT NULL,
    previous_rank integer,
    rank_change integer,
    ci_low numeric,
    ci_high numeric,
    tie_group integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT leaderboard_rankings_change_is_from_the_previous CHECK ((NOT (rank_change IS DISTINCT FROM (previous_rank - rank)))),
    CONSTRAINT leaderboard_rankings_ranks_are_positive CHECK (((rank > 0) AND ((previous_rank IS NULL) OR (previous_rank > 0)))),
    CONSTRAINT leaderboard_rankings_score_is_in_its_interval CHECK (((ci_low <= score) AND (score <= ci_high)))
);

ALTER TABLE ONLY society.leaderboard_rankings FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.leaderboard_rankings IS 'leaderboards: tenant: the ranks of a board; equal scores share a rank and the next is left out.';

COMMENT ON COLUMN society.leaderboard_rankings.rank_change IS 'Ranks gained since the period before; null for somebody new, never 0.';

CREATE VIEW mine.v_current_leaderboard WITH (security_barrier='true', security_invoker='true') AS
 SELECT rankings.tenant_id,
    rankings.category,
    rankings.period,
    rankings.period_start,
    periods.period_end,
    rankings.rank,
    rankings.previous_rank,
    rankings.rank_change,
    rankings.score,
    rankings.ci_low,
    rankings.ci_high,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.current_tier,
    periods.closed_at
   FROM ((society.leaderboard_rankings rankings
     JOIN society.leaderboard_periods periods USING (tenant_id, category, period, period_start))
     JOIN society.agents ON (((agents.tenant_id = rankings.tenant_id) AND (agents.id = rankings.agent_id))))
  WHERE ((rankings.tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND ((rankings.period)::text = 'weekly'::text) AND (rankings.period_start <= ((now() AT TIME ZONE 'UTC'::text))::date) AND (periods.period_end > ((now() AT TIME ZONE 'UTC'::text))::date));

COMMENT ON VIEW mine.v_current_leaderboard IS 'leaderboards: tenant: the ranks of the current week, in every category.';

CREATE VIEW mine.v_dashboard_active_simulations WITH (security_barrier='true', security_invoker='true') AS
 SELECT simulations.simulation_id,
    simulations.simulation_name,
    simulations.status,
    simulations.completed_scenarios,
    simulations.total_scenarios,
    round(((100.0 * (simulations.completed_scenarios)::numeric) / (simulations.total_scenarios)::numeric), 2) AS progress_pct,
    EXTRACT(epoch FROM (now() - simulations.started_at)) AS runtime_seconds,
    simulations.modal_app_id,
    (versions.parsed_config ->> 'model'::text) AS model_name,
    (COALESCE(recorded.outcomes, (0)::numeric))::bigint AS outcomes_recorded,
    simulations.tenant_id
   FROM ((evaluation.simulations
     JOIN evaluation.config_versions versions ON ((versions.version_id = simulations.config_version_id)))
     LEFT JOIN ( SELECT simulation_performance_hourly.simulation_id,
            sum(simulation_performance_hourly.total_outcomes) AS outcomes
           FROM mine.simulation_performance_hourly
          WHERE (simulation_performance_hourly.simulation_id = ANY (ARRAY( SELECT simulations_1.simulation_id
                   FROM evaluation.simulations simulations_1
                  WHERE (simulations_1.status = ANY (ARRAY['pending'::text, 'running'::text])))))
          GROUP BY simulation_performance_hourly.simulation_id) recorded ON ((recorded.simulation_id = simulations.simulation_id)))
  WHERE (simulations.status = ANY (ARRAY['pending'::text, 'running'::text]))
  ORDER BY simulations.created_at DESC;

COMMENT ON VIEW mine.v_dashboard_active_simulations IS 'simulations: tenant: simulations that are not over, how far they are, and how many outcomes they have.';

CREATE VIEW mine.v_dashboard_cost_analysis WITH (security_barrier='true', security_invoker='true') AS
 WITH spent AS MATERIALIZED (
         SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            sum(days.total_outcomes) AS outcomes,
            sum(days.total_cost_usd) AS cost,
            sum(days.priced_outcomes) AS priced,
            sum(days.total_tokens) AS tokens,
            sum(days.counted_outcomes) AS counted
           FROM (mine.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id
        ), models AS MATERIALIZED (
         SELECT config_versions.version_id,
            (config_versions.parsed_config ->> 'model'::text) AS model
           FROM evaluation.config_versions
          WHERE (config_versions.version_id = ANY (ARRAY( SELECT DISTINCT spent_1.config_version_id
                   FROM spent spent_1)))
        )
 SELECT spent.day,
    models.model,
    (sum(spent.outcomes))::bigint AS executions,
    sum(spent.cost) AS total_cost,
    (sum(spent.cost) / NULLIF(sum(spent.priced), (0)::numeric)) AS avg_cost_per_execution,
    (sum(spent.tokens))::bigint AS total_tokens,
    (sum(spent.tokens) / NULLIF(sum(spent.counted), (0)::numeric)) AS avg_tokens_per_execution,
    spent.tenant_id
   FROM (spent
     JOIN models ON ((models.version_id = spent.config_version_id)))
  GROUP BY spent.tenant_id, spent.day, models.model
  ORDER BY spent.day DESC, (sum(spent.cost)) DESC NULLS LAST;

COMMENT ON VIEW mine.v_dashboard_cost_analysis IS 'outcomes: tenant: what the last 30 days cost, by day and model; averages are over the outcomes whose cost, or tokens, are known.';

CREATE VIEW mine.v_dashboard_pending_recommendations WITH (security_barrier='true', security_invoker='true') AS
 SELECT recommendations.recommendation_id,
    recommendations.recommendation_type,
    recommendations.description,
    recommendations.confidence,
    recommendations.impact_estimate,
    recommendations.suggested_yaml_changes,
    COALESCE(sessions.llm_model, recommendations.llm_model_used) AS generated_by_model,
    sessions.data_window_start,
    sessions.data_window_end,
    recommendations.created_at,
    recommendations.tenant_id
   FROM (evaluation.recommendations
     LEFT JOIN evaluation.llm_recommendation_sessions sessions ON ((sessions.session_id = recommendations.session_id)))
  WHERE ((NOT recommendations.applied) AND (recommendations.confidence > (0.7)::double precision))
  ORDER BY recommendations.confidence DESC, recommendations.created_at DESC
 LIMIT 10;

COMMENT ON VIEW mine.v_dashboard_pending_recommendations IS 'recommendations: tenant: the ten most certain recommendations that nobody has applied yet.';

CREATE VIEW mine.v_dashboard_performance_trends WITH (security_barrier='true', security_invoker='true') AS
 SELECT day,
    (sum(total_outcomes))::bigint AS total_executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration_ms,
    sum(total_cost_usd) AS daily_cost,
    (sum(error_count))::bigint AS error_count,
    round(((100.0 * sum(error_count)) / sum(total_outcomes)), 2) AS error_rate_pct,
    tenant_id
   FROM mine.simulation_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY tenant_id, day
  ORDER BY day DESC;

COMMENT ON VIEW mine.v_dashboard_performance_trends IS 'outcomes: tenant: outcomes of the last 30 days, by day.';

CREATE VIEW mine.v_error_rates WITH (security_barrier='true', security_invoker='true') AS
 SELECT day,
    scenario_id,
    total_outcomes AS total_runs,
    error_count,
    round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2) AS error_rate_pct,
    tenant_id
   FROM mine.scenario_performance_daily
  WHERE ((day >= date_trunc('day'::text, (now() - '7 days'::interval), 'UTC'::text)) AND (total_outcomes >= 10))
  ORDER BY day DESC, (round(((100.0 * (error_count)::numeric) / (total_outcomes)::numeric), 2)) DESC;

COMMENT ON VIEW mine.v_error_rates IS 'outcomes: tenant: how often each scenario ended in an error, by day, over a week; scenarios with ten outcomes or more.';

CREATE VIEW mine.v_llm_config_performance WITH (security_barrier='true', security_invoker='true') AS
 SELECT versions.config_id,
    versions.version_number,
    versions.parsed_config,
    played.day,
    played.outcomes AS total_executions,
    played.avg_reliability,
    played.avg_execution_time,
    played.daily_cost,
    played.error_count,
    played.tenant_id
   FROM (( SELECT days.tenant_id,
            days.day,
            simulations.config_version_id,
            (sum(days.total_outcomes))::bigint AS outcomes,
            (sum(days.reliability_sum) / (NULLIF(sum(days.scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
            (sum(days.execution_time_sum_ms) / (NULLIF(sum(days.timed_outcomes), (0)::numeric))::double precision) AS avg_execution_time,
            sum(days.total_cost_usd) AS daily_cost,
            (sum(days.error_count))::bigint AS error_count
           FROM (mine.simulation_performance_daily days
             JOIN evaluation.simulations ON ((simulations.simulation_id = days.simulation_id)))
          WHERE (days.day >= date_trunc('day'::text, (now() - '90 days'::interval), 'UTC'::text))
          GROUP BY days.tenant_id, days.day, simulations.config_version_id) played
     JOIN evaluation.config_versions versions ON ((versions.version_id = played.config_version_id)))
  ORDER BY played.day DESC, played.avg_reliability DESC NULLS LAST;

COMMENT ON VIEW mine.v_llm_config_performance IS 'outcomes: tenant: outcomes of the last 90 days by day and version of a configuration.';

CREATE VIEW mine.v_llm_failure_analysis WITH (security_barrier='true', security_invoker='true') AS
 SELECT date_trunc('day'::text, patterns.execution_time, 'UTC'::text) AS day,
    patterns.failure_category,
    count(*) AS daily_failures,
    avg(patterns.cluster_confidence) AS avg_confidence,
    (array_agg(DISTINCT patterns.error_message) FILTER (WHERE (patterns.error_message IS NOT NULL)))[1:20] AS sample_errors,
    array_agg(DISTINCT COALESCE(patterns.scenario_id, outcomes.scenario_id)) FILTER (WHERE (COALESCE(patterns.scenario_id, outcomes.scenario_id) IS NOT NULL)) AS affected_scenarios,
    patterns.tenant_id
   FROM (mine.failure_patterns patterns
     LEFT JOIN mine.outcomes ON (((patterns.scenario_id IS NULL) AND (outcomes.outcome_id = patterns.outcome_id) AND (outcomes.execution_time = patterns.execution_time))))
  WHERE (patterns.execution_time >= date_trunc('day'::text, (now() - '30 days'::interval), 'UTC'::text))
  GROUP BY patterns.tenant_id, (date_trunc('day'::text, patterns.execution_time, 'UTC'::text)), patterns.failure_category
  ORDER BY (date_trunc('day'::text, patterns.execution_time, 'UTC'::text)) DESC, (count(*)) DESC;

COMMENT ON VIEW mine.v_llm_failure_analysis IS 'failures: tenant: failures of the last 30 days by day and category, with up to twenty of their messages and the scenarios they happened in.';

CREATE VIEW mine.v_llm_scenario_trends WITH (security_barrier='true', security_invoker='true') AS
 SELECT scenario_id,
    date_trunc('week'::text, day, 'UTC'::text) AS week,
    (sum(total_outcomes))::bigint AS executions,
    (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision) AS avg_reliability,
        CASE
            WHEN (sum(scored_outcomes) > (1)::numeric) THEN sqrt((GREATEST((sum(reliability_square_sum) - ((sum(reliability_sum) ^ (2)::double precision) / (sum(scored_outcomes))::double precision)), (0)::double precision) / ((sum(scored_outcomes) - (1)::numeric))::double precision))
            ELSE NULL::double precision
        END AS reliability_variance,
    (sum(execution_time_sum_ms) / (NULLIF(sum(timed_outcomes), (0)::numeric))::double precision) AS avg_duration,
    (sum(timeout_count))::bigint AS timeout_count,
    tenant_id
   FROM mine.scenario_performance_daily
  WHERE (day >= date_trunc('day'::text, (now() - '6 mons'::interval), 'UTC'::text))
  GROUP BY tenant_id, scenario_id, (date_trunc('week'::text, day, 'UTC'::text))
  ORDER BY (date_trunc('week'::text, day, 'UTC'::text)) DESC, (sum(reliability_sum) / (NULLIF(sum(scored_outcomes), (0)::numeric))::double precision);

COMMENT ON VIEW mine.v_llm_scenario_trends IS 'outcomes: tenant: outcomes of the last six months by week and scenario; reliability_variance is their standard deviation.';

CREATE VIEW mine.v_system_performance WITH (security_barrier='true', security_invoker='true') AS
 SELECT date_trunc('hour'::text, created_at, 'UTC'::text) AS hour,
    count(*) AS total_simulations,
    avg(execution_time_ms) AS avg_execution_time,
    sum(total_cost_usd) AS total_cost,
    count(*) FILTER (WHERE (status = 'failed'::text)) AS failed_count,
    avg(overall_score) AS avg_score,
    tenant_id
   FROM evaluation.simulations
  WHERE (created_at > (now() - '24:00:00'::interval))
  GROUP BY tenant_id, (date_trunc('hour'::text, created_at, 'UTC'::text))
  ORDER BY (date_trunc('hour'::text, created_at, 'UTC'::text));

COMMENT ON VIEW mine.v_system_performance IS 'simulations: tenant: simulations of the last 24 hours, by the hour in which they were planned.';

CREATE TABLE society.tasks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    description text,
    status society.agent_task_status DEFAULT 'pending'::society.agent_task_status NOT NULL,
    priority society.agent_task_priority DEFAULT 'medium'::society.agent_task_priority NOT NULL,
    queue_id uuid,
    assigned_to uuid,
    required_skills text[] DEFAULT '{}'::text[] NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    result jsonb,
    quality_score numeric(5,4),
    attempts integer DEFAULT 0 NOT NULL,
    max_retries integer NOT NULL,
    attempt_token uuid,
    leased_until timestamp with time zone,
    deadline_at timestamp with time zone,
    queued_at timestamp with time zone,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    duration_ms numeric GENERATED ALWAYS AS ((EXTRACT(epoch FROM (completed_at - started_at)) * (1000)::numeric)) STORED,
    created_by uuid DEFAULT platform.user_id(),
    requested_by uuid DEFAULT society.acting_agent(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    task_type character varying(100) DEFAULT 'task'::character varying NOT NULL,
    min_trust numeric(5,4) DEFAULT 0 NOT NULL,
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    worker_id character varying(255),
    retry_count integer DEFAULT 0 NOT NULL,
    error_message text,
    lane integer NOT NULL,
    place timestamp with time zone,
    seq bigint NOT NULL,
    fair_key character varying(255) NOT NULL,
    weight double precision DEFAULT 1 NOT NULL,
    unique_key character varying(255),
    idempotency_key character varying(255),
    timeout interval,
    open_dependencies integer DEFAULT 0 NOT NULL,
    CONSTRAINT tasks_are_named CHECK ((((task_id)::text <> ''::text) AND ((title)::text <> ''::text))),
    CONSTRAINT tasks_at_work_have_an_agent CHECK (((status <> ALL (ARRAY['assigned'::society.agent_task_status, 'in_progress'::society.agent_task_status])) OR (assigned_to IS NOT NULL))),
    CONSTRAINT tasks_end_after_they_begin CHECK ((completed_at >= started_at)),
    CONSTRAINT tasks_end_is_recorded CHECK (((status = ANY (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) = (completed_at IS NOT NULL))),
    CONSTRAINT tasks_keys_are_not_empty CHECK (((length((unique_key)::text) >= 1) AND (length((idempotency_key)::text) >= 1))),
    CONSTRAINT tasks_payload_size CHECK ((octet_length((payload)::text) <= 1048576)),
    CONSTRAINT tasks_quality_is_a_share CHECK (((quality_score >= (0)::numeric) AND (quality_score <= (1)::numeric))),
    CONSTRAINT tasks_retries_are_within_the_limit CHECK ((((retry_count >= 0) AND (retry_count <= max_retries)) AND (attempts >= 0))),
    CONSTRAINT tasks_timeout_can_be_kept CHECK ((timeout <= '3650 days'::interval)),
    CONSTRAINT tasks_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT tasks_trust_is_a_share CHECK (((min_trust >= (0)::numeric) AND (min_trust <= (1)::numeric))),
    CONSTRAINT tasks_wait_for_none_or_more CHECK ((open_dependencies >= 0)),
    CONSTRAINT tasks_weight_is_positive CHECK ((weight > (0)::double precision))
)
WITH (fillfactor='50');

ALTER TABLE ONLY society.tasks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tasks IS 'tasks: tenant: work that is given to agents.';

COMMENT ON COLUMN society.tasks.assigned_to IS 'Who has it; of a task that waits, the one agent that may take it.';

COMMENT ON COLUMN society.tasks.leased_until IS 'When this attempt counts as hung though its agent lives; whether the agent lives is said by platform.task_workers.';

COMMENT ON COLUMN society.tasks.deadline_at IS 'When nobody needs it any more: what has not ended by then has failed.';

COMMENT ON COLUMN society.tasks.completed_at IS 'When it ended, whichever way.';

COMMENT ON COLUMN society.tasks.min_trust IS 'How much trust an agent must have to claim it; an agent whose trust nobody has computed has none.';

COMMENT ON COLUMN society.tasks.scheduled_at IS 'Before this it is not given out.';

COMMENT ON COLUMN society.tasks.place IS 'Where it stands in its lane while it may be begun; null while it may not.';

COMMENT ON COLUMN society.tasks.fair_key IS 'Tasks of one lane and priority take turns by it.';

COMMENT ON COLUMN society.tasks.unique_key IS 'No second task of the team has it before this one has ended.';

COMMENT ON COLUMN society.tasks.open_dependencies IS 'How many tasks it still waits for.';

CREATE VIEW mine.v_task_queue_summary WITH (security_barrier='true', security_invoker='true') AS
 SELECT tenant_id,
    status,
    priority,
    count(*) AS task_count,
    count(*) FILTER (WHERE (assigned_to IS NULL)) AS unassigned_count,
    count(*) FILTER (WHERE (deadline_at < now())) AS overdue_count,
    min(created_at) AS oldest_created_at,
    avg((EXTRACT(epoch FROM (now() - created_at)) * (1000)::numeric)) AS average_wait_ms,
    count(*) FILTER (WHERE ((status = 'pending'::society.agent_task_status) AND (open_dependencies = 0) AND (scheduled_at <= now()))) AS ready_count,
    count(*) FILTER (WHERE (open_dependencies > 0)) AS waiting_count
   FROM ( SELECT tasks_1.tenant_id,
            tasks_1.status,
            tasks_1.priority,
            tasks_1.assigned_to,
            tasks_1.deadline_at,
            tasks_1.created_at,
            tasks_1.open_dependencies,
            tasks_1.scheduled_at,
            tasks_1.deleted_at
           FROM society.tasks tasks_1
          WHERE ((tasks_1.status = 'pending'::society.agent_task_status) AND (tasks_1.place IS NOT NULL))
        UNION ALL
         SELECT tasks_1.tenant_id,
            tasks_1.status,
            tasks_1.priority,
            tasks_1.assigned_to,
            tasks_1.deadline_at,
            tasks_1.created_at,
            tasks_1.open_dependencies,
            tasks_1.scheduled_at,
            tasks_1.deleted_at
           FROM society.tasks tasks_1
          WHERE ((tasks_1.status <> ALL (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) AND ((tasks_1.status <> 'pending'::society.agent_task_status) OR (tasks_1.place IS NULL)))) tasks
  WHERE ((tenant_id = ( SELECT platform.login_tenant() AS tenant_id)) AND (deleted_at IS NULL))
  GROUP BY tenant_id, status, priority;

COMMENT ON VIEW mine.v_task_queue_summary IS 'tasks: tenant: how many tasks stand in which state and priority, and how long they have waited.';

CREATE VIEW platform.analytics_events AS
 SELECT id,
    "timestamp",
    session_id,
    event_type,
    event_properties,
    user_properties,
    device_properties,
    geo_properties,
    referrer_properties,
    tenant_id
   FROM store.analytics_events
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.analytics_events IS 'analytics: tenant: what the team''s own people look at.';

CREATE TABLE platform.api_keys (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    key_hash character varying(64) NOT NULL,
    user_identifier character varying(100),
    name character varying(100),
    scopes text[] DEFAULT '{}'::text[] NOT NULL,
    rate_limit integer DEFAULT 1000,
    last_used_at timestamp with time zone,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    revoked_at timestamp with time zone,
    CONSTRAINT api_keys_hash_is_sha256 CHECK (((key_hash)::text ~ '^[0-9a-f]{64}$'::text)),
    CONSTRAINT api_keys_rate_is_positive CHECK ((rate_limit > 0)),
    CONSTRAINT api_keys_revoked_are_inactive CHECK ((is_active = (revoked_at IS NULL))),
    CONSTRAINT api_keys_scopes_are_few CHECK ((cardinality(scopes) <= 20))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.api_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.api_keys IS 'identity: tenant: keys with which programs act for a person in a team.';

COMMENT ON COLUMN platform.api_keys.key_hash IS 'SHA-256 of the whole key, in hexadecimal: its secret has 256 random bits, so nothing slower is needed.';

COMMENT ON COLUMN platform.api_keys.rate_limit IS 'Requests in an hour; null is without a limit.';

COMMENT ON COLUMN platform.api_keys.last_used_at IS 'To the minute.';

CREATE TABLE platform.archives (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    series text NOT NULL,
    partition text NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    row_count bigint NOT NULL,
    digest text NOT NULL,
    file text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    dropped_at timestamp with time zone,
    restored_at timestamp with time zone,
    kept_until timestamp with time zone,
    CONSTRAINT archives_count_is_not_negative CHECK ((row_count >= 0)),
    CONSTRAINT archives_restored_is_kept CHECK (((kept_until IS NULL) OR (restored_at IS NOT NULL))),
    CONSTRAINT archives_span_is_positive CHECK ((ends_at > starts_at))
);

COMMENT ON TABLE platform.archives IS 'operations: system: the files that partitions went to, with what must be found in them.';

COMMENT ON COLUMN platform.archives.digest IS 'What platform.fingerprint says of the rows.';

COMMENT ON COLUMN platform.archives.file IS 'Relative to the directory of archives.';

COMMENT ON COLUMN platform.archives.kept_until IS 'Restored rows are not dropped before.';

CREATE TABLE platform.audit_exemptions (
    relation text NOT NULL,
    operations text[] DEFAULT '{INSERT,UPDATE,DELETE}'::text[] NOT NULL,
    reason text NOT NULL,
    CONSTRAINT audit_exemptions_have_a_reason CHECK ((reason <> ''::text)),
    CONSTRAINT audit_exemptions_operations_are_known CHECK (((operations <@ '{INSERT,UPDATE,DELETE}'::text[]) AND (operations <> '{}'::text[])))
);

COMMENT ON TABLE platform.audit_exemptions IS 'audit: system: the tables outside schema store whose changes leave no image in the audit log, and why.';

CREATE VIEW platform.audit_log AS
 SELECT log_id,
    tenant_id,
    table_name,
    operation,
    user_id,
    old_data,
    new_data,
    ip_address,
    user_agent,
    modal_call_context,
    "timestamp",
    table_schema,
    record_key,
    agent_id,
    actor_role,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';

CREATE VIEW platform.audit_logs AS
 SELECT id,
    tenant_id,
    "timestamp",
    user_id,
    action,
    resource_type,
    resource_id,
    ip_address,
    user_agent,
    request_data,
    response_status,
    duration_ms,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_logs
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_logs IS 'audit: tenant: the team''s own requests; nobody may change them.';

CREATE TABLE platform.audit_redactions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text NOT NULL,
    subject_id uuid NOT NULL,
    reason text NOT NULL,
    requested_by uuid,
    row_counts jsonb NOT NULL,
    evidence jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT audit_redactions_have_a_reason CHECK ((reason <> ''::text)),
    CONSTRAINT audit_redactions_kind_is_known CHECK ((kind = ANY (ARRAY['user'::text, 'team'::text])))
);

COMMENT ON TABLE platform.audit_redactions IS 'audit: system: each erasure of a person or a team from the ledgers; its own row in the audit log is sealed like any other.';

COMMENT ON COLUMN platform.audit_redactions.evidence IS 'Ledger, redaction, day: SHA-256 over digest and remaining text of the rows that the redaction has emptied and no later one.';

CREATE VIEW platform.audit_trail AS
 SELECT log_id AS id,
    "timestamp",
    ((user_id)::text)::character varying(100) AS user_id,
    (operation)::character varying(50) AS action,
    (table_name)::character varying(50) AS table_name,
    ( SELECT (min(keys.value))::uuid AS min
           FROM jsonb_each_text(audit_log.record_key) keys(name, value)
          WHERE (keys.name <> 'tenant_id'::text)
         HAVING ((count(*) = 1) AND (min(keys.value) ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'::text))) AS record_id,
    old_data AS old_values,
    new_data AS new_values,
    ip_address,
    user_agent,
    tenant_id
   FROM store.audit_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.audit_trail IS 'audit: tenant: the audit log in the columns of AI-GO; record_id where the key is one UUID.';

CREATE TABLE platform.background_task_dependencies (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    depends_on_task_id uuid NOT NULL,
    on_failure character varying(10) DEFAULT 'cancel'::character varying NOT NULL,
    is_settled boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT background_task_dependencies_are_of_two_jobs CHECK ((task_id <> depends_on_task_id)),
    CONSTRAINT background_task_dependencies_policy_is_known CHECK (((on_failure)::text = ANY ((ARRAY['cancel'::character varying, 'ignore'::character varying, 'fail'::character varying])::text[])))
)
WITH (fillfactor='80');

ALTER TABLE ONLY platform.background_task_dependencies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.background_task_dependencies IS 'jobs: tenant: which job waits for which, and what becomes of it if that fails; made with the job, so never in a circle.';

COMMENT ON COLUMN platform.background_task_dependencies.is_settled IS 'Whether the job has stopped waiting for this one; then it is not counted in open_dependencies.';

CREATE VIEW platform.background_task_history AS
 SELECT tenant_id,
    task_id,
    event,
    attempt,
    attempt_token,
    worker_id,
    error_message,
    error_stack,
    detail,
    created_at
   FROM store.background_task_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.background_task_history IS 'jobs: tenant: the history of the team''s own jobs.';

CREATE TABLE platform.background_tasks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_type character varying(100) NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    status platform.job_status DEFAULT 'pending'::platform.job_status NOT NULL,
    priority platform.job_priority DEFAULT 'normal'::platform.job_priority NOT NULL,
    worker_id character varying(255),
    attempts integer DEFAULT 0 NOT NULL,
    attempt_token uuid,
    leased_until timestamp with time zone,
    heartbeat_at timestamp with time zone,
    deadline_at timestamp with time zone,
    retry_count integer DEFAULT 0 NOT NULL,
    max_retries integer NOT NULL,
    error_message text,
    result jsonb,
    idempotency_key text,
    created_by uuid DEFAULT platform.user_id(),
    scheduled_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    lane integer NOT NULL,
    place timestamp with time zone,
    seq bigint NOT NULL,
    fair_key character varying(255) NOT NULL,
    weight double precision DEFAULT 1 NOT NULL,
    unique_key character varying(255),
    timeout interval,
    open_dependencies integer DEFAULT 0 NOT NULL,
    CONSTRAINT background_tasks_attempts_is_not_negative CHECK ((attempts >= 0)),
    CONSTRAINT background_tasks_end_is_recorded CHECK (((status = ANY (ARRAY['completed'::platform.job_status, 'failed'::platform.job_status, 'cancelled'::platform.job_status, 'dead_letter'::platform.job_status])) = (completed_at IS NOT NULL))),
    CONSTRAINT background_tasks_key_length CHECK (((length(idempotency_key) >= 1) AND (length(idempotency_key) <= 255))),
    CONSTRAINT background_tasks_lease_is_for_work CHECK (((leased_until IS NULL) OR (status = ANY (ARRAY['queued'::platform.job_status, 'running'::platform.job_status, 'stuck'::platform.job_status])))),
    CONSTRAINT background_tasks_payload_size CHECK ((pg_column_size(payload) <= 1048576)),
    CONSTRAINT background_tasks_retries_are_within_the_limit CHECK (((retry_count >= 0) AND (retry_count <= max_retries))),
    CONSTRAINT background_tasks_running_is_leased CHECK (((status <> ALL (ARRAY['queued'::platform.job_status, 'running'::platform.job_status])) OR ((worker_id IS NOT NULL) AND (attempt_token IS NOT NULL) AND (started_at IS NOT NULL)))),
    CONSTRAINT background_tasks_timeout_can_be_kept CHECK ((timeout <= '3650 days'::interval)),
    CONSTRAINT background_tasks_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT background_tasks_type_is_named CHECK (((task_type)::text <> ''::text)),
    CONSTRAINT background_tasks_unique_key_length CHECK ((length((unique_key)::text) >= 1)),
    CONSTRAINT background_tasks_waits_for_none_or_more CHECK ((open_dependencies >= 0)),
    CONSTRAINT background_tasks_weight_is_positive CHECK ((weight > (0)::double precision))
)
WITH (autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_cost_delay='0', fillfactor='50');

ALTER TABLE ONLY platform.background_tasks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.background_tasks IS 'jobs: tenant: work that the machine does for a team, in the background, under a lease.';

COMMENT ON COLUMN platform.background_tasks.attempt_token IS 'Given out with each claim; who finishes a job names it, so that one who has lost the lease is refused.';

COMMENT ON COLUMN platform.background_tasks.leased_until IS 'When this attempt counts as hung though its worker lives; whether the worker lives is said by platform.task_workers.';

COMMENT ON COLUMN platform.background_tasks.heartbeat_at IS 'When its attempt was last said to make progress.';

COMMENT ON COLUMN platform.background_tasks.deadline_at IS 'When nobody needs it any more: what has not ended by then goes to the dead letters.';

COMMENT ON COLUMN platform.background_tasks.idempotency_key IS 'Named by whoever enqueues: a second job of the team with the same key is refused.';

COMMENT ON COLUMN platform.background_tasks.place IS 'Where it stands in its lane while it may be begun; null while it may not.';

COMMENT ON COLUMN platform.background_tasks.fair_key IS 'Jobs of one lane and priority take turns by it; its team, where nothing else was said.';

COMMENT ON COLUMN platform.background_tasks.weight IS 'Against others of the same turn: 2 comes up twice as often.';

COMMENT ON COLUMN platform.background_tasks.unique_key IS 'No second job of the team has it before this one has ended.';

COMMENT ON COLUMN platform.background_tasks.timeout IS 'How long an attempt may take before it counts as hung.';

COMMENT ON COLUMN platform.background_tasks.open_dependencies IS 'How many jobs it still waits for.';

ALTER TABLE platform.background_tasks ALTER COLUMN seq ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME platform.background_tasks_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE UNLOGGED TABLE platform.cache_counters (
    key character varying(200) NOT NULL,
    total bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.cache_counters IS 'cache: system: what processes count together for a while; a crash empties it.';

COMMENT ON COLUMN platform.cache_counters.expires_at IS 'Counted from the first addition; from then on the counter begins anew.';

CREATE TABLE platform.clickhouse_analytics (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    event_type character varying(100) NOT NULL,
    event_data jsonb NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    session_id uuid,
    "timestamp" timestamp with time zone DEFAULT now() NOT NULL,
    exported boolean DEFAULT false NOT NULL,
    exported_at timestamp with time zone,
    CONSTRAINT clickhouse_analytics_export_is_dated CHECK ((exported = (exported_at IS NOT NULL))),
    CONSTRAINT clickhouse_analytics_size CHECK ((pg_column_size(event_data) <= 1048576)),
    CONSTRAINT clickhouse_analytics_type_is_named CHECK (((event_type)::text <> ''::text))
)
WITH (autovacuum_vacuum_scale_factor='0.01');

ALTER TABLE ONLY platform.clickhouse_analytics FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.clickhouse_analytics IS 'analytics: tenant: events on their way to ClickHouse; those that have left are deleted by upkeep.';

COMMENT ON COLUMN platform.clickhouse_analytics.session_id IS 'The session in which it happened; sessions end, events stay, so no key leads there.';

CREATE VIEW platform.connection_stats AS
 SELECT datname,
    count(*) AS connections,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'active'::text))
            ELSE NULL::bigint
        END AS active,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'idle'::text))
            ELSE NULL::bigint
        END AS idle,
        CASE
            WHEN bool_and(is_shown) THEN count(*) FILTER (WHERE (state = 'idle in transaction'::text))
            ELSE NULL::bigint
        END AS idle_in_transaction,
    max(EXTRACT(epoch FROM (now() - query_start))) FILTER (WHERE (state <> 'idle'::text)) AS longest_query_seconds,
    max(EXTRACT(epoch FROM (now() - xact_start))) AS longest_transaction_seconds,
    (current_setting('max_connections'::text))::integer AS max_connections
   FROM ( SELECT pg_stat_activity.datname,
            pg_stat_activity.state,
            pg_stat_activity.query_start,
            pg_stat_activity.xact_start,
            (pg_stat_activity.query IS DISTINCT FROM '<insufficient privilege>'::text) AS is_shown
           FROM pg_stat_activity
          WHERE (pg_stat_activity.datname IS NOT NULL)) sessions
  GROUP BY datname;

COMMENT ON VIEW platform.connection_stats IS 'operations: system: how many sessions each database has, and what they do; null where that is hidden from whoever asks.';

CREATE VIEW platform.daily_stats AS
 SELECT bucket AS day,
    event_type,
    event_count,
    unique_sessions,
        CASE
            WHEN ((event_type)::text = 'model_view'::text) THEN ( SELECT jsonb_object_agg(views.model, views.n) AS jsonb_object_agg
               FROM store.daily_model_views_now views
              WHERE ((views.tenant_id = days.tenant_id) AND (views.bucket = days.bucket)))
            ELSE NULL::jsonb
        END AS model_views,
    tenant_id
   FROM store.daily_stats_now days
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.daily_stats IS 'analytics: tenant: what the team''s own people looked at, by day; unique_sessions are those of the day and do not add up.';

CREATE TABLE platform.dead_letter_queue (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    original_task_id uuid,
    task_type character varying(100) NOT NULL,
    payload jsonb NOT NULL,
    error_message text NOT NULL,
    error_stack text,
    retry_history jsonb DEFAULT '[]'::jsonb NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    resolution text,
    resolved_by uuid,
    resolved_at timestamp with time zone,
    CONSTRAINT dead_letter_queue_history_is_a_list CHECK ((jsonb_typeof(retry_history) = 'array'::text)),
    CONSTRAINT dead_letter_queue_resolution_is_known CHECK ((resolution = ANY (ARRAY['redriven'::text, 'discarded'::text]))),
    CONSTRAINT dead_letter_queue_resolution_is_whole CHECK ((num_nonnulls(resolution, resolved_at) <> 1))
);

ALTER TABLE ONLY platform.dead_letter_queue FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.dead_letter_queue IS 'jobs: tenant: jobs that failed for good, with all that a person needs to judge them, until somebody sends them back or lays them aside.';

CREATE MATERIALIZED VIEW platform.epoch AS
 SELECT ((EXTRACT(epoch FROM instant) * (1000000)::numeric))::bigint AS number,
    instant AS began_at
   FROM clock_timestamp() instant(instant)
  WITH NO DATA;

COMMENT ON MATERIALIZED VIEW platform.epoch IS 'audit: system: when this copy of the database was made, migrated or restored: the epoch in which its transaction ids are told apart; its number is that in microseconds.';

CREATE TABLE platform.idempotency_keys (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    key character varying(255) NOT NULL,
    fingerprint bytea NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT idempotency_keys_fingerprint_is_a_digest CHECK ((octet_length(fingerprint) = 32)),
    CONSTRAINT idempotency_keys_headers_are_an_object CHECK ((jsonb_typeof(headers) = 'object'::text)),
    CONSTRAINT idempotency_keys_status_is_http CHECK (((status >= 100) AND (status <= 599)))
);

ALTER TABLE ONLY platform.idempotency_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.idempotency_keys IS 'replays: tenant: what was answered to requests, for a day, so that one that is sent twice is done once.';

COMMENT ON COLUMN platform.idempotency_keys.fingerprint IS 'SHA-256 of the method, the path and the body: the request that the key was made for.';

COMMENT ON COLUMN platform.idempotency_keys.body IS 'Null where the answer held a secret that is shown once.';

CREATE VIEW platform.index_usage AS
 SELECT activity.schemaname,
    activity.relname AS tablename,
    activity.indexrelname AS indexname,
    activity.idx_scan AS index_scans,
    pg_size_pretty(pg_relation_size((activity.indexrelid)::regclass)) AS index_size,
    pg_relation_size((activity.indexrelid)::regclass) AS index_bytes,
    indexes.indisunique AS is_unique,
    indexes.indisvalid AS is_valid,
    ((activity.idx_scan = 0) AND (NOT indexes.indisunique)) AS is_unused
   FROM (pg_stat_user_indexes activity
     JOIN pg_index indexes ON ((indexes.indexrelid = activity.indexrelid)))
  ORDER BY activity.idx_scan DESC;

COMMENT ON VIEW platform.index_usage IS 'operations: system: how often each index was used since statistics began; one that is not valid is left over from a build that failed.';

CREATE VIEW platform.installation_changes AS
 SELECT log_id,
    table_name,
    operation,
    user_id,
    old_data,
    new_data,
    ip_address,
    user_agent,
    modal_call_context,
    "timestamp",
    table_schema,
    record_key,
    agent_id,
    actor_role,
    request_id,
    epoch,
    transaction_id,
    digest,
    redaction_id
   FROM store.audit_log
  WHERE (tenant_id IS NULL);

COMMENT ON VIEW platform.installation_changes IS 'audit: system: the part of the audit log that belongs to no team, for those who keep the installation.';

CREATE TABLE platform.ledgers (
    name text NOT NULL,
    relation text NOT NULL,
    view_name text,
    time_column text NOT NULL,
    by_the_clock boolean NOT NULL,
    stamped boolean NOT NULL,
    key_columns text[] NOT NULL,
    columns text[] NOT NULL,
    contents text[] NOT NULL,
    personal text[] NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT ledgers_cover_something CHECK ((cardinality(columns) > 0))
);

COMMENT ON TABLE platform.ledgers IS 'audit: system: the tables whose rows are digested when they are written and sealed afterwards.';

COMMENT ON COLUMN platform.ledgers.view_name IS 'Where a team reads its own part.';

COMMENT ON COLUMN platform.ledgers.by_the_clock IS 'The time of a row is when it was written, so that a row with another time is a false one.';

COMMENT ON COLUMN platform.ledgers.stamped IS 'A trigger gives rows their digest; false where the sealer takes it.';

COMMENT ON COLUMN platform.ledgers.columns IS 'What the digest covers, in this order.';

COMMENT ON COLUMN platform.ledgers.contents IS 'What erasing a team empties.';

COMMENT ON COLUMN platform.ledgers.personal IS 'What erasing a person empties, where user_id names them.';

CREATE VIEW platform.lock_contention AS
 SELECT pid,
    pg_blocking_pids(pid) AS blocked_by,
    locktype,
    mode,
    ((relation)::regclass)::text AS relation,
    EXTRACT(epoch FROM (clock_timestamp() - waitstart)) AS waiting_seconds
   FROM pg_locks waiting
  WHERE ((NOT granted) AND ((database IS NULL) OR (database = ( SELECT pg_database.oid
           FROM pg_database
          WHERE (pg_database.datname = current_database())))));

COMMENT ON VIEW platform.lock_contention IS 'operations: system: sessions that wait for a lock, and for whom.';

CREATE TABLE platform.provider_secrets (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    sealed bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT provider_secrets_are_sealed CHECK ((((octet_length(sealed) >= 37) AND (octet_length(sealed) <= 16384)) AND (get_byte(sealed, 0) = 1)))
);

ALTER TABLE ONLY platform.provider_secrets FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.provider_secrets IS 'identity: tenant: what a team needs to call others, such as keys of model providers, encrypted under a key that is not in the database.';

COMMENT ON COLUMN platform.provider_secrets.sealed IS 'Version 1, key id (8 bytes), nonce (12), AES-256-GCM ciphertext and tag; the row''s team and id are authenticated with it.';

CREATE UNLOGGED TABLE platform.rate_limits (
    key character varying(200) NOT NULL,
    tat_ns bigint NOT NULL
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.rate_limits IS 'cache: system: how much of its rate each key has used; a crash empties it.';

COMMENT ON COLUMN platform.rate_limits.tat_ns IS 'When the next request would be due if they came evenly, in nanoseconds since 1970 (algorithms/gcra.py).';

CREATE VIEW platform.replication_lag AS
 SELECT slots.slot_name,
    slots.active,
    pg_size_pretty(lag.bytes) AS lag_size,
    lag.bytes AS lag_bytes,
    slots.slot_type,
    slots.wal_status
   FROM (pg_replication_slots slots
     CROSS JOIN LATERAL ( SELECT (pg_wal_lsn_diff(
                CASE
                    WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()
                    ELSE pg_current_wal_lsn()
                END, COALESCE(slots.confirmed_flush_lsn, slots.restart_lsn)))::bigint AS bytes) lag);

COMMENT ON VIEW platform.replication_lag IS 'operations: system: how far behind each replica''s slot is; a slot that nobody reads keeps the log for ever.';

CREATE TABLE platform.schedule_runs (
    schedule_name text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    status text DEFAULT 'running'::text NOT NULL,
    scheduler_id character varying(255) NOT NULL,
    leased_until timestamp with time zone NOT NULL,
    task_id uuid,
    error_message text,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    finished_at timestamp with time zone,
    CONSTRAINT schedule_runs_end_is_recorded CHECK (((status <> 'running'::text) = (finished_at IS NOT NULL))),
    CONSTRAINT schedule_runs_status_is_known CHECK ((status = ANY (ARRAY['running'::text, 'completed'::text, 'failed'::text, 'skipped'::text])))
);

COMMENT ON TABLE platform.schedule_runs IS 'jobs: system: each time a schedule was due: who took it, and what came of it.';

CREATE TABLE platform.schedules (
    name text NOT NULL,
    task_type character varying(100) NOT NULL,
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    priority platform.job_priority DEFAULT 'normal'::platform.job_priority NOT NULL,
    tenant_id uuid,
    cron text,
    every interval,
    timezone text DEFAULT 'UTC'::text NOT NULL,
    enabled boolean DEFAULT true NOT NULL,
    next_run_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    queue character varying(100),
    CONSTRAINT schedules_cron_has_five_fields CHECK ((cron ~ '^\S+( \S+){4}$'::text)),
    CONSTRAINT schedules_have_one_rhythm CHECK ((num_nonnulls(cron, every) = 1)),
    CONSTRAINT schedules_interval_is_positive CHECK ((every > '00:00:00'::interval)),
    CONSTRAINT schedules_name_is_plain CHECK ((name ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'::text)),
    CONSTRAINT schedules_queue_is_named CHECK (((queue)::text <> ''::text)),
    CONSTRAINT schedules_type_is_named CHECK (((task_type)::text <> ''::text))
);

COMMENT ON TABLE platform.schedules IS 'jobs: system: work that comes again: its rhythm, and when it is due next.';

COMMENT ON COLUMN platform.schedules.tenant_id IS 'The team for which a job is enqueued; null: upkeep of the installation, which the scheduler does itself.';

COMMENT ON COLUMN platform.schedules.queue IS 'Where its jobs wait; null: in the one queue in which their type is known.';

CREATE TABLE platform.sealed_columns (
    relation text NOT NULL,
    column_name text NOT NULL
);

COMMENT ON TABLE platform.sealed_columns IS 'identity: system: every column of encrypted secrets; its table has an id and a tenant_id.';

CREATE VIEW platform.series_horizon AS
SELECT
    NULL::text AS series,
    NULL::bigint AS partitions,
    NULL::timestamp with time zone AS earliest,
    NULL::timestamp with time zone AS reaches,
    NULL::numeric AS days_ahead,
    NULL::numeric AS size_bytes,
    NULL::bigint AS estimated_rows,
    NULL::interval AS retention;

COMMENT ON VIEW platform.series_horizon IS 'operations: system: what each series has partitions for; who writes beyond makes them first. TimescaleDB makes its chunks as rows come, so there none is ahead.';

CREATE TABLE platform.sign_in_failures (
    subject bytea NOT NULL,
    failures integer DEFAULT 0 NOT NULL,
    last_failed_at timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_failures_is_not_negative CHECK ((failures >= 0))
)
WITH (fillfactor='70');

COMMENT ON TABLE platform.sign_in_failures IS 'identity: system: how often signing in has failed lately, for each person and address, by digest.';

CREATE TABLE platform.slow_query_log (
    id bigint NOT NULL,
    "timestamp" timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    duration_ms double precision NOT NULL,
    query text NOT NULL,
    query_plan jsonb,
    user_name character varying(100) DEFAULT SESSION_USER NOT NULL,
    database_name character varying(100) DEFAULT current_database() NOT NULL,
    application_name character varying(100) DEFAULT current_setting('application_name'::text) NOT NULL,
    CONSTRAINT slow_query_log_duration_is_not_negative CHECK ((duration_ms >= (0)::double precision)),
    CONSTRAINT slow_query_log_query_size CHECK (((length(query) >= 1) AND (length(query) <= 100000)))
);

COMMENT ON TABLE platform.slow_query_log IS 'operations: system: statements that took long; every process adds its own, and only the scheduler reads them.';

COMMENT ON COLUMN platform.slow_query_log.query IS 'The statement with its parameters'' places, not their values.';

COMMENT ON COLUMN platform.slow_query_log.query_plan IS 'What EXPLAIN (FORMAT JSON) says.';

ALTER TABLE platform.slow_query_log ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME platform.slow_query_log_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE platform.sql_logins (
    role_name name NOT NULL,
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

COMMENT ON TABLE platform.sql_logins IS 'identity: system: the database logins of people who write SQL, and the team whose rows each sees.';

CREATE VIEW platform.streaming_analytics AS
 SELECT id,
    stream_id,
    event_type,
    chunk_number,
    latency_ms,
    tokens_delta,
    user_id,
    "timestamp",
    tenant_id,
    provider_name,
    model,
    is_streamed,
    generating_ms,
    cost_usd,
    error_code
   FROM store.streaming_analytics
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW platform.streaming_analytics IS 'requests: tenant: how the team''s own answers arrive.';

CREATE VIEW platform.table_bloat AS
 SELECT namespaces.nspname AS schemaname,
    classes.relname AS tablename,
    pg_size_pretty(sizes.total) AS total_size,
    pg_size_pretty(sizes.heap) AS table_size,
    pg_size_pretty((sizes.total - sizes.heap)) AS index_size,
    round((((100 * sizes.total))::numeric / NULLIF(sum(sizes.total) OVER (), (0)::numeric)), 2) AS percent_of_total,
    sizes.total AS total_bytes,
    sizes.heap AS table_bytes,
    activity.n_live_tup AS live_rows,
    activity.n_dead_tup AS dead_rows,
    estimates.bloat_bytes,
    round((((100)::numeric * (estimates.bloat_bytes)::numeric) / (NULLIF(sizes.heap, 0))::numeric), 2) AS bloat_percent,
        CASE
            WHEN (estimates.bloat_bytes IS NULL) THEN NULL::text
            WHEN (widths.row_bytes IS NULL) THEN 'dead rows'::text
            ELSE 'statistics'::text
        END AS estimated_from
   FROM (((((pg_class classes
     JOIN pg_namespace namespaces ON ((namespaces.oid = classes.relnamespace)))
     LEFT JOIN pg_stat_user_tables activity ON ((activity.relid = classes.oid)))
     CROSS JOIN LATERAL ( SELECT pg_total_relation_size((classes.oid)::regclass) AS total,
            pg_relation_size((classes.oid)::regclass) AS heap) sizes)
     LEFT JOIN LATERAL ( SELECT ((4)::double precision + (ceil((((24)::double precision + sum(((pg_stats.avg_width)::double precision * ((1)::double precision - pg_stats.null_frac)))) / (8)::double precision)) * (8)::double precision)) AS row_bytes
           FROM pg_stats
          WHERE ((pg_stats.schemaname = namespaces.nspname) AND (pg_stats.tablename = classes.relname) AND (NOT pg_stats.inherited))
         HAVING (count(*) = ( SELECT count(*) AS count
                   FROM pg_attribute
                  WHERE ((pg_attribute.attrelid = classes.oid) AND (pg_attribute.attnum > 0) AND (NOT pg_attribute.attisdropped))))) widths ON ((classes.reltuples >= (0)::double precision)))
     CROSS JOIN LATERAL ( SELECT
                CASE
                    WHEN (widths.row_bytes IS NOT NULL) THEN (GREATEST((0)::double precision, ((sizes.heap)::double precision - (((current_setting('block_size'::text))::bigint)::double precision * ceil(((classes.reltuples * widths.row_bytes) / ((((((current_setting('block_size'::text))::integer - 24) * COALESCE(( SELECT (pg_options_to_table.option_value)::integer AS option_value
                       FROM pg_options_to_table(classes.reloptions) pg_options_to_table(option_name, option_value)
                      WHERE (pg_options_to_table.option_name = 'fillfactor'::text)), 100)))::numeric / 100.0))::double precision))))))::bigint
                    ELSE ((((sizes.heap)::numeric * (activity.n_dead_tup)::numeric) / (NULLIF((activity.n_live_tup + activity.n_dead_tup), 0))::numeric))::bigint
                END AS bloat_bytes) estimates)
  WHERE ((classes.relkind = ANY (ARRAY['r'::"char", 'p'::"char", 'm'::"char"])) AND (namespaces.nspname <> ALL (ARRAY['pg_catalog'::name, 'information_schema'::name])) AND (namespaces.nspname !~~ 'pg\_temp\_%'::text))
  ORDER BY sizes.total DESC;

COMMENT ON VIEW platform.table_bloat IS 'operations: system: how large each table is, and how much of it its rows do not need.';

COMMENT ON COLUMN platform.table_bloat.estimated_from IS 'statistics: the width of its columns; dead rows: their share, where the statistics are hidden or missing.';

CREATE VIEW platform.table_sizes AS
 SELECT schemaname,
    tablename,
    total_size AS size,
    total_bytes AS size_bytes,
    live_rows
   FROM platform.table_bloat
  ORDER BY total_bytes DESC;

COMMENT ON VIEW platform.table_sizes IS 'operations: system: how large each table is with its indexes, the largest first.';

CREATE TABLE platform.task_lanes (
    lane integer NOT NULL,
    task_type character varying(100) NOT NULL,
    queue character varying(100) DEFAULT 'default'::character varying NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    max_running integer,
    rate_count integer,
    rate_per interval,
    rate_used_to timestamp with time zone,
    max_retries integer DEFAULT 3 NOT NULL,
    retry_base interval DEFAULT '00:00:01'::interval NOT NULL,
    retry_most interval DEFAULT '01:00:00'::interval NOT NULL,
    timeout interval,
    payload_schema jsonb,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_lanes_are_named CHECK ((((task_type)::text <> ''::text) AND ((queue)::text <> ''::text))),
    CONSTRAINT task_lanes_cap_is_not_negative CHECK ((max_running >= 0)),
    CONSTRAINT task_lanes_rate_is_positive CHECK (((rate_count > 0) AND (rate_per > '00:00:00'::interval))),
    CONSTRAINT task_lanes_rate_is_whole CHECK ((num_nonnulls(rate_count, rate_per) <> 1)),
    CONSTRAINT task_lanes_retries_are_not_negative CHECK ((max_retries >= 0)),
    CONSTRAINT task_lanes_timeout_can_be_kept CHECK ((timeout <= '3650 days'::interval)),
    CONSTRAINT task_lanes_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT task_lanes_waits_are_positive CHECK (((retry_base > '00:00:00'::interval) AND (retry_most >= retry_base)))
);

COMMENT ON TABLE platform.task_lanes IS 'jobs: system: each type of job, in the queue that it waits in: its limits, and what holds where a job says nothing else.';

COMMENT ON COLUMN platform.task_lanes.max_running IS 'How many may be at work at once; null: any number.';

COMMENT ON COLUMN platform.task_lanes.rate_count IS 'How many may begin within rate_per; null: any number.';

COMMENT ON COLUMN platform.task_lanes.rate_used_to IS 'Up to when the rate is spent (GCRA); written by claims.';

COMMENT ON COLUMN platform.task_lanes.timeout IS 'How long an attempt may take before it counts as hung.';

ALTER TABLE platform.task_lanes ALTER COLUMN lane ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME platform.task_lanes_lane_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW platform.team_seals AS
 SELECT parts.tenant_id,
    parts.ledger,
    parts.number,
    parts.day,
    parts.row_count,
    parts.root,
    parts.path,
    seals.epoch,
    seals.from_transaction,
    seals.to_transaction,
    seals.seen_transaction,
    seals.columns,
    seals.retired_before,
    seals.summary,
    seals.root AS seal_root,
    seals.sealed_at,
    seals.previous,
    seals.hash,
    seals.key_id,
    seals.signature,
    parts.digests
   FROM (platform.audit_seal_parts parts
     JOIN platform.audit_seals seals ON (((seals.ledger = parts.ledger) AND (seals.number = parts.number))))
  WHERE (parts.tenant_id = ( SELECT platform.tenant_id() AS tenant_id));

COMMENT ON VIEW platform.team_seals IS 'audit: tenant: what the seals say of the team''s own rows, and how that leads to what was signed.';

CREATE TABLE platform.user_preferences (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    user_identifier character varying(100) DEFAULT platform.user_identifier() NOT NULL,
    user_id uuid DEFAULT platform.user_id(),
    preferred_locale character varying(10) DEFAULT 'en-US'::character varying NOT NULL,
    preferred_region character varying(20),
    preferred_currency character varying(3) DEFAULT 'USD'::character varying NOT NULL,
    favorite_models uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    display_preferences jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_preferences_currency_is_a_code CHECK (((preferred_currency)::text ~ '^[A-Z]{3}$'::text)),
    CONSTRAINT user_preferences_display_is_an_object CHECK ((jsonb_typeof(display_preferences) = 'object'::text)),
    CONSTRAINT user_preferences_identifier_is_the_users CHECK (((user_id IS NULL) OR ((user_identifier)::text = (user_id)::text))),
    CONSTRAINT user_preferences_locale_is_a_tag CHECK (((preferred_locale)::text ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'::text))
);

ALTER TABLE ONLY platform.user_preferences FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.user_preferences IS 'identity: global: how a person, or a visitor without an account, likes things shown; each sees their own.';

CREATE TABLE platform.user_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    user_id uuid DEFAULT platform.user_id() NOT NULL,
    session_token character varying(255) NOT NULL,
    context jsonb DEFAULT '{}'::jsonb NOT NULL,
    memory_id uuid,
    status character varying(50) DEFAULT 'active'::character varying NOT NULL,
    request_count integer DEFAULT 0 NOT NULL,
    idle_lifetime interval DEFAULT '14 days'::interval NOT NULL,
    ip_address inet,
    user_agent text,
    last_activity timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    name character varying(255),
    CONSTRAINT user_sessions_are_named CHECK (((name)::text <> ''::text)),
    CONSTRAINT user_sessions_expire_before_they_end CHECK ((expires_at <= ends_at)),
    CONSTRAINT user_sessions_requests_is_not_negative CHECK ((request_count >= 0)),
    CONSTRAINT user_sessions_revoked_say_when CHECK ((((status)::text = 'revoked'::text) = (revoked_at IS NOT NULL))),
    CONSTRAINT user_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'expired'::character varying, 'revoked'::character varying])::text[]))),
    CONSTRAINT user_sessions_token_is_a_digest CHECK (((session_token)::text ~ '^[0-9a-f]{64}$'::text))
)
WITH (fillfactor='70');

ALTER TABLE ONLY platform.user_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE platform.user_sessions IS 'identity: tenant: people who are signed in, and what their conversation is about.';

COMMENT ON COLUMN platform.user_sessions.session_token IS 'SHA-256 of the token, in hexadecimal; only the person has the token.';

COMMENT ON COLUMN platform.user_sessions.last_activity IS 'To the minute.';

COMMENT ON COLUMN platform.user_sessions.expires_at IS 'Moves on with each activity by idle_lifetime, up to ends_at.';

COMMENT ON COLUMN platform.user_sessions.name IS 'What the person''s programs call it; null for sessions that somebody is signed in by.';

CREATE TABLE society.achievements (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    achievement_id character varying(100) NOT NULL,
    name character varying(200) NOT NULL,
    description text,
    category society.achievement_category NOT NULL,
    requirements jsonb NOT NULL,
    points_reward integer DEFAULT 0 NOT NULL,
    rarity character varying(20) DEFAULT 'common'::character varying NOT NULL,
    icon text,
    is_repeatable boolean DEFAULT false NOT NULL,
    is_secret boolean DEFAULT false NOT NULL,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT achievements_are_named CHECK ((((achievement_id)::text <> ''::text) AND ((name)::text <> ''::text))),
    CONSTRAINT achievements_rarity_is_known CHECK (((rarity)::text = ANY ((ARRAY['common'::character varying, 'uncommon'::character varying, 'rare'::character varying, 'epic'::character varying, 'legendary'::character varying])::text[]))),
    CONSTRAINT achievements_requirements_are_an_object CHECK ((jsonb_typeof(requirements) = 'object'::text)),
    CONSTRAINT achievements_reward_is_not_negative CHECK ((points_reward >= 0))
);

ALTER TABLE ONLY society.achievements FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.achievements IS 'gamification: tenant: what can be achieved, what it takes, and what it is worth.';

CREATE TABLE society.agent_achievements (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    achievement_id uuid NOT NULL,
    period character varying(20),
    progress numeric(5,4) DEFAULT 0 NOT NULL,
    earned_at timestamp with time zone,
    points_transaction_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_achievements_earned_is_done CHECK (((earned_at IS NULL) OR (progress = (1)::numeric))),
    CONSTRAINT agent_achievements_progress_is_a_share CHECK (((progress >= (0)::numeric) AND (progress <= (1)::numeric)))
);

ALTER TABLE ONLY society.agent_achievements FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_achievements IS 'gamification: tenant: how far an agent is with an achievement, and when it was earned; once, or once in each period where it can be repeated.';

CREATE VIEW society.agent_activity_log AS
 SELECT id,
    tenant_id,
    agent_id,
    activity_type,
    subject_type,
    subject_id,
    details,
    created_at
   FROM store.agent_activity_log
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.agent_activity_log IS 'agents: tenant: the activity of the team''s own agents.';

CREATE TABLE society.agent_permissions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    permission character varying(100) NOT NULL,
    basis text,
    granted_by uuid DEFAULT platform.user_id(),
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_permissions_are_named CHECK (((permission)::text <> ''::text))
);

ALTER TABLE ONLY society.agent_permissions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_permissions IS 'rewards: tenant: what an agent has earned leave to do, and on what ground.';

CREATE TABLE society.agent_skills (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    skill_name character varying(100) NOT NULL,
    proficiency numeric(5,4),
    evidence_count integer DEFAULT 0 NOT NULL,
    verified_by uuid,
    last_used_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT agent_skills_are_named CHECK (((skill_name)::text <> ''::text)),
    CONSTRAINT agent_skills_are_verified_by_others CHECK ((verified_by <> agent_id)),
    CONSTRAINT agent_skills_evidence_is_not_negative CHECK ((evidence_count >= 0)),
    CONSTRAINT agent_skills_proficiency_is_a_share CHECK (((proficiency >= (0)::numeric) AND (proficiency <= (1)::numeric)))
);

ALTER TABLE ONLY society.agent_skills FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_skills IS 'agents: tenant: what an agent can do, how well, and on how much evidence.';

CREATE TABLE society.agent_status_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    old_status society.agent_status,
    new_status society.agent_status NOT NULL,
    reason text,
    changed_by uuid,
    changed_by_agent uuid,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT agent_status_history_is_of_changes CHECK ((old_status IS DISTINCT FROM new_status))
);

ALTER TABLE ONLY society.agent_status_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.agent_status_history IS 'agents: tenant: every state an agent was in, from its first; written by a trigger.';

COMMENT ON COLUMN society.agent_status_history.changed_by IS 'The person who asked; a plain id, so that history outlives people.';

CREATE TABLE society.appeal_reviews (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    appeal_id uuid NOT NULL,
    reviewer_id uuid NOT NULL,
    opinion character varying(20),
    comment text,
    is_recused boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT appeal_reviews_opine_or_recuse CHECK ((is_recused = (opinion IS NULL))),
    CONSTRAINT appeal_reviews_opinion_is_known CHECK (((opinion)::text = ANY ((ARRAY['uphold'::character varying, 'reduce'::character varying, 'overturn'::character varying])::text[])))
);

ALTER TABLE ONLY society.appeal_reviews FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.appeal_reviews IS 'penalties: tenant: what each reviewer of an appeal thinks, or that they stand aside.';

CREATE TABLE society.appeals (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    violation_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    status society.appeal_status DEFAULT 'filed'::society.appeal_status NOT NULL,
    grounds text NOT NULL,
    decision text,
    reviewer_id uuid,
    voting_session_id uuid,
    decided_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT appeals_are_reviewed_by_others CHECK ((reviewer_id <> agent_id)),
    CONSTRAINT appeals_decision_is_recorded CHECK ((((status = ANY (ARRAY['upheld'::society.appeal_status, 'reduced'::society.appeal_status, 'overturned'::society.appeal_status, 'rejected'::society.appeal_status])) = (decided_at IS NOT NULL)) AND ((decided_at IS NULL) OR (decision IS NOT NULL)))),
    CONSTRAINT appeals_have_grounds CHECK ((grounds <> ''::text))
);

ALTER TABLE ONLY society.appeals FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.appeals IS 'penalties: tenant: what an agent says against a violation it is charged with, and what was decided.';

CREATE TABLE society.battle_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    team character varying(100),
    submission jsonb,
    score numeric,
    rank integer,
    elo_change integer,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT battle_participants_rank_is_positive CHECK ((rank > 0))
);

ALTER TABLE ONLY society.battle_participants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battle_participants IS 'battles: tenant: who fights, on which side, with what, and how it went.';

CREATE TABLE society.battle_rounds (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id uuid NOT NULL,
    round_number integer NOT NULL,
    judge_id uuid,
    scores jsonb DEFAULT '{}'::jsonb NOT NULL,
    verdict text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT battle_rounds_number_is_positive CHECK ((round_number > 0))
);

ALTER TABLE ONLY society.battle_rounds FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battle_rounds IS 'battles: tenant: what each judge said of each round; nobody judges a battle they fight in.';

CREATE TABLE society.battles (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    battle_id character varying(100) NOT NULL,
    title character varying(500) NOT NULL,
    category character varying(50) DEFAULT 'general'::character varying NOT NULL,
    mode society.battle_mode DEFAULT 'duel'::society.battle_mode NOT NULL,
    status society.battle_status DEFAULT 'scheduled'::society.battle_status NOT NULL,
    task_id uuid,
    rules jsonb DEFAULT '{}'::jsonb NOT NULL,
    judge_kind character varying(20),
    is_rated boolean DEFAULT true NOT NULL,
    prize_pool integer DEFAULT 0 NOT NULL,
    winner_id uuid,
    scheduled_at timestamp with time zone,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT battles_are_named CHECK ((((battle_id)::text <> ''::text) AND ((title)::text <> ''::text) AND ((category)::text <> ''::text))),
    CONSTRAINT battles_are_won_at_their_end CHECK (((winner_id IS NULL) OR (status = ANY (ARRAY['judging'::society.battle_status, 'completed'::society.battle_status, 'disputed'::society.battle_status])))),
    CONSTRAINT battles_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT battles_judge_is_known CHECK (((judge_kind)::text = ANY ((ARRAY['agents'::character varying, 'people'::character varying, 'tests'::character varying, 'model'::character varying])::text[]))),
    CONSTRAINT battles_prize_is_not_negative CHECK ((prize_pool >= 0))
);

ALTER TABLE ONLY society.battles FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.battles IS 'battles: tenant: judged contests between agents.';

COMMENT ON COLUMN society.battles.winner_id IS 'One of its participants; null for a draw.';

CREATE TABLE society.brainstorm_participants (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    role character varying(20) DEFAULT 'contributor'::character varying NOT NULL,
    ideas_count integer DEFAULT 0 NOT NULL,
    joined_at timestamp with time zone DEFAULT now() NOT NULL,
    left_at timestamp with time zone,
    CONSTRAINT brainstorm_participants_ideas_are_not_negative CHECK ((ideas_count >= 0)),
    CONSTRAINT brainstorm_participants_leave_after_they_join CHECK ((left_at >= joined_at)),
    CONSTRAINT brainstorm_participants_role_is_known CHECK (((role)::text = ANY ((ARRAY['facilitator'::character varying, 'contributor'::character varying, 'critic'::character varying, 'observer'::character varying])::text[])))
);

ALTER TABLE ONLY society.brainstorm_participants FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.brainstorm_participants IS 'brainstorming: tenant: who takes part, since when, and with how many ideas.';

CREATE TABLE society.brainstorm_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id character varying(100) NOT NULL,
    topic character varying(500) NOT NULL,
    facilitator_id uuid,
    technique character varying(50),
    status character varying(20) DEFAULT 'planned'::character varying NOT NULL,
    phase character varying(20),
    max_ideas integer,
    total_ideas integer DEFAULT 0 NOT NULL,
    participant_count integer DEFAULT 0 NOT NULL,
    voting_session_id uuid,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT brainstorm_sessions_are_named CHECK ((((session_id)::text <> ''::text) AND ((topic)::text <> ''::text))),
    CONSTRAINT brainstorm_sessions_counts_are_not_negative CHECK (((total_ideas >= 0) AND (participant_count >= 0))),
    CONSTRAINT brainstorm_sessions_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT brainstorm_sessions_hold_so_many_ideas CHECK ((total_ideas <= max_ideas)),
    CONSTRAINT brainstorm_sessions_phase_is_known CHECK (((phase)::text = ANY ((ARRAY['diverge'::character varying, 'cluster'::character varying, 'combine'::character varying, 'converge'::character varying, 'decide'::character varying])::text[]))),
    CONSTRAINT brainstorm_sessions_status_is_known CHECK (((status)::text = ANY ((ARRAY['planned'::character varying, 'active'::character varying, 'paused'::character varying, 'completed'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.brainstorm_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.brainstorm_sessions IS 'brainstorming: tenant: a topic that agents think about together.';

COMMENT ON COLUMN society.brainstorm_sessions.total_ideas IS 'Its ideas that were not deleted; kept by a trigger.';

COMMENT ON COLUMN society.brainstorm_sessions.participant_count IS 'Those who have joined and not left; kept by a trigger.';

CREATE TABLE society.eigentrust_runs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    alpha double precision NOT NULL,
    tolerance double precision NOT NULL,
    iterations integer,
    residual double precision,
    nodes integer NOT NULL,
    edges integer NOT NULL,
    pretrust jsonb DEFAULT '{}'::jsonb NOT NULL,
    input_hash bytea,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT eigentrust_runs_alpha_is_a_share CHECK (((alpha >= (0)::double precision) AND (alpha <= (1)::double precision))),
    CONSTRAINT eigentrust_runs_counts_are_not_negative CHECK ((LEAST((nodes)::double precision, (edges)::double precision, (iterations)::double precision, residual) >= (0)::double precision)),
    CONSTRAINT eigentrust_runs_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT eigentrust_runs_hash_is_sha256 CHECK ((octet_length(input_hash) = 32)),
    CONSTRAINT eigentrust_runs_tolerance_is_positive CHECK ((tolerance > (0)::double precision))
);

ALTER TABLE ONLY society.eigentrust_runs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.eigentrust_runs IS 'reputation: tenant: each computation of global trust: on what, with which parameters, and how close it came.';

CREATE TABLE society.elo_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    battle_id uuid,
    category character varying(50),
    old_rating integer NOT NULL,
    new_rating integer NOT NULL,
    change integer NOT NULL,
    k_factor numeric(6,2),
    expected numeric(7,6),
    actual numeric(7,6),
    reason text,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT elo_history_has_a_cause CHECK ((num_nonnulls(battle_id, reason) > 0)),
    CONSTRAINT elo_history_new_is_old_and_change CHECK ((new_rating = (old_rating + change))),
    CONSTRAINT elo_history_shares CHECK ((((expected >= (0)::numeric) AND (expected <= (1)::numeric)) AND ((actual >= (0)::numeric) AND (actual <= (1)::numeric))))
);

ALTER TABLE ONLY society.elo_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.elo_history IS 'battles: tenant: each change of an agent''s rating, from the one before; rows are added and never changed.';

CREATE TABLE society.hall_of_fame (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    tier society.performance_tier NOT NULL,
    title character varying(200) NOT NULL,
    badge character varying(100),
    citation text,
    category character varying(50),
    season character varying(50),
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    inducted_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT hall_of_fame_title_is_named CHECK (((title)::text <> ''::text))
);

ALTER TABLE ONLY society.hall_of_fame FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.hall_of_fame IS 'leaderboards: tenant: agents to be remembered, and what for.';

CREATE TABLE society.idea_combination_sources (
    combination_id uuid NOT NULL,
    idea_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    result_idea_id uuid NOT NULL,
    CONSTRAINT idea_combination_sources_are_others CHECK ((idea_id <> result_idea_id))
);

ALTER TABLE ONLY society.idea_combination_sources FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_combination_sources IS 'brainstorming: tenant: the ideas of which another was made, all of one session.';

CREATE TABLE society.idea_combinations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    result_idea_id uuid NOT NULL,
    combined_by uuid,
    rationale text,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY society.idea_combinations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_combinations IS 'brainstorming: tenant: an idea that was made of others, and why.';

CREATE TABLE society.idea_votes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    idea_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    value integer DEFAULT 1 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idea_votes_range CHECK ((((value >= '-5'::integer) AND (value <= 5)) AND (value <> 0)))
);

ALTER TABLE ONLY society.idea_votes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.idea_votes IS 'brainstorming: tenant: for or against an idea, from -5 to 5; nobody votes on their own.';

CREATE TABLE society.ideas (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    parent_id uuid,
    title character varying(500) NOT NULL,
    content text,
    category character varying(100),
    status character varying(20) DEFAULT 'proposed'::character varying NOT NULL,
    novelty_score numeric(5,4),
    feasibility_score numeric(5,4),
    votes_count integer DEFAULT 0 NOT NULL,
    votes_total integer DEFAULT 0 NOT NULL,
    embedding public.vector(1536),
    embedding_model text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT ideas_are_named CHECK (((title)::text <> ''::text)),
    CONSTRAINT ideas_embedding_names_its_model CHECK (((embedding IS NULL) OR (embedding_model IS NOT NULL))),
    CONSTRAINT ideas_feasibility_is_a_share CHECK (((feasibility_score >= (0)::numeric) AND (feasibility_score <= (1)::numeric))),
    CONSTRAINT ideas_grow_from_others CHECK ((parent_id <> id)),
    CONSTRAINT ideas_novelty_is_a_share CHECK (((novelty_score >= (0)::numeric) AND (novelty_score <= (1)::numeric))),
    CONSTRAINT ideas_status_is_known CHECK (((status)::text = ANY ((ARRAY['proposed'::character varying, 'discussed'::character varying, 'merged'::character varying, 'selected'::character varying, 'rejected'::character varying])::text[]))),
    CONSTRAINT ideas_votes_are_not_negative CHECK ((votes_count >= 0))
);

ALTER TABLE ONLY society.ideas FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.ideas IS 'brainstorming: tenant: what was thought of, by whom, and from which idea it grew.';

COMMENT ON COLUMN society.ideas.votes_count IS 'How many agents voted on it; votes_total is the sum of their votes. Both are kept by a trigger.';

CREATE TABLE society.mentorship_curriculum (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    skill_name character varying(100) NOT NULL,
    level integer NOT NULL,
    title character varying(200),
    objectives text[] DEFAULT '{}'::text[] NOT NULL,
    assessment_tasks jsonb DEFAULT '[]'::jsonb NOT NULL,
    estimated_sessions integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT mentorship_curriculum_level_is_positive CHECK ((level > 0)),
    CONSTRAINT mentorship_curriculum_sessions_is_positive CHECK ((estimated_sessions > 0)),
    CONSTRAINT mentorship_curriculum_skill_is_named CHECK (((skill_name)::text <> ''::text)),
    CONSTRAINT mentorship_curriculum_tasks_are_a_list CHECK ((jsonb_typeof(assessment_tasks) = 'array'::text))
);

ALTER TABLE ONLY society.mentorship_curriculum FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_curriculum IS 'mentorship: tenant: what is taught of a skill, level by level, and how it is examined; a level follows the one below it.';

CREATE TABLE society.mentorship_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    pairing_id uuid NOT NULL,
    session_number integer NOT NULL,
    topic character varying(500),
    objectives_met text[] DEFAULT '{}'::text[] NOT NULL,
    mentor_rating integer,
    mentee_rating integer,
    notes text,
    scheduled_at timestamp with time zone,
    held_at timestamp with time zone,
    duration_ms double precision,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT mentorship_sessions_duration_is_not_negative CHECK ((duration_ms >= (0)::double precision)),
    CONSTRAINT mentorship_sessions_number_is_positive CHECK ((session_number > 0)),
    CONSTRAINT mentorship_sessions_ratings_range CHECK ((((mentor_rating >= 1) AND (mentor_rating <= 5)) AND ((mentee_rating >= 1) AND (mentee_rating <= 5))))
);

ALTER TABLE ONLY society.mentorship_sessions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.mentorship_sessions IS 'mentorship: tenant: the meetings of a pairing; one that has a held_at took place.';

COMMENT ON COLUMN society.mentorship_sessions.mentor_rating IS 'What the mentor says of the session; mentee_rating what the mentee says.';

CREATE VIEW society.penalty_history AS
 SELECT id,
    tenant_id,
    agent_id,
    violation_id,
    event_type,
    points_delta,
    actor_id,
    user_id,
    reason,
    created_at
   FROM store.penalty_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.penalty_history IS 'penalties: tenant: the penalty history of the team''s own agents.';

CREATE TABLE society.point_keys (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    idempotency_key character varying(255) NOT NULL,
    transaction_id uuid NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE ONLY society.point_keys FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.point_keys IS 'gamification: tenant: which award was made already: a second one of the same key is refused, in whatever month; written by a trigger.';

CREATE TABLE society.point_rules (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    category character varying(50) NOT NULL,
    base_points integer NOT NULL,
    multiplier_rule jsonb DEFAULT '{}'::jsonb NOT NULL,
    cap_per_day integer,
    is_active boolean DEFAULT true NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT point_rules_cap_is_not_negative CHECK ((cap_per_day >= 0)),
    CONSTRAINT point_rules_category_is_plain CHECK (((category)::text ~ '^[a-z][a-z0-9_]*$'::text))
);

ALTER TABLE ONLY society.point_rules FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.point_rules IS 'gamification: tenant: what an act of a category is worth, and how much of it counts in a day.';

CREATE VIEW society.point_transactions AS
 SELECT id,
    tenant_id,
    agent_id,
    category,
    base_points,
    multiplier,
    final_points,
    reason,
    source_type,
    source_id,
    idempotency_key,
    created_at
   FROM store.point_transactions
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.point_transactions IS 'gamification: tenant: the team''s own point transactions.';

CREATE TABLE society.pretrusted_agents (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    weight numeric(8,4) DEFAULT 1 NOT NULL,
    since timestamp with time zone DEFAULT now() NOT NULL,
    until timestamp with time zone,
    granted_by uuid DEFAULT platform.user_id(),
    reason text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pretrusted_agents_end_after_they_begin CHECK ((until > since)),
    CONSTRAINT pretrusted_agents_weight_is_positive CHECK ((weight > (0)::numeric))
);

ALTER TABLE ONLY society.pretrusted_agents FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.pretrusted_agents IS 'reputation: tenant: the agents that trust begins with, how much, and how long.';

CREATE TABLE society.priority_queues (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    queue_id uuid NOT NULL,
    boost integer DEFAULT 1 NOT NULL,
    basis text,
    expires_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT priority_queues_boost_is_positive CHECK ((boost > 0))
);

ALTER TABLE ONLY society.priority_queues FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.priority_queues IS 'rewards: tenant: which agents come first in which queue, and by how much.';

CREATE VIEW society.reputation_history AS
 SELECT id,
    tenant_id,
    agent_id,
    run_id,
    eigentrust_score,
    composite_score,
    trust_level,
    change,
    cause,
    created_at
   FROM store.reputation_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.reputation_history IS 'reputation: tenant: the reputation history of the team''s own agents.';

CREATE TABLE society.resource_allocations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    pool_id uuid NOT NULL,
    resource_type character varying(50) NOT NULL,
    amount integer NOT NULL,
    used integer DEFAULT 0 NOT NULL,
    performance_tier society.performance_tier NOT NULL,
    status character varying(20) DEFAULT 'active'::character varying NOT NULL,
    granted_by uuid DEFAULT platform.user_id(),
    expires_at timestamp with time zone,
    released_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT resource_allocations_amount_is_positive CHECK ((amount > 0)),
    CONSTRAINT resource_allocations_end_is_recorded CHECK ((((status)::text = 'active'::text) = (released_at IS NULL))),
    CONSTRAINT resource_allocations_status_is_known CHECK (((status)::text = ANY ((ARRAY['active'::character varying, 'released'::character varying, 'expired'::character varying, 'revoked'::character varying])::text[]))),
    CONSTRAINT resource_allocations_use_is_within_the_amount CHECK (((used >= 0) AND (used <= amount)))
);

ALTER TABLE ONLY society.resource_allocations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.resource_allocations IS 'rewards: tenant: what an agent has been lent from a pool, on the strength of which tier, until when.';

CREATE TABLE society.resource_pools (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    resource_type character varying(50) NOT NULL,
    unit character varying(30) DEFAULT 'units'::character varying NOT NULL,
    total_capacity integer NOT NULL,
    available integer DEFAULT 0 NOT NULL,
    reserve integer DEFAULT 0 NOT NULL,
    refresh_interval interval,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT resource_pools_give_what_they_have CHECK (((available >= 0) AND (available <= total_capacity))),
    CONSTRAINT resource_pools_interval_is_positive CHECK ((refresh_interval > '00:00:00'::interval)),
    CONSTRAINT resource_pools_reserve_is_within_capacity CHECK (((reserve >= 0) AND (reserve <= total_capacity))),
    CONSTRAINT resource_pools_type_is_named CHECK (((resource_type)::text <> ''::text))
);

ALTER TABLE ONLY society.resource_pools FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.resource_pools IS 'rewards: tenant: what there is to give out.';

COMMENT ON COLUMN society.resource_pools.available IS 'Capacity less what is allocated; kept by triggers.';

CREATE TABLE society.retraining_assessments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    program_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    attempt integer NOT NULL,
    score numeric(5,4),
    passed boolean NOT NULL,
    assessor_id uuid,
    comment text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT retraining_assessments_are_by_others CHECK ((assessor_id <> agent_id)),
    CONSTRAINT retraining_assessments_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT retraining_assessments_score_is_a_share CHECK (((score >= (0)::numeric) AND (score <= (1)::numeric)))
);

ALTER TABLE ONLY society.retraining_assessments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.retraining_assessments IS 'penalties: tenant: each examination in a retraining, by somebody else.';

CREATE TABLE society.retraining_programs (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_id uuid,
    curriculum text NOT NULL,
    assessment jsonb DEFAULT '{}'::jsonb NOT NULL,
    status character varying(20) DEFAULT 'assigned'::character varying NOT NULL,
    progress_percentage numeric(5,2) DEFAULT 0 NOT NULL,
    due_at timestamp with time zone,
    completed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT retraining_programs_completion_is_recorded CHECK ((((status)::text = 'completed'::text) = (completed_at IS NOT NULL))),
    CONSTRAINT retraining_programs_curriculum_is_named CHECK ((curriculum <> ''::text)),
    CONSTRAINT retraining_programs_progress_range CHECK (((progress_percentage >= (0)::numeric) AND (progress_percentage <= (100)::numeric))),
    CONSTRAINT retraining_programs_status_is_known CHECK (((status)::text = ANY ((ARRAY['assigned'::character varying, 'in_progress'::character varying, 'completed'::character varying, 'failed'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.retraining_programs FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.retraining_programs IS 'penalties: tenant: what an agent has to learn, by when, and how it will be examined.';

CREATE TABLE society.streaks (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    streak_type character varying(50) NOT NULL,
    current_count integer DEFAULT 0 NOT NULL,
    longest_count integer DEFAULT 0 NOT NULL,
    last_activity_on date,
    freeze_tokens integer DEFAULT 0 NOT NULL,
    timezone character varying(64) DEFAULT 'UTC'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT streaks_counts_agree CHECK (((current_count >= 0) AND (current_count <= longest_count))),
    CONSTRAINT streaks_tokens_are_not_negative CHECK ((freeze_tokens >= 0)),
    CONSTRAINT streaks_type_is_named CHECK (((streak_type)::text <> ''::text))
);

ALTER TABLE ONLY society.streaks FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.streaks IS 'gamification: tenant: days in a row on which an agent did something, in its own time zone.';

CREATE TABLE society.task_assignments (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    assigned_by uuid,
    assigned_by_agent uuid,
    reason text,
    assigned_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    released_at timestamp with time zone,
    CONSTRAINT task_assignments_end_after_they_begin CHECK ((released_at >= assigned_at))
);

ALTER TABLE ONLY society.task_assignments FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_assignments IS 'tasks: tenant: who had which task, from when to when; follows tasks.assigned_to by trigger.';

CREATE TABLE society.task_dead_letters (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    task_type character varying(100) NOT NULL,
    payload jsonb NOT NULL,
    error_message text NOT NULL,
    error_stack text,
    retry_history jsonb DEFAULT '[]'::jsonb NOT NULL,
    moved_at timestamp with time zone DEFAULT now() NOT NULL,
    resolution character varying(20),
    resolved_by uuid,
    resolved_at timestamp with time zone,
    CONSTRAINT task_dead_letters_resolution_is_known CHECK (((resolution)::text = ANY ((ARRAY['redriven'::character varying, 'discarded'::character varying])::text[]))),
    CONSTRAINT task_dead_letters_resolution_is_whole CHECK ((num_nonnulls(resolution, resolved_at) <> 1))
);

ALTER TABLE ONLY society.task_dead_letters FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_dead_letters IS 'tasks: tenant: what no agent could do, with every attempt; open until it is sent back or laid aside.';

CREATE TABLE society.task_dependencies (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    depends_on_task_id uuid NOT NULL,
    kind character varying(20) DEFAULT 'finish_to_start'::character varying NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    on_failure character varying(10) DEFAULT 'cancel'::character varying NOT NULL,
    is_settled boolean DEFAULT false NOT NULL,
    goes_back boolean DEFAULT false NOT NULL,
    CONSTRAINT task_dependencies_are_of_two_tasks CHECK ((task_id <> depends_on_task_id)),
    CONSTRAINT task_dependencies_kind_is_known CHECK (((kind)::text = ANY ((ARRAY['finish_to_start'::character varying, 'start_to_start'::character varying, 'related_result'::character varying])::text[]))),
    CONSTRAINT task_dependencies_policy_is_known CHECK (((on_failure)::text = ANY ((ARRAY['cancel'::character varying, 'ignore'::character varying, 'fail'::character varying])::text[])))
)
WITH (fillfactor='50');

ALTER TABLE ONLY society.task_dependencies FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_dependencies IS 'tasks: tenant: which task waits for which; never in a circle.';

COMMENT ON COLUMN society.task_dependencies.kind IS 'Tasks wait by finish_to_start; the others are notes.';

COMMENT ON COLUMN society.task_dependencies.on_failure IS 'What becomes of the task that waits if the other does not complete.';

COMMENT ON COLUMN society.task_dependencies.is_settled IS 'Whether the task has stopped waiting for this one, or never did; then it is not counted in open_dependencies.';

COMMENT ON COLUMN society.task_dependencies.goes_back IS 'Whether a task waits for one that was added later; without such an edge there is no circle.';

CREATE TABLE society.task_executions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    attempt integer NOT NULL,
    agent_id uuid NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    outcome character varying(20),
    error_message text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_executions_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT task_executions_end_after_they_begin CHECK ((ended_at >= started_at)),
    CONSTRAINT task_executions_end_is_whole CHECK ((num_nonnulls(ended_at, outcome) <> 1)),
    CONSTRAINT task_executions_outcome_is_known CHECK (((outcome)::text = ANY ((ARRAY['completed'::character varying, 'failed'::character varying, 'timed_out'::character varying, 'handed_back'::character varying, 'cancelled'::character varying])::text[])))
);

ALTER TABLE ONLY society.task_executions FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_executions IS 'tasks: tenant: each attempt at a task, and how it ended.';

CREATE VIEW society.task_history AS
 SELECT id,
    tenant_id,
    task_id,
    event_type,
    old_status,
    new_status,
    actor_id,
    user_id,
    details,
    created_at
   FROM store.task_history
  WHERE (tenant_id = ( SELECT platform.tenant_id() AS tenant_id))
  WITH CASCADED CHECK OPTION;

COMMENT ON VIEW society.task_history IS 'tasks: tenant: the history of the team''s own tasks.';

CREATE TABLE society.task_lanes (
    lane integer NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_type character varying(100) DEFAULT 'task'::character varying NOT NULL,
    required_skills text[] DEFAULT '{}'::text[] NOT NULL,
    min_trust numeric(5,4) DEFAULT 0 NOT NULL,
    agent_id uuid,
    entry text GENERATED ALWAYS AS (COALESCE((agent_id)::text, required_skills[1], ''::text)) STORED NOT NULL,
    is_paused boolean DEFAULT false NOT NULL,
    max_running integer,
    rate_count integer,
    rate_per interval,
    rate_used_to timestamp with time zone,
    retry_base interval DEFAULT '00:00:01'::interval NOT NULL,
    retry_most interval DEFAULT '01:00:00'::interval NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_lanes_cap_is_not_negative CHECK ((max_running >= 0)),
    CONSTRAINT task_lanes_rate_is_positive CHECK (((rate_count > 0) AND (rate_per > '00:00:00'::interval))),
    CONSTRAINT task_lanes_rate_is_whole CHECK ((num_nonnulls(rate_count, rate_per) <> 1))
);

ALTER TABLE ONLY society.task_lanes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_lanes IS 'tasks: tenant: lines of tasks, one for each type and what it asks for: skills and trust, or one agent by name.';

COMMENT ON COLUMN society.task_lanes.required_skills IS 'Sorted, none twice.';

COMMENT ON COLUMN society.task_lanes.entry IS 'What an agent must have or be to get in at all: its id, or the first of the skills; the rest is looked at then.';

COMMENT ON COLUMN society.task_lanes.max_running IS 'How many may be at work at once; null: any number.';

COMMENT ON COLUMN society.task_lanes.rate_count IS 'How many may begin within rate_per; null: any number.';

COMMENT ON COLUMN society.task_lanes.rate_used_to IS 'Up to when the rate is spent (GCRA); written by claims.';

ALTER TABLE society.task_lanes ALTER COLUMN lane ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME society.task_lanes_lane_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE society.task_queues (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(100) NOT NULL,
    priority_rule character varying(20) DEFAULT 'priority'::character varying NOT NULL,
    max_in_flight integer,
    is_paused boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_queues_are_named CHECK (((name)::text <> ''::text)),
    CONSTRAINT task_queues_limit_is_positive CHECK ((max_in_flight > 0)),
    CONSTRAINT task_queues_rule_is_known CHECK (((priority_rule)::text = ANY ((ARRAY['priority'::character varying, 'oldest_first'::character varying, 'deadline'::character varying])::text[])))
);

ALTER TABLE ONLY society.task_queues FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_queues IS 'tasks: tenant: queues of tasks: what comes first, and how many at once.';

CREATE TABLE society.task_results (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    task_id uuid NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    agent_id uuid NOT NULL,
    output jsonb NOT NULL,
    quality_score numeric(5,4),
    tokens_used bigint,
    cost_usd numeric(14,6),
    duration_ms double precision,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_results_amounts_are_not_negative CHECK ((LEAST((tokens_used)::double precision, (cost_usd)::double precision, duration_ms) >= (0)::double precision)),
    CONSTRAINT task_results_attempt_is_positive CHECK ((attempt > 0)),
    CONSTRAINT task_results_quality_is_a_share CHECK (((quality_score >= (0)::numeric) AND (quality_score <= (1)::numeric)))
);

ALTER TABLE ONLY society.task_results FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_results IS 'tasks: tenant: what an attempt brought, what it was worth, and what it cost.';

CREATE TABLE society.task_types (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    name character varying(100) NOT NULL,
    required_skills text[] DEFAULT '{}'::text[] NOT NULL,
    min_trust numeric(5,4) DEFAULT 0 NOT NULL,
    payload_schema jsonb,
    max_retries integer DEFAULT 3 NOT NULL,
    timeout interval,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT task_types_are_named CHECK (((name)::text <> ''::text)),
    CONSTRAINT task_types_retries_are_not_negative CHECK ((max_retries >= 0)),
    CONSTRAINT task_types_timeout_can_be_kept CHECK ((timeout <= '3650 days'::interval)),
    CONSTRAINT task_types_timeout_is_positive CHECK ((timeout > '00:00:00'::interval)),
    CONSTRAINT task_types_trust_is_a_share CHECK (((min_trust >= (0)::numeric) AND (min_trust <= (1)::numeric)))
);

ALTER TABLE ONLY society.task_types FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.task_types IS 'tasks: tenant: the kinds of task that a team knows beside ''task'', which every team does: what each asks for, and what holds where a task says nothing else.';

COMMENT ON COLUMN society.task_types.payload_schema IS 'A JSON schema that payloads have to fit; null: any object.';

ALTER TABLE society.tasks ALTER COLUMN seq ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME society.tasks_seq_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE society.tier_history (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    old_tier society.performance_tier NOT NULL,
    new_tier society.performance_tier NOT NULL,
    points_at integer NOT NULL,
    transaction_id uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT tier_history_is_of_changes CHECK ((old_tier <> new_tier))
);

ALTER TABLE ONLY society.tier_history FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tier_history IS 'gamification: tenant: every rise and fall of an agent, and the points it had then; written by a trigger.';

COMMENT ON COLUMN society.tier_history.transaction_id IS 'The last of the point transactions that caused it; they are a series, so no key points there.';

CREATE TABLE society.tiers (
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    tier society.performance_tier NOT NULL,
    min_points integer NOT NULL,
    keep_points integer NOT NULL,
    multiplier numeric(8,4) DEFAULT 1 NOT NULL,
    perks jsonb DEFAULT '{}'::jsonb NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tiers_are_kept_below_where_they_are_reached CHECK ((keep_points <= min_points)),
    CONSTRAINT tiers_multiplier_is_positive CHECK ((multiplier > (0)::numeric))
);

ALTER TABLE ONLY society.tiers FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.tiers IS 'gamification: tenant: the points at which an agent of the team rises to a tier and below which it falls from it; every team is given all six.';

COMMENT ON COLUMN society.tiers.keep_points IS 'Lower than min_points, so that an agent at the edge does not rise and fall with every transaction.';

CREATE VIEW society.v_active_agents WITH (security_invoker='true') AS
 SELECT id,
    tenant_id,
    agent_id,
    name,
    type,
    status,
    current_tier,
    total_points,
    elo_rating,
    trust_score,
    tasks_completed,
    tasks_failed,
    success_rate,
    average_quality_score,
    average_task_time_ms,
    battles_fought,
    battles_won,
    capabilities,
    last_active_at,
    created_at,
    updated_at
   FROM society.agents
  WHERE ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (deleted_at IS NULL) AND (status <> ALL (ARRAY['offline'::society.agent_status, 'suspended'::society.agent_status, 'retired'::society.agent_status])));

COMMENT ON VIEW society.v_active_agents IS 'agents: tenant: the agents that are there and may work, with all their figures.';

CREATE VIEW society.v_active_mentorships WITH (security_invoker='true') AS
 SELECT pairings.tenant_id,
    pairings.id,
    pairings.skill_focus,
    pairings.status,
    pairings.mentor_id,
    mentors.agent_id AS mentor_agent_id,
    mentors.name AS mentor_name,
    pairings.mentee_id,
    mentees.agent_id AS mentee_agent_id,
    mentees.name AS mentee_name,
    pairings.planned_sessions,
    pairings.completed_sessions,
    pairings.completion_percentage,
    progress.curriculum_count,
    progress.passed_count,
    progress.average_progress,
    pairings.started_at
   FROM (((society.mentorship_pairings pairings
     JOIN society.agents mentors ON (((mentors.tenant_id = pairings.tenant_id) AND (mentors.id = pairings.mentor_id))))
     JOIN society.agents mentees ON (((mentees.tenant_id = pairings.tenant_id) AND (mentees.id = pairings.mentee_id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS curriculum_count,
            count(mentee_progress.passed_at) AS passed_count,
            avg(mentee_progress.progress_percentage) AS average_progress
           FROM society.mentee_progress
          WHERE ((mentee_progress.tenant_id = pairings.tenant_id) AND (mentee_progress.pairing_id = pairings.id))) progress)
  WHERE ((pairings.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (pairings.status = 'active'::society.mentorship_status));

COMMENT ON VIEW society.v_active_mentorships IS 'mentorship: tenant: the pairings at work, and how far they are.';

CREATE VIEW society.v_agent_reputation WITH (security_invoker='true') AS
 SELECT agents.tenant_id,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.type,
    agents.current_tier,
    agents.trust_score,
    scores.trust_level,
    scores.eigentrust_score,
    scores.persistence_score,
    scores.competence_score,
    scores.peer_rating_score,
    scores.composite,
    scores.rank,
    scores.sample_size,
    scores.computed_at,
    ratings.rating_count,
    ratings.average_rating,
    edges.trusted_by_count,
    edges.interaction_count
   FROM (((society.agents
     LEFT JOIN society.global_trust_scores scores ON (((scores.tenant_id = agents.tenant_id) AND (scores.agent_id = agents.id))))
     CROSS JOIN LATERAL ( SELECT count(*) AS rating_count,
            avg(peer_ratings.rating) AS average_rating
           FROM society.peer_ratings
          WHERE ((peer_ratings.tenant_id = agents.tenant_id) AND (peer_ratings.ratee_id = agents.id))) ratings)
     CROSS JOIN LATERAL ( SELECT count(DISTINCT trust_graph.from_agent_id) FILTER (WHERE (trust_graph.local_trust > (0)::numeric)) AS trusted_by_count,
            COALESCE(sum(trust_graph.interaction_count), (0)::bigint) AS interaction_count
           FROM society.trust_graph
          WHERE ((trust_graph.tenant_id = agents.tenant_id) AND (trust_graph.to_agent_id = agents.id))) edges)
  WHERE ((agents.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (agents.deleted_at IS NULL));

COMMENT ON VIEW society.v_agent_reputation IS 'reputation: tenant: all that is known of each agent''s reputation; what was never computed is null.';

CREATE VIEW society.v_current_leaderboard WITH (security_invoker='true') AS
 SELECT rankings.tenant_id,
    rankings.category,
    rankings.period,
    rankings.period_start,
    periods.period_end,
    rankings.rank,
    rankings.previous_rank,
    rankings.rank_change,
    rankings.score,
    rankings.ci_low,
    rankings.ci_high,
    agents.id AS agent_uuid,
    agents.agent_id,
    agents.name,
    agents.current_tier,
    periods.closed_at
   FROM ((society.leaderboard_rankings rankings
     JOIN society.leaderboard_periods periods USING (tenant_id, category, period, period_start))
     JOIN society.agents ON (((agents.tenant_id = rankings.tenant_id) AND (agents.id = rankings.agent_id))))
  WHERE ((rankings.tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND ((rankings.period)::text = 'weekly'::text) AND (rankings.period_start <= ((now() AT TIME ZONE 'UTC'::text))::date) AND (periods.period_end > ((now() AT TIME ZONE 'UTC'::text))::date));

COMMENT ON VIEW society.v_current_leaderboard IS 'leaderboards: tenant: the ranks of the current week, in every category.';

CREATE VIEW society.v_task_queue_summary WITH (security_invoker='true') AS
 SELECT tenant_id,
    status,
    priority,
    count(*) AS task_count,
    count(*) FILTER (WHERE (assigned_to IS NULL)) AS unassigned_count,
    count(*) FILTER (WHERE (deadline_at < now())) AS overdue_count,
    min(created_at) AS oldest_created_at,
    avg((EXTRACT(epoch FROM (now() - created_at)) * (1000)::numeric)) AS average_wait_ms,
    count(*) FILTER (WHERE ((status = 'pending'::society.agent_task_status) AND (open_dependencies = 0) AND (scheduled_at <= now()))) AS ready_count,
    count(*) FILTER (WHERE (open_dependencies > 0)) AS waiting_count
   FROM ( SELECT tasks_1.tenant_id,
            tasks_1.status,
            tasks_1.priority,
            tasks_1.assigned_to,
            tasks_1.deadline_at,
            tasks_1.created_at,
            tasks_1.open_dependencies,
            tasks_1.scheduled_at,
            tasks_1.deleted_at
           FROM society.tasks tasks_1
          WHERE ((tasks_1.status = 'pending'::society.agent_task_status) AND (tasks_1.place IS NOT NULL))
        UNION ALL
         SELECT tasks_1.tenant_id,
            tasks_1.status,
            tasks_1.priority,
            tasks_1.assigned_to,
            tasks_1.deadline_at,
            tasks_1.created_at,
            tasks_1.open_dependencies,
            tasks_1.scheduled_at,
            tasks_1.deleted_at
           FROM society.tasks tasks_1
          WHERE ((tasks_1.status <> ALL (ARRAY['completed'::society.agent_task_status, 'failed'::society.agent_task_status, 'cancelled'::society.agent_task_status])) AND ((tasks_1.status <> 'pending'::society.agent_task_status) OR (tasks_1.place IS NULL)))) tasks
  WHERE ((tenant_id = ( SELECT platform.tenant_id() AS tenant_id)) AND (deleted_at IS NULL))
  GROUP BY tenant_id, status, priority;

COMMENT ON VIEW society.v_task_queue_summary IS 'tasks: tenant: how many tasks stand in which state and priority, and how long they have waited.';

CREATE TABLE society.violations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    agent_id uuid NOT NULL,
    violation_type society.violation_type NOT NULL,
    severity integer NOT NULL,
    penalty_points integer DEFAULT 0 NOT NULL,
    status character varying(20) DEFAULT 'reported'::character varying NOT NULL,
    status_reason text,
    description text,
    evidence jsonb DEFAULT '{}'::jsonb NOT NULL,
    task_id uuid,
    reported_by uuid DEFAULT society.acting_agent(),
    reported_by_user uuid DEFAULT platform.user_id(),
    detected_by character varying(100),
    occurred_at timestamp with time zone DEFAULT now() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT violations_are_reported_by_others CHECK ((reported_by <> agent_id)),
    CONSTRAINT violations_penalty_is_not_negative CHECK ((penalty_points >= 0)),
    CONSTRAINT violations_severity_range CHECK (((severity >= 1) AND (severity <= 5))),
    CONSTRAINT violations_status_is_known CHECK (((status)::text = ANY ((ARRAY['reported'::character varying, 'confirmed'::character varying, 'dismissed'::character varying, 'overturned'::character varying, 'expired'::character varying])::text[])))
);

ALTER TABLE ONLY society.violations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.violations IS 'penalties: tenant: what an agent did against the rules, how grave it was, and what it cost.';

COMMENT ON COLUMN society.violations.penalty_points IS 'What counts against the agent while the violation stands; dismissed, overturned or expired, it counts nothing.';

CREATE TABLE society.vote_audit_trail (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    vote_id uuid,
    event_type character varying(50) NOT NULL,
    actor_id uuid DEFAULT society.acting_agent(),
    user_id uuid DEFAULT platform.user_id(),
    payload jsonb DEFAULT '{}'::jsonb NOT NULL,
    signature bytea,
    signed_by uuid,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    epoch bigint NOT NULL,
    transaction_id bigint NOT NULL,
    digest bytea NOT NULL,
    redaction_id uuid,
    CONSTRAINT vote_audit_trail_event_is_known CHECK (((event_type)::text = ANY ((ARRAY['session_created'::character varying, 'session_opened'::character varying, 'session_closed'::character varying, 'session_tallied'::character varying, 'session_tied'::character varying, 'session_without_quorum'::character varying, 'session_cancelled'::character varying, 'vote_cast'::character varying, 'vote_superseded'::character varying, 'ballot_refused'::character varying, 'tie_broken'::character varying, 'recounted'::character varying])::text[]))),
    CONSTRAINT vote_audit_trail_signature_is_ed25519 CHECK ((octet_length(signature) = 64))
);

ALTER TABLE ONLY society.vote_audit_trail FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.vote_audit_trail IS 'voting: tenant: everything that happened in a vote, ballot by ballot; rows are added and never changed.';

COMMENT ON COLUMN society.vote_audit_trail.transaction_id IS 'The transaction that wrote the row; with epoch, what seals count by.';

COMMENT ON COLUMN society.vote_audit_trail.digest IS 'SHA-256 of the row as it was written; see the page on the audit.';

COMMENT ON COLUMN society.vote_audit_trail.redaction_id IS 'The erasure that last emptied parts of the row.';

CREATE TABLE society.vote_delegations (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid,
    from_agent_id uuid NOT NULL,
    to_agent_id uuid NOT NULL,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT vote_delegations_are_of_two_agents CHECK ((from_agent_id <> to_agent_id))
);

ALTER TABLE ONLY society.vote_delegations FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.vote_delegations IS 'voting: tenant: who votes for whom, in one session or, where none is named, in all; never in a circle.';

CREATE TABLE society.votes (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    vote_option character varying(200),
    ranking jsonb,
    scores jsonb,
    confidence numeric(5,4),
    tokens_spent integer DEFAULT 0 NOT NULL,
    weight numeric DEFAULT 1 NOT NULL,
    rationale text,
    signature bytea,
    cast_at timestamp with time zone DEFAULT now() NOT NULL,
    superseded_at timestamp with time zone,
    superseded_by uuid,
    CONSTRAINT votes_are_superseded_by_another CHECK (((superseded_by IS NULL) OR ((superseded_by <> id) AND (superseded_at IS NOT NULL)))),
    CONSTRAINT votes_confidence_is_a_share CHECK (((confidence >= (0)::numeric) AND (confidence <= (1)::numeric))),
    CONSTRAINT votes_ranking_is_a_list CHECK ((jsonb_typeof(ranking) = 'array'::text)),
    CONSTRAINT votes_say_something CHECK ((num_nonnulls(vote_option, ranking, scores) > 0)),
    CONSTRAINT votes_scores_are_by_option CHECK ((jsonb_typeof(scores) = 'object'::text)),
    CONSTRAINT votes_signature_is_ed25519 CHECK ((octet_length(signature) = 64)),
    CONSTRAINT votes_tokens_are_not_negative CHECK ((tokens_spent >= 0))
);

ALTER TABLE ONLY society.votes FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.votes IS 'voting: tenant: ballots; one that was replaced or withdrawn stays, and counts no more.';

COMMENT ON COLUMN society.votes.ranking IS 'Options from the best; equals stand together in a list of their own.';

COMMENT ON COLUMN society.votes.weight IS 'As the roll said when the ballot was cast.';

CREATE TABLE society.voting_eligibility (
    session_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    weight numeric DEFAULT 1 NOT NULL,
    token_budget integer,
    tokens_left integer,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT voting_eligibility_budget_is_whole CHECK ((num_nonnulls(token_budget, tokens_left) <> 1)),
    CONSTRAINT voting_eligibility_is_within_the_budget CHECK (((tokens_left >= 0) AND (tokens_left <= token_budget))),
    CONSTRAINT voting_eligibility_weight_is_not_negative CHECK ((weight >= (0)::numeric))
);

ALTER TABLE ONLY society.voting_eligibility FORCE ROW LEVEL SECURITY;

COMMENT ON TABLE society.voting_eligibility IS 'voting: tenant: the roll of a vote: who may vote, with which weight and how many tokens; without a roll every agent of the team may.';

CREATE TABLE society.voting_sessions (
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    tenant_id uuid DEFAULT platform.tenant_id() NOT NULL,
    session_id character varying(100) NOT NULL,
    topic character varying(500) NOT NULL,
    description text,
    algorithm society.voting_algorithm DEFAULT 'majority'::society.voting_algorithm NOT NULL,
    status society.voting_status DEFAULT 'draft'::society.voting_status NOT NULL,
    options jsonb DEFAULT '[]'::jsonb NOT NULL,
    results jsonb,
    seats integer DEFAULT 1 NOT NULL,
    quorum numeric(5,4),
    threshold numeric(5,4),
    token_budget integer,
    is_secret boolean DEFAULT false NOT NULL,
    tie_break text[] DEFAULT '{}'::text[] NOT NULL,
    tie_seed_hash bytea,
    tie_seed bytea,
    opens_at timestamp with time zone,
    closes_at timestamp with time zone,
    opened_at timestamp with time zone,
    closed_at timestamp with time zone,
    created_by uuid DEFAULT platform.user_id(),
    proposed_by uuid DEFAULT society.acting_agent(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    CONSTRAINT voting_sessions_are_named CHECK ((((session_id)::text <> ''::text) AND ((topic)::text <> ''::text))),
    CONSTRAINT voting_sessions_budget_is_not_negative CHECK ((token_budget >= 0)),
    CONSTRAINT voting_sessions_close_after_they_open CHECK ((closes_at > opens_at)),
    CONSTRAINT voting_sessions_closing_is_recorded CHECK (((status = ANY (ARRAY['draft'::society.voting_status, 'open'::society.voting_status])) = (closed_at IS NULL))),
    CONSTRAINT voting_sessions_offer_a_choice CHECK (((status = ANY (ARRAY['draft'::society.voting_status, 'cancelled'::society.voting_status])) OR (jsonb_array_length(options) > 1))),
    CONSTRAINT voting_sessions_opening_is_recorded CHECK (
CASE status
    WHEN 'draft'::society.voting_status THEN (opened_at IS NULL)
    WHEN 'cancelled'::society.voting_status THEN true
    ELSE (opened_at IS NOT NULL)
END),
    CONSTRAINT voting_sessions_options_are_a_list CHECK ((jsonb_typeof(options) = 'array'::text)),
    CONSTRAINT voting_sessions_quorum_is_a_share CHECK (((quorum >= (0)::numeric) AND (quorum <= (1)::numeric))),
    CONSTRAINT voting_sessions_reveal_the_seed_they_committed_to CHECK (((tie_seed IS NULL) OR ((tie_seed_hash IS NOT NULL) AND (tie_seed_hash = sha256(tie_seed))))),
    CONSTRAINT voting_sessions_seats_is_positive CHECK ((seats > 0)),
    CONSTRAINT voting_sessions_tallied_have_results CHECK (((status <> ALL (ARRAY['tallied'::society.voting_status, 'tied'::society.voting_status])) OR (results IS NOT NULL))),
    CONSTRAINT voting_sessions_threshold_is_a_share CHECK (((threshold >= (0)::numeric) AND (threshold <= (1)::numeric)))
);

