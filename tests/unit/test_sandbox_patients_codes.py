"""The codes of the main evidence are members of the value sets that the published measures use."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from launch.sandbox.patients import care, encounters, labs, medications, orders, screening, shots, surveys, vitals
from launch.sandbox.patients.codes import HCPCS, ICD10CM, Code
from launch.sandbox.patients.cover import PAYERS
from launch.sandbox.patients.problems import CATALOGUE

VALUE_SETS = Path(__file__).resolve().parents[3] / "shared" / "decks" / "valuesets"
pytestmark = pytest.mark.skipif(not VALUE_SETS.is_dir(), reason="the published value sets are not here")


@cache
def value_sets() -> dict[str, set[tuple[str, str]]]:
    """Title to (system, code)."""
    found: dict[str, set[tuple[str, str]]] = {}
    for path in VALUE_SETS.glob("*.json"):
        made = json.loads(path.read_text())
        members = {(item["system"], item["code"]) for item in made.get("expansion", {}).get("contains", [])}
        found.setdefault(made.get("title", made["id"]), set()).update(members)
    return found


def problem(key: str) -> list[Code]:
    return list(CATALOGUE[key].codes)


MEMBERS = {
    "Mammography": [screening.MAMMOGRAM],
    "Pap Test": [screening.PAP],
    "HPV Test": [screening.HPV],
    "Colonoscopy": [screening.COLONOSCOPY, screening.COLONOSCOPY_SCREENING, screening.COLONOSCOPY_HIGH_RISK],
    "Flexible Sigmoidoscopy": [screening.SIGMOIDOSCOPY, screening.SIGMOIDOSCOPY_SCREENING],
    "Fecal Occult Blood Test (FOBT)": [screening.FIT, screening.FIT_OTHER],
    "sDNA FIT Test": [screening.STOOL_DNA],
    "Retinal or Dilated Eye Exam": [screening.EYE_EXAM],
    "Bilateral Mastectomy": [screening.BILATERAL_MASTECTOMY],
    "History of bilateral mastectomy": problem("no-breasts"),
    "Hysterectomy with No Residual Cervix": [screening.TOTAL_HYSTERECTOMY],
    "Congenital or Acquired Absence of Cervix": problem("no-cervix"),
    "Malignant Neoplasm of Colon": problem("colon-cancer"),
    "HbA1c Laboratory Test": [labs.A1C],
    "Estimated Glomerular Filtration Rate": [labs.EGFR],
    "Urine Albumin Creatinine Ratio": [labs.UACR],
    "LDL Cholesterol": [labs.LDL, labs.LDL_DIRECT],
    "Diabetes": [*problem("diabetes-2"), *problem("diabetes-2-high"), *problem("diabetes-1")],
    "Essential Hypertension": problem("hypertension"),
    "Heart Failure": problem("heart-failure"),
    "End Stage Renal Disease": problem("kidney-failure"),
    "Bipolar Disorder": problem("bipolar"),
    "Major Depression": problem("depression"),
    "Pregnancy": [problem("pregnancy")[1]],
    "Falls Screening": [surveys.FALL_RISK],
    "Tobacco Use Screening": [surveys.SMOKING_STATUS],
    "Tobacco User": [surveys.SMOKING["current"]],
    "Tobacco Non User": [surveys.SMOKING["never"], surveys.SMOKING["former"]],
    "Office Visit": [encounters.KINDS[key].type for key in ("checkup", "followup", "acute", "pediatric")],
    "Annual Wellness Visit": [encounters.KINDS[key].type for key in ("wellness", "wellness-first", "welcome")],
    "Encounter Inpatient": [encounters.KINDS["inpatient"].type],
    "Emergency Department Visit": [encounters.KINDS["emergency"].type],
    "Discharged to Home for Hospice Care": [encounters.HOSPICE_AT_HOME],
    "Hospice Care Ambulatory": [care.HOSPICE_CARE],
    "Palliative Care Intervention": [care.PALLIATIVE_CARE],
    "Frailty Device": [care.WALKER],
    "Patient Declined": [orders.DECLINED],
    "Moderate Intensity Statin Therapy": [medications.STATINS[0], medications.STATINS[2]],
    "High Intensity Statin Therapy": [medications.STATINS[1]],
    "ACE Inhibitor or ARB or ARNI": [medications.LISINOPRIL, medications.LOSARTAN],
    "Pharmacologic Therapy for Hypertension": [medications.AMLODIPINE, medications.HYDROCHLOROTHIAZIDE],
    "Beta Blocker Therapy for LVSD": [medications.CARVEDILOL],
    "Adult Depression Medications": [medications.SERTRALINE],
    "Tobacco Use Cessation Pharmacotherapy": [medications.VARENICLINE],
    "Dementia Medications": [medications.DONEPEZIL],
    "DTaP Vaccine": [shots.CHILDHOOD[2][0]],
    "Inactivated Polio Vaccine (IPV)": [shots.CHILDHOOD[5][0]],
    "Measles, Mumps and Rubella (MMR) Vaccine": [shots.CHILDHOOD[6][0]],
    "Pneumococcal Conjugate Vaccine": [shots.PCV20, shots.PCV15, shots.PCV13],
    "Child Influenza Vaccine": [shots.FLU_NOW[0], shots.FLU_BEFORE_2024[0]],
    "Payer Type": [kind for kind, _ in PAYERS.values()],
}


@pytest.mark.parametrize("title", MEMBERS)
def test_the_code_is_in_the_published_set(title):
    missing = [code for code in MEMBERS[title] if (code.system, code.code) not in value_sets()[title]]
    assert not missing


@cache
def displays() -> dict[tuple[str, str], set[str]]:
    found: dict[tuple[str, str], set[str]] = {}
    for path in VALUE_SETS.glob("*.json"):
        for item in json.loads(path.read_text()).get("expansion", {}).get("contains", []):
            found.setdefault((item["system"], item["code"]), set()).add(item.get("display", "").lower())
    return found


def test_displays_are_the_published_ones():
    """Where a published set holds a code of ours, it names it as we do."""
    ours = {code for codes in MEMBERS.values() for code in codes}
    ours |= {code for diagnosis in CATALOGUE.values() for code in diagnosis.codes}
    ours |= {vaccine for vaccine, _ in shots.CHILDHOOD}
    known = [code for code in ours if (code.system, code.code) in displays() and code.system != HCPCS]
    assert len(known) > 60
    for code in known:
        published = displays()[code.system, code.code]
        assert any(name.startswith(code.display.lower().split(" (")[0]) for name in published), (code, published)


def test_problems_have_an_icd_10_cm_code_first():
    assert all(diagnosis.codes[0].system == ICD10CM for diagnosis in CATALOGUE.values())


def test_vital_signs_are_those_of_the_us_core_profiles():
    assert [code.code for code in (vitals.PANEL, vitals.SYSTOLIC, vitals.DIASTOLIC)] == ["85354-9", "8480-6", "8462-4"]
