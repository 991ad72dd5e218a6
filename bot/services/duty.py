"""Duty: who is there, how they are called, and what happens when nobody answers the call.

A page carries an id and an urgency, never a word of anybody. It goes to all on duty at once; while
nobody acknowledges it, every ten minutes to one more, those off duty too when it is urgent.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.coordinators import AuditEntry, Page, Urgency, is_watched, next_to_page
from bot.domain.ids import CoordinatorId
from bot.domain.messages import Button, Outgoing
from bot.flow.model import Literal
from bot.services.facts import House
from bot.services.ports import Envelope, Lane, Timer
from bot.services.pressed import Remark, extra_data

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.coordinators import Coordinator
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.flow.effects import Do
    from bot.flow.session import Answer
    from bot.services.apply import Moment
    from bot.services.ports import Clock, DueTimer, Store, Tx

log = structlog.get_logger()

PATIENCE = timedelta(minutes=10)
"""How long a page waits for somebody before the next is asked."""

LONGEST = timedelta(hours=24)
"""After so long a page has missed its purpose; what it spoke of has its own target times."""

ACKNOWLEDGE = "ack"
_TIMER = "page"


def house(tx: Tx) -> House:
    """Tell how the house stands: whether anybody watches, and whether only demo keys exist."""
    known = tx.coordinators.all()
    readers = [one for one in known if one.answers]
    return House(
        on_duty=is_watched(known),
        demo=bool(readers) and all(one.demo for one in readers),
    )


ROLE_FACTS = frozenset({"role", "duty"})


def role_facts(tx: Tx, person: Person, inbound: Inbound | None) -> Mapping[str, Answer]:
    """Return what flows may know of somebody who answers; nothing of anybody else."""
    del inbound
    found = tx.coordinators.by_person(person.id)
    if found is None:
        return {}
    return {"role": "coordinator", "duty": "on" if found.on_duty else "off"}


def page(
    tx: Tx, clock: Clock, code: str, urgency: Urgency, ref: str, *, to: CoordinatorId | None = None
) -> None:
    """Call somebody to look, and go on until one acknowledges.

    Args:
        tx: The unit in which what waits is written too.
        clock: Tells when it began to wait.
        code: What waits: `case`, `check-in`, `person`, `sos`, `alert`.
        urgency: Below amber nobody is called who is off duty.
        ref: Its id; calling again for the same one does nothing unless it became more urgent.
        to: Whom to call first, when it was given to somebody; the others after ten minutes.
    """
    now = clock.now()
    opened = Page(ref=ref, code=code, urgency=urgency, opened_at=now)
    if tx.pages.open_page(opened):
        payload = {"asked": [], "round": 0, "to": to}
        tx.timers.set(Timer(kind=_TIMER, key=ref, due_at=now, payload=payload))


def stop_paging(tx: Tx, ref: str) -> None:
    """Call nobody any more: what waited was taken or is over."""
    tx.timers.cancel(_TIMER, ref)
    tx.pages.drop(ref)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Carries pages to people. `demo_only` pages reach demo coordinators like any other."""

    store: Store
    clock: Clock
    library: Callable[[], Library]
    wake: Callable[[], None] = lambda: None
    """Told after each commit that there is something to deliver."""

    async def due(self, due: DueTimer) -> None:
        """Call whoever is next for a page that nobody has acknowledged."""
        now = self.clock.now()
        await self.store.write(lambda tx: self._next(tx, due.timer, now))
        self.wake()

    def acknowledge(self, tx: Tx, moment: Moment, ref: str) -> Remark:
        """Take a page: its button was pressed in a coordinator's chat."""
        who = tx.coordinators.by_person(moment.person.id)
        if who is None:
            return Remark(phrase="stale_button")
        found = tx.pages.get(ref)
        if found is None:
            return Remark(phrase="page_over")
        if not tx.pages.acknowledge(ref, who.id, at=moment.at):
            mine = found.acknowledged_by == who.id
            return Remark(phrase="page_yours" if mine else "page_taken", values=_named(found))
        tx.timers.cancel(_TIMER, ref)
        entry = AuditEntry(
            at=moment.at, actor=who.id, act="acknowledged", subject=ref, note=found.urgency.code
        )
        tx.audit.add(entry)
        others = [one for one in tx.coordinators.on_duty() if one.id != who.id]
        self._tell(tx, others, found, "page_taken", key=f"taken:{ref}", now=moment.at)
        return Remark(phrase="page_yours", values=_named(found))

    def _next(self, tx: Tx, timer: Timer, now: datetime) -> None:
        found = tx.pages.get(timer.key)
        if found is None or found.acknowledged_by is not None:
            return
        if now - found.opened_at >= LONGEST:
            log.error("page-unanswered", code=found.code, urgency=found.urgency.code)
            tx.audit.add(AuditEntry(at=now, actor="house", act="unanswered", subject=found.ref))
            return
        known = tx.coordinators.all()
        if found.urgency < Urgency.AMBER:
            known = [one for one in known if one.on_duty]
        asked = frozenset(CoordinatorId(one) for one in timer.payload["asked"])
        number = int(timer.payload["round"])
        first = timer.payload.get("to")
        chosen = tuple(one for one in known if one.id == first and one.person is not None)
        if not chosen:
            chosen = next_to_page(known, asked)
        if not chosen and asked:
            asked, number = frozenset(), number + 1
            chosen = next_to_page(known, asked)
        if not chosen:
            log.warning("nobody-to-page", code=found.code, urgency=found.urgency.code)
        began = int(found.opened_at.timestamp())
        key = f"page:{found.ref}:{began}:{found.urgency.code}:{number}"
        self._tell(tx, chosen, found, "page_waiting", key=key, now=now, button=True)
        reached = [*sorted(asked), *(one.id for one in chosen)]
        payload = {"asked": reached, "round": number}
        tx.timers.set(replace(timer, due_at=now + PATIENCE, payload=payload))

    def _tell(
        self, tx: Tx, whom: Sequence[Coordinator], found: Page, phrase: str, *, key: str,
        now: datetime, button: bool = False,
    ) -> None:  # fmt: skip
        library = self.library()
        for one in whom:
            if one.person is None:
                continue
            person = tx.people.find(one.person)
            if person is None or person.gone_since is not None:
                log.warning("coordinator-unreachable", code=found.code)
                continue
            chosen = next((tag for tag in one.languages if tag in library.offered), None)
            language = chosen or library.language(person.speaks)
            named = {
                **_named(found),
                "urgency": Literal(text=library.say(f"urgency_{found.urgency.code}", language)),
                "what": Literal(text=library.say(_what(library, found.code), language)),
            }
            label = library.say("page_button", language)
            data = extra_data(ACKNOWLEDGE, found.ref)
            message = Outgoing(
                text=library.say(phrase, language, **named),
                language=language,
                buttons=((Button(label=label, data=data),),) if button else (),
                silent=found.urgency < Urgency.AMBER or not button,
            )
            envelope = Envelope(
                person=person.id, message=message, lane=Lane.ESCALATION,
                dedup_key=f"{key}:{one.id}", due_at=now, expires_at=now + LONGEST,
            )  # fmt: skip
            tx.outbox.add([envelope])


def set_duty(tx: Tx, moment: Moment, do: Do) -> Person:
    """Go on or off duty: an act of the flow `duty`; of anybody else it does nothing."""
    who = tx.coordinators.by_person(moment.person.id)
    if who is not None:
        begin_or_end(tx, who, moment.at, on=do.arguments.get("duty") == "on")
    return moment.person


def begin_or_end(tx: Tx, who: Coordinator, now: datetime, *, on: bool) -> None:
    """Put somebody on or off duty; whoever comes hears of everything that waits."""
    if who.on_duty == on or not who.answers:
        return
    tx.coordinators.put(replace(who, on_duty=on))
    act = "on-duty" if on else "off-duty"
    tx.audit.add(AuditEntry(at=now, actor=who.id, act=act, subject=who.id))
    if on:
        _call_again(tx, now)


def _call_again(tx: Tx, now: datetime) -> None:
    """Let whoever has just come hear of everything that waits."""
    for found in tx.pages.waiting():
        payload = {"asked": [], "round": int(now.timestamp())}
        tx.timers.set(Timer(kind=_TIMER, key=found.ref, due_at=now, payload=payload))


def _named(found: Page) -> dict[str, Literal]:
    return {"ref": Literal(text=found.short)}


def _what(library: Library, code: str) -> str:
    name = f"page_{code.replace('-', '_')}"
    return name if name in library.phrases else "page_case"
