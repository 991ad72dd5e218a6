"""The clocks of a country, for people who do not know the name of their zone.

From tzdata's own table of countries; cities are named in the person's language where Babel knows.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from babel.dates import get_timezone_location

from bot.flow.inputs import Item
from bot.flow.model import Literal, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.ids import LanguageTag
    from bot.flow.session import Answer

MOST = 12


def zones(language: LanguageTag, answers: Mapping[str, Answer]) -> tuple[Item, ...]:
    """Return the zones of the answered country, the largest first as tzdata lists them."""
    country = answers.get("country")
    found = _by_country().get(country, ()) if isinstance(country, str) else ()
    return tuple(_item(name, language) for name in (found or ("UTC",))[:MOST])


def _item(name: str, language: LanguageTag) -> Item:
    city = name.rpartition("/")[2].replace("_", " ")
    if name != "UTC":
        city = (
            get_timezone_location(name, locale=language.replace("-", "_"), return_city=True) or city
        )
    title = Text(source="{zone}", context="phrases.zone", values=(("zone", Literal(text=city)),))
    return Item(id=name, title=title)


@cache
def _by_country() -> Mapping[str, tuple[str, ...]]:
    table = (files("tzdata") / "zoneinfo" / "zone.tab").read_text(encoding="utf-8")
    found: dict[str, tuple[str, ...]] = {}
    for line in table.splitlines():
        if line and not line.startswith("#"):
            country, _, name, *_ = line.split("\t")
            found[country] = (*found.get(country, ()), name)
    return found
