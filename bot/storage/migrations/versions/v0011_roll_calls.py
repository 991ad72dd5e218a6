"""Roll calls that ask again, and digests.

Revision 0011: a row of the ledger knows how often somebody was asked again and when they are next,
and which rows came in one message.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.add_column(
        "ledger", sa.Column("asked", sa.SmallInteger(), nullable=False, server_default="0")
    )
    op.add_column("ledger", sa.Column("ask_at", sa.BigInteger(), nullable=True))
    op.add_column("ledger", sa.Column("bundle", sa.String(length=32), nullable=True))
    asking = sa.text("ask_at IS NOT NULL")
    op.create_index(
        "ix_ledger_asking", "ledger", ["alert", "ask_at"],
        sqlite_where=asking, postgresql_where=asking,
    )
    bundled = sa.text("bundle IS NOT NULL")
    op.create_index(
        "ix_ledger_bundle", "ledger", ["bundle"], sqlite_where=bundled, postgresql_where=bundled
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index("ix_ledger_bundle", table_name="ledger")
    op.drop_index("ix_ledger_asking", table_name="ledger")
    for column in ("bundle", "ask_at", "asked"):
        op.drop_column("ledger", column)
