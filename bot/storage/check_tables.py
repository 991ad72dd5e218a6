"""The tables of check-ins.

Clear are pseudonyms of a purpose of their own, versions and days; everything else is sealed and
padded, so that neither the tier nor the state of a plan shows, nor whether an answer was free.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, String, Table, text
from sqlalchemy import Index as _Index

from bot.storage.tables import NUMBER, metadata

plan = Table(
    "check_plan",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    Column("version", BigInteger, nullable=False),
    Column("terms", LargeBinary),
    Column("standing", LargeBinary),
    Column("ended_at", BigInteger),
    _Index(
        "ix_check_plan_live",
        "id",
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)

event = Table(
    "check_event",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=True),
    Column("tag", String(64), nullable=False, unique=True),
    Column("plan", String(64), nullable=False, index=True),
    Column("at", BigInteger, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)

contact = Table(
    "check_contact",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False, index=True),
    # Another pseudonym of the person than anywhere else; empty until they accepted.
    Column("who", String(64), nullable=False, index=True),
    Column("token", String(64), unique=True),
    Column("active_since", BigInteger, index=True),
    Column("body", LargeBinary, nullable=False),
)

WORDS_OWNER = "check-in-words"
"""Purpose of the pseudonyms in `words`."""

words = Table(
    "check_words",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

ticket = Table(
    "check_ticket",
    metadata,
    Column("token", String(64), primary_key=True),
    Column("until", BigInteger, nullable=False, index=True),
    Column("body", LargeBinary, nullable=False),
)

region = Table(
    "check_region",
    metadata,
    Column("region", String(64), primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    Column("answered", Integer, nullable=False),
    Column("missed", Integer, nullable=False),
    Column("name", LargeBinary, nullable=False),
)
