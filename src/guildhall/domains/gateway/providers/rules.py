"""What an account may say, and which account a call goes to."""

from __future__ import annotations

import ipaddress
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from guildhall.algorithms.suggestions import did_you_mean
from guildhall.domains.gateway.providers.errors import AccountRefused, AddressRefused, ModelNotFound
from guildhall.domains.gateway.providers.types import Account, Options, Recorded, Route, Standing, Wire

KINDS: Mapping[str, tuple[Wire, str | None]] = {
    "openai": (Wire.OPENAI, "https://api.openai.com/v1"),
    "anthropic": (Wire.ANTHROPIC, "https://api.anthropic.com/v1"),
    "deepseek": (Wire.OPENAI, "https://api.deepseek.com/v1"),
    "gemini": (Wire.OPENAI, "https://generativelanguage.googleapis.com/v1beta/openai"),
    "groq": (Wire.OPENAI, "https://api.groq.com/openai/v1"),
    "mistral": (Wire.OPENAI, "https://api.mistral.ai/v1"),
    "openrouter": (Wire.OPENAI, "https://openrouter.ai/api/v1"),
    "together": (Wire.OPENAI, "https://api.together.xyz/v1"),
    "ollama": (Wire.OPENAI, None),
    "vllm": (Wire.OPENAI, None),
}
"""Types of accounts: the API that each speaks, and where it is; None: at an address of one's own."""

_CHATS_ALONE = frozenset({"deepseek", "gemini", "mistral", "together"})
"""Types whose servers have chat completions and no responses API."""

EVERY_MODEL = "*"
_LATENCY_COUNTS = 4.0
"""The slowest account of several equals keeps a quarter of its share."""

_NUMBER = re.compile(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
"""IPv6 addresses behind which a network reaches IPv4's, which their last 32 bits are (RFC 6052)."""

_CLOSED = (ipaddress.ip_network("168.63.129.16/32"), ipaddress.ip_network("fec0::/10"))
"""Not public though `ipaddress` has them so: where Azure tells its machines what they are, and IPv6's former private network."""

_Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]


def wire_of(kind: str) -> Wire:
    """
    The API that a type of account speaks.

    Raises:
        AccountRefused: There is no such type.
    """
    if kind not in KINDS:
        raise AccountRefused("type", kind, f"one of {', '.join(KINDS)}", remedy=did_you_mean(kind, KINDS))
    return KINDS[kind][0]


def has_responses(account: Account) -> bool:
    """Whether an account has OpenAI's responses API, by its `config` or else by its type."""
    stated = account.options.responses
    return account.type not in _CHATS_ALONE if stated is None else stated


def read_options(config: Mapping[str, Any]) -> Options:
    """
    What a `config` says.

    Raises:
        AccountRefused: It holds a key that is not known, or a value that makes no sense.
    """
    known = Options.__dataclass_fields__
    for name in config:
        if name not in known:
            raise AccountRefused(f"config.{name}", config[name], "no such key", remedy=did_you_mean(name, known))
    return Options(
        models=_models(config.get("models", {})),
        priority=_whole("priority", config.get("priority", 0), 0, 1000),
        concurrent=None if config.get("concurrent") is None else _whole("concurrent", config["concurrent"], 1, 100_000),
        first_byte_s=_seconds("first_byte_s", config.get("first_byte_s", 60.0)),
        total_s=_seconds("total_s", config.get("total_s", 600.0)),
        record=_record(config.get("record", "all")),
        prices=_prices(config.get("prices", {})),
        max_output_tokens=_whole("max_output_tokens", config.get("max_output_tokens", 16_384), 1, 10_000_000),
        max_input_tokens=_whole("max_input_tokens", config.get("max_input_tokens", 1_000_000), 1, 100_000_000),
        probe=_probe(config.get("probe", "/models")),
        responses=_yes_or_no("responses", config.get("responses")),
    )


def _models(value: Any) -> dict[str, str]:
    if isinstance(value, list):
        value = (
            {each: each for each in value if isinstance(each, str)} if all(isinstance(e, str) for e in value) else value
        )
    if not isinstance(value, Mapping) or not all(
        isinstance(name, str) and isinstance(own, str) and 0 < len(name) <= 255 and 0 < len(own) <= 255
        for name, own in value.items()
    ):
        raise AccountRefused("config.models", value, "a list of names, or the provider's own name by the caller's")
    return dict(value)


def _whole(name: str, value: Any, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise AccountRefused(f"config.{name}", value, f"a whole number from {least} to {most}")
    return value


def _yes_or_no(name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise AccountRefused(f"config.{name}", value, "true, false or null")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 86_400:
        raise AccountRefused(f"config.{name}", value, "seconds, more than 0 and a day at most")
    return float(value)


def _record(value: Any) -> Recorded:
    if value not in list(Recorded):
        raise AccountRefused("config.record", value, "all or metadata")
    return Recorded(value)


def _probe(value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or not value.startswith("/")):
        raise AccountRefused("config.probe", value, "a path below base_url, such as /models, or null")
    return value


def check_probe(options: Options) -> None:
    """
    See to it that a new account's probe can be called; accounts that are there are read as they are.

    Raises:
        AccountRefused: It has a query or a fragment, or what no path has.
    """
    probe = options.probe
    if probe is not None and (re.search(r"[?#\s]", probe) or not probe.isprintable()):
        raise AccountRefused(
            "config.probe",
            re.split(r"[?#]", probe, maxsplit=1)[0] + "…",
            "a path without a query, such as /models",
            remedy="Leave the query out, or say null: such an account is not probed.",
        )


def _prices(value: Any) -> dict[str, dict[str, Decimal]]:
    prices: dict[str, dict[str, Decimal]] = {}
    for model, rates in value.items() if isinstance(value, Mapping) else [("", value)]:
        if not isinstance(rates, Mapping) or not {"input", "output"} <= rates.keys() <= {"input", "output", "cached"}:
            raise AccountRefused(
                "config.prices", rates, "for each model input, output and perhaps cached, in USD per million tokens"
            )
        try:
            prices[str(model)] = {kind: Decimal(str(rate)) for kind, rate in rates.items()}
        except InvalidOperation:
            raise AccountRefused("config.prices", rates, "amounts in USD per million tokens") from None
        if not all(each.is_finite() and 0 <= each < 1_000_000 for each in prices[str(model)].values()):
            raise AccountRefused("config.prices", rates, "amounts from 0 to a million")
    return prices


# addresses ---------------------------------------------------------------------


def read_networks(texts: Iterable[str]) -> _Networks:
    """The networks that private addresses may be in."""
    return [ipaddress.ip_network(each, strict=False) for each in texts]


def is_open_to(address: str, networks: _Networks) -> bool:
    """
    Whether something may be sent to an IP address: to a public one, or one in a network that is allowed.

    >>> is_open_to("169.254.169.254", []), is_open_to("::ffff:10.0.0.1", []), is_open_to("1.1.1.1", [])
    (False, False, True)
    """
    try:
        ip: ipaddress.IPv4Address | ipaddress.IPv6Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        translated = ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else None
        ip = ip.ipv4_mapped or ip.sixtofour or translated or ip
    if any(ip in each for each in networks if each.version == ip.version):
        return True
    if any(ip in each for each in _CLOSED if each.version == ip.version):
        return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def check_url(url: str, networks: _Networks) -> str:
    """
    An address of a provider, without a slash at its end.

    What a name stands for is looked at when it is called, each time.

    Raises:
        AccountRefused: It is no http or https URL, or carries a password, a query or a fragment.
        AddressRefused: It is an IP address, or a name of this machine, that nothing may be sent to.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        raise AccountRefused("base_url", url.partition("@")[2] or url, "an address such as https://api.openai.com/v1")
    plain = re.split(r"[?#]", url, maxsplit=1)[0]
    if plain != url:
        # What stands behind may be a key, and is not repeated.
        raise AccountRefused(
            "base_url",
            f"{plain}{url[len(plain)]}…",
            "an address without a query or fragment, to which paths such as /chat/completions can be added",
            remedy="Leave it out. Azure's address that needs no api-version is https://NAME.openai.azure.com/openai/v1.",
        )
    if len(url) > 500 or not url.isprintable() or " " in url:
        raise AccountRefused("base_url", url, "at most 500 visible characters")
    name = host.rstrip(".")
    if _NUMBER.fullmatch(name.rpartition(".")[2]) and not _is_address(host):
        # Resolvers take 127.1, 2130706433 and 0x7f.1 for addresses; what is looked at must be what is called.
        raise AccountRefused(
            "base_url", url, "an IP address as four decimal numbers without zeros before them, or a name"
        )
    if name == "localhost" or name.endswith(".localhost"):
        if not is_open_to("127.0.0.1", networks):
            raise AddressRefused(host)
    elif _is_address(host) and not is_open_to(host, networks):
        raise AddressRefused(host)
    return url.rstrip("/")


def address_of(kind: str, url: str | None) -> str:
    """Where an account of a kind is reached: at its own address, or where its kind is to be found; empty where neither is told."""
    return (url or KINDS[kind][1] or "").rstrip("/")


def origin_of(url: str) -> str:
    """Whom an address reaches, whatever its path: scheme, host and port, such as `https://api.openai.com:443`."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{f'[{host}]' if ':' in host else host}:{port}"


def check_key_stays(old_url: str, new_url: str) -> None:
    """
    See to it that a key is not sent to somebody whom it was not given for.

    Raises:
        AccountRefused: The new address has another scheme, host or port than the old one.
    """
    if origin_of(new_url) != origin_of(old_url):
        raise AccountRefused(
            "base_url",
            new_url,
            f"an address at {origin_of(old_url)}, which the account's key was given for",
            remedy="Give the key with the new address (`key`, `--key-env`), or have it forgotten (`without_key`, `--without-key`).",
        )


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    return True


# routes ------------------------------------------------------------------------


def routes_to(accounts: Iterable[Account], model: str) -> list[Route]:
    """
    The accounts that serve a model: those that name it, else as `account/model` the one account, else those that let every name through.

    An account without a list of models serves its default model alone.
    """
    accounts = [each for each in accounts if each.enabled]
    name, slash, rest = model.partition("/")
    return (
        [Route(each, own) for each in accounts if (own := _named(each, model)) is not None]
        or [
            Route(each, own)
            for each in accounts
            if slash and rest and each.name == name and (own := _named(each, rest) or _any(each, rest)) is not None
        ]
        or [Route(each, own) for each in accounts if (own := _any(each, model)) is not None]
    )


def _named(account: Account, model: str) -> str | None:
    if model == EVERY_MODEL:
        return None
    return account.options.models.get(model, model if model == account.model else None)


def _any(account: Account, model: str) -> str | None:
    return model if EVERY_MODEL in account.options.models else None


def unserved(accounts: Sequence[Account], models: Iterable[str]) -> list[ModelNotFound]:
    """Which of these models nobody serves now, by the name that callers say or by an account's own."""
    own = {each for account in accounts for each in account.options.models.values()}
    known = [*served(accounts), *own]
    return [
        ModelNotFound(each, known)
        for each in dict.fromkeys(models)
        if each not in own and not routes_to(accounts, each)
    ]


def served(accounts: Iterable[Account]) -> list[str]:
    """The names of models that callers can use, in order."""
    return sorted(
        {
            name
            for each in accounts
            if each.enabled
            for name in (*each.options.models, each.model)
            if name and name != EVERY_MODEL
        }
    )


def in_turn(
    routes: Sequence[Route], standings: Mapping[UUID, Standing], chance: Callable[[], float]
) -> tuple[list[Route], list[Route]]:
    """
    Routes in the order in which they are tried, and those that are left alone for now.

    Priorities come one after the other. Within one the order is drawn by weight
    (Efraimidis and Spirakis, "Weighted random sampling with a reservoir", 2006),
    and a slower account's weight counts less, down to a quarter. Weight 0 is the last resort.
    """
    may, must_not = [], []
    known = [
        each.latency_ms for route in routes if (each := standings.get(route.account.id)) and each.latency_ms is not None
    ]
    fastest = min(known, default=0.0)
    for route in routes:
        account, standing = route.account, standings.get(route.account.id, Standing())
        full = account.options.concurrent is not None and standing.in_flight >= account.options.concurrent
        if not standing.may_try or full:
            must_not.append(route)
            continue
        slower = max(1.0, standing.latency_ms / fastest) if standing.latency_ms and fastest > 0 else 1.0
        weight = account.weight / min(slower, _LATENCY_COUNTS)
        drawn = -math.log(1.0 - chance()) / weight if weight > 0 else math.inf
        may.append(((account.options.priority, drawn, account.name), route))
    may.sort(key=lambda pair: pair[0])
    return [route for _, route in may], must_not
