-- Answers kept under idempotency keys (draft-ietf-httpapi-idempotency-key-header):
-- a request that is sent twice is done once, because its key, its effect and its
-- answer are one transaction.

CREATE TABLE platform.idempotency_keys (
    tenant_id   uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id     uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    key         varchar(255) NOT NULL,
    fingerprint bytea        NOT NULL,
    status      smallint,
    headers     jsonb,
    body        bytea,
    created_at  timestamptz  NOT NULL DEFAULT now(),
    expires_at  timestamptz  NOT NULL,
    PRIMARY KEY (tenant_id, user_id, key),
    CONSTRAINT idempotency_keys_fingerprint_is_a_digest CHECK (octet_length(fingerprint) = 32),
    CONSTRAINT idempotency_keys_status_is_http CHECK (status BETWEEN 100 AND 599),
    CONSTRAINT idempotency_keys_headers_are_an_object CHECK (jsonb_typeof(headers) = 'object')
);
COMMENT ON TABLE platform.idempotency_keys IS 'replays: tenant: what was answered to requests, for a day, so that one that is sent twice is done once.';
COMMENT ON COLUMN platform.idempotency_keys.fingerprint IS 'SHA-256 of the method, the path and the body: the request that the key was made for.';
COMMENT ON COLUMN platform.idempotency_keys.body IS 'Null where the answer held a secret that is shown once.';
CREATE INDEX idx_idempotency_keys_user_id ON platform.idempotency_keys (user_id);
CREATE INDEX idx_idempotency_keys_expires_at ON platform.idempotency_keys (expires_at);

SELECT platform.isolate('platform.idempotency_keys');
CREATE POLICY functions_see_every_row ON platform.idempotency_keys TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY answers_are_the_persons_own ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_app, guildhall_reader
    USING (user_id = (SELECT platform.user_id()))
    WITH CHECK (user_id = (SELECT platform.user_id()));
CREATE POLICY not_for_people_who_write_sql ON platform.idempotency_keys AS RESTRICTIVE TO guildhall_person USING (false);
GRANT SELECT, INSERT (key, fingerprint, expires_at), UPDATE (fingerprint, status, headers, body, created_at, expires_at)
    ON platform.idempotency_keys TO guildhall_app;

CREATE FUNCTION platform.forget_idempotency_keys() RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    forgotten integer;
BEGIN
    DELETE FROM platform.idempotency_keys WHERE expires_at <= clock_timestamp();
    GET DIAGNOSTICS forgotten = ROW_COUNT;
    RETURN forgotten;
END
$$;
REVOKE ALL ON FUNCTION platform.forget_idempotency_keys() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.forget_idempotency_keys() TO guildhall_scheduler;

INSERT INTO platform.audit_exemptions (relation, reason) VALUES
    ('platform.idempotency_keys', 'answers, kept for a day; what the requests changed is audited itself');
