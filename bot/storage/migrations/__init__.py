"""Alembic's folder: how each release changes the schema."""
