"""Cross-site requests change nothing.

The session cookie is SameSite=None, because the app lives in an EHR's frame; so every request that is not a
read must come from the app's own origin (``Origin`` and ``Sec-Fetch-Site``, which a page cannot forge) and carry the
token of its launch. OWASP ASVS 5.0, 3.5.1 and 3.5.3.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import urlsplit

from flask import Flask, request

from smartapp.errors import NotAllowedError

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "form_token"


def form_token(key: bytes, handle: str) -> str:
    """The token that the forms of one launch carry."""
    return hmac.new(key, b"form\0" + handle.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def install(app: Flask, *, key: bytes, public_url: str, exempt: frozenset[str] = frozenset()) -> None:
    """Check every unsafe request but those to ``exempt`` endpoints (providers' web hooks, which sign theirs)."""
    parts = urlsplit(public_url)
    origin = f"{parts.scheme}://{parts.netloc}"

    def check() -> None:
        if request.method in _SAFE or request.endpoint in exempt or request.endpoint is None:
            return
        sent = request.headers.get("Origin")
        if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin" or sent not in (None, origin):
            raise NotAllowedError(
                "web.cross-site", "This request did not come from the app's own page, so nothing was done."
            )
        # Signing out names its launch in the form.
        handle = (request.view_args or {}).get("handle") or request.form.get("handle")
        if handle is not None and not _is_token(key, handle, request.form.get(FIELD, "")):
            raise NotAllowedError(
                "web.form-token", "This form is not of the patient that is open. Nothing was done; reload the page."
            )

    app.before_request(check)
    app.jinja_env.globals["form_token"] = lambda handle: form_token(key, handle)


def _is_token(key: bytes, handle: str, sent: str) -> bool:
    return hmac.compare_digest(form_token(key, handle).encode(), sent.encode("utf-8", "surrogatepass"))
