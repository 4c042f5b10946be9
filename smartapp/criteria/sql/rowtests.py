"""A set as a test of the rows that it is chosen from: one pass over the rows then answers many questions.

Most sets are the events of a leaf that fit some conditions. Whether an event is in such a set is an expression over its
row, so that no table of the set has to be made: all that is asked of the same rows is worked out together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import DefineSet, Events, EventSet, Union, Where
from smartapp.criteria.sql.compiler import in_list, scan_of
from smartapp.criteria.sql.sets import Joins, Sets

Root = tuple[object, ...]
"""The rows that a set is chosen from: ``("work", classes)``, or ``("set", number of the set, mode)``."""


@dataclass(frozen=True)
class Test:
    """Which of the rows of ``root`` are in a set: all of ``parts`` hold; unknown where a member is uncertain.

    ``root_set`` is the set whose rows they are, None for events themselves; ``tables`` has to be joined.
    """

    root: Root
    root_set: EventSet | None
    mode: Mode
    parts: tuple[str, ...]
    tables: dict[str, str] = field(default_factory=dict)
    needs_person: bool = False

    def joined(self) -> str:
        """The joins that the parts need."""
        made = [f" LEFT JOIN {table} {name} ON {name}.p = t.p" for name, table in self.tables.items()]
        return "".join(made) + (" JOIN person pt ON pt.p = t.p" if self.needs_person else "")

    @property
    def classes(self) -> tuple[int, ...]:
        """The classes of the events; none for the rows of a set."""
        classes = self.root[1]
        return classes if self.root_set is None and isinstance(classes, tuple) else ()

    def source(self, sets: Sets, also: str = "") -> str:
        """The rows, named ``t``, and the joins, with ``also`` among them; ends with WHERE and a condition."""
        if self.root_set is None:
            return (
                f"work t{self.joined()}{also} WHERE {scan_of('t.cls', self.classes)} AND t.seen <= {sets.c.times.as_of}"
            )
        return f"{sets.rows(self.root_set, self.mode)} t{self.joined()}{also} WHERE TRUE"


def test_of(sets: Sets, events: EventSet, mode: Mode) -> Test:
    """The test of a set in a mode (as :meth:`Sets.mode` gives it)."""
    tables: dict[str, str] = {}
    scope = sets.scope(mode, tables)
    found = _of_events(sets, events, mode, scope)
    if found is not None:
        classes, parts = found
        return Test(("work", classes), None, mode, tuple(dict.fromkeys(parts)), tables, scope.needs_person)
    conditions: list[str] = []
    while isinstance(events, DefineSet | Where):
        if isinstance(events, Where):
            conditions.append(scope.sql(events.condition))
        events = events.events
    real = sets.mode(events, mode)
    certain = [] if real is Mode.STRICT else ["CASE WHEN t.sure THEN TRUE END"]
    root = ("set", sets.c.number(events), real)
    return Test(root, events, real, (*certain, *dict.fromkeys(reversed(conditions))), tables, scope.needs_person)


_Found = tuple[tuple[int, ...], list[str]]
"""Classes, and the conditions that an event of them has to fit."""


def _of_events(sets: Sets, events: EventSet, mode: Mode, scope: Joins) -> _Found | None:
    """The classes and the conditions of a set that is chosen from events alone; None for any other."""
    found: _Found | None = None
    if isinstance(events, DefineSet):
        found = _of_events(sets, events.events, mode, scope)
    elif isinstance(events, Events):
        answers = sets.c.answers(events)
        found = answers.yes, []
        if mode is not Mode.STRICT and answers.maybe:
            either = tuple(sorted({*answers.yes, *answers.maybe}))
            found = either, [f"CASE WHEN {in_list('t.cls', answers.yes)} THEN TRUE END"]
    elif isinstance(events, Where):
        inner = _of_events(sets, events.events, mode, scope)
        if inner is not None:
            found = inner[0], [*inner[1], scope.sql(events.condition)]
    elif isinstance(events, Union):
        members = [_of_events(sets, one, mode, scope) for one in dict.fromkeys(events.sets)]
        if None not in members:
            found = _either([one for one in members if one is not None])
    return found


def _either(members: Sequence[_Found]) -> _Found:
    """An event that is in one of several sets."""
    if len(members) == 1:
        return members[0]
    every = tuple(sorted({number for classes, _ in members for number in classes}))
    if not any(parts for _, parts in members):
        return every, []
    texts = (" AND ".join(f"({part})" for part in (in_list("t.cls", classes), *parts)) for classes, parts in members)
    return every, [" OR ".join(f"({text})" for text in texts)]
