"""Patients out of a seed and a reference date: decide first, then write the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from . import (
    appointments,
    care,
    conditions,
    contact,
    cover,
    encounters,
    heart,
    labs,
    medications,
    mess,
    orders,
    screening,
    shots,
    surveys,
    vitals,
)
from .case import Brief, Case
from .cast import cast
from .chart import Chart
from .codes import Resource
from .decide import draw_case
from .draw import Draw
from .people import patient_resource
from .practice import practice_bundle

# In this order: what is written later is put down to the encounter of its day.
WRITERS: tuple[tuple[str, Callable[[Chart, Case, Draw], None]], ...] = (
    ("cover", cover.write),
    ("encounters", encounters.write),
    ("conditions", conditions.write),
    ("vitals", vitals.write),
    ("labs", labs.write),
    ("heart", heart.write),
    ("screening", screening.write),
    ("surveys", surveys.write),
    ("shots", shots.write),
    ("medications", medications.write),
    ("orders", orders.write),
    ("care", care.write),
    ("appointments", appointments.write),
    ("contact", contact.write),
    ("mess", mess.write),
)

FIRST_DRAWN = 2001


def generate(seed: int, reference_date: date, count: int = 200) -> Iterator[Resource]:
    """``count`` patients, each a ``collection`` Bundle of US Core R4 resources; the cast comes first.

    The same arguments give the same bytes, whatever the clock, the process and PYTHONHASHSEED.
    References are relative (``Patient/pt-1001``) and resolve in the patient's own Bundle or in that
    of ``generate_practice``. Patient ``pt-2001`` is the same whatever ``count`` is.
    """
    for brief, draw in _briefs(seed, reference_date, count):
        yield write_case(draw_case(brief, reference_date, draw.stream("case")), draw)


def generate_practice(seed: int, reference_date: date) -> Resource:
    """The practice: Organization, Locations, Practitioners and PractitionerRoles, in one Bundle.

    Ids never change; the arguments are those of ``generate`` and nothing depends on them yet.
    """
    return practice_bundle()


def cases(seed: int, reference_date: date, count: int = 200) -> Iterator[Case]:
    """What was decided about each patient of ``generate``, in the same order: for tests and demos."""
    for brief, draw in _briefs(seed, reference_date, count):
        yield draw_case(brief, reference_date, draw.stream("case"))


def _briefs(seed: int, reference_date: date, count: int) -> Iterator[tuple[Brief, Draw]]:
    """The cast, which is the same whatever the seed, then patients of whom only the id is fixed."""
    members = cast(reference_date)[:count]
    for brief in members:
        yield brief, Draw("cast", brief.id)
    for number in range(count - len(members)):
        brief = Brief(id=f"pt-{FIRST_DRAWN + number}")
        yield brief, Draw(seed, brief.id)


def write_case(case: Case, draw: Draw) -> Resource:
    """One patient's Bundle."""
    chart = Chart(case.id)
    chart.put(patient_resource(case.id, case.person, case.age))
    for name, write in WRITERS:
        write(chart, case, draw.stream(name))
    return chart.bundle()
