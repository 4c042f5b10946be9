"""The one fetch, against real sockets: deadlines, sizes, redirects, bombs."""

from __future__ import annotations

import gzip
import re
import socket
import threading
import time
import zlib
from collections.abc import Callable, Iterator

import pytest
import requests
import responses

from launch.errors import FetchError
from launch.fetch import Fetcher
from launch.transport import new_session

Script = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\n"


class Server:
    """Speaks whatever bytes a test wants on a loopback port; keeps what it was sent."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/x"
        self.script: Script = lambda _: None
        self.received: list[bytes] = []
        self.connections = 0
        self.closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            try:
                while request := self._request(connection):
                    self.received.append(request)
                    self.script(connection)
            except OSError:
                pass

    @staticmethod
    def _request(connection: socket.socket) -> bytes:
        """One request, head and body."""
        data = b""
        while chunk := connection.recv(65_536):
            data += chunk
            head, end, body = data.partition(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            if end and len(body) >= int(length[1] if length else 0):
                return data
        return b""

    def drip(self, connection: socket.socket, data: bytes, every: float = 0.05) -> None:
        for byte in data:
            if self.closing.wait(every):
                return
            connection.sendall(bytes([byte]))

    def close(self) -> None:
        self.closing.set()
        # Wakes accept() up; closing alone does not.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with new_session() as session:
        yield Fetcher(session, time.monotonic)


def answer(server: Server, head: bytes, body: bytes = b"") -> None:
    server.script = lambda connection: connection.sendall(head + b"\r\n" + body)


def failure(fetcher: Fetcher, url: str, deadline_s: float = 5, max_bytes: int = 100_000) -> FetchError:
    with pytest.raises(FetchError) as caught:
        fetcher.get(url, deadline_s=deadline_s, max_bytes=max_bytes)
    return caught.value


def test_an_answer_is_read_to_its_end_over_one_connection(server: Server, fetcher: Fetcher) -> None:
    answer(server, HEAD + b"Content-Length: 10\r\nX-Some: Thing\r\n", b'{"a":"\xc3\xa9"}')
    for _ in range(3):
        got = fetcher.get(server.url, {"Authorization": "Bearer t"})
        assert (got.url, got.status, got.headers["x-some"]) == (server.url, 200, "Thing")
        assert got.json() == got.json_object() == {"a": "é"}
    assert server.connections == 1
    sent = server.received[0].decode()
    assert "Authorization: Bearer t" in sent
    assert "Accept: application/json" in sent
    assert "Accept-Encoding: gzip\r\n" in sent


def test_a_post_carries_its_body_once(server: Server, fetcher: Fetcher) -> None:
    answer(server, b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n", b"{}")
    got = fetcher.post(server.url, b"a=b", {"Content-Type": "application/x-www-form-urlencoded"})
    assert (got.status, got.json()) == (400, {})
    assert b"".join(server.received).endswith(b"\r\n\r\na=b")
    assert b"".join(server.received).count(b"a=b") == 1


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(lambda server, connection: None, id="silence"),
        pytest.param(lambda server, c: server.drip(c, HEAD + b"X: " + b"x" * 500), id="dripping-headers"),
        pytest.param(
            lambda server, c: (
                c.sendall(HEAD + b"Content-Length: 500\r\n\r\n"),
                server.drip(c, b" " * 500),
            ),
            id="dripping-body",
        ),
        pytest.param(
            lambda server, c: (
                c.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n"),
                server.drip(c, b"1\r\nx\r\n" * 100),
            ),
            id="dripping-chunks",
        ),
    ],
)
def test_a08_h20_the_deadline_is_for_the_whole_call(
    server: Server, fetcher: Fetcher, script: Callable[[Server, socket.socket], None]
) -> None:
    server.script = lambda connection: script(server, connection)
    began = time.monotonic()
    error = failure(fetcher, server.url, deadline_s=0.6)
    assert (error.code, error.status) == ("fetch.timeout", 504)
    assert time.monotonic() - began < 10  # the drip alone would take twenty-five


def test_a_late_answer_is_late_even_if_every_read_was_quick(server: Server) -> None:
    """The clock is read between reads, too: here it jumps while the answer comes."""
    answer(server, HEAD + b"Content-Length: 2\r\n", b"{}")
    with responses.RequestsMock(passthru_prefixes=("http://127.0.0.1",)) as mock, new_session() as session:
        mock.get("https://ehr.invalid/x", body=b"x" * 100)
        for url in ("https://ehr.invalid/x", server.url):
            ticks = iter([0.0])
            error = failure(Fetcher(session, lambda ticks=ticks: next(ticks, 99.0)), url)  # type: ignore[misc]
            assert error.code == "fetch.timeout"


@pytest.mark.parametrize("compressed", [False, True])
def test_a08_h12_h14_a_large_answer_is_cut_off(server: Server, fetcher: Fetcher, compressed: bool) -> None:
    body = b" " * 50_000_000
    if compressed:
        bomb = gzip.compress(body, mtime=0)
        answer(server, HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n" % len(bomb), bomb)
    else:
        answer(server, HEAD + b"Content-Length: %d\r\n" % len(body), body)
    assert failure(fetcher, server.url).code == "fetch.too-large"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_in_one_or_two_members(encoding: str) -> None:
    body = bytes(range(256)) * 2000
    zipped = gzip.compress(body[:300_000], mtime=0) + gzip.compress(body[300_000:])
    with responses.RequestsMock() as mock, new_session() as session:
        mock.get("https://ehr.invalid/x", body=zipped, headers={"Content-Encoding": encoding})
        assert Fetcher(session, time.monotonic).get("https://ehr.invalid/x").body == body


def test_an_empty_answer_is_empty_whatever_its_encoding() -> None:
    with responses.RequestsMock() as mock, new_session() as session:
        mock.get("https://ehr.invalid/x", body=b"", headers={"Content-Encoding": "gzip"})
        assert Fetcher(session, time.monotonic).get("https://ehr.invalid/x").body == b""


@pytest.mark.parametrize(
    ("head", "body", "code"),
    [
        (b"Content-Encoding: gzip\r\nContent-Length: 6\r\n", b"rubbishes"[:6], "fetch.unreachable"),
        (
            b"Content-Encoding: gzip\r\nContent-Length: 15\r\n",
            gzip.compress(b"x" * 999, mtime=0)[:15],
            "fetch.unreachable",
        ),
        (b"Content-Encoding: br\r\nContent-Length: 2\r\n", b"{}", "fetch.encoding"),
        (b"Content-Encoding: deflate\r\nContent-Length: 10\r\n", zlib.compress(b"{}")[:10], "fetch.encoding"),
        (b"Transfer-Encoding: chunked\r\n", b"zz\r\n", "fetch.unreachable"),
    ],
)
def test_an_answer_in_pieces(server: Server, fetcher: Fetcher, head: bytes, body: bytes, code: str) -> None:
    answer(server, HEAD + head, body)
    assert failure(fetcher, server.url).code == code


def test_d07_a_cut_answer_is_no_answer(server: Server, fetcher: Fetcher) -> None:
    def cut(connection: socket.socket) -> None:
        connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{}")
        connection.shutdown(socket.SHUT_RDWR)

    server.script = cut
    assert failure(fetcher, server.url).code == "fetch.unreachable"


def test_nobody_listens(fetcher: Fetcher) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert failure(fetcher, f"http://127.0.0.1:{port}/").code == "fetch.unreachable"


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_d09_h02_a_redirect_is_not_followed(server: Server, fetcher: Fetcher, status: int) -> None:
    answer(server, b"HTTP/1.1 %d X\r\nLocation: %s\r\nContent-Length: 0\r\n" % (status, server.url.encode()))
    assert failure(fetcher, server.url).code == "fetch.redirected"
    assert len(server.received) == 1


@pytest.mark.parametrize(
    "url",
    [
        *("http://ehr.invalid/", "ftp://ehr.invalid/", "file:///etc/passwd", "https://u:p@ehr.invalid/", "//x/"),
        *("https://ehr.invalid/a b", "https://ehr.invalid/\n", "https://ehr.invalid/#x", "", "https:///x"),
    ],
)
def test_a02_an_address_that_may_not_be_called(fetcher: Fetcher, url: str) -> None:
    error = failure(fetcher, url)
    assert error.code == "fetch.refused-address"
    assert "u:p" not in error.message


def test_errors_name_the_host_and_nothing_else(server: Server, fetcher: Fetcher) -> None:
    answer(server, HEAD + b"Content-Length: 1\r\n", b"x")
    url = server.url + "/Patient/pat-1?name=lind"
    with pytest.raises(FetchError) as caught:
        fetcher.get(url).json()
    assert caught.value.code == "fetch.not-json"
    assert "127.0.0.1" in caught.value.message
    assert "pat-1" not in str(caught.value)


def test_an_array_is_no_object(server: Server, fetcher: Fetcher) -> None:
    answer(server, HEAD + b"Content-Length: 2\r\n", b"[]")
    got = fetcher.get(server.url)
    assert got.json() == []
    with pytest.raises(FetchError):
        got.json_object()


def test_nothing_is_taken_from_the_surroundings(
    server: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    netrc = f"{tmp_path}/netrc"
    with open(netrc, "w") as file:  # noqa: PTH123
        file.write("machine 127.0.0.1 login mallory password x\n")
    monkeypatch.setenv("NETRC", netrc)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    answer(server, HEAD + b"Set-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n", b"{}")
    with new_session() as session:
        for _ in range(2):
            Fetcher(session, time.monotonic).get(server.url, {"Authorization": "Bearer t"})
    sent = b"".join(server.received)
    assert sent.count(b"Authorization: Bearer t") == 2
    assert b"Cookie" not in sent


def test_a_session_takes_proxies_and_authorities() -> None:
    session = new_session(proxies={"https": "http://proxy.invalid:3128"}, ca_bundle="/etc/ca.pem")
    assert session.proxies == {"https": "http://proxy.invalid:3128"}
    assert session.verify == "/etc/ca.pem"
    assert isinstance(session, requests.Session)


def test_outside_a_call_the_pool_has_no_deadline(server: Server) -> None:
    answer(server, HEAD + b"Content-Length: 2\r\n", b"{}")
    with new_session() as session:
        assert session.get(server.url, timeout=5).json() == {}
