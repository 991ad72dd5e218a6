"""What the first words asked for is not forgotten over the question whether there is danger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.ids import FlowId, LanguageTag, StepId
from bot.flow.model import AskStep
from bot.scripts import bare, on_terminal
from tests.conversations.shelf import LANGUAGES, hearing

if TYPE_CHECKING:
    from bot.content.library import Library
    from bot.understand.engine import Embedded

REPORTS = {
    "en": "they arrested my colleague just now, I want to report it",
    "es": "acaban de detener a mi compañera, quiero denunciarlo",
    "fr": "ils ont arrêté ma collègue ce matin, je veux le signaler",
    "ar": "اعتقلوا زميلتي الآن وأريد أن أبلغ عن ذلك",
    "ru": "только что задержали мою коллегу, хочу сообщить об этом",
}
POLICE = {
    "en": "the police",
    "es": "la policía",
    "fr": "la police",
    "ar": "الشرطة",
    "ru": "полиция",
}


def question(library: Library, flow: str, step: str) -> AskStep:
    found = library.flows[FlowId(flow)].steps[StepId(step)]
    assert isinstance(found, AskStep)
    return found


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_no_danger_leads_on_to_the_report_that_was_wished(
    tag: str, library: Library, engine: Embedded
) -> None:
    language = LanguageTag(tag)

    def shown(text: str, one: AskStep) -> bool:
        return bare(library.render(one.text, language)) in bare(text)

    async with on_terminal(language, library=library, understand=hearing(engine)) as surface:
        asked = await surface.says(REPORTS[tag])
        assert shown(asked[-1], question(library, "danger", "ask"))
        no = question(library, "danger", "ask").options[1]
        heard = await surface.presses(library.render(no.label, language))
        if not shown(heard[-1], question(library, "report", "safe_phone")):
            report = library.flows[FlowId("report")].title
            heard = await surface.presses(library.render(report, language))
        assert shown(heard[-1], question(library, "report", "safe_phone"))


@pytest.mark.parametrize("tag", LANGUAGES)
async def test_who_did_it_said_at_another_question_is_no_cry_for_help(
    tag: str, library: Library, engine: Embedded
) -> None:
    language = LanguageTag(tag)
    assert engine.understand(POLICE[tag]).urgent, "by themselves these words do sound like danger"
    async with on_terminal(language, library=library, understand=hearing(engine)) as surface:
        await surface.says("/report")
        for step, option in (("safe_phone", 0), ("channel", 0), ("consent_unsent", 0)):
            label = question(library, "report", step).options[option].label
            heard = await surface.presses(library.render(label, language))
        now = bare(library.render(question(library, "report", "now_danger").text, language))
        assert now in bare(heard[-1])
        heard = await surface.says(POLICE[tag])
        assert now in bare(heard[-1])
        danger = bare(library.render(question(library, "danger", "ask").text, language))
        assert not any(danger in bare(text) for text in heard)
