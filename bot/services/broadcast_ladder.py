"""Asks again those who stay silent after a roll call, and at last calls coordinators.

The rows of the ledger say who and when, so that nobody is kept in memory; a turn asks a few, in the
lane of check-ins, which no alert overtakes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Severity, State
from bot.domain.quiet import loud_from
from bot.domain.roll_calls import climbs
from bot.services.broadcast_pages import call_for_silence
from bot.services.broadcast_texts import compose_again
from bot.services.ports import Envelope, Lane

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.broadcasts import Alert
    from bot.domain.ids import PersonId
    from bot.services.broadcast_ports import Unanswered
    from bot.services.ports import Tx

BATCH = 15
"""So many are asked in a turn of a second: half of what a bot may send."""

BUSY_AGAIN = timedelta(minutes=10)
_ASKING = frozenset({State.CANARY, State.SENDING, State.COMPLETE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """Climbs for every roll call that asked for it."""

    library: Callable[[], Library]
    wake: Callable[[], None] = lambda: None

    def climb(self, tx: Tx, alert: Alert, now: datetime) -> int:
        """Ask who is due; return how many were. Called under the alert's lock."""
        content = alert.content
        if not (content.roll_call and content.ladder):
            return 0
        if alert.state is State.PAUSED:
            return 0
        if alert.state not in _ASKING:
            tx.ledger.ask_nobody(alert.id)
            return 0
        due = tx.ledger.to_ask(alert.id, now=now, limit=BATCH)
        for one in due:
            self._take(tx, alert, one, now)
        if alert.state is State.COMPLETE:
            self._rest(tx, alert)
        return len(due)

    def _take(self, tx: Tx, alert: Alert, one: Unanswered, now: datetime) -> None:
        if one.hushed:
            # Others hold that ladder already, or nobody is there any more.
            tx.ledger.asked([one.seq], ask_at=None, counted=False)
            return
        severity = alert.content.severity
        further = climbs(severity, one.asked)
        if further is None:
            tx.ledger.asked([one.seq], ask_at=None, counted=False)
            call_for_silence(tx, alert, now)
            return
        waits = None if severity is Severity.RED else self._waits(tx, one, now)
        if waits is not None:
            tx.ledger.asked([one.seq], ask_at=waits, counted=False)
            return
        message = compose_again(alert, self.library(), one.language)
        asked = Envelope(
            person=one.person, message=message, lane=Lane.CHECK_IN, due_at=now,
            dedup_key=f"roll-call:{alert.id}:{one.seq}:{one.asked}", expires_at=now + further,
        )  # fmt: skip
        tx.outbox.add([asked])
        tx.ledger.asked([one.seq], ask_at=now + further)
        self.wake()

    def _waits(self, tx: Tx, one: Unanswered, now: datetime) -> datetime | None:
        """Return until when somebody is let be: the end of the night, or of a report."""
        loud = loud_from(one.clock, now)
        if loud > now:
            return loud
        return now + BUSY_AGAIN if in_a_report(tx, self.library(), one.person) else None

    def _rest(self, tx: Tx, alert: Alert) -> None:
        """Let the house look again when the next one is due; forgetting has its own time."""
        following = tx.ledger.next_ask(alert.id)
        if following is not None:
            tx.alerts.rest(alert.id, until=following)


def in_a_report(tx: Tx, library: Library, person: PersonId) -> bool:
    """Tell whether somebody is in the middle of what should not be interrupted."""
    session = tx.sessions.load(person)
    frames = session.frames if session is not None else ()
    flows = (library.pinned(frame.flow, frame.hash) for frame in frames)
    return any(flow is not None and flow.sensitive for flow in flows)
