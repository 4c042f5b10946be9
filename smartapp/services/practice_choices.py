"""The practice's choices about its measures, kept in its settings: read when the app starts, changed by a command.

A change is kept with its audit entry. The measures are compiled once for all of an installation, as the enabled ones
are, so the choices are the installation's and hold from the next start of the app and its workers on.
"""

from __future__ import annotations

from smartapp.errors import ConfigurationError, CriteriaError
from smartapp.measures.choices import Choices
from smartapp.persistence.practice import PracticeSettings

SCHEDULE, CADENCES = "immunization-schedule", "cadences"
INSTALLATION = "default"
"""The tenant under which an installation keeps what is decided for all of it."""


class PracticeChoices:
    """Reads and changes the choices."""

    def __init__(self, settings: PracticeSettings) -> None:
        self._settings = settings

    def read(self) -> Choices:
        """The choices as last made.

        Raises :class:`ConfigurationError` (``config.practice-choice``) where a kept choice names what there is not any
        more: a measure by another rule than the chosen one would be worse than none.
        """
        kept = (self._settings.get(INSTALLATION, name) for name in (SCHEDULE, CADENCES))
        try:
            return Choices.of(*kept)
        except CriteriaError as error:
            raise ConfigurationError(
                "config.practice-choice",
                f"{error.message} The practice had chosen it: choose anew with `smartapp settings schedule` or "
                "`smartapp settings cadence`.",
            ) from error

    def choose_schedule(self, id_: str, *, actor: str) -> Choices:
        """Choose an immunization schedule. Raises :class:`CriteriaError` where there is no such one."""
        made = Choices().with_schedule(id_)
        self._settings.put(INSTALLATION, SCHEDULE, made.schedule.id, actor=actor)
        return made

    def choose_interval(self, cadence: str, check: str, every: str | None, *, actor: str) -> Choices:
        """Choose how often a check is due; ``None`` for the interval that the app comes with.

        Raises :class:`CriteriaError` for a condition, check or interval that there is not.
        """
        Choices().with_interval(cadence, check, every)
        kept = self._settings.get(INSTALLATION, CADENCES)
        try:
            made = Choices.of(None, kept)
        except CriteriaError:
            made = Choices()  # what was kept cannot be used any more: this choice replaces it
        made = made.with_interval(cadence, check, every)
        self._settings.put(
            INSTALLATION, CADENCES, {id_: dict(checks) for id_, checks in made.intervals.items()}, actor=actor
        )
        return made
