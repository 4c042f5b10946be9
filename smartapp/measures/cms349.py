"""CMS349: HIV Screening."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    birth,
    conditions,
    death,
    define,
    observations,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Measure, Rate, Reason
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import has_result, is_laboratory_test_performed, verified
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.sources import USPSTF_HIV_2019, cdc_measure

qualifying_encounters: EventSet = finished_visits(
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.OFFICE_VISIT,
)

initial_population: Condition = define(
    "Initial Population",
    "15 to 65 years old at the start of the period, with a visit during it.",
    age(PERIOD.start).at_least(15) & age(PERIOD.start).at_most(65) & qualifying_encounters.exist(),
)

has_hiv = Reason(
    "HIV",
    define(
        "Denominator Exclusions",
        "HIV that began before the first day of the period.",
        verified(conditions(vs.HIV)).where(start.day.before(PERIOD.start.day)).exist(),
    ),
)

expired = Reason(
    "died",
    define(
        "Patient Expired",
        "Died on or before the last day of the period.",
        # A death without a date (deceasedBoolean) is dead since the beginning of time: it does not count, as published.
        death.is_known & death.on_or_after(birth) & death.day.on_or_before(PERIOD.end.day),
    ),
)

_tests = is_laboratory_test_performed(observations(vs.HIV_LAB_TESTS, codes.HIV_TESTS, found_in=("laboratory",))).where(
    has_result
)

# From the 15th to the day before the 66th birthday; a test on the last day of the period itself does not count.
tested: EventSet = _tests.where(age(start).at_least(15), age(start).at_most(65), start.day.before(PERIOD.end.day))

CMS349 = Measure(
    id="CMS349",
    version="1.0.000",
    title="HIV screening",
    canonical="https://madie.cms.gov/Measure/CMS349FHIRHIVScreening",
    source=cdc_measure("HIV Screening (CMS349 FHIR)", "CMS349FHIRHIVScreening"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(has_hiv,),
            numerator=define(
                "Has HIV Test Performed", "An HIV test with a result at 15 to 65 years of age.", tested.exist()
            ),
            exceptions=(expired,),
        ),
    ),
    clinical=Clinical(
        plain_title="HIV test",
        source=USPSTF_HIV_2019,
        eligible=age(as_of).at_least(15) & age(as_of).at_most(65),
        excluded=(Reason("HIV", verified(conditions(vs.HIV)).where(start.on_or_before(as_of)).exist()),),
        # Once, as in the report; the recommendation leaves repeated tests to the risk, which is not on record.
        closed_by=(ClosedBy("HIV test", _tests.where(age(start).at_least(15)), None),),
        relevant=_tests,
        on_its_way=on_its_way(vs.HIV_LAB_TESTS, codes.HIV_TESTS),
        sensitive="hiv",
    ),
)
