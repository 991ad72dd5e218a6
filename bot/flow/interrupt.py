"""What comes between: universal words, cries for help, other wishes, corrections, the way back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from bot.domain.ids import FlowId, StepId
from bot.flow import effects
from bot.flow.inputs import Universal
from bot.flow.model import AskStep, CallStep
from bot.flow.question import put
from bot.flow.run import EMERGENCY, MENU
from bot.flow.session import Pending
from bot.flow.walk import close, offer_return, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.flow.model import Text
    from bot.flow.run import Run
    from bot.flow.session import Answer, Frame

STOP_ALERTS = FlowId("alerts_stop")


def universal(run: Run, word: Universal) -> None:
    """Do what a universal word means, whatever is under way."""
    match word:
        case Universal.SOS:
            open_flow(run, FlowId("sos"))
        case Universal.HELP:
            flow = run.flow(run.top) if run.top else None
            if flow is not None and flow.help is not None:
                run.tell(flow.help)
            open_flow(run, FlowId("help"))
        case Universal.PERSON:
            open_flow(run, FlowId("person"))
        case Universal.LANGUAGE:
            open_flow(run, FlowId("language"))
        case Universal.FORGET:
            open_flow(run, FlowId("forget"))
        case Universal.MENU:
            open_flow(run, MENU)
        case Universal.STOP:
            stop(run)
        case Universal.BACK:
            back(run)
        case Universal.CORRECT:
            offer_correction(run)
        case Universal.CLEAR:
            run.do(effects.ClearChat(everything=True))
            run.ask(run.phrase("cleared"), words=(Universal.MENU,))
        case _ as never:
            assert_never(never)


def open_flow(
    run: Run, flow_id: FlowId | None, answers: Mapping[str, Answer] | None = None
) -> None:
    """Begin a matter on top of what is under way; None means the menu."""
    flow = run.facts.shelf.current(flow_id or MENU)
    if flow is None:
        run.do(effects.Notice(code="flow-missing", flow=flow_id or MENU))
        run.tell(run.phrase("error_sorry"))
        return
    run.pending, run.misses = None, 0
    _set_aside(run, flow.id)
    run.push(flow, called=False, answers=dict(answers or {}))
    walk(run)
    if flow.id == MENU:
        run.greeted = True


def stop(run: Run) -> None:
    """Leave the present conversation, no more."""
    if run.frames:
        close(run, outcome="stopped")
    run.pending = None
    run.ask(run.phrase("stopped"), flows=_stopping(run), words=(Universal.MENU, Universal.SOS))
    if run.frames:
        offer_return(run)


def _stopping(run: Run) -> tuple[tuple[FlowId, Text], ...]:
    """Offer to stop alerts to somebody who got one lately; "stop" alone never does it."""
    flow = run.facts.shelf.current(STOP_ALERTS)
    if flow is None or run.facts.known.get("after_alert") != "yes":
        return ()
    return ((flow.id, flow.title),)


def back(run: Run) -> None:
    """Return to the question before this one."""
    if run.pending is not None:
        run.pending = None
        again(run)
        return
    while run.top is not None:
        frame = run.top
        if frame.trail:
            _reopen(run, frame, len(frame.trail) - 1)
            return
        if not frame.called:
            break
        run.frames.pop()
    if run.top is not None and len(run.frames) > 1:
        close(run, outcome="stopped")
        again(run)
        return
    run.tell(run.phrase("nothing_before"))
    again(run)


def offer_correction(run: Run) -> None:
    """List the answers of this matter by the names of their questions."""
    names = correctable(run)
    if not names:
        run.tell(run.phrase("nothing_to_correct"))
        again(run)
        return
    run.turn += 1
    run.pending = Pending(kind="correct", options=tuple(key for key, _ in names))
    run.ask(
        run.phrase("correct_question"),
        tuple(effects.Choice(option=key, label=label) for key, label in names),
        words=(Universal.BACK,),
    )


def correctable(run: Run) -> list[tuple[str, Text]]:
    """Return (key, label) of every answered question of the present matter."""
    found: dict[str, Text] = {}
    if not run.frames:
        return []
    for index in range(run.matter(), len(run.frames)):
        frame = run.frames[index]
        flow = run.flow(frame)
        for step_id in frame.trail:
            step = flow.steps.get(step_id) if flow else None
            if isinstance(step, AskStep):
                found[f"{index}:{step_id}"] = step.label
    return list(found.items())


def correct(run: Run, key: str) -> None:
    """Ask one question again; afterwards only what depends on it."""
    index_text, _, step_id = key.partition(":")
    index = int(index_text)
    run.pending = None
    above = run.frames[index + 1 :]
    del run.frames[index + 1 :]
    frame = run.frames[index]
    for called in above:
        frame = replace(frame, answers={**frame.answers, **called.answers})
    stood = frame.step
    place = frame.trail.index(StepId(step_id))
    frame = replace(frame, step=frame.trail[place], trail=frame.trail[:place], resume_at=stood)
    run.set_top(frame)
    step = run.step(frame)
    if isinstance(step, AskStep):
        put(run, step, frame)
    else:
        walk(run)


def answer_pending(run: Run, option: str) -> bool:
    """Take an answer to the engine's own question; False when it is none of its options."""
    pending = run.pending
    if pending is None or option not in pending.options:
        return False
    match pending.kind:
        case "resume" if option == "resume":
            run.pending = None
            again(run)
        case "resume":
            close(run, outcome="left")
            if run.frames:
                offer_return(run)
            else:
                run.ask(run.phrase("stopped"), words=(Universal.MENU, Universal.SOS))
        case "correct":
            correct(run, option)
        case _:
            return False
    return True


def _set_aside(run: Run, flow_id: FlowId) -> None:
    """Drop what need not wait: a matter in which nothing was answered, or the same one again.

    Words that only sounded like danger were meant for the question: even the first one waits.
    """
    while run.frames:
        first = run.matter()
        matter = run.frames[first:]
        untouched = flow_id != EMERGENCY and all(not frame.trail for frame in matter)
        same = matter[0].flow == flow_id and len(matter) == 1
        browsing = matter[0].flow == MENU and len(matter) == 1
        if not (untouched or same or browsing):
            return
        del run.frames[first:]


def _reopen(run: Run, frame: Frame, place: int) -> None:
    """Ask the question at `place` of the trail again and forget what followed it."""
    flow = run.flow(frame)
    step = flow.steps.get(frame.trail[place]) if flow else None
    dropped: set[str] = set()
    if isinstance(step, AskStep):
        dropped.add(step.save)
    elif isinstance(step, CallStep):
        called = run.facts.shelf.current(step.flow)
        inner = called.steps.values() if called else ()
        dropped |= {inside.save for inside in inner if isinstance(inside, AskStep)}
        dropped.add(f"{step.flow}.outcome")
    answers = {name: value for name, value in frame.answers.items() if name not in dropped}
    at: StepId = frame.trail[place]
    run.set_top(replace(frame, step=at, trail=frame.trail[:place], answers=answers, resume_at=None))
    walk(run)


def again(run: Run) -> None:
    """Go back to what waits: its question, its flow, or the menu."""
    frame = run.top
    step = run.step(frame) if frame is not None else None
    if frame is not None and isinstance(step, AskStep):
        put(run, step, frame)
    elif frame is not None:
        walk(run)
    else:
        open_flow(run, None)
