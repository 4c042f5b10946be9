"""Runs over the population are kept under their launch (chart_snapshot); this table was never used."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.drop_index(op.f("ix_panel_run_tenant_kind_created_at"), table_name="panel_run")
    op.drop_table("panel_run")
