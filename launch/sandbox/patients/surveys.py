"""What is asked at visits: smoking, depression, falls, social needs. Codes: LOINC; answers: SNOMED CT."""

from __future__ import annotations

from datetime import date

from .case import Case
from .chart import Chart
from .codes import loinc, snomed
from .dates import age_on
from .draw import Draw
from .observations import SDOH, SOCIAL_HISTORY, SURVEY, Quantity, observe
from .visits import Visit

SMOKING_STATUS = loinc("72166-2", "Tobacco smoking status")
PACK_YEARS = loinc("8664-5", "Cigarettes smoked total (pack per year) - Reported")
PHQ_2 = loinc("55758-7", "Patient Health Questionnaire 2 item (PHQ-2) total score [Reported]")
PHQ_9 = loinc("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]")
ADULT_DEPRESSION = loinc("73832-8", "Adult depression screening assessment")
ADOLESCENT_DEPRESSION = loinc("73831-0", "Adolescent depression screening assessment")
FALL_RISK = loinc("73830-2", "Fall risk assessment")
SOCIAL_NEEDS = loinc(
    "96777-8", "Accountable health communities (AHC) health-related social needs screening (HRSN) tool"
)
PRAPARE = loinc(
    "93025-5", "Protocol for Responding to and Assessing Patients' Assets, Risks, and Experiences [PRAPARE]"
)

SMOKING = {
    "never": snomed("266919005", "Never smoked tobacco (finding)"),
    "former": snomed("8517006", "Ex-smoker (finding)"),
    "current": snomed("449868002", "Smokes tobacco daily (finding)"),
    "unknown": snomed("266927001", "Tobacco smoking consumption unknown (finding)"),
}
NEGATIVE_SCREEN = snomed("428171000124102", "Depression screening negative (finding)")
POSITIVE_SCREEN = snomed("428181000124104", "Depression screening positive (finding)")


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Each survey at its last visit, and at earlier visits about a year apart."""
    for visit in _yearly(case, "tobacco"):
        _smoking(chart, case, visit.day, draw.stream("smoking"))
    for index, visit in enumerate(_yearly(case, "depression")):
        _depression(chart, case, visit.day, index == 0, draw.stream("depression", visit.day.isoformat()))
    for visit in _yearly(case, "falls"):
        here = draw.stream("falls", visit.day.isoformat())
        text = "Two falls in the past year" if here.chance(20) else "No fall in the past year"
        observe(chart, visit.day, FALL_RISK, SURVEY, text)
    for visit in _yearly(case, "social"):
        _social(chart, case, visit.day, draw.stream("social", visit.day.isoformat()))


def _yearly(case: Case, service: str) -> list[Visit]:
    """The visits at which it was asked, latest first: the drawn one, then earlier ones 11 months apart."""
    outcome = case.services.get(service)
    if outcome is None or outcome.last is None:
        return []
    found: list[Visit] = []
    for visit in reversed(case.office_visits):
        if visit.day > outcome.last:
            continue
        if age_on(case.person.birth, visit.day) < 12:
            break
        if not found or (found[-1].day - visit.day).days >= 335:
            found.append(visit)
    return found


def _smoking(chart: Chart, case: Case, day: date, draw: Draw) -> None:
    observe(chart, day, SMOKING_STATUS, SOCIAL_HISTORY, SMOKING[case.smoking], profile="us-core-smokingstatus")
    # Pack-years are on file for two in three heavy smokers: without them lung screening cannot be told.
    if "heavy-smoker" in case.tags and draw.chance(66):
        packs = Quantity(draw.between(21, 48), "{PackYears}", "pack years")
        observe(chart, day, PACK_YEARS, SOCIAL_HISTORY, packs, profile="us-core-smokingstatus")


def _depression(chart: Chart, case: Case, day: date, latest: bool, draw: Draw) -> None:
    """The screening as a whole, with its scores; a positive PHQ-2 is followed by the PHQ-9."""
    positive = ("low-mood" in case.traits and latest) or draw.chance(40 if "depression" in case.tags else 7)
    code = ADULT_DEPRESSION if age_on(case.person.birth, day) >= 18 else ADOLESCENT_DEPRESSION
    observe(chart, day, code, SURVEY, POSITIVE_SCREEN if positive else NEGATIVE_SCREEN)
    score = draw.between(3, 6) if positive else draw.between(0, 2)
    observe(chart, day, PHQ_2, SURVEY, Quantity(score, "{score}"))
    if positive:
        observe(chart, day, PHQ_9, SURVEY, Quantity(draw.between(10, 19), "{score}"))


def _social(chart: Chart, case: Case, day: date, draw: Draw) -> None:
    """Food and transport needs agree with the problem list."""
    needs = [words for key, words in (("food-insecurity", "food"), ("transport", "transport")) if key in case.tags]
    answer = f"Needs found: {', '.join(needs)}" if needs else "No needs found"
    tool = SOCIAL_NEEDS if draw.chance(65) else PRAPARE
    observe(chart, day, tool, SURVEY, answer, extra_category=SDOH)
