"""Who approved which wording, and when: once for a version, by a person, with an audit entry.

A translation that nobody approved is not sent (ACA section 1557, 45 CFR 92.201(c)(3): machine translation of critical
text is reviewed by a qualified human translator). A template that was approved may be sent by the app's own sequences;
whatever a person drafts is approved by a person each time.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, insert, select

from smartapp.errors import InputError
from smartapp.messages.ledger import Ledger
from smartapp.messages.templates import Catalogue, Template, built_in
from smartapp.persistence.engine import reading
from smartapp.persistence.tables import template_approval
from smartapp.persistence.vault import context_of


@dataclass(frozen=True, slots=True)
class Approval:
    """One wording's approval. ``approver`` is a reference, or the name that a command was given.

    ``name`` is what a reference was called when it approved; empty where that was not known.
    """

    approver: str
    at: datetime
    name: str = ""


class Approvals:
    """The practice's approvals of the catalogue's wordings. What was approved is the wording, not its name."""

    def __init__(self, ledger: Ledger, catalogue: Catalogue | None = None) -> None:
        self._ledger = ledger
        self.catalogue = catalogue or built_in()

    def approve(
        self,
        tenant: str,
        template_id: str,
        language: str,
        *,
        digest: str,
        actor: str,
        name: str = "",
        launch: str | None = None,
    ) -> None:
        """Approve the wording that the actor read, by its :meth:`Template.digest`. ``name`` is the actor's, for people.

        Raises :class:`InputError` ``messages.unknown-template``, or ``messages.changed`` where it is another by now.
        """
        template = self._known(template_id, language)
        if template.digest(language) != digest:
            raise InputError(
                "messages.changed", "This wording is another one by now. Please read it again.", status=409
            )
        ledger, approval_id = self._ledger, self._ledger.entropy(16).hex()
        sealed = ledger.vault.encrypt(
            json.dumps({"approver": actor, "name": name}).encode(), _context(tenant, approval_id)
        )
        with ledger.writing() as tx:
            tx.execute(delete(template_approval).where(_same(tenant, template, language)))
            tx.execute(
                insert(template_approval).values(
                    id=approval_id,
                    tenant=tenant,
                    template=template.id,
                    version=template.version,
                    language=language,
                    content=digest,
                    approved_at=ledger.clock(),
                    sealed=sealed,
                )
            )
            said = _said(template, language)
            ledger.audit.record_in(
                tx, "template.approve", "success", actor=actor, tenant=tenant, launch=launch, detail=said
            )

    def withdraw(self, tenant: str, template_id: str, language: str, *, actor: str, launch: str | None = None) -> None:
        """Take an approval back: from now on the wording is not sent without a person."""
        template = self._known(template_id, language)
        with self._ledger.writing() as tx:
            tx.execute(delete(template_approval).where(_same(tenant, template, language)))
            said = _said(template, language)
            self._ledger.audit.record_in(
                tx, "template.withdraw", "success", actor=actor, tenant=tenant, launch=launch, detail=said
            )

    def all(self, tenant: str) -> Mapping[tuple[str, str], Approval]:
        """The approvals that hold for the catalogue as it is, by (template, language)."""
        wanted = select(template_approval).where(template_approval.c.tenant == tenant)
        found: dict[tuple[str, str], Approval] = {}
        with reading(self._ledger.engine) as connection:
            for row in connection.execute(wanted):
                template = self.catalogue.templates.get(row.template)
                if template is None or (row.version, row.language in template.wordings) != (template.version, True):
                    continue
                if template.digest(row.language) == row.content:
                    hidden = json.loads(self._ledger.vault.decrypt(row.sealed, _context(tenant, row.id)))
                    found[row.template, row.language] = Approval(
                        hidden["approver"], row.approved_at, hidden.get("name", "")
                    )
        return found

    def of(self, tenant: str, template_id: str, language: str) -> Approval | None:
        """The approval of one wording, if there is one."""
        return self.all(tenant).get((template_id, language))

    def is_reviewed(self, tenant: str, template: str, language: str) -> bool:
        """Whether a person approved a wording, of a template as a message names it (``id@version#hash``)."""
        template_id, _, rest = template.partition("@")
        held = self.catalogue.templates.get(template_id)
        if held is None or rest.partition("#")[0] != str(held.version):
            return False  # another version than the one that could be asked about
        code = held.wording(language).language
        return held.wording(code).sendable or self.of(tenant, template_id, code) is not None

    def _known(self, template_id: str, language: str) -> Template:
        template = self.catalogue.get(template_id)
        if language not in template.wordings:
            raise InputError("messages.unknown-template", "There is no wording in this language.")
        return template


def _same(tenant: str, template: Template, language: str) -> ColumnElement[bool]:
    table = template_approval
    return and_(
        table.c.tenant == tenant,
        table.c.template == template.id,
        table.c.version == template.version,
        table.c.language == language,
    )


def _said(template: Template, language: str) -> dict[str, str]:
    return {"template": f"{template.id}@{template.version}", "language": language}


def _context(tenant: str, approval_id: str) -> bytes:
    return context_of(tenant, "template_approval", "sealed", approval_id)
