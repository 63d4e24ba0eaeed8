"""What the agent can do. Docstrings and annotations tell a model how to call it."""

from typing import Any

SHELVES: dict[str, dict[str, Any]] = {
    "Emma": {"title": "Emma", "on_shelf": True, "due": None},
    "Ulysses": {"title": "Ulysses", "on_shelf": False, "due": "1 May"},
}


def find_book(title: str) -> dict[str, Any] | None:
    """
    Look a book up by its title.

    Args:
        title: The title, without its author.
    """
    return SHELVES.get(title)


def lend_book(title: str) -> str:
    """
    Note that somebody takes a book home.

    Args:
        title: The title of a book that is on the shelf.
    """
    if not SHELVES[title]["on_shelf"]:
        raise ValueError(f"{title} is not on the shelf")
    return f"{title} is lent"
