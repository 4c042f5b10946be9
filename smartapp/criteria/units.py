"""Units of measure that are the same unit written differently.

Only spellings: nothing is converted. A quantity in a unit that is not listed with the wanted one is unknown to
a rule, never false. Spellings follow UCUM 2.1 (case sensitive): the litre may be ``l`` or ``L`` (section 28,
table 5), and what stands in braces is a comment (section 6), so ``%{HemoglobinA1c}`` is a per cent. The forms
without brackets (``mmHg``) are no UCUM but are what older records hold.
"""

from __future__ import annotations

_SAME: tuple[tuple[str, ...], ...] = (
    ("%", "%{HemoglobinA1c}", "%{Hb}", "%{total}", "percent"),
    ("1", "{score}", "{#}", "{ratio}", "{count}"),
    ("mg/dL", "mg/dl"),
    ("mmol/L", "mmol/l"),
    ("umol/L", "umol/l"),
    ("g/dL", "g/dl"),
    ("ng/mL", "ng/ml", "ug/L", "ug/l"),
    ("mg/g", "mg/g{creat}", "mg/g{Cre}"),
    ("mg/mmol", "mg/mmol{creat}"),
    ("mL/min/{1.73_m2}", "ml/min/{1.73_m2}", "mL/min/{1.73m2}", "mL/min/1.73m2", "mL/min/1.73.m2"),
    ("mm[Hg]", "mmHg", "mm Hg"),
    ("kg/m2", "kg/(m2)", "kg/m^2"),
    ("kg", "kilogram"),
    ("[lb_av]", "[lb_us]", "lb", "lbs"),
    ("cm", "centimeter"),
    ("[in_i]", "[in_us]", "in"),
    ("{INR}", "INR"),
    ("[pack]/a", "{pack_years}", "{PackYears}", "{pack-years}"),
    ("wk", "week", "weeks"),
    ("d", "day", "days"),
    ("a", "year", "years"),
)
_SPELLINGS = {spelling: group for group in _SAME for spelling in group}


def spellings(unit: str) -> tuple[str, ...]:
    """All spellings of the unit, itself included; only itself where it is in no group."""
    return _SPELLINGS.get(unit, (unit,))
