"""Break each clause of a rule in turn: every mutant differs from the rule in one place.

A condition is dropped from an And or Or, a comparison moved by one instant, a number or a shift by one, a day
taken as an instant, a negation dropped, newest made oldest, a value set or a word left out, a field changed for its
neighbour, a join dropped or turned round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from smartapp.criteria import nodes as n
from smartapp.errors import CriteriaError
from smartapp.measures.model import Clinical, Measure, Rate, Reason

Mutant = tuple[str, Any]

_OPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "=": "!=", "!=": "="}
_NEIGHBOURS = {"start": "end", "end": "start", "latest": "start", "at": "start"}
_ANCHORS = {"period-start": "period-end", "period-end": "period-start"}


def mutants_of(node: Any) -> Iterator[Mutant]:
    """Every mutant of a node by its own clauses; its units are left alone."""
    if _is_unit(node):
        return
    yield from own_mutants(node)


def units(roots: Iterable[Any], opaque: frozenset[str]) -> list[Any]:
    """The definitions and event sets of some rules, each once; what is inside of an opaque definition is left out."""
    found: dict[Any, None] = {}

    def visit(node: Any) -> None:
        if isinstance(node, n.Define) and node.name in opaque:
            return
        if _is_unit(node):
            if node in found:
                return
            found[node] = None
        for _, child in _children(node):
            visit(child)

    for root in roots:
        visit(root)
    return list(found)


def substitute(node: Any, old: Any, new: Any) -> Any:
    """The node with every part that equals ``old`` replaced."""
    if node == old:
        return new
    changes: dict[str, Any] = {}
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, n.Node):
            changed: Any = substitute(value, old, new)
        elif isinstance(value, tuple) and value and isinstance(value[0], n.Node):
            changed = tuple(substitute(part, old, new) for part in value)
        else:
            continue
        if changed is not value and changed != value:
            changes[field.name] = changed
    return replace(node, **changes) if changes else node


def _is_unit(node: Any) -> bool:
    return isinstance(node, n.EventSet | n.Define)


def _children(node: Any) -> Iterator[tuple[str, Any]]:
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, n.Node):
            yield field.name, value
        elif isinstance(value, tuple) and value and isinstance(value[0], n.Node):
            yield from ((field.name, part) for part in value)


def own_mutants(node: Any) -> Iterator[Mutant]:
    """Mutants of a node itself and of its parts, down to its units."""
    if _reaches(node):
        # The start stands in for an end that is not known: a table of its own breaks that (``criteria_tables``).
        for said, changed in own_mutants(node.parts[0]):
            yield said, n.Or((changed, node.parts[1]))
        return
    yield from _here(node)
    for field in fields(node):
        value = getattr(node, field.name)
        if isinstance(value, n.Node) and not _is_unit(value):
            for said, changed in own_mutants(value):
                yield from _rebuilt(node, field.name, said, changed)
        elif isinstance(value, tuple) and value and isinstance(value[0], n.Node):
            for i, part in enumerate(value):
                if not _is_unit(part):
                    for said, changed in own_mutants(part):
                        yield from _rebuilt(node, field.name, said, (*value[:i], changed, *value[i + 1 :]))


def _reaches(node: Any) -> bool:
    """The shape of ``reaches``: the end, or else the start, is at a time or later."""
    if not isinstance(node, n.Or) or len(node.parts) != 2:
        return False
    names = []
    for part in node.parts:
        if not isinstance(part, n.Compare) or part.op != ">=" or part.right != node.parts[0].right:
            return False
        field = part.left.value if isinstance(part.left, n.DayOf) else part.left
        names.append(getattr(field, "name", ""))
    return names == ["end", "start"]


def _rebuilt(node: Any, name: str, said: str, value: Any) -> Iterator[Mutant]:
    if isinstance(node, n.Compare):
        said = f"{said} (in {_short(node.left)} {node.op} {_short(node.right)})"
    try:
        yield said, replace(node, **{name: value})
    except CriteriaError:
        return  # no rule of the language: nothing to kill


def _without(items: tuple[Any, ...]) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    if len(items) > 1:
        for i, item in enumerate(items):
            yield item, (*items[:i], *items[i + 1 :])


def _here(node: Any) -> Iterator[Mutant]:
    match node:
        case n.And(parts) | n.Or(parts):
            for part, rest in _without(parts):
                yield f"without {_clause(part)}", type(node)(rest)
        case n.Compare(op, left, right):
            yield f"{_short(left)} {_OPS[op]} {_short(right)}", n.Compare(_OPS[op], left, right)  # type: ignore[arg-type]
            yield from _days_as_instants(node)
        case n.Quantity(op, number, unit):
            yield f"value {_OPS[op]} {number}", replace(node, op=_OPS[op])
            yield from ((f"value {op} {number + d}", replace(node, number=number + d)) for d in (-1, 1))
            yield f"value in another unit than {unit}", replace(node, unit="another")
        case n.Literal(value) if not isinstance(value, str):
            yield from ((f"{value + d:g} for {value:g}", n.Literal(value + d)) for d in (-1, 1))
        case n.OneOf(value, words):
            yield from ((f"without the word {w}", replace(node, words=rest)) for w, rest in _without(words))
        case n.Shift(value, amount, unit):
            yield from ((f"{amount + d} {unit}", replace(node, amount=amount + d)) for d in (-1, 1))
        case n.Not(part):
            yield f"without not: {_short(part)}", part
        case n.Has(_, codes_) | n.Events(_, codes_) if codes_:
            yield from ((f"without {c.name}", replace(node, codes=rest)) for c, rest in _without(codes_))
        case n.Union(sets):
            for part, rest in _without(sets):
                yield f"without {_short(part)}", n.Union(rest) if len(rest) > 1 else rest[0]
        case n.Where(events, condition):
            if not isinstance(condition, n.And):
                yield f"without where {_short(condition)}", events
        case n.With(events):
            yield f"without the join of {_short(events)}", events
            yield "join turned round", replace(node, negated=not node.negated)
        case n.Pick():
            yield "oldest for newest", replace(node, newest=not node.newest)
            yield "no pick", node.events
            if node.ties == "all":
                yield "one for all", replace(node, ties="one")
        case n.AtLeast():
            yield from ((f"at least {node.n + d}", replace(node, n=node.n + d)) for d in (-1, 1))
        case n.Field(name) if name in _NEIGHBOURS:
            yield f"{_NEIGHBOURS[name]} for {name}", replace(node, name=_NEIGHBOURS[name])
        case n.Edge():
            yield "highest for lowest", replace(node, highest=not node.highest)
        case n.If():
            yield "if: then", node.then
            yield "if: otherwise", node.otherwise
        case n.Anchor(name) if name in _ANCHORS:
            yield f"{_ANCHORS[name]} for {name}", n.Anchor(_ANCHORS[name])  # type: ignore[arg-type]
        case n.PatientField(name):
            yield f"not {name}", n.PatientField("gender" if name == "sex" else "sex")


def _days_as_instants(node: n.Compare) -> Iterator[Mutant]:
    """A day taken as an instant, where that says something else.

    A day is its first instant: ``x >= day`` and ``x < day`` say the same of x and of its day, as do ``day <= y`` and
    ``day > y`` of y; so does a bound that is the start of the period, which is a first instant itself.
    """
    if isinstance(node.left, n.DayOf) and node.op not in (">=", "<"):
        yield f"{_short(node.left.value)} to the instant", replace(node, left=node.left.value)
    if isinstance(node.right, n.DayOf) and node.op not in ("<=", ">") and not _first_instant(node.right.value):
        yield f"{_short(node.right.value)} to the instant", replace(node, right=node.right.value)


def _first_instant(value: Any) -> bool:
    while isinstance(value, n.Shift) and value.unit in ("year", "month", "week", "day"):
        value = value.value
    return isinstance(value, n.Anchor) and value.name in ("period-start", "birth")


def report_mutants(measure: Measure, opaque: frozenset[str] = frozenset()) -> Iterator[tuple[str, Measure]]:
    """Every mutant of a measure's report.

    A definition or event set that is used in several places is broken in all of them at once: it is one clause.
    """
    roots = [part for rate in measure.rates for part in report_parts(rate)]
    for unit in units(roots, opaque):
        for said, broken in own_mutants(unit):
            try:
                yield f"{_short(unit)} > {said}", _everywhere(measure, unit, broken)
            except CriteriaError:
                continue
    for i, rate in enumerate(measure.rates):
        for said, changed in _rate_mutants(rate):
            yield f"{rate.id} {said}", replace(measure, rates=(*measure.rates[:i], changed, *measure.rates[i + 1 :]))


def report_parts(rate: Rate) -> list[Any]:
    """What a rate is made of."""
    reasons = (*rate.exclusions, *rate.exceptions, *rate.numerator_exclusions)
    return [rate.initial_population, rate.denominator, rate.numerator, *(reason.part for reason in reasons)]


def _everywhere(measure: Measure, old: Any, new: Any) -> Measure:
    def swap(part: Any) -> Any:
        return substitute(part, old, new)

    def reasons(given: tuple[Reason, ...]) -> tuple[Reason, ...]:
        return tuple(replace(reason, part=swap(reason.part)) for reason in given)

    rates = tuple(
        replace(
            rate,
            initial_population=swap(rate.initial_population),
            denominator=swap(rate.denominator),
            numerator=swap(rate.numerator),
            exclusions=reasons(rate.exclusions),
            exceptions=reasons(rate.exceptions),
            numerator_exclusions=reasons(rate.numerator_exclusions),
        )
        for rate in measure.rates
    )
    return replace(measure, rates=rates)


def everywhere_in(clinical: Clinical, old: Any, new: Any) -> Clinical:
    """The chart's rule with a unit replaced in all places."""
    return replace(
        clinical,
        eligible=substitute(clinical.eligible, old, new),
        excluded=tuple(replace(r, part=substitute(r.part, old, new)) for r in clinical.excluded),
        closed_by=tuple(replace(c, events=substitute(c.events, old, new)) for c in clinical.closed_by),
        satisfied=None if clinical.satisfied is None else substitute(clinical.satisfied, old, new),
    )


def _rate_mutants(rate: Rate) -> Iterator[tuple[str, Rate]]:
    for name in ("initial_population", "denominator", "numerator"):
        for said, changed in mutants_of(getattr(rate, name)):
            yield f"{name} > {said}", replace(rate, **{name: changed})
    for name in ("exclusions", "exceptions", "numerator_exclusions"):
        reasons = getattr(rate, name)
        for i, reason in enumerate(reasons):
            yield f"{name} > without {reason.name}", replace(rate, **{name: (*reasons[:i], *reasons[i + 1 :])})
            for said, changed in mutants_of(reason.part):
                broken = replace(reason, part=changed)
                yield f"{name} > {said}", replace(rate, **{name: (*reasons[:i], broken, *reasons[i + 1 :])})


def _clause(node: Any) -> str:
    if isinstance(node, n.Compare):
        return f"{_short(node.left)} {node.op} {_short(node.right)}"
    return _short(node)


def _short(node: Any) -> str:
    """A few words that tell a node from its neighbours."""
    match node:
        case n.Define(name) | n.DefineSet(name) | n.Field(name) | n.Anchor(name):
            return name
        case n.Events(types, codes_):
            return f"{'/'.join(types)} {codes_[0].name if codes_ else ''}"
        case n.Literal(value):
            return f"{value}"
        case _ if is_dataclass(node):
            first = next((getattr(node, f.name) for f in fields(node)), None)
            inner = first[0] if isinstance(first, tuple) and first else first
            return f"{type(node).__name__}({_short(inner)})"
        case _:
            return str(node)[:40]
