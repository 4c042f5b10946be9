"""The one root exception of the app, and the launch's branch of it.

Every error carries a stable code for machines and a sentence that is safe to show: it names what
is wrong, never a patient's data, a token or a code of the protocol.
"""

from __future__ import annotations


class AppError(Exception):
    """An error whose message may be shown to the user as it stands.

    ``code`` is stable and dotted (``launch.unknown-issuer``); ``message`` is one or two plain
    sentences; ``status`` is the HTTP status that a page or an API answer carries.
    """

    def __init__(self, code: str, message: str, *, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class LaunchError(AppError):
    """The launch cannot go on: the EHR, its answer or the request to us is not as it must be."""
