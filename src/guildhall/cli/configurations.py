"""`guildhall config`: agent configurations, their versions and what changed between them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.leaving import leave
from guildhall.cli.render.figures import count

group = typer.Typer(help="Agent configurations: versions and diffs.", no_args_is_help=True)


@group.command()
def save(
    agent: Annotated[Path, typer.Argument(help="An agent.yaml.")],
    as_json: JsonOption = False,
) -> None:
    """Keep an agent.yaml, with every file it refers to, as a version; the same content is kept once."""
    from guildhall.adapters.agentfile import read_agent
    from guildhall.app.documents.configurations import saved_version_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def work() -> None:
        definition = read_agent(agent)
        for warning in definition.warnings:
            output.warn(warning)
        async with App.open() as app, app.transaction() as tx:
            saved = await configurations.save_version(tx, definition)
        if as_json:
            output.document(saved_version_document(saved))
        elif saved.is_new:
            output.lines([f"saved {saved.version.label}"])
        else:
            output.lines([f"unchanged: this is {saved.version.label}"])

    run(work, as_json=as_json)


@group.command(name="list")
def list_all(
    name: Annotated[str | None, typer.Argument(help="A configuration, to list its versions.")] = None,
    archived: Annotated[bool, typer.Option("--archived", help="Also those that are archived.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List the configurations, or the versions of one."""
    from guildhall.app.documents.configurations import configuration_document, version_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def everything() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.list_configurations(tx, with_inactive=archived)
        if as_json:
            output.document([configuration_document(each) for each in found])
            return
        output.lines(
            [
                f"{each.name:<32}  {count(each.versions, 'version'):>12}  {each.updated_at:%Y-%m-%d %H:%M}"
                + ("" if each.is_active else "  archived")
                for each in found
            ]
            or ["no agent configurations yet; `guildhall init` writes one to start from"]
        )

    async def one(name: str) -> None:
        async with App.open() as app, app.transaction() as tx:
            versions = await configurations.list_versions(tx, name)
        if as_json:
            output.document([version_document(each) for each in versions])
            return
        output.lines(
            [
                f"{each.label:<32}  {each.created_at:%Y-%m-%d %H:%M}  {each.generated_by:<12}  "
                f"{each.parsed_config.get('model') or 'unknown model'}"
                for each in versions
            ]
        )

    run(everything if name is None else lambda: one(name), as_json=as_json)


@group.command()
def show(
    version: Annotated[str, typer.Argument(help="A version: name, name@v2, name@latest, a short id or a UUID.")],
    as_json: JsonOption = False,
) -> None:
    """Show a version: its YAML and the files that belong to it."""
    from guildhall.app.documents.configurations import whole_version_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.get_version(tx, version)
        if as_json:
            output.document(whole_version_document(found))
            return
        output.lines(
            [
                Text.assemble((found.label, "bold"), f"  {found.version_id}  {found.created_at:%Y-%m-%d %H:%M}"),
                *(Text(f"{digest[:12]}  {path}", "dim") for path, digest in sorted(found.files.items())),
                Text(),
                Text(found.raw_yaml.rstrip("\n")),
            ]
        )

    run(work, as_json=as_json)


@group.command()
def diff(
    before: Annotated[str, typer.Argument(help="The earlier version.")],
    after: Annotated[str, typer.Argument(help="The later version.")],
    as_json: JsonOption = False,
) -> None:
    """Show what changed between two versions: by path, and as a unified diff."""
    from guildhall.algorithms.differences import summarise
    from guildhall.app.documents.configurations import diff_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.diff_versions(
                tx, await configurations.get_version(tx, before), await configurations.get_version(tx, after)
            )
        if as_json:
            output.document(diff_document(found))
            return
        if not found.changes:
            output.lines([f"{found.before.label} and {found.after.label} are the same"])
            return
        styles = {"+": "green", "-": "red", "@": "cyan"}
        output.lines(
            [
                Text(f"{found.before.label} -> {found.after.label}", "bold"),
                Text(summarise(found.changes)),
                Text(),
                *(Text(line, styles.get(line[:1], "")) for line in found.unified.splitlines()),
            ]
        )

    run(work, as_json=as_json)


@group.command()
def archive(
    name: Annotated[str, typer.Argument(help="A configuration's name.")],
    as_json: JsonOption = False,
) -> None:
    """Take a configuration out of lists; its versions and simulations stay."""
    from guildhall.domains.evaluation import configurations

    leave("name", name, configurations.archive_configuration, "archived", as_json=as_json)


@group.command()
def restore(
    name: Annotated[str, typer.Argument(help="A configuration's name.")],
    as_json: JsonOption = False,
) -> None:
    """Put a configuration back into lists."""
    from guildhall.domains.evaluation import configurations

    leave("name", name, configurations.restore_configuration, "restored", as_json=as_json)
