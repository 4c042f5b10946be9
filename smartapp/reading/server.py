"""A FHIR server that is only read, through the one hardened fetch.

fhirclient writes the searches; its own server class is not fit to carry them: it sends the bearer token to
whatever host a ``next`` link names, follows redirects and waits for ever (measured on 4.4.0). ``HardenedServer``
keeps its interface and replaces everything that touches the network.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

from fhirclient.models.fhirsearch import FHIRSearch
from fhirclient.server import FHIRServer

from launch.errors import FetchError
from launch.fetch import Fetcher, Response
from launch.ports import Clock, Monotonic, Sleep
from smartapp.reading.links import below
from smartapp.reading.plan import Params
from smartapp.reading.results import Limits, ReadingError

TokenSource = Callable[[str | None], str | None]
"""The access token for this launch's FHIR base; given one that was answered with 401, another."""

_FHIR_JSON = "application/fhir+json"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_BUSY = frozenset({429, 503})


def query_string(resource_type: str, params: Params) -> str:
    """``patient=1&category=…``, written by fhirclient's search construction."""
    search = FHIRSearch(_Type(resource_type), dict(params))
    return str(search.construct()).partition("?")[2]


@dataclass(frozen=True)
class _Type:
    """All that the construction asks of a model class."""

    resource_type: str


class Tokens:
    """The token of one chart's read, shared by its threads: renewed once, then no more."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._lock = threading.Lock()
        self._known = False
        self._token: str | None = None
        self._renewed = False

    def current(self) -> str | None:
        with self._lock:
            if not self._known:
                self._token, self._known = self._source(None), True
            return self._token

    def after_refusal(self, rejected: str | None) -> str | None:
        """Another token after a 401; None where there is none to be had."""
        with self._lock:
            if self._token == rejected:
                if self._renewed or rejected is None:
                    return None
                self._renewed = True
                self._token = self._source(rejected)
            return None if self._token == rejected else self._token


class HardenedServer(FHIRServer):  # type: ignore[misc]  # fhirclient has no types
    """Reads below one FHIR base. ``budget`` is asked before each call how many seconds are left.

    Raises FetchError (see :class:`launch.fetch.Fetcher`), and what the token source raises.
    """

    def __init__(
        self,
        base: str,
        fetcher: Fetcher,
        tokens: Tokens,
        limits: Limits,
        *,
        seconds_left: Callable[[], float],
        clock: Clock,
        monotonic: Monotonic,
        sleep: Sleep,
    ) -> None:
        super().__init__(None, base_uri=base)
        self.session = None  # fhirclient's own session would follow redirects and wait for ever
        self._base = base.removesuffix("/")
        self._fetcher = fetcher
        self._tokens = tokens
        self._limits = limits
        self._seconds_left = seconds_left
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep

    # --- fhirclient's interface ---

    def request_json(self, path: str, nosign: bool = False) -> Any:
        return self._get(path, nosign=nosign).json()

    def request_data(self, path: str, headers: Any = None, nosign: bool = False) -> bytes:
        return self._get(path, nosign=nosign).body

    def _get(self, path: str, headers: Any = None, nosign: bool = False) -> Response:
        answer, _ = self.call("GET", self.below(path))
        if answer.status >= 400:
            raise FetchError("fetch.status", "The EHR refused what was asked.")
        return answer

    def _no(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ReadingError("reading.writes", "Reading a chart writes nothing.", status=500)

    put_json = post_json = post_as_form = delete_json = get_capability = _no

    # --- ours ---

    def below(self, address: str) -> str:
        """As :func:`smartapp.reading.links.below`, for this server's base."""
        return below(self._base, address)

    def call(self, method: str, url: str, body: bytes | None = None) -> tuple[Response, int]:
        """One request, again after 401 (once a chart) and after 429 and 503; and how many requests that took.

        Whatever the last status, its answer is returned.
        """
        token = self._tokens.current()
        calls = 0
        while True:
            calls += 1
            answer = self._send(method, url, body, token)
            if answer.status == 401 and (other := self._tokens.after_refusal(token)) is not None:
                token = other
                if calls < self._limits.calls:
                    continue
            if answer.status not in _BUSY or calls >= self._limits.calls:
                return answer, calls
            wait = self._wait(answer.headers, calls)
            if wait >= self._seconds_left():
                return answer, calls
            self._sleep(wait)

    def _send(self, method: str, url: str, body: bytes | None, token: str | None) -> Response:
        headers = {"Accept": _FHIR_JSON, **(_FORM if body is not None else {})}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        seconds = min(self._limits.seconds_a_call, self._seconds_left())
        if seconds <= 0:
            raise FetchError("fetch.timeout", "The EHR did not answer in time.", status=504)
        return self._fetcher.request(method, url, headers, body, deadline_s=seconds, max_bytes=self._limits.page_bytes)

    def _wait(self, headers: Mapping[str, str], calls: int) -> float:
        """Seconds to wait: what Retry-After says, within reason; else longer each time (RFC 9110, 10.2.3)."""
        longest = self._limits.longest_wait
        text = headers.get("Retry-After", "").strip()
        if text.isascii() and text.isdigit():
            return min(float(text[:9]), longest)
        try:
            return min(max((parsedate_to_datetime(text) - self._clock()).total_seconds(), 0.0), longest)
        except (ValueError, TypeError, OverflowError):
            return float(min(0.25 * 2**calls, longest))
