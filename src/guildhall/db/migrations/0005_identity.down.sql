DROP TRIGGER team_members_are_audited ON platform.team_members;
DROP TRIGGER teams_are_audited ON platform.teams;
DROP TRIGGER users_are_audited ON platform.users;
DROP TRIGGER update_teams_updated_at ON platform.teams;
DROP TRIGGER update_users_updated_at ON platform.users;

DROP FUNCTION platform.finish_erasing_team(uuid);
DROP FUNCTION platform.erase_team_rows(uuid, integer);
DROP FUNCTION platform.begin_erasing_team(uuid);
DROP FUNCTION platform.erasure_order();
DROP FUNCTION platform.erase_user(uuid);
DROP FUNCTION platform.teams_owned_alone(uuid);
DROP FUNCTION platform.restore_team(uuid);
DROP FUNCTION platform.archive_team(uuid);
DROP FUNCTION platform.require_ownership(uuid, text);
DROP FUNCTION platform.restore_user(uuid);
DROP FUNCTION platform.archive_user(uuid);

DROP FUNCTION platform.reseal_secret(text, text, uuid, bytea, bytea);
DROP FUNCTION platform.secrets_under_other_keys(text, text, bytea, uuid, integer);
DROP TABLE platform.provider_secrets;
DROP FUNCTION platform.keep_sealed(regclass, text);
DROP TABLE platform.sealed_columns;
DROP TABLE platform.user_preferences;
DROP FUNCTION platform.user_identifier();

DROP FUNCTION platform.remove_member(uuid);
DROP FUNCTION platform.join_by_invitation(text, text, text);
DROP FUNCTION platform.accept_invitation(text);
DROP FUNCTION platform.use_invitation(text, uuid);
DROP FUNCTION platform.revoke_invitation(uuid);
DROP FUNCTION platform.invite(text, text, text, timestamptz);
DROP TABLE platform.team_invitations;

DROP FUNCTION platform.tidy_identity(interval);
DROP FUNCTION platform.revoke_sessions(uuid, uuid, uuid);
DROP FUNCTION platform.authenticate_session(text);
DROP FUNCTION platform.set_password_hash(uuid, text);
DROP FUNCTION platform.replace_password_hash(uuid, text, text, boolean);
DROP FUNCTION platform.finish_sign_in(text, inet, text, text, text, text, interval, interval);
DROP FUNCTION platform.begin_sign_in(text, inet);
DROP FUNCTION platform.sign_in_wait(integer, integer);
DROP FUNCTION platform.sign_in_subjects(text, inet);
DROP FUNCTION platform.find_login(text);
DROP TABLE platform.sign_in_failures;
DROP TABLE platform.user_sessions;

DROP FUNCTION platform.verify_api_key(text);
DROP FUNCTION platform.authenticate_api_key(uuid, text);
DROP FUNCTION platform.revoke_api_key(uuid);
DROP FUNCTION platform.create_api_key(uuid, text, uuid, text, text[], integer, timestamptz, boolean);
DROP TABLE platform.api_keys;

DROP FUNCTION platform.change_member_role(uuid, text);
DROP FUNCTION platform.require_rank_over(text, text);
DROP FUNCTION platform.add_member(uuid, text);
DROP FUNCTION platform.create_team(text, text, uuid);
DROP FUNCTION platform.list_teams(boolean);
DROP FUNCTION platform.list_users(boolean);
DROP FUNCTION platform.create_user(text, text, text, text);
DROP FUNCTION platform.refuse_the_first(uuid);
DROP TRIGGER installation_keeps_an_administrator ON platform.users;
DROP FUNCTION platform.keep_an_administrator();
DROP TRIGGER teams_keep_an_owner ON platform.team_members;
DROP FUNCTION platform.keep_an_owner();
DROP FUNCTION platform.validate_user_access(uuid);
DROP FUNCTION platform.require(boolean, text);
DROP FUNCTION platform.may_administer_team();
DROP FUNCTION platform.is_administrator();
DROP FUNCTION platform.member_role();

DROP POLICY functions_see_every_row ON platform.team_members;
DROP POLICY functions_see_every_row ON platform.teams;
DROP POLICY functions_see_every_row ON platform.users;
ALTER TABLE platform.teams DROP COLUMN erased_at, DROP COLUMN deleted_at;
ALTER TABLE platform.users DROP COLUMN erased_at, DROP COLUMN deleted_at, DROP COLUMN last_login_at, DROP COLUMN is_active;

DO $$
DECLARE
    relation regclass;
BEGIN
    FOR relation IN SELECT polrelid::regclass FROM pg_policy WHERE polname = 'rows_belong_to_the_team' LOOP
        EXECUTE format('ALTER POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader', relation);
    END LOOP;
END
$$;

CREATE OR REPLACE FUNCTION platform.isolate(relation regclass) RETURNS void
    LANGUAGE plpgsql
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', relation);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', relation);
    EXECUTE format(
        'CREATE POLICY rows_belong_to_the_team ON %s TO guildhall_app, guildhall_reader '
        'USING (tenant_id = (SELECT platform.tenant_id())) '
        'WITH CHECK (tenant_id = (SELECT platform.tenant_id()))',
        relation
    );
END
$$;
