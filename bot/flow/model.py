"""A flow: what may be said and asked, in which order, as plain data.

The loader (bot.content.flows) makes these values from YAML and checks them; the engine walks them.
A kind of step is a class here, an arm in the engine and a data file in tests/flow/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, timedelta

    from bot.domain.ids import FlowHash, FlowId, StepId
    from bot.flow.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A sentence before it has a language: English source, gettext context and values.

    `domain` is the catalogue: "flows", "knowledge" or "interface". A value is shown in the person's
    language: see `Value`.
    """

    source: str
    context: str
    domain: str = "flows"
    values: tuple[tuple[str, Value], ...] = ()
    plural: str | None = None
    """English plural of `source`; chosen by the value named `n`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryName:
    """The name of a country, by ISO 3166-1 alpha-2 code."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A date, written as the language writes dates."""

    day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A name, number or address that stays as it is; shown in its own direction."""

    text: str


Value = str | int | Text | CountryName | Day | Literal
"""What may stand in a sentence. A `str` is written as it is; an `int` in the language's digits."""


class AskKind(StrEnum):
    """What a question takes for an answer."""

    CHOICE = "choice"
    CHOICES = "choices"
    COUNTRY = "country"
    DATE = "date"
    WORDS = "words"
    FILE = "file"
    CONFIRM = "confirm"
    SEARCH = "search"
    """Words that are looked up at once; the ids of what fits are the answer, the words are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One thing to choose. `goto` overrides the question's own next step."""

    id: str
    label: Text
    goto: StepId | None = None
    style: str = "plain"
    """plain, good or danger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeout:
    """What silence means: after so long, go on at `goto`."""

    after: timedelta
    goto: StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class SayStep:
    """Show a text and go on."""

    id: StepId
    text: Text
    goto: StepId
    keep: bool = False
    """The last screen of a sensitive flow: stays until the person clears it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskStep:
    """Ask and wait. The answer is stored under `save`: a code, several, a date or just "given"."""

    id: StepId
    kind: AskKind
    text: Text
    save: str
    goto: StepId
    label: Text
    """Two or three words that name the question in the list of answers to correct."""
    options: tuple[Option, ...] = ()
    options_from: str | None = None
    """Name of a lookup whose items are the options."""
    skip: Text | None = None
    """Label of the button that leaves the question open; None when an answer is needed."""
    skip_goto: StepId | None = None
    invalid: Text
    """Shown when the answer could not be read."""
    timeout: Timeout | None = None
    depends_on: frozenset[str] = frozenset()
    """Answers that make this one stale when they are corrected."""
    days: bool = False
    """Ids of options count days ago: a day in words is the option that it comes nearest to."""
    reply_keyboard: bool = False
    """Asked with a reply keyboard: its press is a message and outlives our downtime."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BranchStep:
    """Go where the first true condition says."""

    id: StepId
    cases: tuple[tuple[Condition, StepId], ...]
    otherwise: StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class CallStep:
    """Run another flow with the same answers and come back."""

    id: StepId
    flow: FlowId
    goto: StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class ShowStep:
    """Show the cards that a lookup finds for the answers; `empty` when it finds none."""

    id: StepId
    lookup: str
    goto: StepId
    limit: int
    empty: Text | None = None
    keep: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DoStep:
    """Have an act done: see `bot.flow.effects.Do`. Arguments are codes or `$answer`."""

    id: StepId
    act: str
    arguments: tuple[tuple[str, str], ...]
    goto: StepId
    answers: bool = False
    """The act says itself what came of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOverStep:
    """Pass the person to a human: coordinators are told, the flow goes on."""

    id: StepId
    urgency: str
    """hours, days, weeks or months."""
    goto: StepId


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishStep:
    """The end of the flow, with an outcome that a caller can branch on as `<flow>.outcome`."""

    id: StepId
    outcome: str
    text: Text | None = None
    keeps_place: bool = False
    """Reached by silence: the matter waits at its question, and is offered again later."""
    everything: bool = False
    """Nothing below goes on either: the screen stays as it is."""
    takes_up: bool = False
    """What was wished in the words that this matter interrupted is offered now."""


Step = SayStep | AskStep | BranchStep | CallStep | ShowStep | DoStep | HandOverStep | FinishStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A whole path through a conversation."""

    id: FlowId
    hash: FlowHash
    title: Text
    start: StepId
    steps: Mapping[StepId, Step] = field(repr=False)
    sensitive: bool = False
    """Both sides' messages are deleted when it ends or after 15 idle minutes."""
    seals: bool = False
    """Words and files go sealed to coordinators; without it they are drafts of a letter."""
    emergency: bool = False
    """A cry for help inside it does not interrupt it again."""
    help: Text | None = None
    """What the universal word HELP adds here."""
    moves: Mapping[str, Mapping[StepId, StepId]] = field(default_factory=dict, repr=False)
    """Migration map: for an older hash, where each of its steps stands now."""
