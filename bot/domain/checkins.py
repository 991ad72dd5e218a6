"""Check-ins: one pure transition table, `(plan, standing, event, now) → step`.

Decides who is asked, who is woken and when; knows nothing of rows, channels, words or keys. Where
the protocol gives a number it stands in `watch`, with its rule. What time does is in `climbing`,
what people do in `answering`.

Two things run side by side in a standing: the *cycle* that everybody sees, and the *alarm*, which a
duress word, a panic word or a cry for help raises. The cycle goes on after a duress word exactly as
after an OK, so that nobody who watches the chat can tell them apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from bot.domain import answering, climbing
from bot.domain.watch import (
    Acknowledged,
    Answered,
    Approved,
    CancelAsked,
    Changed,
    Confirmed,
    Effect,
    Event,
    Extended,
    HelpAsked,
    Moved,
    PauseAllowed,
    PauseAsked,
    Plan,
    Resumed,
    Standing,
    StoodDown,
    Ticked,
    Unreachable,
)

if TYPE_CHECKING:
    from datetime import datetime

wake_at = climbing.wake_at

FEWEST = 2
"""Coordinators on duty from which somebody is there to be woken: two, because one may sleep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What an event led to."""

    standing: Standing
    effects: tuple[Effect, ...] = ()
    wake_at: datetime | None = None
    """When time alone changes something next; None only for states that a human must leave."""


def step(plan: Plan, standing: Standing, event: Event, now: datetime) -> Step:
    """Take one event. Total: an event that means nothing here changes nothing."""
    standing, effects = _take(plan, standing, event, now)
    return Step(standing=standing, effects=tuple(effects), wake_at=wake_at(plan, standing))


def can_arm(plan: Plan, *, has_pin: bool = True) -> str | None:
    """Return why a plan cannot be armed, as a code, or None.

    With fewer than two coordinators on duty nobody is there to be woken: only T1, and only when a
    trusted contact accepted. Without a PIN whoever holds the phone could end it.
    """
    if plan.coordinators < FEWEST and plan.needs_word:
        return "nobody-on-duty"
    if plan.coordinators < FEWEST and plan.contacts == 0:
        return "no-contact"
    if not has_pin:
        return "pin-missing"
    if plan.needs_word and not plan.has_safe_word:
        return "safe-word-missing"
    return None


def _take(
    plan: Plan, standing: Standing, event: Event, now: datetime
) -> tuple[Standing, list[Effect]]:
    match event:
        case Ticked():
            return climbing.tick(plan, standing, event, now)
        case Unreachable():
            return climbing.unreachable(plan, standing)
        case Answered():
            return answering.answer(plan, standing, event.reply, now)
        case HelpAsked():
            return answering.ask_for_help(plan, standing, event.cause, now)
        case Extended():
            return answering.extend(plan, standing, event, now)
        case PauseAsked():
            return answering.pause(plan, standing, event, now)
        case CancelAsked():
            return answering.cancel(standing, event, now)
        case Changed():
            return answering.change(standing, event, now)
        case PauseAllowed():
            return answering.allow_pause(standing, now)
        case Acknowledged():
            return answering.acknowledge(standing, event, now)
        case Confirmed():
            return answering.confirm(plan, standing, now)
        case StoodDown():
            return answering.stand_down(plan, standing, event)
        case Approved():
            return answering.approve(standing, event)
        case Resumed():
            return answering.resume(standing, event)
        case Moved():
            return answering.move(standing, event)
        case _ as never:
            assert_never(never)
