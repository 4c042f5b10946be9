"""What somebody reads who drafts for a patient that is being asked back already."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from smartapp.errors import InputError
from smartapp.groups.engagement import DORMANT
from smartapp.measures.catalogue import MEASURES
from smartapp.messages.sequences import Progress
from smartapp.services.outreach import OutreachService


def test_the_day_of_the_next_step_is_in_words() -> None:
    progress = Progress("reactivation", 1, "running", 1, datetime(2026, 11, 3, 9, tzinfo=UTC))
    run = SimpleNamespace(progress=progress, message_id="sent-before")
    runs: Any = SimpleNamespace(latest=lambda *_: run, care_may_follow=lambda *_: False)
    sent = SimpleNamespace(id="sent-before", state="sent", idempotency_key="", measure="CMS165")
    queue: Any = SimpleNamespace(find=lambda **_: [sent])
    launch: Any = SimpleNamespace(tenant="clinic", ehr="sandbox", patient="ada-1815", user=None, handle="h")
    dormant = SimpleNamespace(group=SimpleNamespace(id=DORMANT), truth=True)
    view: Any = SimpleNamespace(memberships=[dormant], snapshot=SimpleNamespace(patient=None))
    nothing: Any = None
    outreach = OutreachService(queue=queue, practice=nothing, router=nothing, wordings=nothing, runs=runs)
    with pytest.raises(InputError, match=r"the next step is due on 3 Nov 2026\.$") as caught:
        outreach.draft(launch, MEASURES["CMS130"], view)
    assert caught.value.code == "messages.asked-back"
