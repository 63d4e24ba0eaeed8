"""Agents on disk: every mistake with file, line, field and remedy, and what belongs to a version."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guildhall import demo
from guildhall.adapters.agentfile import FileUnreadable, materialise, read_agent
from guildhall.algorithms.safeyaml import YamlRefused
from guildhall.domains.evaluation.configurations import AgentFileRefused, Runtime, agent_spec
from guildhall.errors import InvalidInput

ENOUGH = "model: gpt-5-mini\ntemperature: 0.2\n"


def write(folder: Path, text: str, name: str = "support.yaml") -> Path:
    path = folder / name
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def refusal(folder: Path, text: str, **files: str) -> AgentFileRefused:
    for name, content in files.items():
        (folder / name).write_text(content)
    path = write(folder, text)
    with pytest.raises(AgentFileRefused) as caught:
        read_agent(path)
    error = caught.value
    assert error.details["file"] == str(path)
    assert str(path) in error.message
    return error


def test_model_and_temperature_are_enough(tmp_path: Path) -> None:
    agent = read_agent(write(tmp_path, ENOUGH))
    spec = agent_spec(agent.name, agent.parsed, agent.files)

    assert (agent.name, agent.warnings, dict(agent.files)) == ("support", (), {})
    assert (spec.model, spec.temperature, spec.runtime) == ("gpt-5-mini", 0.2, Runtime.LLM)
    assert len(agent.config_hash) == 64
    assert agent.directory == tmp_path


def test_everything_that_may_be_said_is_understood(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "support.md").write_text("You help.\n")
    (tmp_path / "refund.schema.json").write_text('{"type": "object", "properties": {"order": {"type": "string"}}}')
    (tmp_path / "refund").write_text("#!/bin/sh\necho 1\n")
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "tools.py").write_text("from shop import stock\ndef lookup_order(order): return stock.ORDERS[order]\n")
    (shop / "stock.py").write_text("ORDERS = {}\n")
    agent = read_agent(
        write(
            tmp_path,
            """\
            name: support-agent
            model: gpt-5-mini
            temperature: 0.2
            send_temperature: true
            runtime: llm
            base_url: https://api.openai.com/v1
            api_key_env: OPENAI_API_KEY
            system_prompt: file://prompts/support.md
            include: [shop/**/*.py]
            tools:
              - python: shop.tools:lookup_order
              - name: refund
                command: [./refund]
                parameters: file://refund.schema.json
                timeout_ms: 5000
            params: {max_tokens: 1200}
            prices: {input: 0.25, output: 2.0}
            limits: {timeout_ms: 120000, max_turns: 20, max_cost_usd: 0.20}
            environment: [SHOP_URL]
            network: true
            metadata: {owner: shop-team}
            """,
        )
    )
    spec = agent_spec(agent.name, agent.parsed, agent.files)

    assert agent.warnings == ()
    assert sorted(agent.files) == [
        "prompts/support.md",
        "refund",
        "refund.schema.json",
        "shop/stock.py",
        "shop/tools.py",
    ]
    assert spec.system_prompt == "You help.\n"
    assert [tool.name for tool in spec.tools] == ["lookup_order", "refund"]
    assert spec.tools[1].parameters["properties"] == {"order": {"type": "string"}}
    assert (spec.limits.max_cost_usd, spec.limits.timeout_ms) == (0.20, 120_000)
    assert (spec.network, spec.environment, spec.prices) == (True, ("SHOP_URL",), {"input": 0.25, "output": 2.0})


def test_the_agents_that_guildhall_brings_along_are_read_without_a_warning() -> None:
    for path in (demo.AGENT_V1, demo.AGENT_V2, demo.TEMPLATE / "agent.yaml"):
        assert read_agent(path).warnings == ()


@pytest.mark.parametrize(
    ("key", "runtime"),
    [("entrypoint: agent:answer", "python"), ("command: [./agent.py]", "command"), ("url: https://a.example", "http")],
)
def test_the_runtime_follows_from_what_is_run(tmp_path: Path, key: str, runtime: str) -> None:
    (tmp_path / "agent.py").write_text("def answer(session): return 'hello'\n")
    agent = read_agent(write(tmp_path, f"{ENOUGH}{key}\n"))
    assert agent_spec(agent.name, agent.parsed, agent.files).runtime == runtime


# --- mistakes -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "line", "field", "said", "remedy"),
    [
        ("temperature: 0.2\n", 1, "model", "model is missing", "Name the model"),
        ("model: x\n", 1, "temperature", "temperature is missing", "temperature: 0"),
        ("model: x\ntemprature: 0.2\n", 1, "temperature", "is missing", 'Is it "temprature" in line 2?'),
        ("model: x\ntemperature: 3\n", 2, "temperature", "temperature is 3, expected a number from 0 to 2", None),
        ("model: x\n\ntemperature: warm\n", 3, "temperature", 'temperature is "warm"', None),
        ("model: x\ntemperature: yes\n", 2, "temperature", "temperature is true", None),
        ("model: x\ntemperature:\n", 2, "temperature", "temperature is empty", None),
        ("model: x\ntemperature: -0.1\n", 2, "temperature", "expected a number from 0 to 2", None),
        ("model: 4\ntemperature: 0\n", 1, "model", "model is 4", 'Put it in quotes: "4".'),
        ('model: ""\ntemperature: 0\n', 1, "model", 'model is ""', None),
        (f"{ENOUGH}name: a/b\n", 3, "name", 'name is "a/b"', '"a-b"'),
        (f"{ENOUGH}name: ab\n", 3, "name", 'name is "ab"', '"ab-agent"'),
        (f"{ENOUGH}name: {'x' * 101}\n", 3, "name", "3 to 100 letters", None),
        (f'{ENOUGH}name: "a\\nbc"\n', 3, "name", "3 to 100 letters", None),
        (f"{ENOUGH}runtime: pyton\n", 3, "runtime", 'runtime is "pyton"', 'Did you mean "python"?'),
        (f"{ENOUGH}runtime: python\n", 1, "entrypoint", "entrypoint is missing", "entrypoint:"),
        (f"{ENOUGH}runtime: http\nurll: x\n", 1, "url", "url is missing", 'Is it "urll" in line 4?'),
        (f"{ENOUGH}url: ftp://x\n", 3, "url", "http:// or https://", None),
        (f"{ENOUGH}base_url: api.openai.com\n", 3, "base_url", "http:// or https://", None),
        (f"{ENOUGH}command: ./a --fast\n", 3, "command", "a list of words", 'command: ["./a", "--fast"]'),
        (f"{ENOUGH}command: []\n", 3, "command", "a list of words", None),
        (f"{ENOUGH}entrypoint: agent.py\n", 3, "entrypoint", "module:callable", None),
        (f"{ENOUGH}tools: refund\n", 3, "tools", "a list of tools", None),
        (f"{ENOUGH}tools:\n  - 3\n", 4, "tools[0]", "a tool", None),
        (f"{ENOUGH}tools:\n  - descripton: x\n", 4, "tools[0].name", "is missing", None),
        (f"{ENOUGH}tools:\n  - {{name: a b}}\n", 4, "tools[0].name", 'is "a b"', None),
        (f"{ENOUGH}tools:\n  - name: a\n  - name: a\n", 5, "tools[1]", "two tools are called", "tools[0]"),
        (f"{ENOUGH}tools:\n  - name: a\n    parameters: 3\n", 5, "tools[0].parameters", "a JSON schema", None),
        (f"{ENOUGH}limits:\n  timout_ms: 5\n", 4, "limits.timout_ms", "limits has no", 'mean "timeout_ms"'),
        (f"{ENOUGH}limits: {{timeout_ms: soon}}\n", 3, "limits.timeout_ms", "a whole number", None),
        (f"{ENOUGH}limits: {{max_turns: 0}}\n", 3, "limits.max_turns", "at least 1", None),
        (f"{ENOUGH}limits: {{max_cost_usd: 0}}\n", 3, "limits.max_cost_usd", "greater than 0", None),
        (f"{ENOUGH}limits: none\n", 3, "limits", "a mapping", None),
        (f"{ENOUGH}prices: {{input: 1}}\n", 3, "prices.output", "is missing", None),
        (f"{ENOUGH}prices: {{input: -1, output: 1}}\n", 3, "prices.input", "at least 0", None),
        (f"{ENOUGH}isolation: nothing\n", 3, "isolation", "process or none", None),
        (f"{ENOUGH}network: maybe\n", 3, "network", "true or false", None),
        (f"{ENOUGH}include: 3\n", 3, "include", "a list of patterns", None),
        (f"{ENOUGH}environment: [A-B]\n", 3, "environment[0]", "no name of an environment variable", None),
        (f"{ENOUGH}api_key: abc\n", 3, "api_key", "keep a secret", "api_key_env"),
        ("- model: x\n", 1, "the document", "a mapping", None),
        ("just words\n", 1, "the document", "a mapping", None),
    ],
)
def test_a_mistake_is_told_with_line_field_and_remedy(
    tmp_path: Path, text: str, line: int, field: str, said: str, remedy: str | None
) -> None:
    error = refusal(tmp_path, text)
    first = next(each for each in error.problems if each.field == field)
    assert first.line == line
    assert said in first.message
    if remedy is not None:
        assert first.remedy is not None
        assert remedy in first.remedy


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    error = refusal(
        tmp_path,
        """\
        temperature: 3
        runtime: command
        limits: {max_turns: x}
        tools: [{name: a}, {name: a}]
        """,
    )
    fields = [each["field"] for each in error.details["problems"]]
    assert sorted(fields) == ["command", "limits.max_turns", "model", "temperature", "tools[1]"]
    assert error.message.count("support.yaml:") == 3, "the message lists the first few"
    assert "and 2 more" in error.message
    assert {"file", "line", "field", "value", "message", "remedy"} == error.details["problems"][0].keys()


def test_an_unknown_key_is_kept_with_a_warning(tmp_path: Path) -> None:
    agent = read_agent(write(tmp_path, f"{ENOUGH}sytem_prompt: hello\ncolour: green\n"))
    assert agent.parsed["sytem_prompt"] == "hello"
    assert len(agent.warnings) == 2
    assert 'support.yaml:3: "sytem_prompt"' in agent.warnings[0]
    assert 'Did you mean "system_prompt"?' in agent.warnings[0]
    assert "Did you mean" not in agent.warnings[1]


@pytest.mark.parametrize("secret", ["sk-proj-abcdefghij1234567890", "x8Fk29dLq0PzR7mVt3Ny", "ghp_" + "a1" * 18])
def test_a_secret_in_place_of_a_variable_is_refused_and_not_repeated(tmp_path: Path, secret: str) -> None:
    error = refusal(tmp_path, f"{ENOUGH}api_key_env: {secret}\n")
    assert error.details["field"] == "api_key_env"
    assert "OPENAI_API_KEY" in str(error)
    assert secret not in str(error.as_json())


def test_two_runtimes_at_once_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"{ENOUGH}entrypoint: agent:answer\nurl: https://a.example\n", **{"agent.py": ""})
    assert "of different runtimes" in error.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"model: [x\n", "no YAML"),
        (b"model: x\nmodel: y\n", "given twice"),
        (b"model: !!python/object/apply:os.system ['true']\ntemperature: 0\n", "not allowed"),
        (bytes(range(256)) * 10, "expected plain text|no UTF-8"),
        (b"model: x\ntemperature: 0\nnote: \0\n", "NUL"),
        (b"model: x\ntemperature: 0\n---\nmodel: y\n", "second document"),
        (b"model: x\ntemperature: 0\nnote: " + b"x" * (2 << 20), "1,048,576"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_file(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(content)
    with pytest.raises(YamlRefused) as caught:
        read_agent(path)
    assert caught.value.details["file"] == str(path)
    assert any(each in caught.value.message for each in said.split("|"))


def test_a_config_of_one_megabyte_is_not_too_large(tmp_path: Path) -> None:
    text = f"{ENOUGH}note: "
    path = write(tmp_path, text + "x" * ((1 << 20) - len(text) - 1) + "\n")
    assert path.stat().st_size == 1 << 20
    assert read_agent(path).name == "support"


@given(content=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_never_do_worse_than_a_clear_error(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "agent.yaml"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as caught:
        read_agent(path)
    assert "agent.yaml" in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="no such file"):
        read_agent(tmp_path / "agent.yaml")
    write(tmp_path, ENOUGH, "agent.yaml")
    with pytest.raises(FileUnreadable, match="it is a folder") as caught:
        read_agent(tmp_path)
    assert "agent.yaml" in str(caught.value.remedy)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "agent.yaml")
    with pytest.raises(FileUnreadable, match="no regular file"):
        read_agent(tmp_path / "agent.yaml")


def test_a_name_that_comes_from_the_file_and_is_none_is_refused_with_a_proposal(tmp_path: Path) -> None:
    path = write(tmp_path, ENOUGH, "support.v2.yaml")
    with pytest.raises(AgentFileRefused) as caught:
        read_agent(path)
    assert "from the file's name" in caught.value.message
    assert caught.value.remedy == "Add `name: support-v2`."


# --- files --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("system_prompt: file://prompt.md", "there is no such file"),
        ("system_prompt: file://../prompt.md", "leads out of the folder"),
        ("system_prompt: file:///etc/passwd", "absolute path"),
        ("include: [../*.py]", "leads out of the folder"),
        ("include: [/etc/*]", "absolute path"),
        ("include: [nothing/*.py]", "matches no file"),
        ("include: ['a/**b']", "no pattern|matches no file"),
        ("entrypoint: nowhere_to_be_found:answer", "there is no module nowhere_to_be_found.py"),
        ("command: [./agent]", "there is no such file"),
        ("command: [python3, missing.py]", "there is no such file"),
        ("command: [python3, ../x.py]", "leads out of the folder"),
        ("tools: [{python: 'nowhere_tools:find'}]", "there is no module nowhere_tools.py"),
        ("metadata: {deep: [file://link.md]}", "a link that leads out of the folder"),
        ("metadata: {deep: file://circle}", "leads nowhere|symbolic links"),
        ("metadata: {deep: file://folder}", "it is no file"),
        ("metadata: {deep: 'file://'}", "no path"),
    ],
)
def test_a_reference_that_leads_nowhere_or_outside_is_refused(tmp_path: Path, key: str, said: str) -> None:
    folder = tmp_path / "agent"
    folder.mkdir()
    (tmp_path / "outside.md").write_text("secret")
    (folder / "link.md").symlink_to(tmp_path / "outside.md")
    (folder / "circle").symlink_to(folder / "circle")
    (folder / "folder").mkdir()
    error = refusal(folder, f"{ENOUGH}{key}\n")
    assert error.details["line"] == 3
    assert any(each in error.message for each in said.split("|")), error.message
    assert len(error.problems) == 1, "one mistake is told once"


def test_a_misspelt_file_is_recognised(tmp_path: Path) -> None:
    error = refusal(tmp_path, f"{ENOUGH}system_prompt: file://promt.md\n", **{"prompt.md": "x"})
    assert error.remedy == 'Did you mean "prompt.md"?'


def test_a_link_inside_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real.md").write_text("You help.")
    (tmp_path / "link.md").symlink_to("real.md")
    agent = read_agent(write(tmp_path, f"{ENOUGH}system_prompt: file://link.md\n"))
    assert agent.files == {"link.md": b"You help."}


def test_modules_bring_along_what_they_import_from_the_folder(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    (package / "deep").mkdir(parents=True)
    for name, source in {
        "shop/__init__.py": "",
        "shop/agent.py": "import json\nfrom . import habits\nfrom .deep.well import water\nimport loose\nimport os.path\n",
        "shop/habits.py": "def f():\n    from shop.late import x\n",
        "shop/late.py": "x = 1\n",
        "shop/deep/__init__.py": "",
        "shop/deep/well.py": "from ..habits import f\nwater = 1\n",
        "shop/unused.py": "",
        "loose.py": "this is no python (",
    }.items():
        (tmp_path / name).write_text(source)
    agent = read_agent(write(tmp_path, f"{ENOUGH}entrypoint: shop.agent:serve\n"))
    assert sorted(agent.files) == [
        "loose.py",
        "shop/__init__.py",
        "shop/agent.py",
        "shop/deep/__init__.py",
        "shop/deep/well.py",
        "shop/habits.py",
        "shop/late.py",
    ]


def test_an_installed_entrypoint_is_no_file_and_says_so(tmp_path: Path) -> None:
    agent = read_agent(write(tmp_path, f"{ENOUGH}entrypoint: json:dumps\n"))
    assert agent.files == {}
    assert "not part of the version" in agent.warnings[0]


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("[python3, agent.py, --config=conf.json]", ["agent.py", "conf.json", "helper.py"]),
        ("[python3, -m, agent]", ["agent.py", "helper.py"]),
        ("[python3, -c, 'print(1)']", []),
        ("[./agent.py, conf.json]", ["agent.py", "conf.json", "helper.py"]),
        ("[cat]", []),
    ],
)
def test_programs_and_their_files_belong_to_the_version(tmp_path: Path, command: str, files: list[str]) -> None:
    (tmp_path / "agent.py").write_text("import helper\n")
    (tmp_path / "helper.py").write_text("")
    (tmp_path / "conf.json").write_text("{}")
    agent = read_agent(write(tmp_path, f"{ENOUGH}command: {command}\n"))
    assert sorted(agent.files) == files


def test_a_program_elsewhere_is_allowed_and_named(tmp_path: Path) -> None:
    agent = read_agent(write(tmp_path, f"{ENOUGH}command: [/bin/cat]\n"))
    assert agent.files == {}
    assert "/bin/cat lies outside" in agent.warnings[0]


def test_a_pattern_leaves_out_the_yaml_itself_and_bytecode(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_bytes(b"x")
    (tmp_path / "a.py").write_text("")
    agent = read_agent(write(tmp_path, f"{ENOUGH}include: ['**/*']\n"))
    assert list(agent.files) == ["a.py"]


# --- what makes a version -----------------------------------------------------------------------------------


@given(data=st.data())
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_formatting_and_order_of_keys_make_no_new_version(tmp_path: Path, data: st.DataObject) -> None:
    import yaml

    parsed: dict[str, Any] = {
        "model": "gpt-5-mini",
        "temperature": 1,
        "system_prompt": "One.\nTwo: #3\n",
        "params": {"max_tokens": 1200, "stop": ["a", "b"], "top_p": 0.9},
        "metadata": {"owner": "shop", "note": "yes"},
    }
    expected = read_agent(write(tmp_path, yaml.safe_dump(parsed))).config_hash
    keys = data.draw(st.permutations(list(parsed)))
    text = yaml.safe_dump(
        {key: parsed[key] for key in keys} | ({"temperature": 1.0} if data.draw(st.booleans()) else {}),
        sort_keys=False,
        default_flow_style=data.draw(st.sampled_from([True, False, None])),
        default_style=data.draw(st.sampled_from([None, '"'])),
        width=data.draw(st.integers(20, 200)),
        indent=data.draw(st.integers(2, 6)),
    )
    path = write(tmp_path, "# a remark\n" + text)
    assert read_agent(path).config_hash == expected


def test_a_changed_file_makes_a_new_version(tmp_path: Path) -> None:
    (tmp_path / "agent.py").write_text("import rules\n")
    (tmp_path / "rules.py").write_text("RULES = 1\n")
    path = write(tmp_path, f"{ENOUGH}entrypoint: agent:answer\n")
    before = read_agent(path)
    assert read_agent(path).config_hash == before.config_hash

    (tmp_path / "rules.py").write_text("RULES = 2\n")
    after = read_agent(path)

    assert after.config_hash != before.config_hash
    assert after.raw_yaml == before.raw_yaml


def test_a_changed_value_makes_a_new_version(tmp_path: Path) -> None:
    before = read_agent(write(tmp_path, ENOUGH)).config_hash
    assert read_agent(write(tmp_path, ENOUGH.replace("0.2", "0.3"))).config_hash != before


def test_a_version_can_be_laid_out_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "agent").write_text("#!/bin/sh\n")
    agent = read_agent(write(tmp_path / "one", f"{ENOUGH}command: [./agent]\n"))
    other = tmp_path / "two"

    materialise(agent, other)
    materialise(agent, other)  # again changes nothing

    assert (other / "agent").read_text() == "#!/bin/sh\n"
    assert os.access(other / "agent", os.X_OK)
    assert read_agent(other / "agent.yaml").config_hash == agent.config_hash


def test_nothing_is_laid_out_outside_the_folder(tmp_path: Path) -> None:
    agent = read_agent(write(tmp_path, ENOUGH))
    bad = type(agent)(agent.name, agent.raw_yaml, agent.parsed, {"../x": b""}, agent.config_hash)
    with pytest.raises(FileUnreadable, match="outside"):
        materialise(bad, tmp_path / "there")
    assert not (tmp_path / "x").exists()
