"""A search from query to Bundle, page by page.

A next link names the search by an opaque handle: a patient's id that was sent in the body of a POST never
comes back in a URL.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from .access import Access
from .ehr import Ehr
from .fhir_errors import FhirError, forbidden
from .search import CONTROL, BadSearch, Resource, compile_search
from .search_params import params_of

_PAGE_SECONDS = 1800
_LARGEST_PAGE = 500
_SORTS = {"date": "date", "_lastUpdated": "_lastUpdated", "_id": "_id"}
Pairs = list[tuple[str, str]]


class Searching:
    """Answers searches and their next links."""

    def __init__(self, ehr: Ehr) -> None:
        self._ehr = ehr
        self._base = ehr.settings.fhir_base

    def answer(self, kind: str, pairs: Pairs, access: Access, client_id: str, *, strict: bool) -> bytes:
        """The searchset Bundle for a query or a page handle, as JSON. Raises FhirError."""
        offset = 0
        handle = dict(pairs).get("_page")
        if handle is not None:
            kept = self._ehr.tickets.look("page", handle)
            if kept is None or kept["client"] != client_id or kept["kind"] != kind or len(pairs) > 1:
                raise FhirError(410, "expired", "This page of a search is not kept any longer.")
            pairs, offset = [(name, value) for name, value in kept["pairs"]], kept["offset"]
        query = [(name, value) for name, value in pairs if name.partition(":")[0] not in CONTROL]
        control = {name: value for name, value in pairs if name in CONTROL}
        if not strict:
            known = params_of(kind)
            query = [(name, value) for name, value in query if name.partition(":")[0] in known]
        matches = self._matches(kind, query, control, access)
        count = self._count(control)
        entries = [] if control.get("_summary") == "count" else matches[offset : offset + count]
        address = f"{self._base}/{kind}"
        links = [{"relation": "self", "url": f"{address}?{urlencode(query)}" if query else address}]
        if entries and offset + count < len(matches):
            kept = {"client": client_id, "kind": kind, "pairs": pairs, "offset": offset + count}
            page = self._ehr.tickets.issue("page", kept, _PAGE_SECONDS)
            links.append({"relation": "next", "url": f"{address}?_page={page}"})
        bundle: dict[str, Any] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(matches),
            "link": links,
        }
        if entries:
            bundle["entry"] = [
                {
                    "fullUrl": f"{address}/{resource['id']}",
                    "resource": resource,
                    "search": {"mode": "match"},
                }
                for resource in entries
            ]
        return msgspec.json.encode(bundle)

    def _matches(self, kind: str, query: Pairs, control: dict[str, str], access: Access) -> list[Resource]:
        try:
            test = compile_search(kind, query, self._base)
        except BadSearch as error:
            raise FhirError(400, "invalid", str(error)) from error
        asked = self._patients_asked(kind, query)
        reachable = access.patients
        if reachable is not None and asked is not None and not asked <= reachable:
            raise forbidden("The token is for another patient.")
        narrowed = asked if asked is not None else reachable
        found = [
            resource for resource in self._ehr.store.scan(kind, narrowed) if test(resource) and access.admits(resource)
        ]
        return self._sorted(kind, found, control.get("_sort"))

    def _patients_asked(self, kind: str, query: Pairs) -> set[str] | None:
        """The patients that a query names, if it names any: everything else need not be looked at."""
        for name, value in query:
            by_id = kind == "Patient" and name == "_id"
            typed = value.split(",") if by_id or name in ("patient", "subject", "patient:Patient") else []
            if typed and "" not in typed and (by_id or name != "subject" or "Patient/" in value):
                ids = [text.removeprefix(f"{self._base}/") for text in typed]
                if all("/" not in text or text.startswith("Patient/") for text in ids):
                    return {text.removeprefix("Patient/") for text in ids}
        return None

    def _sorted(self, kind: str, found: list[Resource], order: str | None) -> list[Resource]:
        if not order:
            return found
        if order.lstrip("-") not in _SORTS or order.lstrip("-") not in params_of(kind):
            raise FhirError(400, "not-supported", "This server sorts by date, _lastUpdated and _id only.")
        paths = params_of(kind)[order.lstrip("-")].paths
        return sorted(found, key=lambda resource: _first_text(resource, paths), reverse=order.startswith("-"))

    def _count(self, control: dict[str, str]) -> int:
        text = control.get("_count", str(self._ehr.settings.page_size))
        if not text.isdigit() or len(text) > 9:
            raise FhirError(400, "invalid", "_count is not a number.")
        return min(int(text), _LARGEST_PAGE)


def _first_text(resource: Resource, paths: tuple[str, ...]) -> str:
    for path in paths:
        value: Any = resource
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str):
            return value
    return ""
