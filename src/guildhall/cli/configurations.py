"""`guildhall config`: agent configurations, their versions and what changed between them."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from guildhall.cli.frame import JsonOption, Output, run
from guildhall.cli.leaving import leave
from guildhall.cli.render.figures import count

group = typer.Typer(help="Agent configurations: versions, diffs and approvals.", no_args_is_help=True)


class Need(StrEnum):
    """What needs an approval."""

    NOTHING = "nothing"
    PROPOSALS = "proposals"
    EVERYTHING = "everything"


class Approvers(StrEnum):
    """The lowest role that may approve."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"


_PROPOSAL = "A proposal: the version that is proposed (name@v3), or the id of its diff."


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
        elif saved.proposal_id is not None:
            output.lines([f"saved {saved.version.label}, which waits for an approval"])
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
                f"{each.parsed_config.get('model') or 'unknown model'}" + ("  proposal" if each.is_proposal else "")
                for each in versions
            ]
        )

    run(everything if name is None else lambda: one(name), as_json=as_json)


@group.command()
def show(
    version: Annotated[str, typer.Argument(help="A version: name, name@v2, name@latest, a short id or a UUID.")],
    only_yaml: Annotated[bool, typer.Option("--yaml", help="Only its YAML, as it is written to a file.")] = False,
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
        if only_yaml:
            output.lines([Text(found.raw_yaml.rstrip("\n"))])
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
def diffs(
    proposal: Annotated[str | None, typer.Argument(help=_PROPOSAL)] = None,
    config: Annotated[str | None, typer.Option(help="Only those of one configuration.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Also those that have been decided.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what waits for an approval, or show one proposal with its diff."""
    from guildhall.app.documents.proposals import proposal_document
    from guildhall.app.wiring import App
    from guildhall.cli.render.recommendations import proposal_line, proposal_lines
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def everything() -> None:
        filters = {"name": [config] if config else None, "status": None if every else ["pending"]}
        async with App.open() as app, app.transaction() as tx:
            page = await configurations.page_proposals(tx, filters, configurations.PROPOSALS.order(), at_most=1000)
        if as_json:
            output.document([proposal_document(each) for each in page.items])
        else:
            output.lines([proposal_line(each) for each in page.items] or ["nothing waits for an approval"])

    async def one(reference: str) -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.get_proposal(tx, reference)
        if as_json:
            output.document(proposal_document(found))
        else:
            output.lines(proposal_lines(found))

    run(everything if proposal is None else lambda: one(proposal), as_json=as_json)


@group.command()
def approve(
    proposal: Annotated[str, typer.Argument(help=_PROPOSAL)],
    reason: Annotated[str | None, typer.Option(help="Why; it is kept.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a proposed version the latest of its configuration."""
    from guildhall.app import recommending
    from guildhall.app.documents.proposals import proposal_document
    from guildhall.app.wiring import App

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await recommending.approve(tx, proposal, reason=reason)
        if as_json:
            output.document(proposal_document(found))
        else:
            output.lines([f"approved: {found.after_label} is the latest version"])

    run(work, as_json=as_json)


@group.command()
def reject(
    proposal: Annotated[str, typer.Argument(help=_PROPOSAL)],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    as_json: JsonOption = False,
) -> None:
    """Refuse a proposed version; it is kept, and stays nobody's latest."""
    from guildhall.app.documents.proposals import proposal_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.reject(tx, proposal, reason=reason)
        if as_json:
            output.document(proposal_document(found))
        else:
            output.lines([f"rejected {found.after_label}"])

    run(work, as_json=as_json)


@group.command()
def rollback(
    version: Annotated[str, typer.Argument(help="The earlier version to go back to: name@v1.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept.")],
    as_json: JsonOption = False,
) -> None:
    """Make an earlier version the latest of its configuration again."""
    from guildhall.app.documents.configurations import version_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.roll_back(tx, version, reason=reason)
        if as_json:
            output.document(version_document(found))
        else:
            output.lines([f"{found.label} is the latest version again"])

    run(work, as_json=as_json)


@group.command()
def rule(
    name: Annotated[str | None, typer.Argument(help="A configuration; without one the team's rule.")] = None,
    needed_for: Annotated[
        Need | None, typer.Option("--for", help="What needs an approval: nothing, proposals, or everything saved.")
    ] = None,
    approvers: Annotated[Approvers | None, typer.Option(help="The lowest role that may approve.")] = None,
    four_eyes: Annotated[
        bool | None, typer.Option("--four-eyes/--one-is-enough", help="Who proposes may not approve.")
    ] = None,
    needs_proof: Annotated[
        bool | None, typer.Option("--needs-proof/--no-proof", help="Only what was proven better can be approved.")
    ] = None,
    clear: Annotated[
        bool, typer.Option("--clear", help="Take the rule away: the team's holds, or the default.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show which new versions need an approval and whose, or set it: what is not named stays as it is."""
    from dataclasses import replace

    from guildhall.app.documents.proposals import rule_document
    from guildhall.app.wiring import App
    from guildhall.domains.evaluation import configurations

    output = Output(as_json)
    named = {"approvers": approvers and approvers.value, "four_eyes": four_eyes, "needs_proof": needs_proof}
    wanted: dict[str, Any] = {key: value for key, value in named.items() if value is not None}
    if needed_for is not None:
        wanted["needed_for"] = configurations.Need(needed_for.value)

    async def work() -> None:
        async with App.open() as app, app.transaction() as tx:
            found = await configurations.get_rule(tx, name)
            if clear:
                found = await configurations.set_rule(tx, None, name)
            elif wanted:
                found = await configurations.set_rule(tx, replace(found, **wanted), name)
        document = rule_document(found)
        if as_json:
            output.document(document)
            return
        output.lines(
            [
                f"an approval is needed for {document['needed_for']}, by whoever is {document['approvers']} or above",
                f"four eyes: {'yes' if found.four_eyes else 'no'}; proof: {'yes' if found.needs_proof else 'no'}; "
                f"by the rule of the {document['of']}",
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
