"""What is said of budgets and ensembles of models that nobody serves: they are kept, as an account may come later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guildhall.db import Tx
from guildhall.domains.gateway import ensembles, providers


async def notes_on_budget(tx: Tx, model: str | None) -> list[str]:
    """A sentence where a budget is for a model that nobody serves, with the nearest that there is; none for ensembles."""
    models = [model] if model and not model.startswith(ensembles.PREFIX) else []
    return [
        f"the budget is for calls of a model that there is not: {each}"
        for each in providers.unserved(await providers.list_accounts(tx), models)
    ]


async def notes_on_ensemble(tx: Tx, name: str, config: Mapping[str, Any]) -> list[str]:
    """A sentence for each model of an ensemble, members' and judge's, that nobody serves, with the nearest that there is."""
    read = ensembles.read(config, name=name)
    models = [*(each.model for each in read.members), *([read.judge] if read.judge else [])]
    return [
        f"the ensemble cannot be called yet: {each}"
        for each in providers.unserved(await providers.list_accounts(tx), models)
    ]
