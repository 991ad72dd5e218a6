"""At every question of every flow: a cry for help is heard and nothing is lost; words are read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bot.content.library import Library, open_library
from bot.domain.ids import FlowId, LanguageTag
from bot.domain.words import Words
from bot.flow.engine import advance
from bot.flow.inputs import Chose, Facts, Said, Understood
from bot.flow.model import AskKind, AskStep, Flow
from bot.flow.session import Frame, Session
from bot.guidance.lookups import lookups

TODAY = date(2026, 11, 26)
ENGLISH = LanguageTag("en")


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library()


@pytest.fixture(scope="module")
def facts(library: Library) -> Facts:
    return Facts(
        today=TODAY,
        shelf=library,
        reader=library.reader(ENGLISH, TODAY),
        lookups=lookups(library, ENGLISH, TODAY),
        known={"channel": "terminal", "on_duty": "no", "demo": "no", "language": "en"},
        intent_flows=library.intents,
        phrases=library.phrases,
    )


def standing(flow: Flow, step: AskStep) -> Session:
    frame = Frame(flow=flow.id, hash=flow.hash, step=step.id)
    return Session(frames=(frame,), turn=1, greeted=True)


def questions(library: Library) -> list[tuple[Flow, AskStep]]:
    return [
        (flow, step)
        for flow in library.flows.values()
        if not flow.emergency
        for step in flow.steps.values()
        if isinstance(step, AskStep)
    ]


def test_a_cry_for_help_at_any_question_is_heard_and_loses_nothing(
    library: Library, facts: Facts
) -> None:
    urgent = replace(facts, understand=lambda _: Understood(urgent=True))
    asked = questions(library)
    assert len(asked) > 80
    for flow, step in asked:
        cry = Words("they took my brother a moment ago, please help us")
        session = advance(standing(flow, step), Said(words=cry), urgent).session
        place = f"{flow.id}.{step.id}"
        assert session.top is not None, place
        assert session.top.flow == "danger", place
        answered = step.kind in {AskKind.WORDS, AskKind.SEARCH} or flow.id == "start"
        kept = [frame for frame in session.frames if frame.flow == flow.id]
        if kept and not answered:
            assert kept[0].step == step.id, place
        if answered and kept:
            assert kept[0].answers.get(step.save) or kept[0].step == step.id, place
        calm = advance(session, Chose(option="no", turn=session.turn), urgent).session
        assert calm.pending is None or calm.pending.kind == "resume", place
        if calm.pending is not None and not answered:
            back = advance(calm, Chose(option="resume", turn=calm.turn), urgent).session
            assert back.top is not None, place


def test_a_country_named_in_a_cry_is_kept_as_the_answer(library: Library, facts: Facts) -> None:
    urgent = replace(facts, understand=lambda _: Understood(urgent=True))
    for flow, step in questions(library):
        if step.kind is not AskKind.COUNTRY:
            continue
        cry = Words("help, they are at the door here in Uganda")
        session = advance(standing(flow, step), Said(words=cry), urgent).session
        assert session.frames[-1].flow == "danger"
        assert session.frames[0].answers[step.save] == "UG"


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("today", "0"), ("yesterday in the evening", "2"), ("three days ago", "2"),
        ("two weeks ago", "7"), ("hace un mes", "30"), ("il y a deux mois", "90"),
        ("два года назад", "365"), ("3. 11. 2026", "30"),
    ],
)  # fmt: skip
def test_a_day_in_words_is_the_choice_it_comes_nearest_to(
    library: Library, facts: Facts, text: str, days: str
) -> None:
    flow = library.flows[FlowId("report")]
    step = next(one for _, one in questions(library) if one.save == "when_days" and one.days)
    session = advance(standing(flow, step), Said(words=Words(text)), facts).session
    assert session.frames[0].answers[step.save] == days


def test_a_day_to_come_or_none_is_no_answer_to_when_it_was(library: Library, facts: Facts) -> None:
    flow = library.flows[FlowId("report")]
    step = next(one for _, one in questions(library) if one.save == "when_days" and one.days)
    for text in ("2027-01-01", "no idea", "yesterday or a year ago"):
        session = advance(standing(flow, step), Said(words=Words(text)), facts).session
        assert session.frames[0].step == step.id
        assert step.save not in session.frames[0].answers
