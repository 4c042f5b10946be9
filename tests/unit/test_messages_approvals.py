"""Who approved which wording: once for a version, by the very text that was read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.outbox import DOCTOR, ledger_of, open_outbox
from support.storage import SECRET

from smartapp import cli
from smartapp.errors import InputError
from smartapp.messages.approvals import Approvals
from smartapp.messages.ledger import Ledger
from smartapp.messages.templates import Catalogue, read_catalogue

TEMPLATE = """
[[template]]
id = "recall.visit"
version = {version}
purpose = "recall"
kind = "treatment"
reading_level = 5
[template.en]
subject = "Your visit"
body = "Please call {{practice}}."
[template.es]
subject = "Su cita"
body = "{spanish}"
"""


def catalogue(version: int = 1, spanish: str = "Llame a {practice}.") -> Catalogue:
    return read_catalogue([TEMPLATE.format(version=version, spanish=spanish)])


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return ledger_of(open_outbox(tmp_path).storage)


def approve(ledger: Ledger, language: str = "es", **held: Any) -> Approvals:
    approvals = Approvals(ledger, catalogue(**held))
    digest = approvals.catalogue.get("recall.visit").digest(language)
    approvals.approve("clinic", "recall.visit", language, digest=digest, actor=DOCTOR)
    return approvals


def test_a_translation_is_reviewed_once_somebody_approved_it(ledger: Ledger) -> None:
    before = Approvals(ledger, catalogue())
    assert not before.is_reviewed("clinic", "recall.visit@1#abc", "es")
    assert before.is_reviewed("clinic", "recall.visit@1#abc", "en")
    approvals = approve(ledger)
    assert approvals.is_reviewed("clinic", "recall.visit@1#abc", "es")
    assert not approvals.is_reviewed("clinic", "recall.visit@2#abc", "es")
    assert not approvals.is_reviewed("clinic", "no.such@1#abc", "es")
    assert not approvals.is_reviewed("other", "recall.visit@1#abc", "es")
    found = approvals.of("clinic", "recall.visit", "es")
    assert found is not None
    assert (found.approver, found.at) == (DOCTOR, ledger.clock())


@pytest.mark.parametrize("changed", [{"version": 2}, {"spanish": "Llame a {practice} hoy."}])
def test_another_wording_is_not_what_was_approved(ledger: Ledger, changed: dict[str, Any]) -> None:
    approve(ledger)
    version = changed.get("version", 1)
    assert not Approvals(ledger, catalogue(**changed)).is_reviewed("clinic", f"recall.visit@{version}#abc", "es")


def test_an_approval_is_of_the_text_that_was_read(ledger: Ledger) -> None:
    seen = catalogue().get("recall.visit").digest("es")
    changed = Approvals(ledger, catalogue(spanish="Otro texto."))
    with pytest.raises(InputError) as caught:
        changed.approve("clinic", "recall.visit", "es", digest=seen, actor=DOCTOR)
    assert caught.value.code == "messages.changed"
    assert not changed.all("clinic")


def test_approved_again_is_approved_once_and_withdrawn_is_not(ledger: Ledger) -> None:
    approve(ledger)
    approvals = approve(ledger)
    assert len(approvals.all("clinic")) == 1
    approvals.withdraw("clinic", "recall.visit", "es", actor=DOCTOR)
    assert not approvals.all("clinic")
    said = [(one.action, one.actor, dict(one.detail)) for one in ledger.audit.entries(tenant="clinic")]
    about = {"template": "recall.visit@1", "language": "es"}
    assert said == [
        ("template.approve", DOCTOR, about), ("template.approve", DOCTOR, about), ("template.withdraw", DOCTOR, about),
    ]  # fmt: skip


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> int:
    monkeypatch.setenv("SMARTAPP_SECRET_KEY", SECRET)
    monkeypatch.setenv("SMARTAPP_PUBLIC_URL", "http://localhost:8000")
    monkeypatch.setenv("SMARTAPP_DATA_DIR", str(folder))
    with pytest.raises(SystemExit) as ended:
        cli.main(list(arguments))
    return int(ended.value.code or 0)


def test_by_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, tmp_path, "messages", "approve", "recall.gap", "--language", "es", "--by", "Dr. Lee") == 0
    capsys.readouterr()
    assert run(monkeypatch, tmp_path, "messages", "wordings", "--json") == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    approved = [one for one in lines if one["approved_by"]]
    assert [(one["template"], one["language"], one["approved_by"]) for one in approved] == [
        ("recall.gap", "es", "Dr. Lee")
    ]
    assert run(monkeypatch, tmp_path, "messages", "approve", "recall.gap", "--language", "fr", "--by", "x") == 2
    assert run(monkeypatch, tmp_path, "messages", "approve", "no.such", "--by", "x") == 2
    assert (
        run(monkeypatch, tmp_path, "messages", "approve", "recall.gap", "--language", "es", "--by", "x", "--withdraw")
        == 0
    )
