"""Setting check-ins up: a plan from a few choices, and words that are never typed into a chat.

PIN, safe word and duress word are chosen on a page that a link opens once; they become digests
before they come here. A plan that cannot be watched is not armed, and the answer says why.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bot.domain.checkins import can_arm
from bot.domain.ids import PlanId
from bot.domain.plan_changes import canary, drill_of
from bot.domain.plans import (
    MOST_PLANS,
    Authorities,
    Preset,
    Terms,
    Watched,
    Wish,
    first_cycle,
    is_zone,
    moved_to,
    slot_at,
    terms,
)
from bot.domain.secret_words import Secret, fold, matches, refusal
from bot.domain.watch import (
    ESCALATED,
    PIN_TRIES,
    WATCHING,
    CancelAsked,
    Cause,
    HelpAsked,
    Moved,
    State,
)
from bot.services.check_in import renew, take, timer, write
from bot.services.check_in_ports import Agreed, Ticket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from bot.domain.ids import LanguageTag, PersonId
    from bot.services.check_in_effects import Hands
    from bot.services.check_in_sheet import Sheets
    from bot.services.ports import Clock, Store, Tx

NO_LINES: Mapping[str, str] = MappingProxyType({})
LINK_FOR = timedelta(minutes=30)
WORDS = "words"
_ZONE = 40
_MOST_CODES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """Arms plans and agrees on words."""

    store: Store
    clock: Clock
    hands: Hands
    new_id: Callable[[], str]
    salt: Callable[[], bytes]
    derive: Callable[[bytes, str], Awaitable[bytes]]
    """One slow digest of a text under a salt, off the event loop."""
    on_duty: Callable[[Tx], int]
    """How many coordinators with real keys are there."""
    armed: Callable[[Hands, Tx, Watched, datetime], None] = lambda *_told: None
    """Told of a plan that has just been armed, in its transaction."""
    sheets: Sheets | None = None
    """Who seals what others should know; None keeps nothing of it."""

    def arm(
        self, tx: Tx, person: PersonId, wish: Wish, language: LanguageTag, now: datetime
    ) -> str | Watched:
        """Put a plan under watch; return it, or why it cannot be, as a code."""
        agreed = tx.check_words.get(person)
        made = self._terms(tx, person, wish, language, now)
        if len(tx.plans.of(person, hold=True)) >= MOST_PLANS:
            return "too-many"
        has_pin = agreed is not None and Secret.PIN in agreed.digests
        hindered = can_arm(made.plan, has_pin=has_pin)
        return hindered or self.watch(tx, person, made, now) or "in-the-past"

    def watch(self, tx: Tx, person: PersonId, made: Terms, now: datetime) -> Watched | None:
        """Put terms under watch that may be; None when their only slot is past."""
        begun = first_cycle(made, now)
        if begun is None:
            return None
        slot, standing = begun
        watched = Watched(
            id=PlanId(self.new_id()), person=person, terms=made, standing=standing, slot=slot
        )
        tx.plans.add(watched)
        tx.timers.set(replace(timer(watched, standing.cycle.due_at), fence=0))
        self.armed(self.hands, tx, watched, now)
        return watched

    def drill(
        self, tx: Tx, person: PersonId, language: LanguageTag, now: datetime
    ) -> Watched | None:
        """Begin a drill in a minute; None while one runs, or while anybody is looked for."""
        plans = tx.plans.of(person, hold=True)
        busy = any(
            one.terms.drill or one.standing.alarm or one.standing.cycle.state in ESCALATED
            for one in plans
        )
        if busy or not plans:
            return None
        return self.watch(tx, person, drill_of([one.terms for one in plans], language, now), now)

    def canary(
        self, tx: Tx, person: PersonId, zone: str, region: str, language: LanguageTag,
        now: datetime,
    ) -> Watched | None:  # fmt: skip
        """Let a helper tell an outage of their region; None when the zone is none."""
        if not is_zone(zone) or tx.plans.of(person, hold=True):
            return None
        if tx.check_words.get(person) is None:
            tx.check_words.put(person, Agreed(salt=self.salt(), digests={}))
        return self.watch(tx, person, canary(zone, region, language, now), now)

    def link(self, tx: Tx, person: PersonId, wish: Wish | None, now: datetime) -> str:
        """Return the token of a page on which words are chosen; then `wish` is armed."""
        token = self.new_id()
        purpose = f"{WORDS}:{_codes(wish) if wish else ''}"
        tx.check_words.give(
            Ticket(token=token, person=person, purpose=purpose, until=now + LINK_FOR)
        )
        return token

    async def fill(
        self, token: str, words: Mapping[Secret, str], *, harmless: bool, pin: str = "",
        sheet: Mapping[str, str] = NO_LINES,
    ) -> str:  # fmt: skip
        """Agree on words through a link; return what came of it as a code.

        Args:
            token: Of the link, which works once.
            words: What was chosen; an empty one is none. All empty keep those agreed on, when only
                the sheet is to change.
            harmless: The second button means duress.
            pin: The present PIN, where words were agreed on before.
            sheet: What others should know, by the names of `check_in_sheet.LINES`.
        """
        now = self.clock.now()
        before = await self.store.read(lambda tx: self._look(tx, token, now))
        if before is None:
            return "link-over"
        only_sheet = bool(before.digests) and any(sheet.values()) and not any(words.values())
        wrong = None if only_sheet else refusal(words)
        if wrong is not None:
            return wrong
        if before.digests:
            tried = matches(await self.derive(before.salt, fold(pin)), before.digests)
            if Secret.PIN not in tried:
                forced = Secret.DURESS in tried
                return await self.store.write(
                    lambda tx: self._wrong_pin(tx, token, now, sheet, forced=forced)
                )
        if only_sheet:
            return await self.store.write(lambda tx: self._only_sheet(tx, token, sheet, now))
        salt = self.salt()
        digests = {
            secret: await self.derive(salt, fold(word)) for secret, word in words.items() if word
        }
        agreed = Agreed(salt=salt, digests=digests, harmless=harmless)
        return await self.store.write(lambda tx: self._agree(tx, token, agreed, sheet, now))

    def _look(self, tx: Tx, token: str, now: datetime) -> Agreed | None:
        """Return what must be proven to change the words: nothing while nothing is watched."""
        ticket = tx.check_words.ticket(token, now=now)
        if ticket is None or not ticket.purpose.startswith(WORDS):
            return None
        agreed = tx.check_words.get(ticket.person) if tx.plans.of(ticket.person) else None
        return agreed or Agreed(salt=b"", digests={})

    def _wrong_pin(
        self, tx: Tx, token: str, now: datetime, sheet: Mapping[str, str], *, forced: bool
    ) -> str:
        """Refuse; a wrong PIN uses the link up, and counts like one in the chat.

        After the fifth, and at once after the duress word, it looks as if it had worked.
        """
        ticket = tx.check_words.ticket(token, now=now)
        if ticket is None or not tx.check_words.spend(token):
            return "link-over"
        event = HelpAsked(cause=Cause.DURESS) if forced else CancelAsked(pin=False)
        tried = [take(one, event, now) for one in tx.plans.of(ticket.person, hold=True)]
        write(tx, tried, now, self.hands)
        often = any(one.after.standing.wrong_pins >= PIN_TRIES for one in tried)
        if forced:
            self._write_sheet(tx, ticket.person, sheet, now, forced=True)
        return "agreed" if forced or often else "pin-wrong"

    def _only_sheet(self, tx: Tx, token: str, sheet: Mapping[str, str], now: datetime) -> str:
        """Change what others should know, and nothing else."""
        ticket = tx.check_words.ticket(token, now=now)
        if ticket is None or not tx.check_words.spend(token):
            return "link-over"
        kept = self._write_sheet(tx, ticket.person, sheet, now)
        return "agreed" if kept else "not-sealed"

    def _write_sheet(
        self, tx: Tx, person: PersonId, sheet: Mapping[str, str], now: datetime, *,
        forced: bool = False,
    ) -> bool:  # fmt: skip
        if not any(sheet.values()):
            return True
        who = tx.people.find(person)
        library = self.hands.library()
        language = library.language(who.speaks if who else None)
        if self.sheets is None:
            return False
        return self.sheets.write(tx, person, sheet, language, now, forced=forced)

    def _agree(
        self, tx: Tx, token: str, agreed: Agreed, sheet: Mapping[str, str], now: datetime
    ) -> str:
        ticket = tx.check_words.ticket(token, now=now)
        if ticket is None or not tx.check_words.spend(token):
            return "link-over"
        person = ticket.person
        before = tx.check_words.get(person)
        if before is not None:
            agreed = replace(agreed, box=before.box, place_at=before.place_at)
        tx.check_words.put(person, agreed)
        sealed = self._write_sheet(tx, person, sheet, now)
        has_safe = Secret.SAFE in agreed.digests
        plans = [
            replace(one, terms=replace(one.terms, has_safe_word=has_safe))
            for one in tx.plans.of(person, hold=True)
        ]
        renew(tx, plans)
        who = tx.people.find(person)
        wish = _wish(ticket.purpose.partition(":")[2])
        if wish is None or who is None:
            return "agreed" if sealed else "not-sealed"
        language = self.hands.library().language(who.speaks)
        armed = self.arm(tx, person, wish, language, now)
        if isinstance(armed, str):
            return armed
        return "armed" if sealed else "not-sealed"

    def cross(self, tx: Tx, person: PersonId, zone: str, now: datetime) -> int:
        """Follow somebody into another zone; return how many plans moved."""
        if not is_zone(zone):
            return 0
        moved = 0
        for one in tx.plans.of(person, hold=True):
            changed = replace(one, terms=moved_to(one.terms, zone))
            moved += self._resettle(tx, changed, now)
        return moved

    async def recompute_all(self) -> int:
        """Compute every slot again by the tzdata of today; return how many moved."""
        ZoneInfo.clear_cache()
        now, moved = self.clock.now(), 0
        after: PlanId | None = None
        while True:
            part = await self.store.read(_part(after))
            if not part:
                return moved
            after = part[-1].id
            ids = [one.id for one in part if _has_moved(one)]
            if ids:
                moved += await self.store.write(self._recomputing(ids, now))

    def _recomputing(self, ids: list[PlanId], now: datetime) -> Callable[[Tx], int]:
        def unit(tx: Tx) -> int:
            found = tx.plans.find(ids, hold=True).values()
            return sum(self._resettle(tx, one, now) for one in found)

        return unit

    def _resettle(self, tx: Tx, watched: Watched, now: datetime) -> bool:
        due = slot_at(watched.terms, watched.slot)
        cycle = watched.standing.cycle
        if due is None or cycle.state is not State.ARMED or due == cycle.due_at:
            return False
        write(tx, [take(watched, Moved(due_at=max(due, now)), now)], now, self.hands)
        return True

    def _terms(
        self, tx: Tx, person: PersonId, wish: Wish, language: LanguageTag, now: datetime
    ) -> Terms:
        agreed = tx.check_words.get(person)
        contacts = sum(one.can_be_woken(now) for one in tx.contacts.of(person))
        return replace(
            terms(wish, language, now),
            contacts=contacts,
            coordinators=self.on_duty(tx),
            has_safe_word=agreed is not None and Secret.SAFE in agreed.digests,
        )


def _part(after: PlanId | None) -> Callable[[Tx], list[Watched]]:
    return lambda tx: tx.plans.live(after=after)


def _has_moved(watched: Watched) -> bool:
    cycle = watched.standing.cycle
    still = cycle.state is State.ARMED and not cycle.extensions
    return still and slot_at(watched.terms, watched.slot) != cycle.due_at


def contacts_changed(tx: Tx, person: PersonId, now: datetime) -> None:
    """Let a person's plans know how many contacts can be woken now."""
    active = sum(one.can_be_woken(now) for one in tx.contacts.of(person))
    plans = [
        replace(one, terms=replace(one.terms, contacts=active))
        for one in tx.plans.of(person, hold=True)
        if one.terms.contacts != active
    ]
    renew(tx, plans)


def is_silent(tx: Tx, person: PersonId) -> bool:
    """Tell whether nothing may be sent to somebody of our own accord (the silence rule)."""
    return any(one.standing.cycle.state in {State.L2, State.L3} for one in tx.plans.of(person))


def is_watched(tx: Tx, person: PersonId) -> bool:
    """Tell whether somebody is under watch: then their address must stay."""
    return bool(tx.plans.of(person))


def facts(tx: Tx, person: PersonId, on_duty: int, now: datetime) -> dict[str, str]:
    """Return what flows may know of a person's check-ins: codes only."""
    agreed = tx.check_words.get(person)
    plans = tx.plans.of(person) if agreed is not None else []
    contacts = tx.contacts.of(person)
    states = {one.standing.cycle.state for one in plans}
    watching = bool(states & (WATCHING - ESCALATED))
    return {
        "checkin": "on" if watching or states & ESCALATED else "paused" if plans else "off",
        "checkin_pin": "yes" if agreed is not None else "no",
        "checkin_safe": "yes" if agreed and Secret.SAFE in agreed.digests else "no",
        "checkin_contacts": str(sum(one.can_be_woken(now) for one in contacts)),
        "checkin_duty": "yes" if on_duty >= 2 else "no",  # noqa: PLR2004 - see can_arm
        "contact_of": str(len(tx.contacts.who_is(person))),
    }


def _codes(wish: Wish) -> str:
    return json.dumps(
        [wish.preset, wish.hours, wish.minutes, wish.at_hour, wish.zone, wish.region, wish.bland,
         wish.quiet, wish.authorities]
    )  # fmt: skip


def _wish(codes: str) -> Wish | None:
    if not codes:
        return None
    preset, hours, minutes, at_hour, zone, region, bland, quiet, authorities = json.loads(codes)
    return Wish(
        preset=Preset(preset), hours=hours, minutes=minutes, at_hour=at_hour, zone=zone,
        region=region, bland=bland, quiet=quiet and (quiet[0], quiet[1]),
        authorities=Authorities(authorities),
    )  # fmt: skip


def wish_from(codes: Mapping[str, object]) -> Wish | None:
    """Read a wish from a flow's coded answers; None when the preset is none."""
    preset = codes.get("preset")
    if preset not in set(Preset):
        return None
    zone = str(codes.get("zone") or "UTC")[:_ZONE]
    quiet = {"night": (22, 7), "late": (0, 8)}.get(str(codes.get("quiet") or ""))
    authorities = str(codes.get("authorities") or "no")
    return Wish(
        preset=Preset(str(preset)),
        hours=_number(codes.get("hours")),
        minutes=_number(codes.get("minutes")),
        at_hour=_number(codes.get("at_hour"), 9),
        zone=zone if is_zone(zone) else "UTC",
        region=str(codes.get("country") or "")[:2],
        bland=str(codes.get("bland") or "plain")[:_MOST_CODES],
        quiet=quiet,
        authorities=Authorities(authorities) if authorities in set(Authorities) else Authorities.NO,
    )


def _number(value: object, default: int = 0) -> int:
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 5 else default  # noqa: PLR2004
