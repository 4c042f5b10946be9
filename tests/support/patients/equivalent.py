"""Mutants that say the same as the rule, as patterns over ``<measure> <group> <where> > <what>``, and why."""

from __future__ import annotations

from collections.abc import Mapping

_WHO_IS_81 = "whoever is 81 and frail is excluded by the other branch, ill or not"

_NONE_AT_MOST_9 = "no reading of the day may be 9 or less: that one is above 9 follows from there being one"

EQUIVALENT: Mapping[str, str] = {
    r"^CMS131 Group_1 numerator > without Diabetic Retinopathy Overlapping": (
        "an exam in the period counts with retinopathy and without"
    ),
    r"^CMS122 .* > value (>= 9|> 8)$": _NONE_AT_MOST_9,
    r"^frailty or 81 Is Age 66 to 80.* > without Age\(period-end\) <= 80$": _WHO_IS_81,
    r"^frailty or 81 Is Age 66 to 80.* > (period-start|81) for .* \(in .* <= 80\)$": _WHO_IS_81,
}
