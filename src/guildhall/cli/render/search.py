"""What a search finds, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from guildhall.cli.render.failures import plain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from guildhall.domains.evaluation.search import Hit


def hit_lines(hits: Sequence[Hit]) -> Iterator[Text]:
    """Two lines for each."""
    for each in hits:
        how = "words" if each.has_words else ""
        if each.similarity is not None:
            how += f"{', ' if how else ''}{each.similarity:.2f} alike"
        yield Text.assemble(
            (f"{each.kind:<10}", "cyan"),
            "  ",
            (plain(each.title, 100), "bold"),
            f"  {each.at:%Y-%m-%d}  ",
            (how, "dim"),
        )
        yield Text(f"            {each.id}  {plain(each.excerpt, 120)}", style="dim")
    if not hits:
        yield Text("nothing was found")
