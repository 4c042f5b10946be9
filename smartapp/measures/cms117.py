"""CMS117: Childhood Immunization Status. Ten vaccines by the second birthday, or what stands in for each."""

from __future__ import annotations

from collections.abc import Mapping

from smartapp.criteria.nodes import And, DirectCode, ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    Interval,
    age,
    as_of,
    birth,
    conditions,
    day_contains,
    define,
    immunizations,
    other,
    procedures,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Measure, Rate, Reason
from smartapp.measures.schedules import DEFAULT, Schedule
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import (
    encounter_diagnoses,
    is_immunization_administered,
    is_procedure_performed,
    verified,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import ncqa

Kind = ValueSet | DirectCode

_FIRST_BIRTHDAY, _SECOND_BIRTHDAY = birth.plus(1, "year"), birth.plus(2, "year")
FIRST_TWO_YEARS = Interval(birth, _SECOND_BIRTHDAY)
FROM_DAY_42 = Interval(birth.plus(42, "day"), _SECOND_BIRTHDAY)
FROM_DAY_180 = Interval(birth.plus(180, "day"), _SECOND_BIRTHDAY)
SECOND_YEAR = Interval(_FIRST_BIRTHDAY, _SECOND_BIRTHDAY)
ON_SECOND_BIRTHDAY = Interval(_SECOND_BIRTHDAY, _SECOND_BIRTHDAY)


def _given(vaccine: Kind, administered: Kind, window: Interval) -> EventSet:
    """Doses in a window of days, as an immunization or as the procedure of giving it."""
    return is_immunization_administered(immunizations(vaccine)).where(
        day_contains(window, start)
    ) | is_procedure_performed(procedures(administered)).where(day_contains(window, start))


def _on_days(doses: EventSet, n: int) -> Condition:
    """Doses on at least ``n`` different days: published as a chain, each "1 day or more after" the one before."""
    return doses.at_least(n, per=start.day)


def _had(*kinds: Kind) -> Condition:
    """A verified diagnosis that began in the first two years."""
    return verified(conditions(*kinds)).where(day_contains(FIRST_TWO_YEARS, start)).exist()


qualifying_encounters: EventSet = finished_visits(
    vs.OFFICE_VISIT,
    vs.HOME_HEALTHCARE,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    codes.OFFICE_VISIT_WITHOUT_PHYSICIAN,
    vs.VIRTUAL_ENCOUNTER,
    vs.TELEPHONE_VISITS,
)

initial_population: Condition = define(
    "Initial Population",
    "Children who turn 2 in the period, with a visit during it.",
    age(PERIOD.end).at_least(2) & age(PERIOD.end).at_most(2) & qualifying_encounters.exist(),
)

dtap: Condition = define(
    "Four DTaP Vaccinations",
    "DTaP on four days from day 42 to the second birthday, or anaphylaxis or encephalitis after it.",
    _on_days(_given(vs.DTAP_VACCINE, vs.DTAP_ADMINISTERED, FROM_DAY_42), 4)
    | _had(vs.ANAPHYLAXIS_DTAP, vs.ENCEPHALITIS_DTAP),
)

polio: Condition = define(
    "Three Polio Vaccinations",
    "IPV on three days from day 42 to the second birthday, or anaphylaxis after it.",
    _on_days(_given(vs.IPV_VACCINE, vs.IPV_ADMINISTERED, FROM_DAY_42), 3) | _had(codes.ANAPHYLAXIS_POLIO),
)

# As published, measles counts by an encounter's diagnosis only (the same category is named twice).
mmr: Condition = define(
    "One MMR Vaccination",
    "MMR in the second year of life, anaphylaxis after it, or measles, mumps and rubella, each had.",
    _given(vs.MMR_VACCINE, vs.MMR_ADMINISTERED, SECOND_YEAR).exist()
    | _had(codes.ANAPHYLAXIS_MMR)
    | (
        verified(encounter_diagnoses(conditions(vs.MEASLES, found_in=("encounter-diagnosis",))))
        .where(day_contains(FIRST_TWO_YEARS, start))
        .exist()
        & _had(vs.MUMPS)
        & _had(vs.RUBELLA)
    ),
)

_hib_3 = _given(vs.HIB_3_VACCINE, vs.HIB_3_ADMINISTERED, FROM_DAY_42)
_hib_4 = _given(vs.HIB_4_VACCINE, vs.HIB_4_ADMINISTERED, FROM_DAY_42)

hib: Condition = define(
    "Has Appropriate Number of Hib Immunizations",
    "Hib on three days from day 42 to the second birthday, on four where one was of the four-dose schedule, or "
    "anaphylaxis after it.",
    _on_days(_hib_3 | _hib_4, 4) | (~_hib_4.exist() & _on_days(_hib_3, 3)) | _had(codes.ANAPHYLAXIS_HIB),
)

_hepatitis_b = _given(vs.HEPATITIS_B_VACCINE, vs.HEPATITIS_B_ADMINISTERED, FIRST_TWO_YEARS)
_newborn_dose = is_procedure_performed(procedures(codes.NEWBORN_VACCINE)).where(
    day_contains(Interval(birth, birth.plus(7, "day")), start)
)

hepatitis_b: Condition = define(
    "Three Hepatitis B Vaccinations",
    "Hepatitis B vaccine on three days by the second birthday, on two after one in the first week, anaphylaxis after "
    "it, or the disease.",
    _on_days(_hepatitis_b, 3)
    | _on_days(_hepatitis_b.with_(_newborn_dose, start.day.after(other.start.day)), 2)
    | _had(codes.ANAPHYLAXIS_HEPATITIS_B, vs.HEPATITIS_B_DISEASE),
)

chicken_pox: Condition = define(
    "One Chicken Pox Vaccination",
    "Varicella vaccine in the second year of life, anaphylaxis after it, or the disease.",
    _given(vs.VZV_VACCINE, vs.VZV_ADMINISTERED, SECOND_YEAR).exist()
    | _had(vs.VARICELLA_ZOSTER, codes.ANAPHYLAXIS_VARICELLA),
)

pneumococcal: Condition = define(
    "Four Pneumococcal Conjugate Vaccinations",
    "Pneumococcal conjugate vaccine on four days from day 42 to the second birthday, or anaphylaxis after it.",
    _on_days(_given(vs.PCV_VACCINE, vs.PCV_ADMINISTERED, FROM_DAY_42), 4) | _had(codes.ANAPHYLAXIS_PNEUMOCOCCAL),
)

hepatitis_a: Condition = define(
    "One Hepatitis A Vaccinations",
    "Hepatitis A vaccine in the second year of life, anaphylaxis after it, or the disease.",
    _given(vs.HEPATITIS_A_VACCINE, vs.HEPATITIS_A_ADMINISTERED, SECOND_YEAR).exist()
    | _had(vs.HEPATITIS_A, codes.ANAPHYLAXIS_HEPATITIS_A),
)

_rotavirus_2 = _given(codes.ROTAVIRUS_MONOVALENT, vs.ROTAVIRUS_2_ADMINISTERED, FROM_DAY_42)
_rotavirus_3 = _given(vs.ROTAVIRUS_3_VACCINE, vs.ROTAVIRUS_3_ADMINISTERED, FROM_DAY_42)

rotavirus: Condition = define(
    "Has Appropriate Number of Rotavirus Immunizations",
    "Rotavirus vaccine on two days from day 42 to the second birthday, on three where one was of the three-dose "
    "schedule, or anaphylaxis after it.",
    _on_days(_rotavirus_2 | _rotavirus_3, 3)
    | (~_rotavirus_3.exist() & _on_days(_rotavirus_2, 2))
    | _had(codes.ANAPHYLAXIS_ROTAVIRUS),
)

_influenza = _given(vs.CHILD_INFLUENZA_VACCINE, vs.CHILD_INFLUENZA_ADMINISTERED, FROM_DAY_180)

influenza: Condition = define(
    "Two Influenza Vaccinations",
    "Influenza vaccine on two days from day 180 to the second birthday, on one with the live one on the second "
    "birthday, or anaphylaxis after it.",
    _on_days(_influenza, 2)
    | (_given(vs.LAIV_VACCINE, vs.LAIV_ADMINISTERED, ON_SECOND_BIRTHDAY).exist() & _influenza.exist())
    | _had(codes.ANAPHYLAXIS_INFLUENZA),
)

_VACCINES: Mapping[str, Condition] = {
    "DTaP": dtap,
    "polio": polio,
    "MMR": mmr,
    "Hib": hib,
    "hepatitis B": hepatitis_b,
    "varicella": chicken_pox,
    "pneumococcal": pneumococcal,
    "hepatitis A": hepatitis_a,
    "rotavirus": rotavirus,
    "influenza": influenza,
}

complete: Condition = define("Numerator", "All ten vaccines.", And(tuple(_VACCINES.values())))


def _routine(schedule: Schedule) -> Condition:
    """The vaccines that the schedule recommends for every child."""
    if not schedule.children_without:
        return complete
    left = tuple(rule for name, rule in _VACCINES.items() if name not in schedule.children_without)
    return define("Routine vaccines", f"The {len(left)} vaccines that are for all children.", And(left))


_excluded = (
    Reason("severe combined immunodeficiency", _had(vs.SEVERE_COMBINED_IMMUNODEFICIENCY)),
    Reason("a disorder of the immune system", _had(vs.IMMUNE_DISORDERS)),
    Reason("HIV", _had(vs.HIV)),
    Reason("lymphoma, multiple myeloma or leukemia", _had(vs.LYMPHATIC_MALIGNANCY)),
    Reason("intussusception", _had(vs.INTUSSUSCEPTION)),
)

_ALL_VACCINES = (
    vs.DTAP_VACCINE,
    vs.IPV_VACCINE,
    vs.MMR_VACCINE,
    vs.HIB_3_VACCINE,
    vs.HIB_4_VACCINE,
    vs.HEPATITIS_B_VACCINE,
    vs.VZV_VACCINE,
    vs.PCV_VACCINE,
    vs.HEPATITIS_A_VACCINE,
    codes.ROTAVIRUS_MONOVALENT,
    vs.ROTAVIRUS_3_VACCINE,
    vs.CHILD_INFLUENZA_VACCINE,
    vs.LAIV_VACCINE,
)
_doses = is_immunization_administered(immunizations(*_ALL_VACCINES))


def childhood(schedule: Schedule) -> Measure:
    """The published report; on the chart what the practice's schedule recommends for every child."""
    return Measure(
        id="CMS117",
        version="1.0.000",
        title="Childhood immunization status",
        canonical="https://madie.cms.gov/Measure/ChildhoodImmunizationStatusFHIR",
        source=ncqa("Childhood Immunization Status (CMS117 FHIR)", "CMS117FHIRChildImmunStatus"),
        rates=(
            Rate(
                "Group_1",
                initial_population,
                denominator=initial_population,
                exclusions=(exclusions.hospice(), *_excluded),
                numerator=complete,
            ),
        ),
        clinical=Clinical(
            plain_title="Childhood vaccines",
            source=schedule.source,
            choice="Immunization schedule",
            # From 18 months, when the last of these doses is due, until the third birthday.
            eligible=as_of.day.on_or_after(birth.plus(18, "month")) & age(as_of).at_most(2),
            excluded=(exclusions.hospice(PAST_YEAR), *_excluded),
            closed_by=(ClosedBy("vaccine of the first two years", _doses, None),),
            satisfied=_routine(schedule),
            relevant=_doses,
        ),
    )


CMS117 = childhood(DEFAULT)
