DROP INDEX store.idx_outcomes_newest;
