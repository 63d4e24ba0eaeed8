"""`guildhall gateway`, `ledger` and `chat`, as commands."""

from __future__ import annotations

import asyncio

import pytest

from fixtures.command_line import Command
from fixtures.gateways import SECRET_KEY, Town


@pytest.fixture
def gateway(guildhall: Command, command_environment: dict[str, str]) -> Command:
    """A command of somebody who runs a gateway."""
    command_environment |= {
        "GUILDHALL_SECRET_KEY": SECRET_KEY,
        "GUILDHALL_GATEWAY_NETWORKS": "127.0.0.0/8",
        "UPSTREAM_KEY": "sk-of-the-provider",
    }
    return guildhall


def test_an_account_is_added_changed_listed_and_removed(gateway: Command) -> None:
    assert "no providers" in gateway("gateway", "providers", "list").out
    made = gateway(
        *("gateway", "providers", "add", "acme", "--type", "groq", "--key-env", "UPSTREAM_KEY"),
        *("--model", "fast=llama-3.1-8b", "--model", "big", "--priority", "1", "--json"),
    ).json
    assert (made["base_url"], made["has_key"]) == ("https://api.groq.com/openai/v1", True)
    assert made["models"] == {"fast": "llama-3.1-8b", "big": "big"}
    [big, fast] = gateway("gateway", "models", "--json").json
    assert (big["model"], big["providers"][0]["source"], fast["providers"][0]["model"]) == ("big", None, "llama-3.1-8b")
    assert "price unknown" in gateway("gateway", "models").out
    assert gateway("gateway", "providers", "add", "acme", "--model", "x", expect=4).err.startswith(
        "error: there is a provider"
    )
    changed = gateway("gateway", "providers", "set", "acme", "--weight", "0.5", "--disable", "--json").json
    assert (changed["weight"], changed["enabled"], changed["models"]) == (0.5, False, made["models"])
    moved = ("gateway", "providers", "set", "acme", "--base-url", "https://b.example/v1")
    refused = gateway(*moved, expect=2).err
    assert "https://api.groq.com:443" in refused
    assert "--without-key" in refused
    assert not gateway(*moved, "--without-key", "--json").json["has_key"]
    shown = gateway("gateway", "providers", "list")
    assert "disabled" in shown.out
    assert "sk-of-the-provider" not in shown.out + gateway("gateway", "providers", "list", "--json").out
    assert gateway("gateway", "providers", "remove", "acme").out == "removed acme\n"
    assert 'there is no provider "acme"' in gateway("gateway", "providers", "remove", "acme", expect=2).err.replace(
        "'", '"'
    )


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--type", "opnai", "--model", "x"], 'Did you mean "openai"?'),
        (["--type", "ollama", "--model", "x"], "where the ollama server is"),
        (["--base-url", "http://10.0.0.1/v1", "--model", "x"], "GUILDHALL_GATEWAY_NETWORKS"),
        (["--base-url", "ftp://x", "--model", "x"], "expected an address such as"),
        (["--base-url", "https://a.example/v1?api-version=1", "--model", "x"], "needs no api-version is"),
        (["--key-env", "NO_SUCH_VARIABLE", "--model", "x"], "NO_SUCH_VARIABLE is empty"),
        (["--weight", "much", "--model", "x"], "expected a number"),
        ([], "Name them with --model"),
    ],
)
def test_an_account_that_makes_no_sense_is_refused(gateway: Command, options: list[str], says: str) -> None:
    printed = gateway("gateway", "providers", "add", "acme", *options, expect=None)
    assert printed.code in (2, 4)
    assert says in printed.err


def test_budgets(gateway: Command) -> None:
    gateway("gateway", "budgets", "add", "team", "--usd", "25.50", "--period", "day")
    assert "$0 of $25.5 a day" in gateway("gateway", "budgets", "list").out
    [budget] = gateway("gateway", "budgets", "list", "--json").json
    assert (budget["limit_usd"], budget["spent_usd"], budget["is_hard"]) == (25.5, 0, True)
    changed = gateway("gateway", "budgets", "set", "team", "--soft", "--tokens-per-minute", "900", "--json").json
    assert (changed["limit_usd"], changed["is_hard"], changed["tokens_per_minute"]) == (25.5, False, 900)
    assert "there is no budget" in gateway("gateway", "budgets", "set", "tem", "--hard", expect=2).err
    assert "expected an amount in USD" in gateway("gateway", "budgets", "add", "none", expect=2).err
    assert "there is a budget" in gateway("gateway", "budgets", "add", "team", "--usd", "1", expect=4).err
    assert gateway("gateway", "budgets", "remove", "team").out == "removed team\n"
    refused = gateway("gateway", "budgets", "add", "hers", "--usd", "1", "--user", "locl", expect=2).err
    assert 'the name or the id of somebody in the team\nDid you mean "local"?' in refused
    gateway("gateway", "budgets", "add", "mine", "--usd", "1", "--user", "local")
    gateway("gateway", "providers", "add", "openai", "--model", "mini=gpt-5-mini")
    warned = gateway("gateway", "budgets", "add", "typo", "--usd", "1", "--model", "gpt-5-mni").err
    assert "no provider serves the model 'gpt-5-mni'. Did you mean \"gpt-5-mini\"?" in warned.replace("\n", " ")
    for name in ("mini", "gpt-5-mini", "ensemble/x"):
        assert gateway("gateway", "budgets", "add", name, "--usd", "1", "--model", name).err == ""
    members = ("--member", "mini", "--member", "mni")
    warned = gateway("gateway", "ensembles", "add", "two", "--strategy", "majority", *members).err
    assert "cannot be called yet: no provider serves the model 'mni'. Did you mean \"mini\"?" in warned


async def test_providers_are_tested_without_cost(gateway: Command, town: Town) -> None:
    assert "upstream  answers in" in (await asyncio.to_thread(gateway, "gateway", "test")).out
    town.provider.probe_status = 500
    assert (
        "does not answer: status 500" in (await asyncio.to_thread(gateway, "gateway", "test", "upstream", expect=1)).out
    )
    assert town.provider.asked == []


async def test_a_chat_and_its_call_in_the_ledger(
    gateway: Command, command_environment: dict[str, str], town: Town
) -> None:
    import asyncio

    command_environment |= {"GUILDHALL_API_KEY": town.key, "GUILDHALL_GATEWAY_URL": town.url}
    printed = await asyncio.to_thread(gateway, "chat", "hi there", "--model", "say-good_day")
    assert printed.out == "good day\n"
    [call] = (await asyncio.to_thread(gateway, "gateway", "requests", "list", "--json")).json
    assert (call["prompt"], call["status"], call["tokens_prompt"]) == ("hi there", "completed", 12)
    shown = await asyncio.to_thread(gateway, "gateway", "requests", "show", call["id"])
    assert "> user: hi there" in shown.out
    assert "good day" in shown.out
    printed = await asyncio.to_thread(gateway, "chat", "x", "--model", "half-one_two_three", expect=3)
    assert "broke off" in printed.err
    nothing = "00000000-0000-7000-8000-000000000009"
    missing = await asyncio.to_thread(gateway, "gateway", "requests", "show", nothing, "--json", expect=2)
    assert missing.json["error"]["code"] == "request_not_found"
