"""Patients as a list and as a line: what the pages show of who somebody is."""

from __future__ import annotations

from datetime import date
from typing import Any

from .ehr import Ehr
from .search import compile_search

Resource = dict[str, Any]


def find_patients(ehr: Ehr, text: str) -> list[Resource]:
    """Patients whose names start with every word of a text, or whose id or identifier it is; by family name."""
    words = [("name", word.replace(",", "")) for word in text.replace(",", " ").split()]
    by_name = compile_search("Patient", words, ehr.settings.fhir_base)
    wanted = text.strip()

    def fits(patient: Resource) -> bool:
        identifiers = [item.get("value") for item in patient.get("identifier", [])]
        return by_name(patient) or (bool(wanted) and wanted in (patient["id"], *identifiers))

    today = ehr.clock().date()
    found = [summary(patient, today) for patient in ehr.store.scan("Patient") if fits(patient)]
    return sorted(found, key=lambda patient: (patient["family"].casefold(), patient["name"].casefold()))


def summary(patient: Resource, today: date) -> Resource:
    """Name, birth date, age, sex, record number and the like, ready to show."""
    name: Resource = next(iter(patient.get("name", [])), {})
    given = " ".join(name.get("given", []))
    family = str(name.get("family", ""))
    born = str(patient.get("birthDate", ""))
    phones = [item.get("value") for item in patient.get("telecom", []) if item.get("system") == "phone"]
    mails = [item.get("value") for item in patient.get("telecom", []) if item.get("system") == "email"]
    return {
        "id": patient["id"],
        "family": family,
        "name": f"{given} {family}".strip() or name.get("text") or "No name on file",
        "born": born,
        "age": _age(born, today),
        "sex": str(patient.get("gender", "unknown")),
        "record": _record_number(patient),
        "deceased": patient.get("deceasedDateTime") or patient.get("deceasedBoolean"),
        "phone": phones[0] if phones else None,
        "email": mails[0] if mails else None,
        "address": _address(patient),
        "language": _language(patient),
    }


def _age(born: str, today: date) -> int | None:
    try:
        birth = date.fromisoformat(born)
    except ValueError:
        return None
    return today.year - birth.year - ((today.month, today.day) < (birth.month, birth.day))


def _record_number(patient: Resource) -> str:
    for identifier in patient.get("identifier", []):
        codes = [coding.get("code") for coding in identifier.get("type", {}).get("coding", [])]
        if "MR" in codes:
            return str(identifier.get("value"))
    return str(patient["id"])


def _address(patient: Resource) -> str | None:
    for address in patient.get("address", []):
        region = " ".join(filter(None, (address.get("state"), address.get("postalCode"))))
        parts = [*address.get("line", []), address.get("city"), region]
        return ", ".join(str(part) for part in parts if part)
    return None


def _language(patient: Resource) -> str | None:
    for spoken in patient.get("communication", []):
        language = spoken.get("language", {})
        coding: Resource = next(iter(language.get("coding", [])), {})
        return str(language.get("text") or coding.get("display") or coding.get("code"))
    return None
