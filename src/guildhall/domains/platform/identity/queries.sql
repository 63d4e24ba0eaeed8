-- name: database_id
SELECT database_id FROM platform.installation;

-- name: tidy
SELECT platform.tidy_identity();

-- name: standing
SELECT platform.member_role() AS role, platform.is_administrator() AS is_administrator;

-- name: create_user
SELECT platform.create_user(:username, :email, :password_hash, :role);

-- name: users
SELECT id, username, email, role = 'admin' AS is_administrator, is_active, api_key AS default_key_id, last_login_at,
       created_at, updated_at, deleted_at, has_password, teams
  FROM platform.list_users(:with_archived);

-- name: user
SELECT id, username, email, role = 'admin' AS is_administrator, is_active, api_key AS default_key_id, last_login_at,
       created_at, updated_at, deleted_at, has_password, teams
  FROM platform.list_users(true)
 WHERE username = lower(:name) OR email = lower(:name)
 ORDER BY username = lower(:name) DESC
 LIMIT 1;

-- name: teammates
-- Row-level security leaves the people of the team.
SELECT users.id, users.username, users.email
  FROM platform.users
 WHERE users.username = lower(:name) OR users.email = lower(:name);

-- name: set_password_hash
SELECT platform.set_password_hash(:user_id, :password_hash);

-- name: begin_sign_in
-- Counts the attempt as failed before anybody looks at the password.
SELECT hash_settings, wait_seconds FROM platform.begin_sign_in(:login, :address::text::inet);

-- name: finish_sign_in
SELECT session_id, user_id, tenant_id, member_role, is_administrator, expires_at
  FROM platform.finish_sign_in(:login, :address::text::inet, :user_agent, :password_hash, :token_digest, :team, :idle, :longest);

-- name: replace_password_hash
SELECT platform.replace_password_hash(:user_id, :old_hash, :new_hash, :and_sign_out);

-- name: authenticate_session
SELECT session_id, user_id, tenant_id, member_role, is_administrator, expires_at
  FROM platform.authenticate_session(:token_digest);

-- name: revoke_sessions
SELECT platform.revoke_sessions(:user_id, :only_session, :but_session);

-- name: sessions
SELECT id, status, host(ip_address) AS ip_address, user_agent, request_count, last_activity, expires_at, created_at
  FROM platform.user_sessions
 WHERE (status = 'active' OR :with_ended)
   AND name IS NULL
 ORDER BY created_at DESC
 LIMIT :at_most;

-- name: use_session
SELECT id, :name::text AS name, status, context, request_count, last_activity, expires_at, ends_at, created_at
  FROM platform.use_session(:name, :requests, :idle, :longest, :most);

-- name: keep_context
UPDATE platform.user_sessions
   SET context = :context
 WHERE name = :name
   AND status = 'active'
   AND expires_at > now();

-- name: conversations
SELECT id, name, CASE WHEN status = 'active' AND expires_at <= now() THEN 'expired' ELSE status::text END AS status, context,
       request_count, last_activity, expires_at, ends_at, created_at
  FROM platform.user_sessions
 WHERE name IS NOT NULL
   AND (:name::text IS NULL OR name = :name)
   AND ((status = 'active' AND expires_at > now()) OR :with_ended)
 ORDER BY last_activity DESC, id
 LIMIT :at_most;

-- name: count_requests
UPDATE platform.user_sessions SET request_count = request_count + :requests WHERE id = :session_id AND status = 'active';

-- name: teams
SELECT id, name, slug, is_active, members, role, created_at, updated_at, deleted_at, erased_at
  FROM platform.list_teams(:with_archived);

-- name: team
SELECT id, name, slug, is_active, members, role, created_at, updated_at, deleted_at, erased_at
  FROM platform.list_teams(true)
 WHERE slug = :slug;

-- name: create_team
SELECT platform.create_team(:name, :slug, :owner);

-- name: members
SELECT members.user_id, users.username, users.email, members.role, users.is_active, members.created_at
  FROM platform.team_members AS members
  JOIN platform.users ON users.id = members.user_id
 WHERE members.tenant_id = platform.tenant_id()
 ORDER BY members.created_at, users.username;

-- name: add_member
SELECT platform.add_member(:user_id, :role);

-- name: change_member_role
SELECT platform.change_member_role(:user_id, :role);

-- name: remove_member
SELECT platform.remove_member(:user_id);

-- name: invite
SELECT platform.invite(:email, :role, :token_digest, :expires_at);

-- name: invitations
SELECT id, email, role, invited_by, expires_at, created_at, accepted_at, revoked_at
  FROM platform.team_invitations
 WHERE :with_ended OR (accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now())
 ORDER BY created_at DESC
 LIMIT :at_most;

-- name: revoke_invitation
SELECT platform.revoke_invitation(:invitation_id);

-- name: accept_invitation
SELECT tenant_id, slug, role FROM platform.accept_invitation(:token_digest);

-- name: join_by_invitation
SELECT user_id, tenant_id, slug, role FROM platform.join_by_invitation(:token_digest, :username, :password_hash);

-- name: create_key
SELECT platform.create_api_key(:key_id, :digest, :user_id, :name, :scopes, :rate_limit, :expires_at, :as_default);

-- name: api_keys
SELECT keys.id, keys.user_id, users.username, keys.name, keys.scopes, keys.rate_limit, keys.last_used_at, keys.expires_at,
       keys.created_at, keys.is_active, keys.revoked_at,
       COALESCE(people.api_key = replace(keys.id::text, '-', ''), false) AS is_default
  FROM platform.api_keys AS keys
  LEFT JOIN platform.users ON users.id = keys.user_id
  LEFT JOIN platform.list_users(true) AS people ON people.id = keys.user_id
 WHERE keys.is_active OR :with_revoked
 ORDER BY keys.created_at DESC, keys.id
 LIMIT :at_most;

-- name: keys_like
-- A short id is the beginning of the long one; names are people's own.
SELECT id, name
  FROM platform.api_keys
 WHERE replace(id::text, '-', '') LIKE :digits || '%' OR name = :reference
 ORDER BY is_active DESC, created_at DESC
 LIMIT 10;

-- name: revoke_key
SELECT platform.revoke_api_key(:key_id);

-- name: authenticate_key
SELECT id, user_id, tenant_id, member_role, is_administrator, user_identifier, name, scopes, rate_limit, expires_at
  FROM platform.authenticate_api_key(:key_id, :digest);

-- name: recognize_key
SELECT id, user_id, tenant_id FROM platform.recognize_api_key(:key_id, :digest);

-- name: preferences
SELECT preferred_locale, preferred_region, preferred_currency, favorite_models, display_preferences
  FROM platform.user_preferences
 WHERE user_identifier = platform.user_identifier();

-- name: become_visitor
-- For the rest of the transaction: a visitor without an account, known by an identifier of their own.
SELECT set_config('app.user_id', '', true), set_config('app.user_identifier', :identifier, true);

-- name: set_preferences
INSERT INTO platform.user_preferences AS known (
    preferred_locale, preferred_region, preferred_currency, favorite_models, display_preferences
)
VALUES (:preferred_locale, :preferred_region, :preferred_currency, :favorite_models, :display_preferences)
    ON CONFLICT (user_identifier) DO UPDATE
   SET preferred_locale = excluded.preferred_locale,
       preferred_region = excluded.preferred_region,
       preferred_currency = excluded.preferred_currency,
       favorite_models = excluded.favorite_models,
       display_preferences = excluded.display_preferences;

-- name: insert_secret
INSERT INTO platform.provider_secrets (id, sealed) VALUES (:secret_id, :sealed);

-- name: replace_secret
UPDATE platform.provider_secrets SET sealed = :sealed WHERE id = :secret_id;

-- name: sealed_secret
SELECT sealed FROM platform.provider_secrets WHERE id = :secret_id;

-- name: delete_secret
DELETE FROM platform.provider_secrets WHERE id = :secret_id;

-- name: sealed_columns
SELECT relation, column_name FROM platform.sealed_columns ORDER BY relation, column_name;

-- name: secrets_under_other_keys
SELECT id, tenant_id, sealed FROM platform.secrets_under_other_keys(:relation, :column_name, :key_id, :after, :at_most);

-- name: reseal_secret
SELECT platform.reseal_secret(:relation, :column_name, :secret_id, :sealed_before, :sealed_after);

-- name: archive_user
SELECT platform.archive_user(:user_id);

-- name: restore_user
SELECT platform.restore_user(:user_id);

-- name: erase_person
-- With the images in the audit log, in this transaction.
SELECT platform.erase_person(:user_id, :reason);

-- name: teams_owned_alone
SELECT platform.teams_owned_alone(:user_id);

-- name: archive_team
SELECT platform.archive_team(:team_id);

-- name: restore_team
SELECT platform.restore_team(:team_id);

-- name: begin_erasing_team
SELECT platform.begin_erasing_team(:team_id);

-- name: erase_team_rows
SELECT relation, removed FROM platform.erase_team_rows(:team_id, :at_most);

-- name: erase_team
-- What is left when its rows have gone: the team itself, and the images in the audit log.
SELECT platform.erase_team(:team_id, :reason);

-- name: oneself
SELECT id, username, email, role = 'admin' AS is_administrator, is_active, api_key AS default_key_id, last_login_at,
       created_at, updated_at, deleted_at, has_password, teams
  FROM platform.list_users(true)
 WHERE id = platform.user_id();

-- name: own_team
SELECT id, name, slug, is_active, members, role, created_at, updated_at, deleted_at, erased_at
  FROM platform.list_teams(true)
 WHERE id = platform.tenant_id();

-- name: every_user
SELECT id, username, email, role = 'admin' AS is_administrator, is_active, api_key AS default_key_id, last_login_at,
       created_at, updated_at, deleted_at, has_password, teams
  FROM platform.list_users(true);

-- name: every_team
SELECT id, name, slug, is_active, members, role, created_at, updated_at, deleted_at, erased_at
  FROM platform.list_teams(true);

-- name: every_member
SELECT members.user_id, users.username, users.email, members.role, users.is_active, members.created_at
  FROM platform.team_members AS members
  JOIN platform.users ON users.id = members.user_id
 WHERE members.tenant_id = platform.tenant_id();

-- name: every_invitation
SELECT id, email, role, invited_by, expires_at, created_at, accepted_at, revoked_at,
       accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now() AS is_open
  FROM platform.team_invitations;

-- name: every_session
SELECT id, status, host(ip_address) AS ip_address, user_agent, request_count, last_activity, expires_at, created_at
  FROM platform.user_sessions
 WHERE name IS NULL;

-- name: every_conversation
SELECT id, name, CASE WHEN status = 'active' AND expires_at <= now() THEN 'expired' ELSE status::text END AS status, context,
       request_count, last_activity, expires_at, ends_at, created_at
  FROM platform.user_sessions
 WHERE name IS NOT NULL;

-- name: every_key
SELECT keys.id, keys.user_id, users.username, keys.name, keys.scopes, keys.rate_limit, keys.last_used_at, keys.expires_at,
       keys.created_at, keys.is_active, keys.revoked_at,
       COALESCE(people.api_key = replace(keys.id::text, '-', ''), false) AS is_default
  FROM platform.api_keys AS keys
  LEFT JOIN platform.users ON users.id = keys.user_id
  LEFT JOIN platform.list_users(true) AS people ON people.id = keys.user_id;

-- name: every_secret
SELECT id, created_at, updated_at FROM platform.provider_secrets;
