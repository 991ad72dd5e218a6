"""Follow-up: what a person wanted to be asked later, and coordinators may know is waiting.

A follow-up is a timer with codes: the body written to, and whether it is about an answer or about a
time limit. It is asked in bland words, at most three times, and never into another conversation.
The person's profile holds the same codes, so that they can see and cancel what waits.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain.ids import FlowId
from bot.flow.engine import advance
from bot.flow.inputs import Started
from bot.flow.session import Session
from bot.guidance.follow_ups import FollowUp, plan, read_all, write_all
from bot.guidance.situation import one, situation
from bot.services.apply import Moment
from bot.services.check_in_setup import is_silent
from bot.services.ports import Timer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag, PersonId
    from bot.domain.messages import Inbound
    from bot.domain.people import Person
    from bot.flow.effects import Do
    from bot.flow.inputs import Facts
    from bot.services.apply import Clerk
    from bot.services.ports import Clock, DueTimer, Store, Tx

log = structlog.get_logger()

KIND = "follow-up"
FLOW = FlowId("follow_up")
PREFERENCE = "follow_ups"
AGAIN = timedelta(days=14)
UNANSWERED = timedelta(days=7)
"""After a question that nobody answered, it is put once more, and once again."""

MOST_ASKED = 3
BUSY = timedelta(hours=1)
"""How long a follow-up waits while the person talks about something else."""

MOST = 12
"""Follow-ups of one person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueFollowUp:
    """A follow-up as coordinators may see it: codes, and nothing that leads to a person."""

    ref: str
    body: str
    kind: str
    due_at: datetime
    asked: int
    """How often the person was asked without an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpActs:
    """What flows may have done about follow-ups."""

    library: Callable[[], Library]

    def acts(self) -> Mapping[str, Callable[[Tx, Moment, Do], Person]]:
        """Return the acts by the names that flows use."""
        return {
            "plan-follow-up": self.plan,
            "follow-up-again": self.again,
            "follow-up-done": self.done,
        }

    def plan(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Set the timers of a letter: when to ask for an answer, and before a time limit."""
        library = self.library()
        body = one(do.arguments.get("body")) or ""
        facts = situation(do.arguments, library.knowledge)
        for planned in plan(library.letters, library.knowledge, body, facts, moment.at.date()):
            moment = replace(moment, person=_keep(tx, moment, planned))
        return moment.person

    def again(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Ask once more in two weeks."""
        body = one(do.arguments.get("body"))
        known = self.library().knowledge
        if not body or body not in {**known.mechanisms, **known.resources}:
            return moment.person
        later = FollowUp(body=body, kind="answer", day=(moment.at + AGAIN).date())
        return _keep(tx, moment, later)

    def done(self, tx: Tx, moment: Moment, do: Do) -> Person:
        """Never ask about this body again."""
        body = one(do.arguments.get("body"))
        kept = []
        for waiting in read_all(moment.person.preference(PREFERENCE)):
            if waiting.body == body:
                tx.timers.cancel(KIND, _key(moment.person.id, waiting))
            else:
                kept.append(waiting)
        return _remember(tx, moment, kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUps:
    """Asks what is due."""

    store: Store
    clock: Clock
    library: Callable[[], Library]
    facts: Callable[[Tx, Library, LanguageTag, Inbound | None, Person], Facts]
    language: Callable[[Library, Person], LanguageTag]
    clerk: Clerk
    wake: Callable[[], None]

    async def due(self, due: DueTimer) -> None:
        """Ask the person, unless they are in the middle of something or gone."""
        now = self.clock.now()
        await self.store.write(lambda tx: self._ask(tx, due, now))
        self.wake()

    def _ask(self, tx: Tx, due: DueTimer, now: datetime) -> None:
        timer = due.timer
        person = tx.people.find(timer.person) if timer.person is not None else None
        if person is None or person.gone_since:
            return
        session = tx.sessions.load(person.id) or Session()
        if session.frames or is_silent(tx, person.id):
            # In the middle of something, or nothing may be said to that chat at present.
            tx.timers.set(replace(timer, due_at=now + BUSY))
            return
        library = self.library()
        language = self.language(library, person)
        asked = int(timer.payload.get("asked", 0)) + 1
        body, kind = str(timer.payload.get("body", "")), str(timer.payload.get("kind", "answer"))
        moment = Moment(
            person=person,
            language=language,
            at=now,
            key=f"follow-up:{timer.key}:{asked}:{int(now.timestamp())}",
            inbound=None,
        )
        event = Started(flow=FLOW, answers={"follow_up_body": body, "follow_up_kind": kind})
        sprint = advance(session, event, self.facts(tx, library, language, None, person))
        self.clerk.apply(tx, moment, session, sprint)
        if asked < MOST_ASKED and kind == "answer":
            again = {**timer.payload, "asked": asked}
            tx.timers.set(replace(timer, due_at=now + UNANSWERED, payload=again))
        else:
            waiting = read_all(person.preference(PREFERENCE))
            _remember(
                tx, moment, [one_ for one_ in waiting if (one_.body, one_.kind) != (body, kind)]
            )
        log.info("follow-up-asked", code=body, kind=kind, asked=asked)


def due_follow_ups(tx: Tx, *, until: datetime, limit: int = 200) -> list[DueFollowUp]:
    """Return follow-ups that are due by `until`, soonest first, for coordinators: codes only."""
    return [
        DueFollowUp(
            ref=str(found.id)[:6].upper(),
            body=str(found.timer.payload.get("body", "")),
            kind=str(found.timer.payload.get("kind", "")),
            due_at=found.timer.due_at,
            asked=int(found.timer.payload.get("asked", 0)),
        )
        for found in tx.timers.waiting(KIND, until=until, limit=limit)
    ]


def _keep(tx: Tx, moment: Moment, planned: FollowUp) -> Person:
    """Set a follow-up at this hour of its day, in place of an earlier one of the same kind."""
    person = moment.person
    waiting = [
        one_
        for one_ in read_all(person.preference(PREFERENCE))
        if (one_.body, one_.kind) != (planned.body, planned.kind)
    ]
    if len(waiting) >= MOST:
        return person
    days = max((planned.day - moment.at.date()).days, 1)
    tx.timers.set(
        Timer(
            kind=KIND,
            key=_key(person.id, planned),
            due_at=moment.at + timedelta(days=days),
            person=person.id,
            payload={"body": planned.body, "kind": planned.kind, "asked": 0},
        )
    )
    return _remember(tx, moment, [*waiting, planned])


def _key(person: PersonId, planned: FollowUp) -> str:
    return f"{person}/{planned.body}/{planned.kind}"


def _remember(tx: Tx, moment: Moment, waiting: list[FollowUp]) -> Person:
    kept = {name: value for name, value in moment.person.preferences if name != PREFERENCE}
    if waiting:
        kept[PREFERENCE] = write_all(waiting)
    person = replace(moment.person, preferences=tuple(sorted(kept.items())))
    tx.people.put(person, at=moment.at)
    return person
