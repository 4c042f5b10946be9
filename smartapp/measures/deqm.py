"""A patient's gaps as the Bundle that ``Measure/$care-gaps`` returns.

After HL7 Da Vinci DEQM, "Gaps in Care Reporting" (US realm, STU 5): a document with a Composition (LOINC 96315-7),
and for each measure an individual MeasureReport, for each rate a DetectedIssue with its gap status and a
GuidanceResponse with the reasons. Pure: plain JSON, with ids derived from what the entries are about, so that the
same result makes the same document. *Cannot be told* has no DEQM code: such an issue is preliminary and says so in
words.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID, uuid5

from smartapp.measures.model import Hit, Measure, Rate
from smartapp.measures.results import MeasureResult, Populations, RateResult
from smartapp.measures.statuses import Because, GapStatus

Resource = dict[str, Any]

DEQM = "http://hl7.org/fhir/us/davinci-deqm"
_POPULATION = "http://terminology.hl7.org/CodeSystem/measure-population"
_NOTATION = "http://terminology.hl7.org/CodeSystem/measure-improvement-notation"
_NAMESPACE = UUID("7f0b7a4e-64f5-5b1e-9c0e-2f5d9a1c8b37")
_STATUS = {
    GapStatus.OPEN: "Open gap",
    GapStatus.CLOSED: "Closed gap",
    GapStatus.PROSPECTIVE: "Prospective gap",
    GapStatus.NOT_APPLICABLE: "Not applicable",
}
_POPULATIONS = (
    ("initial-population", "initial_population"),
    ("denominator", "denominator"),
    ("denominator-exclusion", "denominator_exclusion"),
    ("denominator-exception", "denominator_exception"),
    ("numerator", "numerator"),
)


def care_gaps_bundle(
    patient_id: str,
    results: Sequence[tuple[Measure, MeasureResult]],
    *,
    period: tuple[date, date],
    as_of: date,
    reporter: str,
) -> Resource:
    """The document of one patient.

    ``results`` of measures without a report (no rates) are left out: there is no published measure to report on.
    ``period`` is its first and last day, ``as_of`` the day of evaluation, ``reporter`` the organization's name.
    """
    document = _Document(patient_id, period, as_of, reporter)
    sections = [
        document.section(measure, rate, result)
        for measure, outcome in results
        for rate, result in zip(measure.rates, outcome.rates, strict=True)
    ]
    reports = [document.report(measure, outcome) for measure, outcome in results if measure.rates]
    return {
        "resourceType": "Bundle",
        "id": document.id("bundle"),
        "meta": {"profile": [f"{DEQM}/StructureDefinition/gaps-bundle-deqm"]},
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{document.id('bundle')}"},
        "type": "document",
        "timestamp": f"{as_of.isoformat()}T00:00:00Z",
        "entry": [_entry(one) for one in (document.composition(sections), document.organization(), *reports)]
        + [_entry(resource) for section in sections for resource in section["resources"]],
    }


class _Document:
    """What all parts of one document share."""

    def __init__(self, patient_id: str, period: tuple[date, date], as_of: date, reporter: str) -> None:
        self._patient = {"reference": f"Patient/{patient_id}"}
        self._period = {"start": period[0].isoformat(), "end": period[1].isoformat()}
        self._about = (patient_id, *(day.isoformat() for day in (*period, as_of)))
        self._date = as_of.isoformat()
        self._reporter = reporter

    def id(self, *parts: str) -> str:
        """A UUID that is the same whenever the same thing is said of the same patient and period."""
        return str(uuid5(_NAMESPACE, "\n".join((*self._about, *parts))))

    def organization(self) -> Resource:
        return {
            "resourceType": "Organization",
            "id": self.id("reporter"),
            "active": True,
            "type": [
                _concept("http://terminology.hl7.org/CodeSystem/organization-type", "prov", "Healthcare Provider")
            ],
            "name": self._reporter,
        }

    def composition(self, sections: Sequence[Resource]) -> Resource:
        return {
            "resourceType": "Composition",
            "id": self.id("composition"),
            "meta": {"profile": [f"{DEQM}/StructureDefinition/gaps-composition-deqm"]},
            "status": "final",
            "type": _concept("http://loinc.org", "96315-7", "Gaps in care report"),
            "subject": self._patient,
            "date": self._date,
            "author": [self._urn("reporter")],
            "title": "Gaps in care",
            "section": [
                {"title": s["title"], "focus": s["focus"], "entry": [_reference(s["resources"][0])]} for s in sections
            ],
        }

    def report(self, measure: Measure, outcome: MeasureResult) -> Resource:
        """The individual MeasureReport: the populations of every rate."""
        return {
            "resourceType": "MeasureReport",
            "id": self.id("report", measure.id),
            "meta": {"profile": [f"{DEQM}/StructureDefinition/indv-measurereport-deqm"]},
            "status": "complete",
            "type": "individual",
            "measure": f"{measure.canonical}|{measure.version}",
            "subject": self._patient,
            "date": self._date,
            "reporter": self._urn("reporter"),
            "period": self._period,
            "improvementNotation": _concept(
                _NOTATION, "increase" if measure.numerator_means is Hit.CARE_GIVEN else "decrease"
            ),
            "group": [{"id": rate.group_id, "population": _counts(rate.populations)} for rate in outcome.rates],
        }

    def section(self, measure: Measure, rate: Rate, result: RateResult) -> Resource:
        """One rate: its title, its report, its issue and the reasons."""
        guidance = self._guidance(measure, result)
        issue = self._issue(measure, result, guidance)
        title = f"{measure.title}: {rate.title}" if rate.title else measure.title
        return {"title": title, "focus": self._urn("report", measure.id), "resources": [issue, guidance]}

    def _issue(self, measure: Measure, result: RateResult, guidance: Resource) -> Resource:
        known = result.gap_status in _STATUS
        status = (
            _concept(f"{DEQM}/CodeSystem/gaps-status", result.gap_status.value, _STATUS[result.gap_status])
            if known
            else {"text": "Cannot be told from what was read"}
        )
        return {
            "resourceType": "DetectedIssue",
            "id": self.id("issue", measure.id, result.group_id),
            "meta": {"profile": [f"{DEQM}/StructureDefinition/gaps-detectedissue-deqm"]},
            "modifierExtension": [
                {"url": f"{DEQM}/StructureDefinition/extension-gapStatus", "valueCodeableConcept": status}
            ],
            "status": "final" if known else "preliminary",
            "code": _concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", "CAREGAP", "Care Gaps"),
            "patient": self._patient,
            "evidence": [{"detail": [self._urn("report", measure.id), _reference(guidance)]}],
        }

    def _guidance(self, measure: Measure, result: RateResult) -> Resource:
        return {
            "resourceType": "GuidanceResponse",
            "id": self.id("guidance", measure.id, result.group_id),
            "meta": {"profile": [f"{DEQM}/StructureDefinition/guidanceresponse-deqm"]},
            "moduleCanonical": f"{measure.canonical}|{measure.version}",
            "status": "data-required" if result.gap_status is GapStatus.CANNOT_TELL else "success",
            "subject": self._patient,
            "occurrenceDateTime": self._date,
            "reasonCode": [_reason(because) for because in result.reasons] or [{"text": "No reason on record"}],
        }

    def _urn(self, *parts: str) -> Resource:
        return {"reference": f"urn:uuid:{self.id(*parts)}"}


def _reason(because: Because) -> Resource:
    """A DEQM reason code with our sentence; where DEQM has none, the sentence alone."""
    code = because.code.value
    if not code[:1].isupper():
        return {"text": because.text}
    return {"coding": [{"system": f"{DEQM}/CodeSystem/care-gap-reason", "code": code}], "text": because.text}


def _counts(counts: Populations) -> list[Resource]:
    return [{"code": _concept(_POPULATION, code), "count": getattr(counts, name)} for code, name in _POPULATIONS]


def _concept(system: str, code: str, display: str | None = None) -> Resource:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def _entry(resource: Resource) -> Resource:
    return {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}


def _reference(resource: Resource) -> Resource:
    return {"reference": f"urn:uuid:{resource['id']}"}
