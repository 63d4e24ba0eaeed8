"""From a function to what a model is told of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Optional

import jsonschema

from guildhall.adapters.signatures import description_of, is_async, parameters_of, takes_environment


def everything(
    text: str,
    number: int,
    share: float,
    flag: bool,
    names: list[str],
    any_list: list,
    table: dict[str, int],
    view: Mapping[str, Any],
    several: Sequence[int],
    kind: Literal["a", "b"],
    maybe: str | None = None,
    older: Optional[int] = None,  # noqa: UP045 - as users still write it
    noted: Annotated[int, "how many"] = 3,
    either: int | list[str] = 1,
    unknown=None,
    odd: object = None,
):
    """Do everything.

    At once, and
    in two paragraphs.

    Args:
        text: what to say
        number (int): how often
            it is said
        kind: one of two: a or b

    Returns:
        nothing: at all
    """


def test_each_annotation_has_its_schema():
    schema = parameters_of(everything)

    assert schema["properties"] == {
        "text": {"type": "string", "description": "what to say"},
        "number": {"type": "integer", "description": "how often"},
        "share": {"type": "number"},
        "flag": {"type": "boolean"},
        "names": {"type": "array", "items": {"type": "string"}},
        "any_list": {"type": "array"},
        "table": {"type": "object"},
        "view": {"type": "object"},
        "several": {"type": "array", "items": {"type": "integer"}},
        "kind": {"enum": ["a", "b"], "description": "one of two: a or b"},
        "maybe": {"type": ["string", "null"], "default": None},
        "older": {"type": ["integer", "null"], "default": None},
        "noted": {"type": "integer", "default": 3},
        "either": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"type": "string"}}], "default": 1},
        "unknown": {"default": None},
        "odd": {"default": None},
    }
    assert schema["required"] == list(schema["properties"])[:10]
    assert schema["additionalProperties"] is False
    jsonschema.Draft202012Validator.check_schema(schema)


def test_the_description_stops_where_the_arguments_begin():
    assert description_of(everything) == "Do everything.\n\nAt once, and\nin two paragraphs."


def test_sphinx_style_is_read_as_well():
    def refund(order: str, amount: float):
        """Refund an order.

        :param order: its number
        :param float amount: in dollars
        :returns: whether it worked
        """

    assert description_of(refund) == "Refund an order."
    assert {name: each["description"] for name, each in parameters_of(refund)["properties"].items()} == {
        "order": "its number",
        "amount": "in dollars",
    }


def test_a_function_that_takes_any_keyword_says_so():
    def open_ended(first, *rest, **more): ...

    assert parameters_of(open_ended) == {
        "type": "object",
        "properties": {"first": {}},
        "required": ["first"],
        "additionalProperties": True,
    }


def test_annotations_that_name_what_is_not_there_say_nothing():
    def lost(order: Nowhere): ...  # noqa: F821

    assert parameters_of(lost)["properties"] == {"order": {}}


def test_the_first_parameter_asks_for_the_environment_by_its_name():
    def of_environment(env, order): ...

    def of_state(state): ...

    def of_neither(order, env=None): ...

    def of_nothing(): ...

    assert [takes_environment(each) for each in (of_environment, of_state, of_neither, of_nothing)] == [
        *[True, True],
        *[False, False],
    ]


def test_objects_with_asynchronous_calls_are_recognised():
    class Agent:
        async def __call__(self, session): ...

    class Plain:
        def __call__(self, session): ...

    async def play(session): ...

    assert [is_async(each) for each in (Agent(), play, Plain(), lambda session: None)] == [True, True, False, False]
