"""Patients for the shared definitions, each as the one exclusion of a measure of its own."""

from __future__ import annotations

from support import builders as b
from support.measure_tables import Table

from smartapp.criteria.words import Always
from smartapp.measures import codes
from smartapp.measures import valuesets as vs
from smartapp.measures.model import Clinical, Measure, Rate, Reason, Source
from smartapp.measures.shared import exclusions
from smartapp.measures.shared.visits import ADULT_VISITS, adult_outpatient_visits

IN, OUT = "ip den ex", "ip den"
YEAR = ("2026-01-01", "2026-12-31")
GOOD_RESULTS, BAD_RESULTS = ("final", "amended", "corrected"), ("preliminary", "registered", "unknown", "cancelled")
GOOD_ORDERS, BAD_ORDERS = ("active", "completed"), ("draft", "revoked", "on-hold", "stopped", "unknown")
INTENTS = ("order", "original-order", "reflex-order", "filler-order", "instance-order")
BAD_INTENTS = ("proposal", "plan", "option", "directive")
VERIFIED = (None, "confirmed", "unconfirmed", "provisional", "differential")


def only(name: str, reason: Reason) -> Measure:
    """A measure whose only clause is an exclusion."""
    source = Source(name, "", "", "", "")
    rate = Rate("Group_1", Always(), Always(), Always(False), exclusions=(reason,))
    return Measure(name, "", name, source, Clinical(Always(), (), source), rates=(rate,))


def overlapping(table: Table, says: str, make, **options) -> None:  # type: ignore[no-untyped-def]
    """Rows around a period that may begin before the year and end after it."""
    for start, end, hit in (
        ("2025-12-01", "2025-12-31", False),
        ("2025-12-01", "2026-01-01T00:00", True),
        ("2025-06-01", "2027-06-01", True),
        ("2026-12-31T23:00", "2027-01-01", True),
        ("2027-01-01", "2027-02-01", False),
    ):
        table.row(f"{says} from {start} to {end}", IN if hit else OUT, make(start, end), **options)


def conditions_verified(table: Table, says: str, make, hit: str, miss: str) -> None:  # type: ignore[no-untyped-def]
    table.each(f"{says}, verification", hit, VERIFIED, lambda word: make(verification=word))
    table.each(f"{says}, verification", miss, ("refuted", "entered-in-error"), lambda word: make(verification=word))
    table.row(f"{says}, over and nobody said when", miss, make(when="2020-01-01", clinical="inactive", end=None))


def hospice() -> Table:
    table = Table(only("hospice", exclusions.hospice()), born="1950-01-01")
    table.row("nothing", OUT)
    home, facility = codes.DISCHARGE_TO_HOME_FOR_HOSPICE, codes.DISCHARGE_TO_FACILITY_FOR_HOSPICE
    stay = lambda **more: b.encounter(vs.ENCOUNTER_INPATIENT, **{"discharge": home, **more})  # noqa: E731
    table.each("discharged", IN, (home, facility), lambda to: stay(discharge=to))
    table.row("discharged elsewhere", OUT, stay(discharge=codes.YES))
    table.row("discharged to hospice from no hospital", OUT, b.encounter(vs.OFFICE_VISIT, discharge=home))
    table.row("a stay that goes on", OUT, stay(status="in-progress"))
    table.window("discharged", lambda day: stay(when="2025-12-20", until=day), YEAR, IN, OUT)
    table.row("discharged late on the last day", IN, stay(when="2026-12-20", until="2026-12-31T23:59"))
    table.row("discharged just after the last day", OUT, stay(when="2026-12-20", until="2027-01-01T00:00"))
    overlapping(table, "hospice encounter", lambda s, e: b.encounter(vs.HOSPICE_ENCOUNTER, s, e))
    table.row("hospice encounter planned", OUT, b.encounter(vs.HOSPICE_ENCOUNTER, status="planned"))
    mds = lambda **more: b.observation(codes.HOSPICE_CARE_MDS, **{"value": codes.YES, **more})  # noqa: E731
    table.row("assessed: no", OUT, mds(value=codes.LEFT))
    table.each("assessed, status", IN, GOOD_RESULTS, lambda word: mds(status=word))
    table.each("assessed, status", OUT, BAD_RESULTS, lambda word: mds(status=word))
    table.row("assessment recorded as not done", OUT, mds(negated=True))
    overlapping(table, "assessed", lambda s, e: mds(when=s, until=e))
    order = lambda **more: b.order("ServiceRequest", vs.HOSPICE_CARE_AMBULATORY, **more)  # noqa: E731
    table.window("ordered", lambda day: order(when=day), YEAR, IN, OUT)
    table.row("ordered late on the last day", IN, order(when="2026-12-31T23:59"))
    table.each("order, status", IN, GOOD_ORDERS, lambda word: order(status=word))
    table.each("order, status", OUT, BAD_ORDERS, lambda word: order(status=word))
    table.each("order, intent", IN, INTENTS, lambda word: order(intent=word))
    table.each("order, intent", OUT, BAD_INTENTS, lambda word: order(intent=word))
    table.row("order not to be performed", OUT, order(negated=True))
    care = lambda **more: b.procedure(vs.HOSPICE_CARE_AMBULATORY, **more)  # noqa: E731
    overlapping(table, "performed", lambda s, e: care(when=s, until=e))
    table.row("performed: still going on", OUT, care(status="in-progress"))
    table.row("performed: not done", OUT, care(negated=True))
    dx = lambda **more: b.condition(vs.HOSPICE_DIAGNOSIS, **more)  # noqa: E731
    overlapping(table, "diagnosis", lambda s, e: dx(when=s, until=e))
    conditions_verified(table, "diagnosis", dx, IN, OUT)
    return table


def palliative() -> Table:
    table = Table(only("palliative", exclusions.palliative_care()), born="1950-01-01")
    table.row("nothing", OUT)
    assessed = lambda **more: b.observation(codes.FACIT_PAL, **more)  # noqa: E731
    overlapping(table, "assessed", lambda s, e: assessed(when=s, until=e))
    table.each("assessed, status", IN, GOOD_RESULTS, lambda word: assessed(status=word))
    table.each("assessed, status", OUT, BAD_RESULTS, lambda word: assessed(status=word))
    table.row("assessment recorded as not done", OUT, assessed(negated=True))
    dx = lambda **more: b.condition(vs.PALLIATIVE_CARE_DIAGNOSIS, **more)  # noqa: E731
    overlapping(table, "diagnosis", lambda s, e: dx(when=s, until=e))
    conditions_verified(table, "diagnosis", dx, IN, OUT)
    overlapping(table, "encounter", lambda s, e: b.encounter(vs.PALLIATIVE_CARE_ENCOUNTER, s, e))
    table.row("encounter planned", OUT, b.encounter(vs.PALLIATIVE_CARE_ENCOUNTER, status="planned"))
    treated = lambda **more: b.procedure(vs.PALLIATIVE_CARE_INTERVENTION, **more)  # noqa: E731
    overlapping(table, "intervention", lambda s, e: treated(when=s, until=e))
    table.row("intervention: still going on", OUT, treated(status="in-progress"))
    table.row("intervention: not done", OUT, treated(negated=True))
    return table


def _frailty_rows(table: Table, base: tuple[b.Event, ...], **patient: object) -> None:
    """Each way to be frail, for a patient in whom frailty decides."""
    add = lambda says, hit, *events: table.row(says, IN if hit else OUT, *base, *events, **patient)  # noqa: E731
    device = lambda **more: b.order("DeviceRequest", vs.FRAILTY_DEVICE, **more)  # noqa: E731
    add("no frailty", False)
    table.window("frailty device", lambda day: (*base, device(when=day)), YEAR, IN, OUT, **patient)
    add("frailty device late on the last day", True, device(when="2026-12-31T23:59"))
    for word in GOOD_ORDERS:
        add(f"frailty device {word}", True, device(status=word))
    for word in BAD_ORDERS:
        add(f"frailty device {word}", False, device(status=word))
    for word in INTENTS:
        add(f"frailty device {word}", True, device(intent=word))
    for word in BAD_INTENTS:
        add(f"frailty device {word}", False, device(intent=word))
    add("frailty device not to be given", False, device(negated=True))
    used = lambda **more: b.observation(codes.MEDICAL_EQUIPMENT_USED, **{"value": vs.FRAILTY_DEVICE, **more})  # noqa: E731
    add("equipment used", True, used())
    add("other equipment used", False, used(value=codes.YES))
    table.window(
        "equipment used until", lambda day: (*base, used(when="2025-12-01", until=day)), YEAR, IN, OUT, **patient
    )
    for word in GOOD_RESULTS:
        add(f"equipment used, {word}", True, used(status=word))
    for word in BAD_RESULTS:
        add(f"equipment used, {word}", False, used(status=word))
    add("equipment recorded as not used", False, used(negated=True))
    dx = lambda **more: b.condition(vs.FRAILTY_DIAGNOSIS, **more)  # noqa: E731
    visit = lambda s, e, **more: b.encounter(vs.FRAILTY_ENCOUNTER, s, e, **more)  # noqa: E731
    symptom = lambda **more: b.observation(vs.FRAILTY_SYMPTOM, **more)  # noqa: E731
    for start, end, hit in (
        ("2025-12-01", "2025-12-31", False),
        ("2025-12-01", "2026-01-01T00:00", True),
        ("2026-12-31T23:00", "2027-01-01", True),
        ("2027-01-01", "2027-02-01", False),
    ):
        add(f"frailty diagnosis {start} to {end}", hit, dx(when=start, until=end))
        add(f"frailty encounter {start} to {end}", hit, visit(start, end))
        add(f"frailty symptom {start} to {end}", hit, symptom(when=start, until=end))
    for word in VERIFIED:
        add(f"frailty diagnosis {word}", True, dx(verification=word))
    add("frailty diagnosis refuted", False, dx(verification="refuted"))
    add("frailty encounter planned", False, visit("2026-06-01", "2026-06-01", status="planned"))
    for word in (*GOOD_RESULTS, "preliminary"):
        add(f"frailty symptom {word}", True, symptom(status=word))
    add("frailty symptom registered", False, symptom(status="registered"))
    add("frailty symptom recorded as absent", False, symptom(negated=True))


FRAIL = b.condition(vs.FRAILTY_DIAGNOSIS)
ILL = b.condition(vs.ADVANCED_ILLNESS)


def _illness_rows(table: Table, **patient: object) -> None:
    """Each way to be ill, for a frail patient in whom the illness decides."""
    window = ("2025-01-01", "2026-12-31")
    ill = lambda **more: (FRAIL, b.condition(vs.ADVANCED_ILLNESS, **more))  # noqa: E731
    table.row("frail and not ill", OUT, FRAIL, **patient)
    table.window("advanced illness begun", lambda day: ill(when=day), window, IN, OUT, **patient)
    table.row("advanced illness begun late on the last day", IN, *ill(when="2026-12-31T23:59"), **patient)
    table.row("advanced illness begun early and over", IN, *ill(when="2025-01-01", until="2025-01-02"), **patient)
    for word in VERIFIED:
        table.row(f"advanced illness {word}", IN, *ill(verification=word), **patient)
    table.row("advanced illness refuted", OUT, *ill(verification="refuted"), **patient)
    pills = lambda **more: (FRAIL, b.medicine(vs.DEMENTIA_MEDICATIONS, **more))  # noqa: E731
    for start, end, hit in (
        ("2024-12-01", "2024-12-31", OUT),
        ("2024-12-01", "2025-01-01T00:00", IN),
        ("2026-12-31T23:00", "2027-01-31", IN),
        ("2027-01-01", "2027-01-31", OUT),
    ):
        table.row(f"dementia medicine {start} to {end}", hit, *pills(when=start, until=end), **patient)
    table.row("dementia medicine without a period", OUT, *pills(when=None), **patient)
    table.row("dementia medicine, bounds without an end", OUT, *pills(when=None, end=b.FOREVER), **patient)
    table.row("dementia medicine completed", OUT, *pills(status="completed"), **patient)
    for word in INTENTS:
        table.row(f"dementia medicine {word}", IN, *pills(intent=word), **patient)
    table.row("dementia medicine only planned", OUT, *pills(intent="plan"), **patient)
    table.row("dementia medicine not to be given", OUT, *pills(negated=True), **patient)


def frailty() -> Table:
    table = Table(only("frailty", exclusions.frailty()), born="1955-01-01")
    table.ages((66, None), "2026-12-31", IN, OUT, FRAIL, ILL)
    table.row("90 and frail alone", OUT, FRAIL, born="1936-01-01")
    _frailty_rows(table, (ILL,))
    _illness_rows(table)
    return table


def frailty_or_81() -> Table:
    table = Table(only("frailty or 81", exclusions.frailty_or_81()), born="1955-01-01")
    table.ages((66, None), "2026-12-31", IN, OUT, FRAIL, ILL)
    table.ages((81, None), "2026-12-31", IN, OUT, FRAIL)
    table.row("80 on the last day, frail and ill", IN, FRAIL, ILL, born="1946-12-31")
    table.row("80 on the last day, frail alone", OUT, FRAIL, born="1946-12-31")
    table.row("90 and not frail", OUT, ILL, born="1936-01-01")
    table.row("90, frail and ill", IN, ILL, FRAIL, born="1936-01-01")
    _frailty_rows(table, (ILL,))
    _frailty_rows(table, (), born="1940-01-01")
    _illness_rows(table)
    return table


def nursing_home() -> Table:
    table = Table(only("nursing home", exclusions.nursing_home()), born="1955-01-01")
    housed = lambda **more: b.observation(codes.HOUSING_STATUS, **{"value": codes.LIVES_IN_NURSING_HOME, **more})  # noqa: E731
    table.row("nothing", OUT)
    table.ages((66, None), "2026-12-31", IN, OUT, housed())
    table.row("lives elsewhere", OUT, housed(value=codes.YES))
    table.row("came years ago", IN, housed(when="2019-01-01"))
    table.row("moved in", IN, housed(value=codes.YES, when="2026-01-01"), housed(when="2026-02-01"))
    table.row("moved out", OUT, housed(value=codes.YES, when="2026-03-01"), housed(when="2026-02-01"))
    table.row(
        "the later end counts, not the later start",
        IN,
        housed(when="2026-01-01", until="2026-06-01"),
        housed(value=codes.YES, when="2026-02-01", until="2026-03-01"),
    )
    table.row("on the last day, late", IN, housed(when="2026-12-31T23:59"))
    table.row("until after the last day", OUT, housed(when="2026-12-31", until="2027-01-01T00:00"))
    table.row("moved out after the year", IN, housed(), housed(value=codes.YES, when="2026-12-31", until="2027-01-01"))
    table.each("status", IN, GOOD_RESULTS, lambda word: housed(status=word))
    table.each("status", OUT, BAD_RESULTS, lambda word: housed(status=word))
    table.row("recorded as not done", OUT, housed(negated=True))
    return table


def visits() -> Table:
    """The visits of AdultOutpatientEncounters, in the place of an exclusion."""
    table = Table(only("visits", Reason("visits", adult_outpatient_visits.exist())), born="1955-01-01")
    table.each("visit", IN, ADULT_VISITS, b.encounter)
    visit_rows(table, vs.OFFICE_VISIT, IN, OUT)
    return table


def visit_rows(table: Table, kind: b.Kind, hit: str, miss: str, **options: object) -> None:
    """When a visit of a kind counts: finished, begun and ended in the year."""
    table.row("no visit", miss, alone=True, **options)
    for word in ("planned", "in-progress", "cancelled", "arrived"):
        table.row(f"visit {word}", miss, b.encounter(kind, status=word), alone=True, **options)
    for start, end, counts in (
        ("2026-01-01T00:00", "2026-01-01T00:30", True),
        ("2025-12-31T23:30", "2026-01-01T00:30", False),
        ("2026-12-31T23:30", "2026-12-31T23:59", True),
        ("2026-12-31", "2026-12-31", True),
        ("2026-12-31T23:30", "2027-01-01T00:00", False),
    ):
        says = f"visit from {start} to {end}"
        table.row(says, hit if counts else miss, b.encounter(kind, start, end), alone=True, **options)
    table.row("visit without an end", miss, b.encounter(kind, until="for ever"), alone=True, **options)
    table.row("visit without a start", miss, b.encounter(kind, start=None), alone=True, **options)


TABLES = (hospice, palliative, frailty, frailty_or_81, nursing_home, visits)
