from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.understand.alarms import Alarms

if TYPE_CHECKING:
    from bot.content.library import Library


@pytest.fixture(scope="module")
def alarms(library: Library) -> Alarms:
    return Alarms(library.alarms)


@pytest.mark.parametrize(
    "text",
    [
        "HELP ME!!!",
        "ils l’ont emmené",
        "أخذوه",
        "se lo llevarón",
        "они у двери",
        "救命啊",
        "wamemchukua",
        "🆘",
        "ကယ်ပါ",
        "እርዱኝ",
        "khadouh",
    ],
)
def test_a_loud_word_is_heard_however_it_is_written(alarms: Alarms, text: str) -> None:
    assert alarms.hear(text).loud


def test_a_word_inside_another_is_not_heard() -> None:
    alarms = Alarms({"en": {"loud": ["rat"], "soft": ["tortur*"]}})
    assert not alarms.hear("corporate strategy").loud
    assert alarms.hear("they tortured him").soft


def test_several_words_must_stand_together() -> None:
    alarms = Alarms({"en": {"loud": ["at my door", "break* in"]}})
    assert alarms.hear("They are at my door.").loud == ("at my door",)
    assert not alarms.hear("at the door of my heart").loud


def test_broken_lists_hear_nothing() -> None:
    assert not Alarms({"signs": 3, "en": [], "fr": {}}).hear("help").loud
