"""Coordinators come and go: invited with a link that works once, given roles, removed.

Whoever is removed loses duty, chat and sign-in at once. Their key stays a reader of cases until the
recipient list is signed anew without it, and the answer says so.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.coordinators import (
    AuditEntry,
    Coordinator,
    Invitation,
    Role,
    check_alias,
    check_recipient,
)
from bot.domain.errors import RefusedError
from bot.domain.ids import CoordinatorId, FlowId
from bot.flow.inputs import Pressed, Started, Universal

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from bot.domain.ids import LanguageTag
    from bot.flow.inputs import Input
    from bot.services.apply import Moment
    from bot.services.ports import Tx

INVITED_FOR = timedelta(hours=48)
OPENING = "c"
"""What the payload of an invitation link begins with: `c-TOKEN`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCoordinator:
    """Who is invited."""

    alias: str
    roles: frozenset[Role]
    recipient: str
    languages: tuple[LanguageTag, ...]


def invite(
    tx: Tx, wanted: NewCoordinator, *, id_: str, token: str, now: datetime, by: str = "operator"
) -> Coordinator:
    """Take somebody in and keep the invitation for their chat.

    Args:
        tx: The unit.
        wanted: Alias, roles, key and languages.
        id_: A random id.
        token: A random secret for the link: shown once, kept only as a tag.
        now: The present moment.
        by: Who invites, for the audit log.

    Raises:
        RefusedError: The alias or the key cannot be used.
    """
    if not wanted.roles:
        raise RefusedError("A coordinator needs a role: coordinator, lead or operator.")
    known = tx.coordinators.all()
    recipient = check_recipient(wanted.recipient, wanted.roles)
    if recipient and recipient in {one.recipient for one in known}:
        raise RefusedError("This public key belongs to somebody else already.")
    made = Coordinator(
        id=CoordinatorId(id_),
        alias=check_alias(wanted.alias, [one.alias for one in known]),
        roles=wanted.roles,
        recipient=recipient,
        languages=wanted.languages,
    )
    tx.coordinators.put(made)
    link(tx, made, token=token, now=now)
    _audit(tx, now, by, "invited", made)
    return made


def link(tx: Tx, who: Coordinator, *, token: str, now: datetime) -> None:
    """Keep a new invitation for somebody's chat; earlier ones end."""
    tx.coordinators.invite(Invitation(coordinator=who.id, token=token, until=now + INVITED_FOR))


def find(tx: Tx, alias: str) -> Coordinator:
    """Return whoever has this alias (or id).

    Raises:
        RefusedError: Nobody has.
    """
    wanted = " ".join(alias.split()).casefold()
    for one in tx.coordinators.all():
        if one.alias.casefold() == wanted or one.id == alias:
            return one
    raise RefusedError("There is no coordinator of that name; see `vigil coordinators list`.")


def remove(tx: Tx, alias: str, *, now: datetime, by: str = "operator") -> Coordinator:
    """Let somebody go.

    Raises:
        RefusedError: Nobody has this alias.
    """
    gone = find(tx, alias)
    tx.coordinators.remove(gone.id)
    _audit(tx, now, by, "removed", gone)
    return gone


def set_roles(
    tx: Tx, alias: str, roles: Collection[Role], *, now: datetime, by: str = "operator"
) -> Coordinator:
    """Give somebody other roles.

    Raises:
        RefusedError: Nobody has this alias, no role was named, or a key is needed for it.
    """
    if not roles:
        raise RefusedError("Name at least one role: coordinator, lead or operator.")
    before = find(tx, alias)
    check_recipient(before.recipient, roles)
    after = replace(before, roles=frozenset(roles))
    tx.coordinators.put(replace(after, on_duty=after.on_duty and after.answers))
    _audit(tx, now, by, "roles", after)
    return after


def follow_invitation(tx: Tx, moment: Moment, token: str) -> Input:
    """Tie the chat to whoever was invited; to anybody else the link shows the menu and no more."""
    id_ = tx.coordinators.redeem(token, now=moment.at)
    found = None if id_ is None else tx.coordinators.get(id_)
    if found is None:
        return Pressed(word=Universal.MENU)
    tx.coordinators.unlink(moment.person.id)
    tx.coordinators.put(replace(found, person=moment.person.id))
    _audit(tx, moment.at, found.id, "linked", found)
    return Started(flow=FlowId("duty"))


def listed(known: Sequence[Coordinator]) -> list[dict[str, object]]:
    """Return what may be shown of everybody."""
    return [
        {
            "id": one.id,
            "alias": one.alias,
            "roles": sorted(one.roles),
            "languages": list(one.languages),
            "on_duty": one.on_duty,
            "chat": one.person is not None,
            "demo": one.demo,
            "key": one.recipient,
        }
        for one in sorted(known, key=lambda one: one.alias.casefold())
    ]


def _audit(tx: Tx, at: datetime, actor: str, act: str, about: Coordinator) -> None:
    note = "+".join(sorted(about.roles))
    tx.audit.add(AuditEntry(at=at, actor=actor, act=act, subject=about.id, note=note))
