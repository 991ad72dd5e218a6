"""One turn in the making: the session being changed and the effects collected so far.

Everything the parts of the engine share stands here; which way a conversation goes is decided in
`walk`, `answer` and `interrupt`. A Run lives for one call of `advance` and is never stored.
"""

from __future__ import annotations

from collections import ChainMap
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from bot.domain.ids import FlowId
from bot.flow import effects
from bot.flow.inputs import Understood
from bot.flow.model import AskStep, CountryName, Day, Text
from bot.flow.session import Frame, Pending, Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bot.domain.ids import StepId
    from bot.domain.words import Words
    from bot.flow.inputs import Facts, Item, Universal
    from bot.flow.model import Flow, Step, Value
    from bot.flow.session import Answer

MAX_FRAMES = 12
"""Interrupted matters and called flows together; the oldest matter gives way."""

MAX_STEPS = 300
"""Steps that one input may run through before the engine stops and says so."""

_MERGE_LIMIT = 2_500
"""Characters of English up to which texts are joined with the question that follows them."""

MENU, EMERGENCY, ASK = FlowId("start"), FlowId("danger"), FlowId("ask")

WISHED, FOUND = "wished", "found"
"""Answers that a flow begins with: flows that words asked for, and entries that they asked for."""


class Run:
    """A session under change; `sprint()` gives the result."""

    def __init__(self, session: Session, facts: Facts) -> None:
        self.frames: list[Frame] = list(session.frames)
        self.turn = session.turn
        self.misses = session.misses
        self.pending: Pending | None = session.pending
        self.greeted = session.greeted
        self.facts = facts
        self.budget = MAX_STEPS
        self.changed: frozenset[str] = frozenset()
        """Answers that this turn corrected to something else."""
        self.wished: Mapping[str, Answer] = {}
        """Answers of a flow that has just ended and wants its wish to be taken up."""
        self._effects: list[effects.Effect] = []
        self._lines: list[Text] = []

    # -- what the turn leads to -------------------------------------------------------------

    def sprint(self) -> effects.Sprint:
        """Return the session as it is now and every effect, texts first to last."""
        self.flush()
        session = Session(
            frames=tuple(self.frames),
            turn=self.turn,
            misses=self.misses,
            pending=self.pending,
            greeted=self.greeted,
        )
        return effects.Sprint(session=session, effects=tuple(self._effects))

    @property
    def wordless(self) -> bool:
        """Nothing is shown so far, and no act will answer by itself."""
        told = any(
            isinstance(one, effects.Say) or (isinstance(one, effects.Do) and one.answers)
            for one in self._effects
        )
        return not self._lines and not told

    def do(self, effect: effects.Effect) -> None:
        """Add an effect after the texts that came before it."""
        self.flush()
        self._effects.append(effect)

    def tell(self, text: Text) -> None:
        """Add a text; it is joined with what follows while that stays short."""
        if sum(len(line.source) for line in self._lines) + len(text.source) > _MERGE_LIMIT:
            self.flush()
        self._lines.append(text)

    def flush(self) -> None:
        """Close the message that is being collected."""
        if self._lines:
            lines, self._lines = tuple(self._lines), []
            self._effects.append(effects.Say(lines=lines, turn=self.turn))

    def leave_a_way_on(self, words: tuple[Universal, ...]) -> None:
        """Put words as buttons under the last text, unless it is kept or has buttons already."""
        self.flush()
        said = [at for at, one in enumerate(self._effects) if isinstance(one, effects.Say)]
        last = self._effects[said[-1]] if said else None
        if not isinstance(last, effects.Say) or last.keep:
            return
        if not (last.choices or last.words or last.flows):
            self._effects[said[-1]] = replace(last, words=words)

    def ask(
        self,
        text: Text,
        choices: tuple[effects.Choice, ...] = (),
        *,
        words: tuple[Universal, ...] = (),
        flows: tuple[tuple[FlowId, Text], ...] = (),
        reply_keyboard: bool = False,
        edit: bool = False,
    ) -> None:
        """Put a question, together with the texts collected before it."""
        lines, self._lines = (*self._lines, text), []
        self._effects.append(
            effects.Say(
                lines=lines,
                turn=self.turn,
                choices=choices,
                words=words,
                flows=flows,
                reply_keyboard=reply_keyboard,
                edit=edit,
            )
        )

    def card(self, item: Item, *, keep: bool) -> None:
        """Show one found item as a message of its own."""
        self.do(
            effects.Say(
                lines=item.lines or (item.title,),
                turn=self.turn,
                copy=item.copy,
                links=item.links,
                keep=keep,
                public=item.public,
            )
        )

    def phrase(self, name: str, **values: Value) -> Text:
        """Return one of the engine's own sentences; a missing one shows its name."""
        text = self.facts.phrases.get(name)
        if text is None:
            return Text(source=name, context=f"phrases.{name}")
        return replace(text, values=tuple(values.items())) if values else text

    # -- where the person stands ------------------------------------------------------------

    @property
    def top(self) -> Frame | None:
        """The frame in front of the person."""
        return self.frames[-1] if self.frames else None

    def flow(self, frame: Frame) -> Flow | None:
        """Return the definition that a frame was started with, else the present one."""
        pinned = self.facts.shelf.pinned(frame.flow, frame.hash)
        return pinned or self.facts.shelf.current(frame.flow)

    def step(self, frame: Frame) -> Step | None:
        """Return the step a frame stands at; None when its flow knows it no more."""
        flow = self.flow(frame)
        return flow.steps.get(frame.step) if flow else None

    def understood(self, words: Words) -> Understood:
        """Return what words seem to mean; without an engine they mean nothing in particular."""
        understand = self.facts.understand
        return understand(words) if understand else Understood()

    def found(self, words: Words) -> Answer:
        """Return ids of the entries that fit words, or "none"."""
        search = self.facts.search
        return (search(words) if search else ()) or "none"

    def set_top(self, frame: Frame) -> None:
        """Replace the top frame."""
        self.frames[-1] = frame

    def go(self, step: StepId) -> None:
        """Move the top frame to a step."""
        self.frames[-1] = replace(self.frames[-1], step=step)

    def push(
        self, flow: Flow, *, called: bool, answers: dict[str, Answer], mode: StepId | None = None
    ) -> None:
        """Open a flow on top; `mode` hands a replay on to a called flow."""
        self.frames.append(
            Frame(
                flow=flow.id,
                hash=flow.hash,
                step=flow.start,
                answers=answers,
                called=called,
                resume_at=mode,
            )
        )
        while len(self.frames) > MAX_FRAMES:
            self._drop_oldest_matter()

    def matter(self) -> int:
        """Return the index of the frame that the present matter began with."""
        index = len(self.frames) - 1
        while index > 0 and self.frames[index].called:
            index -= 1
        return index

    def _drop_oldest_matter(self) -> None:
        end = 1
        while end < len(self.frames) and self.frames[end].called:
            end += 1
        if end == len(self.frames):
            # One matter alone is that deep: its flows call each other without end.
            self.frames.pop()
            self.do(effects.Notice(code="calls-too-deep"))
            return
        for frame in self.frames[:end]:
            self.do(effects.Notice(code="matter-dropped", flow=frame.flow))
        del self.frames[:end]

    # -- answers ----------------------------------------------------------------------------

    def answers(self, frame: Frame) -> Mapping[str, Answer]:
        """Return answers over known facts: what conditions, lookups and sentences look at."""
        greeted: dict[str, Answer] = {"greeted": "yes" if self.greeted else "no"}
        # One over the other, not one of all: facts that nothing asks for are not read.
        layers: tuple[Any, ...] = (frame.answers, self.facts.known, greeted)
        return ChainMap(*layers)

    def items(self, frame: Frame, lookup: str) -> tuple[Item, ...]:
        """Ask a lookup; one that is not there finds nothing."""
        find = self.facts.lookups.get(lookup)
        return find(self.answers(frame)) if find else ()

    def filled(self, text: Text, frame: Frame) -> Text:
        """Give a sentence the answers that it names."""
        names = [name for name in _placeholders(text.source) if name not in dict(text.values)]
        if not names:
            return text
        flow = self.flow(frame)
        values = tuple((name, self._shown(name, frame, flow)) for name in names)
        return replace(text, values=(*text.values, *values))

    def _shown(self, name: str, frame: Frame, flow: Flow | None) -> Value:
        answer = self.answers(frame).get(name, "")
        code = answer if isinstance(answer, str) else ", ".join(answer)
        if name == "country" and code:
            return CountryName(code=code)
        for ask in asks(flow) if flow else ():
            if ask.save == name:
                for option in ask.options:
                    if option.id == code:
                        return option.label
        day = _day(code)
        return Day(day=day) if day else code


def asks(flow: Flow) -> Iterator[AskStep]:
    """Walk over the questions of a flow, in file order."""
    for step in flow.steps.values():
        if isinstance(step, AskStep):
            yield step


def _placeholders(source: str) -> list[str]:
    names, rest = [], source
    while "{" in rest:
        _, _, rest = rest.partition("{")
        name, closed, rest = rest.partition("}")
        if closed and name.isidentifier():
            names.append(name)
    return names


def _day(code: str) -> date | None:
    try:
        return date.fromisoformat(code)
    except ValueError:
        return None
