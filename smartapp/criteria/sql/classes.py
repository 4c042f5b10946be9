"""What the codes of an event say to some rules, as one small number: its class.

Rules ask of codes: is the event in this leaf, has it one of these in that slot? Events with the same codings give
the same answers, and there are far fewer different codings than events. So each different list of codings is asked
once, here, by the reference rules for incomplete value sets; the SQL then only compares class numbers. An event whose
codes are of no leaf has no class: no query reads it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from smartapp.criteria.nodes import Codes, Events, Has, Node, PatientHas
from smartapp.criteria.plan import Plan
from smartapp.criteria.valuesets import ValueSets
from smartapp.facts.codes import SlotCode


class CodeQuestion(NamedTuple):
    """Something that rules ask of codes. ``types`` is for a leaf, empty otherwise; ``codes`` None: whatever code."""

    about: str  # leaf, event or patient
    types: tuple[str, ...]
    slot: str
    codes: Codes | None


def question_of(node: Events | Has | PatientHas) -> CodeQuestion:
    """The question of a node."""
    if isinstance(node, Events):
        return CodeQuestion("leaf", node.types, "code", node.codes)
    return CodeQuestion("event" if isinstance(node, Has) else "patient", (), node.slot, node.codes)


def code_questions(rules: Iterable[Node]) -> tuple[CodeQuestion, ...]:
    """All that some rules ask of codes, each once, in reading order."""
    nodes = Plan(rules).nodes
    return tuple(dict.fromkeys(question_of(node) for node in nodes if isinstance(node, Events | Has | PatientHas)))


class Class(NamedTuple):
    """The questions (by number) that the codes answer with yes, and those whose answer they leave unknown."""

    yes: frozenset[int]
    maybe: frozenset[int]


class Classifier:
    """Sorts lists of codings into classes."""

    def __init__(self, questions: Sequence[CodeQuestion], value_sets: ValueSets) -> None:
        self.questions = tuple(questions)
        self._kinds: dict[str, set[int]] = {}
        self._any: dict[str, set[int]] = {}
        self._coded: dict[SlotCode, list[int]] = {}
        self._lacking: list[tuple[int, str, frozenset[str]]] = []
        self._slots: dict[str, list[int]] = {}
        for number, one in enumerate(self.questions):
            self._add(number, one, value_sets)
        self._leaves = frozenset(n for n, one in enumerate(self.questions) if one.about == "leaf")
        self._patients = frozenset(n for n, one in enumerate(self.questions) if one.about == "patient")

    def _add(self, number: int, one: CodeQuestion, value_sets: ValueSets) -> None:
        for kind in one.types:
            self._kinds.setdefault(kind, set()).add(number)
            if one.codes is None:
                self._any.setdefault(kind, set()).add(number)
        if one.codes is None:
            return
        expansion = value_sets.joined(one.codes)
        for code in expansion.codes:
            self._coded.setdefault(SlotCode(one.slot, *code), []).append(number)
        if expansion.lacks:
            self._lacking.append((number, one.slot, expansion.lacks))
        if one.about == "patient":
            self._slots.setdefault(one.slot, []).append(number)

    def of_event(self, kind: str, codes: Iterable[SlotCode]) -> Class | None:
        """The class of an event of a FHIR type with these codings; None where no rule looks at it."""
        leaves = self._kinds.get(kind)
        if leaves is None:
            return None
        codes = tuple(codes)
        asked = (frozenset(range(len(self.questions))) - self._leaves - self._patients) | leaves
        found = self._answers(codes, asked)
        yes = found.yes | self._any.get(kind, set())
        return Class(yes, found.maybe) if (yes | found.maybe) & self._leaves else None

    def of_patient(self, codes: Iterable[SlotCode]) -> Class:
        """The class of a patient's race, ethnicity and language: what is not recorded is unknown."""
        codes = tuple(codes)
        found = self._answers(codes, self._patients)
        recorded = {coding.slot for coding in codes}
        unknown = {n for slot, numbers in self._slots.items() if slot not in recorded for n in numbers}
        return Class(found.yes, found.maybe | unknown)

    def _answers(self, codes: tuple[SlotCode, ...], asked: frozenset[int] | set[int]) -> Class:
        yes = frozenset(n for coding in codes for n in self._coded.get(coding, ()) if n in asked)
        maybe = set()
        for number, slot, lacks in self._lacking:
            if number in asked and number not in yes:
                systems = {coding.system for coding in codes if coding.slot == slot}
                if systems and systems <= lacks:
                    maybe.add(number)
        return Class(yes, frozenset(maybe))


@dataclass(frozen=True)
class Known:
    """What is known of the data when rules are compiled; it only ever saves work.

    ``classes`` and ``patient_classes`` by number; ``nulls`` the columns of ``work`` that have a NULL in a class (a
    class that is missing may have any); ``person_nulls`` those of ``person``, with ``partial`` for birth dates that are
    not full; ``unread`` the keys that any patient has in ``unread``; ``present`` the classes that any event has, None
    where that is not known; ``rows`` how many events there are of a class.
    """

    classes: Mapping[int, Class]
    patient_classes: Mapping[int, Class] = field(default_factory=dict)
    nulls: Mapping[int, frozenset[str]] = field(default_factory=dict)
    person_nulls: frozenset[str] = frozenset({"birth", "partial", "sex", "gender", "deceased"})
    unread: frozenset[str] = frozenset()
    present: frozenset[int] | None = None
    rows: Mapping[int, int] = field(default_factory=dict)

    @property
    def present_classes(self) -> Mapping[int, Class]:
        """The classes that an event may have."""
        if self.present is None:
            return self.classes
        return {number: one for number, one in self.classes.items() if number in self.present}
