"""What a recommendation would change, before anybody has decided on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from guildhall.db import Tx
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.recommendations import rules
from guildhall.domains.evaluation.recommendations.service import suggestion_of
from guildhall.domains.evaluation.recommendations.types import Kind, Recommendation


async def preview(tx: Tx, recommendation: Recommendation) -> tuple[Sequence[Mapping[str, Any]], str]:
    """
    What accepting a recommendation would change in its version: by path, and as `diff -u` prints it.

    New scenarios change no version.

    Raises:
        VersionNotFound: Its version is gone.
        PatchRefused: It does not apply.
    """
    if recommendation.kind is Kind.SCENARIO_ADDITION:
        return [], ""
    version = await configurations.get_version(tx, str(recommendation.config_version_id))
    parent = await configurations.load_definition(tx, version)
    changed = rules.changed_agent(parent, suggestion_of(recommendation))
    return configurations.diff_definitions(parent, changed, version.label, "suggested")
