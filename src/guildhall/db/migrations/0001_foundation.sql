-- role: administrator
-- Roles, schemas and the vector extension: what a role that owns nothing else
-- may not create. Roles belong to the whole cluster, so they may exist already.

DO $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT *
          FROM (VALUES
                   ('guildhall_owner', 'NOLOGIN'),
                   ('guildhall_app',   'NOLOGIN'),
                   ('guildhall_login', 'LOGIN NOINHERIT')
               ) AS roles (name, attributes)
    LOOP
        BEGIN
            EXECUTE format('CREATE ROLE %I %s', wanted.name, wanted.attributes);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- another database of this cluster has made it
        END;
    END LOOP;

    -- The same grant from two databases at once collides in the catalogue.
    PERFORM pg_advisory_xact_lock(hashtext('guildhall_roles'));
    GRANT guildhall_app TO guildhall_login;
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        EXECUTE format('GRANT guildhall_owner, guildhall_app TO %I', current_user);
    END IF;
END
$$;

CREATE EXTENSION IF NOT EXISTS vector;

CREATE SCHEMA platform   AUTHORIZATION guildhall_owner;
CREATE SCHEMA catalogue  AUTHORIZATION guildhall_owner;
CREATE SCHEMA gateway    AUTHORIZATION guildhall_owner;
CREATE SCHEMA evaluation AUTHORIZATION guildhall_owner;
CREATE SCHEMA society    AUTHORIZATION guildhall_owner;
CREATE SCHEMA store      AUTHORIZATION guildhall_owner;

COMMENT ON SCHEMA store IS 'The base tables of every series: the application may add rows here and nothing else; it reads and changes them through the view of the same name in its wing.';

GRANT USAGE ON SCHEMA platform, catalogue, gateway, evaluation, society, store TO guildhall_app;

-- The documents' own statements name tables without a schema.
DO $$
DECLARE
    reader text;
BEGIN
    FOREACH reader IN ARRAY ARRAY['guildhall_login', session_user::text] LOOP
        EXECUTE format(
            'ALTER ROLE %I IN DATABASE %I SET search_path = evaluation, gateway, catalogue, society, platform, public',
            reader, current_database()
        );
    END LOOP;
END
$$;
