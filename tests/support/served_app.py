"""``smartapp serve`` in processes of its own: gunicorn, a database in a folder, everything it logs in a file."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests
from support.launch_fakes import FrozenClock
from support.running_app import RunningApp
from support.storage import SECRET

from smartapp.config import load
from smartapp.core import open_core
from smartapp.foundation import utc_now

STARTS_WITHIN_S = 60.0


class _Now(FrozenClock):
    """The machine's own time, for what is shared with tests that set the clock."""

    def __call__(self):  # type: ignore[no-untyped-def]
        return utc_now()


@dataclass
class ServedApp(RunningApp):
    """``folder`` holds the database, temporary files and the log: all that is left behind on a disk."""

    folder: Path = field(default_factory=Path)
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text("utf-8")

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``smartapp …`` with the settings of this app."""
        return subprocess.run(
            [sys.executable, "-m", "smartapp", *arguments],
            env=self.environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip

    def memory(self) -> int:
        """Resident bytes of the server's processes together."""
        assert self.process is not None
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return sum(_resident(int(one)) for one in (pid, *children))


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served_app(folder: Path, *, workers: int = 2, **settings: str) -> Iterator[ServedApp]:
    """The app under gunicorn until the context ends. Raises AssertionError, with its log, if it does not start."""
    port = _free_port()
    url = f"http://localhost:{port}"
    (folder / "tmp").mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("SMARTAPP_")},
        "SMARTAPP_PUBLIC_URL": url, "SMARTAPP_SECRET_KEY": SECRET, "SMARTAPP_DATA_DIR": str(folder),
        "SMARTAPP_ENVIRONMENT": "demo", "SMARTAPP_PRACTICE_PHONE": "555-0100", "SMARTAPP_LOG_LEVEL": "debug",
        "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1",
        **{f"SMARTAPP_{name.upper()}": value for name, value in settings.items()},
    }  # fmt: skip
    arguments = [sys.executable, "-m", "smartapp", "serve", "--workers", str(workers), "--threads", "12"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(arguments, env=environment, stdout=log, stderr=log)
    try:
        _wait(url, process, folder)
        core = open_core(load({k: v for k, v in environment.items() if k.startswith("SMARTAPP_")}), environment)
        try:
            yield ServedApp(url, core, _Now(), [], folder, environment, process)
        finally:
            core.engine.dispose()
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    end = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(f"{url}/readyz", timeout=5).status_code == 200:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise AssertionError(f"the app did not start: {(folder / 'log').read_text()}")
