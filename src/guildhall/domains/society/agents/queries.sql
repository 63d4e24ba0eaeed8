-- name: add
INSERT INTO society.agents (id, agent_id, name, type, metadata)
VALUES (:id, :agent_id, :name, :type, :metadata);

-- name: set_skills
-- A skill that the agent has already is as well done as is said now.
INSERT INTO society.agent_skills (agent_id, skill_name, proficiency)
SELECT :agent_id::uuid, given.name, given.proficiency
  FROM unnest(:names::text[], :proficiencies::numeric[]) AS given (name, proficiency)
    ON CONFLICT (tenant_id, agent_id, skill_name) DO UPDATE SET proficiency = COALESCE(excluded.proficiency, agent_skills.proficiency);

-- name: agents
SELECT agents.id, agents.agent_id, agents.name, agents.type::text AS type, agents.status::text AS status,
       COALESCE((SELECT jsonb_agg(jsonb_build_array(skills.skill_name, skills.proficiency) ORDER BY skills.skill_name)
                   FROM society.agent_skills AS skills
                  WHERE skills.tenant_id = agents.tenant_id AND skills.agent_id = agents.id), '[]') AS skills,
       agents.trust_score::float8 AS trust_score, agents.tasks_completed, agents.tasks_failed,
       agents.success_rate::float8 AS success_rate, agents.average_quality_score::float8 AS average_quality_score,
       agents.average_task_time_ms::float8 AS average_task_time_ms, agents.metadata, agents.created_at
  FROM society.agents
 WHERE agents.deleted_at IS NULL
   AND (:skill::text IS NULL
        OR EXISTS (SELECT FROM society.agent_skills AS wanted
                    WHERE wanted.tenant_id = agents.tenant_id AND wanted.agent_id = agents.id AND wanted.skill_name = :skill));

-- name: find
-- By its name, or by its id.
SELECT agents.id, agents.agent_id, agents.name, agents.type::text AS type, agents.status::text AS status,
       COALESCE((SELECT jsonb_agg(jsonb_build_array(skills.skill_name, skills.proficiency) ORDER BY skills.skill_name)
                   FROM society.agent_skills AS skills
                  WHERE skills.tenant_id = agents.tenant_id AND skills.agent_id = agents.id), '[]') AS skills,
       agents.trust_score::float8 AS trust_score, agents.tasks_completed, agents.tasks_failed,
       agents.success_rate::float8 AS success_rate, agents.average_quality_score::float8 AS average_quality_score,
       agents.average_task_time_ms::float8 AS average_task_time_ms, agents.metadata, agents.created_at
  FROM society.agents
 WHERE agents.deleted_at IS NULL AND (agents.agent_id = :name OR agents.id = :id::uuid);

-- name: known_skills
-- Those of these skills that an agent of the team has.
SELECT DISTINCT skill_name AS name
  FROM society.agent_skills
 WHERE skill_name = ANY (:names);

-- name: all_skills
SELECT DISTINCT skill_name AS name FROM society.agent_skills ORDER BY name LIMIT 1000;
