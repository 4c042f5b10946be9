"""How a patient may be reached, from FHIR: what is on file counts, and what is not plainly permitted is not."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from smartapp.errors import ConfigurationError
from smartapp.messages.contact import Contact, Known, contact_from_resources, read_meanings

TODAY = date(2026, 6, 15)
CHANNEL = "https://sandbox.invalid/ids/channel"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


def patient(*telecom: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "p", "telecom": list(telecom), **more}


def consent(*channels: str, policy: str = "OPTIN", kind: str = "permit", **more: Any) -> dict[str, Any]:
    provision = {"type": kind, "code": [{"coding": [{"system": CHANNEL, "code": one}]} for one in channels]}
    return {
        "resourceType": "Consent",
        "id": "c",
        "status": "active",
        "scope": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]
        },
        "dateTime": "2026-05-19T16:00:00-04:00",
        "policyRule": {"coding": [{"system": ACT, "code": policy}]},
        **({"provision": provision} if channels else {}),
        **more,
    }


def provision(**more: Any) -> dict[str, Any]:
    return {**consent("sms")["provision"], **more}


def read(*resources: dict[str, Any], consents: Known = "complete", proxies: Known = "complete") -> Contact:
    return contact_from_resources(resources, today=TODAY, consents_read=consents, proxies_read=proxies)


def test_a_consent_opens_its_channels_and_names_itself() -> None:
    found = read(consent("sms", "email"))
    assert {one: found.consent(one) for one in ("sms", "email", "voice")} == {
        "sms": "given", "email": "given", "voice": "unknown",
    }  # fmt: skip
    assert found.source("sms") == "Consent/c of 2026-05-19"
    assert found.source("voice") == "nothing is on file"


def test_a_refusal_outweighs_every_permission() -> None:
    found = read(consent("sms"), consent("sms", policy="OPTOUT", kind="deny", dateTime="2020-01-01", id="old"))
    assert found.consent("sms") == "refused"
    assert found.source("sms") == "Consent/old of 2020-01-01"


@pytest.mark.parametrize(
    "doubtful",
    [
        consent("sms", status="inactive"),
        consent("sms", status="proposed"),
        consent("sms", scope={"coding": [{"code": "research"}]}),
        consent("sms", modifierExtension=[{"url": "urn:x"}]),
        consent("sms", provision=provision(period={"end": "2026-06-14"})),
        consent("sms", provision=provision(period={"start": "2026-06-16"})),
        consent("sms", provision=provision(period="always")),
        consent("sms", provision=provision(actor=[{"role": {}}])),
        consent("sms", provision=provision(provision=[{"type": "deny"}])),
        consent("sms", provision=provision(purpose=[{"system": REASON, "code": "HRESCH"}])),
        consent("sms", provision=provision(purpose=[{"system": REASON, "code": "HMARKT"}])),
        consent("sms", provision=[]),
        consent("fax"),
    ],
)
def test_what_is_not_plainly_permitted_is_not(doubtful: dict[str, Any]) -> None:
    assert read(doubtful).consent("sms") in ("unknown", "refused")


def test_a_permission_that_ends_today_still_holds() -> None:
    within = provision(period={"start": "2026", "end": "2026-06-15"}, purpose=[{"system": REASON, "code": "TREAT"}])
    assert read(consent("sms", provision=within)).consent("sms") == "given"


@pytest.mark.parametrize("unread", ["refused", "failed", "cut", "not-asked"])
def test_consents_that_were_not_read_permit_nothing_and_what_was_seen_still_refuses(unread: Known) -> None:
    assert read(consent("sms"), consents=unread).consent("sms") == "unknown"
    assert read(consent("sms"), consents=unread).source("sms") != "nothing is on file"
    assert read(consents=unread).untold
    assert read(consent("sms", policy="OPTOUT", kind="deny"), consents=unread).consent("sms") == "refused"


def test_an_opt_out_that_names_no_channel_is_of_all_outreach() -> None:
    assert read(consent(policy="OPTOUT")).no_outreach == "Consent/c of 2026-05-19"
    assert not read(consent("sms", policy="OPTOUT", kind="deny")).no_outreach


def test_a_refusal_in_an_unknown_code_closes_all_but_the_portal() -> None:
    found = read(consent("sms"), consent("carrier-pigeon", policy="OPTOUT", kind="deny", id="other"))
    assert found.consent("sms") == "refused"
    assert found.consent("portal") == "unknown"
    assert not found.no_outreach


def test_a_confidential_request_leaves_its_channels_and_welcomes_none() -> None:
    policy = {
        "coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentpolicycodes", "code": "hipaa-restrictions"}]
    }
    found = read(consent("portal", "email", policyRule=policy))
    assert found.confidential == ("portal", "email")
    assert found.confidential_by == "Consent/c"
    assert found.consent("email") == "unknown"


def part_2(**more: Any) -> dict[str, Any]:
    """A written consent to the use of substance use records for care, as plain as it can be."""
    inside = {
        "type": "permit",
        "purpose": [{"system": REASON, "code": "TREAT"}],
        "securityLabel": [{"system": ACT, "code": "ETH"}],
        **more.pop("provision", {}),
    }
    return {**consent("sms", policy="42CFRPart2CD"), "provision": inside, **more}


def test_a_part_2_consent_is_read_where_it_is_recorded() -> None:
    assert read(part_2()).part_2_by == "Consent/c"
    in_scope = {"coding": [{"system": ACT, "code": "42CFRPart2"}]}
    assert read(part_2(scope=in_scope, policyRule={})).part_2_by == "Consent/c"
    assert not read(consent("sms")).part_2_by


@pytest.mark.parametrize(
    "doubtful",
    [
        part_2(status="inactive"),
        part_2(scope={"coding": [{"code": "research"}]}),
        part_2(modifierExtension=[{"url": "urn:x"}]),
        part_2(verification=[{"verified": False}]),
        part_2(provision={"type": "deny"}),
        part_2(provision={"type": None}),
        part_2(provision={"period": {"end": "2026-06-14"}}),
        part_2(provision={"actor": [{"role": {}}]}),
        part_2(provision={"provision": [{"type": "deny"}]}),
        part_2(provision={"purpose": [{"system": REASON, "code": "HRESCH"}]}),
        part_2(provision={"securityLabel": [{"system": ACT, "code": "HIV"}]}),
        part_2() | {"provision": []},
    ],
)
def test_a_part_2_consent_that_is_not_plain_is_none(doubtful: dict[str, Any]) -> None:
    assert not read(doubtful).part_2_by


def test_a_part_2_refusal_outweighs_a_consent_and_what_was_not_read_could_be_one() -> None:
    assert not read(part_2(), part_2(id="old", provision={"type": "deny"})).part_2_by
    assert not read(part_2(), consents="cut").part_2_by


def test_a_part_2_consent_opens_no_channel() -> None:
    code = [{"coding": [{"system": CHANNEL, "code": "sms"}]}]
    with_channel = part_2(provision={"code": code}) | {"category": [{"coding": [{"system": CHANNEL, "code": "email"}]}]}
    assert {read(with_channel).consent(one) for one in ("sms", "email")} == {"unknown"}
    assert not read(with_channel).part_2_by  # it speaks of something else as well: a person reads it
    refusing = part_2(provision={"type": "deny", "code": code})
    assert read(refusing).consent("sms") == "refused"


def test_marketing_needs_its_own_purpose() -> None:
    assert not read(consent("sms")).marketing_by
    assert read(consent("sms", provision=provision(purpose=[{"system": REASON, "code": "HMARKT"}]))).marketing_by


def test_a_practice_maps_the_codes_of_its_own_ehr(tmp_path: Path) -> None:
    own = tmp_path / "codes.toml"
    own.write_text(
        '[channels."urn:ehr"]\n'
        'txt_ok = { channel = "sms", says = "permit" }\nnever = { channel = "all", says = "deny" }\n'
    )
    meanings = read_meanings(own)

    def said(code: str) -> Contact:
        plain = consent(category=[{"coding": [{"system": "urn:ehr", "code": code}]}])
        return contact_from_resources([plain], today=TODAY, consents_read="complete", meanings=meanings)

    assert said("txt_ok").consent("sms") == "given"
    assert said("never").consent("portal") == said("never").consent("letter") == "refused"
    assert contact_from_resources([consent("email")], today=TODAY, consents_read="complete", meanings=meanings).consent(
        "email"
    ) == "given"  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '[channels."urn:ehr"]\nx = "pigeon"',
        '[channels."urn:ehr"]\nx = { channel = "sms", says = "perhaps" }',
        '[policies]\ndeny = ["no bar"]',
        "[colours]\n",
        "[",
    ],
)
def test_codes_that_make_no_sense_stop_the_start(tmp_path: Path, text: str) -> None:
    (tmp_path / "codes.toml").write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        read_meanings(tmp_path / "codes.toml")
    assert caught.value.code == "messages.meanings"


def phone(value: str, **more: Any) -> dict[str, Any]:
    return {"system": "phone", "value": value, **more}


def test_the_first_rank_is_the_preference() -> None:
    mail = {"system": "email", "value": "ada@example.com", "rank": 1}
    found = read(patient(phone("413-555-0101", use="mobile", rank=2), mail))
    assert found.preference == "email"
    assert found.addresses == {"email": "ada@example.com", "voice": "413-555-0101", "sms": "413-555-0101"}
    assert read(patient(phone("413-555-0101"), {**mail, "rank": None})).preference is None
    assert read(patient(phone("413-555-0101", rank=1), mail)).preference is None  # two firsts


def test_a_landline_gets_no_text_and_what_is_old_is_not_used() -> None:
    found = read(
        patient(
            phone("413-555-0101", use="home"),
            phone("413-555-0102", use="old", rank=1),
            {"system": "email", "value": "a@example.com", "period": {"end": "2025-01-01"}},
            {"system": "fax", "value": "413-555-0103"},
            {"system": "phone"},
        )
    )
    assert found.addresses == {"voice": "413-555-0101"}
    assert found.preference is None


def related(**more: Any) -> dict[str, Any]:
    return {"resourceType": "RelatedPerson", "id": "r", "telecom": [phone("(413) 555-0101")], **more}


def test_an_address_that_somebody_else_has_too_is_not_the_patients() -> None:
    found = read(patient(phone("+1 413 555 0101", use="mobile", rank=1)), related())
    assert not found.addresses
    assert found.preference == "voice"  # documented all the same: it is closed, not replaced by another


@pytest.mark.parametrize(
    ("person", "reads"),
    [
        (related(), True),
        (related(relationship=[{"coding": [{"system": "urn:x", "code": "?"}]}]), True),
        (
            related(
                relationship=[{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0131", "code": "C"}]}]
            ),
            False,
        ),
        (related(active=False), False),
        (related(period={"end": "2020"}), False),
    ],
)
def test_who_may_read_along(person: dict[str, Any], reads: bool) -> None:
    assert read(person).others_may_read is reads


def test_proxies_that_could_not_be_read_are_there() -> None:
    assert read(proxies="failed").others_may_read
    assert not read(proxies="not-asked").others_may_read


def test_the_state_is_the_one_of_every_home() -> None:
    home = {"use": "home", "state": "MA", "line": ["1 Main St"], "city": "Springfield", "postalCode": "01101"}
    found = read(patient(address=[home, {"use": "old", "state": "TX"}]))
    assert found.state == "MA"
    assert found.addresses["letter"] == "1 Main St, Springfield, MA 01101"
    assert read(patient(address=[home, {"state": "TX"}])).state is None
    assert read(patient(address=[{"state": "Massachusetts"}])).state is None


@pytest.mark.parametrize("rubbish", [None, [], {}, "x", 7, [None], [[]], [{"coding": 3}], {"coding": "x"}])
def test_rubbish_is_nothing(rubbish: Any) -> None:
    found = read(
        {"resourceType": "Patient", "telecom": rubbish, "address": rubbish},
        {"resourceType": "RelatedPerson", "telecom": rubbish, "relationship": rubbish, "period": rubbish},
        consent("sms", scope=rubbish),
        consent("sms", policyRule=rubbish, category=rubbish, provision=rubbish),
    )
    assert not found.addresses
    assert found.consent("sms") != "given"
