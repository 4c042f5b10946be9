"""Logs without patient data, tokens or codes, one line a record, for the app and the worker.

An allow-list, because a block-list forgets: of a record is printed the time, the level, the logger,
the constant message text, numbers, and values wrapped in :class:`Safe` by whoever knows that they
are. Every other argument is printed as ``…``, and of an exception its type, its stable code and the
places in the code, never its text. What still looks like a token is struck out at the end.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from datetime import UTC, datetime
from typing import Any, TextIO

from launch.errors import AppError

_HIDDEN = "…"
_PLACEHOLDER = re.compile(r"%(?:\((?P<name>[^)]*)\))?[-#0 +]*[0-9*]*(?:\.[0-9*]+)?[hlL]?(?P<kind>[a-zA-Z%])")
# Anything of 20 or more letters and digits in one piece with a digit in it: tokens, codes, states, ids.
_TOKEN = re.compile(r"(?=[A-Za-z_~+/=-]*[0-9])[A-Za-z0-9_~+/=-]{20,}(?:\.[A-Za-z0-9_~+/=-]+)*")
_REFERENCE = re.compile(r"\b(Patient|RelatedPerson|Person)/[A-Za-z0-9.-]+")
_OWN = ("smartapp", "launch")


class Safe(str):
    """A text that may be printed in a log: a stable code, a name of a setting, never data."""

    __slots__ = ()


def configure_logging(level: str = "info", stream: TextIO | None = None) -> None:
    """Send every logger's records through the allow-list, to stderr unless told otherwise."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(AllowListFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Handlers that libraries bring along would print beside ours.
    for name in ("werkzeug", "gunicorn.error", "gunicorn.access", "alembic"):
        logger = logging.getLogger(name)
        logger.handlers[:] = []
        logger.propagate = True
    # Authlib logs the code verifier at DEBUG, urllib3 whole addresses.
    for name in ("authlib", "urllib3", "requests", "sqlalchemy.engine", "fhirclient", "werkzeug"):
        logging.getLogger(name).setLevel(logging.WARNING)


class AllowListFormatter(logging.Formatter):
    """One JSON object on one line: ``at``, ``level``, ``logger``, ``event``, and ``error`` if there is one."""

    def format(self, record: logging.LogRecord) -> str:
        """Render the record; nothing that a caller passed in is trusted to be harmless."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": self._event(record),
        }
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = _error(record.exc_info[1])
        return json.dumps(line, ensure_ascii=True)

    def _event(self, record: logging.LogRecord) -> str:
        template = record.msg if isinstance(record.msg, str) else type(record.msg).__name__
        named = record.args if isinstance(record.args, dict) else None
        rest = iter(record.args if isinstance(record.args, tuple) else ())

        def fill(match: re.Match[str]) -> str:
            if match["kind"] == "%":
                return "%"
            value = named.get(match["name"]) if named is not None and match["name"] else next(rest, None)
            return _allowed(value)

        if record.args:
            return strike(_PLACEHOLDER.sub(fill, template))
        if record.name.split(".")[0] in _OWN:
            return strike(template)
        # A library's text without arguments may have been put together with an address in it.
        return f"{_HIDDEN} ({record.filename}:{record.lineno})"


def strike(text: str) -> str:
    """``text`` on one line, without what looks like a token, a code or a patient's reference."""
    text = _REFERENCE.sub(r"\1/" + _HIDDEN, text)
    text = _TOKEN.sub(_HIDDEN, text)
    return "".join(c if c.isprintable() else " " for c in text)


def _allowed(value: object) -> str:
    if isinstance(value, bool | int | float | Safe):
        return str(value)
    if isinstance(value, AppError):
        return value.code
    if isinstance(value, BaseException):
        return type(value).__name__
    return _HIDDEN


def _error(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    described: dict[str, Any] = {
        "type": type(error).__name__,
        "where": [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno}:{frame.name}" for frame in frames[-8:]],
    }
    if isinstance(error, AppError):
        described["code"] = error.code
    if error.__cause__ is not None:
        described["cause"] = _error(error.__cause__)
    return described
