"""Tables of sealed boxes. No column here can be opened with the application key."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table

from bot.storage.tables import metadata

sealed_box = Table(
    "sealed_box",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("public", String(80), nullable=False),
    Column("version", Integer, nullable=False, index=True),
    Column("until", BigInteger, nullable=False, index=True),
    Column("size", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

sealed_item = Table(
    "sealed_item",
    metadata,
    Column("box", String(64), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("by", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
