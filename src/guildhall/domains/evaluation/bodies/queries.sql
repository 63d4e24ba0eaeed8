-- name: insert_bodies
INSERT INTO evaluation.bodies (sha256, encoding, size_bytes, content)
SELECT rows.sha256, rows.encoding, rows.size_bytes, rows.content
  FROM unnest(:sha256s::text[], :encodings::text[], :sizes::bigint[], :contents::bytea[])
       AS rows (sha256, encoding, size_bytes, content)
 ORDER BY rows.sha256 -- two writers of the same contents wait for one another in one order
    ON CONFLICT (tenant_id, sha256) DO NOTHING;

-- name: known_bodies
SELECT sha256 FROM evaluation.bodies WHERE sha256 = ANY (:sha256s::text[]);

-- name: bodies
SELECT sha256, encoding, content FROM evaluation.bodies WHERE sha256 = ANY (:sha256s::text[]);
