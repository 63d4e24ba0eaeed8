-- role: administrator
-- Roles, schemas and the vector extension: what a role that owns nothing else
-- may not create. Roles belong to the whole cluster, so they may exist already.

DO $$
DECLARE
    ours CONSTANT text := 'guildhall_app, guildhall_reader, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler';
    statements text[] := '{}';
    wanted     record;
    statement  text;
BEGIN
    FOR wanted IN
        SELECT *
          FROM (VALUES
                   ('guildhall_owner',     'NOLOGIN',         'owns every object; migrations only'),
                   ('guildhall_app',       'NOLOGIN',         'the application, for one person in one team at a time'),
                   ('guildhall_reader',    'NOLOGIN',         'reads what the application may read, and changes nothing'),
                   ('guildhall_curator',   'NOLOGIN',         'keeps what all teams share: catalogue, prices, news'),
                   ('guildhall_writer',    'NOLOGIN',         'group commits that mix teams: adds rows to series'),
                   ('guildhall_worker',    'NOLOGIN',         'claims and finishes jobs of every team'),
                   ('guildhall_scheduler', 'NOLOGIN',         'upkeep: partitions, roll-ups, seals'),
                   ('guildhall_person',    'NOLOGIN',         'people who write SQL, each with a login of their own'),
                   ('guildhall_login',     'LOGIN NOINHERIT', 'what processes log in as; they take another role for each transaction')
               ) AS roles (name, attributes, meaning)
         WHERE to_regrole(name) IS NULL
    LOOP
        statements := statements
            || format('CREATE ROLE %I %s', wanted.name, wanted.attributes)
            || format('COMMENT ON ROLE %I IS %L', wanted.name, 'Guildhall: ' || wanted.meaning);
    END LOOP;
    statements := statements || format('GRANT %s TO guildhall_login', ours);
    IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        statements := statements || format('GRANT guildhall_owner, %s TO %I', ours, current_user);
    END IF;

    -- TimescaleDB's background workers log in as the owner of what they keep;
    -- nobody else can, as connections of clients are counted and none is allowed.
    IF current_setting('guildhall.engine', true) = 'timescale'
       AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'guildhall_owner' AND rolcanlogin) THEN
        statements := statements || 'ALTER ROLE guildhall_owner LOGIN CONNECTION LIMIT 0'::text;
    END IF;

    -- The documents' names. Where a cluster has a role of such a name already,
    -- it is somebody else's and gets nothing.
    FOR wanted IN
        SELECT *
          FROM (VALUES
                   ('app_user',          'guildhall_app'),
                   ('app_role',          'guildhall_app'),
                   ('app_admin',         'guildhall_app, guildhall_curator'),
                   ('app_readonly',      'guildhall_reader'),
                   ('ai_agent_app',      'guildhall_app'),
                   ('ai_agent_readonly', 'guildhall_reader')
               ) AS roles (name, memberships)
         WHERE to_regrole(name) IS NULL
    LOOP
        statements := statements
            || format('CREATE ROLE %I NOLOGIN', wanted.name)
            || format('COMMENT ON ROLE %I IS %L', wanted.name, 'Guildhall: a name of the reference documents')
            || format('GRANT %s TO %I', wanted.memberships, wanted.name);
    END LOOP;

    -- Another database of the cluster may be making the same roles: whoever
    -- collides tries again, and finds them made.
    FOREACH statement IN ARRAY statements LOOP
        FOR attempt IN 1..20 LOOP
            BEGIN
                EXECUTE statement;
                EXIT;
            EXCEPTION
                WHEN duplicate_object THEN EXIT;
                WHEN unique_violation OR internal_error THEN NULL;
            END;
        END LOOP;
    END LOOP;
END
$$;

CREATE EXTENSION IF NOT EXISTS vector;

-- The engine of series is fixed here (decision 4).
DO $$
BEGIN
    IF current_setting('guildhall.engine', true) = 'timescale' THEN
        CREATE EXTENSION IF NOT EXISTS timescaledb;
        IF current_setting('timescaledb.license') <> 'timescale' THEN
            RAISE EXCEPTION 'this TimescaleDB has neither compression nor retention: its license is set to %',
                            current_setting('timescaledb.license')
                  USING ERRCODE = 'feature_not_supported', HINT = 'Choose the engine native.';
        END IF;
    END IF;
END
$$;

CREATE SCHEMA platform   AUTHORIZATION guildhall_owner;
CREATE SCHEMA catalogue  AUTHORIZATION guildhall_owner;
CREATE SCHEMA gateway    AUTHORIZATION guildhall_owner;
CREATE SCHEMA evaluation AUTHORIZATION guildhall_owner;
CREATE SCHEMA society    AUTHORIZATION guildhall_owner;
CREATE SCHEMA store      AUTHORIZATION guildhall_owner;
CREATE SCHEMA mine       AUTHORIZATION guildhall_owner;

COMMENT ON SCHEMA store IS 'The base tables of every series: the application may add rows here and nothing else; it reads and changes them through the view of the same name in its wing.';
COMMENT ON SCHEMA mine IS 'What people who write SQL see of series and their roll-ups: the team''s own rows, by who has logged in.';

GRANT USAGE ON SCHEMA platform, catalogue, gateway, evaluation, society, store TO
    guildhall_app, guildhall_reader, guildhall_curator, guildhall_writer, guildhall_worker, guildhall_scheduler;
GRANT USAGE ON SCHEMA mine, platform, catalogue, gateway, evaluation, society TO guildhall_person;

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
