"""
What an agent.yaml may say, and what it means.

`examine` finds every mistake at once; `agent_spec` is what a runtime needs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from guildhall.algorithms import redaction, safeyaml, sanitise, suggestions
from guildhall.algorithms.documents import Findings, Section, in_quotes, listed, shown, shown_path
from guildhall.algorithms.safeyaml import Path
from guildhall.domains.evaluation.configurations.errors import AgentFileRefused, VersionRefused
from guildhall.domains.evaluation.configurations.references import MODULE, config_hash, resolved
from guildhall.domains.evaluation.configurations.types import (
    AgentDefinition,
    AgentLimits,
    AgentResources,
    AgentSpec,
    Isolation,
    Runtime,
    ToolSpec,
)
from guildhall.errors import InvalidInput

KEYS = (
    "name",
    "model",
    "temperature",
    "send_temperature",
    "runtime",
    "base_url",
    "api_key_env",
    "system_prompt",
    "include",
    "tools",
    "params",
    "limits",
    "resources",
    "metadata",
    "entrypoint",
    "command",
    "url",
    "isolation",
    "network",
    "environment",
    "prices",
)
TOOL_KEYS = ("name", "description", "parameters", "python", "command", "timeout_ms")
LIMIT_KEYS = ("timeout_ms", "max_turns", "max_tool_calls", "max_cost_usd", "memory_mb", "cpu_seconds", "processes")
RESOURCE_KEYS = ("cpus", "gpus", "memory_mb")
PRICE_KEYS = ("input", "output", "cached")

ORIGINS = ("manual", "diff_engine", "optimization", "api", "llm_recommendation", "modal_sandbox", "import")
"""Where a version may come from."""

LARGEST = 1 << 20
"""Characters that an agent.yaml may have."""

_NAME = re.compile(r"^[A-Za-z0-9_-](?:[A-Za-z0-9_ -]*[A-Za-z0-9_-])?$")
_NAME_EXPECTED = "3 to 100 letters, digits, spaces, hyphens or underscores"
_VARIABLE = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_TOOL_NAME = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
_ADDRESS = re.compile(r"^https?://[^\s/]+")
# The key that says what each runtime runs.
_OWN_KEY = {Runtime.PYTHON: "entrypoint", Runtime.COMMAND: "command", Runtime.HTTP: "url"}


def examine(
    parsed: Any, files: Mapping[str, bytes], findings: Findings, default_name: str | None = None
) -> AgentSpec | None:
    """
    Note every mistake, and every key that nobody knows; the agent, if no mistake was noted by anybody.

    `default_name` is the agent's name if it gives itself none.
    """
    if not isinstance(parsed, dict):
        if _are_scenarios(parsed):
            findings.note(
                (),
                "these are scenarios, not an agent",
                "The agent comes first: `guildhall eval run AGENT.yaml SCENARIOS`.",
            )
        else:
            findings.refuse((), parsed, "a mapping with at least model and temperature", "Begin with `model: …`.")
        return None
    try:
        whole = resolved(parsed, files)
    except InvalidInput as error:
        findings.note((), error.message, error.remedy)
        return None
    top = Section(whole, (), findings)
    _note_unknown(top)
    runtime = _runtime(top)
    spec = AgentSpec(
        name=_name(top, default_name),
        model=_model(top),
        temperature=_temperature(top),
        runtime=runtime,
        send_temperature=top.flag("send_temperature", True),
        base_url=_address(top, "base_url"),
        api_key_env=_variable(top, "api_key_env"),
        system_prompt=top.text("system_prompt", least=0),
        tools=_tools(top),
        params=top.mapping("params"),
        limits=_limits(top),
        resources=_resources(top),
        entrypoint=_callable(top, "entrypoint"),
        command=_command(top),
        url=_address(top, "url"),
        isolation=Isolation(top.choice("isolation", [each.value for each in Isolation]) or Isolation.PROCESS),
        network=top.flag("network", False),
        environment=_environment(top),
        prices=_prices(top),
        parsed=whole,
    )
    top.mapping("metadata")
    top.texts("include", expected="a list of patterns, such as [src/**/*.py]")
    return None if findings.problems else spec


def sandbox_config(parsed: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an agent.yaml that says how its programs are confined; variables by name only."""
    limits = parsed.get("limits")
    confined = {key: parsed[key] for key in ("isolation", "network", "environment") if key in parsed}
    if isinstance(limits, Mapping):
        kept = {key: limits[key] for key in ("timeout_ms", "memory_mb", "cpu_seconds", "processes") if key in limits}
        confined |= {"limits": kept} if kept else {}
    return confined


def agent_spec(name: str, parsed: Mapping[str, Any], files: Mapping[str, bytes]) -> AgentSpec:
    """
    What a runtime needs to run an agent, every reference resolved.

    Raises:
        AgentFileRefused: It has mistakes.
    """
    findings = Findings(name)
    spec = examine({**parsed, "name": name}, files, findings)
    if spec is None:
        raise AgentFileRefused(findings.problems)
    return spec


def define(
    text: str, *, files: Mapping[str, bytes] | None = None, name: str | None = None, source: str = "agent.yaml"
) -> AgentDefinition:
    """
    An agent from the text of its YAML and the files that it refers to, without a disk.

    `name` is the agent's if it gives itself none; `source` names the text in errors.

    Raises:
        YamlRefused: It is no YAML, or none that is read here.
        AgentFileRefused: It has mistakes.
    """
    document = safeyaml.load(text, source)
    files = dict(files or {})
    findings = Findings(source, document.lines)
    spec = examine(document.value, files, findings, default_name=name)
    if spec is None:
        raise AgentFileRefused(findings.problems)
    return AgentDefinition(
        name=spec.name,
        raw_yaml=text,
        parsed=document.value,
        files=files,
        config_hash=config_hash(document.value, files),
        warnings=tuple(findings.warnings),
    )


def imported_agent(agent: Mapping[str, Any]) -> AgentDefinition:
    """
    An agent of which only a log is known, from the keys of an agent.yaml that the log tells.

    What it does not tell stays unknown: `model` and `temperature` are then
    None, and nobody can run it.
    """
    import yaml  # noqa: PLC0415 - as in `safeyaml`: who only reads versions should not wait for it

    parsed: dict[str, Any] = sanitise.clean({"model": None, "temperature": None, **agent})
    return AgentDefinition(
        name=str(parsed.get("name") or "imported"),
        raw_yaml=yaml.safe_dump(parsed, sort_keys=False, allow_unicode=True),
        parsed=parsed,
        files={},
        config_hash=config_hash(parsed, {}),
    )


def as_written(raw_yaml: str, parsed: Mapping[str, Any]) -> Mapping[str, Any]:
    """A version's YAML with its keys in the order of the text, which `jsonb` does not keep."""
    try:
        value = safeyaml.load(raw_yaml, "agent.yaml").value
    except safeyaml.YamlRefused:
        return parsed  # an imported agent, whose text is ours
    return value if value == parsed else parsed


def check_version(definition: AgentDefinition, generated_by: str) -> None:
    """
    Whether a definition can be kept as a version.

    Raises:
        VersionRefused: Its name cannot be one, the origin is not known, or the YAML is too long or lacks a key.
    """
    expected = check_name(definition.name)
    if expected is not None:
        proposal = proposed_name(definition.name)
        raise VersionRefused("name", definition.name, expected, f"Call it {proposal!r}, for example.")
    if generated_by not in ORIGINS:
        raise VersionRefused("generated_by", generated_by, listed(ORIGINS))
    if len(definition.raw_yaml) > LARGEST:
        raise VersionRefused("raw_yaml", f"{len(definition.raw_yaml):,} characters long", f"at most {LARGEST:,}")
    for key in ("model", "temperature"):
        if key not in definition.parsed or (definition.parsed[key] is None and generated_by != "import"):
            raise VersionRefused(key, definition.parsed.get(key), "a value; only what is imported may lack it")


def check_name(name: Any) -> str | None:
    """What is expected of a name, if this is none."""
    if not isinstance(name, str) or not 3 <= len(name) <= 100 or not _NAME.match(name):
        return _NAME_EXPECTED
    return None


def proposed_name(name: str) -> str:
    """
    The nearest name that may be given.

    >>> proposed_name("support agent/v2.1"), proposed_name("é")
    ('support agent-v2-1', 'my-agent')
    """
    plain = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9_ -]+", "-", name)).strip(" -")[:100].strip(" -")
    return plain if len(plain) >= 3 else f"{plain}-agent" if plain else "my-agent"


def _note_unknown(top: Section) -> None:
    for key in top.items:
        if key in KEYS:
            continue
        if key.lower().replace("-", "_") in ("api_key", "apikey", "openai_api_key", "token", "secret", "password"):
            top.findings.note(
                top.at(key),
                f"{key} would keep a secret in the version",
                "Put it in an environment variable, and name that in api_key_env.",
            )
            continue
        text = f"{shown(key)} is not a key of agent.yaml; it is kept as it is"
        meant = suggestions.did_you_mean(key, KEYS)
        top.findings.warn(top.at(key), f"{text}. {meant}" if meant else text)


def _name(top: Section, default: str | None) -> str:
    name = top.get("name")
    if name is None:
        name = default or "my-agent"
        if check_name(name) is not None:
            top.findings.note(
                top.at("name"),
                f"name is {shown(name)}, from the file's name, expected {_NAME_EXPECTED}",
                f"Add `name: {proposed_name(name)}`.",
                value=name,
            )
    elif (expected := check_name(name)) is not None:
        fix = f"Write it as {shown(proposed_name(name))}." if isinstance(name, str) else in_quotes(name)
        top.refuse("name", expected, fix)
    return str(name)


def _model(top: Section) -> str:
    if "model" not in top:
        top.missing("model", "Name the model that answers; for a program of your own, any word will do.", KEYS)
        return ""
    if top.get("model") is None:
        top.refuse("model", "the name of a model")
    return top.text("model", expected="the name of a model") or ""


def _are_scenarios(parsed: Any) -> bool:
    """Whether a document is what somebody would give as scenarios."""
    return isinstance(parsed, list) and any(isinstance(each, dict) and "scenario_id" in each for each in parsed)


def _temperature(top: Section) -> float | None:
    value = top.get("temperature")
    if "temperature" not in top:
        top.missing("temperature", "Add `temperature: 0`, or another number up to 2.", KEYS)
    elif isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 2:
        top.refuse("temperature", "a number from 0 to 2", "Write a number without quotes, such as `temperature: 0.2`.")
    else:
        return float(value)
    return None


def _runtime(top: Section) -> Runtime:
    declared = top.choice("runtime", [each.value for each in Runtime])
    given = [runtime for runtime, key in _OWN_KEY.items() if top.get(key) is not None]
    if declared is None:
        if len(given) > 1 and "runtime" not in top:
            keys = " and ".join(_OWN_KEY[each] for each in given)
            top.findings.note(
                top.at(_OWN_KEY[given[1]]),
                f"{keys} are both given, which are of different runtimes",
                f"Keep one, or say which with `runtime: {given[0].value}`.",
            )
        return given[0] if given else Runtime.LLM
    runtime = Runtime(declared)
    own = _OWN_KEY.get(runtime)
    if own is not None and top.get(own) is None:
        examples = {
            "entrypoint": 'Add `entrypoint: "agent:answer"`, a module and a function in it.',
            "command": 'Add `command: ["./agent"]`, a program and its arguments.',
            "url": "Add `url: https://…`, the agent's address.",
        }
        top.missing(own, examples[own], KEYS)
    for other in given:
        if other is not runtime:
            top.findings.warn(
                top.at(_OWN_KEY[other]), f"{_OWN_KEY[other]} is not used by an agent whose runtime is {runtime.value}"
            )
    return runtime


def _address(top: Section, key: str) -> str | None:
    value = top.text(key)
    if value is not None and not _ADDRESS.match(value):
        top.refuse(key, "an address that begins with http:// or https://")
    return value


def _variable(top: Section, key: str) -> str | None:
    """The name of an environment variable; a secret in its place is refused, and not repeated."""
    value = top.get(key)
    if value is None:
        return None
    remedy = f"Write the name of the variable that holds it, such as {key}: OPENAI_API_KEY."
    if isinstance(value, str) and looks_secret(value):
        top.findings.note(
            top.at(key),
            f"{shown_path(top.at(key))} holds what looks like a secret, expected the name of an environment variable",
            f"{remedy} A secret that stood in a file should be replaced.",
            expected="the name of an environment variable",
        )
        return None
    if not isinstance(value, str) or not _VARIABLE.match(value):
        top.refuse(key, "the name of an environment variable", remedy)
        return None
    return value


def looks_secret(value: str) -> bool:
    """
    Whether a text in the place of a variable's name is more likely the secret itself.

    >>> looks_secret("OPENAI_API_KEY"), looks_secret("sk-abc"), looks_secret("x8Fk29dLq0PzR7mVt3Ny")
    (False, True, True)
    """
    if redaction.redact(value) != value or re.match(r"(?i)^(?:sk|pk|rk|key)-", value):
        return True
    kinds = (any(map(str.islower, value)), any(map(str.isupper, value)), any(map(str.isdigit, value)))
    return len(value) > 64 or (len(value) >= 20 and "_" not in value and (all(kinds) or kinds[2]))


def _callable(top: Section, key: str) -> str | None:
    value = top.text(key)
    if value is not None and not MODULE.match(value):
        top.refuse(key, "module:callable", f'Write it as {key}: "package.module:name".')
        return None
    return value


def _command(owner: Section) -> tuple[str, ...] | None:
    value = owner.get("command")
    if value is None:
        return None
    if isinstance(value, str) and len(value.split()) > 1:
        words = ", ".join(f'"{each}"' for each in value.split())
        owner.refuse("command", "a list of words", f"Write it as command: [{words}].")
        return None
    words_given = owner.texts("command", expected='a list of words, such as ["./agent", "--fast"]')
    if not words_given:
        if value == []:
            owner.refuse("command", 'a list of words, such as ["./agent", "--fast"]')
        return None
    return words_given


def _environment(top: Section) -> tuple[str, ...]:
    names = top.texts("environment", expected="a list of names of environment variables")
    good = []
    for index, name in enumerate(names):
        if _VARIABLE.match(name) and not looks_secret(name):
            good.append(name)
        elif isinstance(top.get("environment"), list):
            top.findings.note(
                (*top.at("environment"), index),
                f"environment[{index}] is no name of an environment variable",
                "List names only; values come from the environment that guildhall runs in.",
            )
        else:
            top.refuse("environment", "a list of names of environment variables")
    return tuple(good)


def _limits(top: Section) -> AgentLimits:
    section = top.section("limits")
    section.only(LIMIT_KEYS, "limits")
    defaults = AgentLimits()
    return AgentLimits(
        timeout_ms=section.integer("timeout_ms", low=1, unit="of milliseconds"),
        max_turns=section.integer("max_turns", low=1) or defaults.max_turns,
        max_tool_calls=section.integer("max_tool_calls", defaults.max_tool_calls, low=0) or 0,
        max_cost_usd=section.number("max_cost_usd", above=0, expected="an amount of USD greater than 0"),
        memory_mb=section.integer("memory_mb", low=1, unit="of megabytes"),
        cpu_seconds=section.integer("cpu_seconds", low=1, unit="of seconds"),
        processes=section.integer("processes", low=1),
    )


def _resources(top: Section) -> AgentResources:
    section = top.section("resources", "a mapping such as {cpus: 0.5, memory_mb: 2048}")
    section.only(RESOURCE_KEYS, "resources")
    return AgentResources(
        cpus=section.number("cpus", above=0, expected="a number of CPUs greater than 0"),
        gpus=section.number("gpus", above=0, expected="a number of GPUs greater than 0"),
        memory_mb=section.integer("memory_mb", low=1, unit="of megabytes"),
    )


def _prices(top: Section) -> dict[str, float] | None:
    section = top.section("prices", "a mapping such as {input: 0.25, output: 2.0}, USD per million tokens")
    section.only(PRICE_KEYS, "prices")
    if not section.items:
        return None
    for key in ("input", "output"):
        if key not in section:
            section.missing(key, "Both input and output are needed, in USD per million tokens.", PRICE_KEYS)
    prices = {
        key: section.number(key, low=0, expected="USD per million tokens, a number of at least 0") for key in PRICE_KEYS
    }
    return {key: price for key, price in prices.items() if price is not None}


def _tools(top: Section) -> tuple[ToolSpec, ...]:
    given = top.get("tools")
    if given is None:
        return ()
    if not isinstance(given, list):
        top.refuse("tools", "a list of tools", "Write each after a hyphen: `- python: tools:find`.")
        return ()
    tools = []
    first: dict[str, int] = {}
    for index, each in enumerate(given):
        tool = _tool(each, ("tools", index), top.findings)
        if tool is None:
            continue
        if tool.name in first:
            top.findings.note(
                ("tools", index), f"two tools are called {shown(tool.name)}", f"The other is tools[{first[tool.name]}]."
            )
        first.setdefault(tool.name, index)
        tools.append(tool)
    return tuple(tools)


def _tool(value: Any, path: Path, findings: Findings) -> ToolSpec | None:
    if isinstance(value, str):
        value = {"python": value} if ":" in value else {"name": value}
    if not isinstance(value, dict):
        findings.refuse(path, value, "a tool: a mapping with name, python or command")
        return None
    if value.get("type") == "function" and isinstance(value.get("function"), dict):
        # OpenAI's way of writing it.
        value, path = {**value["function"], **{k: v for k, v in value.items() if k in TOOL_KEYS}}, (*path, "function")
    section = Section(value, path, findings)
    for key in value:
        meant = suggestions.nearest(key, TOOL_KEYS) if key not in TOOL_KEYS else None
        if meant is not None and meant not in value:
            findings.warn(section.at(key), f'{shown(key)} is not a key of a tool. Did you mean "{meant}"?')
    python, command = _callable(section, "python"), _command(section)
    if python is not None and command is not None:
        findings.note(section.at("command"), "a tool has both python and command", "Keep one.")
    name = section.text("name")
    if name is None:
        if python is None:
            if "python" not in section and "name" not in section:
                section.missing("name", "Give the tool a name.", TOOL_KEYS)
            return None
        name = python.rpartition(":")[2].rpartition(".")[2]
    if not _TOOL_NAME.match(name):
        section.refuse("name", "1 to 64 letters, digits, hyphens or underscores")
    return ToolSpec(
        name=name,
        description=section.text("description", "", least=0) or "",
        parameters=section.mapping("parameters", "a JSON schema: a mapping, or file://…"),
        python=python,
        command=command,
        timeout_ms=section.integer("timeout_ms", low=1, unit="of milliseconds"),
    )
