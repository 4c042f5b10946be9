"""CMS135: Heart Failure: ACE inhibitor, ARB or ARNI for Left Ventricular Systolic Dysfunction."""

from __future__ import annotations

from smartapp.criteria.words import (
    OTHER,
    PERIOD,
    THIS,
    Condition,
    EventSet,
    If,
    age,
    allergies,
    as_of,
    at,
    birth,
    clinical,
    conditions,
    contains,
    day_overlaps,
    define,
    define_set,
    end,
    events,
    focus,
    has,
    intent,
    latest,
    medication_requests,
    not_done,
    observations,
    other,
    procedures,
    reference,
    start,
    status,
    value_at_most,
    verification,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Measure, Rate, Reason
from smartapp.measures.shared.statuses import (
    ORDER_INTENTS,
    done,
    is_laboratory_test_performed,
    is_order,
    is_procedure_performed,
    verified,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ACC_AHA_HEART_FAILURE_2022, aha

OUTPATIENT_ENCOUNTERS = (
    vs.LONG_TERM_RESIDENTIAL_CARE,
    vs.HOME_HEALTHCARE,
    vs.NURSING_FACILITY_VISIT,
    vs.OFFICE_VISIT,
    vs.OUTPATIENT_CONSULTATION,
)

qualifying_encounters: EventSet = finished_visits(
    *OUTPATIENT_ENCOUNTERS,
    vs.PATIENT_PROVIDER_INTERACTION,
    name="Qualifying Outpatient Encounter During Measurement Period",
)

_heart_failure = verified(conditions(vs.HEART_FAILURE))

heart_failure_encounter: EventSet = define_set(
    "Heart Failure Outpatient Encounter",
    "Finished visits during the period, with heart failure.",
    finished_visits(*OUTPATIENT_ENCOUNTERS, name="Outpatient Encounter").with_(
        _heart_failure, day_overlaps(THIS, inner=OTHER)
    ),
)

initial_population: Condition = define(
    "Initial Population",
    "18 or older at the start of the period, with two visits during it, one of them with heart failure.",
    age(PERIOD.start).at_least(18) & qualifying_encounters.at_least(2) & heart_failure_encounter.exist(),
)

_ejection_fractions = is_laboratory_test_performed(
    observations(vs.EJECTION_FRACTION, found_in=("imaging", "laboratory", "procedure"))
)
_low_fractions = _ejection_fractions.where(value_at_most(40, "%"))
_dysfunction = verified(
    conditions(vs.MODERATE_OR_SEVERE_LVSD)
    | conditions(codes.LV_SYSTOLIC_DYSFUNCTION).where(has("severity", vs.MODERATE_OR_SEVERE))
)

lvsd_encounter: EventSet = define_set(
    "Heart Failure Outpatient Encounter with History of Moderate or Severe LVSD",
    "Visits with heart failure after an ejection fraction of 40 % or less, or moderate or severe dysfunction.",
    heart_failure_encounter.with_(_low_fractions, other.start.before(end))
    | heart_failure_encounter.with_(_dysfunction, other.start.before(end)),
)

# --- exclusions: begun by the end of such a visit ---------------------------------------------------
transplant: Condition = define(
    "Has Heart Transplant",
    "A heart transplant before the end of a visit.",
    is_procedure_performed(procedures(vs.HEART_TRANSPLANT)).with_(lvsd_encounter, start.before(other.end)).exist(),
)

assist_device: Condition = define(
    "Has Left Ventricular Assist Device",
    "A left ventricular assist device placed before the day on which a visit ended.",
    is_procedure_performed(procedures(vs.LVAD_PLACEMENT))
    .with_(lvsd_encounter, start.day.before(other.end.day))
    .exist(),
)

# Where no onset is recorded at all the condition begins with time, and so before birth: then its record counts.
_diagnosed = If(start.is_known & start.on_or_after(birth), start, If(at.is_known, at, start))

complications: Condition = define(
    "Has Heart Transplant Complications or Left Ventricular Assist Device Complications",
    "Complications of a heart transplant or an assist device, begun by the day on which a visit ended.",
    verified(conditions(vs.HEART_TRANSPLANT_COMPLICATIONS, vs.LVAD_COMPLICATIONS))
    .with_(lvsd_encounter, _diagnosed.day.on_or_before(other.end.day))
    .exist(),
)

_excluded = (
    Reason("heart transplant", transplant),
    Reason("left ventricular assist device", assist_device),
    Reason("complications of a transplant or assist device", complications),
)


# --- the medicine -----------------------------------------------------------------------------------
def _written_at_visit(requests: EventSet) -> EventSet:
    """Written on a day of such a visit, as an order whose fulfilment was not rejected."""
    return _not_rejected(requests.where(status.is_in("active", "completed"), intent.is_in(*ORDER_INTENTS))).with_(
        lvsd_encounter, at.day.on_or_after(other.start.day), at.day.on_or_before(other.end.day)
    )


def _not_rejected(requests: EventSet) -> EventSet:
    return requests.without(
        events(("Task",), codes.FULFILL).where(status.is_("rejected")), reference.same_as(other.focus)
    )


def _outlasts_visit(ongoing: EventSet) -> Condition:
    """Begun by the day on which such a visit ended, and going on after it ("overlaps after day of")."""
    return ongoing.with_(lvsd_encounter, start.day.on_or_before(other.end.day), end.day.after(other.end.day)).exist()


_medicines = medication_requests(vs.ACEI_ARB_ARNI)
# As published ("medication in …", which a reference is not), the report knows medicines by their codes alone.
_by_code = _medicines.where(~focus.is_known)
_ordered = _not_rejected(is_order(_by_code))


def _without_end(orders: EventSet) -> Condition:
    """Taken since the day on which such a visit ended, or earlier, and nobody said until when."""
    return (
        orders.where(~start.is_known, end.is_known)
        .with_(lvsd_encounter, latest.day.on_or_before(other.end.day))
        .exist()
    )


treated: Condition = define(
    "Numerator",
    "An ACE inhibitor, ARB or ARNI was ordered at a visit, or taken during one and beyond.",
    _written_at_visit(done(_by_code)).exist() | _outlasts_visit(_ordered) | _without_end(_ordered),
)

# --- exceptions -------------------------------------------------------------------------------------
reason_for_not_ordering: Condition = define(
    "Has Medical or Patient Reason for Not Ordering ACEI or ARB or ARNI",
    "At a visit it was recorded that none is ordered, for a medical reason or the patient's.",
    _written_at_visit(
        _by_code.where(not_done, has("reason", vs.MEDICAL_REASON, vs.PATIENT_REASON, vs.ACEI_ARB_DECLINED))
    ).exist(),
)

_allergies = allergies(
    vs.ACEI_ARB_ARNI_INGREDIENT, codes.ACEI_MECHANISM, codes.ARB_MECHANISM, codes.NEPRILYSIN_MECHANISM
).where(~verification.is_known | verification.is_in("confirmed", "unconfirmed"))

allergy: Condition = define(
    "Has Allergy or Intolerance to ACEI or ARB or ARNI Ingredient",
    "An allergy or intolerance to the medicine, begun by the day on which a visit ended.",
    _allergies.with_(lvsd_encounter, start.day.on_or_before(other.end.day)).exist(),
)

allergy_diagnosis: Condition = define(
    "Has Diagnosis of Allergy or Intolerance to ACEI or ARB",
    "A diagnosis of allergy or intolerance during a visit and beyond.",
    _outlasts_visit(verified(conditions(vs.ALLERGY_TO_ACEI_ARB, vs.INTOLERANCE_TO_ACEI_ARB))),
)

_pregnancies = verified(conditions(vs.PREGNANCY))
_pregnancy_observed = is_laboratory_test_performed(
    observations(codes.PREGNANCY_STATUS, found_in=("social-history",))
).where(has("value", vs.PREGNANCY))
_in_nine_months = (start.on_or_after(other.start.minus(9, "month")), start.on_or_before(other.start))

pregnancy: Condition = define(
    "Has Diagnosis of Pregnancy",
    "A pregnancy that began in the nine months before a visit.",
    _pregnancies.with_(lvsd_encounter, *_in_nine_months).exist()
    | _pregnancy_observed.with_(lvsd_encounter, *_in_nine_months).exist(),
)

renal_failure: Condition = define(
    "Has Diagnosis of Renal Failure Due to ACEI",
    "Renal failure by an ACE inhibitor at a visit.",
    verified(conditions(codes.RENAL_FAILURE_BY_ACEI)).with_(lvsd_encounter, day_overlaps(OTHER)).exist(),
)

_taken_now: EventSet = _not_rejected(is_order(_medicines)).where(
    end.on_or_after(as_of) | (status.is_("active") & ~end.is_known)
)

CMS135 = Measure(
    id="CMS135",
    version="1.0.000",
    title="Heart failure: ACE inhibitor, ARB or ARNI for left ventricular systolic dysfunction",
    canonical="https://madie.cms.gov/Measure/CMS135FHIRACEIorARBorARNIforHF",
    source=aha(
        "Heart Failure: ACE Inhibitor, ARB or ARNI Therapy for Left Ventricular Systolic Dysfunction (CMS135 FHIR)",
        "CMS135FHIRACEIorARBorARNIforHF",
    ),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population & lvsd_encounter.exist(),
            exclusions=_excluded,
            numerator=treated,
            exceptions=(
                Reason("a reason for not ordering", reason_for_not_ordering),
                Reason("allergy or intolerance", allergy),
                Reason("diagnosed allergy or intolerance", allergy_diagnosis),
                Reason("pregnancy", pregnancy),
                Reason("renal failure by an ACE inhibitor", renal_failure),
            ),
        ),
    ),
    clinical=Clinical(
        plain_title="Heart failure medicine",
        source=ACC_AHA_HEART_FAILURE_2022,
        eligible=define(
            "Heart failure with reduced ejection fraction",
            "18 or older, with heart failure and an ejection fraction of 40 % or less or like dysfunction.",
            age(as_of).at_least(18)
            & _heart_failure.where(day_overlaps(PAST_YEAR)).exist()
            & (_low_fractions.exist() | _dysfunction.exist()),
        ),
        excluded=(
            Reason("heart transplant", is_procedure_performed(procedures(vs.HEART_TRANSPLANT)).exist()),
            Reason("left ventricular assist device", is_procedure_performed(procedures(vs.LVAD_PLACEMENT)).exist()),
            Reason(
                "complications of a transplant or assist device",
                verified(conditions(vs.HEART_TRANSPLANT_COMPLICATIONS, vs.LVAD_COMPLICATIONS)).exist(),
            ),
            Reason("allergy or intolerance", _allergies.where(clinical.is_like("active")).exist()),
            Reason(
                "diagnosed allergy or intolerance",
                verified(conditions(vs.ALLERGY_TO_ACEI_ARB, vs.INTOLERANCE_TO_ACEI_ARB))
                .where(end.on_or_after(as_of))
                .exist(),
            ),
            Reason(
                "pregnancy",
                _pregnancies.where(end.on_or_after(as_of), start.on_or_after(as_of.minus(9, "month"))).exist(),
            ),
            Reason("renal failure by an ACE inhibitor", verified(conditions(codes.RENAL_FAILURE_BY_ACEI)).exist()),
            Reason(
                "a reason for not ordering",
                _medicines.where(
                    not_done,
                    has("reason", vs.MEDICAL_REASON, vs.PATIENT_REASON, vs.ACEI_ARB_DECLINED),
                    contains(PAST_YEAR, at),
                ).exist(),
            ),
        ),
        closed_by=(ClosedBy("ACE inhibitor, ARB or ARNI", _taken_now, None),),
        relevant=_ejection_fractions,
    ),
)
