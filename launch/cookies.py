"""One cookie a sign-in and one a launch: their names, and which to drop when there are many.

All carry ``__Host-`` (so: Secure, Path=/, no Domain), HttpOnly, SameSite=None and Partitioned:
the only kind that comes back inside an EHR's frame where third-party cookies are blocked.
"""

from __future__ import annotations

from collections.abc import Sequence

SIGN_IN = "__Host-signin-"
LAUNCH = "__Host-launch-"

KEPT = 40
"""Cookies of ours a browser keeps: at about 75 bytes each well below the 8,190 bytes of Cookie
header that gunicorn takes and the 10,240 bytes a partition holds."""


def sign_in_cookie(state_digest: str) -> str:
    """The name of the cookie of one authorization under way."""
    return SIGN_IN + state_digest[:16]


def launch_cookie(handle: str) -> str:
    """The name of the cookie that opens one launch."""
    return LAUNCH + handle


def superfluous(names: Sequence[str], kept: int = KEPT) -> list[str]:
    """Which of a browser's cookies to delete so that, with a new one, at most ``kept`` remain.

    ``names`` in the order of the Cookie header, the oldest first (RFC 6265, 5.4). Sign-ins go
    before launches: one that was left behind is of no use.
    """
    ours = [name for name in names if name.startswith((SIGN_IN, LAUNCH))]
    oldest_first = sorted(ours, key=lambda name: name.startswith(LAUNCH))
    return oldest_first[: max(0, len(ours) + 1 - kept)]
