"""A mail server on loopback that speaks just enough SMTP, and can be told to misbehave."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Mailbox:
    """``replies`` answers a command by its first word; ``hang_up_after`` closes the connection there."""

    mails: list[bytes] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    hang_up_after: str = ""


@contextmanager
def mail_server() -> Iterator[tuple[Mailbox, int]]:
    """The mailbox and the port, for as long as the block lasts."""
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.say(box.replies.get("CONNECT", "220 mail.invalid"))
            while line := self.rfile.readline():
                word = line.split()[0].decode().upper() if line.split() else ""
                if word == "RCPT":
                    box.recipients.append(line.decode().strip())
                if word == "DATA" and "DATA" not in box.replies:
                    self.say("354 go on")
                    self.take()
                    word = "END"
                if word == box.hang_up_after:
                    return
                self.say(box.replies.get(word, "221 bye" if word == "QUIT" else "250 ok"))
                if word == "QUIT":
                    return

        def take(self) -> None:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line)
            box.mails.append(b"".join(lines))

        def say(self, text: str) -> None:
            self.wfile.write(text.encode() + b"\r\n")

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        allow_reuse_address = True

    with Server(("127.0.0.1", 0), Session) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield box, server.server_address[1]
        server.shutdown()
        thread.join()
