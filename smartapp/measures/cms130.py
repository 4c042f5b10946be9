"""CMS130: Colorectal Cancer Screening."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    conditions,
    day_contains,
    define,
    end,
    latest,
    observations,
    procedures,
    start,
)
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import (
    has_result,
    is_diagnostic_study_performed,
    is_laboratory_test_performed,
    is_procedure_performed,
    of_a_kind,
    verified,
)
from smartapp.measures.shared.visits import adult_outpatient_visits
from smartapp.measures.shared.windows import PAST_YEAR, period_and
from smartapp.measures.sources import USPSTF_COLORECTAL_2021, ncqa

_fobt = of_a_kind(is_laboratory_test_performed(observations(vs.FOBT, found_in=("laboratory",)))).where(has_result)
_stool_dna = of_a_kind(is_laboratory_test_performed(observations(vs.SDNA_FIT, found_in=("laboratory",)))).where(
    has_result
)
_ct_colonography = is_diagnostic_study_performed(observations(vs.CT_COLONOGRAPHY, found_in=("imaging",)))
_sigmoidoscopy = is_procedure_performed(procedures(vs.FLEXIBLE_SIGMOIDOSCOPY))
_colonoscopy = is_procedure_performed(procedures(vs.COLONOSCOPY))

initial_population: Condition = define(
    "Initial Population",
    "46 to 75 years old at the end of the period, with a visit during it.",
    age(PERIOD.end).at_least(46) & age(PERIOD.end).at_most(75) & adult_outpatient_visits.exist(),
)

malignant_neoplasm: Condition = define(
    "Malignant Neoplasm",
    "Colorectal cancer that began by the end of the period.",
    verified(conditions(vs.MALIGNANT_NEOPLASM_OF_COLON)).where(start.day.on_or_before(PERIOD.end.day)).exist(),
)

total_colectomy: Condition = define(
    "Total Colectomy Performed",
    "A total colectomy completed by the end of the period.",
    is_procedure_performed(procedures(vs.TOTAL_COLECTOMY)).where(end.day.on_or_before(PERIOD.end.day)).exist(),
)

no_colon_to_screen = (Reason("colorectal cancer", malignant_neoplasm), Reason("total colectomy", total_colectomy))

fobt_performed: Condition = define(
    "Fecal Occult Blood Test Performed",
    "A fecal occult blood test with a result during the period.",
    _fobt.where(day_contains(PERIOD, latest)).exist(),
)

stool_dna_performed: Condition = define(
    "Stool DNA with FIT Test Performed",
    "A stool DNA with FIT test with a result during the period or the two years before.",
    _stool_dna.where(day_contains(period_and(2, "year"), latest)).exist(),
)

sigmoidoscopy_performed: Condition = define(
    "Flexible Sigmoidoscopy Performed",
    "A flexible sigmoidoscopy during the period or the four years before.",
    _sigmoidoscopy.where(day_contains(period_and(4, "year"), end)).exist(),
)

ct_colonography_performed: Condition = define(
    "CT Colonography Performed",
    "A CT colonography during the period or the four years before.",
    _ct_colonography.where(day_contains(period_and(4, "year"), end)).exist(),
)

colonoscopy_performed: Condition = define(
    "Colonoscopy Performed",
    "A colonoscopy during the period or the nine years before.",
    _colonoscopy.where(day_contains(period_and(9, "year"), end)).exist(),
)

_any_screening: EventSet = _colonoscopy | _sigmoidoscopy | _ct_colonography | _stool_dna | _fobt

CMS130 = Measure(
    id="CMS130",
    version="1.0.000",
    title="Colorectal cancer screening",
    canonical="https://madie.cms.gov/Measure/CMS130FHIRColorectalCancerScrn",
    source=ncqa("Colorectal Cancer Screening (CMS130 FHIR)", "CMS130FHIRColorectalCancerScrn"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                *no_colon_to_screen,
                exclusions.frailty(),
                exclusions.nursing_home(),
                exclusions.palliative_care(),
            ),
            numerator=fobt_performed
            | stool_dna_performed
            | sigmoidoscopy_performed
            | ct_colonography_performed
            | colonoscopy_performed,
        ),
    ),
    clinical=Clinical(
        plain_title="Colorectal cancer screening",
        source=USPSTF_COLORECTAL_2021,
        eligible=age(as_of).at_least(45) & age(as_of).at_most(75),
        excluded=(
            *no_colon_to_screen,
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
            exclusions.frailty(PAST_YEAR),
            exclusions.nursing_home(PAST_YEAR),
        ),
        # Intervals of the recommendation's table of screening strategies; stool DNA every one to three years.
        closed_by=(
            ClosedBy("colonoscopy", _colonoscopy, Every(10, "year")),
            ClosedBy("flexible sigmoidoscopy", _sigmoidoscopy, Every(5, "year")),
            ClosedBy("CT colonography", _ct_colonography, Every(5, "year")),
            ClosedBy("stool DNA test", _stool_dna, Every(3, "year")),
            ClosedBy("stool blood test", _fobt, Every(1, "year")),
        ),
        relevant=_any_screening,
        on_its_way=on_its_way(vs.COLONOSCOPY, vs.FLEXIBLE_SIGMOIDOSCOPY, vs.CT_COLONOGRAPHY, vs.SDNA_FIT, vs.FOBT),
    ),
)
