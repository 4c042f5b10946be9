"""Words for where a message is and why, by the channel it goes by. Said once, for every page of messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from smartapp.messages.claims import WORKER
from smartapp.messages.queue_reader import STAFF_TASK
from smartapp.messages.record import Message
from smartapp.messages.states import State
from smartapp.services.message_actors import EHR
from smartapp.web.labels import by_whom

CHANNEL_TEXT: Mapping[str, str] = {
    "portal": "in the portal",
    "sms": "as a text message",
    "email": "by e-mail",
    "voice": "by a call",
    "letter": "as a letter",
}

FOR_A_CLINICIAN = "A clinician has to read the text and approve it."
"""What comes next for somebody who may not approve."""

REVEALS: Mapping[str, str] = {
    "diagnosis": "a diagnosis",
    "medication": "a medicine",
    "result": "a result",
    "procedure": "a procedure or test",
    "service": "a kind of care",
    "social": "a social circumstance",
    "unknown": "something that could not be judged",
}

ABOUT: Mapping[str, str] = {
    "recall": "Care that is due",
    "reactivation": "Asking back",
    "retention": "Keeping in touch",
    "reminder": "Reminder of a visit",
    "follow-up": "Follow-up",
    "education": "Health education",
    "refill": "Refill",
    "lab": "Laboratory test",
    "survey": "Survey",
    "campaign": "Campaign",
}
"""What a message without a measure is about, by its purpose."""

APPROVED_FOR: Mapping[str, str] = {**CHANNEL_TEXT, "portal": "for the portal", "voice": "as a call"}

ATTEST: Mapping[str, str] = {
    "portal": "I have pasted it into the portal",
    "sms": "I have sent it",
    "email": "I have sent it",
    "voice": "I have called and said it",
    "letter": "I have sent the letter",
}

SEEN = "messages.seen"
"""The reason of a message that its patient has opened."""

EVENTS: Mapping[str, str] = {
    SEEN: "Opened by the patient",
    "calls.reached": "Called: reached",
    "calls.no-answer": "Called: no answer",
    "calls.wrong-number": "Called: wrong number",
    "calls.undone": "What was said of the call was taken back",
}
"""What the history calls an event that is more than a change of state, by its reason."""


def who_text(actor: str, patient: str, names: Mapping[str, str], reader: str) -> str:
    """Who changed a message, by the trail's ``actor``: a name where one is known (``names`` by reference), else a role.

    Empty where nobody is to be named. ``patient`` and ``reader`` are references.
    """
    role = {"": "", WORKER: "the worker", EHR: "", patient: "the patient"}.get(actor)
    return by_whom(actor, names.get(actor) or "staff", reader) if role is None else role


READ: Mapping[str, str] = {
    "portal": "What the patient reads in the portal",
    "sms": "What the patient reads on the phone",
    "email": "What the patient reads in the mail",
    "voice": "What somebody tells the patient on the phone",
    "letter": "What the patient reads in the letter",
}

_STATES: Mapping[State, tuple[str, str, str]] = {
    # state: words, tone, what comes next
    State.DRAFT: ("Draft", "none", "Read the text and approve it. Nothing leaves before that."),
    State.FOR_REVIEW: ("For review", "warn", "Somebody has to read the text and approve it."),
    State.QUEUED: ("Queued", "info", "It goes as soon as the hour allows. Until then it can be taken back."),
    State.HELD: ("Held", "warn", "It waits."),
    State.SENDING: ("Being sent", "info", "It is on its way and can no longer be changed."),
    State.SENT: ("Sent", "good", "It is with the patient."),
    State.FAILED: ("Failed", "bad", "It could not be delivered. Edit it or discard it."),
    State.DEAD_LETTER: ("Failed for good", "bad", "It was tried several times. Edit it or discard it."),
    State.CANCELLED: ("Discarded", "none", "Nothing was sent."),
    State.REPLIED: ("Answered", "good", "The patient answered."),
}
_IN_PORTAL: Mapping[State, tuple[str, str, str]] = {
    State.QUEUED: ("Queued", "info", "It is delivered to the portal within moments. Until then it can be taken back."),
    State.SENT: ("Delivered to the portal", "good", "It is in the patient's portal inbox."),
    State.REPLIED: ("Answered", "good", "The patient answered in the portal."),
}
_SENT_BY: Mapping[str, tuple[str, str, str]] = {
    "sms": ("Sent as a text message", "good", "The provider took it; it is on the patient's phone."),
    "email": ("Sent by e-mail", "good", "The mail server took it."),
    "voice": ("Called", "good", "Somebody called the patient and said so."),
    "letter": ("Posted", "good", "Somebody sent the letter and said so."),
}

_REASONS: Mapping[str, str] = {
    SEEN: "The patient has opened it.",
    "messages.edited": "The text was changed after it was approved.",
    "messages.rerouted": "It goes another way than before, so somebody reads it again.",
    "messages.lost": "The worker stopped; it is tried again.",
    "messages.due": "The time it waited for has come.",
    "messages.held-by-staff": "Somebody held it back.",
    "messages.undone": "Somebody took it back. A new one can be drafted from the care that is due.",
    "messages.attested": "Somebody delivered it by hand and said so.",
    "calls.reached": "Somebody reached the patient on the phone.",
    "calls.no-answer": "Nobody answered the call.",
    "calls.wrong-number": "The number is not the patient's: it is not used again. Have it corrected in the EHR.",
    "calls.undone": "What was said of a call was taken back.",
    "messages.task-done": "The task in the EHR was completed.",
    "messages.task-refused": "The task in the EHR was turned down there.",
    "messages.expired": "Its time was over before it could be sent.",
    "messages.opted-out": "The patient does not want messages.",
    "messages.maybe-sent": "It may have gone out: nobody can tell, so it is not sent again.",
    "messages.portal-only": "Its content may not leave the portal.",
    "messages.unexpected": "An unexpected fault; it is tried again.",
    "messages.sequence-over": "The patient is back, or does not want to be asked: the rest is not sent.",
    "delivery.withdrawn": "The EHR took it back after it was delivered.",
    "recheck.closed": "The gap is closed by now.",
    "recheck.stale": "The chart could not be read again before sending.",
    "recheck.no-backend": "The app may not read this EHR by itself, so nobody could look again: text messages and "
    "e-mail do not leave without that. Discard it and write in the portal, or have a backend client registered.",
    "recheck.consents-unread": "The EHR could not say whether the patient still wants messages: it is asked again.",
    "recheck.deceased": "The patient has died.",
    "recheck.dismissed": "The gap was set aside meanwhile.",
    "recheck.merged": "The patient's record was merged into another one.",
    "recheck.portal-only": "Its content may not leave the portal.",
    "routing.minor": "A young patient's private matter: nobody attested that only they can read it.",
    "routing.proxy": "A private matter that a proxy, if there is one, could read in the portal.",
    "routing.part-2": "Substance use care is not written about without consent (42 CFR Part 2).",
    "routing.marketing": "Marketing needs the patient's own authorization.",
    "routing.re-engage-first": "Not seen for a year, or it cannot be told: the patient is asked back first.",
    "routing.frequency": "Enough was sent to this patient lately.",
    "routing.opted-out-portal": "The patient does not want messages in the portal.",
    "routing.no-outreach": "The patient wants no messages at all, by the EHR's records.",
    "routing.translation": "Nobody has approved this translation yet.",
    "routing.quiet-hours": "It is not an hour at which this patient may be written to.",
    "routing.better-day": "A better day of the week is near.",
    "routing.no-hour": "There is no hour at which this patient may be written to.",
    "routing.no-portal": "The patient has no portal account.",
}
# A reason that names a channel at its end.
_BY_CHANNEL: Mapping[str, str] = {
    "routing.consent": "When it was to go {by}, the patient no longer agreed to that, by the EHR's records.",
    "routing.opted-out": "The patient has opted out of being reached {by}.",
    "routing.address": "The address for sending it {by} is not on file any more, or is another one by now.",
    "routing.confidential": "The patient has asked to be reached another way than {by}.",
    "routing.policy": "Its content may not go {by}.",
    "routing.preference": "The patient prefers another way than {by} by now.",
}
_STAFF: Mapping[str, str] = {
    "portal": "The EHR takes no messages from apps: somebody pastes the text into the portal.",
    "voice": "Somebody calls {address} and says this.",
    "letter": "Somebody sends this letter to {address}.",
}
_DELIVERY = "The receiver did not take it ({code})."


def state_words(state: State, channel: str, *, waits_until: str = "") -> tuple[str, str, str]:
    """A state as a word, a tone, and what comes next. ``waits_until`` is the moment before which nothing is sent."""
    if state is State.QUEUED and waits_until:
        return "Queued", "info", f"It is not sent before {waits_until}. Until then it can be taken back."
    if channel == "portal":
        return _IN_PORTAL.get(state, _STATES[state])
    return _SENT_BY.get(channel, _STATES[state]) if state is State.SENT else _STATES[state]


def channels_text(channels: Sequence[str]) -> str:
    """Where a text may go, by what it reveals."""
    others = [CHANNEL_TEXT[one] for one in channels if one != "portal"]
    if not others:
        return "Patient portal only. No SMS, e-mail, call or letter may carry this text."
    ways = others[0] if len(others) == 1 else f"{', '.join(others[:-1])} or {others[-1]}"
    return f"Neutral: besides the portal, it could go {ways}."


def why_text(message: Message) -> str:
    """Why a message is where it is, in words; empty where its state says it all."""
    reason = message.reason
    if reason is None:
        return ""
    if reason == STAFF_TASK:
        return _STAFF.get(message.channel, _STAFF["portal"]).format(address=message.address)
    if reason in _REASONS:
        return _REASONS[reason]
    kind, _, channel = reason.rpartition("-")
    if kind in _BY_CHANNEL and channel in CHANNEL_TEXT:
        return _BY_CHANNEL[kind].format(by=CHANNEL_TEXT[channel])
    return _DELIVERY.format(code=reason)
