"""The headers of every answer: who may frame it, what it may load, that nobody keeps it.

No inline script or style anywhere, so that the policy needs no exception. COOP is left off, because it cuts the
EHR's handle on a window it opened; ``same-origin`` is the referrer policy, because with ``no-referrer`` the app's own
forms send ``Origin: null``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Flask, Response, g, request

FrameAncestors = Callable[[str | None], Iterable[str]]


def install(app: Flask, *, https: bool, frame_ancestors: FrameAncestors) -> None:
    """Add the headers; ``frame_ancestors`` gives the origins registered for an EHR's name, or for all (None)."""

    def add(response: Response) -> Response:
        launch = g.get("launch")
        ancestors = " ".join(["'self'", *sorted(set(frame_ancestors(launch.ehr if launch else None)))])
        headers = response.headers
        headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
            f"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}",
        )
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Referrer-Policy"] = "same-origin"
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=(), payment=()"
        if https:
            headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
        if request.endpoint != "static":
            headers["Cache-Control"] = "no-store"
        return response

    app.after_request(add)
