"""Hepatitis C screening, once in adult life."""

from __future__ import annotations

from smartapp.criteria.words import age, as_of, conditions, observations, start
from smartapp.measures import codes
from smartapp.measures.model import Clinical, ClosedBy, Measure, Reason
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import has_result, is_laboratory_test_performed, verified
from smartapp.measures.sources import USPSTF_HEPATITIS_C_2020

_TESTS = (codes.HEPATITIS_C_ANTIBODY, codes.HEPATITIS_C_ANTIBODY_SET, codes.HEPATITIS_C_RNA)
_tests = is_laboratory_test_performed(observations(*_TESTS, found_in=("laboratory",))).where(has_result)

HEPC = Measure(
    id="HEPC",
    version="2020",
    title="Hepatitis C screening",
    source=USPSTF_HEPATITIS_C_2020,
    clinical=Clinical(
        plain_title="Hepatitis C test",
        source=USPSTF_HEPATITIS_C_2020,
        eligible=age(as_of).at_least(18) & age(as_of).at_most(79),
        excluded=(
            Reason(
                "hepatitis C",
                verified(conditions(*codes.HEPATITIS_C_DIAGNOSES)).where(start.on_or_before(as_of)).exist(),
            ),
        ),
        # Once; again only while a risk lasts, which is not on record.
        closed_by=(ClosedBy("hepatitis C test", _tests, None),),
        relevant=_tests,
        on_its_way=on_its_way(*_TESTS),
        sensitive="hepatitis",
    ),
)
