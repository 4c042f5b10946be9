"""Drafts of a practice that has not set its telephone number."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from smartapp.measures.catalogue import MEASURES
from smartapp.services.outreach import OutreachService, Practice


@pytest.mark.parametrize("measure", ["CMS125", "CMS130", "CMS122", "CMS165", "CMS138"])
@pytest.mark.parametrize("dormant", [False, True])
def test_no_number_is_made_up(measure: str, dormant: bool) -> None:
    snapshot = SimpleNamespace(patient=SimpleNamespace(name="Ada Example", language="en"))
    texts = []
    for phone in ("", "555-0142"):
        service = OutreachService.__new__(OutreachService)
        service._practice = Practice("Harbor Street", phone)
        texts.append(service._text_for(MEASURES[measure], snapshot, dormant=dormant).body)
    assert "555" not in texts[0]
    assert "Harbor Street" in texts[0]
    assert "555-0142" in texts[1]
    assert not texts[0].rstrip(".").endswith((" at", " al", ","))
