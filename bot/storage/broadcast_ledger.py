"""The ledger: one row a person and alert, claimed and settled like a message of the outbox.

Sums over its rows are the only truth about an alert; nothing is counted elsewhere.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, bindparam, case, func, insert, select, text, update
from sqlalchemy import delete as delete_from

from bot.domain.broadcasts import Answer, Outcome, Reason
from bot.domain.ids import AlertId, ChannelName, LanguageTag, PersonId
from bot.domain.quiet import read as read_clock
from bot.services.broadcast_ports import Counts, LedgerRow, Settled, StandingCopy
from bot.storage.broadcast_choosing import FIRST, REST, ROW, counted, frozen, reached, silent_chat
from bot.storage.broadcast_roll_call import MINUTE, RollCallRows, minute_of, reached_them
from bot.storage.broadcast_subscribers import leave
from bot.storage.broadcast_tables import ledger, subscriber
from bot.storage.codec import dump
from bot.storage.rows import micros, moment
from bot.storage.tables import person as people

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime, timedelta

    from sqlalchemy import Row, Select

    from bot.domain.audiences import Audience
    from bot.domain.quiet import OwnClock

_WAITING = text("ledger.state = 'waiting'")
_CLAIMED = text("ledger.state = 'claimed'")
_FREE = {"state": Outcome.WAITING, "claimed_by": None, "lease_until": None}


class LedgerRows(RollCallRows):
    """Implements `Ledger`."""

    __slots__ = ()

    # -- the list ----------------------------------------------------------------------------

    def preview(self, audience: Audience, kinds: Collection[str]) -> Counts:
        """Count whom an alert would go to, and who would be left out and why. Writes nothing."""
        return self._counts(self.conn.execute(counted(audience, kinds, self.cipher)))

    def freeze(self, alert: AlertId, audience: Audience, kinds: Collection[str]) -> int:
        """Write one row for everybody who is meant; return how many. One statement."""
        chosen = frozen(alert, audience, kinds, self.cipher)
        return self.count(insert(ledger).from_select(list(ROW), chosen))

    def freeze_reached(self, alert: AlertId, parent: AlertId) -> int:
        """Write one row for everybody whom another alert reached, or may have reached."""
        return self.count(insert(ledger).from_select(list(ROW), reached(alert, parent)))

    def unfreeze(self, alert: AlertId) -> None:
        """Delete the rows of an alert that goes back to its authors."""
        self.conn.execute(delete_from(ledger).where(ledger.c.alert == alert))

    def schedule(self, alert: AlertId, *, due: Callable[[OwnClock], datetime], limit: int) -> int:
        """Set when so many more are due; return how many that were, none at the end."""
        theirs = (ledger.c.alert == alert, _WAITING, ledger.c.due_at == 0)
        wanted = select(ledger.c.seq, ledger.c.clock).where(*theirs).order_by(ledger.c.seq)
        rows = self.conn.execute(wanted.limit(limit)).all()
        known = self.meanings({row.clock for row in rows})
        moments = {tag: micros(due(read_clock(clock))) for tag, clock in known.items()}
        for at in sorted(set(moments.values())):
            same = [tag for tag, one in moments.items() if one == at]
            piece = (ledger.c.seq <= rows[-1].seq, ledger.c.clock.in_(same))
            self.conn.execute(update(ledger).where(*theirs, *piece).values(due_at=at))
        return len(rows)

    def choose_first(self, alert: AlertId, number: int) -> None:
        """Let so many go first, of those who are due soonest; not always the same people."""
        # Another place of the pseudonym each time.
        place = 1 + int(self.cipher.tag(alert, purpose="canary")[:4], 16) % 24
        first = (
            select(ledger.c.seq)
            .where(ledger.c.alert == alert, _WAITING)
            .order_by(ledger.c.due_at, func.substr(ledger.c.person, place, 8))
            .limit(number)
        )
        self.conn.execute(update(ledger).where(ledger.c.seq.in_(first)).values(wave=FIRST))

    def close(
        self, alert: AlertId, outcome: Outcome, reason: str, *, at: datetime, limit: int
    ) -> int:
        """End so many waiting rows; those that may have arrived become uncertain."""
        doubt, busy = ledger.c.attempts > 0, ledger.c.reason == Reason.BUSY
        waiting = select(ledger.c.seq).where(ledger.c.alert == alert, _WAITING).limit(limit)
        return self.count(
            update(ledger)
            .where(ledger.c.seq.in_(waiting))
            .values(
                state=case(
                    (doubt, Outcome.UNCERTAIN.value),
                    (busy, Outcome.EXCLUDED.value),
                    else_=outcome.value,
                ),
                reason=case((doubt, ""), (busy, Reason.BUSY.value), else_=reason),
                person=case((doubt, ledger.c.person), else_=""),
                settled_at=minute_of(at),
            )
        )

    def wipe(self, alert: AlertId, *, limit: int) -> int:
        """Forget who was on the list, so many at once; the sums stay."""
        known = (ledger.c.alert == alert, ledger.c.person != "")
        some = select(ledger.c.seq).where(*known).limit(limit)
        nobody = {"person": "", "refs": None, "ask_at": None, "bundle": None}
        return self.count(update(ledger).where(ledger.c.seq.in_(some)).values(**nobody))

    # -- on the way --------------------------------------------------------------------------

    def claim(
        self,
        alert: AlertId,
        *,
        channel: ChannelName,
        first_wave_only: bool,
        worker: str,
        now: datetime,
        lease: timedelta,
        limit: int,
    ) -> list[LedgerRow]:
        """Lease rows that are due; settles those that have no address any more."""
        found: list[Row[Any]] = []
        for wave in (FIRST,) if first_wave_only else (FIRST, REST):
            while len(found) < limit:
                asked = {
                    "of": alert, "by_channel": channel, "in_wave": wave, "now": micros(now),
                    "most": limit - len(found), "taken": [row.seq for row in found],
                }  # fmt: skip
                rows = self.conn.execute(_DUE, asked).all()
                hushed = [row.seq for row in rows if row.hushed]
                self._end(hushed, Outcome.EXCLUDED, Reason.SILENCE, at=now)
                lost = [row.seq for row in rows if row.address is None and not row.hushed]
                self._end(lost, Outcome.UNREACHABLE, "", at=now)
                found += [row for row in rows if row.address is not None and not row.hushed]
                if not (hushed or lost):
                    break
        return self._leased(found, worker=worker, until=now + lease)

    def claim_with(
        self,
        row: LedgerRow,
        alerts: Collection[AlertId],
        *,
        worker: str,
        now: datetime,
        lease: timedelta,
    ) -> list[LedgerRow]:
        """Lease what else of these alerts is due for the same person, oldest first."""
        wanted = (
            select(ledger, people.c.address)
            .select_from(ledger.join(people, people.c.id == ledger.c.person))
            .where(
                _WAITING,
                ledger.c.person == row.person,
                ledger.c.alert.in_(list(alerts)),
                ledger.c.channel == row.channel,
                ledger.c.due_at <= micros(now),
                people.c.address.is_not(None),
            )
            .order_by(ledger.c.seq)
            .with_for_update(of=ledger, skip_locked=True)
        )
        return self._leased(self.conn.execute(wanted).all(), worker=worker, until=now + lease)

    def _end(self, seqs: list[int], outcome: Outcome, reason: str, *, at: datetime) -> None:
        if seqs:
            ended = {"state": outcome, "reason": reason, "person": "", "settled_at": minute_of(at)}
            self.conn.execute(update(ledger).where(ledger.c.seq.in_(seqs)).values(**ended))

    def _leased(
        self, found: Sequence[Row[Any]], *, worker: str, until: datetime
    ) -> list[LedgerRow]:
        if found:
            leased = {"those": [row.seq for row in found], "by": worker, "until": micros(until)}
            self.conn.execute(_CLAIM, leased)
        known = self.meanings({row.lang for row in found} | {row.clock for row in found})
        return [
            LedgerRow(
                seq=row.seq,
                alert=AlertId(row.alert),
                person=PersonId(row.person),
                channel=ChannelName(row.channel),
                address=self._address(row.person, row.address),
                language=LanguageTag(known[row.lang]),
                attempts=row.attempts,
                digest=read_clock(known[row.clock]).digest,
            )
            for row in found
        ]

    def settle(self, outcomes: Sequence[Settled], *, worker: str, at: datetime) -> int:
        """Write what became of leased rows; return how many leases still held."""
        held = 0
        for one in outcomes:
            asked: dict[str, Any] = {"row": one.row.seq, "by": worker, "to": one.outcome}
            if one.outcome is Outcome.WAITING:
                asked |= {"at": micros(one.again_at or at), "more": int(one.uncertain)}
                asked |= {"why": one.reason}
                held += self.count(_AGAIN, asked)
                continue
            refs = dump(list(one.refs)) if one.refs else None
            stays = one.outcome in {Outcome.DELIVERED, Outcome.UNCERTAIN}
            asked |= {
                "why": one.reason,
                "whose": one.row.person if stays else "",
                "minute": minute_of(at),
                # Not padded: message ids are alike in length, and there are many.
                "ids": refs and self.cipher.seal(refs, context=f"ledger/refs/{one.row.seq}"),
                "ask": None if one.ask_at is None else micros(one.ask_at),
                "with": one.bundle,
            }
            held += self.count(_SETTLE, asked)
        return held

    def recover(self, *, now: datetime) -> int:
        """Return rows whose lease ran out to waiting, with their attempt counted."""
        return self.count(
            update(ledger)
            .where(_CLAIMED, ledger.c.lease_until <= micros(now))
            .values(**_FREE, attempts=ledger.c.attempts + 1)
        )

    def unfinished(self, alert: AlertId, *, first_wave_only: bool = False) -> int:
        """Return how many rows are not final (at most one is counted)."""
        # One after the other: each has an index of its own, however many are final.
        for state in (_WAITING, _CLAIMED):
            theirs: list[Any] = [ledger.c.alert == alert, state]
            if first_wave_only:
                theirs.append(ledger.c.wave == FIRST)
            found = select(ledger.c.seq).where(*theirs).limit(1)
            if self.conn.execute(found).first() is not None:
                return 1
        return 0

    def next_due(self, alert: AlertId) -> datetime | None:
        """Return when the first waiting row is due."""
        first = select(func.min(ledger.c.due_at)).where(ledger.c.alert == alert, _WAITING)
        value = self.conn.execute(first).scalar_one()
        return None if value is None else moment(value)

    # -- sums --------------------------------------------------------------------------------

    def counts(self, alert: AlertId, *, first_wave_only: bool = False) -> Counts:
        """Count rows by language, outcome and reason."""
        columns = (ledger.c.lang, ledger.c.state, ledger.c.reason)
        theirs = [ledger.c.alert == alert]
        if first_wave_only:
            theirs.append(ledger.c.wave == FIRST)
        return self._counts(
            self.conn.execute(select(*columns, func.count()).where(*theirs).group_by(*columns))
        )

    # -- what stands in chats ----------------------------------------------------------------

    def standing(self, alert: AlertId, *, after: int, limit: int) -> list[StandingCopy]:
        """Return copies that stand in chats, in the order of rows, after row `after`."""
        wanted = (
            select(ledger, people.c.address)
            .select_from(ledger.outerjoin(people, people.c.id == ledger.c.person))
            .where(ledger.c.alert == alert, ledger.c.refs.is_not(None), ledger.c.seq > after)
            .order_by(ledger.c.seq)
            .limit(limit)
        )
        rows = self.conn.execute(wanted).all()
        languages = self.meanings({row.lang for row in rows})
        return [
            StandingCopy(
                seq=row.seq,
                person=PersonId(row.person),
                channel=ChannelName(row.channel),
                address="" if row.address is None else self._address(row.person, row.address),
                language=LanguageTag(languages[row.lang]),
                refs=tuple(
                    json.loads(self.cipher.open(row.refs, context=f"ledger/refs/{row.seq}"))
                ),
                beside=self._beside(row),
            )
            for row in rows
        ]

    def _beside(self, row: Row[Any]) -> tuple[AlertId, ...]:
        if row.bundle is None:
            return ()
        others = (
            select(ledger.c.alert)
            .where(
                ledger.c.bundle == row.bundle, ledger.c.seq != row.seq, ledger.c.refs.is_not(None)
            )
            .order_by(ledger.c.seq)
        )
        return tuple(AlertId(one) for one in self.conn.execute(others).scalars())

    def taken_back(self, seqs: Sequence[int]) -> None:
        """Forget the message ids of copies that are gone, changed, or can never be."""
        if seqs:
            self.conn.execute(update(ledger).where(ledger.c.seq.in_(list(seqs))).values(refs=None))

    # -- leaving -----------------------------------------------------------------------------

    def lately(self, person: PersonId, *, since: datetime) -> list[AlertId]:
        """Return alerts that came to somebody since a moment, newest first."""
        wanted = (
            select(ledger.c.alert)
            .where(
                ledger.c.person == person,
                reached_them(),
                ledger.c.settled_at >= micros(since) - MINUTE,
            )
            .order_by(ledger.c.settled_at.desc(), ledger.c.seq.desc())
        )
        return [AlertId(one) for one in self.conn.execute(wanted).scalars()]

    def leave(self, person: PersonId, alerts: Collection[AlertId] | None = None) -> int:
        """Opt somebody out of what waits for them, of some alerts or of all."""
        if alerts is None:
            leave(self.conn, person)
            return 0
        theirs = (
            ledger.c.person == person,
            ledger.c.state == Outcome.WAITING,
            ledger.c.alert.in_(list(alerts)),
        )
        asked = (ledger.c.person == person, ledger.c.alert.in_(list(alerts)))
        self.conn.execute(update(ledger).where(*asked).values(ask_at=None))
        return self.count(update(ledger).where(*theirs).values(state=Outcome.OPTED_OUT))

    # -- small ones --------------------------------------------------------------------------

    def _counts(self, rows: Any) -> Counts:
        found = rows.all()
        languages = self.meanings({row[0] for row in found})
        counts: Counts = {}
        for lang, state, reason, number in found:
            key = (LanguageTag(languages[lang]), Outcome(state), reason)
            counts[key] = counts.get(key, 0) + number
        return counts

    def _address(self, person: str, sealed: bytes) -> str:
        return self.open(sealed, context=f"person/address/{person}").decode()


def mark_gone(conn: Any, person: str, *, gone: bool) -> None:
    """Note whether somebody's channel takes messages; only for those who take alerts."""
    conn.execute(_GONE, {"of": person, "flag": gone})


def _due() -> Select[Any]:
    return (
        select(ledger, people.c.address, silent_chat().label("hushed"))
        .select_from(ledger.outerjoin(people, people.c.id == ledger.c.person))
        .where(
            _WAITING,
            ledger.c.alert == bindparam("of"),
            ledger.c.channel == bindparam("by_channel"),
            ledger.c.wave == bindparam("in_wave"),
            ledger.c.due_at <= bindparam("now"),
            ledger.c.seq.not_in(bindparam("taken", expanding=True)),
        )
        .order_by(ledger.c.due_at, ledger.c.seq)
        .limit(bindparam("most"))
        .with_for_update(of=ledger, skip_locked=True)
    )


_DUE = _due()
_CLAIM = (
    update(ledger)
    .where(ledger.c.seq.in_(bindparam("those", expanding=True)))
    .values(state=Outcome.CLAIMED, claimed_by=bindparam("by"), lease_until=bindparam("until"))
)
_MINE = (ledger.c.seq == bindparam("row"), _CLAIMED, ledger.c.claimed_by == bindparam("by"))
_SETTLE = (
    update(ledger)
    .where(*_MINE)
    .values(
        state=bindparam("to"), reason=bindparam("why"), person=bindparam("whose"),
        settled_at=bindparam("minute"), refs=bindparam("ids"), claimed_by=None, lease_until=None,
        # Whoever answered before the channel did is not asked again.
        ask_at=case(
            (ledger.c.answer.in_([Answer.SAFE, Answer.HELP]), None),
            else_=bindparam("ask", type_=BigInteger),
        ),
        bundle=bindparam("with"),
    )
)  # fmt: skip
_AGAIN = (
    update(ledger)
    .where(*_MINE)
    .values(
        state=bindparam("to"), due_at=bindparam("at"), reason=bindparam("why"),
        claimed_by=None, lease_until=None,
        attempts=ledger.c.attempts + bindparam("more"),
    )
)  # fmt: skip
_GONE = (
    update(subscriber)
    .where(subscriber.c.person == bindparam("of"), subscriber.c.gone != bindparam("flag"))
    .values(gone=bindparam("flag"))
)
