"""What the documents state against what a database has, statement by statement."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from itertools import chain

from guildhall.db.conformance.expressions import conjuncts, is_implied
from guildhall.db.conformance.findings import Finding, State, listed
from guildhall.db.conformance.inventory import Stated, parts
from guildhall.db.conformance.live import Column, ForeignKey, Index, Live, Relation
from guildhall.db.conformance.reasons import Reasons

_INTERVAL = re.compile(r"^(?P<number>\d+) (?P<unit>minute|hour|day|week|month|year)s?$")
_DAYS = {"day": 1, "week": 7, "month": 30, "year": 365}
_ANSWERS = {"smallint": "integer", "integer": "bigint"}
"""A type and the wider one that answers whatever was asked of it."""
_NEVER_LEFT_OUT = frozenset(
    ("table", "view", "materialized view", "continuous aggregate", "function", "trigger", "policy", "role", "type")
)
"""What has to be there in some form: no reason on the page excuses that it is not."""


class Comparison:
    """Collects findings; `hold_against` adds those of one document."""

    def __init__(self, live: Live, spelled: Mapping[tuple[str, str], str], reasons: Reasons) -> None:
        self.findings: list[Finding] = []
        self._live = live
        self._spelled = spelled
        self._reasons = reasons
        self._document = ""

    def hold_against(self, name: str, document: Stated) -> None:
        """Compare everything that a document states."""
        self._document = name
        for table, stated in document.get("tables", {}).items():
            self._table(table, stated)
        for index in parts(document, "indexes"):
            self._index(index)
        for key in ("views", "materialized_views", "continuous_aggregates"):
            for view in parts(document, key):
                self._view(key.removesuffix("s").replace("_", " "), view)
        for function in parts(document, "functions"):
            self._function(function)
        for trigger in parts(document, "triggers"):
            self._trigger(trigger)
        for policy in parts(document, "row_policies"):
            self._policy(policy)
        for kind in parts(document, "types"):
            self._type(kind)
        for hypertable in parts(document, "hypertables"):
            self._chunk(hypertable)
        for interval in parts(document, "time_series_policies"):
            self._interval(interval)
        for key, present in (
            ("roles", self._live.roles),
            ("extensions", self._live.extensions),
            ("text_search_configurations", self._live.search_configurations),
            ("publications", self._live.publications),
        ):
            for stated in parts(document, key):
                self._named(key.removesuffix("s").replace("_", " "), stated, present)

    # tables -----------------------------------------------------------------

    def _table(self, name: str, stated: Stated) -> None:
        relation = self._live.relations.get(name)
        if relation is None:
            self._add(stated, "table", name, State.MISSING, "a table")
            return
        self._add(stated, "table", name, State.HOLDS, "a table", f"{relation.schema}.{name}")
        for column in stated["columns"]:
            self._column(name, stated, column, relation)
        key = stated.get("primary_key")
        if key:
            self._key(
                name, stated, "primary key", key, [relation.primary_key] if relation.primary_key else relation.keys
            )
        for unique in stated.get("unique", ()):
            self._key(name, stated, "unique key", unique, relation.keys)
        for reference in stated.get("foreign_keys", ()):
            self._reference(name, stated, reference, relation)
        for check in stated.get("checks", ()):
            self._check(name, stated, check.get("name"), check["expression"], relation)
        for column in stated["columns"]:
            for expression in column.get("checks", ()):
                self._check(name, stated, None, expression, relation)
        if stated.get("row_level_security"):
            enforced = relation.row_security or relation.base.startswith("store.")
            self._add(
                stated, "row security", name, State.HOLDS if enforced else State.DIFFERS, "row-level security",
                "on" if enforced else "off", [f"{name}.row_level_security"],
            )  # fmt: skip

    def _column(self, table: str, stated: Stated, column: Stated, relation: Relation) -> None:
        name = f"{table}.{column['name']}"
        wanted = _spelling(column)
        found = relation.columns.get(column["name"])
        if found is None:
            self._add(stated, "column", name, State.MISSING, wanted, names=[name])
            return
        faults = []
        if not _answers(column, found):
            faults.append(found.type)
        if column.get("nullable") is False and not found.not_null and column["name"] not in relation.primary_key:
            faults.append("nullable")
        if _may_be_left_out(column) and found.not_null and not found.has_default:
            faults.append("not null, without a default")
        state = State.DIFFERS if faults else State.HOLDS
        change = [f"{column.get('type')} → {found.type}"] if len(faults) == 1 and faults[0] == found.type else []
        self._add(stated, "column", name, state, wanted, listed(faults) or found.type, [name, *change])

    def _key(
        self, table: str, stated: Stated, kind: str, columns: Sequence[str], present: Sequence[Sequence[str]]
    ) -> None:
        # A team's keys are its own: what was unique in the document is unique within a team.
        same = any(set(columns) == set(key) - {"tenant_id"} or set(columns) == set(key) for key in present)
        found = "; ".join(listed(key) for key in present) or None
        state = State.HOLDS if same else State.DIFFERS if found else State.MISSING
        names = [table, *(f"{table}.{column}" for column in columns)] if kind == "primary key" else []
        self._add(
            stated, kind, f"{table} ({listed(columns)})", state, listed(columns), found,
            [f"{table} ({listed(columns)})", *names, *(f"{table}.{column}" for column in columns if len(columns) == 1)],
        )  # fmt: skip

    def _reference(self, table: str, stated: Stated, reference: Stated, relation: Relation) -> None:
        columns, target = reference["columns"], reference["references_table"]
        action = reference.get("on_delete") or ("any" if reference.get("implied") else "NO ACTION")
        wanted = f"{listed(columns)} → {target}" + (
            f" on delete {action}" if action not in {"any", "NO ACTION"} else ""
        )
        matching = [key for key in relation.foreign_keys if set(columns) <= set(key.columns) and key.table == target]
        others = [key for key in relation.foreign_keys if set(columns) <= set(key.columns)]
        right = [key for key in matching if action == "any" or key.on_delete in {action, *_stricter(action)}]
        state = State.HOLDS if right else State.DIFFERS if matching or others else State.MISSING
        found = "; ".join(_key_text(key) for key in right or matching or others) or None
        names = [*(f"{table}.{column}" for column in columns), *([reference["name"]] if reference.get("name") else [])]
        self._add(stated, "foreign key", f"{table}.{listed(columns)} → {target}", state, wanted, found, names)

    def _check(self, table: str, stated: Stated, name: str | None, expression: str, relation: Relation) -> None:
        wanted = conjuncts(self._spelled.get((table, expression), expression))
        present = frozenset(chain.from_iterable(conjuncts(each) for each in relation.checks.values()))
        mentioned = [column for column in relation.columns if re.search(rf"\b{re.escape(column)}\b", expression)]
        labels = [relation.columns[column].labels for column in mentioned]
        missing = sorted(part for part in wanted if not is_implied(part, present, labels))
        named = relation.checks.get(name or "")
        found = f"without {listed(missing)}" if missing else None
        state = State.HOLDS if not missing else State.DIFFERS if named or len(missing) < len(wanted) else State.MISSING
        self._add(
            stated, "check", f"{table}.{name or listed(mentioned)}", state, expression, named or found,
            [*((name, f"{table}.{name}") if name else ()), *(f"{table}.{column}" for column in mentioned)],
        )  # fmt: skip

    # what stands beside tables ------------------------------------------------

    def _index(self, stated: Stated) -> None:
        name, table = stated["name"], stated["table"]
        relation = self._live.relations.get(table)
        found = relation.indexes.get(name) if relation else None
        elsewhere = None if found else self._index_elsewhere(name)
        columns = [each["expression"] for each in stated["columns"]]
        wanted = f"{table} {stated['method']} ({listed(columns)})" + (
            f" where {stated['where']}" if stated.get("where") else ""
        )
        if found is None:
            self._add(stated, "index", name, State.DIFFERS if elsewhere else State.MISSING, wanted, elsewhere, [name])
            return
        same = (
            found.method == stated["method"]
            and bool(found.unique) == bool(stated.get("unique"))
            and _leads(columns, found.columns)
        )
        self._add(stated, "index", name, State.HOLDS if same else State.DIFFERS, wanted, _index_text(found), [name])

    def _index_elsewhere(self, name: str) -> str | None:
        for table, relation in self._live.relations.items():
            if name in relation.indexes:
                return f"on {table}: {_index_text(relation.indexes[name])}"
        return None

    def _view(self, kind: str, stated: Stated) -> None:
        name = stated["name"]
        columns = [each["name"] for each in stated.get("columns", ())] or list(stated.get("columns_used", ()))
        relation = self._live.relations.get(name)
        if relation is None:
            self._add(stated, kind, name, State.MISSING, listed(columns), names=[name])
            return
        missing = [column for column in columns if column not in relation.columns]
        self._add(
            stated, kind, name, State.DIFFERS if missing else State.HOLDS, listed(columns),
            f"without {listed(missing)}" if missing else listed(relation.columns), [name, *(f"{name}.{column}" for column in missing)],
        )  # fmt: skip

    def _function(self, stated: Stated) -> None:
        name = stated["name"]
        arguments = [each["type"] for each in stated.get("arguments", ()) if each.get("mode", "in") == "in"]
        wanted = f"({listed(arguments)}) → {stated['returns']}"
        candidates = self._live.functions.get(name, ())
        if not candidates:
            self._add(stated, "function", name, State.MISSING, wanted, names=[name])
            return
        same = any(list(each.arguments) == arguments and _returns(stated, each.returns) for each in candidates)
        found = "; ".join(f"({listed(each.arguments)}) → {each.returns}" for each in candidates)
        self._add(stated, "function", name, State.HOLDS if same else State.DIFFERS, wanted, found, [name])

    def _trigger(self, stated: Stated) -> None:
        relation = self._live.relations.get(stated["table"])
        function = relation.triggers.get(stated["name"]) if relation else None
        state = State.MISSING if function is None else State.HOLDS if function == stated["function"] else State.DIFFERS
        self._add(
            stated,
            "trigger",
            stated["name"],
            state,
            f"{stated['table']}: {stated['function']}()",
            function,
            [stated["name"]],
        )

    def _policy(self, stated: Stated) -> None:
        relation = self._live.relations.get(stated["table"])
        policies = relation.policies if relation else set()
        state = State.HOLDS if stated["name"] in policies else State.DIFFERS if policies else State.MISSING
        self._add(
            stated,
            "policy",
            stated["name"],
            state,
            f"on {stated['table']}",
            listed(sorted(policies)) or None,
            [stated["name"]],
        )

    def _type(self, stated: Stated) -> None:
        used_by = stated.get("used_by")
        if used_by:
            table, _, column = used_by.partition(".")
            relation = self._live.relations.get(table)
            found = relation.columns.get(column) if relation else None
            labels = found.labels if found else ()
            missing = [value for value in stated.get("known_values", ()) if value not in labels]
            state = State.MISSING if not labels else State.DIFFERS if missing else State.HOLDS
            self._add(stated, "type", used_by, state, "an enumeration", listed(labels) or None, [used_by])
            return
        values = list(stated.get("values", ()))
        named = self._live.types.get(stated["name"])
        same = [name for name, labels in self._live.types.items() if list(labels) == values]
        state = State.HOLDS if named == values else State.DIFFERS if same or named else State.MISSING
        self._add(
            stated,
            "type",
            stated["name"],
            state,
            listed(values),
            listed(same) or listed(named or ()) or None,
            [stated["name"]],
        )

    def _named(self, kind: str, stated: Stated, present: frozenset[str]) -> None:
        name = stated["name"]
        state = State.HOLDS if name in present else State.MISSING
        self._add(
            stated, kind, name, state, f"{kind} {name}", "there" if name in present else None, [name, f"{kind} {name}"]
        )

    # time -------------------------------------------------------------------

    def _chunk(self, stated: Stated) -> None:
        series = self._live.series.get(stated["table"])
        wanted = stated.get("options", {}).get("chunk_time_interval")
        self._duration(stated, "chunk", stated["table"], wanted, series.chunk if series else None)

    def _interval(self, stated: Stated) -> None:
        name, kind = stated["relation"], stated["kind"]
        if kind == "refresh":
            rollup = self._live.rollups.get(name, {})
            for key, column in (
                ("start_offset", "start_offset"),
                ("end_offset", "end_offset"),
                ("schedule_interval", "refresh_interval"),
            ):
                self._duration(stated, f"refresh {key}", name, stated["options"].get(key), rollup.get(column))
            return
        series = self._live.series.get(name)
        found = None if series is None else series.retention if kind == "retention" else series.compress_after
        self._duration(stated, kind, name, stated["after"], found)

    def _duration(self, stated: Stated, kind: str, name: str, wanted: str | None, found: timedelta | None) -> None:
        same = found is not None and _interval(wanted) == found
        state = State.HOLDS if same else State.MISSING if found is None else State.DIFFERS
        names = [f"{name}.{kind.replace(' ', '_')}", f"{name}.{kind.replace(' ', '_')} {wanted}"]
        self._add(
            stated, "interval", f"{name}: {kind} {wanted}", state, wanted or "", str(found) if found else None, names
        )

    def _add(
        self,
        stated: Stated,
        kind: str,
        name: str,
        state: State,
        wanted: str,
        found: str | None = None,
        names: Iterable[str] = (),
    ) -> None:
        names = list(dict.fromkeys(names)) or [name]
        # What is said of how a view differs is no reason to be without it.
        is_a_loss = state is State.MISSING and kind in _NEVER_LEFT_OUT
        reason = None if state is State.HOLDS or is_a_loss else self._reasons.why(names)
        self.findings.append(
            Finding(self._document, stated.get("line"), kind, name, state, wanted, found, names, reason)
        )


def _spelling(column: Stated) -> str:
    wanted = column.get("type") or "of any type"
    return f"{wanted} not null" if column.get("nullable") is False else wanted


def _answers(column: Stated, found: Column) -> bool:
    """Whether a column can hold and answer what the document's would."""
    wanted = column.get("type")
    if wanted is None or found.type == wanted:
        return True
    if wanted == "enum":
        return bool(found.labels)
    if wanted == "character varying":
        return found.type == "text" or found.type.startswith("character varying")
    if wanted == "numeric":
        return found.type.startswith("numeric")
    if found.labels:
        return found.type.rpartition(".")[2] == str(wanted)
    return _ANSWERS.get(wanted) == found.type and not column.get("serial")


def _may_be_left_out(column: Stated) -> bool:
    """Whether the document lets a row be written without naming the column."""
    return column.get("nullable") is True or column.get("default") is not None


def _stricter(action: str) -> Sequence[str]:
    return ("RESTRICT",) if action == "NO ACTION" else ()


def _key_text(key: ForeignKey) -> str:
    return f"{listed(key.columns)} → {key.table} on delete {key.on_delete}"


def _index_text(index: Index) -> str:
    where = f" where {index.where}" if index.where else ""
    return f"{'unique ' if index.unique else ''}{index.method} ({listed(index.columns)}){where}"


def _leads(stated: Sequence[str], found: Sequence[str]) -> bool:
    """Whether an index serves what the documented one would: its columns in that order, a team's id before them."""
    ours = [_column_text(each) for each in found]
    wanted = [_column_text(each) for each in stated]
    return wanted in (ours[: len(wanted)], [each for each in ours if each != "tenant_id"][: len(wanted)])


def _column_text(text: str) -> str:
    text = re.sub(r"::[a-z_ ]+(\(\d+\))?(\[\])?", "", text.lower())
    return re.sub(r"[\s()\"]|\b(desc|asc|nulls (first|last))\b", "", text)


def _returns(stated: Stated, found: str) -> bool:
    wanted = str(stated["returns"])
    if wanted == "table":
        columns = [each["name"] for each in stated.get("returns_columns") or ()]
        return found.startswith("TABLE(") and all(re.search(rf"[(,]\s*{column}\s", found) for column in columns)
    return found == wanted


def _interval(text: str | None) -> timedelta | None:
    match = _INTERVAL.match(text or "")
    if match is None:
        return None
    number, unit = int(match["number"]), match["unit"]
    return timedelta(days=number * _DAYS[unit]) if unit in _DAYS else timedelta(**{f"{unit}s": number})
