-- name: insert_session
INSERT INTO gateway.debate_sessions (
    id, topic, description, status, total_rounds, voting_method, positions, participants, metadata, started_at
) VALUES (
    :id, :topic, :description, :status, :total_rounds, :voting_method, :positions, :participants, :metadata, :started_at
);

-- name: start_session
UPDATE gateway.debate_sessions
   SET status = 'active', started_at = COALESCE(started_at, now())
 WHERE id = :id AND status IN ('pending', 'active');

-- name: insert_code_version
INSERT INTO gateway.code_versions (
    session_id, version_hash, branch, commit_message, files_changed, diff_summary, validation_status, test_results
) VALUES (
    :session_id, :version_hash, :branch, :commit_message, :files_changed, :diff_summary, :validation_status, :test_results
);

-- name: insert_turn
INSERT INTO gateway.debate_turns (
    id, session_id, round_number, turn_number, participant_id, position, content, raw_response, tokens_used,
    response_time, confidence
) VALUES (
    :id, :session_id, :round_number, :turn_number, :participant_id, :position, :content, :raw_response, :tokens_used,
    :response_time, :confidence
);

-- name: begin_round
UPDATE gateway.debate_sessions SET current_round = :round WHERE id = :id AND status = 'active';

-- name: insert_ballots
INSERT INTO gateway.debate_ballots (session_id, vote, participant_id, ranking, weight)
SELECT :session_id, ballots.vote, ballots.participant_id, ballots.ranking::jsonb, ballots.weight
  FROM unnest(:votes::text[], :participant_ids::text[], :rankings::text[], :weights::numeric[])
       AS ballots (vote, participant_id, ranking, weight);

-- name: end_session
UPDATE gateway.debate_sessions
   SET status = :status, final_winner = :final_winner, positions = :positions, metadata = metadata || :metadata,
       completed_at = now()
 WHERE id = :id AND status IN ('pending', 'active');

-- name: lost_debates
SELECT tenant_id, id FROM gateway.lost_debates();

-- name: debates
-- For lists (`db.listing`), which filter, sort and page.
SELECT id, topic, description, status, current_round, total_rounds, voting_method, positions, participants,
       final_winner, metadata, created_at, started_at, completed_at
  FROM gateway.debate_sessions;

-- name: find_debate
SELECT id, topic, description, status, current_round, total_rounds, voting_method, positions, participants,
       final_winner, metadata, created_at, started_at, completed_at
  FROM gateway.debate_sessions
 WHERE id = :id;

-- name: ids_like
SELECT id FROM gateway.debate_sessions WHERE id::text LIKE :beginning || '%' ORDER BY id LIMIT 10;

-- name: turns_of
SELECT round_number, turn_number, participant_id, position, content, raw_response, tokens_used, response_time,
       confidence, created_at
  FROM gateway.debate_turns
 WHERE session_id = :session_id
 ORDER BY round_number, turn_number;

-- name: turns_since
SELECT round_number, turn_number, participant_id, position, content, raw_response, tokens_used, response_time,
       confidence, created_at
  FROM gateway.debate_turns
 WHERE session_id = :session_id AND created_at >= :since
 ORDER BY created_at, round_number, turn_number;

-- name: ballots_of
SELECT vote, participant_id, ranking, weight
  FROM gateway.debate_ballots
 WHERE session_id = :session_id
 ORDER BY vote DESC, participant_id;

-- name: code_of
SELECT version_hash, branch, commit_message, files_changed, diff_summary, validation_status, test_results
  FROM gateway.code_versions
 WHERE session_id = :session_id
 ORDER BY created_at, version_hash;
