-- name: database_id
SELECT database_id FROM platform.installation;
