"""From an arrest this morning to a letter in the hand, in each language and on each surface."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import pytest
from docx import Document
from docx.enum.text import WD_COLOR_INDEX

from bot.domain.ids import LanguageTag
from bot.flow.inputs import Universal
from bot.proofs.on_telegram import on_telegram
from bot.scripts import TerminalSurface, on_terminal, read_script
from tests.conversations.shelf import LANGUAGES, SCRIPTS, hearing

if TYPE_CHECKING:
    from typing import Any

    from bot.content.library import Library
    from bot.understand.engine import Embedded

MOST_ACTS = 20
"""Taps and messages from the first word to the letter."""

WRITTEN_IN = {"en": "en", "es": "es", "fr": "fr", "ar": "fr", "ru": "en"}
TITLES = {
    "en": "Request for an urgent appeal",
    "fr": "Demande d'appel urgent",
    "es": "Solicitud de llamamiento urgente",
}
COUNTRIES = {"en": "Kenya", "es": "Honduras", "fr": "Tchad", "ar": "Tunisie", "ru": "Tajikistan"}
TYPED = {
    "en": "They arrested my colleague this morning",
    "es": "Esta mañana detuvieron a mi colega",
    "fr": "Ils ont arrêté ma collègue ce matin",
    "ar": "اعتقلوا زميلتي هذا الصباح",
    "ru": "Сегодня утром арестовали мою коллегу",
}
IDENTITY = ("name", "nom ", "nom complet", "nombre", "birth", "naissance", "nacimiento", "gender",
            "nationalit", "nacionalidad", "residence", "résidence", "residencia")  # fmt: skip


def assert_ready(content: bytes, language: str, said: str) -> None:
    """Check a letter as whoever opens it would: whole, filled from codes, and naming nobody."""
    document = Document(BytesIO(content))
    lines = [line.text for line in document.paragraphs]
    tag = WRITTEN_IN[language]
    assert TITLES[tag] in lines
    assert any(COUNTRIES[language] in line for line in lines)
    assert document.core_properties.language == tag
    assert document.core_properties.author == ""
    assert said not in "\n".join(lines), "what was typed into a chat is in no letter"
    asked = [
        line
        for line in document.paragraphs
        if line.runs
        and line.runs[0].bold
        and any(word in line.runs[0].text.lower() for word in IDENTITY)
    ]
    assert len(asked) >= 5
    for line in asked:
        rest = [run for run in line.runs[1:] if run.text.strip()]
        assert rest
        assert all(run.font.highlight_color == WD_COLOR_INDEX.YELLOW for run in rest), line.text


def documents(surface: TerminalSurface) -> list[bytes]:
    return [
        message.attachment.content
        for message in surface.terminal.shown
        if message.attachment is not None and message.attachment.name.endswith(".docx")
    ]


@pytest.mark.parametrize("language", LANGUAGES)
async def test_an_arrest_this_morning_is_an_urgent_appeal_within_twenty_acts(
    language: str, library: Library
) -> None:
    script = read_script(SCRIPTS[f"letter/urgent-appeal.{language}"])
    async with on_terminal(script.language, library=library) as surface:
        acts, first = 0, ""
        for line in script.talk:
            if line.only not in {None, "terminal"} or line.kind not in {"them", "press"}:
                continue
            acts += 1
            first = first or str(line.value)
            act = surface.says if line.kind == "them" else surface.presses
            await act(str(line.value))
            if documents(surface):
                break
        assert acts <= MOST_ACTS
        (letter,) = documents(surface)
        assert_ready(letter, language, first)
        saved = [path for path in surface.terminal.files.iterdir() if path.suffix == ".docx"]
        assert [path.read_bytes() for path in saved] == [letter]
        assert all(path.stat().st_mode & 0o077 == 0 for path in saved)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_on_telegram_the_letter_arrives_as_a_file_that_can_be_saved(
    language: str, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PTB_TIMEDELTA", "1")
    script = read_script(SCRIPTS[f"letter/urgent-appeal.{language}"])
    async with on_telegram(script.language, library) as surface:
        for line in script.talk:
            if line.only in {None, "telegram"} and line.kind in {"them", "press"}:
                act = surface.says if line.kind == "them" else surface.presses
                await act(str(line.value))
        sent = [
            entry.message for entry in surface.chat.shown if "document" in entry.message
        ]  # fmt: skip
        assert [one["document"]["file_name"] for one in sent] == ["draft.docx", "draft.txt"]
        assert not any(one.get("has_protected_content") for one in sent)
        assert any(TITLES[WRITTEN_IN[language]] in one.get("caption", "") for one in sent)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_typed_to_a_house_that_understands_it_leads_through_danger_to_the_letter(
    language: str, library: Library, engine: Embedded
) -> None:
    script = read_script(SCRIPTS[f"letter/urgent-appeal.{language}"])
    _, country = [str(line.value) for line in script.talk if line.kind == "them"]
    first = TYPED[language]

    def label(flow: str, step: str, option: str) -> str:
        found: Any = library.flows[flow].steps[step]  # type: ignore[index] # ids are strings
        text = next(one.label for one in found.options if one.id == option)
        return library.render(text, LanguageTag(language))

    to = WRITTEN_IN[language]
    async with on_terminal(script.language, library=library, understand=hearing(engine)) as surface:
        await surface.says(first)
        acts = 1

        async def press(flow: str, step: str, option: str) -> None:
            nonlocal acts
            acts += 1
            await surface.presses(label(flow, step, option))

        await press("danger", "ask", "yes")
        await press("sos", "kind", "taken")
        await press("sos", "after", "yes")
        await press("sos", "more", "mechanisms")
        await surface.says(country)
        await press("mechanisms", "perpetrators", "police")
        await surface.presses(library.say("done_button", LanguageTag(language)))
        await press("mechanisms", "visibility", "quiet")
        item = next(
            one
            for row in surface.terminal.shown[-1].buttons
            for one in row
            if one.data.endswith("un-sr-hrd-urgent-appeal")
        )
        await surface.presses(item.label)
        await press("mechanisms", "another", "letter")
        await press("letter", "who", "asked")
        await press("letter", "consent", "family")
        await press("letter", "when", "0")
        chosen = next(
            one for row in surface.terminal.shown[-1].buttons for one in row
            if one.data.endswith(f".{to}")
        )  # fmt: skip
        await surface.presses(chosen.label)
        acts += 4
        assert acts <= MOST_ACTS
        (letter,) = documents(surface)
        assert_ready(letter, language, first)
        assert any(Universal.CLEAR.value in button.data for message in surface.terminal.shown[-4:]
                   for row in message.buttons for button in row)  # fmt: skip
