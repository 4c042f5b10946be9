"""What turns a resource's meaning round: modifier extensions, "not done", subsets, errors.

FHIR R4, 2.4.1.1: an application that does not understand a modifier extension must not process the
resource as if it were not there. QI-Core (6.0) and US Quality Core carry "not done" in extensions; the two, and the
two homes that US Quality Core has had, are treated alike.
"""

from __future__ import annotations

from smartapp.facts.codes import SlotCode
from smartapp.facts.elements import NotAFact, add_coding, add_concepts, moment_span, objects, text
from smartapp.facts.instants import Instant
from smartapp.facts.typed import Elements, Meta

_QUALITY = (
    "http://hl7.org/fhir/us/qicore/StructureDefinition/qicore-",
    "http://fhir.org/guides/astp/us-quality-core/StructureDefinition/us-quality-core-",
    "http://fhir.org/guides/onc/us-quality-core/StructureDefinition/us-quality-core-",
)
_LATER_ELEMENT = "http://hl7.org/fhir/5.0/StructureDefinition/extension-"
NOT_DONE_MODIFIERS = frozenset(
    {f"{home}{name}" for home in _QUALITY for name in ("notDone", "doNotPerform")}
    | {f"{_LATER_ELEMENT}{kind}.doNotPerform" for kind in ("DeviceRequest", "MedicationRequest", "ServiceRequest")}
)
"""Modifier extensions that are understood; their value is a boolean."""

_NOT_DONE_REASONS = ("-notDoneReason", "-doNotPerformReason")
_STATUS_REASONS = (
    "http://hl7.org/fhir/StructureDefinition/request-statusReason",
    "http://hl7.org/fhir/StructureDefinition/event-statusReason",
)
_RECORDED = frozenset(home + "recorded" for home in _QUALITY)


def not_performed(resource: Elements) -> bool:
    """Whether a modifier extension says that this was not, or shall not be, done. Raises NotAFact for any other."""
    if resource.get("implicitRules") is not None:
        raise NotAFact("implicitRules are not understood")
    negated = False
    for extension in objects(resource, "modifierExtension"):
        if text(extension, "url") not in NOT_DONE_MODIFIERS or type(extension.get("valueBoolean")) is not bool:
            raise NotAFact("modifierExtension is not understood")
        negated = negated or extension["valueBoolean"]
    return negated


def check_parts(resource: Elements, *names: str) -> None:
    """No part of the resource may have a modifier extension: none is understood there."""
    for name in names:
        for part in objects(resource, name):
            if part.get("modifierExtension") is not None:
                raise NotAFact(f"{name}.modifierExtension is not understood")


def read_meta(meta: Meta | None) -> tuple[SlotCode, ...]:
    """The security labels, in slot ``label``. A resource tagged SUBSETTED is not whole: NotAFact."""
    if meta is None or (meta.tag is None and meta.security is None):
        return ()
    for tag in objects(meta, "tag"):
        if text(tag, "code") == "SUBSETTED":
            raise NotAFact("meta.tag says that it is only a part (SUBSETTED)")
    codes: list[SlotCode] = []
    for label in objects(meta, "security"):
        add_coding(codes, "label", label, "meta.security")
    return tuple(codes)


def read_extensions(resource: Elements) -> tuple[tuple[SlotCode, ...], bool, Instant | None]:
    """Whether an extension gives a reason why it was not done, and when that was recorded.

    Its reason codes come first, in slot ``reason``.
    """
    codes: list[SlotCode] = []
    negated = False
    recorded = None
    for extension in objects(resource, "extension"):
        url = text(extension, "url") or ""
        if url.endswith(_NOT_DONE_REASONS) or url in _STATUS_REASONS:
            negated = negated or url not in _STATUS_REASONS
            concept = extension.get("valueCodeableConcept")
            if concept is not None:
                add_concepts(codes, "reason", concept, "extension.valueCodeableConcept")
        elif url in _RECORDED and extension.get("valueDateTime") is not None:
            recorded = moment_span(extension["valueDateTime"], "extension.valueDateTime")[0]
    return tuple(codes), negated, recorded
