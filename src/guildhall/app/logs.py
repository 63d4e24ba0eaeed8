"""
The server's log: lines for people or JSON for programs, without secrets.

Every record that is written while a request is answered, a library's too,
carries the request's id. What looks like a secret is taken out of all text. Of
an exception that nobody expected the place and the type are written; its own
words only where they cannot be somebody's data: a driver's or a parser's
message quotes what it was given.
"""

from __future__ import annotations

import logging
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO

import orjson

from guildhall.algorithms.redaction import redact
from guildhall.errors import GuildhallError
from guildhall.settings import LogFormat, LogLevel

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The id of the request that is being answered; empty outside of one."""

_QUIET_WORDS = (
    GuildhallError,
    OSError,
    RuntimeError,
    AssertionError,
    TypeError,
    AttributeError,
    NameError,
    ImportError,
)
_OWN_FIELDS = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message"}
_LONGEST = 8_000
_MOST_CAUSES = 5


def configure(form: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Write everything that this process logs to stderr (or `stream`) in one form, from a level on."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for logger in (root, *(logging.getLogger(name) for name in ("guildhall", "uvicorn", "uvicorn.error"))):
        for old in list(logger.handlers):
            logger.removeHandler(old)
        logger.propagate = True
    root.addHandler(handler)
    root.setLevel(logging.WARNING)  # libraries tell too much below
    logging.getLogger("guildhall").setLevel(level.upper())
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)  # we say ourselves when we start and stop
    logging.captureWarnings(True)


class JsonLines(logging.Formatter):
    """A JSON object for each record, in one line: time, level, logger, message, what else the record carries."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        return orjson.dumps(fields, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


class TextLines(logging.Formatter):
    """A line for each record; below it, indented, the error that it tells of."""

    def format(self, record: logging.LogRecord) -> str:
        fields = _fields(record)
        time, level = fields.pop("time"), fields.pop("level")
        message = _one_line(fields.pop("message"))
        fields.pop("logger")
        error = fields.pop("error", None)
        beside = "  ".join(f"{name}={_one_line(str(value))}" for name, value in fields.items() if value is not None)
        line = f"{time} {level:<7} {message}" + (f"  {beside}" if beside else "")
        if error is None:
            return line
        where = "".join(f"\n    {_one_line(each)}" for each in error["at"])
        return f"{line}\n    {error['type']}: {_one_line(error['message'] or '(its words are not logged)')}{where}"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    at = datetime.fromtimestamp(record.created, UTC)
    fields: dict[str, Any] = {
        "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z",
        "level": record.levelname.lower(),
        "logger": record.name,
        "message": _clean(_said(record)),
    }
    for name, value in vars(record).items():
        if name not in _OWN_FIELDS:
            fields[name] = _clean(value) if isinstance(value, str) else value
    if "request_id" not in fields and request_id.get():
        fields["request_id"] = request_id.get()
    if record.exc_info and record.exc_info[1] is not None:
        fields["error"] = _error(record.exc_info[1])
    return fields


def _said(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError):  # a library's arguments do not fit its own text
        return str(record.msg)


def _error(error: BaseException) -> dict[str, Any]:
    """An error: its type, its words where they are safe, the lines that led to it, innermost last, and its causes."""
    causes: list[str] = []
    cause = error.__cause__ or error.__context__
    while cause is not None and len(causes) < _MOST_CAUSES:
        causes.append(f"{type(cause).__module__}.{type(cause).__qualname__}")
        cause = cause.__cause__ or cause.__context__
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "message": _clean(str(error)) if isinstance(error, _QUIET_WORDS) else None,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        "sqlstate": getattr(error, "sqlstate", None),
        "causes": causes,
    }


def _clean(text: str) -> str:
    return redact(text[:_LONGEST])


def _one_line(text: str) -> str:
    """Text as it stands in a line: what would end or hide it is written as an escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
