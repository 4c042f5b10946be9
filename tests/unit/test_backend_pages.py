"""The worker's searches go on from page to page, within the EHR's own base, and come to an end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest

from launch.errors import FetchError
from launch.fetch import Fetcher, Response
from launch.issuers import RegisteredEhr
from launch.scopes import Scope
from smartapp.services.backend import Backend, EhrPort

BASE = "https://ehr.invalid/fhir"
FIRST = f"{BASE}/Communication?sender=Patient/1"


class Pages:
    """An EHR of pages by address; whatever else is asked for is noted and not there."""

    def __init__(self, pages: Mapping[str, dict[str, Any]]) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Response:
        self.asked.append(url)
        assert headers["Authorization"] == "Bearer token"
        page = self.pages.get(url)
        return Response(url, 404 if page is None else 200, {}, json.dumps(page or {}).encode())


def page(*ids: str, following: Any = None, **more: Any) -> dict[str, Any]:
    links = [] if following is None else [{"relation": "next", "url": following}]
    entries = [{"resource": {"resourceType": "Communication", "id": one}} for one in ids]
    return {"resourceType": "Bundle", "entry": entries, "link": links, **more}


def search(pages: Mapping[str, dict[str, Any]]) -> tuple[list[str], list[str]]:
    """The ids that were found, and the addresses that were asked with the token."""
    ehr = Pages(pages)
    token = SimpleNamespace(granted=(Scope("system", "Communication", "rs"),))
    backend = SimpleNamespace(token=lambda _: token, access_token=lambda _ehr, _rejected: "token")
    port = EhrPort(cast(Backend, backend), RegisteredEhr("ehr", BASE, client_id="app"), cast(Fetcher, ehr))
    found = port.resources("Communication", "sender=Patient/1")
    assert found is not None
    return [one["id"] for one in found], ehr.asked


def test_all_pages_are_read() -> None:
    second, third = f"{BASE}?page=2", f"{BASE}/pages/3"
    found, asked = search(
        {FIRST: page("a", following=second), second: page("b", "c", following=third), third: page("d")}
    )
    assert found == ["a", "b", "c", "d"]
    assert asked == [FIRST, second, third]


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://other.invalid/fhir?page=2",
        "http://ehr.invalid/fhir?page=2",
        "https://ehr.invalid:444/fhir?page=2",
        "https://ehr.invalid/admin?page=2",
        "https://ehr.invalid/fhir/../admin",
        "https://ehr.invalid/fhir/%2e%2e/admin",
        "https://ehr.invalid@other.invalid/fhir",
        "",
        7,
    ],
)
def test_the_token_goes_to_no_other_address(elsewhere: Any) -> None:
    found, asked = search({FIRST: page("a", following=elsewhere)})
    assert (found, asked) == (["a"], [FIRST])


def test_of_two_next_pages_neither_is_followed() -> None:
    two = [{"relation": "next", "url": f"{BASE}?page={n}"} for n in (2, 3)]
    assert search({FIRST: page("a", link=two)}) == (["a"], [FIRST])


def test_pages_that_go_round_or_never_end_are_left() -> None:
    back = f"{BASE}?page=2"
    assert search({FIRST: page("a", following=back), back: page("b", following=back)}) == (["a", "b"], [FIRST, back])
    endless = {f"{BASE}?page={n}": page(str(n), following=f"{BASE}?page={n + 1}") for n in range(100)}
    found, asked = search({FIRST: page("a", following=f"{BASE}?page=0"), **endless})
    assert len(found) == len(asked) == 20


def test_a_later_page_that_does_not_come_leaves_what_came_before() -> None:
    assert search({FIRST: page("a", following=f"{BASE}?page=2")})[0] == ["a"]


def test_a_first_page_that_fails_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> Response:
        raise FetchError("fetch.timeout", "The EHR did not answer in time.")

    monkeypatch.setattr(Pages, "request", fail)
    with pytest.raises(FetchError):
        search({})
