"""Coordinators, their invitations and the pages that wait to be acknowledged."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, select, update

from bot.domain.coordinators import Coordinator, Page, Role, Urgency
from bot.domain.ids import CoordinatorId, LanguageTag, PersonId
from bot.storage.codec import dump
from bot.storage.coordinator_tables import coordinator, invitation, page
from bot.storage.rows import Rows, micros, moment

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from bot.domain.coordinators import Invitation

_ALL = select(coordinator).order_by(coordinator.c.id)
_ONE = select(coordinator).where(coordinator.c.id == bindparam("of"))
_LINKED = select(coordinator).where(coordinator.c.person == bindparam("of"))
_ON_DUTY = select(coordinator).where(coordinator.c.on_duty).order_by(coordinator.c.id)


class CoordinatorRows(Rows):
    """Implements `Coordinators`."""

    __slots__ = ()

    def all(self) -> list[Coordinator]:
        """Return everybody."""
        return [self._read(row) for row in self.conn.execute(_ALL)]

    def get(self, id_: CoordinatorId) -> Coordinator | None:
        """Return one."""
        row = self.conn.execute(_ONE, {"of": id_}).one_or_none()
        return None if row is None else self._read(row)

    def by_person(self, person: PersonId) -> Coordinator | None:
        """Return whoever linked this chat."""
        row = self.conn.execute(_LINKED, {"of": person}).first()
        return None if row is None else self._read(row)

    def on_duty(self) -> list[Coordinator]:
        """Return who is there now."""
        return [self._read(row) for row in self.conn.execute(_ON_DUTY)]

    def put(self, one: Coordinator) -> None:
        """Insert or replace."""
        profile = {
            "alias": one.alias,
            "roles": sorted(one.roles),
            "recipient": one.recipient,
            "languages": list(one.languages),
        }
        row = {
            "id": one.id,
            "person": one.person,
            "on_duty": one.on_duty,
            "demo": one.demo,
            "profile": self.seal(dump(profile), context=f"coordinator/profile/{one.id}"),
        }
        self.upsert(coordinator, ("id",), row)

    def remove(self, id_: CoordinatorId) -> bool:
        """Delete one with their invitations; False when there was none."""
        self.conn.execute(delete(invitation).where(invitation.c.coordinator == id_))
        return self.count(delete(coordinator).where(coordinator.c.id == id_)) > 0

    def unlink(self, person: PersonId) -> None:
        """Forget which chat is somebody's; they are off duty then."""
        linked = update(coordinator).where(coordinator.c.person == person)
        self.conn.execute(linked.values(person=None, on_duty=False))

    def invite(self, invited: Invitation) -> None:
        """Keep an invitation, in place of earlier ones of the same coordinator."""
        self.conn.execute(delete(invitation).where(invitation.c.coordinator == invited.coordinator))
        row = {
            "tag": self.cipher.tag(invited.token, purpose="invitations"),
            "coordinator": invited.coordinator,
            "until": micros(invited.until),
        }
        self.conn.execute(self.insert(invitation), row)

    def redeem(self, token: str, *, now: datetime) -> CoordinatorId | None:
        """Use an invitation up; None when it was used, is over or never was."""
        tag = self.cipher.tag(token, purpose="invitations")
        found = self.conn.execute(select(invitation).where(invitation.c.tag == tag)).one_or_none()
        if found is None or not self.count(delete(invitation).where(invitation.c.tag == tag)):
            return None
        return CoordinatorId(found.coordinator) if found.until > micros(now) else None

    def _read(self, row: Row[Any]) -> Coordinator:
        profile = json.loads(self.open(row.profile, context=f"coordinator/profile/{row.id}"))
        return Coordinator(
            id=CoordinatorId(row.id),
            alias=profile["alias"],
            roles=frozenset(Role(role) for role in profile["roles"]),
            recipient=profile["recipient"],
            languages=tuple(LanguageTag(tag) for tag in profile["languages"]),
            on_duty=row.on_duty,
            person=None if row.person is None else PersonId(row.person),
            demo=row.demo,
        )


class PageRows(Rows):
    """Implements `Pages`."""

    __slots__ = ()

    def open_page(self, one: Page) -> bool:
        """Keep a page; False when the same ref waits unacknowledged at this urgency or higher."""
        before = self.get(one.ref)
        if before and before.acknowledged_by is None and before.urgency >= one.urgency:
            return False
        row = {
            "ref": one.ref,
            "code": one.code,
            "urgency": int(one.urgency),
            "opened_at": micros(one.opened_at),
            "acknowledged_by": None,
            "acknowledged_at": None,
        }
        self.upsert(page, ("ref",), row)
        return True

    def get(self, ref: str) -> Page | None:
        """Return one."""
        row = self.conn.execute(select(page).where(page.c.ref == ref)).one_or_none()
        return None if row is None else _page(row)

    def waiting(self) -> list[Page]:
        """Return what nobody has acknowledged, most urgent and oldest first."""
        waits = select(page).where(page.c.acknowledged_by.is_(None))
        rows = self.conn.execute(waits.order_by(page.c.urgency.desc(), page.c.opened_at))
        return [_page(row) for row in rows]

    def acknowledge(self, ref: str, by: CoordinatorId, *, at: datetime) -> bool:
        """Write down who took it; False when it is gone or somebody was quicker."""
        mine = (page.c.ref == ref, page.c.acknowledged_by.is_(None))
        taken = update(page).where(*mine).values(acknowledged_by=by, acknowledged_at=micros(at))
        return self.count(taken) > 0

    def drop(self, ref: str) -> None:
        """Forget a page: what it called for is over."""
        self.conn.execute(delete(page).where(page.c.ref == ref))

    def forget_before(self, before: datetime) -> int:
        """Delete what was opened before; nobody will acknowledge it any more."""
        return self.count(delete(page).where(page.c.opened_at < micros(before)))


def _page(row: Row[Any]) -> Page:
    by, at = row.acknowledged_by, row.acknowledged_at
    return Page(
        ref=row.ref,
        code=row.code,
        urgency=Urgency(row.urgency),
        opened_at=moment(row.opened_at),
        acknowledged_by=None if by is None else CoordinatorId(by),
        acknowledged_at=None if at is None else moment(at),
    )
