"""Mutants that say the same as the rule, as patterns over ``<measure> <group> <where> > <what>``, and why."""

from __future__ import annotations

from collections.abc import Mapping

_WHO_IS_81 = "whoever is 81 and frail is excluded by the other branch, ill or not"

_NONE_AT_MOST_9 = "no reading of the day may be 9 or less: that one is above 9 follows from there being one"

_WITHIN = "a denominator is counted within the initial population"
_AT_A_VISIT = "it is at a visit, or after one, and visits are in the period already"
_IN_THE_PERIOD_ANYWAY = "that it began in the period is asked of every follow-up"

EQUIVALENT: Mapping[str, str] = {
    r"^CMS131 Group_1 numerator > without Diabetic Retinopathy Overlapping": (
        "an exam in the period counts with retinopathy and without"
    ),
    r"without IsKnown\(": "in strict mode what is unknown is dropped, as what is not known to be known",
    r"^CMS138 Denominator 2 > without Initial Population": "a denominator is counted within the initial population",
    r"^CMS2 Numerator > .*Age\(period-start\) >= 12": "the initial population is 12 or older already",
    r"^CMS2 Numerator > (17 for 16|.*Age\(period-start\) >= 18)": "at 17 either screening counts already",
    r"^CMS2 Where\(.*Follow Up for \w+ Depression.* (DayOf\(start\) >=|without DayOf\(start\) <=)": _AT_A_VISIT,
    r"^CMS2 Where\(.*(Request) .*Depression.* (without DayOf\(at\) >=|DayOf\(at\) > DayOf)": _AT_A_VISIT,
    r"^CMS69 Where.*Request Follow Up for Below.* > without DayOf\(at\)": _IN_THE_PERIOD_ANYWAY,
    r"^CMS69 Where.*Procedure Follow Up for Below.* > (without|end for start .in) .*>= DayOf\(period-start\)": (
        _IN_THE_PERIOD_ANYWAY
    ),
    r"^CMS69 Where.*Body mass.* > (without Quantity.*|value >= 17.5|value <= 25|value < 26)$": (
        "normal is what is neither high nor low: those two decide"
    ),
    r"^CMS122 .* > value (>= 9|> 8)$": _NONE_AT_MOST_9,
    r"^CMS135 Group_1 denominator > without Initial Population": _WITHIN,
    r"^CMS135 (Where\()+MedicationRequest ACE.*\) > without Flag\(negated\)": "what was ordered is counted before",
    r"^CMS22 .* > 119 for 120 \(in systolic >= 120\)": "below 120 and 80 is normal, and counted",
    r"^CMS22 Where\(.*Follow Up Within .* > without DayOf\(at\) <= DayOf\(period-end\)": _AT_A_VISIT,
    r"^CMS153 Where\(.*Pregnancy Test\)+ > end for start$": "an order has both or neither",
    r"^CMS117 Where\(.*Immunization .* > end for start": "an immunization has one time",
    r"^CMS156 Where\(Where\(Where\(Where\(.*\) > end for start$": "a supply that has a start has an end",
    r"^CMS349 Patient Expired > .*deceased.* > birth$": "nobody who is 15 died at birth",
    r"^CMS349 Patient Expired > not deceased$": "in strict mode an unknown death is no death, known or not",
    r"^frailty or 81 Is Age 66 to 80.* > without Age\(period-end\) <= 80$": _WHO_IS_81,
    r"^frailty or 81 Is Age 66 to 80.* > (period-start|81) for .* \(in .* <= 80\)$": _WHO_IS_81,
}

_NOT_YET = "what comes after the day of evaluation does not count anyway"
_BOTH_OR_NEITHER = "a supply that has a start has an end"

EQUIVALENT_IN_CHARTS: Mapping[str, str] = {
    r" without (DayOf\(start\)|start|at) <= (DayOf\(as-of\)|as-of)$": _NOT_YET,
    r"^CMS2 without where Compare\(<=\)$": _NOT_YET,
    r" start to the instant$": _NOT_YET,
    r"^CMS(135|347) without IsKnown\(clinical\)$": "an exclusion of which no more could be read leaves care due",
    r"^CMS138 end for start$": _BOTH_OR_NEITHER,
    r"^(PNEUMO|ZOSTER|FLU|FLU-CHILD) end for start": "an immunization has one time",
    r"^CMS153 without DayOf\(at\) <= DayOf\(as-of\)$": _NOT_YET,
    r"^CMS156 (never good enough|without where OneOf\(status\))$": "it is asked only of those who take such a medicine",
    r"^LUNG without Not\(IsKnown\(verification\)\)$": "whether somebody quit lately cannot be told either way",
    r"^(FLU|FLU-CHILD) (5 month|7 month|period-end for period-start) \(in DayOf\(start\) >= If": (
        "the next season begins on the day after: told in test_measures_schedules"
    ),
    r"^(FLU|FLU-CHILD) (if: otherwise|as-of >|(7 month|period-end for period-start) \(in as-of)": (
        "the next season begins on the day after: told in test_measures_schedules"
    ),
    r"^AWV without Payers that the kind of policy does not tell$": (
        "a set without codes, for what it lacks: told in test_groups_situations"
    ),
    r"^CMS(156|347) start for end$": _BOTH_OR_NEITHER,
}

SHARED = frozenset(
    {
        "Has Hospice Services",
        "Has Palliative Care in the Measurement Period",
        "Is Age 66 or Older with Advanced Illness and Frailty",
        "Is Age 66 to 80 with Advanced Illness and Frailty or Is Age 81 or Older with Frailty",
        "Is Age 66 or Older Living Long Term in a Nursing Home",
    }
)
"""Definitions with tables of their own; in a measure they are broken only as a whole."""

WINDOWED = frozenset(
    {
        "Numerator 1",
        "Numerator 2",
        "Sexual Activity But Not Pregnancy Test",
        "Has Pregnancy Test Exclusion",
    }
)
"""Definitions that are written once for a window of time: the report's tables break each clause, with its period; the
chart's break them as a whole, with the past year."""
