"""The ways in which searches are refused."""

from __future__ import annotations

from guildhall.errors import InvalidInput, NotFound


class SearchRefused(InvalidInput):
    """A search asks for nothing, or for too much."""

    code = "search_refused"

    def __init__(self, field: str, value: str, expected: str) -> None:
        super().__init__(f"{field} is {value!r:.120}, expected {expected}", field=field, value=value[:200])


class ThingNotFound(NotFound):
    """What others are to be like is not there, or has no vector yet."""

    code = "thing_not_found"

    def __init__(self, reference: str) -> None:
        super().__init__(
            f"there is no {reference!r:.120} that has a vector",
            remedy=(
                "Name a version (agent@v2), a scenario's id, or the id of an outcome or of a cluster of failures; "
                "what is new has a vector once upkeep, or `guildhall search`, has seen it."
            ),
            like=reference[:200],
        )
