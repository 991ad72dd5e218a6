"""The clerk: effects of one turn become rows of one transaction.

Knows how a message is laid out and when it must leave the chat again; decides nothing about where
a conversation goes.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, assert_never

import structlog

from bot.domain.messages import Inbound, InboundKind, Outgoing
from bot.domain.people import Person
from bot.flow import effects
from bot.services.layout import compose
from bot.services.ports import ChatMessage, Envelope, Lane, Timer
from bot.services.tidy import ENDED

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag
    from bot.flow.effects import CloseMatter, Do, Effect, HandOver, KeepFile, KeepWords, Say, Sprint
    from bot.flow.model import Value
    from bot.flow.session import Frame, Session
    from bot.services.ports import Carrier, Claimed, Tx
    from bot.services.pressed import Remark

log = structlog.get_logger()

HOUR = timedelta(hours=1)
IDLE = timedelta(minutes=15)
"""After so long without a word, a sensitive exchange is deleted from the chat.

What the person wrote goes as early whatever it was about: words come where nobody asked for any.
"""

KEPT = timedelta(minutes=60)
"""How long the last screen of a sensitive flow may stay."""

STALE = timedelta(hours=24)
"""A reply that could not be delivered for so long answers nothing any more."""

SETTLE = timedelta(seconds=20)
"""Between the end of a matter and its clearing, so that what is on its way arrives first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Who is answered, when, in which language, and to what."""

    person: Person
    language: LanguageTag
    at: datetime
    key: str
    """Unique for this input: every row that it makes is written once."""
    inbound: Inbound | None
    as_known: bool = False
    """Nothing about the person is new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clerk:
    """Writes down what the engine decided."""

    library: Callable[[], Library]
    chat_ttl: timedelta
    draft_ttl: timedelta
    acts: Mapping[str, Callable[[Tx, Moment, Do], Person]]
    """Acts that flows may have done, by name: each returns the person as they are afterwards."""
    seal: Callable[[Tx, Moment, KeepWords], None] | None = None
    """Who takes words of flows that seal."""
    keep_file: Callable[[Tx, Moment, KeepFile], None] | None = None
    """Who takes files of flows that seal."""
    hand_over: Callable[[Tx, Moment, HandOver], None] | None = None
    """Told when somebody asks for a person."""
    closing: Callable[[Tx, Moment, CloseMatter], None] | None = None
    """Told when a matter ends."""

    def apply(
        self,
        tx: Tx,
        moment: Moment,
        before: Session,
        sprint: Sprint,
        carrier: Carrier | None = None,
        *,
        forgets: bool = False,
    ) -> list[Claimed]:
        """Write the new session and every effect; return the messages leased for the carrier.

        With `forgets` what the person wrote leaves the chat at once.
        """
        library = self.library()
        sensitive = _sensitive(library, before.frames) or _sensitive(library, sprint.session.frames)
        urgent = _urgent(library, sprint.session.frames) or _urgent(library, before.frames)
        if not moment.as_known:
            tx.people.put(moment.person, at=moment.at)
        elif not _here_lately(moment):
            tx.people.touch(moment.person.id, at=moment.at)
        self._note_theirs(tx, moment, sensitive=sensitive, at_once=forgets)
        envelopes: list[Envelope] = []
        for effect in sprint.effects:
            match effect:
                case effects.Say():
                    message = self._message(
                        library, moment, effect, clear=sensitive and effect.keep
                    )
                    envelopes.append(
                        Envelope(
                            person=moment.person.id,
                            message=message,
                            lane=Lane.SOS if urgent else Lane.REPLY,
                            dedup_key=f"{moment.key}:{len(envelopes)}",
                            due_at=moment.at,
                            expires_at=moment.at + STALE,
                            sensitive=sensitive,
                            keep=effect.keep,
                        )
                    )
                case effects.SetLanguage():
                    moment = _speak(tx, moment, effect.language)
                case effects.Do():
                    moment = self._do(tx, moment, effect)
                case _:
                    self._write(tx, moment, effect)
        tx.sessions.save(moment.person.id, sprint.session, at=moment.at)
        if sensitive:
            _tidy_later(tx, moment)
        until = None if carrier is None else carrier.lease(moment.person.channel, moment.at)
        if carrier is None or until is None:
            tx.outbox.add(envelopes)
            return []
        return tx.outbox.add_claimed(
            envelopes, to=moment.person, worker=carrier.worker, until=until
        )

    def slow_down(self, tx: Tx, moment: Moment) -> None:
        """Ask to write more slowly, once a minute, and say that the rest was not read."""
        minute = int(moment.at.timestamp()) // 60
        tx.people.put(moment.person, at=moment.at)
        self._note_theirs(tx, moment, sensitive=True)
        self._remark(tx, moment, "slow_down", key=f"slow:{moment.person.id}:{minute}")

    def refuse_group(self, tx: Tx, inbound: Inbound) -> None:
        """Say in a group that cases are talked about in private only."""
        person_id = tx.people.lock(inbound.channel, inbound.address)
        group = tx.people.find(person_id) or Person(
            id=person_id, channel=inbound.channel, address=inbound.address,
            language=None, language_hint=inbound.language_hint,
        )  # fmt: skip
        tx.people.put(group, at=inbound.received_at)
        language = self.library().language(group.language_hint)
        moment = Moment(
            person=group, language=language, at=inbound.received_at, key="", inbound=None
        )
        day = inbound.received_at.date().isoformat()
        self._remark(tx, moment, "group_refused", key=f"group:{person_id}:{day}")

    def remark(self, tx: Tx, moment: Moment, said: Remark) -> None:
        """Say one of our own sentences; the conversation stays where it is."""
        tx.people.put(moment.person, at=moment.at)
        self._note_theirs(tx, moment, sensitive=True, at_once=said.forgets)
        self._remark(tx, moment, said.phrase, key=f"{moment.key}:remark", values=said.values)

    def _remark(
        self, tx: Tx, moment: Moment, phrase: str, *, key: str,
        values: Mapping[str, Value] | None = None,
    ) -> None:  # fmt: skip
        library = self.library()
        text = library.say(phrase, moment.language, **(values or {}))
        message = Outgoing(text=text, language=moment.language, protect=True)
        envelope = Envelope(
            person=moment.person.id,
            message=message,
            lane=Lane.REPLY,
            dedup_key=key,
            due_at=moment.at,
        )
        tx.outbox.add([envelope])

    def _note_theirs(
        self, tx: Tx, moment: Moment, *, sensitive: bool, at_once: bool = False
    ) -> None:
        """Remember the person's own message, so that it can be deleted too."""
        inbound = moment.inbound
        if inbound is None or inbound.message_ref is None or inbound.kind is InboundKind.BUTTON:
            return
        theirs = ChatMessage(
            ref=inbound.message_ref,
            at=moment.at,
            delete_at=moment.at if at_once else moment.at + min(IDLE, self.chat_ttl),
            sensitive=sensitive,
            keep=False,
            ours=False,
        )
        tx.chat.add([(moment.person.id, theirs)])

    def _message(self, library: Library, moment: Moment, say: Say, *, clear: bool) -> Outgoing:
        message = compose(say, library, moment.language, clear=clear)
        inbound = moment.inbound
        if say.edit and inbound is not None and inbound.kind is InboundKind.BUTTON:
            return replace(message, edit_ref=inbound.message_ref)
        return message

    def _write(self, tx: Tx, moment: Moment, effect: Effect) -> None:
        match effect:
            case effects.SetTimer():
                tx.timers.set(
                    Timer(
                        kind="silence",
                        key=moment.person.id,
                        due_at=moment.at + effect.after,
                        person=moment.person.id,
                        fence=effect.turn,
                    )
                )
            case effects.KeepWords():
                self._keep_words(tx, moment, effect)
            case effects.KeepFile():
                self._keep_file(tx, moment, effect)
            case effects.ClearChat():
                _clear(tx, moment, everything=effect.everything)
            case effects.HandOver():
                if self.hand_over is not None:
                    self.hand_over(tx, moment, effect)
                log.info("hand-over", flow=effect.flow, code=effect.urgency)
            case effects.CloseMatter():
                if self.closing is not None:
                    self.closing(tx, moment, effect)
                log.info("matter-closed", flow=effect.flow, code=effect.outcome)
            case effects.Notice():
                log.warning("flow-notice", code=effect.code, flow=effect.flow)
            case effects.Say() | effects.SetLanguage() | effects.Do():
                raise AssertionError(effect)
            case _ as never:
                assert_never(never)

    def _keep_words(self, tx: Tx, moment: Moment, effect: KeepWords) -> None:
        flow = self.library().current(effect.flow)
        if flow is not None and flow.seals:
            if self.seal is not None:
                self.seal(tx, moment, effect)
            return
        name = f"{effect.flow}.{effect.name}"
        tx.drafts.keep(moment.person.id, name, effect.words, until=moment.at + self.draft_ttl)

    def _keep_file(self, tx: Tx, moment: Moment, effect: KeepFile) -> None:
        flow = self.library().current(effect.flow)
        if flow is not None and flow.seals and self.keep_file is not None:
            self.keep_file(tx, moment, effect)
            return
        self._remark(tx, moment, "file_refused", key=f"{moment.key}:file")
        log.warning("file-refused", flow=effect.flow, kind=effect.kind)

    def _do(self, tx: Tx, moment: Moment, effect: Do) -> Moment:
        act = self.acts.get(effect.act)
        if act is None:
            log.warning("act-missing", code=effect.act)
            return moment
        return replace(moment, person=act(tx, moment, effect))


def _here_lately(moment: Moment) -> bool:
    """Tell whether the hour of this moment is written down already."""
    seen = moment.person.seen_at
    return seen is not None and moment.at - seen < HOUR


def _speak(tx: Tx, moment: Moment, language: LanguageTag) -> Moment:
    person = replace(moment.person, language=language)
    tx.people.put(person, at=moment.at)
    tx.subscribers.speak(person.id, language)
    return replace(moment, person=person, language=language)


def _tidy_later(tx: Tx, moment: Moment) -> None:
    """Clear what is sensitive when the person stays silent; every turn puts it off again."""
    person = moment.person.id
    tx.timers.set(Timer(kind="tidy", key=person, due_at=moment.at + IDLE, person=person))


def _clear(tx: Tx, moment: Moment, *, everything: bool) -> None:
    """Clear what is sensitive soon; nothing that follows puts it off."""
    person = moment.person.id
    tx.timers.set(
        Timer(
            kind="tidy",
            key=f"{person}/{'everything' if everything else 'ended'}",
            due_at=moment.at + SETTLE,
            person=person,
            payload={ENDED: everything},
        )
    )


def _sensitive(library: Library, frames: tuple[Frame, ...]) -> bool:
    flows = (library.pinned(frame.flow, frame.hash) for frame in frames)
    return any(flow is not None and flow.sensitive for flow in flows)


def _urgent(library: Library, frames: tuple[Frame, ...]) -> bool:
    flow = library.pinned(frames[-1].flow, frames[-1].hash) if frames else None
    return bool(flow and flow.emergency)
