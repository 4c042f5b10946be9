"""Age cohorts, sex, language and payer."""

from __future__ import annotations

from smartapp.criteria.nodes import DirectCode
from smartapp.criteria.words import (
    Condition,
    If,
    Value,
    age,
    as_of,
    coverages,
    define,
    end,
    gender,
    patient_has,
    sex,
    start,
    status,
)
from smartapp.groups.model import Dimension, Group
from smartapp.measures import codes
from smartapp.measures import valuesets as vs

_AGE = age(as_of)
_SEX: Value = If(sex.is_known, sex, gender)
"""The us-core-sex extension; where it is missing the administrative gender stands in."""

_female: Condition = _SEX.is_("female")
_male: Condition = _SEX.is_("male")


def _cohort(id_: str, title: str, rule: Condition, meaning: str, source: str) -> Group:
    return Group(id_, title, Dimension.DEMOGRAPHIC, rule, meaning, source, family="age")


AGE_GROUPS: tuple[Group, ...] = (
    _cohort("pediatric", "Children", _AGE.at_most(11), "0 to 11 years old: immunization tracking.", "R5"),
    _cohort(
        "adolescent",
        "Adolescents",
        _AGE.at_least(12) & _AGE.at_most(17),
        "12 to 17 years old: age-specific screenings.",
        "R6",
    ),
    _cohort(
        "adult",
        "Adults",
        _AGE.at_least(18) & _AGE.at_most(64),
        "18 to 64 years old: preventive services by age and risk.",
        "R7",
    ),
    _cohort("older-adult", "65 and over", _AGE.at_least(65), "65 years or older: Medicare wellness schedule.", "R8"),
)

# The sources name girl, boy, woman and man and give no ages; the age of majority divides them.
SEX_GROUPS: tuple[Group, ...] = tuple(
    Group(id_, title, Dimension.DEMOGRAPHIC, rule, meaning, "R9, R33", family="sex and life stage")
    for id_, title, rule, meaning in (
        ("girl", "Girls", _female & _AGE.at_most(17), "Female, under 18."),
        ("boy", "Boys", _male & _AGE.at_most(17), "Male, under 18."),
        ("woman", "Women", _female & _AGE.at_least(18), "Female, 18 or older."),
        ("man", "Men", _male & _AGE.at_least(18), "Male, 18 or older."),
    )
)

_BCP_47 = "urn:ietf:bcp:47"


def _language(code: str, name: str, *regions: str) -> tuple[DirectCode, ...]:
    tags = (code, *(f"{code}-{region}" for region in regions))
    return tuple(DirectCode(_BCP_47, tag, name) for tag in tags)


# The tags of FHIR's common languages, and the regions that English and Spanish of the United States are written with.
_english = patient_has("language", *_language("en", "English", "US", "GB", "CA", "AU", "IN", "NZ", "SG"))
_spanish = patient_has("language", *_language("es", "Spanish", "US", "419", "MX", "PR", "ES", "AR", "UY"))

LANGUAGE_GROUPS: tuple[Group, ...] = (
    Group("language-spanish", "Spanish", Dimension.DEMOGRAPHIC, _spanish, "Prefers Spanish.", "R10"),
    Group(
        "language-other",
        "Another language",
        Dimension.DEMOGRAPHIC,
        ~_english & ~_spanish,
        "Prefers a language other than English and Spanish.",
        "R10",
    ),
)


def _insured(kinds: tuple[DirectCode, ...]) -> Condition:
    """A cover of the kind that is in force on the day of evaluation."""
    return (
        coverages(*kinds, vs.PAYER_UNTOLD)
        .where(status.is_("active"), start.day.on_or_before(as_of.day), end.day.on_or_after(as_of.day))
        .exist()
    )


# Somebody may have two payers: these do not exclude each other.
PAYER_GROUPS: tuple[Group, ...] = tuple(
    Group(f"payer-{id_}", title, Dimension.DEMOGRAPHIC, define(title, meaning, _insured(kinds)), meaning, "R14")
    for id_, title, kinds, meaning in (
        ("medicare", "Medicare", codes.MEDICARE, "Covered by Medicare: annual wellness visit."),
        ("medicaid", "Medicaid", codes.MEDICAID, "Covered by Medicaid: social needs."),
        ("commercial", "Commercial", codes.COMMERCIAL, "Covered by private health insurance."),
    )
)
