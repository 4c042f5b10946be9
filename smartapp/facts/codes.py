"""Codes and code systems. A system is a type of its own, so that codes of two systems never mix."""

from __future__ import annotations

from typing import NamedTuple

LOINC = "http://loinc.org"
SNOMED_CT = "http://snomed.info/sct"
ICD10_CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10_PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CVX = "http://hl7.org/fhir/sid/cvx"
HCPCS = "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
CPT = "http://www.ama-assn.org/go/cpt"
CDT = "http://www.ada.org/cdt"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
OBSERVATION_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
CONDITION_CATEGORY = "http://terminology.hl7.org/CodeSystem/condition-category"
CDC_RACE = "urn:oid:2.16.840.1.113883.6.238"


_ALIASES = {
    "urn:oid:2.16.840.1.113883.6.1": LOINC,
    "urn:oid:2.16.840.1.113883.6.96": SNOMED_CT,
    "urn:oid:2.16.840.1.113883.6.90": ICD10_CM,
    "urn:oid:2.16.840.1.113883.6.4": ICD10_PCS,
    "urn:oid:2.16.840.1.113883.6.88": RXNORM,
    "urn:oid:2.16.840.1.113883.12.292": CVX,
    "urn:oid:2.16.840.1.113883.6.285": HCPCS,
    "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": HCPCS,
    "http://www.nlm.nih.gov/research/umls/hcpcs": HCPCS,
    "urn:oid:2.16.840.1.113883.6.12": CPT,
    "urn:oid:2.16.840.1.113883.6.13": CDT,
    "http://terminology.hl7.org/CodeSystem/icd10-pcs": ICD10_PCS,
}


def canonical_system(system: str) -> str:
    """The one name by which a code system goes here.

    Servers name a system by its URL, an older URL or its OID (HL7 Terminology, "External code systems"). Both
    the facts and the value sets pass their systems through here, so that the three are one.
    """
    return _ALIASES.get(system, system)


class Code(NamedTuple):
    """One code of one system, as FHIR's ``Coding`` has it. ``display`` never takes part in a comparison."""

    system: str
    code: str


class SlotCode(NamedTuple):
    """A coding and the slot of the event that it was found in."""

    slot: str
    system: str
    code: str


SLOTS = (
    "code",
    "value",
    "reason",
    "body",
    "category",
    "discharge",
    "diagnosis",
    "type",
    "location",
    "severity",
    "label",
)
"""Where an event may carry codes. ``code`` is what it is about; ``diagnosis`` are the conditions that an
encounter names; ``label`` is ``meta.security``, and what :mod:`smartapp.facts.profiles` reads of
``meta.profile``; the others are the FHIR elements of the same name."""
