"""The fixed cast: patients with a story each. Whatever the seed, they are the same, on one clinician's panel."""

from __future__ import annotations

from datetime import date, timedelta

from .case import Brief
from .dates import years_before
from .problems import Problem
from .states import DUE, EXCLUDED, MET, NEVER, OVERDUE, REFUSED, UNCONTROLLED
from .visits import Engagement


def _problem(key: str, reference: date, years: int) -> Problem:
    return Problem(key, years_before(reference, years) - timedelta(days=40))


def cast(reference: date) -> tuple[Brief, ...]:
    """The stories, dated relative to ``reference``."""

    def has(*entries: tuple[str, int]) -> tuple[Problem, ...]:
        return tuple(_problem(key, reference, years) for key, years in entries)

    return (
        Brief(
            id="pt-1001",
            purpose="Type 2 diabetes out of control (A1c 9.4 six weeks ago, rising), blood pressure high, "
            "mammogram overdue, colonoscopy just due; here today",
            name=("Rosalind", "Whitaker"), sex="female", age=58, language="en", smoking="former", payer="commercial",
            problems=has(("diabetes-2-high", 7), ("hypertension", 9), ("hyperlipidemia", 6), ("obesity", 10)),
            engagement=Engagement.HIGH,
            a1c=((42, 9.4), (147, 8.8), (262, 8.3), (380, 7.9), (545, 7.4), (735, 7.1)),
            states={
                "a1c": (UNCONTROLLED, "usual"), "bp": (UNCONTROLLED, "usual"), "breast": (OVERDUE, "usual"),
                "colorectal": (DUE, "colonoscopy"), "cervical": (MET, "cotest"), "eye": (OVERDUE, "usual"),
                "kidney": (MET, "usual"), "statin": (NEVER, "usual"), "depression": (MET, "usual"),
                "tobacco": (MET, "usual"), "influenza": (OVERDUE, "usual"),
            },
            last={"breast": 34, "colorectal": 121, "cervical": 30, "eye": 26, "kidney": 5},
            traits=frozenset({"here-today", "booked", "risk-accepted", "ordered-breast"}),
        ),
        Brief(
            id="pt-1002",
            purpose="Excluded: bilateral mastectomy, and hospice care since last month",
            name=("Margaret", "Okafor"), sex="female", age=71, language="en", smoking="never", payer="medicare",
            problems=has(("heart-failure", 4), ("hypertension", 12)), engagement=Engagement.HIGH,
            states={
                "breast": (EXCLUDED, "usual"), "colorectal": (OVERDUE, "colonoscopy"), "bp": (UNCONTROLLED, "usual"),
            },
            traits=frozenset({"hospice", "walker", "not-booked", "mastectomy"}),
        ),
        Brief(
            id="pt-1003",
            purpose="Well managed: everything that is due has been done",
            name=("Daniel", "Brenner"), sex="male", age=67, language="en", smoking="never", payer="medicare",
            problems=has(("hypertension", 11), ("hyperlipidemia", 8)), engagement=Engagement.HIGH,
            states={
                key: (MET, "colonoscopy" if key == "colorectal" else "usual")
                for key in (
                    "bp", "colorectal", "depression", "tobacco", "falls", "social", "wellness", "hepatitis-c",
                    "influenza", "pneumococcal", "zoster", "tetanus",
                )
            },
            traits=frozenset({"booked"}),
        ),
        Brief(
            id="pt-1004",
            purpose="Dormant: no visit for 20 months, smokes, hypertension, never screened for colorectal cancer",
            name=("Kevin", "Albright"), sex="male", age=52, language="en", smoking="current", payer="commercial",
            problems=has(("hypertension", 6), ("tobacco", 8)), engagement=Engagement.DORMANT, away_months=20,
            states={"colorectal": (NEVER, "fit"), "bp": (OVERDUE, "usual"), "influenza": (OVERDUE, "usual")},
            traits=frozenset({"not-booked"}),
        ),
        Brief(
            id="pt-1005",
            purpose="Speaks Spanish; type 2 diabetes without an A1c for 14 months, food insecurity, Medicaid",
            name=("Lucía", "Herrera Campos"), sex="female", age=45, language="es", smoking="never", payer="medicaid",
            problems=has(("diabetes-2", 4), ("food-insecurity", 1)), engagement=Engagement.MODERATE,
            states={
                "a1c": (OVERDUE, "usual"), "breast": (NEVER, "usual"),
                "cervical": (MET, "pap"),
                "eye": (NEVER, "usual"), "kidney": (OVERDUE, "usual"), "colorectal": (NEVER, "fit"),
                "social": (MET, "usual"),
            },
            last={"a1c": 14, "cervical": 20, "kidney": 20},
            a1c=((430, 8.6), (560, 8.1)),
            traits=frozenset({"here-today"}),
        ),
        Brief(
            id="pt-1006",
            purpose="Seventeen: asked for confidential communication; chlamydia screening due, low mood lately",
            name=("Kayla", "Nguyen"), sex="female", age=17, language="en", smoking="never", payer="commercial",
            problems=has(("contraception", 0),), engagement=Engagement.MODERATE,
            states={"chlamydia": (NEVER, "usual"), "depression": (MET, "usual"), "teenage": (DUE, "usual")},
            traits=frozenset({"confidential", "proxy", "low-mood"}),
        ),
        Brief(
            id="pt-1007",
            purpose="Declined a colonoscopy and the flu vaccine; wants no text messages",
            name=("Harold", "Jensen"), sex="male", age=63, language="en", smoking="former", payer="commercial",
            problems=has(("hyperlipidemia", 5),), engagement=Engagement.MODERATE,
            states={"colorectal": (REFUSED, "colonoscopy"), "influenza": (REFUSED, "usual"), "tobacco": (MET, "usual")},
            traits=frozenset({"sms-opt-out"}),
        ),
        Brief(
            id="pt-1008",
            purpose="Healthy at 28: only a routine screening is due",
            name=("Hannah", "Lindqvist"), sex="female", age=28, language="en", smoking="never", payer="commercial",
            problems=(), engagement=Engagement.MODERATE,
            states={
                "cervical": (OVERDUE, "pap"), "depression": (MET, "usual"), "tobacco": (MET, "usual"),
                "social": (MET, "usual"), "hiv": (MET, "usual"), "hepatitis-c": (MET, "usual"),
                "influenza": (MET, "usual"), "tetanus": (MET, "usual"),
            },
            last={"cervical": 50},
        ),
        Brief(
            id="pt-1009",
            purpose="A child of one whose second-year vaccines are missing; his mother is the contact",
            name=("Noah", "Ferris"), sex="male", age=1, extra_days=240, language="en", smoking="never",
            payer="medicaid", problems=(), engagement=Engagement.HIGH, states={"childhood": (DUE, "usual")},
            traits=frozenset({"proxy", "booked"}),
        ),
        Brief(
            id="pt-1010",
            purpose="Died three months ago: gaps must not be shown as due, and nothing may be sent",
            name=("Walter", "Pruitt"), sex="male", age=74, language="en", smoking="former", payer="medicare",
            problems=has(("heart-failure", 5), ("copd", 9), ("diabetes-2", 12)), engagement=Engagement.HIGH,
            states={"colorectal": (OVERDUE, "colonoscopy"), "a1c": (UNCONTROLLED, "usual")},
            deceased_days=95,
        ),
    )  # fmt: skip
