"""Messages for people whose surface fetches them: sealed, in order, short-lived."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from bot.storage.codec import dump, outgoing_from_bytes, outgoing_to_bytes
from bot.storage.rows import Rows, micros
from bot.storage.rows import moment as moment_of
from bot.storage.tables import mailbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.ids import PersonId
    from bot.domain.messages import Outgoing


class MailboxRows(Rows):
    """Implements `Mailbox`."""

    __slots__ = ()

    def put(
        self, person: PersonId, ref: str, message: Outgoing, *, at: datetime, until: datetime
    ) -> None:
        """Insert, or replace the message with the same `ref`, keeping its place."""
        key = self._key(person, ref)
        body = dump([ref, outgoing_to_bytes(message).decode()])
        row = {
            "person": person,
            "key": key,
            "body": self.seal(body, context=f"mailbox/body/{person}/{key}"),
            "at": micros(at),
            "until": micros(until),
        }
        statement = self.insert(mailbox)
        changed = {name: statement.excluded[name] for name in ("body", "at", "until")}
        self.conn.execute(
            statement.on_conflict_do_update(index_elements=["person", "key"], set_=changed), row
        )

    def after(
        self, person: PersonId, ref: str | None, *, now: datetime
    ) -> list[tuple[str, datetime, Outgoing]]:
        """Return messages in order, those after `ref` only when it is given and still there."""
        found = (
            select(mailbox)
            .where(mailbox.c.person == person, mailbox.c.until > micros(now))
            .order_by(mailbox.c.seq)
        )
        if ref is not None:
            place = self.conn.execute(
                select(mailbox.c.seq).where(
                    mailbox.c.person == person, mailbox.c.key == self._key(person, ref)
                )
            ).scalar_one_or_none()
            if place is not None:
                found = found.where(mailbox.c.seq > place)
        messages = []
        for row in self.conn.execute(found):
            opened = self.open(row.body, context=f"mailbox/body/{person}/{row.key}")
            name, message = json.loads(opened)
            messages.append((name, moment_of(row.at), outgoing_from_bytes(message.encode())))
        return messages

    def remove(self, person: PersonId, refs: Sequence[str]) -> int:
        """Delete messages."""
        keys = [self._key(person, ref) for ref in refs]
        return self.count(
            delete(mailbox).where(mailbox.c.person == person, mailbox.c.key.in_(keys))
        )

    def forget_before(self, now: datetime) -> int:
        """Delete what has expired."""
        return self.count(delete(mailbox).where(mailbox.c.until <= micros(now)))

    def _key(self, person: PersonId, ref: str) -> str:
        return self.cipher.tag(f"{person}:{ref}", purpose="mailbox")
