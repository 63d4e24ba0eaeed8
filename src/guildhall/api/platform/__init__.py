"""Routes of the platform wing."""

from guildhall.api.platform import audits, health, jobs, keys, people, sessions, teams, workers

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
    audits.ledgers,
    jobs.router,
    jobs.batches,
    jobs.dead_letters,
    workers.router,
    health.health,
)
