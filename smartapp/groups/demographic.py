"""Age cohorts and sex."""

from __future__ import annotations

from smartapp.criteria.words import Condition, If, Value, age, as_of, gender, sex
from smartapp.groups.model import Dimension, Group

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
