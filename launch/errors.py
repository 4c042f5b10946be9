"""The one root exception of the app, and the launch's branches of it.

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


class FetchError(AppError):
    """A server could not be read: not reached, too slow, too large, or not what it should be."""

    def __init__(self, code: str, message: str, *, status: int = 502) -> None:
        super().__init__(code, message, status=status)


class TokenRefused(LaunchError):
    """The token endpoint answered with an OAuth error; ``reason`` is its code (RFC 6749, 5.2)."""

    def __init__(self, reason: str) -> None:
        super().__init__(
            "launch.token-refused",
            "The EHR refused to complete the sign-in. Please launch the app again.",
            status=502,
        )
        self.reason = reason


class CookiesBlocked(LaunchError):
    """The browser did not send back the cookie of this sign-in.

    ``fresh_launch`` is a path of this app that starts over; opened in a window of its own it
    works where the cookies of a framed page are blocked.
    """

    def __init__(self, fresh_launch: str) -> None:
        super().__init__(
            "launch.cookies-blocked",
            "Your browser did not keep this app's cookie, so the sign-in cannot be completed here. "
            "Open the app in a new window to sign in again.",
        )
        self.fresh_launch = fresh_launch
