from __future__ import annotations

from typing import TYPE_CHECKING

from bot.channels.telegram.menu import COMMANDS, menus, publish
from bot.domain.ids import LanguageTag
from bot.flow.inputs import Universal
from bot.proofs.botapi.faults import Fault, FaultKind

if TYPE_CHECKING:
    from bot.channels.telegram.client import TelegramClient
    from bot.proofs.botapi.server import BotApi

EN, ES, CKB, BR = (LanguageTag(tag) for tag in ("en", "es", "ckb", "pt-BR"))


def describe(name: str, language: LanguageTag) -> str:
    return "" if name == "back" else f"*{name}* in {language}"


def test_each_two_letter_language_has_a_menu_and_all_others_the_sources() -> None:
    found = menus([EN, ES, CKB, BR], ("sos", "back", "Not A Command"), describe, source=EN)
    assert found == {
        "": {"sos": "sos in en"},
        "en": {"sos": "sos in en"},
        "es": {"sos": "sos in es"},
        "pt": {"sos": "sos in pt-BR"},
    }


def test_every_command_of_the_menu_is_a_word_that_reception_knows() -> None:
    assert set(COMMANDS) <= {word.value for word in Universal}


async def test_telegram_shows_the_menus_in_private_chats(
    api: BotApi, client: TelegramClient
) -> None:
    found = menus([EN, ES], COMMANDS, describe, source=EN)
    assert await publish(client, found) == 3
    shown = api.world.commands[("all_private_chats", "es")]
    assert shown[0] == {"command": "sos", "description": "sos in es"}


async def test_a_menu_that_cannot_be_set_stops_nothing(api: BotApi, client: TelegramClient) -> None:
    api.world.faults.add(Fault(kind=FaultKind.DROP, on="setMyCommands"))
    assert await publish(client, menus([EN], COMMANDS, describe, source=EN)) == 1
