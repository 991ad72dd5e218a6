"""What Alembic runs: migrations over the connection that bot.storage.schema gives."""

from __future__ import annotations

from alembic import context

from bot.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    # The caller's transaction holds all of it, on SQLite too.
    transactional_ddl=False,
)
context.run_migrations()
