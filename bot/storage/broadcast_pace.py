"""One pace a bot for all processes: a row that says when the next message may leave.

Reserving moves the row in the same transaction that claims what is sent, so that two processes
never spend the same moment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select, update

from bot.storage.broadcast_tables import pace
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from datetime import datetime

_READ = select(pace.c.next_at).where(pace.c.scope == bindparam("of")).with_for_update()
_WRITE = update(pace).where(pace.c.scope == bindparam("of")).values(next_at=bindparam("at"))


class PaceRows(Rows):
    """Implements `Paces`."""

    __slots__ = ()

    def room(
        self, scope: str, *, now: datetime, every: timedelta, burst: int, ahead: timedelta
    ) -> int:
        """Return how many may be reserved up to `ahead`; holds the scope until the unit ends."""
        first = self._first(scope, now, every, burst)
        return max(0, (micros(now + ahead) - first) // _span(every) + 1)

    def reserve(
        self, scope: str, number: int, *, now: datetime, every: timedelta, burst: int
    ) -> list[datetime]:
        """Reserve so many places and return their moments."""
        if number <= 0:
            return []
        first = self._first(scope, now, every, burst)
        span = _span(every)
        self.conn.execute(_WRITE, {"of": scope, "at": first + number * span})
        return [moment(first + place * span) for place in range(number)]

    def hold(self, scope: str, *, until: datetime) -> None:
        """Let nothing leave before a moment."""
        if self._next(scope) < micros(until):
            self.conn.execute(_WRITE, {"of": scope, "at": micros(until)})

    def _first(self, scope: str, now: datetime, every: timedelta, burst: int) -> int:
        # What was not used is kept, but never more than a burst of it.
        return max(self._next(scope), micros(now) - burst * _span(every))

    def _next(self, scope: str) -> int:
        found = self.conn.execute(_READ, {"of": scope}).scalar_one_or_none()
        if found is None:
            self.conn.execute(self.insert_new(pace), {"scope": scope, "next_at": 0})
            found = self.conn.execute(_READ, {"of": scope}).scalar_one()
        return int(found)


def _span(every: timedelta) -> int:
    # Rounded up: a little slower than allowed, never faster.
    return max(1, every // timedelta(microseconds=1) + 1)
