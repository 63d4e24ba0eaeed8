"""Patches of YAML texts: what they come to, and what of the text they leave alone."""

from __future__ import annotations

from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from guildhall.algorithms import safeyaml, yamlpatch

AGENT = """\
# Kept.
name: clerk   # and this
temperature: 0.8
system_prompt: |
  Be brief.
  Be kind.
tools:
  - {name: look_up}
  - {name: refund, confirm: false}   # careful
  - name: track
    description: Where it is.
params: {retries: 0}
limits:
  timeout_ms: 1000

# The end.
"""


def after(text: str) -> Any:
    return safeyaml.load(text, "test").value


def test_only_what_changes_is_touched() -> None:
    patch = {
        "temperature": 0.2,
        "system_prompt": "Be brief.\nLook things up.\n",
        "tools": [{"name": "refund", "confirm": True}, {"name": "track", "timeout_ms": 5}],
        "params": {"retries": 2, "pause": "a b"},
        "limits": {"max_turns": 3},
    }
    changed = yamlpatch.apply(AGENT, patch)
    assert changed == (
        AGENT.replace("0.8", "0.2")
        .replace("  Be kind.\n", "  Look things up.\n")
        .replace("confirm: false", "confirm: true")
        .replace("Where it is.\n", "Where it is.\n    timeout_ms: 5\n")
        .replace("{retries: 0}", '{retries: 2, pause: "a b"}')
        .replace("# The end.\n", "# The end.\n  max_turns: 3\n")
    )


def test_what_cannot_be_edited_is_written_anew_and_means_the_same() -> None:
    patch = {"params": None, "tools": [{"name": "cancel"}]}
    changed = yamlpatch.apply(AGENT, patch)
    assert after(changed) == yamlpatch.merge(after(AGENT), patch)
    assert "params" not in after(changed)
    assert [each["name"] for each in after(changed)["tools"]] == ["look_up", "refund", "track", "cancel"]


def test_a_patch_that_changes_nothing_leaves_the_text() -> None:
    assert yamlpatch.apply(AGENT, {"temperature": 0.8, "params": {}}) == AGENT


def test_one_and_true_are_not_the_same() -> None:
    assert yamlpatch.apply("a: 1\n", {"a": True}) == "a: true\n"


_KEYS = st.sampled_from(["a", "b", "c", "name"])
_SCALARS = st.one_of(
    st.integers(-5, 5),
    st.booleans(),
    st.text("ab:#- \n'\"é{[|>", max_size=12),
    st.sampled_from(["yes", "0042", "1e3", "~"]),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
    max_leaves=12,
)
_PATCHES = st.dictionaries(
    _KEYS,
    st.recursive(
        st.one_of(_SCALARS, st.none()),
        lambda inner: st.one_of(st.lists(_VALUES, max_size=2), st.dictionaries(_KEYS, inner, max_size=3)),
        max_leaves=8,
    ),
    max_size=3,
)


@given(st.dictionaries(_KEYS, _VALUES, min_size=1, max_size=4), _PATCHES, st.booleans())
def test_what_comes_out_is_the_merged_value(value: dict[str, Any], patch: dict[str, Any], flow: bool) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, allow_unicode=True, sort_keys=False)
    before = after(text)
    assert after(yamlpatch.apply(text, patch)) == yamlpatch.merge(before, patch)


@given(_PATCHES)
def test_merging_twice_is_merging_once(patch: dict[str, Any]) -> None:
    once = yamlpatch.merge({}, patch)
    assert yamlpatch.merge(once, patch) == once
