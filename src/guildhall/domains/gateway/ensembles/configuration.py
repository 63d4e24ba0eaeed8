"""Reading what an ensemble's configuration says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.domains.gateway.ensembles.errors import EnsembleRefused
from guildhall.domains.gateway.ensembles.types import Ensemble, Member, Reading, Scorer, Strategy

PREFIX = "ensemble/"
"""What the name of an ensemble has before it where a model is named."""

MOST_MEMBERS = 50
MOST_LAYERS = 5
_LONGEST_NAME = 255
_LONGEST_MEMBER = 240
"""So that there is room for ` #50` behind it."""

_HEAVIEST = 1_000_000
_KEYS = (
    *("strategy", "members", "n", "judge", "scorer", "layers", "answer"),
    *("quorum", "deadline_s", "early_exit", "at_once"),
)
_MEMBER_KEYS = ("model", "name", "weight", "temperature", "top_p", "seed")
_PARAMS = {"temperature": (0, 2), "top_p": (0, 1), "seed": (-(2**63), 2**63)}
_READINGS = ("whole", "last_line", "number")
_NEEDS_JUDGE: tuple[Strategy, ...] = (Strategy.JUDGE, Strategy.SYNTHESIS)
_ASKS_ONE: tuple[Strategy, ...] = (Strategy.SELF_CONSISTENCY, Strategy.BEST_OF_N)


def read(config: Any, *, default_model: str | None = None, name: str | None = None) -> Ensemble:
    """
    An ensemble from its configuration. `default_model` is asked where no members are named.

    Raises:
        EnsembleRefused: A key is not known, or a value makes no sense; it is named.
    """
    if not isinstance(config, Mapping):
        raise EnsembleRefused("strategy", config, "an object with strategy and members")
    for key in config:
        if key not in _KEYS:
            raise EnsembleRefused(str(key)[:50], config[key], "no such key", remedy=did_you_mean(str(key), _KEYS))
    strategy = _strategy(config.get("strategy"))
    members = _members(config, strategy, default_model)
    judge = _judge(config, strategy, members)
    scorer = _scorer(config, strategy, judge)
    layers = _whole("layers", config.get("layers", 1), 1, MOST_LAYERS)
    if layers != 1 and strategy is not Strategy.MIXTURE:
        raise EnsembleRefused("layers", layers, f"1, as {strategy} has no layers; strategy mixture has")
    deadline = config.get("deadline_s")
    if deadline is not None and (
        isinstance(deadline, bool) or not isinstance(deadline, int | float) or not 0 < deadline <= 86_400
    ):
        raise EnsembleRefused("deadline_s", deadline, "seconds, more than 0 and a day at most")
    early = config.get("early_exit", True)
    if not isinstance(early, bool):
        raise EnsembleRefused("early_exit", early, "true or false")
    at_once = config.get("at_once")
    return Ensemble(
        strategy=strategy,
        members=members,
        judge=judge,
        scorer=scorer,
        layers=layers,
        reading=_reading(config.get("answer", "whole")),
        quorum=_whole("quorum", config.get("quorum", 1), 1, len(members)),
        deadline_s=None if deadline is None else float(deadline),
        early_exit=early,
        at_once=None if at_once is None else _whole("at_once", at_once, 1, MOST_MEMBERS),
        name=name,
    )


def check_name(name: str) -> str:
    """
    A name that an ensemble can have.

    Raises:
        EnsembleRefused: It is none.
    """
    if not 0 < len(name) <= _LONGEST_NAME - len(PREFIX) or not name.isprintable() or "/" in name or " " in name:
        raise EnsembleRefused("name", name, "1 to 246 visible characters without slashes and spaces")
    return name


def reading_of(config: Mapping[str, Any]) -> Reading:
    """What of an answer is voted on, by a configuration as `document` keeps it."""
    return _reading(config.get("answer", "whole"))


def document(ensemble: Ensemble) -> dict[str, Any]:
    """An ensemble as a call's row keeps it: what was asked for, with every default said."""
    made: dict[str, Any] = {
        "strategy": str(ensemble.strategy),
        "members": [
            {"name": each.name, "model": each.model, "weight": float(each.weight), **each.params}
            for each in ensemble.members
        ],
        "answer": ensemble.reading.kind
        if not ensemble.reading.argument
        else {ensemble.reading.kind: ensemble.reading.argument},
        "quorum": ensemble.quorum,
        "early_exit": ensemble.early_exit,
    }
    given = {
        "name": ensemble.name,
        "judge": ensemble.judge,
        "scorer": ensemble.scorer and {ensemble.scorer.kind: ensemble.scorer.value},
        "layers": ensemble.layers if ensemble.strategy is Strategy.MIXTURE else None,
        "deadline_s": ensemble.deadline_s,
        "at_once": ensemble.at_once,
    }
    return made | {key: value for key, value in given.items() if value is not None}


def _strategy(value: Any) -> Strategy:
    if not isinstance(value, str) or value not in list(Strategy):
        raise EnsembleRefused(
            "strategy",
            value,
            f"one of {', '.join(Strategy)}",
            remedy=did_you_mean(value, Strategy) if isinstance(value, str) else None,
        )
    return Strategy(value)


def _members(config: Mapping[str, Any], strategy: Strategy, default_model: str | None) -> list[Member]:
    given = config.get("members")
    if given is None and default_model is not None and strategy in _ASKS_ONE:
        given = [default_model]
    if not isinstance(given, list) or not given:
        raise EnsembleRefused("members", given, "a list of one model or more")
    members = [_member(number, each) for number, each in enumerate(given)]
    if "n" in config:
        n = _whole("n", config["n"], 1, MOST_MEMBERS)
        if strategy not in _ASKS_ONE or len(members) != 1:
            raise EnsembleRefused("n", n, f"no n where there are several members; {_either(_ASKS_ONE)} ask one n times")
        one = members[0]
        members = [replace(one, name=one.name if each == 1 else f"{one.name} #{each}") for each in range(1, n + 1)]
        return members
    elif strategy is Strategy.SELF_CONSISTENCY:
        raise EnsembleRefused("n", None, f"how often the model is asked, from 1 to {MOST_MEMBERS}")
    if len(members) > MOST_MEMBERS:
        raise EnsembleRefused("members", len(members), f"at most {MOST_MEMBERS}")
    if all(each.weight == 0 for each in members):
        raise EnsembleRefused("members", "weights of 0", "a member whose voice weighs something")
    return _named_apart(members)


def _named_apart(members: list[Member]) -> list[Member]:
    """Each member under a name of its own: the second of a model is `model #2`."""
    seen: dict[str, int] = {}
    taken = {each.name for each in members if each.name != each.model}
    made = []
    for each in members:
        if each.name != each.model:
            if each.name in seen:
                raise EnsembleRefused("members.name", each.name, "each name once, and none that is a member's model")
            seen[each.name] = 1
            made.append(each)
            continue
        name = each.model
        while True:
            seen[each.model] = seen.get(each.model, 0) + 1
            name = each.model if seen[each.model] == 1 else f"{each.model} #{seen[each.model]}"
            if name not in taken:
                break
        made.append(Member(name, each.model, each.weight, each.params))
    return made


def _member(number: int, given: Any) -> Member:
    where = f"members[{number}]"
    if isinstance(given, str):
        given = {"model": given}
    if not isinstance(given, Mapping):
        raise EnsembleRefused(where, given, "a model's name, or an object with model")
    for key in given:
        if key not in _MEMBER_KEYS:
            raise EnsembleRefused(
                f"{where}.{str(key)[:50]}", given[key], "no such key", remedy=did_you_mean(str(key), _MEMBER_KEYS)
            )
    model = _model(f"{where}.model", given.get("model"))
    name = given.get("name", model)
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_MEMBER or not name.isprintable() or name == "judge":
        raise EnsembleRefused(f"{where}.name", name, f"1 to {_LONGEST_MEMBER} visible characters, other than judge")
    params = {}
    for key, (least, most) in _PARAMS.items():
        value = given.get(key)
        if value is None:
            continue
        kinds = int if key == "seed" else int | float
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise EnsembleRefused(f"{where}.{key}", value, f"a number from {least} to {most}")
        params[key] = value
    return Member(name, model, weight(f"{where}.weight", given.get("weight", 1)), params)


def weight(field: str, value: Any) -> Decimal:
    """
    What a voice weighs: a number from 0 to a million, to six decimals.

    Raises:
        EnsembleRefused: It is none.
    """
    try:
        number = Decimal(str(value)) if isinstance(value, int | float | Decimal | str) else Decimal("NaN")
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not number.is_finite() or not 0 <= number <= _HEAVIEST:
        raise EnsembleRefused(field, value, f"a number from 0 to {_HEAVIEST:,}")
    return round(number, 6)


def _model(field: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_MEMBER or not value.isprintable():
        raise EnsembleRefused(field, value, "the name of a model")
    if value.startswith(PREFIX):
        raise EnsembleRefused(field, value, "a model: ensembles are not members of ensembles")
    return value


def _judge(config: Mapping[str, Any], strategy: Strategy, members: list[Member]) -> str | None:
    judge = config.get("judge")
    if judge is not None:
        judge = _model("judge", judge)
        if strategy not in (*_NEEDS_JUDGE, Strategy.BEST_OF_N, Strategy.MIXTURE):
            raise EnsembleRefused("judge", judge, f"no judge, as {strategy} counts votes")
    elif strategy in _NEEDS_JUDGE:
        raise EnsembleRefused("judge", judge, f"the model that is the judge of {strategy}")
    elif strategy is Strategy.MIXTURE:
        return members[0].model
    return judge


def _scorer(config: Mapping[str, Any], strategy: Strategy, judge: str | None) -> Scorer | None:
    given = config.get("scorer")
    if strategy is not Strategy.BEST_OF_N:
        if given is not None:
            raise EnsembleRefused("scorer", given, "no scorer, as only best_of_n grades answers")
        return None
    if (given is None) == (judge is None):
        raise EnsembleRefused("scorer", given, "either a judge or a scorer, for best_of_n")
    if given is None:
        return None
    match given:
        case {"contains": str(text), **rest} if text and not rest:
            return Scorer("contains", [text])
        case {"contains": [*texts], **rest} if texts and not rest and all(isinstance(e, str) and e for e in texts):
            return Scorer("contains", list(texts))
        case {"json": dict(schema), **rest} if not rest:
            _check_schema(schema)
            return Scorer("json", schema)
        case {"json": True, **rest} if not rest:
            return Scorer("json", {})
    raise EnsembleRefused("scorer", given, '{"contains": [texts]}, {"json": true} or {"json": a JSON schema}')


def _check_schema(schema: Mapping[str, Any]) -> None:
    import jsonschema  # noqa: PLC0415 - it takes a moment to load

    costly = _costly(schema)
    if costly is not None:
        raise EnsembleRefused(
            "scorer.json", costly, "a schema without references and patterns, which may take for ever"
        )
    try:
        jsonschema.Draft202012Validator.check_schema(schema)
    except (jsonschema.SchemaError, RecursionError) as error:
        message = getattr(error, "message", "it is nested too deeply")
        raise EnsembleRefused("scorer.json", "a schema", f"a JSON schema: {message:.200}") from None


def _costly(part: Any, depth: int = 0) -> str | None:
    """What in a schema might keep the gateway busy for long; None where there is nothing."""
    if depth > 100:
        return "nested too deeply"
    parts: Iterable[Any] = part if isinstance(part, list) else ()
    if isinstance(part, Mapping):
        # A property may be called so: what it holds is an object then, and no text.
        found = next((key for key in ("$ref", "$dynamicRef", "pattern") if isinstance(part.get(key), str)), None)
        if found is not None or "patternProperties" in part:
            return found or "patternProperties"
        parts = part.values()
    return next((found for each in parts if (found := _costly(each, depth + 1)) is not None), None)


def _reading(value: Any) -> Reading:
    match value:
        case str() if value in _READINGS:
            return Reading(value)
        case {"json": str(key), **rest} if key and len(key) <= 200 and not rest:
            return Reading("json", key)
        case {"after": str(marker), **rest} if marker.strip() and len(marker) <= 200 and not rest:
            return Reading("after", marker)
    raise EnsembleRefused(
        "answer", value, f'{_either(_READINGS)}, {{"json": a key}} or {{"after": a marker}}',
        remedy=did_you_mean(value, _READINGS) if isinstance(value, str) else None,
    )  # fmt: skip


def _whole(field: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise EnsembleRefused(field, value, f"a whole number from {least} to {most}")
    return value


def _either(names: Any) -> str:
    return ", ".join(str(each) for each in names)
