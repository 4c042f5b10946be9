"""Days in words. Below the web, so that an error's text and a page name a day alike."""

from __future__ import annotations

from datetime import date


def day_text(day: date) -> str:
    """``3 Nov 2026``: no locale reads it the wrong way round."""
    return f"{day.day} {month_text(day.month)} {day.year:04}"


def month_text(month: int) -> str:
    """``Nov`` for 11."""
    return _MONTHS[month - 1]


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
