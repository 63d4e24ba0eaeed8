-- role: administrator
-- Roles stay: other databases of the cluster may use them.

DO $$
DECLARE
    reader text;
BEGIN
    FOREACH reader IN ARRAY ARRAY['guildhall_login', session_user::text] LOOP
        EXECUTE format('ALTER ROLE %I IN DATABASE %I RESET search_path', reader, current_database());
    END LOOP;
END
$$;

DROP SCHEMA mine;
DROP SCHEMA store;
DROP SCHEMA society;
DROP SCHEMA evaluation;
DROP SCHEMA gateway;
DROP SCHEMA catalogue;
DROP SCHEMA platform;
DROP EXTENSION vector;

DO $$
BEGIN
    IF current_setting('guildhall.engine', true) = 'timescale' THEN
        DROP EXTENSION timescaledb;
    END IF;
END
$$;
