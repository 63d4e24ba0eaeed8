"""Which fixtures there are: each of these modules is a small plugin with a subject of its own."""

import os

from hypothesis import settings

# One thread of arithmetic for each worker: two that spin for each other cost twice the time. Read when NumPy loads.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# The same examples every time, so that a suite that passed passes; GUILDHALL_TEST_EXPLORE=1 looks for new ones.
# No deadlines: how long an example takes says more about the machine than about the code.
settings.register_profile("repeat", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile("explore" if os.environ.get("GUILDHALL_TEST_EXPLORE") else "repeat")

pytest_plugins = [
    "fixtures.garbage",  # first: what the others import is what lasts
    "fixtures.database",
    "fixtures.servers",
    "fixtures.guildhall",
    "fixtures.ledgers",
    "fixtures.engines",
    "fixtures.readings",
    "fixtures.agents",
    "fixtures.command_line",
    "fixtures.models",
    "fixtures.modal_service",
    "fixtures.passwords",
    "fixtures.poolers",
    "fixtures.ray_nodes",
    "fixtures.shared",
    "fixtures.statements",
    "fixtures.catalogue",
    "fixtures.society",
    "fixtures.histories",
    "fixtures.strictness",
    "fixtures.api",
    "fixtures.told",
    "fixtures.serving",
    "fixtures.upstreams",
    "fixtures.certificates",
    "fixtures.gateways",
    "fixtures.browser",
    "fixtures.wires",
]
