"""``python -m launch.sandbox``: serve the EHR with gunicorn on loopback."""

from __future__ import annotations

import argparse
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]

from .clients import BadRegistration, Client, app, backend, from_metadata
from .loading import LoadError
from .server import create_sandbox
from .settings import SandboxSettings

_LOOPBACK = ("127.0.0.1", "localhost")


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and serve until stopped; exit code 2 with one line for bad input."""
    options = _parser().parse_args(arguments)
    try:
        settings = SandboxSettings(
            base_url=f"http://{options.host}:{options.port}",
            data=options.data,
            patients=options.patients,
            seed=options.seed,
            count=options.count,
            reference_date=options.reference_date,
            latency_ms=options.latency_ms,
            scopes_v2=not options.v1_only,
            always_ask=options.ask,
        )
        wsgi = create_sandbox(settings, lambda: datetime.now(UTC), os.urandom, clients=_clients(options))
    except (LoadError, BadRegistration, OSError, ValueError) as error:
        print(f"sandbox: {error}", file=sys.stderr)  # noqa: T201 - the command's one line
        return 2
    print(f"Sandbox EHR with synthetic patients: {settings.base_url}", flush=True)  # noqa: T201
    _Server(wsgi, f"{options.host}:{options.port}", options.workers).run()
    return 0


class _Server(BaseApplication):  # type: ignore[misc]
    """Gunicorn with threads; the app is made once, before the workers fork."""

    def __init__(self, wsgi: Any, bind: str, workers: int) -> None:
        self._wsgi = wsgi
        self._options = {
            "bind": bind,
            "workers": workers,
            "threads": 8,
            "worker_class": "gthread",
            "keepalive": 15,
            "graceful_timeout": 5,  # nobody's work is lost with a sandbox; who stops it waits
            "loglevel": "warning",
            "control_socket_disable": True,
        }
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        return self._wsgi


def _clients(options: argparse.Namespace) -> list[Client]:
    secret = os.environ.get(options.app_secret_env) if options.app_secret_env else None
    jwks = options.backend_jwks or f"{options.app_url}/.well-known/jwks.json"
    found = [
        app(
            options.client_id,
            options.app_url,
            auth=options.app_auth,
            secret=secret,
            jwks_uri=jwks if options.app_auth == "private_key_jwt" else None,
        ),
        backend(options.backend_client_id, jwks),
    ]
    for path in options.client:
        metadata = json.loads(path.read_text())
        if not isinstance(metadata, dict):
            raise BadRegistration(f"{path}: not a JSON object")
        made, secret = from_metadata(metadata, os.urandom)
        if secret:
            print(f"{made.client_id}: client secret {secret}", flush=True)  # noqa: T201 - shown once, here
        found.append(made)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m launch.sandbox", description=__doc__)
    parser.add_argument("--host", choices=_LOOPBACK, default="127.0.0.1")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--data", type=Path, default=Path("var/sandbox"), help="folder of the sandbox's database")
    parser.add_argument("--patients", type=Path, help="folder of FHIR Bundles; without it patients are generated")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=60, help="how many patients are generated")
    parser.add_argument("--reference-date", help="the day generated charts are relative to (default: today)")
    parser.add_argument("--app-url", default="http://localhost:8000", help="where the app is served")
    parser.add_argument("--client-id", default="smartapp")
    parser.add_argument(
        "--app-auth",
        default="none",
        choices=("none", "client_secret_basic", "client_secret_post", "private_key_jwt"),
    )
    parser.add_argument("--app-secret-env", metavar="VAR", help="environment variable with the client secret")
    parser.add_argument("--backend-client-id", default="smartapp-backend")
    parser.add_argument("--backend-jwks", metavar="URL", help="default: APP_URL/.well-known/jwks.json")
    parser.add_argument(
        "--client", type=Path, action="append", default=[], metavar="FILE", help="another client, RFC 7591 JSON"
    )
    parser.add_argument("--latency-ms", type=int, default=0, help="delay of every answer of the FHIR server")
    parser.add_argument("--v1-only", action="store_true", help="understand SMART v1 scopes only")
    parser.add_argument("--ask", action="store_true", help="show the consent page in launches from the EHR too")
    parser.add_argument("--workers", type=int, default=2)
    return parser


if __name__ == "__main__":
    sys.exit(main())
