"""Patients for CMS117, Childhood Immunization Status; born on 10 June 2024, two years old on 10 June 2026."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from support import builders as b
from support.measure_tables import Table
from support.patients.common import HOSPICE, conditions_verified, procedure_statuses, visit_kinds, visit_rows

from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.cms117 import CMS117

OPEN, DONE, OUT = "ip den", "ip den num", "ip den ex"
BORN, SECOND = date(2024, 6, 10), date(2026, 6, 10)
VISIT = b.encounter(vs.OFFICE_VISIT)
VISITS = (
    vs.OFFICE_VISIT,
    vs.HOME_HEALTHCARE,
    vs.PREVENTIVE_ESTABLISHED_0_17,
    vs.PREVENTIVE_INITIAL_0_17,
    codes.OFFICE_VISIT_WITHOUT_PHYSICIAN,
    vs.VIRTUAL_ENCOUNTER,
    vs.TELEPHONE_VISITS,
)


def day(number: int) -> str:
    """The day that many days after birth."""
    return (BORN + timedelta(days=number)).isoformat()


LAST = (SECOND - BORN).days
FIRST = (date(2025, 6, 10) - BORN).days


def dose(kind: b.Kind, number: int, **more: object) -> b.Event:
    """A dose on a day of life; late in the day."""
    return b.event("Immunization", kind, day(number) + "T20:00", **{"status": "completed", **more})


def doses(kind: b.Kind, *numbers: int) -> tuple[b.Event, ...]:
    return tuple(dose(kind, number) for number in numbers)


def given(kind: b.Kind, number: int, **more: object) -> b.Event:
    return b.procedure(kind, day(number) + "T20:00", **more)


# Of each vaccine: what is needed, as (vaccine, procedure, days of life), and what else counts.
SERIES: dict[str, tuple[b.Kind, b.Kind, tuple[int, ...], tuple[b.Kind, ...]]] = {
    "DTaP": (
        vs.DTAP_VACCINE,
        vs.DTAP_ADMINISTERED,
        (42, 100, 200, LAST),
        (vs.ANAPHYLAXIS_DTAP, vs.ENCEPHALITIS_DTAP),
    ),
    "polio": (vs.IPV_VACCINE, vs.IPV_ADMINISTERED, (42, 100, LAST), (codes.ANAPHYLAXIS_POLIO,)),
    "MMR": (vs.MMR_VACCINE, vs.MMR_ADMINISTERED, (FIRST,), (codes.ANAPHYLAXIS_MMR,)),
    "Hib": (vs.HIB_3_VACCINE, vs.HIB_3_ADMINISTERED, (42, 100, LAST), (codes.ANAPHYLAXIS_HIB,)),
    "hepatitis B": (
        vs.HEPATITIS_B_VACCINE,
        vs.HEPATITIS_B_ADMINISTERED,
        (0, 100, LAST),
        (codes.ANAPHYLAXIS_HEPATITIS_B, vs.HEPATITIS_B_DISEASE),
    ),
    "varicella": (
        vs.VZV_VACCINE,
        vs.VZV_ADMINISTERED,
        (LAST,),
        (vs.VARICELLA_ZOSTER, codes.ANAPHYLAXIS_VARICELLA),
    ),
    "pneumococcal": (
        vs.PCV_VACCINE,
        vs.PCV_ADMINISTERED,
        (42, 100, 200, LAST),
        (codes.ANAPHYLAXIS_PNEUMOCOCCAL,),
    ),
    "hepatitis A": (
        vs.HEPATITIS_A_VACCINE,
        vs.HEPATITIS_A_ADMINISTERED,
        (FIRST,),
        (vs.HEPATITIS_A, codes.ANAPHYLAXIS_HEPATITIS_A),
    ),
    "rotavirus": (
        codes.ROTAVIRUS_MONOVALENT,
        vs.ROTAVIRUS_2_ADMINISTERED,
        (42, LAST),
        (codes.ANAPHYLAXIS_ROTAVIRUS,),
    ),
    "influenza": (
        vs.CHILD_INFLUENZA_VACCINE,
        vs.CHILD_INFLUENZA_ADMINISTERED,
        (180, LAST),
        (codes.ANAPHYLAXIS_INFLUENZA,),
    ),
}
ALL = {name: doses(vaccine, *numbers) for name, (vaccine, _, numbers, _) in SERIES.items()}


def but(name: str) -> tuple[b.Event, ...]:
    """Every vaccine but one."""
    return tuple(event for other, events in ALL.items() if other != name for event in events)


def cms117() -> Table:
    table = Table(CMS117, born=BORN.isoformat(), base=(VISIT,))
    table.row("no vaccine", OPEN)
    everything = tuple(event for events in ALL.values() for event in events)
    table.row("every vaccine", DONE, *everything)
    table.ages((2, 2), "2026-12-31", OPEN, "-")
    visit_rows(table, vs.OFFICE_VISIT, OPEN, "-")
    visit_kinds(table, VISITS, OPEN)
    for name in SERIES:
        _series(table, name)
    _special(table)
    for kind in (
        vs.SEVERE_COMBINED_IMMUNODEFICIENCY,
        vs.IMMUNE_DISORDERS,
        vs.HIV,
        vs.LYMPHATIC_MALIGNANCY,
        vs.INTUSSUSCEPTION,
    ):
        _in_two_years(table, kind, (), OUT, OPEN)
    table.row("hospice", OUT, HOSPICE)
    return table


def _in_two_years(table: Table, kind: b.Kind, others: tuple[b.Event, ...], hit: str, miss: str) -> None:
    """A diagnosis from the day of birth to the second birthday."""
    had = partial(b.condition, kind)
    for when, counts in (
        (day(0) + "T00:00", True),
        (day(-1) + "T23:00", False),
        (day(LAST) + "T23:00", True),
        (day(LAST + 1), False),
    ):
        table.row(f"{kind.name} from {when}", hit if counts else miss, *others, had(when))
    conditions_verified(
        table, kind.name, lambda **more: (*others, had(**{"when": day(5), **more})), hit, miss, ends=False
    )
    table.row(f"{kind.name} on the problem list", hit, *others, b.problem(kind, day(5)))
    table.row(f"{kind.name}, over on the day it began", hit, *others, had(day(5), until=day(6)))


def _series(table: Table, name: str) -> None:
    vaccine, procedure, numbers, instead = SERIES[name]
    others = but(name)
    first = numbers[0]
    row = lambda says, what, *events: table.row(f"{name}: {says}", what, *others, *events)  # noqa: E731
    row("none", OPEN)
    row("one fewer", OPEN, *doses(vaccine, *numbers[1:]))
    if len(numbers) > 1:
        row("two of one day", OPEN, *doses(vaccine, *numbers[1:], numbers[1]))
        row("the last a minute later", OPEN, *doses(vaccine, *numbers[:-1]), dose(vaccine, numbers[-2], id="again"))
    earliest = {"MMR": FIRST, "varicella": FIRST, "hepatitis A": FIRST, "hepatitis B": 0, "influenza": 180}.get(
        name, 42
    )
    row("begun on the first day that counts", DONE, *doses(vaccine, earliest, *numbers[1:]))
    row("begun a day too early", OPEN, *doses(vaccine, earliest - 1, *numbers[1:]))
    row("ended on the second birthday", DONE, *doses(vaccine, *numbers[:-1], LAST))
    row("ended the day after", OPEN, *doses(vaccine, *numbers[:-1], LAST + 1))
    rest = doses(vaccine, *numbers[1:])
    for word in ("not-done", "entered-in-error"):
        row(f"first dose {word}", OPEN, *rest, dose(vaccine, first, status=word))
    row("first dose recorded as not given", OPEN, *rest, dose(vaccine, first, negated=True))
    make = lambda **more: (*others, *rest, given(procedure, first, **more))  # noqa: E731
    procedure_statuses(table, make, DONE, OPEN)
    row("procedure a day too early", OPEN, *rest, given(procedure, earliest - 1))
    row("procedure on the first day", DONE, *rest, given(procedure, earliest))
    row("procedure begun too early", OPEN, *rest, b.procedure(procedure, day(earliest - 1), day(earliest + 1)))
    if len(numbers) > 1:
        long = b.procedure(procedure, day(numbers[1]), day(numbers[1] + 3))
        row("procedure of days, begun on a day with a dose", OPEN, *rest, long)
    row("procedure of days", DONE, *rest, b.procedure(procedure, day(first), day(LAST + 5)))
    row("procedure on the second birthday", DONE, *doses(vaccine, *numbers[:-1]), given(procedure, LAST))
    row("procedure the day after", OPEN, *doses(vaccine, *numbers[:-1]), given(procedure, LAST + 1))
    for kind in instead:
        _in_two_years(table, kind, others, DONE, OPEN)


def _special(table: Table) -> None:
    row = table.row
    ill = {kind: b.condition(kind, day(20)) for kind in (vs.MEASLES, vs.MUMPS, vs.RUBELLA)}
    others = but("MMR")
    row("measles, mumps and rubella", DONE, *others, *ill.values())
    for kind in ill:
        two = tuple(event for other, event in ill.items() if other is not kind)
        row(f"without {kind.name}", OPEN, *others, *two)
        if kind is vs.MEASLES:
            row("measles on the problem list only", OPEN, *others, *two, b.problem(kind, day(20)))
            row("measles refuted", OPEN, *others, *two, b.condition(kind, day(20), verification="refuted"))
            row("measles before birth", OPEN, *others, *two, b.condition(kind, day(-1) + "T23:00"))
            row("measles on the day of birth", DONE, *others, *two, b.condition(kind, day(0)))
            row("measles on the second birthday", DONE, *others, *two, b.condition(kind, day(LAST) + "T23:00"))
            row("measles after it", OPEN, *others, *two, b.condition(kind, day(LAST + 1)))
            row("measles, over at once", DONE, *others, *two, b.condition(kind, day(20), day(LAST + 9)))
            for word in b_verified():
                row(f"measles {word}", DONE, *others, *two, b.condition(kind, day(20), verification=word))
        else:
            _in_two_years(table, kind, (*others, *two), DONE, OPEN)
    _hib(table)
    _rotavirus(table)
    _newborn(table)
    _live(table)


def b_verified() -> tuple[str | None, ...]:
    return (None, "unconfirmed", "provisional", "differential")


def _hib(table: Table) -> None:
    others = but("Hib")
    row = lambda says, what, *events: table.row(f"Hib: {says}", what, *others, *events)  # noqa: E731
    three, four = partial(doses, vs.HIB_3_VACCINE), partial(doses, vs.HIB_4_VACCINE)
    row("three of four", OPEN, *four(42, 100, LAST))
    row("four of four", DONE, *four(42, 100, 200, LAST))
    row("three of three and one of four", DONE, *three(50, 100, 200), *four(42))
    row("two of three and one of four", OPEN, *three(50, 100), *four(42))
    row("three of three and one of four of the same day", OPEN, *three(50, 100, 200), *four(50))
    row("three of three, and one of four too early", DONE, *three(50, 100, 200), *four(41))
    row("three of three, and one of four too late", DONE, *three(50, 100, 200), *four(LAST + 1))
    row(
        "three of three, and one of four not given",
        DONE,
        *three(50, 100, 200),
        dose(vs.HIB_4_VACCINE, 60, negated=True),
    )
    row("and one of four entered in error", DONE, *three(50, 100, 200), dose(vs.HIB_4_VACCINE, 60, status="not-done"))
    _fourth(table, "Hib", others, four(50, 100, 200), vs.HIB_4_VACCINE, vs.HIB_4_ADMINISTERED, vs.HIB_3_ADMINISTERED)
    base = (*three(50, 100, 200),)
    for number, what in ((42, DONE), (41, DONE), (LAST, DONE), (60, DONE)):
        row(f"procedure of four on day {number}", what, *base, given(vs.HIB_4_ADMINISTERED, number))
    two = three(50, 100)
    row("two and a procedure of four", OPEN, *two, given(vs.HIB_4_ADMINISTERED, 200))
    row("two and a procedure of three", DONE, *two, given(vs.HIB_3_ADMINISTERED, 200))
    for more, what in (({"status": "stopped"}, DONE), ({"negated": True}, DONE)):
        row(f"procedure of four, {more}", what, *base, given(vs.HIB_4_ADMINISTERED, 50, **more))
    row("procedure of four on a day of another", OPEN, *base, given(vs.HIB_4_ADMINISTERED, 50))
    row("procedure of four too early", DONE, *base, given(vs.HIB_4_ADMINISTERED, 41))
    row("procedure of four too late", DONE, *base, given(vs.HIB_4_ADMINISTERED, LAST + 1))
    row("procedure of four, begun too early", DONE, *base, b.procedure(vs.HIB_4_ADMINISTERED, day(41), day(50)))
    on_second = (*three(50, 100), *doses(vs.HIB_3_VACCINE, LAST))
    row("procedure of four on the second birthday", OPEN, *on_second, given(vs.HIB_4_ADMINISTERED, LAST))
    row("dose of four on the second birthday", OPEN, *on_second, dose(vs.HIB_4_VACCINE, LAST))
    on_first = (*three(42, 100, 200),)
    row("procedure of four on day 42", OPEN, *on_first, b.procedure(vs.HIB_4_ADMINISTERED, day(42) + "T00:00"))
    row(
        "dose of four on day 42",
        OPEN,
        *on_first,
        b.event("Immunization", vs.HIB_4_VACCINE, day(42) + "T00:00", status="completed"),
    )


def _fourth(table: Table, name: str, others: tuple[b.Event, ...], rest: tuple[b.Event, ...], *kinds: b.Kind) -> None:
    """The last dose that the longer schedule needs, as a vaccine, as its procedure, as the other one's procedure."""
    vaccine, procedure, shorter = kinds
    row = lambda says, what, *events: table.row(f"{name}, longer: {says}", what, *others, *rest, *events)  # noqa: E731
    for number, what in ((42, DONE), (41, OPEN), (LAST, DONE), (LAST + 1, OPEN)):
        row(f"dose on day {number}", what, dose(vaccine, number))
        row(f"procedure on day {number}", what, given(procedure, number))
        row(f"procedure of the other on day {number}", what, given(shorter, number))
    row("procedure begun too early", OPEN, b.procedure(procedure, day(41), day(44)))
    row("procedure that ended too late", DONE, b.procedure(procedure, day(LAST), day(LAST + 4)))
    row("procedure of days, begun on a day with a dose", OPEN, b.procedure(procedure, day(100), day(103)))
    for more in ({"status": "stopped"}, {"negated": True}):
        row(f"dose {more}", OPEN, dose(vaccine, 42, **more))
        row(f"procedure {more}", OPEN, given(procedure, 42, **more))


def _rotavirus(table: Table) -> None:
    others = but("rotavirus")
    row = lambda says, what, *events: table.row(f"rotavirus: {says}", what, *others, *events)  # noqa: E731
    two, three = partial(doses, codes.ROTAVIRUS_MONOVALENT), partial(doses, vs.ROTAVIRUS_3_VACCINE)
    row("two of three", OPEN, *three(42, 100))
    row("three of three", DONE, *three(42, 100, LAST))
    row("two of two and one of three", DONE, *two(50, 100), *three(42))
    row("one of two and one of three", OPEN, *two(50), *three(42))
    kinds = (vs.ROTAVIRUS_3_VACCINE, vs.ROTAVIRUS_3_ADMINISTERED, vs.ROTAVIRUS_2_ADMINISTERED)
    _fourth(table, "rotavirus", others, three(50, 100), *kinds)
    base = two(50, 100)
    row("and one of three on the same day", OPEN, *base, *three(50))
    row("and one of three too early", DONE, *base, *three(41))
    row("and one of three too late", DONE, *base, *three(LAST + 1))
    row("and one of three not given", DONE, *base, dose(vs.ROTAVIRUS_3_VACCINE, 50, negated=True))
    row("and one of three not done", DONE, *base, dose(vs.ROTAVIRUS_3_VACCINE, 50, status="not-done"))
    row("and a procedure of three", DONE, *base, given(vs.ROTAVIRUS_3_ADMINISTERED, 60))
    row("and a procedure of three on the same day", OPEN, *base, given(vs.ROTAVIRUS_3_ADMINISTERED, 50))
    for more in ({"status": "stopped"}, {"negated": True}):
        row(f"and a procedure of three, {more}", DONE, *base, given(vs.ROTAVIRUS_3_ADMINISTERED, 50, **more))
    row("and a procedure of three too early", DONE, *base, given(vs.ROTAVIRUS_3_ADMINISTERED, 41))
    row("and a procedure of three too late", DONE, *base, given(vs.ROTAVIRUS_3_ADMINISTERED, LAST + 1))
    row("begun too early", DONE, *base, b.procedure(vs.ROTAVIRUS_3_ADMINISTERED, day(41), day(50)))
    last = two(50, LAST)
    row("one of three on the second birthday", OPEN, *last, dose(vs.ROTAVIRUS_3_VACCINE, LAST))
    row("a procedure of three on the second birthday", OPEN, *last, given(vs.ROTAVIRUS_3_ADMINISTERED, LAST))
    first = two(42, 100)
    row(
        "one of three on day 42",
        OPEN,
        *first,
        b.event("Immunization", vs.ROTAVIRUS_3_VACCINE, day(42), status="completed"),
    )
    row("a procedure of three on day 42", OPEN, *first, b.procedure(vs.ROTAVIRUS_3_ADMINISTERED, day(42)))


def _newborn(table: Table) -> None:
    others = (*but("hepatitis B"), *doses(vs.HEPATITIS_B_VACCINE, 8, LAST))
    row = lambda says, what, *events: table.row(f"hepatitis B: {says}", what, *others, *events)  # noqa: E731
    newborn = partial(given, codes.NEWBORN_VACCINE)
    row("two doses", OPEN)
    row("two after one on the day of birth", DONE, newborn(0))
    row("one before birth", OPEN, newborn(-1))
    row("one on day 7", DONE, newborn(7))
    row("one on day 8", OPEN, newborn(8))
    row("one over days", DONE, b.procedure(codes.NEWBORN_VACCINE, day(7), day(20)))
    for word in ("stopped", "in-progress"):
        row(f"one {word}", OPEN, newborn(0, status=word))
    row("one not done", OPEN, newborn(0, negated=True))
    rest = but("hepatitis B")
    later = (*rest, *doses(vs.HEPATITIS_B_VACCINE, 20, 100))
    table.row("hepatitis B: newborn's on day 8, and two", OPEN, *later, newborn(8))
    table.row(
        "hepatitis B: newborn's begun before birth, and two",
        OPEN,
        *later,
        b.procedure(codes.NEWBORN_VACCINE, day(-1), day(2)),
    )
    for first, what in ((8, DONE), (7, OPEN)):
        both = (*doses(vs.HEPATITIS_B_VACCINE, LAST), b.procedure(vs.HEPATITIS_B_ADMINISTERED, day(first) + "T23:00"))
        table.row(f"hepatitis B: day 7, then day {first}", what, *rest, *both, newborn(7))
    once = doses(vs.HEPATITIS_B_VACCINE, 100, 100)
    table.row("hepatitis B: newborn, then two of one day", OPEN, *rest, *once, newborn(0))
    long = b.procedure(vs.HEPATITIS_B_ADMINISTERED, day(60), day(63))
    table.row(
        "hepatitis B: newborn, then one and a long one of the same day",
        OPEN,
        *rest,
        dose(vs.HEPATITIS_B_VACCINE, 60),
        long,
        newborn(0),
    )
    table.row("hepatitis B: newborn, then one", OPEN, *rest, *doses(vs.HEPATITIS_B_VACCINE, 100), newborn(0))
    long = (b.procedure(vs.HEPATITIS_B_ADMINISTERED, day(0), day(50)), *doses(vs.HEPATITIS_B_VACCINE, 100))
    table.row("hepatitis B: begun on the day of the newborn's", OPEN, *rest, *long, newborn(0))
    spread = (*doses(vs.HEPATITIS_B_VACCINE, 9, 100), b.procedure(codes.NEWBORN_VACCINE, day(3), day(60)))
    table.row("hepatitis B: after the newborn's began", DONE, *rest, *spread)


def _live(table: Table) -> None:
    others = (*but("influenza"), *doses(vs.CHILD_INFLUENZA_VACCINE, 200))
    row = lambda says, what, *events: table.row(f"influenza: {says}", what, *others, *events)  # noqa: E731
    for kind, make in ((vs.LAIV_VACCINE, dose), (vs.LAIV_ADMINISTERED, given)):
        row(f"{kind.name} on the second birthday", DONE, make(kind, LAST))
        row(f"{kind.name} the day before", OPEN, make(kind, LAST - 1))
        row(f"{kind.name} the day after", OPEN, make(kind, LAST + 1))
        row(f"{kind.name} not given", OPEN, make(kind, LAST, negated=True))
        row(f"{kind.name} stopped", OPEN, make(kind, LAST, status="stopped"))
        table.row(f"{kind.name} alone", OPEN, *but("influenza"), make(kind, LAST))
    over = b.procedure(vs.LAIV_ADMINISTERED, day(LAST), day(LAST + 3))
    row("live one over days", DONE, over)
    early = b.procedure(vs.LAIV_ADMINISTERED, day(LAST - 3), day(LAST))
    row("live one begun before", OPEN, early)
