"""How a patient may be reached: consents and refusals, a minor's parent, and what was sent so far."""

from __future__ import annotations

from datetime import date, timedelta

from .case import Case
from .chart import Chart
from .codes import Code, concept, hl7, loinc
from .dates import instant, workday
from .draw import Draw
from .names import FEMALE, MALE
from .practice import SANDBOX_IDS, organization, practitioner

# HL7 has no code for "text message" that a Consent could name; the sandbox uses its own.
CHANNEL = SANDBOX_IDS + "channel"
CHANNELS = {
    "sms": Code(CHANNEL, "sms", "Text message"),
    "email": Code(CHANNEL, "email", "Unencrypted e-mail"),
    "portal": Code(CHANNEL, "portal", "Patient portal"),
}
PRIVACY = hl7("consentscope", "patient-privacy", "Privacy Consent")
DOCUMENT = loinc("59284-0", "Consent Document")
OPT_IN = hl7("v3-ActCode", "OPTIN", "opt-in")
OPT_OUT = hl7("v3-ActCode", "OPTOUT", "opt-out")
RESTRICTIONS = hl7("consentpolicycodes", "hipaa-restrictions", "HIPAA Restrictions")

# Nothing about anybody's health: such a message could go by any way.
REMINDER = "You have an upcoming visit at Harbor Street Family Practice. Call 413-555-0100 with any questions."


def write(chart: Chart, case: Case, draw: Draw) -> None:
    """Consents first, then the parent of a minor, then messages of the last year."""
    day = case.visits[-1].day if case.visits else case.start
    if "sms-opt-out" in case.traits:
        _consent(chart, day, "deny", "sms", OPT_OUT)
    if "sms-consent" in case.traits:
        _consent(chart, day, "permit", "sms", OPT_IN)
    if "risk-accepted" in case.traits:
        _consent(chart, day, "permit", "email", OPT_IN)
    if "confidential" in case.traits:
        # 45 CFR 164.522(b): by the portal alone; nothing to the phone or address that the family shares.
        _consent(chart, day, "permit", "portal", RESTRICTIONS)
    if "proxy" in case.traits:
        _parent(chart, case, draw.stream("parent"))
    _messages(chart, case, draw.stream("messages"))


def _consent(chart: Chart, day: date, kind: str, channel: str, policy: Code) -> None:
    chart.add(
        "Consent",
        status="active",
        scope=concept(PRIVACY),
        category=[concept(DOCUMENT)],
        patient=chart.subject,
        dateTime=instant(day, 16),
        organization=[organization()],
        policyRule=concept(policy),
        provision={"type": kind, "code": [concept(CHANNELS[channel])]},
    )


def _parent(chart: Chart, case: Case, draw: Draw) -> None:
    """Mother or father, at the family's number."""
    mother = case.id == "pt-1009" or draw.chance(70)
    role = hl7("v3-RoleCode", "MTH", "mother") if mother else hl7("v3-RoleCode", "FTH", "father")
    person = case.person
    chart.add(
        "RelatedPerson",
        "us-core-relatedperson",
        active=True,
        patient=chart.subject,
        relationship=[concept(role)],
        name=[{"family": person.family, "given": [draw.pick((FEMALE if mother else MALE)["en"])]}],
        telecom=[{"system": "phone", "value": person.phone, "use": "mobile", "rank": 1}],
    )


def _messages(chart: Chart, case: Case, draw: Draw) -> None:
    """Up to three reminders of the last ten months; ``received`` tells that one was read."""
    if not case.visits or case.person.deceased:
        return
    day = case.reference
    for _ in range(draw.between(0, 3)):
        day = workday(day - timedelta(days=draw.between(12, 100)))
        if day <= case.start:
            return
        read = "portal-inactive" not in case.traits and draw.chance(65)
        _message(chart, day, REMINDER, read=day + timedelta(days=draw.between(0, 2)) if read else None)
    if case.has("transport"):
        words = "I could not come last time because I had no ride."
        _message(chart, case.visits[-1].day, words, sender=case.person.clinician)


def _message(chart: Chart, day: date, words: str, *, read: date | None = None, sender: str | None = None) -> None:
    """A message through the portal, to the patient or (with ``sender``, whom it went to) from the patient."""
    chart.add(
        "Communication",
        status="completed",
        category=None if sender else [concept(hl7("communication-category", "reminder", "Reminder"))],
        medium=[concept(hl7("v3-ParticipationMode", "WRITTEN", "written"))],
        subject=chart.subject,
        sent=instant(day, 14),
        received=instant(read, 20) if read else None,
        recipient=[practitioner(sender)] if sender else [chart.subject],
        sender=chart.subject if sender else organization(),
        payload=[{"contentString": words}],
    )
