"""CMS131: Diabetes: Eye Exam."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import (
    OTHER,
    PERIOD,
    Condition,
    EventSet,
    Interval,
    age,
    as_of,
    conditions,
    day_during,
    day_overlaps,
    define,
    has,
    observations,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import encounter_diagnoses, is_physical_exam_performed, verified
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR, period_and
from smartapp.measures.sources import ADA_EYES, ncqa

YEAR_PRIOR = Interval(PERIOD.start.minus(1, "year"), PERIOD.end.minus(1, "year"))

_retinal_exams = is_physical_exam_performed(observations(vs.RETINAL_EXAM, found_in=("exam",)))
_autonomous_exams = is_physical_exam_performed(
    observations(codes.AUTONOMOUS_RETINOPATHY_SCREENING, found_in=("exam",))
).where(has("value", vs.AUTONOMOUS_EYE_EXAM_RESULT))
_retinopathy = verified(conditions(vs.DIABETIC_RETINOPATHY))

qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.ANNUAL_WELLNESS_VISIT,
    vs.PREVENTIVE_ESTABLISHED_18_UP,
    vs.PREVENTIVE_INITIAL_18_UP,
    vs.HOME_HEALTHCARE,
    vs.OPHTHALMOLOGICAL_SERVICES,
    vs.TELEPHONE_VISITS,
)

initial_population: Condition = define(
    "Initial Population",
    "18 to 75 years old at the end of the period, with a visit during it and diabetes, by an encounter's diagnosis.",
    age(PERIOD.end).at_least(18)
    & age(PERIOD.end).at_most(75)
    & qualifying_encounters.exist()
    & verified(encounter_diagnoses(conditions(vs.DIABETES, found_in=("encounter-diagnosis",))))
    .where(day_overlaps(PERIOD))
    .exist(),
)

bilateral_absence_of_eyes: Condition = define(
    "Bilateral Absence of Eyes",
    "Both eyes are absent, since before the end of the period.",
    verified(conditions(codes.ANOPHTHALMOS_BOTH_EYES)).where(start.day.on_or_before(PERIOD.end.day)).exist(),
)

retinopathy: Condition = define(
    "Diabetic Retinopathy Overlapping Measurement Period",
    "Diabetic retinopathy at some time of the period.",
    _retinopathy.where(day_overlaps(PERIOD)).exist(),
)

retinal_exam: Condition = define(
    "Retinal Exam in Measurement Period",
    "A retinal or dilated eye exam during the period.",
    _retinal_exams.where(day_during(PERIOD)).exist(),
)

retinal_exam_or_year_prior: Condition = define(
    "Retinal Exam in Measurement Period or Year Prior",
    "A retinal or dilated eye exam during the period or the year before.",
    _retinal_exams.where(day_during(period_and(1, "year"))).exist(),
)

autonomous_exam: Condition = define(
    "Autonomous Eye Exam in Measurement Period",
    "An autonomous eye exam with a result during the period.",
    _autonomous_exams.where(day_during(PERIOD)).exist(),
)


def _graded(eye: DirectCode, result: ValueSet | DirectCode, window: Interval) -> Condition:
    """A severity level of one eye with that result, within the window."""
    return (
        is_physical_exam_performed(observations(eye, found_in=("exam",)))
        .where(has("value", result), day_during(window))
        .exist()
    )


left_retinopathy: Condition = define(
    "Has Left Eye Retinopathy",
    "A severity level of retinopathy of the left eye during the period.",
    _graded(codes.LEFT_EYE_RETINOPATHY_SEVERITY, vs.DIABETIC_RETINOPATHY_SEVERITY, PERIOD),
)

right_retinopathy: Condition = define(
    "Has Right Eye Retinopathy",
    "A severity level of retinopathy of the right eye during the period.",
    _graded(codes.RIGHT_EYE_RETINOPATHY_SEVERITY, vs.DIABETIC_RETINOPATHY_SEVERITY, PERIOD),
)

left_none_year_prior: Condition = define(
    "Has Left Eye No Retinopathy in Year Prior",
    "No apparent retinopathy of the left eye in the year before the period.",
    _graded(codes.LEFT_EYE_RETINOPATHY_SEVERITY, codes.NO_APPARENT_RETINOPATHY, YEAR_PRIOR),
)

right_none_year_prior: Condition = define(
    "Has Right Eye No Retinopathy in Year Prior",
    "No apparent retinopathy of the right eye in the year before the period.",
    _graded(codes.RIGHT_EYE_RETINOPATHY_SEVERITY, codes.NO_APPARENT_RETINOPATHY, YEAR_PRIOR),
)

finding_with_severity: Condition = define(
    "Retinal Exam Finding with Retinopathy Severity Level in Measurement Period",
    "Retinopathy of both eyes during the period; or of one, and none of the other in the year before.",
    (left_retinopathy & right_retinopathy)
    | (left_retinopathy & right_none_year_prior)
    | (right_retinopathy & left_none_year_prior),
)

finding_without_retinopathy: Condition = define(
    "Retinal Exam Finding with No Retinopathy Severity Level in Year Prior",
    "No apparent retinopathy of either eye in the year before the period.",
    left_none_year_prior & right_none_year_prior,
)

_no_eyes = Reason("both eyes absent", bilateral_absence_of_eyes)

CMS131 = Measure(
    id="CMS131",
    version="1.0.000",
    title="Diabetes: eye exam",
    canonical="https://madie.cms.gov/Measure/CMS131FHIRDiabetesEyeExam",
    source=ncqa("Diabetes: Eye Exam (CMS131 FHIR)", "CMS131FHIRDiabetesEyeExam"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                exclusions.frailty(),
                exclusions.nursing_home(),
                exclusions.palliative_care(),
                _no_eyes,
            ),
            numerator=(retinopathy & retinal_exam)
            | (~retinopathy & retinal_exam_or_year_prior)
            | autonomous_exam
            | finding_with_severity
            | finding_without_retinopathy,
        ),
    ),
    clinical=Clinical(
        plain_title="Diabetic eye exam",
        source=ADA_EYES,
        eligible=age(as_of).at_least(18)
        & age(as_of).at_most(75)
        & verified(conditions(vs.DIABETES)).where(day_overlaps(PAST_YEAR)).exist(),
        excluded=(
            _no_eyes,
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
            exclusions.frailty(PAST_YEAR),
            exclusions.nursing_home(PAST_YEAR),
        ),
        # Every year; without retinopathy, every two (ADA: one to two years where an exam was normal).
        closed_by=(
            ClosedBy("eye exam", _retinal_exams | _autonomous_exams, Every(1, "year")),
            ClosedBy(
                "eye exam without known retinopathy",
                _retinal_exams.without(_retinopathy, day_overlaps(PAST_YEAR, inner=OTHER)),
                Every(2, "year"),
            ),
        ),
        relevant=_retinal_exams | _autonomous_exams,
        on_its_way=on_its_way(vs.RETINAL_EXAM, codes.AUTONOMOUS_RETINOPATHY_SCREENING, vs.OPHTHALMOLOGICAL_SERVICES),
    ),
)
