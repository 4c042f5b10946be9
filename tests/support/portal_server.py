"""A portal in a process of its own as far as workers can tell: create over HTTP, once per identifier."""

from __future__ import annotations

import http.client
import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from smartapp.errors import AppError
from smartapp.messages.delivery import Posted


class PortalServer:
    """``created`` maps identifier to id; ``posts`` counts every attempt, ``texts`` what is in the inbox."""

    def __init__(self) -> None:
        self.created: dict[str, str] = {}
        self.texts: list[str] = []
        self.posts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def create(self, resource: Mapping[str, Any]) -> tuple[int, str]:
        """Create the resource unless there is one with its identifier."""
        value = resource["identifier"][0]["value"]
        with self.lock:
            self.posts[value] += 1
            if value in self.created:
                return 200, self.created[value]
            self.texts.append(resource["payload"][0]["contentString"])
            self.created[value] = str(len(self.texts))
            return 201, self.created[value]


@contextmanager
def serving() -> Iterator[tuple[PortalServer, int]]:
    """The portal and its port, for as long as the block lasts."""
    portal = PortalServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, server_id = portal.create(body)
            self.send_response(status)
            self.send_header("Location", f"/Communication/{server_id}/_history/1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield portal, server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class HttpPort:
    """The client of that portal."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._connection: http.client.HTTPConnection | None = None

    def supports(self, resource_type: str) -> bool:
        return resource_type == "Communication"

    def find(self, resource_type: str, query: str) -> str | None:
        return None  # not granted: the conditional create alone must do

    def post(self, resource: Mapping[str, Any], if_none_exist: str) -> Posted:
        connection = self._connection or http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            headers = {"If-None-Exist": if_none_exist, "Content-Type": "application/fhir+json"}
            connection.request("POST", "/Communication", json.dumps(resource), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            self._connection = None
            raise AppError("reading.failed", "The portal could not be reached.") from None
        self._connection = connection
        return Posted(answer.status, (answer.headers["Location"] or "").split("/")[2])
