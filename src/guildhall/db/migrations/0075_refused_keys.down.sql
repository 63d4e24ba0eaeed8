DROP FUNCTION platform.recognize_api_key(uuid, text);
