"""The ways in which bodies cannot be had."""

from __future__ import annotations

from guildhall.errors import NotFound


class BodyNotFound(NotFound):
    """There is no such content."""

    code = "body_not_found"

    def __init__(self, sha256: str) -> None:
        super().__init__(f"there is no content {sha256}", field="sha256", value=sha256)
