"""`guildhall gateway analytics`: how answers came, and what they cost."""

from __future__ import annotations

from typing import Annotated, cast

import typer

from guildhall.cli.frame import JsonOption, Output, run


def show_traffic(
    by: Annotated[str, typer.Option(help="provider, model or hour (UTC).")] = "model",
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="How far back, in whole hours.")] = 24,
    as_json: JsonOption = False,
) -> None:
    """
    Show how fast answers came, how many failed, and what they cost: by account, model or hour.

    An attempt that failed counts as an answer of its account. Percentiles are
    within 2 %; tokens in a second are those of streams, from their first token on.
    """
    from datetime import timedelta

    from guildhall import clock
    from guildhall.app.documents.traffic import traffic_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.traffic import traffic_lines
    from guildhall.domains.gateway import requests
    from guildhall.errors import InvalidInput

    output = Output(as_json)

    async def work() -> None:
        if by not in ("provider", "model", "hour"):
            raise InvalidInput(f"--by is {by!r}, expected provider, model or hour", field="by", value=by)
        since = clock.now() - timedelta(hours=hours - 1)
        async with App.open() as app, app.transaction() as tx:
            found = await requests.get_traffic(tx, cast(requests.Grouping, by), since)
        if as_json:
            output.document([traffic_document(each) for each in found])
        else:
            output.lines(traffic_lines(found))

    run(work, as_json=as_json)
