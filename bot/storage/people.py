"""People by pseudonym: what they chose in one sealed blob, their address in another.

The address is a column of its own because it goes first: as soon as nothing is scheduled.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, func, literal, select, update

from bot.domain.ids import ChannelName, LanguageTag, PersonId
from bot.domain.people import Person
from bot.services.ports import Met
from bot.storage.broadcast_ledger import mark_gone
from bot.storage.broadcast_subscribers import forget as forget_alerts
from bot.storage.broadcast_tables import subscriber
from bot.storage.case_tables import opened_cases
from bot.storage.check_tables import WORDS_OWNER, words
from bot.storage.codec import dump
from bot.storage.coordinator_tables import coordinator
from bot.storage.rows import Rows, micros, moment
from bot.storage.sessions import opened
from bot.storage.tables import OF_A_PERSON, chat, outbox, session, timer
from bot.storage.tables import person as people

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

_FIND: Any = select(people.c.channel, people.c.address, people.c.profile, people.c.seen_at).where(
    people.c.id == bindparam("of")
)


def _meeting() -> Any:
    """Return the statement whose one row is all that is known of somebody, if only nothing."""
    nobody = select(literal(1).label("one")).subquery()
    known = nobody.outerjoin(people, people.c.id == bindparam("of"))
    known = known.outerjoin(session, session.c.person == bindparam("of"))
    known = known.outerjoin(words, words.c.owner == bindparam("owner"))
    person = (people.c.channel, people.c.address, people.c.profile, people.c.seen_at)
    return select(*person, session.c.body, words.c.owner.label("agreed")).select_from(known)


_MEET = _meeting()
_TOUCH = (
    update(people)
    .where(people.c.id == bindparam("of"), people.c.seen_at < bindparam("hour"))
    .values(seen_at=bindparam("hour"))
)
_HOUR = timedelta(hours=1) // timedelta(microseconds=1)


class PeopleRows(Rows):
    """Implements `People`."""

    __slots__ = ()

    def lock(self, channel: ChannelName, address: str) -> PersonId:
        """Return the pseudonym and hold the person's lock until the unit ends."""
        id_ = PersonId(self.cipher.tag(f"{channel}:{address}", purpose="people"))
        if self.conn.dialect.name == "postgresql":
            # Also holds for somebody who has no row yet. SQLite has one writer: nothing to lock.
            number = int.from_bytes(bytes.fromhex(id_[:16]), "big", signed=True)
            self.conn.execute(select(func.pg_advisory_xact_lock(number)))
        return id_

    def find(self, id_: PersonId) -> Person | None:
        """Return a person, or None when nothing is known (any more)."""
        row = self.conn.execute(_FIND, {"of": id_}).one_or_none()
        return None if row is None else self._person(id_, row)

    def meet(self, id_: PersonId) -> Met:
        """Return who somebody is and where they stand; nothing need be known of them."""
        owner = self.cipher.tag(id_, purpose=WORDS_OWNER)
        row = self.conn.execute(_MEET, {"of": id_, "owner": owner}).one()
        return Met(
            person=None if row.profile is None else self._person(id_, row),
            session=None if row.body is None else opened(self, id_, row.body),
            agreed=row.agreed is not None,
        )

    def _person(self, id_: PersonId, row: Row[Any]) -> Person:
        data: dict[str, Any] = json.loads(self.open(row.profile, context=f"person/profile/{id_}"))
        gone = data["gone_since"]
        return Person(
            id=id_,
            channel=ChannelName(row.channel),
            address=self.address(id_, row.address),
            language=_language(data["language"]),
            language_hint=_language(data["language_hint"]),
            gone_since=None if gone is None else moment(gone),
            preferences=tuple((name, value) for name, value in data["preferences"]),
            seen_at=moment(row.seen_at),
        )

    def address(self, id_: PersonId, sealed: bytes | None) -> str:
        """Open an address; empty when it was wiped."""
        if sealed is None:
            return ""
        return self.open(sealed, context=f"person/address/{id_}").decode()

    def put(self, person: Person, *, at: datetime) -> None:
        """Insert or replace; an empty address stays wiped."""
        self.upsert(people, ("id",), self.row(person, at=at))
        mark_gone(self.conn, person.id, gone=person.gone_since is not None)

    def row(self, person: Person, *, at: datetime) -> dict[str, Any]:
        """Return the row that a person becomes."""
        gone = person.gone_since
        profile = {
            "language": person.language,
            "language_hint": person.language_hint,
            "gone_since": None if gone is None else micros(gone),
            "preferences": person.preferences,
        }
        address = person.address.encode()
        return {
            "id": person.id,
            "channel": person.channel,
            "address": self.seal(address, context=f"person/address/{person.id}")
            if address
            else None,
            "profile": self.seal(dump(profile), context=f"person/profile/{person.id}"),
            "seen_at": _hour(at),
        }

    def touch(self, id_: PersonId, *, at: datetime) -> None:
        """Remember the hour in which somebody was here of whom nothing else has changed."""
        self.conn.execute(_TOUCH, {"of": id_, "hour": _hour(at)})

    def forget(self, id_: PersonId) -> None:
        """Delete the person and every row that belongs to them."""
        forget_alerts(self.conn, id_)
        answers = update(coordinator).where(coordinator.c.person == id_)
        self.conn.execute(answers.values(person=None, on_duty=False))
        self.conn.execute(delete(opened_cases).where(opened_cases.c.person == id_))
        for table in OF_A_PERSON:
            self.conn.execute(delete(table).where(table.c.person == id_))
        self.conn.execute(delete(people).where(people.c.id == id_))

    def forget_rest(self, id_: PersonId) -> None:
        """Delete all of somebody under watch but what their check-in needs."""
        for table in OF_A_PERSON:
            rows = table.c.person == id_
            if table is timer:
                rows &= timer.c.kind.not_like("check-in%")
            self.conn.execute(delete(table).where(rows))
        found = self.find(id_)
        if found is not None:
            self.put(replace(found, preferences=()), at=moment(0))

    def forget_addresses(self, *, idle_before: datetime, limit: int) -> int:
        """Wipe addresses of people idle since, for whom nothing is scheduled any more."""
        idle = (
            select(people.c.id)
            .where(
                people.c.address.is_not(None),
                people.c.seen_at <= micros(idle_before) - _HOUR,
                ~exists().where(outbox.c.person == people.c.id, outbox.c.settled_at.is_(None)),
                ~exists().where(timer.c.person == people.c.id),
                ~exists().where(chat.c.person == people.c.id),
                ~exists().where(subscriber.c.person == people.c.id),
                # Whoever answers must be reached at any hour.
                ~exists().where(coordinator.c.person == people.c.id),
            )
            .order_by(people.c.seen_at)
            .limit(limit)
        )
        return self.count(update(people).where(people.c.id.in_(idle)).values(address=None))


def _hour(at: datetime) -> int:
    # No finer: the moments at which somebody wrote would tell who they are.
    return micros(at) // _HOUR * _HOUR


def _language(tag: str | None) -> LanguageTag | None:
    return None if tag is None else LanguageTag(tag)
