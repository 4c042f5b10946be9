"""Where the bits of atoms stand: words of 62 bits, what is read from the same rows side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from smartapp.criteria.sql.atoms import Atom, Atoms
from smartapp.criteria.sql.rowtests import Test

BITS = 62
Key = tuple[object, ...]


@dataclass(frozen=True)
class Places:
    """The word and the bit of each atom, by the atom's key; made of a first writing, read by the second."""

    of: Mapping[Key, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def arranged(cls, atoms: Sequence[Atom]) -> Places:
        """Atoms of the same rows in the same word, those of events first, by class."""
        groups: dict[Key, list[Atom]] = {}
        for atom in atoms:
            groups.setdefault(atom.source.group if isinstance(atom.source, Test) else (atom.key,), []).append(atom)
        of: dict[Key, tuple[int, int]] = {}
        word, bit = 0, 0
        for group in sorted(groups.values(), key=_order):
            width = sum(atom.width for atom in group)
            if bit and bit + width > BITS:
                word, bit = word + 1, 0
            for atom in group:
                if bit + atom.width > BITS:
                    word, bit = word + 1, 0
                of[atom.key] = (word, bit)
                bit += atom.width
        return cls(of)

    def place(self, atom: Atom) -> tuple[int, int]:
        """Word and bit; in a first writing any will do."""
        return self.of.get(atom.key, (0, 0))


def _order(group: Sequence[Atom]) -> tuple[object, ...]:
    source = group[0].source
    if not isinstance(source, Test):
        return (2, ())
    return (0, source.root[1]) if source.root_set is None else (1, ())


def word_tables(atoms: Atoms, asked: Sequence[Atom], places: Places) -> list[tuple[str, str]]:
    """A table for each word: ``q``, the patient, and the word. Its atoms are one aggregation over all their rows."""
    words: dict[int, dict[Key, list[Atom]]] = {}
    for atom in asked:
        key = atom.source.group if isinstance(atom.source, Test) else (atom.key,)
        words.setdefault(places.place(atom)[0], {}).setdefault(key, []).append(atom)
    tables = []
    for word, groups in sorted(words.items()):
        rows = " UNION ALL ".join(_branch(atoms, group, places) for group in groups.values())
        tables.append((f"hits_{word}", f"SELECT p AS q, bit_or(v) AS w{word} FROM ({rows}) GROUP BY p"))
    return tables


def _branch(atoms: Atoms, group: Sequence[Atom], places: Places) -> str:
    """The rows of the atoms of one group with their bits; each condition is worked out once for all of them."""
    source = group[0].source
    if isinstance(source, str):
        return f"SELECT p, CAST(v AS BIGINT) * {1 << places.place(group[0])[1]} AS v FROM ({source})"
    parts: dict[str, str] = {}
    truths: dict[str, str] = {}
    bits = []
    for atom in group:
        assert isinstance(atom.source, Test), "one group, one kind"
        named = [parts.setdefault(part, f"c{len(parts)}") for part in atom.source.parts]
        truth = truths.setdefault(" AND ".join(named) or "TRUE", f"s{len(truths)}")
        factor = 1 << places.place(atom)[1]
        bits.append(f"CAST({atom.value.format(s=truth)} AS BIGINT) * {factor}")
    conditions = "".join(f", {part} AS {name}" for part, name in parts.items())
    sums = "".join(f", {truth} AS {name}" for truth, name in truths.items())
    tested = f"SELECT t.p{conditions} FROM {source.source(atoms.sets)}"
    summed = f"SELECT p, {' + '.join(bits)} AS v FROM (SELECT p{sums} FROM ({tested}))"
    return f"SELECT p, v FROM ({summed}) WHERE v <> 0"
