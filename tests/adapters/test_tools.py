"""Tools one by one: what they are given, what they give back, and whose error it is."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from fixtures.plays import python_tool, write
from guildhall.adapters.code import CodeNotLoadable
from guildhall.adapters.environments import EnvironmentClass, NotAnEnvironment
from guildhall.adapters.tools import Answer, ToolNotUsable, environment_tools, tool_of
from guildhall.domains.evaluation.configurations import ToolSpec
from guildhall.domains.evaluation.simulations import TrialFailed

TOOLS = """
import asyncio
def add(a: int, b: int = 1) -> int:
    '''Add two numbers.'''
    return a + b
def loose(a, **more): return [a, more]
def with_env(env, order): return env.orders[order]
def with_state(state): return len(state.orders)
async def slowly(a: int): return a * 2
async def never(): await asyncio.Event().wait()
def sneaky(): return asyncio.sleep(0)
def raises(kind):
    raise {"value": ValueError("no"), "permission": PermissionError("closed"), "key": KeyError("x"),
           "runtime": RuntimeError("gone"), "unicode": UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"),
           "exit": SystemExit(3)}[kind]
def large(): return "x" * 5_000_000
async def cancels(): raise asyncio.CancelledError
class Lookup:
    def __call__(self, order: str): return f"found {order}"
lookup = Lookup()
number = 7
"""


def made(tmp_path, name: str, **changes: Any):
    write(tmp_path, tools=TOOLS)
    return tool_of(python_tool(name, **changes), tmp_path, None)


async def answers(tool, arguments, environment=None) -> Answer:
    """The same by both ways, where there are two."""
    answer = await tool.run(arguments, environment, 10_000)
    if tool.here:
        assert tool.run_here(arguments, environment) == answer
    return answer


async def test_a_function_is_called_by_name_and_described_by_itself(tmp_path):
    tool = made(tmp_path, "add")

    assert tool.spec.description == "Add two numbers."
    assert tool.spec.parameters["required"] == ["a"]
    assert (await answers(tool, {"a": 2})).content == b"3"
    assert (await answers(tool, {"a": 2, "b": 5})).content == b"7"


async def test_what_the_yaml_says_goes_before_what_the_function_says(tmp_path):
    tool = made(tmp_path, "add", description="Sum.", parameters={"type": "object", "required": ["a", "b"]})

    assert tool.spec.description == "Sum."
    assert (await answers(tool, {"a": 2})).error == "the arguments do not fit: $: 'b' is a required property"
    extra = await answers(tool, {"a": 1, "b": 1, "c": 1})
    assert (extra.error_type, extra.own) == ("invalid_arguments", False)
    assert "unexpected keyword argument 'c'" in (extra.error or "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "'a' is a required property"),
        ({"a": "2"}, "'2' is not of type 'integer'"),
        ({"a": True}, "True is not of type 'integer'"),
        ({"a": 1, "c": 2}, "'c' was unexpected"),
    ],
)
async def test_a_wrong_call_is_the_callers_error(tmp_path, arguments, message):
    answer = await answers(made(tmp_path, "add"), arguments)

    assert message in (answer.error or "")
    assert (answer.error_type, answer.own) == ("invalid_arguments", False)


@pytest.mark.parametrize(
    ("kind", "error", "error_type", "own"),
    [
        ("value", "no", "refused", False),
        ("permission", "closed", "refused", False),
        ("key", "KeyError: 'x'", "KeyError", True),
        ("runtime", "RuntimeError: gone", "RuntimeError", True),
        ("exit", "SystemExit: 3", "SystemExit", True),
    ],
)
async def test_a_refusal_is_told_from_a_failure(tmp_path, kind, error, error_type, own):
    answer = await answers(made(tmp_path, "raises"), {"kind": kind})

    assert (answer.error, answer.error_type, answer.own) == (error, error_type, own)
    assert "(tools.py:" in (answer.detail or "")


async def test_text_that_cannot_be_decoded_is_a_failure_though_a_value_error(tmp_path):
    assert (await answers(made(tmp_path, "raises"), {"kind": "unicode"})).own


async def test_the_environment_is_passed_to_who_asks_for_it(tmp_path):
    class Shop:
        orders = {"1": "late"}  # noqa: RUF012

    by_env, by_state = made(tmp_path, "with_env"), made(tmp_path, "with_state")

    assert by_env.needs_environment
    assert list(by_env.spec.parameters["properties"]) == ["order"]
    assert (await answers(by_env, {"order": "1"}, Shop())).content == b'"late"'
    assert (await answers(by_state, {}, Shop())).content == b"1"


async def test_asynchronous_functions_are_awaited(tmp_path):
    tool = made(tmp_path, "slowly")

    assert not tool.here
    assert (await tool.run({"a": 4}, None, 1000)).content == b"8"


async def test_a_call_that_takes_too_long_is_the_tools_failure(tmp_path):
    answer = await made(tmp_path, "never", timeout_ms=20).run({}, None, 10_000)

    assert (answer.error, answer.error_type, answer.own) == ("the tool took more than 20 ms", "timeout", True)


async def test_an_awaitable_from_a_plain_function_is_a_failure(tmp_path):
    answer = await answers(made(tmp_path, "sneaky"), {})

    assert answer.own
    assert "async def" in (answer.error or "")


async def test_a_tool_that_cancels_itself_cancels_nobody_else(tmp_path):
    answer = await made(tmp_path, "cancels").run({}, None, 10_000)

    assert (answer.error_type, answer.own) == ("CancelledError", True)


async def test_a_cancellation_from_outside_passes_through_a_tool(tmp_path):
    task = asyncio.ensure_future(made(tmp_path, "never").run({}, None, 10_000))
    await asyncio.sleep(0)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_result_beyond_all_measure_is_a_failure(tmp_path):
    answer = await answers(made(tmp_path, "large"), {})

    assert (answer.error_type, answer.own) == ("output_limit", True)


async def test_keywords_of_any_name_and_objects_that_can_be_called_do(tmp_path):
    assert (await answers(made(tmp_path, "loose"), {"a": 1, "name": 2})).content == b'[1,{"name":2}]'
    assert (await answers(made(tmp_path, "lookup"), {"order": "7"})).content == b'"found 7"'


@pytest.mark.parametrize(
    ("spec", "error"),
    [
        (ToolSpec("x", python="tools:number"), ToolNotUsable),
        (ToolSpec("x", python="tools:missing"), CodeNotLoadable),
        (ToolSpec("x"), ToolNotUsable),
        (ToolSpec("x", command=("./x",)), ToolNotUsable),
    ],
)
def test_what_can_be_no_tool_is_refused(tmp_path, spec, error):
    write(tmp_path, tools=TOOLS)

    with pytest.raises(error):
        tool_of(spec, tmp_path, None)


SHOP = """
class Base:
    def inherited(self): return "from the base"
class Shop(Base):
    rate = 3
    class Inner: ...
    def __init__(self, definition, seed=0):
        self.definition, self.seed, self._hidden = definition, seed, 1
    def look(self, order: str) -> str:
        '''Look.'''
        return order
    async def wait(self): return "waited"
    @staticmethod
    def double(n: int): return n * 2
    @classmethod
    def kind(cls): return cls.__name__
    @property
    def size(self): return 4
    def _private(self): ...
    def state(self): return {"seed": self.seed, "name": self.definition["name"], "tuple": (1, 2)}
    def close(self): self.closed = True
"""


def the_class(tmp_path, source=SHOP, name="Shop"):
    write(tmp_path, shop=source)
    return EnvironmentClass(f"shop:{name}", tmp_path)


async def test_the_public_methods_of_an_environment_are_its_tools(tmp_path):
    kind = the_class(tmp_path)
    shop = kind.make(b'{"name": "corner"}', 5)

    tools = environment_tools(kind, {})

    assert set(tools) == {"look", "wait", "double", "kind", "inherited"}
    assert tools["look"].spec.description == "Look."
    assert list(tools["look"].spec.parameters["properties"]) == ["order"]
    assert (await answers(tools["look"], {"order": "1"}, shop)).content == b'"1"'
    assert (await answers(tools["wait"], {}, shop)).content == b'"waited"'
    assert (await answers(tools["double"], {"n": 4}, shop)).content == b"8"
    assert (await answers(tools["kind"], {}, shop)).content == b'"Shop"'
    assert (await answers(tools["inherited"], {}, shop)).content == b'"from the base"'


async def test_an_agent_that_names_tools_gets_these_and_may_describe_them(tmp_path):
    kind = the_class(tmp_path)
    named = ToolSpec("look", description="Look closely.", parameters={"type": "object", "required": ["order"]})

    tools = environment_tools(kind, {"look": named})

    assert set(tools) == {"look"}
    assert tools["look"].spec == named
    assert (await answers(tools["look"], {"order": "1"}, kind.make(b"{}", 0))).content == b'"1"'
    assert (await answers(tools["look"], {"order": "1", "x": 1}, kind.make(b"{}", 0))).error_type == "invalid_arguments"


def test_a_tool_that_nobody_has_is_refused_with_those_there_are(tmp_path):
    with pytest.raises(ToolNotUsable, match="The environment has: double, inherited, kind, look, wait"):
        environment_tools(the_class(tmp_path), {"buy": ToolSpec("buy")})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (SHOP, {"seed": 5, "name": "corner", "tuple": [1, 2]}),
        ("class Shop:\n def __init__(self): self.state = {'a': {1}}", {"a": [1]}),
        ("class Shop:\n def final_state(self): return 1\n state = 2", 1),
        ("class Shop:\n def __init__(self, scenario): self.name, self._no = scenario['name'], 1", {"name": "corner"}),
        ("class Shop:\n def __init__(self, *, definition): self.name = definition['name']", {"name": "corner"}),
        ("class Shop:\n def __init__(self, seed): self.s = seed", {"s": 5}),
        ("class Shop:\n def __init__(self, **kw): self.n = len(kw)", {"n": 0}),
        ("class Shop: pass", {}),
        (
            "import dataclasses\n@dataclasses.dataclass\nclass Shop:\n definition: dict",
            {"definition": {"name": "corner"}},
        ),
    ],
)
def test_an_environment_is_made_and_its_state_is_taken_by_its_own_signature(tmp_path, source, expected):
    kind = the_class(tmp_path, source)

    assert kind.state_of(kind.make(b'{"name": "corner"}', 5)) == expected


def test_each_environment_gets_a_definition_of_its_own(tmp_path):
    kind = the_class(tmp_path, "class Shop:\n def __init__(self, d):\n  d['n'] += 1\n  self.n = d['n']")

    assert [kind.state_of(kind.make(json.dumps({"n": 1}).encode(), 0)) for _ in range(2)] == [{"n": 2}] * 2


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("Shop = 7", NotAnEnvironment, "is a int, expected a class"),
        ("def Shop(): ...", NotAnEnvironment, "is a function, expected a class"),
        ("class Shop:\n def __init__(self, a, b): ...", NotAnEnvironment, "nothing is known of its parameter 'b'"),
        ("class Shape: ...", CodeNotLoadable, "Did you mean 'Shape'"),
        ("raise OSError('no')", CodeNotLoadable, r"OSError: no \(shop.py:1\)"),
    ],
)
def test_what_is_no_environment_is_refused_before_the_run(tmp_path, source, error, message):
    with pytest.raises(error, match=message):
        the_class(tmp_path, source)


def test_a_constructor_that_raises_names_file_and_line(tmp_path):
    kind = the_class(tmp_path, "class Shop:\n def __init__(self):\n  raise OSError('no door')")

    with pytest.raises(TrialFailed, match=r"could not be constructed: OSError: no door \(shop.py:3\)"):
        kind.make(b"{}", 0)
