"""Which fixtures there are: each of these modules is a small plugin with a subject of its own."""

import os

from hypothesis import settings

# No deadlines: how long an example takes says more about the machine than about the code.
settings.register_profile("here", deadline=None)
if "CI" not in os.environ:  # there hypothesis has a profile of its own, which repeats the same examples
    settings.load_profile("here")

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
