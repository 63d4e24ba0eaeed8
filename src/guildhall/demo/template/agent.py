"""The agent: `answer` is called once for each trial, and what it returns is said to the user."""

import re
from typing import Any


def answer(session: Any) -> str:
    """Lend the book that the user asks for, if it is on the shelf."""
    title = re.search(r"'(.+)'", session.prompt)
    if title is None:
        return "Which book is it?"
    book = session.call("find_book", title=title.group(1))
    if book is None:
        return "We do not have that book."
    if not book["on_shelf"]:
        return f"{book['title']} is out until {book['due']}."
    session.call("lend_book", title=book["title"])
    return f"Enjoy {book['title']}!"
