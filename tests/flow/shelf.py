"""Small flows and facts to try the engine on, without files, catalogues or a clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.ids import FlowHash, FlowId, StepId
from bot.domain.words import Words
from bot.flow.conditions import parse
from bot.flow.engine import advance
from bot.flow.inputs import Chose, Facts, Input, Pressed, Said, Started, Universal
from bot.flow.model import (
    AskKind,
    AskStep,
    BranchStep,
    CallStep,
    FinishStep,
    Flow,
    Option,
    SayStep,
    ShowStep,
    Step,
    Text,
    Timeout,
)
from bot.flow.session import Session, from_json, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.flow.effects import Say, Sprint


def text(source: str) -> Text:
    return Text(source=source, context="test")


def ask(
    name: str,
    goto: str,
    *options: str,
    kind: AskKind = AskKind.CHOICE,
    gotos: Mapping[str, str] | None = None,
    **more: Any,
) -> AskStep:
    routes = gotos or {}
    if "silence" in more:
        more["timeout"] = Timeout(after=timedelta(minutes=15), goto=StepId(more.pop("silence")))
    return AskStep(
        id=StepId(name),
        kind=kind,
        text=text(f"{name}?"),
        save=name,
        goto=StepId(goto),
        label=text(f"the {name}"),
        options=tuple(
            Option(
                id=option,
                label=text(option),
                goto=StepId(routes[option]) if option in routes else None,
            )
            for option in options
        ),
        invalid=text(f"{name} was not understood"),
        **more,
    )


def say(name: str, goto: str) -> SayStep:
    return SayStep(id=StepId(name), text=text(f"[{name}]"), goto=StepId(goto))


def branch(name: str, otherwise: str, **cases: str) -> BranchStep:
    return BranchStep(
        id=StepId(name),
        cases=tuple((parse(condition), StepId(goto)) for goto, condition in cases.items()),
        otherwise=StepId(otherwise),
    )


def call(name: str, flow: str, goto: str) -> CallStep:
    return CallStep(id=StepId(name), flow=FlowId(flow), goto=StepId(goto))


def show(name: str, lookup: str, goto: str) -> ShowStep:
    return ShowStep(id=StepId(name), lookup=lookup, goto=StepId(goto), limit=5)


def end(name: str = "end", outcome: str = "done") -> FinishStep:
    return FinishStep(id=StepId(name), outcome=outcome)


def flow(name: str, *steps: Step, digest: str = "h1", **more: Any) -> Flow:
    return Flow(
        id=FlowId(name),
        hash=FlowHash(digest),
        title=text(name),
        start=steps[0].id,
        steps={step.id: step for step in steps},
        **more,
    )


BASICS = (
    flow("start", ask("menu", "end", "report", "learn"), end()),
    flow("sos", ask("where_safe", "end", "yes", "no"), end(), emergency=True),
    flow(
        "danger",
        ask("now", "calm", "yes", "no", gotos={"yes": "call"}),
        FinishStep(id=StepId("calm"), outcome="done", takes_up=True),
        end(),
        call("call", "sos", "end"),
        emergency=True,
    ),
    flow("help", say("about", "end"), end()),
    flow("person", say("lines", "end"), end()),
    flow("language", ask("language", "end", "en", "es"), end()),
    flow("forget", ask("sure", "end", kind=AskKind.CONFIRM), end()),
)


@dataclass
class FakeShelf:
    flows: dict[FlowId, Flow]
    old: dict[tuple[FlowId, FlowHash], Flow] = field(default_factory=dict)

    def current(self, flow: FlowId) -> Flow | None:
        return self.flows.get(flow)

    def pinned(self, flow: FlowId, digest: FlowHash) -> Flow | None:
        present = self.flows.get(flow)
        return present if present and present.hash == digest else self.old.get((flow, digest))


class PlainReader:
    """Reads labels as they stand; enough for the engine's own tests."""

    def option(self, words: Words, labels: Sequence[tuple[str, Text]]) -> tuple[str, ...]:
        said = words.reveal().casefold().strip()
        return tuple(
            id_
            for number, (id_, label) in enumerate(labels, 1)
            if said in {label.source.casefold(), str(number)}
        )

    def nothing_but(self, words: Words, labels: Sequence[tuple[str, Text]]) -> bool:
        said = words.reveal().casefold().strip()
        return said in {label.source.casefold() for _, label in labels}

    def countries(self, words: Words) -> tuple[str, ...]:
        return {"uganda": ("UG",), "guinea": ("GN", "GQ", "PG")}.get(words.reveal().casefold(), ())

    def day(self, words: Words) -> date | None:
        return date(2026, 5, 3) if words.reveal() == "3 May" else None


class Chat:
    """A conversation with the engine; the session is written and read between all turns."""

    def __init__(self, *flows: Flow, **facts: Any) -> None:
        self.shelf = FakeShelf({one.id: one for one in (*BASICS, *flows)})
        self.facts = Facts(today=date(2026, 5, 4), shelf=self.shelf, reader=PlainReader(), **facts)
        self.session = Session()
        self.last: Sprint | None = None

    def take(self, event: Input, **facts: Any) -> Chat:
        self.last = advance(self.session, event, replace(self.facts, **facts))
        self.session = from_json(to_json(self.last.session))
        assert self.session == self.last.session
        return self

    def start(self, name: str) -> Chat:
        return self.take(Started(flow=FlowId(name)))

    def says(self, words: str, **facts: Any) -> Chat:
        return self.take(Said(words=Words(words)), **facts)

    def presses(self, option: str) -> Chat:
        return self.take(Chose(option=option, turn=self.session.turn))

    def uses(self, word: Universal) -> Chat:
        return self.take(Pressed(word=word))

    @property
    def effects(self) -> tuple[Any, ...]:
        return self.last.effects if self.last else ()

    @property
    def hears(self) -> list[str]:
        return [line.source for said in self.said for line in said.lines]

    @property
    def said(self) -> list[Say]:
        return [effect for effect in self.effects if type(effect).__name__ == "Say"]

    @property
    def answers(self) -> dict[str, Any]:
        return dict(self.session.frames[-1].answers) if self.session.frames else {}

    @property
    def at(self) -> str:
        return self.session.frames[-1].step if self.session.frames else "idle"
