"""Where the bits of atoms stand: words of 62 bits, what is read from the same rows side by side.

Events are read by class. Where many of the classes that two groups of atoms read are the same, both are read in one
pass, and whether an event is of an atom's classes becomes one of its conditions: a pass over a row costs about as much
as a dozen conditions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from smartapp.criteria.sql.atoms import Atom, Atoms
from smartapp.criteria.sql.compiler import in_list
from smartapp.criteria.sql.rowtests import Test

BITS = 62
_PASS = 12
"""What reading a row costs, in conditions."""
Key = tuple[object, ...]
Classes = tuple[int, ...]


@dataclass(frozen=True)
class Places:
    """The word and the bit of each atom, by the atom's key; made of a first writing, read by the second.

    ``read`` are the classes of the pass that an atom of events is answered in.
    """

    of: Mapping[Key, tuple[int, int]] = field(default_factory=dict)
    read: Mapping[Key, Classes] = field(default_factory=dict)

    @classmethod
    def arranged(cls, atoms: Sequence[Atom], rows: Mapping[int, int]) -> Places:
        """Atoms of the same rows in the same word, those of events first, by class; ``rows`` of each class."""
        read = _passes(atoms, rows)
        of: dict[Key, tuple[int, int]] = {}
        word, bit = 0, 0
        for group in sorted(_grouped(atoms, read).values(), key=lambda group: _order(group, read)):
            width = sum(atom.width for atom in group)
            if bit and bit + width > BITS:
                word, bit = word + 1, 0
            for atom in group:
                if bit + atom.width > BITS:
                    word, bit = word + 1, 0
                of[atom.key] = (word, bit)
                bit += atom.width
        return cls(of, read)

    def place(self, atom: Atom) -> tuple[int, int]:
        """Word and bit; in a first writing any will do."""
        return self.of.get(atom.key, (0, 0))


def _passes(atoms: Iterable[Atom], rows: Mapping[int, int]) -> dict[Key, Classes]:
    """For each atom of events the classes that are read for it: those of its pass."""
    passes: dict[str, list[tuple[frozenset[int], list[Atom]]]] = {}
    asked: dict[tuple[Classes, str], list[Atom]] = {}
    for atom in atoms:
        source = atom.source
        if isinstance(source, Test) and source.root_set is None:
            asked.setdefault((source.classes, source.joined()), []).append(atom)

    def cost(classes: frozenset[int], count: int) -> int:
        return sum(rows.get(number, 1) for number in classes) * (_PASS + count)

    for (classes, joined), some in sorted(asked.items(), key=lambda one: -len(one[0][0])):
        here, made = frozenset(classes), passes.setdefault(joined, [])
        alone = cost(here, len(some))
        gains = [
            (cost(others, len(their)) + alone - cost(others | here, len(their) + len(some)), place)
            for place, (others, their) in enumerate(made)
        ]
        best, place = max(gains, default=(0, -1))
        if best > 0:
            made[place] = (made[place][0] | here, [*made[place][1], *some])
        else:
            made.append((here, some))
    return {atom.key: tuple(sorted(classes)) for made in passes.values() for classes, some in made for atom in some}


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


def word_tables(atoms: Atoms, asked: Sequence[Atom], places: Places) -> list[tuple[str, str]]:
    """A table for each word: ``q``, the patient, and the word. Its atoms are one aggregation over all their rows."""
    words: dict[int, list[Atom]] = {}
    for atom in asked:
        words.setdefault(places.place(atom)[0], []).append(atom)
    tables = []
    for word, some in sorted(words.items()):
        groups = _grouped(some, places.read)
        rows = " UNION ALL ".join(_branch(atoms, group, places) for group in groups.values())
        tables.append((f"hits_{word}", f"SELECT p AS q, bit_or(v) AS w{word} FROM ({rows}) GROUP BY p"))
    return tables


def _branch(atoms: Atoms, group: Sequence[Atom], places: Places) -> str:
    """The rows of the atoms of one group with their bits; each condition is worked out once for all of them."""
    source = group[0].source
    if isinstance(source, str):
        return f"SELECT p, CAST(v AS BIGINT) * {1 << places.place(group[0])[1]} AS v FROM ({source})"
    every = source.classes
    if source.root_set is None:
        every = places.read.get(group[0].key, every)
        source = replace(source, root=("work", every))
    parts: dict[str, str] = {}
    truths: dict[str, str] = {}
    bits = []
    for atom in group:
        assert isinstance(atom.source, Test), "one group, one kind"
        conditions = [] if atom.source.classes == every else [in_list("t.cls", atom.source.classes)]
        named = [parts.setdefault(part, f"c{len(parts)}") for part in (*conditions, *atom.source.parts)]
        truth = truths.setdefault(" AND ".join(named) or "TRUE", f"s{len(truths)}")
        bits.append(f"CAST({atom.value.format(s=truth)} AS BIGINT) * {1 << places.place(atom)[1]}")
    worked_out = "".join(f", {part} AS {name}" for part, name in parts.items())
    sums = "".join(f", {truth} AS {name}" for truth, name in truths.items())
    tested = f"SELECT t.p{worked_out} FROM {source.source(atoms.sets)}"
    summed = f"SELECT p, {' + '.join(bits)} AS v FROM (SELECT p{sums} FROM ({tested}))"
    return f"SELECT p, v FROM ({summed}) WHERE v <> 0"
