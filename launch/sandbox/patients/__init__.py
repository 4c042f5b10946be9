"""Synthetic patients for the sandbox: made up from a seed, dated relative to a reference date.

Imports nothing outside the standard library.
"""

from __future__ import annotations

from .cast import cast
from .generate import cases, generate, generate_practice
from .practice import ADMINISTRATOR, CLINICIANS, COORDINATOR, STAFF

__all__ = [
    "ADMINISTRATOR",
    "CLINICIANS",
    "COORDINATOR",
    "STAFF",
    "cases",
    "cast",
    "generate",
    "generate_practice",
]
