"""The sandbox put together, and two ways to serve it: threads within a test, gunicorn for a demo."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from . import authorize_views, discovery, fhir_views, pages, portal, token_views, web
from .client_auth import FetchJwks, fetch_jwks
from .clients import Client
from .ehr import Ehr, assemble
from .loading import load
from .settings import Bundles, Clock, Entropy, SandboxSettings

_LARGEST_REQUEST = 1_000_000


def create_sandbox(
    settings: SandboxSettings,
    clock: Clock,
    entropy: Entropy,
    *,
    clients: Iterable[Client] = (),
    bundles: Bundles | None = None,
    fetch: FetchJwks = fetch_jwks,
    sleep: Callable[[float], None] = time.sleep,
) -> Flask:
    """The EHR as a WSGI app, its patients loaded and ``clients`` registered.

    ``bundles`` makes patients where ``settings.patients`` names no folder; by default the project's generator.
    Raises loading.LoadError. The parts are at ``app.extensions["ehr"]``.
    """
    here = Path(__file__).parent
    app = Flask(__name__, template_folder=str(here / "templates"), static_folder=str(here / "static"))
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    ehr = assemble(settings, clock, entropy, fetch)
    load(settings, ehr.database, ehr.store, clock, bundles or _generator(settings))
    for client in clients:
        ehr.clients.save(client)
    app.extensions["ehr"] = ehr
    web.install(app, ehr)
    app.register_blueprint(discovery.blueprint(ehr))
    app.register_blueprint(authorize_views.blueprint(ehr))
    app.register_blueprint(token_views.blueprint(ehr))
    app.register_blueprint(fhir_views.blueprint(ehr, sleep))
    app.register_blueprint(pages.blueprint(ehr))
    app.register_blueprint(portal.blueprint(ehr))
    return app


@contextmanager
def running(
    settings: SandboxSettings, make: Callable[[SandboxSettings], Flask], *, port: int = 0
) -> Iterator[tuple[str, Ehr]]:
    """Serve in threads of this process for as long as the context lasts: (base URL, the parts).

    ``settings.base_url`` is replaced by the address that was really bound; port 0 takes a free one.
    """
    server = make_server("127.0.0.1", port, Flask(__name__), threaded=True, request_handler=_Quiet)
    bound = replace(settings, base_url=f"http://127.0.0.1:{server.server_port}")
    app = make(bound)
    server.app = app
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield bound.base_url, app.extensions["ehr"]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        app.extensions["ehr"].database.close()


class _Quiet(WSGIRequestHandler):
    """HTTP/1.1 so that clients keep their connections, and no access log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Log nothing."""


def _generator(settings: SandboxSettings) -> Bundles | None:
    if settings.patients is not None:
        return None
    from .patients import generate  # noqa: PLC0415 - the generator is needed only without a folder

    return generate
