"""Without a registration of the app's own nobody looks again before a send: then only people deliver."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.outbox import ledger_of, open_outbox

from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.outcomes import Allow, Check, Hold
from smartapp.services.recheck import Recheck

NEUTRAL = "Hi, please call Harbor Street Family Practice at 413-555-0100 to make an appointment."


@pytest.mark.parametrize(
    ("channel", "said"),
    [
        ("portal", Allow()),
        ("voice", Allow()),
        ("letter", Allow()),
        ("sms", Hold("recheck.no-backend")),
        ("email", Hold("recheck.no-backend")),
    ],
)
def test_what_leaves_without_a_person_is_held(tmp_path: Path, channel: str, said: Check) -> None:
    box = open_outbox(tmp_path)
    long_ago = box.clock() - timedelta(days=1)
    parts: dict[str, Any] = {
        "backend": SimpleNamespace(ehr_of=lambda _: None),
        "router": SimpleNamespace(free_at=lambda _: long_ago),
        "opt_outs": OptOuts(ledger_of(box.storage)),
        "audit": box.storage.audit,
        "clock": box.clock,
    }
    recheck = Recheck(chart=None, remarks=None, **parts)  # type: ignore[arg-type]
    message = box.queued(channel=channel, portal_only=False, address="413-555-0184", text=NEUTRAL, measure=None)
    assert recheck(message) == said
    (entry,) = [one for one in box.storage.audit.entries() if one.action == "message.recheck"]
    assert entry.outcome == ("success" if said == Allow() else "refused")
