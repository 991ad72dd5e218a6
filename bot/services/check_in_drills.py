"""Drills every month: offered, never begun by itself, and silent where silence is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.messages import Button, Outgoing
from bot.services.check_in_effects import BUTTON
from bot.services.check_in_setup import is_silent
from bot.services.ports import Envelope, Lane, Timer
from bot.services.pressed import extra_data

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import PersonId
    from bot.services.ports import Clock, DueTimer, Store, Tx

KIND = "check-in-drill"
NOW, NEVER = "drill-now", "drill-never"
"""Names of the two buttons under the offer."""

EVERY = timedelta(days=30)
_STALE = timedelta(days=2)


def every_month(tx: Tx, person: PersonId, now: datetime) -> None:
    """Offer a drill in a month, and every month from then on."""
    tx.timers.set(Timer(kind=KIND, key=person, due_at=now + EVERY, person=person))


def never(tx: Tx, person: PersonId) -> None:
    """Offer none any more."""
    tx.timers.cancel(KIND, person)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drills:
    """Makes the offer when its month is over."""

    store: Store
    clock: Clock
    library: Callable[[], Library]
    wake: Callable[[], None] = lambda: None

    async def due(self, due: DueTimer) -> None:
        """Offer a drill to somebody who is still under watch."""
        person, now = due.timer.person, self.clock.now()
        if person is not None:
            await self.store.write(lambda tx: self._offer(tx, person, now))
            self.wake()

    def _offer(self, tx: Tx, person: PersonId, now: datetime) -> None:
        who = tx.people.find(person)
        if who is None or not tx.plans.of(person):
            return
        every_month(tx, person, now)
        if who.gone_since is not None or is_silent(tx, person):
            return
        library = self.library()
        language = library.language(who.speaks)
        rows = tuple(
            (Button(label=library.say(phrase, language), data=extra_data(BUTTON, name)),)
            for phrase, name in (("checkin_drill_now", NOW), ("checkin_drill_never", NEVER))
        )
        message = Outgoing(
            text=library.say("checkin_drill_month", language), language=language, buttons=rows
        )
        tx.outbox.add(
            [
                Envelope(
                    person=person, message=message, lane=Lane.CHECK_IN,
                    dedup_key=f"drill:{person}:{now.date().isoformat()}", due_at=now,
                    expires_at=now + _STALE, sensitive=True, keep=True,
                )
            ]
        )  # fmt: skip
