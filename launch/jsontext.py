"""Reading JSON that a stranger wrote.

The standard library parses it; what is added is what a stranger could do with it: nest it until
the parser or whoever walks the result runs out of stack, repeat a key so that two readers see two
documents, or write numbers that no double holds.
"""

from __future__ import annotations

import json
import math
import re
from itertools import accumulate
from typing import Any

MAX_DEPTH = 100
"""Levels of nesting. The deepest FHIR resources stay far below (a Questionnaire of 20 levels)."""

# An unterminated string counts as one to the end: trying again at every quote inside it would
# take quadratic time.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_STEP = bytes.maketrans(b"[{]}", bytes([2, 2, 0, 0]))  # one more than the change of depth


class JsonError(ValueError):
    """The text is not JSON that can be trusted to mean one thing; the message says why."""


def parse_json(text: bytes) -> Any:
    """Parse UTF-8 JSON text into dicts, lists, strings, numbers, booleans and None.

    A number too large for a double (``1e400``) is returned as its text, so that whoever expects
    a number sees that it is none. Raises JsonError for anything but one JSON value: other
    encodings, more than 100 levels, a key repeated in an object, ``NaN`` and ``Infinity``.
    """
    if _depth(text) > MAX_DEPTH:
        raise JsonError(f"nested more than {MAX_DEPTH} levels deep")
    try:
        return json.loads(
            text.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
        )
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError("not valid JSON") from error


def _depth(text: bytes) -> int:
    """The deepest nesting of brackets outside strings, counted without recursion."""
    brackets = _STRING.sub(b"", text).translate(_STEP, _NOT_BRACKETS)
    return max(accumulate(map((-1).__add__, brackets)), default=0)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonError("a key is repeated in one object")
    return result


def _no_constant(name: str) -> Any:
    raise JsonError(f"{name} is not a JSON number")


def _finite(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else text
