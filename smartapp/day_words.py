"""Days in words. Below the web, so that an error's text and a page name a day alike."""

from __future__ import annotations

from datetime import date


def day_text(day: date) -> str:
    """``3 Nov 2026``: no locale reads it the wrong way round."""
    return f"{day.day} {MONTHS[day.month - 1][:3]} {day.year:04}"


MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
