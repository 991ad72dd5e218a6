"""Conversations under way, one sealed and padded blob a person."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, delete, select

from bot.domain.ids import PersonId
from bot.flow.session import Session, from_json, to_json
from bot.storage.codec import dump
from bot.storage.rows import Rows, micros, moment
from bot.storage.tables import session as sessions

if TYPE_CHECKING:
    from datetime import datetime


_LOAD = select(sessions.c.body).where(sessions.c.person == bindparam("of"))


def opened(rows: Rows, person: PersonId, sealed: bytes) -> Session | None:
    """Return a session; None when it was written by a release that is not understood here.

    Raises:
        VaultError: Another key.
    """
    try:
        return from_json(json.loads(rows.open(sealed, context=f"session/body/{person}")))
    except (ValueError, KeyError, TypeError):
        return None


class SessionRows(Rows):
    """Implements `Sessions`."""

    __slots__ = ()

    def load(self, person: PersonId) -> Session | None:
        """Return the session; None when there is none or it cannot be read any more."""
        sealed = self.conn.execute(_LOAD, {"of": person}).scalar_one_or_none()
        return None if sealed is None else opened(self, person, sealed)

    def turned_at(self, person: PersonId) -> datetime | None:
        """Return when the last turn was; None without a session."""
        wanted = select(sessions.c.saved_at).where(sessions.c.person == person)
        found = self.conn.execute(wanted).scalar_one_or_none()
        return None if found is None else moment(found)

    def save(self, person: PersonId, session: Session, *, at: datetime) -> None:
        """Insert or replace, with the next version number."""
        row = {
            "person": person,
            "version": 1,
            "body": self.seal(dump(to_json(session)), context=f"session/body/{person}"),
            "saved_at": micros(at),
        }
        self.upsert(sessions, ("person",), row)

    def forget_before(self, moment: datetime, *, limit: int) -> list[PersonId]:
        """Drop sessions idle since `moment`; return whose."""
        idle = (
            select(sessions.c.person)
            .where(sessions.c.saved_at < micros(moment))
            .order_by(sessions.c.saved_at)
            .limit(limit)
        )
        gone = delete(sessions).where(sessions.c.person.in_(idle)).returning(sessions.c.person)
        return [PersonId(name) for name in self.conn.execute(gone).scalars()]
