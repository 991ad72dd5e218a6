"""Sealed boxes and their items.

Revision 0004, after 0003: what the program can write and never read again.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "sealed_box",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("public", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sealed_box")),
    )
    op.create_index(op.f("ix_sealed_box_until"), "sealed_box", ["until"], unique=False)
    op.create_index(op.f("ix_sealed_box_version"), "sealed_box", ["version"], unique=False)
    op.create_table(
        "sealed_item",
        sa.Column("box", sa.String(length=64), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("box", "sequence", name=op.f("pk_sealed_item")),
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table("sealed_item")
    op.drop_index(op.f("ix_sealed_box_version"), table_name="sealed_box")
    op.drop_index(op.f("ix_sealed_box_until"), table_name="sealed_box")
    op.drop_table("sealed_box")
