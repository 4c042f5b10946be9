"""CMS153: Chlamydia Screening in Women."""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    If,
    Interval,
    age,
    as_of,
    at,
    conditions,
    contains,
    day_contains,
    day_during,
    define,
    end,
    gender,
    has,
    latest,
    medication_requests,
    observations,
    other,
    overlaps,
    procedures,
    service_requests,
    sex,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import (
    has_result,
    is_assessment_performed,
    is_laboratory_test_performed,
    is_medication_active,
    is_order,
    is_procedure_performed,
    verified,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_CHLAMYDIA_2021, ncqa

qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.PREVENTIVE_INITIAL_0_17,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
)

_pregnancy_tests = is_order(service_requests(vs.PREGNANCY_TEST))


def _ordered(window: Interval, *kinds: ValueSet) -> Condition:
    return is_order(service_requests(*kinds)).where(day_contains(window, at)).exist()


def active_without_a_pregnancy_test(window: Interval = PERIOD) -> Condition:
    """Everything that tells sexual activity but a pregnancy test, in the measurement period or another window."""
    contraceptives = medication_requests(vs.CONTRACEPTIVES)
    assessed = is_assessment_performed(observations(codes.VAGINAL_INTERCOURSE_EVER, found_in=("survey",))).where(
        has("value", codes.YES), end.on_or_before(window.end)
    )
    diagnosed = verified(conditions(vs.SEXUAL_ACTIVITY_DIAGNOSES, vs.HIV, vs.COMPLICATIONS_OF_PREGNANCY)).where(
        overlaps(window)
    )
    treated = is_procedure_performed(procedures(vs.SEXUAL_ACTIVITY_PROCEDURES)).where(day_during(window))
    return define(
        "Sexual Activity But Not Pregnancy Test",
        "Sexual activity by assessment, diagnosis, contraceptive, test for pregnancy care or infections, or procedure.",
        assessed.exist()
        | diagnosed.exist()
        | is_medication_active(contraceptives).where(overlaps(window)).exist()
        | is_order(contraceptives).where(day_contains(window, at)).exist()
        | _ordered(window, vs.PAP_TEST, vs.LABS_DURING_PREGNANCY, vs.LABS_FOR_STI)
        | _ordered(window, vs.STUDIES_DURING_PREGNANCY)
        | treated.exist(),
    )


initial_population: Condition = define(
    "Initial Population",
    "Women 16 to 24 years old at the end of the period with a visit during it, who are known to be sexually active.",
    age(PERIOD.end).at_least(16)
    & age(PERIOD.end).at_most(24)
    & sex.is_("female")
    & qualifying_encounters.exist()
    & (active_without_a_pregnancy_test() | _ordered(PERIOD, vs.PREGNANCY_TEST)),
)


def _before_treatment(window: Interval) -> EventSet:
    """Pregnancy tests that an X-ray or isotretinoin was ordered for: on the same day or up to six days later."""
    # "During" compares instants: of a day without a time that is the period's first or last it cannot be told.
    surely = ~start.is_known | start.same_as(end) | (start.after(window.start) & end.before(window.end))
    tests = _pregnancy_tests.where(contains(window, at), surely)
    within_six_days = (other.at.day.on_or_after(at.day), other.at.day.on_or_before(at.day.plus(6, "day")))
    return tests.with_(is_order(service_requests(vs.XRAY_STUDY)), *within_six_days) | tests.with_(
        is_order(medication_requests(vs.ISOTRETINOIN)), *within_six_days
    )


def only_tested_before_treatment(window: Interval = PERIOD) -> Reason:
    """Has Pregnancy Test Exclusion, and nothing else tells sexual activity."""
    return Reason(
        "only a pregnancy test before an X-ray or isotretinoin",
        define(
            "Has Pregnancy Test Exclusion",
            "Sexual activity is known only by a pregnancy test that came before an X-ray or isotretinoin.",
            _before_treatment(window).exist() & ~active_without_a_pregnancy_test(window),
        ),
    )


_tests = is_laboratory_test_performed(observations(vs.CHLAMYDIA_SCREENING, found_in=("laboratory",))).where(has_result)

CMS153 = Measure(
    id="CMS153",
    version="1.0.000",
    title="Chlamydia screening in women",
    canonical="https://madie.cms.gov/Measure/CMS153FHIRChlamydiaScreening",
    source=ncqa("Chlamydia Screening in Women (CMS153 FHIR)", "CMS153FHIRChlamydiaScreening"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(exclusions.hospice(), only_tested_before_treatment()),
            numerator=define(
                "Numerator",
                "A chlamydia test with a result during the period.",
                _tests.where(day_contains(PERIOD, latest)).exist(),
            ),
        ),
    ),
    clinical=Clinical(
        plain_title="Chlamydia test",
        source=USPSTF_CHLAMYDIA_2021,
        # Where the us-core-sex extension is missing, the administrative gender stands in.
        eligible=age(as_of).at_least(16)
        & age(as_of).at_most(24)
        & If(sex.is_known, sex, gender).is_("female")
        & (active_without_a_pregnancy_test(PAST_YEAR) | _ordered(PAST_YEAR, vs.PREGNANCY_TEST)),
        excluded=(exclusions.hospice(PAST_YEAR), only_tested_before_treatment(PAST_YEAR)),
        closed_by=(ClosedBy("chlamydia test", _tests, Every(1, "year")),),
        relevant=_tests,
        on_its_way=on_its_way(vs.CHLAMYDIA_SCREENING),
        sensitive="sti",
    ),
)
