"""Jobs of our own: which are reserved, and which run what a team has written."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType

import pytest

from guildhall.app.workers import handlers, ours

_MORE = """
@_runs_code
@job("third.runs")
async def run_third(wanted: RunSimulations) -> None: ...


@job("third.looks")
async def look_at_third(wanted: RunSimulations) -> None: ...
"""


@pytest.fixture
def with_more(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module as it would be with two jobs more, and a registry of its own that others register with too."""
    registry = handlers.Registry()
    monkeypatch.setattr(handlers, "HANDLERS", registry)
    monkeypatch.setattr(handlers, "job", registry.job)

    @registry.job("shop.sell")
    def sell(payload: dict[str, str]) -> None: ...

    more = ModuleType("ours_with_more")
    monkeypatch.setitem(sys.modules, more.__name__, more)
    source = inspect.getsource(ours)
    place = source.index("@_runs_code")
    exec(compile(source[:place] + _MORE + source[place:], more.__name__, "exec"), more.__dict__)
    return more


def test_each_job_of_ours_is_reserved_as_it_is_declared(with_more: ModuleType) -> None:
    assert sorted(with_more.TYPES) == [
        "audit.verify",
        "evaluation.run",
        "failures.cluster",
        "gateway.debate",
        "recommendations.analyse",
        "third.looks",
        "third.runs",
    ]


def test_which_runs_code_is_said_where_it_is_declared(with_more: ModuleType) -> None:
    for task_type in ("evaluation.run", "third.runs"):
        with pytest.raises(with_more.RunsCode, match=task_type):
            with_more.refuse_code(task_type)
    with pytest.raises(with_more.HasItsRoute, match="POST /v1/gateway/debates"):
        with_more.refuse_code("gateway.debate")
    for task_type in (
        "audit.verify",
        "failures.cluster",
        "recommendations.analyse",
        "third.looks",
        "shop.sell",
        "unheard.of",
    ):
        with_more.refuse_code(task_type)
