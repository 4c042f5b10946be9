"""The single codes that measures name directly, once each, in their own code system."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode
from smartapp.facts.codes import (
    CDC_RACE,
    CONDITION_CATEGORY,
    CPT,
    CVX,
    HCPCS,
    ICD10_CM,
    ICD10_PCS,
    LOINC,
    OBSERVATION_CATEGORY,
    RXNORM,
    SNOMED_CT,
)
from smartapp.facts.profiles import OF_NO_KIND as OF_NO_KIND_LABEL

_TASK_CODE = "http://hl7.org/fhir/CodeSystem/task-code"
_US_CORE_CONDITION_CATEGORY = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"

# --- categories -------------------------------------------------------------------------------------
IMAGING = DirectCode(OBSERVATION_CATEGORY, "imaging", "Imaging")
EXAM = DirectCode(OBSERVATION_CATEGORY, "exam", "Exam")
OF_NO_KIND = DirectCode(OF_NO_KIND_LABEL.system, OF_NO_KIND_LABEL.code, "observation of no particular kind")
SOCIAL_HISTORY = DirectCode(OBSERVATION_CATEGORY, "social-history", "Social history")
ENCOUNTER_DIAGNOSIS = DirectCode(CONDITION_CATEGORY, "encounter-diagnosis", "Encounter diagnosis")
PROBLEM_LIST_ITEM = DirectCode(CONDITION_CATEGORY, "problem-list-item", "Problem list item")
HEALTH_CONCERN = DirectCode(_US_CORE_CONDITION_CATEGORY, "health-concern", "Health concern")
FULFILL = DirectCode(_TASK_CODE, "fulfill", "Fulfill the focal request")

# --- hospice, palliative care, nursing home ---------------------------------------------------------
DISCHARGE_TO_HOME_FOR_HOSPICE = DirectCode(SNOMED_CT, "428361000124107", "Discharge to home for hospice care")
DISCHARGE_TO_FACILITY_FOR_HOSPICE = DirectCode(
    SNOMED_CT, "428371000124100", "Discharge to healthcare facility for hospice care"
)
HOSPICE_CARE_MDS = DirectCode(LOINC, "45755-6", "Hospice care [Minimum Data Set]")
YES = DirectCode(SNOMED_CT, "373066001", "Yes")
FACIT_PAL = DirectCode(
    LOINC, "71007-9", "Functional Assessment of Chronic Illness Therapy - Palliative Care Questionnaire (FACIT-Pal)"
)
HOUSING_STATUS = DirectCode(LOINC, "71802-3", "Housing status")
LIVES_IN_NURSING_HOME = DirectCode(SNOMED_CT, "160734000", "Lives in nursing home")
MEDICAL_EQUIPMENT_USED = DirectCode(LOINC, "98181-1", "Medical equipment used")

# --- sides of the body ------------------------------------------------------------------------------
LEFT = DirectCode(SNOMED_CT, "7771000", "Left")
RIGHT = DirectCode(SNOMED_CT, "24028007", "Right")

# --- diabetes ---------------------------------------------------------------------------------------
GLUCOSE_MANAGEMENT_INDICATOR = DirectCode(LOINC, "97506-0", "Glucose management indicator")
NUTRITION_THERAPY_INITIAL = DirectCode(CPT, "97802", "Medical nutrition therapy, initial, individual")
NUTRITION_THERAPY_REASSESSMENT = DirectCode(CPT, "97803", "Medical nutrition therapy, re-assessment, individual")
NUTRITION_THERAPY_GROUP = DirectCode(CPT, "97804", "Medical nutrition therapy, group")
NUTRITION_THERAPY_SECOND_REFERRAL = DirectCode(
    HCPCS, "G0270", "Medical nutrition therapy after a second referral, individual"
)
NUTRITION_THERAPY_SECOND_REFERRAL_GROUP = DirectCode(
    HCPCS, "G0271", "Medical nutrition therapy after a second referral, group"
)
ANOPHTHALMOS_BOTH_EYES = DirectCode(SNOMED_CT, "15665641000119103", "Anophthalmos of bilateral eyes")
AUTONOMOUS_RETINOPATHY_SCREENING = DirectCode(
    LOINC, "105914-6", "Eye diabetic retinopathy screening, autonomous artificial intelligence"
)
LEFT_EYE_RETINOPATHY_SEVERITY = DirectCode(LOINC, "71490-7", "Left eye diabetic retinopathy severity level")
RIGHT_EYE_RETINOPATHY_SEVERITY = DirectCode(LOINC, "71491-5", "Right eye diabetic retinopathy severity level")
NO_APPARENT_RETINOPATHY = DirectCode(LOINC, "LA18643-9", "No apparent retinopathy")

# --- vital signs ------------------------------------------------------------------------------------
BLOOD_PRESSURE = DirectCode(LOINC, "85354-9", "Blood pressure panel")
BODY_MASS_INDEX = DirectCode(LOINC, "39156-5", "Body mass index (BMI) [Ratio]")

# --- heart and vessels ------------------------------------------------------------------------------
CVD_RISK_10Y = DirectCode(LOINC, "99055-6", "Cardiovascular disease 10Y risk [Likelihood]")
CVD_RISK_10Y_GOFF = DirectCode(LOINC, "79423-0", "Cardiovascular disease 10Y risk ACC-AHA Pooled Cohort by Goff 2013")
SUBSEQUENT_NSTEMI = DirectCode(ICD10_CM, "I22.2", "Subsequent non-ST elevation (NSTEMI) myocardial infarction")

# --- mood, tobacco, pregnancy -----------------------------------------------------------------------
ADOLESCENT_DEPRESSION_SCREENING = DirectCode(LOINC, "73831-0", "Adolescent depression screening assessment")
ADULT_DEPRESSION_SCREENING = DirectCode(LOINC, "73832-8", "Adult depression screening assessment")
DEPRESSION_SCREENING_DECLINED = DirectCode(SNOMED_CT, "720834000", "Depression screening declined")
DEPRESSION_SCREENING_NEGATIVE = DirectCode(SNOMED_CT, "428171000124102", "Depression screening negative")
DEPRESSION_SCREENING_POSITIVE = DirectCode(SNOMED_CT, "428181000124104", "Depression screening positive")
TOBACCO_ABUSE_COUNSELING = DirectCode(ICD10_CM, "Z71.6", "Tobacco abuse counseling")
HEALTH_BEHAVIOR_ASSESSMENT = DirectCode(CPT, "96156", "Health behavior assessment, or re-assessment")
HEALTH_BEHAVIOR_INTERVENTION = DirectCode(CPT, "96158", "Health behavior intervention, individual, initial 30 minutes")
POSTOPERATIVE_FOLLOW_UP = DirectCode(CPT, "99024", "Postoperative follow-up visit")
UNLISTED_PREVENTIVE_SERVICE = DirectCode(CPT, "99429", "Unlisted preventive medicine service")
PREGNANCY_STATUS = DirectCode(LOINC, "82810-3", "Pregnancy status")

# --- childhood vaccines -----------------------------------------------------------------------------
OFFICE_VISIT_WITHOUT_PHYSICIAN = DirectCode(CPT, "99211", "Office visit that may not need a physician")
ROTAVIRUS_MONOVALENT = DirectCode(CVX, "119", "rotavirus, live, monovalent vaccine")
NEWBORN_VACCINE = DirectCode(ICD10_PCS, "3E0234Z", "Introduction of serum, toxoid and vaccine into muscle")
ANAPHYLAXIS_HIB = DirectCode(SNOMED_CT, "433621000124101", "Anaphylaxis caused by Hib vaccine")
ANAPHYLAXIS_HEPATITIS_B = DirectCode(SNOMED_CT, "428321000124101", "Anaphylaxis caused by hepatitis B vaccine")
ANAPHYLAXIS_ROTAVIRUS = DirectCode(SNOMED_CT, "428331000124103", "Anaphylaxis caused by rotavirus vaccine")
ANAPHYLAXIS_HEPATITIS_A = DirectCode(SNOMED_CT, "471311000124103", "Anaphylaxis caused by hepatitis A vaccine")
ANAPHYLAXIS_INFLUENZA = DirectCode(SNOMED_CT, "471361000124100", "Anaphylaxis caused by influenza vaccine")
ANAPHYLAXIS_MMR = DirectCode(SNOMED_CT, "471331000124109", "Anaphylaxis caused by MMR vaccine")
ANAPHYLAXIS_PNEUMOCOCCAL = DirectCode(SNOMED_CT, "471141000124102", "Anaphylaxis caused by pneumococcal vaccine")
ANAPHYLAXIS_POLIO = DirectCode(SNOMED_CT, "471321000124106", "Anaphylaxis caused by polio vaccine")
ANAPHYLAXIS_VARICELLA = DirectCode(SNOMED_CT, "471341000124104", "Anaphylaxis caused by varicella vaccine")

# --- screening --------------------------------------------------------------------------------------
VAGINAL_INTERCOURSE_EVER = DirectCode(LOINC, "64728-9", "Have you ever had vaginal intercourse [PhenX]")
HIV_TESTS = DirectCode(LOINC, "75622-1", "HIV 1 and 2 tests - Meaningful Use set")
BODY_HEIGHT = DirectCode(LOINC, "8302-2", "Body height")
BODY_WEIGHT = DirectCode(LOINC, "29463-7", "Body weight")
BMI_PERCENTILE = DirectCode(LOINC, "59576-9", "Body mass index (BMI) [Percentile] Per age and sex")
SYSTOLIC_PRESSURE = DirectCode(LOINC, "8480-6", "Systolic blood pressure")
DIASTOLIC_PRESSURE = DirectCode(LOINC, "8462-4", "Diastolic blood pressure")
EKG_12_LEAD = DirectCode(LOINC, "34534-8", "EKG 12 channel panel")
EKG_STUDY = DirectCode(LOINC, "11524-6", "EKG study")
ASIAN = DirectCode(CDC_RACE, "2028-9", "Asian")

# --- heart failure ----------------------------------------------------------------------------------
LV_SYSTOLIC_DYSFUNCTION = DirectCode(SNOMED_CT, "134401001", "Left ventricular systolic dysfunction")
RENAL_FAILURE_BY_ACEI = DirectCode(SNOMED_CT, "422593004", "Acute renal failure caused by ACE inhibitor")
ACEI_MECHANISM = DirectCode(SNOMED_CT, "372733002", "Substance with ACE inhibitor mechanism of action")
ARB_MECHANISM = DirectCode(SNOMED_CT, "372913009", "Substance with angiotensin II receptor antagonist mechanism")
NEPRILYSIN_MECHANISM = DirectCode(SNOMED_CT, "786886009", "Substance with neprilysin inhibitor mechanism of action")

# --- high-risk medicines ----------------------------------------------------------------------------
ERGOLOID_MESYLATES = DirectCode(RXNORM, "318179", "ergoloid mesylates, USP 1 MG Oral Tablet")
DIGOXIN_TABLET_0_0625 = DirectCode(RXNORM, "245273", "digoxin 0.0625 MG Oral Tablet")
DIGOXIN_TABLET_0_125 = DirectCode(RXNORM, "197604", "digoxin 0.125 MG Oral Tablet")
DIGOXIN_TABLET_0_25 = DirectCode(RXNORM, "197606", "digoxin 0.25 MG Oral Tablet")
DIGOXIN_SOLUTION_0_05 = DirectCode(RXNORM, "393245", "digoxin 0.05 MG/ML Oral Solution")
DIGOXIN_INJECTION_0_1 = DirectCode(RXNORM, "204504", "1 ML digoxin 0.1 MG/ML Injection")
DIGOXIN_INJECTION_0_25 = DirectCode(RXNORM, "104208", "2 ML digoxin 0.25 MG/ML Injection")
DOXEPIN_TABLET_3 = DirectCode(RXNORM, "966787", "doxepin 3 MG Oral Tablet")
DOXEPIN_TABLET_6 = DirectCode(RXNORM, "966793", "doxepin 6 MG Oral Tablet")
DOXEPIN_CAPSULE_10 = DirectCode(RXNORM, "1000048", "doxepin 10 MG Oral Capsule")
DOXEPIN_CAPSULE_25 = DirectCode(RXNORM, "1000070", "doxepin 25 MG Oral Capsule")
DOXEPIN_CAPSULE_50 = DirectCode(RXNORM, "1000076", "doxepin 50 MG Oral Capsule")
DOXEPIN_CAPSULE_75 = DirectCode(RXNORM, "1000097", "doxepin 75 MG Oral Capsule")
DOXEPIN_CAPSULE_100 = DirectCode(RXNORM, "1000058", "doxepin 100 MG Oral Capsule")
DOXEPIN_CAPSULE_150 = DirectCode(RXNORM, "1000064", "doxepin 150 MG Oral Capsule")
DOXEPIN_SOLUTION_10 = DirectCode(RXNORM, "1000054", "doxepin 10 MG/ML Oral Solution")

# --- adults' vaccines, by CVX (CDC, vaccine administered code set, read as of September 2025) --------
INFLUENZA_VACCINES = tuple(
    DirectCode(CVX, code, f"influenza, {name}")
    for code, name in (
        ("88", "unspecified formulation"),
        # Trivalent, since the season 2024/2025.
        ("111", "live, intranasal, trivalent"),
        ("135", "high-dose, trivalent"),
        ("140", "trivalent, preservative free"),
        ("141", "trivalent, preservative"),
        ("153", "MDCK, trivalent, preservative free"),
        ("155", "recombinant, trivalent"),
        ("168", "adjuvanted, trivalent"),
        ("320", "MDCK, trivalent, preservative"),
        ("333", "live, intranasal, trivalent, given at home"),
        # Quadrivalent, until the season 2023/2024.
        ("149", "live, intranasal, quadrivalent"),
        ("150", "quadrivalent, preservative free"),
        ("158", "quadrivalent, preservative"),
        ("161", "quadrivalent, pediatric"),
        ("171", "MDCK, quadrivalent, preservative free"),
        ("185", "recombinant, quadrivalent"),
        ("186", "MDCK, quadrivalent, preservative"),
        ("197", "high-dose, quadrivalent"),
        ("205", "adjuvanted, quadrivalent"),
    )
)
PCV13 = DirectCode(CVX, "133", "pneumococcal conjugate, 13-valent")
PCV15 = DirectCode(CVX, "215", "pneumococcal conjugate, 15-valent")
PCV20 = DirectCode(CVX, "216", "pneumococcal conjugate, 20-valent")
PCV21 = DirectCode(CVX, "327", "pneumococcal conjugate, 21-valent")
PPSV23 = DirectCode(CVX, "33", "pneumococcal polysaccharide, 23-valent")
ZOSTER_RECOMBINANT = DirectCode(CVX, "187", "zoster recombinant")
RSV_VACCINES = (
    DirectCode(CVX, "303", "RSV, recombinant, protein subunit, adjuvanted"),
    DirectCode(CVX, "304", "RSV, unspecified"),
    DirectCode(CVX, "305", "RSV, bivalent, protein subunit"),
    DirectCode(CVX, "314", "RSV vaccine, unspecified"),
    DirectCode(CVX, "326", "RSV, mRNA"),
)
TETANUS_BOOSTERS = (
    DirectCode(CVX, "09", "Td (adult), 2 Lf tetanus toxoid, preservative free, adsorbed"),
    DirectCode(CVX, "9", "Td (adult), written without its leading zero"),
    DirectCode(CVX, "113", "Td (adult), 5 Lf tetanus toxoid, preservative free, adsorbed"),
    DirectCode(CVX, "115", "Tdap"),
    DirectCode(CVX, "138", "Td (adult), not adsorbed"),
    DirectCode(CVX, "139", "Td (adult), unspecified formulation"),
    DirectCode(CVX, "196", "Td, adsorbed, preservative free, adult use, Lf unspecified"),
)

# --- Medicare (HCPCS level II) -------------------------------------------------------------------------
WELCOME_TO_MEDICARE = DirectCode(HCPCS, "G0402", "Initial preventive physical examination")
ANNUAL_WELLNESS_INITIAL = DirectCode(HCPCS, "G0438", "Annual wellness visit, initial")
ANNUAL_WELLNESS_SUBSEQUENT = DirectCode(HCPCS, "G0439", "Annual wellness visit, subsequent")


# --- payers (Source of Payment Typology) ------------------------------------------------------------
def _payer(name: str, codes: str) -> tuple[DirectCode, ...]:
    return tuple(DirectCode("https://nahdo.org/sopt", code, name) for code in codes.split())


# Without the benefits that cover one thing alone: medicines (122, 291, 516), hospice care (13), teeth (299, 517, 524,
# 56x, 614, 629), what supplements Medicare (523, 623). Dual eligibility (14x) is both.
MEDICARE = _payer("Medicare", "1 11 111 1111 1112 112 113 119 12 121 123 129 14 141 142 19")
MEDICAID = _payer("Medicaid", "14 141 142 2 21 211 212 213 219 22 23 25 26 29")
COMMERCIAL = _payer(
    "Private health insurance",
    "5 51 511 512 513 514 515 519 52 521 522 529 53 54 55 59 6 61 611 612 613 619 62 621 622",
)

# --- screening without a published report -----------------------------------------------------------
HEPATITIS_C_ANTIBODY = DirectCode(LOINC, "13955-0", "Hepatitis C virus Ab [Presence] in Serum or Plasma by Immunoassay")
HEPATITIS_C_ANTIBODY_SET = DirectCode(LOINC, "75886-2", "HCV antibody screening - Meaningful Use set")
HEPATITIS_C_RNA = DirectCode(LOINC, "11011-4", "Hepatitis C virus RNA [Units/volume] by NAA with probe detection")
HEPATITIS_C_DIAGNOSES = tuple(
    DirectCode(ICD10_CM, code, "Hepatitis C") for code in ("B17.10", "B17.11", "B18.2", "B19.20", "B19.21")
)
TOBACCO_SMOKING_STATUS = DirectCode(LOINC, "72166-2", "Tobacco smoking status")
PACK_YEARS = DirectCode(LOINC, "8664-5", "Cigarettes smoked total (pack per year) - Reported")
FORMER_SMOKER = DirectCode(SNOMED_CT, "8517006", "Ex-smoker")
NICOTINE_DEPENDENCE_HISTORY = DirectCode(ICD10_CM, "Z87.891", "Personal history of nicotine dependence")
CIGARETTE_DEPENDENCE = tuple(
    DirectCode(ICD10_CM, code, "Nicotine dependence, cigarettes")
    for code in ("F17.210", "F17.211", "F17.213", "F17.218", "F17.219")
)
CT_LUNG_SCREENING = DirectCode(LOINC, "79086-5", "CT Chest for screening WO contrast")
LUNG_CANCER_DIAGNOSES = tuple(
    DirectCode(ICD10_CM, f"C34.{digits}", "Malignant neoplasm of bronchus and lung")
    for digits in ["00", "01", "02", "10", "11", "12", "2", "30", "31", "32", "80", "81", "82", "90", "91", "92"]
)
AORTIC_ANEURYSM_DIAGNOSES = tuple(
    DirectCode(ICD10_CM, f"I71.{digits}", "Abdominal aortic aneurysm")
    for digits in ["30", "31", "32", "33", "40", "41", "42", "43"]
)
AORTA_SCREENING_ULTRASOUND = DirectCode(CPT, "76706", "Screening ultrasound of the abdominal aorta")
PRAPARE = DirectCode(LOINC, "93025-5", "Assessment of assets, risks and experiences (PRAPARE)")
AHC_HRSN = DirectCode(LOINC, "96777-8", "Accountable health communities health-related social needs screening tool")
HUNGER_VITAL_SIGN = DirectCode(LOINC, "88121-9", "Hunger Vital Sign")
FEV1_TO_FVC = DirectCode(LOINC, "19926-5", "FEV1/FVC")
