"""What options say of jobs and tasks: payloads, lengths of time, moments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def read_span(text: str, field: str) -> timedelta:
    """
    A length of time as an option has it.

    Raises:
        InvalidInput: It is none.
    """
    from guildhall.domains.platform import jobs
    from guildhall.errors import InvalidInput

    try:
        return jobs.read_span(text)
    except ValueError as error:
        remedy = "Write a number and its unit, from seconds to days."
        raise InvalidInput(f"--{field}: {error}", remedy=remedy, field=field, value=text[:200]) from None


def read_later(now: datetime, text: str, field: str) -> datetime:
    """
    The moment that is such a length of time from now.

    Raises:
        InvalidInput: It is none, or the calendar ends before.
    """
    from guildhall.errors import InvalidInput

    try:
        return now + read_span(text, field)
    except OverflowError:
        raise InvalidInput(
            f"--{field} is {text!r}, expected a length of time that ends before the year 10000",
            remedy="Write one such as 90s, 15min, 6h or 1d; nothing was enqueued.",
            field=field,
            value=text,
        ) from None


def read_payload(text: str, option: str = "--payload", *, any_json: bool = False) -> Any:
    """
    A payload as an option has it: a JSON object, or @ and the file that holds one; with `any_json`, any value.

    Raises:
        InvalidInput: It is none, or the file cannot be read.
    """
    from pathlib import Path

    import orjson

    from guildhall.errors import InvalidInput

    field = option.removeprefix("--")
    remedy = f'Write an object, such as {option} \'{{"to": "Ada"}}\', or @letter.json for a file.'
    try:
        value = orjson.loads(Path(text[1:]).read_bytes() if text.startswith("@") else text)
    except OSError as error:
        raise InvalidInput(f"{option}: {error}", remedy=remedy, field=field, value=text[:200]) from None
    except ValueError as error:
        raise InvalidInput(f"{option} is no JSON: {error}", remedy=remedy, field=field, value=text[:200]) from None
    if not any_json and not isinstance(value, dict):
        said = f"{option} is {text[:200]!r}, expected a JSON object"
        raise InvalidInput(said, remedy=remedy, field=field, value=text[:200])
    return value


def read_moment(option: str, text: str | None) -> datetime | None:
    """
    A moment as an option has it; None where it is not given.

    Raises:
        InvalidInput: It is none, or has no time zone.
    """
    from guildhall.domains.platform import jobs
    from guildhall.errors import InvalidInput

    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if not jobs.is_moment(moment):
        raise InvalidInput(
            f"{option} is {text[:200]!r}, expected a moment with its time zone, such as 2026-12-01T09:00Z",
            remedy="Write it so; nothing was added.",
            field=option.removeprefix("--"),
            value=text[:200],
        )
    return moment
