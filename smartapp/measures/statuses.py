"""The words that results are made of. Enumerations mirror HL7's codes and cite them."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

from msgspec import Struct


class GapStatus(StrEnum):
    """DEQM ``CareGapStatus`` (Data Exchange For Quality Measures, gaps in care), and our *cannot tell*."""

    OPEN = "open-gap"
    CLOSED = "closed-gap"
    PROSPECTIVE = "prospective-gap"
    NOT_APPLICABLE = "not-applicable"
    CANNOT_TELL = "cannot-tell"


class ClinicalStatus(StrEnum):
    """What the chart says of a care."""

    OVERDUE = "overdue"
    DUE = "due"
    DUE_SOON = "due-soon"
    UP_TO_DATE = "up-to-date"
    NOT_APPLICABLE = "not-applicable"
    EXCLUDED = "excluded"
    CANNOT_TELL = "cannot-tell"


class ReasonCode(StrEnum):
    """DEQM ``CareGapReason`` codes; the lower-case ones are ours, where none of those fits."""

    NOT_FOUND = "NotFound"
    MISSING = "Missing"
    PRESENT = "Present"
    DATE_IN_RANGE = "DateInRange"
    DATE_OUT_OF_RANGE = "DateOutOfRange"
    VALUE_IN_RANGE = "ValueInRange"
    VALUE_OUT_OF_RANGE = "ValueOutOfRange"
    EXCLUDED = "excluded"
    EXCEPTION = "exception"
    NOT_IN_POPULATION = "not-in-population"
    SHARED_DECISION = "shared-decision"
    DECEASED = "deceased"
    CAVEAT = "caveat"


class Because(Struct, frozen=True):
    """Why a status is what it is. ``missing`` names what was not read; ``when`` the day of what was found."""

    code: ReasonCode
    text: str
    missing: tuple[str, ...] = ()
    when: date | None = None

    def as_json(self) -> dict[str, object]:
        line: dict[str, object] = {"code": self.code.value, "text": self.text}
        if self.missing:
            line["missing"] = list(self.missing)
        return line
