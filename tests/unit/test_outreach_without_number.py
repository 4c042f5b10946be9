"""Drafts of a practice that has not set its telephone number."""

from __future__ import annotations

import pytest

from smartapp.measures.catalogue import MEASURES
from smartapp.services.patient_line import PatientLine
from smartapp.services.routed import Practice
from smartapp.services.wordings import Wordings


@pytest.mark.parametrize("measure", ["CMS125", "CMS130", "CMS122", "CMS165", "CMS138"])
@pytest.mark.parametrize("dormant", [False, True])
def test_no_number_is_made_up(measure: str, dormant: bool) -> None:
    patient = PatientLine("1", "Ada Example", None, None, "", deceased=False, language="en")
    texts = []
    for phone in ("", "555-0142"):
        wordings = Wordings(Practice("Harbor Street", phone))
        texts.append(wordings.for_gap("clinic", MEASURES[measure], patient, dormant=dormant).body)
    assert "555" not in texts[0]
    assert "Harbor Street" in texts[0]
    assert "555-0142" in texts[1]
    assert not texts[0].rstrip(".").endswith((" at", " al", ","))
