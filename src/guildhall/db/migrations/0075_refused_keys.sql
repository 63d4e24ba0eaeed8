-- phase: expand
-- Whose key this is, whether or not it may still be used: who is refused by it is on record with the team. Only whoever
-- holds the key whole is told, and of an archived team nothing is.
CREATE FUNCTION platform.recognize_api_key(key_id uuid, digest text) RETURNS TABLE (id uuid, user_id uuid, tenant_id uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id
      FROM platform.api_keys AS known
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
     WHERE known.id = recognize_api_key.key_id
       AND known.key_hash = recognize_api_key.digest;
END
$$;
REVOKE ALL ON FUNCTION platform.recognize_api_key(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION platform.recognize_api_key(uuid, text) TO guildhall_app;
