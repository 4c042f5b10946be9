"""Immunizations by CVX code (CDC), with refusals as ``not-done``.

Adults: CDC adult schedule. Children: the series of CMS117 (turning two). Codes were read in CDC's
CVX table and, for the childhood series, in the value sets of CMS117 (2026).
"""

from __future__ import annotations

from datetime import date, timedelta

from .case import Case
from .chart import Chart
from .codes import CVX, Code, concept, hl7
from .dates import instant, months_before, workday, years_before
from .draw import Draw
from .orders import declined_on
from .states import DUE, MET, REFUSED, State


def cvx(code: str, display: str) -> Code:
    """A vaccine of CDC's CVX table."""
    return Code(CVX, code, display)


FLU_NOW = (
    cvx("140", "Influenza, split virus, trivalent, injectable, preservative free"),
    cvx("141", "Influenza, split virus, trivalent, injectable, contains preservative"),
    cvx("155", "Influenza, recombinant, trivalent, injectable, preservative free"),
)
FLU_OLDER = cvx("168", "Influenza, adjuvanted, trivalent, injectable, preservative free")
# Quadrivalent vaccines left the US market after the season of 2023-24.
FLU_BEFORE_2024 = (
    cvx("150", "Influenza, split virus, quadrivalent, injectable, preservative free"),
    cvx("158", "Influenza, split virus, quadrivalent, injectable, contains preservative"),
    cvx("205", "Influenza, adjuvanted, quadrivalent, injectable, preservative free"),
)
PCV20 = cvx("216", "Pneumococcal conjugate vaccine 20-valent (PCV20)")
PCV15 = cvx("215", "Pneumococcal conjugate vaccine 15-valent (PCV15)")
PCV13 = cvx("133", "pneumococcal conjugate vaccine, 13 valent")
PCV20_LICENSED = date(2021, 8, 1)  # and PCV15
PPSV23 = cvx("33", "pneumococcal polysaccharide vaccine, 23 valent")
ZOSTER = cvx("187", "zoster vaccine recombinant")
TDAP = cvx("115", "Tdap")
TD = cvx("113", "Td (adult) preservative free")
RSV = (
    cvx("303", "Respiratory syncytial virus (RSV), recombinant, protein subunit, adjuvant reconstituted (Arexvy)"),
    cvx("305", "Respiratory syncytial virus (RSV), bivalent, protein subunit, diluent reconstituted (Abrysvo)"),
)
RSV_LICENSED = date(2023, 9, 1)
HPV9 = cvx("165", "HPV, 9-valent")
MENINGOCOCCAL = cvx("114", "meningococcal MCV4P")

# vaccine, ages in months at each dose (CDC child schedule)
CHILDHOOD = (
    (cvx("08", "hepatitis B vaccine, pediatric or pediatric/adolescent dosage"), (0, 2, 6)),
    (cvx("116", "rotavirus, live, pentavalent vaccine"), (2, 4, 6)),
    (cvx("20", "diphtheria, tetanus toxoids and acellular pertussis vaccine"), (2, 4, 6, 15, 52)),
    (cvx("48", "Haemophilus influenzae type b vaccine, PRP-T conjugate"), (2, 4, 6, 12)),
    (PCV13, (2, 4, 6, 12)),
    (cvx("10", "poliovirus vaccine, inactivated"), (2, 4, 6, 52)),
    (cvx("03", "measles, mumps and rubella virus vaccine"), (12, 52)),
    (cvx("21", "varicella virus vaccine"), (12, 52)),
    (cvx("83", "hepatitis A vaccine, pediatric/adolescent dosage, 2 dose schedule"), (12, 18)),
)

_DECLINED = {
    "influenza": FLU_NOW[0],
    "pneumococcal": PCV20,
    "zoster": ZOSTER,
    "tetanus": TDAP,
    "rsv": RSV[0],
    "childhood": CHILDHOOD[6][0],
    "teenage": HPV9,
}


def shot(chart: Chart, day: date, vaccine: Code, *, given: bool = True, elsewhere: bool = False) -> None:
    """A dose that was given, or declined on that day."""
    chart.add(
        "Immunization",
        "us-core-immunization",
        status="completed" if given else "not-done",
        statusReason=None if given else concept(hl7("v3-ActReason", "PATOBJ", "patient objection")),
        vaccineCode=concept(vaccine),
        patient=chart.subject,
        encounter=chart.encounter_on(day),
        occurrenceDateTime=instant(day, 16) if not elsewhere else day.isoformat(),
        primarySource=not elsewhere,
    )


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Doses for every vaccine service that fits the patient."""
    for key, declined in _DECLINED.items():
        outcome = case.services.get(key)
        if outcome is None:
            continue
        if outcome.state is REFUSED:
            shot(chart, declined_on(case, draw.stream(key, "declined")), declined, given=False)
    _flu(chart, case, draw.stream("influenza"))
    _pneumococcal(chart, case, draw.stream("pneumococcal"))
    _zoster(chart, case, draw.stream("zoster"))
    if tetanus := _last(case, "tetanus"):
        shot(chart, tetanus, TDAP if draw.stream("tetanus").chance(60) else TD)
    rsv = _last(case, "rsv")
    if rsv and max(rsv, RSV_LICENSED) < case.end:
        shot(chart, max(rsv, RSV_LICENSED), draw.stream("rsv").pick(RSV))
    _series(chart, case, draw.stream("childhood"))


def _last(case: Case, key: str) -> date | None:
    outcome = case.services.get(key)
    return outcome.last if outcome else None


def season_start(day: date) -> date:
    """The first of July that opens the flu season of ``day``."""
    return date(day.year if day.month >= 7 else day.year - 1, 7, 1)


def _flu(chart: Chart, case: Case, draw: Draw) -> None:
    """MET: this season where it has begun to be given, else the last one; before that in most autumns."""
    outcome = case.services.get("influenza")
    if outcome is None or outcome.last is None:
        return
    met = outcome.state is MET
    start = season_start(case.end if met else outcome.last)
    if met and case.end < start + timedelta(days=92):
        start = years_before(start, 1)  # not given yet this season
    latest = case.end - timedelta(days=3) if met else outcome.last
    while start >= years_before(case.start, 1):
        day = min(workday(start + timedelta(days=draw.between(76, 150))), latest)
        if case.person.birth < day <= latest and day >= case.start:
            shot(chart, day, _flu_vaccine(case, day, draw), elsewhere=draw.chance(20))
        start = years_before(start, 1 if draw.chance(75) else 2)


def _flu_vaccine(case: Case, day: date, draw: Draw) -> Code:
    if season_start(day) < date(2024, 7, 1):
        return FLU_BEFORE_2024[2] if case.age >= 67 else draw.pick(FLU_BEFORE_2024[:2])
    return FLU_OLDER if case.age >= 67 else draw.pick(FLU_NOW)


def _pneumococcal(chart: Chart, case: Case, draw: Draw) -> None:
    """PCV20, or PCV15 and then PPSV23 a year later; the older PCV13 likewise."""
    day = _last(case, "pneumococcal")
    if day is None:
        return
    first = years_before(day, 1)
    licensed = first > PCV20_LICENSED
    if licensed and draw.chance(65):
        shot(chart, day, PCV20)
        return
    shot(chart, first, PCV15 if licensed else PCV13)
    shot(chart, day, PPSV23)


def _zoster(chart: Chart, case: Case, draw: Draw) -> None:
    """Two doses; DUE: the second is missing."""
    outcome = case.services.get("zoster")
    if outcome is None or outcome.last is None:
        return
    shot(chart, outcome.last, ZOSTER)
    second = months_before(outcome.last, -draw.between(2, 6))
    if outcome.state is MET:
        shot(chart, min(second, case.end - timedelta(days=5)), ZOSTER)


def _series(chart: Chart, case: Case, draw: Draw) -> None:
    """The childhood series (DUE: without the doses from twelve months on), then what is given from eleven."""
    state = case.state("childhood")
    if case.age <= 17 and state not in (State.NEVER, State.REFUSED):
        for vaccine, months in CHILDHOOD:
            for number, month in enumerate(months):
                day = workday(months_before(case.person.birth, -month) + timedelta(days=draw.between(4, 18)))
                late = 12 <= month <= 18 if case.age < 4 else month >= 12 and number == len(months) - 1
                if day < case.reference and not (late and state is DUE):
                    shot(chart, day, vaccine, elsewhere=day < case.start)
    teenage = case.services.get("teenage")
    if teenage and teenage.state in (MET, DUE):
        eleven = workday(years_before(case.person.birth, -11) + timedelta(days=draw.between(10, 120)))
        doses = [(TDAP, eleven), (MENINGOCOCCAL, eleven), (HPV9, eleven), (HPV9, months_before(eleven, -7))]
        for vaccine, day in doses[: 4 if teenage.state is MET else 2]:
            if day < case.reference:
                shot(chart, day, vaccine)
