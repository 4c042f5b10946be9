"""A launch and a reader over a real socket, with an audit and a token source that tests can look into."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from launch.context import LaunchContext
from launch.fetch import Fetcher
from launch.identity import User
from launch.scopes import parse_scopes
from launch.transport import new_session
from smartapp.reading.reader import Reader
from smartapp.reading.results import ChartRead, Limits

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
EVERYTHING = "patient/*.rs"


@dataclass(frozen=True)
class Need:
    """A requirement, as :class:`smartapp.criteria.requirements.Requirement`."""

    key: str
    resource_type: str
    categories: tuple[str, ...] = ()
    codes: Any = None
    date_from: Any = None
    essential: bool = True


def launch_at(base: str, scopes: str = EVERYTHING, patient: str | None = "p1") -> LaunchContext:
    return LaunchContext(
        handle="h1",
        tenant="t1",
        ehr="test",
        fhir_base=base,
        kind="ehr",
        user=User("Practitioner/9", "clinician"),
        patient=patient,
        encounter=None,
        fhir_context=(),
        need_patient_banner=False,
        style_url=None,
        intent=None,
        asked=parse_scopes(scopes).clinical,
        granted=parse_scopes(scopes).clinical,
        started_at=NOW,
        expires_at=NOW,
    )


@dataclass
class World:
    """Reads charts of one server; ``tokens`` are given out in turn, each after the one before was refused."""

    base: str
    limits: Limits = field(default_factory=lambda: Limits(seconds=8, seconds_a_call=4))
    tokens: list[str | None] = field(default_factory=lambda: ["token-1", "token-2"])
    codes_of: Any = tuple
    entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    progress: list[tuple[int, int, str]] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)
    refused: list[str | None] = field(default_factory=list)
    audit_is_down: bool = False

    def record(self, action: str, outcome: str, **more: Any) -> None:
        if self.audit_is_down:
            raise OSError("the disk is full")
        self.entries.append((action, outcome, more))

    def access_token(self, handle: str, rejected: str | None) -> str | None:
        assert handle == "h1"
        if rejected is not None:
            self.refused.append(rejected)
            self.tokens.pop(0)
        return self.tokens[0]

    def read(self, needs: Iterable[Need], scopes: str = EVERYTHING, patient: str | None = "p1") -> ChartRead:
        session = new_session()
        try:
            reader = Reader(
                Fetcher(session, time.monotonic),
                self.access_token,
                self,  # type: ignore[arg-type]
                clock=lambda: NOW,
                monotonic=time.monotonic,
                sleep=self.slept.append,
                codes_of=self.codes_of,
                limits=self.limits,
            )
            told = lambda done, total, what: self.progress.append((done, total, what))  # noqa: E731
            return reader.read_chart(launch_at(self.base, scopes, patient), tuple(needs), told)
        finally:
            session.close()
