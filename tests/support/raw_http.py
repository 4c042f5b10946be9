"""What no well-behaved HTTP library sends or answers: raw bytes, silence, one byte at a time."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

from support.hostile_ehr import Reply

_never = threading.Event()


def exchange(url: str, request: bytes, seconds: float = 20) -> bytes:
    """Send bytes to a server and read what it answers, to the first pause or the end."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=seconds) as connection:
        with contextlib.suppress(OSError):  # it may have heard enough before the end
            connection.sendall(request)
        connection.settimeout(3)
        received = b""
        with contextlib.suppress(OSError):
            while chunk := connection.recv(65_536):
                received += chunk
        return received


def hang(seconds: float) -> Reply:
    """Headers, and then nothing."""
    return Reply(b"", 200, {"Content-Length": "1000"}, drip=lambda _: _never.wait(seconds) and None)


def trickle(seconds: int, between: float = 0.5) -> Reply:
    """One byte at a time, never done."""

    def drip(out: Any) -> None:
        for _ in range(int(seconds / between)):
            out.write(b" ")
            out.flush()
            _never.wait(between)

    return Reply(b"", 200, {"Content-Length": "1000"}, drip=drip)
