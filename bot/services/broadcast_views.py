"""What coordinators see of alerts: lists, frozen lists, phones, the live picture, the roll call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.contract import alerts as forms
from bot.domain import audiences
from bot.domain.alert_texts import faults
from bot.domain.audiences import AudienceError
from bot.domain.broadcasts import (
    Act,
    Answer,
    Outcome,
    State,
    adds_up,
    kinds,
    needs_second,
    refusal,
)
from bot.domain.ids import FlowId
from bot.domain.languages import is_right_to_left
from bot.domain.small_numbers import hidden
from bot.flow.model import AskStep
from bot.services.broadcast_forms import counts_of, head, written
from bot.services.broadcast_texts import compose, compose_withdrawn

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.broadcasts import Actor, Alert
    from bot.services.broadcast_ports import Counts
    from bot.services.broadcasts import Broadcasts
    from bot.services.ports import Tx

FLOW = FlowId("subscriptions")
"""Where people choose; its options are all that an audience can ask."""

_ASKED = {"topic": "topics", "region": "regions", "group": "groups", "role": "role"}


def vocabulary(library: Library) -> dict[str, Collection[str]]:
    """Return every code that somebody can have chosen, by name."""
    flow = library.current(FLOW)
    steps = flow.steps.values() if flow is not None else ()
    options = {
        step.save: [option.id for option in step.options]
        for step in steps
        if isinstance(step, AskStep)
    }
    return {
        "country": sorted(library.knowledge.countries),
        "language": [str(tag) for tag in library.offered],
        **{name: options.get(question, []) for name, question in _ASKED.items()},
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Views:
    """Answers about alerts, or about drills."""

    acts: Broadcasts
    library: Callable[[], Library]

    def heads(self, tx: Tx) -> forms.AlertHeads:
        """List them, newest first."""
        return forms.AlertHeads(alerts=tuple(head(alert) for alert in self.acts.all(tx)))

    def view(self, tx: Tx, actor: Actor, alert: Alert) -> forms.AlertView:
        """Show everything about one; of a draft also whom it would go to now."""
        content, rules = alert.content, self.acts.rules
        wrong = faults(content.texts, content.fallback)
        wrong += faults(content.correction, content.fallback) if content.correction else ()
        return forms.AlertView(
            head=head(alert),
            written=written(alert),
            authors=tuple(sorted(alert.authors)),
            submitted_by=alert.submitted_by,
            approved_by=alert.approved_by,
            begun_at=alert.begun_at,
            expires_at=alert.expires_at,
            ended_at=alert.ended_at,
            needs_second=needs_second(alert, rules),
            may=tuple(act for act in Act if refusal(alert, act, actor, rules=rules) is None),
            counts=counts_of(self._counts(tx, alert)),
            faults=tuple(forms.AlertFault(language=one.language, code=one.code) for one in wrong),
            screens=self.screens(alert),
        )

    def screens(self, alert: Alert) -> tuple[forms.PhoneScreen, ...]:
        """Show the phone of each language that the alert is written in."""
        library = self.library()
        found = []
        for language in alert.content.texts:
            shown = compose(alert, library, language, repeat=False)
            corrected = compose_withdrawn(alert, library, language).text
            found.append(
                forms.PhoneScreen(
                    language=language,
                    right_to_left=is_right_to_left(language),
                    text=shown.text,
                    buttons=tuple(button.label for row in shown.buttons for button in row),
                    correction=corrected if alert.content.correction else "",
                )
            )
        return tuple(found)

    def picture(self, tx: Tx, alert: Alert) -> forms.Picture:
        """Tell how far it has come, from its rows."""
        counts = tx.ledger.counts(alert.id)
        total: dict[tuple[Outcome, str], int] = {}
        for (_, outcome, reason), number in counts.items():
            total[outcome, reason] = total.get((outcome, reason), 0) + number
        return forms.Picture(
            state=alert.state,
            version=alert.version,
            frozen=alert.frozen,
            counts=counts_of(counts),
            adds_up=adds_up(alert, total),
        )

    def board(self, tx: Tx, alert: Alert) -> forms.Board:
        """Count the answers to a roll call, and when they came."""
        answers = tx.ledger.answers(alert.id)
        chart: dict[datetime, dict[Answer, int]] = {}
        for at, answer, number in tx.ledger.answers_over_time(alert.id):
            chart.setdefault(at, {})[answer] = number
        return forms.Board(
            reached=sum(answers.values()),
            safe=answers.get(Answer.SAFE, 0),
            help=answers.get(Answer.HELP, 0),
            later=answers.get(Answer.LATER, 0),
            silent=answers.get(Answer.NONE, 0),
            chart=tuple(
                forms.AnswersAt(
                    at=at,
                    safe=found.get(Answer.SAFE, 0),
                    help=found.get(Answer.HELP, 0),
                    later=found.get(Answer.LATER, 0),
                )
                for at, found in sorted(chart.items())
            ),
        )

    def export(self, tx: Tx, alert: Alert) -> bytes:
        """Return the numbers as a table; small ones would tell who they are and are hidden."""
        lines = ["reference,state,language,outcome,reason,people"]
        counts = counts_of(tx.ledger.counts(alert.id))
        for one, shown in zip(counts, hidden([one.number for one in counts]), strict=True):
            lines.append(
                f"{alert.reference},{alert.state},{one.language},{one.outcome},{one.reason},{shown}"
            )
        if alert.content.roll_call:
            answers = sorted(tx.ledger.answers(alert.id).items())
            for (answer, _), shown in zip(
                answers, hidden([number for _, number in answers]), strict=True
            ):
                lines.append(
                    f"{alert.reference},{alert.state},,answered,{answer or 'silent'},{shown}"
                )
        return ("\r\n".join(lines) + "\r\n").encode()

    def vocabulary(self, tx: Tx) -> forms.Vocabulary:
        """Tell what an audience may ask."""
        known: Mapping[str, Collection[str]] = vocabulary(self.library())
        return forms.Vocabulary(
            names=tuple(
                forms.VocabularyName(name=name, codes=tuple(codes)) for name, codes in known.items()
            ),
            languages=self.library().offered,
            subscribers=tx.subscribers.how_many(),
        )

    def _counts(self, tx: Tx, alert: Alert) -> Counts:
        if alert.state is not State.DRAFT:
            return tx.ledger.counts(alert.id)
        try:
            audience = audiences.parse(alert.content.audience)
        except AudienceError:
            return {}
        return tx.ledger.preview(audience, kinds(alert))
