"""What can be done with models."""

from __future__ import annotations

import re

from guildhall.db import Tx
from guildhall.domains.catalogue.models import store

_SLUG = re.compile(r"[a-z0-9@~][a-z0-9._:/@~+-]{0,99}")
_PROVIDER = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_LONGEST_NAME = 100


async def make_known(tx: Tx, slug: str, name: str, *, provider: str, provider_name: str) -> bool:
    """
    Put a model and the company that serves it into the catalogue, unless they are there; whether it can be.

    One whose slug the catalogue cannot take is left out. It is a curator's transaction that may.
    """
    if not _SLUG.fullmatch(slug) or not _PROVIDER.fullmatch(provider):
        return False
    await store.keep_provider(tx, provider, provider_name[:_LONGEST_NAME])
    await store.keep_model(tx, slug, name, provider)
    return True
