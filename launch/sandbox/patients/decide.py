"""Draws a case: who the patient is, what ails them, when they come, and what has been done for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from .case import Brief, Case
from .dates import age_on, months_before
from .draw import Draw
from .people import Person, draw_person
from .practice import CLINICIANS
from .problems import draw_problems, tags_of
from .states import DUE, MET, OVERDUE, SERVICES, Course, Outcome, Service, State, settle
from .visits import Engagement, Visit, draw_engagement, draw_visits

# Rare things besides the services, and in how many of a hundred drawn patients.
TRAITS = {
    "here-today": 5.0,  # a visit has begun on the reference date
    "sms-opt-out": 7.0,
    "sms-consent": 30.0,
    "risk-accepted": 12.0,  # wants mail although it is not encrypted, and was warned
    "confidential": 3.0,  # asked for communication by other means (45 CFR 164.522(b))
    "portal-inactive": 15.0,  # reads no portal messages
    "outside-lab": 8.0,  # a result in words alone from elsewhere
    "messy": 15.0,  # legal but untidy data
}
# Of patients of 66 and over: what takes them out of measures.
LATE_TRAITS = {"hospice": 3.0, "palliative": 3.0, "nursing-home": 3.0, "walker": 9.0}


def draw_case(brief: Brief, reference: date, draw: Draw) -> Case:
    """Decides a patient; what the brief fixes is kept."""
    person = _person(brief, reference, draw)
    end = person.deceased or reference
    age = age_on(person.birth, reference)
    problems = brief.problems
    if problems is None:
        problems = draw_problems(draw.stream("problems"), person.sex, person.birth, reference)
    smoking = brief.smoking or _smoking(draw.stream("smoking"), age)
    tags = tags_of(problems) | _habits(draw.stream("habits"), smoking, age)
    years = draw.stream("years").weighted({3: 26, 4: 24, 5: 18, 6: 12, 8: 12, 10: 8})
    engagement = brief.engagement or draw_engagement(draw.stream("engagement"), "chronic" in tags, age)
    start = max(person.birth, months_before(reference, 12 * years))
    visits = draw_visits(
        draw.stream("visits"), engagement, start, end,
        chronic="chronic" in tags, birth=person.birth, away_months=brief.away_months,
    )  # fmt: skip
    services = _services(brief, person, tags, _course(person, visits, engagement, end), draw.stream("services"))
    return Case(
        id=brief.id, person=person, reference=reference, years=years, engagement=engagement,
        visits=_wellness_visits(visits, services.get("wellness"), person.birth),
        problems=problems, tags=tags, smoking=smoking, payer=brief.payer or _payer(draw.stream("payer"), age),
        services=services, a1c=brief.a1c, traits=brief.traits or _traits(draw.stream("traits"), age, brief),
    )  # fmt: skip


def _person(brief: Brief, reference: date, draw: Draw) -> Person:
    """The person of the brief; of the drawn patients over 70 a few have died within the year."""
    person = draw_person(
        draw.stream("person"), reference, sex=brief.sex, age=brief.age, extra_days=brief.extra_days,
        language=brief.language, name=brief.name,
        # The cast is on one panel, so that one login shows every story.
        clinicians=CLINICIANS[:1] if brief.purpose else CLINICIANS,
    )  # fmt: skip
    days = brief.deceased_days
    here = draw.stream("death")
    if not brief.purpose and age_on(person.birth, reference) >= 70 and here.chance(6):
        days = here.between(20, 330)
    return replace(person, deceased=reference - timedelta(days=days)) if days else person


def _course(person: Person, visits: tuple[Visit, ...], engagement: Engagement, end: date) -> Course:
    """When things can have been done. What was ordered at a last visit may be done in the weeks after it."""
    days = tuple(visit.day for visit in visits if visit.in_office)
    horizon = end
    if engagement is Engagement.NEW:
        horizon = person.birth
    elif engagement is Engagement.DORMANT and visits:
        horizon = min(end, visits[-1].day + timedelta(days=45))
    return Course(birth=person.birth, visits=days, horizon=horizon, end=end)


def _services(brief: Brief, person: Person, tags: frozenset[str], course: Course, draw: Draw) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    age = age_on(person.birth, course.end)
    for service in SERVICES:
        if not service.fits(person.sex, age, tags):
            continue
        here = draw.stream(service.key)
        state, method = brief.states.get(service.key) or _drawn(here, service)
        if service.key in brief.last:
            last = months_before(course.end, brief.last[service.key])
            found[service.key] = Outcome(state, method, last, service.methods[method][0])
        else:
            found[service.key] = settle(service, state, method, course, here)
    return found


def _drawn(draw: Draw, service: Service) -> tuple[State, str]:
    state = draw.weighted({state: float(share) for state, share in service.rates.items()})
    method = draw.weighted({method: float(share) for method, (_, share) in service.methods.items()})
    return state, method


def _wellness_visits(visits: tuple[Visit, ...], outcome: Outcome | None, birth: date) -> tuple[Visit, ...]:
    """Makes annual wellness visits of the one that was drawn and of those about a year apart before it."""
    if outcome is None or outcome.last is None or outcome.state not in (MET, DUE, OVERDUE):
        return visits
    made, previous = list(visits), None
    for index in range(len(visits) - 1, -1, -1):
        visit = visits[index]
        age = age_on(birth, visit.day)
        if not visit.in_office or visit.day > outcome.last or age < 65:
            continue
        if previous is None or (previous - visit.day).days >= 340:
            previous = visit.day
            kind = "welcome" if age < 66 else "wellness-first" if age < 67 else "wellness"
            made[index] = replace(visit, kind=kind)
    return tuple(made)


def _smoking(draw: Draw, age: int) -> str:
    if age < 18:
        return draw.weighted({"never": 95, "current": 3, "unknown": 2})
    return draw.weighted({"never": 58, "former": 24, "current": 15, "unknown": 3})


def _habits(draw: Draw, smoking: str, age: int) -> frozenset[str]:
    if smoking not in ("former", "current"):
        return frozenset()
    return frozenset({"ever-smoker", "heavy-smoker"} if age >= 45 and draw.chance(55) else {"ever-smoker"})


def _payer(draw: Draw, age: int) -> str:
    if age >= 65:
        return draw.weighted({"medicare": 62, "medicare-advantage": 28, "dual": 10})
    if age < 18:
        return draw.weighted({"commercial": 58, "medicaid": 40, "self-pay": 2})
    return draw.weighted({"commercial": 66, "medicaid": 24, "self-pay": 7, "medicare": 3})


def _traits(draw: Draw, age: int, brief: Brief) -> frozenset[str]:
    """Rare things. Patients of the cast have only their own; minors have a parent on file."""
    if brief.purpose:
        return frozenset()
    rates = TRAITS | LATE_TRAITS if age >= 66 else TRAITS
    found = {trait for trait, percent in rates.items() if draw.stream(trait).chance(percent)}
    if "sms-opt-out" in found:
        found.discard("sms-consent")
    return frozenset(found | {"proxy"} if age < 18 else found)
