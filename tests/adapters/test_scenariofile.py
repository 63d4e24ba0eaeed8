"""Scenarios on disk: YAML, JSON Lines and JSON, and the files that grade them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guildhall import demo
from guildhall.adapters.agentfile import FileUnreadable
from guildhall.adapters.scenariofile import read_scenarios
from guildhall.domains.evaluation.scenarios import ScenarioFileRefused
from guildhall.errors import InvalidInput

ENTRY = {
    "scenario_id": "refund_late",
    "name": "Refund a late order",
    "task_prompt": "Order 1042 never came. Refund me.",
    "ground_truth": "refunded",
}
YAML = "- scenario_id: {id}\n  name: Refund a late order\n  task_prompt: Order 1042 never came.\n  ground_truth: refunded\n"
STATE = """\
- scenario_id: refund_late
  name: Refund a late order
  task_prompt: Order 1042 never came.
  ground_truth: {orders: {}}
  environment: shop.env:Shop
"""


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_yaml_json_lines_and_json_say_the_same(tmp_path: Path) -> None:
    contents = {
        "a.yaml": "- " + "\n  ".join(f"{key}: {json.dumps(value)}" for key, value in ENTRY.items()),
        "b.jsonl": f"\n{json.dumps(ENTRY)}\n\n",
        "c.json": json.dumps([ENTRY], indent="\t"),
        "d.yaml": f"scenarios:\n- {json.dumps(ENTRY)}\n",
        "e.ndjson": "\ufeff" + json.dumps(ENTRY) + "\r\n",
    }
    read = [read_scenarios([write(tmp_path, name, text)]).scenarios for name, text in contents.items()]
    assert all(each == read[0] for each in read)
    assert len(read[0]) == 1


def test_several_documents_of_one_file_are_all_read(tmp_path: Path) -> None:
    path = write(tmp_path, "s.yaml", YAML.format(id="one") + "---\nsuite: shop\nscenarios:\n" + YAML.format(id="two"))
    one, two = read_scenarios([path]).scenarios
    assert (one.scenario_id, one.suite, two.scenario_id, two.suite) == ("one", None, "two", "shop")


def test_the_scenarios_that_guildhall_brings_along_are_read_without_a_warning() -> None:
    read = read_scenarios([demo.SCENARIOS, demo.TEMPLATE / "scenarios.yaml"])
    assert (len(read.scenarios), read.warnings) == (27, ())


def test_a_folder_means_the_files_in_it_that_hold_scenarios(tmp_path: Path) -> None:
    write(tmp_path, "b.yaml", YAML.format(id="b"))
    write(tmp_path, "a.jsonl", json.dumps(ENTRY))
    write(tmp_path, "agent.yaml", "model: x\ntemperature: 0\n")
    write(tmp_path, "deeper/c.yaml", YAML.format(id="c"))
    write(tmp_path, "notes.txt", "")
    read = read_scenarios([tmp_path, tmp_path / "b.yaml"])
    assert [each.scenario_id for each in read.scenarios] == ["refund_late", "b"], "and none is read twice"
    assert "agent.yaml: this is an agent" in read.warnings[0]
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileUnreadable, match="no file with scenarios"):
        read_scenarios([tmp_path / "empty"])


def test_an_id_that_two_files_use_is_told_with_both_places(tmp_path: Path) -> None:
    one = write(tmp_path, "one.yaml", YAML.format(id="a") + YAML.format(id="b"))
    other = write(tmp_path, "other.yaml", "\n" + YAML.format(id="c") + YAML.format(id="b"))
    with pytest.raises(ScenarioFileRefused) as caught:
        read_scenarios([one, other])
    assert caught.value.details["file"] == str(other)
    assert caught.value.details["line"] == 6
    assert f"first in {one}:5" in caught.value.message


def test_the_line_of_json_lines_and_of_json_is_told(tmp_path: Path) -> None:
    lines = write(tmp_path, "s.jsonl", json.dumps(ENTRY) + "\n\n" + json.dumps({**ENTRY, "scenario_id": "A-b"}))
    with pytest.raises(ScenarioFileRefused) as caught:
        read_scenarios([lines])
    assert (caught.value.details["file"], caught.value.details["line"]) == (str(lines), 3)
    assert caught.value.remedy == "Write it as a_b."

    whole = write(tmp_path, "s.json", json.dumps([{**ENTRY, "split": "x"}], indent="\t"))
    with pytest.raises(ScenarioFileRefused) as caught:
        read_scenarios([whole])
    assert caught.value.details["line"] == 7


@pytest.mark.parametrize(
    ("name", "content", "said", "line"),
    [
        ("s.yaml", b"", "empty", None),
        ("s.jsonl", b"\n\n", "empty", None),
        ("s.json", b" ", "empty", None),
        ("s.yaml", b"# nothing", "empty", None),
        ("s.yaml", b"- [", "no YAML", 1),
        ("s.jsonl", b'{"a": 1}\n{"a"', "no JSON", 2),
        ("s.jsonl", b'{"a": NaN}', "NaN", 1),
        ("s.json", b"{", "no JSON", 1),
        ("s.yaml", b"- !!python/name:os.system x", "not allowed", 1),
        ("s.yaml", b"\xff\xfe", "no UTF-8", 1),
        ("s.jsonl", b"\x00", "NUL", 1),
        ("s.jsonl", b"[" * 100_000, "deeper|no JSON", 1),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_name(
    tmp_path: Path, name: str, content: bytes, said: str, line: int | None
) -> None:
    path = write(tmp_path, name, content)
    with pytest.raises(InvalidInput) as caught:
        read_scenarios([path])
    assert caught.value.details["file"] == str(path)
    assert caught.value.details.get("line") == line
    assert any(each in caught.value.message for each in said.split("|")), caught.value.message


@given(content=st.binary(max_size=200), name=st.sampled_from(["s.yaml", "s.jsonl", "s.json"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_random_bytes_never_do_worse_than_a_clear_error(tmp_path: Path, content: bytes, name: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_scenarios([write(tmp_path, name, content)])
    assert name in caught.value.message


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="no such file"):
        read_scenarios([tmp_path / "s.yaml"])


# --- files that grade ----------------------------------------------------------------------------------------


def test_an_environment_brings_along_what_it_imports(tmp_path: Path) -> None:
    shutil.copytree(demo.DIRECTORY / "shop", tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    write(tmp_path, "checks.py", "import shop.stock\n")
    path = write(tmp_path, "s.yaml", STATE + "  scorers: [final_state, 'checks:fine']\n")
    (scenario,) = read_scenarios([path]).scenarios
    assert sorted(scenario.files) == ["checks.py", "shop/__init__.py", "shop/env.py", "shop/stock.py"]
    assert sorted(scenario.definition["files"]) == sorted(scenario.files)


def test_a_changed_environment_is_another_content(tmp_path: Path) -> None:
    write(tmp_path, "shop/env.py", "from shop import stock\nclass Shop: ...\n")
    write(tmp_path, "shop/stock.py", "A = 1\n")
    path = write(tmp_path, "s.yaml", STATE + YAML.format(id="other"))
    before = read_scenarios([path]).scenarios
    write(tmp_path, "shop/stock.py", "A = 2\n")
    after = read_scenarios([path]).scenarios

    assert before[0].content_hash != after[0].content_hash
    assert before[1].content_hash == after[1].content_hash, "which has no environment"


def test_data_files_can_be_named(tmp_path: Path) -> None:
    write(tmp_path, "data/a.json", "[1]")
    write(tmp_path, "rubric.md", "Be polite.\n")
    write(tmp_path, "state.json", '{"orders": {"1042": {"status": "refunded"}}}')
    write(tmp_path, "shop/env.py", "class Shop: ...\n")
    path = write(
        tmp_path,
        "s.yaml",
        STATE.replace("{orders: {}}", "file://state.json")
        + "  include: [data/*.json]\n  scorers: [final_state, {llm_judge: 'file://rubric.md', model: m}]\n",
    )
    (scenario,) = read_scenarios([path]).scenarios
    assert sorted(scenario.files) == ["data/a.json", "shop/env.py"]
    assert scenario.ground_truth == {"orders": {"1042": {"status": "refunded"}}}
    assert scenario.scorers[1].options["rubric"] == "Be polite.\n"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("shop.env:Shop", "nowhere_shop.env:Shop"), "there is no module nowhere_shop/env.py"),
        (("shop.env:Shop", "shop.evn:Shop"), "there is no module shop/evn.py"),
        (("environment", "include: ['../*']\n  environment"), "leads out of the folder"),
        (("environment", "include: ['data/*']\n  environment"), "matches no file"),
        (("{orders: {}}", "file:///etc/passwd"), "absolute path"),
        (("{orders: {}}", "file://truth.json"), "there is no such file"),
    ],
)
def test_a_reference_that_leads_nowhere_or_outside_is_told_once(
    tmp_path: Path, change: tuple[str, str], said: str
) -> None:
    write(tmp_path, "shop/env.py", "class Shop: ...\n")
    text = STATE.replace(*change)
    path = write(tmp_path, "s.yaml", text + text.replace("refund_late", "refund_later"))
    with pytest.raises(ScenarioFileRefused) as caught:
        read_scenarios([path])
    assert said in caught.value.message
    assert caught.value.details["file"] == str(path)
    assert caught.value.details["line"] is not None
