"""Named streams of pseudo-random draws.

Each stream is seeded by its name, so that a new table of facts leaves every other patient's draws
as they were. Only ``random()`` is used underneath: its sequence for a given seed is what Python
promises to keep from version to version, and it does not depend on PYTHONHASHSEED.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Draw:
    """A stream of draws, told from the others by its key (seed, patient, topic, …)."""

    def __init__(self, *key: str | int) -> None:
        self._key = key
        # Made-up patients, nothing secret: a repeatable generator is the point.
        self._random = random.Random("/".join(str(part) for part in key))  # noqa: S311

    def stream(self, *name: str | int) -> Draw:
        """A stream of its own below this one; what is drawn there does not move this one."""
        return Draw(*self._key, *name)

    def chance(self, percent: float) -> bool:
        """True in ``percent`` of a hundred draws."""
        return self._random.random() * 100 < percent

    def between(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(self._random.random() * (high - low + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of ``choices``, each as likely as the next."""
        return choices[int(self._random.random() * len(choices))]

    def weighted(self, weights: Mapping[T, float]) -> T:
        """One of the keys, as likely as its weight; the order of the mapping counts."""
        point = self._random.random() * sum(weights.values())
        for choice, weight in weights.items():
            point -= weight
            if point < 0:
                return choice
        return choice

    def bell(self, mean: float, spread: float, *, digits: int = 0) -> float:
        """About normal (twelve uniform draws added up), rounded to ``digits``."""
        total = sum(self._random.random() for _ in range(12)) - 6
        return round(mean + spread * total, digits)
