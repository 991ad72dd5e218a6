"""`advance`: a session and what happened give the next session and what to do.

Pure, synchronous and total: no I/O, no clock, no chance; every session and input yields a Sprint.
Nonsense, silence, old buttons and limits are outcomes here, never exceptions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from bot.flow import answer, effects, interrupt
from bot.flow.inputs import Chose, Facts, Gave, Input, Pressed, Said, Started, TimedOut
from bot.flow.run import Run
from bot.flow.walk import offer_return

if TYPE_CHECKING:
    from bot.domain.words import Words
    from bot.flow.effects import Sprint
    from bot.flow.session import Session


def advance(session: Session, event: Input, facts: Facts) -> Sprint:
    """Take one input.

    Args:
        session: Where the person stands, as the last Sprint left it.
        event: What happened.
        facts: Everything else that may be known, fixed for this turn.

    Returns:
        The session after it, and the effects in the order in which they are meant.
    """
    run = Run(session, facts)
    _move_on(run)
    match event:
        case Started():
            interrupt.open_flow(run, event.flow)
        case Pressed():
            interrupt.universal(run, event.word)
        case Chose():
            _chose(run, event)
        case Said():
            _said(run, event.words)
        case Gave():
            answer.give(run, event)
        case TimedOut():
            if event.turn == run.turn:
                answer.silence(run)
        case _ as never:
            assert_never(never)
    return run.sprint()


def _chose(run: Run, event: Chose) -> None:
    if event.turn != run.turn:
        run.tell(run.phrase("stale_button"))
        _repeat(run)
    elif run.pending is None:
        if run.top is None:
            interrupt.open_flow(run, None)
        else:
            answer.press(run, event.option)
    elif run.pending.kind == "country" and event.option in run.pending.options:
        answer.press(run, event.option)
    elif not interrupt.answer_pending(run, event.option):
        run.tell(run.phrase("stale_button"))
        _repeat(run)


def _said(run: Run, words: Words) -> None:
    pending = run.pending
    if pending is None or pending.kind == "country":
        run.pending = None
        answer.say(run, words)
        return
    if pending.kind == "resume":
        shown = [("resume", run.phrase("resume_yes")), ("leave", run.phrase("resume_no"))]
        shown += [("resume", run.phrase("yes")), ("leave", run.phrase("no"))]
    else:
        shown = [item for item in interrupt.correctable(run) if item[0] in pending.options]
    found = run.facts.reader.option(words, shown)
    if len(set(found)) == 1 and interrupt.answer_pending(run, found[0]):
        return
    # Neither yes nor no: the words may be the answer that the waiting question wants.
    run.pending = None
    answer.say(run, words)


def _repeat(run: Run) -> None:
    """Put again whatever is waiting, the engine's own question included."""
    pending = run.pending
    if pending is None:
        answer.again(run)
    elif pending.kind == "resume" and run.frames:
        offer_return(run)
    elif pending.kind == "correct":
        interrupt.offer_correction(run)
    else:
        run.pending = None
        answer.again(run)


def _move_on(run: Run) -> None:
    """Follow migration maps: who stands in an older definition may be moved to the present one."""
    for index, frame in enumerate(run.frames):
        current = run.facts.shelf.current(frame.flow)
        if current is None or current.hash == frame.hash or frame.hash not in current.moves:
            continue
        step = current.moves[frame.hash].get(frame.step, frame.step)
        if step in current.steps:
            trail = tuple(
                current.moves[frame.hash].get(passed, passed)
                for passed in frame.trail
                if current.moves[frame.hash].get(passed, passed) in current.steps
            )
            run.frames[index] = replace(frame, hash=current.hash, step=step, trail=trail)
            run.do(effects.Notice(code="moved-on", flow=frame.flow))
