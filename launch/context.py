"""One launch: who looks at whom, with which permissions. Frozen; everything else asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Literal

from launch.answers import ContextItem
from launch.identity import User
from launch.issuers import RegisteredEhr
from launch.ports import View
from launch.scopes import Comparison, Scope, compare, parse_scopes

Kind = Literal["ehr", "standalone", "population", "open"]


@dataclass(frozen=True, slots=True)
class LaunchContext:
    """What one launch established; the app's every request runs within exactly one.

    ``patient`` is the one patient this launch may show, or None for a population launch, which
    never falls back to a patient. ``asked`` are the scopes the views need, ``granted`` the part
    of them that may be used. ``kind`` says how the launch came about: from the EHR, standalone,
    for a population (from either), or on an open server. ``expires_at`` is the absolute end.
    """

    handle: str
    tenant: str
    ehr: str
    fhir_base: str
    kind: Kind
    user: User
    patient: str | None
    encounter: str | None
    fhir_context: tuple[ContextItem, ...]
    need_patient_banner: bool
    style_url: str | None
    intent: str | None
    asked: tuple[Scope, ...]
    granted: tuple[Scope, ...]
    started_at: datetime
    expires_at: datetime

    def started(self, handle: str, started_at: datetime, expires_at: datetime) -> LaunchContext:
        """The same context as the launch of this handle, with its start and its absolute end."""
        return replace(self, handle=handle, started_at=started_at, expires_at=expires_at)

    @property
    def view(self) -> View:
        """The view this launch is for."""
        return "chart" if self.patient is not None else "population"

    @property
    def scopes(self) -> Comparison:
        """What of the asked scopes was granted and what is missing."""
        return compare(self.asked, self.granted)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for the sealed record; ``from_dict`` reads them back."""
        plain = asdict(self)
        for name in ("asked", "granted"):
            plain[name] = [str(scope) for scope in getattr(self, name)]
        for name in ("started_at", "expires_at"):
            plain[name] = getattr(self, name).isoformat()
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> LaunchContext:
        """Read back what ``to_dict`` wrote."""
        return cls(
            **{
                **plain,
                "user": User(**plain["user"]),
                "fhir_context": tuple(ContextItem(**item) for item in plain["fhir_context"]),
                "asked": parse_scopes(" ".join(plain["asked"])).clinical,
                "granted": parse_scopes(" ".join(plain["granted"])).clinical,
                "started_at": datetime.fromisoformat(plain["started_at"]),
                "expires_at": datetime.fromisoformat(plain["expires_at"]),
            }
        )


_NOT_STARTED = datetime.min.replace(tzinfo=UTC)


def blank_context(
    ehr: RegisteredEhr, kind: Kind, user: User, patient: str | None, scopes: tuple[Scope, ...]
) -> LaunchContext:
    """A launch that has not started, with every asked scope granted and nothing said by an EHR.

    ``Sessions.create`` starts it.
    """
    return LaunchContext(
        handle="",
        tenant=ehr.tenant,
        ehr=ehr.name,
        fhir_base=ehr.fhir_base,
        kind=kind,
        user=user,
        patient=patient,
        encounter=None,
        fhir_context=(),
        need_patient_banner=patient is not None,
        style_url=None,
        intent=None,
        asked=scopes,
        granted=scopes,
        started_at=_NOT_STARTED,
        expires_at=_NOT_STARTED,
    )
