"""Which fixtures there are: each of these modules is a small plugin with a subject of its own."""

pytest_plugins = [
    "fixtures.database",
    "fixtures.servers",
    "fixtures.guildhall",
    "fixtures.agents",
    "fixtures.command_line",
    "fixtures.models",
    "fixtures.shared",
    "fixtures.strictness",
]
