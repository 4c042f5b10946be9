"""CMS125: Breast Cancer Screening."""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    If,
    age,
    as_of,
    conditions,
    define,
    define_set,
    end,
    gender,
    has,
    observations,
    procedures,
    sex,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import is_diagnostic_study_performed, is_procedure_performed, verified
from smartapp.measures.shared.visits import adult_outpatient_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import USPSTF_BREAST_2024, ncqa

_mammograms = is_diagnostic_study_performed(observations(vs.MAMMOGRAPHY, found_in=("imaging",)))


def _history(side: str) -> EventSet:
    """Right (Left) Mastectomy Diagnosis: of that side by its code, or of unspecified laterality with that body site."""
    coded, site = {
        "right": (vs.STATUS_POST_RIGHT_MASTECTOMY, codes.RIGHT),
        "left": (vs.STATUS_POST_LEFT_MASTECTOMY, codes.LEFT),
    }[side]
    return verified(
        conditions(coded) | conditions(vs.MASTECTOMY_UNSPECIFIED_SIDE).where(has("body", site)),
    ).where(start.on_or_before(PERIOD.end))


def _operation(*kinds: ValueSet) -> EventSet:
    """A mastectomy that was completed by the end of the measurement period."""
    return is_procedure_performed(procedures(*kinds)).where(end.on_or_before(PERIOD.end))


# Women 42 to 74 at the end of the measurement period with a visit during it.
initial_population: Condition = define(
    "Initial Population",
    "Women 42 to 74 years old at the end of the period with a visit during it.",
    age(PERIOD.end).at_least(42) & age(PERIOD.end).at_most(74) & sex.is_("female") & adult_outpatient_visits.exist(),
)

right_mastectomy: Condition = define(
    "Right Mastectomy Diagnosis or Procedure",
    "A mastectomy of the right breast, on record by the end of the period.",
    _history("right").exist() | _operation(vs.MASTECTOMY_RIGHT).exist(),
)

left_mastectomy: Condition = define(
    "Left Mastectomy Diagnosis or Procedure",
    "A mastectomy of the left breast, on record by the end of the period.",
    _history("left").exist() | _operation(vs.MASTECTOMY_LEFT).exist(),
)

bilateral_mastectomy: Condition = define(
    "Bilateral Mastectomy Diagnosis or Procedure",
    "A bilateral mastectomy, on record by the end of the period.",
    verified(conditions(vs.HISTORY_OF_BILATERAL_MASTECTOMY)).where(start.on_or_before(PERIOD.end)).exist()
    | _operation(vs.BILATERAL_MASTECTOMY).exist(),
)

both_breasts_removed = Reason("both breasts removed", (right_mastectomy & left_mastectomy) | bilateral_mastectomy)

# 1 October two years before a period that starts on 1 January is fifteen months before it: 27 months in all.
screened: EventSet = define_set(
    "Mammography",
    "A mammogram between 1 October two years before the period and its end.",
    _mammograms.where(end.day.on_or_after(PERIOD.start.minus(15, "month").day), end.day.on_or_before(PERIOD.end.day)),
)

CMS125 = Measure(
    id="CMS125",
    version="1.0.000",
    title="Breast cancer screening",
    canonical="https://madie.cms.gov/Measure/CMS125FHIRBreastCancerScreen",
    source=ncqa("Breast Cancer Screening (CMS125 FHIR)", "CMS125FHIRBreastCancerScreen"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                both_breasts_removed,
                exclusions.frailty(),
                exclusions.nursing_home(),
                exclusions.palliative_care(),
            ),
            numerator=screened.exist(),
        ),
    ),
    clinical=Clinical(
        plain_title="Mammogram",
        source=USPSTF_BREAST_2024,
        # Women 40 to 74. Where the us-core-sex extension is missing, the administrative gender stands in.
        eligible=age(as_of).at_least(40) & age(as_of).at_most(74) & If(sex.is_known, sex, gender).is_("female"),
        excluded=(
            both_breasts_removed,
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
            exclusions.frailty(PAST_YEAR),
            exclusions.nursing_home(PAST_YEAR),
        ),
        # Every two years; three months more, as in the report, before it is said to be overdue.
        closed_by=(ClosedBy("mammogram", _mammograms, Every(2, "year")),),
        grace=Every(3, "month"),
        relevant=_mammograms,
        on_its_way=on_its_way(vs.MAMMOGRAPHY),
    ),
)
