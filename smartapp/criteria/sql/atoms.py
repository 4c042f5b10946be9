"""Questions about sets (exists, at least, the last, the sum) as rows (p, v), one atom each.

An atom of truth is bits: 1 where it surely holds, 2 where it may. All atoms of truth of a patient are packed into
words (:mod:`.words`), so that one aggregation over the rows of all atoms (``bit_or``) gives them all. Most are a test
of rows that many atoms share (:mod:`.rowtests`): these are read once for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from smartapp.criteria.compiling import Mode
from smartapp.criteria.fields import Type
from smartapp.criteria.nodes import AtLeast, Edge, EventSet, Exists, Node, Total
from smartapp.criteria.sql.rowtests import Test, test_of
from smartapp.criteria.sql.sets import Sets, key_list


class Sort(StrEnum):
    """What an atom's rows hold and how several of one patient are put together."""

    BITS = "bits"
    TIME = "time"
    NUMBER = "number"


@dataclass(frozen=True)
class Atom:
    """A question's rows: a query, or a test of rows with the ``value`` that ``{s}``, its truth, gives.

    ``best`` is ``max`` or ``min`` for a value, ``bit_or`` for bits, of which there are ``width``. A value from a test
    is the ``field`` of the rows for which ``value`` is true.
    """

    index: int
    key: tuple[object, ...]
    sort: Sort
    best: str
    source: str | Test
    sets: Sets
    value: str = ""
    width: int = 1
    field: str = ""

    @property
    def table(self) -> str:
        return f"atom_{self.index}"

    @property
    def certain(self) -> bool:
        """Whether only rows count for which the truth is known."""
        return self.value in (_IF_SURE, _WHERE)

    @cached_property
    def rows(self) -> str:
        """The rows, as a query."""
        if isinstance(self.source, str):
            return self.source
        truth = " AND ".join(f"({part})" for part in self.source.parts) or "TRUE"
        value, source = self.value.format(s=f"({truth})"), self.source.source(self.sets)
        if self.field:
            return f"SELECT t.p, {self.field} AS v FROM {source} AND {value} AND {self.field} IS NOT NULL"
        return f"SELECT p, v FROM (SELECT t.p, {value} AS v FROM {source}) WHERE v <> 0"

    @property
    def aggregated(self) -> str:
        """One row a patient."""
        return f"SELECT p, {self.best}(v) AS v FROM ({self.rows}) GROUP BY p"


Read = Callable[[Atom, int], str]
"""The expression of an atom where it is asked for: whether it has a bit; for bit 0 its value."""

SURE, MAYBE = 1, 2
_WHERE, _UNLESS_FALSE = "{s}", "{s} IS NOT FALSE"
_IF_SURE = "CASE WHEN {s} THEN 1 ELSE 0 END"
_SURE_OR_MAYBE = "CASE WHEN {s} THEN 1 WHEN {s} IS NULL THEN 2 ELSE 0 END"


class Atoms:
    """The atoms of one compilation."""

    def __init__(self) -> None:
        self.sets: Sets
        self.all: list[Atom] = []
        self._made: dict[tuple[object, ...], Atom] = {}
        self._tables: set[int] = set()

    def ask(self, node: Node, mode: Mode, read: Read) -> str:
        """The expression of a question about a set; for a set itself, whether it has uncertain members or is open."""
        if isinstance(node, Exists):
            return self._exists(node.events, mode, read)
        if isinstance(node, AtLeast):
            return self._at_least(node, mode, read)
        if isinstance(node, Edge):
            return self._edge(node, mode, read)
        if isinstance(node, Total):
            return self._total(node, mode, read)
        assert isinstance(node, EventSet), "nothing else is asked"
        real = self.sets.mode(node, mode)
        return "FALSE" if real is Mode.STRICT else self._doubt(node, real, read)

    def in_query(self, node: Node, mode: Mode, tables: dict[str, str]) -> str:
        """The expression inside a query about events; ``tables`` gets what has to be joined."""

        def read(atom: Atom, bit: int) -> str:
            if atom.index not in self._tables:
                self._tables.add(atom.index)
                self.sets.statements.append((atom.table, atom.aggregated))
            name = f"q{atom.index}"
            tables[name] = atom.table
            return f"(coalesce({name}.v, 0) & {bit}) <> 0" if bit else f"{name}.v"

        return self.ask(node, mode, read)

    def _exists(self, events: EventSet, mode: Mode, read: Read) -> str:
        real = self.sets.mode(events, mode)
        if self.sets.settled.empty(events):
            return "FALSE"
        atom = self._existence(events, real)
        if real is Mode.STRICT:
            return read(atom, SURE)
        maybe = self._or_open(events, real, read)
        return f"CASE WHEN {read(atom, SURE)} THEN TRUE WHEN {read(atom, MAYBE)}{maybe} THEN NULL ELSE FALSE END"

    def _existence(self, events: EventSet, mode: Mode) -> Atom:
        key = ("exists", self._number(events), mode)
        if key not in self._made:
            test = test_of(self.sets, events, mode)
            if mode is Mode.STRICT:
                self._keep(key, Sort.BITS, "bit_or", test, _IF_SURE)
            else:
                self._keep(key, Sort.BITS, "bit_or", test, _SURE_OR_MAYBE, width=2)
        return self._made[key]

    def _doubt(self, events: EventSet, mode: Mode, read: Read) -> str:
        return f"({read(self._existence(events, mode), MAYBE)}{self._or_open(events, mode, read)})"

    def _or_open(self, events: EventSet, mode: Mode, read: Read) -> str:
        keys = self.sets.open(events, mode)
        if not keys:
            return ""
        atom = self._keep(
            ("open", keys), Sort.BITS, "bit_or", f"SELECT p, 1 AS v FROM unread WHERE {key_list(self.sets.c, keys)}"
        )
        return f" OR {read(atom, SURE)}"

    def _at_least(self, node: AtLeast, mode: Mode, read: Read) -> str:
        if node.n <= 0:
            return "TRUE"
        key = ("at-least", self._number(node))
        real = Mode.STRICT if self.sets.settled.same(node) else self.sets.c.plain_mode(node, mode)
        scope = self.sets.scope(real)
        per = None if node.per is None else scope.sql(node.per)
        rows = f"FROM {self.sets.rows(node.events, real)} t{scope.joins()} GROUP BY t.p"
        if real is Mode.STRICT:
            count = "count(*)" if per is None else f"count(DISTINCT {per})"
            select = f"SELECT t.p, CASE WHEN {count} >= {node.n} THEN 1 ELSE 0 END AS v {rows}"
            return read(self._keep((*key, real), Sort.BITS, "bit_or", select), SURE)
        if per is None:
            least, most = "count(CASE WHEN t.sure THEN 1 END)", "count(*)"
        else:
            least = f"count(DISTINCT CASE WHEN t.sure THEN {per} END)"
            most = f"count(DISTINCT {per}) + count(*) - count({per})"
        v = f"CASE WHEN {least} >= {node.n} THEN 1 WHEN {most} >= {node.n} THEN 2 ELSE 0 END"
        atom = self._keep((*key, real), Sort.BITS, "bit_or", f"SELECT t.p, {v} AS v {rows}", width=2)
        maybe = self._or_open(node.events, real, read)
        return f"CASE WHEN {read(atom, SURE)} THEN TRUE WHEN {read(atom, MAYBE)}{maybe} THEN NULL ELSE FALSE END"

    def _edge(self, node: Edge, mode: Mode, read: Read) -> str:
        real = self.sets.mode(node.events, mode)
        test = test_of(self.sets, node.events, real)
        truth = " AND ".join(f"({part})" for part in test.parts) or "TRUE"
        field = self.sets.scope(real).sql(node.field)
        sort = Sort.TIME if node.type is Type.TIME else Sort.NUMBER
        best, number = "max" if node.highest else "min", self._number(node)

        def edge(key: str, which: str) -> str:
            return read(self._keep((key, number, real), sort, best, test, which, field=field), 0)

        value = edge("edge", _WHERE)
        if real is Mode.STRICT:
            return value
        # An uncertain member matters only if it would change the answer.
        lost = f"CASE WHEN ({truth}) IS NULL AND {field} IS NULL THEN TRUE ELSE FALSE END"
        blank = self._keep(("blank", number, real), Sort.BITS, "bit_or", replace(test, parts=(lost,)), _IF_SURE)
        doubt = f"({read(blank, SURE)}{self._or_open(node.events, real, read)})"
        same = f"{edge('edge-of-all', _UNLESS_FALSE)} IS NOT DISTINCT FROM {value}"
        return f"CASE WHEN NOT {doubt} AND {same} THEN {value} END"

    def _total(self, node: Total, mode: Mode, read: Read) -> str:
        real = self.sets.mode(node.events, mode)
        field = self.sets.scope(real).sql(node.field)
        source = f"FROM {self.sets.rows(node.events, real)} t"
        key = self._number(node)
        sums = self._keep(
            ("sum", key, real), Sort.NUMBER, "max", f"SELECT t.p, sum({field}) AS v {source} GROUP BY t.p"
        )
        unknown = self._keep(
            ("unknown", key, real), Sort.BITS, "bit_or", f"SELECT t.p, 1 AS v {source} WHERE {field} IS NULL"
        )
        doubt = "" if real is Mode.STRICT else f" OR {self._doubt(node.events, real, read)}"
        return f"CASE WHEN NOT ({read(unknown, SURE)}{doubt}) THEN coalesce({read(sums, 0)}, 0) END"

    def _number(self, node: Node) -> int:
        return self.sets.c.number(node)

    def _keep(
        self,
        key: tuple[object, ...],
        sort: Sort,
        best: str,
        source: str | Test,
        value: str = "",
        *,
        width: int = 1,
        field: str = "",
    ) -> Atom:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Atom(
                len(self.all), key, sort, best, source, self.sets, value, width if sort is Sort.BITS else 0, field
            )
            self.all.append(found)
        return found
