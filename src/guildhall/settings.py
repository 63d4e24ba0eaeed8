"""
Every setting: its variable, type, default and meaning.

Settings come from the environment alone, so that a process can be read from
its `env`. `Settings.from_environment` reads them once, at the start.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from guildhall.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Settings:
    """What a process was told when it started."""

    database_url: str | None = None
    """GUILDHALL_DATABASE_URL: a PostgreSQL server to use instead of the embedded one."""

    direct_url: str | None = None
    """GUILDHALL_DIRECT_URL: the same database without a connection pooler between; migrations run there."""

    pooler: Literal["transaction", "none"] | None = None
    """GUILDHALL_POOLER: whether the database is behind a pooler; None: found out."""

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
            server_url=env.get("GUILDHALL_URL") or None,
            api_key=env.get("GUILDHALL_API_KEY") or None,
            data_dir=data_dir,
            archive_dir=Path(env.get("GUILDHALL_ARCHIVE_DIR") or data_dir / "archive").expanduser().absolute(),
            seal_key=Path(env["GUILDHALL_SEAL_KEY"]).expanduser().absolute() if env.get("GUILDHALL_SEAL_KEY") else None,
            pool_size=_positive(env, "GUILDHALL_POOL_SIZE", default=8),
            max_body_bytes=_positive(env, "GUILDHALL_MAX_BODY_BYTES", default=32 << 20),
            secret_key=env.get("GUILDHALL_SECRET_KEY") or None,
            secret_key_old=tuple(
                key.strip() for key in env.get("GUILDHALL_SECRET_KEY_OLD", "").split(",") if key.strip()
            ),
        )


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
