"""What a population launch keeps under its handle: how far the reading is, and the list as it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import msgspec

from smartapp.measures.statuses import Because, ClinicalStatus
from smartapp.reading.panel import PatientGroup


@dataclass(frozen=True, slots=True)
class PanelProgress:
    """How far a run is. ``heard_at`` is its last sign of life; ``error`` a code, its safe sentence and a status."""

    run: str
    group: PatientGroup
    done: int
    total: int
    failed: int
    text: str
    started_at: datetime
    heard_at: datetime
    finished: bool = False
    error: tuple[str, str, int] | None = None


@dataclass(frozen=True, slots=True)
class MemberGap:
    """The chart's answer of one measure for one patient. Reasons are kept where something is to be done or asked."""

    measure: str
    status: ClinicalStatus
    due_date: date | None = None
    reasons: tuple[Because, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MemberLine:
    """One patient of the list, with no more than a line needs.

    ``index`` is the place of the facts that the line rests on. ``unread`` says why there are none; ``partial`` that
    not everything that was asked for was read.
    """

    index: int
    patient_id: str
    name: str
    birth_date: str | None = None
    identifier: str = ""
    read_at: datetime | None = None
    partial: bool = False
    gaps: tuple[MemberGap, ...] = ()
    unread: str = ""


@dataclass(frozen=True, slots=True)
class PanelList:
    """A list of patients, all of them, as read by one run and computed for ``as_of`` (the practice's day)."""

    run: str
    group: PatientGroup
    as_of: date
    started_at: datetime
    finished_at: datetime
    requests: int
    lines: tuple[MemberLine, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    def member(self, patient_id: str) -> MemberLine | None:
        """The line of one patient; None for anybody who is not on the list."""
        return next((line for line in self.lines if line.patient_id == patient_id), None)


Document = PanelProgress | PanelList | tuple[PatientGroup, ...] | str


def pack(document: Document) -> bytes:
    return msgspec.msgpack.encode(document)


def unpack_progress(document: bytes) -> PanelProgress:
    return msgspec.msgpack.decode(document, type=PanelProgress)


def unpack_list(document: bytes) -> PanelList:
    return msgspec.msgpack.decode(document, type=PanelList)


def unpack_groups(document: bytes) -> tuple[PatientGroup, ...]:
    return msgspec.msgpack.decode(document, type=tuple[PatientGroup, ...])


def unpack_text(document: bytes) -> str:
    return msgspec.msgpack.decode(document, type=str)
