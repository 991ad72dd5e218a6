"""The tables, the same on SQLite and PostgreSQL.

Times are microseconds since 1970 (UTC): exact, comparable and alike on both. What names or quotes a
person is in a `LargeBinary` column, sealed before it comes here; text columns hold pseudonyms,
keyed tags and codes. Partial indexes hold only what is still to be done, so that a claim costs what
is due and not what waits or is over.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column called INTEGER."""


def _partial(name: str, *columns: str, where: str) -> Index:
    return Index(name, *columns, sqlite_where=text(where), postgresql_where=text(where))


meta = Table(
    "meta",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

person = Table(
    "person",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("channel", String(32), nullable=False),
    Column("address", LargeBinary),
    Column("profile", LargeBinary, nullable=False),
    Column("seen_at", BigInteger, nullable=False),
    _partial("ix_person_addressed", "seen_at", where="address IS NOT NULL"),
)

session = Table(
    "session",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("saved_at", BigInteger, nullable=False, index=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=True),
    Column("id", String(64), nullable=False, unique=True),
    Column("dedup", String(64), nullable=False, unique=True),
    # Empty once settled: who was written to is nobody's business afterwards.
    Column("person", String(64), nullable=False),
    Column("lane", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger),
    Column("attempts", Integer, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("keep", Boolean, nullable=False),
    Column("body", LargeBinary),
    Column("claimed_by", String(64)),
    Column("lease_until", BigInteger),
    Column("settled_at", BigInteger),
    _partial("ix_outbox_waiting", "lane", "due_at", "seq", where="state = 'waiting'"),
    _partial("ix_outbox_claimed", "lease_until", where="state = 'claimed'"),
    _partial("ix_outbox_unsettled", "person", "lane", "seq", where="settled_at IS NULL"),
    sqlite_autoincrement=True,
)

timer = Table(
    "timer",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("person", String(64), index=True),
    Column("due_at", BigInteger, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("claimed_by", String(64)),
    Column("lease_until", BigInteger),
    UniqueConstraint("kind", "key"),
    _partial("ix_timer_waiting", "due_at", "id", where="claimed_by IS NULL"),
    _partial("ix_timer_claimed", "lease_until", where="claimed_by IS NOT NULL"),
)

chat = Table(
    "chat",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("ref", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("delete_at", BigInteger, nullable=False, index=True),
    Column("sensitive", Boolean, nullable=False),
    Column("keep", Boolean, nullable=False),
    Column("ours", Boolean, nullable=False),
    Column("claimed_by", String(64)),
    # Zero when nobody has it.
    Column("lease_until", BigInteger, nullable=False),
)

draft = Table(
    "draft",
    metadata,
    Column("person", String(64), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("words", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("seq", NUMBER, primary_key=True, autoincrement=True),
    Column("person", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
    UniqueConstraint("person", "key"),
    sqlite_autoincrement=True,
)

seen = Table(
    "seen",
    metadata,
    Column("channel", String(32), primary_key=True),
    Column("key", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False, index=True),
)

flow = Table(
    "flow",
    metadata,
    Column("flow", String(128), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("definition", Text, nullable=False),
    Column("used_at", BigInteger, nullable=False),
)

lease = Table(
    "lease",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("worker", String(64), nullable=False),
    Column("until", BigInteger, nullable=False),
)

fact = Table(
    "fact",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

OF_A_PERSON = (session, outbox, timer, chat, draft, mailbox)
"""Every table with a column `person`: what goes when somebody is forgotten."""

# Subjects with tables of their own; importing them here makes `metadata` whole.
import bot.storage.broadcast_tables  # noqa: E402
import bot.storage.case_tables  # noqa: E402
import bot.storage.check_tables  # noqa: E402
import bot.storage.coordinator_tables  # noqa: E402
import bot.storage.desk_tables  # noqa: E402
import bot.storage.sealed_tables  # noqa: E402, F401
