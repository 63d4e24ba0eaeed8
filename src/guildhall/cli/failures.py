"""`guildhall failures`: why trials fail, in clusters that keep their ids, and what people find out about them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from guildhall.cli.frame import JsonOption, Output, run

group = typer.Typer(
    help="Failures that are alike, under ids that last: how often, since when, where, and how to fix them.",
    no_args_is_help=True,
)

ClusterArgument = Annotated[str, typer.Argument(metavar="CLUSTER", help="A cluster's id, or the end of it.")]
SeenOption = Annotated[
    Path | None,
    typer.Option(
        "--seen",
        metavar="FILE",
        help="The cluster as `failures show --json` wrote it for you: nothing is changed where somebody has said something else since.",
    ),
]
_ANALYSIS = (
    'an object with `analysis` and `evidence`, such as {"analysis": "it never looks the order up", "evidence": []}'
)
LastOption = Annotated[int, typer.Option(min=1, max=10_000, help="How many.")]


@group.command("list")
def list_(
    fault: Annotated[
        str | None, typer.Option(help="Only those by the fault of agent, tool, simulator, judge, infrastructure …")
    ] = None,
    simulation: Annotated[str | None, typer.Option(help="Only those with a failure in this simulation.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Only those with a failure in this scenario.")] = None,
    sort: Annotated[str, typer.Option(help="By last_seen, first_seen, failures or recent, the greatest first.")] = (
        "last_seen"
    ),
    every: Annotated[bool, typer.Option("--all", help="Also those that are resolved.")] = False,
    last: LastOption = 50,
    as_json: JsonOption = False,
) -> None:
    """List clusters of failures that are not resolved."""
    from guildhall.app.documents.failures import cluster_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.failures import cluster_lines
    from guildhall.domains.evaluation import failures, simulations

    output = Output(as_json)

    async def work() -> None:
        order = failures.CLUSTERS.order(one_of("--sort", sort, failures.CLUSTERS.orders), descending=True)
        filters: dict[str, Any] = {
            "fault": None if fault is None else [one_of("--fault", fault, failures.Fault)],
            "scenario_id": scenario,
            "is_resolved": None if every else False,
        }
        async with App.open() as app, app.transaction() as tx:
            if simulation is not None:
                filters["simulation_id"] = (await simulations.resolve(tx, simulation)).simulation_id
            page = await failures.page_clusters(tx, filters, order, at_most=last)
            clustering = await failures.get_clustering(tx)
        if as_json:
            output.document([cluster_document(each) for each in page.items])
        else:
            output.lines(cluster_lines(page.items, clustering))

    run(work, as_json=as_json)


@group.command()
def show(cluster: ClusterArgument, as_json: JsonOption = False) -> None:
    """Show a cluster: what its failures say, in which scenarios and versions, since when, at what cost."""
    from guildhall.app.documents.failures import story_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.failures import story_lines
    from guildhall.domains.evaluation import failures

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await failures.resolve_cluster(tx, cluster)
            story = await failures.tell_story(tx, found.cluster_id)
        if as_json:
            output.document(story_document(story))
        else:
            output.lines(story_lines(story))

    run(work, as_json=as_json)


@group.command()
def name(
    cluster: ClusterArgument,
    words: Annotated[str, typer.Argument(metavar="NAME", help='What to call it; "" for no name.')],
    seen: SeenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name a cluster. What has a name is not merged into another that has one."""
    _change(cluster, {"name": words}, seen, as_json=as_json)


@group.command()
def resolve(
    cluster: ClusterArgument,
    steps: Annotated[str | None, typer.Option(help="How it was fixed.")] = None,
    reopen: Annotated[bool, typer.Option("--reopen", help="It is not resolved after all.")] = False,
    seen: SeenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Mark a cluster as resolved; it comes back by itself when it is seen again."""
    changes: dict[str, Any] = {"resolved": not reopen}
    if steps is not None:
        changes["resolution_steps"] = steps
    _change(cluster, changes, seen, as_json=as_json)


@group.command()
def analyse(
    cluster: ClusterArgument,
    text: Annotated[str | None, typer.Argument(metavar="[TEXT]", help="What you found out.")] = None,
    evidence: Annotated[
        list[str] | None, typer.Option("--evidence", metavar="OUTCOME", help="An outcome that shows it; repeatable.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="A JSON document with `analysis` and `evidence`, instead.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the analysis away.")] = False,
    seen: SeenOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep what was found out about a cluster, with the outcomes that show it."""
    from guildhall.errors import InvalidInput

    def document() -> Any:
        if sum((text is not None, file is not None, clear)) != 1:
            raise InvalidInput(
                "expected one of TEXT, --file and --clear",
                remedy="Say what you found out, name a file that does, or take the analysis away.",
                field="analysis",
            )
        if clear:
            return None
        return _read(file, _ANALYSIS) if file is not None else {"analysis": text, "evidence": evidence or []}

    _change(cluster, lambda: {"llm_analysis": document()}, seen, as_json=as_json)


@group.command()
def recluster(as_json: JsonOption = False) -> None:
    """Put what waits in clusters, and group all anew; clusters keep their ids."""
    from dataclasses import asdict

    from guildhall.app import clustering
    from guildhall.app.wiring import App
    from guildhall.cli.render.figures import count
    from guildhall.domains.evaluation import failures

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app:
            done = await clustering.catch_up(app, regroup=True)
            async with app.transaction() as tx:
                stands = await failures.get_clustering(tx)
        if as_json:
            output.document({**asdict(done), "loose": stands.loose})
            return
        if done.trouble:
            output.warn(done.trouble)
        groups = done.regrouped
        lines = [f"put {count(done.failures, 'failure')} in clusters, {done.founded} of them new"]
        if groups is not None:
            lines.append(
                f"{count(groups.clusters, 'cluster')}: {groups.merged} merged, {groups.split} split, "
                f"{count(groups.moved, 'failure')} moved"
            )
        if stands.loose:
            lines.append(f"{count(stands.loose, 'failure')} wait for embeddings")
        output.lines(lines)

    run(work, as_json=as_json)


@group.command()
def rates(as_json: JsonOption = False) -> None:
    """List how often scenarios ended in an error, by day, over a week."""
    from guildhall.app.documents.failures import error_rate_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.failures import rate_lines
    from guildhall.domains.evaluation import failures

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            rows = await failures.error_rates(tx)
        if as_json:
            output.document([error_rate_document(each) for each in rows])
        else:
            output.lines(rate_lines(rows))

    run(work, as_json=as_json)


@group.command()
def days(as_json: JsonOption = False) -> None:
    """List failures by day and category, with samples, over thirty days."""
    from guildhall.app.documents.failures import failure_day_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.failures import day_lines
    from guildhall.domains.evaluation import failures

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            rows = await failures.analyse_days(tx)
        if as_json:
            output.document([failure_day_document(each) for each in rows])
        else:
            output.lines(day_lines(rows))

    run(work, as_json=as_json)


def _change(reference: str, changes: Any, seen: Path | None, *, as_json: bool) -> None:
    from guildhall.app.documents.failures import cluster_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.failures import cluster_lines
    from guildhall.domains.evaluation import failures

    output = Output(as_json)

    async def work() -> None:
        said = changes() if callable(changes) else changes
        before = _seen(seen, said)
        async with App.open() as app, app.transaction() as tx:
            found = await failures.resolve_cluster(tx, reference)
            changed = await failures.change_cluster(tx, found.cluster_id, said, seen=before)
            clustering = await failures.get_clustering(tx)
        if as_json:
            output.document(cluster_document(changed))
        else:
            output.lines(cluster_lines([changed], clustering))

    run(work, as_json=as_json)


def _seen(path: Path | None, said: dict[str, Any]) -> dict[str, Any]:
    """What `--seen` has of the fields that are about to be said anew."""
    from guildhall.domains.evaluation import failures
    from guildhall.errors import InvalidInput

    if path is None:
        return {}
    before = _read(path, "a cluster as `guildhall failures show CLUSTER --json` writes it")
    fields = [each for each in failures.SAID if each in said]
    missing = [each for each in fields if each not in before]
    if missing:
        raise InvalidInput(
            f"{str(path)!r} has no {' and no '.join(missing)}, expected a cluster",
            remedy="Write one: `guildhall failures show CLUSTER --json > FILE`.",
            field="seen",
            value=str(path),
        )
    return {each: before[each] for each in fields}


def _read(path: Path, expected: str) -> Any:
    from guildhall.algorithms import safejson
    from guildhall.errors import InvalidInput

    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidInput(
            f"{str(path)!r} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            remedy=f"Name a file that holds {expected}.",
            field="file",
            value=str(path),
        ) from None
    found = safejson.load(text, str(path))
    if not isinstance(found, dict):
        raise InvalidInput(
            f"{str(path)!r} holds no object, expected {expected}",
            remedy=f"Name a file that holds {expected}.",
            field="file",
            value=str(path),
        )
    return found


def one_of(option: str, text: str, known: Any) -> str:
    """
    A word that is one of those known.

    Raises:
        InvalidInput: It is not.
    """
    from guildhall.algorithms.suggestions import did_you_mean
    from guildhall.errors import InvalidInput

    words = [str(each) for each in known]
    if text not in words:
        raise InvalidInput(
            f"{option} is {text!r}, expected {', '.join(words)}",
            remedy=did_you_mean(text, words),
            field=option.strip("-"),
            value=text,
        )
    return text
