"""A small FHIR server on a free port that answers as each test tells it to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1960-05-06"}


@dataclass(frozen=True)
class Asked:
    """One request. ``kind`` is the first part of the path below the base, ``params`` of query and body together."""

    method: str
    path: str
    kind: str
    params: dict[str, str]
    token: str | None


@dataclass
class Reply:
    body: Any = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: Callable[[Any], None] | None = None

    def bytes(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Route = Callable[[Asked], Reply]


class HostileEhr:
    """``routes`` by resource type; what has none answers with an empty searchset, and Patient with the patient."""

    def __init__(self) -> None:
        self.routes: dict[str, Route] = {}
        self.asked: list[Asked] = []
        self.base = ""

    def on(self, kind: str, *replies: Reply | Route) -> None:
        """Answer requests for a type with these in turn; the last one again and again."""
        left = list(replies)
        lock = threading.Lock()

        def answer(asked: Asked) -> Reply:
            with lock:
                one = left.pop(0) if len(left) > 1 else left[0]
            return one(asked) if callable(one) else one

        self.routes[kind] = answer

    def of(self, kind: str) -> list[Asked]:
        return [one for one in self.asked if one.kind == kind]

    def answer(self, asked: Asked) -> Reply:
        self.asked.append(asked)
        route = self.routes.get(asked.kind)
        if route is not None:
            return route(asked)
        return Reply(PATIENT) if asked.kind == "Patient" else Reply(searchset())


def searchset(*resources: Any, next_: str | None = None, **more: Any) -> dict[str, Any]:
    links = [{"relation": "next", "url": next_}] if next_ is not None else []
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "link": links,
        "entry": [{"resource": one, "search": {"mode": "match"}} for one in resources],
        **more,
    }


def outcome(severity: str = "error") -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


@contextmanager
def hostile_ehr() -> Iterator[HostileEhr]:
    ehr = HostileEhr()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _handle(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("Content-Length") or 0)
            text = parts.query + "&" + self.rfile.read(length).decode()
            params = {name: values[-1] for name, values in parse_qs(text).items()}
            below = parts.path.removeprefix("/fhir/")
            authorization = self.headers.get("Authorization")
            reply = ehr.answer(Asked(self.command, self.path, below.split("/")[0], params, authorization))
            body = reply.bytes()
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if "Content-Length" not in reply.headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if reply.drip is not None:
                    reply.drip(self.wfile)
                else:
                    self.wfile.write(body)
            except OSError:  # the client has hung up, as it should
                self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _handle

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    ehr.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    try:
        yield ehr
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
