"""What a database's refusal means to a caller: one sentence, without a row's contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.errors import ConflictError

if TYPE_CHECKING:
    from sqlalchemy.exc import DBAPIError

_RETRIED = frozenset({"40001", "40P01", "55P03"})
"""Serialisation failure, deadlock, lock not available."""

_SENTENCES = {
    "disk is full": "The disk is full: nothing can be written until there is room.",
    "disk I/O error": "The disk failed while the database was written.",
    "locked": "The database stayed locked by another program.",
    "readonly": "The database cannot be written: it is read-only.",
    "malformed": "The database file is damaged: restore a backup.",
}


def sentence(error: DBAPIError) -> str:
    """Return what happened, for the operator; never SQL and never parameters."""
    told = str(error.orig)
    found = (clear for part, clear in _SENTENCES.items() if part in told)
    return next(found, f"The database refused: {type(error.orig).__name__}.")


def conflict(error: DBAPIError) -> ConflictError:
    """Return the error that a caller sees; it may try again."""
    return ConflictError(sentence(error))


def worth_repeating(error: DBAPIError) -> bool:
    """Tell whether running the transaction again may succeed."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None)
    return code in _RETRIED or error.connection_invalidated
