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
    op.create_table(
        "export_leave",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("form", sa.String(length=16), nullable=False),
        sa.Column("cases", sa.LargeBinary(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_export_leave")),
    )
    op.create_index(
        op.f("ix_export_leave_expires_at"), "export_leave", ["expires_at"], unique=False
    )


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_export_leave_expires_at"), table_name="export_leave")
    op.drop_table("export_leave")
    op.drop_index(op.f("ix_notebook_kind"), table_name="notebook")
    op.drop_table("notebook")
