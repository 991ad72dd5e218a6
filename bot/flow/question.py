"""How a question is put: its text, its choices and the words that always work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.flow import effects
from bot.flow.inputs import Universal
from bot.flow.model import AskKind

if TYPE_CHECKING:
    from bot.flow.model import AskStep, Text
    from bot.flow.run import Run
    from bot.flow.session import Frame

DONE, SKIP, MORE = "+done", "+skip", "+more"
"""Choices of the engine's own; no option of a flow begins with a plus."""

PAGE = 12
"""Options that stand under one message before the rest moves to a next one."""


def put(run: Run, step: AskStep, frame: Frame, *, edit: bool = False, page: int = 0) -> None:
    """Ask the question of a step; with `edit` its earlier message changes instead."""
    if not edit:
        run.turn += 1
    text = run.filled(step.text, frame)
    run.ask(
        text,
        _choices(run, step, frame, page),
        words=_words(run, step, frame),
        reply_keyboard=step.reply_keyboard,
        edit=edit,
    )
    if step.timeout is not None and not edit:
        run.do(effects.SetTimer(after=step.timeout.after, turn=run.turn))


def labels(run: Run, step: AskStep, frame: Frame) -> list[tuple[str, Text]]:
    """Return (id, label) of everything that can be chosen, in the order shown."""
    if step.kind is AskKind.CONFIRM and not step.options:
        return [("yes", run.phrase("yes")), ("no", run.phrase("no"))]
    if step.options_from:
        return [(item.id, item.title) for item in run.items(frame, step.options_from)]
    return [(option.id, option.label) for option in step.options]


def picked(frame: Frame, step: AskStep) -> tuple[str, ...]:
    """Return what is chosen so far where several may be."""
    answer = frame.answers.get(step.save, ())
    return answer if isinstance(answer, tuple) else ()


def _choices(run: Run, step: AskStep, frame: Frame, page: int) -> tuple[effects.Choice, ...]:
    styles = {option.id: option.style for option in step.options}
    shown = labels(run, step, frame)
    chosen = picked(frame, step) if step.kind is AskKind.CHOICES else ()
    start = page * PAGE if step.options_from else 0
    visible = shown[start : start + PAGE] if step.options_from else shown
    found = [
        effects.Choice(
            option=id_,
            label=run.phrase("chosen_mark", label=label) if id_ in chosen else label,
            style=styles.get(id_, "plain"),
        )
        for id_, label in visible
    ]
    if step.options_from and start + PAGE < len(shown):
        found.append(effects.Choice(option=f"{MORE}{page + 1}", label=run.phrase("more_button")))
    if step.kind is AskKind.CHOICES and chosen:
        found.append(effects.Choice(option=DONE, label=run.phrase("done_button"), style="good"))
    if step.skip is not None and not chosen:
        found.append(effects.Choice(option=SKIP, label=step.skip))
    return tuple(found)


def _words(run: Run, step: AskStep, frame: Frame) -> tuple[Universal, ...]:
    flow = run.flow(frame)
    back = (Universal.BACK,) if _can_go_back(run) else ()
    if flow is not None and flow.emergency:
        return (*back, Universal.PERSON) if flow.id != "sos" else back
    if any(option.id == Universal.SOS for option in step.options):
        return back
    return (*back, Universal.SOS)


def _can_go_back(run: Run) -> bool:
    first = run.matter()
    return any(frame.trail for frame in run.frames[first:]) or first > 0
