"""Words on their way into a letter: sealed, and gone when their time is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.domain.words import Words
from bot.storage.rows import Rows, micros
from bot.storage.tables import draft

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import PersonId


class DraftRows(Rows):
    """Implements `Drafts`."""

    __slots__ = ()

    def keep(self, person: PersonId, name: str, words: Words, *, until: datetime) -> None:
        """Insert or replace one text."""
        key = self._key(person, name)
        sealed = self.seal(words.reveal().encode(), context=f"draft/words/{person}/{key}")
        row = {"person": person, "key": key, "words": sealed, "until": micros(until)}
        statement = self.insert(draft)
        changed = {"words": statement.excluded.words, "until": statement.excluded.until}
        self.conn.execute(
            statement.on_conflict_do_update(index_elements=["person", "key"], set_=changed), row
        )

    def read(self, person: PersonId, name: str, *, now: datetime) -> Words | None:
        """Return a text that has not expired."""
        key = self._key(person, name)
        found = select(draft.c.words).where(
            draft.c.person == person, draft.c.key == key, draft.c.until > micros(now)
        )
        sealed = self.conn.execute(found).scalar_one_or_none()
        if sealed is None:
            return None
        return Words(self.open(sealed, context=f"draft/words/{person}/{key}").decode())

    def forget(self, person: PersonId) -> int:
        """Delete all texts of a person."""
        return self.count(delete(draft).where(draft.c.person == person))

    def forget_before(self, now: datetime) -> int:
        """Delete what has expired."""
        return self.count(delete(draft).where(draft.c.until <= micros(now)))

    def _key(self, person: PersonId, name: str) -> str:
        return self.cipher.tag(f"{person}:{name}", purpose="drafts")
