"""Roll calls in the ledger: who answered, when, and who is to be asked again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from bot.domain.broadcasts import Answer, Outcome, stands_over
from bot.domain.ids import AlertId, LanguageTag, PersonId
from bot.domain.quiet import read as read_clock
from bot.services.broadcast_ports import Unanswered
from bot.storage.broadcast_choosing import silent_chat
from bot.storage.broadcast_tables import ledger, meaning
from bot.storage.rows import Rows, micros, moment
from bot.storage.tables import person as people

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

MINUTE = timedelta(minutes=1) // timedelta(microseconds=1)
UNKNOWN = LanguageTag("und")


class RollCallRows(Rows):
    """The part of `Ledger` that is about answers."""

    __slots__ = ()

    def answer(
        self, person: PersonId, answer: Answer, *, at: datetime, again_at: datetime | None = None
    ) -> list[AlertId]:
        """Write an answer to every roll call that reached somebody; return which."""
        reached_by = (
            select(ledger.c.seq, ledger.c.alert, ledger.c.answer, ledger.c.ask_at)
            .where(
                ledger.c.person == person,
                ledger.c.state.in_([Outcome.DELIVERED, Outcome.UNCERTAIN, Outcome.CLAIMED]),
            )
            .with_for_update()
        )
        answered = []
        for row in self.conn.execute(reached_by).all():
            if stands_over(Answer(row.answer), answer):
                new: dict[str, Any] = {"answer": answer.value, "answered_at": minute_of(at)}
                if answer is not Answer.LATER:
                    new["ask_at"] = None
                elif row.ask_at is not None and again_at is not None:
                    # Never sooner than it would have been.
                    new["ask_at"] = max(row.ask_at, micros(again_at))
                self.conn.execute(update(ledger).where(ledger.c.seq == row.seq).values(**new))
            answered.append(AlertId(row.alert))
        return answered

    def answers(self, alert: AlertId) -> dict[Answer, int]:
        """Count answers of those whom a roll call reached."""
        reached_by = (ledger.c.alert == alert, reached_them())
        wanted = select(ledger.c.answer, func.count()).where(*reached_by).group_by(ledger.c.answer)
        return {Answer(answer): number for answer, number in self.conn.execute(wanted).all()}

    def answers_over_time(self, alert: AlertId) -> list[tuple[datetime, Answer, int]]:
        """Count answers by the minute in which they came, oldest first."""
        columns = (ledger.c.answered_at, ledger.c.answer)
        wanted = (
            select(*columns, func.count())
            .where(ledger.c.alert == alert, ledger.c.answered_at.is_not(None))
            .group_by(*columns)
            .order_by(*columns)
        )
        return [(moment(at), Answer(answer), n) for at, answer, n in self.conn.execute(wanted)]

    def silent(self, alert: AlertId, *, limit: int) -> list[PersonId]:
        """Return who got a roll call and has not answered."""
        wanted = (
            select(ledger.c.person)
            .where(
                ledger.c.alert == alert, reached_them(), ledger.c.person != "",
                ledger.c.answer == Answer.NONE.value,
            )
            .order_by(ledger.c.seq)
            .limit(limit)
        )  # fmt: skip
        return [PersonId(one) for one in self.conn.execute(wanted).scalars()]

    def to_ask(self, alert: AlertId, *, now: datetime, limit: int) -> list[Unanswered]:
        """Return who is to be asked again now, those who wait longest first."""
        gone = or_(people.c.id.is_(None), people.c.address.is_(None))
        wanted = (
            select(
                ledger.c.seq, ledger.c.person, ledger.c.lang, ledger.c.clock, ledger.c.asked,
                or_(gone, silent_chat()).label("hushed"),
            )
            .select_from(ledger.outerjoin(people, people.c.id == ledger.c.person))
            .where(ledger.c.alert == alert, ledger.c.ask_at <= micros(now))
            .order_by(ledger.c.ask_at, ledger.c.seq)
            .limit(limit)
        )  # fmt: skip
        rows = self.conn.execute(wanted).all()
        known = self.meanings({row.lang for row in rows} | {row.clock for row in rows})
        return [
            Unanswered(
                seq=row.seq,
                person=PersonId(row.person),
                language=LanguageTag(known[row.lang]),
                clock=read_clock(known[row.clock]),
                asked=row.asked,
                hushed=bool(row.hushed),
            )
            for row in rows
        ]

    def asked(
        self, seqs: Collection[int], *, ask_at: datetime | None, counted: bool = True
    ) -> None:
        """Note that they were asked, and when next; None is never again."""
        if seqs:
            at = None if ask_at is None else micros(ask_at)
            theirs = update(ledger).where(ledger.c.seq.in_(list(seqs)))
            self.conn.execute(theirs.values(ask_at=at, asked=ledger.c.asked + int(counted)))

    def next_ask(self, alert: AlertId) -> datetime | None:
        """Return when the next one is asked again."""
        asking = (ledger.c.alert == alert, ledger.c.ask_at.is_not(None))
        first = select(func.min(ledger.c.ask_at)).where(*asking)
        value = self.conn.execute(first).scalar_one()
        return None if value is None else moment(value)

    def ask_nobody(self, alert: AlertId) -> None:
        """End the asking of an alert."""
        asking = (ledger.c.alert == alert, ledger.c.ask_at.is_not(None))
        self.conn.execute(update(ledger).where(*asking).values(ask_at=None))

    def meanings(self, tags: Collection[str]) -> dict[str, str]:
        """Return what tags of languages and clocks mean."""
        return {tag: self.meaning(tag) for tag in tags}

    def meaning(self, tag: str) -> str:
        """Return what one tag means."""
        found = select(meaning.c.body).where(meaning.c.tag == tag)
        sealed = self.conn.execute(found).scalar_one_or_none()
        if sealed is None:
            return UNKNOWN
        return self.open(sealed, context=f"meaning/body/{tag}").decode()


def reached_them() -> Any:
    """Return whether a row's copy came to somebody, or may have come."""
    return ledger.c.state.in_([Outcome.DELIVERED, Outcome.UNCERTAIN])


def minute_of(at: datetime) -> int:
    """Return the minute of a moment, as a row holds it."""
    return micros(at) // MINUTE * MINUTE
