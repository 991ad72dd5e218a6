"""Alerts in the contract's forms, and back."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

from bot.contract import alerts as forms
from bot.domain.broadcasts import Alert, Content, Plan, Severity, Timing
from bot.domain.ids import LanguageTag

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.services.broadcast_ports import Counts


def content_of(asked: forms.WriteAlert) -> Content:
    """Return what was written."""
    return Content(
        severity=Severity(asked.severity),
        audience=asked.audience.strip(),
        texts=_texts(asked.texts),
        fallback=LanguageTag(asked.fallback),
        topic=asked.topic,
        correction=_texts(asked.correction),
        roll_call=asked.roll_call,
        ladder=asked.ladder and asked.roll_call,
        plan=Plan(
            timing=Timing.OWN_CLOCK if asked.own_clock else Timing.AT_ONCE,
            at=asked.at,
            clock=time.fromisoformat(asked.own_clock) if asked.own_clock else None,
            lasts=timedelta(minutes=asked.lasts_minutes),
            hold=timedelta(seconds=asked.hold_seconds),
        ),
    )


def written(alert: Alert) -> forms.WriteAlert:
    """Return an alert as it was written, to be changed."""
    content, plan = alert.content, alert.content.plan
    return forms.WriteAlert(
        alert=alert.id,
        version=alert.version,
        severity=forms.Severity(content.severity),
        audience=content.audience,
        texts=_forms(content.texts),
        fallback=content.fallback,
        topic=content.topic,
        correction=_forms(content.correction),
        roll_call=content.roll_call,
        ladder=content.ladder,
        at=plan.at,
        own_clock=plan.clock.strftime("%H:%M") if plan.clock else "",
        lasts_minutes=int(plan.lasts.total_seconds() // 60),
        hold_seconds=int(plan.hold.total_seconds()),
    )


def head(alert: Alert) -> forms.AlertHead:
    """Return an alert as a list shows it."""
    return forms.AlertHead(
        alert=alert.id,
        reference=alert.reference.lower(),
        state=alert.state,
        version=alert.version,
        severity=forms.Severity(alert.content.severity),
        roll_call=alert.content.roll_call,
        drill=alert.drill,
        frozen=alert.frozen,
        created_by=alert.created_by,
        created_at=alert.created_at,
        paused_for=alert.paused_for,
    )


def counts_of(counts: Counts) -> tuple[forms.AlertCount, ...]:
    """Return sums, in one order."""
    return tuple(
        forms.AlertCount(language=language, outcome=outcome, reason=reason, number=number)
        for (language, outcome, reason), number in sorted(counts.items())
    )


def _texts(texts: Iterable[forms.AlertText]) -> dict[LanguageTag, str]:
    return {LanguageTag(one.language): one.text for one in texts}


def _forms(texts: Mapping[LanguageTag, str]) -> tuple[forms.AlertText, ...]:
    return tuple(forms.AlertText(language=tag, text=text) for tag, text in texts.items())
