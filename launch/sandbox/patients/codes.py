"""Codes: a code belongs to its system, and a concept is one or more of them with a text.

CPT and CDT are not used anywhere: their licences do not allow shipping them. Visits carry
SNOMED CT or HCPCS level II codes instead.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Resource = dict[str, Any]

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
SOPT = "https://nahdo.org/sopt"
UCUM = "http://unitsofmeasure.org"
CDC_RACE = "urn:oid:2.16.840.1.113883.6.238"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition/"
US_CORE_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"


class Code(NamedTuple):
    """A code, the system that it is of, and that system's words for it."""

    system: str
    code: str
    display: str

    def coding(self) -> Resource:
        """As a FHIR Coding."""
        return {"system": self.system, "code": self.code, "display": self.display}


def snomed(code: str, display: str) -> Code:
    """A SNOMED CT concept."""
    return Code(SNOMED, code, display)


def loinc(code: str, display: str) -> Code:
    """A LOINC code."""
    return Code(LOINC, code, display)


def icd10(code: str, display: str) -> Code:
    """An ICD-10-CM code."""
    return Code(ICD10CM, code, display)


def hcpcs(code: str, display: str) -> Code:
    """A HCPCS level II code."""
    return Code(HCPCS, code, display)


def hl7(table: str, code: str, display: str) -> Code:
    """A code of one of HL7's own tables, named by the last part of its address."""
    return Code(TERMINOLOGY + table, code, display)


def concept(*codes: Code, text: str | None = None) -> Resource:
    """As a FHIR CodeableConcept: codes of one meaning, a text, or both."""
    made: Resource = {"coding": [code.coding() for code in codes]} if codes else {}
    if text:
        made["text"] = text
    return made
