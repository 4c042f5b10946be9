"""The errors of the token side (RFC 6749, 5.2)."""

from __future__ import annotations


class OAuthError(Exception):
    """An error answer: ``error`` as in the RFC, a plain description, the HTTP status."""

    def __init__(self, error: str, description: str, status: int = 400) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        self.status = status
