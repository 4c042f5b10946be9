"""The few words that name a patient on every page, from the Patient resource."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from launch.jsontext import objects

_MEDICAL_RECORD = "MR"  # v2-0203


@dataclass(frozen=True, slots=True)
class PatientLine:
    """Who the chart is about. ``birth_date`` as recorded (it may be partial), ``identifier`` the record number.

    ``merged``: the record was replaced by another one.
    """

    id: str
    name: str
    birth_date: str | None
    gender: str | None
    identifier: str
    deceased: bool
    language: str | None
    merged: bool = False

    def age_on(self, day: date) -> int | None:
        """Completed years on ``day``; None where the birth date is partial, absent or no date."""
        try:
            born = date.fromisoformat(self.birth_date or "")
        except ValueError:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def patient_line(patient: Mapping[str, Any]) -> PatientLine:
    """Read the line from a Patient; every part that is missing or of a wrong type is left out, never guessed."""
    patient_id = _text(patient.get("id")) or ""
    return PatientLine(
        id=patient_id,
        name=_name(patient) or "Name not recorded",
        birth_date=_text(patient.get("birthDate")),
        gender=_text(patient.get("gender")),
        identifier=_identifier(patient) or f"id {patient_id}",
        deceased=patient.get("deceasedBoolean") is True or bool(_text(patient.get("deceasedDateTime"))),
        language=_language(patient),
        # FHIR R4 patient.html#links: this record is no longer used, another one is.
        merged=any(link.get("type") == "replaced-by" for link in objects(patient.get("link"))),
    )


def _text(value: object) -> str | None:
    return " ".join(value.split()) or None if isinstance(value, str) else None


def _name(patient: Mapping[str, Any]) -> str | None:
    names = sorted(
        objects(patient.get("name")),
        key=lambda n: ("official", "usual").index(n["use"]) if n.get("use") in ("official", "usual") else 2,
    )
    for name in names:
        given = name.get("given")
        parts = [_text(part) for part in (given if isinstance(given, list) else [])] + [_text(name.get("family"))]
        joined = " ".join(part for part in parts if part)
        if text := joined or _text(name.get("text")):
            return text
    return None


def _identifier(patient: Mapping[str, Any]) -> str | None:
    for one in objects(patient.get("identifier")):
        kind = one.get("type")
        codes = {c.get("code") for c in objects(kind.get("coding"))} if isinstance(kind, dict) else set()
        if _MEDICAL_RECORD in codes and (value := _text(one.get("value"))):
            return value if value.upper().startswith("MRN") else f"MRN {value}"
    return None


def _language(patient: Mapping[str, Any]) -> str | None:
    spoken = sorted(objects(patient.get("communication")), key=lambda c: c.get("preferred") is not True)
    for one in spoken:
        language = one.get("language")
        for coding in objects(language.get("coding")) if isinstance(language, dict) else []:
            if code := _text(coding.get("code")):
                return code.split("-")[0].lower()
    return None
