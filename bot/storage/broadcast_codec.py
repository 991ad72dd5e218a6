"""Alerts and subscriptions as plain data, before they are sealed.

Fields that a reader does not know are ignored and missing ones take their default.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.broadcasts import Alert, Content, Plan, Severity, State, Timing
from bot.domain.ids import AlertId, LanguageTag, PersonId
from bot.domain.quiet import OwnClock
from bot.domain.quiet import read as read_clock
from bot.domain.subscriptions import Subscription
from bot.storage.codec import dump

if TYPE_CHECKING:
    from collections.abc import Mapping


def alert_to_bytes(alert: Alert) -> bytes:
    """Return everything of an alert but its id, state and version."""
    content, plan = alert.content, alert.content.plan
    return dump(
        {
            "reference": alert.reference,
            "drill": alert.drill,
            "severity": content.severity,
            "audience": content.audience,
            "texts": dict(content.texts),
            "fallback": content.fallback,
            "topic": content.topic,
            "correction": dict(content.correction),
            "roll_call": content.roll_call,
            "ladder": content.ladder,
            "timing": plan.timing,
            "at": _moment(plan.at),
            "clock": plan.clock.strftime("%H:%M") if plan.clock else None,
            "lasts": plan.lasts.total_seconds(),
            "hold": plan.hold.total_seconds(),
            "created_by": alert.created_by,
            "created_at": _moment(alert.created_at),
            "editors": sorted(alert.editors),
            "submitted_by": alert.submitted_by,
            "approved_by": alert.approved_by,
            "paused_by": alert.paused_by,
            "paused_for": alert.paused_for,
            "begun_at": _moment(alert.begun_at),
            "expires_at": _moment(alert.expires_at),
            "ended_at": _moment(alert.ended_at),
            "widened": alert.widened,
            "frozen": alert.frozen,
            "edits": alert.edits,
            "corrected": alert.corrected,
            "parent": alert.parent,
        }
    )


def alert_from_bytes(id_: str, state: str, version: int, raw: bytes) -> Alert:
    """Return the alert that `alert_to_bytes` was given."""
    data: dict[str, Any] = json.loads(raw)
    created_at = _read(data["created_at"])
    if created_at is None:
        message = "an alert without a beginning"
        raise ValueError(message)
    parent = data.get("parent")
    return Alert(
        id=AlertId(id_),
        reference=data["reference"],
        state=State(state),
        version=version,
        drill=data["drill"],
        content=_content(data),
        created_by=data["created_by"],
        created_at=created_at,
        editors=frozenset(data["editors"]),
        submitted_by=data.get("submitted_by"),
        approved_by=data.get("approved_by"),
        paused_by=data.get("paused_by"),
        paused_for=data.get("paused_for", ""),
        begun_at=_read(data.get("begun_at")),
        expires_at=_read(data.get("expires_at")),
        ended_at=_read(data.get("ended_at")),
        widened=data.get("widened", False),
        frozen=data.get("frozen", 0),
        edits=data.get("edits", False),
        corrected=data.get("corrected", False),
        parent=None if parent is None else AlertId(parent),
    )


def _content(data: Mapping[str, Any]) -> Content:
    clock = data.get("clock")
    return Content(
        severity=Severity(data["severity"]),
        audience=data["audience"],
        texts=_texts(data["texts"]),
        fallback=LanguageTag(data["fallback"]),
        topic=data.get("topic", ""),
        correction=_texts(data.get("correction", {})),
        roll_call=data.get("roll_call", False),
        ladder=data.get("ladder", False),
        plan=Plan(
            timing=Timing(data["timing"]),
            at=_read(data.get("at")),
            clock=time.fromisoformat(clock) if clock else None,
            lasts=timedelta(seconds=data["lasts"]),
            hold=timedelta(seconds=data["hold"]),
        ),
    )


def subscription_to_bytes(subscription: Subscription) -> bytes:
    """Return what somebody chose; not who it is."""
    return dump(
        {
            "language": subscription.language,
            "choices": sorted(subscription.choices),
            "stopped": sorted(subscription.stopped),
            "clock": subscription.clock.code(),
        }
    )


def subscription_from_bytes(person: PersonId, raw: bytes) -> Subscription:
    """Return what `subscription_to_bytes` was given."""
    data: dict[str, Any] = json.loads(raw)
    return Subscription(
        person=person,
        language=LanguageTag(data["language"]),
        choices=frozenset((name, code) for name, code in data["choices"]),
        stopped=frozenset(data["stopped"]),
        clock=read_clock(data["clock"]) if data.get("clock") else OwnClock(),
    )


def _texts(data: Mapping[str, str]) -> dict[LanguageTag, str]:
    return {LanguageTag(tag): text for tag, text in data.items()}


def _moment(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def _read(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
