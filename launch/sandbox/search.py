"""Does a resource answer a search? Pure functions over dicts (FHIR R4, Search, 3.1.1.5)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from . import dates
from .search_params import Param, params_of

Resource = dict[str, Any]
Test = Callable[[Resource], bool]

# Paging and presentation; _elements is a hint that a server may pass over, and this one does.
CONTROL = frozenset({"_count", "_elements", "_format", "_pretty", "_sort", "_summary", "_total"})
_SPLIT = re.compile(r"(?<!\\),")


class BadSearch(ValueError):
    """The search names a parameter, a modifier or a value that this server does not understand."""


def compile_search(resource_type: str, query: Iterable[tuple[str, str]], base: str) -> Test:
    """One test out of a query: parameters are ANDed, commas are ORed.

    ``query`` has (name, value) pairs without paging controls; ``base`` is the FHIR base, so that absolute
    references to this server match. Raises BadSearch.
    """
    known = params_of(resource_type)
    tests = [_one(known, name, value, base) for name, value in query]
    return lambda resource: all(test(resource) for test in tests)


def values(resource: Any, path: str) -> Iterator[Any]:
    """All values at a dotted path, lists flattened."""
    nodes = [resource]
    for step in path.split("."):
        found = (node.get(step) for node in nodes if isinstance(node, dict))
        nodes = [item for value in found if value is not None for item in _flat(value)]
    yield from nodes


def reference_ids(resource: Any, path: str) -> Iterator[str]:
    """The relative references at a path."""
    for value in values(resource, path):
        if isinstance(value, dict) and isinstance(value.get("reference"), str):
            yield value["reference"]


def _one(known: dict[str, Param], name: str, value: str, base: str) -> Test:
    name, _, modifier = name.partition(":")
    param = known.get(name)
    if param is None:
        raise BadSearch(f"The search parameter {name} is not supported for this type.")
    if modifier == "missing":
        wanted = value == "true"
        return lambda resource: wanted != any(True for path in param.paths for _ in values(resource, path))
    choices = [_unescape(choice) for choice in _SPLIT.split(value) if choice]
    if not choices:
        raise BadSearch(f"The search parameter {name} has no value.")
    match = _matcher(param, name, modifier, choices, base)
    if modifier == "not":
        return lambda resource: not _any(resource, param, match)
    return lambda resource: _any(resource, param, match)


def _any(resource: Resource, param: Param, match: Callable[[Any], bool]) -> bool:
    return any(match(value) for path in param.paths for value in values(resource, path))


def _matcher(param: Param, name: str, modifier: str, choices: list[str], base: str) -> Callable[[Any], bool]:
    allowed = {"token": {"", "not"}, "string": {"", "exact", "contains"}, "reference": {"", "Patient"}}
    if modifier not in allowed.get(param.kind, {""}):
        raise BadSearch(f"The modifier :{modifier} is not supported for {name}.")
    if param.kind == "token":
        return lambda value: any(_token(value, choice) for choice in choices)
    if param.kind == "string":
        return lambda value: any(_string(value, choice, modifier) for choice in choices)
    if param.kind == "reference":
        return lambda value: any(_reference(value, choice, base) for choice in choices)
    try:
        wanted = [dates.split_prefix(choice) for choice in choices]
    except (ValueError, OverflowError) as error:
        raise BadSearch(f"The value of {name} is not a date.") from error

    def on_date(value: Any) -> bool:
        found = dates.value_range(value)
        return found is not None and any(dates.matches(prefix, span, found) for prefix, span in wanted)

    return on_date


def _token(value: Any, choice: str) -> bool:
    system, bar, code = choice.rpartition("|")
    for has_system, has_code in _codings(value):
        if code and code != has_code:
            continue
        if not bar or (has_system or "") == system or (has_system is None and isinstance(value, str)):
            return True
    return False


def _codings(value: Any) -> Iterator[tuple[str | None, str | None]]:
    if isinstance(value, bool):
        yield None, "true" if value else "false"
    elif isinstance(value, str):
        yield None, value
    elif isinstance(value, dict):
        if "coding" in value:
            for coding in _flat(value["coding"]):
                if isinstance(coding, dict):
                    yield coding.get("system"), coding.get("code")
        elif "code" in value or "value" in value:
            yield value.get("system"), value.get("code", value.get("value"))


def _string(value: Any, choice: str, modifier: str) -> bool:
    for text in _texts(value):
        if modifier == "exact" and text == choice:
            return True
        if modifier == "contains" and _fold(choice) in _fold(text):
            return True
        if modifier == "" and _fold(text).startswith(_fold(choice)):
            return True
    return False


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in ("text", "family", "given", "prefix", "line", "city", "state", "postalCode"):
            yield from (text for text in _flat(value.get(part, [])) if isinstance(text, str))


def _fold(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in plain if not unicodedata.combining(char))


def _reference(value: Any, choice: str, base: str) -> bool:
    has = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(has, str):
        return False
    has, choice = has.removeprefix(f"{base}/"), choice.removeprefix(f"{base}/")
    return has == choice if "/" in choice else has.rpartition("/")[2] == choice


def _unescape(choice: str) -> str:
    return re.sub(r"\\([,|$\\])", r"\1", choice)


def _flat(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
