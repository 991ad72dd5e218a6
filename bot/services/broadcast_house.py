"""What the house does with alerts by itself: begins, widens, pauses, finishes, forgets.

Every step happens under the alert's lock and looks at rows, never at what a process remembers.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.broadcasts import (
    Act,
    Alert,
    Outcome,
    Reason,
    Severity,
    State,
    Timing,
    adds_up,
    after,
    canary_failed,
    canary_size,
    waits_for_digest,
)
from bot.domain.quiet import OwnClock, due
from bot.services.broadcast_pages import call_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.services.broadcast_ports import Counts
    from bot.services.ports import Tx

PIECE = 10_000
"""So many rows are changed in one step of a second: an alert to many never holds up a reply."""

REMEMBERED = timedelta(hours=48)
"""So long after its begin a copy can be taken back; then nobody needs to know who got it."""


def step(tx: Tx, alert: Alert, now: datetime) -> Alert:
    """Take an alert one step further, if time or its rows allow one. Called under its lock."""
    match alert.state:
        case State.SCHEDULED:
            return _begin(tx, alert, now)
        case State.CANARY | State.SENDING | State.PAUSED:
            return _go_on(tx, alert, now)
        case State.ABORTED | State.RECALLING:
            return _run_out(tx, alert, now)
        case State.COMPLETE | State.RECALLED:
            return _forget(tx, alert, now)
        case _:
            return tx.alerts.replace(alert)


def _begin(tx: Tx, alert: Alert, now: datetime) -> Alert:
    plan = alert.content.plan
    if plan.at is not None and plan.at > now:
        return alert
    # In pieces: on SQLite nobody is answered while one is written.
    if tx.ledger.schedule(alert.id, due=_due(alert, now), limit=PIECE) == PIECE:
        return alert
    if first := _canary(alert):
        tx.ledger.choose_first(alert.id, first)
    begun = replace(alert, begun_at=now, expires_at=now + _lasts(alert))
    return tx.alerts.replace(
        replace(begun, state=after(begun, Act.BEGIN) or State.SENDING), due=now
    )


def _canary(alert: Alert) -> int:
    return canary_size(alert.frozen) if after(alert, Act.BEGIN) is State.CANARY else 0


def _lasts(alert: Alert) -> timedelta:
    # Their own clock, quiet hours and the digest may all come up to a day later.
    waits = alert.content.severity is not Severity.RED
    return alert.content.plan.lasts + (timedelta(hours=24) if waits else timedelta())


def _due(alert: Alert, now: datetime) -> Callable[[OwnClock], datetime]:
    content = alert.content
    own = content.plan.clock if content.plan.timing is Timing.OWN_CLOCK else None
    loud = content.severity is Severity.RED

    def when(clock: OwnClock) -> datetime:
        return due(clock, now, quiet=not loud, digest=waits_for_digest(alert), own=own)

    return when


def _go_on(tx: Tx, alert: Alert, now: datetime) -> Alert:
    if alert.expires_at is not None and now >= alert.expires_at:
        tx.ledger.close(alert.id, Outcome.EXPIRED, "", at=now, limit=PIECE)
    if not tx.ledger.unfinished(alert.id):
        return _finish(tx, alert, now)
    if alert.state is State.CANARY and not tx.ledger.unfinished(alert.id, first_wave_only=True):
        counts = tx.ledger.counts(alert.id, first_wave_only=True)
        if canary_failed(_over_languages(counts)):
            paused = replace(alert, state=State.PAUSED, paused_by=None, paused_for="canary")
            call_for(tx, alert, now)
            return tx.alerts.replace(paused, due=now)
        if alert.begun_at is not None and now >= alert.begun_at + alert.content.plan.hold:
            widened = replace(alert, state=State.SENDING, widened=True)
            return tx.alerts.replace(widened, due=now)
    return alert


def _finish(tx: Tx, alert: Alert, now: datetime) -> Alert:
    counts = _over_languages(tx.ledger.counts(alert.id))
    if not adds_up(alert, counts):
        # Cannot happen; if it does a human must see it, and the alert must not call itself done.
        call_for(tx, alert, now)
        return tx.alerts.replace(replace(alert, state=State.PAUSED, paused_for="sum"), due=None)
    done = replace(alert, state=State.COMPLETE, ended_at=now)
    return tx.alerts.replace(done, due=_forgotten_at(alert, now))


def _run_out(tx: Tx, alert: Alert, now: datetime) -> Alert:
    tx.ledger.close(alert.id, Outcome.EXCLUDED, Reason.ABORTED, at=now, limit=PIECE)
    if tx.ledger.unfinished(alert.id):
        return alert
    if alert.state is State.RECALLING:
        if tx.ledger.standing(alert.id, after=0, limit=1):
            return alert
        done = replace(alert, state=State.RECALLED, ended_at=alert.ended_at or now)
        return tx.alerts.replace(done, due=_forgotten_at(alert, now))
    if alert.ended_at is None:
        done = replace(alert, ended_at=now)
        return tx.alerts.replace(done, due=_forgotten_at(alert, now))
    return _forget(tx, alert, now)


def _forget(tx: Tx, alert: Alert, now: datetime) -> Alert:
    """Forget who was on the list, once nothing can be taken back and no answer is awaited."""
    forgotten = _forgotten_at(alert, now)
    if now < forgotten:
        tx.alerts.rest(alert.id, until=forgotten)
        return alert
    if tx.ledger.wipe(alert.id, limit=PIECE) == PIECE:
        return alert
    return tx.alerts.replace(alert)


def _forgotten_at(alert: Alert, now: datetime) -> datetime:
    begun = alert.begun_at or now
    return max(begun + REMEMBERED, alert.expires_at or begun)


def _over_languages(counts: Counts) -> dict[tuple[Outcome, str], int]:
    found: dict[tuple[Outcome, str], int] = {}
    for (_, outcome, reason), number in counts.items():
        found[outcome, reason] = found.get((outcome, reason), 0) + number
    return found


def forget_old(tx: Tx, before: datetime) -> int:
    """Delete alerts whose time of keeping is over; return how many."""
    gone = 0
    for id_ in tx.alerts.old(before):
        alert = tx.alerts.get(id_, lock=True)
        if alert is not None and (alert.ended_at or alert.state in {State.DRAFT, State.SUBMITTED}):
            tx.alerts.delete(id_)
            gone += 1
    return gone
