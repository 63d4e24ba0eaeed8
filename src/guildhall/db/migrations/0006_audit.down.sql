DROP TRIGGER llm_recommendation_sessions_are_audited ON evaluation.llm_recommendation_sessions;
DROP TRIGGER config_version_audit_trigger ON evaluation.config_versions;
CREATE TRIGGER config_version_audit_trigger AFTER INSERT OR UPDATE OR DELETE ON evaluation.config_versions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('embedding');

DROP TABLE platform.audit_exemptions;
DROP FUNCTION platform.redact_audit(text, uuid, text, uuid);
DROP FUNCTION platform.redaction_evidence(text, uuid[]);
DROP TABLE platform.audit_redactions;

DROP VIEW platform.audit_logs;
SELECT platform.drop_ledger('audit_logs');
DROP TABLE store.audit_logs;
DELETE FROM platform.series WHERE name = 'audit_logs';

DROP FUNCTION platform.audit_trigger();
DROP FUNCTION platform.config_version_audit();
CREATE OR REPLACE FUNCTION platform.record_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    before jsonb := CASE WHEN TG_OP = 'INSERT' THEN NULL ELSE to_jsonb(OLD) - COALESCE(TG_ARGV, '{}') END;
    after  jsonb := CASE WHEN TG_OP = 'DELETE' THEN NULL ELSE to_jsonb(NEW) - COALESCE(TG_ARGV, '{}') END;
BEGIN
    PERFORM platform.ensure_partitions('audit_log', clock_timestamp(), clock_timestamp());
    INSERT INTO store.audit_log (tenant_id, table_name, operation, user_id, old_data, new_data)
    VALUES ((COALESCE(after, before) ->> 'tenant_id')::uuid, TG_TABLE_NAME, TG_OP, platform.user_id(), before, after);
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION platform.record_change() IS NULL;
DROP FUNCTION platform.without_secrets(jsonb);
DROP FUNCTION platform.secret_hints();
DROP FUNCTION platform.secret_names();

DROP VIEW platform.audit_trail;
DROP VIEW platform.audit_log;
SELECT platform.drop_ledger('audit_log');
ALTER TABLE store.audit_log
    DROP COLUMN table_schema,
    DROP COLUMN record_key,
    DROP COLUMN agent_id,
    DROP COLUMN actor_role,
    DROP COLUMN request_id;
CREATE VIEW platform.audit_log AS
    SELECT log_id, tenant_id, table_name, operation, user_id, old_data, new_data,
           ip_address, user_agent, modal_call_context, "timestamp"
      FROM store.audit_log
     WHERE tenant_id = (SELECT platform.tenant_id());
COMMENT ON VIEW platform.audit_log IS 'audit: tenant: the team''s own part of the audit log; nobody may change it.';
GRANT SELECT ON platform.audit_log TO guildhall_app;

DROP VIEW platform.team_seals;
DROP TABLE platform.audit_seal_parts;
DROP TABLE platform.audit_seals;
DROP FUNCTION platform.retired_before(text);
DROP FUNCTION platform.extend_ledger(text, text[]);
DROP FUNCTION platform.drop_ledger(text);
DROP FUNCTION platform.create_ledger(text, text, text[], text[], text[], text, boolean, boolean);
DROP FUNCTION platform.let_add_to_ledger(text, text);
DROP FUNCTION platform.write_ledger_triggers(text);
DROP FUNCTION platform.refuse_changed_ledger();
DROP FUNCTION platform.ledger_text(regclass, text[], text);
DROP TABLE platform.ledgers;
DROP FUNCTION platform.epoch();
DROP MATERIALIZED VIEW platform.epoch;
