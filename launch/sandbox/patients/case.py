"""A case: everything that is decided about a patient before the first resource is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from .dates import age_on, months_before
from .people import Person
from .problems import Problem
from .states import Outcome, State
from .visits import Engagement, Visit


@dataclass(frozen=True, slots=True)
class Brief:
    """What is fixed beforehand about a patient; what is None or missing is drawn."""

    id: str
    purpose: str = ""
    name: tuple[str, str] | None = None
    sex: str | None = None
    age: int | None = None
    extra_days: int | None = None  # since the last birthday
    language: str | None = None
    problems: tuple[Problem, ...] | None = None
    engagement: Engagement | None = None
    away_months: int | None = None  # since the last visit, for a dormant patient
    payer: str | None = None
    smoking: str | None = None
    states: dict[str, tuple[State, str]] = field(default_factory=dict)  # service -> state, method
    last: dict[str, int] = field(default_factory=dict)  # service -> months since it was last done
    a1c: tuple[tuple[int, float], ...] = ()  # (days before the reference date, percent), latest first
    traits: frozenset[str] = frozenset()  # keys of decide.TRAITS and the cast's own
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
    payer: str  # a key of cover.PAYERS
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

    @property
    def end(self) -> date:
        """The day after which nothing is recorded: the reference date, or the day of death."""
        return self.person.deceased or self.reference

    @property
    def office_visits(self) -> tuple[Visit, ...]:
        """The visits at which somebody is measured and asked: none by video, none in hospital."""
        return tuple(visit for visit in self.visits if visit.in_office)

    def state(self, service: str) -> State | None:
        """The state of a service, or None where it is not for this patient."""
        outcome = self.services.get(service)
        return outcome.state if outcome else None

    def has(self, problem: str) -> bool:
        """Whether the problem list says, truly and now, that the patient has it."""
        return problem in self.tags
