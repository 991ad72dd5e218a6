"""Tables of those who answer: coordinators, invitations, pages and the chain of what they did.

Aliases, roles and keys are sealed. The chain holds ids and codes in clear, so that it can be read
and checked by whoever audits; it never holds content.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, LargeBinary, SmallInteger, String, Table

from bot.storage.tables import metadata

coordinator = Table(
    "coordinator",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("person", String(64), index=True),
    Column("on_duty", Boolean, nullable=False),
    Column("demo", Boolean, nullable=False),
    Column("profile", LargeBinary, nullable=False),
)

invitation = Table(
    "invitation",
    metadata,
    Column("tag", String(64), primary_key=True),
    Column("coordinator", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),
)

page = Table(
    "page",
    metadata,
    Column("ref", String(64), primary_key=True),
    Column("code", String(32), nullable=False),
    Column("urgency", SmallInteger, nullable=False),
    Column("opened_at", BigInteger, nullable=False),
    Column("acknowledged_by", String(64)),
    Column("acknowledged_at", BigInteger),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("act", String(64), nullable=False),
    Column("subject", String(64), nullable=False),
    Column("note", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Index("ix_audit_subject", "subject"),
)
