"""Find messages by the address they went to: a reply from a phone names nothing else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("message", sa.Column("address_key", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_message_tenant_address_key"), "message", ["tenant", "address_key"], unique=False)
