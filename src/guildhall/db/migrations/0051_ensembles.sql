-- Ensembles: several models that answer one call. Which ones, kept under a name;
-- how each call was decided, and every ballot, so that anybody can count again.

CREATE TABLE gateway.ensembles (
    id         uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id  uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    name       varchar(255) NOT NULL,
    config     jsonb        NOT NULL,
    created_by uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    created_at timestamptz  NOT NULL DEFAULT now(),
    updated_at timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT ensembles_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT ensembles_name_is_one CHECK (name <> '' AND name !~ '[/[:space:]]'),
    CONSTRAINT ensembles_config_is_an_object CHECK (jsonb_typeof(config) = 'object')
);
COMMENT ON TABLE gateway.ensembles IS 'ensembles: tenant: which models answer together under a name, and how one answer is made of theirs.';
COMMENT ON COLUMN gateway.ensembles.config IS 'strategy, members with weights, judge, quorum …, as the docs of the gateway say them.';
CREATE INDEX ensembles_by_person ON gateway.ensembles (created_by);
CREATE TRIGGER ensembles_are_dated BEFORE UPDATE ON gateway.ensembles
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER ensembles_are_revised AFTER INSERT OR UPDATE OR DELETE ON gateway.ensembles
    FOR EACH ROW EXECUTE FUNCTION gateway.note_revision();
CREATE TRIGGER changes_are_audited AFTER INSERT OR UPDATE OR DELETE ON gateway.ensembles
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
SELECT platform.isolate('gateway.ensembles');
GRANT SELECT, INSERT, UPDATE (config, updated_at), DELETE ON gateway.ensembles TO guildhall_app;
SELECT platform.write_recorder('gateway.ensembles');

-- votes -----------------------------------------------------------------------

-- Both stand beside the call: in the same month, under its id and its time.
CREATE TABLE store.ensemble_votes (
    request_id  uuid          NOT NULL,
    tenant_id   uuid          NOT NULL DEFAULT platform.tenant_id(),
    created_at  timestamptz   NOT NULL,
    ensemble    varchar(255),
    strategy    varchar(50)   NOT NULL,
    rule        varchar(50),
    winner      varchar(10),
    winners     text[]        NOT NULL DEFAULT '{}',
    scores      jsonb         NOT NULL DEFAULT '{}',
    others      jsonb         NOT NULL DEFAULT '{}',
    selected_id uuid,
    confidence  numeric(5, 4),
    stopped     varchar(50)   NOT NULL,
    fallback    varchar(50),
    PRIMARY KEY (request_id, created_at),
    CONSTRAINT ensemble_votes_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1),
    CONSTRAINT ensemble_votes_stop_is_known CHECK (stopped IN ('all_in', 'decided', 'deadline'))
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.ensemble_votes IS 'ensembles: tenant: how an ensemble''s call was decided; it is never changed.';
COMMENT ON COLUMN store.ensemble_votes.created_at IS 'The call''s: with request_id its key.';
COMMENT ON COLUMN store.ensemble_votes.ensemble IS 'The name under which the ensemble was asked; null where the call brought its configuration along.';
COMMENT ON COLUMN store.ensemble_votes.rule IS 'What was counted by; null where a judge wrote the answer.';
COMMENT ON COLUMN store.ensemble_votes.winners IS 'Letters of answers; several are a tie, of which winner is the one whose first voter stands first.';
COMMENT ON COLUMN store.ensemble_votes.selected_id IS 'Whose answer the caller was given, in llm_responses.';
COMMENT ON COLUMN store.ensemble_votes.fallback IS 'Why the judge did not decide, where one should have: what was counted instead is the members'' own answers.';
CREATE INDEX ensemble_votes_by_name ON store.ensemble_votes (tenant_id, ensemble, created_at DESC) WHERE ensemble IS NOT NULL;
SELECT platform.create_series('ensemble_votes', 'created_at', step => '1 month', retention => '90 days', chunk => '1 day');

CREATE TABLE store.ensemble_ballots (
    request_id    uuid           NOT NULL,
    tenant_id     uuid           NOT NULL DEFAULT platform.tenant_id(),
    created_at    timestamptz    NOT NULL,
    layer         smallint       NOT NULL DEFAULT 1,
    voter         varchar(255)   NOT NULL,
    place         smallint       NOT NULL,
    state         varchar(50)    NOT NULL,
    weight        numeric(18, 6) NOT NULL DEFAULT 1,
    option        varchar(10),
    ranking       text[]         NOT NULL DEFAULT '{}',
    grades        jsonb          NOT NULL DEFAULT '{}',
    response_id   uuid,
    vote_id       uuid,
    answer_sha256 text,
    error_code    text,
    PRIMARY KEY (request_id, layer, voter, created_at),
    CONSTRAINT ensemble_ballots_layer_is_positive CHECK (layer > 0),
    CONSTRAINT ensemble_ballots_state_is_known CHECK (state IN ('cast', 'abstained', 'failed', 'late')),
    CONSTRAINT ensemble_ballots_weight_is_not_negative CHECK (weight >= 0),
    CONSTRAINT ensemble_ballots_answer_is_hex CHECK (answer_sha256 ~ '^[0-9a-f]{64}$')
) PARTITION BY RANGE (created_at);
COMMENT ON TABLE store.ensemble_ballots IS 'ensembles: tenant: who was asked in an ensemble''s call and what each brought to the vote; never changed.';
COMMENT ON COLUMN store.ensemble_ballots.created_at IS 'The call''s: with request_id its key.';
COMMENT ON COLUMN store.ensemble_ballots.place IS 'Where the voter stands among the members; ties go to the answer whose first voter stands first.';
COMMENT ON COLUMN store.ensemble_ballots.option IS 'The letter of the voter''s own answer; equal answers have one. Letters are drawn by lot, by the call''s id.';
COMMENT ON COLUMN store.ensemble_ballots.ranking IS 'Letters, the best first: as members rank all answers, or a judge''s choice.';
COMMENT ON COLUMN store.ensemble_ballots.grades IS 'Grades by letter, in thousandths of the highest: a judge''s, or a scorer''s.';
COMMENT ON COLUMN store.ensemble_ballots.vote_id IS 'The response in which the voter ranked or judged, where that was asked for apart.';
COMMENT ON COLUMN store.ensemble_ballots.answer_sha256 IS 'The digest of the answer as votes compare it; null where the ledger keeps nothing of what was said.';
SELECT platform.create_series('ensemble_ballots', 'created_at', step => '1 month', retention => '90 days', chunk => '1 day');

REVOKE ALL ON store.ensemble_votes, store.ensemble_ballots FROM guildhall_app; -- the gateway's writer alone adds to them
GRANT INSERT ON store.ensemble_votes, store.ensemble_ballots TO guildhall_writer;
SELECT platform.create_ledger('ensemble_votes', 'created_at', view_name => 'gateway.ensemble_votes', by_the_clock => false);
SELECT platform.create_ledger('ensemble_ballots', 'created_at', view_name => 'gateway.ensemble_ballots', by_the_clock => false);

CREATE VIEW gateway.ensemble_votes AS
    SELECT request_id, tenant_id, created_at, ensemble, strategy, rule, winner, winners, scores, others, selected_id,
           confidence, stopped, fallback, epoch, transaction_id, digest, redaction_id
      FROM store.ensemble_votes
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW gateway.ensemble_votes IS 'ensembles: tenant: how the team''s own calls of ensembles were decided.';
CREATE VIEW gateway.ensemble_ballots AS
    SELECT request_id, tenant_id, created_at, layer, voter, place, state, weight, option, ranking, grades, response_id,
           vote_id, answer_sha256, error_code, epoch, transaction_id, digest, redaction_id
      FROM store.ensemble_ballots
     WHERE tenant_id = (SELECT platform.tenant_id())
      WITH CASCADED CHECK OPTION;
COMMENT ON VIEW gateway.ensemble_ballots IS 'ensembles: tenant: the ballots of the team''s own calls of ensembles.';
GRANT SELECT ON gateway.ensemble_votes, gateway.ensemble_ballots TO guildhall_app;

-- Which of several answers a call was given, and how sure the vote is of it.
GRANT SELECT (id, created_at), UPDATE (selected, confidence) ON store.llm_responses TO guildhall_writer;

-- Grants and people's windows, as platform.settle_grants would make them; it would make all others anew as well.
GRANT SELECT ON gateway.ensembles, gateway.ensemble_votes, gateway.ensemble_ballots TO guildhall_reader;
GRANT SELECT ON gateway.ensembles TO guildhall_person;
CREATE POLICY rows_belong_to_the_persons_team ON gateway.ensembles FOR SELECT TO guildhall_person
    USING (tenant_id = (SELECT platform.login_tenant()));
DO $$
DECLARE
    path CONSTANT text := current_setting('search_path');
    name text;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog, pg_temp', true); -- so that functions are written out with their schema
    FOREACH name IN ARRAY ARRAY['ensemble_votes', 'ensemble_ballots'] LOOP
        EXECUTE format(
            'CREATE VIEW mine.%I WITH (security_barrier) AS %s', name,
            rtrim(replace(pg_get_viewdef(format('gateway.%I', name)::regclass), 'platform.tenant_id()', 'platform.login_tenant()'), '; ')
        );
        EXECUTE format('COMMENT ON VIEW mine.%I IS %L', name, obj_description(format('gateway.%I', name)::regclass));
        EXECUTE format('GRANT SELECT ON mine.%I TO guildhall_person', name);
    END LOOP;
    PERFORM set_config('search_path', path, true);
END
$$;
