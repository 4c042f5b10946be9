"""What was read of one chart, as it is kept: facts and how they were come by, never the resources themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from smartapp.facts.events import Facts
from smartapp.messages.contact import NOTHING_READ, Contact
from smartapp.reading.results import SearchReport
from smartapp.services.patient_line import PatientLine


@dataclass(frozen=True, slots=True)
class ReadLine:
    """One search as the page tells it: what, how many requests, how many resources, how it ended, how long."""

    what: str
    scope: str
    requests: int
    resources: int
    status: str
    milliseconds: int

    @classmethod
    def of(cls, report: SearchReport) -> ReadLine:
        """What the page needs of a search's report."""
        return cls(
            report.what, report.scope, report.requests, report.resources, report.status.value, report.milliseconds
        )


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The facts of one patient at ``read_at``, with what was left out and why."""

    patient: PatientLine
    facts: Facts
    reads: tuple[ReadLine, ...]
    skipped: tuple[str, ...]
    read_at: datetime
    ehr_milliseconds: int
    contact: Contact = NOTHING_READ


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading of a chart is. ``error`` is a code with its safe sentence once it has failed."""

    done: int
    total: int
    text: str
    started_at: datetime
    finished: bool = False
    error: tuple[str, str, int] | None = None


def pack(document: Snapshot | Progress) -> bytes:
    return msgspec.msgpack.encode(document)


def unpack_snapshot(document: bytes) -> Snapshot:
    return msgspec.msgpack.decode(document, type=Snapshot)


def unpack_progress(document: bytes) -> Progress:
    return msgspec.msgpack.decode(document, type=Progress)
