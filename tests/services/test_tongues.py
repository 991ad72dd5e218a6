"""Whoever writes a cry for help is answered in the language in which it was written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.content.library import Bookcase
from bot.domain.ids import ChannelName, LanguageTag, PersonId
from bot.domain.people import HEARD, Person
from bot.domain.words import Words
from bot.flow.inputs import Pressed, Said, Understood, Universal
from bot.opening import opened_store
from bot.services.tongues import language_of, listened
from bot.settings import Settings
from bot.understand.understanding import Understanding
from bot.wiring import wire
from tests.services.conftest import HandClock, Mouth, Somebody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.content.library import Library
    from bot.domain.messages import Outgoing
    from bot.flow.model import Text

ONE_WORD = {
    "en": "mayday", "es": "auxilio", "fr": "au secours", "ar": "نجدة", "ru": "спасите",
    "pt": "me ajude", "zh": "救命", "sw": "nisaidie", "fa": "نجاتم بدهید", "uk": "рятуйте",
    "tr": "imdat", "hi": "बचाओ", "id": "tolong", "my": "ကယ်ပါ", "am": "አድኑኝ",
}  # fmt: skip
SENTENCE = {
    "en": "please help us they are at the door",
    "es": "por favor ayúdennos, están tumbando la puerta",
    "fr": "ils défoncent la porte aidez nous",
    "ar": "يكسرون الباب ساعدونا بسرعة",
    "ru": "помогите, ломают дверь прямо сейчас",
    "pt": "socorro, estão arrombando a porta da casa",
    "zh": "救命 他们在砸门",
    "sw": "nisaidieni wanavunja mlango wa nyumba",
    "fa": "کمکم کنید پشت در هستند",
    "uk": "рятуйте, вони вибивають двері",
    "tr": "yardım edin kapıyı kırıyorlar",
    "hi": "बचाओ वे दरवाज़ा तोड़ रहे हैं",
    "id": "tolong kami mereka mendobrak pintu rumah",
    "my": "ကယ်ကြပါ တံခါးဖျက်နေပြီ",
    "am": "አድኑኝ በሩን እየሰበሩ ነው",
}


@pytest.fixture
async def somebody(
    tmp_path: Path, library: Library, clock: HandClock, mouth: Mouth
) -> AsyncIterator[Somebody]:
    """Somebody whose phone is in English, in a house whose engine is still being opened."""
    settings = Settings(home=tmp_path / "home")
    waiting = Understanding(library.alarms, lambda: pytest.fail("never opened here"))
    async with opened_store(settings) as store:
        parts = wire(
            settings, store=store, bookcase=Bookcase(library), channels=[mouth], clock=clock,
            understand=waiting,
        )  # fmt: skip
        parts.delivery.limits = None
        yield Somebody(parts=parts, clock=clock, mouth=mouth)


def step(library: Library, flow: str, name: str, language: str) -> str:
    text: Text = getattr(library.flows[flow].steps[name], "text")  # type: ignore[index] # noqa: B009 - a step with words
    return library.render(text, LanguageTag(language)).split("\n")[0].replace("*", "")


def shown(messages: list[Outgoing]) -> str:
    return "\n".join(message.text for message in messages).replace("*", "")


def test_there_is_a_cry_for_each_language_that_is_offered(library: Library) -> None:
    assert set(ONE_WORD) == set(SENTENCE) == set(library.offered)
    assert len(library.offered) == 15


@pytest.mark.parametrize("language", ONE_WORD)
async def test_one_word_is_answered_in_its_language(
    somebody: Somebody, library: Library, language: str
) -> None:
    heard = await somebody.says(ONE_WORD[language])
    assert {message.language for message in heard} == {language}
    assert step(library, "sos", "nobody", language) in shown(heard)
    assert step(library, "sos", "first", language) in shown(heard)


@pytest.mark.parametrize("language", SENTENCE)
async def test_a_sentence_is_answered_in_its_language_and_so_is_what_follows(
    somebody: Somebody, library: Library, language: str
) -> None:
    heard = await somebody.says(SENTENCE[language])
    assert {message.language for message in heard} == {language}
    assert step(library, "danger", "ask", language) in shown(heard)
    yes = library.flows["danger"].steps["ask"].options[0].label  # type: ignore[index, union-attr]
    heard = await somebody.says(library.render(yes, LanguageTag(language)))
    assert {message.language for message in heard} == {language}
    assert step(library, "sos", "nobody", language) in shown(heard)


async def test_that_the_language_changed_is_said_after_help_and_how_to_choose(
    somebody: Somebody, library: Library
) -> None:
    first, *_, last = await somebody.says(SENTENCE["tr"])
    assert step(library, "danger", "ask", "tr") in first.text
    assert "“dil”" in last.text
    assert all("“dil”" not in message.text for message in await somebody.says("dur"))


def someone(language: str | None = None, hint: str = "en") -> Person:
    return Person(
        id=PersonId("p1"), channel=ChannelName("telegram"), address="1",
        language=LanguageTag(language) if language else None, language_hint=LanguageTag(hint),
    )  # fmt: skip


def heard(
    text: str, language: str, *, clear: bool = True, urgent: bool = False
) -> tuple[Said, Understood]:
    return Said(words=Words(text)), Understood(urgent=urgent, language=language, clear=clear)


def test_what_is_heard_stays_until_something_else_is_heard_or_chosen(library: Library) -> None:
    person = listened(library, someone(), *heard("quiero saber algo más", "es"))
    assert (person.preference(HEARD), language_of(library, person)) == ("es", "es")
    assert listened(library, person, Pressed(word=Universal.BACK), None) == person
    again = listened(library, person, *heard("i would rather use english", "en"))
    assert language_of(library, again) == "en"


def test_a_choice_is_changed_by_a_cry_for_help_alone(library: Library) -> None:
    chosen = someone("fr")
    assert listened(library, chosen, *heard("quiero saber algo más", "es")) == chosen
    cried = listened(library, chosen, *heard("ayúdenme están aquí", "es", urgent=True))
    assert (cried.language, language_of(library, cried)) == ("es", "es")


@pytest.mark.parametrize(
    ("text", "language", "clear"),
    [
        ("ok gracias", "es", False),
        ("Central African Republic", "en", True),
        ("ik zoek hulp voor mijn broer", "nl", True),
    ],
)
def test_little_a_country_or_a_language_that_we_do_not_speak_changes_nothing(
    library: Library,
    text: str,
    language: str,
    clear: bool,  # noqa: FBT001 - a row of the table
) -> None:
    person = someone(hint="ru" if language == "en" else "en")
    assert listened(library, person, *heard(text, language, clear=clear)) == person


def test_another_script_is_enough(library: Library) -> None:
    person = listened(library, someone(), *heard("سلام", "fa", clear=False))
    assert language_of(library, person) == "fa"
    latin = listened(library, someone(hint="ru"), *heard("hola", "es", clear=False))
    assert language_of(library, latin) == "ru"


def test_an_account_for_others_to_read_changes_nothing_unless_it_is_a_cry(library: Library) -> None:
    person = someone()
    said, meant = heard("me siguieron hasta la casa", "es")
    assert listened(library, person, said, meant, telling=True) == person
    said, meant = heard("me están siguiendo ahora", "es", urgent=True)
    assert listened(library, person, said, meant, telling=True).preference(HEARD) == "es"


def test_words_that_everybody_uses_give_no_language_away(library: Library) -> None:
    person = someone(hint="ru")
    for word in ("sos", "stop", "menu", "help"):
        said = Pressed(word=Universal.SOS, words=Words(word))
        assert listened(library, person, said, None) == person
