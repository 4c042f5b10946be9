"""What is asked before a send where the chart cannot be read, and of two messages at once."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support.outbox import Outbox, ledger_of, open_outbox

from smartapp.messages.channels.opt_outs import OptOuts
from smartapp.messages.outcomes import Allow, Check, Hold
from smartapp.services.recheck import Recheck
from smartapp.services.routed import Practice, Router

NEUTRAL = "Hi, please call Harbor Street Family Practice at 413-555-0100 to make an appointment."


def recheck_of(box: Outbox) -> Recheck:
    opt_outs = OptOuts(ledger_of(box.storage))
    practice = Practice("Harbor Street Family Practice", "413-555-0100")
    router = Router(queue=box.queue, opt_outs=opt_outs, measures={}, practice=practice, clock=box.clock)
    parts: dict[str, Any] = {"chart": None, "remarks": None, "backend": SimpleNamespace(ehr_of=lambda _: None)}
    return Recheck(opt_outs=opt_outs, router=router, audit=box.storage.audit, clock=box.clock, **parts)


def test_two_messages_that_are_taken_at_once_do_not_both_go(tmp_path: Path) -> None:
    box = open_outbox(tmp_path)
    for number in (1, 2):
        box.queued(text=f"Please call us ({number}).", measure=None)
    recheck = recheck_of(box)
    taken = box.claims.claim_some(["portal"], 2)
    assert len(taken) == 2
    a_moment = Hold("routing.frequency", box.clock() + timedelta(minutes=1))
    first, second = sorted(taken, key=lambda one: (one.updated_at, one.id))
    assert [recheck(second), recheck(first)] == [a_moment, Allow()]
    box.claims.sent(first, "Communication", "1")
    later = recheck(second)
    assert isinstance(later, Hold)
    assert later.until == box.clock() + timedelta(days=1)


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
    recheck = recheck_of(box)
    message = box.queued(channel=channel, portal_only=False, address="413-555-0184", text=NEUTRAL, measure=None)
    assert recheck(message) == said
    (entry,) = [one for one in box.storage.audit.entries() if one.action == "message.recheck"]
    assert entry.outcome == ("success" if said == Allow() else "refused")
