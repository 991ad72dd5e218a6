"""Tables of cases: clear envelopes, and answers sealed to receipts. Reports are in sealed boxes."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, SmallInteger, String, Table

from bot.storage.tables import metadata

cases = Table(
    "case_file",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("urgency", SmallInteger, nullable=False),
    Column("state", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("answer_by", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("longest_until", BigInteger, nullable=False),
    Column("assigned_to", String(64), index=True),
    Column("seen", Integer, nullable=False),
    Column("outcome", String(32), nullable=False),
    # Keyed tag of what Argon2id made of the receipt.
    Column("receipt", String(64), unique=True),
    Column("reach", LargeBinary),
)

replies = Table(
    "case_reply",
    metadata,
    Column("case", String(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("body", LargeBinary, nullable=False),
)

opened_cases = Table(
    "case_open",
    metadata,
    Column("person", String(64), primary_key=True),
    # Which case somebody adds to just now, encrypted under the application key.
    Column("body", LargeBinary, nullable=False),
    Column("until", BigInteger, nullable=False, index=True),
)
