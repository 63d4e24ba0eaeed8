-- Who may sign in, as whom, in which team, and how they leave.
--
-- What only some may do, or what must work before a team is known, goes
-- through functions that run as the owner, check who is asking and return the
-- least. No role of the application sees a password's hash or a digest.

-- Functions of the owner reach the rows of the team that is set, and no
-- other's: erasing a team needs it (`platform.erase_team_rows`).
CREATE OR REPLACE FUNCTION platform.isolate(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader, guildhall_owner '
        'USING (tenant_id = (SELECT platform.tenant_id())) '
        'WITH CHECK (tenant_id = (SELECT platform.tenant_id()))',
        relation
    );
END
$$;

DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT polrelid::regclass FROM pg_policy WHERE polname = 'rows_belong_to_the_team' LOOP
        EXECUTE format(
            'ALTER POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader, guildhall_owner', relation
        );
    END LOOP;
END
$$;

-- users and teams ----------------------------------------------------------

ALTER TABLE platform.users
    ADD COLUMN is_active     boolean     NOT NULL DEFAULT true,
    ADD COLUMN last_login_at timestamptz,
    ADD COLUMN deleted_at    timestamptz,
    ADD COLUMN erased_at     timestamptz,
    ADD CONSTRAINT users_archived_are_inactive CHECK (is_active = (deleted_at IS NULL)),
    ADD CONSTRAINT users_erased_are_archived CHECK (erased_at IS NULL OR deleted_at IS NOT NULL);
COMMENT ON COLUMN platform.users.deleted_at IS 'When the person was archived; restoring makes it null again.';
COMMENT ON COLUMN platform.users.erased_at IS 'When everything personal was taken out; what remains is a name that means nobody.';

ALTER TABLE platform.teams
    ADD COLUMN deleted_at timestamptz,
    ADD COLUMN erased_at  timestamptz,
    ADD CONSTRAINT teams_archived_are_inactive CHECK (is_active = (deleted_at IS NULL)),
    ADD CONSTRAINT teams_erased_are_archived CHECK (erased_at IS NULL OR deleted_at IS NOT NULL);
COMMENT ON COLUMN platform.teams.erased_at IS 'When its erasure began; the row itself goes last.';

GRANT SELECT (is_active, last_login_at, deleted_at, erased_at) ON platform.users TO guildhall_app;

CREATE POLICY functions_see_every_row ON platform.users        TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY functions_see_every_row ON platform.teams        TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY functions_see_every_row ON platform.team_members TO guildhall_owner USING (true) WITH CHECK (true);

-- What the person who is set may do in the team that is set: null without a membership.
CREATE FUNCTION platform.member_role() RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT members.role
          FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id AND users.is_active
          JOIN platform.teams ON teams.id = members.tenant_id AND teams.is_active
         WHERE members.tenant_id = platform.tenant_id()
           AND members.user_id = platform.user_id()
    );

-- Whether the person who is set keeps the installation: its users and teams.
CREATE FUNCTION platform.is_administrator() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    RETURN EXISTS (
        SELECT FROM platform.users
         WHERE users.id = platform.user_id()
           AND users.role = 'admin'
           AND users.is_active
    );

CREATE FUNCTION platform.may_administer_team() RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    RETURN COALESCE(platform.member_role() IN ('owner', 'admin'), false) OR platform.is_administrator();

CREATE FUNCTION platform.require(allowed boolean, what text) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION 'the person who asks may not %', what USING ERRCODE = 'insufficient_privilege';
    END IF;
END
$$;

-- The document's function. Errata: inside a function that runs as its owner,
-- `current_user` is the owner; who logged in is `session_user`.
CREATE FUNCTION platform.validate_user_access(target_user_id uuid) RETURNS boolean
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN COALESCE(target_user_id = platform.user_id(), false)
        OR platform.is_administrator()
        OR (to_regrole('app_admin') IS NOT NULL AND pg_has_role(session_user, 'app_admin', 'MEMBER'));
END
$$;

-- Somebody must be left who can let others in.
CREATE FUNCTION platform.keep_an_owner() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Two owners who go at once: the second waits here and then sees that it is the last.
    PERFORM FROM platform.teams WHERE id = OLD.tenant_id AND erased_at IS NULL FOR NO KEY UPDATE;
    IF FOUND AND NOT EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = OLD.tenant_id
           AND members.role = 'owner'
           AND users.is_active
    ) THEN
        RAISE EXCEPTION 'a team keeps an owner'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'teams_keep_an_owner', TABLE = 'team_members', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER teams_keep_an_owner AFTER UPDATE OR DELETE ON platform.team_members
    FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION platform.keep_an_owner();

CREATE FUNCTION platform.keep_an_administrator() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM FROM platform.installation FOR NO KEY UPDATE;
    IF NOT EXISTS (SELECT FROM platform.users WHERE role = 'admin' AND is_active) THEN
        RAISE EXCEPTION 'an installation keeps an administrator'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'installation_keeps_an_administrator', TABLE = 'users', SCHEMA = 'platform';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER installation_keeps_an_administrator AFTER UPDATE OF role, is_active ON platform.users
    FOR EACH ROW WHEN (OLD.role = 'admin' AND OLD.is_active AND NOT (NEW.role = 'admin' AND NEW.is_active))
    EXECUTE FUNCTION platform.keep_an_administrator();

-- The command line acts as this person in this team: neither can be sent away.
CREATE FUNCTION platform.refuse_the_first(id uuid) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF id IN ('00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-000000000002') THEN
        RAISE EXCEPTION 'the person and the team of the command line stay'
              USING ERRCODE = 'restrict_violation', CONSTRAINT = 'the_first_stay';
    END IF;
END
$$;

CREATE FUNCTION platform.create_user(new_username text, new_email text, new_password_hash text, new_role text) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'add users');
    INSERT INTO platform.users (username, email, password_hash, role)
    VALUES (new_username, new_email, new_password_hash, new_role)
    RETURNING id INTO made;
    RETURN made;
END
$$;

-- Everybody, for administrators; a person alone, for that person. Teammates
-- are seen in `platform.users` itself.
CREATE FUNCTION platform.list_users(with_archived boolean)
    RETURNS TABLE (id uuid, username varchar, email varchar, role varchar, is_active boolean, api_key varchar,
                   last_login_at timestamptz, created_at timestamptz, updated_at timestamptz, deleted_at timestamptz,
                   has_password boolean, teams text[])
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT users.id, users.username, users.email, users.role, users.is_active, users.api_key, users.last_login_at,
           users.created_at, users.updated_at, users.deleted_at, users.password_hash <> '!',
           ARRAY(SELECT teams.slug || ':' || members.role
                   FROM platform.team_members AS members
                   JOIN platform.teams ON teams.id = members.tenant_id
                  WHERE members.user_id = users.id
                  ORDER BY members.created_at, teams.slug)
      FROM platform.users
     WHERE (users.is_active OR with_archived)
       AND users.erased_at IS NULL
       AND (users.id = platform.user_id() OR (SELECT platform.is_administrator()))
     ORDER BY users.username
$$;

-- All teams, for administrators; those that a person belongs to, for others.
CREATE FUNCTION platform.list_teams(with_archived boolean)
    RETURNS TABLE (id uuid, name varchar, slug varchar, is_active boolean, members integer, role text,
                   created_at timestamptz, updated_at timestamptz, deleted_at timestamptz, erased_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT teams.id, teams.name, teams.slug, teams.is_active,
           (SELECT count(*)::integer FROM platform.team_members AS members WHERE members.tenant_id = teams.id),
           mine.role, teams.created_at, teams.updated_at, teams.deleted_at, teams.erased_at
      FROM platform.teams
      LEFT JOIN platform.team_members AS mine ON mine.tenant_id = teams.id AND mine.user_id = platform.user_id()
     WHERE (teams.is_active OR with_archived)
       AND (mine.role IS NOT NULL OR (SELECT platform.is_administrator()))
     ORDER BY teams.slug
$$;

-- Whoever makes a team owns it.
CREATE FUNCTION platform.create_team(new_name text, new_slug text, owner uuid) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.users WHERE id = platform.user_id() AND is_active)
        AND (owner = platform.user_id() OR platform.is_administrator()),
        'make a team for somebody else'
    );
    INSERT INTO platform.teams (name, slug) VALUES (new_name, new_slug) RETURNING id INTO made;
    INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (made, owner, 'owner');
    RETURN made;
END
$$;

-- Puts somebody who has an account into the team that is set; null where they were in it.
CREATE FUNCTION platform.add_member(member uuid, new_role text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    added text;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'put people into teams');
    INSERT INTO platform.team_members (user_id, role) VALUES (member, new_role)
        ON CONFLICT DO NOTHING
    RETURNING role INTO added;
    RETURN added;
END
$$;

-- Owners change every role, administrators of a team all but the owners'.
CREATE FUNCTION platform.require_rank_over(member_role text, new_role text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR platform.member_role() = 'owner'
        OR (platform.member_role() = 'admin' AND member_role IS DISTINCT FROM 'owner' AND new_role IS DISTINCT FROM 'owner'),
        'change members of this team'
    );
END
$$;

-- The role that the member had; null if there is no such member.
CREATE FUNCTION platform.change_member_role(member uuid, new_role text) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    had text;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    PERFORM platform.require_rank_over(had, new_role);
    UPDATE platform.team_members SET role = new_role
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND role <> new_role;
    RETURN had;
END
$$;

-- api keys -----------------------------------------------------------------

CREATE TABLE platform.api_keys (
    id              uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id       uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id         uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    key_hash        varchar(64)  NOT NULL,
    user_identifier varchar(100),
    name            varchar(100),
    scopes          text[]       NOT NULL DEFAULT '{}',
    rate_limit      integer      DEFAULT 1000,
    last_used_at    timestamptz,
    expires_at      timestamptz,
    created_at      timestamptz  NOT NULL DEFAULT now(),
    is_active       boolean      NOT NULL DEFAULT true,
    revoked_at      timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT api_keys_hash_is_sha256 CHECK (key_hash ~ '^[0-9a-f]{64}$'),
    CONSTRAINT api_keys_scopes_are_few CHECK (cardinality(scopes) <= 20),
    CONSTRAINT api_keys_rate_is_positive CHECK (rate_limit > 0),
    CONSTRAINT api_keys_revoked_are_inactive CHECK (is_active = (revoked_at IS NULL))
) WITH (fillfactor = 80);
COMMENT ON TABLE platform.api_keys IS 'identity: tenant: keys with which programs act for a person in a team.';
COMMENT ON COLUMN platform.api_keys.key_hash IS 'SHA-256 of the whole key, in hexadecimal: its secret has 256 random bits, so nothing slower is needed.';
COMMENT ON COLUMN platform.api_keys.rate_limit IS 'Requests in an hour; null is without a limit.';
COMMENT ON COLUMN platform.api_keys.last_used_at IS 'To the minute.';
CREATE INDEX api_keys_by_user ON platform.api_keys (user_id);

SELECT platform.isolate('platform.api_keys');
CREATE POLICY functions_see_every_row ON platform.api_keys TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY keys_are_seen_by_their_people ON platform.api_keys AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader
    USING (user_id = (SELECT platform.user_id()) OR (SELECT platform.may_administer_team()));
GRANT SELECT (id, tenant_id, user_id, user_identifier, name, scopes, rate_limit, last_used_at, expires_at, created_at, is_active, revoked_at)
    ON platform.api_keys TO guildhall_app;

CREATE FUNCTION platform.create_api_key(
    new_id uuid, digest text, person uuid, new_name text, new_scopes text[], new_rate_limit integer, ends_at timestamptz, as_default boolean
) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made timestamptz;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = person)
        AND ((person = platform.user_id() AND platform.member_role() IN ('owner', 'admin', 'member')) OR platform.is_administrator()),
        'make this key'
    );
    INSERT INTO platform.api_keys (id, user_id, key_hash, user_identifier, name, scopes, rate_limit, expires_at)
    VALUES (new_id, person, digest, person::text, new_name, new_scopes, new_rate_limit, ends_at)
    RETURNING created_at INTO made;
    UPDATE platform.users SET api_key = replace(new_id::text, '-', '')
     WHERE id = person AND (as_default OR api_key IS NULL);
    RETURN made;
END
$$;

-- When it was revoked, now or earlier; null if there is no such key.
CREATE FUNCTION platform.revoke_api_key(key_id uuid) RETURNS timestamptz
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    found_key platform.api_keys;
BEGIN
    SELECT * INTO found_key FROM platform.api_keys
     WHERE id = key_id AND tenant_id = platform.tenant_id()
       AND (user_id = platform.user_id() OR platform.may_administer_team())
       FOR UPDATE;
    IF NOT FOUND OR NOT found_key.is_active THEN
        RETURN found_key.revoked_at;
    END IF;
    UPDATE platform.api_keys SET is_active = false, revoked_at = clock_timestamp() WHERE id = key_id
    RETURNING revoked_at INTO found_key.revoked_at;
    UPDATE platform.users SET api_key = NULL
     WHERE id = found_key.user_id AND api_key = replace(key_id::text, '-', '');
    RETURN found_key.revoked_at;
END
$$;

-- Whose key this is, if it may be used now. A key is found by its id and then
-- compared by digest, which tells whoever measures the time nothing of the key.
CREATE FUNCTION platform.authenticate_api_key(key_id uuid, digest text)
    RETURNS TABLE (id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean,
                   user_identifier varchar, name varchar, scopes text[], rate_limit integer, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    -- At most once a minute, and nobody waits for somebody else's minute.
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE platform.api_keys AS known
           SET last_used_at = clock_timestamp()
         WHERE known.id = (
                   SELECT stale.id FROM platform.api_keys AS stale
                    WHERE stale.id = authenticate_api_key.key_id
                      AND stale.key_hash = authenticate_api_key.digest
                      AND stale.is_active
                      AND (stale.expires_at IS NULL OR stale.expires_at > clock_timestamp())
                      AND (stale.last_used_at IS NULL OR stale.last_used_at < clock_timestamp() - interval '1 minute')
                      FOR NO KEY UPDATE SKIP LOCKED
               );
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id, members.role, users.role = 'admin', known.user_identifier, known.name,
           known.scopes, known.rate_limit, known.expires_at
      FROM platform.api_keys AS known
      JOIN platform.users ON users.id = known.user_id AND users.is_active
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
      JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
     WHERE known.id = authenticate_api_key.key_id
       AND known.key_hash = authenticate_api_key.digest
       AND known.is_active
       AND (known.expires_at IS NULL OR known.expires_at > clock_timestamp());
END
$$;

-- The document's function and columns: a row if the key is good, none if not.
CREATE FUNCTION platform.verify_api_key(provided_key text)
    RETURNS TABLE (id uuid, user_identifier varchar, scopes text[], rate_limit integer)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    IF provided_key !~ '^gh_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$' OR provided_key IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_identifier, known.scopes, known.rate_limit
      FROM platform.authenticate_api_key(substr(provided_key, 4, 32)::uuid,
                                         encode(sha256(convert_to(provided_key, 'UTF8')), 'hex')) AS known;
END
$$;

-- sessions -----------------------------------------------------------------

CREATE TABLE platform.user_sessions (
    id            uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id     uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    user_id       uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    session_token varchar(255) NOT NULL,
    context       jsonb        NOT NULL DEFAULT '{}',
    memory_id     uuid,
    status        varchar(50)  NOT NULL DEFAULT 'active',
    request_count integer      NOT NULL DEFAULT 0,
    idle_lifetime interval     NOT NULL DEFAULT '14 days',
    ip_address    inet,
    user_agent    text,
    last_activity timestamptz  NOT NULL DEFAULT now(),
    expires_at    timestamptz  NOT NULL,
    ends_at       timestamptz  NOT NULL,
    revoked_at    timestamptz,
    created_at    timestamptz  NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT user_sessions_one_per_token UNIQUE (session_token, tenant_id),
    CONSTRAINT user_sessions_token_is_a_digest CHECK (session_token ~ '^[0-9a-f]{64}$'),
    CONSTRAINT user_sessions_status_is_known CHECK (status IN ('active', 'expired', 'revoked')),
    CONSTRAINT user_sessions_revoked_say_when CHECK ((status = 'revoked') = (revoked_at IS NOT NULL)),
    CONSTRAINT user_sessions_requests_is_not_negative CHECK (request_count >= 0),
    CONSTRAINT user_sessions_expire_before_they_end CHECK (expires_at <= ends_at)
) WITH (fillfactor = 70);
COMMENT ON TABLE platform.user_sessions IS 'identity: tenant: people who are signed in, and what their conversation is about.';
COMMENT ON COLUMN platform.user_sessions.session_token IS 'SHA-256 of the token, in hexadecimal; only the person has the token.';
COMMENT ON COLUMN platform.user_sessions.expires_at IS 'Moves on with each activity by idle_lifetime, up to ends_at.';
COMMENT ON COLUMN platform.user_sessions.last_activity IS 'To the minute.';
CREATE INDEX idx_sessions_user_id ON platform.user_sessions (user_id);
CREATE INDEX idx_sessions_status ON platform.user_sessions (status, expires_at);

SELECT platform.isolate('platform.user_sessions');
CREATE POLICY functions_see_every_row ON platform.user_sessions TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY sessions_are_the_persons_own ON platform.user_sessions AS RESTRICTIVE TO guildhall_app, guildhall_reader
    USING (user_id = (SELECT platform.user_id()))
    WITH CHECK (user_id = (SELECT platform.user_id()));
GRANT SELECT (id, tenant_id, user_id, context, memory_id, status, request_count, idle_lifetime, ip_address, user_agent,
              last_activity, expires_at, ends_at, revoked_at, created_at),
      UPDATE (context, memory_id, request_count)
    ON platform.user_sessions TO guildhall_app;

-- Failed log-ins, by whom they were tried on and from where. Names that people
-- type by mistake may be passwords, so only digests are kept.
CREATE TABLE platform.sign_in_failures (
    subject        bytea       PRIMARY KEY,
    failures       integer     NOT NULL DEFAULT 0,
    last_failed_at timestamptz NOT NULL DEFAULT '-infinity',
    CONSTRAINT sign_in_failures_is_not_negative CHECK (failures >= 0)
) WITH (fillfactor = 70);
COMMENT ON TABLE platform.sign_in_failures IS 'identity: system: how often signing in has failed lately, for each person and address, by digest.';
CREATE INDEX sign_in_failures_by_time ON platform.sign_in_failures (last_failed_at);

-- Who is meant by a name or an address of mail.
CREATE FUNCTION platform.find_login(login text) RETURNS uuid
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    RETURN (
        SELECT users.id FROM platform.users
         WHERE (users.username = lower(login) OR users.email = lower(login))
           AND users.is_active
         ORDER BY users.username = lower(login) DESC
         LIMIT 1
    );

CREATE FUNCTION platform.sign_in_subjects(login text, address inet)
    RETURNS TABLE (subject bytea, free integer)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT sha256(convert_to('person ' || COALESCE(platform.find_login(login)::text, lower(login)), 'UTF8')), 5
    UNION ALL
    SELECT sha256(convert_to('address ' || host(address), 'UTF8')), 50
     WHERE address IS NOT NULL
$$;

-- After a few free failures ten seconds, and with each more twice as long, up to a quarter of an hour.
CREATE FUNCTION platform.sign_in_wait(failures integer, free integer) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE WHEN failures < free THEN interval '0'
                ELSE least(power(2, least(failures - free, 20)) * interval '10 seconds', interval '15 minutes')
           END;

-- Before a password is looked at: how its hash was made (parameters and salt,
-- never the hash), or how long to wait. The attempt counts as failed from here
-- on, so that many at once gain nothing; `finish_sign_in` takes that back.
CREATE FUNCTION platform.begin_sign_in(login text, address inet)
    RETURNS TABLE (hash_settings text, wait_seconds double precision)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wait interval;
BEGIN
    DELETE FROM platform.sign_in_failures AS old
     WHERE old.subject IN (SELECT stale.subject FROM platform.sign_in_failures AS stale
                            WHERE stale.last_failed_at < clock_timestamp() - interval '1 day'
                            ORDER BY stale.last_failed_at LIMIT 10
                              FOR UPDATE SKIP LOCKED);
    INSERT INTO platform.sign_in_failures (subject, last_failed_at)
    SELECT wanted.subject, clock_timestamp() FROM platform.sign_in_subjects(login, address) AS wanted
     ORDER BY wanted.subject
        ON CONFLICT DO NOTHING;
    PERFORM FROM platform.sign_in_failures AS known
      WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted)
      ORDER BY known.subject
        FOR UPDATE;

    SELECT max(known.last_failed_at + platform.sign_in_wait(known.failures, wanted.free) - clock_timestamp()) INTO wait
      FROM platform.sign_in_subjects(login, address) AS wanted
      JOIN platform.sign_in_failures AS known ON known.subject = wanted.subject
     WHERE known.failures >= wanted.free;
    IF wait > interval '0' THEN
        RETURN QUERY SELECT NULL::text, extract(epoch FROM wait)::double precision;
        RETURN;
    END IF;

    UPDATE platform.sign_in_failures AS known
       SET failures = known.failures + 1, last_failed_at = clock_timestamp()
     WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted);
    RETURN QUERY
    SELECT (SELECT substring(users.password_hash FROM '^(\$argon2id\$.*)\$[^$]+$')
              FROM platform.users WHERE users.id = platform.find_login(login)),
           0::double precision;
END
$$;

-- With the hash made of the password that was given: a session if it is the
-- right one, no row if it is not. A person who is in no such team gets a row
-- without a session, and so does who wants none (no digest of a token).
CREATE FUNCTION platform.finish_sign_in(
    login text, address inet, agent text, hash text, token_digest text, team text, idle interval, longest interval
)
    RETURNS TABLE (session_id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    person  platform.users;
    place   record;
    made    uuid;
    at_time CONSTANT timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO person FROM platform.users
     WHERE users.id = platform.find_login(login)
       AND users.password_hash LIKE '$argon2id$%'
       AND sha256(convert_to(users.password_hash, 'UTF8')) = sha256(convert_to(hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN;
    END IF;
    DELETE FROM platform.sign_in_failures AS known
     WHERE known.subject = (SELECT wanted.subject FROM platform.sign_in_subjects(login, NULL) AS wanted);
    UPDATE platform.sign_in_failures AS known SET failures = greatest(known.failures - 1, 0)
     WHERE known.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(login, address) AS wanted);

    SELECT members.tenant_id, members.role INTO place
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.is_active
     WHERE members.user_id = person.id
       AND (team IS NULL OR teams.slug = team)
     ORDER BY members.created_at, members.tenant_id
     LIMIT 1;
    IF FOUND AND token_digest IS NOT NULL THEN
        -- From here on the person is known, also to the audit log.
        PERFORM set_config('app.user_id', person.id::text, true);
        UPDATE platform.users SET last_login_at = at_time WHERE users.id = person.id;
        INSERT INTO platform.user_sessions (
            tenant_id, user_id, session_token, ip_address, user_agent, idle_lifetime, last_activity, expires_at, ends_at, created_at
        )
        VALUES (place.tenant_id, person.id, token_digest, address, agent, idle, at_time, at_time + least(idle, longest), at_time + longest, at_time)
        RETURNING id INTO made;
    END IF;
    RETURN QUERY
    SELECT made, person.id, place.tenant_id, place.role, person.role = 'admin', CASE WHEN made IS NOT NULL THEN at_time + least(idle, longest) END;
END
$$;

-- Whoever knows the hash may put another in its place: that is what signing in
-- has shown. All other sessions of the person end with the old password.
CREATE FUNCTION platform.replace_password_hash(person uuid, old_hash text, new_hash text, and_sign_out boolean) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE platform.users SET password_hash = new_hash
     WHERE id = person AND is_active AND old_hash LIKE '$argon2id$%'
       AND sha256(convert_to(password_hash, 'UTF8')) = sha256(convert_to(old_hash, 'UTF8'));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF and_sign_out THEN
        UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
         WHERE user_id = person AND status = 'active';
    END IF;
    RETURN true;
END
$$;

-- What an administrator does for somebody who has forgotten theirs.
CREATE FUNCTION platform.set_password_hash(person uuid, new_hash text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'set passwords of others');
    UPDATE platform.users SET password_hash = new_hash WHERE id = person AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person AND status = 'active';
    DELETE FROM platform.sign_in_failures
     WHERE subject = (SELECT wanted.subject
                        FROM platform.users, platform.sign_in_subjects(users.username, NULL) AS wanted
                       WHERE users.id = person);
    RETURN true;
END
$$;

-- Whose session this is, if it goes on; using it moves its end.
CREATE FUNCTION platform.authenticate_session(token_digest text)
    RETURNS TABLE (session_id uuid, user_id uuid, tenant_id uuid, member_role text, is_administrator boolean, expires_at timestamptz)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
BEGIN
    IF current_setting('transaction_read_only') = 'off' THEN
        UPDATE platform.user_sessions AS known
           SET last_activity = clock_timestamp(),
               expires_at = least(clock_timestamp() + known.idle_lifetime, known.ends_at)
         WHERE known.id = (
                   SELECT stale.id FROM platform.user_sessions AS stale
                    WHERE stale.session_token = authenticate_session.token_digest
                      AND stale.status = 'active'
                      AND stale.expires_at > clock_timestamp()
                      AND stale.last_activity < clock_timestamp() - interval '1 minute'
                      FOR NO KEY UPDATE SKIP LOCKED
               );
    END IF;
    RETURN QUERY
    SELECT known.id, known.user_id, known.tenant_id, members.role, users.role = 'admin', known.expires_at
      FROM platform.user_sessions AS known
      JOIN platform.users ON users.id = known.user_id AND users.is_active
      JOIN platform.teams ON teams.id = known.tenant_id AND teams.is_active
      JOIN platform.team_members AS members ON members.tenant_id = known.tenant_id AND members.user_id = known.user_id
     WHERE known.session_token = authenticate_session.token_digest
       AND known.status = 'active'
       AND known.expires_at > clock_timestamp();
END
$$;

-- Sessions that end at once: one of them, or all but one, of oneself; all of
-- somebody else for an administrator.
CREATE FUNCTION platform.revoke_sessions(person uuid, only_session uuid, but_session uuid) RETURNS integer
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    ended integer;
BEGIN
    PERFORM platform.require(person = platform.user_id() OR platform.is_administrator(), 'sign others out');
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person
       AND status = 'active'
       AND (only_session IS NULL OR id = only_session)
       AND (but_session IS NULL OR id <> but_session);
    GET DIAGNOSTICS ended = ROW_COUNT;
    RETURN ended;
END
$$;

-- Upkeep: sessions that ran out say so, and what has ended long ago goes.
CREATE FUNCTION platform.tidy_identity(keep interval DEFAULT '90 days') RETURNS integer
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

-- invitations --------------------------------------------------------------

CREATE TABLE platform.team_invitations (
    id           uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id    uuid         NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    email        varchar(255) NOT NULL,
    role         text         NOT NULL DEFAULT 'member',
    token_digest varchar(64)  NOT NULL,
    invited_by   uuid         NOT NULL DEFAULT platform.user_id() REFERENCES platform.users,
    expires_at   timestamptz  NOT NULL,
    created_at   timestamptz  NOT NULL DEFAULT now(),
    accepted_at  timestamptz,
    accepted_by  uuid         REFERENCES platform.users,
    revoked_at   timestamptz,
    UNIQUE (tenant_id, id),
    CONSTRAINT team_invitations_one_per_token UNIQUE (token_digest, tenant_id),
    CONSTRAINT team_invitations_token_is_a_digest CHECK (token_digest ~ '^[0-9a-f]{64}$'),
    CONSTRAINT team_invitations_role_is_known CHECK (role IN ('owner', 'admin', 'member', 'viewer')),
    CONSTRAINT team_invitations_accepted_by_somebody CHECK ((accepted_at IS NULL) = (accepted_by IS NULL)),
    CONSTRAINT team_invitations_end_once CHECK (accepted_at IS NULL OR revoked_at IS NULL)
);
COMMENT ON TABLE platform.team_invitations IS 'identity: tenant: who was asked to join, as what; each can be accepted once.';
CREATE INDEX team_invitations_by_inviter ON platform.team_invitations (invited_by);
CREATE INDEX team_invitations_by_accepter ON platform.team_invitations (accepted_by) WHERE accepted_by IS NOT NULL;

SELECT platform.isolate('platform.team_invitations');
CREATE POLICY functions_see_every_row ON platform.team_invitations TO guildhall_owner USING (true) WITH CHECK (true);
CREATE POLICY invitations_are_seen_by_administrators ON platform.team_invitations AS RESTRICTIVE FOR SELECT TO guildhall_app, guildhall_reader
    USING ((SELECT platform.may_administer_team()));
GRANT SELECT (id, tenant_id, email, role, invited_by, expires_at, created_at, accepted_at, accepted_by, revoked_at)
    ON platform.team_invitations TO guildhall_app;

-- A second invitation to the same address takes the place of the first.
CREATE FUNCTION platform.invite(address text, new_role text, digest text, ends_at timestamptz) RETURNS uuid
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    made uuid;
BEGIN
    PERFORM platform.require_rank_over(NULL, new_role);
    IF EXISTS (
        SELECT FROM platform.team_members AS members
          JOIN platform.users ON users.id = members.user_id
         WHERE members.tenant_id = platform.tenant_id() AND users.email = address
    ) THEN
        RAISE EXCEPTION 'a member needs no invitation'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_are_for_others', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND email = address AND accepted_at IS NULL AND revoked_at IS NULL;
    INSERT INTO platform.team_invitations (email, role, token_digest, expires_at)
    VALUES (address, new_role, digest, ends_at)
    RETURNING id INTO made;
    RETURN made;
END
$$;

CREATE FUNCTION platform.revoke_invitation(invitation uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(platform.may_administer_team(), 'take invitations back');
    UPDATE platform.team_invitations SET revoked_at = clock_timestamp()
     WHERE id = invitation AND tenant_id = platform.tenant_id() AND accepted_at IS NULL AND revoked_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.use_invitation(digest text, person uuid) RETURNS platform.team_invitations
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    used platform.team_invitations;
BEGIN
    UPDATE platform.team_invitations AS known SET accepted_at = clock_timestamp(), accepted_by = person
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp()
       AND EXISTS (SELECT FROM platform.teams WHERE teams.id = known.tenant_id AND teams.is_active)
    RETURNING known.* INTO used;
    IF FOUND THEN
        INSERT INTO platform.team_members (tenant_id, user_id, role) VALUES (used.tenant_id, person, used.role)
            ON CONFLICT DO NOTHING;
    END IF;
    RETURN used;
END
$$;

-- The person who is set joins; no row if the invitation is used up, has expired or was taken back.
CREATE FUNCTION platform.accept_invitation(digest text) RETURNS TABLE (tenant_id uuid, slug varchar, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    used platform.team_invitations;
BEGIN
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.users WHERE users.id = platform.user_id() AND users.is_active), 'join a team'
    );
    used := platform.use_invitation(digest, platform.user_id());
    RETURN QUERY
    SELECT members.tenant_id, teams.slug, members.role
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id
     WHERE members.tenant_id = used.tenant_id AND members.user_id = platform.user_id();
END
$$;

-- Somebody new joins, with the address of mail that was invited.
CREATE FUNCTION platform.join_by_invitation(digest text, new_username text, new_password_hash text)
    RETURNS TABLE (user_id uuid, tenant_id uuid, slug varchar, role text)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    address text;
    person  uuid;
BEGIN
    SELECT known.email INTO address FROM platform.team_invitations AS known
     WHERE known.token_digest = digest
       AND known.accepted_at IS NULL AND known.revoked_at IS NULL AND known.expires_at > clock_timestamp();
    IF NOT FOUND THEN
        RETURN;
    END IF;
    INSERT INTO platform.users (username, email, password_hash) VALUES (new_username, address, new_password_hash)
    RETURNING id INTO person;
    PERFORM set_config('app.user_id', person::text, true);
    RETURN QUERY
    SELECT person, joined.tenant_id, joined.slug, joined.role FROM platform.accept_invitation(digest) AS joined;
    IF NOT FOUND THEN
        -- Somebody was quicker: then there is no reason for an account either.
        RAISE EXCEPTION 'the invitation has just been used'
              USING ERRCODE = 'unique_violation', CONSTRAINT = 'team_invitations_end_once', TABLE = 'team_invitations', SCHEMA = 'platform';
    END IF;
END
$$;

-- Members leave, or are sent away by those above them. Their sessions and keys
-- in this team end, and do not come back with them.
CREATE FUNCTION platform.remove_member(member uuid) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    had text;
    one uuid;
BEGIN
    SELECT role INTO had FROM platform.team_members
     WHERE tenant_id = platform.tenant_id() AND user_id = member
       FOR UPDATE;
    IF member IS DISTINCT FROM platform.user_id() THEN
        PERFORM platform.require_rank_over(had, NULL);
    END IF;
    FOR one IN
        SELECT id FROM platform.api_keys
         WHERE tenant_id = platform.tenant_id() AND user_id = member AND is_active AND had IS NOT NULL
    LOOP
        PERFORM platform.revoke_api_key(one);
    END LOOP;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE tenant_id = platform.tenant_id() AND user_id = member AND status = 'active';
    DELETE FROM platform.team_members WHERE tenant_id = platform.tenant_id() AND user_id = member;
    RETURN had;
END
$$;

-- preferences --------------------------------------------------------------

-- Whose preferences are meant: a visitor without an account is known by an
-- identifier of their browser's own, everybody else by their id.
CREATE FUNCTION platform.user_identifier() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN COALESCE(NULLIF(current_setting('app.user_identifier', true), ''), platform.user_id()::text);

CREATE TABLE platform.user_preferences (
    id                  uuid         PRIMARY KEY DEFAULT gen_random_uuid(),
    user_identifier     varchar(100) NOT NULL DEFAULT platform.user_identifier(),
    user_id             uuid         DEFAULT platform.user_id() REFERENCES platform.users ON DELETE CASCADE,
    preferred_locale    varchar(10)  NOT NULL DEFAULT 'en-US',
    preferred_region    varchar(20),
    preferred_currency  varchar(3)   NOT NULL DEFAULT 'USD',
    favorite_models     uuid[]       NOT NULL DEFAULT '{}',
    display_preferences jsonb        NOT NULL DEFAULT '{}',
    created_at          timestamptz  NOT NULL DEFAULT now(),
    updated_at          timestamptz  NOT NULL DEFAULT now(),
    CONSTRAINT user_preferences_one_per_identifier UNIQUE (user_identifier),
    CONSTRAINT user_preferences_one_per_user UNIQUE (user_id),
    CONSTRAINT user_preferences_identifier_is_the_users CHECK (user_id IS NULL OR user_identifier = user_id::text),
    CONSTRAINT user_preferences_locale_is_a_tag CHECK (preferred_locale ~ '^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    CONSTRAINT user_preferences_currency_is_a_code CHECK (preferred_currency ~ '^[A-Z]{3}$'),
    CONSTRAINT user_preferences_display_is_an_object CHECK (jsonb_typeof(display_preferences) = 'object')
);
COMMENT ON TABLE platform.user_preferences IS 'identity: global: how a person, or a visitor without an account, likes things shown; each sees their own.';

ALTER TABLE platform.user_preferences ENABLE ROW LEVEL SECURITY;
ALTER TABLE platform.user_preferences FORCE  ROW LEVEL SECURITY;
CREATE POLICY user_prefs_policy ON platform.user_preferences TO guildhall_app
    USING (user_identifier = (SELECT platform.user_identifier()))
    WITH CHECK (user_identifier = (SELECT platform.user_identifier()) AND (user_id IS NULL OR user_id = (SELECT platform.user_id())));
CREATE POLICY functions_see_every_row ON platform.user_preferences TO guildhall_owner USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform.user_preferences TO guildhall_app;

-- secrets ------------------------------------------------------------------

-- Where envelopes are kept that were sealed under a key outside the database,
-- so that all of them can be sealed anew when that key changes.
CREATE TABLE platform.sealed_columns (
    relation    text NOT NULL,
    column_name text NOT NULL,
    PRIMARY KEY (relation, column_name)
);
COMMENT ON TABLE platform.sealed_columns IS 'identity: system: every column of encrypted secrets; its table has an id and a tenant_id.';
GRANT SELECT ON platform.sealed_columns TO guildhall_app;

-- Declares such a column. Functions of the owner then see every team's rows of the table.
CREATE FUNCTION platform.keep_sealed(relation regclass, sealed_column text) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO platform.sealed_columns VALUES (relation::text, sealed_column);
    EXECUTE format('CREATE POLICY functions_see_every_row ON %s TO guildhall_owner USING (true) WITH CHECK (true)', relation);
END
$$;

CREATE TABLE platform.provider_secrets (
    id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    tenant_id   uuid        NOT NULL DEFAULT platform.tenant_id() REFERENCES platform.teams,
    sealed      bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    UNIQUE (tenant_id, id),
    CONSTRAINT provider_secrets_are_sealed CHECK (octet_length(sealed) BETWEEN 37 AND 16384 AND get_byte(sealed, 0) = 1)
);
COMMENT ON TABLE platform.provider_secrets IS 'identity: tenant: what a team needs to call others, such as keys of model providers, encrypted under a key that is not in the database.';
COMMENT ON COLUMN platform.provider_secrets.sealed IS 'Version 1, key id (8 bytes), nonce (12), AES-256-GCM ciphertext and tag; the row''s team and id are authenticated with it.';

SELECT platform.isolate('platform.provider_secrets');
SELECT platform.keep_sealed('platform.provider_secrets', 'sealed');
CREATE POLICY secrets_are_added_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR INSERT TO guildhall_app
    WITH CHECK ((SELECT platform.may_administer_team()));
CREATE POLICY secrets_are_changed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR UPDATE TO guildhall_app
    USING ((SELECT platform.may_administer_team()));
CREATE POLICY secrets_are_removed_by_administrators ON platform.provider_secrets AS RESTRICTIVE FOR DELETE TO guildhall_app
    USING ((SELECT platform.may_administer_team()));
GRANT SELECT, INSERT (id, sealed), UPDATE (sealed), DELETE ON platform.provider_secrets TO guildhall_app;

-- Every team's secrets in a column that are under another key than this one, a batch at a time.
CREATE FUNCTION platform.secrets_under_other_keys(in_relation text, in_column text, current_key bytea, after uuid, at_most integer)
    RETURNS TABLE (id uuid, tenant_id uuid, sealed bytea)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'look into this column'
    );
    RETURN QUERY EXECUTE format(
        'SELECT id, tenant_id, %1$I FROM %2$s '
        'WHERE substring(%1$I FROM 2 FOR 8) <> $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3',
        in_column, in_relation::regclass
    ) USING current_key, after, at_most;
END
$$;

-- Whether the envelope was still the one that was opened.
CREATE FUNCTION platform.reseal_secret(in_relation text, in_column text, secret uuid, sealed_before bytea, sealed_after bytea) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    changed integer;
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'rotate secrets');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.sealed_columns WHERE relation = in_relation AND column_name = in_column), 'change this column'
    );
    EXECUTE format('UPDATE %2$s SET %1$I = $3 WHERE id = $1 AND %1$I = $2', in_column, in_relation::regclass)
      USING secret, sealed_before, sealed_after;
    GET DIAGNOSTICS changed = ROW_COUNT;
    RETURN changed = 1;
END
$$;

-- People who write SQL may pretend to be anybody by a setting, so what only
-- some may see of these tables they do not see at all.
CREATE POLICY not_for_people_who_write_sql ON platform.api_keys         AS RESTRICTIVE TO guildhall_person USING (false);
CREATE POLICY not_for_people_who_write_sql ON platform.user_sessions    AS RESTRICTIVE TO guildhall_person USING (false);
CREATE POLICY not_for_people_who_write_sql ON platform.team_invitations AS RESTRICTIVE TO guildhall_person USING (false);
CREATE POLICY not_for_people_who_write_sql ON platform.provider_secrets AS RESTRICTIVE TO guildhall_person USING (false);

-- leaving ------------------------------------------------------------------

-- Archived people cannot sign in and their keys do nothing; restoring gives
-- both back, but not the sessions.
CREATE FUNCTION platform.archive_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator() OR person = platform.user_id(), 'archive somebody else');
    PERFORM platform.refuse_the_first(person);
    UPDATE platform.users SET is_active = false, deleted_at = clock_timestamp()
     WHERE id = person AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE user_id = person AND status = 'active';
    RETURN true;
END
$$;

CREATE FUNCTION platform.restore_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(platform.is_administrator(), 'restore people');
    UPDATE platform.users SET is_active = true, deleted_at = NULL
     WHERE id = person AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

CREATE FUNCTION platform.require_ownership(team uuid, what text) RETURNS void
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require(
        platform.is_administrator()
        OR EXISTS (
            SELECT FROM platform.team_members AS members
              JOIN platform.users ON users.id = members.user_id AND users.is_active
             WHERE members.tenant_id = team AND members.user_id = platform.user_id() AND members.role = 'owner'
        ),
        what
    );
END
$$;

CREATE FUNCTION platform.archive_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'archive this team');
    PERFORM platform.refuse_the_first(team);
    UPDATE platform.teams SET is_active = false, deleted_at = clock_timestamp()
     WHERE id = team AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.user_sessions SET status = 'revoked', revoked_at = clock_timestamp()
     WHERE tenant_id = team AND status = 'active';
    RETURN true;
END
$$;

CREATE FUNCTION platform.restore_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'restore this team');
    UPDATE platform.teams SET is_active = true, deleted_at = NULL
     WHERE id = team AND NOT is_active AND erased_at IS NULL;
    RETURN FOUND;
END
$$;

-- Which teams would be left without an owner.
CREATE FUNCTION platform.teams_owned_alone(person uuid) RETURNS text[]
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
    SELECT COALESCE(array_agg(teams.slug::text ORDER BY teams.slug), '{}')
      FROM platform.team_members AS members
      JOIN platform.teams ON teams.id = members.tenant_id AND teams.erased_at IS NULL
     WHERE members.user_id = person AND members.role = 'owner'
       AND (platform.is_administrator() OR person = platform.user_id())
       AND NOT EXISTS (
               SELECT FROM platform.team_members AS others
                 JOIN platform.users ON users.id = others.user_id AND users.is_active
                WHERE others.tenant_id = teams.id AND others.role = 'owner' AND others.user_id <> person
           )
$$;

-- Takes a person out of every table: what was theirs alone goes, what they did
-- for a team stays the team's under a name that means nobody. Whether there
-- was something to erase. The audit log has its own function for its images.
CREATE FUNCTION platform.erase_user(person uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    known   platform.users;
    trace   record;
    nobody  text := 'erased-' || replace(gen_random_uuid()::text, '-', '');
BEGIN
    PERFORM platform.require(platform.is_administrator() OR person = platform.user_id(), 'erase somebody else');
    PERFORM platform.refuse_the_first(person);
    SELECT * INTO known FROM platform.users WHERE id = person AND erased_at IS NULL FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;

    DELETE FROM platform.sign_in_failures AS failures
     WHERE failures.subject IN (SELECT wanted.subject FROM platform.sign_in_subjects(known.username, NULL) AS wanted);
    DELETE FROM platform.user_preferences WHERE user_id = person OR user_identifier = person::text;
    DELETE FROM platform.user_sessions WHERE user_id = person;
    DELETE FROM platform.api_keys WHERE user_id = person;
    DELETE FROM platform.team_invitations WHERE email = known.email OR accepted_by = person;
    DELETE FROM platform.team_members WHERE user_id = person;

    -- Where somebody was and with what, wherever it stands beside who it was.
    FOR trace IN
        SELECT attributes.attrelid::regclass AS relation,
               string_agg(format('%I = NULL', attributes.attname), ', ' ORDER BY attributes.attnum) AS changes,
               string_agg(format('%I IS NOT NULL', attributes.attname), ' OR ' ORDER BY attributes.attnum) AS is_there
          FROM pg_attribute AS attributes
          JOIN pg_class AS classes ON classes.oid = attributes.attrelid AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
          JOIN pg_attribute AS people ON people.attrelid = classes.oid AND people.attname = 'user_id' AND people.atttypid = 'uuid'::regtype
         WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
           AND attributes.attname IN ('ip_address', 'user_agent', 'user_identifier')
           AND NOT attributes.attnotnull
           AND split_part(COALESCE(obj_description(classes.oid), ''), ':', 1) <> 'audit'
         GROUP BY attributes.attrelid
    LOOP
        EXECUTE format('UPDATE %s SET %s WHERE user_id = $1 AND (%s)', trace.relation, trace.changes, trace.is_there) USING person;
    END LOOP;

    UPDATE platform.users
       SET username = nobody, email = nobody || '@invalid', password_hash = '!', api_key = NULL, role = 'user',
           is_active = false, last_login_at = NULL,
           deleted_at = COALESCE(deleted_at, clock_timestamp()), erased_at = clock_timestamp()
     WHERE id = person;
    RETURN true;
END
$$;

-- Every table with rows of teams, those that refer to others first, so that
-- deleting in this order violates no key. The audit's own are not among them:
-- their contents are redacted, their digests stay; of other ledgers it knows
-- that an erased team's rows have gone. Series come with their time column.
CREATE FUNCTION platform.erasure_order() RETURNS TABLE (relation regclass, time_column text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    remaining oid[];
    free_ones oid[];
BEGIN
    SELECT array_agg(classes.oid) INTO remaining
      FROM pg_class AS classes
     WHERE classes.relnamespace::regnamespace::text IN ('platform', 'catalogue', 'gateway', 'evaluation', 'society', 'store')
       AND classes.relkind IN ('r', 'p') AND NOT classes.relispartition
       AND split_part(obj_description(classes.oid), ': ', 2) = 'tenant'
       AND split_part(obj_description(classes.oid), ': ', 1) <> 'audit';
    WHILE cardinality(remaining) > 0 LOOP
        -- Keys that set null or cascade may form circles; they refuse nothing.
        FOR strictness IN 1..3 LOOP
            SELECT array_agg(candidate ORDER BY candidate::regclass::text) INTO free_ones
              FROM unnest(remaining) AS candidate
             WHERE NOT EXISTS (
                       SELECT FROM pg_constraint AS keys
                        WHERE keys.contype = 'f'
                          AND keys.confrelid = candidate
                          AND keys.conrelid <> candidate
                          AND keys.conrelid = ANY (remaining)
                          AND (strictness = 1 AND keys.confdeltype IN ('a', 'r', 'c')
                               OR strictness = 2 AND keys.confdeltype IN ('a', 'r'))
                   );
            EXIT WHEN free_ones IS NOT NULL;
        END LOOP;
        RETURN QUERY
        SELECT candidate::regclass, series.time_column
          FROM unnest(free_ones) WITH ORDINALITY AS free (candidate, place)
          JOIN pg_class AS classes ON classes.oid = candidate
          LEFT JOIN platform.series ON series.name = classes.relname AND classes.relnamespace = 'store'::regnamespace
         ORDER BY place;
        remaining := ARRAY(SELECT candidate FROM unnest(remaining) AS candidate WHERE candidate <> ALL (free_ones));
    END LOOP;
END
$$;

-- From here on nobody can use the team, and there is no way back.
CREATE FUNCTION platform.begin_erasing_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    PERFORM platform.refuse_the_first(team);
    UPDATE platform.teams
       SET is_active = false,
           deleted_at = COALESCE(deleted_at, clock_timestamp()), erased_at = COALESCE(erased_at, clock_timestamp())
     WHERE id = team;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE platform.users SET api_key = NULL
     WHERE api_key IN (SELECT replace(keys.id::text, '-', '') FROM platform.api_keys AS keys WHERE keys.tenant_id = team);
    RETURN true;
END
$$;

-- Deletes a batch of a team's rows and tells what; no rows when nothing is
-- left. Each call stands for itself, so an erasure that was cut off goes on.
CREATE FUNCTION platform.erase_team_rows(team uuid, at_most integer) RETURNS TABLE (relation text, removed bigint)
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    wanted  record;
    earliest timestamptz;
    done    bigint;
    budget  bigint := at_most;
    before  CONSTANT text := COALESCE(current_setting('app.tenant_id', true), '');
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    PERFORM platform.require(
        EXISTS (SELECT FROM platform.teams WHERE id = team AND erased_at IS NOT NULL), 'erase a team that is not being erased'
    );
    PERFORM set_config('app.tenant_id', team::text, true); -- the policies let the owner's functions see this team
    FOR wanted IN SELECT * FROM platform.erasure_order() LOOP
        EXIT WHEN budget <= 0;
        -- Members go last, with the team: until then its owner may go on.
        CONTINUE WHEN wanted.relation = 'platform.team_members'::regclass;
        IF wanted.time_column IS NULL THEN
            BEGIN
                EXECUTE format(
                    'DELETE FROM %1$s WHERE tenant_id = $1 AND (tableoid, ctid) IN '
                    '(SELECT tableoid, ctid FROM %1$s WHERE tenant_id = $1 LIMIT $2)', wanted.relation
                ) USING team, budget;
                GET DIAGNOSTICS done = ROW_COUNT;
            EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN
                -- Rows that refer to others of the same table can only go together.
                EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', wanted.relation) USING team;
                GET DIAGNOSTICS done = ROW_COUNT;
            END;
        ELSE
            -- A month at a time: rows of compressed chunks have no place by which a batch could name them.
            EXECUTE format('SELECT min(%I) FROM %s WHERE tenant_id = $1', wanted.time_column, wanted.relation) INTO earliest USING team;
            EXECUTE format('DELETE FROM %1$s WHERE tenant_id = $1 AND %2$I >= $2 AND %2$I < $2 + interval ''1 month''',
                           wanted.relation, wanted.time_column) USING team, earliest;
            GET DIAGNOSTICS done = ROW_COUNT;
            -- What is left of the series is for the next call.
            budget := CASE WHEN done > 0 THEN 0 ELSE budget END;
        END IF;
        IF done > 0 THEN
            budget := budget - done;
            relation := wanted.relation::text;
            removed := done;
            RETURN NEXT;
        END IF;
    END LOOP;
    PERFORM set_config('app.tenant_id', before, true);
END
$$;

-- The last of a team. Its foreign keys refuse while any row is left.
CREATE FUNCTION platform.finish_erasing_team(team uuid) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM platform.require_ownership(team, 'erase this team');
    DELETE FROM platform.teams WHERE id = team AND erased_at IS NOT NULL;
    RETURN FOUND;
END
$$;

-- when rows changed --------------------------------------------------------

CREATE TRIGGER update_users_updated_at
    BEFORE UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_teams_updated_at BEFORE UPDATE ON platform.teams
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_user_preferences_updated_at BEFORE UPDATE ON platform.user_preferences
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();
CREATE TRIGGER update_provider_secrets_updated_at BEFORE UPDATE ON platform.provider_secrets
    FOR EACH ROW EXECUTE FUNCTION platform.update_updated_at_column();

-- what is audited ----------------------------------------------------------

CREATE TRIGGER users_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF username, email, password_hash, api_key, role, is_active, deleted_at, erased_at ON platform.users
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('password_hash');
CREATE TRIGGER teams_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.teams
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER team_members_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.team_members
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER team_invitations_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.team_invitations
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('token_digest');
CREATE TRIGGER api_keys_are_audited
    AFTER INSERT OR DELETE OR UPDATE OF name, scopes, rate_limit, expires_at, is_active, revoked_at ON platform.api_keys
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('key_hash');
CREATE TRIGGER user_sessions_are_audited AFTER INSERT OR DELETE OR UPDATE OF status ON platform.user_sessions
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('session_token', 'context');
CREATE TRIGGER user_preferences_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.user_preferences
    FOR EACH ROW EXECUTE FUNCTION platform.record_change();
CREATE TRIGGER provider_secrets_are_audited AFTER INSERT OR UPDATE OR DELETE ON platform.provider_secrets
    FOR EACH ROW EXECUTE FUNCTION platform.record_change('sealed');

-- who may call what --------------------------------------------------------

DO $$
DECLARE
    ours record;
BEGIN
    FOR ours IN
        SELECT functions.oid::regprocedure AS signature, wanted.callers
          FROM (VALUES
                   ('member_role',               'guildhall_app, guildhall_reader'),
                   ('is_administrator',          'guildhall_app, guildhall_reader'),
                   ('may_administer_team',       'guildhall_app, guildhall_reader'),
                   ('user_identifier',           'guildhall_app, guildhall_reader'),
                   ('validate_user_access',      'guildhall_app, guildhall_reader'),
                   ('verify_api_key',            'guildhall_app'),
                   ('authenticate_api_key',      'guildhall_app'),
                   ('create_api_key',            'guildhall_app'),
                   ('revoke_api_key',            'guildhall_app'),
                   ('begin_sign_in',             'guildhall_app'),
                   ('finish_sign_in',            'guildhall_app'),
                   ('replace_password_hash',     'guildhall_app'),
                   ('set_password_hash',         'guildhall_app'),
                   ('authenticate_session',      'guildhall_app'),
                   ('revoke_sessions',           'guildhall_app'),
                   ('create_user',               'guildhall_app'),
                   ('list_users',                'guildhall_app'),
                   ('archive_user',              'guildhall_app'),
                   ('restore_user',              'guildhall_app'),
                   ('erase_user',                'guildhall_app'),
                   ('teams_owned_alone',         'guildhall_app'),
                   ('create_team',               'guildhall_app'),
                   ('list_teams',                'guildhall_app'),
                   ('archive_team',              'guildhall_app'),
                   ('restore_team',              'guildhall_app'),
                   ('begin_erasing_team',        'guildhall_app'),
                   ('erase_team_rows',           'guildhall_app'),
                   ('finish_erasing_team',       'guildhall_app'),
                   ('add_member',                'guildhall_app'),
                   ('change_member_role',        'guildhall_app'),
                   ('remove_member',             'guildhall_app'),
                   ('invite',                    'guildhall_app'),
                   ('revoke_invitation',         'guildhall_app'),
                   ('accept_invitation',         'guildhall_app'),
                   ('join_by_invitation',        'guildhall_app'),
                   ('secrets_under_other_keys',  'guildhall_app'),
                   ('reseal_secret',             'guildhall_app'),
                   ('tidy_identity',             'guildhall_scheduler'),
                   -- only functions of the owner call these
                   ('require',                   NULL),
                   ('require_rank_over',         NULL),
                   ('require_ownership',         NULL),
                   ('refuse_the_first',          NULL),
                   ('keep_an_owner',             NULL),
                   ('keep_an_administrator',     NULL),
                   ('keep_sealed',               NULL),
                   ('find_login',                NULL),
                   ('sign_in_subjects',          NULL),
                   ('sign_in_wait',              NULL),
                   ('use_invitation',            NULL),
                   ('erasure_order',             NULL)
               ) AS wanted (name, callers)
          JOIN pg_proc AS functions ON functions.proname = wanted.name AND functions.pronamespace = 'platform'::regnamespace
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', ours.signature);
        IF ours.callers IS NOT NULL THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %s', ours.signature, ours.callers);
        END IF;
    END LOOP;
END
$$;
