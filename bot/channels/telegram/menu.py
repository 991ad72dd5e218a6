"""The commands menu that Telegram shows beside the text field, one a language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from bot.domain.errors import SendError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bot.channels.telegram.client import TelegramClient
    from bot.domain.ids import LanguageTag

log = structlog.get_logger()

COMMANDS = ("sos", "menu", "back", "stop", "language", "person", "help", "forget")
"""What stands in the menu, in its order: help in danger first."""

_COMMAND = re.compile(r"[a-z0-9_]{1,32}")
_TELEGRAM_LANGUAGE_LETTERS = 2
_MOST, _LONGEST = 100, 256


def menus(
    offered: Iterable[LanguageTag],
    commands: Sequence[str],
    describe: Callable[[str, LanguageTag], str],
    *,
    source: LanguageTag,
) -> dict[str, dict[str, str]]:
    """Return the menu of each language by its two-letter code, and of all others under "".

    Telegram knows languages of two letters only: people of the others see the source's menu.
    """
    shown = [name for name in commands if _COMMAND.fullmatch(name)][:_MOST]
    found: dict[str, dict[str, str]] = {"": _menu(shown, describe, source)}
    for language in offered:
        code = language.split("-", maxsplit=1)[0].lower()
        if len(code) == _TELEGRAM_LANGUAGE_LETTERS:
            found.setdefault(code, _menu(shown, describe, language))
    return found


async def publish(client: TelegramClient, found: dict[str, dict[str, str]]) -> int:
    """Set the menus; return how many Telegram took. A menu is a comfort: failing is no error."""
    taken = 0
    for code, commands in found.items():
        try:
            await client.set_commands(commands, code)
        except SendError as error:
            log.warning("menu-not-set", channel=client.name, language=code, reason=error.reason)
        else:
            taken += 1
    return taken


def _menu(
    names: Sequence[str], describe: Callable[[str, LanguageTag], str], language: LanguageTag
) -> dict[str, str]:
    described = {name: describe(name, language).replace("*", "")[:_LONGEST] for name in names}
    return {name: text for name, text in described.items() if text.strip()}
