DELETE FROM platform.audit_exemptions WHERE relation = 'platform.idempotency_keys';
DROP FUNCTION platform.forget_idempotency_keys();
DROP TABLE platform.idempotency_keys;
