"""CMS124: Cervical Cancer Screening."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    If,
    age,
    as_of,
    conditions,
    day_contains,
    define,
    end,
    gender,
    latest,
    observations,
    procedures,
    sex,
    start,
)
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import (
    has_result,
    is_laboratory_test_performed,
    is_procedure_performed,
    of_a_kind,
    verified,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR, period_and
from smartapp.measures.sources import USPSTF_CERVICAL_2018, ncqa

_pap_tests = of_a_kind(is_laboratory_test_performed(observations(vs.PAP_TEST, found_in=("laboratory",)))).where(
    has_result
)
# An HPV test counts from the age of 30 on the day of the test.
_hpv_tests = of_a_kind(is_laboratory_test_performed(observations(vs.HPV_TEST, found_in=("laboratory",)))).where(
    has_result, age(latest).at_least(30)
)

qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.TELEPHONE_VISITS,
    vs.VIRTUAL_ENCOUNTER,
)

initial_population: Condition = define(
    "Initial Population",
    "Women 24 to 64 years old at the end of the period with a visit during it.",
    age(PERIOD.end).at_least(24) & age(PERIOD.end).at_most(64) & sex.is_("female") & qualifying_encounters.exist(),
)

absence_of_cervix: Condition = define(
    "Absence of Cervix",
    "A hysterectomy with no residual cervix, or absence of the cervix, by the end of the period.",
    is_procedure_performed(procedures(vs.HYSTERECTOMY_NO_CERVIX)).where(end.on_or_before(PERIOD.end)).exist()
    | verified(conditions(vs.ABSENCE_OF_CERVIX)).where(start.on_or_before(PERIOD.end)).exist(),
)

cytology_within_3_years: Condition = define(
    "Cervical Cytology Within 3 Years",
    "A Pap test with a result during the period or the two years before.",
    _pap_tests.where(day_contains(period_and(2, "year"), latest)).exist(),
)

hpv_within_5_years: Condition = define(
    "HPV Test Within 5 Years for Women Age 30 and Older",
    "An HPV test with a result, at 30 or older, during the period or the four years before.",
    _hpv_tests.where(day_contains(period_and(4, "year"), latest)).exist(),
)

_no_cervix = Reason("no cervix", absence_of_cervix)

CMS124 = Measure(
    id="CMS124",
    version="1.0.000",
    title="Cervical cancer screening",
    canonical="https://madie.cms.gov/Measure/CMS124FHIRCervicalCancerScreen",
    source=ncqa("Cervical Cancer Screening (CMS124 FHIR)", "CMS124FHIRCervicalCancerScreen"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(exclusions.hospice(), _no_cervix, exclusions.palliative_care()),
            numerator=cytology_within_3_years | hpv_within_5_years,
        ),
    ),
    clinical=Clinical(
        plain_title="Cervical cancer screening",
        source=USPSTF_CERVICAL_2018,
        eligible=age(as_of).at_least(21) & age(as_of).at_most(65) & If(sex.is_known, sex, gender).is_("female"),
        excluded=(_no_cervix, exclusions.hospice(PAST_YEAR), exclusions.palliative_care(PAST_YEAR)),
        # Cytology every three years; from 30 an HPV test, alone or with cytology, every five.
        closed_by=(
            ClosedBy("HPV test", _hpv_tests, Every(5, "year")),
            ClosedBy("Pap test", _pap_tests, Every(3, "year")),
        ),
        relevant=_hpv_tests | _pap_tests,
        on_its_way=on_its_way(vs.PAP_TEST, vs.HPV_TEST),
        sensitive="reproductive",
    ),
)
