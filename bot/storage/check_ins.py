"""Plans under watch, their events, contacts, agreed words and regions, as rows."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.domain.contacts import Contact, ContactState
from bot.domain.ids import ContactId, PersonId, PlanId
from bot.domain.outages import Tally
from bot.domain.plans import Watched
from bot.domain.secret_words import Secret
from bot.services.check_in_ports import Agreed, PlanEvent, Ticket
from bot.storage import check_tables as tables
from bot.storage.check_codec import (
    standing_from_bytes,
    standing_to_bytes,
    terms_from_bytes,
    terms_to_bytes,
)
from bot.storage.codec import dump
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Row

_HOUR = timedelta(hours=1) // timedelta(microseconds=1)
_QUARTER = _HOUR // 4
_DAY = 24 * _HOUR

plans, events = tables.plan, tables.event
_LIVE = plans.c.ended_at.is_(None)
_FOUND = select(plans).where(plans.c.id.in_(bindparam("those", expanding=True)), _LIVE)
_OF = select(plans).where(plans.c.owner == bindparam("of"), _LIVE)
_SAVE = (
    update(plans)
    .where(plans.c.id == bindparam("the"), plans.c.version == bindparam("was"))
    .values(version=bindparam("is"), terms=bindparam("agreed"), standing=bindparam("stands"))
)


class PlanRows(Rows):
    """Implements `Plans`."""

    __slots__ = ()

    def add(self, watched: Watched) -> None:
        """Insert a plan."""
        row = {
            "id": watched.id,
            "owner": self._owner(watched.person),
            "version": watched.version,
            "ended_at": None,
            **self._sealed(watched),
        }
        self.conn.execute(self.insert(plans), row)

    def find(self, ids: Collection[PlanId], *, hold: bool = False) -> dict[PlanId, Watched]:
        """Return plans that are not over; `hold` keeps others from changing them meanwhile."""
        if not ids:
            return {}
        statement = _FOUND.order_by(plans.c.id).with_for_update() if hold else _FOUND
        rows = self.conn.execute(statement, {"those": sorted(ids)})
        return {PlanId(row.id): self._watched(row) for row in rows}

    def of(self, person: PersonId, *, hold: bool = False) -> list[Watched]:
        """Return a person's plans that are not over, oldest first."""
        statement = _OF.order_by(plans.c.id).with_for_update() if hold else _OF.order_by(plans.c.id)
        rows = self.conn.execute(statement, {"of": self._owner(person)})
        return [self._watched(row) for row in rows]

    def live(self, *, after: PlanId | None = None, limit: int = 500) -> list[Watched]:
        """Return plans that are not over, in the order of their ids."""
        some = select(plans).where(_LIVE, plans.c.id > (after or ""))
        rows = self.conn.execute(some.order_by(plans.c.id).limit(limit))
        return [self._watched(row) for row in rows]

    def save(self, changed: Sequence[Watched]) -> None:
        """Write plans that were found in this unit, with their next version."""
        if not changed:
            return
        rows = []
        for one in changed:
            sealed = self._sealed(one)
            rows.append(
                {"the": one.id, "was": one.version, "is": one.version + 1,
                 "agreed": sealed["terms"], "stands": sealed["standing"]}
            )  # fmt: skip
        self.conn.execute(_SAVE, rows)

    def end(self, id_: PlanId, *, at: datetime) -> None:
        """Close a plan and wipe what it says of anybody."""
        wiped = {
            "owner": "",
            "terms": None,
            "standing": None,
            "ended_at": micros(at) // _DAY * _DAY,
        }
        self.conn.execute(update(plans).where(plans.c.id == id_).values(**wiped))

    def record(self, events_: Sequence[PlanEvent]) -> set[tuple[PlanId, int, str]]:
        """Write events that did not happen yet; return which are new."""
        if not events_:
            return set()
        rows: dict[str, dict[str, Any]] = {}
        named: dict[str, tuple[PlanId, int, str]] = {}
        for one in events_:
            tag = self.cipher.tag(f"{one.plan}:{one.cycle}:{one.key}", purpose="check-in-events")
            body = dump([one.cycle, one.key, one.code, micros(one.at)])
            rows[tag] = {
                "tag": tag,
                "plan": one.plan,
                "at": micros(one.at) // _HOUR * _HOUR,
                "body": self.seal(body, context=f"check_event/body/{tag}"),
            }
            named[tag] = (one.plan, one.cycle, one.key)
        statement = self.insert_new(events, returned="tag")
        new = self.conn.execute(statement, list(rows.values())).scalars()
        return {named[tag] for tag in new}

    def events(self, plan: PlanId, *, limit: int = 200) -> list[PlanEvent]:
        """Return what happened to a plan, newest first."""
        some = select(events).where(events.c.plan == plan).order_by(events.c.seq.desc())
        return [self._event(row) for row in self.conn.execute(some.limit(limit))]

    def since(self, number: int, *, limit: int = 10_000) -> tuple[list[PlanEvent], int]:
        """Return what was written after event `number`, oldest first, and the last number."""
        some = select(events).where(events.c.seq > number).order_by(events.c.seq).limit(limit)
        rows = self.conn.execute(some).all()
        return [self._event(row) for row in rows], rows[-1].seq if rows else number

    def _event(self, row: Row[Any]) -> PlanEvent:
        body = self.open(row.body, context=f"check_event/body/{row.tag}")
        cycle, key, code, at = json.loads(body)
        return PlanEvent(plan=PlanId(row.plan), cycle=cycle, key=key, code=code, at=moment(at))

    def forget_before(self, before: datetime) -> int:
        """Delete plans that ended and events that happened before."""
        gone = self.count(delete(plans).where(plans.c.ended_at < micros(before)))
        return gone + self.count(delete(events).where(events.c.at < micros(before)))

    def _owner(self, person: PersonId) -> str:
        return self.cipher.tag(person, purpose="check-ins")

    def _sealed(self, watched: Watched) -> dict[str, bytes]:
        return {
            "terms": self.seal(
                terms_to_bytes(watched.terms, watched.person),
                context=f"check_plan/terms/{watched.id}",
            ),
            "standing": self.seal(
                standing_to_bytes(watched.standing, watched.slot),
                context=f"check_plan/standing/{watched.id}",
            ),
        }

    def _watched(self, row: Row[Any]) -> Watched:
        terms, person = terms_from_bytes(self.open(row.terms, context=f"check_plan/terms/{row.id}"))
        standing, slot = standing_from_bytes(
            self.open(row.standing, context=f"check_plan/standing/{row.id}")
        )
        return Watched(
            id=PlanId(row.id),
            person=person,
            terms=terms,
            standing=standing,
            slot=slot,
            version=row.version,
        )


class ContactRows(Rows):
    """Implements `Contacts`."""

    __slots__ = ()

    def put(self, contact: Contact, *, token: str | None = None) -> None:
        """Insert or replace; `token` opens an invitation, None voids it."""
        body = dump(
            {
                "owner": contact.owner,
                "person": contact.person,
                "state": contact.state,
                "since": micros(contact.since),
                "asked_again": contact.asked_again,
            }
        )
        active = contact.state is ContactState.ACTIVE
        row = {
            "id": contact.id,
            "owner": self.cipher.tag(contact.owner, purpose="check-ins"),
            "who": self._who(contact.person) if contact.person else "",
            "token": token and self.cipher.tag(token, purpose="check-in-links"),
            "active_since": micros(contact.since) // _DAY * _DAY if active else None,
            "body": self.seal(body, context=f"check_contact/body/{contact.id}"),
        }
        self.upsert(tables.contact, ("id",), row)

    def invited(self, token: str) -> Contact | None:
        """Return the contact that a link invites."""
        tag = self.cipher.tag(token, purpose="check-in-links")
        return self._one(tables.contact.c.token == tag)

    def get(self, id_: ContactId) -> Contact | None:
        """Return one."""
        return self._one(tables.contact.c.id == id_)

    def of(self, owner: PersonId) -> list[Contact]:
        """Return the contacts of a person, oldest first."""
        tag = self.cipher.tag(owner, purpose="check-ins")
        found = self._all(tables.contact.c.owner == tag)
        return sorted(found, key=lambda one: (one.since, one.id))

    def who_is(self, person: PersonId) -> list[Contact]:
        """Return as whose contacts somebody agreed to be woken."""
        return self._all(tables.contact.c.who == self._who(person))

    def old(self, *, before: datetime, limit: int = 200) -> list[Contact]:
        """Return active contacts that confirmed before a moment."""
        return self._all(tables.contact.c.active_since < micros(before), limit=limit)

    def remove(self, id_: ContactId) -> None:
        """Delete one."""
        self.conn.execute(delete(tables.contact).where(tables.contact.c.id == id_))

    def _who(self, person: PersonId) -> str:
        return self.cipher.tag(person, purpose="check-in-contacts")

    def _one(self, condition: Any) -> Contact | None:
        return next(iter(self._all(condition, limit=1)), None)

    def _all(self, condition: Any, *, limit: int = 200) -> list[Contact]:
        rows = self.conn.execute(select(tables.contact).where(condition).limit(limit))
        return [self._contact(row) for row in rows]

    def _contact(self, row: Row[Any]) -> Contact:
        data = json.loads(self.open(row.body, context=f"check_contact/body/{row.id}"))
        return Contact(
            id=ContactId(row.id),
            owner=PersonId(data["owner"]),
            person=data["person"] and PersonId(data["person"]),
            state=ContactState(data["state"]),
            since=moment(data["since"]),
            asked_again=data["asked_again"],
        )


class WordRows(Rows):
    """Implements `AgreedWords`."""

    __slots__ = ()

    def get(self, person: PersonId) -> Agreed | None:
        """Return what somebody agreed on."""
        owner = self._owner(person)
        sealed = self.conn.execute(_WORDS, {"of": owner}).scalar_one_or_none()
        if sealed is None:
            return None
        data = json.loads(self.open(sealed, context=f"check_words/body/{owner}"))
        until = data["until"]
        return Agreed(
            salt=base64.b64decode(data["salt"]),
            digests={
                Secret(name): base64.b64decode(digest) for name, digest in data["digests"].items()
            },
            harmless=data["harmless"],
            awaiting=data["awaiting"],
            awaiting_until=None if until is None else moment(until),
            box=data.get("box", ""),
            place_at=None if data.get("place") is None else moment(data["place"]),
        )

    def put(self, person: PersonId, agreed: Agreed) -> None:
        """Insert or replace."""
        owner = self._owner(person)
        until = agreed.awaiting_until
        body = dump(
            {
                "salt": base64.b64encode(agreed.salt).decode(),
                "digests": {
                    str(name): base64.b64encode(digest).decode()
                    for name, digest in agreed.digests.items()
                },
                "harmless": agreed.harmless,
                "awaiting": agreed.awaiting,
                "until": None if until is None else micros(until),
                "box": agreed.box,
                "place": None if agreed.place_at is None else micros(agreed.place_at),
            }
        ).ljust(900)
        sealed = self.seal(body, context=f"check_words/body/{owner}")
        self.upsert(tables.words, ("owner",), {"owner": owner, "body": sealed})

    def forget(self, person: PersonId) -> None:
        """Delete."""
        self.conn.execute(delete(tables.words).where(tables.words.c.owner == self._owner(person)))

    def give(self, ticket: Ticket) -> None:
        """Keep a link that works once."""
        tag = self._link(ticket.token)
        body = dump([ticket.person, ticket.purpose])
        row = {
            "token": tag,
            "until": micros(ticket.until),
            "body": self.seal(body, context=f"check_ticket/body/{tag}"),
        }
        self.upsert(tables.ticket, ("token",), row)

    def ticket(self, token: str, *, now: datetime) -> Ticket | None:
        """Return what a link is for, while it works."""
        tag = self._link(token)
        found = select(tables.ticket).where(
            tables.ticket.c.token == tag, tables.ticket.c.until > micros(now)
        )
        row = self.conn.execute(found).one_or_none()
        if row is None:
            return None
        person, purpose = json.loads(self.open(row.body, context=f"check_ticket/body/{tag}"))
        return Ticket(
            token=token, person=PersonId(person), purpose=purpose, until=moment(row.until)
        )

    def spend(self, token: str) -> bool:
        """Use a link up; False when it was used before."""
        spent = delete(tables.ticket).where(tables.ticket.c.token == self._link(token))
        return self.count(spent) > 0

    def forget_before(self, now: datetime) -> int:
        """Delete links that do not work any more."""
        return self.count(delete(tables.ticket).where(tables.ticket.c.until <= micros(now)))

    def _owner(self, person: PersonId) -> str:
        return self.cipher.tag(person, purpose=tables.WORDS_OWNER)

    def _link(self, token: str) -> str:
        return self.cipher.tag(token, purpose="check-in-links")


class RegionRows(Rows):
    """Implements `Regions`."""

    __slots__ = ()

    def add(self, counts: Mapping[str, Tally], *, at: datetime) -> None:
        """Add to the counts of this quarter of an hour."""
        slot = micros(at) // _QUARTER * _QUARTER
        for name in sorted(counts):
            tag = self.cipher.tag(name, purpose="check-in-regions")
            row = {
                "region": tag,
                "slot": slot,
                "answered": counts[name].answered,
                "missed": counts[name].missed,
                "name": self.seal(name.encode(), context=f"check_region/name/{tag}"),
            }
            self.conn.execute(_count(self.conn.dialect.name), row)

    def lately(self, *, since: datetime) -> dict[str, Tally]:
        """Return the sums by region."""
        some = tables.region
        recent = select(some).where(some.c.slot >= micros(since) // _QUARTER * _QUARTER)
        found: dict[str, Tally] = {}
        for row in self.conn.execute(recent):
            name = self.open(row.name, context=f"check_region/name/{row.region}").decode()
            before = found.get(name, Tally())
            found[name] = Tally(
                answered=before.answered + row.answered, missed=before.missed + row.missed
            )
        return found

    def forget_before(self, before: datetime) -> int:
        """Delete old counts."""
        return self.count(delete(tables.region).where(tables.region.c.slot < micros(before)))


_WORDS = select(tables.words.c.body).where(tables.words.c.owner == bindparam("of"))


@cache
def _count(dialect: str) -> Any:
    statement: Any = (sqlite if dialect == "sqlite" else postgresql).insert(tables.region)
    added = {
        "answered": tables.region.c.answered + statement.excluded.answered,
        "missed": tables.region.c.missed + statement.excluded.missed,
    }
    return statement.on_conflict_do_update(index_elements=["region", "slot"], set_=added)
