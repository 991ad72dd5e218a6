"""Reading an answer to the question that waits: a press, words, a file or silence."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.flow import effects
from bot.flow.inputs import Universal
from bot.flow.interrupt import open_flow
from bot.flow.model import AskKind, AskStep, CountryName, FinishStep, Text
from bot.flow.question import DONE, MORE, SKIP, labels, picked, put
from bot.flow.run import MENU, asks
from bot.flow.session import Pending
from bot.flow.walk import SKIPPED, forward, next_after, walk
from bot.flow.wishes import PERHAPS, cry_for_help, guess, otherwise

if TYPE_CHECKING:
    from bot.domain.words import Words
    from bot.flow.inputs import Gave
    from bot.flow.run import Run
    from bot.flow.session import Answer, Frame

MAX_WORDS = 4_000
"""Characters of one text; more is sent in parts, so that nothing is cut off unseen."""

_SHORT = 3
"""Words up to which a matching answer is only an answer, however alarming the word."""

_MISSES = 3
_COUNTRIES = 8
_SEPARATOR = re.compile(r"[,;،、，/\n]+|\s+(?:and|y|e|et|и|و)\s+")
_FILES = frozenset({"photo", "voice", "audio", "video", "document"})


def press(run: Run, option: str) -> None:
    """Take a press that belongs to the present question."""
    frame, step = _question(run)
    if frame is None or step is None:
        return
    if option == SKIP and step.skip is not None:
        _take(run, step, SKIPPED)
    elif option.startswith(MORE) and option[len(MORE) :].isdecimal():
        put(run, step, frame, edit=True, page=int(option[len(MORE) :]))
    elif step.kind is AskKind.CHOICES:
        _toggle(run, step, frame, option)
    elif run.pending is not None and option in run.pending.options:
        _take(run, step, option)
    elif any(option == id_ for id_, _ in labels(run, step, frame)):
        _take(run, step, _dated(run, step, option))
    else:
        miss(run)


def say(run: Run, words: Words) -> None:
    """Take words: as the answer if they are one, else as a cry for help, else as an intent."""
    frame, step = _question(run)
    if frame is None or step is None:
        guess(run, run.understood(words), words)
    elif len(words) > MAX_WORDS:
        run.tell(run.phrase("said_too_long"))
        again(run)
    elif _declines(run, step, words):
        _take(run, step, SKIPPED)
    elif step.kind is AskKind.WORDS:
        urgent = _calm(run, frame) and run.understood(words).urgent
        run.do(effects.KeepWords(flow=frame.flow, name=step.save, words=words))
        _take(run, step, "given", then_help=urgent)
    elif step.kind is AskKind.SEARCH and words.reveal().strip():
        urgent = _calm(run, frame) and run.understood(words).urgent
        _take(run, step, run.found(words), then_help=urgent)
    elif not _read(run, step, frame, words):
        understood = run.understood(words)
        if understood.urgent and _calm(run, frame) and _answers_another(run, words):
            miss(run)
        elif understood.urgent and _calm(run, frame):
            cry_for_help(run, otherwise(run, understood, words))
        elif frame.flow == MENU and understood.intents[:1] and understood.intents[0][1] >= PERHAPS:
            # Nothing is under way in the menu: a wish is followed as if nothing had been asked.
            guess(run, understood, words)
        elif not guess(run, understood, words, inside=True):
            miss(run)


def names_option(run: Run, word: Universal, words: Words) -> bool:
    """Tell whether a universal word is, typed here, the name of an option: "Language" in settings.

    SOS and stop mean themselves everywhere.
    """
    frame, step = _question(run)
    if frame is None or step is None or word in {Universal.SOS, Universal.STOP}:
        return False
    if step.kind not in {AskKind.CHOICE, AskKind.CHOICES}:
        return False
    return len(run.facts.reader.option(words, labels(run, step, frame))) == 1


def give(run: Run, gift: Gave) -> None:
    """Take a file where one was asked for; elsewhere say kindly that it was not kept."""
    frame, step = _question(run)
    if step is not None and frame is not None and step.kind is AskKind.FILE and gift.kind in _FILES:
        run.do(
            effects.KeepFile(flow=frame.flow, name=step.save, kind=gift.kind, ref=gift.ref),
        )
        _take(run, step, "given")
        return
    name = {
        "location": "location_refused",
        "contact": "contact_refused",
        "sticker": "sticker_seen",
        "edited": "edited_seen",
        "forwarded": "forwarded_note",
        "auto-delete": "auto_delete_thanks",
        "auto-delete-off": "auto_delete_off",
        "other": "sticker_seen",
    }.get(gift.kind, "file_not_here")
    run.tell(run.phrase(name))
    again(run)


def silence(run: Run) -> None:
    """Nothing came in time: go where the question says."""
    frame, step = _question(run)
    if step is None or frame is None or step.timeout is None:
        return
    flow = run.flow(frame)
    goes_to = flow.steps.get(step.timeout.goto) if flow else None
    if isinstance(goes_to, FinishStep) and goes_to.keeps_place:
        if run.pending is not None and run.pending.kind == "paused":
            return
        if goes_to.text is not None:
            run.tell(run.filled(goes_to.text, frame))
        run.pending = Pending(kind="paused")
        return
    run.set_top(replace(frame, step=step.timeout.goto))
    run.pending = None
    walk(run)


def miss(run: Run) -> None:
    """The answer could not be read: say what would be one; after three, offer a person."""
    run.misses += 1
    frame, step = _question(run)
    if frame is None or step is None:
        return
    if run.misses >= _MISSES:
        run.tell(run.phrase("invalid_person"))
        words = (Universal.PERSON, Universal.HELP, Universal.STOP)
        run.ask(run.filled(step.invalid, frame), words=words)
    else:
        run.tell(run.filled(step.invalid, frame))
    put(run, step, frame)


def again(run: Run) -> None:
    """Put the waiting question once more; with none waiting, open the menu."""
    frame, step = _question(run)
    if frame is None or step is None:
        open_flow(run, None)
    else:
        put(run, step, frame)


def _question(run: Run) -> tuple[Frame | None, AskStep | None]:
    frame = run.top
    step = run.step(frame) if frame is not None else None
    return frame, step if isinstance(step, AskStep) else None


def _take(run: Run, step: AskStep, answer: Answer, *, then_help: bool = False) -> None:
    run.pending = None
    forward(run, step, answer, next_after(step, answer))
    if then_help:
        run.tell(run.phrase("kept_answer"))
        cry_for_help(run)
    else:
        walk(run)


def _toggle(run: Run, step: AskStep, frame: Frame, option: str) -> None:
    chosen = picked(frame, step)
    if option == DONE and chosen:
        _take(run, step, chosen)
        return
    if not any(option == id_ for id_, _ in labels(run, step, frame)):
        miss(run)
        return
    now = tuple(id_ for id_ in chosen if id_ != option) if option in chosen else (*chosen, option)
    frame = replace(frame, answers={**frame.answers, step.save: now})
    run.set_top(frame)
    put(run, step, frame, edit=True)


def _read(run: Run, step: AskStep, frame: Frame, words: Words) -> bool:
    """Try to read words as an answer; True when the question was left or narrowed."""
    if step.skip is not None and _skips(run, step, frame, words):
        _take(run, step, SKIPPED)
        return True
    long = len(words.reveal().split()) > _SHORT
    named = long and _nothing_but_names(run, step, frame, words)
    help_too = long and not named and _calm(run, frame) and run.understood(words).urgent
    match step.kind:
        case AskKind.COUNTRY:
            return _read_country(run, step, words, then_help=help_too)
        case AskKind.CHOICES:
            return _read_several(run, step, frame, words, then_help=help_too)
        case AskKind.FILE:
            return False
        case _:
            found = run.facts.reader.option(words, labels(run, step, frame))
            if len(found) == 1:
                _take(run, step, _dated(run, step, found[0]), then_help=help_too)
                return True
            if step.kind is AskKind.DATE:
                day = run.facts.reader.day(words)
                if day is not None:
                    _take(run, step, day.isoformat(), then_help=help_too)
                    return True
            nearest = _nearest(run, step, words) if step.days else None
            if nearest is not None:
                _take(run, step, nearest, then_help=help_too)
                return True
            return False


def _nearest(run: Run, step: AskStep, words: Words) -> str | None:
    """Return the option whose days ago come nearest to the day that words mention."""
    day = run.facts.reader.day(words)
    ago = None if day is None else (run.facts.today - day).days
    counted = [int(option.id) for option in step.options if option.id.isdecimal()]
    if ago is None or ago < 0 or not counted:
        return None
    return str(min(counted, key=lambda days: (abs(days - ago), -days)))


def _declines(run: Run, step: AskStep, words: Words) -> bool:
    """Tell whether the words are the whole label of leaving open a question that takes any word."""
    if step.skip is None or step.kind not in {AskKind.WORDS, AskKind.SEARCH}:
        return False
    return run.facts.reader.nothing_but(words, ((SKIP, step.skip),))


def _skips(run: Run, step: AskStep, frame: Frame, words: Words) -> bool:
    """Tell whether the words are the label (or the number) of leaving the question open."""
    if step.skip is None:
        return False
    shown = [*labels(run, step, frame), (SKIP, step.skip)]
    return run.facts.reader.option(words, shown) == (SKIP,)


def _read_country(run: Run, step: AskStep, words: Words, *, then_help: bool) -> bool:
    found = run.facts.reader.countries(words)[:_COUNTRIES]
    if len(found) == 1:
        _take(run, step, found[0], then_help=then_help)
        return True
    if not found:
        return False
    run.turn += 1
    run.pending = Pending(kind="country", options=found)
    name = Text(source="{country}", context="phrases.country_option", domain="flows")
    run.ask(
        run.phrase("country_which"),
        tuple(
            effects.Choice(
                option=code, label=replace(name, values=(("country", CountryName(code=code)),))
            )
            for code in found
        ),
        words=(Universal.BACK, Universal.SOS),
    )
    return True


def _read_several(run: Run, step: AskStep, frame: Frame, words: Words, *, then_help: bool) -> bool:
    shown = labels(run, step, frame)
    chosen = list(picked(frame, step))
    whole = run.facts.reader.option(words, shown)
    parts = _parts(words)
    read = [whole] if len(whole) == 1 else [run.facts.reader.option(part, shown) for part in parts]
    if not read or any(len(found) != 1 for found in read):
        return False
    chosen += [found[0] for found in read if found[0] not in chosen]
    _take(run, step, tuple(chosen), then_help=then_help)
    return True


def _nothing_but_names(run: Run, step: AskStep, frame: Frame, words: Words) -> bool:
    """Tell whether the words are our own, typed or pressed on a keyboard: no cry for help then."""
    reader, shown = run.facts.reader, labels(run, step, frame)
    if reader.nothing_but(words, shown):
        return True
    return all(reader.nothing_but(part, shown) for part in _parts(words))


def _answers_another(run: Run, words: Words) -> bool:
    """Tell whether short words are, whole, the name of an option of another question here.

    "The police" may sound like danger, and only answers who is behind it; what is marked as danger
    among the options is a cry for help wherever it is written.
    """
    if len(words.reveal().split()) > _SHORT:
        return False
    flows = [run.flow(frame) for frame in run.frames[run.matter() :]]
    options = [option for flow in flows if flow for one in asks(flow) for option in one.options]
    calm = [(option.id, option.label) for option in options if option.style != "danger"]
    return run.facts.reader.nothing_but(words, calm)


def _parts(words: Words) -> list[Words]:
    return [type(words)(part) for part in _SEPARATOR.split(words.reveal()) if part.strip()]


def _dated(run: Run, step: AskStep, option: str) -> str:
    """An option of a date question is a number of days ago; its answer is that day."""
    if step.kind is AskKind.DATE and option.isdecimal():
        return (run.facts.today - timedelta(days=int(option))).isoformat()
    return option


def _calm(run: Run, frame: Frame) -> bool:
    """Tell whether a cry for help would be news here: not inside an emergency flow."""
    flow = run.flow(frame)
    return not (flow and flow.emergency)
