"""Alerts: what one is, the one table of what may become of it, and who may do what with it.

Decides purely. Knows no rows, channels or keys. Every refusal is a code, so that it can be shown,
counted and written into the audit log, and nothing of an alert's words is in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    from bot.domain.ids import AlertId, LanguageTag


class Severity(StrEnum):
    """How loud an alert is."""

    RED = "red"
    """Act now: reaches people in quiet hours and in the middle of a report."""
    AMBER = "amber"
    """Be careful: waits for the end of quiet hours and of a report."""
    GREEN = "green"
    """Good to know: may come in the digest of the day."""


class State(StrEnum):
    """Where an alert stands."""

    DRAFT = "draft"
    """Being written; nobody is chosen yet."""
    SUBMITTED = "submitted"
    """Frozen, list included; waits for a second person."""
    SCHEDULED = "scheduled"
    """Approved; its time has not come."""
    CANARY = "canary"
    """Goes to one in a hundred; the others wait for what becomes of these."""
    SENDING = "sending"
    """Goes to everybody on the list."""
    PAUSED = "paused"
    """Stopped for a while; what was under way arrives."""
    COMPLETE = "complete"
    """The rows add up to the frozen list."""
    ABORTED = "aborted"
    """Stopped for good; those who did not get it are excluded(aborted)."""
    RECALLING = "recalling"
    """What was sent is being deleted or changed."""
    RECALLED = "recalled"
    """Nothing deletable of it stands any more."""


class Act(StrEnum):
    """What happens to an alert: by a coordinator, or by the house (the last four)."""

    EDIT = "edit"
    DISCARD = "discard"
    SUBMIT = "submit"
    RETURN = "return"
    """Back to its authors, unfrozen."""
    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    ABORT = "abort"
    RECALL = "recall"
    CORRECT = "correct"
    """Send the correction that was approved with it to those who got it."""
    BEGIN = "begin"
    """Its time has come."""
    WIDEN = "widen"
    """The canary is well: on to everybody."""
    FINISH = "finish"
    """The rows add up."""
    EMPTIED = "emptied"
    """Nothing is left to be recalled."""


_S, _A = State, Act
TRANSITIONS: Mapping[tuple[State, Act], tuple[State, ...]] = {
    (_S.DRAFT, _A.EDIT): (_S.DRAFT,),
    (_S.DRAFT, _A.DISCARD): (_S.DRAFT,),
    (_S.DRAFT, _A.SUBMIT): (_S.SUBMITTED,),
    (_S.SUBMITTED, _A.RETURN): (_S.DRAFT,),
    (_S.SUBMITTED, _A.APPROVE): (_S.SCHEDULED,),
    (_S.SCHEDULED, _A.BEGIN): (_S.CANARY, _S.SENDING),
    (_S.SCHEDULED, _A.ABORT): (_S.ABORTED,),
    (_S.CANARY, _A.WIDEN): (_S.SENDING,),
    (_S.CANARY, _A.FINISH): (_S.COMPLETE,),
    (_S.CANARY, _A.PAUSE): (_S.PAUSED,),
    (_S.CANARY, _A.ABORT): (_S.ABORTED,),
    (_S.CANARY, _A.RECALL): (_S.RECALLING,),
    (_S.SENDING, _A.FINISH): (_S.COMPLETE,),
    (_S.SENDING, _A.PAUSE): (_S.PAUSED,),
    (_S.SENDING, _A.ABORT): (_S.ABORTED,),
    (_S.SENDING, _A.RECALL): (_S.RECALLING,),
    (_S.PAUSED, _A.RESUME): (_S.CANARY, _S.SENDING),
    (_S.PAUSED, _A.FINISH): (_S.COMPLETE,),
    (_S.PAUSED, _A.ABORT): (_S.ABORTED,),
    (_S.PAUSED, _A.RECALL): (_S.RECALLING,),
    (_S.COMPLETE, _A.RECALL): (_S.RECALLING,),
    (_S.COMPLETE, _A.CORRECT): (_S.COMPLETE,),
    (_S.ABORTED, _A.RECALL): (_S.RECALLING,),
    (_S.ABORTED, _A.CORRECT): (_S.ABORTED,),
    (_S.RECALLING, _A.EMPTIED): (_S.RECALLED,),
    (_S.RECALLING, _A.CORRECT): (_S.RECALLING,),
    (_S.RECALLED, _A.CORRECT): (_S.RECALLED,),
}
"""Every way from a state to another; where two are named the canary decides."""

MOVING = frozenset({State.SCHEDULED, State.CANARY, State.SENDING, State.PAUSED, State.RECALLING})
"""States in which time or delivery changes something."""

SENDING = frozenset({State.CANARY, State.SENDING})
"""States in which messages may leave."""

ENDED = frozenset({State.COMPLETE, State.ABORTED, State.RECALLED})


class Outcome(StrEnum):
    """Where one person's row of an alert stands; all but the first two are final."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    DELIVERED = "delivered"
    UNREACHABLE = "unreachable"
    """Blocked us, is gone, or has no address any more."""
    OPTED_OUT = "opted_out"
    """Does not want this kind, or left while it was under way."""
    EXCLUDED = "excluded"
    """With a reason: see `Reason`."""
    UNCERTAIN = "uncertain"
    """May have arrived; repeated as often as is sensible, or not at all any more."""
    EXPIRED = "expired"
    """Its time was over before it could be sent."""


OPEN = frozenset({Outcome.WAITING, Outcome.CLAIMED})


class Reason(StrEnum):
    """Why somebody on the list is left out."""

    SILENCE = "silence"
    """Nothing is sent to that chat until a human has heard the person's voice."""
    BUSY = "busy"
    """Was in the middle of a report until the alert's time was over."""
    ABORTED = "aborted"
    """The alert was stopped before it came to them."""
    REFUSED = "refused"
    """The channel will never take this message."""


class Timing(StrEnum):
    """When people get it."""

    AT_ONCE = "at-once"
    """Everybody from one moment on."""
    OWN_CLOCK = "own-clock"
    """Each when their own clock shows the time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When an alert goes out and how carefully."""

    timing: Timing = Timing.AT_ONCE
    at: datetime | None = None
    """Not before this moment; None is as soon as it is approved."""
    clock: time | None = None
    """With `OWN_CLOCK`: what each person's clock should show."""
    lasts: timedelta = timedelta(hours=24)
    """Whoever was not reached by then is not written to any more."""
    hold: timedelta = timedelta(minutes=2)
    """How long the canary is watched before the others follow; zero is no canary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What coordinators wrote."""

    severity: Severity
    audience: str
    texts: Mapping[LanguageTag, str] = field(repr=False)
    fallback: LanguageTag
    """The text for those in whose language there is none."""
    topic: str = ""
    """The topic that it belongs to, so that people can stop that alone; empty for none."""
    correction: Mapping[LanguageTag, str] = field(default_factory=dict, repr=False)
    """Approved together with it, sent when it turns out to be wrong."""
    roll_call: bool = False
    """Asks whether they are safe."""
    ladder: bool = False
    """With a roll call: silence starts a check-in ladder."""
    plan: Plan = field(default_factory=Plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert."""

    id: AlertId
    reference: str
    """Four signs that every copy carries, so that a repeat can be known as one."""
    state: State
    version: int
    """Counts every change; whoever acts names the one that they saw."""
    drill: bool
    """Made on the drills' own path; can never become a real one, nor the other way round."""
    content: Content
    created_by: str
    created_at: datetime
    editors: frozenset[str] = frozenset()
    """Everybody who wrote any of it."""
    submitted_by: str | None = None
    approved_by: str | None = None
    paused_by: str | None = None
    begun_at: datetime | None = None
    expires_at: datetime | None = None
    ended_at: datetime | None = None
    widened: bool = False
    """The canary is over."""
    frozen: int = 0
    """How many people are on the list; the rows must add up to this."""
    edits: bool = False
    """With a recall: what was sent is changed, not deleted."""
    corrected: bool = False
    """Its correction has been sent."""
    parent: AlertId | None = None
    """The alert that this one corrects."""
    paused_for: str = ""
    """Why the house paused it by itself, as a code."""

    @property
    def authors(self) -> frozenset[str]:
        """Return everybody who may not approve it."""
        return self.editors | {self.created_by, *filter(None, [self.submitted_by])}


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: an id and whether they answer for the organisation."""

    id: str
    roles: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What this house asks for."""

    alone_up_to: int = 0
    """A list of at most so many people may be approved by its author, unless it is red."""


_ANSWERING = frozenset({"coordinator", "lead"})
_BY_THE_HOUSE = frozenset({Act.BEGIN, Act.WIDEN, Act.FINISH, Act.EMPTIED})


def refusal(
    alert: Alert, act: Act, actor: Actor, *, version: int | None = None, rules: Rules | None = None
) -> str | None:
    """Return why somebody may not do this, as a code; None when they may.

    role        they do not answer for the organisation
    state       the alert does not stand where this can be done
    changed     they saw another version than the one that stands
    own-alert   the second person must be somebody else
    not-yours   only an author, or a lead, may
    no-text     nothing was prepared
    """
    if not actor.roles & _ANSWERING or act in _BY_THE_HOUSE:
        return "role"
    if (alert.state, act) not in TRANSITIONS:
        return "state"
    if version is not None and version != alert.version:
        return "changed"
    lead = "lead" in actor.roles
    match act:
        case Act.APPROVE if actor.id in alert.authors and needs_second(alert, rules or Rules()):
            return "own-alert"
        case Act.DISCARD if actor.id not in alert.authors and not lead:
            return "not-yours"
        case Act.RESUME if actor.id != alert.paused_by and not lead:
            return "not-yours"
        case Act.RESUME if alert.paused_for and actor.id in alert.authors:
            return "own-alert"
        case Act.CORRECT if not alert.content.correction:
            return "no-text"
        case Act.CORRECT if alert.corrected:
            return "state"
        case _:
            return None


def needs_second(alert: Alert, rules: Rules) -> bool:
    """Tell whether somebody else must approve: always for red, and above the set size."""
    return alert.content.severity is Severity.RED or alert.frozen > rules.alone_up_to


def after(alert: Alert, act: Act) -> State | None:
    """Return the state that an act leads to; None when it means nothing in this one."""
    found = TRANSITIONS.get((alert.state, act))
    if found is None:
        return None
    if len(found) == 1:
        return found[0]
    careful = alert.content.plan.hold > timedelta() and not alert.widened
    return found[0] if careful and alert.frozen > 1 else found[1]


CANARY_SHARE = 100
"""One in so many."""

WORST_CANARY = 0.2
"""With a larger share of refusals among the canary the house pauses an alert by itself."""


def canary_size(people: int) -> int:
    """Return how many go first: one in a hundred, at least one."""
    return max(1, -(-people // CANARY_SHARE)) if people else 0


def canary_failed(counts: Mapping[tuple[Outcome, str], int]) -> bool:
    """Tell whether too many of the canary were refused for good; the others would be as well."""
    refused = counts.get((Outcome.EXCLUDED, Reason.REFUSED), 0)
    return refused > sum(counts.values()) * WORST_CANARY


def waits_for_digest(alert: Alert) -> bool:
    """Tell whether it may come in the message of the day: good to know, and asks nothing."""
    content = alert.content
    return content.severity is Severity.GREEN and not content.roll_call and alert.parent is None


def adds_up(alert: Alert, counts: Mapping[tuple[Outcome, str], int]) -> bool:
    """Tell whether every row is final and all of them are the frozen list."""
    unfinished = sum(number for (outcome, _), number in counts.items() if outcome in OPEN)
    return not unfinished and sum(counts.values()) == alert.frozen


MAX_ATTEMPTS = 5
"""An uncertain message is repeated so often, each time marked; then it stays uncertain."""


class Answer(StrEnum):
    """What somebody answered to a roll call."""

    NONE = ""
    SAFE = "safe"
    HELP = "help"
    LATER = "later"


def stands_over(old: Answer, new: Answer) -> bool:
    """Tell whether a new answer replaces an old one: "later" takes nothing back."""
    return not (new is Answer.LATER and old in {Answer.SAFE, Answer.HELP})


def kinds(alert: Alert) -> Collection[str]:
    """Return the kinds that somebody can have stopped to be left out of this alert."""
    found = ["drill"] if alert.drill else [f"severity-{alert.content.severity}"]
    if alert.content.topic:
        found.append(f"topic-{alert.content.topic}")
    if alert.content.roll_call and not alert.drill:
        found.append("roll-call")
    return found
