"""Routes of the platform wing."""

from guildhall.api.platform import audits, health, jobs, keys, lanes, people, schedules, sessions, teams, workers

ROUTERS = (
    sessions.sessions,
    sessions.own,
    people.users,
    people.preferences,
    teams.teams,
    teams.members,
    teams.invitations,
    keys.keys,
    keys.secrets,
    audits.changes,
    audits.installation_changes,
    audits.ledgers,
    jobs.router,
    jobs.batches,
    jobs.dead_letters,
    workers.router,
    lanes.router,
    schedules.router,
    health.health,
)
