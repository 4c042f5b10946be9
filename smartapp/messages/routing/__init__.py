"""Which channel, when, or not at all: pure decisions over data that a practice can read and change."""

from smartapp.messages.routing.decision import (
    CHANNEL_NAMES,
    UNTOLD,
    Confidential,
    Consent,
    MessageFacts,
    Reason,
    Recipient,
    RoutingDecision,
    route,
)
from smartapp.messages.routing.practice import PracticeRules, RuleRow, practice_rules
from smartapp.messages.routing.rules import Rules, built_in_rules, read_rules
from smartapp.messages.routing.timing import allowed_at, next_allowed, preferred_time

__all__ = [
    "CHANNEL_NAMES", "UNTOLD", "Confidential", "Consent", "MessageFacts", "PracticeRules", "Reason", "Recipient",
    "RoutingDecision", "RuleRow", "Rules", "allowed_at", "built_in_rules", "next_allowed", "practice_rules",
    "preferred_time", "read_rules", "route",
]  # fmt: skip
