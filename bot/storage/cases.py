"""Cases, the answers to their people, and which case somebody adds to just now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, update

from bot.domain.cases import Case, Reach, Reply, State, Way
from bot.domain.coordinators import Urgency
from bot.domain.ids import CaseId, CoordinatorId, LanguageTag, PersonId
from bot.storage.case_tables import cases, opened_cases, replies
from bot.storage.codec import dump
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Row


class CaseRows(Rows):
    """Implements `Cases`."""

    __slots__ = ()

    def put(self, case: Case) -> None:
        """Insert or replace the envelope; receipt and reach stay as they are."""
        row = {
            "id": case.id, "kind": case.kind, "urgency": int(case.urgency), "state": case.state,
            "language": case.language, "created_at": micros(case.created_at),
            "answer_by": micros(case.answer_by), "expires_at": micros(case.expires_at),
            "longest_until": micros(case.longest_until), "assigned_to": case.assigned_to,
            "seen": case.seen, "outcome": case.outcome,
        }  # fmt: skip
        self.upsert(cases, ("id",), row)

    def get(self, id_: CaseId) -> Case | None:
        """Return one."""
        row = self.conn.execute(select(cases).where(cases.c.id == id_)).one_or_none()
        return None if row is None else _case(row)

    def lock(self, id_: CaseId) -> Case | None:
        """Return one, and hold it until the unit ends."""
        wanted = select(cases).where(cases.c.id == id_).with_for_update()
        row = self.conn.execute(wanted).one_or_none()
        return None if row is None else _case(row)

    def queue(
        self, *, of: CoordinatorId | None, closed: bool = False, limit: int = 500
    ) -> list[Case]:
        """Return what waits and what is somebody's (`of` None: everything), most urgent first."""
        wanted = select(cases)
        if not closed:
            wanted = wanted.where(cases.c.state != State.CLOSED)
        if of is not None:
            waits = (cases.c.state == State.WAITING) & cases.c.assigned_to.is_(None)
            wanted = wanted.where(or_(waits, cases.c.assigned_to == of))
        order = (cases.c.urgency.desc(), cases.c.created_at, cases.c.id)
        return [_case(row) for row in self.conn.execute(wanted.order_by(*order).limit(limit))]

    def set_receipt(self, id_: CaseId, key: str) -> None:
        """Let a receipt find the case; `key` is what Argon2id made of it."""
        tag = self.cipher.tag(key, purpose="receipts")
        self.conn.execute(update(cases).where(cases.c.id == id_).values(receipt=tag))

    def by_receipt(self, key: str) -> Case | None:
        """Return the case of a receipt."""
        tag = self.cipher.tag(key, purpose="receipts")
        row = self.conn.execute(select(cases).where(cases.c.receipt == tag)).one_or_none()
        return None if row is None else _case(row)

    def set_reach(self, id_: CaseId, reach: Reach | None) -> None:
        """Remember how the person is reached, or forget it."""
        sealed = None
        if reach is not None:
            told = {
                "way": reach.way, "person": reach.person, "public": reach.public,
                "only_us": reach.only_us,
            }  # fmt: skip
            sealed = self.seal(dump(told), context=f"case_file/reach/{id_}")
        self.conn.execute(update(cases).where(cases.c.id == id_).values(reach=sealed))

    def reach(self, id_: CaseId) -> Reach | None:
        """Return how the person is reached."""
        found = select(cases.c.reach).where(cases.c.id == id_)
        sealed = self.conn.execute(found).scalar_one_or_none()
        if sealed is None:
            return None
        told = json.loads(self.open(sealed, context=f"case_file/reach/{id_}"))
        person = None if told["person"] is None else PersonId(told["person"])
        return Reach(
            way=Way(told["way"]), person=person, public=told["public"], only_us=told["only_us"]
        )

    def reply(self, case: CaseId, body: bytes, *, at: datetime) -> Reply:
        """Keep an answer to the person, after the earlier ones."""
        last = select(func.max(replies.c.number)).where(replies.c.case == case)
        number = int(self.conn.execute(last).scalar_one() or 0) + 1
        row = {"case": case, "number": number, "at": micros(at), "body": body}
        self.conn.execute(self.insert(replies), row)
        return Reply(case=case, number=number, at=at, body=body)

    def replies(self, case: CaseId) -> list[Reply]:
        """Return the answers to the person, in order."""
        wanted = select(replies).where(replies.c.case == case).order_by(replies.c.number)
        return [
            Reply(case=case, number=row.number, at=moment(row.at), body=row.body)
            for row in self.conn.execute(wanted)
        ]

    def remove(self, ids: Sequence[CaseId]) -> int:
        """Delete envelopes with the answers to their people."""
        self.conn.execute(delete(replies).where(replies.c.case.in_(ids)))
        return self.count(delete(cases).where(cases.c.id.in_(ids)))

    def open_for(self, person: PersonId, case: CaseId, *, sent: bool, until: datetime) -> None:
        """Remember which case somebody adds to just now; `sent` once it is a case for others."""
        body = dump({"case": case, "sent": sent})
        row = {
            "person": person,
            "body": self.seal(body, context=f"case_open/body/{person}"),
            "until": micros(until),
        }
        self.upsert(opened_cases, ("person",), row)

    def opened_by(self, person: PersonId, *, now: datetime) -> tuple[CaseId, bool] | None:
        """Return which case somebody adds to, and whether it was sent."""
        wanted = select(opened_cases).where(
            opened_cases.c.person == person, opened_cases.c.until > micros(now)
        )
        row = self.conn.execute(wanted).one_or_none()
        if row is None:
            return None
        told = json.loads(self.open(row.body, context=f"case_open/body/{person}"))
        return CaseId(told["case"]), bool(told["sent"])

    def close_for(self, person: PersonId) -> None:
        """Forget which case somebody adds to."""
        self.conn.execute(delete(opened_cases).where(opened_cases.c.person == person))

    def forget_opened(self, now: datetime) -> int:
        """Forget what nobody adds to any more."""
        return self.count(delete(opened_cases).where(opened_cases.c.until <= micros(now)))


def _case(row: Row[Any]) -> Case:
    to = row.assigned_to
    return Case(
        id=CaseId(row.id),
        kind=row.kind,
        urgency=Urgency(row.urgency),
        state=State(row.state),
        language=LanguageTag(row.language),
        created_at=moment(row.created_at),
        answer_by=moment(row.answer_by),
        expires_at=moment(row.expires_at),
        longest_until=moment(row.longest_until),
        assigned_to=None if to is None else CoordinatorId(to),
        seen=row.seen,
        outcome=row.outcome,
    )
