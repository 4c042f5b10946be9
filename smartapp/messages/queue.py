"""The queue as people use it: draft, edit, approve, hold, undo, attest.

One table. A decision, the message's new state, its event and its audit entry are one transaction,
which may be the caller's: nothing is ever decided and queued later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from smartapp.errors import InputError, NotAllowedError
from smartapp.messages.ledger import Ledger, insert_for, said_of
from smartapp.messages.queue_reader import REACHED, QueueReader
from smartapp.messages.record import PORTAL, Message, NewMessage, first_draft, from_row, to_row
from smartapp.messages.states import EDITABLE, State, WrongStateError
from smartapp.persistence.tables import message


@dataclass(frozen=True, slots=True)
class Route:
    """By which channel a message is to go, and to which address of it."""

    channel: str = PORTAL
    address: str = ""


class MessageQueue(QueueReader):
    """Every method names its ``actor`` (a FHIR reference) and its ``tenant``.

    ``second_person``: a message is approved by somebody other than who wrote its text.
    """

    def __init__(self, ledger: Ledger, *, second_person: bool = False) -> None:
        super().__init__(ledger)
        self._second_person = second_person

    def submit(
        self,
        new: NewMessage,
        *,
        actor: str,
        approve: bool = False,
        review: bool = False,
        connection: Connection | None = None,
    ) -> Message:
        """Keep a new message: a draft, for review, or with ``approve`` queued.

        Asking again with the same idempotency key returns the message there is, wherever it is by
        then. Raises :class:`InputError` ``messages.key-reused`` if the key was used for anything else.
        """
        ledger = self._ledger
        now, digest = ledger.clock(), new.digest(ledger.vault)
        draft = first_draft(new, ledger.entropy(16).hex(), actor, now)
        kept = replace(draft, state=State.QUEUED, **self._approval(draft, actor)) if approve else draft
        with ledger.writing(connection) as tx:
            row = {**to_row(kept, ledger.vault), "request_digest": digest}
            # Asked for what was added: a driver need not count the rows of an INSERT.
            unless_there = insert_for(tx)(message).on_conflict_do_nothing().returning(message.c.id)
            if tx.execute(unless_there, row).first() is None:
                return self._existing(tx, new, digest)
            ledger.event(tx, draft, None)
            if approve:
                ledger.event(tx, kept, State.DRAFT)
                return self._recorded(tx, kept, actor, new.launch)
            if review:
                draft = ledger.move(tx, draft, State.FOR_REVIEW, wanted="reviewed")
            ledger.record(tx, "draft", draft, actor=actor, launch=new.launch)
            return draft

    def submit_all(self, news: Sequence[NewMessage], *, actor: str, approve: bool = False) -> list[Message]:
        """As :meth:`submit`, for many in one transaction: drafts, or with ``approve`` queued; in their order."""
        ledger, now = self._ledger, self._ledger.clock()
        drafts = [first_draft(new, ledger.entropy(16).hex(), actor, now) for new in news]
        kept = [replace(one, state=State.QUEUED, **self._approval(one, actor)) for one in drafts] if approve else drafts
        digests = [new.digest(ledger.vault) for new in news]
        rows = [
            {**to_row(one, ledger.vault), "request_digest": digest} for one, digest in zip(kept, digests, strict=True)
        ]
        with ledger.writing() as tx:
            unless_there = insert_for(tx)(message).on_conflict_do_nothing().returning(message.c.id)
            added = set(tx.execute(unless_there, rows).scalars()) if rows else set()
            made = [one for one in kept if one.id in added]
            ledger.events_of(tx, [(replace(one, state=State.DRAFT), None) for one in made])
            if approve:
                ledger.events_of(tx, [(one, State.DRAFT) for one in made])
            action = "approve" if approve else "draft"
            detail = {"version": "1"} if approve else {}
            ledger.audit.record_all_in(tx, [said_of(action, one, actor=actor, detail=detail) for one in made])
            return [
                one if one.id in added else self._existing(tx, new, digest)
                for one, new, digest in zip(kept, news, digests, strict=True)
            ]

    def edit(
        self,
        message_id: str,
        *,
        tenant: str,
        actor: str,
        text: str,
        subject: str | None = None,
        route: Route | None = None,
        launch: str | None = None,
        reason: str = "messages.edited",
    ) -> Message:
        """Change the text, or the way it goes (``route``, None: as it is).

        An approval is void from then on: a draft stays one, all else is reviewed again, for ``reason``.
        Raises ``WrongStateError`` once it is being sent.
        """
        if not text.strip():
            raise InputError("messages.empty", "A message needs a text.")
        ledger = self._ledger
        with ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            if current.state not in EDITABLE:
                raise WrongStateError(current.state, "edited")
            changes: dict[str, Any] = {
                "text": text,
                "subject": current.subject if subject is None else subject,
                "author": actor,
                "approver": "",
                "approved_digest": None,
                **_anew(current),
                **_by(route),
            }
            if current.state in (State.DRAFT, State.FOR_REVIEW):
                edited = replace(current, updated_at=ledger.clock(), **changes)
                ledger.store(tx, edited)
            else:
                edited = ledger.move(tx, current, State.FOR_REVIEW, wanted="edited", reason=reason, **changes)
            ledger.record(tx, "edit", edited, actor=actor, launch=launch, detail={"version": str(edited.version)})
            return edited

    def review(self, message_id: str, *, tenant: str, actor: str) -> Message:
        """Hand a draft over for approval."""
        return self._step(message_id, State.FOR_REVIEW, tenant=tenant, actor=actor, action="review", wanted="reviewed")

    def approve(
        self,
        message_id: str,
        *,
        tenant: str,
        actor: str,
        version: int,
        launch: str | None = None,
        connection: Connection | None = None,
    ) -> Message:
        """Approve the text that the actor saw (its ``version``) and queue it.

        Raises :class:`InputError` ``messages.changed`` if it was edited meanwhile, and
        :class:`NotAllowedError` if a second person is needed and the actor wrote it.
        """
        with self._ledger.writing(connection) as tx:
            current = self._settled(tx, message_id, tenant)
            if current.state is State.QUEUED and current.approver == actor and current.version == version:
                return current  # a button pressed twice
            if current.state not in (State.DRAFT, State.FOR_REVIEW):
                raise WrongStateError(current.state, "approved")
            if current.version != version:
                raise InputError(
                    "messages.changed", "The text was changed since you read it. Please read it again.", status=409
                )
            return self._approved(tx, current, actor, launch)

    def hold(self, message_id: str, *, tenant: str, actor: str, reason: str = "messages.held-by-staff") -> Message:
        """Keep a queued message back until somebody releases it."""
        return self._step(
            message_id, State.HELD, tenant=tenant, actor=actor, action="hold", wanted="held",
            reason=reason, not_before=None,
        )  # fmt: skip

    def release(self, message_id: str, *, tenant: str, actor: str) -> Message:
        """Queue a held message again, or one that failed, with its attempts counted anew."""
        ledger = self._ledger
        with ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            if not current.approver or current.approved_digest is None:
                raise WrongStateError(current.state, "sent without an approval")
            moved = ledger.move(tx, current, State.QUEUED, wanted="released", attempts=0, not_before=ledger.clock())
            ledger.record(tx, "release", moved, actor=actor)
            return moved

    def cancel(
        self, message_id: str, *, tenant: str, actor: str, reason: str = "messages.undone", launch: str | None = None
    ) -> Message:
        """Undo: the message is never sent. Raises ``WrongStateError`` once it is being sent."""
        ledger = self._ledger
        with ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            moved = ledger.move(tx, current, State.CANCELLED, wanted="undone", reason=reason)
            ledger.record(tx, "cancel", moved, actor=actor, launch=launch, detail={"reason": reason})
            return moved

    def attest(self, message_id: str, *, tenant: str, actor: str, reason: str = "messages.attested") -> Message:
        """A person says that they have delivered the text by hand; ``reason`` tells where they said it."""
        ledger = self._ledger
        with ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            if not current.approver:
                raise WrongStateError(current.state, "attested without an approval")
            now = ledger.clock()
            moved = ledger.move(
                tx, current, State.SENT, wanted="attested",
                reason=reason, attested_by=actor, delivered_as="attestation", sent_at=now,
            )  # fmt: skip
            ledger.record(tx, "attest", moved, actor=actor)
            return moved

    def replied(self, message_id: str, *, tenant: str, actor: str) -> Message:
        """The patient answered a message that was sent."""
        return self._step(message_id, State.REPLIED, tenant=tenant, actor=actor, action="reply", wanted="answered")

    def seen(self, message_id: str, *, tenant: str, at: datetime) -> None:
        """The patient opened a message at ``at``, by the EHR's own record. The first time counts."""
        self._told(message_id, tenant, "messages.seen", seen_at=at)

    def taken_back(self, message_id: str, *, tenant: str) -> None:
        """The EHR says that a message which was delivered is not with the patient; it is not sent again by itself."""
        self._told(message_id, tenant, "delivery.withdrawn")

    def _told(self, message_id: str, tenant: str, reason: str, **changes: Any) -> None:
        """What the EHR said of a message that was sent; it stays where it is."""
        ledger = self._ledger
        with ledger.writing() as tx:
            current = ledger.locked(tx, message_id, tenant)
            if current.state is State.SENT and current.reason != reason:
                told = replace(current, reason=reason, updated_at=ledger.clock(), **changes)
                ledger.store(tx, told)
                ledger.event(tx, told, current.state)
                ledger.record(tx, reason.rpartition(".")[2], told, actor="ehr")

    def given_back(self, message_id: str, *, tenant: str, actor: str) -> Message:
        """Staff turned the task down in the EHR: somebody reads the message again.

        It is another version from then on: the EHR would take the same for the task that was turned down.
        """
        ledger = self._ledger
        with ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            changes = {"approver": "", "approved_digest": None, **_anew(current)}
            moved = ledger.move(
                tx, current, State.FOR_REVIEW, wanted="given back", reason="messages.task-refused", **changes
            )
            ledger.record(tx, "given-back", moved, actor=actor)
            return moved

    def _settled(self, tx: Connection, message_id: str, tenant: str) -> Message:
        """A message that people may change: not while it is the worker's, and not once the call was made."""
        current = self._ledger.locked(tx, message_id, tenant)
        if current.state is State.SENDING:
            raise WrongStateError(current.state, "changed")
        if (current.state, current.reason) == (State.HELD, REACHED):
            raise InputError(
                "calls.reached", "Somebody has noted that they reached the patient. Take that back first.", status=409
            )
        return current

    def _existing(self, tx: Connection, new: NewMessage, digest: str) -> Message:
        same = (message.c.tenant == new.tenant) & (message.c.idempotency_key == new.idempotency_key)
        row = tx.execute(select(message).where(same)).one()
        if row.request_digest != digest:
            raise InputError("messages.key-reused", "This idempotency key was used for another message.", status=409)
        return from_row(row, self._ledger.vault)

    def _approval(self, current: Message, actor: str) -> dict[str, Any]:
        """What an approval changes. Raises :class:`NotAllowedError` where a second person is needed."""
        if self._second_person and actor == current.author:
            raise NotAllowedError(
                "messages.second-person", "This practice wants somebody other than the author to approve a message."
            )
        return {
            "approver": actor,
            "approved_digest": current.approval_digest(self._ledger.vault),
            "not_before": current.not_before or self._ledger.clock(),
        }

    def _approved(self, tx: Connection, current: Message, actor: str, launch: str | None) -> Message:
        changes = self._approval(current, actor)
        return self._recorded(
            tx, self._ledger.move(tx, current, State.QUEUED, wanted="approved", **changes), actor, launch
        )

    def _recorded(self, tx: Connection, moved: Message, actor: str, launch: str | None) -> Message:
        self._ledger.record(tx, "approve", moved, actor=actor, launch=launch, detail={"version": str(moved.version)})
        return moved

    def _step(
        self,
        message_id: str,
        to: State,
        *,
        tenant: str,
        actor: str,
        action: str,
        wanted: str,
        reason: str | None = None,
        **changes: Any,
    ) -> Message:
        with self._ledger.writing() as tx:
            current = self._settled(tx, message_id, tenant)
            moved = self._ledger.move(tx, current, to, wanted=wanted, reason=reason, **changes)
            self._ledger.record(tx, action, moved, actor=actor)
            return moved


def _anew(current: Message) -> dict[str, Any]:
    """Another version: nothing of how the one before was delivered is true of it."""
    return {"version": current.version + 1, "attempts": 0, "delivered_as": None, "server_id": None}


def _by(route: Route | None) -> dict[str, Any]:
    if route is None:
        return {}
    return {"channel": route.channel, "address": route.address, "portal_only": route.channel == PORTAL}
