"""Proposals, decisions and rollbacks in a real database, and what the schema holds whoever asks."""

from __future__ import annotations

import asyncio
from uuid import UUID

import pytest

from fixtures.people import Pottery, make_pottery
from guildhall.db import Actor, ConstraintViolated, Database, Tx
from guildhall.db.queries import parse_queries
from guildhall.domains.evaluation import configurations
from guildhall.domains.evaluation.configurations import (
    AgentDefinition,
    ApprovalNotAllowed,
    ApprovalRule,
    ApprovalStatus,
    Need,
    NothingProposed,
    NotProven,
    ParentMoved,
    Proposal,
    ProposalDecided,
    ProposalNotFound,
    ReasonMissing,
    RollbackRefused,
    define,
)

_SQL = parse_queries(
    "test",
    """
-- name: move_latest
UPDATE evaluation.configurations SET latest_version_id = :version_id WHERE config_id = :config_id;
-- name: release
UPDATE evaluation.config_versions SET is_proposal = false WHERE version_id = :version_id;
-- name: decide
UPDATE evaluation.config_diffs SET approval_status = :status, approved_by = :person WHERE diff_id = :diff_id;
-- name: decided_by
SELECT approved_by FROM evaluation.config_diffs WHERE diff_id = :diff_id;
-- name: loosen
INSERT INTO evaluation.approval_rules (needed_for) VALUES ('nothing');
-- name: audited
SELECT table_name || ' ' || operation AS change FROM platform.audit_log WHERE table_name LIKE '%config%' ORDER BY "timestamp";
""",
)


def agent(temperature: float) -> AgentDefinition:
    return define(f"name: support-agent\nmodel: x\ntemperature: {temperature}\nsystem_prompt: Help.\n")


async def proposed(tx: Tx, temperature: float = 0.5) -> Proposal:
    """A change of the latest version, which is made if there is none."""
    await configurations.save_version(tx, agent(0.1))
    parent = await configurations.get_version(tx, "support-agent")
    return await configurations.propose(tx, parent, agent(temperature))


async def label(tx: Tx, reference: str = "support-agent") -> str:
    return (await configurations.get_version(tx, reference)).label


async def test_a_proposal_can_be_looked_at_and_is_nobodys_latest(tx: Tx) -> None:
    proposal = await proposed(tx)
    assert (proposal.before_label, proposal.after_label) == ("support-agent@v1", "support-agent@v2")
    assert proposal.status is ApprovalStatus.PENDING
    assert [each["path"] for each in proposal.change_summary] == ["temperature"]
    assert "-temperature: 0.1\n+temperature: 0.5\n" in proposal.diff_yaml
    assert [await label(tx, each) for each in ("support-agent", "support-agent@latest", "@latest")] == [
        "support-agent@v1"
    ] * 3
    assert (await configurations.get_version(tx, "support-agent@v2")).is_proposal
    for reference in (proposal.short_id, str(proposal.diff_id), "support-agent@v2"):
        assert (await configurations.get_proposal(tx, reference)).diff_id == proposal.diff_id
    again = await proposed(tx)
    assert again.diff_id == proposal.diff_id


async def test_an_approval_makes_it_the_latest_and_is_told_in_the_log(tx: Tx) -> None:
    proposal = await proposed(tx)
    approved = await configurations.approve(tx, proposal.after_label, reason="it is better")
    assert approved.status is ApprovalStatus.APPROVED
    assert (approved.decided_by, approved.decision_reason) == (tx.actor.user_id, "it is better")
    assert await label(tx) == "support-agent@v2"
    assert not (await configurations.get_version(tx, "support-agent@v2")).is_proposal
    (release,) = await configurations.list_releases(tx, "support-agent")
    assert (release.kind, release.previous_number, release.version_number) == ("approval", 1, 2)
    changes = [row["change"] for row in await tx.fetch(_SQL.audited)]
    assert "evaluation.config_diffs UPDATE" in changes or "config_diffs UPDATE" in changes


async def test_a_rejection_keeps_its_reason_and_cannot_be_taken_back(tx: Tx) -> None:
    proposal = await proposed(tx)
    with pytest.raises(ReasonMissing):
        await configurations.reject(tx, proposal.short_id, reason="  ")
    await configurations.reject(tx, proposal.short_id, reason="too warm")
    with pytest.raises(ProposalDecided, match=r"rejected already by .*: too warm"):
        await configurations.approve(tx, proposal.short_id)
    with pytest.raises(ProposalDecided):
        await proposed(tx)
    assert await label(tx) == "support-agent@v1"


async def test_what_changes_a_version_that_is_not_the_latest_any_more_is_not_approved(tx: Tx) -> None:
    one, other = await proposed(tx, 0.5), await proposed(tx, 0.7)
    await configurations.approve(tx, one.short_id)
    with pytest.raises(ParentMoved, match=r"changes support-agent@v1, and the latest version is support-agent@v2"):
        await configurations.approve(tx, other.short_id)
    # Saving the same file again proposes it for what is the latest now.
    again = await configurations.save_version(tx, agent(0.7))
    assert (again.is_new, again.version.label) == (False, other.after_label)
    assert again.proposal_id is not None
    anew = await configurations.get_proposal(tx, str(again.proposal_id))
    assert (anew.before_label, anew.status) == ("support-agent@v2", ApprovalStatus.PENDING)
    assert (await configurations.save_version(tx, agent(0.7))).proposal_id == again.proposal_id, "once for each pair"
    await configurations.approve(tx, str(again.proposal_id))
    assert await label(tx) == other.after_label
    assert (await configurations.save_version(tx, agent(0.7))).proposal_id is None
    refused = await proposed(tx, 0.9)
    await configurations.reject(tx, refused.short_id, reason="too warm")
    assert (await configurations.save_version(tx, agent(0.9))).proposal_id is None, "that was rejected"


async def test_what_is_a_version_already_is_not_proposed(tx: Tx) -> None:
    await configurations.save_version(tx, agent(0.1))
    await configurations.save_version(tx, agent(0.2))
    parent = await configurations.get_version(tx, "support-agent")
    with pytest.raises(NothingProposed):
        await configurations.propose(tx, parent, agent(0.1))
    with pytest.raises(ProposalNotFound):
        await configurations.get_proposal(tx, "support-agent@v2")


async def test_a_configuration_goes_back_and_forth(tx: Tx) -> None:
    proposal = await proposed(tx)
    with pytest.raises(RollbackRefused, match="has never been approved"):
        await configurations.roll_back(tx, proposal.after_label, reason="x")
    await configurations.approve(tx, proposal.short_id)
    with pytest.raises(RollbackRefused, match="is the latest"):
        await configurations.roll_back(tx, "support-agent@v2", reason="x")
    assert (await configurations.roll_back(tx, "support-agent@v1", reason="it was worse")).version_number == 1
    assert await label(tx) == "support-agent@v1"
    await configurations.roll_back(tx, "support-agent@v2", reason="no, it was not")
    assert await label(tx) == "support-agent@v2"
    assert [each.kind for each in await configurations.list_releases(tx, "support-agent")] == [
        "rollback",
        "rollback",
        "approval",
    ]


async def test_of_two_who_approve_at_once_one_does(database: Database, actor: Actor) -> None:
    async with database.transaction(actor) as tx:
        proposal = await proposed(tx)

    async def approve() -> Proposal:
        async with database.transaction(actor) as tx:
            return await configurations.approve(tx, proposal.short_id)

    results = await asyncio.gather(approve(), approve(), approve(), return_exceptions=True)
    assert sum(isinstance(each, Proposal) for each in results) == 1
    assert sum(isinstance(each, ProposalDecided) for each in results) == 2
    async with database.transaction(actor) as tx:
        assert len(await configurations.list_releases(tx, "support-agent")) == 1


async def test_where_everything_needs_an_approval_what_people_save_waits_too(tx: Tx) -> None:
    await configurations.set_rule(tx, ApprovalRule(Need.EVERYTHING))
    first = await configurations.save_version(tx, agent(0.1))
    second = await configurations.save_version(tx, agent(0.2))
    assert first.proposal_id is None
    assert second.proposal_id is not None
    assert await label(tx) == "support-agent@v1"
    await configurations.approve(tx, second.version.label)
    assert await label(tx) == "support-agent@v2"


async def test_where_nothing_needs_an_approval_a_change_is_the_latest_at_once(tx: Tx) -> None:
    await configurations.save_version(tx, agent(0.1))
    await configurations.set_rule(tx, ApprovalRule(Need.NOTHING), "support-agent")
    assert (await proposed(tx)).status is ApprovalStatus.APPROVED
    assert await label(tx) == "support-agent@v2"
    held = await configurations.set_rule(tx, None, "support-agent")
    assert (held.needed_for, held.is_own) == (Need.PROPOSALS, None)


async def test_a_rule_may_ask_for_a_proof(tx: Tx) -> None:
    await configurations.set_rule(tx, ApprovalRule(needs_proof=True))
    proposal = await proposed(tx)
    with pytest.raises(NotProven):
        await configurations.approve(tx, proposal.short_id)
    await configurations.reject(tx, proposal.short_id, reason="no proof")


@pytest.fixture
async def pottery(database: Database) -> Pottery:
    return await make_pottery(database)


async def test_four_eyes_are_held_by_the_schema(database: Database, pottery: Pottery) -> None:
    async with database.transaction(pottery.owner) as tx:
        await configurations.set_rule(tx, ApprovalRule(four_eyes=True))
    async with database.transaction(pottery.member) as tx:
        proposal = await proposed(tx)
        with pytest.raises(ApprovalNotAllowed, match="four eyes"):
            await configurations.approve(tx, proposal.short_id)
        # Who decides is who is set, whatever the statement says.
        with pytest.raises(ConstraintViolated) as caught:
            async with tx.savepoint():
                await tx.execute(_SQL.decide, diff_id=proposal.diff_id, status="approved", person=pottery.owner.user_id)
        assert caught.value.constraint == "approvals_need_four_eyes"
    async with database.transaction(pottery.admin) as tx:
        approved = await configurations.approve(tx, proposal.short_id)
        assert approved.decided_by == pottery.admin.user_id


async def test_only_approvers_decide_and_only_those_who_keep_the_team_say_who_they_are(
    database: Database, pottery: Pottery
) -> None:
    async with database.transaction(pottery.admin) as tx:
        await configurations.set_rule(tx, ApprovalRule(approvers="admin"))
    async with database.transaction(pottery.member) as tx:
        proposal = await proposed(tx)
        with pytest.raises(ApprovalNotAllowed, match="you may not decide on versions of support-agent"):
            await configurations.approve(tx, proposal.short_id)
        with pytest.raises(ApprovalNotAllowed):
            await configurations.reject(tx, proposal.short_id, reason="mine")
        with pytest.raises(ApprovalNotAllowed, match="you may not change who approves"):
            await configurations.set_rule(tx, ApprovalRule(Need.NOTHING))
        with pytest.raises(ConstraintViolated):
            async with tx.savepoint():
                await tx.execute(_SQL.loosen)
    async with database.transaction(pottery.admin) as tx:
        await configurations.approve(tx, proposal.short_id)


async def refused(tx: Tx, statement: str, **values: object) -> str | None:
    with pytest.raises(ConstraintViolated) as caught:
        async with tx.savepoint():
            await tx.execute(_SQL[statement], **values)
    return caught.value.constraint


async def test_no_statement_goes_around_an_approval(tx: Tx) -> None:
    proposal = await proposed(tx)
    version_id: UUID = proposal.version_after
    assert await refused(tx, "move_latest", config_id=proposal.config_id, version_id=version_id) == (
        "latest_version_is_approved"
    )
    assert await refused(tx, "release", version_id=version_id) == "versions_are_approved"
    await configurations.approve(tx, proposal.short_id)
    assert (
        await refused(tx, "decide", diff_id=proposal.diff_id, status="rejected", person=tx.actor.user_id)
        == "decisions_are_final"
    )
