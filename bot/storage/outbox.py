"""Messages on their way: leased, lane by lane, in each person's order.

A settled row keeps its dedup tag, its lane and the day, so that it is never written twice; body,
person and times go.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    bindparam,
    exists,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
    update,
)

from bot.domain.ids import ChannelName, OutboxId, PersonId
from bot.services.ports import Claimed, Envelope, Lane, OutboxState
from bot.storage.codec import outgoing_from_bytes, outgoing_to_bytes
from bot.storage.rows import Rows, micros, moment
from bot.storage.tables import outbox, person

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Row, Select

    from bot.domain.people import Person

_DAY = timedelta(days=1) // timedelta(microseconds=1)
# Literal, not bound: SQLite takes a partial index only when the statement says its condition.
_WAITING = text("outbox.state = 'waiting'")
_CLAIMED = text("outbox.state = 'claimed'")


class OutboxRows(Rows):
    """Implements `Outbox`."""

    __slots__ = ()

    def add(self, envelopes: Sequence[Envelope]) -> int:
        """Add what is not there yet (by `dedup_key`); return how many rows are new."""
        if not envelopes:
            return 0
        return len(self._add([self._row(one) for one in envelopes]))

    def add_claimed(
        self, envelopes: Sequence[Envelope], *, to: Person, worker: str, until: datetime
    ) -> list[Claimed]:
        """Add one person's messages of one lane; lease them at once unless earlier ones wait."""
        if not envelopes:
            return []
        rows = [self._row(one) for one in envelopes]
        if self.conn.execute(_EARLIER, {"of": to.id, "in_lane": int(envelopes[0].lane)}).first():
            self._add(rows)
            return []
        leased = {
            "state": OutboxState.CLAIMED,
            "claimed_by": worker,
            "lease_until": micros(until),
        }
        new = self._add([{**row, **leased} for row in rows])
        return [
            Claimed(
                id=OutboxId(row["id"]),
                person=to.id,
                channel=to.channel,
                address=to.address,
                message=one.message,
                lane=one.lane,
                attempts=0,
                sensitive=one.sensitive,
                keep=one.keep,
            )
            for one, row in zip(envelopes, rows, strict=True)
            if row["id"] in new
        ]

    def claim(
        self,
        *,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
        lanes: Collection[Lane],
        channels: Collection[ChannelName],
    ) -> list[Claimed]:
        """Lease due rows, lane by lane, oldest first, at most one a person; never one twice."""
        taken: dict[str, Row[Any]] = {}
        due = {lane for lane, at in self._first_due().items() if at <= micros(now)}
        for lane in sorted(due.intersection(lanes)):
            while len(taken) < limit:
                wanted = limit - len(taken)
                asked = {
                    "in_lane": int(lane), "now": micros(now), "channels": sorted(channels),
                    "taken": list(taken), "most": wanted,
                }  # fmt: skip
                rows = self.conn.execute(_DUE, asked).all()
                dead = [row for row in rows if self._dead(row, now)]
                taken |= {row.person: row for row in rows if row not in dead}
                if not dead:
                    break
        if taken:
            those = [row.seq for row in taken.values()]
            leased = {"those": those, "by": worker, "until": micros(now + lease)}
            self.conn.execute(_CLAIM, leased)
        return [self._claimed(row) for row in taken.values()]

    def settle(
        self, ids: Sequence[OutboxId], *, worker: str, state: OutboxState, at: datetime
    ) -> int:
        """Write a final state and wipe the bodies; return of how many we still had the lease."""
        day = micros(at) // _DAY * _DAY
        return self.count(_SETTLE, {"ids": list(ids), "by": worker, "to": state, "day": day})

    def retry(self, id_: OutboxId, *, worker: str, at: datetime, count: bool) -> bool:
        """Give a row back, to be sent at `at`; `count` it as an attempt that may have arrived."""
        mine = (outbox.c.id == id_, _CLAIMED, outbox.c.claimed_by == worker)
        attempts = outbox.c.attempts + int(count)
        given_back = {**_FREE, "due_at": micros(at), "attempts": attempts}
        return self.count(update(outbox).where(*mine).values(**given_back)) > 0

    def recover(self, *, now: datetime) -> int:
        """Return rows whose lease ran out to waiting, with their attempt counted."""
        return self.count(
            update(outbox)
            .where(_CLAIMED, outbox.c.lease_until <= micros(now))
            .values(**_FREE, attempts=outbox.c.attempts + 1)
        )

    def next_due(self, lanes: Collection[Lane]) -> datetime | None:
        """Return when the next waiting row is due."""
        first = self._first_due()
        value = min((first[lane] for lane in lanes if lane in first), default=None)
        return None if value is None else moment(value)

    def _first_due(self) -> dict[int, int]:
        """Return when the first waiting row of each lane is due, of those that have any."""
        found = self.conn.execute(_FIRST_DUE).all()
        return {lane: at for lane, at in found if at is not None}

    def _add(self, rows: Sequence[dict[str, Any]]) -> set[str]:
        """Insert what is new; return its ids."""
        if self.conn.dialect.name == "postgresql":
            returning = self.insert_new(outbox, returned="id")
            return set(self.conn.execute(returning, rows).scalars())
        # On SQLite RETURNING costs as much as the INSERT again, and it counts what it inserted.
        ids = {row["id"] for row in rows}
        if self.count(self.insert_new(outbox), rows) == len(rows):
            return ids
        return set(self.conn.execute(select(outbox.c.id).where(outbox.c.id.in_(ids))).scalars())

    def _row(self, envelope: Envelope) -> dict[str, Any]:
        id_ = self.new_id()
        expires = envelope.expires_at
        return {
            "id": id_,
            "dedup": self.cipher.tag(envelope.dedup_key, purpose="outbox"),
            "person": envelope.person,
            "lane": int(envelope.lane),
            "state": OutboxState.WAITING,
            "due_at": micros(envelope.due_at),
            "expires_at": None if expires is None else micros(expires),
            "attempts": 0,
            "claimed_by": None,
            "lease_until": None,
            "sensitive": envelope.sensitive,
            "keep": envelope.keep,
            "body": self.seal(outgoing_to_bytes(envelope.message), context=f"outbox/body/{id_}"),
        }

    def _dead(self, row: Row[Any], now: datetime) -> bool:
        """Settle a row that can no longer be sent; False when it can."""
        if row.expires_at is not None and row.expires_at <= micros(now):
            state = OutboxState.EXPIRED
        elif row.address is None:
            state = OutboxState.GONE
        else:
            return False
        ended = (
            update(outbox)
            .where(outbox.c.seq == row.seq)
            .values(**_WIPED, state=state, settled_at=micros(now) // _DAY * _DAY)
        )
        self.conn.execute(ended)
        return True

    def _claimed(self, row: Row[Any]) -> Claimed:
        address = self.open(row.address, context=f"person/address/{row.person}")
        body = self.open(row.body, context=f"outbox/body/{row.id}")
        return Claimed(
            id=OutboxId(row.id),
            person=PersonId(row.person),
            channel=ChannelName(row.channel),
            address=address.decode(),
            message=outgoing_from_bytes(body),
            lane=Lane(row.lane),
            attempts=row.attempts,
            sensitive=row.sensitive,
            keep=row.keep,
        )


_EARLIER = (
    select(outbox.c.seq)
    .where(
        outbox.c.person == bindparam("of"),
        outbox.c.lane == bindparam("in_lane"),
        outbox.c.settled_at.is_(None),
    )
    .limit(1)
)
_FREE = {"state": OutboxState.WAITING, "claimed_by": None, "lease_until": None}


_WIPED = {
    "person": "",
    "body": None,
    "due_at": 0,
    "expires_at": None,
    "claimed_by": None,
    "lease_until": None,
}
_SETTLE = (
    update(outbox)
    .where(
        outbox.c.id.in_(bindparam("ids", expanding=True)),
        _CLAIMED,
        outbox.c.claimed_by == bindparam("by"),
    )
    .values(**_WIPED, state=bindparam("to"), settled_at=bindparam("day"))
)


def _due() -> Select[Any]:
    """Return the statement for the heads of people's queues in one lane that may go now."""
    earlier = outbox.alias("earlier")
    behind = exists().where(
        earlier.c.person == outbox.c.person,
        earlier.c.lane == outbox.c.lane,
        earlier.c.seq < outbox.c.seq,
        earlier.c.settled_at.is_(None),
    )
    here = person.c.channel.in_(bindparam("channels", expanding=True))
    return (
        select(outbox, person.c.channel, person.c.address)
        .select_from(outbox.outerjoin(person, person.c.id == outbox.c.person))
        .where(
            _WAITING,
            outbox.c.lane == bindparam("in_lane"),
            outbox.c.due_at <= bindparam("now"),
            outbox.c.person.not_in(bindparam("taken", expanding=True)),
            # Rows of somebody who is not known any more are found too, and settled.
            or_(here, person.c.id.is_(None)),
            ~behind,
        )
        .order_by(outbox.c.due_at, outbox.c.seq)
        .limit(bindparam("most"))
        .with_for_update(of=outbox, skip_locked=True)
    )


_DUE = _due()
# One statement: most turns of a sender find nothing, and asking lane by lane costs four.
_FIRST_DUE = union_all(
    *(
        select(literal_column(str(int(lane))), func.min(outbox.c.due_at)).where(
            _WAITING, outbox.c.lane == literal_column(str(int(lane)))
        )
        for lane in Lane
    )
)
_CLAIM = (
    update(outbox)
    .where(outbox.c.seq.in_(bindparam("those", expanding=True)))
    .values(state=OutboxState.CLAIMED, claimed_by=bindparam("by"), lease_until=bindparam("until"))
)
