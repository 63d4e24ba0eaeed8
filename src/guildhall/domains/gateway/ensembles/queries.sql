-- name: ensembles
SELECT id, name, config, created_at, updated_at FROM gateway.ensembles ORDER BY name;

-- name: insert_ensemble
INSERT INTO gateway.ensembles (name, config) VALUES (:name, :config) RETURNING id;

-- name: update_ensemble
UPDATE gateway.ensembles SET config = :config WHERE name = :name;

-- name: delete_ensemble
DELETE FROM gateway.ensembles WHERE name = :name;

-- name: insert_votes
INSERT INTO store.ensemble_votes (
    request_id, tenant_id, created_at, ensemble, strategy, rule, winner, winners, scores, others, selected_id, confidence, stopped,
    fallback
)
SELECT rows.request_id, rows.tenant_id, rows.created_at, rows.ensemble, rows.strategy, rows.rule, rows.winner,
       ARRAY(SELECT jsonb_array_elements_text(rows.winners)), rows.scores, rows.others, rows.selected_id, rows.confidence,
       rows.stopped, rows.fallback
  FROM unnest(
           :requests::uuid[], :tenants::uuid[], :times::timestamptz[], :ensembles::text[], :strategies::text[], :rules::text[],
           :winners::text[], :shares::jsonb[], :scores::jsonb[], :others::jsonb[], :selected::uuid[], :confidences::numeric[],
           :stops::text[], :fallbacks::text[]
       ) AS rows (
           request_id, tenant_id, created_at, ensemble, strategy, rule, winner, winners, scores, others, selected_id, confidence,
           stopped, fallback
       )
    ON CONFLICT DO NOTHING;

-- name: insert_ballots
INSERT INTO store.ensemble_ballots (
    request_id, tenant_id, created_at, layer, voter, place, state, weight, option, ranking, grades, response_id, vote_id,
    answer_sha256, error_code
)
SELECT rows.request_id, rows.tenant_id, rows.created_at, rows.layer, rows.voter, rows.place, rows.state, rows.weight, rows.option,
       ARRAY(SELECT jsonb_array_elements_text(rows.ranking)), rows.grades, rows.response_id, rows.vote_id, rows.answer_sha256,
       rows.error_code
  FROM unnest(
           :requests::uuid[], :tenants::uuid[], :times::timestamptz[], :layers::smallint[], :voters::text[], :places::smallint[],
           :states::text[], :weights::numeric[], :options::text[], :rankings::jsonb[], :grades::jsonb[], :responses::uuid[],
           :votes::uuid[], :answers::text[], :codes::text[]
       ) AS rows (
           request_id, tenant_id, created_at, layer, voter, place, state, weight, option, ranking, grades, response_id, vote_id,
           answer_sha256, error_code
       )
    ON CONFLICT DO NOTHING;

-- name: vote
SELECT request_id, created_at, tenant_id, ensemble, strategy, rule, winner, winners, scores, selected_id, confidence, stopped,
       fallback, others
  FROM gateway.ensemble_votes
 WHERE request_id = :request_id AND created_at = :created_at;

-- name: ballots
SELECT voter, place, state, weight, layer, option, ranking, grades, response_id, vote_id, answer_sha256, error_code
  FROM gateway.ensemble_ballots
 WHERE request_id = :request_id AND created_at = :created_at
 ORDER BY layer, place, voter;

-- name: answers
-- What members of an ensemble have answered in these calls, those included who came too late to be counted.
SELECT ballots.request_id, ballots.voter, ballots.answer_sha256
  FROM gateway.ensemble_votes AS votes
  JOIN gateway.ensemble_ballots AS ballots ON ballots.request_id = votes.request_id AND ballots.created_at = votes.created_at
 WHERE votes.ensemble = :ensemble
   AND votes.request_id = ANY (:requests::uuid[])
   AND votes.created_at BETWEEN :first AND :last
   AND ballots.layer = 1
   AND ballots.answer_sha256 IS NOT NULL
 ORDER BY ballots.request_id, ballots.place;
