"""Every golden conversation in the terminal, and what they promise together."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
import yaml

from bot.domain.errors import ContentError
from bot.domain.ids import FlowId, LanguageTag, StepId
from bot.flow.model import AskStep, SayStep
from bot.scripts import bare, on_terminal, play, read_script, record
from tests.conversations.shelf import FLOWS, LANGUAGES, SCRIPTS

if TYPE_CHECKING:
    from pathlib import Path

    from bot.content.library import Library

MOST_TAPS = 9
"""From the menu to a report that is sent, or to its last screen where nobody can read one."""


@pytest.mark.parametrize("name", SCRIPTS)
async def test_the_conversation_goes_as_written(name: str, library: Library) -> None:
    script = read_script(SCRIPTS[name])
    async with on_terminal(
        script.language, library=library, role=script.role, watched=script.watched
    ) as surface:
        assert await play(script, surface) == []


@pytest.mark.parametrize("flow", FLOWS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_flow_has_its_conversations_in_every_language(flow: str, language: str) -> None:
    walks = {
        tag: {name.removesuffix(f".{tag}") for name in SCRIPTS if name.endswith(f".{tag}")}
        for tag in LANGUAGES
    }
    assert any(name.startswith(f"{flow}/") for name in walks[language])
    assert walks[language] == walks["en"]


def test_every_flow_there_is_has_conversations(library: Library) -> None:
    assert set(library.flows) == set(FLOWS)


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_speaks_its_language_and_expects_an_answer_to_each_act(name: str) -> None:
    script = read_script(SCRIPTS[name])
    assert name.endswith(f".{script.language}")
    assert script.about
    for line, following in itertools.pairwise(script.talk):
        if line.kind in {"them", "press", "wait", "choose"}:
            assert following.kind == "bot", f"{line.place}: nothing is expected after it"


@pytest.mark.parametrize("walk", ["quick", "sent", "calm"])
@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_report_is_at_its_last_screen_after_nine_taps_at_most(
    language: str, walk: str, library: Library
) -> None:
    script = read_script(SCRIPTS[f"report/{walk}.{language}"])
    last_step = "sent" if script.watched else "after_bodies"
    step = library.flows[FlowId("report")].steps[StepId(last_step)]
    assert isinstance(step, AskStep | SayStep)
    last = bare(library.render(step.text, LanguageTag(language)))
    async with on_terminal(script.language, library=library, watched=script.watched) as surface:
        taps, heard = 0, ""
        for line in script.talk:
            if line.kind == "them":
                assert (taps, line.value) == (0, "/start"), "only taps are counted"
                await surface.says(line.value)
            elif line.kind == "press":
                taps += 1
                heard = bare("\n".join(await surface.presses(line.value)))
                if last in heard:
                    break
        assert last in heard
        assert taps <= MOST_TAPS


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"bot": ["What do you need?", "Hello."]}, "not said"),
        ({"bot": "Hello. This is a shop."}, "not said"),
        ({"never": "This is a shop"}, None),
        ({"never": "This is a help service"}, "was said"),
        ({"press": "Report a treat"}, "no button"),
        ({"bot": "Bonjour", "only": "terminal"}, "not said"),
        ({"bot": "Bonjour", "only": "telegram"}, None),
    ],
)
async def test_a_difference_is_found_with_its_line(
    tmp_path: Path, library: Library, wrong: dict[str, object], told: str | None
) -> None:
    path = tmp_path / "wrong.yaml"
    path.write_text(yaml.safe_dump({"lang": "en", "talk": [{"them": "/start"}, wrong]}))
    async with on_terminal(LanguageTag("en"), library=library) as surface:
        found = await play(read_script(path), surface)
    if told is None:
        assert found == []
    else:
        assert len(found) == 1
        assert told in found[0]
        assert "wrong.yaml:4" in found[0] or "wrong.yaml:5" in found[0]


@pytest.mark.parametrize("line", [{"says": "x"}, {"them": "a", "press": "b"}, "them", {}])
def test_a_line_of_no_known_kind_is_refused(tmp_path: Path, line: object) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(yaml.safe_dump({"lang": "en", "talk": [line]}))
    with pytest.raises(ContentError, match=r"broken\.yaml"):
        read_script(path)


async def test_what_was_recorded_plays(tmp_path: Path, library: Library) -> None:
    talk = [
        {"them": "/start"}, {"bot": "old", "only": "web"}, {"bot": "gone"},
        {"press": "Settings"}, {"never": "SOS "},
    ]  # fmt: skip
    path = tmp_path / "new.yaml"
    path.write_text(yaml.safe_dump({"lang": "en", "about": "x", "talk": talk}))
    async with on_terminal(LanguageTag("en"), library=library) as surface:
        path.write_text(await record(read_script(path), surface))
    script = read_script(path)
    assert [(line.kind, line.only) for line in script.talk] == [
        ("them", None), ("bot", None), ("bot", "web"), ("press", None), ("bot", None),
        ("never", None),
    ]  # fmt: skip
    async with on_terminal(LanguageTag("en"), library=library) as surface:
        assert await play(script, surface) == []
