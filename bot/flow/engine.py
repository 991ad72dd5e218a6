"""`advance`: a session and what happened give the next session and what to do.

Pure, synchronous and total: no I/O, no clock, no chance; every session and input yields a Sprint.
Nonsense, silence, old buttons and limits are outcomes here, never exceptions.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from bot.flow import answer, effects, interrupt, wishes
from bot.flow.inputs import Chose, Facts, Gave, Input, Pressed, Said, Started, TimedOut, Universal
from bot.flow.run import Run
from bot.flow.walk import REPLAY_ASKED, offer_return, walk

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
    lost = _move_on(run)
    paused = run.pending is not None and run.pending.kind == "paused"
    if paused and not isinstance(event, TimedOut):
        run.pending = None
    match event:
        case Chose() | Said() | Gave() | TimedOut() if lost:
            run.pending = None
            run.tell(run.phrase("flow_moved"))
            walk(run)
        case Started():
            interrupt.open_flow(run, event.flow, event.answers)
        case Pressed():
            if event.words is not None and answer.names_option(run, event.word, event.words):
                _said(run, event.words)
            else:
                interrupt.universal(run, event.word)
        case Chose():
            _chose(run, event)
        case Said() if paused and run.frames and not run.understood(event.words).urgent:
            offer_return(run)
        case Said():
            _said(run, event.words)
        case Gave():
            answer.give(run, event)
        case TimedOut():
            if event.turn == run.turn:
                answer.silence(run)
        case _ as never:
            assert_never(never)
    if run.top is None and not isinstance(event, TimedOut):
        wishes.take_up(run)
        if run.wordless:
            # A flow that was opened by itself may end without a word; the person did something.
            run.tell(run.phrase("ended"))
        run.leave_a_way_on((Universal.MENU, Universal.SOS))
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


def _move_on(run: Run) -> bool:
    """Bring frames of older definitions up to date where they must or may be.

    A kept definition serves as long as it is kept, unless the present one says with a migration map
    where its steps stand now. Returns True when the waiting question itself is no longer there.
    """
    lost = False
    for index, frame in enumerate(run.frames):
        current = run.facts.shelf.current(frame.flow)
        if current is None or current.hash == frame.hash:
            continue
        moves = current.moves.get(frame.hash)
        if moves is None and run.facts.shelf.pinned(frame.flow, frame.hash) is not None:
            continue
        places = moves or {}
        step = places.get(frame.step, frame.step)
        trail = tuple(places.get(passed, passed) for passed in frame.trail)
        moved = replace(
            frame,
            hash=current.hash,
            step=step,
            trail=tuple(passed for passed in trail if passed in current.steps),
        )
        if step not in current.steps:
            lost = True
            moved = replace(moved, step=current.start, trail=(), resume_at=REPLAY_ASKED)
        run.frames[index] = moved
        run.do(effects.Notice(code="moved-on", flow=frame.flow))
    return lost and run.top is not None and run.top.resume_at == REPLAY_ASKED
