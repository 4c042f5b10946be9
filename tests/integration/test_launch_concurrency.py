"""Many at once, over the real database: one refresh for all processes (D11), each launch its own (P01)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.ehr import App, sandbox
from support.launch_fakes import MemoryKeyStore, MemorySecrets
from support.storage import Storage, open_storage

from launch.build import Launch, Ports, build_launch
from launch.completion import Completed
from launch.fetch import Fetcher
from launch.issuers import RegisteredEhr, StaticRegistry
from launch.launcher import LaunchSettings
from launch.scopes import Scope
from launch.transport import new_session
from smartapp.persistence.sessions import SqlSessionStore

PATIENTS = ("pt-1001", "pt-1002", "pt-1003")


@pytest.fixture(scope="module")
def module_ehr(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with sandbox(tmp_path_factory.mktemp("crowd")) as running:
        yield running


@pytest.fixture
def ehr(module_ehr: App) -> Iterator[App]:
    yield module_ehr
    module_ehr.http.cookies.clear()


class Process:
    """One worker process as the database sees it: connections, caches and pools of its own."""

    def __init__(self, ehr: App, storage: Storage, tenant: str = "clinic") -> None:
        self.session = new_session()
        self.storage = storage
        registered = RegisteredEhr(
            name="sandbox", fhir_base=ehr.fhir, issuer=f"{ehr.base}/auth", client_id="app", tenant=tenant
        )
        ports = Ports(
            clock=ehr.clock,
            store=SqlSessionStore(storage.engine),
            vault=storage.vault,
            audit=storage.audit,
            registry=StaticRegistry([registered]),
            secrets=MemorySecrets(),
            key_store=MemoryKeyStore(),
            derived_scopes=lambda _view: (Scope("patient", "Patient", "r"),),
            entropy=os.urandom,
        )
        fetcher = Fetcher(self.session, time.monotonic)
        self.launch: Launch = build_launch(LaunchSettings("http://localhost:8000"), ports, fetcher)

    def begin(self, ehr: App, patient: str) -> Callable[[], Completed]:
        """Launch from a chart up to the EHR's answer; what is returned completes it."""
        begun = self.launch.launcher.begin_from_ehr(ehr.fhir, ehr.launch(patient))
        answer = ehr.answered(ehr.get(begun.request.url.removeprefix(ehr.base)))
        params = {name: [value] for name, value in answer.items()}
        return lambda: self.launch.completion.complete(params, {begun.cookie_name: begun.cookie_value})

    def close(self) -> None:
        self.session.close()
        self.storage.engine.dispose()


def at_once(acts: list[Callable[[], Any]]) -> list[Any]:
    """Run all at the same moment; the results in the order of the acts."""
    start = threading.Barrier(len(acts))
    results: list[Any] = [None] * len(acts)

    def one(number: int) -> None:
        start.wait(10)
        try:
            results[number] = acts[number]()
        except Exception as error:
            results[number] = error

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(acts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return results


def test_d11_ten_requests_of_two_processes_refresh_once(ehr: App, tmp_path: Path) -> None:
    ehr.sign_in()
    processes = [Process(ehr, open_storage(tmp_path)) for _ in range(2)]
    handle = processes[0].begin(ehr, "pt-1001")().context.handle
    before = processes[0].launch.sessions.access_token(handle)
    ehr.clock.forward(590)
    # The sandbox ends the whole grant when a refresh token comes a second time.
    tokens = at_once([lambda process=processes[n % 2]: process.launch.sessions.access_token(handle) for n in range(10)])
    assert len(set(tokens)) == 1
    assert isinstance(tokens[0], str)
    assert tokens[0] != before
    assert ehr.read(tokens[0], "Patient/pt-1001").status_code == 200
    ehr.clock.forward(590)
    assert processes[1].launch.sessions.access_token(handle) not in (None, tokens[0])
    for process in processes:
        process.close()


def test_p01_b03_launches_at_once_are_each_their_own(ehr: App, tmp_path: Path) -> None:
    ehr.sign_in()
    tenants = [Process(ehr, open_storage(tmp_path), tenant) for tenant in ("north", "south")]
    # Every callback comes twice, to two tenants' processes and three patients: 24 in all.
    wanted = [(tenants[n % 2], PATIENTS[n % 3]) for n in range(12)]
    completions = [process.begin(ehr, patient) for process, patient in wanted]
    results = at_once(completions * 2)
    done = [one for one in results if isinstance(one, Completed)]
    assert len(done) == 12
    for (process, patient), first, second in zip(wanted, results[:12], results[12:], strict=True):
        (context,) = (one.context for one in (first, second) if isinstance(one, Completed))
        (refused,) = (one for one in (first, second) if not isinstance(one, Completed))
        assert refused.code == "launch.unknown-state"
        assert (context.patient, context.tenant) == (
            patient,
            process.launch.registry.all()[0].tenant,
        )
    assert len({one.context.handle for one in done}) == len({one.secret for one in done}) == 12
    for process in tenants:
        process.close()
