"""A provider of text messages on loopback: takes them over HTTP, once a key, and remembers them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class SentTexts:
    """``texts`` are (to, text) in the order in which they came."""

    url: str = ""
    texts: list[tuple[str, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)


@contextmanager
def sms_server() -> Iterator[SentTexts]:
    """The provider, for as long as the block lasts."""
    taken = SentTexts()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            key = self.headers["Idempotency-Key"]
            if key not in taken.keys:
                taken.keys.add(key)
                taken.texts.append((body["to"], body["text"]))
            answer = json.dumps({"id": f"sm-{len(taken.texts)}"}).encode()
            self.send_response(201)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    taken.url = f"http://127.0.0.1:{server.server_address[1]}/messages"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
