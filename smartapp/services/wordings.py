"""The words of a message: the template's, in the patient's language where a person has approved the translation."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from smartapp.measures.model import Measure
from smartapp.messages.approvals import Approvals
from smartapp.messages.drafting import Draft, draft_for_gap, draft_from
from smartapp.services.patient_line import PatientLine
from smartapp.services.routed import Practice

_NO_NUMBER = "555-0100"
_AT_NO_NUMBER = re.compile(rf",?\s+(?:(?:at|al)\s+)?{_NO_NUMBER}")
"""A number that belongs to nobody, and the words around it: taken out again before anybody sees the text."""


class Wordings:
    """Drafts for one practice. Without ``approvals`` no translation is approved but those that were reviewed before."""

    def __init__(self, practice: Practice, approvals: Approvals | None = None) -> None:
        self._practice = practice
        self._approvals = approvals

    def for_gap(self, tenant: str, measure: Measure, patient: PatientLine, *, dormant: bool) -> Draft:
        """The text for a gap; for a ``dormant`` patient the one that asks back, without a word of the gap (R17)."""

        def draft(language: str) -> Draft:
            return draft_for_gap(
                measure.id,
                title=measure.clinical.plain_title or measure.title,
                patient_name=patient.name,
                practice_name=self._practice.name,
                practice_phone=self._practice.phone or _NO_NUMBER,
                language=language,
                dormant=dormant,
            )

        return self._in_language(tenant, patient, draft)

    def of(self, tenant: str, template_id: str, patient: PatientLine) -> Draft:
        """The text of one template. Raises :class:`InputError` for an unknown one, or one that needs more slots."""

        def draft(language: str) -> Draft:
            return draft_from(
                template_id,
                patient_name=patient.name,
                practice_name=self._practice.name,
                practice_phone=self._practice.phone or _NO_NUMBER,
                language=language,
            )

        return self._in_language(tenant, patient, draft)

    def _in_language(self, tenant: str, patient: PatientLine, draft: Callable[[str], Draft]) -> Draft:
        first = draft(patient.language or "en")
        chosen = draft("en") if first.needs and not self._is_approved(tenant, first) else first
        if self._practice.phone:
            return chosen
        # A practice that has not set its number yet can be answered in the portal all the same.
        return replace(chosen, body=_AT_NO_NUMBER.sub("", chosen.body), short=None)

    def _is_approved(self, tenant: str, draft: Draft) -> bool:
        return self._approvals is not None and self._approvals.is_reviewed(tenant, draft.template, draft.language)
