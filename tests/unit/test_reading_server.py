"""The hardened subclass: it reads below its base, and nothing else that fhirclient offers works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRServer
from support.hostile_ehr import HostileEhr, Reply, hostile_ehr, outcome

from launch.errors import FetchError
from launch.fetch import Fetcher
from launch.transport import new_session
from smartapp.reading.results import Limits, ReadingError
from smartapp.reading.searching import PostSupport
from smartapp.reading.server import HardenedServer, Tokens

BASE = "https://ehr.invalid/tenant/fhir"


def server_at(base: str, fetcher: Fetcher | None = None, seconds: float = 5) -> HardenedServer:
    return HardenedServer(
        base,
        fetcher or Fetcher(new_session(), time.monotonic),
        Tokens(lambda rejected: "secret"),
        Limits(),
        seconds_left=lambda: seconds,
        clock=lambda: datetime(2026, 6, 15, tzinfo=UTC),
        monotonic=time.monotonic,
        sleep=lambda wait: None,
    )


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("Patient/p1", f"{BASE}/Patient/p1"),
        ("Observation?patient=p1", f"{BASE}/Observation?patient=p1"),
        (f"{BASE}/Observation?page=2", f"{BASE}/Observation?page=2"),
        (f"{BASE}?_getpages=7", f"{BASE}?_getpages=7"),
        ("?_getpages=7", f"{BASE}/?_getpages=7"),
        ("/tenant/fhir/Observation?page=2", f"{BASE}/Observation?page=2"),
        ("https://ehr.invalid:443/tenant/fhir/x", "https://ehr.invalid:443/tenant/fhir/x"),
    ],
)
def test_addresses_below_the_base(address: str, url: str) -> None:
    assert server_at(BASE).below(address) == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "https://evil.invalid/tenant/fhir/x",
        "http://ehr.invalid/tenant/fhir/x",
        "https://ehr.invalid:8443/tenant/fhir/x",
        "https://ehr.invalid@evil.invalid/tenant/fhir/x",
        "https://user:word@ehr.invalid/tenant/fhir/x",
        "https://ehr.invalid.evil.invalid/tenant/fhir/x",
        "https://EHR.invalid/tenant/fhir/x",
        "//evil.invalid/tenant/fhir/x",
        "\\\\evil.invalid\\x",
        "https://ehr.invalid/tenant/fhirx/y",
        "https://ehr.invalid/tenant/",
        "https://ehr.invalid/other/fhir/x",
        "../../admin",
        f"{BASE}/../../admin",
        f"{BASE}/%2e%2e/%2e%2e/admin",
        f"{BASE}/..%2f..%2fadmin",
        f"{BASE}/%252e%252e/x",
        f"{BASE}/x#y",
        f"{BASE}/x y",
        f"{BASE}/x\r\nHost: evil.invalid",
        "ftp://ehr.invalid/tenant/fhir/x",
        "data:,x",
        f"{BASE}/{'x' * 3000}",
    ],
)
def test_addresses_elsewhere_are_refused(address: str) -> None:
    with pytest.raises(FetchError) as error:
        server_at(BASE).below(address)
    assert error.value.code == "fetch.elsewhere"


def test_a_base_without_a_path() -> None:
    server = server_at("https://ehr.invalid")
    assert server.below("Patient/p1") == "https://ehr.invalid/Patient/p1"
    assert server.below("https://ehr.invalid?page=2") == "https://ehr.invalid?page=2"


def test_nothing_can_be_written_through_fhirclient() -> None:
    server = server_at(BASE)
    assert isinstance(server, FHIRServer) and server.session is None
    for method in (server.put_json, server.post_json, server.post_as_form, server.delete_json, server.get_capability):
        with pytest.raises(ReadingError, match="writes"):
            method("Patient/p1", {})


def test_h29_a_passing_fault_does_not_put_patients_into_addresses() -> None:
    posts = PostSupport()
    posts.saw(BASE, 405, 200)
    assert posts.is_refused(BASE)
    posts.saw(BASE, 200)  # of a search that was under way at the same time
    assert not posts.is_refused(BASE)
    posts.saw(BASE, 405, 200)
    assert not posts.is_refused(BASE)


@pytest.fixture
def ehr() -> Iterator[HostileEhr]:
    with hostile_ehr() as server:
        yield server


def test_fhirclients_own_reads_go_through_the_fetch(ehr: HostileEhr) -> None:
    session = new_session()
    server = server_at(ehr.base, Fetcher(session, time.monotonic))
    assert Patient.read("p1", server).id == "p1"
    assert server.request_data("Patient/p1").startswith(b"{")
    assert {one.token for one in ehr.asked} == {"Bearer secret"}
    ehr.on("Patient", Reply(outcome(), 404))
    with pytest.raises(FetchError, match=r"fetch\.status"):
        server.request_json("Patient/p1")
    with pytest.raises(FetchError, match=r"fetch\.elsewhere"):
        server.request_json("http://127.0.0.1:1/fhir/Patient/p1")
    session.close()


def test_when_the_time_is_over_nothing_is_sent(ehr: HostileEhr) -> None:
    session = new_session()
    with pytest.raises(FetchError, match=r"fetch\.timeout"):
        server_at(ehr.base, Fetcher(session, time.monotonic), seconds=0).call("GET", f"{ehr.base}/Patient/p1")
    assert ehr.asked == []
    session.close()


def test_a_token_is_renewed_once_by_whoever_is_first() -> None:
    given = iter(["one", "two", "three"])
    tokens = Tokens(lambda rejected: next(given))
    assert tokens.current() == tokens.current() == "one"
    assert tokens.after_refusal("one") == "two"
    assert tokens.after_refusal("one") == "two"
    assert tokens.after_refusal("two") is None
    assert Tokens(lambda rejected: None).after_refusal(None) is None
    same = Tokens(lambda rejected: "same")
    assert same.current() == "same" and same.after_refusal("same") is None
