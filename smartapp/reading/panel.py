"""The lists of patients that an EHR shows a user: its Groups, and who is in one.

FHIR R4, "Group": an actual group of persons has ``type`` person and ``actual`` true; a member that has left is
``inactive`` or its period is over. There is no portable search across patients (US Core 9.0.0 names none), so a
population is a Group's members, each chart read on its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from launch.context import LaunchContext
from launch.errors import FetchError
from launch.fetch import Fetcher, Response
from launch.fhirids import is_fhir_id, relative_reference
from launch.jsontext import objects
from launch.ports import AuditSink, Clock, Monotonic, Outcome, Sleep
from launch.scopes import Scope, permits
from smartapp.errors import AppError, NotFoundError
from smartapp.facts.instants import instant
from smartapp.facts.times import span
from smartapp.reading.links import next_link
from smartapp.reading.plan import Params
from smartapp.reading.reader import AccessToken
from smartapp.reading.results import Limits, ReadingError
from smartapp.reading.searching import tells_of_an_error
from smartapp.reading.server import HardenedServer, Tokens, query_string

MOST_MEMBERS = 5000
"""More than these are not read one by one over a user's own launch; that is what Bulk Data is for."""

_FORM_REFUSED = frozenset({400, 404, 405, 422, 501})
_NOT_ALLOWED = frozenset({401, 403})
_REFUSALS = frozenset({401, 403, 404})
_LONGEST_NAME = 120
# ``_summary`` leaves the members out of the list (Group.member is no summary element); a server may pass over it.
_LADDER: tuple[Params, ...] = (
    (("type", "person"), ("actual", "true"), ("_summary", "true"), ("_count", "50")),
    (("_count", "50"),),
)


@dataclass(frozen=True, slots=True)
class PatientGroup:
    """One list that the EHR shows this user. ``quantity`` is what the EHR says of its length, if it does."""

    id: str
    name: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """One patient of a list, and what the list calls them (empty where it gives no name)."""

    patient_id: str
    display: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """Who is in a list, each once and in its order. What was left out is counted, by why."""

    group: PatientGroup
    members: tuple[Member, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)


class PanelReader:
    """Reads Groups over one fetcher, with the user's own token; safe for threads."""

    def __init__(
        self,
        fetcher: Fetcher,
        access_token: AccessToken,
        audit: AuditSink,
        *,
        clock: Clock,
        monotonic: Monotonic,
        sleep: Sleep,
        limits: Limits | None = None,
        most_members: int = MOST_MEMBERS,
    ) -> None:
        self._fetcher = fetcher
        self._access_token = access_token
        self._audit = audit
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._limits = limits or Limits()
        self._most = most_members

    def groups(self, launch: LaunchContext) -> tuple[PatientGroup, ...]:
        """The lists of patients that the EHR shows this user, by name; empty where it shows none.

        Raises ReadingError (``reading.refused``, ``reading.failed``) where the EHR cannot be asked, and what the
        token source and the audit raise.
        """
        with self._audited(launch, "population.groups") as detail:
            self._require(launch, "s")
            found = self._groups(self._server(launch))
            detail["groups"] = str(len(found))
        return found

    def members(self, launch: LaunchContext, group: PatientGroup) -> Panel:
        """Who is in one list. Raises as :meth:`groups`, and NotFoundError where the EHR shows it no more."""
        with self._audited(launch, "population.members", group=group.id) as detail:
            self._require(launch, "r")
            panel = self._members(launch, group)
            detail["members"] = str(len(panel.members))
        return panel

    def _groups(self, server: HardenedServer) -> tuple[PatientGroup, ...]:
        page = self._first(server)
        found: dict[str, PatientGroup] = {}
        seen: set[str] = set()
        for _ in range(self._limits.pages):
            bundle = _body(page, "Bundle")
            for entry in objects(bundle.get("entry")):
                resource = entry.get("resource")
                if not isinstance(resource, dict):
                    continue
                if resource.get("resourceType") == "OperationOutcome" and tells_of_an_error(resource):
                    raise ReadingError("reading.failed", "The EHR could not show all of your lists of patients.")
                if (group := _group(resource)) is not None:
                    found.setdefault(group.id, group)
            address = next_link(bundle)
            if address is None:
                return tuple(sorted(found.values(), key=lambda one: (one.name.casefold(), one.id)))
            url = server.below(address)
            if url in seen:
                break
            seen.add(url)
            page, _calls = server.call("GET", url)
        raise ReadingError("reading.failed", "The EHR's list of patient lists has no end.")

    def _members(self, launch: LaunchContext, group: PatientGroup) -> Panel:
        server = self._server(launch)
        page, _calls = server.call("GET", server.below(f"Group/{group.id}"))
        if page.status in (404, 410):
            raise NotFoundError("population.no-group", "The EHR does not show you this list of patients any more.")
        resource = _body(page, "Group")
        again = _group(resource)
        if again is None or again.id != group.id or _is_part(resource):
            raise ReadingError("reading.failed", "The EHR answered with something else than this list of patients.")
        return self._panel(again, resource, launch.fhir_base)

    def _panel(self, group: PatientGroup, resource: Mapping[str, Any], base: str) -> Panel:
        left_out: dict[str, int] = {}
        members: dict[str, Member] = {}
        now = self._clock()
        for one in objects(resource.get("member")):
            member = _member(one, base)
            if member is None or "modifierExtension" in one:
                _count(left_out, "not a patient of this EHR")
            elif _has_left(one, now):
                _count(left_out, "no longer on the list")
            elif member.patient_id not in members and len(members) >= self._most:
                _count(left_out, f"beyond the first {self._most}")
            else:
                members.setdefault(member.patient_id, member)
        return Panel(group, tuple(members.values()), left_out)

    def _first(self, server: HardenedServer) -> Response:
        for number, params in enumerate(_LADDER):
            page, _calls = server.call("GET", server.below(f"Group?{query_string('Group', params)}"))
            if page.status not in _FORM_REFUSED or number == len(_LADDER) - 1:
                break
        return page

    def _server(self, launch: LaunchContext) -> HardenedServer:
        until = self._monotonic() + self._limits.seconds
        return HardenedServer(
            launch.fhir_base,
            self._fetcher,
            Tokens(lambda rejected: self._access_token(launch.handle, rejected)),
            self._limits,
            seconds_left=lambda: until - self._monotonic(),
            clock=self._clock,
            monotonic=self._monotonic,
            sleep=self._sleep,
        )

    def _require(self, launch: LaunchContext, action: str) -> None:
        if not permits(launch.granted, Scope("user", "Group", action)):
            raise ReadingError("reading.refused", "The EHR did not permit reading your lists of patients.", status=403)

    @contextmanager
    def _audited(self, launch: LaunchContext, action: str, **detail: str) -> Iterator[dict[str, str]]:
        """Record how it ended; what cannot be recorded is not handed out."""
        outcome: Outcome = "failed"
        try:
            yield detail
            outcome = "success"
        except AppError as error:
            outcome = "refused" if error.status in _REFUSALS else "failed"
            detail["code"] = error.code
            if isinstance(error, FetchError):
                raise ReadingError("reading.failed", error.message, status=error.status) from error
            raise
        finally:
            self._audit.record(
                action,
                outcome,
                actor=launch.user.reference,
                tenant=launch.tenant,
                launch=launch.handle,
                detail=detail,
            )


def _body(page: Response, kind: str) -> dict[str, Any]:
    if page.status in _NOT_ALLOWED:
        raise ReadingError("reading.refused", "The EHR refused to show your lists of patients.", status=403)
    if page.status != 200:
        raise ReadingError("reading.failed", "The EHR could not show your lists of patients.")
    body = page.json_object()
    if body.get("resourceType") != kind:
        raise ReadingError("reading.failed", "The EHR answered with something else than lists of patients.")
    return body


def _group(resource: Mapping[str, Any]) -> PatientGroup | None:
    """A list of persons that is in use; None for definitions, devices, what is ended or means something unknown."""
    usable = (
        resource.get("resourceType") == "Group"
        and resource.get("type") == "person"
        and resource.get("actual") is True
        and resource.get("active") is not False
        and "modifierExtension" not in resource
        and "implicitRules" not in resource
    )
    id_, quantity = resource.get("id"), resource.get("quantity")
    if not usable or not is_fhir_id(id_):
        return None
    known = quantity if type(quantity) is int and quantity >= 0 else None
    return PatientGroup(str(id_), _words(resource.get("name")) or f"List {id_}", known)


def _is_part(resource: Mapping[str, Any]) -> bool:
    """Whether the server says that elements were left out, so that members may be missing."""
    meta = resource.get("meta")
    return any(tag.get("code") == "SUBSETTED" for tag in objects(meta.get("tag") if isinstance(meta, dict) else None))


def _member(member: Mapping[str, Any], base: str) -> Member | None:
    entity = member.get("entity")
    stated = entity.get("reference") if isinstance(entity, dict) else None
    reference = relative_reference(stated, base) if isinstance(stated, str) else None
    kind, _, id_ = (reference or "").partition("/")
    return Member(id_, _words(entity.get("display"))) if kind == "Patient" and isinstance(entity, dict) else None


def _has_left(member: Mapping[str, Any], now: datetime) -> bool:
    period = member.get("period")
    end = period.get("end") if isinstance(period, dict) else None
    if member.get("inactive") is True:
        return True
    try:
        return isinstance(end, str) and span(end)[1] < instant(now)
    except ValueError:
        return False  # an end that cannot be read ends nothing


def _words(value: object) -> str:
    return " ".join(value.split())[:_LONGEST_NAME] if isinstance(value, str) else ""


def _count(counts: dict[str, int], why: str) -> None:
    counts[why] = counts.get(why, 0) + 1
