"""An alert as a coordinator's chat shows it: the phone of each language, numbers, buttons."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bot.domain.broadcasts import Act, State
from bot.domain.ids import LanguageTag
from bot.domain.messages import Button, Outgoing
from bot.flow.model import Literal
from bot.services.pressed import MAX_BYTES, extra_data

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.contract.alerts import AlertView
    from bot.domain.broadcasts import Actor, Alert
    from bot.services.broadcast_views import Views
    from bot.services.ports import Tx

BUTTON = "al"
"""The name of the buttons that decide about an alert."""
VERBS = {
    Act.APPROVE: "approve", Act.RETURN: "return", Act.PAUSE: "pause", Act.RESUME: "resume",
    Act.ABORT: "abort", Act.RECALL: "recall",
}  # fmt: skip
"""What a button may do, in the order in which they are shown."""
_STYLES = {"approve": "good", "abort": "danger", "recall": "danger"}


def messages(
    tx: Tx, views: Views, actor: Actor, alert: Alert, language: LanguageTag, *, buttons: bool
) -> list[Outgoing]:
    """Show an alert to somebody.

    Args:
        tx: Where its rows are counted.
        views: Of alerts, or of drills.
        actor: Who looks: the buttons are what they may do.
        alert: The alert.
        language: Theirs; phones speak the languages of the alert.
        buttons: Whether something can be decided here.
    """
    library = views.library()
    view = views.view(tx, actor, alert)
    phones = [
        Outgoing(text=screen.text, language=LanguageTag(screen.language)) for screen in view.screens
    ]
    lines = [_head(library, alert, language), *_numbers(library, view, language)]
    lines += [
        library.say(
            f"alerting_fault_{one.code.replace('-', '_')}",
            language,
            tongue=Literal(text=one.language),
        )
        for one in view.faults
    ]
    if alert.state is State.SUBMITTED and Act.APPROVE not in view.may:
        lines.append(library.say("alerting_second_needed", language))
    keys = _keys(library, alert, view, language) if buttons else ()
    return [*phones, Outgoing(text="\n".join(lines), language=language, buttons=keys)]


def _head(library: Library, alert: Alert, language: LanguageTag) -> str:
    head = library.say(
        "alerting_head",
        language,
        reference=Literal(text=alert.reference),
        severity=Literal(text=library.say(f"alert_{alert.content.severity}", language)),
        state=Literal(text=library.say(f"alerting_state_{alert.state}", language)),
    )
    return f"{library.say('alert_drill', language)}\n{head}" if alert.drill else head


def _numbers(library: Library, view: AlertView, language: LanguageTag) -> list[str]:
    """Return how many there are by language, and then where they stand."""
    outcomes: Counter[str] = Counter()
    tongues: Counter[str] = Counter()
    for one in view.counts:
        outcomes["waiting" if one.outcome == "claimed" else one.outcome] += one.number
        tongues[one.language] += one.number
    spoken = ", ".join(f"{tag} {number}" for tag, number in sorted(tongues.items())) or "0"
    whole = sum(outcomes.values())
    lines = [library.say("alerting_people", language, n=whole, tongues=Literal(text=spoken))]
    return lines + [
        library.say(f"alerting_count_{outcome}", language, n=number)
        for outcome, number in sorted(outcomes.items())
        if number
    ]


def _keys(
    library: Library, alert: Alert, view: AlertView, language: LanguageTag
) -> tuple[tuple[Button, ...], ...]:
    rows = []
    for act, verb in VERBS.items():
        data = extra_data(BUTTON, f"{verb}-{alert.version}_{alert.frozen}-{alert.id}")
        # An id that is too long for a button was not made by us; the desk takes it.
        if act in view.may and len(data.encode()) <= MAX_BYTES:
            label = library.say(f"alerting_{verb}", language)
            rows.append((Button(label=label, data=data, style=_STYLES.get(verb, "plain")),))
    return tuple(rows)
