"""``smartapp serve``: the app under gunicorn."""

from __future__ import annotations

import gc
import socket
from typing import Any
from urllib.parse import urlsplit

import click
from gunicorn.app.base import BaseApplication

from smartapp.errors import ConfigurationError


class Server(BaseApplication):
    """Gunicorn with threads. Each worker opens its own database connections, after the fork."""

    def __init__(self, binds: list[str], workers: int, threads: int) -> None:
        self._options = {
            "bind": binds,
            "workers": workers,
            "threads": threads,
            "worker_class": "gthread",
            "timeout": 60,
            "graceful_timeout": 20,
            "keepalive": 5,
            "limit_request_line": 8190,  # codes and launch tokens of some EHRs are long
            "accesslog": None,  # addresses hold handles; the audit trail says who did what
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        from smartapp.app import create_app
        from smartapp.commands.context import core_from_environment, read_the_lexicon_soon

        app = create_app(core_from_environment())
        _spare_the_collector()
        read_the_lexicon_soon()
        return app


_YOUNG = 20_000
"""New objects before Python looks for cycles: a chart makes as many, and hardly a cycle among them."""


def _spare_the_collector() -> None:
    """Leave the compiled rules, which live as long as the process, out of every later search for cycles."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


def binds_for(public_url: str, host: str | None, port: int | None) -> list[str]:
    """Where to listen: given, or derived from the public address on loopback.

    On ``localhost`` a browser tries ``[::1]`` first. If something else listens there, the browser would reach that and
    not us, so both are taken, or the start is refused with :class:`ConfigurationError`.
    """
    parts = urlsplit(public_url)
    chosen = port or parts.port or 8000
    if host is not None:
        return [f"[{host}]:{chosen}" if ":" in host and not host.startswith("[") else f"{host}:{chosen}"]
    binds = [f"127.0.0.1:{chosen}"]
    if parts.hostname == "localhost" and _has_ipv6_loopback():
        binds.append(f"[::1]:{chosen}")
    for bind in binds:
        _require_free(bind)
    return binds


def _has_ipv6_loopback() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _require_free(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    family = socket.AF_INET6 if host.startswith("[") else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host.strip("[]"), int(port)))
        except OSError:
            raise ConfigurationError("config.port-taken", f"Something else already listens on {bind}.") from None


@click.command("serve")
@click.option("--host", help="Address to listen on. Default: loopback.")
@click.option(
    "--port", type=click.IntRange(1, 65_535), help="Port to listen on. Default: that of SMARTAPP_PUBLIC_URL, else 8000."
)
@click.option("--workers", type=click.IntRange(1, 512), default=2, show_default=True, help="Processes.")
@click.option("--threads", type=click.IntRange(1, 512), default=8, show_default=True, help="Threads of each process.")
def command(host: str | None, port: int | None, workers: int, threads: int) -> None:
    """Serve the app under gunicorn. Put a proxy that speaks https before it."""
    from smartapp.commands.context import core_from_environment

    core = core_from_environment()  # wrong settings are said here, in one line, before any process is started
    binds = binds_for(core.settings.public_url, host, port)
    core.engine.dispose()
    Server(binds, workers, threads).run()
