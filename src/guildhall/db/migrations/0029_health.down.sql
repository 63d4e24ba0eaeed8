-- role: administrator
-- The owner's membership stays: other databases of the cluster may use it.

REVOKE SELECT ON migrations.applied FROM guildhall_scheduler;
REVOKE USAGE ON SCHEMA migrations FROM guildhall_scheduler;

SET LOCAL ROLE guildhall_owner;

REVOKE SELECT ON platform.installation FROM guildhall_scheduler;
DROP FUNCTION platform.replicas_now();
DROP FUNCTION platform.statements_counted();
DROP FUNCTION platform.sessions_now();
