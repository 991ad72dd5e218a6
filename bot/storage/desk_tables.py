"""Tables of the desk: leaves to take cases out, and the notebook."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from bot.storage.tables import metadata

leaves = Table(
    "export_leave",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("asked_by", String(64), nullable=False),
    Column("approved_by", String(64)),
    Column("state", String(16), nullable=False),
    Column("form", String(16), nullable=False),
    Column("cases", LargeBinary, nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False, index=True),
)

notebook = Table(
    "notebook",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
