"""What rules say of a patient without events: worked out once, and true of most parts for most patients.

A patient has events for few of the leaves of all rules. A part of a rule whose leaves are all empty, and that does not
ask about the patient (age, sex, race…), has the answer that it has for everybody without events; only the others have
to be evaluated.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from itertools import repeat
from typing import Any

from smartapp.criteria.compiling import TODO, Fn, Run
from smartapp.criteria.nodes import Age, Anchor, Events, PatientField, PatientHas
from smartapp.criteria.plan import Plan
from smartapp.criteria.tree import children
from smartapp.facts.events import Facts


class Dependence:
    """Which parts of a plan's rules rest on which leaves."""

    def __init__(self, plan: Plan) -> None:
        leaves: list[frozenset[int]] = []
        personal: list[bool] = []
        for number, node in enumerate(plan.nodes):  # children come first
            inner = [plan.number(child) for child in children(node)]
            own = {number} if isinstance(node, Events) else set()
            leaves.append(frozenset(own.union(*(leaves[one] for one in inner))))
            asks = isinstance(node, Age | PatientField | PatientHas) or node == Anchor("birth")
            personal.append(asks or any(personal[one] for one in inner))
        self._general = tuple(
            number
            for number, node in enumerate(plan.nodes)
            if plan.about_patient[number] and not personal[number] and not isinstance(node, Events)
        )
        self._upon: dict[int, list[int]] = {}
        for number in self._general:
            for leaf in leaves[number]:
                self._upon.setdefault(leaf, []).append(number)
        self._size = len(plan.nodes)

    def blank(self, functions: Sequence[Fn], constants: Sequence[Any]) -> list[Any]:
        """The memo of a patient without events; what rests on the patient is left to do."""
        run = Run(Facts(""), {}, constants, [TODO] * self._size)
        answers = [TODO] * self._size
        for number in self._general:
            answers[number] = functions[number](run, None, None)
        return answers

    def memo(self, blank: Sequence[Any], leaves: Iterable[int]) -> list[Any]:
        """The memo for a patient in whom these leaves are not empty."""
        answers = list(blank)
        upon = self._upon
        numbers = set().union(*[upon[leaf] for leaf in leaves if leaf in upon])
        # A thousand of them: without a step of the interpreter for each.
        deque(map(answers.__setitem__, numbers, repeat(TODO)), maxlen=0)
        return answers
