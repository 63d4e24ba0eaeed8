-- name: claim
-- Another transaction that holds the key is waited for: if it commits there is
-- an answer to replay, if it does not the key is ours. One that has expired is taken over.
INSERT INTO platform.idempotency_keys AS kept (key, fingerprint, expires_at)
VALUES (:key, :fingerprint, :expires_at)
    ON CONFLICT ON CONSTRAINT idempotency_keys_pkey DO UPDATE
   SET fingerprint = excluded.fingerprint, expires_at = excluded.expires_at, created_at = now(),
       status = NULL, headers = NULL, body = NULL
 WHERE kept.expires_at <= now();

-- name: kept
SELECT fingerprint, status, headers, body
  FROM platform.idempotency_keys
 WHERE key = :key AND user_id = platform.user_id();

-- name: keep
UPDATE platform.idempotency_keys
   SET status = :status, headers = :headers, body = :body
 WHERE key = :key AND user_id = platform.user_id();

-- name: tidy
SELECT platform.forget_idempotency_keys();
