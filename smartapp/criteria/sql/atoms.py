"""Questions about sets (exists, at least, the last, the sum) as rows (p, v), one atom each.

An atom of truth is bits: 1 where it surely holds, 2 where it may. All atoms of truth of a patient are packed into words
of 31 pairs of bits, so that one aggregation over all rows of all atoms (``bit_or``) gives them all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from smartapp.criteria.compiling import Mode
from smartapp.criteria.fields import Type
from smartapp.criteria.nodes import AtLeast, Edge, EventSet, Exists, Node, Total
from smartapp.criteria.sql.sets import Sets, key_list
from smartapp.errors import CriteriaError


class Sort(StrEnum):
    """What an atom's rows hold and how several of one patient are put together."""

    BITS = "bits"
    TIME = "time"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Atom:
    """A question's rows. ``best`` is ``max`` or ``min`` for a value, ``bit_or`` for bits."""

    index: int
    sort: Sort
    best: str
    rows: str

    @property
    def table(self) -> str:
        return f"atom_{self.index}"

    @property
    def aggregated(self) -> str:
        """One row a patient."""
        return f"SELECT p, {self.best}(v) AS v FROM ({self.rows}) GROUP BY p"


Read = Callable[[Atom, int], str]
"""The expression of an atom where it is asked for: whether it has a bit; for bit 0 its value."""

SURE, MAYBE = 1, 2


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
        if isinstance(node, EventSet):
            real = self.sets.mode(node, mode)
            return "FALSE" if real is Mode.STRICT else self._doubt(node, real, read)
        raise CriteriaError("criteria.no-sql", f"{type(node).__name__} cannot be asked of a patient in SQL.")

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
        atom = self._existence(events, real)
        if real is Mode.STRICT:
            return read(atom, SURE)
        maybe = self._or_open(events, real, read)
        return f"CASE WHEN {read(atom, SURE)} THEN TRUE WHEN {read(atom, MAYBE)}{maybe} THEN NULL ELSE FALSE END"

    def _existence(self, events: EventSet, mode: Mode) -> Atom:
        key = ("exists", self._number(events), mode)
        if key not in self._made:
            v = "1" if mode is Mode.STRICT else "CASE WHEN sure THEN 1 ELSE 2 END"
            self._keep(key, Sort.BITS, "bit_or", f"SELECT p, {v} AS v FROM {self.sets.rows(events, mode)}")
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
        atom = self._keep((*key, real), Sort.BITS, "bit_or", f"SELECT t.p, {v} AS v {rows}")
        maybe = self._or_open(node.events, real, read)
        return f"CASE WHEN {read(atom, SURE)} THEN TRUE WHEN {read(atom, MAYBE)}{maybe} THEN NULL ELSE FALSE END"

    def _edge(self, node: Edge, mode: Mode, read: Read) -> str:
        real = self.sets.mode(node.events, mode)
        scope = self.sets.scope(real)
        field = scope.sql(node.field)
        certain = "" if real is Mode.STRICT else "t.sure AND "
        source = f"FROM {self.sets.rows(node.events, real)} t WHERE"
        sort = Sort.TIME if node.type is Type.TIME else Sort.NUMBER
        best, number = "max" if node.highest else "min", self._number(node)

        def edge(key: str, where: str) -> str:
            select = f"SELECT t.p, {field} AS v {source} {where}{field} IS NOT NULL"
            return read(self._keep((key, number, real), sort, best, select), 0)

        value = edge("edge", certain)
        if real is Mode.STRICT:
            return value
        # An uncertain member matters only if it would change the answer.
        blank = self._keep(
            ("blank", number, real), Sort.BITS, "bit_or", f"SELECT t.p, 1 AS v {source} NOT t.sure AND {field} IS NULL"
        )
        doubt = f"({read(blank, SURE)}{self._or_open(node.events, real, read)})"
        same = f"{edge('edge-of-all', '')} IS NOT DISTINCT FROM {value}"
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

    def _keep(self, key: tuple[object, ...], sort: Sort, best: str, rows: str) -> Atom:
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = Atom(len(self.all), sort, best, rows)
            self.all.append(found)
        return found
