"""A chart's facts, sealed under their launch: there for every worker, gone with the launch."""

from __future__ import annotations

from sqlalchemy import Engine, delete, insert, select

from launch.ports import Clock, Vault
from smartapp.errors import NotFoundError
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.tables import chart_snapshot, launch
from smartapp.persistence.vault import context_of


class ChartStore:
    """Named documents (bytes) under the handle of a live launch."""

    def __init__(self, engine: Engine, vault: Vault, clock: Clock) -> None:
        self._engine = engine
        self._vault = vault
        self._clock = clock

    def put(self, handle: str, tenant: str, name: str, document: bytes) -> None:
        """Keep ``document`` in the place of an earlier one of that name.

        Raises :class:`NotFoundError` if the tenant has no such launch (it may have ended meanwhile).
        """
        sealed = self._vault.encrypt(document, _context(tenant, handle, name))
        table = chart_snapshot
        with writing(self._engine) as connection:
            live = select(launch.c.handle).where(launch.c.handle == handle, launch.c.tenant == tenant)
            if connection.execute(live.with_for_update()).first() is None:
                raise NotFoundError("launch.ended", "This launch has ended. Open the app again from the chart.")
            connection.execute(delete(table).where(table.c.handle == handle, table.c.name == name))
            connection.execute(
                insert(table).values(handle=handle, name=name, tenant=tenant, sealed=sealed, created_at=self._clock())
            )

    def get(self, handle: str, tenant: str, name: str) -> bytes | None:
        """The document as last committed; None if there is none in this launch of this tenant."""
        table = chart_snapshot
        wanted = select(table.c.sealed).where(table.c.handle == handle, table.c.tenant == tenant, table.c.name == name)
        with reading(self._engine) as connection:
            sealed = connection.execute(wanted).scalar()
        return None if sealed is None else self._vault.decrypt(sealed, _context(tenant, handle, name))

    def remove(self, handle: str, tenant: str, prefix: str) -> None:
        """Forget the documents whose names begin with ``prefix``."""
        table = chart_snapshot
        mine = (table.c.handle == handle) & (table.c.tenant == tenant)
        with writing(self._engine) as connection:
            connection.execute(delete(table).where(mine, table.c.name.startswith(prefix, autoescape=True)))


def _context(tenant: str, handle: str, name: str) -> bytes:
    return context_of(tenant, "chart_snapshot", name, handle)
