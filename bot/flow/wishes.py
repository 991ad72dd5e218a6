"""What free words wish for: followed, offered, or kept until it is said that there is no danger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.ids import FlowId
from bot.flow.inputs import Universal
from bot.flow.interrupt import again, open_flow
from bot.flow.run import ASK, EMERGENCY, FOUND, MENU, WISHED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.words import Words
    from bot.flow.inputs import Understood
    from bot.flow.model import Text
    from bot.flow.run import Run
    from bot.flow.session import Answer

SURE, PERHAPS = 0.25, 0.15
"""Confidence from which an intent is followed, and from which it is offered as a button."""

_GUESSES = 3


def cry_for_help(run: Run, wished: Mapping[str, Answer] | None = None) -> None:
    """Ask whether there is danger now; what was under way waits below.

    Args:
        run: The turn.
        wished: See `otherwise`; taken up if there is no danger and nothing waits.
    """
    open_flow(run, EMERGENCY, wished)


def guess(run: Run, understood: Understood, words: Words, *, inside: bool = False) -> bool:
    """Follow or offer what the words seem to ask for; False when they seem to ask nothing.

    Inside a flow nothing is followed without a press: the person may only be answering oddly.
    """
    if understood.urgent and not inside:
        cry_for_help(run, otherwise(run, understood, words))
        return True
    wishes = _wishes(run, understood.intents, run.top.flow if run.top else None)
    best = understood.intents[0][1] if understood.intents else 0.0
    if not inside and best >= SURE and _only_said(run, understood.intents[0][0]):
        return True
    if not inside and wishes and best >= SURE:
        flow_id = wishes[0][0]
        open_flow(run, flow_id, _looked_up(run, flow_id, words))
    elif wishes and (not inside or best >= SURE):
        _offer(run, wishes)
        if inside:
            again(run)
    elif not inside:
        open_flow(run, None)
    else:
        return False
    return True


def take_up(run: Run) -> None:
    """Follow or offer what was wished before there was a question about danger."""
    wished = run.wished.get(WISHED, ())
    found = [run.facts.shelf.current(FlowId(name)) for name in _names(wished)]
    wishes = [(flow.id, flow.title) for flow in found if flow is not None]
    if isinstance(wished, str) and wishes:
        answers = {name: value for name, value in run.wished.items() if name == FOUND}
        open_flow(run, wishes[0][0], answers)
    elif wishes:
        _offer(run, wishes)


def _offer(run: Run, wishes: list[tuple[FlowId, Text]]) -> None:
    run.turn += 1
    offered = (*wishes, *_asking(run, wishes))
    run.ask(run.phrase("guess_question"), flows=offered, words=(Universal.MENU,))


def otherwise(run: Run, understood: Understood, words: Words) -> dict[str, Answer]:
    """Return what words wish for if they are no cry for help, as answers to begin with.

    One name of a flow is a sure wish, several are likely ones. The words themselves are not kept.
    """
    serves, found = run.facts.intent_flows, understood.intents
    left = 1.0 - sum(share for intent, share in found if serves.get(intent) == EMERGENCY)
    likely = tuple((intent, share / left) for intent, share in found if left > 0)
    wishes = tuple(flow_id for flow_id, _ in _wishes(run, likely, EMERGENCY))
    if not wishes:
        return {}
    best, share = found[0]
    if share >= SURE and serves.get(best) == wishes[0]:
        return {WISHED: wishes[0], **_looked_up(run, wishes[0], words)}
    return {WISHED: wishes}


def _looked_up(run: Run, flow_id: FlowId, words: Words) -> dict[str, Answer]:
    """Return what was asked, looked up at once for the flow that answers questions."""
    return {FOUND: run.found(words)} if flow_id == ASK and run.facts.search else {}


def _names(wished: Answer) -> tuple[str, ...]:
    return (wished,) if isinstance(wished, str) else wished


def _only_said(run: Run, intent: str) -> bool:
    """Answer what asks for nothing (thanks, small talk) with a sentence and the menu."""
    remark = f"intent_{intent}"
    if run.facts.intent_flows.get(intent) != MENU or remark not in run.facts.phrases:
        return False
    run.tell(run.phrase(remark))
    open_flow(run, None)
    return True


def _asking(run: Run, wishes: list[tuple[FlowId, Text]]) -> list[tuple[FlowId, Text]]:
    """Return the way to ask anything, where it is not offered already."""
    flow = run.facts.shelf.current(ASK) if run.facts.search else None
    offered = {flow_id for flow_id, _ in wishes}
    return [(flow.id, flow.title)] if flow is not None and flow.id not in offered else []


def _wishes(
    run: Run, intents: tuple[tuple[str, float], ...], here: FlowId | None
) -> list[tuple[FlowId, Text]]:
    """Return flows that serve likely intents, best first, but those where somebody is already."""
    found: dict[FlowId, Text] = {}
    for intent, confidence in intents:
        flow_id = run.facts.intent_flows.get(intent)
        flow = run.facts.shelf.current(flow_id) if flow_id else None
        if flow is not None and confidence >= PERHAPS and flow.id not in {here, MENU}:
            found.setdefault(flow.id, flow.title)
    return list(found.items())[:_GUESSES]
