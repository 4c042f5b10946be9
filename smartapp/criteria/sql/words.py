"""Where the bits of atoms stand: words of 62 bits, what is read from the same rows side by side.

Events are read by class. Where many of the classes that two groups of atoms read are the same, both are read in one
pass: a pass over a row costs about as much as a dozen conditions, and a pass over no rows at all as a good many, for
each has to be planned. Atoms with the same conditions are then one: which of their bits an event may have is a word of
its class, looked up in a table of classes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from smartapp.criteria.sql.atoms import Atom, Atoms, Sort
from smartapp.criteria.sql.compiler import in_list
from smartapp.criteria.sql.rowtests import Test

BITS = 62
COLUMNS_IN_A_TABLE = 8
"""Words and values of a table: the rows of each of its passes have all of them."""
_ROW = 12
"""What reading a row costs, in conditions."""
_PASS = 100_000
"""What a pass costs that reads nothing, in conditions: it has to be planned."""
CLASSES = "class_words"
Key = tuple[object, ...]
Classes = tuple[int, ...]
_EMPTY = {Sort.BITS: "CAST(NULL AS BIGINT)", Sort.TIME: "CAST(NULL AS BIGINT)", Sort.NUMBER: "CAST(NULL AS DOUBLE)"}


class Place(NamedTuple):
    """The table of an atom; for bits the word (no two tables have one in common) and the first bit."""

    table: int = 0
    word: int = 0
    bit: int = 0


@dataclass(frozen=True)
class Places:
    """The place of each atom, by the atom's key; made of a first writing, read by the second.

    ``read`` are the classes of the pass that an atom of events is answered in.
    """

    of: Mapping[Key, Place] = field(default_factory=dict)
    read: Mapping[Key, Classes] = field(default_factory=dict)

    @classmethod
    def arranged(cls, atoms: Sequence[Atom], rows: Mapping[int, int]) -> Places:
        """Atoms of the same rows in the same word, those of events first, by class; ``rows`` of each class."""
        read = _passes(atoms, rows)
        of: dict[Key, Place] = {}
        table, word, bit, columns = 0, 0, 0, 1
        for group in sorted(_grouped(atoms, read).values(), key=lambda group: _order(group, read)):
            values = sum(not atom.width for atom in group)
            if columns > 1 and columns + values > COLUMNS_IN_A_TABLE:
                table, word, bit, columns = table + 1, word + 1, 0, 1
            columns += values
            for atom in group:
                if bit + atom.width > BITS:
                    word, bit, columns = word + 1, 0, columns + 1
                of[atom.key] = Place(table, word, bit)
                bit += atom.width
        return cls(of, read)

    def place(self, atom: Atom) -> Place:
        """In a first writing any will do."""
        return self.of.get(atom.key, Place())


class Hits(NamedTuple):
    """A table with a row for each patient ``q``: its words and values, NULL where no row says anything."""

    name: str
    select: str
    words: tuple[str, ...]
    values: tuple[str, ...]


def _passes(atoms: Iterable[Atom], rows: Mapping[int, int]) -> dict[Key, Classes]:
    """For each atom of events the classes that are read for it: those of its pass."""
    passes: dict[str, list[tuple[frozenset[int], list[Atom]]]] = {}
    asked: dict[tuple[Classes, str], list[Atom]] = {}
    for atom in atoms:
        source = atom.source
        if isinstance(source, Test) and source.root_set is None:
            asked.setdefault((source.classes, source.joined()), []).append(atom)

    def cost(classes: frozenset[int], count: int) -> int:
        return _PASS + sum(rows.get(number, 1) for number in classes) * (_ROW + count)

    for (classes, joined), some in sorted(asked.items(), key=lambda one: -len(one[0][0])):
        here, made = frozenset(classes), passes.setdefault(joined, [])
        alone = cost(here, _count(some))
        gains = [
            (cost(others, _count(their)) + alone - cost(others | here, _count([*their, *some])), place)
            for place, (others, their) in enumerate(made)
        ]
        best, place = max(gains, default=(0, -1))
        if best > 0:
            made[place] = (made[place][0] | here, [*made[place][1], *some])
        else:
            made.append((here, some))
    return {atom.key: tuple(sorted(classes)) for made in passes.values() for classes, some in made for atom in some}


def _count(atoms: Sequence[Atom]) -> int:
    """How many different conditions some atoms have."""
    return len({atom.source.parts for atom in atoms if isinstance(atom.source, Test)})


def _grouped(atoms: Iterable[Atom], read: Mapping[Key, Classes]) -> dict[Key, list[Atom]]:
    """Atoms by the pass that answers them."""
    groups: dict[Key, list[Atom]] = {}
    for atom in atoms:
        source, key = atom.source, atom.key
        if isinstance(source, Test):
            key = (*source.root, source.joined())
            if source.root_set is None:
                key = ("work", read.get(atom.key, source.classes), source.joined())
        groups.setdefault(key, []).append(atom)
    return groups


def _order(group: Sequence[Atom], read: Mapping[Key, Classes]) -> tuple[object, ...]:
    source = group[0].source
    if not isinstance(source, Test):
        return (2, ())
    return (0, read[group[0].key]) if source.root_set is None else (1, ())


def hit_tables(atoms: Atoms, asked: Sequence[Atom], places: Places) -> list[Hits]:
    """The tables of some atoms: each is one aggregation over all rows of its atoms."""
    tables: dict[int, list[Atom]] = {}
    for atom in asked:
        tables.setdefault(places.place(atom).table, []).append(atom)
    return [_table(f"hits_{number}", atoms, some, places) for number, some in sorted(tables.items())]


def class_table(asked: Sequence[Atom], places: Places) -> list[tuple[str, str]]:
    """For each class the bits, in each word, of the atoms that events of it may have anything to do with.

    A class that only values are read from is among them, too: joining the table must lose no event.
    """
    allowed: dict[int, dict[int, int]] = {}
    words: set[int] = set()
    for atom in asked:
        if not isinstance(atom.source, Test) or atom.source.root_set is not None:
            continue
        for number in atom.source.classes:
            allowed.setdefault(number, {})
        if atom.width:
            _, word, bit = places.place(atom)
            words.add(word)
            for number in atom.source.classes:
                allowed[number][word] = allowed[number].get(word, 0) | (1 << atom.width) - 1 << bit
    if not words or not allowed:
        return []
    columns = sorted(words)
    rows = ", ".join(
        f"({number}, {', '.join(f'CAST({of.get(word, 0)} AS BIGINT)' for word in columns)})"
        for number, of in sorted(allowed.items())
    )
    names = ", ".join(f"w{word}" for word in columns)
    return [(CLASSES, f"SELECT * FROM (VALUES {rows}) AS k(cls, {names})")]


def _table(name: str, atoms: Atoms, some: Sequence[Atom], places: Places) -> Hits:
    words = {f"w{places.place(atom).word}": "bit_or" for atom in some if atom.width}
    values = {f"x{atom.index}": atom for atom in some if not atom.width}
    columns = dict.fromkeys(words, _EMPTY[Sort.BITS]) | {x: _EMPTY[atom.sort] for x, atom in values.items()}
    branches = [_branch(atoms, group, places) for group in _grouped(some, places.read).values()]
    # A row for each patient, hit or not: rows without a partner DuckDB returns in chunks of their own, and a chain of
    # outer joins breaks them up into crumbs.
    branches.append(({}, "person"))
    rows = " UNION ALL ".join(
        f"SELECT p, {', '.join(f'{made.get(one, empty)} AS {one}' for one, empty in columns.items())} FROM {source}"
        for made, source in branches
    )
    best = words | {x: atom.best for x, atom in values.items()}
    found = ", ".join(f"{best[one]}({one}) AS {one}" for one in columns)
    return Hits(name, f"SELECT p AS q, {found} FROM ({rows}) GROUP BY p", tuple(words), tuple(values))


def _branch(atoms: Atoms, group: Sequence[Atom], places: Places) -> tuple[dict[str, str], str]:
    """The columns that one pass gives, over its rows; each condition is worked out once for all of its atoms."""
    source = group[0].source
    if isinstance(source, str):
        return _from_query(group[0], places), f"({source})"
    of_classes = ""
    if source.root_set is None:
        source = replace(source, root=("work", places.read.get(group[0].key, source.classes)))
        if any(_is_limited(atom, source.classes) for atom in group if atom.width):
            of_classes = f" JOIN {CLASSES} k ON k.cls = t.cls"
    asked = [_parts(atom, source.classes) for atom in group]
    # What all ask for need not be worked out, but left out; a row for which it is unknown stays where that matters.
    shared = [part for part in asked[0] if all(part in parts for parts in asked)]
    strict = all(atom.certain for atom in group)
    left_out = "".join(f" AND ({part})" if strict else f" AND ({part}) IS NOT FALSE" for part in shared)
    parts: dict[str, str] = {}
    truths: dict[str, str] = {}
    fields: dict[str, str] = {}
    values: dict[str, str] = {}
    bits: dict[str, dict[str, tuple[int, int]]] = {}
    for atom, conditions in zip(group, asked, strict=True):
        named = [parts.setdefault(part, f"c{len(parts)}") for part in conditions if not (strict and part in shared)]
        truth = truths.setdefault(" AND ".join(named) or "TRUE", f"s{len(truths)}")
        if atom.width:
            _, word, bit = places.place(atom)
            yes, maybe = bits.setdefault(f"w{word}", {}).get(truth, (0, 0))
            bits[f"w{word}"][truth] = (yes | 1 << bit, maybe | (atom.width > 1) << bit + 1)
        else:
            of = fields.setdefault(atom.field, f"f{len(fields)}")
            values[f"x{atom.index}"] = _typed(atom, f"CASE WHEN {atom.value.format(s=truth)} THEN {of} END")
    limits = {word: f"k{word}" for word in bits} if of_classes else {}
    words = {word: _word(found, limits.get(word)) for word, found in bits.items()}
    worked_out = "".join(f", {part} AS {name}" for part, name in (*parts.items(), *fields.items()))
    worked_out += "".join(f", k.{word} AS {name}" for word, name in limits.items())
    kept = "".join(f", {name}" for name in (*fields.values(), *limits.values()))
    told = "".join(f", {truth} AS {name}" for truth, name in truths.items())
    tested = f"SELECT t.p{worked_out} FROM {source.source(atoms.sets, of_classes)}{left_out}"
    return words | values, f"(SELECT p{kept}{told} FROM ({tested}))"


def _from_query(atom: Atom, places: Places) -> dict[str, str]:
    if not atom.width:
        return {f"x{atom.index}": _typed(atom, "v")}
    _, word, bit = places.place(atom)
    return {f"w{word}": f"CAST(v AS BIGINT) * {1 << bit}"}


def _typed(atom: Atom, value: str) -> str:
    return f"CAST({value} AS DOUBLE)" if atom.sort is Sort.NUMBER else value


def _is_limited(atom: Atom, classes: Classes) -> bool:
    """Whether an atom is about some of the classes only that are read for it."""
    return isinstance(atom.source, Test) and atom.source.root_set is None and atom.source.classes != classes


def _parts(atom: Atom, classes: Classes) -> tuple[str, ...]:
    """The conditions of an atom. Whose bits an event's class allows is known without a condition: its word says so."""
    assert isinstance(atom.source, Test), "one group, one kind"
    limited = not atom.width and _is_limited(atom, classes)
    return (*((in_list("t.cls", atom.source.classes),) if limited else ()), *atom.source.parts)


def _word(bits: Mapping[str, tuple[int, int]], limit: str | None) -> str:
    """A word: of each truth the bits that it gives, and those that it gives where it is unknown."""
    made = []
    for truth, (yes, maybe) in bits.items():
        unknown = f"WHEN {truth} IS NULL THEN {maybe} " if maybe else ""
        made.append(f"CASE WHEN {truth} THEN {yes} {unknown}ELSE 0 END")
    found = f"CAST({' | '.join(made)} AS BIGINT)"
    return found if limit is None else f"{found} & {limit}"
