"""``python -m launch.sandbox``: started as its own process, as the demo does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

import pytest
import requests


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-m", "launch.sandbox", *map(str, arguments)]


@contextmanager
def started(data: Path, *arguments: object):
    """The base URL of a sandbox in a process of its own, and the seconds until it answered."""
    port = free_port()
    begun = monotonic()
    process = subprocess.Popen(
        command("--port", port, "--data", data, "--count", 8, *arguments),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        while True:
            assert process.poll() is None, process.stderr.read().decode()
            assert monotonic() - begun < 30
            try:
                if requests.get(f"{base}/fhir/metadata", timeout=1).status_code == 200:
                    break
            except requests.ConnectionError:
                sleep(0.05)
        yield base, monotonic() - begun
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    assert process.returncode == 0


def test_it_serves_eight_at_once_keeps_its_data_and_stops_when_told(tmp_path):
    with started(tmp_path) as (base, _):
        with requests.Session() as http, ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _: http.get(f"{base}/fhir/metadata", timeout=10), range(32)))
            assert {answer.status_code for answer in answers} == {200}
            http.post(f"{base}/portal/login", data={"login": "rosalind.whitaker"}, timeout=10)
            wish = {"outreach": "no"}
            assert http.post(f"{base}/portal/pt-1001/preferences", data=wish, timeout=10).status_code == 200
        issuer = requests.get(f"{base}/auth/jwks", timeout=5).json()
    with started(tmp_path) as (base, _), requests.Session() as http:
        assert requests.get(f"{base}/auth/jwks", timeout=5).json() == issuer
        http.post(f"{base}/portal/login", data={"login": "rosalind.whitaker"}, timeout=10)
        assert 'value="no" checked' in http.get(f"{base}/portal/pt-1001/preferences", timeout=5).text


def test_clients_come_from_the_command_line(tmp_path):
    client = tmp_path / "client.json"
    client.write_text(
        '{"client_id": "extra", "redirect_uris": ["http://localhost:5/callback"], "launch_url": "nonsense"}'
    )
    bad = subprocess.run(
        command("--data", tmp_path / "data", "--count", 1, "--client", client), capture_output=True, check=False
    )
    assert bad.returncode == 2
    assert bad.stderr.decode().count("\n") == 1
    assert "nonsense" in bad.stderr.decode()
    client.write_text(
        '{"client_id": "extra", "redirect_uris": ["http://localhost:5/callback"], "token_endpoint_auth_method": "none"}'
    )
    with started(tmp_path / "data", "--app-url", "http://localhost:7", "--client", client) as (base, _):
        for name, address in (("smartapp", "http://localhost:7/callback"), ("extra", "http://localhost:5/callback")):
            request = {"client_id": name, "redirect_uri": address, "response_type": "code", "state": "s"}
            answer = requests.get(f"{base}/auth/authorize", params=request, allow_redirects=False, timeout=5)
            assert answer.headers["Location"].startswith(f"{address}?error=")


@pytest.mark.parametrize(
    "arguments",
    [
        ["--patients", "nowhere/at/all"],
        ["--reference-date", "yesterday"],
        ["--app-url", "ftp://localhost"],
        ["--app-auth", "client_secret_basic"],
        ["--client", "nowhere.json"],
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, arguments):
    environment = {**os.environ, "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        command("--data", tmp_path, "--count", 1, *arguments), capture_output=True, env=environment, check=False
    )
    assert done.returncode == 2
    assert done.stderr.decode().count("\n") == 1
    assert "Traceback" not in done.stderr.decode()
