-- name: keep_provider
INSERT INTO catalogue.providers (slug, name) VALUES (:slug, :name) ON CONFLICT (slug) DO NOTHING;

-- name: keep_model
INSERT INTO catalogue.models (provider_id, slug, name)
SELECT providers.id, :slug, jsonb_build_object('en-US', :name::text) FROM catalogue.providers WHERE providers.slug = :provider
    ON CONFLICT (slug) DO NOTHING;
