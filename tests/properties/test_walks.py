"""Nobody gets stuck: every question of every flow by pressing, and walks of any kind by chance.

`tests/fixtures/walker.py` looks at each turn: something is answered, it is in the chosen language,
it fits into a message, what is shown can be pressed, and saving the session changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.content.library import Library, open_library
from bot.domain.ids import ChannelName, LanguageTag
from bot.domain.messages import InboundKind
from bot.domain.words import Words
from bot.flow.inputs import Chose, Universal
from bot.flow.model import AskKind, AskStep
from bot.flow.question import DONE, MORE
from bot.flow.session import Frame, Session
from bot.services.pressed import choice_data, read_button, word_data
from tests.fixtures.walker import Place, Walker

if TYPE_CHECKING:
    from collections.abc import Iterator

LANGUAGES = tuple(LanguageTag(tag) for tag in ("en", "es", "fr", "ar", "ru"))
CHANNELS = tuple(ChannelName(name) for name in ("telegram", "web", "terminal"))
SOS = {"en": "SOS", "es": "auxilio", "fr": "au secours", "ar": "النجدة", "ru": "спасите"}
UNDER_WATCH = {
    "checkin": "on", "checkin_pin": "yes", "checkin_safe": "yes", "checkin_duty": "yes",
    "checkin_contacts": "1", "contact_of": "1", "contact_invited": "no",
    "canary_invited": "no",
}  # fmt: skip
INVITED = {"contact_invited": "yes", "contact_of": "0", "canary_invited": "yes"}
_FEW = 4
COUNTRIES = ("Kenya", "México", "كينيا", "Россия", "guinea", "republic")
NONSENSE = (
    "qwrtz 99 blip", "йцукен", "؟؟؟", "🙂🙂", "*", "\\*bold* <b>{name}</b> &amp;", "0", "-1", "999",
    "²", "٣", "①", "1️⃣", "yes", "no", "and", ",", "\u202e", "a\u0000b", "cry they took him",
    "wish report 0.9", "wish resources 0.2", "wish nothing 0.9", "wish mechanisms 0.16",
)  # fmt: skip
COMMANDS = (
    *(f"/{word.value}" for word in Universal),
    "/start", "/report", "/resources", "/mechanisms", "/learn", "/settings", "/danger", "/nonsense",
)  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(library=open_library(None, tmp_path_factory.mktemp("catalogues")))


def words_of(library: Library) -> list[str]:
    """Return universal words as people type them, those that the Library keeps."""
    return sorted(library.words)


def everywhere(place: Place, language: LanguageTag, channel: ChannelName) -> Iterator[Walker]:
    """Give somebody at every question that pressing (and naming a country) leads to."""
    someone = Walker(house=place, language=language, channel=channel)
    waiting, seen = deque[Walker](), set[object]()
    for known in (UNDER_WATCH, INVITED, {}):
        for flow in place.library.flows:
            other = replace(someone.twin(), known=known)
            other.writes(f"/{flow}")
            waiting.append(other)
    while waiting:
        walker = waiting.popleft()
        # A question whose choices were found may offer many or none; those are two places.
        stands = (*walker.place[-2:], len(walker.buttons) > _FEW)
        if stands in seen or walker.language != language:
            continue
        seen.add(stands)
        yield walker
        for button in walker.buttons:
            other = walker.twin()
            other.presses(button.data)
            waiting.append(other)
        other = walker.twin()
        other.writes("Kenya")
        waiting.append(other)


OF_OTHER_STATES = {
    "alert_board", "alert_write", "ask", "checkin", "duty", "follow_up", "letter", "person",
    "reminders", "report", "status",
    "subscriptions", "support",
}  # fmt: skip
"""Flows with questions that pressing alone does not lead to: they need somebody on duty, a plan, a
letter under way. Whoever walks is put there."""


def elsewhere(
    place: Place, language: LanguageTag, channel: ChannelName, stood: set[tuple[str, ...]]
) -> Iterator[Walker]:
    """Give somebody at every question at which nobody stood yet, while people are on duty."""
    for flow in place.library.flows.values():
        for step in flow.steps.values():
            if isinstance(step, AskStep) and (str(flow.id), str(step.id)) not in stood:
                frame = Frame(flow=flow.id, hash=flow.hash, step=step.id)
                yield Walker(
                    house=place, language=language, channel=channel, on_duty=True,
                    session=Session(frames=(frame,), turn=1, greeted=True),
                )  # fmt: skip


def reaches_sos(walker: Walker) -> None:
    """Check that one message leads to the first words and the numbers, and to a question."""
    library, language = walker.house.library, walker.language
    for way in (SOS.get(language, "SOS"), "/sos", ""):
        other = walker.twin()
        shown = other.writes(way) if way else other.presses(word_data(Universal.SOS))
        top = other.session.top
        assert top is not None
        assert (top.flow, top.step) == ("sos", "kind"), f"{way} at {walker.place}"
        first = library.flows[top.flow].steps[next(iter(library.flows[top.flow].steps))]
        assert first
        say = library.flows[top.flow].steps["first"]  # type: ignore[index] # a StepId is a str
        wanted = library.render(say.text, language)  # type: ignore[union-attr] # says
        assert wanted in "\n\n".join(message.text for message in shown)
        assert sum(bool(message.buttons and not message.protect) for message in shown) >= 1


def corrects_all(walker: Walker) -> None:
    """Correct each answer in turn, to something else, and answer what is asked again."""
    asked = walker.twin()
    asked.writes("/correct")
    if asked.session.pending is None or asked.session.pending.kind != "correct":
        return
    for answered in asked.session.pending.options:
        other = asked.twin()
        other.presses(choice_data(answered, other.session.turn))
        for _ in range(3):
            if other.place[-2].endswith(".country"):
                other.writes("México")
            else:
                other.presses(other.buttons[min(1, len(other.buttons) - 1)].data)
            if other.session.top is None:
                break


@pytest.mark.parametrize(
    ("channel", "language"),
    [(CHANNELS[0], tag) for tag in LANGUAGES]
    + [(channel, tag) for channel in CHANNELS[1:] for tag in (LANGUAGES[0], LANGUAGES[3])],
)
def test_from_every_question_there_is_a_way_on_and_one_to_sos(
    place: Place, language: LanguageTag, channel: ChannelName
) -> None:
    walkers = list(everywhere(place, language, channel))
    stood = {tuple(str(walker.place[-2]).split(".")) for walker in walkers if walker.place[:-1]}
    others = list(elsewhere(place, language, channel, stood))
    assert {str(other.session.frames[0].flow) for other in others} <= OF_OTHER_STATES
    for walker in [*walkers, *others]:
        reaches_sos(walker)
        for way in (*(word.value for word in Universal), "qwrtz 99 blip", "x" * 5_000):
            other = walker.twin()
            other.writes(way)
        for command in COMMANDS:
            walker.twin().writes(command)
        for kind in (InboundKind.FILE, InboundKind.LOCATION, InboundKind.EDITED):
            walker.twin().gives(kind)
        corrects_all(walker)
        other = walker.twin()
        other.is_silent()
        reaches_sos(other)
        other.writes("qwrtz 99 blip")


@pytest.mark.parametrize("language", [LANGUAGES[0], LANGUAGES[3]])
def test_a_label_that_is_written_is_a_press_however_alarming_it_sounds(
    place: Place, language: LanguageTag
) -> None:
    """A keyboard sends its labels as text; to the understanding "Learn to be safer" is a cry."""
    several = {
        f"{flow.id}.{step.id}"
        for flow in place.library.flows.values()
        for step in flow.steps.values()
        if isinstance(step, AskStep) and step.kind is AskKind.CHOICES
    }
    compared = 0
    for walker in everywhere(place, language, CHANNELS[0]):
        labels = [button.label for button in walker.buttons]
        for button in walker.buttons:
            pressed = read_button(button.data)
            its_own = isinstance(pressed, Chose) and not pressed.option.startswith((MORE, DONE))
            if its_own and labels.count(button.label) == 1:
                one, other = walker.twin(), replace(walker.twin(), alarmed=True)
                one.presses(button.data)
                other.writes(button.label)
                told = f"{button.label} at {walker.place}"
                if walker.place[-2] in several:
                    # Pressed it is one of several; written it is all that was meant.
                    assert other.place[-2] != "danger.ask", told
                else:
                    assert other.session == one.session, told
                    compared += 1
    assert compared > 200


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_interrupted_question_comes_back_with_every_answer(
    place: Place, language: LanguageTag
) -> None:
    for walker in everywhere(place, language, CHANNELS[0]):
        before = walker.session.top
        if before is None or not before.trail or before.flow in {"start", "sos"}:
            continue
        walker.writes(SOS[language])
        walker.writes("/stop")
        if walker.session.pending is not None:
            (back,) = [one.data for one in walker.buttons if one.data.endswith(".resume")]
            walker.presses(back)
        after = walker.session.top
        assert after is not None
        assert (after.flow, after.step, after.answers) == (before.flow, before.step, before.answers)


def test_many_interrupted_matters_stay_bounded_and_lead_to_sos(place: Place) -> None:
    walker = Walker(house=place, language=LANGUAGES[0], channel=CHANNELS[0])
    depth = 0
    for _ in range(15):
        for flow in ("report", "resources", "learn"):
            walker.writes(f"/{flow}")
            if flow == "resources":
                walker.writes("Kenya")
            else:
                walker.presses(walker.buttons[0].data)
            depth = max(depth, len(walker.session.frames))
            reaches_sos(walker)
    assert depth > _FEW, "nothing was piled up"
    for _ in range(30):
        walker.writes("/stop")
    assert not walker.session.frames


ACTS = st.one_of(
    st.tuples(st.just("press"), st.integers(0, 40)),
    st.tuples(st.just("press"), st.integers(0, 40)),
    st.tuples(st.just("press"), st.integers(0, 40)),
    st.tuples(st.just("label"), st.integers(0, 40)),
    st.tuples(st.just("old"), st.integers(0, 400)),
    st.tuples(st.just("number"), st.integers(0, 20)),
    st.tuples(st.just("word"), st.integers(0, 10_000)),
    st.tuples(st.just("command"), st.integers(0, len(COMMANDS) - 1)),
    st.tuples(st.just("country"), st.integers(0, len(COUNTRIES) - 1)),
    st.tuples(st.just("nonsense"), st.integers(0, len(NONSENSE) - 1)),
    st.tuples(st.just("long"), st.integers(3_999, 5_000)),
    st.tuples(st.just("gift"), st.integers(0, len(InboundKind) - 1)),
    st.tuples(st.just("silence"), st.integers(0, 2)),
)
ANY = st.lists(ACTS, min_size=6, max_size=60)
GIFTS = tuple(
    kind
    for kind in InboundKind
    if kind
    not in {
        InboundKind.TEXT, InboundKind.COMMAND, InboundKind.BUTTON, InboundKind.GROUP,
        InboundKind.BLOCKED,
    }
)  # fmt: skip


def act(walker: Walker, known: list[str], kind: str, number: int) -> None:
    """Do what was drawn; what needs a button types nonsense when there is none."""
    buttons = walker.buttons
    match kind:
        case "press" if buttons:
            walker.presses(buttons[number % len(buttons)].data)
        case "label" if buttons:
            walker.writes(buttons[number % len(buttons)].label)
        case "old" if known:
            walker.presses(known[number % len(known)])
        case "number":
            walker.writes(str(number))
        case "word":
            words = words_of(walker.house.library)
            walker.writes(words[number % len(words)])
        case "command":
            walker.writes(COMMANDS[number])
        case "country":
            walker.writes(COUNTRIES[number])
        case "long":
            walker.writes("they wait outside "[: number % 18 + 1] * number)
        case "gift":
            walker.gives(GIFTS[number % len(GIFTS)])
        case "silence":
            walker.is_silent(walker.session.turn - number)
        case _:
            walker.writes(NONSENSE[number % len(NONSENSE)])
    known += [button.data for button in walker.buttons]


def walk(
    place: Place,
    language: LanguageTag,
    channel: ChannelName,
    acts: list[tuple[str, int]],
    *,
    on_duty: bool,
) -> None:
    walker = Walker(house=place, language=language, channel=channel, on_duty=on_duty)
    known: list[str] = []
    for kind, number in acts:
        act(walker, known, kind, number)
        reaches_sos(walker)
    # Whatever happened, one word leads to the menu, and its first button to help.
    walker.writes("/menu")
    assert walker.session.top is not None
    assert walker.session.top.flow == "start"
    walker.presses(walker.buttons[0].data)
    assert walker.place[-2] == "sos.kind"


drawn = given(
    language=st.sampled_from(LANGUAGES),
    channel=st.sampled_from(CHANNELS),
    acts=ANY,
    on_duty=st.booleans(),
)


@settings(
    max_examples=250, derandomize=True, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@drawn
def test_a_walk_of_any_kind_never_gets_stuck(
    place: Place,
    language: LanguageTag,
    channel: ChannelName,
    acts: list[tuple[str, int]],
    *,
    on_duty: bool,
) -> None:
    walk(place, language, channel, acts, on_duty=on_duty)


@pytest.mark.prove
@settings(
    max_examples=10_000, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@drawn
def test_ten_thousand_walks_never_get_stuck(
    place: Place,
    language: LanguageTag,
    channel: ChannelName,
    acts: list[tuple[str, int]],
    *,
    on_duty: bool,
) -> None:
    walk(place, language, channel, acts, on_duty=on_duty)


def test_the_words_of_sos_are_what_they_are_in_every_language(place: Place) -> None:
    for language in LANGUAGES:
        assert place.library.universal(Words(SOS[language])) is Universal.SOS
