"""CMS2: Screening for Depression and Follow-Up Plan."""

from __future__ import annotations

from dataclasses import dataclass

from smartapp.criteria.nodes import DirectCode, ValueSet
from smartapp.criteria.words import (
    PERIOD,
    Condition,
    EventSet,
    age,
    as_of,
    at,
    conditions,
    contains,
    day_contains,
    define,
    define_set,
    end,
    has,
    medication_requests,
    not_done,
    observations,
    other,
    procedures,
    service_requests,
    start,
)
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, ClosedBy, Every, Measure, Rate, Reason
from smartapp.measures.shared.statuses import (
    has_result,
    is_active_or_completed,
    is_assessment_performed,
    is_order,
    is_procedure_performed,
    problems,
)
from smartapp.measures.shared.visits import finished_visits
from smartapp.measures.shared.windows import past
from smartapp.measures.sources import USPSTF_DEPRESSION_2023, cms

qualifying_encounter: EventSet = finished_visits(
    vs.ENCOUNTER_TO_SCREEN_FOR_DEPRESSION,
    vs.PHYSICAL_THERAPY_EVALUATION,
    vs.TELEPHONE_VISITS,
    name="Qualifying Encounter During Measurement Period",
)

initial_population: Condition = define(
    "Initial Population",
    "12 years or older at the start of the period, with a visit during it.",
    age(PERIOD.start).at_least(12) & qualifying_encounter.exist(),
)

bipolar: Condition = define(
    "History of Bipolar Diagnosis Before Qualifying Encounter",
    "A bipolar disorder on the problem list that began before the day of a visit.",
    problems(conditions(vs.BIPOLAR_DISORDER, found_in=("problem-list-item",)))
    .with_(qualifying_encounter, start.day.before(other.start.day))
    .exist(),
)


@dataclass(frozen=True, slots=True)
class Screening:
    """The screening of an age group with what may follow a positive one."""

    who: str
    code: DirectCode
    medications: ValueSet
    referrals: ValueSet
    follow_ups: ValueSet

    @property
    def all(self) -> EventSet:
        """Screenings with a result."""
        return is_assessment_performed(observations(self.code, found_in=("survey",))).where(has_result)

    @property
    def near_visit(self) -> EventSet:
        """Screenings that ended on the day of a visit or up to 14 days before it."""
        return self.all.with_(
            qualifying_encounter,
            end.day.on_or_after(other.start.day.minus(14, "day")),
            end.day.on_or_before(other.start.day),
        )

    @property
    def most_recent(self) -> EventSet:
        return define_set(
            f"Most Recent {self.who} Depression Screening",
            "The last screening on the day of a visit or up to 14 days before it.",
            self.near_visit.last(by=start),
        )

    @property
    def performed(self) -> Condition:
        return define(
            f"Has {self.who} Depression Screening",
            "A screening with a result on the day of a visit or up to 14 days before it.",
            self.near_visit.exist(),
        )

    @property
    def negative(self) -> Condition:
        return define(
            f"Has Most Recent {self.who} Screening Negative",
            "The last screening was negative.",
            self.most_recent.where(has("value", codes.DEPRESSION_SCREENING_NEGATIVE)).exist(),
        )

    @property
    def positive_visits(self) -> EventSet:
        """Visits with the last screening, a positive one, on their day or begun up to 14 days before it."""
        return qualifying_encounter.with_(
            self.most_recent.where(has("value", codes.DEPRESSION_SCREENING_POSITIVE)),
            other.start.day.on_or_after(start.day.minus(14, "day")),
            other.start.day.on_or_before(start.day),
        )

    @property
    def followed_up(self) -> Condition:
        """Ordered at the visit or within two days of its end, or begun within the visit; in the period."""
        ordered_in_time = (
            at.day.on_or_after(other.end.day),
            at.day.on_or_before(other.end.day.plus(2, "day")),
        )
        # A medicine must also be taken beyond a visit: it overlaps the visit and ends after it.
        medicines = (
            is_order(medication_requests(self.medications))
            .with_(self.positive_visits, start.day.on_or_before(other.end.day), end.day.after(other.end.day))
            .where(day_contains(PERIOD, at))
            .with_(self.positive_visits, *ordered_in_time)
        )
        referrals = (
            is_active_or_completed(service_requests(self.referrals))
            .where(day_contains(PERIOD, at))
            .with_(self.positive_visits, *ordered_in_time)
        )
        interventions = (
            is_procedure_performed(procedures(self.follow_ups))
            .where(day_contains(PERIOD, start))
            .with_(self.positive_visits, start.on_or_after(other.start), start.on_or_before(other.end))
        )
        return define(
            f"Most Recent {self.who} Depression Screening Positive and Follow Up Provided",
            "The last screening was positive, and a medicine, a referral or another follow-up came with the visit or "
            "within two days of it.",
            medicines.exist() | referrals.exist() | interventions.exist(),
        )

    @property
    def good(self) -> Condition:
        return self.negative | self.followed_up

    @property
    def reason_for_not_screening(self) -> Condition:
        """Recorded as not done on a day of a visit, declined or for a medical reason, and not screened either."""
        return define(
            f"Medical or Patient Reason for Not Screening {self.who} for Depression",
            "On a day of a visit it was recorded that the patient was not screened: declined, or a medical reason.",
            observations(self.code, found_in=("survey",))
            .where(not_done, has("reason", codes.DEPRESSION_SCREENING_DECLINED, vs.MEDICAL_REASON))
            .with_(qualifying_encounter, at.day.on_or_after(other.start.day), at.day.on_or_before(other.end.day))
            .exist()
            & ~self.performed,
        )


ADOLESCENT = Screening(
    "Adolescent",
    codes.ADOLESCENT_DEPRESSION_SCREENING,
    vs.ADOLESCENT_DEPRESSION_MEDICATIONS,
    vs.REFERRAL_ADOLESCENT_DEPRESSION,
    vs.FOLLOW_UP_ADOLESCENT_DEPRESSION,
)
ADULT = Screening(
    "Adult",
    codes.ADULT_DEPRESSION_SCREENING,
    vs.ADULT_DEPRESSION_MEDICATIONS,
    vs.REFERRAL_ADULT_DEPRESSION,
    vs.FOLLOW_UP_ADULT_DEPRESSION,
)

_age = age(PERIOD.start)

numerator: Condition = define(
    "Numerator",
    "The last screening was negative, or positive with follow-up: the adolescents' screening at 12 to 16, either at "
    "17, the adults' from 18.",
    (_age.at_least(12) & _age.at_most(16) & ADOLESCENT.good)
    | (_age.at_least(17) & _age.at_most(17) & (ADOLESCENT.good | ADULT.good))
    | (_age.at_least(18) & ADULT.good),
)

_screenings = ADOLESCENT.all | ADULT.all
_last_ever: EventSet = _screenings.last(by=start)
_orders_past_year = is_order(
    medication_requests(vs.ADULT_DEPRESSION_MEDICATIONS, vs.ADOLESCENT_DEPRESSION_MEDICATIONS)
) | is_active_or_completed(service_requests(vs.REFERRAL_ADULT_DEPRESSION, vs.REFERRAL_ADOLESCENT_DEPRESSION))
_interventions_past_year = is_procedure_performed(
    procedures(vs.FOLLOW_UP_ADULT_DEPRESSION, vs.FOLLOW_UP_ADOLESCENT_DEPRESSION)
)

CMS2 = Measure(
    id="CMS2",
    version="1.0.000",
    title="Screening for depression and follow-up plan",
    canonical="https://madie.cms.gov/Measure/CMS2FHIRPCSDepScreenAndFollowUp",
    source=cms("Screening for Depression and Follow-Up Plan (CMS2 FHIR)", "CMS2FHIRPCSDepScreenAndFollowUp"),
    rates=(
        Rate(
            "Group_1",
            initial_population,
            denominator=initial_population,
            exclusions=(Reason("bipolar disorder", bipolar),),
            numerator=numerator,
            exceptions=(
                Reason("a reason for not screening", ADOLESCENT.reason_for_not_screening),
                Reason("a reason for not screening an adult", ADULT.reason_for_not_screening),
            ),
        ),
    ),
    clinical=Clinical(
        plain_title="Depression screening",
        source=USPSTF_DEPRESSION_2023,
        eligible=age(as_of).at_least(12),
        excluded=(
            Reason(
                "bipolar disorder",
                problems(conditions(vs.BIPOLAR_DISORDER, found_in=("problem-list-item",)))
                .where(start.on_or_before(as_of))
                .exist(),
            ),
        ),
        closed_by=(ClosedBy("depression screening", _screenings, Every(1, "year")),),
        satisfied=define(
            "Negative, or followed up",
            "The last screening was not positive, or a follow-up came in the past year.",
            ~_last_ever.where(has("value", codes.DEPRESSION_SCREENING_POSITIVE)).exist()
            | _orders_past_year.where(contains(past(1, "year"), at)).exist()
            | _interventions_past_year.where(contains(past(1, "year"), start)).exist(),
        ),
        relevant=_screenings,
        sensitive="mental-health",
    ),
)
