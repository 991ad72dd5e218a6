"""The coordinators' notebook, and leaves to take out sets of cases.

Revision 0006, after 0005: sheets that desks seal and the server cannot read, and leaves for exports.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "notebook",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notebook")),
    )
    op.create_index(op.f("ix_notebook_kind"), "notebook", ["kind"], unique=False)
