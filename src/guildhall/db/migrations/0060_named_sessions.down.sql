DROP FUNCTION platform.use_session(text, integer, interval, interval);
DELETE FROM platform.user_sessions WHERE name IS NOT NULL;
ALTER TABLE platform.user_sessions DROP COLUMN name;
