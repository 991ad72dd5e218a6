"""What the transition table asked for becomes messages, pages and audit entries.

Knows sentences, people and pages; decides nothing. Every page is written alike, also the one that
says "nothing": the deliverer of pages drops it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.checkins import FEWEST
from bot.domain.ids import FlowId
from bot.domain.messages import Button, Keyboard, Outgoing
from bot.domain.plans import is_quiet, learnt
from bot.domain.watch import ESCALATED, OUTAGE, Act, Cause, State, Tier
from bot.services.ports import Envelope, Lane, Timer
from bot.services.pressed import extra_data, flow_data

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.content.library import Library
    from bot.domain.ids import LanguageTag, PersonId
    from bot.domain.plans import Watched
    from bot.domain.watch import Effect
    from bot.services.ports import Tx

PAGE = "check-in-page"
"""The timers of pages: key is (plan, cycle, step)."""

BUTTON, WOKEN = "ci", "cc"
"""Names of the buttons of people under watch, and of their contacts."""

NOTHING = "nothing"
FLOW = FlowId("checkin")
_GREEN, _AMBER, _RED = 0, 2, 3
_CAUSES = frozenset(Cause)
_STALE = timedelta(hours=24)
_WAKE = ("contact_wake", "contact_wake_not")
_ORDER = ("ok", "fine", "later", "help")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What effects need of the house."""

    library: Callable[[], Library]
    audit: Callable[..., None]
    """(tx, when, act, subject, actor="house"): what is written into the audit log."""
    over: Callable[[Tx, str], None]
    """Nobody need look at the page of this ref any more."""
    shuffle: Callable[[list[str]], None]


@dataclass(slots=True, kw_only=True)
class Carrying:
    """Rows of one unit, to be written together."""

    envelopes: list[Envelope] = field(default_factory=list)
    pages: list[Timer] = field(default_factory=list)


def carry_out(
    tx: Tx, carrying: Carrying, before: Watched, after: Watched, cycle: int, effect: Effect,
    now: datetime, hands: Hands,
) -> Watched:  # fmt: skip
    """Do one effect; return the plan, which may have learnt something."""
    match effect.act:
        case Act.REMIND | Act.REASK:
            carrying.envelopes.append(_question(after, cycle, effect, now, hands))
        case Act.PAGE:
            level = _level(after, effect)
            _page(carrying, after, cycle, effect.key, effect.code, level, effect.late, now)
        case Act.CONFIRM | Act.OWNER:
            code = "confirm" if effect.act is Act.CONFIRM else "owner"
            _page(carrying, after, cycle, effect.key, code, after.standing.cycle.state,
                  effect.late, now)  # fmt: skip
        case Act.PLAN:
            _page(carrying, after, cycle, effect.key, effect.code, "plan", effect.late, now)
        case Act.CONTACTS:
            carrying.envelopes += _wake_contacts(tx, after, cycle, effect, now, hands)
        case Act.ALL_CLEAR:
            _all_clear(tx, carrying, before, cycle, effect, now, hands)
        case Act.KEY:
            hands.audit(tx, now, "key-released", after.id)
        case Act.PURGE:
            tx.chat.clear(after.person, to=now)
        case Act.OVER:
            carrying.envelopes.append(_drill_over(after, cycle, effect, now, hands))
        case Act.LEARN:
            return _learn(carrying, after, cycle, effect, now, hands)
        case Act.REPLY | Act.SEAL | Act.NEXT:
            pass
    return after


def ref_of(watched: Watched, cycle: int, level: str) -> str:
    """Return the id of a page: one for each level of each cycle, one for each alarm."""
    alarm = watched.standing.alarm
    if level == "alarm" and alarm is not None:
        return f"{watched.id[:16]}-a{int(alarm.ladder.since.timestamp()):x}.{alarm.act}"
    return f"{watched.id[:16]}-{cycle}{level}"


def keyboard(
    library: Library, language: LanguageTag, shuffle: Callable[[list[str]], None] | None = None
) -> tuple[tuple[Button, ...], ...]:
    """Return the buttons of a check-in: OK, all well, later, I need help."""
    names = list(_ORDER)
    if shuffle is not None:
        shuffle(names)
    buttons = [
        Button(label=library.say(f"checkin_{name}", language), data=extra_data(BUTTON, name))
        for name in names
    ]
    return (tuple(buttons[:2]), tuple(buttons[2:]))


def _question(
    watched: Watched, cycle: int, effect: Effect, now: datetime, hands: Hands
) -> Envelope:
    """Ask, in the innocent words that the person chose; never once coordinators went further."""
    library, terms = hands.library(), watched.terms
    text = library.say(f"checkin_ask_{terms.bland}", terms.language)
    if terms.drill:
        text = f"{library.say('checkin_drill', terms.language)}\n{text}"
    standing = watched.standing.cycle
    last = max(standing.due_at + terms.plan.timings.l2, standing.held_until or standing.due_at)
    return Envelope(
        person=watched.person,
        message=Outgoing(
            text=text,
            language=terms.language,
            buttons=keyboard(library, terms.language, hands.shuffle if terms.shuffled else None),
            keyboard=Keyboard.REPLY,
            silent=is_quiet(terms, now),
        ),
        lane=Lane.CHECK_IN,
        dedup_key=f"check-in:{watched.id}:{cycle}:{effect.key}",
        due_at=now,
        # Never shown once the bot must be silent, however long a channel was away.
        expires_at=last,
    )


def _level(watched: Watched, effect: Effect) -> str:
    code = effect.code.removeprefix("drill-")
    if code in _CAUSES or code == "decide-now" or effect.key.startswith("alarm-"):
        return "alarm"
    if effect.key in {"l1", "l2", "l3-page"} or effect.code == "next-person":
        return {"l3-page": State.L3.value}.get(effect.key, watched.standing.cycle.state)
    return effect.key.partition(":")[0]


def _page(
    carrying: Carrying, watched: Watched, cycle: int, key: str, code: str, level: str,
    late: timedelta, now: datetime,
) -> None:  # fmt: skip
    together = _together(watched, code)
    ref = f"region-{watched.terms.region.lower()}-{now:%Y%m%d}" if together else ""
    carrying.pages.append(
        Timer(
            kind=PAGE,
            key=f"{watched.id}:{cycle}:{key}",
            due_at=now,
            payload={
                "code": code,
                "ref": ref or ref_of(watched, cycle, level),
                "urgency": _AMBER if together else _urgency(watched, code),
                "drill": _is_drill(watched, code),
                "ours": late > OUTAGE,
                "region": together,
            },
        )
    )


def _together(watched: Watched, code: str) -> bool:
    """Tell whether a page is one of many: a region is silent, and one page tells it (rule 9)."""
    standing = watched.standing
    return (
        standing.cycle.region_out
        and watched.terms.tier is Tier.ROUTINE
        and standing.alarm is None
        and code in {"l1", "next-person"}
    )


def _is_drill(watched: Watched, code: str) -> bool:
    """A forced word is never part of a test: who says it is taken at their word."""
    return watched.terms.drill and code not in _CAUSES and watched.standing.alarm is None


def _urgency(watched: Watched, code: str) -> int:
    if _is_drill(watched, code) or code in {"pause-asked", "all-clear", NOTHING}:
        return _GREEN
    routine = watched.terms.tier is Tier.ROUTINE
    if code in {"answered-late", "unreachable", "owner"}:
        return _AMBER
    first = code in {"l1", "next-person"} and watched.standing.cycle.state is State.L1
    return _AMBER if routine and first and watched.standing.alarm is None else _RED


def _wake_contacts(
    tx: Tx, watched: Watched, cycle: int, effect: Effect, now: datetime, hands: Hands
) -> list[Envelope]:
    """Wake those who agreed, with the text that the person approved and an answer to press."""
    found = []
    for contact in tx.contacts.of(watched.person):
        if contact.person is None or not contact.can_be_woken(now):
            continue
        button = extra_data(WOKEN, f"{watched.id[:16]}-{cycle}-{contact.id[:16]}")
        # Never imply that somebody watches: with nobody on duty contacts are told so.
        alone = watched.terms.coordinators < FEWEST
        names = ("contact_wake_alone", "contact_wake_alone_not") if alone else _WAKE
        found.append(
            _to_contact(
                tx,
                contact.person,
                names,
                now,
                hands,
                key=f"check-in:{watched.id}:{cycle}:{effect.key}:{contact.id}",
                button=("contact_wake_button", button),
            )
        )
    return [one for one in found if one is not None]


def _all_clear(
    tx: Tx, carrying: Carrying, before: Watched, cycle: int, effect: Effect, now: datetime,
    hands: Hands,
) -> None:  # fmt: skip
    """Tell everybody who was alerted, and let nobody be called any more (rule 4)."""
    levels = {state.value for state in before.standing.cycle.reached & ESCALATED}
    if effect.key.startswith("alarm-over"):
        levels = {"alarm"}
    for level in sorted(levels | {"confirm", "plan"}):
        hands.over(tx, ref_of(before, cycle, level))
    woken = State.L2.value in levels or (
        "alarm" in levels and before.standing.alarm is not None and before.standing.alarm.pressed
        and before.terms.duress_wakes_contacts
    )  # fmt: skip
    if not woken or before.terms.drill:
        return
    name = "contact_over" if effect.code in {"", "safe", "false-alarm"} else "contact_handed_over"
    for contact in tx.contacts.of(before.person):
        if contact.person is None or not contact.can_be_woken(now):
            continue
        key = f"check-in:{before.id}:{cycle}:{effect.key}:{contact.id}"
        told = _to_contact(tx, contact.person, (name,), now, hands, key=key)
        carrying.envelopes += [told] if told is not None else []


def _to_contact(
    tx: Tx, person: PersonId, names: Sequence[str], now: datetime, hands: Hands, *, key: str,
    button: tuple[str, str] | None = None,
) -> Envelope | None:  # fmt: skip
    who = tx.people.find(person)
    if who is None or who.gone_since is not None:
        return None
    library = hands.library()
    language = library.language(who.speaks)
    rows: tuple[tuple[Button, ...], ...] = ()
    if button is not None:
        rows = ((Button(label=library.say(button[0], language), data=button[1]),),)
    return Envelope(
        person=person,
        message=Outgoing(
            text="\n\n".join(library.say(name, language) for name in names),
            language=language,
            buttons=rows,
        ),
        lane=Lane.ESCALATION,
        dedup_key=key,
        due_at=now,
        expires_at=now + _STALE,
    )


def _drill_over(
    watched: Watched, cycle: int, effect: Effect, now: datetime, hands: Hands
) -> Envelope:
    """Say that a drill is over, and what would have come now."""
    text = hands.library().say("checkin_drill_over", watched.terms.language)
    return Envelope(
        person=watched.person,
        message=Outgoing(text=text, language=watched.terms.language, keyboard=Keyboard.REMOVE),
        lane=Lane.CHECK_IN,
        dedup_key=f"check-in:{watched.id}:{cycle}:{effect.key}",
        due_at=now,
        expires_at=now + _STALE,
        sensitive=True,
    )


def _learn(
    carrying: Carrying, watched: Watched, cycle: int, effect: Effect, now: datetime, hands: Hands
) -> Watched:
    """Count a false alarm, ask what it was without blame, propose another rhythm after three."""
    terms, often = learnt(watched.terms, now.date())
    if watched.standing.cycle.state in ESCALATED:
        return replace(watched, terms=terms)
    library, language = hands.library(), terms.language
    causes = ("forgot", "battery", "signal", "bug")
    rows = [
        (Button(label=library.say(f"checkin_why_{name}", language),
                data=extra_data(BUTTON, f"why-{name}")),)
        for name in causes
    ]  # fmt: skip
    lines = [library.say("checkin_why", language)]
    if often:
        lines.append(library.say("checkin_often", language))
        label = library.say("checkin_change", language)
        rows.append((Button(label=label, data=flow_data(FLOW)),))
    carrying.envelopes.append(
        Envelope(
            person=watched.person,
            message=Outgoing(text="\n\n".join(lines), language=language, buttons=tuple(rows)),
            lane=Lane.CHECK_IN,
            dedup_key=f"check-in:{watched.id}:{cycle}:{effect.key}",
            due_at=now,
            expires_at=now + _STALE,
            sensitive=True,
            keep=True,
        )
    )
    return replace(watched, terms=terms)
