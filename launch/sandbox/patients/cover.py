"""Insurance: one Coverage a year, by the payer's type."""

from __future__ import annotations

from datetime import date

from .case import Case
from .chart import Chart
from .codes import SOPT, Code, concept, hl7
from .draw import Draw
from .practice import SANDBOX_IDS, organization

# Source of Payment Typology (PHDSC, now NAHDO), and a name that no insurer bears.
PAYERS = {
    "medicare": (Code(SOPT, "121", "Medicare FFS"), "Medicare Part B"),
    "medicare-advantage": (Code(SOPT, "112", "Medicare PPO"), "Sandbox Senior Advantage"),
    "dual": (Code(SOPT, "14", "Dual Eligibility Medicare/Medicaid Organization"), "Sandbox Dual Plan"),
    "medicaid": (Code(SOPT, "211", "Medicaid HMO"), "Sandbox State Medicaid"),
    "commercial": (Code(SOPT, "512", "Commercial Managed Care - PPO"), "Sandbox Mutual Health"),
    "self-pay": (Code(SOPT, "81", "Self-pay"), "Self-pay"),
}


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """The last three calendar years; those who turned 65 since had a commercial plan before."""
    member = f"{draw.between(10000000, 99999999)}"
    for year in range(max(case.reference.year - 2, case.start.year), case.reference.year + 1):
        payer = case.payer
        if payer in ("medicare", "medicare-advantage") and year - case.person.birth.year < 65 <= case.age:
            payer = "commercial"
        _coverage(chart, case, payer, year, member)


def _coverage(chart: Chart, case: Case, payer: str, year: int, member: str) -> None:
    kind, name = PAYERS[payer]
    current = year == case.reference.year
    chart.add(
        "Coverage",
        "us-core-coverage",
        identifier=[
            {
                "type": concept(hl7("v2-0203", "MB", "Member Number")),
                "system": SANDBOX_IDS + "member",
                "value": member,
            }
        ],
        status="active" if current else "cancelled",
        type=concept(kind),
        subscriberId=member,
        beneficiary=chart.subject,
        relationship=concept(
            hl7("subscriber-relationship", "child" if case.age < 18 else "self", "Child" if case.age < 18 else "Self")
        ),
        period={"start": max(date(year, 1, 1), case.person.birth).isoformat(), "end": date(year, 12, 31).isoformat()},
        payor=[{"display": name} if payer != "self-pay" else organization()],
    )
