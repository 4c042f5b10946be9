"""Who works at the sandbox's practice, and the Groups of patients that each may see."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from .patients import practice

Role = Literal["clinician", "coordinator", "administrator"]
PRACTICE_GROUP = "panel"


@dataclass(frozen=True)
class StaffMember:
    """A demo user: a login name, a Practitioner and a role."""

    login: str
    practitioner: str
    name: str
    title: str
    role: Role

    @property
    def panel(self) -> str:
        """The id of this person's own Group."""
        return f"panel-{self.practitioner.removeprefix('prac-')}"

    @property
    def groups(self) -> frozenset[str]:
        """The Groups this person may see: their own; the practice's for who looks after all of it."""
        if self.role == "clinician":
            return frozenset({self.panel})
        return frozenset({self.panel, PRACTICE_GROUP})


def _role(practitioner: str) -> Role:
    if practitioner == practice.COORDINATOR:
        return "coordinator"
    return "administrator" if practitioner == practice.ADMINISTRATOR else "clinician"


STAFF: dict[str, StaffMember] = {
    member.login: member
    for member in (
        StaffMember(
            login=f"{person.given}.{person.family}".lower(),
            practitioner=person.id,
            name=" ".join(filter(None, (person.prefix, person.given, person.family))),
            title=person.role_text,
            role=_role(person.id),
        )
        for person in practice.STAFF
    )
}


# What HL7's and NUCC's tables have for the practice's own role codes (NUCC: case manager, care coordinator).
_ALSO = {
    "role-sam-rivers": {
        "system": "http://nucc.org/provider-taxonomy",
        "code": "171M00000X",
        "display": "Case Manager/Care Coordinator",
    }
}


def practice_resources() -> list[dict[str, Any]]:
    """Organization, Locations, Practitioners and PractitionerRoles, roles in a public code too where there is one."""
    made = practice.practice_resources()
    for resource in made:
        extra = _ALSO.get(resource["id"])
        if extra is not None:
            resource["code"][0]["coding"].append(extra)
    return made


def by_practitioner(practitioner: str) -> StaffMember | None:
    """The member of staff behind a Practitioner id."""
    return next((member for member in STAFF.values() if member.practitioner == practitioner), None)


def panels(patients: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """One Group of all patients, and one for each clinician and for the coordinator.

    A patient is on the panel of the general practitioner that the chart names; where it names nobody of this
    practice, on the one that the patient's id falls to. The coordinator's own list is every patient.
    """
    charts = list(patients)
    members: dict[str, list[dict[str, Any]]] = {member.panel: [] for member in STAFF.values()}
    for chart in charts:
        members[_clinician(chart).panel].append(chart)
    groups = [_group(PRACTICE_GROUP, f"All patients of {_practice_name()}", practice.organization(), charts)]
    for member in STAFF.values():
        if member.role == "administrator":
            continue
        listed = charts if member.role == "coordinator" else members[member.panel]
        name = f"Patients of {member.name}"
        groups.append(_group(member.panel, name, practice.practitioner(member.practitioner), listed))
    return groups


def _practice_name() -> str:
    return str(practice.organization()["display"])


def _clinician(chart: dict[str, Any]) -> StaffMember:
    for reference in chart.get("generalPractitioner", []):
        found = by_practitioner(str(reference.get("reference", "")).removeprefix("Practitioner/"))
        if found is not None and found.role == "clinician":
            return found
    clinicians = [member for member in STAFF.values() if member.role == "clinician"]
    return clinicians[zlib.crc32(chart["id"].encode()) % len(clinicians)]


def _group(group_id: str, name: str, manager: dict[str, Any], patients: list[dict[str, Any]]) -> dict[str, Any]:
    group: dict[str, Any] = {
        "resourceType": "Group",
        "id": group_id,
        "active": True,
        "type": "person",
        "actual": True,
        "name": name,
        "quantity": len(patients),
        "managingEntity": manager,
    }
    if patients:
        group["member"] = [{"entity": {"reference": f"Patient/{chart['id']}"}} for chart in patients]
    return group
