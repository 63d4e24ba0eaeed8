"""The last checkup, for whoever asks often and will not wait."""

from __future__ import annotations

import pytest

from guildhall.app.checkup import Memory
from guildhall.app.wiring import App
from guildhall.db import DatabaseUnavailable


async def test_a_checkup_goes_on_when_nobody_waits_and_the_next_finds_it(app: App) -> None:
    memory = Memory(app)
    with pytest.raises(DatabaseUnavailable, match="within 0 s"):
        await memory.recent(patience_s=0)
    found = await memory.recent(patience_s=60)
    assert await memory.recent(patience_s=0) is found


async def test_whoever_will_not_wait_gets_the_last_one_however_old(app: App) -> None:
    memory = Memory(app, lasts_s=0)
    first = await memory.recent(patience_s=60)
    assert await memory.recent(patience_s=0) is first
    assert await memory.recent(patience_s=60) is not first
    await memory.forget()
