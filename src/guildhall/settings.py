"""
Every setting: its variable, type, default and meaning.

Settings come from the environment alone, so that a process can be read from
its `env`. `Settings.from_environment` reads them once, at the start.
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar, cast, get_args

from guildhall.errors import InvalidInput

LogFormat: TypeAlias = Literal["json", "text"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]
WhenDown: TypeAlias = Literal["refuse", "spool"]

_Word = TypeVar("_Word", bound=str)
_ORIGIN = re.compile(r"https?://(\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9.-]+)(:\d{1,5})?")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process was told when it started."""

    database_url: str | None = None
    """GUILDHALL_DATABASE_URL: a PostgreSQL server to use instead of the embedded one."""

    direct_url: str | None = None
    """GUILDHALL_DIRECT_URL: the same database without a connection pooler between; migrations run there."""

    pooler: Literal["transaction", "none"] | None = None
    """GUILDHALL_POOLER: whether the database is behind a pooler; None: found out."""

    lease_s: float = 60.0
    """GUILDHALL_LEASE_S: how many seconds after its last sign of life a runner's trials are another's."""

    server_url: str | None = None
    """GUILDHALL_URL: a Guildhall server that clients work through, where they are told no database."""

    api_key: str | None = field(default=None, repr=False)
    """GUILDHALL_API_KEY: the key with which clients work through a server."""

    data_dir: Path = Path("~/.local/share/guildhall")
    """GUILDHALL_DATA_DIR: where the embedded server, the spool and the sandboxes keep their files."""

    archive_dir: Path = Path("~/.local/share/guildhall/archive")
    """GUILDHALL_ARCHIVE_DIR: where rows of series go before they are dropped, for those that are archived."""

    pool_size: int = 8
    """GUILDHALL_POOL_SIZE: how many connections one process opens at most."""

    secret_key: str | None = field(default=None, repr=False)
    """GUILDHALL_SECRET_KEY: the key under which teams' secrets are sealed: 32 random bytes in base64 or hexadecimal."""

    secret_key_old: tuple[str, ...] = field(default=(), repr=False)
    """GUILDHALL_SECRET_KEY_OLD: earlier ones, with commas between, which still open what they have sealed."""

    seal_key: Path | None = None
    """GUILDHALL_SEAL_KEY: the file with the key that signs seals; in the data directory unless given."""

    max_body_bytes: int = 32 << 20
    """GUILDHALL_MAX_BODY_BYTES: how large a request's body may be, once it is unpacked."""

    host: str = "127.0.0.1"
    """GUILDHALL_HOST: the address at which `guildhall serve` listens; `0.0.0.0` or `::` for all of them."""

    port: int = 8400
    """GUILDHALL_PORT: the port at which it listens; 0: any that is free."""

    workers: int = 1
    """GUILDHALL_WORKERS: how many processes answer behind that port."""

    tls_cert: Path | None = None
    """GUILDHALL_TLS_CERT: the file with the server's certificate and those between it and the root, in PEM."""

    tls_key: Path | None = None
    """GUILDHALL_TLS_KEY: the file with the certificate's key, in PEM."""

    trusted_proxies: tuple[str, ...] = ()
    """GUILDHALL_TRUSTED_PROXIES: addresses or networks whose word is taken for who asks, with commas between."""

    cors_origins: tuple[str, ...] = ()
    """GUILDHALL_CORS_ORIGINS: origins whose pages may use the API, such as https://example.org, with commas between."""

    log_format: LogFormat = "text"
    """GUILDHALL_LOG_FORMAT: how the server writes its log: text for people, json for programs."""

    log_level: LogLevel = "info"
    """GUILDHALL_LOG_LEVEL: the least that is written: debug, info (each request), warning or error."""

    grace_s: float = 30.0
    """GUILDHALL_GRACE_S: how many seconds requests have to end when the server stops."""

    env_file: Path | None = None
    """GUILDHALL_ENV_FILE: a file with lines `NAME=value` that `guildhall serve` reads at its start and on SIGHUP."""

    otlp_endpoint: str | None = None
    """GUILDHALL_OTLP_ENDPOINT: where the server sends traces of itself, by OTLP over HTTP; nowhere unless given."""

    metrics_token: str | None = field(default=None, repr=False)
    """GUILDHALL_METRICS_TOKEN: a token, 16 characters or more, with which `/metrics` may be read, and nothing else."""

    gateway_port: int = 8401
    """GUILDHALL_GATEWAY_PORT: the port at which `guildhall gateway serve` listens; 0: any that is free."""

    gateway_url: str | None = None
    """GUILDHALL_GATEWAY_URL: the gateway that evaluations and `guildhall chat` ask models through; evaluations ask providers themselves unless given."""

    gateway_networks: tuple[str, ...] = ()
    """GUILDHALL_GATEWAY_NETWORKS: private networks that providers may be in, such as 10.0.0.0/8, with commas between."""

    gateway_when_down: WhenDown = "refuse"
    """GUILDHALL_GATEWAY_WHEN_DOWN: what becomes of calls while the database is away: refuse, or spool: on disk, and go on."""

    gateway_bodies_days: int = 90
    """GUILDHALL_GATEWAY_BODIES_DAYS: how many days prompts and answers that stand beside the ledger are kept after their last use."""

    gateway_answer_bytes: int = 8 << 20
    """GUILDHALL_GATEWAY_ANSWER_BYTES: how much of one streamed answer is kept for the ledger; what is longer is handed on all the same."""

    embedding_url: str | None = None
    """GUILDHALL_EMBEDDING_URL: an OpenAI-compatible endpoint for embeddings, such as https://api.openai.com/v1; hashed words unless given."""

    embedding_model: str = "text-embedding-3-small"
    """GUILDHALL_EMBEDDING_MODEL: the model behind it, of 1,536 dimensions at most."""

    embedding_key: str | None = field(default=None, repr=False)
    """GUILDHALL_EMBEDDING_KEY: the key for it, if it wants one."""

    embedding_threshold: float = 0.75
    """GUILDHALL_EMBEDDING_THRESHOLD: the cosine, above 0 and below 1, from which two failures are alike by that model."""

    analyst_url: str | None = None
    """GUILDHALL_ANALYST_URL: an OpenAI-compatible endpoint for the model that analyses by itself and over HTTP, for servers and workers."""

    analyst_model: str | None = None
    """GUILDHALL_ANALYST_MODEL: the model behind it."""

    analyst_key: str | None = field(default=None, repr=False)
    """GUILDHALL_ANALYST_KEY: the key for it, if it wants one; only workers need it."""

    modal_app: str = "guildhall-eval"
    """GUILDHALL_MODAL_APP: what the app is called at Modal that `--on modal` runs trials in."""

    modal_environment: str | None = None
    """GUILDHALL_MODAL_ENVIRONMENT: the environment of the Modal workspace; its own default unless given."""

    modal_image: str | None = None
    """GUILDHALL_MODAL_IMAGE: an image of a registry that has this package; one is built unless given."""

    modal_secrets: tuple[str, ...] = ()
    """GUILDHALL_MODAL_SECRETS: secrets of the workspace that agents need, by name, with commas between."""

    modal_timeout_s: int | None = None
    """GUILDHALL_MODAL_TIMEOUT_S: how long one call may take; the simulation's limit and ten minutes unless given."""

    modal_cpu: float | None = None
    """GUILDHALL_MODAL_CPU: CPUs of each container; what the agent states, or else Modal's default."""

    modal_memory_mb: int | None = None
    """GUILDHALL_MODAL_MEMORY_MB: megabytes of memory of each container; likewise."""

    modal_retries: int = 0
    """GUILDHALL_MODAL_RETRIES: how often Modal itself repeats a call that broke down, before Guildhall does."""

    modal_concurrency: int | None = None
    """GUILDHALL_MODAL_CONCURRENCY: how many containers there are at most; as many as calls unless given."""

    @property
    def seal_key_file(self) -> Path:
        """Where the key is that signs seals."""
        return self.seal_key or self.data_dir / "seal.key"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> Settings:
        """
        Read the settings from the environment.

        Raises:
            InvalidInput: A variable holds something that its setting cannot take.
        """
        env = os.environ if environment is None else environment
        data_dir = Path(env.get("GUILDHALL_DATA_DIR") or _default_data_dir(env)).expanduser().absolute()
        return cls(
            database_url=env.get("GUILDHALL_DATABASE_URL") or None,
            direct_url=_direct_url(env),
            pooler=_pooler(env),
            lease_s=_seconds(env, "GUILDHALL_LEASE_S", default=60.0, least=1.0),
            server_url=env.get("GUILDHALL_URL") or None,
            api_key=env.get("GUILDHALL_API_KEY") or None,
            data_dir=data_dir,
            archive_dir=Path(env.get("GUILDHALL_ARCHIVE_DIR") or data_dir / "archive").expanduser().absolute(),
            seal_key=Path(env["GUILDHALL_SEAL_KEY"]).expanduser().absolute() if env.get("GUILDHALL_SEAL_KEY") else None,
            pool_size=_positive(env, "GUILDHALL_POOL_SIZE", default=8),
            max_body_bytes=_positive(env, "GUILDHALL_MAX_BODY_BYTES", default=32 << 20),
            host=env.get("GUILDHALL_HOST", "").strip() or "127.0.0.1",
            port=_port(env, "GUILDHALL_PORT", default=8400),
            workers=_positive(env, "GUILDHALL_WORKERS", default=1),
            tls_cert=_file(env, "GUILDHALL_TLS_CERT", beside="GUILDHALL_TLS_KEY"),
            tls_key=_file(env, "GUILDHALL_TLS_KEY", beside="GUILDHALL_TLS_CERT"),
            trusted_proxies=_networks(env, "GUILDHALL_TRUSTED_PROXIES"),
            cors_origins=_origins(env, "GUILDHALL_CORS_ORIGINS"),
            log_format=_one_of(env, "GUILDHALL_LOG_FORMAT", get_args(LogFormat), default="text"),
            log_level=_one_of(env, "GUILDHALL_LOG_LEVEL", get_args(LogLevel), default="info"),
            grace_s=_seconds(env, "GUILDHALL_GRACE_S", default=30.0),
            env_file=_file(env, "GUILDHALL_ENV_FILE"),
            gateway_port=_port(env, "GUILDHALL_GATEWAY_PORT", default=8401),
            gateway_url=_url(env, "GUILDHALL_GATEWAY_URL", example="http://127.0.0.1:8401"),
            gateway_networks=_networks(env, "GUILDHALL_GATEWAY_NETWORKS"),
            gateway_when_down=_one_of(env, "GUILDHALL_GATEWAY_WHEN_DOWN", get_args(WhenDown), default="refuse"),
            gateway_bodies_days=_positive(env, "GUILDHALL_GATEWAY_BODIES_DAYS", default=90),
            gateway_answer_bytes=_positive(env, "GUILDHALL_GATEWAY_ANSWER_BYTES", default=8 << 20),
            embedding_url=_url(env, "GUILDHALL_EMBEDDING_URL", example="https://api.openai.com/v1"),
            embedding_model=env.get("GUILDHALL_EMBEDDING_MODEL", "").strip() or "text-embedding-3-small",
            embedding_key=env.get("GUILDHALL_EMBEDDING_KEY", "").strip() or None,
            embedding_threshold=_share(env, "GUILDHALL_EMBEDDING_THRESHOLD", default=0.75),
            analyst_url=_url(env, "GUILDHALL_ANALYST_URL", example="https://api.openai.com/v1"),
            analyst_model=env.get("GUILDHALL_ANALYST_MODEL", "").strip() or None,
            analyst_key=env.get("GUILDHALL_ANALYST_KEY", "").strip() or None,
            modal_app=env.get("GUILDHALL_MODAL_APP", "").strip() or "guildhall-eval",
            modal_environment=env.get("GUILDHALL_MODAL_ENVIRONMENT", "").strip() or None,
            modal_image=env.get("GUILDHALL_MODAL_IMAGE", "").strip() or None,
            modal_secrets=_words(env, "GUILDHALL_MODAL_SECRETS"),
            modal_timeout_s=_number(env, "GUILDHALL_MODAL_TIMEOUT_S"),
            modal_cpu=_cpus(env, "GUILDHALL_MODAL_CPU"),
            modal_memory_mb=_number(env, "GUILDHALL_MODAL_MEMORY_MB"),
            modal_retries=_number(env, "GUILDHALL_MODAL_RETRIES", least=0) or 0,
            modal_concurrency=_number(env, "GUILDHALL_MODAL_CONCURRENCY"),
            otlp_endpoint=_url(env, "GUILDHALL_OTLP_ENDPOINT"),
            metrics_token=_token(env, "GUILDHALL_METRICS_TOKEN"),
            secret_key=env.get("GUILDHALL_SECRET_KEY") or None,
            secret_key_old=tuple(
                key.strip() for key in env.get("GUILDHALL_SECRET_KEY_OLD", "").split(",") if key.strip()
            ),
        )


def read_env_file(path: Path) -> dict[str, str]:
    """
    The variables in a file of lines `NAME=value`; blank lines and those that begin with # are passed over.

    A value may stand in quotes, which are taken off; nothing else in it has a meaning.

    Raises:
        InvalidInput: The file cannot be read, or a line is none of these.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeError) as error:
        raise InvalidInput(
            f"the file {path} cannot be read: {getattr(error, 'strerror', None) or 'it is not UTF-8'}",
            remedy="GUILDHALL_ENV_FILE names a file with lines NAME=value.",
            field="GUILDHALL_ENV_FILE",
            value=str(path),
        ) from None
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        name, sign, value = line.strip().removeprefix("export ").partition("=")
        if not name.strip() or name.startswith("#"):
            continue
        if not sign or not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name.strip()) or "\0" in value:
            raise InvalidInput(
                f"line {number} of {path} is no variable, expected NAME=value",
                remedy="Correct it, or begin it with #.",
                field="GUILDHALL_ENV_FILE",
                line=number,
            )
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
            value = value[1:-1]
        found[name.strip()] = value
    return found


def _default_data_dir(env: Mapping[str, str]) -> Path:
    """
    Where data goes unless told otherwise.

    Root's home is closed to the unprivileged account that the embedded server
    must run as, so root gets a directory of the system's instead.
    """
    if os.geteuid() == 0:
        return Path("/var/lib/guildhall")
    return Path(env.get("XDG_DATA_HOME") or "~/.local/share") / "guildhall"


def _direct_url(env: Mapping[str, str]) -> str | None:
    url = env.get("GUILDHALL_DIRECT_URL") or None
    if url and not env.get("GUILDHALL_DATABASE_URL"):
        raise InvalidInput(
            "GUILDHALL_DIRECT_URL is set and GUILDHALL_DATABASE_URL is not, expected both or neither",
            remedy="Set GUILDHALL_DATABASE_URL as well, or unset both to use the embedded server.",
            field="GUILDHALL_DATABASE_URL",
        )
    return url


def _pooler(env: Mapping[str, str]) -> Literal["transaction", "none"] | None:
    text = env.get("GUILDHALL_POOLER", "").strip().lower()
    if text not in ("", "transaction", "none"):
        raise InvalidInput(
            f"GUILDHALL_POOLER is {text!r}, expected transaction or none",
            remedy="Unset it to let Guildhall find out whether a pooler stands before the database.",
            field="GUILDHALL_POOLER",
            value=text,
        )
    return cast(Literal["transaction", "none"], text) if text else None


def _positive(env: Mapping[str, str], name: str, *, default: int) -> int:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not text.isdecimal() or int(text) < 1:
        raise InvalidInput(
            f"{name} is {text!r}, expected a whole number from 1",
            remedy=f"Set it to a number such as {default}, or unset it.",
            field=name,
            value=text,
        )
    return int(text)


def _number(env: Mapping[str, str], name: str, *, least: int = 1) -> int | None:
    text = env.get(name, "").strip()
    if text and (not re.fullmatch(r"\d{1,9}", text) or int(text) < least):
        raise _refused(name, text, f"a whole number from {least}")
    return int(text) if text else None


def _port(env: Mapping[str, str], name: str, *, default: int) -> int:
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) > 65535:
        raise _refused(name, text, "a port from 0 to 65535")
    return int(text)


def _seconds(env: Mapping[str, str], name: str, *, default: float, least: float = 0.0) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text) or float(text) < least:
        raise _refused(name, text, f"a number of seconds from {least:g}")
    return float(text)


def _cpus(env: Mapping[str, str], name: str) -> float | None:
    text = env.get(name, "").strip()
    if text and (not re.fullmatch(r"\d{1,3}(\.\d{1,3})?", text) or not float(text)):
        raise _refused(name, text, "a number of CPUs above 0, such as 0.5")
    return float(text) if text else None


def _one_of(env: Mapping[str, str], name: str, words: tuple[_Word, ...], *, default: _Word) -> _Word:
    text = env.get(name, "").strip().lower() or default
    if text not in words:
        raise _refused(name, text, f"{', '.join(words[:-1])} or {words[-1]}")
    return text


def _file(env: Mapping[str, str], name: str, *, beside: str | None = None) -> Path | None:
    text = env.get(name, "").strip()
    if text and beside and not env.get(beside, "").strip():
        raise InvalidInput(
            f"{name} is set and {beside} is not, expected both or neither",
            remedy=f"Set {beside} as well.",
            field=beside,
        )
    return Path(text).expanduser().absolute() if text else None


def _words(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in env.get(name, "").split(",") if each.strip())


def _networks(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    for each in _words(env, name):
        try:
            ipaddress.ip_network(each)
        except ValueError:
            raise _refused(name, each, "an IP address, or a network such as 10.0.0.0/8") from None
    return _words(env, name)


def _origins(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    for each in _words(env, name):
        if not _ORIGIN.fullmatch(each):
            raise _refused(name, each, "an origin such as https://example.org, without a path and without *")
    return tuple(each.lower() for each in _words(env, name))


def _share(env: Mapping[str, str], name: str, *, default: float) -> float:
    text = env.get(name, "").strip()
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise _refused(name, text, "a number above 0 and below 1")
    return value


def _url(env: Mapping[str, str], name: str, *, example: str = "http://localhost:4318") -> str | None:
    text = env.get(name, "").strip()
    if text and not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        raise _refused(name, text, f"a URL such as {example}")
    return text or None


def _token(env: Mapping[str, str], name: str) -> str | None:
    text = env.get(name, "").strip()
    if text and not re.fullmatch(r"[\x21-\x7e]{16,255}", text):
        raise InvalidInput(  # without its value, which is a secret
            f"{name} is no token, expected 16 to 255 visible ASCII characters",
            remedy="Make one with `openssl rand -hex 32`, or unset it.",
            field=name,
        )
    return text or None


def _refused(name: str, text: str, expected: str) -> InvalidInput:
    return InvalidInput(
        f"{name} is {text!r}, expected {expected}",
        remedy="Correct it, or unset it.",
        field=name,
        value=text,
    )
