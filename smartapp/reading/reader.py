"""One patient's chart, read within one launch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from launch.context import LaunchContext
from launch.errors import FetchError
from launch.fetch import Fetcher
from launch.ports import AuditSink, Clock, Monotonic, Outcome, Sleep
from launch.scopes import Scope, permits
from smartapp.criteria.nodes import Codes
from smartapp.criteria.valuesets import ValueSets
from smartapp.errors import AppError, CriteriaError
from smartapp.facts.codes import Code
from smartapp.facts.events import Coverage
from smartapp.reading.earliest import earliest
from smartapp.reading.plan import Need, Params, Plan, plan
from smartapp.reading.results import Answer, ChartRead, Limits, ReadingError, SearchReport, worst
from smartapp.reading.searching import Allowance, PostSupport, Searcher
from smartapp.reading.server import HardenedServer, Tokens

Progress = Callable[[int, int, str], None]
AccessToken = Callable[[str, str | None], str | None]
"""``Sessions.access_token``: by launch handle, and the token that was refused, if one was."""

CodesOf = Callable[[Any], Any]
_PATIENT_SCOPE = Scope("patient", "Patient", "r")
_AUDITED: dict[Coverage, Outcome] = {
    Coverage.COMPLETE: "success",
    Coverage.REFUSED: "refused",
    Coverage.FAILED: "failed",
    Coverage.CUT: "failed",
}


def codes_from(value_sets: ValueSets) -> CodesOf:
    """How to list the codes of a requirement; None where a set has no expansion, or lacks a code system.

    A set that lacks one is not searched by code: an event in that system makes the answer unknown, and has to be seen.
    """

    def codes_of(codes: Codes) -> frozenset[Code] | None:
        try:
            expansions = [value_sets.codes(ref) for ref in codes]
        except CriteriaError:
            return None
        if any(one.lacks for one in expansions):
            return None
        return frozenset().union(*(one.codes for one in expansions))

    return codes_of


@dataclass(frozen=True, slots=True)
class _Done:
    """One search that has ended."""

    report: SearchReport
    answer: Answer
    keys: frozenset[str]


class Reader:
    """Reads charts over one fetcher; safe for threads. One read uses threads of its own, and ends them."""

    def __init__(
        self,
        fetcher: Fetcher,
        access_token: AccessToken,
        audit: AuditSink,
        *,
        clock: Clock,
        monotonic: Monotonic,
        sleep: Sleep,
        codes_of: CodesOf = lambda codes: None,
        limits: Limits | None = None,
    ) -> None:
        """``codes_of`` expands a requirement's codes to (system, code) pairs, or None where it cannot."""
        self._fetcher = fetcher
        self._access_token = access_token
        self._audit = audit
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._codes_of = codes_of
        self._limits = limits or Limits()
        self._posts = PostSupport()

    def read_chart(self, launch: LaunchContext, needs: Sequence[Need], progress: Progress) -> ChartRead:
        """Read what the rules need of this launch's one patient.

        ``progress`` is called with (done, total, what) as searches end, by the calling thread. Raises ReadingError
        (``reading.no-patient``, ``reading.wrong-patient``, ``reading.refused``, ``reading.failed``) where the Patient
        itself cannot be read; LaunchError where the EHR's permission has ended; whatever the audit raises, for
        what cannot be recorded is not read.
        """
        if launch.patient is None:
            raise ReadingError("reading.no-patient", "No chart is open in this launch.", status=404)
        started, begun = self._clock(), self._monotonic()
        self._record(launch, "chart.read", "success", {"ehr": launch.ehr})
        until = begun + self._limits.seconds
        given_up = threading.Event()
        server = HardenedServer(
            launch.fhir_base,
            self._fetcher,
            Tokens(lambda rejected: self._access_token(launch.handle, rejected)),
            self._limits,
            seconds_left=lambda: 0.0 if given_up.is_set() else until - self._monotonic(),
            clock=self._clock,
            monotonic=self._monotonic,
            sleep=self._sleep,
        )
        asked = self._plan(launch, launch.patient, needs, started)
        self._record_not_granted(launch, asked)
        try:
            done = self._run(launch, launch.patient, server, asked, progress)
        except AppError as error:
            outcome: Outcome = "failed" if error.status >= 500 else "refused"
            self._record(launch, "chart.read", outcome, {"ehr": launch.ehr, "code": error.code})
            raise
        finally:
            given_up.set()
        return self._gather(asked, done, started)

    def _plan(self, launch: LaunchContext, patient: str, needs: Sequence[Need], now: datetime) -> Plan:
        wanted = [need for need in needs if need.resource_type != "Patient"]

        def since(bound: Any) -> date | None:
            return earliest(bound, now)

        return plan(
            wanted, patient, launch.granted, since=since, codes=self._codes_of, page_size=self._limits.page_size
        )

    def _run(
        self, launch: LaunchContext, patient: str, server: HardenedServer, asked: Plan, progress: Progress
    ) -> list[_Done]:
        searcher = Searcher(
            server,
            base=launch.fhir_base,
            patient=patient,
            limits=self._limits,
            allowance=Allowance(self._limits),
            posts=self._posts,
        )
        done: list[_Done] = []
        total = len(asked.searches) + 1
        progress(0, total, "Patient")
        pool = ThreadPoolExecutor(self._limits.workers, thread_name_prefix="reading")
        try:
            futures: list[Future[_Done]] = [pool.submit(self._patient, launch, patient, server)]
            futures += [pool.submit(self._search, searcher, one) for one in asked.searches]
            for future in as_completed(futures):
                one = future.result()
                self._record_search(launch, one)
                done.append(one)
                progress(len(done), total, one.report.what)
        finally:
            # After an error nobody waits for the others: each ends with its own call.
            pool.shutdown(wait=False, cancel_futures=True)
        # In the order of the plan: whatever depends on order must not depend on the network.
        order = {id(future.result()): number for number, future in enumerate(futures)}
        return sorted(done, key=lambda one: order[id(one)])

    def _patient(self, launch: LaunchContext, patient: str, server: HardenedServer) -> _Done:
        """Read the Patient itself; everything else hangs on its being the right one."""
        if not permits(launch.granted, _PATIENT_SCOPE):
            raise ReadingError("reading.refused", "The EHR did not permit reading this patient's record.", status=403)
        begun = self._monotonic()
        try:
            page, calls = server.call("GET", server.below(f"Patient/{patient}"))
            resource = page.json_object() if page.status == 200 else {}
        except FetchError as error:
            raise ReadingError("reading.failed", error.message, status=error.status) from error
        if page.status in (401, 403):
            raise ReadingError("reading.refused", "The EHR refused to show this patient's record.", status=403)
        if page.status != 200:
            raise ReadingError("reading.failed", "The EHR could not show this patient's record.")
        if (resource.get("resourceType"), resource.get("id")) != ("Patient", patient):
            raise ReadingError("reading.wrong-patient", "The EHR answered with another record than the patient's.")
        answer = Answer([resource], requests=calls)
        return _Done(self._report("Patient", _PATIENT_SCOPE, "Patient/{id}", answer, begun), answer, frozenset())

    def _search(self, searcher: Searcher, search: Any) -> _Done:
        begun = self._monotonic()
        answer, sent = searcher.run(search)
        return _Done(
            self._report(search.what, search.scope, _without_values(search, sent), answer, begun), answer, search.keys
        )

    def _report(self, what: str, scope: Scope, url: str, answer: Answer, begun: float) -> SearchReport:
        return SearchReport(
            what=what,
            scope=str(scope),
            url=url,
            requests=answer.requests,
            resources=len(answer.resources),
            status=answer.status,
            milliseconds=round((self._monotonic() - begun) * 1000),
            why=answer.why,
            dropped=answer.dropped,
        )

    def _gather(self, asked: Plan, done: Sequence[_Done], started: datetime) -> ChartRead:
        coverage: dict[str, Coverage] = {}
        resources: dict[tuple[str, str], dict[str, Any]] = {}
        for one in done:
            for resource in one.answer.resources:
                resources.setdefault((resource["resourceType"], resource["id"]), resource)
            for key in one.keys:
                coverage[key] = worst(coverage.get(key, Coverage.COMPLETE), one.report.status)
        reports = [one.report for one in done]
        for scope, keys in asked.not_granted.items():
            reports.append(
                SearchReport(scope.resource, str(scope), "", 0, 0, Coverage.REFUSED, 0, "reading.not-granted")
            )
            coverage.update(dict.fromkeys(keys, Coverage.REFUSED))
        return ChartRead(tuple(resources.values()), coverage, tuple(reports), started, self._clock())

    def _record_not_granted(self, launch: LaunchContext, asked: Plan) -> None:
        if asked.not_granted:
            kinds = ", ".join(sorted({scope.resource for scope in asked.not_granted}))
            self._record(launch, "chart.search", "refused", {"what": kinds, "why": "reading.not-granted"})

    def _record_search(self, launch: LaunchContext, one: _Done) -> None:
        report = one.report
        detail = {"what": report.what, "resources": str(report.resources)}
        if report.why:
            detail["why"] = report.why
        if report.dropped:
            detail["dropped"] = str(report.dropped)
        self._record(launch, "chart.search", _AUDITED[report.status], detail)

    def _record(self, launch: LaunchContext, action: str, outcome: Outcome, detail: dict[str, str]) -> None:
        self._audit.record(
            action,
            outcome,
            actor=launch.user.reference,
            tenant=launch.tenant,
            launch=launch.handle,
            patient=f"Patient/{launch.patient}",
            detail=detail,
        )


def _without_values(search: Any, sent: Params) -> str:
    return f"{search.resource_type}?{'&'.join(name for name, _ in sent)}"
