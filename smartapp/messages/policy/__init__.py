"""The content policy: what a text reveals decides where it may go. Pure, explained, closed by default."""

from smartapp.messages.policy.classify import (
    Context,
    classify,
    classify_message,
    sensitive_classes,
)
from smartapp.messages.policy.verdict import (
    ALL_CHANNELS,
    ALLUSION,
    NOTICE,
    PORTAL_ONLY,
    Channel,
    Disclosure,
    Span,
    Verdict,
)

__all__ = [
    "ALLUSION", "ALL_CHANNELS", "NOTICE", "PORTAL_ONLY", "Channel", "Context", "Disclosure", "Span", "Verdict",
    "classify", "classify_message", "sensitive_classes",
]  # fmt: skip
