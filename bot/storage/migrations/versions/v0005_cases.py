"""Cases, answers to their people, and which case somebody adds to just now.

Revision 0005, after 0004: clear envelopes; what was reported is in sealed boxes.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "case_file",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("longest_until", sa.BigInteger(), nullable=False),
        sa.Column("assigned_to", sa.String(length=64), nullable=True),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=False),
        sa.Column("receipt", sa.String(length=64), nullable=True),
        sa.Column("reach", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint("receipt", name=op.f("uq_case_file_receipt")),
    )
    op.create_index(op.f("ix_case_file_assigned_to"), "case_file", ["assigned_to"], unique=False)
    op.create_table(
        "case_reply",
        sa.Column("case", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("case", "number", name=op.f("pk_case_reply")),
    )
    op.create_table(
        "case_open",
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person", name=op.f("pk_case_open")),
    )
    op.create_index(op.f("ix_case_open_until"), "case_open", ["until"], unique=False)


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_case_open_until"), table_name="case_open")
    op.drop_table("case_open")
    op.drop_table("case_reply")
    op.drop_index(op.f("ix_case_file_assigned_to"), table_name="case_file")
    op.drop_table("case_file")
