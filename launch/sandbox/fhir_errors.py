"""Errors of the FHIR server, as OperationOutcome."""

from __future__ import annotations

from typing import Any


class FhirError(Exception):
    """An HTTP status, an issue type (FHIR R4, IssueType) and a sentence without anything of a patient."""

    def __init__(self, status: int, issue: str, diagnostics: str, challenge: str | None = None) -> None:
        super().__init__(f"{status} {issue}: {diagnostics}")
        self.status = status
        self.issue = issue
        self.diagnostics = diagnostics
        self.challenge = challenge

    def outcome(self) -> dict[str, Any]:
        """The body of the answer."""
        return {
            "resourceType": "OperationOutcome",
            "issue": [{"severity": "error", "code": self.issue, "diagnostics": self.diagnostics}],
        }


def unauthorized(description: str, *, token_given: bool) -> FhirError:
    """401 with the challenge of RFC 6750, section 3: no error code where no token was sent."""
    challenge = 'Bearer realm="sandbox"'
    if token_given:
        challenge += f', error="invalid_token", error_description="{description}"'
    return FhirError(401, "login", description, challenge)


def forbidden(description: str) -> FhirError:
    """403: the token is good, but not for this."""
    return FhirError(403, "forbidden", description, 'Bearer realm="sandbox", error="insufficient_scope"')
