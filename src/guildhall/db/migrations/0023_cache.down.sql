DROP FUNCTION platform.insist(text, uuid, text, boolean, bytea);
