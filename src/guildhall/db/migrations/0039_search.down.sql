DROP FUNCTION evaluation.active_teams();
DROP FUNCTION evaluation.found_by_words(text, text, boolean, integer);
DROP INDEX evaluation.scenarios_by_words;
DROP INDEX evaluation.config_versions_by_words;
DROP INDEX evaluation.outcome_embeddings_by_words;
ALTER TABLE evaluation.outcome_embeddings DROP COLUMN words;
