"""The bench of the queue counts what arrived, and says so by its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from smartapp import cli
from smartapp.persistence.engine import open_engine
from smartapp.persistence.migrate import upgrade


def test_every_message_arrives_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--queue", "60", "--workers", "2", "--json"])
    found = json.loads(capsys.readouterr().out)["queue"]
    assert not ended.value.code
    assert (found["messages"], found["lost"], found["twice"], found["not_sent"]) == (60, 0, 0, 0)
    assert found["audit_intact"]
    assert found["audit_entries"] == 120


def test_a_database_in_use_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url = f"sqlite:///{tmp_path / 'app.db'}"
    upgrade(open_engine(url))
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", "--queue", "1", "--database", url])
    assert ended.value.code == 2
    assert "bench.in-use" in capsys.readouterr().err
