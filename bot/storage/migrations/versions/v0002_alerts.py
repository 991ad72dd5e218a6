"""Alerts: what was written, who takes them, one row a person and alert, one pace a bot.

Revision 0002, after 0001: new tables only.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply."""
    op.create_table('alert',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=True),
    sa.Column('created_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_alert'))
    )
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alert_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_alert_due', ['due_at'], unique=False, sqlite_where=sa.text('due_at IS NOT NULL'), postgresql_where=sa.text('due_at IS NOT NULL'))

    op.create_table('audience',
    sa.Column('person', sa.String(length=64), nullable=False),
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.PrimaryKeyConstraint('person', 'tag', name=op.f('pk_audience'))
    )
    with op.batch_alter_table('audience', schema=None) as batch_op:
        batch_op.create_index('ix_audience_tag', ['tag', 'person'], unique=False)

    op.create_table('ledger',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=True, nullable=False),
    sa.Column('alert', sa.String(length=64), nullable=False),
    sa.Column('person', sa.String(length=64), nullable=False),
    sa.Column('channel', sa.String(length=64), nullable=False),
    sa.Column('lang', sa.String(length=32), nullable=False),
    sa.Column('clock', sa.String(length=32), nullable=False),
    sa.Column('wave', sa.SmallInteger(), nullable=False),
    sa.Column('state', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.String(length=16), nullable=False),
    sa.Column('due_at', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('claimed_by', sa.String(length=64), nullable=True),
    sa.Column('lease_until', sa.BigInteger(), nullable=True),
    sa.Column('settled_at', sa.BigInteger(), nullable=True),
    sa.Column('refs', sa.LargeBinary(), nullable=True),
    sa.Column('answer', sa.String(length=8), nullable=False),
    sa.Column('answered_at', sa.BigInteger(), nullable=True),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_ledger')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.create_index('ix_ledger_claimed', ['lease_until'], unique=False, sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))
        batch_op.create_index('ix_ledger_counts', ['alert', 'lang', 'state', 'reason'], unique=False)
        batch_op.create_index('ix_ledger_person', ['person', 'alert'], unique=True, sqlite_where=sa.text("person <> ''"), postgresql_where=sa.text("person <> ''"))
        batch_op.create_index('ix_ledger_standing', ['alert', 'seq'], unique=False, sqlite_where=sa.text('refs IS NOT NULL'), postgresql_where=sa.text('refs IS NOT NULL'))
        batch_op.create_index('ix_ledger_waiting', ['alert', 'channel', 'wave', 'due_at', 'seq'], unique=False, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))

    op.create_table('meaning',
    sa.Column('tag', sa.String(length=32), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('tag', name=op.f('pk_meaning'))
    )
    op.create_table('pace',
    sa.Column('scope', sa.String(length=64), nullable=False),
    sa.Column('next_at', sa.BigInteger(), nullable=False),
    sa.PrimaryKeyConstraint('scope', name=op.f('pk_pace'))
    )
    op.create_table('subscriber',
    sa.Column('person', sa.String(length=64), nullable=False),
    sa.Column('channel', sa.String(length=64), nullable=False),
    sa.Column('lang', sa.String(length=32), nullable=False),
    sa.Column('clock', sa.String(length=32), nullable=False),
    sa.Column('gone', sa.Boolean(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('person', name=op.f('pk_subscriber'))
    )


def downgrade() -> None:
    """Take back."""
    op.drop_table('subscriber')
    op.drop_table('pace')
    op.drop_table('meaning')
    with op.batch_alter_table('ledger', schema=None) as batch_op:
        batch_op.drop_index('ix_ledger_waiting', sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
        batch_op.drop_index('ix_ledger_standing', sqlite_where=sa.text('refs IS NOT NULL'), postgresql_where=sa.text('refs IS NOT NULL'))
        batch_op.drop_index('ix_ledger_person', sqlite_where=sa.text("person <> ''"), postgresql_where=sa.text("person <> ''"))
        batch_op.drop_index('ix_ledger_counts')
        batch_op.drop_index('ix_ledger_claimed', sqlite_where=sa.text("state = 'claimed'"), postgresql_where=sa.text("state = 'claimed'"))

    op.drop_table('ledger')
    with op.batch_alter_table('audience', schema=None) as batch_op:
        batch_op.drop_index('ix_audience_tag')

    op.drop_table('audience')
    with op.batch_alter_table('alert', schema=None) as batch_op:
        batch_op.drop_index('ix_alert_due', sqlite_where=sa.text('due_at IS NOT NULL'), postgresql_where=sa.text('due_at IS NOT NULL'))
        batch_op.drop_index(batch_op.f('ix_alert_created_at'))

    op.drop_table('alert')

