"""Rows on SQLite and PostgreSQL behind the ports of bot.services."""
