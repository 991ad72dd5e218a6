"""Walking a flow from where it stands to the next question or its end.

While an answer is being corrected the walk *replays*: questions that are answered already are
passed over in silence until the person is back where they stood, so that only what depends on the
correction is asked again.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from bot.domain.ids import LanguageTag, StepId
from bot.flow import effects
from bot.flow.conditions import holds
from bot.flow.model import (
    AskStep,
    BranchStep,
    CallStep,
    DoStep,
    FinishStep,
    HandOverStep,
    SayStep,
    ShowStep,
)
from bot.flow.question import put
from bot.flow.session import Pending

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.flow.model import Flow
    from bot.flow.run import Run
    from bot.flow.session import Answer, Frame

REPLAY_ALL = StepId("*")
"""A called flow inside a replay: pass over all that is answered."""

EVERYTHING = "$*"
"""An argument that stands for every answer given on the way here."""

REPLAY_ASKED = StepId("~")
"""A replay that had to ask something: go on passing over answers, but no longer in silence."""

SKIPPED = ""


def walk(run: Run) -> None:
    """Go on from the top frame's step until a question waits or nothing is left."""
    while run.top is not None and run.pending is None:
        frame = run.top
        run.budget -= 1
        if run.budget < 0:
            run.do(effects.Notice(code="too-many-steps", flow=frame.flow))
            run.tell(run.phrase("error_sorry"))
            close(run, outcome="error")
            return
        step = run.step(frame)
        if step is None:
            _lost(run, frame)
            continue
        replaying = frame.resume_at is not None
        frame = _arrived(run, frame)
        muted = frame.resume_at not in {None, REPLAY_ASKED}
        match step:
            case SayStep():
                if not muted:
                    _tell(run, step, frame)
                run.go(step.goto)
            case AskStep() if _nothing_to_choose(run, step, frame):
                run.go(step.skip_goto or step.goto)
            case AskStep():
                if not _pass_over(run, step, frame):
                    put(run, step, run.frames[-1])
                    return
            case BranchStep():
                answers = run.answers(frame)
                chosen = (goto for condition, goto in step.cases if holds(condition, answers))
                run.go(next(chosen, step.otherwise))
            case CallStep():
                _call(run, step, frame, replaying=replaying)
            case ShowStep():
                if not muted or run.changed:
                    _show(run, step, frame)
                run.go(step.goto)
            case DoStep():
                if not muted:
                    _do(run, step, frame)
                run.go(step.goto)
            case HandOverStep():
                if not muted:
                    run.do(effects.HandOver(flow=frame.flow, urgency=step.urgency))
                run.go(step.goto)
            case FinishStep():
                _end(run, step, frame)
            case _ as never:
                assert_never(never)


def finish(run: Run, outcome: str) -> None:
    """End the top flow: give its answers to its caller, or ask whether to go on below."""
    frame = run.frames.pop()
    flow = run.flow(frame)
    answers = _on_path(run, frame, flow)
    run.do(effects.CloseMatter(flow=frame.flow, outcome=outcome, answers=answers))
    if flow and flow.sensitive:
        run.do(effects.ClearChat())
    run.misses = 0
    if frame.called and run.top is not None:
        caller = run.top
        step = run.step(caller)
        run.set_top(
            replace(
                caller,
                answers={**answers, f"{frame.flow}.outcome": outcome},
                trail=(*caller.trail, caller.step) if frame.trail else caller.trail,
                step=step.goto if isinstance(step, CallStep) else caller.step,
            )
        )
    elif run.top is not None:
        offer_return(run)


def leave_all(run: Run, outcome: str) -> None:
    """End every matter without a word more."""
    while run.frames:
        close(run, outcome=outcome)


def close(run: Run, *, outcome: str) -> None:
    """Leave the whole present matter, called flows included."""
    first = run.matter()
    while len(run.frames) > max(first, 0):
        frame = run.frames.pop()
        flow = run.flow(frame)
        run.do(effects.CloseMatter(flow=frame.flow, outcome=outcome, answers={}))
        if flow and flow.sensitive:
            run.do(effects.ClearChat())
    run.pending, run.misses = None, 0


def offer_return(run: Run) -> None:
    """Ask whether to go on with the matter that was interrupted; its answers are intact."""
    frame = run.frames[-1]
    flow = run.flow(frame)
    if flow is None:
        return
    run.turn += 1
    run.pending = Pending(kind="resume", options=("resume", "leave"))
    run.ask(
        run.phrase("resume_question", title=flow.title),
        (
            effects.Choice(option="resume", label=run.phrase("resume_yes"), style="good"),
            effects.Choice(option="leave", label=run.phrase("resume_no")),
        ),
    )


def forward(run: Run, step: AskStep, answer: Answer, goto: StepId) -> None:
    """Store an answer and leave the question."""
    frame = run.frames[-1]
    before = frame.answers.get(step.save)
    if frame.resume_at is not None and before != answer:
        run.changed |= {step.save}
        frame = replace(frame, stale=frame.stale | _dependents(run.flow(frame), step.save))
    run.set_top(
        replace(
            frame,
            answers={**frame.answers, step.save: answer},
            trail=(*frame.trail, step.id),
            stale=frame.stale - {step.save},
            step=goto,
        )
    )
    run.misses = 0


def next_after(step: AskStep, answer: Answer) -> StepId:
    """Return where a question leads for an answer."""
    if answer == SKIPPED:
        return step.skip_goto or step.goto
    for option in step.options:
        if option.id == answer and option.goto:
            return option.goto
    return step.goto


def _arrived(run: Run, frame: Frame) -> Frame:
    """End a replay that is back at the step where the person stood."""
    if frame.resume_at == frame.step:
        frame = replace(frame, resume_at=None, stale=frozenset())
        run.set_top(frame)
    return frame


def _pass_over(run: Run, step: AskStep, frame: Frame) -> bool:
    """In a replay, go past a question whose answer still stands; else return False."""
    if frame.resume_at is None:
        return False
    answer = frame.answers.get(step.save)
    # Coming by a second time, the flow goes round: the old answer would lead round for ever.
    known = answer is not None and step.save not in frame.stale and step.id not in frame.trail
    if known and step.options_from and answer != SKIPPED:
        known = any(item.id == answer for item in run.items(frame, step.options_from))
    if not known or answer is None:
        run.set_top(replace(frame, resume_at=REPLAY_ASKED))
        return False
    run.set_top(replace(frame, trail=(*frame.trail, step.id), step=next_after(step, answer)))
    return True


def _nothing_to_choose(run: Run, step: AskStep, frame: Frame) -> bool:
    """Tell whether a question that may be left open has found nothing to offer."""
    return bool(step.options_from and step.skip and not run.items(frame, step.options_from))


def _end(run: Run, step: FinishStep, frame: Frame) -> None:
    if step.text is not None:
        run.tell(run.filled(step.text, frame))
    if step.takes_up:
        run.wished = frame.answers
    if step.everything:
        leave_all(run, step.outcome)
    else:
        finish(run, step.outcome)


def _tell(run: Run, step: SayStep, frame: Frame) -> None:
    text = run.filled(step.text, frame)
    if step.keep:
        run.do(effects.Say(lines=(text,), turn=run.turn, keep=True))
    else:
        run.tell(text)


def _call(run: Run, step: CallStep, frame: Frame, *, replaying: bool) -> None:
    flow = run.facts.shelf.current(step.flow)
    if flow is None:
        run.do(effects.Notice(code="flow-missing", flow=step.flow))
        run.go(step.goto)
        return
    mode = REPLAY_ALL if replaying else None
    run.push(flow, called=True, answers=dict(frame.answers), mode=mode)


def _show(run: Run, step: ShowStep, frame: Frame) -> None:
    items = run.items(frame, step.lookup)[: step.limit]
    for item in items:
        run.card(item, keep=step.keep)
    if not items and step.empty is not None:
        run.tell(run.filled(step.empty, frame))


def _do(run: Run, step: DoStep, frame: Frame) -> None:
    answers = run.answers(frame)
    arguments: dict[str, Answer] = {}
    for name, value in step.arguments:
        if value == EVERYTHING:
            arguments |= _on_path(run, frame, run.flow(frame))
        else:
            arguments[name] = answers.get(value[1:], SKIPPED) if value.startswith("$") else value
    language = arguments.get("language")
    if step.act == "set-language" and isinstance(language, str) and language:
        run.do(effects.SetLanguage(language=LanguageTag(language)))
    elif step.act == "clear-chat":
        run.do(effects.ClearChat(everything=True))
    else:
        run.do(effects.Do(act=step.act, arguments=arguments, answers=step.answers))


def _lost(run: Run, frame: Frame) -> None:
    """The flow is gone altogether: leave it, its caller goes on."""
    run.do(effects.Notice(code="place-lost", flow=frame.flow))
    run.frames.pop()
    if frame.called and run.top is not None:
        step = run.step(run.top)
        run.go(step.goto if isinstance(step, CallStep) else run.top.step)
    elif run.top is None:
        run.tell(run.phrase("flow_moved"))


def _dependents(flow: Flow | None, name: str) -> frozenset[str]:
    """Return answers that depend on `name`, directly or through others."""
    found: set[str] = set()
    waiting = [name]
    while waiting and flow is not None:
        source = waiting.pop()
        for step in flow.steps.values():
            if isinstance(step, AskStep) and source in step.depends_on and step.save not in found:
                found.add(step.save)
                waiting.append(step.save)
    return frozenset(found - {name})


def _on_path(run: Run, frame: Frame, flow: Flow | None) -> Mapping[str, Answer]:
    """Return answers of questions that these answers lead through; others were left behind."""
    if flow is None:
        return frame.answers
    own = {step.save for step in flow.steps.values() if isinstance(step, AskStep)}
    passed: set[str] = set()
    seen: set[StepId] = set()
    at: StepId | None = flow.start
    answers = run.answers(frame)
    while at is not None and at not in seen:
        seen.add(at)
        step = flow.steps.get(at)
        match step:
            case AskStep():
                passed.add(step.save)
                answer = frame.answers.get(step.save)
                at = None if answer is None else next_after(step, answer)
            case BranchStep():
                chosen = (goto for condition, goto in step.cases if holds(condition, answers))
                at = next(chosen, step.otherwise)
            case FinishStep() | None:
                at = None
            case _:
                at = step.goto
    # A loop (once more?) ends the walk early; answers of its later round are then kept as well.
    looped = at is not None
    return {
        name: value
        for name, value in frame.answers.items()
        if name not in own or name in passed or looped
    }
