-- name: price
-- The standard price everywhere, on a day.
SELECT pricing.min_input_tokens, pricing.input_per_million, pricing.output_per_million, pricing.cache_read_per_million,
       pricing.cache_write_per_million, pricing.reasoning_per_million
  FROM catalogue.models
  JOIN catalogue.pricing ON pricing.model_id = models.id
 WHERE models.slug = :slug
   AND pricing.superseded_at IS NULL
   AND pricing.tier = 'standard'
   AND pricing.service_tier = 'default'
   AND pricing.region IS NULL
   AND pricing.currency = 'USD'
   AND daterange(pricing.effective_from, pricing.effective_to) @> :day::date
 ORDER BY pricing.min_input_tokens;

-- name: has_prices
SELECT EXISTS (
    SELECT FROM catalogue.pricing JOIN catalogue.models ON models.id = pricing.model_id WHERE models.slug = :slug
);

-- name: keep_prices
WITH claimed AS (
    INSERT INTO catalogue.price_claims (model_id, source, source_url, claim)
    SELECT models.id, :source, :source_url, :claim FROM catalogue.models WHERE models.slug = :slug
        ON CONFLICT DO NOTHING
    RETURNING id, model_id
)
INSERT INTO catalogue.pricing (
    model_id, tier, min_input_tokens, input_per_million, output_per_million, cache_read_per_million, cache_write_per_million,
    reasoning_per_million, effective_from, claim_id
)
SELECT claimed.model_id, 'standard', rows.least, rows.input, rows.output, rows.cache_read, rows.cache_write, rows.reasoning,
       :effective_from, claimed.id
  FROM claimed
 CROSS JOIN unnest(
           :leasts::integer[], :inputs::numeric[], :outputs::numeric[], :reads::numeric[], :writes::numeric[], :reasonings::numeric[]
       ) AS rows (least, input, output, cache_read, cache_write, reasoning)
    ON CONFLICT DO NOTHING;
