"""A pooled ``requests`` session whose every read from the network ends at a deadline.

The time-outs of ``requests`` are per read: a server that sends one byte a second is never late.
Here each read from the socket, of headers and body alike, waits only for what is left of the
whole call. (A TLS handshake is one operation for Python; looking up a name is the resolver's.)
"""

from __future__ import annotations

import contextvars
import http.client
import io
import socket
from collections.abc import Callable
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

seconds_left: contextvars.ContextVar[Callable[[], float] | None] = contextvars.ContextVar("seconds_left", default=None)
"""Set by ``Fetcher`` around a call: what is left of its deadline."""


class _DeadlineReader(socket.SocketIO):
    """The raw reader of a response; the socket's own time-out is set anew before each read."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock, "r")
        self._socket = sock

    def readinto(self, buffer: Any) -> int | None:
        left = seconds_left.get()
        if left is not None:
            remaining = left()
            if remaining <= 0:
                raise TimeoutError("the deadline of the call has passed")
            self._socket.settimeout(remaining)
        return super().readinto(buffer)


class _DeadlineSocket:
    """What ``http.client`` asks of a socket to read a response: one ``makefile``."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock

    def makefile(self, mode: str) -> Any:
        # As socket.makefile does: the count keeps the descriptor open until the reader closes.
        self._socket._io_refs += 1  # type: ignore[attr-defined]
        return io.BufferedReader(_DeadlineReader(self._socket))


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: Any, *args: Any, **kwargs: Any) -> None:
        super().__init__(_DeadlineSocket(sock), *args, **kwargs)  # type: ignore[arg-type]


class _Plain(HTTPConnection):
    response_class = _DeadlineResponse


class _Tls(HTTPSConnection):
    response_class = _DeadlineResponse


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _Tls


class DeadlineAdapter(HTTPAdapter):
    """The connection pool of ``requests`` with connections that keep the deadline."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _PlainPool, "https": _TlsPool}


def new_session(
    *, pool: int = 32, proxies: dict[str, str] | None = None, ca_bundle: str | None = None
) -> requests.Session:
    """A session that keeps ``pool`` connections a host, no cookies, and nothing from its surroundings.

    Proxies and the file of trusted authorities are passed in: with ``trust_env`` a ``.netrc`` on
    the machine would replace the bearer token of a request without a word.
    """
    session = requests.Session()
    session.trust_env = False
    session.proxies = dict(proxies or {})
    session.verify = ca_bundle or True
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    adapter = DeadlineAdapter(pool_connections=pool, pool_maxsize=pool, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
