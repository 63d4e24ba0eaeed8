REVOKE SELECT (id, created_at), UPDATE (selected, confidence) ON store.llm_responses FROM guildhall_writer;
DROP VIEW mine.ensemble_votes, mine.ensemble_ballots;
DROP VIEW gateway.ensemble_votes, gateway.ensemble_ballots;
SELECT platform.drop_ledger('ensemble_ballots');
SELECT platform.drop_ledger('ensemble_votes');
DROP TABLE store.ensemble_ballots, store.ensemble_votes;
DELETE FROM platform.series WHERE name IN ('ensemble_votes', 'ensemble_ballots');
DROP TABLE gateway.ensembles;
DROP FUNCTION store.record_gateway_ensembles();
