"""Check-ins.

Revision 0010: plans under watch with their events, trusted contacts, agreed words, links that work
once, and counts by region.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0006"
branch_labels = None
depends_on = None

_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "check_plan",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("terms", sa.LargeBinary(), nullable=True),
        sa.Column("standing", sa.LargeBinary(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_plan")),
    )
    op.create_index(op.f("ix_check_plan_owner"), "check_plan", ["owner"])
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "ix_check_plan_live", "check_plan", ["id"], sqlite_where=live, postgresql_where=live
    )
    op.create_table(
        "check_event",
        sa.Column("seq", _NUMBER, autoincrement=True, nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("plan", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_check_event")),
        sa.UniqueConstraint("tag", name=op.f("uq_check_event_tag")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_check_event_plan"), "check_event", ["plan"])
    op.create_index(op.f("ix_check_event_at"), "check_event", ["at"])
    op.create_table(
        "check_contact",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("who", sa.String(length=64), nullable=False),
        sa.Column("token", sa.String(length=64), nullable=True),
        sa.Column("active_since", sa.BigInteger(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_check_contact")),
        sa.UniqueConstraint("token", name=op.f("uq_check_contact_token")),
    )
    for column in ("owner", "who", "active_since"):
        op.create_index(op.f(f"ix_check_contact_{column}"), "check_contact", [column])
    op.create_table(
        "check_words",
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_check_words")),
    )
    op.create_table(
        "check_ticket",
        sa.Column("token", sa.String(length=64), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_check_ticket")),
    )
    op.create_index(op.f("ix_check_ticket_until"), "check_ticket", ["until"])
    op.create_table(
        "check_region",
        sa.Column("region", sa.String(length=64), nullable=False),
        sa.Column("slot", sa.BigInteger(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("region", "slot", name=op.f("pk_check_region")),
    )


def downgrade() -> None:
    """Take back."""
    for table in ("region", "ticket", "words", "contact", "event", "plan"):
        op.drop_table(f"check_{table}")
