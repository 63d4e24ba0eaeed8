"""
Environments: the little world that an agent acts in, made anew for each trial.

An environment is a class, `shop.env:Shop`. Its public methods are tools; its
state at the end is what the `final_state` scorer looks at:

    class Shop:
        def __init__(self, definition):     # the scenario as written, or no parameter at all;
            self.orders = {...}             # one called `seed` gets the trial's seed
        def refund(self, order: str) -> str:
            '''Refund an order.'''
        def state(self):                    # or `final_state()`, or an attribute `state`
            return {"orders": self.orders}
        def close(self): ...                # if there is something to put away

Without any of the three, the state is the object's public attributes.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import orjson

from guildhall.adapters import code, signatures
from guildhall.algorithms import sanitise
from guildhall.domains.evaluation.configurations import ToolSpec
from guildhall.domains.evaluation.failures import FailureCategory, Fault
from guildhall.domains.evaluation.simulations import TrialFailed
from guildhall.errors import InvalidInput

_NOT_TOOLS = {"state", "final_state", "close"}
_STATES = ("final_state", "state")


class NotAnEnvironment(InvalidInput):
    """What a scenario names as its environment is no class that can be used as one."""

    code = "not_an_environment"

    def __init__(self, reference: str, why: str) -> None:
        super().__init__(
            f"environment {reference!r} {why}",
            remedy="Name a class whose public methods are the tools.",
            field="environment",
            value=reference,
        )


class EnvironmentClass:
    """A class of environments; `tools` are its public methods, as tools that carry its docstrings and signatures."""

    def __init__(self, reference: str, directory: Path) -> None:
        """
        Load the class.

        Raises:
            CodeNotLoadable: It cannot be found or imported.
            NotAnEnvironment: It is no class, or wants more than a definition and a seed.
        """
        self.reference, self.directory = reference, directory
        self.kind = code.load(reference, directory)
        if not isinstance(self.kind, type):
            raise NotAnEnvironment(reference, f"is a {type(self.kind).__name__}, expected a class")
        self._wants_seed, self._wants_definition = _wishes(reference, self.kind)
        self.methods: dict[str, Callable[..., Any]] = {}
        for name in dir(self.kind):
            if name.startswith("_") or name in _NOT_TOOLS:
                continue
            static = inspect.getattr_static(self.kind, name)
            if inspect.isfunction(static) or isinstance(static, (staticmethod, classmethod)):
                self.methods[name] = getattr(self.kind, name)
        self.tools = {name: self._as_tool(name, method) for name, method in self.methods.items()}

    def bound_parameters(self, name: str) -> int:
        """How many of a method's leading parameters are the instance."""
        return 1 if inspect.isfunction(inspect.getattr_static(self.kind, name)) else 0

    def make(self, definition: bytes, seed: int) -> Any:
        """
        A new environment, from the scenario's definition as JSON.

        Raises:
            TrialFailed: The constructor raised; the scenario is to blame.
        """
        positional = [orjson.loads(definition)] if self._wants_definition == "positional" else []
        keywords = {"seed": seed} if self._wants_seed else {}
        if self._wants_definition == "keyword":
            keywords["definition"] = orjson.loads(definition)
        try:
            return self.kind(*positional, **keywords)
        except code.FOREIGN as error:
            raise self._failed("constructed", "environment_not_constructed", error) from error

    def state_of(self, environment: Any) -> Any:
        """
        Its state, as plain JSON.

        Raises:
            TrialFailed: Asking for it raised; the scenario is to blame.
        """
        try:
            for name in _STATES:
                found = getattr(environment, name, None)
                if found is not None:
                    return sanitise.plain(found() if callable(found) else found)
            attributes = getattr(environment, "__dict__", {})
            return sanitise.plain({name: value for name, value in attributes.items() if not name.startswith("_")})
        except code.FOREIGN as error:
            raise self._failed("asked for its state", "environment_state_failed", error) from error

    def close(self, environment: Any) -> None:
        """
        Have it put away what it holds.

        Raises:
            TrialFailed: Its `close` raised.
        """
        put_away = getattr(environment, "close", None)
        if callable(put_away):
            try:
                put_away()
            except code.FOREIGN as error:
                raise self._failed("closed", "environment_not_closed", error) from error

    def _failed(self, what: str, failure_type: str, error: BaseException) -> TrialFailed:
        return TrialFailed(
            f"environment {self.reference!r} could not be {what}: {code.describe(error, self.directory)}",
            fault=Fault.SCENARIO,
            category=FailureCategory.SYSTEM_ERROR,
            failure_type=failure_type,
        )

    def _as_tool(self, name: str, method: Callable[..., Any]) -> ToolSpec:
        parameters: Mapping[str, Any] = signatures.parameters_of(method, skip=self.bound_parameters(name))
        return ToolSpec(name, description=signatures.description_of(method), parameters=parameters)


def _wishes(reference: str, kind: type) -> tuple[bool, str | None]:
    """Whether the constructor takes a seed, and how it takes the definition."""
    if not any("__init__" in vars(each) or "__new__" in vars(each) for each in kind.__mro__[:-1]):
        return False, None
    try:
        signature = inspect.signature(kind)
    except (TypeError, ValueError):
        return False, None
    seed, definition = False, None
    for parameter in signature.parameters.values():
        needed = parameter.default is parameter.empty
        if parameter.name == "seed":
            seed = True
        elif parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        elif definition is None and parameter.kind is not parameter.KEYWORD_ONLY:
            definition = "positional"
        elif parameter.name == "definition" and definition is None:
            definition = "keyword"
        elif needed:
            raise NotAnEnvironment(reference, f"cannot be made: nothing is known of its parameter {parameter.name!r}")
    return seed, definition
