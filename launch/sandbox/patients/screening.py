"""Cancer and bone screening, and the eye exam of diabetes: results, procedures, orders and refusals.

LOINC, HCPCS and SNOMED CT codes as in the value sets of CMS124, CMS125, CMS130 and CMS131 (2026).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from .case import Case
from .chart import Chart
from .codes import Code, Resource, concept, hcpcs, loinc, snomed
from .conditions import add_condition
from .dates import age_on, instant, months_before, workday, years_before
from .draw import Draw
from .observations import IMAGING, LABORATORY, Quantity, observe
from .states import EXCLUDED

MAMMOGRAM = loinc("24606-6", "MG Breast Screening")
PAP = loinc("10524-7", "Microscopic observation [Identifier] in Cervix by Cyto stain")
HPV = loinc(
    "82675-0",
    "Human papilloma virus 16+18+31+33+35+39+45+51+52+56+58+59+66+68 DNA [Presence] in Cervix by NAA "
    "with probe detection",
)
FIT = loinc("57905-2", "Hemoglobin.gastrointestinal.lower [Presence] in Stool by Immunoassay --1st specimen")
FIT_OTHER = loinc("29771-3", "Hemoglobin.gastrointestinal.lower [Presence] in Stool by Immunoassay")
STOOL_DNA = loinc("77354-9", "Noninvasive colorectal cancer DNA and occult blood screening [Presence] in Stool")
BONE_DENSITY = loinc("38263-0", "DXA Femur [T-score] Bone density")
LOW_DOSE_CT = loinc("79086-5", "CT Chest for screening WO contrast")
LEFT_EYE = loinc("71490-7", "Left eye Diabetic retinopathy severity level by Ophthalmoscopy")
RIGHT_EYE = loinc("71491-5", "Right eye Diabetic retinopathy severity level by Ophthalmoscopy")
NO_RETINOPATHY = loinc("LA18643-9", "No apparent retinopathy")
MILD_RETINOPATHY = loinc("LA18644-7", "Mild non-proliferative retinopathy")

COLONOSCOPY = snomed("73761001", "Colonoscopy (procedure)")
COLONOSCOPY_SCREENING = hcpcs(
    "G0121", "Colorectal cancer screening; colonoscopy on individual not meeting criteria for high risk"
)
COLONOSCOPY_HIGH_RISK = hcpcs("G0105", "Colorectal cancer screening; colonoscopy on individual at high risk")
SIGMOIDOSCOPY = snomed("44441009", "Flexible fiberoptic sigmoidoscopy (procedure)")
SIGMOIDOSCOPY_SCREENING = hcpcs("G0104", "Colorectal cancer screening; flexible sigmoidoscopy")
EYE_EXAM = snomed("722161008", "Diabetic retinal eye exam (procedure)")
MAMMOGRAPHY_PROCEDURE = snomed("71651007", "Mammography (procedure)")
BILATERAL_MASTECTOMY = snomed("27865001", "Excision of bilateral breasts (procedure)")
TOTAL_HYSTERECTOMY = snomed("116140006", "Total hysterectomy (procedure)")
NEGATIVE = snomed("260385009", "Negative (qualifier value)")

_DIAGNOSTIC = snomed("103693007", "Diagnostic procedure (procedure)")
_SURGICAL = snomed("387713003", "Surgical procedure (procedure)")


def procedure(
    chart: Chart, day: date, *codes: Code, kind: Code = _DIAGNOSTIC, text: str | None = None, status: str = "completed",
    reason: Code | None = None,
) -> Resource:  # fmt: skip
    """A Procedure that was done on ``day``, or was not (status ``not-done``, with the reason)."""
    return chart.add(
        "Procedure",
        "us-core-procedure",
        status=status,
        statusReason=concept(reason) if reason else None,
        category=concept(kind),
        code=concept(*codes, text=text),
        subject=chart.subject,
        encounter=chart.encounter_on(day),
        performedDateTime=instant(day, 16),
    )


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """The evidence for each service, and the one before where the record goes back so far."""
    for service, emit in _EMIT.items():
        outcome = case.services.get(service)
        if outcome is None:
            continue
        here = draw.stream(service)
        if outcome.state is EXCLUDED:
            _excluded(chart, case, service, here)
        if outcome.last is None:
            continue
        day = outcome.last
        while day >= case.start or day == outcome.last:
            emit(chart, case, day, outcome.method, here)
            if outcome.interval is None or outcome.interval > 60:
                break
            day = workday(months_before(day, outcome.interval) - timedelta(days=here.between(0, 60)))
            if age_on(case.person.birth, day) < _FIRST_AGE[service]:
                break


_FIRST_AGE = {"breast": 40, "cervical": 21, "colorectal": 45, "bone-density": 65, "lung": 50, "eye": 18, "aorta": 65}


def _breast(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    observe(
        chart,
        day,
        MAMMOGRAM,
        IMAGING,
        "BI-RADS category 1: negative" if draw.chance(70) else "BI-RADS category 2: benign",
    )
    if draw.chance(30):
        procedure(chart, day, MAMMOGRAPHY_PROCEDURE)


def _cervical(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    observe(chart, day, PAP, LABORATORY, "Negative for intraepithelial lesion or malignancy")
    if method == "cotest" and age_on(case.person.birth, day) >= 30:
        observe(chart, day, HPV, LABORATORY, NEGATIVE)


def _colorectal(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    match method:
        case "colonoscopy":
            screening = COLONOSCOPY_HIGH_RISK if draw.chance(12) else COLONOSCOPY_SCREENING
            procedure(chart, day, COLONOSCOPY, screening)
        case "sigmoidoscopy":
            procedure(chart, day, SIGMOIDOSCOPY, SIGMOIDOSCOPY_SCREENING)
        case "sdna":
            observe(chart, day, STOOL_DNA, LABORATORY, NEGATIVE)
        case _:
            observe(chart, day, FIT if draw.chance(60) else FIT_OTHER, LABORATORY, NEGATIVE)


def _eye(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    procedure(chart, day, EYE_EXAM)
    if draw.chance(60):
        finding = MILD_RETINOPATHY if any(p.key == "retinopathy" for p in case.problems) else NO_RETINOPATHY
        for eye in (LEFT_EYE, RIGHT_EYE):
            observe(chart, day, eye, IMAGING, finding)


def _bone_density(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    score = -2.8 if any(p.key == "osteoporosis" for p in case.problems) else draw.bell(-1.2, 0.5, digits=1)
    observe(chart, day, BONE_DENSITY, IMAGING, Quantity(max(-4.0, score), "{T-score}"))


def _lung(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    observe(chart, day, LOW_DOSE_CT, IMAGING, draw.pick(("Lung-RADS 1: negative", "Lung-RADS 2: benign appearance")))


def _aorta(chart: Chart, case: Case, day: date, method: str, draw: Draw) -> None:
    """In words alone: the code in use is a CPT code, which may not be shipped."""
    procedure(chart, day, text="Ultrasound screening of the abdominal aorta")


_EMIT: dict[str, Callable[[Chart, Case, date, str, Draw], None]] = {
    "breast": _breast,
    "cervical": _cervical,
    "colorectal": _colorectal,
    "eye": _eye,
    "bone-density": _bone_density,
    "lung": _lung,
    "aorta": _aorta,
}

# service -> the operation, and the condition that says it after the fact
_OPERATIONS = {
    "breast": (BILATERAL_MASTECTOMY, "no-breasts"),
    "cervical": (TOTAL_HYSTERECTOMY, "no-cervix"),
}


def _excluded(chart: Chart, case: Case, service: str, draw: Draw) -> None:
    """An operation some years ago: as a procedure, as a condition, or both."""
    if service not in _OPERATIONS:
        return
    operation, history = _OPERATIONS[service]
    day = workday(years_before(case.end, draw.between(2, 8)) - timedelta(days=draw.between(0, 200)))
    told = "both" if "mastectomy" in case.traits else draw.weighted({"procedure": 40, "condition": 30, "both": 30})
    if told in ("procedure", "both"):
        procedure(chart, day, operation, kind=_SURGICAL)
    if told in ("condition", "both"):
        add_condition(chart, history, "problem-list-item", onset=day, recorded=day)
