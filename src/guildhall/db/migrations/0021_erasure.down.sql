GRANT EXECUTE ON FUNCTION platform.erase_user(uuid), platform.finish_erasing_team(uuid) TO guildhall_app;
DROP FUNCTION platform.erase_team(uuid, text);
DROP FUNCTION platform.erase_person(uuid, text);
