"""Security cases L01 to L03: what is written of every read and refusal, and what happens where it cannot be."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from support.hostile_ehr import Reply, outcome
from support.running_app import Browser, RunningApp, handle_of, running_app
from support.smart_ehr import Recorder, SmartEhr, serving
from support.smart_patients import PHI, condition
from support.storage import SECRET

from smartapp.config import Settings
from smartapp.core import open_core

DOCTOR = "Practitioner/doc-1"


def test_l01_reads_are_recorded_with_who_what_whom_and_when(app: RunningApp, visitor: Browser, smart: SmartEhr) -> None:
    smart.on("Procedure", Reply(outcome(), 403))
    started = app.clock()
    chart = visitor.open(smart)
    visitor.submit(chart.form_to("CMS130/dismiss"), remark="deferred", until="2026-12-01")
    visitor.submit(chart.form_to("/logout"))
    entries = app.audited(launch=handle_of(chart))
    assert entries[0].action == "launch.start" and entries[-1].action == "launch.end"
    for one in entries:
        assert (one.actor, one.tenant, one.patient) == (DOCTOR, smart.name, "Patient/p1"), one
        assert started <= one.at <= app.clock() + timedelta(seconds=1)
    done = {(one.action, one.outcome) for one in entries}
    assert {("chart.read", "success"), ("chart.search", "success"), ("chart.view", "success")} <= done
    refused = [one for one in entries if (one.action, one.outcome) == ("chart.search", "refused")]
    assert [one.detail["what"] for one in refused] == ["Procedure"]
    assert any(one.action.startswith("gap.") for one in entries)
    said = " ".join(f"{one.action} {one.detail}" for one in entries)
    assert not [text for text in (*PHI, *smart.secrets) if text in said]


def test_l01_refusals_are_recorded(app: RunningApp, visitor: Browser, smart: SmartEhr, elsewhere: Recorder) -> None:
    def latest() -> tuple[str, str, str | None]:
        one = app.audited()[-1]
        return one.action, one.outcome, one.detail.get("code")

    visitor.get(f"/launch?iss={elsewhere.origin}/fhir&launch=x")
    assert latest() == ("launch.begin", "refused", "launch.unknown-issuer")
    visitor.get("/callback?state=x&code=y")
    assert latest() == ("launch.complete", "refused", "launch.unknown-state")
    smart.claims = {"nonce": "wrong"}
    visitor.sign_in(smart)
    assert latest() == ("launch.complete", "failed", "launch.bad-id-token")
    smart.claims = {}
    smart.on("Patient", Reply(smart.patients["p2"]))
    page = visitor.open(smart)
    assert page.error == "reading.wrong-patient"
    assert latest() == ("chart.read", "failed", "reading.wrong-patient")
    assert app.audited()[-1].actor == DOCTOR and app.audited()[-1].patient == "Patient/p1"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[tuple[RunningApp, SmartEhr, Browser]]:
    """An app whose database this test may break."""
    with running_app(tmp_path, measures=("CMS122",), groups=()) as app:
        ehr = SmartEhr(app.clock, "own")
        ehr.resources = [condition()]  # a diabetes without a result: something is due
        visitor = Browser(app.url)
        with serving(ehr):
            app.register(ehr)
            yield app, ehr, visitor
        visitor.close()


def _run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    "breakage", ["ALTER TABLE audit_entry RENAME TO lost", "DELETE FROM audit_head", "UPDATE audit_head SET seq = 1"]
)
def test_l02_what_cannot_be_recorded_does_not_happen(
    own: tuple[RunningApp, SmartEhr, Browser], tmp_path: Path, breakage: str
) -> None:
    _, ehr, visitor = own
    chart = visitor.open(ehr)
    assert chart.patient == "p1"
    ready = visitor.authorize(ehr, visitor.begin(ehr))
    ehr.asked.clear()
    _run(tmp_path / "smartapp.db", breakage)
    page = visitor.get(chart.response.url)
    assert page.status == 503 and page.error and page.error.startswith("audit.")
    assert not any(phi in page.text for phi in PHI)
    again = visitor.read(visitor.submit(chart.form_to("/read")))
    assert again.status == 503 and ehr.reads == []
    for refused in (
        visitor.submit(chart.form_to("CMS122/dismiss"), remark="deferred", until="2026-12-01"),
        visitor.callback(ready),
        visitor.get(f"/launch?iss={ehr.base}&launch=x"),
    ):
        assert refused.status == 503, (refused.response.url, refused.status)
    assert ehr.reads == [] and sum(name.startswith("__Host-launch-") for name in visitor.cookies) == 1


TAMPERING: dict[str, str] = {
    "changed": "UPDATE audit_entry SET outcome = 'failed' WHERE seq = (SELECT max(seq) - 2 FROM audit_entry)",
    "moved": "UPDATE audit_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3",
    "deleted": "DELETE FROM audit_entry WHERE seq = 3",
    "cut off": "DELETE FROM audit_entry WHERE seq = (SELECT max(seq) FROM audit_entry)",
    "swapped": "UPDATE audit_entry SET sealed = (SELECT sealed FROM audit_entry WHERE seq = 3) WHERE seq = 4",
    "all gone": "DELETE FROM audit_entry",
}


def test_l03_the_verifier_finds_every_change(
    own: tuple[RunningApp, SmartEhr, Browser], tmp_path_factory: pytest.TempPathFactory
) -> None:
    app, ehr, visitor = own
    smart_denied = visitor.get("/callback?state=x")
    assert smart_denied.status == 400
    visitor.open(ehr)
    assert app.core.audit.verify().intact
    for name, statement in TAMPERING.items():
        folder = tmp_path_factory.mktemp("copy")
        with (
            closing(sqlite3.connect(app.core.settings.data_dir / "smartapp.db")) as source,
            closing(sqlite3.connect(folder / "smartapp.db")) as copy,
        ):
            source.backup(copy)
        _run(folder / "smartapp.db", "UPDATE audit_entry SET outcome = outcome")
        core = open_core(Settings(public_url=app.url, secret_key=SECRET, data_dir=folder, environment="demo"), {})
        assert core.audit.verify().intact
        _run(folder / "smartapp.db", statement)
        verdict = core.audit.verify()
        core.engine.dispose()
        assert not verdict.intact and verdict.problem, name
