"""Plans and standings as bytes, before they are sealed: compact, and always of one size.

A standing is filled up to one bucket whatever it holds, so that an alarm does not show in a row.
"""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.ids import LanguageTag, PersonId
from bot.domain.plans import Authorities, Preset, Terms
from bot.domain.recurrence import Rhythm
from bot.domain.watch import (
    Alarm,
    Cause,
    Cycle,
    Ladder,
    Standing,
    State,
    Tier,
    Timings,
)
from bot.storage.codec import dump
from bot.storage.rows import micros, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

FILLED = 700
"""Bytes that every standing has at least: with four more of a length it lies in one bucket."""

_SECOND = timedelta(seconds=1)


def standing_to_bytes(standing: Standing, slot: int) -> bytes:
    """Return a standing as bytes of one size."""
    cycle, alarm = standing.cycle, standing.alarm
    data = [
        cycle.number, micros(cycle.due_at), cycle.state, cycle.reminded, cycle.extensions,
        cycle.wrong, int(cycle.confirm_asked), _at(cycle.held_until), _ladder(cycle.ladder),
        sorted(cycle.reached), cycle.acts, int(cycle.region_out), int(cycle.unreachable),
        _span(cycle.pause_wanted), _at(cycle.resume_at), cycle.approvals,
        alarm and [
            alarm.cause, _ladder(alarm.ladder), micros(alarm.decide_by), int(alarm.pressed),
            alarm.act,
        ],
        _at(standing.echo_at), standing.wrong_pins, slot,
    ]  # fmt: skip
    return dump(data).ljust(FILLED)


def standing_from_bytes(raw: bytes) -> tuple[Standing, int]:
    """Return the standing and slot that `standing_to_bytes` was given."""
    (
        number, due, state, reminded, extensions, wrong, asked, held, ladder, reached, acts,
        region_out, unreachable, pause, resume, approvals, alarm, echo, pins, slot,
    ) = json.loads(raw)  # fmt: skip
    cycle = Cycle(
        number=number,
        due_at=moment(due),
        state=State(state),
        reminded=reminded,
        extensions=extensions,
        wrong=wrong,
        confirm_asked=bool(asked),
        held_until=_moment(held),
        ladder=_to_ladder(ladder),
        reached=frozenset(State(one) for one in reached),
        acts=acts,
        region_out=bool(region_out),
        unreachable=bool(unreachable),
        pause_wanted=_to_span(pause),
        resume_at=_moment(resume),
        approvals=tuple((what, by) for what, by in approvals),
    )
    raised = None
    if alarm is not None:
        climbing = _to_ladder(alarm[1])
        if climbing is not None:
            raised = Alarm(
                cause=Cause(alarm[0]),
                ladder=climbing,
                decide_by=moment(alarm[2]),
                pressed=bool(alarm[3]),
                # One that an earlier release wrote has no number.
                act=alarm[4] if len(alarm) > 4 else 0,  # noqa: PLR2004
            )
    found = Standing(cycle=cycle, alarm=raised, echo_at=_moment(echo), wrong_pins=pins)
    return found, slot


def terms_to_bytes(terms: Terms, person: PersonId) -> bytes:
    """Return what was agreed, and with whom, as bytes."""
    timings = terms.timings
    return dump(
        {
            "person": person,
            "tier": terms.tier,
            "first": terms.rhythm.first.isoformat(),
            "interval": _span(terms.rhythm.interval),
            "zone": terms.zone,
            "language": terms.language,
            "preset": terms.preset,
            "timings": timings
            and [
                [_span(one) for one in timings.reminders],
                _span(timings.l1),
                _span(timings.l2),
                _span(timings.l3),
            ],
            "region": terms.region,
            "bland": terms.bland,
            "quiet": terms.quiet,
            "authorities": terms.authorities,
            "contacts": terms.contacts,
            "coordinators": terms.coordinators,
            "flags": [name for name in _FLAGS if getattr(terms, name)],
            "false_alarms": [day.isoformat() for day in terms.false_alarms],
            "causes": terms.causes,
        }
    ).ljust(FILLED)


def terms_from_bytes(raw: bytes) -> tuple[Terms, PersonId]:
    """Return what `terms_to_bytes` was given; what a later release added is left out."""
    data: dict[str, Any] = json.loads(raw)
    quiet, timings = data["quiet"], data["timings"]
    return Terms(
        tier=Tier(data["tier"]),
        rhythm=Rhythm(
            first=datetime.fromisoformat(data["first"]), interval=_to_span(data["interval"])
        ),
        zone=data["zone"],
        language=LanguageTag(data["language"]),
        preset=Preset(data["preset"]),
        timings=timings and _to_timings(timings),
        region=data["region"],
        bland=data["bland"],
        quiet=quiet and (quiet[0], quiet[1]),
        authorities=Authorities(data["authorities"]),
        contacts=data["contacts"],
        coordinators=data["coordinators"],
        false_alarms=tuple(date.fromisoformat(day) for day in data["false_alarms"]),
        causes=tuple(data["causes"]),
        **{name: name in data["flags"] for name in _FLAGS},
    ), PersonId(data["person"])


_FLAGS = ("shuffled", "has_safe_word", "duress_wakes_contacts", "purge", "drill", "canary")


def _at(value: datetime | None) -> int | None:
    return None if value is None else micros(value)


def _moment(value: int | None) -> datetime | None:
    return None if value is None else moment(value)


def _span(value: timedelta | None) -> int | None:
    return None if value is None else value // _SECOND


def _to_span(value: int | None) -> timedelta | None:
    return None if value is None else value * _SECOND


def _to_timings(data: Sequence[Any]) -> Timings:
    reminders, l1, l2, l3 = data
    return Timings(
        reminders=tuple(one * _SECOND for one in reminders),
        l1=l1 * _SECOND,
        l2=l2 * _SECOND,
        l3=l3 * _SECOND,
    )


def _ladder(ladder: Ladder | None) -> list[Any] | None:
    if ladder is None:
        return None
    return [micros(ladder.since), ladder.pages, micros(ladder.next_page), ladder.acknowledged_by]


def _to_ladder(data: Sequence[Any] | None) -> Ladder | None:
    if data is None:
        return None
    since, pages, next_page, by = data
    return Ladder(since=moment(since), pages=pages, next_page=moment(next_page), acknowledged_by=by)
