"""Wiring of check-ins: what they need of duty, keys, chance and the web chat's address."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.coordinators import AuditEntry, Urgency
from bot.domain.ids import CoordinatorId
from bot.services import check_in_decide as decide
from bot.services import duty
from bot.services.acts import say_of_act
from bot.services.check_in_acts import CheckInActs, say_armed
from bot.services.check_in_contacts import ContactBook
from bot.services.check_in_desk import CheckInDesk
from bot.services.check_in_drills import NEVER, NOW, Drills
from bot.services.check_in_house import CheckIns, Duty, make
from bot.services.check_in_sheet import Sheets
from bot.services.pressed import Remark

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import ChannelName, PlanId
    from bot.domain.plans import Watched
    from bot.services.apply import Moment
    from bot.services.ports import Channel, Clock, Store, Tx
    from bot.services.sealing import Sealing
    from bot.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class WiredCheckIns:
    """The parts, and what flows, buttons and links reach them by."""

    house: CheckIns
    book: ContactBook
    acts: CheckInActs
    desk: CheckInDesk
    sheets: Sheets
    drills: Drills


def wire_check_ins(
    settings: Settings,
    *,
    store: Store,
    clock: Clock,
    library: Callable[[], Library],
    worker: str,
    channels: Mapping[ChannelName, Channel],
    wake: Callable[[], None],
    sealing: Sealing,
) -> WiredCheckIns:
    """Put check-ins together."""
    from bot.vault.phrase import derive, digest, new_salt  # noqa: PLC0415 - not for the CLI

    sheets = Sheets(sealing=sealing)
    house = make(
        store=store,
        clock=clock,
        library=library,
        worker=worker,
        duty=_duty(clock),
        audit=_audit,
        new_id=lambda: secrets.token_hex(16),
        salt=new_salt,
        derive=derive,
        shuffle=secrets.SystemRandom().shuffle,
        armed=say_armed,
        sheets=sheets,
        wake=wake,
    )
    book = ContactBook(
        hands=house.hands,
        new_id=lambda: secrets.token_hex(16),
        links=lambda channel, opening: _links(channels, channel, opening),
    )
    acts = CheckInActs(house=house, book=book, page_of=lambda token: page_of(settings, token))
    house.hearing.with_pin.update(
        invite=lambda tx, moment: say_of_act(tx, moment, acts.invitation(tx, moment), "invite"),
        drop=lambda tx, moment: book.drop(tx, moment.person.id, moment.at),
    )
    house.hearing.presses.update({NOW: acts.drill_now, NEVER: acts.drill_never})
    monthly = Drills(store=store, clock=clock, library=library, wake=wake)
    house.hearing.presses.update({NOW: acts.drill_now, NEVER: acts.drill_never})
    monthly = Drills(store=store, clock=clock, library=library, wake=wake)
    desk = CheckInDesk(hands=house.hands, clock=clock, sheets=sheets, digest=digest)
    return WiredCheckIns(
        house=house, book=book, acts=acts, desk=desk, sheets=sheets, drills=monthly
    )


def page_of(settings: Settings, token: str) -> str | None:
    """Return the address of the page for words; with Telegram it needs a public one."""
    if settings.web_url is not None:
        return f"{settings.web_url}/words/{token}"
    return f"http://{settings.listen}/words/{token}" if settings.telegram_token is None else None


def board_press(wired: WiredCheckIns) -> Callable[[Tx, Moment, str], Remark]:
    """Return who takes the buttons of coordinators."""
    hands = wired.house.hands

    def press(tx: Tx, moment: Moment, argument: str) -> Remark:
        who = tx.coordinators.by_person(moment.person.id)
        what, _, short = argument.partition("-")
        plan = _by_short(tx, short)
        if who is None or plan is None:
            return Remark(phrase="stale_button")
        match what:
            case "confirm":
                decide.confirm(tx, hands, plan.id, who.id, moment.at)
            case "pause":
                decide.allow_pause(tx, hands, plan.id, who.id, moment.at)
            case "take":
                alarm = plan.standing.alarm is not None
                decide.acknowledge(tx, hands, plan.id, who.id, moment.at, alarm=alarm)
            case _:
                return Remark(phrase="stale_button")
        return Remark(phrase="board_done")

    return press


def _by_short(tx: Tx, short: str) -> Watched | None:
    after: PlanId | None = None
    while part := tx.plans.live(after=after):
        after = part[-1].id
        for one in part:
            if len(short) >= 16 and one.id.startswith(short):  # noqa: PLR2004 - as buttons carry
                return one
    return None


def _duty(clock: Clock) -> Duty:
    def page(tx: Tx, what: str, urgency: int, ref: str) -> None:
        duty.page(tx, clock, what, Urgency(urgency), ref)

    def acknowledged(tx: Tx, ref: str) -> str | None:
        found = tx.pages.get(ref)
        return None if found is None else found.acknowledged_by

    def there(tx: Tx) -> int:
        return sum(one.answers and not one.demo for one in tx.coordinators.on_duty())

    return Duty(page=page, acknowledged=acknowledged, over=duty.stop_paging, on_duty=there)


def _audit(tx: Tx, at: datetime, act: str, subject: str, actor: str = "house") -> None:
    tx.audit.add(AuditEntry(at=at, actor=CoordinatorId(actor), act=act, subject=subject))


def _links(
    channels: Mapping[ChannelName, Channel], channel: ChannelName, opening: str
) -> list[tuple[str, str]]:
    there: Any = channels.get(channel)
    me = getattr(there, "me", None)
    name = getattr(me, "username", "")
    return [("contact_link_button", f"https://t.me/{name}?start={opening}")] if name else []
