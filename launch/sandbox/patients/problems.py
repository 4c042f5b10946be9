"""The problem list: which conditions, how they are coded, and who has them.

ICD-10-CM codes: fiscal year 2026 table of the National Center for Health Statistics. SNOMED CT
codes: only pairs that say the same; where none is sure, the ICD-10-CM code stands alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from .codes import Code, icd10, snomed
from .dates import age_on, years_before
from .draw import Draw


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A condition of the catalogue; ``tags`` are what the services of states.py ask for."""

    key: str
    codes: tuple[Code, ...]
    tags: frozenset[str] = frozenset()


def _diagnosis(key: str, *codes: Code, tags: tuple[str, ...] = ()) -> Diagnosis:
    return Diagnosis(key, codes, frozenset({key, *tags}))


_DM2 = snomed("44054006", "Diabetes mellitus type 2 (disorder)")
_CAD = icd10("I25.10", "Atherosclerotic heart disease of native coronary artery without angina pectoris")
_LOW_BACK = icd10("M54.50", "Low back pain, unspecified")

CATALOGUE = {
    d.key: d
    for d in (
        _diagnosis("diabetes-2", icd10("E11.9", "Type 2 diabetes mellitus without complications"), _DM2,
                   tags=("diabetes", "statin-needed", "chronic")),
        _diagnosis("diabetes-2-high", icd10("E11.65", "Type 2 diabetes mellitus with hyperglycemia"), _DM2,
                   tags=("diabetes", "statin-needed", "chronic")),
        _diagnosis("diabetes-1", icd10("E10.9", "Type 1 diabetes mellitus without complications"),
                   snomed("46635009", "Diabetes mellitus type 1 (disorder)"),
                   tags=("diabetes", "statin-needed", "chronic")),
        _diagnosis("retinopathy", icd10("E11.319", "Type 2 diabetes mellitus with unspecified diabetic retinopathy "
                   "without macular edema"), snomed("4855003", "Retinopathy due to diabetes mellitus (disorder)")),
        _diagnosis("prediabetes", icd10("R73.03", "Prediabetes"), snomed("714628002", "Prediabetes (finding)")),
        _diagnosis("hypertension", icd10("I10", "Essential (primary) hypertension"),
                   snomed("59621000", "Essential hypertension (disorder)"), tags=("chronic",)),
        _diagnosis("hyperlipidemia", icd10("E78.5", "Hyperlipidemia, unspecified"),
                   snomed("55822004", "Hyperlipidemia (disorder)")),
        _diagnosis("coronary", _CAD, snomed("53741008", "Coronary arteriosclerosis (disorder)"),
                   tags=("statin-needed", "chronic")),
        _diagnosis("heart-failure", icd10("I50.22", "Chronic systolic (congestive) heart failure"),
                   tags=("chronic",)),
        _diagnosis("copd", icd10("J44.9", "Chronic obstructive pulmonary disease, unspecified"),
                   snomed("13645005", "Chronic obstructive pulmonary disease (disorder)"), tags=("chronic",)),
        _diagnosis("asthma", icd10("J45.909", "Unspecified asthma, uncomplicated"),
                   snomed("195967001", "Asthma (disorder)"), tags=("chronic",)),
        _diagnosis("kidney-3a", icd10("N18.31", "Chronic kidney disease, stage 3a"), tags=("chronic",)),
        _diagnosis("kidney-failure", icd10("N18.6", "End stage renal disease"),
                   snomed("46177005", "End-stage renal disease (disorder)"), tags=("chronic",)),
        _diagnosis("depression", icd10("F33.1", "Major depressive disorder, recurrent, moderate"), tags=("chronic",)),
        _diagnosis("anxiety", icd10("F41.1", "Generalized anxiety disorder"),
                   snomed("21897009", "Generalized anxiety disorder (disorder)")),
        _diagnosis("bipolar", icd10("F31.9", "Bipolar disorder, unspecified"),
                   snomed("13746004", "Bipolar disorder (disorder)"), tags=("chronic",)),
        _diagnosis("obesity", icd10("E66.9", "Obesity, unspecified"), snomed("414916001", "Obesity (disorder)")),
        _diagnosis("tobacco", icd10("F17.210", "Nicotine dependence, cigarettes, uncomplicated")),
        _diagnosis("hypothyroidism", icd10("E03.9", "Hypothyroidism, unspecified"),
                   snomed("40930008", "Hypothyroidism (disorder)")),
        _diagnosis("reflux", icd10("K21.9", "Gastro-esophageal reflux disease without esophagitis"),
                   snomed("235595009", "Gastroesophageal reflux disease (disorder)")),
        _diagnosis("osteoporosis", icd10("M81.0", "Age-related osteoporosis without current pathological fracture"),
                   snomed("64859006", "Osteoporosis (disorder)")),
        _diagnosis("dementia", icd10("G30.9", "Alzheimer's disease, unspecified"),
                   snomed("26929004", "Alzheimer's disease (disorder)")),
        _diagnosis("frailty", icd10("R54", "Age-related physical debility"), snomed("248279007", "Frailty (finding)")),
        _diagnosis("stroke", icd10("I69.30", "Unspecified sequelae of cerebral infarction"), tags=("chronic",)),
        _diagnosis("hay-fever", icd10("J30.1", "Allergic rhinitis due to pollen")),
        _diagnosis("pregnancy", icd10("Z33.1", "Pregnant state, incidental"),
                   snomed("77386006", "Pregnancy (finding)")),
        _diagnosis("contraception", icd10("Z30.9", "Encounter for contraceptive management, unspecified"),
                   tags=("sexually-active",)),
        _diagnosis("hiv", icd10("Z21", "Asymptomatic human immunodeficiency virus [HIV] infection status")),
        _diagnosis("food-insecurity", icd10("Z59.41", "Food insecurity")),
        _diagnosis("transport", icd10("Z59.82", "Transportation insecurity")),
        # Written where an exclusion is drawn, not drawn here.
        _diagnosis("no-breasts", icd10("Z90.13", "Acquired absence of bilateral breasts and nipples"),
                   snomed("428529004", "History of bilateral mastectomy (situation)")),
        _diagnosis("no-cervix", icd10("Z90.710", "Acquired absence of both cervix and uterus"),
                   snomed("428078001", "History of total hysterectomy (situation)")),
        _diagnosis("colon-cancer", icd10("C18.9", "Malignant neoplasm of colon, unspecified"),
                   snomed("363406005", "Malignant neoplasm of colon (disorder)")),
        _diagnosis("statin-intolerance", icd10("G72.0", "Drug-induced myopathy")),
        # Written as encounter diagnoses.
        _diagnosis("cold", icd10("J06.9", "Acute upper respiratory infection, unspecified")),
        _diagnosis("pharyngitis", icd10("J02.9", "Acute pharyngitis, unspecified"),
                   snomed("363746003", "Acute pharyngitis (disorder)")),
        _diagnosis("back-pain", _LOW_BACK, snomed("279039007", "Low back pain (finding)")),
        _diagnosis("cystitis", icd10("N30.00", "Acute cystitis without hematuria")),
        _diagnosis("checkup",
                   icd10("Z00.00", "Encounter for general adult medical examination without abnormal findings")),
        _diagnosis("child-checkup",
                   icd10("Z00.129", "Encounter for routine child health examination without abnormal findings")),
        _diagnosis("chest-pain", icd10("R07.9", "Chest pain, unspecified")),
        _diagnosis("pneumonia", icd10("J18.9", "Pneumonia, unspecified organism")),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """An entry of the problem list."""

    key: str
    onset: date
    clinical: str = "active"  # active, inactive, resolved, remission
    verification: str = "confirmed"  # confirmed, unconfirmed, provisional, refuted, entered-in-error
    abatement: date | None = None


# (condition, youngest, oldest, sex, percent). Set for variety, roughly after US prevalence by age.
_PREVALENCE: tuple[tuple[str, int, int, str | None, float], ...] = (
    ("asthma", 5, 90, None, 9),
    ("hay-fever", 8, 80, None, 12),
    ("anxiety", 14, 85, None, 12),
    ("depression", 16, 90, None, 12),
    ("bipolar", 18, 70, None, 2),
    ("contraception", 16, 42, "female", 45),
    ("hypothyroidism", 30, 92, "female", 10),
    ("obesity", 18, 85, None, 30),
    ("hypertension", 30, 44, None, 15),
    ("hypertension", 45, 64, None, 42),
    ("hypertension", 65, 92, None, 64),
    ("hyperlipidemia", 35, 92, None, 36),
    ("prediabetes", 35, 75, None, 14),
    ("diabetes-2", 35, 54, None, 15),
    ("diabetes-2", 55, 90, None, 25),
    ("diabetes-1", 18, 60, None, 1.5),
    ("reflux", 35, 90, None, 14),
    ("coronary", 50, 92, None, 12),
    ("heart-failure", 60, 92, None, 8),
    ("copd", 50, 92, None, 9),
    ("kidney-3a", 55, 92, None, 11),
    ("kidney-failure", 50, 85, None, 1.5),
    ("osteoporosis", 65, 92, "female", 22),
    ("stroke", 60, 92, None, 5),
    ("dementia", 72, 92, None, 10),
    ("frailty", 70, 92, None, 10),
    ("pregnancy", 20, 39, "female", 7),
    ("hiv", 20, 65, None, 1),
    ("food-insecurity", 18, 90, None, 6),
    ("transport", 18, 92, None, 5),
)


def draw_problems(draw: Draw, sex: str, birth: date, reference: date) -> tuple[Problem, ...]:
    """A problem list; a few entries are refuted, unconfirmed, resolved or entered in error."""
    age = age_on(birth, reference)
    found: list[Problem] = []
    keys: set[str] = set()
    for key, youngest, oldest, only, percent in _PREVALENCE:
        here = draw.stream(key, youngest)
        if not (youngest <= age <= oldest and only in (None, sex) and here.chance(percent)):
            continue
        if (key == "prediabetes" and keys & {"diabetes-2", "diabetes-1"}) or (
            key == "diabetes-1" and "diabetes-2" in keys
        ):
            continue
        keys.add(key)
        years = 0 if key in ("pregnancy", "contraception") else min(here.between(1, 14), max(1, age - youngest))
        onset = years_before(reference, years) - timedelta(days=here.between(20, 200))
        found.append(
            _status(
                here,
                Problem(
                    key,
                    max(onset, birth),
                ),
            )
        )
    if keys & {"diabetes-2"} and draw.chance(18):
        onset = next(p.onset for p in found if p.key == "diabetes-2")
        found.append(Problem("retinopathy", onset + timedelta(days=30)))
    return tuple(found)


def _status(draw: Draw, problem: Problem) -> Problem:
    kind = draw.weighted({"usual": 90, "error": 2, "refuted": 2, "unconfirmed": 3, "resolved": 3})
    match kind:
        case "error":
            return Problem(problem.key, problem.onset, problem.clinical, "entered-in-error")
        case "refuted":
            return Problem(problem.key, problem.onset, "inactive", "refuted")
        case "unconfirmed":
            return Problem(problem.key, problem.onset, problem.clinical, "provisional")
        case "resolved" if problem.key in (
            "anxiety",
            "depression",
            "obesity",
            "reflux",
            "food-insecurity",
            "transport",
        ):
            return Problem(problem.key, problem.onset, "resolved", "confirmed", problem.onset + timedelta(days=200))
    return problem


def tags_of(problems: tuple[Problem, ...]) -> frozenset[str]:
    """The tags of what the patient really has now."""
    found: set[str] = set()
    for problem in problems:
        if problem.clinical == "active" and problem.verification in ("confirmed", "provisional", "unconfirmed"):
            found |= CATALOGUE[problem.key].tags
    return frozenset(found)
