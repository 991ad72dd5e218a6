"""What stands in people's chats, so that it can be deleted there; never kept past two days."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, select, tuple_, update

from bot.domain.ids import ChannelName, PersonId
from bot.storage.rows import Rows, micros
from bot.storage.tables import chat, person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement

    from bot.services.ports import ChatMessage

LONGEST = timedelta(hours=47)
IMPOSSIBLE = timedelta(hours=48)
"""After so long no channel deletes a message for us."""


class ChatRows(Rows):
    """Implements `ChatLog`."""

    __slots__ = ()

    def add(self, messages: Sequence[tuple[PersonId, ChatMessage]]) -> None:
        """Remember messages, each with the person in whose chat it stands."""
        rows = []
        for whose, message in messages:
            key = self._key(whose, message.ref)
            ref = self.seal(message.ref.encode(), context=f"chat/ref/{whose}/{key}")
            rows.append(
                {
                    "person": whose,
                    "key": key,
                    "ref": ref,
                    "at": micros(message.at),
                    "delete_at": micros(min(message.delete_at, message.at + LONGEST)),
                    "sensitive": message.sensitive,
                    "keep": message.keep,
                    "ours": message.ours,
                    "lease_until": 0,
                }
            )
        if rows:
            self.conn.execute(self.insert_new(chat), rows)

    def hasten(
        self,
        person: PersonId,
        *,
        to: datetime,
        everything: bool,
        kept: datetime,
        before: datetime | None = None,
    ) -> int:
        """Bring deletion of sensitive messages forward to `to` (kept ones to `kept`).

        With `before` only of those that are older.
        """
        theirs = update(chat).where(chat.c.person == person, chat.c.sensitive)
        if before is not None:
            theirs = theirs.where(chat.c.at < micros(before))
        moved = 0
        for keep, at in ((False, to), (True, to if everything else kept)):
            later = chat.c.delete_at > micros(at)
            moved += self.count(
                theirs.where(chat.c.keep == keep, later).values(delete_at=micros(at))
            )
        return moved

    def clear(self, person: PersonId, *, to: datetime) -> None:
        """Bring deletion of all that stands in a chat forward to `to`."""
        later = (chat.c.person == person, chat.c.delete_at > micros(to))
        self.conn.execute(update(chat).where(*later).values(delete_at=micros(to)))

    def stands(self, person: PersonId) -> bool:
        """Tell whether anything is still to be deleted in a chat."""
        found = select(chat.c.key).where(chat.c.person == person).limit(1)
        return self.conn.execute(found).first() is not None

    def claim_due(
        self, *, worker: str, now: datetime, lease: timedelta, limit: int
    ) -> list[tuple[PersonId, ChannelName, str, tuple[str, ...]]]:
        """Lease due deletions: (person, channel, address, refs), grouped by chat."""
        self.conn.execute(
            delete(chat).where(
                chat.c.delete_at <= micros(now), chat.c.at <= micros(now - IMPOSSIBLE)
            )
        )
        due = (
            select(chat.c.person, chat.c.key, chat.c.ref, person.c.channel, person.c.address)
            .select_from(chat.outerjoin(person, person.c.id == chat.c.person))
            .where(chat.c.delete_at <= micros(now), chat.c.lease_until <= micros(now))
            .order_by(chat.c.delete_at, chat.c.person, chat.c.key)
            .limit(limit)
            .with_for_update(of=chat, skip_locked=True)
        )
        rows = self.conn.execute(due).all()
        lost = [(row.person, row.key) for row in rows if row.address is None]
        mine = [row for row in rows if row.address is not None]
        key = tuple_(chat.c.person, chat.c.key)
        if lost:
            self.conn.execute(delete(chat).where(key.in_(lost)))
        if mine:
            self.conn.execute(
                update(chat)
                .where(key.in_([(row.person, row.key) for row in mine]))
                .values(claimed_by=worker, lease_until=micros(now + lease))
            )
        chats: dict[str, tuple[str, str, list[str]]] = {}
        for row in mine:
            if row.person not in chats:
                address = self.open(row.address, context=f"person/address/{row.person}").decode()
                chats[row.person] = (row.channel, address, [])
            ref = self.open(row.ref, context=f"chat/ref/{row.person}/{row.key}").decode()
            chats[row.person][2].append(ref)
        return [
            (PersonId(id_), ChannelName(channel), address, tuple(refs))
            for id_, (channel, address, refs) in chats.items()
        ]

    def put_off(self, person: PersonId, refs: Sequence[str], *, to: datetime) -> None:
        """Try again at `to` what cannot be deleted while the person keeps us out."""
        later = update(chat).where(*self._these(person, refs))
        self.conn.execute(later.values(delete_at=micros(to), lease_until=0))

    def deleted(self, person: PersonId, refs: Sequence[str]) -> None:
        """Drop messages that are gone, or that can never be deleted any more."""
        self.conn.execute(delete(chat).where(*self._these(person, refs)))

    def _these(self, person: PersonId, refs: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
        keys = [self._key(person, ref) for ref in refs]
        return chat.c.person == person, chat.c.key.in_(keys)

    def _key(self, person: PersonId, ref: str) -> str:
        return self.cipher.tag(f"{person}:{ref}", purpose="chat")
