CREATE OR REPLACE FUNCTION platform.tidy_identity(keep interval DEFAULT '90 days') RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed integer;
BEGIN
    DELETE FROM platform.sign_in_failures WHERE last_failed_at < clock_timestamp() - interval '1 day';
    UPDATE platform.user_sessions SET status = 'expired' WHERE status = 'active' AND expires_at <= clock_timestamp();
    GET DIAGNOSTICS changed = ROW_COUNT;
    DELETE FROM platform.team_invitations
     WHERE accepted_at IS NULL AND least(expires_at, revoked_at) < clock_timestamp() - keep;
    RETURN changed;
END
$$;
DROP FUNCTION platform.use_session(text, integer, interval, interval, integer);
DELETE FROM platform.user_sessions WHERE name IS NOT NULL;
ALTER TABLE platform.user_sessions DROP COLUMN name;
