"""Which copies of alerts may leave now: rows claimed at the bot's pace and put into words.

Good-to-know alerts for somebody who wants one message a day are put into one; it counts as one
against the pace, and every row in it is settled alike.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import SENDING, Outcome, Reason, Severity, State, waits_for_digest
from bot.domain.roll_calls import first_ask
from bot.services.broadcast_ladder import in_a_report
from bot.services.broadcast_ports import Settled
from bot.services.broadcast_texts import DIGEST_SIGNS, compose, compose_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import AlertId, ChannelName, LanguageTag
    from bot.domain.messages import Outgoing
    from bot.services.broadcast_ports import LedgerRow
    from bot.services.pace import Rate
    from bot.services.ports import Tx

AHEAD = timedelta(seconds=0.25)
"""So far is claimed: a turn of the sender."""

BUSY_AGAIN = timedelta(minutes=10)
"""After so long it is looked again whether somebody is still in the middle of a report."""

Pair = tuple["Alert", "LedgerRow"]


@dataclass(slots=True, kw_only=True)
class Copy:
    """One message to one person, ready to be shown at its moment."""

    rows: tuple[LedgerRow, ...]
    """One, or as many as alerts are in a digest."""
    message: Outgoing
    at: datetime
    ask_after: timedelta | None = None
    """How long after it a roll call is asked again."""

    @property
    def row(self) -> LedgerRow:
        """Return the row whose person, address and channel are those of all."""
        return self.rows[0]

    @property
    def bundle(self) -> str | None:
        """Return what its rows share; None for one that is alone."""
        at = int(self.at.timestamp())
        return f"{self.row.seq:x}-{at:x}" if len(self.rows) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claiming:
    """Claims for one sender."""

    channels: Collection[ChannelName]
    worker: str
    library: Callable[[], Library]
    rate: Rate
    paid: bool
    lease: timedelta
    said: dict[tuple[AlertId, LanguageTag, bool], Outgoing] = field(default_factory=dict)
    """What was put together in this turn."""

    def copies(self, tx: Tx, alerts: Sequence[Alert], room: int, now: datetime) -> list[Copy]:
        """Claim what may leave until the next turn, loudest alerts first."""
        sending = [one for one in alerts if one.state in SENDING]
        if not sending:
            return []
        library = self.library()
        copies: list[Copy] = []
        for channel in sorted(self.channels):
            free = min(room - len(copies), self.room(tx, channel, now))
            found: list[list[Pair]] = []
            for alert in sending:
                if len(found) >= free:
                    break
                claimed = tx.ledger.claim(
                    alert.id,
                    channel=channel,
                    first_wave_only=alert.state is State.CANARY,
                    worker=self.worker,
                    now=now,
                    lease=self.lease,
                    limit=free - len(found),
                )
                found += [
                    self._together(tx, alert, row, sending, now)
                    for row in claimed
                    if self._may(tx, library, alert, row, now)
                ]
            moments = self.reserve(tx, channel, len(found), now)
            copies += [
                self._copy(tx, library, pairs, at, now)
                for pairs, at in zip(found, moments, strict=True)
            ]
        return copies

    def room(self, tx: Tx, channel: ChannelName, now: datetime) -> int:
        """Return how many may leave until the next turn."""
        every = self.rate.every(channel, now)
        return tx.paces.room(channel, now=now, every=every, burst=self.rate.burst, ahead=AHEAD)

    def reserve(self, tx: Tx, channel: ChannelName, number: int, now: datetime) -> list[datetime]:
        """Take so many places and return their moments."""
        every = self.rate.every(channel, now)
        return tx.paces.reserve(channel, number, now=now, every=every, burst=self.rate.burst)

    def _may(self, tx: Tx, library: Library, alert: Alert, row: LedgerRow, now: datetime) -> bool:
        """Leave people alone who are in the middle of a report, unless it is red."""
        if alert.content.severity is Severity.RED or not in_a_report(tx, library, row.person):
            return True
        later = Settled(
            row=row, outcome=Outcome.WAITING, reason=Reason.BUSY, again_at=now + BUSY_AGAIN
        )
        tx.ledger.settle([later], worker=self.worker, at=now)
        return False

    def _together(
        self, tx: Tx, alert: Alert, row: LedgerRow, sending: Sequence[Alert], now: datetime
    ) -> list[Pair]:
        """Return a row with what else goes into the same message."""
        if not (row.digest and waits_for_digest(alert)):
            return [(alert, row)]
        others = {
            one.id: one
            for one in sending
            if one.id != alert.id and one.state is State.SENDING and waits_for_digest(one)
        }
        if not others:
            return [(alert, row)]
        beside = tx.ledger.claim_with(
            row, list(others), worker=self.worker, now=now, lease=self.lease
        )
        return [(alert, row), *((others[one.alert], one) for one in beside)]

    def _copy(
        self, tx: Tx, library: Library, pairs: list[Pair], at: datetime, now: datetime
    ) -> Copy:
        left: list[Pair] = []
        message = self._message(library, pairs)
        while len(pairs) > 1 and len(message.text) > DIGEST_SIGNS:
            # What does not fit comes in a message of its own.
            left.append(pairs.pop())
            message = self._message(library, pairs)
        back = [Settled(row=row, outcome=Outcome.WAITING, again_at=now) for _, row in left]
        tx.ledger.settle(back, worker=self.worker, at=now)
        return Copy(
            rows=tuple(row for _, row in pairs),
            message=replace(message, paid=self.paid),
            at=at,
            ask_after=first_ask(pairs[0][0].content),
        )

    def _message(self, library: Library, pairs: Sequence[Pair]) -> Outgoing:
        alert, row = pairs[0]
        if len(pairs) > 1:
            repeats = {one.id for one, claimed in pairs if claimed.attempts}
            alerts = [one for one, _ in pairs]
            return compose_digest(alerts, library, row.language, repeats=repeats)
        quiet = alert.content.severity is Severity.GREEN
        again = row.attempts > 0
        # The same words for many: they are put together once a turn.
        same = (alert.id, row.language, again)
        if same not in self.said:
            self.said[same] = compose(alert, library, row.language, repeat=again, silent=quiet)
        return self.said[same]
