"""Finds whom an alert is for, in the database, by tags; and who of them is left out and why.

One statement freezes a list of any length: nobody is read into memory, and no row is half there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from sqlalchemy import (
    ColumnElement,
    and_,
    case,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)

from bot.domain.audiences import Audience, Both, Chose, Either, Everyone, Without
from bot.domain.broadcasts import Outcome, Reason
from bot.storage.broadcast_subscribers import choice_tag, stopped_tag
from bot.storage.broadcast_tables import audience, ledger, subscriber
from bot.storage.tables import person as people
from bot.storage.tables import timer

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Select

    from bot.domain.ids import AlertId
    from bot.services.ports import Cipher

ROW = (
    "alert", "person", "channel", "lang", "clock", "wave", "state", "reason", "due_at",
    "attempts", "answer",
)  # fmt: skip
"""The columns that a frozen row is written with, in this order."""

FIRST, REST = 0, 1
"""Waves: the canary, and everybody else."""


def meant(asked: Audience, cipher: Cipher) -> ColumnElement[bool]:
    """Return the condition that an audience is, over `subscriber`."""
    match asked:
        case Everyone():
            return true()
        case Chose():
            return _has([choice_tag(cipher, asked.name, value) for value in asked.values])
        case Without():
            return not_(meant(asked.inner, cipher))
        case Both():
            return and_(*(meant(part, cipher) for part in asked.parts))
        case Either():
            return or_(*(meant(part, cipher) for part in asked.parts))
        case _ as never:
            assert_never(never)


def counted(asked: Audience, kinds: Collection[str], cipher: Cipher) -> Select[Any]:
    """Return the statement that counts whom an alert would go to."""
    state, reason = _fate(kinds, cipher)
    chosen = (
        select(subscriber.c.lang, state.label("state"), reason.label("reason"))
        .select_from(subscriber.join(people, people.c.id == subscriber.c.person))
        .where(meant(asked, cipher))
        .subquery()
    )
    columns = (chosen.c.lang, chosen.c.state, chosen.c.reason)
    return select(*columns, func.count()).group_by(*columns)


def frozen(alert: AlertId, asked: Audience, kinds: Collection[str], cipher: Cipher) -> Select[Any]:
    """Return the statement whose rows are the list of an alert, in the order of `ROW`."""
    state, reason = _fate(kinds, cipher)
    kept = case((state == Outcome.WAITING, subscriber.c.person), else_="")
    return (
        select(
            literal(str(alert)), kept, subscriber.c.channel, subscriber.c.lang,
            subscriber.c.clock, literal(REST), state, reason, literal(0), literal(0), literal(""),
        )
        .select_from(subscriber.join(people, people.c.id == subscriber.c.person))
        .where(meant(asked, cipher))
    )  # fmt: skip


def reached(alert: AlertId, parent: AlertId) -> Select[Any]:
    """Return the statement for everybody whom another alert reached, or may have reached."""
    gone = people.c.address.is_(None)
    state = case((gone, Outcome.UNREACHABLE.value), else_=Outcome.WAITING.value)
    return (
        select(
            literal(str(alert)), case((gone, ""), else_=ledger.c.person), ledger.c.channel,
            ledger.c.lang, ledger.c.clock, literal(REST), state, literal(""), literal(0),
            literal(0), literal(""),
        )
        .select_from(ledger.outerjoin(people, people.c.id == ledger.c.person))
        .where(
            ledger.c.alert == parent,
            ledger.c.state.in_([Outcome.DELIVERED, Outcome.UNCERTAIN]),
            ledger.c.person != "",
        )
    )  # fmt: skip


def _fate(kinds: Collection[str], cipher: Cipher) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Return state and reason of somebody's row as it is frozen."""
    silenced = silent_chat()
    gone = or_(subscriber.c.gone, people.c.address.is_(None))
    stopped = _has([stopped_tag(cipher, kind) for kind in kinds]) if kinds else false()
    state = case(
        (silenced, Outcome.EXCLUDED.value),
        (gone, Outcome.UNREACHABLE.value),
        (stopped, Outcome.OPTED_OUT.value),
        else_=Outcome.WAITING.value,
    )
    return state, case((silenced, Reason.SILENCE.value), else_="")


def silent_chat() -> ColumnElement[bool]:
    """Return whether somebody's chat is under the silence rule, over `people`."""
    return exists().where(timer.c.person == people.c.id, timer.c.kind == "check-in-silence")


def _has(tags: Collection[str]) -> ColumnElement[bool]:
    return exists().where(audience.c.person == subscriber.c.person, audience.c.tag.in_(list(tags)))
