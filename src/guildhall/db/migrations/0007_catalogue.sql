-- The catalogue wing: what all teams share about models, what they cost, how
-- they score, what is written about them, and whether they answer.

-- search -------------------------------------------------------------------
-- Full-text search that needs no extension, for any language. The documents copy
-- two configurations, which find no word inside a Chinese or Japanese sentence
-- (errata): PostgreSQL has nothing that divides it. Runs of such scripts are
-- indexed by overlapping pairs of characters and their last character, and
-- asked for as phrases of pairs: whatever is a substring is found, and nothing
-- else. Names of models are taken apart our way as well: PostgreSQL's parser
-- reads GPT-4 as gpt and -4.

-- Text as it is compared: case, width and accents do not count.
CREATE FUNCTION platform.fold(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN lower(normalize(regexp_replace(normalize(content, NFKD), '[\u0300-\u036f]', '', 'g'), NFKC));

-- The same without spaces and marks, so that gpt-4o, GPT 4o and gpt4o are one.
CREATE FUNCTION platform.squeeze(content text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN regexp_replace(platform.fold(content), '[\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u2000-\u206f\u3000-\u3003]+', '', 'g');

-- A text in units, in their order: a run of a script that is written without
-- spaces (Chinese, Japanese, Korean, Thai, Lao, Burmese, Khmer), or a word with
-- its parts (claude-3.5-sonnet: claude, 3.5, sonnet) and without its marks
-- (claude35sonnet). What lies beyond 10,000 characters is not searched.
CREATE FUNCTION platform.text_units(content text)
    RETURNS TABLE (place bigint, run text, word text, parts text[], joined text)
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT units.place, units.found[1], units.found[2],
               string_to_array(regexp_replace(units.found[2], '[-_/+:]', ' ', 'g'), ' '),
               regexp_replace(units.found[2], '[-_./+:]', '', 'g')
          FROM regexp_matches(
                   platform.fold(left(content, 10000)),
                   '([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3031-\u3096\u3099-\u30fa\u30fc-\u9fff'
                   '\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]+)'
                   '|((?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+'
                   '(?:[-_./+:](?:(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])[^\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u2000-\U0010ffff])+)*)',
                   'g'
               ) WITH ORDINALITY AS units (found, place);
    END;

CREATE FUNCTION platform.text_grams(content text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH units AS (
            SELECT run, parts, joined,
                   sum(COALESCE(length(run), cardinality(parts))) OVER (ORDER BY place) - COALESCE(length(run), cardinality(parts)) AS before
              FROM platform.text_units(content)
        ), tokens AS (
            SELECT substr(units.run, n, 2) AS token, units.before + n AS place
              FROM units CROSS JOIN generate_series(1, length(units.run)) AS n
             UNION ALL
            SELECT units.parts[n], units.before + n
              FROM units CROSS JOIN generate_subscripts(units.parts, 1) AS n
             UNION ALL
            SELECT units.joined, units.before + 1
              FROM units
             WHERE units.joined <> units.parts[1]
        )
        -- 16383 is the last place that a tsvector knows, 2 kB its longest word.
        SELECT COALESCE(string_agg(quote_literal(left(token, 200)) || ':' || least(place, 16383), ' '), '')::tsvector
          FROM tokens;
    END;

CREATE TEXT SEARCH CONFIGURATION platform.english_zh (COPY = pg_catalog.english);
COMMENT ON TEXT SEARCH CONFIGURATION platform.english_zh IS 'The stems of English words, in English and Chinese texts.';
CREATE TEXT SEARCH CONFIGURATION platform.japanese (COPY = pg_catalog.simple);
COMMENT ON TEXT SEARCH CONFIGURATION platform.japanese IS 'Words of the Latin script in Japanese texts, as they are.';

CREATE FUNCTION platform.search_configuration(locale text) RETURNS regconfig
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN locale ~* '^(en|zh)\y' THEN 'platform.english_zh'::regconfig
        WHEN locale ~* '^ja\y' THEN 'platform.japanese'::regconfig
        ELSE 'pg_catalog.simple'::regconfig
    END;

-- The words of a text as the configuration of its locale reduces them: in
-- English to their stems, without those that say nothing ("for", "the").
CREATE FUNCTION platform.text_stems(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN to_tsvector(
        platform.search_configuration(locale), regexp_replace(platform.fold(left(content, 10000)), '[^\u0001-\u007f]+', ' ', 'g')
    );

-- What a text is found by, given the locale in which it is written.
CREATE FUNCTION platform.text_vector(content text, locale text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN platform.text_grams(content) || platform.text_stems(content, locale);

-- What somebody asks for: every unit of it, or with `any_unit` one of them. A
-- word is looked for without its marks, and as its parts in their order, each as
-- it is or by its stem; what says nothing only where there is nothing else. NULL
-- where nothing is asked for.
CREATE FUNCTION platform.text_query(content text, locale text, any_unit boolean DEFAULT false) RETURNS tsquery
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        WITH queries AS (
            SELECT units.word IS NOT NULL AND platform.text_stems(units.word, locale) = '' AS says_nothing,
                   CASE
                       WHEN length(units.run) = 1 THEN quote_literal(units.run) || ':*'
                       WHEN units.run IS NOT NULL THEN (
                           SELECT string_agg(quote_literal(substr(units.run, n, 2)), ' <-> ' ORDER BY n)
                             FROM generate_series(1, length(units.run) - 1) AS n
                       )
                       ELSE (
                           SELECT CASE WHEN units.joined <> units.parts[1] THEN quote_literal(left(units.joined, 200)) || ' | ' ELSE '' END
                                  || string_agg(
                                         '(' || (
                                             SELECT string_agg(quote_literal(form), ' | ' ORDER BY form)
                                               FROM (SELECT left(part, 200) AS form
                                                      UNION
                                                     SELECT unnest(tsvector_to_array(platform.text_stems(part, locale)))) AS forms
                                         ) || ')', ' <-> ' ORDER BY n)
                             FROM unnest(units.parts) WITH ORDINALITY AS parts (part, n)
                       )
                   END AS query
              FROM platform.text_units(content) AS units
        )
        SELECT string_agg('(' || query || ')', CASE WHEN any_unit THEN ' | ' ELSE ' & ' END)::tsquery
          FROM queries
         WHERE NOT says_nothing OR NOT EXISTS (SELECT FROM queries AS others WHERE NOT others.says_nothing);
    END;

-- texts in several languages -------------------------------------------------

-- Whether a document holds texts by locale: {"en-US": "…", "zh-CN": "…"}, at least one.
CREATE FUNCTION catalogue.is_localized(texts jsonb) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
        WHEN jsonb_typeof(texts) = 'object' THEN
            texts <> '{}'
            AND NOT jsonb_path_exists(texts, '$.keyvalue() ? (!(@.key like_regex "^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$"))')
            AND NOT jsonb_path_exists(texts, 'strict $.* ? (@.type() != "string" || @ == "")')
        WHEN texts IS NOT NULL THEN false
    END;

-- The text for a reader: in the locale, else in its language, else in English, else any.
CREATE FUNCTION catalogue.localized(texts jsonb, locale text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    BEGIN ATOMIC
        SELECT value
          FROM jsonb_each_text(texts)
         ORDER BY key = locale DESC, split_part(key, '-', 1) = split_part(locale, '-', 1) DESC,
                  key = 'en-US' DESC, split_part(key, '-', 1) = 'en' DESC, key
         LIMIT 1;
    END;

-- keys without overlap -----------------------------------------------------
-- An exclusion constraint wants an operator class for each of its parts, and
-- without btree_gist only ranges have one: so a key is a range of one value.

CREATE TYPE catalogue.key_range AS RANGE (SUBTYPE = text, COLLATION = "C");
CREATE FUNCTION catalogue.key_of(VARIADIC parts text[]) RETURNS catalogue.key_range
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN catalogue.key_range(array_to_string(parts, E'\x1f', ''), array_to_string(parts, E'\x1f', ''), '[]');

-- models -------------------------------------------------------------------

CREATE TABLE catalogue.providers (
    id                uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    slug              varchar(50)  NOT NULL,
    name              varchar(100) NOT NULL,
    logo_url          varchar(500),
    website_url       varchar(500),
    status_page_url   varchar(500),
    documentation_url varchar(500),
    regions           jsonb        NOT NULL DEFAULT '[]',
    metadata          jsonb        NOT NULL DEFAULT '{}',
    created_at        timestamptz  NOT NULL DEFAULT now(),
    updated_at        timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT providers_one_per_slug UNIQUE (slug),
    CONSTRAINT providers_slug_is_plain CHECK (slug ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'),
    CONSTRAINT providers_name_is_given CHECK (name <> ''),
    CONSTRAINT providers_regions_is_a_list CHECK (jsonb_typeof(regions) = 'array'),
    CONSTRAINT providers_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);
COMMENT ON TABLE catalogue.providers IS 'models: global: companies that serve models.';
COMMENT ON COLUMN catalogue.providers.regions IS 'Names of regions: ["us-east", "eu-west"].';
CREATE INDEX idx_providers_regions ON catalogue.providers USING gin (regions);

CREATE TABLE catalogue.models (
    id                uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    provider_id       uuid         NOT NULL REFERENCES catalogue.providers ON DELETE CASCADE,
    slug              varchar(100) NOT NULL,
    name              jsonb        NOT NULL,
    description       jsonb,
    foundation_model  varchar(100),
    released_at       date,
    deprecated_at     date,
    sunset_at         date,
    modalities        text[]       NOT NULL DEFAULT '{}',
    capabilities      text[]       NOT NULL DEFAULT '{}',
    context_window    integer,
    max_output_tokens integer,
    training_cutoff   date,
    api_version       varchar(50),
    is_active         boolean      NOT NULL DEFAULT true,
    metadata          jsonb        NOT NULL DEFAULT '{}',
    search_vector     tsvector     NOT NULL DEFAULT '',
    created_at        timestamptz  NOT NULL DEFAULT now(),
    updated_at        timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT models_one_per_slug UNIQUE (slug),
    CONSTRAINT models_slug_is_plain CHECK (slug ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'),
    CONSTRAINT models_name_is_localized CHECK (catalogue.is_localized(name)),
    CONSTRAINT models_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT models_texts_size CHECK (octet_length(name::text) + COALESCE(octet_length(description::text), 0) <= 100000),
    CONSTRAINT models_sizes_are_positive CHECK (context_window > 0 AND max_output_tokens > 0),
    CONSTRAINT models_life_goes_forward CHECK (
        deprecated_at >= released_at AND sunset_at >= COALESCE(deprecated_at, released_at)
    ),
    CONSTRAINT models_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
) WITH (autovacuum_vacuum_scale_factor = 0.1);
COMMENT ON TABLE catalogue.models IS 'models: global: every model that is known, also those that are gone.';
COMMENT ON COLUMN catalogue.models.name IS 'By locale: {"en-US": "GPT-4", "zh-CN": "GPT-4"}; so is the description.';
COMMENT ON COLUMN catalogue.models.deprecated_at IS 'From this day on its provider advises against it; from sunset_at on it does not answer.';
COMMENT ON COLUMN catalogue.models.modalities IS 'text, image, audio, video, …';
COMMENT ON COLUMN catalogue.models.context_window IS 'Tokens, as max_output_tokens.';
COMMENT ON COLUMN catalogue.models.search_vector IS 'What search_models looks in; a trigger keeps it, whatever is written to it.';
CREATE INDEX idx_models_provider ON catalogue.models (provider_id);
CREATE INDEX idx_models_foundation ON catalogue.models (foundation_model);
CREATE INDEX idx_models_active ON catalogue.models (is_active);
CREATE INDEX idx_models_modalities ON catalogue.models USING gin (modalities);
CREATE INDEX idx_models_capabilities ON catalogue.models USING gin (capabilities);
CREATE INDEX idx_models_search ON catalogue.models USING gin (search_vector);

CREATE FUNCTION catalogue.update_search_vector() RETURNS trigger
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    written record;
BEGIN
    IF TG_OP = 'UPDATE' AND (NEW.slug, NEW.name, NEW.description, NEW.foundation_model)
                            IS NOT DISTINCT FROM (OLD.slug, OLD.name, OLD.description, OLD.foundation_model) THEN
        NEW.search_vector := OLD.search_vector;
        RETURN NEW;
    END IF;
    NEW.search_vector := setweight(platform.text_grams(NEW.slug), 'A')
                      || setweight(platform.text_grams(COALESCE(NEW.foundation_model, '')), 'C');
    -- What is not localized is refused by its check, which speaks after this.
    FOR written IN
        SELECT key, value, 'A'::"char" AS weight FROM jsonb_each_text(CASE WHEN catalogue.is_localized(NEW.name) THEN NEW.name END)
         UNION ALL
        SELECT key, value, 'B' FROM jsonb_each_text(CASE WHEN catalogue.is_localized(NEW.description) THEN NEW.description END)
         ORDER BY weight, key
    LOOP
        NEW.search_vector := NEW.search_vector || setweight(platform.text_vector(written.value, written.key), written.weight);
    END LOOP;
    RETURN NEW;
END
$$;
CREATE TRIGGER update_search_vector_trigger BEFORE INSERT OR UPDATE ON catalogue.models
    FOR EACH ROW EXECUTE FUNCTION catalogue.update_search_vector();

CREATE TABLE catalogue.model_aliases (
    id          uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    alias       varchar(200) NOT NULL,
    provider_id uuid         REFERENCES catalogue.providers ON DELETE CASCADE,
    model_id    uuid         NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    valid_from  timestamptz  NOT NULL DEFAULT '-infinity',
    valid_to    timestamptz,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT model_aliases_alias_is_plain CHECK (alias ~ '^[a-z0-9@~][a-z0-9._:/@~+-]*$'),
    CONSTRAINT model_aliases_end_after_they_begin CHECK (valid_to > valid_from),
    CONSTRAINT model_aliases_mean_one_model_at_a_time EXCLUDE USING gist (
        catalogue.key_of(alias, provider_id::text) WITH =, tstzrange(valid_from, valid_to) WITH &&
    )
);
COMMENT ON TABLE catalogue.model_aliases IS 'models: global: other names of models, and when they mean which: what ends in "-latest" moves on.';
COMMENT ON COLUMN catalogue.model_aliases.alias IS 'In lower case.';
COMMENT ON COLUMN catalogue.model_aliases.provider_id IS 'Where the alias means that; null: everywhere.';
COMMENT ON COLUMN catalogue.model_aliases.valid_to IS 'The first moment at which it means that no more; null: it still does.';
CREATE INDEX model_aliases_by_alias ON catalogue.model_aliases (alias);
CREATE INDEX model_aliases_by_provider ON catalogue.model_aliases (provider_id);
CREATE INDEX model_aliases_by_model ON catalogue.model_aliases (model_id);

-- The models that a query asks for, best first: whose slug or alias it is, whose
-- name in the reader's locale says it, then by how well the texts match. Where
-- no model has all of it, those that have some.
CREATE FUNCTION catalogue.search_models(query_text text, locale varchar DEFAULT 'en-US', limit_count integer DEFAULT 20)
    RETURNS TABLE (id uuid, name jsonb, rank real)
    LANGUAGE plpgsql STABLE
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    asked    tsquery;
    exact    CONSTANT text := lower(btrim(query_text));
    squeezed CONSTANT text := platform.squeeze(query_text);
BEGIN
    FOREACH asked IN ARRAY ARRAY[
        platform.text_query(query_text, locale), platform.text_query(query_text, locale, any_unit => true)
    ] LOOP
        RETURN QUERY
            WITH named AS (
                SELECT models.id FROM catalogue.models WHERE models.slug = exact
                 UNION
                SELECT aliases.model_id
                  FROM catalogue.model_aliases AS aliases
                 WHERE aliases.alias = exact AND tstzrange(aliases.valid_from, aliases.valid_to) @> now()
            ), found AS (
                SELECT models.id FROM catalogue.models WHERE models.search_vector @@ asked
                 UNION
                SELECT named.id FROM named
            )
            SELECT models.id, models.name,
                   (ts_rank_cd(models.search_vector, asked)
                    + CASE WHEN models.id IN (SELECT named.id FROM named) THEN 100 ELSE 0 END
                    + CASE WHEN strpos(platform.squeeze(COALESCE(models.name ->> locale, catalogue.localized(models.name, locale))), squeezed) > 0
                           THEN 10 ELSE 0 END
                   )::real AS rank
              FROM found
              JOIN catalogue.models ON models.id = found.id
             WHERE models.is_active
             ORDER BY rank DESC, models.slug
             LIMIT limit_count;
        EXIT WHEN FOUND;
    END LOOP;
END
$$;

CREATE TABLE catalogue.model_endpoints (
    id           uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id     uuid         NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    region       varchar(20)  NOT NULL,
    endpoint_url varchar(500) NOT NULL,
    is_active    boolean      NOT NULL DEFAULT true,
    priority     integer      NOT NULL DEFAULT 100,
    created_at   timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT model_endpoints_one_per_region UNIQUE (model_id, region),
    CONSTRAINT model_endpoints_region_is_named CHECK (region <> ''),
    CONSTRAINT model_endpoints_url_is_http CHECK (endpoint_url ~ '^https?://[^\s]+$')
);
COMMENT ON TABLE catalogue.model_endpoints IS 'models: global: where a model answers, in each region.';
COMMENT ON COLUMN catalogue.model_endpoints.priority IS 'The lowest is tried first.';

CREATE TABLE catalogue.documentation (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id   uuid         NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    doc_type   varchar(50)  NOT NULL,
    title      jsonb        NOT NULL,
    url        varchar(500) NOT NULL,
    locale     varchar(10),
    version    varchar(50),
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT documentation_type_is_plain CHECK (doc_type ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'),
    CONSTRAINT documentation_title_is_localized CHECK (catalogue.is_localized(title)),
    CONSTRAINT documentation_url_is_http CHECK (url ~ '^https?://[^\s]+$'),
    CONSTRAINT documentation_locale_is_a_tag CHECK (locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$')
);
COMMENT ON TABLE catalogue.documentation IS 'models: global: pages about a model.';
COMMENT ON COLUMN catalogue.documentation.doc_type IS 'api, quickstart, cookbook, changelog, …';
COMMENT ON COLUMN catalogue.documentation.title IS 'By locale.';
COMMENT ON COLUMN catalogue.documentation.locale IS 'The language of the page itself; null: not known, or several.';
CREATE INDEX idx_docs_model ON catalogue.documentation (model_id);
CREATE INDEX idx_docs_type ON catalogue.documentation (doc_type);
CREATE INDEX idx_docs_locale ON catalogue.documentation (locale);

-- pricing ------------------------------------------------------------------

CREATE TABLE catalogue.price_claims (
    id           uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id     uuid         NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    source       varchar(100) NOT NULL,
    source_url   varchar(500),
    claim        jsonb        NOT NULL,
    retrieved_at timestamptz  NOT NULL DEFAULT now(),
    created_at   timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT price_claims_one_per_retrieval UNIQUE (model_id, source, retrieved_at),
    CONSTRAINT price_claims_source_is_named CHECK (source <> ''),
    CONSTRAINT price_claims_url_is_http CHECK (source_url ~ '^https?://[^\s]+$'),
    CONSTRAINT price_claims_claim_is_an_object CHECK (jsonb_typeof(claim) = 'object')
);
COMMENT ON TABLE catalogue.price_claims IS 'pricing: global: what each source says that a model costs; sources disagree, and a price names the claim it was taken from.';
COMMENT ON COLUMN catalogue.price_claims.claim IS 'As the source states it, in its own words and units.';

CREATE TABLE catalogue.pricing (
    id                      uuid            PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id                uuid            NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    tier                    varchar(50)     NOT NULL,
    service_tier            varchar(50)     NOT NULL DEFAULT 'default',
    region                  varchar(20),
    currency                varchar(3)      NOT NULL DEFAULT 'USD',
    min_input_tokens        integer         NOT NULL DEFAULT 0,
    input_per_million       numeric(18, 10),
    output_per_million      numeric(18, 10),
    cache_read_per_million  numeric(18, 10),
    cache_write_per_million numeric(18, 10),
    reasoning_per_million   numeric(18, 10),
    image_per_unit          numeric(18, 10),
    audio_per_minute        numeric(18, 10),
    video_per_minute        numeric(18, 10),
    fine_tuning_per_million numeric(18, 10),
    volume_discounts        jsonb           NOT NULL DEFAULT '[]',
    effective_from          date            NOT NULL,
    effective_to            date,
    claim_id                uuid            REFERENCES catalogue.price_claims ON DELETE SET NULL,
    superseded_at           timestamptz,
    metadata                jsonb           NOT NULL DEFAULT '{}',
    created_at              timestamptz     NOT NULL DEFAULT now(),
    CONSTRAINT pricing_tiers_are_plain CHECK (
        tier ~ '^[a-z0-9]+([_-][a-z0-9]+)*$' AND service_tier ~ '^[a-z0-9]+([_-][a-z0-9]+)*$'
    ),
    CONSTRAINT pricing_region_is_named CHECK (region <> ''),
    CONSTRAINT pricing_currency_is_a_code CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT pricing_threshold_is_not_negative CHECK (min_input_tokens >= 0),
    CONSTRAINT pricing_is_not_negative CHECK (
        least(input_per_million, output_per_million, cache_read_per_million, cache_write_per_million, reasoning_per_million,
              image_per_unit, audio_per_minute, video_per_minute, fine_tuning_per_million) >= 0
    ),
    CONSTRAINT pricing_volume_discounts_is_a_list CHECK (jsonb_typeof(volume_discounts) = 'array'),
    CONSTRAINT pricing_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT pricing_ends_after_it_begins CHECK (effective_to > effective_from),
    CONSTRAINT pricing_superseded_after_created CHECK (superseded_at >= created_at),
    -- Errata: prices overlapped, and a region that is null was equal to nothing.
    CONSTRAINT pricing_one_price_a_day EXCLUDE USING gist (
        catalogue.key_of(model_id::text, tier, service_tier, region, currency, min_input_tokens::text) WITH =,
        daterange(effective_from, effective_to) WITH &&
    ) WHERE (superseded_at IS NULL)
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
CREATE INDEX idx_pricing_model ON catalogue.pricing (model_id);
CREATE INDEX idx_pricing_region ON catalogue.pricing (region);
CREATE INDEX idx_pricing_effective ON catalogue.pricing (effective_from, effective_to);
CREATE INDEX pricing_by_claim ON catalogue.pricing (claim_id) WHERE claim_id IS NOT NULL;

-- benchmarks ---------------------------------------------------------------

CREATE TABLE catalogue.benchmark_suites (
    id              uuid           PRIMARY KEY DEFAULT gen_random_uuid(),
    slug            varchar(50)    NOT NULL,
    name            varchar(100)   NOT NULL,
    description     jsonb,
    category        varchar(50),
    version         varchar(20),
    evaluation_type varchar(50),
    max_score       numeric(10, 4),
    scoring_method  varchar(50),
    metadata        jsonb          NOT NULL DEFAULT '{}',
    created_at      timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT benchmark_suites_one_per_slug UNIQUE (slug),
    CONSTRAINT benchmark_suites_slug_is_plain CHECK (slug ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'),
    CONSTRAINT benchmark_suites_name_is_given CHECK (name <> ''),
    CONSTRAINT benchmark_suites_description_is_localized CHECK (catalogue.is_localized(description)),
    CONSTRAINT benchmark_suites_max_score_is_positive CHECK (max_score > 0),
    CONSTRAINT benchmark_suites_scoring_is_known CHECK (scoring_method IN ('percentage', 'raw_score', 'percentile', 'rating')),
    CONSTRAINT benchmark_suites_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);
COMMENT ON TABLE catalogue.benchmark_suites IS 'benchmarks: global: published benchmarks, each version on its own.';
COMMENT ON COLUMN catalogue.benchmark_suites.category IS 'reasoning, code, language, multimodal, …';
COMMENT ON COLUMN catalogue.benchmark_suites.evaluation_type IS 'accuracy, performance, safety, …';
COMMENT ON COLUMN catalogue.benchmark_suites.scoring_method IS 'What score_raw is: a percentage, points of max_score, a percentile, or a rating without an upper end.';
CREATE INDEX idx_benchmarks_category ON catalogue.benchmark_suites (category);

CREATE TABLE catalogue.benchmark_scores (
    id                uuid           PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id          uuid           NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    suite_id          uuid           NOT NULL REFERENCES catalogue.benchmark_suites ON DELETE CASCADE,
    variant           varchar(100)   NOT NULL DEFAULT '',
    score_raw         numeric(10, 4) NOT NULL,
    score_normalized  numeric(5, 2),
    score_low         numeric(10, 4),
    score_high        numeric(10, 4),
    sample_count      integer,
    percentile        integer,
    evaluation_date   date           NOT NULL,
    evaluation_commit varchar(100),
    harness           varchar(100),
    source_url        varchar(500),
    configuration     jsonb          NOT NULL DEFAULT '{}',
    notes             text,
    is_official       boolean        NOT NULL DEFAULT false,
    created_at        timestamptz    NOT NULL DEFAULT now(),
    CONSTRAINT benchmark_scores_one_per_day UNIQUE (model_id, suite_id, evaluation_date, variant),
    CONSTRAINT benchmark_scores_normalized_is_a_percentage CHECK (score_normalized BETWEEN 0 AND 100),
    CONSTRAINT benchmark_scores_percentile_is_one CHECK (percentile BETWEEN 0 AND 100),
    CONSTRAINT benchmark_scores_interval_holds_the_score CHECK (score_low <= score_raw AND score_raw <= score_high),
    CONSTRAINT benchmark_scores_sample_is_positive CHECK (sample_count > 0),
    CONSTRAINT benchmark_scores_url_is_http CHECK (source_url ~ '^https?://[^\s]+$'),
    CONSTRAINT benchmark_scores_configuration_is_an_object CHECK (jsonb_typeof(configuration) = 'object')
);
COMMENT ON TABLE catalogue.benchmark_scores IS 'benchmarks: global: how models did in benchmarks, as published or as measured.';
COMMENT ON COLUMN catalogue.benchmark_scores.variant IS 'What sets two scores of one day apart, such as the effort of reasoning; empty: nothing.';
COMMENT ON COLUMN catalogue.benchmark_scores.score_raw IS 'As the suite''s scoring_method says.';
COMMENT ON COLUMN catalogue.benchmark_scores.score_normalized IS 'From 0 to 100.';
COMMENT ON COLUMN catalogue.benchmark_scores.score_low IS 'The 95 % interval of score_raw, where it is known, with score_high.';
COMMENT ON COLUMN catalogue.benchmark_scores.percentile IS 'The share of models, in percent, that did no better.';
COMMENT ON COLUMN catalogue.benchmark_scores.is_official IS 'Published by whoever keeps the benchmark.';
CREATE INDEX idx_scores_model ON catalogue.benchmark_scores (model_id);
CREATE INDEX idx_scores_suite ON catalogue.benchmark_scores (suite_id);
CREATE INDEX idx_scores_date ON catalogue.benchmark_scores (evaluation_date DESC);

-- news ---------------------------------------------------------------------

CREATE TABLE catalogue.news_articles (
    id                uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    slug              varchar(200) NOT NULL,
    title             jsonb        NOT NULL,
    summary           jsonb,
    content           jsonb,
    author_id         uuid         REFERENCES platform.users ON DELETE SET NULL,
    category          varchar(50),
    tags              text[]       NOT NULL DEFAULT '{}',
    source_url        varchar(500),
    image_url         varchar(500),
    published_at      timestamptz,
    locale_primary    varchar(10)  NOT NULL DEFAULT 'en-US',
    available_locales text[]       NOT NULL DEFAULT '{}',
    view_count        integer      NOT NULL DEFAULT 0,
    is_featured       boolean      NOT NULL DEFAULT false,
    metadata          jsonb        NOT NULL DEFAULT '{}',
    created_at        timestamptz  NOT NULL DEFAULT now(),
    updated_at        timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT news_articles_one_per_slug UNIQUE (slug),
    CONSTRAINT news_articles_slug_is_plain CHECK (slug ~ '^[a-z0-9]+([._-][a-z0-9]+)*$'),
    CONSTRAINT news_articles_texts_are_localized CHECK (
        catalogue.is_localized(title) AND catalogue.is_localized(summary) AND catalogue.is_localized(content)
    ),
    CONSTRAINT news_articles_locale_is_a_tag CHECK (locale_primary ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    CONSTRAINT news_articles_url_is_http CHECK (source_url ~ '^https?://[^\s]+$'),
    CONSTRAINT news_articles_view_count_is_not_negative CHECK (view_count >= 0),
    CONSTRAINT news_articles_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);
COMMENT ON TABLE catalogue.news_articles IS 'news: global: what happened to models; without published_at it is a draft.';
COMMENT ON COLUMN catalogue.news_articles.content IS 'Markdown, by locale; titles and summaries by locale too.';
CREATE INDEX idx_news_published ON catalogue.news_articles (published_at DESC);
CREATE INDEX idx_news_category ON catalogue.news_articles (category);
CREATE INDEX idx_news_tags ON catalogue.news_articles USING gin (tags);
CREATE INDEX idx_news_locale ON catalogue.news_articles (locale_primary);
CREATE INDEX news_articles_by_author ON catalogue.news_articles (author_id) WHERE author_id IS NOT NULL;

CREATE TABLE catalogue.news_model_mentions (
    news_id      uuid        NOT NULL REFERENCES catalogue.news_articles ON DELETE CASCADE,
    model_id     uuid        NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    mention_type varchar(50),
    PRIMARY KEY (news_id, model_id),
    CONSTRAINT news_model_mentions_type_is_known CHECK (mention_type IN ('primary', 'comparison', 'brief'))
);
COMMENT ON TABLE catalogue.news_model_mentions IS 'news: global: which models an article speaks of, and how much.';
CREATE INDEX news_model_mentions_by_model ON catalogue.news_model_mentions (model_id);

-- status -------------------------------------------------------------------

-- Great circles on a sphere of the earth's mean radius (IUGG: 6371.0088 km), by
-- the haversine formula (Sinnott, "Virtues of the Haversine", 1984): within
-- 0.6 % of the ellipsoid, also where two points are close. Degrees in,
-- kilometres out.
CREATE FUNCTION catalogue.distance_km(
    from_latitude double precision, from_longitude double precision, to_latitude double precision, to_longitude double precision
) RETURNS double precision
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN 2 * 6371.0088 * asin(sqrt(least(1,
        power(sind((to_latitude - from_latitude) / 2), 2)
        + cosd(from_latitude) * cosd(to_latitude) * power(sind((to_longitude - from_longitude) / 2), 2)
    )));

CREATE TABLE catalogue.probe_locations (
    id         uuid             PRIMARY KEY DEFAULT gen_random_uuid(),
    name       varchar(50)      NOT NULL,
    region     varchar(20)      NOT NULL,
    latitude   double precision NOT NULL,
    longitude  double precision NOT NULL,
    is_active  boolean          NOT NULL DEFAULT true,
    created_at timestamptz      NOT NULL DEFAULT now(),
    updated_at timestamptz      NOT NULL DEFAULT now(),
    CONSTRAINT probe_locations_one_per_name UNIQUE (name),
    CONSTRAINT probe_locations_names_are_given CHECK (name <> '' AND region <> ''),
    CONSTRAINT probe_locations_are_on_earth CHECK (latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180)
);
COMMENT ON TABLE catalogue.probe_locations IS 'status: global: where probes are sent from; status_probes.probe_location is one of their names, or a place that is not ours.';
COMMENT ON COLUMN catalogue.probe_locations.latitude IS 'Degrees north; longitude: degrees east.';

CREATE TABLE store.status_probes (
    "time"                   timestamptz   NOT NULL DEFAULT now(),
    model_id                 uuid          NOT NULL REFERENCES catalogue.models ON DELETE CASCADE,
    region                   varchar(20)   NOT NULL,
    probe_location           varchar(50)   NOT NULL DEFAULT 'unknown',
    availability             numeric(5, 2),
    latency_p50              integer,
    latency_p95              integer,
    latency_p99              integer,
    error_rate               numeric(5, 2),
    error_types              jsonb         NOT NULL DEFAULT '{}',
    requests_per_minute      integer,
    tokens_per_minute        bigint,
    status_code_distribution jsonb         NOT NULL DEFAULT '{}',
    window_seconds           integer       NOT NULL DEFAULT 60,
    metadata                 jsonb         NOT NULL DEFAULT '{}',
    PRIMARY KEY (model_id, region, probe_location, "time"),
    CONSTRAINT status_probes_rates_are_percentages CHECK (availability BETWEEN 0 AND 100 AND error_rate BETWEEN 0 AND 100),
    CONSTRAINT status_probes_latencies_rise CHECK (
        latency_p50 >= 0 AND latency_p95 >= COALESCE(latency_p50, 0) AND latency_p99 >= COALESCE(latency_p95, latency_p50, 0)
    ),
    CONSTRAINT status_probes_counts_are_not_negative CHECK (requests_per_minute >= 0 AND tokens_per_minute >= 0),
    CONSTRAINT status_probes_window_is_positive CHECK (window_seconds > 0)
) PARTITION BY RANGE ("time");
COMMENT ON TABLE store.status_probes IS 'status: global: what each probe of a model found, by region and place.';
COMMENT ON COLUMN store.status_probes.availability IS 'Percent of requests that were answered; error_rate: percent that failed.';
COMMENT ON COLUMN store.status_probes.latency_p50 IS 'Milliseconds, as latency_p95 and latency_p99.';
COMMENT ON COLUMN store.status_probes.window_seconds IS 'How long the probe looked: requests are requests_per_minute × window_seconds / 60, and only they can be added up.';
CREATE INDEX idx_probes_model_time ON store.status_probes (model_id, "time" DESC);
CREATE INDEX idx_probes_region_time ON store.status_probes (region, "time" DESC);
SELECT platform.create_series(
    'status_probes', 'time', step => '1 month', retention => '90 days', chunk => '1 day', compress_after => '3 days',
    segment_by => '{model_id, region}', order_by => '"time" DESC, probe_location'
);

CREATE VIEW catalogue.status_probes AS
    SELECT "time", model_id, region, probe_location, availability, latency_p50, latency_p95, latency_p99,
           error_rate, error_types, requests_per_minute, tokens_per_minute, status_code_distribution, metadata, window_seconds
      FROM store.status_probes;
COMMENT ON VIEW catalogue.status_probes IS 'status: global: what each probe of a model found; everybody may look.';

CREATE TABLE catalogue.incidents (
    id                 uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    model_id           uuid         REFERENCES catalogue.models ON DELETE CASCADE,
    provider_id        uuid         REFERENCES catalogue.providers ON DELETE CASCADE,
    regions            text[]       NOT NULL DEFAULT '{}',
    severity           varchar(20)  NOT NULL,
    status             varchar(20)  NOT NULL,
    title              varchar(500) NOT NULL,
    description        text,
    impact_description text,
    started_at         timestamptz  NOT NULL,
    identified_at      timestamptz,
    resolved_at        timestamptz,
    postmortem_url     varchar(500),
    metadata           jsonb        NOT NULL DEFAULT '{}',
    created_at         timestamptz  NOT NULL DEFAULT now(),
    updated_at         timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT incidents_concern_something CHECK (num_nonnulls(model_id, provider_id) > 0),
    CONSTRAINT incidents_severity_is_known CHECK (severity IN ('minor', 'major', 'critical')),
    CONSTRAINT incidents_status_is_known CHECK (status IN ('investigating', 'identified', 'monitoring', 'resolved')),
    CONSTRAINT incidents_title_is_given CHECK (title <> ''),
    CONSTRAINT incidents_end_is_recorded CHECK ((status = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT incidents_go_forward CHECK (identified_at >= started_at AND resolved_at >= started_at),
    CONSTRAINT incidents_url_is_http CHECK (postmortem_url ~ '^https?://[^\s]+$'),
    CONSTRAINT incidents_metadata_is_an_object CHECK (jsonb_typeof(metadata) = 'object')
);
COMMENT ON TABLE catalogue.incidents IS 'status: global: when a model or all of a provider did not work as it should.';
COMMENT ON COLUMN catalogue.incidents.regions IS 'Empty: everywhere, or not known.';
CREATE INDEX idx_incidents_model ON catalogue.incidents (model_id);
CREATE INDEX idx_incidents_provider ON catalogue.incidents (provider_id);
CREATE INDEX idx_incidents_time ON catalogue.incidents (started_at DESC);
CREATE INDEX idx_incidents_status ON catalogue.incidents (status) WHERE status <> 'resolved';

-- who may do what ----------------------------------------------------------
-- Everybody reads, curators write; what is measured comes from the scheduler as well.

GRANT SELECT ON
    catalogue.providers, catalogue.models, catalogue.model_aliases, catalogue.model_endpoints, catalogue.documentation,
    catalogue.price_claims, catalogue.pricing, catalogue.benchmark_suites, catalogue.benchmark_scores,
    catalogue.news_articles, catalogue.news_model_mentions, catalogue.probe_locations, catalogue.status_probes, catalogue.incidents
    TO guildhall_app, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;
GRANT INSERT, UPDATE, DELETE ON
    catalogue.providers, catalogue.models, catalogue.model_aliases, catalogue.model_endpoints, catalogue.documentation,
    catalogue.price_claims, catalogue.pricing, catalogue.benchmark_suites, catalogue.benchmark_scores,
    catalogue.news_articles, catalogue.news_model_mentions, catalogue.probe_locations, catalogue.status_probes, catalogue.incidents
    TO guildhall_curator;
GRANT INSERT ON catalogue.status_probes TO guildhall_scheduler;
GRANT INSERT, UPDATE ON catalogue.incidents TO guildhall_scheduler;
REVOKE INSERT ON store.status_probes FROM guildhall_app;
GRANT EXECUTE ON FUNCTION platform.ensure_partitions(text, timestamptz, timestamptz) TO guildhall_curator;

-- what is kept up to date, and what is audited -------------------------------

CREATE TRIGGER update_providers_updated_at BEFORE UPDATE ON catalogue.providers
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_models_updated_at BEFORE UPDATE ON catalogue.models
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_documentation_updated_at BEFORE UPDATE ON catalogue.documentation
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_news_articles_updated_at BEFORE UPDATE ON catalogue.news_articles
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_probe_locations_updated_at BEFORE UPDATE ON catalogue.probe_locations
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_incidents_updated_at BEFORE UPDATE ON catalogue.incidents
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

CREATE TRIGGER providers_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.providers
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER models_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.models
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('search_vector');
CREATE TRIGGER model_aliases_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.model_aliases
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER model_endpoints_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.model_endpoints
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER documentation_is_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.documentation
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER pricing_is_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.pricing
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER benchmark_suites_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.benchmark_suites
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER benchmark_scores_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.benchmark_scores
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER news_articles_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.news_articles
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('content');
CREATE TRIGGER news_model_mentions_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.news_model_mentions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER probe_locations_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.probe_locations
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER incidents_are_audited AFTER INSERT OR UPDATE OR DELETE ON catalogue.incidents
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
