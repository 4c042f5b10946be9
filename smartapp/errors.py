"""The clinical app's errors: branches of the one root exception, :class:`launch.errors.AppError`."""

from __future__ import annotations

from launch.errors import AppError

__all__ = ["AppError", "ConfigurationError", "CriteriaError", "InputError", "NotAllowedError", "NotFoundError"]


class ConfigurationError(AppError):
    """The app's own settings are wrong or missing: it must not start."""


class InputError(AppError):
    """What somebody gave us (a file, a form, an argument) is not usable; the message names the field."""


class CriteriaError(AppError):
    """A rule is written wrongly: found when it is built, never when a patient is evaluated."""


class NotAllowedError(AppError):
    """The user's role or launch does not permit this."""

    def __init__(self, code: str, message: str, *, status: int = 403) -> None:
        super().__init__(code, message, status=status)


class NotFoundError(AppError):
    """There is no such thing in this launch (also said where it exists in another one)."""

    def __init__(self, code: str, message: str, *, status: int = 404) -> None:
        super().__init__(code, message, status=status)
