"""Every table of the app. A column called ``sealed…`` holds only what the vault encrypted.

Whom a row is about is kept twice: sealed, to be read, and as a keyed fingerprint
(``…_key``), to be looked up. Neither tells anything without the keys.
"""

from __future__ import annotations

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from smartapp.persistence.engine import UtcDateTime

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# --- keys -------------------------------------------------------------------------------------------

data_key = Table(
    "data_key",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("purpose", String(16), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("master", String(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("purpose", "generation"),
)

key_document = Table(
    "key_document",
    metadata,
    Column("name", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

secret = Table(
    "secret",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

# --- being launched ---------------------------------------------------------------------------------

ehr = Table(
    "ehr",
    metadata,
    Column("name", String(200), primary_key=True),
    Column("fhir_base", String(2000), nullable=False, unique=True),
    Column("tenant", String(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

pending_authorization = Table(
    "pending_authorization",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

launch = Table(
    "launch",
    metadata,
    Column("handle", String(200), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("ehr", String(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
    Column("refresh_owner", String(200)),
    Column("refresh_until", UtcDateTime),
)

chart_snapshot = Table(
    "chart_snapshot",
    metadata,
    Column("handle", ForeignKey("launch.handle", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# --- the audit trail --------------------------------------------------------------------------------

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("tenant", String(200), nullable=False),
    Column("action", String(100), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("launch", String(200), index=True),
    Column("actor_key", String(64), nullable=False, index=True),
    Column("patient_key", String(64), index=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("mac", LargeBinary, nullable=False),
)

audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),  # always 1
    Column("seq", Integer, nullable=False),
    Column("mac", LargeBinary, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)

# --- the practice and its work ----------------------------------------------------------------------

practice_setting = Table(
    "practice_setting",
    metadata,
    Column("tenant", String(200), primary_key=True),
    Column("name", String(100), primary_key=True),
    Column("value", Text, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("updated_by", String(200), nullable=False),
)

gap_remark = Table(
    "gap_remark",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("patient_key", String(64), nullable=False),
    Column("measure", String(100), nullable=False),
    Column("group_id", String(100), nullable=False),
    Column("code", String(64), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("undone_at", UtcDateTime),
    Index(None, "tenant", "patient_key"),
)

# --- outreach ---------------------------------------------------------------------------------------

message = Table(
    "message",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("ehr", String(200), nullable=False),
    Column("patient_key", String(64), nullable=False),
    Column("idempotency_key", String(200), nullable=False),
    Column("request_digest", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(100)),
    Column("channel", String(16), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("language", String(35), nullable=False),
    Column("template", String(100)),
    Column("measure", String(100)),
    Column("group_name", String(100)),
    Column("campaign", String(100)),
    Column("variant", String(100)),
    Column("portal_only", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("version", Integer, nullable=False),
    Column("approved_digest", String(64)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    # When a queued message may be sent; of a held one, when it is looked at again (null: not by itself).
    Column("not_before", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("attempts", Integer, nullable=False),
    Column("lease", String(32)),
    Column("delivered_as", String(64)),
    Column("server_id", String(200)),
    Column("sent_at", UtcDateTime),
    Column("address_key", String(64)),
    Column("seen_at", UtcDateTime),
    UniqueConstraint("tenant", "idempotency_key"),
    Index(None, "state", "not_before"),
    Index(None, "tenant", "patient_key"),
    Index(None, "tenant", "address_key"),
)

message_event = Table(
    "message_event",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("message_id", ForeignKey("message.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("tenant", String(200), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("reason", String(100)),
    Column("channel", String(16), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("group_name", String(100)),
    Column("campaign", String(100)),
    Column("variant", String(100)),
    Index(None, "tenant", "at"),
)

template_approval = Table(
    "template_approval",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("template", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("language", String(35), nullable=False),
    Column("content", String(64), nullable=False),
    Column("approved_at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    UniqueConstraint("tenant", "template", "version", "language"),
)

sequence_run = Table(
    "sequence_run",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("tenant", String(200), nullable=False),
    Column("ehr", String(200), nullable=False),
    Column("patient_key", String(64), nullable=False),
    Column("sequence", String(100), nullable=False),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("next_step", Integer, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("look_at", UtcDateTime, nullable=False),
    Column("stopped_by", String(32)),
    Column("message_id", String(32)),
    Column("measure", String(100)),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Index(None, "status", "look_at"),
    Index(None, "tenant", "patient_key"),
)

channel_pace = Table(
    "channel_pace",
    metadata,
    Column("name", String(250), primary_key=True),
    Column("next_free_at", UtcDateTime, nullable=False),
)

opt_out = Table(
    "opt_out",
    metadata,
    Column("tenant", String(200), primary_key=True),
    Column("person_key", String(64), primary_key=True),
    Column("channel", String(16), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("source", String(32), nullable=False),
)
