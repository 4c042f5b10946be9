"""Launches and pending authorizations in the database: :class:`launch.ports.SessionStore`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import CursorResult, Engine, Executable, delete, insert, or_, select, update

from launch.ports import LaunchRow
from smartapp.persistence.engine import reading, writing
from smartapp.persistence.tables import launch, pending_authorization

_ROW = (
    launch.c.handle,
    launch.c.tenant,
    launch.c.ehr,
    launch.c.sealed,
    launch.c.version,
    launch.c.seen_at,
    launch.c.expires_at,
)


class SqlSessionStore:
    """Every method is one transaction, and every decision one statement of it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add_pending(self, key: str, sealed: bytes, expires_at: datetime) -> None:
        """Keep an authorization that was begun. Raises if the key is taken."""
        with writing(self._engine) as connection:
            connection.execute(insert(pending_authorization).values(key=key, sealed=sealed, expires_at=expires_at))

    def take_pending(self, key: str) -> bytes | None:
        """Remove and return it; of concurrent calls exactly one gets the bytes."""
        table = pending_authorization
        with writing(self._engine) as connection:
            return connection.execute(delete(table).where(table.c.key == key).returning(table.c.sealed)).scalar()

    def add_launch(self, row: LaunchRow) -> None:
        """Keep a new launch. Raises if the handle is taken."""
        with writing(self._engine) as connection:
            connection.execute(
                insert(launch).values(
                    handle=row.handle,
                    tenant=row.tenant,
                    ehr=row.ehr,
                    sealed=row.sealed,
                    version=row.version,
                    seen_at=row.seen_at,
                    expires_at=row.expires_at,
                )
            )

    def get_launch(self, handle: str) -> LaunchRow | None:
        """The launch as last committed by any process; None if unknown or ended."""
        with reading(self._engine) as connection:
            row = connection.execute(select(*_ROW).where(launch.c.handle == handle)).one_or_none()
        return None if row is None else LaunchRow(**row._mapping)

    def replace_launch(self, row: LaunchRow, expected_version: int) -> bool:
        """Compare the version and swap; the refresh lease is left as it is."""
        return (
            self._changed(
                update(launch)
                .where(launch.c.handle == row.handle, launch.c.version == expected_version)
                .values(sealed=row.sealed, version=row.version, seen_at=row.seen_at, expires_at=row.expires_at)
            )
            == 1
        )

    def touch_launch(self, handle: str, seen_at: datetime) -> None:
        """Note a request, unless a later one was noted already."""
        self._changed(
            update(launch).where(launch.c.handle == handle, launch.c.seen_at < seen_at).values(seen_at=seen_at)
        )

    def end_launch(self, handle: str) -> bool:
        """Remove the launch and, by the foreign key, all that is kept under its handle."""
        return self._changed(delete(launch).where(launch.c.handle == handle)) == 1

    def claim_refresh(self, handle: str, owner: str, now: datetime, until: datetime) -> bool:
        """Take the right to refresh this launch's tokens; one owner at a time, over all processes."""
        free = or_(launch.c.refresh_owner.is_(None), launch.c.refresh_owner == owner, launch.c.refresh_until <= now)
        return (
            self._changed(
                update(launch).where(launch.c.handle == handle, free).values(refresh_owner=owner, refresh_until=until)
            )
            == 1
        )

    def release_refresh(self, handle: str, owner: str) -> None:
        """Give the lease back if ``owner`` still holds it."""
        self._changed(
            update(launch)
            .where(launch.c.handle == handle, launch.c.refresh_owner == owner)
            .values(refresh_owner=None, refresh_until=None)
        )

    def overdue(self, now: datetime, idle_since: datetime, most: int) -> Sequence[str]:
        """Handles of launches that are over, those that are over longest first."""
        over = or_(launch.c.expires_at <= now, launch.c.seen_at < idle_since)
        wanted = select(launch.c.handle).where(over).order_by(launch.c.seen_at).limit(most)
        with reading(self._engine) as connection:
            return connection.execute(wanted).scalars().all()

    def purge(self, now: datetime, idle_since: datetime) -> int:
        """Remove what expired by ``now`` and launches not seen since ``idle_since``; return how many."""
        table = pending_authorization
        with writing(self._engine) as connection:
            pending = connection.execute(delete(table).where(table.c.expires_at <= now)).rowcount
            over = or_(launch.c.expires_at <= now, launch.c.seen_at < idle_since)
            return pending + connection.execute(delete(launch).where(over)).rowcount

    def _changed(self, statement: Executable) -> int:
        with writing(self._engine) as connection:
            result = connection.execute(statement)
            assert isinstance(result, CursorResult)
            return result.rowcount
