"""CMS156: Use of High-Risk Medications in Older Adults. An inverse measure: its numerators are the gap."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    Interval,
    Value,
    age,
    as_of,
    at,
    conditions,
    contains,
    days,
    define,
    define_set,
    during,
    encounters,
    end,
    medication_requests,
    number,
    other,
    overlaps,
    repeats,
    start,
    status,
    unit,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Hit, Measure, Rate
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.statuses import done, is_encounter_performed, is_order, verified
from smartapp.measures.shared.windows import PAST_YEAR
from smartapp.measures.sources import BEERS_2023, ncqa

qualifying_encounters: EventSet = define_set(
    "Qualifying Encounters",
    "Finished visits that began and ended in the measurement period.",
    is_encounter_performed(
        encounters(
            vs.OFFICE_VISIT,
            vs.OPHTHALMOLOGICAL_SERVICES,
            vs.PREVENTIVE_ESTABLISHED_18_UP,
            vs.DISCHARGE_SERVICES_NURSING_FACILITY,
            vs.NURSING_FACILITY_VISIT,
            vs.LONG_TERM_RESIDENTIAL_CARE,
            vs.PREVENTIVE_INITIAL_18_UP,
            vs.ANNUAL_WELLNESS_VISIT,
            vs.HOME_HEALTHCARE,
            vs.TELEPHONE_VISITS,
            vs.VIRTUAL_ENCOUNTER,
            codes.OFFICE_VISIT_WITHOUT_PHYSICIAN,
        )
    ).where(during(PERIOD)),
)

initial_population: Condition = define(
    "Initial Population",
    "65 or older at the end of the period, with a visit during it.",
    age(PERIOD.end).at_least(65) & qualifying_encounters.exist(),
)


def more_than_one_order(orders: EventSet, window: Interval = PERIOD) -> EventSet:
    """Orders in the period that were refilled, or that another order of another day goes with.

    Two orders of one day count as two where their supplies begin on different days of the period (that they are of one
    day need not be asked: those of different days count anyhow). Refills and supplies that are not on record are none.
    """
    first = is_order(orders).where(contains(window, at))
    supplied = first.where(start.is_known, contains(window, start))
    return (
        first.where(repeats.is_known, repeats.at_least(1))
        | first.with_(first, ~at.day.same_as(other.at.day))
        | supplied.with_(supplied, ~start.day.same_as(other.start.day))
    )


_SAME_MEDICINE: tuple[ValueSet | DirectCode, ...] = (
    vs.HARMFUL_ANTIHISTAMINES,
    vs.HARMFUL_ANTIPARKINSONIANS,
    vs.HARMFUL_ANTISPASMODICS,
    vs.DIPYRIDAMOLE,
    vs.GUANFACINE,
    vs.NIFEDIPINE,
    vs.HARMFUL_ANTIDEPRESSANTS,
    vs.HARMFUL_BARBITURATES,
    codes.ERGOLOID_MESYLATES,
    vs.MEPROBAMATE,
    vs.HARMFUL_ESTROGENS,
    vs.HARMFUL_SULFONYLUREAS,
    vs.DESICCATED_THYROID,
    vs.HARMFUL_HYPNOTICS,
    vs.HARMFUL_MUSCLE_RELAXANTS,
    vs.HARMFUL_PAIN_MEDICATIONS,
    vs.MEGESTROL,
    vs.MEPERIDINE,
)


def _any_of_them(window: Interval) -> Condition:
    sets = [more_than_one_order(medication_requests(kind), window) for kind in _SAME_MEDICINE]
    together = sets[0]
    for one in sets[1:]:
        together = together | one
    return together.exist()


_DIGOXIN_LIMIT, _DOXEPIN_LIMIT = 0.125, 6.0
"""Milligrams a day, above which the medicine is of high risk."""

_DIGOXIN_TABLETS = (
    (codes.DIGOXIN_TABLET_0_0625, 0.0625),
    (codes.DIGOXIN_TABLET_0_125, 0.125),
    (codes.DIGOXIN_TABLET_0_25, 0.25),
)
_DIGOXIN_LIQUIDS = (
    (codes.DIGOXIN_SOLUTION_0_05, 0.05),
    (codes.DIGOXIN_INJECTION_0_1, 0.1),
    (codes.DIGOXIN_INJECTION_0_25, 0.25),
)
_DOXEPIN_TABLETS = (
    (codes.DOXEPIN_TABLET_3, 3.0),
    (codes.DOXEPIN_TABLET_6, 6.0),
    (codes.DOXEPIN_CAPSULE_10, 10.0),
    (codes.DOXEPIN_CAPSULE_25, 25.0),
    (codes.DOXEPIN_CAPSULE_50, 50.0),
    (codes.DOXEPIN_CAPSULE_75, 75.0),
    (codes.DOXEPIN_CAPSULE_100, 100.0),
    (codes.DOXEPIN_CAPSULE_150, 150.0),
)
_DOXEPIN_LIQUIDS = ((codes.DOXEPIN_SOLUTION_10, 10.0),)

Strengths = tuple[tuple[DirectCode, float], ...]


def _above(limit: float, tablets: Strengths, liquids: Strengths) -> EventSet:
    """Orders of more than ``limit`` mg a day; strengths are mg a tablet, or mg a mL where mL were ordered."""
    sets = [medication_requests(code).where(number.more_than(limit / mg)) for code, mg in tablets]
    sets += [medication_requests(code).where(unit.is_like("mL"), number.more_than(limit / mg)) for code, mg in liquids]
    together = sets[0]
    for one in sets[1:]:
        together = together | one
    return together


_high_digoxin = _above(_DIGOXIN_LIMIT, _DIGOXIN_TABLETS, _DIGOXIN_LIQUIDS)
_high_doxepin = _above(_DOXEPIN_LIMIT, _DOXEPIN_TABLETS, _DOXEPIN_LIQUIDS)


def high_risk_medicines(window: Interval = PERIOD) -> Condition:
    """Numerator 1, in the measurement period or another window."""
    long_anti_infectives: Value = (
        more_than_one_order(medication_requests(vs.HARMFUL_ANTIINFECTIVES), window).where(days.is_known).total(days)
    )
    return define(
        "Numerator 1",
        "Two orders of one kind of medicine to avoid, anti-infectives for more than 90 days, or digoxin or doxepin "
        "above the daily dose.",
        _any_of_them(window)
        | long_anti_infectives.more_than(90)
        | more_than_one_order(_high_digoxin, window).exist()
        | more_than_one_order(_high_doxepin, window).exist(),
    )


def _without_a_reason(medicines: ValueSet, reasons: tuple[ValueSet, ...], window: Interval) -> Condition:
    orders = medication_requests(medicines)
    index = is_order(orders).where(contains(window, at)).lowest(at)
    treated = verified(conditions(*reasons)).where(overlaps(Interval(window.start.minus(1, "year"), index)))
    return more_than_one_order(orders, window).exist() & ~treated.exist()


def without_a_diagnosis(window: Interval = PERIOD) -> Condition:
    """Numerator 2, in the measurement period or another window."""
    return define(
        "Numerator 2",
        "Two orders of antipsychotics without schizophrenia or bipolar disorder, or of benzodiazepines without a "
        "disorder that they treat, from a year before the period to the first order.",
        _without_a_reason(vs.HARMFUL_ANTIPSYCHOTICS, (vs.SCHIZOPHRENIA, vs.BIPOLAR_DISORDER), window)
        | _without_a_reason(
            vs.HARMFUL_BENZODIAZEPINES,
            (
                vs.SEIZURE_DISORDER,
                vs.REM_SLEEP_BEHAVIOR_DISORDER,
                vs.BENZODIAZEPINE_WITHDRAWAL,
                vs.ALCOHOL_WITHDRAWAL,
                vs.GENERALIZED_ANXIETY,
            ),
            window,
        ),
    )


def _rate(number_: int, title: str, numerator: Condition) -> Rate:
    return Rate(
        f"Group_{number_}",
        initial_population,
        denominator=initial_population,
        exclusions=(exclusions.hospice(), exclusions.palliative_care()),
        numerator=numerator,
        title=title,
    )


# On the chart: such medicines, and those of them that are in use.
_medicines = (
    done(
        medication_requests(
            *_SAME_MEDICINE, vs.HARMFUL_ANTIINFECTIVES, vs.HARMFUL_ANTIPSYCHOTICS, vs.HARMFUL_BENZODIAZEPINES
        )
    )
    | _high_digoxin
    | _high_doxepin
)
_in_use: EventSet = _medicines.where(status.is_("active"), ~end.is_known | end.on_or_after(as_of))

CMS156 = Measure(
    id="CMS156",
    version="1.0.000",
    title="Use of high-risk medications in older adults",
    canonical="https://madie.cms.gov/Measure/CMS156FHIRHighRiskMedsElderly",
    source=ncqa("Use of High-Risk Medications in Older Adults (CMS156 FHIR)", "CMS156FHIRHighRiskMedsElderly"),
    numerator_means=Hit.GAP,
    rates=(
        _rate(1, "medicines to avoid", high_risk_medicines()),
        _rate(2, "antipsychotics and benzodiazepines without a diagnosis", without_a_diagnosis()),
        _rate(3, "either", without_a_diagnosis() | high_risk_medicines()),
    ),
    clinical=Clinical(
        plain_title="Medicines review",
        source=BEERS_2023,
        eligible=age(as_of).at_least(65)
        & (high_risk_medicines(PAST_YEAR) | without_a_diagnosis(PAST_YEAR))
        & _in_use.exist(),
        excluded=(exclusions.hospice(PAST_YEAR), exclusions.palliative_care(PAST_YEAR)),
        # Open while such a medicine is in use, whichever others were stopped.
        closed_by=(ClosedBy("stop of a medicine to avoid", _medicines.where(status.is_("stopped")), None),),
        satisfied=define("None in use", "No active order of a medicine to avoid.", ~_in_use.exist()),
        relevant=_in_use,
    ),
)
