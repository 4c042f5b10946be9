"""One search to its end: the form that the server takes, every page, each resource this patient's."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from launch.errors import FetchError
from launch.fetch import Response
from smartapp.facts.elements import NotAFact, Surroundings
from smartapp.facts.events import Coverage
from smartapp.facts.patients import patient_of
from smartapp.reading.links import next_link
from smartapp.reading.plan import Params, Search
from smartapp.reading.results import Answer, Limits
from smartapp.reading.server import HardenedServer, query_string

_FORM_REFUSED = frozenset({400, 405, 413, 414, 422, 501})
_POST_REFUSED = frozenset({404, 405, 415, 501})
_POST_MAY_BE_REFUSED = frozenset({400, 403, 500})
_NOT_ALLOWED = frozenset({401, 403})
_INCLUDED = {"MedicationRequest": frozenset({"Medication"})}


class _Ended(Exception):  # how a search ended, on its way to the report
    def __init__(self, status: Coverage, why: str) -> None:
        super().__init__(why)
        self.status = status
        self.why = why


class Allowance:
    """What is left of a chart's bytes and resources, for all its searches together."""

    def __init__(self, limits: Limits) -> None:
        self._bytes, self._resources = limits.chart_bytes, limits.resources
        self._lock = threading.Lock()

    def take(self, size: int, resources: int) -> bool:
        """Whether there was room for this much more."""
        with self._lock:
            self._bytes -= size
            self._resources -= resources
            return self._bytes >= 0 and self._resources >= 0


class PostSupport:
    """Which servers take a search as POST: until one is seen to take only GET, all do. Safe for threads.

    One that ever took a POST takes POST: a fault that one search met there puts no patient into the addresses of
    the others (ASVS 5.0, 14.2.1).
    """

    def __init__(self) -> None:
        self._refuse: set[str] = set()
        self._take: set[str] = set()

    def is_refused(self, base: str) -> bool:
        return base in self._refuse and base not in self._take

    def saw(self, base: str, post: int, get: int | None = None) -> None:
        """Learn from the status of a POST, and of the same search as GET where that was tried after it."""
        if post == 200:
            self._take.add(base)
        elif get == 200:
            self._refuse.add(base)

    def worth_a_get(self, base: str, post: int) -> bool:
        """Whether the status may mean that this server takes no search as POST."""
        return post in _POST_REFUSED or (post in _POST_MAY_BE_REFUSED and base not in self._take)


class Searcher:
    """Runs searches for one patient's chart; safe for threads."""

    def __init__(
        self,
        server: HardenedServer,
        *,
        base: str,
        patient: str,
        limits: Limits,
        allowance: Allowance,
        posts: PostSupport,
    ) -> None:
        self._server = server
        self._base = base
        self._patient = patient
        self._limits = limits
        self._allowance = allowance
        self._posts = posts
        self._around = Surroundings(base=base)

    def run(self, search: Search) -> tuple[Answer, Params]:
        """All pages of a search, with the parameters that were sent.

        Never raises for what the server does; what the token source raises (the launch is over) passes through.
        """
        answer = Answer()
        sent: Params = search.ladder[0]
        try:
            for number, sent in enumerate(search.ladder):  # the last one sent is returned
                first = self._first(search.resource_type, sent, answer)
                if first.status not in _FORM_REFUSED or number == len(search.ladder) - 1:
                    break
            self._pages(search, first, answer)
        except _Ended as end:
            answer.ended(end.status, end.why)
        except FetchError as error:
            answer.ended(Coverage.FAILED, error.code)
        return answer, sent

    def _first(self, kind: str, params: Params, answer: Answer) -> Response:
        """The first page. By POST, so that nothing of the patient stands in an address (ASVS 5.0, 14.2.1)."""
        query = query_string(kind, params)
        posted = None
        if not self._posts.is_refused(self._base):
            found, calls = self._server.call("POST", self._server.below(f"{kind}/_search"), query.encode())
            answer.requests += calls
            posted = found.status
            self._posts.saw(self._base, posted)
            if not self._posts.worth_a_get(self._base, posted):
                return found
        found, calls = self._server.call("GET", self._server.below(f"{kind}?{query}"))
        answer.requests += calls
        if posted is not None:
            self._posts.saw(self._base, posted, found.status)
        return found

    def _pages(self, search: Search, page: Response, answer: Answer) -> None:
        seen: set[str] = set()
        ids: set[tuple[str, str]] = set()
        for _ in range(self._limits.pages):
            bundle = _searchset(page)
            before = len(ids)
            whole = self._take(search, bundle, answer, ids)
            if not self._allowance.take(len(page.body), len(ids) - before):
                raise _Ended(Coverage.CUT, "reading.too-much")
            if not whole:
                raise _Ended(Coverage.FAILED, "reading.bad-bundle")
            address = next_link(bundle)
            if address is None:
                return
            try:
                url = self._server.below(address)
            except FetchError as error:
                raise _Ended(Coverage.CUT, error.code) from error
            if url in seen:
                raise _Ended(Coverage.CUT, "reading.paging-loop")
            seen.add(url)
            page, calls = self._server.call("GET", url)
            answer.requests += calls
        raise _Ended(Coverage.CUT, "reading.too-many-pages")

    def _take(self, search: Search, bundle: dict[str, Any], answer: Answer, ids: set[tuple[str, str]]) -> bool:
        """Take a page's resources; False where the page says or shows that it is not whole."""
        entries = bundle.get("entry", [])
        if type(entries) is not list:
            return False
        whole = True
        for entry in entries:
            resource = entry.get("resource") if type(entry) is dict else None
            if type(resource) is not dict:
                whole = False
                continue
            kind, id_ = resource.get("resourceType"), resource.get("id")
            if kind == "OperationOutcome":
                whole = whole and not tells_of_an_error(resource)
                continue
            if type(kind) is not str or type(id_) is not str:
                whole = False
            elif kind in _INCLUDED.get(search.resource_type, ()) or self._is_mine(search, resource):
                if (kind, id_) not in ids:
                    ids.add((kind, id_))
                    answer.resources.append(resource)
            else:
                answer.dropped += 1
        return whole

    def _is_mine(self, search: Search, resource: dict[str, Any]) -> bool:
        try:
            named = patient_of(resource, self._around)
        except NotAFact:
            return False
        return resource["resourceType"] == search.resource_type and named == self._patient


def _searchset(page: Response) -> dict[str, Any]:
    if page.status in _NOT_ALLOWED:
        raise _Ended(Coverage.REFUSED, f"reading.http-{page.status}")
    if page.status != 200:
        raise _Ended(Coverage.FAILED, f"reading.http-{page.status}")
    bundle = page.json_object()
    if bundle.get("resourceType") != "Bundle" or bundle.get("type") != "searchset":
        raise _Ended(Coverage.FAILED, "reading.not-a-searchset")
    return bundle


def tells_of_an_error(outcome: Mapping[str, Any]) -> bool:
    """Whether an OperationOutcome among the entries says that the page is not whole (FHIR R4, "Search", outcome)."""
    issues = outcome.get("issue")
    return type(issues) is list and any(
        type(issue) is dict and issue.get("severity") in ("error", "fatal") for issue in issues
    )
