"""Start and stop the demo's three processes: the sandbox EHR, the app, the worker."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from smartapp.errors import ConfigurationError

_STARTS_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the running demo is."""

    ehr: str
    app: str


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """``folder`` keeps the demo's databases and its secret; the ports are loopback's."""

    folder: Path
    ehr_port: int = 9000
    app_port: int = 8000
    patients: Path | None = None
    count: int = 200
    practice: str = "Harbor Street Family Practice"
    phone: str = "555-0100"

    @property
    def ehr(self) -> str:
        # Another site than the app's: localhost and 127.0.0.1 are two sites, two ports of one name are not.
        return f"http://127.0.0.1:{self.ehr_port}"

    @property
    def app(self) -> str:
        return f"http://localhost:{self.app_port}"


@contextmanager
def running(options: DemoOptions) -> Iterator[Demo]:
    """The demo, for as long as the context lasts. Raises :class:`ConfigurationError` where a part does not start."""
    if options.patients is not None and not options.patients.is_dir():
        raise ConfigurationError("demo.patients", f"There is no folder {options.patients}.")
    options.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    environment = _environment(options)
    started: list[subprocess.Popen[bytes]] = []
    try:
        for port in (options.ehr_port, options.app_port):
            _require_free(port)
        started.append(_start(options, "sandbox", environment, ["-m", "launch.sandbox", *_sandbox_arguments(options)]))
        _smartapp(environment, _registration(options))
        started.append(
            _start(options, "app", environment, ["-m", "smartapp", "serve", "--workers", "1", "--threads", "12"])
        )
        started.append(_start(options, "worker", environment, ["-m", "smartapp", "worker"]))
        _wait(f"{options.ehr}/fhir/metadata", started, options.folder)
        _wait(f"{options.app}/readyz", started, options.folder)
        yield Demo(options.ehr, options.app)
    finally:
        for process in reversed(started):
            process.terminate()
        for process in started:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _environment(options: DemoOptions) -> dict[str, str]:
    return {
        **os.environ,
        "SMARTAPP_CONFIG": "",
        "SMARTAPP_ENVIRONMENT": "demo",
        "SMARTAPP_PUBLIC_URL": options.app,
        "SMARTAPP_SECRET_KEY": _secret(options.folder / "secret-key"),
        "SMARTAPP_DATA_DIR": str(options.folder / "app"),
        "SMARTAPP_DATABASE_URL": "",
        "SMARTAPP_PRACTICE_NAME": options.practice,
        "SMARTAPP_PRACTICE_PHONE": options.phone,
        "PYTHONUNBUFFERED": "1",
    }


def _secret(path: Path) -> str:
    """The demo's own key, made once, so that its database can be opened again."""
    if not path.exists():
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
    return path.read_text().strip()


def _sandbox_arguments(options: DemoOptions) -> list[str]:
    arguments = ["--port", str(options.ehr_port), "--data", str(options.folder / "sandbox"), "--app-url", options.app]
    if options.patients is not None:
        return [*arguments, "--patients", str(options.patients)]
    return [*arguments, "--count", str(options.count)]


def _registration(options: DemoOptions) -> list[str]:
    return [
        "ehr", "add", "sandbox", "--replace",
        "--fhir-base", f"{options.ehr}/fhir",
        "--issuer", f"{options.ehr}/auth",
        "--client-id", "smartapp",
        "--auth", "public",
        "--backend-client-id", "smartapp-backend",
        "--frame-ancestor", options.ehr,
        "--role-code", "https://sandbox.invalid/ids/role|administrator=administrator",
    ]  # fmt: skip


def _start(
    options: DemoOptions, name: str, environment: dict[str, str], arguments: list[str]
) -> subprocess.Popen[bytes]:
    with (options.folder / f"{name}.log").open("ab") as log:
        return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=log, stderr=log)


def _smartapp(environment: dict[str, str], arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "smartapp", *arguments], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ConfigurationError("demo.start", f"smartapp {' '.join(arguments[:2])} failed: {done.stderr.strip()}")


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise ConfigurationError(
                "demo.port-taken", f"Port {port} is taken; choose another with an option."
            ) from None


def _wait(url: str, processes: list[subprocess.Popen[bytes]], folder: Path) -> None:
    end = time.monotonic() + _STARTS_WITHIN_S
    while time.monotonic() < end:
        if any(process.poll() is not None for process in processes):
            break
        try:
            if requests.get(url, timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise ConfigurationError("demo.start", f"The demo did not start; its logs are in {folder}.")
