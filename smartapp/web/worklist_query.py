"""What stands in the worklist's address, read strictly: known names, once each, with the values that are offered.

A name that is looked for never stands there: ``named`` says only that the one this launch remembers applies.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from smartapp.errors import InputError
from smartapp.services.worklist import SORTS, STATUSES
from smartapp.web.forms import choice_field, text_field

_NAMES = frozenset({"measure", "status", "sort", "page", "named", "done"})
_MOST_PAGES = 9999


@dataclass(frozen=True, slots=True)
class Query:
    """The worklist's address as values. Pages count from 1."""

    measure: str = ""
    status: str = "now"
    sort: str = "overdue"
    named: bool = False
    page: int = 1

    def arguments(self, **changes: object) -> dict[str, str]:
        """The address of this list, or of one that differs: only what is not as usual. A change leads to page 1."""
        other = replace(self, **{"page": 1, **changes})  # type: ignore[arg-type]
        words = {
            "measure": other.measure,
            "status": "" if other.status == "now" else other.status,
            "sort": "" if other.sort == "overdue" else other.sort,
            "named": "1" if other.named else "",
            "page": "" if other.page == 1 else str(other.page),
        }
        return {name: word for name, word in words.items() if word}


def read_query(arguments: MultiDict[str, str], measures: Collection[str]) -> Query:
    """The address's values. Raises :class:`InputError` (``form.…``) for anything that the page does not offer."""
    if any(name not in _NAMES for name in arguments):
        raise InputError("form.unknown", "This address asks the list for something that it does not know.")
    page = text_field(arguments, "page", most=4, required=False) or "1"
    if not page.isascii() or not page.isdigit() or not 1 <= int(page) <= _MOST_PAGES:
        raise InputError("form.number", "“page” must be a whole number from 1.")
    return Query(
        measure=_choice(arguments, "measure", measures, ""),
        status=_choice(arguments, "status", STATUSES, "now"),
        sort=_choice(arguments, "sort", SORTS, "overdue"),
        named=_choice(arguments, "named", ("1",), "") == "1",
        page=int(page),
    )


def _choice(arguments: MultiDict[str, str], name: str, choices: Collection[str], usual: str) -> str:
    if not text_field(arguments, name, most=100, required=False):
        return usual
    return choice_field(arguments, name, choices)
