"""A sentence put into a language: translated, filled in, and safe to read in either direction."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, assert_never

from bot.domain.languages import RLM, SOURCE, is_right_to_left, isolate
from bot.flow.model import CountryName, Day, Literal, Text, Value

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from babel import Locale

    from bot.content.catalogues import Catalogues
    from bot.domain.ids import LanguageTag

PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NATIVE_DIGITS = {
    "ar": "٠١٢٣٤٥٦٧٨٩",
    "fa": "۰۱۲۳۴۵۶۷۸۹",
    "my": "၀၁၂၃၄၅၆၇၈၉",
    "hi": "0123456789",
}
_STRONG_RTL = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_STRONG_LTR = re.compile(r"[A-Za-z\u00c0-\u024f\u0370-\u052f]")


def render(text: Text, language: LanguageTag, catalogues: Catalogues) -> str:
    """Return the sentence in the language, else in what it falls back to."""
    shown, tag = _translated(text, language, catalogues)
    filled = _filled(shown, dict(text.values), language, catalogues) if text.values else shown
    return direct(filled, language) if tag != SOURCE or filled != shown else direct(filled, tag)


def _filled(
    shown: str, values: Mapping[str, Value], language: LanguageTag, catalogues: Catalogues
) -> str:
    return PLACEHOLDER.sub(
        lambda found: (
            _value(values[found[1]], language, catalogues) if found[1] in values else found[0]
        ),
        shown,
    )


def direct(text: str, language: LanguageTag) -> str:
    """Make sure that a right-to-left text is recognised as one by its first strong letter."""
    if not is_right_to_left(language):
        return text
    latin, own = _STRONG_LTR.search(text), _STRONG_RTL.search(text)
    if latin and (own is None or latin.start() < own.start()):
        return RLM + text
    return text


def number(value: int, language: LanguageTag) -> str:
    """Write a number in the digits of the language."""
    digits = _NATIVE_DIGITS.get(language.split("-", maxsplit=1)[0])
    text = str(value)
    return (
        text.translate({ord(str(place)): digit for place, digit in enumerate(digits)})
        if digits
        else text
    )


def country(code: str, language: LanguageTag) -> str:
    """Return a country's name in the language; its code when the name is not known."""
    for tag in (language, SOURCE):
        locale = _locale(tag)
        name = locale.territories.get(code.upper()) if locale else None
        if name:
            return str(name)
    return code.upper()


def day(value: date, language: LanguageTag) -> str:
    """Write a date as the language writes dates."""
    from babel.dates import format_date  # noqa: PLC0415 - half of Babel comes with it

    return str(format_date(value, format="long", locale=_locale(language) or SOURCE))


def listed(items: Sequence[str], language: LanguageTag) -> str:
    """Write several things as the language lists them: "a, b and c"."""
    from babel.lists import format_list  # noqa: PLC0415

    return str(format_list(list(items), locale=_locale(language) or SOURCE)) if items else ""


def language_name(tag: str, language: LanguageTag) -> str | None:
    """Return what a language is called in another; None when that is not known."""
    shown, named = _locale(language), _locale(tag)
    return named.get_display_name(shown) if shown and named else None


@lru_cache(maxsize=1)
def language_tags() -> Mapping[str, str]:
    """Return the tags of languages by their English names."""
    locale = _locale(SOURCE)
    return {str(name): str(tag) for tag, name in locale.languages.items()} if locale else {}


def _translated(
    text: Text, language: LanguageTag, catalogues: Catalogues
) -> tuple[str, LanguageTag]:
    count = dict(text.values).get("n") if text.plural else None
    n = count if isinstance(count, int) else None
    found, tag = catalogues.find(language, text.domain, text.context, text.source, n)
    if found is not None:
        return found, tag
    return (text.plural if text.plural and n not in {None, 1} else text.source), SOURCE


def _value(value: Value, language: LanguageTag, catalogues: Catalogues) -> str:
    match value:
        case Text():
            return render(replace(value), language, catalogues)
        case CountryName():
            return country(value.code, language)
        case Day():
            return day(value.day, language)
        case Literal():
            return isolate(value.text)
        case int():
            return number(value, language)
        case str():
            return value
        case _ as never:
            assert_never(never)


@lru_cache(maxsize=64)
def _locale(tag: str) -> Locale | None:
    from babel import Locale, UnknownLocaleError  # noqa: PLC0415

    try:
        return Locale.parse(tag.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None
