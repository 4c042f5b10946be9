"""What DuckDB and Spark write differently. All else is SQL that both read the same."""

from __future__ import annotations

from dataclasses import dataclass

from smartapp.criteria.sql.layout import TEXT_NUMBER_SQL
from smartapp.facts.instants import BEGINNING, DAY, FOREVER

_FIRST_INSTANT = -62_135_596_800_000
_LAST_INSTANT = 253_402_300_799_999


@dataclass(frozen=True, slots=True)
class Dialect:
    """A way of writing SQL. ``moment`` makes a timestamp of milliseconds, ``millis`` the other way round;
    ``text_number`` is :func:`.layout.text_number`, empty where there is none."""

    name: str
    moment: str
    millis: str
    create: str
    text: str
    semi: str
    anti: str
    text_number: str = ""
    double_backslash: bool = False

    def string(self, text: str) -> str:
        """A literal."""
        quoted = (
            text.replace("'", "''") if not self.double_backslash else text.replace("\\", "\\\\").replace("'", "\\'")
        )
        return f"'{quoted}'"

    def literal(self, value: str | float) -> str:
        if isinstance(value, str):
            return self.string(value)
        if isinstance(value, int):
            return str(value)
        # With an exponent it is a double in both; without one a decimal.
        text = repr(value)
        return text if "e" in text else f"{text}e0"

    def ymd(self, at: str) -> str:
        """The UTC day as yyyymmdd; NULL for a time that is not a date."""
        day = self.moment.format(at)
        return (
            f"CASE WHEN {at} > {BEGINNING} AND {at} < {FOREVER} "
            f"THEN year({day}) * 10000 + month({day}) * 100 + day({day}) END"
        )

    def day_of(self, at: str) -> str:
        """The first instant of the UTC day; the two ends of time stay."""
        first = f"{at} - ({at} % {DAY} + {DAY}) % {DAY}"
        return f"CASE WHEN {at} > {BEGINNING} AND {at} < {FOREVER} THEN {first} ELSE {at} END"

    def plus(self, at: str, milliseconds: int) -> str:
        return f"CASE WHEN {at} > {BEGINNING} AND {at} < {FOREVER} THEN {at} + {milliseconds} ELSE {at} END"

    def plus_months(self, at: str, months: int) -> str:
        """Months later, on the month's last day where it has no such day; an end of time beyond years 1 to 9999."""
        inner = self.moment.format(f"CASE WHEN {at} > {BEGINNING} AND {at} < {FOREVER} THEN {at} END")
        moved = self.millis.format(
            f"{inner} + INTERVAL {months} MONTH" if months >= 0 else f"{inner} - INTERVAL {-months} MONTH"
        )
        return (
            f"CASE WHEN {at} = {BEGINNING} OR {at} = {FOREVER} THEN {at} WHEN {moved} > {_LAST_INSTANT} THEN {FOREVER} "
            f"WHEN {moved} < {_FIRST_INSTANT} THEN {BEGINNING} ELSE {moved} END"
        )


DUCKDB = Dialect(
    "duckdb",
    moment="epoch_ms({0})",
    millis="epoch_ms({0})",
    create="CREATE OR REPLACE TEMP TABLE {0} AS {1}",
    text="VARCHAR",
    semi="SEMI JOIN",
    anti="ANTI JOIN",
    text_number=TEXT_NUMBER_SQL,
)
SPARK = Dialect(
    "spark",
    moment="timestamp_millis({0})",
    millis="unix_millis({0})",
    create="CREATE OR REPLACE TEMPORARY VIEW {0} AS {1}",
    text="STRING",
    semi="LEFT SEMI JOIN",
    anti="LEFT ANTI JOIN",
    double_backslash=True,
)
"""Needs ``spark.sql.session.timeZone`` UTC."""
