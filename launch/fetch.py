"""The one way to call another server: a deadline, a size, no redirects, nothing half read.

Discovery, the token endpoint, signing keys and every FHIR read go through ``Fetcher``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from launch.errors import FetchError
from launch.jsontext import JsonError, parse_json
from launch.ports import Monotonic
from launch.transport import seconds_left
from launch.urls import checked_url, host_of

DEADLINE_S = 10.0
MAX_BYTES = 5_000_000
_CHUNK = 65_536
_CONNECT_S = 5.0
_NETWORK = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError, zlib.error)


@dataclass(frozen=True, slots=True)
class Response:
    """An answer read to its end. ``url`` is the address that was called; ``body`` is unzipped."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON; see ``launch.jsontext``. Raises FetchError ``fetch.not-json``."""
        try:
            return parse_json(self.body)
        except JsonError as error:
            raise FetchError(
                "fetch.not-json", f"The answer of {host_of(self.url)} could not be read: {error}."
            ) from error

    def json_object(self) -> dict[str, Any]:
        """As ``json``, and an object. Raises FetchError ``fetch.not-json``."""
        value = self.json()
        if not isinstance(value, dict):
            raise FetchError("fetch.not-json", f"The answer of {host_of(self.url)} is not a JSON object.")
        return value


class Fetcher:
    """Calls other servers over one pooled session; safe for many threads.

    ``session`` comes from ``launch.transport.new_session``. Whatever the answer's status, a
    ``Response`` is returned, except for a redirect. Raises FetchError: ``fetch.refused-address``
    (nothing was sent), ``fetch.timeout`` (504), ``fetch.unreachable``, ``fetch.redirected``,
    ``fetch.too-large``, ``fetch.encoding``. Messages name the host, never the rest of an address.
    """

    def __init__(self, session: requests.Session, monotonic: Monotonic) -> None:
        self._session = session
        self._monotonic = monotonic

    def get(
        self,
        url: str,
        headers: Mapping[str, str] | None = None,
        *,
        deadline_s: float = DEADLINE_S,
        max_bytes: int = MAX_BYTES,
    ) -> Response:
        """GET an address. ``deadline_s`` is for the whole call, ``max_bytes`` for the unzipped body."""
        return self.request("GET", url, headers, deadline_s=deadline_s, max_bytes=max_bytes)

    def post(
        self,
        url: str,
        body: bytes,
        headers: Mapping[str, str],
        *,
        deadline_s: float = DEADLINE_S,
        max_bytes: int = MAX_BYTES,
    ) -> Response:
        """POST a body; its type is in ``headers``. Never repeated, whatever happens."""
        return self.request("POST", url, headers, body, deadline_s=deadline_s, max_bytes=max_bytes)

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        *,
        deadline_s: float = DEADLINE_S,
        max_bytes: int = MAX_BYTES,
    ) -> Response:
        """One request and its whole answer; see the class."""
        try:
            checked_url(url, "The address")
        except ValueError as error:
            raise FetchError("fetch.refused-address", f"{error}.") from error
        host = host_of(url)
        sent = {"Accept": "application/json", **(headers or {}), "Accept-Encoding": "gzip"}
        end = self._monotonic() + deadline_s

        def left() -> float:
            return end - self._monotonic()

        token = seconds_left.set(left)
        try:
            answer = self._session.request(
                method,
                url,
                headers=sent,
                data=body,
                stream=True,
                allow_redirects=False,
                timeout=(min(_CONNECT_S, deadline_s), deadline_s),
            )
            with answer:
                if 300 <= answer.status_code < 400:
                    raise FetchError("fetch.redirected", f"{host} sent us elsewhere, where we do not follow.")
                content = _read(answer, left, max_bytes, host)
                return Response(url, answer.status_code, answer.headers, content)
        except _NETWORK as error:
            raise _explained(error, left() <= 0, host) from error
        finally:
            seconds_left.reset(token)


def _read(answer: requests.Response, left: Callable[[], float], max_bytes: int, host: str) -> bytes:
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    parts = []
    size = 0
    chunks = _raw_chunks(answer, left)
    if encoding in ("gzip", "x-gzip"):
        chunks = _unzipped(chunks)
    elif encoding not in ("identity", ""):
        raise FetchError("fetch.encoding", f"{host} answered in an encoding we did not ask for.")
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise FetchError("fetch.too-large", f"The answer of {host} is larger than allowed.")
        parts.append(chunk)
    return b"".join(parts)


def _raw_chunks(answer: requests.Response, left: Callable[[], float]) -> Iterator[bytes]:
    while chunk := answer.raw.read1(_CHUNK, decode_content=False):
        if left() <= 0:
            raise TimeoutError("the deadline of the call has passed")
        yield chunk


def _unzipped(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Unzip in pieces of a bounded size, so that a bomb meets the size cap before it goes off."""
    unzip = None
    for chunk in chunks:
        pending = chunk
        while pending:
            if unzip is None or unzip.eof:  # a second member may follow the first (RFC 1952, 2.2)
                unzip = zlib.decompressobj(wbits=31)
            yield unzip.decompress(pending, _CHUNK)
            pending = unzip.unconsumed_tail or unzip.unused_data
    if unzip is not None:
        yield unzip.flush()
        if not unzip.eof:
            raise zlib.error("the compressed answer was cut")


def _explained(error: Exception, late: bool, host: str) -> FetchError:
    timeouts = (requests.Timeout, TimeoutError, urllib3.exceptions.TimeoutError)
    if late or isinstance(error, timeouts):
        return FetchError("fetch.timeout", f"{host} did not answer in time.", status=504)
    return FetchError("fetch.unreachable", f"{host} could not be reached, or broke off its answer.")
