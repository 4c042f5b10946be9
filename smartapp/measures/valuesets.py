"""The published value sets that measures name, once each: canonical URL and published name.

Their codes are data and come from :mod:`smartapp.criteria.valuesets`. Canonical URLs as in the CMS dQM content for
2026 (VSAC, ``cts.nlm.nih.gov``).
"""

from __future__ import annotations

from smartapp.criteria.nodes import ValueSet

VSAC = "http://cts.nlm.nih.gov/fhir/ValueSet/"


def vsac(oid: str, name: str) -> ValueSet:
    """A value set of the Value Set Authority Center, by OID."""
    return ValueSet(VSAC + oid, name)


_NCQA = "2.16.840.1.113883.3.464.1003."
_PCPI = "2.16.840.1.113883.3.526.3."

# --- visits -----------------------------------------------------------------------------------------
OFFICE_VISIT = vsac(_NCQA + "101.12.1001", "Office Visit")
OUTPATIENT_CONSULTATION = vsac(_NCQA + "101.12.1008", "Outpatient Consultation")
EMERGENCY_DEPARTMENT_VISIT = vsac(_NCQA + "101.12.1010", "Emergency Department Evaluation and Management Visit")
NURSING_FACILITY_VISIT = vsac(_NCQA + "101.12.1012", "Nursing Facility Visit")
DISCHARGE_SERVICES_NURSING_FACILITY = vsac(_NCQA + "101.12.1013", "Discharge Services Nursing Facility")
LONG_TERM_RESIDENTIAL_CARE = vsac(_NCQA + "101.12.1014", "Care Services in Long Term Residential Facility")
HOME_HEALTHCARE = vsac(_NCQA + "101.12.1016", "Home Healthcare Services")
PREVENTIVE_INITIAL_0_17 = vsac(_NCQA + "101.12.1022", "Preventive Care Services, Initial Office Visit, 0 to 17")
PREVENTIVE_INITIAL_18_UP = vsac(_NCQA + "101.12.1023", "Preventive Care Services Initial Office Visit, 18 and Up")
PREVENTIVE_ESTABLISHED_0_17 = vsac(_NCQA + "101.12.1024", "Preventive Care, Established Office Visit, 0 to 17")
PREVENTIVE_ESTABLISHED_18_UP = vsac(
    _NCQA + "101.12.1025", "Preventive Care Services Established Office Visit, 18 and Up"
)
PREVENTIVE_INDIVIDUAL_COUNSELING = vsac(_NCQA + "101.12.1026", "Preventive Care Services Individual Counseling")
PREVENTIVE_GROUP_COUNSELING = vsac(_NCQA + "101.12.1027", "Preventive Care Services Group Counseling")
PREVENTIVE_OTHER = vsac(_NCQA + "101.11.1150", "Preventive Care Services Other")
AUDIOLOGY_VISIT = vsac(_NCQA + "101.12.1066", "Audiology Visit")
TELEPHONE_VISITS = vsac(_NCQA + "101.12.1080", "Telephone Visits")
VIRTUAL_ENCOUNTER = vsac(_NCQA + "101.12.1089", "Virtual Encounter")
NUTRITION_SERVICES = vsac(_NCQA + "1006", "Nutrition Services")
ANNUAL_WELLNESS_VISIT = vsac(_PCPI + "1240", "Annual Wellness Visit")
OPHTHALMOLOGICAL_SERVICES = vsac(_PCPI + "1285", "Ophthalmological Services")
OCCUPATIONAL_THERAPY_EVALUATION = vsac(_PCPI + "1011", "Occupational Therapy Evaluation")
PHYSICAL_THERAPY_EVALUATION = vsac(_PCPI + "1022", "Physical Therapy Evaluation")
PSYCHOANALYSIS = vsac(_PCPI + "1141", "Psychoanalysis")
PSYCH_DIAGNOSTIC_EVALUATION = vsac(_PCPI + "1492", "Psych Visit Diagnostic Evaluation")
PSYCH_PSYCHOTHERAPY = vsac(_PCPI + "1496", "Psych Visit Psychotherapy")
SPEECH_AND_HEARING_EVALUATION = vsac(_PCPI + "1530", "Speech and Hearing Evaluation")
OUTPATIENT_PREVENTIVE_CARE = vsac(_PCPI + "1576", "Outpatient Encounters for Preventive Care")
TELEMEDICINE_SERVICES = vsac("2.16.840.1.113762.1.4.1248.276", "Telemedicine Services")
ENCOUNTER_INPATIENT = vsac("2.16.840.1.113883.3.666.5.307", "Encounter Inpatient")
ENCOUNTER_TO_SCREEN_FOR_DEPRESSION = vsac("2.16.840.1.113883.3.600.1916", "Encounter to Screen for Depression")
ENCOUNTER_TO_EVALUATE_BMI = vsac("2.16.840.1.113883.3.600.1.1751", "Encounter to Evaluate BMI")

# --- hospice, palliative care, frailty and advanced illness -----------------------------------------
HOSPICE_ENCOUNTER = vsac(_NCQA + "1003", "Hospice Encounter")
HOSPICE_DIAGNOSIS = vsac(_NCQA + "1165", "Hospice Diagnosis")
HOSPICE_CARE_AMBULATORY = vsac(_PCPI + "1584", "Hospice Care Ambulatory")
PALLIATIVE_CARE_ENCOUNTER = vsac(_NCQA + "101.12.1090", "Palliative Care Encounter")
PALLIATIVE_CARE_INTERVENTION = vsac(_NCQA + "198.12.1135", "Palliative Care Intervention")
PALLIATIVE_CARE_DIAGNOSIS = vsac(_NCQA + "1167", "Palliative Care Diagnosis")
ADVANCED_ILLNESS = vsac(_NCQA + "110.12.1082", "Advanced Illness")
DEMENTIA_MEDICATIONS = vsac(_NCQA + "196.12.1510", "Dementia Medications")
FRAILTY_DEVICE = vsac(_NCQA + "118.12.1300", "Frailty Device")
FRAILTY_DIAGNOSIS = vsac(_NCQA + "113.12.1074", "Frailty Diagnosis")
FRAILTY_ENCOUNTER = vsac(_NCQA + "101.12.1088", "Frailty Encounter")
FRAILTY_SYMPTOM = vsac(_NCQA + "113.12.1075", "Frailty Symptom")

# --- cancer screening -------------------------------------------------------------------------------
MAMMOGRAPHY = vsac(_NCQA + "108.12.1018", "Mammography")
BILATERAL_MASTECTOMY = vsac(_NCQA + "198.12.1005", "Bilateral Mastectomy")
HISTORY_OF_BILATERAL_MASTECTOMY = vsac(_NCQA + "198.12.1068", "History of bilateral mastectomy")
STATUS_POST_LEFT_MASTECTOMY = vsac(_NCQA + "198.12.1069", "Status Post Left Mastectomy")
STATUS_POST_RIGHT_MASTECTOMY = vsac(_NCQA + "198.12.1070", "Status Post Right Mastectomy")
MASTECTOMY_UNSPECIFIED_SIDE = vsac(_NCQA + "198.12.1071", "Unilateral Mastectomy, Unspecified Laterality")
MASTECTOMY_LEFT = vsac(_NCQA + "198.12.1133", "Unilateral Mastectomy Left")
MASTECTOMY_RIGHT = vsac(_NCQA + "198.12.1134", "Unilateral Mastectomy Right")
COLONOSCOPY = vsac(_NCQA + "108.12.1020", "Colonoscopy")
CT_COLONOGRAPHY = vsac(_NCQA + "108.12.1038", "CT Colonography")
FOBT = vsac(_NCQA + "198.12.1011", "Fecal Occult Blood Test (FOBT)")
SDNA_FIT = vsac(_NCQA + "108.12.1039", "sDNA FIT Test")
FLEXIBLE_SIGMOIDOSCOPY = vsac(_NCQA + "198.12.1010", "Flexible Sigmoidoscopy")
MALIGNANT_NEOPLASM_OF_COLON = vsac(_NCQA + "108.12.1001", "Malignant Neoplasm of Colon")
TOTAL_COLECTOMY = vsac(_NCQA + "198.12.1019", "Total Colectomy")
PAP_TEST = vsac(_NCQA + "108.12.1017", "Pap Test")
HPV_TEST = vsac(_NCQA + "110.12.1059", "HPV Test")
HYSTERECTOMY_NO_CERVIX = vsac(_NCQA + "198.12.1014", "Hysterectomy with No Residual Cervix")
ABSENCE_OF_CERVIX = vsac(_NCQA + "111.12.1016", "Congenital or Acquired Absence of Cervix")

# --- diabetes and kidney ----------------------------------------------------------------------------
DIABETES = vsac(_NCQA + "103.12.1001", "Diabetes")
HBA1C = vsac(_NCQA + "198.12.1013", "HbA1c Laboratory Test")
AUTONOMOUS_EYE_EXAM_RESULT = vsac("2.16.840.1.113883.3.464.1004.2616", "Autonomous Eye Exam Result or Finding")
DIABETIC_RETINOPATHY = vsac(_PCPI + "327", "Diabetic Retinopathy")
DIABETIC_RETINOPATHY_SEVERITY = vsac(_NCQA + "1266", "Diabetic Retinopathy Severity Level")
RETINAL_EXAM = vsac(_NCQA + "115.12.1088", "Retinal or Dilated Eye Exam")
EGFR = vsac("2.16.840.1.113883.3.6929.3.1000", "Estimated Glomerular Filtration Rate")
URINE_ALBUMIN = vsac("2.16.840.1.113762.1.4.1178.88", "Urine Albumin")
URINE_ALBUMIN_CREATININE_RATIO = vsac("2.16.840.1.113883.3.6929.3.1007", "Urine Albumin Creatinine Ratio")
URINE_CREATININE = vsac("2.16.840.1.113762.1.4.1178.87", "Urine Creatinine")
UNDETECTABLE_RESULT = vsac("2.16.840.1.113762.1.4.1248.272", "Undetectable Lab Result Value")
CKD_STAGE_5 = vsac(_PCPI + "1002", "Chronic Kidney Disease, Stage 5")
END_STAGE_RENAL_DISEASE = vsac(_PCPI + "353", "End Stage Renal Disease")
ESRD_MONTHLY_SERVICES = vsac(_NCQA + "109.12.1014", "ESRD Monthly Outpatient Services")
DIALYSIS_SERVICES = vsac(_NCQA + "109.12.1013", "Dialysis Services")
KIDNEY_TRANSPLANT = vsac(_NCQA + "109.12.1012", "Kidney Transplant")
KIDNEY_TRANSPLANT_RECIPIENT = vsac(_NCQA + "109.12.1029", "Kidney Transplant Recipient")

# --- heart and vessels ------------------------------------------------------------------------------
ESSENTIAL_HYPERTENSION = vsac(_NCQA + "104.12.1011", "Essential Hypertension")
PREGNANCY = vsac(_PCPI + "378", "Pregnancy")
ATHEROSCLEROSIS_AND_PAD = vsac("2.16.840.1.113762.1.4.1047.21", "Atherosclerosis and Peripheral Arterial Disease")
BREASTFEEDING = vsac("2.16.840.1.113762.1.4.1047.73", "Breastfeeding")
CABG_SURGERIES = vsac("2.16.840.1.113883.3.666.5.694", "CABG Surgeries")
CABG_OR_PCI_PROCEDURE = vsac("2.16.840.1.113762.1.4.1138.566", "CABG or PCI Procedure")
CAROTID_INTERVENTION = vsac("2.16.840.1.113883.3.117.1.7.1.204", "Carotid Intervention")
STROKE_OR_TIA = vsac("2.16.840.1.113762.1.4.1047.44", "Cerebrovascular Disease Stroke or TIA")
FAMILIAL_HYPERCHOLESTEROLEMIA = vsac("2.16.840.1.113762.1.4.1047.100", "Familial Hypercholesterolemia")
HEPATITIS_A = vsac(_NCQA + "110.12.1024", "Hepatitis A")
HEPATITIS_B = vsac("2.16.840.1.113883.3.67.1.101.1.269", "Hepatitis B")
HIGH_INTENSITY_STATIN = vsac(_PCPI + "1572", "High Intensity Statin Therapy")
LOW_INTENSITY_STATIN = vsac(_PCPI + "1574", "Low Intensity Statin Therapy")
MODERATE_INTENSITY_STATIN = vsac(_PCPI + "1575", "Moderate Intensity Statin Therapy")
ISCHEMIC_HEART_DISEASE = vsac("2.16.840.1.113762.1.4.1047.46", "Ischemic Heart Disease or Other Related Diagnoses")
LDL_CHOLESTEROL = vsac(_PCPI + "1573", "LDL Cholesterol")
LIVER_DISEASE = vsac("2.16.840.1.113762.1.4.1047.42", "Liver Disease")
MYOCARDIAL_INFARCTION = vsac("2.16.840.1.113762.1.4.1108.101", "Myocardial Infarction")
PCI = vsac("2.16.840.1.113762.1.4.1045.67", "PCI")
RHABDOMYOLYSIS = vsac("2.16.840.1.113762.1.4.1047.102", "Rhabdomyolysis")
ANGINA = vsac("2.16.840.1.113762.1.4.1047.47", "Stable and Unstable Angina")
STATIN_ALLERGEN = vsac("2.16.840.1.113762.1.4.1110.42", "Statin Allergen")
STATIN_MUSCLE_SYMPTOMS = vsac("2.16.840.1.113762.1.4.1108.85", "Statin Associated Muscle Symptoms")

# --- behaviour, mood, falls, weight -----------------------------------------------------------------
MEDICAL_REASON = vsac(_PCPI + "1007", "Medical Reason")
PATIENT_DECLINED = vsac(_PCPI + "1582", "Patient Declined")
ADOLESCENT_DEPRESSION_MEDICATIONS = vsac(_PCPI + "1567", "Adolescent Depression Medications")
ADULT_DEPRESSION_MEDICATIONS = vsac(_PCPI + "1566", "Adult Depression Medications")
BIPOLAR_DISORDER = vsac("2.16.840.1.113883.3.67.1.101.1.128", "Bipolar Disorder")
FOLLOW_UP_ADOLESCENT_DEPRESSION = vsac(_PCPI + "1569", "Follow Up for Adolescent Depression")
FOLLOW_UP_ADULT_DEPRESSION = vsac(_PCPI + "1568", "Follow Up for Adult Depression")
REFERRAL_ADOLESCENT_DEPRESSION = vsac(_PCPI + "1570", "Referral for Adolescent Depression")
REFERRAL_ADULT_DEPRESSION = vsac(_PCPI + "1571", "Referral for Adult Depression")
TOBACCO_NON_USER = vsac(_PCPI + "1189", "Tobacco Non User")
TOBACCO_USER = vsac(_PCPI + "1170", "Tobacco User")
TOBACCO_USE_SCREENING = vsac(_PCPI + "1278", "Tobacco Use Screening")
TOBACCO_CESSATION_COUNSELING = vsac(_PCPI + "509", "Tobacco Use Cessation Counseling")
TOBACCO_CESSATION_PHARMACOTHERAPY = vsac(_PCPI + "1190", "Tobacco Use Cessation Pharmacotherapy")
FALLS_SCREENING = vsac(_NCQA + "118.12.1028", "Falls Screening")
FOLLOW_UP_ABOVE_NORMAL_BMI = vsac("2.16.840.1.113883.3.600.1.1525", "Follow Up for Above Normal BMI")
FOLLOW_UP_BELOW_NORMAL_BMI = vsac("2.16.840.1.113883.3.600.1.1528", "Follow Up for Below Normal BMI")
WEIGHT_REFERRALS = vsac("2.16.840.1.113883.3.600.1.1527", "Referrals Where Weight Assessment May Occur")
MEDICATIONS_ABOVE_NORMAL_BMI = vsac(_PCPI + "1561", "Medications for Above Normal BMI")
MEDICATIONS_BELOW_NORMAL_BMI = vsac(_PCPI + "1562", "Medications for Below Normal BMI")
OVERWEIGHT_OR_OBESE = vsac("2.16.840.1.113762.1.4.1047.502", "Overweight or Obese")
UNDERWEIGHT = vsac(_PCPI + "1563", "Underweight")
PREGNANCY_RELATED = vsac("2.16.840.1.113883.3.600.1.1623", "Pregnancy or Other Related Diagnoses")
