"""Tables of alerts: what coordinators wrote, who takes alerts, and one row a person and alert.

What somebody chose stands sealed in `subscriber` and as keyed tags in `audience`: the database
finds who is meant without knowing what it is that they chose. Tags have a key of their own purpose.
A ledger row is the message on its way as well: it is claimed, sent and settled like one of the
outbox, and keeps no person once nothing is to be done for them any more.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
    text,
)

from bot.storage.tables import NUMBER, metadata


def _partial(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    condition = text(where)
    return Index(name, *columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


alert = Table(
    "alert",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    # When the house must look at it again; nothing is due for those that wait for a person.
    Column("due_at", BigInteger),
    Column("created_at", BigInteger, nullable=False, index=True),
    _partial("ix_alert_due", "due_at", where="due_at IS NOT NULL"),
)

subscriber = Table(
    "subscriber",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("channel", String(64), nullable=False),
    Column("lang", String(32), nullable=False),
    Column("clock", String(32), nullable=False),
    Column("gone", Boolean, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

audience = Table(
    "audience",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("tag", String(32), primary_key=True),
    Index("ix_audience_tag", "tag", "person"),
)

# What the tags in `lang` and `clock` mean: there are few, and they are set again at every alert.
meaning = Table(
    "meaning",
    metadata,
    Column("tag", String(32), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)

ledger = Table(
    "ledger",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=True),
    Column("alert", String(64), nullable=False),
    # Empty when nobody needs to know any more who it was.
    Column("person", String(64), nullable=False),
    Column("channel", String(64), nullable=False),
    Column("lang", String(32), nullable=False),
    Column("clock", String(32), nullable=False),
    # 0 goes first, as the canary.
    Column("wave", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("claimed_by", String(64)),
    Column("lease_until", BigInteger),
    # The minute; no finer.
    Column("settled_at", BigInteger),
    Column("refs", LargeBinary),
    Column("answer", String(8), nullable=False),
    Column("answered_at", BigInteger),
    # How often somebody silent was asked again, and when they are next.
    Column("asked", SmallInteger, nullable=False, server_default="0"),
    Column("ask_at", BigInteger),
    # Rows that came in one message share it.
    Column("bundle", String(32)),
    _partial("ix_ledger_asking", "alert", "ask_at", where="ask_at IS NOT NULL"),
    _partial("ix_ledger_bundle", "bundle", where="bundle IS NOT NULL"),
    _partial("ix_ledger_waiting", "alert", "channel", "wave", "due_at", "seq",
             where="state = 'waiting'"),
    _partial("ix_ledger_claimed", "lease_until", where="state = 'claimed'"),
    _partial("ix_ledger_person", "person", "alert", where="person <> ''", unique=True),
    _partial("ix_ledger_standing", "alert", "seq", where="refs IS NOT NULL"),
    Index("ix_ledger_counts", "alert", "lang", "state", "reason"),
    sqlite_autoincrement=True,
)  # fmt: skip

pace = Table(
    "pace",
    metadata,
    Column("scope", String(64), primary_key=True),
    # When the next message may leave, in microseconds.
    Column("next_at", BigInteger, nullable=False),
)
