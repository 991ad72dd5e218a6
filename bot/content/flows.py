"""Flow files made into flows: parsed, named by their content, every mistake with file and line.

Knows the shape of one file; whether flows fit together is decided in `flow_checks`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from bot.content import marks
from bot.content.marks import Document, Problem
from bot.content.schema import ALLOWED, KINDS, FlowFile, StepFile
from bot.domain.ids import FlowHash, FlowId, StepId
from bot.flow.conditions import ConditionError, parse
from bot.flow.model import (
    AskKind,
    AskStep,
    BranchStep,
    CallStep,
    DoStep,
    FinishStep,
    Flow,
    HandOverStep,
    Option,
    SayStep,
    ShowStep,
    Step,
    Text,
    Timeout,
)

if TYPE_CHECKING:
    from pathlib import Path

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}
NOWHERE = StepId("")
"""Where a step leads that has nothing after it; `flow_checks` reports it."""


def load_flow(path: Path, *, root: Path) -> tuple[Flow | None, Document | None, list[Problem]]:
    """Read one flow file; None when it cannot be used."""
    document, problems = marks.load(path, root=root)
    if document is None:
        return None, None, problems
    flow, more = build(document)
    problems += more
    if flow is not None and flow.id != path.stem:
        problems.append(
            Problem(
                place=document.place("flow"),
                rule="flow-name",
                message=f"the flow is called {flow.id!r}, its file {path.name!r}",
                remedy="Give both the same name.",
            )
        )
    return flow, document, problems


def parse_flow(text: str, *, file: str = "kept") -> Flow | None:
    """Rebuild a flow from the definition that was kept of it; None when it cannot be."""
    document, problems = marks.loads(text, file=file)
    if document is None or problems:
        return None
    return build(document)[0]


def build(document: Document) -> tuple[Flow | None, list[Problem]]:
    """Make a flow of a document, or say what hinders it."""
    try:
        file = FlowFile.model_validate(document.data)
    except ValidationError as error:
        return None, list(marks.from_validation(document, error, rule="flow-shape"))
    problems: list[Problem] = []
    names = list(file.steps)
    steps: dict[StepId, Step] = {}
    for number, (name, step) in enumerate(file.steps.items()):
        following = names[number + 1] if number + 1 < len(names) else NOWHERE
        made = _Maker(file.flow, name, step, following, document, problems).make()
        if made is not None:
            steps[made.id] = made
    flow = Flow(
        id=FlowId(file.flow),
        hash=FlowHash(_digest(document.data)),
        title=Text(source=file.title, context=f"{file.flow}.title"),
        start=StepId(file.start or names[0]),
        steps=steps,
        sensitive=file.sensitive,
        seals=file.seals,
        emergency=file.emergency,
        help=Text(source=file.help, context=f"{file.flow}.help") if file.help else None,
        moves={
            digest: {StepId(old): StepId(new) for old, new in moves.items()}
            for digest, moves in file.moves.items()
        },
    )
    return (None if any(one.severity == "error" for one in problems) else flow), problems


def definition(document: Document) -> str:
    """Return the text to keep of a flow, from which `parse_flow` makes the same flow again."""
    return json.dumps(document.data, ensure_ascii=False)


def _digest(data: Any) -> str:
    """Name a flow by its meaning: layout and key order do not matter, the order of steps does."""
    meaning = {name: value for name, value in data.items() if name not in {"moves", "steps"}}
    steps = [[name, step] for name, step in data["steps"].items()]
    text = json.dumps([meaning, steps], sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class _Maker:
    """Makes one step and collects what is wrong with it."""

    def __init__(
        self,
        flow: str,
        name: str,
        file: StepFile,
        following: str,
        document: Document,
        problems: list[Problem],
    ) -> None:
        self._flow = flow
        self._name = name
        self._file = file
        self._goto = StepId(file.goto or following)
        self._document = document
        self._problems = problems

    def make(self) -> Step | None:
        file, id_ = self._file, StepId(self._name)
        kind = self._kind()
        match kind:
            case "say":
                return SayStep(id=id_, text=self._text("say", file.say), goto=self._goto,
                               keep=file.keep)  # fmt: skip
            case "ask":
                return self._ask(id_)
            case "branch":
                return self._branch(id_)
            case "call":
                return CallStep(id=id_, flow=FlowId(file.call or ""), goto=self._goto)
            case "show":
                return ShowStep(
                    id=id_, lookup=file.show or "", goto=self._goto, limit=file.limit,
                    empty=self._text("empty", file.empty) if file.empty else None, keep=file.keep,
                )  # fmt: skip
            case "do":
                arguments = tuple((file.with_ or {}).items())
                return DoStep(
                    id=id_, act=file.do or "", arguments=arguments, goto=self._goto,
                    answers=file.answers,
                )  # fmt: skip
            case "hand_over":
                return HandOverStep(id=id_, urgency=file.hand_over or "days", goto=self._goto)
            case "finish":
                text = self._text("say", file.say) if file.say else None
                return FinishStep(
                    id=id_, outcome=file.finish or "done", text=text,
                    keeps_place=file.keep_place, everything=file.everything,
                    takes_up=file.take_up,
                )  # fmt: skip
            case _:
                return None

    def _kind(self) -> str | None:
        present = self._file.model_fields_set
        kinds = [kind for kind in KINDS if kind in present]
        if kinds == ["say", "finish"]:
            kinds = ["finish"]
        if len(kinds) != 1:
            self._problem(
                "step-kind",
                f"a step needs exactly one of {', '.join(KINDS)}; this has {len(kinds)}",
                "Split it into several steps, or name what it does.",
            )
            return None
        extra = sorted(present - ALLOWED[kinds[0]])
        if extra:
            shown = ", ".join(name.rstrip("_") for name in extra)
            self._problem(
                "step-keys", f"{shown} means nothing in a {kinds[0]} step", "Take it out.", extra[0]
            )
            return None
        return kinds[0]

    def _ask(self, id_: StepId) -> AskStep | None:
        file = self._file
        complete = True
        for key in ("kind", "save", "label", "invalid"):
            if getattr(file, key) is None:
                remedy = {
                    "invalid": "Say in one sentence what would be an answer.",
                    "label": "Name the answer in two or three words.",
                }.get(key, "Add it.")
                self._problem(f"ask-{key}", f"the question has no {key}", remedy)
                complete = False
        kind = AskKind(file.kind) if file.kind else AskKind.CHOICE
        choosing = kind in {AskKind.CHOICE, AskKind.CHOICES}
        if choosing and bool(file.options) == bool(file.from_):
            self._problem("ask-options", "a choice needs either options or from", "Give one.")
            complete = False
        seen: set[str] = set()
        for number, option in enumerate(file.options or ()):
            if option.id in seen:
                place = self._document.place("steps", self._name, "options", number)
                self._problems.append(
                    Problem(place=place, rule="option-twice",
                            message=f"the option {option.id!r} stands here twice",
                            remedy="Give each option its own id.")
                )  # fmt: skip
                complete = False
            seen.add(option.id)
        if not complete:
            return None
        return AskStep(
            id=id_,
            kind=kind,
            text=self._text("ask", file.ask),
            save=file.save or "",
            goto=self._goto,
            label=self._text("label", file.label),
            options=tuple(
                Option(
                    id=option.id,
                    label=self._text(f"options.{option.id}", option.label),
                    goto=StepId(option.goto) if option.goto else None,
                    style=option.style,
                )
                for option in file.options or ()
            ),
            options_from=file.from_,
            skip=self._text("skip", file.skip) if file.skip else None,
            skip_goto=StepId(file.skip_to) if file.skip_to else None,
            invalid=self._text("invalid", file.invalid),
            timeout=Timeout(after=duration(file.silence.after), goto=StepId(file.silence.goto))
            if file.silence
            else None,
            depends_on=frozenset(file.depends_on or ()),
            reply_keyboard=file.keyboard == "reply",
            days=file.days,
        )

    def _branch(self, id_: StepId) -> BranchStep | None:
        cases = []
        for number, case in enumerate(self._file.branch or ()):
            try:
                cases.append((parse(case.if_), StepId(case.goto)))
            except ConditionError as error:
                place = self._document.place("steps", self._name, "branch", number, "if")
                self._problems.append(
                    Problem(place=place, rule="condition", message=f"the condition {error}",
                            remedy="Write it as the guide shows: `name is code`.")
                )  # fmt: skip
        if self._file.else_ is None:
            self._problem("branch-else", "the branch has no else", "Say where to go otherwise.")
            return None
        return BranchStep(id=id_, cases=tuple(cases), otherwise=StepId(self._file.else_))

    def _text(self, field: str, source: str | None) -> Text:
        clean = (source or "").rstrip("\n")
        return Text(source=clean, context=f"{self._flow}.{self._name}.{field}")

    def _problem(self, rule: str, message: str, remedy: str, key: str | None = None) -> None:
        loc = ("steps", self._name) if key is None else ("steps", self._name, key.rstrip("_"))
        self._problems.append(
            Problem(place=self._document.place(*loc), rule=rule, message=message, remedy=remedy)
        )


def duration(text: str) -> timedelta:
    """Read `15m`, `2h` or `1d`."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def texts(flow: Flow) -> list[Text]:
    """Return every sentence of a flow, in file order: what there is to translate."""
    found = [flow.title]
    found += [flow.help] if flow.help else []
    for step in flow.steps.values():
        match step:
            case SayStep():
                found.append(step.text)
            case AskStep():
                found += [step.text, step.label, step.invalid]
                found += [step.skip] if step.skip else []
                found += [option.label for option in step.options]
            case ShowStep():
                found += [step.empty] if step.empty else []
            case FinishStep():
                found += [step.text] if step.text else []
            case _:
                pass
    return [replace(text, values=()) for text in found]
