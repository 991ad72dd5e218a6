"""What coordinators decide about a plan under watch, each decision in the audit log.

Whether it is allowed at this moment the transition table knows; who may ask at all is the
contract's business. Nothing here tells the person anything.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain.errors import RefusedError
from bot.domain.plan_changes import quicker
from bot.domain.watch import (
    Acknowledged,
    Approved,
    Confirmed,
    Outcome,
    PauseAllowed,
    StoodDown,
)
from bot.services.check_in import renew, take, write
from bot.services.check_in_sheet import case_of

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.ids import PlanId
    from bot.domain.plans import Watched
    from bot.domain.watch import Event
    from bot.services.check_in_effects import Hands
    from bot.services.ports import Tx

WAYS = frozenset({"voice", "video", "proof-of-life"})
"""How somebody who knows the person made sure of them."""


def acknowledge(
    tx: Tx, hands: Hands, plan: PlanId, by: str, now: datetime, *, alarm: bool = False
) -> Watched:
    """Answer for an escalation from now on."""
    return _decide(tx, hands, plan, Acknowledged(by=by, alarm=alarm), now, "acknowledged", by)


def confirm(tx: Tx, hands: Hands, plan: PlanId, by: str, now: datetime) -> Watched:
    """Wake the contacts without waiting for the ten minutes."""
    return _decide(tx, hands, plan, Confirmed(by=by), now, "contacts-confirmed", by)


def approve(tx: Tx, hands: Hands, plan: PlanId, by: str, what: str, now: datetime) -> Watched:
    """Be one of the two who are for telling the authorities or the public.

    Raises:
        RefusedError: It is something else, or the person said no.
    """
    if what not in {"authorities", "publicity"}:
        raise RefusedError("Two coordinators decide about authorities and publicity only.")
    found = tx.plans.find([plan]).get(plan)
    if what == "authorities" and found is not None and found.terms.authorities == "no":
        raise RefusedError("The person does not want the authorities to be told.")
    return _decide(tx, hands, plan, Approved(by=by, what=what), now, f"approved-{what}", by)


def allow_pause(tx: Tx, hands: Hands, plan: PlanId, by: str, now: datetime) -> Watched:
    """Agree to a pause that the person asked for."""
    return _decide(tx, hands, plan, PauseAllowed(by=by), now, "pause-allowed", by)


def tighten(tx: Tx, hands: Hands, plan: PlanId, by: str, now: datetime) -> Watched:
    """Have humans told in half of the present time; loosening is the person's, with the PIN.

    Raises:
        RefusedError: The plan is over, or as quick as its tier allows.
    """
    before = _found(tx, plan)
    after = quicker(before.terms)
    if after is None:
        raise RefusedError("This check-in is as quick as it can be.")
    changed = replace(before, terms=after)
    renew(tx, [changed])
    hands.audit(tx, now, "tightened", plan, by)
    return changed


def stand_down(
    tx: Tx, hands: Hands, plan: PlanId, by: str, outcome: Outcome, now: datetime, *,
    safe_word: bool = False, way: str = "", alarm: bool = False,
) -> Watched:  # fmt: skip
    """End an escalation with an outcome.

    Args:
        tx: The unit.
        hands: Of the house.
        plan: Which one.
        by: The coordinator.
        outcome: What was found out.
        now: The present moment.
        safe_word: The word that the person said was compared and is right.
        way: How somebody who knows the person made sure of them; one of `WAYS`.
        alarm: The hidden alarm is meant, not the ladder of silence.

    Raises:
        RefusedError: The plan is over, or proof is missing from L2 on.
    """
    event = StoodDown(
        by=by, outcome=outcome, safe_word=safe_word, proof_of_life=way in WAYS, alarm=alarm
    )
    before = _found(tx, plan)
    taken = take(before, event, now)
    if any(effect.code == "proof-missing" for _, effect in taken.effects):
        raise RefusedError(
            "Contacts were woken: standing down needs the safe word, and a voice, a picture or an "
            "answer that only the person can give, heard by somebody who knows them."
        )
    case_of(tx, by, before, outcome, now)
    write(tx, [taken], now, hands)
    hands.audit(tx, now, f"stood-down-{outcome}", plan, by)
    return taken.after


def _decide(
    tx: Tx, hands: Hands, plan: PlanId, event: Event, now: datetime, act: str, by: str
) -> Watched:
    taken = take(_found(tx, plan), event, now)
    write(tx, [taken], now, hands)
    if taken.after != taken.before:
        hands.audit(tx, now, act, plan, by)
    return taken.after


def _found(tx: Tx, plan: PlanId) -> Watched:
    found = tx.plans.find([plan], hold=True).get(plan)
    if found is None:
        raise RefusedError("This check-in is over.")
    return found
