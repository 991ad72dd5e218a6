"""The nouns of check-ins: plans, cycles, alarms, what happens to them and what is to be done.

Plain data and the numbers of the protocol; what follows from them is decided in `checkins`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MINUTE = timedelta(minutes=1)

ACK_WITHIN = 10 * MINUTE
"""A page that nobody acknowledged goes to the next person (rule 3)."""

CONFIRM_WITHIN = 10 * MINUTE
"""How long a coordinator may confirm L2 before it happens without (rule 3)."""

DECIDE_WITHIN = 15 * MINUTE
"""A human decides about duress or panic within this time."""

OWNER_REMINDED = 60 * MINUTE
"""After L3 was acknowledged, its owner is reminded until an outcome is written."""

OUTAGE = timedelta(seconds=150)
"""Downtime from which presses may be lost and a late rung is our own fault (rule 10)."""

EXTENSION = timedelta(hours=1)
EXTENSIONS = 2
WRONG_WORDS = 2
PIN_TRIES = 5
"""After so many wrong PINs everything looks accepted, and coordinators hear of it."""

EARLY = timedelta(hours=2)
"""A recurring check-in is answered at most so long before it is due."""

FALSE_ALARMS, FALSE_ALARM_DAYS = 3, timedelta(days=14)


class Tier(StrEnum):
    """How dangerous what the person does is."""

    ROUTINE = "T1"
    TRAVEL = "T2"
    HIGH_RISK = "T3"
    CUSTODY = "T4"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """Offsets from the due time."""

    reminders: tuple[timedelta, ...]
    l1: timedelta
    l2: timedelta
    l3: timedelta

    @property
    def between(self) -> timedelta:
        """One reminder interval, also the wait after a re-ask (rule 10)."""
        return self.reminders[1] - self.reminders[0]


def _timings(reminders: tuple[int, ...], l1: int, l2: int, l3: int) -> Timings:
    return Timings(
        reminders=tuple(minutes * MINUTE for minutes in reminders),
        l1=l1 * MINUTE,
        l2=l2 * MINUTE,
        l3=l3 * MINUTE,
    )


TIMINGS = {
    Tier.ROUTINE: _timings((0, 30, 60), 120, 240, 720),
    Tier.TRAVEL: _timings((0, 10, 20), 30, 60, 180),
    Tier.HIGH_RISK: _timings((0, 5, 10), 15, 30, 60),
    Tier.CUSTODY: _timings((0, 10), 15, 30, 120),
}
"""The defaults, minutes after due; a person or coordinator may tighten them."""


class State(StrEnum):
    """Where a cycle stands."""

    DRAFT = "draft"
    """Being set up; nothing is watched."""
    ARMED = "armed"
    """Waiting for its due time."""
    DUE = "due"
    """Asked, first reminder shown."""
    GRACE = "grace"
    """Asked again; nobody else knows yet."""
    L1 = "l1"
    """Coordinators are paged."""
    L2 = "l2"
    """Trusted contacts are woken too; the bot is silent toward the chat."""
    L3 = "l3"
    """The emergency plan runs."""
    PAUSED = "paused"
    """Nothing is watched, because the person proved that they want it so."""
    RESOLVED = "resolved"
    """Over, with an outcome written by a human, or answered and without a next slot."""
    CANCELLED = "cancelled"
    """Ended by the person with the PIN."""


ESCALATED = frozenset({State.L1, State.L2, State.L3})
SILENT = frozenset({State.L2, State.L3})
WATCHING = frozenset({State.ARMED, State.DUE, State.GRACE}) | ESCALATED


class Outcome(StrEnum):
    """How an escalated cycle ended, in a human's judgement."""

    SAFE = "safe"
    FALSE_ALARM = "false-alarm"
    INCIDENT = "incident"
    UNKNOWN = "unknown"


FORCED = "forced"
"""Of a false alarm that was none: counted and asked about as one, because the chat shows it."""


class Reply(StrEnum):
    """What an answer turned out to be, after the words were compared."""

    OK = "ok"
    """One tap (T1), or the tap with the safe word."""
    TAP = "tap"
    """The tap alone where a safe word is needed."""
    WRONG = "wrong"
    DURESS = "duress"
    """The duress word, the chosen harmless button, or an OK without the agreed word."""


class Cause(StrEnum):
    """Why an alarm was raised."""

    DURESS = "duress"
    WRONG_WORDS = "wrong-words"
    PANIC = "panic"
    ASKED = "asked"
    """The person said that they need help; no secret about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was agreed. Its words (where, with whom, call list) are sealed elsewhere."""

    tier: Tier
    timings: Timings
    contacts: int = 0
    """Trusted contacts that accepted and passed their test."""
    coordinators: int = 2
    """Coordinators on duty when it is armed."""
    has_safe_word: bool = False
    lawyer_first: bool = False
    duress_wakes_contacts: bool = False
    purge_when_silent: bool = False
    """Clear the chat when L2 is reached; chosen beforehand."""
    drill: bool = False
    """A test: everything is labelled so, and nobody outside is woken."""
    canary: bool = False
    """A helper of ours who answers by habit: silence is counted for their region, and no more."""
    repeats: bool = True
    """Another cycle follows; False for a trip or a day in court."""

    @property
    def needs_word(self) -> bool:
        """Tell whether an answer needs the safe word (rule 1)."""
        return self.tier is not Tier.ROUTINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """A page that climbs until a human answers it."""

    since: datetime
    pages: int = 1
    next_page: datetime
    acknowledged_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One round of asking. `due_at` moves only by extension."""

    number: int
    due_at: datetime
    state: State = State.ARMED
    reminded: int = 0
    extensions: int = 0
    wrong: int = 0
    confirm_asked: bool = False
    held_until: datetime | None = None
    """After our own outage: L2 and later wait until here (rule 10)."""
    ladder: Ladder | None = None
    reached: frozenset[State] = frozenset()
    """Levels that this cycle climbed to."""
    acts: int = 0
    """What the person did so far; numbers the three effects of each act."""
    region_out: bool = False
    """The region seems to be cut off: T1 is held at L1 (rule 9)."""
    unreachable: bool = False
    """Coordinators were told that the channel takes nothing any more."""
    pause_wanted: timedelta | None = None
    """The person proved that they want a pause; from T2 on a coordinator must agree."""
    resume_at: datetime | None = None
    """A pause ends here by itself."""
    approvals: tuple[tuple[str, str], ...] = ()
    """(what, by): publicity and authorities need two coordinators (rule 3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Something that only coordinators see until a human decides."""

    cause: Cause
    ladder: Ladder
    decide_by: datetime
    pressed: bool = False
    """The decision was called for a second time because it was late."""
    act: int = 0
    """Number of the act that raised it: two of one second, on a clock that went back, are two."""

    @property
    def name(self) -> str:
        """Return what tells it from every other alarm of its plan."""
        return f"{int(self.ladder.since.timestamp())}.{self.act}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A plan's present: the cycle and, hidden beside it, an alarm."""

    cycle: Cycle
    alarm: Alarm | None = None
    echo_at: datetime | None = None
    """A tick in which nothing need happen. Every act of the person sets one where an alarm would
    climb next, so that the hour of the next timer does not tell an OK from a cry for help.
    """
    wrong_pins: int = 0


# -- what happens ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticked:
    """Time went by; everything that is due now happens. `down_for`: we were not there so long."""

    down_for: timedelta = timedelta()
    region_out: bool = False
    """So many of the person's region are silent at once that the network may be down."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The person answered a check-in, in the chat."""

    reply: Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpAsked:
    """The person asked for help, openly or with the panic word."""

    cause: Cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Extended:
    """More time was asked for, with the PIN or without, or with the duress phrase."""

    by: timedelta
    pin: bool
    duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAsked:
    """A pause was asked for; tier T2 and above needs a coordinator's word as well."""

    pin: bool
    lasting: timedelta
    duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseAllowed:
    """A coordinator agrees to the pause that the person asked for."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """The end was asked for."""

    pin: bool
    duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """The person changed what was agreed, in a way that loosens it: with the PIN."""

    pin: bool
    duress: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreachable:
    """The channel says that nothing arrives any more: blocked, deactivated or undeliverable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Somebody who was paged answers for it now; `alarm` tells which of the two ladders."""

    by: str
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """A coordinator confirms that contacts are to be woken."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodDown:
    """A human ends an escalation. From L2 on it needs the safe word and a proof of life."""

    by: str
    outcome: Outcome
    safe_word: bool = False
    proof_of_life: bool = False
    alarm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """A coordinator is for telling the authorities or the public."""

    by: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A pause ends; the next slot is given."""

    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """The slot lies elsewhere now: tzdata or the person's zone changed."""

    due_at: datetime


Event = (
    Ticked
    | Answered
    | HelpAsked
    | Extended
    | PauseAsked
    | PauseAllowed
    | CancelAsked
    | Changed
    | Unreachable
    | Acknowledged
    | Confirmed
    | StoodDown
    | Approved
    | Resumed
    | Moved
)


# -- what is to be done ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """Something to do. `key` is unique within (plan, cycle): doing it twice is recognised."""

    act: Act
    key: str
    code: str = ""
    late: timedelta = timedelta()
    """How late it comes; above the outage mark it says "our outage"."""


class Act(StrEnum):
    """What the table can ask for."""

    REMIND = "remind"
    """Ask the person, in their own bland words."""
    REASK = "reask"
    """Ask again after our own outage, without saying why."""
    REPLY = "reply"
    """The one answer to every act of the person; `code` is ok, early, word, refused or waits."""
    SEAL = "seal"
    """One padded sealed event, after every answer alike."""
    PAGE = "page"
    """One padded page to coordinators; `code` "nothing" is dropped by the deliverer."""
    CONFIRM = "confirm"
    """Ask coordinators to confirm that contacts are woken."""
    CONTACTS = "contacts"
    """Wake trusted contacts with the text that the person approved."""
    PLAN = "plan"
    """Run the emergency plan; `code` lawyer-first where agreed."""
    KEY = "key"
    """From L1 on, coordinators on duty may open the plan (rule 12)."""
    PURGE = "purge"
    """Clear the chat, as chosen beforehand."""
    OVER = "over"
    """Tell the person that a drill is over, and what would have happened."""
    ALL_CLEAR = "all-clear"
    """Tell everybody who was alerted, within five minutes (rule 4)."""
    OWNER = "owner"
    """Remind whoever answers for it that an outcome is missing."""
    NEXT = "next"
    """The cycle is over; its successor is to be armed."""
    LEARN = "learn"
    """A false alarm to be counted (rule 11)."""
