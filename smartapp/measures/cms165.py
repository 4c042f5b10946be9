"""CMS165: Controlling High Blood Pressure."""

from __future__ import annotations

from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    Interval,
    age,
    as_of,
    class_,
    conditions,
    day_contains,
    day_overlaps,
    define,
    define_set,
    diastolic,
    encounter,
    encounters,
    end,
    latest,
    observations,
    other,
    overlaps,
    procedures,
    reaches,
    start,
    systolic,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.pending import on_its_way
from smartapp.measures.shared.statuses import (
    is_encounter_performed,
    is_procedure_performed,
    is_vital_sign_performed,
    verified,
)
from smartapp.measures.shared.visits import adult_outpatient_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ncqa

_SOURCE = ncqa("Controlling High Blood Pressure (CMS165 FHIR)", "CMS165FHIRControllingHighBP")
_HOSPITAL_CLASSES = ("EMER", "IMP", "ACUTE", "NONAC", "PRENC", "SS")

_hypertension = verified(conditions(vs.ESSENTIAL_HYPERTENSION))

# The first six months are half-open: a hypertension that began on the first day after them does not count.
essential_hypertension: Condition = define(
    "Essential Hypertension Diagnosis",
    "Essential hypertension before or during the first six months of the period.",
    _hypertension.where(start.before(PERIOD.start.plus(6, "month")), reaches(PERIOD.start)).exist(),
)

initial_population: Condition = define(
    "Initial Population",
    "18 to 85 years old at the end of the period, with essential hypertension and a visit during the period.",
    age(PERIOD.end).at_least(18)
    & age(PERIOD.end).at_most(85)
    & essential_hypertension
    & adult_outpatient_visits.exist(),
)


def pregnancy_or_renal_diagnosis(window: Interval = PERIOD) -> Condition:
    """Pregnancy or Renal Diagnosis, in the measurement period or another window; to the instant, as published."""
    return define(
        "Pregnancy or Renal Diagnosis",
        "Pregnancy, end stage renal disease, a kidney transplant or chronic kidney disease stage 5 during the period.",
        verified(conditions(vs.PREGNANCY, vs.END_STAGE_RENAL_DISEASE, vs.KIDNEY_TRANSPLANT_RECIPIENT, vs.CKD_STAGE_5))
        .where(overlaps(window))
        .exist(),
    )


renal_procedure: Condition = define(
    "End Stage Renal Disease Procedures",
    "A kidney transplant or dialysis that ended by the end of the period.",
    is_procedure_performed(procedures(vs.KIDNEY_TRANSPLANT, vs.DIALYSIS_SERVICES))
    .where(end.on_or_before(PERIOD.end))
    .exist(),
)

renal_encounter: Condition = define(
    "End Stage Renal Disease Encounter",
    "Monthly outpatient services for end stage renal disease that began by the end of the period.",
    is_encounter_performed(encounters(vs.ESRD_MONTHLY_SERVICES)).where(start.on_or_before(PERIOD.end)).exist(),
)


def _pregnancy_or_kidney(window: Interval = PERIOD) -> Reason:
    return Reason(
        "pregnancy, end stage renal disease, dialysis or kidney transplant",
        pregnancy_or_renal_diagnosis(window) | renal_procedure | renal_encounter,
    )


_readings = is_vital_sign_performed(observations(codes.BLOOD_PRESSURE, found_in=("vital-signs",)))
_hospital_stays = is_encounter_performed(encounters(vs.ENCOUNTER_INPATIENT, vs.EMERGENCY_DEPARTMENT_VISIT))

_not_on_such_a_day = _readings.without(
    _hospital_stays, latest.day.on_or_after(other.start.day), latest.day.on_or_before(other.end.day)
)

# A reading counts where no hospital stay or emergency visit covers its day, or where its own encounter is of no
# such class. A reading without an encounter, or an encounter without a class, is of none ("null in" a list without
# nulls is false: CQL 1.5.3, "In").
qualifying_reading: EventSet = define_set(
    "Qualifying Blood Pressure Reading",
    "A reading that was not taken in hospital or an emergency department, as far as its encounter tells.",
    _not_on_such_a_day
    | _readings.without(encounters().where(class_.is_in(*_HOSPITAL_CLASSES)), encounter.same_as(other.reference)),
)

# On the chart what is not known to be from a visit is not taken for it: a stay covers its day.
_outside_hospital: EventSet = define_set(
    "Blood Pressure Reading outside of Hospital",
    "A reading of a day without a hospital stay or an emergency visit, or one that was taken at another visit.",
    _not_on_such_a_day
    | _readings.with_(encounters(), encounter.same_as(other.reference), ~other.class_.is_in(*_HOSPITAL_CLASSES)),
)

_on_last_day: EventSet = qualifying_reading.where(day_contains(PERIOD, latest)).on_the_last(latest.day)
_ever_last_day: EventSet = _outside_hospital.on_the_last(latest.day)

# A reading without a value sorts before all others (CQL 1.5.3, "Sort": nulls first): it is the lowest, and not below.
systolic_below_140: Condition = define(
    "Has Systolic Blood Pressure Less Than 140",
    "The lowest systolic pressure on the most recent day with a reading is below 140 mmHg; each reading has one.",
    _on_last_day.lowest(systolic).less_than(140) & ~_on_last_day.where(~systolic.is_known).exist(),
)

diastolic_below_90: Condition = define(
    "Has Diastolic Blood Pressure Less Than 90",
    "The lowest diastolic pressure on the most recent day with a reading is below 90 mmHg; each reading has one.",
    _on_last_day.lowest(diastolic).less_than(90) & ~_on_last_day.where(~diastolic.is_known).exist(),
)

CMS165 = Measure(
    id="CMS165",
    version="1.0.000",
    title="Controlling high blood pressure",
    canonical="https://madie.cms.gov/Measure/CMS165FHIRControllingHighBP",
    source=_SOURCE,
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(
                exclusions.hospice(),
                _pregnancy_or_kidney(),
                exclusions.frailty_or_81(),
                exclusions.nursing_home(),
                exclusions.palliative_care(),
            ),
            numerator=systolic_below_140 & diastolic_below_90,
        ),
    ),
    clinical=Clinical(
        plain_title="Blood pressure control",
        source=_SOURCE,
        eligible=age(as_of).at_least(18)
        & age(as_of).at_most(85)
        & _hypertension.where(day_overlaps(Interval(as_of, as_of))).exist(),
        excluded=(
            _pregnancy_or_kidney(PAST_YEAR),
            exclusions.hospice(PAST_YEAR),
            exclusions.palliative_care(PAST_YEAR),
            exclusions.frailty_or_81(PAST_YEAR),
            exclusions.nursing_home(PAST_YEAR),
        ),
        # A reading of the past year, and the last day's readings below 140 over 90.
        closed_by=(ClosedBy("blood pressure reading", _outside_hospital, Every(1, "year")),),
        satisfied=define(
            "Last blood pressure below 140/90",
            "On the most recent day with readings the lowest systolic is below 140 and the lowest diastolic below 90.",
            _ever_last_day.lowest(systolic).less_than(140) & _ever_last_day.lowest(diastolic).less_than(90),
        ),
        relevant=_readings,
        on_its_way=on_its_way(codes.BLOOD_PRESSURE),
    ),
)
