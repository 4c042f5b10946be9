"""Mutants that say the same as the rule, as patterns over ``<measure> <group> <where> > <what>``, and why."""

from __future__ import annotations

from collections.abc import Mapping

_WHO_IS_81 = "whoever is 81 and frail is excluded by the other branch, ill or not"

EQUIVALENT: Mapping[str, str] = {
    r"^frailty or 81 .*Older with Frailty > without Age\(period-end\) <= 80$": _WHO_IS_81,
    r"^frailty or 81 .*Older with Frailty > (period-start|81) for .* \(in .* <= 80\)$": _WHO_IS_81,
}
