-- role: administrator
-- The owner's membership stays: other databases of the cluster may use it.

REVOKE SELECT ON migrations.applied FROM guildhall_scheduler;
REVOKE USAGE ON SCHEMA migrations FROM guildhall_scheduler;

SET LOCAL ROLE guildhall_owner;

REVOKE SELECT, UPDATE (upkeep_at) ON platform.installation FROM guildhall_scheduler;
ALTER TABLE platform.installation DROP COLUMN upkeep_at;
DROP FUNCTION platform.replicas_now();
DROP FUNCTION platform.statements_counted();
DROP FUNCTION platform.sessions_now();
