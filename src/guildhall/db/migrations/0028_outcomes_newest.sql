-- A team's newest outcomes, and the page behind any of them, without reading the others.

CREATE INDEX idx_outcomes_newest ON store.outcomes (tenant_id, execution_time DESC, outcome_id DESC);
