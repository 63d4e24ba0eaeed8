-- The ballots of a debate: who voted how, before the debate and after it, so
-- that anybody can count again.

CREATE TABLE gateway.debate_ballots (
    tenant_id      uuid           NOT NULL DEFAULT platform.tenant_id(),
    session_id     uuid           NOT NULL,
    vote           varchar(50)    NOT NULL,
    participant_id varchar(255)   NOT NULL,
    ranking        jsonb          NOT NULL,
    weight         numeric(18, 6) NOT NULL DEFAULT 1,
    created_at     timestamptz    NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, session_id, vote, participant_id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES gateway.debate_sessions (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT debate_ballots_vote_is_known CHECK (vote IN ('plain', 'final')),
    CONSTRAINT debate_ballots_ranking_is_a_list CHECK (jsonb_typeof(ranking) = 'array'),
    CONSTRAINT debate_ballots_weight_is_not_negative CHECK (weight >= 0)
);
COMMENT ON TABLE gateway.debate_ballots IS 'debates: tenant: every ballot of a debate, as it was cast; it is never changed.';
COMMENT ON COLUMN gateway.debate_ballots.vote IS 'plain: on the first answers, which nobody else had seen; final: after the last round.';
COMMENT ON COLUMN gateway.debate_ballots.ranking IS 'Positions, the best first; an empty list abstains.';
COMMENT ON COLUMN gateway.debate_ballots.weight IS 'What the voice weighs by the weighted method; by the others each counts as one.';

SELECT platform.isolate('gateway.debate_ballots');
GRANT SELECT, INSERT ON gateway.debate_ballots TO guildhall_app;

CREATE TRIGGER debate_ballots_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.debate_ballots
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
