"""Event sets as SQL: rows (p, e, the columns that are read of them); in Kleene's logic also ``sure``.

A set that is used twice is a table of its own. Whether a set is open is not a row: it follows from what of it is
unread (:meth:`Settled.open_keys`).

Joins are written as a join on the patient whose pairs are filtered, and a semi-join on the event: DuckDB runs a
semi-join with any other condition as a loop over all pairs of the whole population.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smartapp.criteria.compiling import Mode
from smartapp.criteria.nodes import DefineSet, Events, EventSet, Node, Pick, Union, Where, With, WithLast
from smartapp.criteria.sql.columns import needed_columns
from smartapp.criteria.sql.compiler import Context, in_list, scan_of, set_name
from smartapp.criteria.sql.scalars import Scope
from smartapp.criteria.sql.settled import Settled

LONGEST = 1500
"""The length of a query, in characters, from which on it is not written into another."""

AtomTable = Callable[[Node, Mode, dict[str, str]], str]
"""The expression of a question about a set, inside a query; adds the table that it needs to the given ones."""


class Sets:
    """The relations of one compilation, and the statements that make those that are tables."""

    def __init__(self, context: Context, settled: Settled, atom_table: AtomTable) -> None:
        self.c = context
        self.settled = settled
        self.statements: list[tuple[str, str]] = []
        self._columns = needed_columns(context.plan)
        self._atom_table = atom_table
        self._made: dict[tuple[int, Mode], str] = {}

    def mode(self, events: EventSet, mode: Mode) -> Mode:
        """Strict where the modes agree about a set."""
        if mode is Mode.STRICT or self.settled.settled(events):
            return Mode.STRICT
        return self.c.plain_mode(events, mode)

    def rows(self, events: EventSet, mode: Mode) -> str:
        """The set as something to select from; in Kleene's logic with ``sure``."""
        while isinstance(events, DefineSet):
            events = events.events
        real = self.mode(events, mode)
        found = self._relation(events, real)
        if real is Mode.STRICT and mode is not Mode.STRICT:
            return f"(SELECT *, TRUE AS sure FROM {found})"
        return found

    def open(self, events: EventSet, mode: Mode) -> frozenset[str]:
        """The unread keys that open the set."""
        return frozenset() if mode is Mode.STRICT else self.settled.open_keys(events)

    def columns(self, events: EventSet, alias: str = "t") -> str:
        """The columns that users of a set read, as a list to select."""
        names = ("p", "e", *self._columns[self.c.number(events)])
        return ", ".join(f"{alias}.{name}" for name in names)

    def scope(self, mode: Mode, tables: dict[str, str] | None = None) -> Joins:
        """A scope for expressions about the set's events; ``tables`` gets what they need to be joined."""
        return Joins(self.c, mode, self._atom_table, {} if tables is None else tables)

    def _relation(self, events: EventSet, mode: Mode) -> str:
        key = (self.c.number(events), mode)
        self.c.uses[key] += 1
        select = self._made.get(key)
        if select is None:
            select = self._made[key] = _WRITERS[type(events)](self, events, mode)
            if self._is_table(events, key):
                self.statements.append((set_name(*key), select))
        return set_name(*key) if self._is_table(events, key) else f"({select})"

    def _is_table(self, events: EventSet, key: tuple[int, Mode]) -> bool:
        """Whether a set is a table: one that is used twice, and one that is long; a leaf is a range of rows already.

        Of a query that is nested deep, planning takes longer than running.
        """
        if isinstance(events, Events):
            return False
        return self.c.uses_before[key] > 1 or len(self._made[key]) > LONGEST


class Joins:
    """A scope inside a query: what it needs of the patient is joined to the rows."""

    def __init__(self, context: Context, mode: Mode, atom_table: AtomTable, tables: dict[str, str]) -> None:
        self._tables = tables
        self._scope = Scope(
            context, mode, lambda node, mode_: atom_table(node, mode_, self._tables), of_birth=self._of_birth
        )
        self._births = context.births

    def sql(self, node: Node) -> str:
        return self._scope.sql(node)

    @property
    def needs_person(self) -> bool:
        return self._scope.needs_person

    def _of_birth(self, expression: str) -> str:
        """A time that follows from the birth date: worked out once for a patient, not for each event."""
        self._tables["bd"] = "birthdays"
        return f"bd.{self._births.setdefault(expression, f'b{len(self._births)}')}"

    def joins(self) -> str:
        """The joins that the expressions so far need, on the patient of ``t``."""
        made = [f" LEFT JOIN {table} {name} ON {name}.p = t.p" for name, table in self._tables.items()]
        if self._scope.needs_person:
            made.append(" JOIN person pt ON pt.p = t.p")
        return "".join(made)


def _events(s: Sets, node: Events, mode: Mode) -> str:
    answers = s.c.answers(node)
    seen = f"t.seen <= {s.c.times.as_of}"
    if mode is Mode.STRICT:
        return f"SELECT {s.columns(node)} FROM work t WHERE {scan_of('t.cls', answers.yes)} AND {seen}"
    either = scan_of("t.cls", sorted({*answers.yes, *answers.maybe}))
    sure = in_list("t.cls", answers.yes)
    return f"SELECT {s.columns(node)}, {sure} AS sure FROM work t WHERE {either} AND {seen}"


def _where(s: Sets, node: Where, mode: Mode) -> str:
    scope = s.scope(mode)
    rows, condition = s.rows(node.events, mode), scope.sql(node.condition)
    if mode is Mode.STRICT:
        return f"SELECT {s.columns(node)} FROM {rows} t{scope.joins()} WHERE {condition}"
    return (
        f"SELECT {s.columns(node)}, t.sure AND ({condition}) IS TRUE AS sure "
        f"FROM {rows} t{scope.joins()} WHERE ({condition}) IS NOT FALSE"
    )


def _union(s: Sets, node: Union, mode: Mode) -> str:
    names = ["p", "e", *s._columns[s.c.number(node)]]
    sure = [] if mode is Mode.STRICT else ["sure"]
    parts = [f"SELECT {', '.join(names + sure)} FROM {s.rows(one, mode)}" for one in dict.fromkeys(node.sets)]
    both = " UNION ALL ".join(parts)
    classes = [s.settled.classes(one) for one in dict.fromkeys(node.sets)]
    if len(parts) == 1 or sum(map(len, classes)) == len(frozenset().union(*classes)):
        return f"SELECT * FROM ({both})"
    rest = "".join(f", any_value({name}) AS {name}" for name in names[2:])
    certain = "" if mode is Mode.STRICT else ", bool_or(sure) AS sure"
    return f"SELECT any_value(p) AS p, e{rest}{certain} FROM ({both}) GROUP BY e"


def _with(s: Sets, node: With, mode: Mode) -> str:
    if node.negated and s.settled.empty(node.other):  # nothing to be without
        return f"SELECT {s.columns(node)}{'' if mode is Mode.STRICT else ', t.sure'} FROM {s.rows(node.events, mode)} t"
    scope = s.scope(mode)
    events, others, on = s.rows(node.events, mode), s.rows(node.other, mode), scope.sql(node.on)
    pairs = f"FROM {s.rows(node.events, mode)} t JOIN {others} o ON o.p = t.p{scope.joins()}"
    if mode is Mode.STRICT:
        join = s.c.dialect.anti if node.negated else s.c.dialect.semi
        return f"SELECT {s.columns(node)} FROM {events} t {join} (SELECT t.e {pairs} WHERE {on}) m ON m.e = t.e"
    fitting = f"SELECT t.e, bool_or(o.sure AND ({on}) IS TRUE) AS fits {pairs} WHERE ({on}) IS NOT FALSE GROUP BY t.e"
    possible = "m.e IS NOT NULL" + _or_open(s, node.other, mode)
    fits = f"CASE WHEN m.fits THEN TRUE WHEN {possible} THEN NULL ELSE FALSE END"
    holds = f"(NOT {fits})" if node.negated else f"({fits})"
    return (
        f"SELECT {s.columns(node)}, t.sure AND {holds} IS TRUE AS sure "
        f"FROM {events} t LEFT JOIN ({fitting}) m ON m.e = t.e WHERE {holds} IS NOT FALSE"
    )


def _or_open(s: Sets, events: EventSet, mode: Mode, alias: str = "t") -> str:
    keys = s.open(events, mode)
    if not keys:
        return ""
    return f" OR {alias}.p IN (SELECT p FROM unread WHERE {key_list(s.c, keys)})"


def key_list(c: Context, keys: frozenset[str]) -> str:
    """Rows of ``unread`` with one of the keys."""
    return f"key IN ({', '.join(c.dialect.string(key) for key in sorted(keys))})"


def _pick(s: Sets, node: Pick, mode: Mode) -> str:
    scope = s.scope(mode)
    by = scope.sql(node.by)
    best = "max" if node.newest else "min"
    if mode is Mode.STRICT:
        rows, again = s.rows(node.events, mode), s.rows(node.events, mode)
        edge = f"SELECT t.p, {best}({by}) AS k FROM {again} t{scope.joins()} GROUP BY t.p"
        inside = f"FROM {rows} t{scope.joins()} JOIN ({edge}) b ON b.p = t.p AND b.k = {by}"
        if node.ties == "all":
            return f"SELECT {s.columns(node)} {inside}"
        winner = f"SELECT max_by(t.e, {_tie('t')}) AS e {inside} GROUP BY t.p"
        return f"SELECT {s.columns(node)} FROM {rows} t {s.c.dialect.semi} ({winner}) m ON m.e = t.e"
    judged = f"t.sure, {by} AS k, {_tie('t')} AS tie"
    rows = f"SELECT {s.columns(node)}, {judged} FROM {s.rows(node.events, mode)} t{scope.joins()}"
    unsettled = f"any_beats{_or_open(s, node.events, mode)}"
    return (
        f"SELECT {s.columns(node)}, t.wins AND NOT ({unsettled}) AS sure "
        f"FROM ({_rivals(rows, 'p', best, node.ties == 'one')}) t"
    )


def _tie(alias: str) -> str:
    """Of several with one key the greatest id, then the greatest type; no id has the lowest character."""
    return f"concat({alias}.id, chr(1), {alias}.kind)"


def _rivals(rows: str, per: str, best: str, one: bool) -> str:
    """From rows (…, sure, k, tie): the winners of each ``per`` and those that might beat or join them.

    Adds ``wins`` and ``any_beats`` (whether any of that ``per`` may take the winner's place).
    """
    better = ">" if best == "max" else "<"
    known = f"SELECT *, {best}(CASE WHEN sure THEN k END) OVER (PARTITION BY {per}) AS best FROM ({rows})"
    tied = f"SELECT *, max(CASE WHEN sure AND k = best THEN tie END) OVER (PARTITION BY {per}) AS top FROM ({known})"
    wins = "sure AND k = best AND tie = top" if one else "sure AND k = best"
    ahead = f"k IS NULL OR best IS NULL OR k {better} best"
    beats = f"{ahead} OR (k = best AND tie > top)" if one else ahead
    joins = beats if one else f"{ahead} OR k = best"
    doubtful = "(k IS NULL OR NOT sure)"
    judged = (
        f"SELECT *, coalesce({wins}, FALSE) AS wins, {doubtful} AND coalesce({beats}, FALSE) AS beats, "
        f"{doubtful} AND coalesce({joins}, FALSE) AS rival FROM ({tied})"
    )
    found = f"SELECT *, bool_or(beats) OVER (PARTITION BY {per}) AS any_beats FROM ({judged})"
    return f"SELECT * FROM ({found}) WHERE wins OR rival"


def _with_last(s: Sets, node: WithLast, mode: Mode) -> str:
    scope = s.scope(mode)
    on, by, then = scope.sql(node.on), scope.sql(node.by), scope.sql(node.then)
    events, again, others = s.rows(node.events, mode), s.rows(node.events, mode), s.rows(node.other, mode)
    pairs = f"FROM {again} t JOIN {others} o ON o.p = t.p{scope.joins()}"
    if mode is Mode.STRICT:
        place = f"row_number() OVER (PARTITION BY t.e ORDER BY {by} DESC, {_tie('o')} DESC)"
        keyed = f"WHERE ({on}) AND {by} IS NOT NULL"
        ranked = f"SELECT t.e, ({then}) IS TRUE AS passes, {place} AS place {pairs} {keyed}"
        passing = f"SELECT e FROM ({ranked}) WHERE place = 1 AND passes"
        return f"SELECT {s.columns(node)} FROM {events} t {s.c.dialect.semi} ({passing}) m ON m.e = t.e"
    rows = (
        f"SELECT t.e, t.p, o.sure AND ({on}) IS TRUE AS sure, {by} AS k, {_tie('o')} AS tie, ({then}) AS passes "
        f"{pairs} WHERE ({on}) IS NOT FALSE"
    )
    unsettled = f"any_beats{_or_open(s, node.other, mode, 'r')}"
    last = f"SELECT r.e, r.passes, r.wins AND NOT ({unsettled}) AS sure FROM ({_rivals(rows, 'e', 'max', True)}) r"
    judged = (
        "SELECT e, bool_or(sure AND passes IS TRUE) AS fits, "
        f"bool_or((sure AND passes IS NULL) OR (NOT sure AND passes IS NOT FALSE)) AS possible FROM ({last}) GROUP BY e"
    )
    possible = "m.possible" + _or_open(s, node.other, mode)
    holds = f"(CASE WHEN m.fits THEN TRUE WHEN {possible} THEN NULL ELSE FALSE END)"
    return (
        f"SELECT {s.columns(node)}, t.sure AND {holds} IS TRUE AS sure "
        f"FROM {events} t LEFT JOIN ({judged}) m ON m.e = t.e WHERE {holds} IS NOT FALSE"
    )


_WRITERS: Mapping[type[Node], Callable[[Sets, Any, Mode], str]] = {
    Events: _events,
    Where: _where,
    Union: _union,
    With: _with,
    Pick: _pick,
    WithLast: _with_last,
}
