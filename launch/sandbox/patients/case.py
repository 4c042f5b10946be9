"""A case: everything that is decided about a patient before the first resource is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from .dates import age_on, months_before
from .draw import Draw
from .people import Person, draw_person
from .practice import CLINICIANS
from .problems import Problem, draw_problems, tags_of
from .states import NEVER, SERVICES, Outcome, Service, State, settle
from .visits import Engagement, Visit, draw_engagement, draw_visits


@dataclass(frozen=True, slots=True)
class Brief:
    """What is fixed beforehand about a patient; what is None or missing is drawn."""

    id: str
    purpose: str = ""
    name: tuple[str, str] | None = None
    sex: str | None = None
    age: int | None = None
    language: str | None = None
    problems: tuple[Problem, ...] | None = None
    engagement: Engagement | None = None
    away_months: int | None = None  # since the last visit, for a dormant patient
    payer: str | None = None
    smoking: str | None = None
    states: dict[str, tuple[State, str]] = field(default_factory=dict)  # service -> state, method
    last: dict[str, int] = field(default_factory=dict)  # service -> months since it was last done
    a1c: tuple[tuple[int, float], ...] = ()  # (days before the reference date, percent)
    traits: frozenset[str] = frozenset()  # hospice, here-today, sms-opt-out, confidential, …
    deceased_days: int | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One patient, decided: the writers turn it into resources."""

    id: str
    person: Person
    reference: date
    years: int
    engagement: Engagement
    visits: tuple[Visit, ...]
    problems: tuple[Problem, ...]
    tags: frozenset[str]
    smoking: str  # never, former, current, unknown
    payer: str  # medicare, medicaid, commercial, self-pay, dual
    services: dict[str, Outcome]
    a1c: tuple[tuple[int, float], ...]
    traits: frozenset[str]

    @property
    def age(self) -> int:
        """Age on the reference date."""
        return age_on(self.person.birth, self.reference)

    @property
    def start(self) -> date:
        """The day the record begins."""
        return max(self.person.birth, months_before(self.reference, 12 * self.years))

    def state(self, service: str) -> State | None:
        """The state of a service, or None where it is not for this patient."""
        outcome = self.services.get(service)
        return outcome.state if outcome else None


def draw_case(brief: Brief, reference: date, draw: Draw) -> Case:
    """Decides a patient: person, problems, visits, and the state of every service that fits."""
    deceased = reference - timedelta(days=brief.deceased_days) if brief.deceased_days else None
    person = draw_person(
        draw.stream("person"), reference, sex=brief.sex, age=brief.age, language=brief.language,
        name=brief.name, deceased=deceased, clinicians=CLINICIANS,
    )  # fmt: skip
    age = age_on(person.birth, reference)
    problems = brief.problems
    if problems is None:
        problems = draw_problems(draw.stream("problems"), person.sex, age, person.birth, reference)
    smoking = brief.smoking or _smoking(draw.stream("smoking"), age)
    tags = tags_of(problems) | _habits(draw.stream("habits"), smoking, age)
    years = draw.stream("years").weighted({3: 26, 4: 24, 5: 18, 6: 12, 8: 12, 10: 8})
    engagement = brief.engagement or draw_engagement(draw.stream("engagement"), "chronic" in tags, age)
    visits = draw_visits(
        draw.stream("visits"), engagement, max(person.birth, months_before(reference, 12 * years)),
        deceased or reference, tags=tags, age=age, birth=person.birth, away_months=brief.away_months,
    )  # fmt: skip
    traits = brief.traits | _traits(draw.stream("traits"), age, brief)
    services = _services(brief, person, age, tags, visits, engagement, deceased or reference, draw.stream("services"))
    return Case(
        id=brief.id, person=person, reference=reference, years=years, engagement=engagement, visits=visits,
        problems=problems, tags=tags, smoking=smoking, payer=brief.payer or _payer(draw.stream("payer"), age),
        services=services, a1c=brief.a1c, traits=traits,
    )  # fmt: skip


def _smoking(draw: Draw, age: int) -> str:
    if age < 18:
        return draw.weighted({"never": 95, "current": 3, "unknown": 2})
    return draw.weighted({"never": 58, "former": 24, "current": 15, "unknown": 3})


def _habits(draw: Draw, smoking: str, age: int) -> frozenset[str]:
    found = set()
    if smoking in ("former", "current"):
        found.add("ever-smoker")
        if age >= 45 and draw.chance(55):
            found.add("heavy-smoker")
    return frozenset(found)


def _payer(draw: Draw, age: int) -> str:
    if age >= 65:
        return draw.weighted({"medicare": 62, "medicare-advantage": 28, "dual": 10})
    if age < 18:
        return draw.weighted({"commercial": 58, "medicaid": 40, "self-pay": 2})
    return draw.weighted({"commercial": 66, "medicaid": 24, "self-pay": 7, "medicare": 3})


def _traits(draw: Draw, age: int, brief: Brief) -> frozenset[str]:
    """Rare things besides the services. Patients of the cast have only their own."""
    if brief.purpose:
        return frozenset()
    rates = {"sms-opt-out": 7.0, "risk-accepted": 12, "confidential": 3, "here-today": 5, "outside-lab": 8, "messy": 15}
    if age >= 65:
        rates |= {"hospice": 3, "palliative": 2, "nursing-home": 3, "walker": 8, "portal-inactive": 30}
    return frozenset(trait for trait, percent in rates.items() if draw.chance(percent))


def _services(
    brief: Brief,
    person: Person,
    age: int,
    tags: frozenset[str],
    visits: tuple[Visit, ...],
    engagement: Engagement,
    reference: date,
    draw: Draw,
) -> dict[str, Outcome]:
    days = tuple(visit.day for visit in visits)
    away = engagement in (Engagement.DORMANT, Engagement.NEW)
    # What was ordered at the last visit may still be done in the weeks after it.
    horizon = min(reference, days[-1] + timedelta(days=45)) if away and days else reference
    found: dict[str, Outcome] = {}
    for service in SERVICES:
        if not service.fits(person.sex, age, tags):
            continue
        here = draw.stream(service.key)
        drawn = _drawn(here, service)
        state, method = brief.states.get(service.key, drawn)
        if service.key in brief.last:
            last = months_before(reference, brief.last[service.key])
            found[service.key] = Outcome(state, method, last, service.methods[method][0])
        elif engagement is Engagement.NEW and state not in (NEVER,):
            found[service.key] = Outcome(NEVER, method, None, service.methods[method][0])
        else:
            found[service.key] = settle(service, state, method, days, horizon, person.birth, reference, here)
    return found


def _drawn(draw: Draw, service: Service) -> tuple[State, str]:
    state = draw.weighted({state: float(share) for state, share in service.rates.items()})
    method = draw.weighted({method: float(share) for method, (_, share) in service.methods.items()})
    return state, method
