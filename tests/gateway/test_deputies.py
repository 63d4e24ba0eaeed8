"""Work in the background that calls models for whoever asked for it: it may what they may, and no longer than they."""

from __future__ import annotations

import asyncio

import pytest

from fixtures.command_line import Command
from fixtures.gateways import SECRET_KEY, Town
from fixtures.people import PASSWORD, make_person
from guildhall.adapters.schemas import checker
from guildhall.app import debating
from guildhall.app.gateway.deputies import DeputyDoorkeeper, Errand
from guildhall.db import Database
from guildhall.domains.gateway import debates
from guildhall.domains.platform import identity, jobs
from guildhall.domains.platform.identity import KeyRefused, NotSignedIn


async def test_a_deputy_is_let_in_for_who_sent_it_as_long_as_they_are(database: Database) -> None:
    ada = await make_person(database, "ada", password=PASSWORD)
    eve = await make_person(database, "eve", team="ada")
    async with database.transaction(ada) as tx:
        key = await identity.create_key(tx, "nightly", scopes=["models"], rate_limit=7)
    errand = Errand.read({"kind": "key", "id": str(key.id)})
    assert errand is not None
    assert errand.document() == {"kind": "key", "id": str(key.id)}
    door = DeputyDoorkeeper(database, ada, errand)
    caller = await door.admit("")
    assert (caller.user_id, caller.key_id, tuple(caller.scopes), caller.rate_limit) == (
        ada.user_id,
        key.id,
        ("models",),
        7,
    )
    async with door.transaction(caller, caller.actor):
        pass  # the database believes the proof
    with pytest.raises(KeyRefused):
        await DeputyDoorkeeper(database, eve, errand).admit("")

    signed_in = (await identity.sign_in(database, "ada", PASSWORD)).caller
    there = DeputyDoorkeeper(database, ada, Errand.of(signed_in))
    by_session = await there.admit("")
    assert by_session.proof == signed_in.proof
    async with there.transaction(by_session, by_session.actor):
        pass

    async with database.transaction(ada) as tx:
        await identity.revoke_key(tx, key.id.hex)
        assert signed_in.session_id is not None
        await identity.revoke_session(tx, signed_in.session_id)
    with pytest.raises(KeyRefused):
        async with door.transaction(caller, caller.actor):
            pass
    with pytest.raises(KeyRefused):
        await door.admit("", afresh=True)
    with pytest.raises(NotSignedIn):
        await there.admit("", afresh=True)


async def test_a_debate_is_refused_before_any_worker_has_said_that_it_holds_them(database: Database) -> None:
    ada = await make_person(database, "ada", password=PASSWORD)
    caller = (await identity.sign_in(database, "ada", PASSWORD)).caller
    new = debates.NewDebate("Is it ripe?", [debates.Participant(each, each) for each in ("ann", "bob")])
    with pytest.raises(debating.NobodyHoldsDebates, match="Start one: `guildhall worker`"):
        async with database.transaction(ada) as tx:
            await debating.ask_for(tx, jobs.Types(checker), caller, new)


async def test_a_debate_at_the_command_line_has_every_call_on_record(
    town: Town, guildhall: Command, command_environment: dict[str, str]
) -> None:
    """By a key of its own, which is good for nothing afterwards; one turn for each call, and each call one turn."""
    command_environment |= {"GUILDHALL_SECRET_KEY": SECRET_KEY, "GUILDHALL_GATEWAY_NETWORKS": "127.0.0.0/8"}
    yes, no = 'say-{"position":"yes"}', 'say-{"position":"no"}'
    asked = ("debate", "Shall we?", "--models", f"{yes},{yes},{no}", "--position", "yes", "--position", "no", "--json")
    held = (await asyncio.to_thread(guildhall, *asked)).json
    assert held["debate"]["final_winner"] == "yes"
    calls = {str(row["id"]): row for row in await town.calls()}
    assert {each["request_id"] for each in held["turns"]} == calls.keys()
    assert len(calls) == len(held["turns"]) == len(town.provider.asked) == 6
    assert {row["status"] for row in calls.values()} == {"completed"}
    async with town.database.transaction(town.actor) as tx:
        keys = {each.id: each for each in (await identity.page_keys(tx, {}, identity.KEYS.order())).items}
    [used] = {row["api_key_id"] for row in calls.values()}
    assert (keys[used].name, keys[used].is_active, tuple(keys[used].scopes)) == (
        "debate: Shall we?",
        False,
        ("models",),
    )


@pytest.mark.parametrize("said", [None, {}, {"kind": "key", "id": "x"}, {"kind": "person", "id": "0"}, "key"])
def test_what_names_no_errand_is_none(said: object) -> None:
    assert Errand.read(said) is None
