"""Where the rules are published: stewards' measures and the guidelines behind the chart's rules."""

from __future__ import annotations

from smartapp.measures.model import Source

_READ = "2026-11-22"
_REPOSITORY = "https://github.com/cqframework/dqm-content-qicore-2025/blob/main/input/cql/"
_TERMS = (
    "A clinical performance measure, not a clinical guideline; copyright of its steward, commercial use by agreement "
    "with the steward. Code systems under their own licences."
)


def _measure(title: str, library: str, steward: str) -> Source:
    return Source(
        title,
        steward=steward,
        edition="FHIR 1.0.000, reporting period 2026",
        url=_REPOSITORY + library + ".cql",
        read=_READ,
        terms=_TERMS,
    )


def ncqa(title: str, library: str) -> Source:
    """A measure of the National Committee for Quality Assurance."""
    return _measure(title, library, "National Committee for Quality Assurance")


def cms(title: str, library: str) -> Source:
    """A measure of the Centers for Medicare & Medicaid Services."""
    return _measure(title, library, "Centers for Medicare & Medicaid Services")


def nkf(title: str, library: str) -> Source:
    """A measure of the National Kidney Foundation."""
    return _measure(title, library, "National Kidney Foundation")


def cdc_measure(title: str, library: str) -> Source:
    """A measure of the Centers for Disease Control and Prevention."""
    return _measure(title, library, "Centers for Disease Control and Prevention")


def ama(title: str, library: str) -> Source:
    """A measure of the American Medical Association."""
    return _measure(title, library, "American Medical Association")


def aan(title: str, library: str) -> Source:
    """A measure of the American Academy of Neurology."""
    return _measure(title, library, "American Academy of Neurology")


def aha(title: str, library: str) -> Source:
    """A measure of the American Heart Association."""
    return _measure(title, library, "American Heart Association")


def uspstf(title: str, edition: str, page: str, grade: str, *, read: str = _READ) -> Source:
    """A recommendation of the US Preventive Services Task Force; ``read`` is empty where its text was not read."""
    return Source(
        title,
        steward="US Preventive Services Task Force",
        edition=edition,
        url="https://www.uspreventiveservicestaskforce.org/uspstf/recommendation/" + page,
        read=read,
        grade=grade,
    )


USPSTF_BREAST_2024 = uspstf("Breast Cancer: Screening", "April 2024", "breast-cancer-screening", "B")
USPSTF_COLORECTAL_2021 = uspstf(
    "Colorectal Cancer: Screening", "May 2021", "colorectal-cancer-screening", "A (50 to 75), B (45 to 49)"
)
ADA_GLYCEMIC = Source(
    "Standards of Care in Diabetes, section 6: Glycemic Goals",
    steward="American Diabetes Association",
    edition="2022",
    url="https://diabetesjournals.org/care/article/45/Supplement_1/S83/138927/6-Glycemic-Targets-Standards-of-Medical-Care-in",
    read=_READ,
    grade="E",
)
USPSTF_CERVICAL_2018 = uspstf("Cervical Cancer: Screening", "August 2018", "cervical-cancer-screening", "A")
USPSTF_STATIN_2022 = uspstf(
    "Statin Use for the Primary Prevention of Cardiovascular Disease in Adults",
    "August 2022",
    "statin-use-in-adults-preventive-medication",
    "B (risk of 10 % or more)",
    read="",
)
USPSTF_DEPRESSION_2023 = uspstf(
    "Depression and Suicide Risk in Adults (June 2023); in Children and Adolescents (October 2022): Screening",
    "June 2023, October 2022",
    "screening-depression-suicide-risk-adults",
    "B",
)
USPSTF_TOBACCO_2021 = uspstf(
    "Tobacco Smoking Cessation in Adults, Including Pregnant Persons: Interventions",
    "January 2021",
    "tobacco-use-in-adults-and-pregnant-women-counseling-and-interventions",
    "A",
    read="",
)
ADA_EYES = Source(
    "Standards of Medical Care in Diabetes: Diabetic Retinopathy",
    steward="American Diabetes Association",
    edition="2016 (every year; every two years may do where exams were normal)",
    url="https://diabetesjournals.org/care/issue/39/Supplement_1",
    read=_READ,
    grade="B",
)
ADA_KIDNEY = Source(
    "Standards of Care in Diabetes, section 11: Chronic Kidney Disease and Risk Management",
    steward="American Diabetes Association",
    edition="2024, recommendation 11.1a",
    url="https://doi.org/10.2337/dc24-S011",
    read=_READ,
    grade="B",
)
ACC_AHA_CHOLESTEROL_2018 = Source(
    "Guideline on the Management of Blood Cholesterol",
    steward="American College of Cardiology and American Heart Association",
    edition="2018",
    url="https://doi.org/10.1161/CIR.0000000000000625",
    read="",
    grade="I",
)
USPSTF_CHLAMYDIA_2021 = uspstf(
    "Chlamydia and Gonorrhea: Screening", "September 2021", "chlamydia-and-gonorrhea-screening", "B"
)
USPSTF_HIV_2019 = uspstf(
    "Human Immunodeficiency Virus (HIV) Infection: Screening",
    "June 2019",
    "human-immunodeficiency-virus-hiv-infection-screening",
    "A",
)
USPSTF_HYPERTENSION_2021 = uspstf(
    "Hypertension in Adults: Screening", "April 2021", "hypertension-in-adults-screening", "A"
)
USPSTF_PREDIABETES_2021 = uspstf(
    "Prediabetes and Type 2 Diabetes: Screening", "August 2021", "screening-for-prediabetes-and-type-2-diabetes", "B"
)
BEERS_2023 = Source(
    "AGS Beers Criteria for Potentially Inappropriate Medication Use in Older Adults",
    steward="American Geriatrics Society",
    edition="2023",
    url="https://doi.org/10.1111/jgs.18372",
    read="",
)
ACC_AHA_HEART_FAILURE_2022 = Source(
    "Guideline for the Management of Heart Failure",
    steward="American Heart Association, American College of Cardiology and Heart Failure Society of America",
    edition="2022",
    url="https://doi.org/10.1161/CIR.0000000000001063",
    read="",
    grade="1",
)
USPSTF_HEPATITIS_C_2020 = uspstf(
    "Hepatitis C Virus Infection in Adolescents and Adults: Screening", "March 2020", "hepatitis-c-screening", "B"
)
USPSTF_OSTEOPOROSIS_2025 = uspstf(
    "Osteoporosis to Prevent Fractures: Screening", "January 2025", "osteoporosis-screening", "B"
)
USPSTF_ANEURYSM_2019 = uspstf(
    "Abdominal Aortic Aneurysm: Screening", "December 2019", "abdominal-aortic-aneurysm-screening", "B"
)
USPSTF_LUNG_2021 = uspstf("Lung Cancer: Screening", "March 2021", "lung-cancer-screening", "B")
CMS_WELLNESS = Source(
    "Medicare Wellness Visits (MLN6775421); 42 CFR 410.15 and 410.16",
    steward="Centers for Medicare & Medicaid Services",
    edition="educational tool, edition with social determinants of health (2024)",
    url="https://www.cms.gov/Outreach-and-Education/Medicare-Learning-Network-MLN/MLNProducts/preventive-services/"
    "medicare-wellness-visits.html",
    read=_READ,
)
NCQA_SOCIAL_NEED = Source(
    "Social Need Screening and Intervention (SNS-E)",
    steward="National Committee for Quality Assurance",
    edition="HEDIS, first published 2023; the instruments alone are taken from it",
    url="https://www.ncqa.org/hedis/measures/social-need-screening-and-intervention/",
    read="",
)
