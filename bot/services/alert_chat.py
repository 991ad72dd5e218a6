"""Alerts for coordinators away from the desk: written in a flow, approved by another's button.

The rules are those of the desk, asked in the same place. What a chat refuses is told there and
stands in the audit log. A button names the version and the length of the list that was shown, so
nobody lets something go that they did not see. The words wait as a draft of the conversation until
they stand in the alert, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.contract.alerts import (
    ActOnAlert,
    AlertText,
    ApproveAlert,
    NameAlert,
    RecallAlert,
    Severity,
    WriteAlert,
)
from bot.domain.alert_texts import faults
from bot.domain.broadcasts import State
from bot.domain.errors import RefusedError
from bot.domain.messages import Outgoing
from bot.flow.model import Literal
from bot.services.acts import say_of_act
from bot.services.alert_show import VERBS, messages
from bot.services.broadcast_desk import actor_of
from bot.services.broadcast_forms import written
from bot.services.broadcasts import note_refusal
from bot.services.ports import Envelope, Lane
from bot.services.pressed import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.broadcasts import Actor, Alert
    from bot.domain.coordinators import Coordinator
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.flow.effects import Do
    from bot.flow.model import Value
    from bot.flow.session import Answer
    from bot.services.apply import Moment
    from bot.services.broadcast_views import Views
    from bot.services.ports import Tx

_MARK = "chat-"
"""Ids of alerts that were begun in a chat begin so."""
_OPEN = frozenset({State.SUBMITTED, State.SCHEDULED, State.CANARY, State.SENDING, State.PAUSED})
_LATELY = timedelta(hours=24)
"""So long after its end an alert is shown here, to be taken back."""
_MOST = 5
_DRAFTS = {"text": "alert_write.alert_text", "correction": "alert_write.alert_correction"}
_TOLD = frozenset({"own-alert", "changed", "state", "faulty-text", "nobody", "not-yours", "role"})


ALERT_ROLE_FACTS = frozenset({"alert_role", "alert_ready"})


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChat:
    """Acts of flows, and buttons, over alerts and over drills."""

    views: Mapping[str, Views]
    """By path: `alerts` and `drills`."""

    def acts(self) -> Mapping[str, Callable[[Tx, Moment, Do], Person]]:
        """Return the acts by the name that flows use."""
        return {
            "alert-begin": self.begin,
            "alert-text": self.add_text,
            "alert-submit": self.submit,
            "alert-board": self.board,
        }

    def facts(self, tx: Tx, person: Person, inbound: Inbound | None) -> Mapping[str, Answer]:
        """Tell flows whether somebody may write alerts, and whether their draft can go."""
        del inbound
        who = tx.coordinators.by_person(person.id)
        if who is None or not actor_of(who).roles & {"coordinator", "lead"}:
            return {}
        found = self._draft(tx, who)
        good = found is not None and not _faults(found)
        return {"alert_role": "yes", "alert_ready": "yes" if good else "no"}

    # -- writing -----------------------------------------------------------------------------

    def begin(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Begin a draft with what was chosen; its words come one language at a time."""
        who = tx.coordinators.by_person(moment.person.id)
        if who is None:
            return moment.person
        kind = "drills" if do.arguments.get("kind") == "drills" else "alerts"
        parts = [
            f"{name} is {code}"
            for name in ("country", "topic")
            if (code := _one(do.arguments.get(name)))
        ]
        topic = _one(do.arguments.get("topic"))
        severity = _one(do.arguments.get("severity")) or Severity.AMBER.value
        asked = WriteAlert(
            alert=f"{_MARK}{self.views[kind].acts.new_id()}",
            severity=Severity(severity),
            audience=" and ".join(parts) or "everyone",
            texts=(),
            fallback=moment.language,
            topic=topic,
            roll_call=_one(do.arguments.get("roll_call")) == "yes",
        )
        self._try(
            tx, moment, who, "write", asked,
            lambda actor: self.views[kind].acts.write(tx, actor, asked),
        )  # fmt: skip
        return moment.person

    def add_text(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Put what was just written into the draft, in the language that was chosen."""
        who = tx.coordinators.by_person(moment.person.id)
        found = self._draft(tx, who) if who is not None else None
        part = "correction" if do.arguments.get("part") == "correction" else "text"
        words = tx.drafts.read(moment.person.id, _DRAFTS[part], now=moment.at)
        if who is None or found is None or words is None:
            self._say(tx, moment, "alerting_refused")
            return moment.person
        language = _one(do.arguments.get("language")) or moment.language
        form = written(found)
        old = form.correction if part == "correction" else form.texts
        kept = tuple(one for one in old if one.language != language)
        new = (*kept, AlertText(language=language, text=words.reveal().strip()))
        if part == "correction":
            asked = replace(form, correction=new)
        else:
            # The first language is what everybody else reads.
            fallback = old[0].language if old else language
            asked = replace(form, texts=new, fallback=fallback)
        views = self._views(found)
        done = self._try(
            tx, moment, who, "write", asked, lambda actor: views.acts.write(tx, actor, asked)
        )
        tx.drafts.keep(moment.person.id, _DRAFTS[part], type(words)(""), until=moment.at)
        if done is not None:
            self._show(tx, moment, who, done, buttons=False)
        return moment.person

    def submit(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Freeze the draft and tell those on duty that a second person is needed."""
        del do
        who = tx.coordinators.by_person(moment.person.id)
        found = self._draft(tx, who) if who is not None else None
        if who is None or found is None:
            self._say(tx, moment, "alerting_refused")
            return moment.person
        views = self._views(found)
        asked = ActOnAlert(alert=found.id, version=found.version)
        done = self._try(
            tx, moment, who, "submit", asked, lambda actor: views.acts.submit(tx, actor, asked)
        )
        if done is not None:
            self.call_second(tx, actor_of(who), done)
            self._say(
                tx,
                moment,
                "alerting_submitted",
                reference=Literal(text=done.reference),
                n=done.frozen,
            )
        return moment.person

    def call_second(self, tx: Tx, actor: Actor, alert: Alert) -> None:
        """Tell everybody on duty who may approve it; a reference and a severity, no words."""
        library = self._views(alert).library()
        for one in tx.coordinators.on_duty():
            if one.person is None or one.id in alert.authors | {actor.id}:
                continue
            person = tx.people.find(one.person)
            if person is None or person.gone_since is not None:
                continue
            chosen = next((tag for tag in one.languages if tag in library.offered), None)
            language = chosen or library.language(person.language or person.language_hint)
            text = library.say(
                "alerting_waits", language, reference=Literal(text=alert.reference),
                severity=Literal(text=library.say(f"alert_{alert.content.severity}", language)),
            )  # fmt: skip
            envelope = Envelope(
                person=person.id,
                message=Outgoing(text=text, language=language),
                lane=Lane.ESCALATION,
                dedup_key=f"alert-second:{alert.id}:{alert.version}:{one.id}",
                due_at=self._views(alert).acts.clock.now(),
            )
            tx.outbox.add([envelope])

    # -- deciding ----------------------------------------------------------------------------

    def board(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Show what is under way, each with its phones and with what this person may do."""
        del do
        who = tx.coordinators.by_person(moment.person.id)
        if who is None:
            return moment.person
        shown = [one for one in tx.alerts.all() if self._under_way(one, moment)][:_MOST]
        if not shown:
            self._say(tx, moment, "alerting_none")
        for alert in shown:
            self._show(tx, moment, who, alert, buttons=True)
        return moment.person

    def press(self, tx: Tx, moment: Moment, argument: str) -> Remark:
        """Do what a button says, for the version and the list that stood above it."""
        who = tx.coordinators.by_person(moment.person.id)
        verb, _, rest = argument.partition("-")
        numbers, _, id_ = rest.partition("-")
        version, _, frozen = numbers.partition("_")
        found = next((one for one in tx.alerts.all() if one.id == id_), None)
        known = verb in VERBS.values() and version.isdecimal() and frozen.isdecimal()
        if who is None or found is None or not known:
            return Remark(phrase="stale_button")
        acts = self._views(found).acts
        name = NameAlert(alert=found.id)
        seen = ActOnAlert(alert=found.id, version=int(version))
        does: Mapping[str, Callable[[Actor], Alert]] = {
            "approve": lambda actor: acts.approve(
                tx, actor, ApproveAlert(alert=id_, version=int(version), frozen=int(frozen))
            ),
            "return": lambda actor: acts.give_back(tx, actor, seen),
            "pause": lambda actor: acts.pause(tx, actor, name),
            "resume": lambda actor: acts.resume(tx, actor, name),
            "abort": lambda actor: acts.abort(tx, actor, name),
            "recall": lambda actor: acts.recall(tx, actor, RecallAlert(alert=id_)),
        }
        try:
            does[verb](actor_of(who))
        except RefusedError as error:
            note_refusal(tx, moment.at, who.id, verb, found.id, str(error))
            return Remark(phrase=_phrase(str(error)))
        return Remark(
            phrase=f"alerting_{verb}_done", values={"reference": Literal(text=found.reference)}
        )

    # -- small ones --------------------------------------------------------------------------

    def _try(
        self, tx: Tx, moment: Moment, who: Coordinator, verb: str, asked: WriteAlert | ActOnAlert,
        act: Callable[[Actor], Alert],
    ) -> Alert | None:  # fmt: skip
        """Do it, or say why not. A refusal comes before the first write: nothing is taken back."""
        try:
            return act(actor_of(who))
        except RefusedError as error:
            note_refusal(tx, moment.at, who.id, verb, asked.alert, str(error))
            self._say(tx, moment, _phrase(str(error)))
            return None

    def _show(
        self, tx: Tx, moment: Moment, who: Coordinator, alert: Alert, *, buttons: bool
    ) -> None:
        views = self._views(alert)
        shown = messages(tx, views, actor_of(who), alert, moment.language, buttons=buttons)
        for number, message in enumerate(shown):
            say_of_act(tx, moment, message, f"{alert.id}:{number}")

    def _under_way(self, alert: Alert, moment: Moment) -> bool:
        if alert.state in _OPEN:
            return True
        ended = alert.ended_at
        sent = alert.state in {State.COMPLETE, State.ABORTED} and alert.begun_at is not None
        return sent and ended is not None and moment.at - ended < _LATELY

    def _draft(self, tx: Tx, who: Coordinator) -> Alert | None:
        """Return the newest draft that somebody began in a chat."""
        own = (one for one in tx.alerts.all() if one.created_by == who.id)
        begun = (one for one in own if one.state is State.DRAFT and one.id.startswith(_MARK))
        return next(begun, None)

    def _views(self, alert: Alert) -> Views:
        return self.views["drills" if alert.drill else "alerts"]

    def _say(self, tx: Tx, moment: Moment, phrase: str, **values: Value) -> None:
        text = self.views["alerts"].library().say(phrase, moment.language, **values)
        say_of_act(tx, moment, Outgoing(text=text, language=moment.language), phrase)


def _faults(alert: Alert) -> bool:
    content = alert.content
    wrong = faults(content.texts, content.fallback)
    if content.correction:
        wrong += faults(content.correction, content.fallback)
    return bool(wrong)


def _phrase(code: str) -> str:
    return f"alerting_refused_{code.replace('-', '_')}" if code in _TOLD else "alerting_refused"


def _one(answer: object) -> str:
    return answer if isinstance(answer, str) else ""
