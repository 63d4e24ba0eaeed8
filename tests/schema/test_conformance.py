"""`guildhall db conformance`: what the documents name is there, and whatever is not is found."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from fixtures.command_line import Command
from guildhall.db.conformance import Conformance, DeviationsMissing, InventoryInvalid, State, examine
from guildhall.db.conformance.expressions import conjuncts, is_implied

_INVENTORY = Path(__file__).parents[3] / "shared" / "design" / "inventory.json"

_TABLES = """
CREATE TABLE society.potters (
    id        uuid PRIMARY KEY,
    tenant_id uuid NOT NULL,
    name      varchar(100) NOT NULL,
    kiln      text,
    fee       numeric(14, 6),
    skill     text NOT NULL DEFAULT 'novice',
    heat      integer,
    UNIQUE (tenant_id, id),
    CONSTRAINT potters_one_per_name UNIQUE (tenant_id, name),
    CONSTRAINT skill_is_known CHECK (skill IN ('novice', 'adept', 'master')),
    CONSTRAINT heat_is_bearable CHECK (heat >= 0 AND heat <= 1300)
);
CREATE TABLE society.pots (
    pot_id    uuid PRIMARY KEY,
    potter_id uuid REFERENCES society.potters ON DELETE CASCADE
);
CREATE INDEX idx_pots_potter ON society.pots (potter_id);
CREATE VIEW society.v_pots AS SELECT pot_id FROM society.pots;
"""

_STATED: dict[str, Any] = {
    "tables": {
        "potters": {
            "line": 7,
            "columns": [
                {"name": "id", "type": "uuid", "nullable": False, "default": None},
                {"name": "name", "type": "character varying(100)", "nullable": False, "default": None},
                {
                    "name": "skill",
                    "type": "text",
                    "nullable": True,
                    "default": "'novice'",
                    "checks": ["skill IN ('novice', 'adept')"],
                },
                {
                    "name": "heat",
                    "type": "integer",
                    "nullable": True,
                    "default": None,
                    "checks": ["heat BETWEEN 0 AND 1300"],
                },
            ],
            "primary_key": ["id"],
            "unique": [["name"]],
            "foreign_keys": [],
            "checks": [{"name": "heat_is_bearable", "expression": "heat >= 0"}],
        },
        "pots": {
            "line": 20,
            "columns": [{"name": "pot_id", "type": "uuid", "nullable": False, "default": None}],
            "primary_key": ["pot_id"],
            "unique": [],
            "foreign_keys": [
                {
                    "columns": ["potter_id"],
                    "references_table": "potters",
                    "references_columns": ["id"],
                    "on_delete": "CASCADE",
                }
            ],
            "checks": [],
        },
    },
    "indexes": [
        {"name": "idx_pots_potter", "table": "pots", "method": "btree", "columns": [{"expression": "potter_id"}]}
    ],
    "views": [{"name": "v_pots", "columns": [{"name": "pot_id", "expression": "pot_id"}]}],
}


def _without(path: str, value: Any = None) -> Callable[[dict[str, Any]], None]:
    """A document that states `value` at a path, where ours has something else."""

    def change(document: dict[str, Any]) -> None:
        *way, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
        place: Any = document
        for part in way:
            place = place[part]
        if isinstance(place, list) and last == len(place):
            place.append(value)
        else:
            place[last] = value

    return change


@pytest.fixture
async def potters_url(administrator_url: str) -> str:
    connection = await asyncpg.connect(administrator_url)
    await connection.execute(_TABLES)
    await connection.close()
    return administrator_url


class Examine:
    """Holds the potters' tables against a document."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    async def __call__(self, document: dict[str, Any], *reasons: str) -> Conformance:
        inventory = self._folder / "inventory.json"
        inventory.write_text(json.dumps({"documents": {"pottery": document}}))
        page = self._folder / "deviations.md"
        page.write_text("\n".join(["| where | the documents | here | why |", "| --- | --- | --- | --- |", *reasons]))
        return await examine(self._url, inventory, deviations=page)


@pytest.fixture
def examined(potters_url: str, tmp_path: Path) -> Examine:
    return Examine(potters_url, tmp_path)


def _document() -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(_STATED))
    return copied


async def test_a_schema_that_says_the_same_in_other_words_conforms(examined: Examine) -> None:
    found = await examined(_document())
    assert found.holds
    assert {finding.state for finding in found.findings} == {State.HOLDS}
    assert len(found.findings) == 16


_COLUMN = {"name": "glaze", "type": "text", "nullable": True, "default": None}


@pytest.mark.parametrize(
    ("change", "kind", "state"),
    [
        pytest.param(_without("tables/kilns", {"columns": []}), "table", State.MISSING, id="table"),
        pytest.param(_without("tables/potters/columns/4", _COLUMN), "column", State.MISSING, id="column"),
        pytest.param(_without("tables/potters/columns/1/type", "text"), "column", State.DIFFERS, id="type"),
        pytest.param(_without("tables/potters/columns/3/nullable", False), "column", State.DIFFERS, id="nullable"),
        pytest.param(_without("tables/potters/columns/1/nullable", True), "column", State.DIFFERS, id="not-null"),
        pytest.param(_without("tables/pots/primary_key", ["potter_id"]), "primary key", State.DIFFERS, id="primary-key"),
        pytest.param(_without("tables/potters/unique/1", ["kiln"]), "unique key", State.DIFFERS, id="unique-key"),
        pytest.param(
            _without("tables/pots/foreign_keys/0/on_delete", "SET NULL"), "foreign key", State.DIFFERS, id="on-delete"
        ),
        pytest.param(
            _without("tables/pots/foreign_keys/0/references_table", "kilns"), "foreign key", State.DIFFERS, id="target"
        ),
        pytest.param(
            _without("tables/potters/columns/3/checks/0", "heat BETWEEN 1 AND 1300"), "check", State.DIFFERS, id="bound"
        ),
        pytest.param(
            _without("tables/potters/columns/2/checks/0", "skill IN ('novice', 'wizard')"), "check", State.MISSING, id="value"
        ),
        pytest.param(_without("tables/pots/row_level_security", True), "row security", State.DIFFERS, id="row-security"),
        pytest.param(_without("indexes/0/columns/0/expression", "pot_id"), "index", State.DIFFERS, id="index-columns"),
        pytest.param(_without("indexes/0/method", "gin"), "index", State.DIFFERS, id="index-method"),
        pytest.param(_without("indexes/0/name", "idx_pots"), "index", State.MISSING, id="index"),
        pytest.param(_without("views/0/columns/1", {"name": "glaze"}), "view", State.DIFFERS, id="view-column"),
        pytest.param(_without("views/0/name", "v_kilns"), "view", State.MISSING, id="view"),
        pytest.param(
            _without("functions", [{"name": "fire", "arguments": [], "returns": "void"}]), "function", State.MISSING, id="function"
        ),
        pytest.param(
            _without("functions", [{"name": "tenant_id", "arguments": [], "returns": "text"}]),
            "function", State.DIFFERS, id="function-result",
        ),
        pytest.param(
            _without("triggers", [{"name": "on_fire", "table": "pots", "function": "fire"}]), "trigger", State.MISSING, id="trigger"
        ),
        pytest.param(_without("row_policies", [{"name": "own", "table": "pots"}]), "policy", State.MISSING, id="policy"),
        pytest.param(_without("types", [{"name": "hue", "values": ["red"]}]), "type", State.MISSING, id="type-of-its-own"),
        pytest.param(_without("types", [{"name": None, "used_by": "potters.skill"}]), "type", State.MISSING, id="type-of-a-column"),
        pytest.param(_without("roles", [{"name": "guildhall_test_potter"}]), "role", State.MISSING, id="role"),
        pytest.param(_without("extensions", [{"name": "clay"}]), "extension", State.MISSING, id="extension"),
        pytest.param(
            _without("time_series_policies", [{"kind": "retention", "relation": "outcomes", "after": "3 years"}]),
            "interval", State.DIFFERS, id="retention",
        ),
        pytest.param(
            _without("time_series_policies", [{"kind": "retention", "relation": "pots", "after": "3 years"}]),
            "interval", State.MISSING, id="no-series",
        ),
    ],
)  # fmt: skip
async def test_what_differs_is_found_and_nothing_else(
    examined: Examine, change: Callable[[dict[str, Any]], None], kind: str, state: State
) -> None:
    document = _document()
    change(document)
    found = await examined(document)
    assert not found.holds
    assert [(finding.kind, finding.state) for finding in found.unexplained] == [(kind, state)]


@pytest.mark.parametrize("name", ["potters.name", "potters.*", "text → character varying*", "`potters.id`, `name"])
async def test_a_row_of_the_page_is_a_reason(examined: Examine, name: str) -> None:
    document = _document()
    _without("tables/potters/columns/1/type", "text")(document)
    found = await examined(document, f"| `{name}` | text | varchar | names are short |", "| `pots.glaze` | - | - | - |")
    assert found.holds
    assert [(each.name, each.reason) for each in found.explained] == [("potters.name", "names are short")]
    assert "pots.glaze" in found.unused_reasons


async def test_what_is_said_of_a_difference_is_no_reason_to_be_without_the_thing(examined: Examine) -> None:
    document = _document()
    _without("views/0/name", "v_kilns")(document)
    _without("functions", [{"name": "fire", "arguments": [], "returns": "void"}])(document)
    found = await examined(document, "| `v_kilns`, `fire` | rounded | exact | why it differs |")
    assert [(each.kind, each.state) for each in found.unexplained] == [
        ("view", State.MISSING),
        ("function", State.MISSING),
    ]


async def test_a_file_that_is_no_inventory_is_refused(examined: Examine, tmp_path: Path, potters_url: str) -> None:
    for content in ("[]", "{", '{"documents": []}', '{"documents": {"a": []}}'):
        (tmp_path / "wrong.json").write_text(content)
        with pytest.raises(InventoryInvalid, match="is not an inventory"):
            await examine(potters_url, tmp_path / "wrong.json")
    with pytest.raises(InventoryInvalid, match="No such file"):
        await examine(potters_url, tmp_path / "absent.json")
    (tmp_path / "right.json").write_text(json.dumps({"documents": {"pottery": _STATED}}))
    with pytest.raises(DeviationsMissing):
        await examine(potters_url, tmp_path / "right.json", deviations=tmp_path / "absent.md")


def test_conditions_are_compared_by_their_parts() -> None:
    stated = conjuncts("((heat >= 0) AND ((name)::text = 'a AND b'::text))")
    assert stated == {"heat>=0", "name='a AND b'"}
    listed = next(iter(conjuncts("(skill = ANY (ARRAY['x'::text, 'y'::text]))")))
    assert is_implied(listed, conjuncts("(skill = ANY (ARRAY['y'::text, 'z'::text, 'x'::text]))"))
    assert not is_implied(listed, conjuncts("(skill = ANY (ARRAY['y'::text, 'z'::text]))"))
    assert is_implied(listed, [], [["x", "y"]])
    assert not is_implied(listed, [], [["x"]])


@pytest.fixture
def inventory() -> Path:
    if not _INVENTORY.is_file():
        pytest.skip(f"no inventory of the reference documents at {_INVENTORY}")
    return _INVENTORY


def test_the_schema_has_everything_that_the_documents_name(
    guildhall: Command, inventory: Path, administrator_url: str
) -> None:
    report = guildhall(
        "db", "conformance", "--inventory", inventory, "--json", GUILDHALL_DATABASE_URL=administrator_url
    ).json
    assert report["unexplained"] == []
    assert report["holds"] is True
    assert report["kinds"]["table"]["stated"] == report["kinds"]["table"]["holds"] == 93
