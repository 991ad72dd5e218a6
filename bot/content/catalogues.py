"""Translations: gettext catalogues, one a language and domain, with a way back to English.

A catalogue is locales/<tag>/LC_MESSAGES/<domain>.po. Its header `X-Review-Status` says `draft`
until a native reader signs it. Parsed catalogues are cached by content hash.
"""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING

from babel.messages.pofile import PoFileError, read_po
from pydantic import BaseModel, ConfigDict, ValidationError

from bot.content import marks
from bot.content.marks import Place, Problem
from bot.content.plurals import forms
from bot.domain.ids import LanguageTag
from bot.domain.languages import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DOMAINS = ("flows", "knowledge", "interface")
_CACHE_FORMAT = 2


class _Language(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    tag: str
    name: str
    english: str
    fallback: list[str] = []
    complete: list[str] = []


class _Languages(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    languages: list[_Language]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language as locales/languages.yaml lists it."""

    tag: LanguageTag
    name: str
    """What its speakers call it."""
    english: str
    fallback: tuple[LanguageTag, ...]
    complete: tuple[str, ...]
    """Domains, or flows by name, that must not lack a sentence."""
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One translated sentence: all its plural forms, and where it stands."""

    strings: tuple[str, ...]
    fuzzy: bool
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """One language of one domain."""

    language: LanguageTag
    domain: str
    file: str
    status: str
    """`draft`, or who reviewed it."""
    plural_forms: str
    entries: Mapping[tuple[str, str], Entry] = field(repr=False)
    """By (context, English)."""

    def get(self, context: str, source: str) -> Entry | None:
        """Return a sentence that is translated and not in doubt."""
        entry = self.entries.get((context, source))
        if entry is None or entry.fuzzy or not all(entry.strings):
            return None
        return entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogues:
    """All translations."""

    languages: tuple[Language, ...]
    by_name: Mapping[tuple[LanguageTag, str], Catalogue] = field(repr=False)

    def chain(self, language: LanguageTag) -> tuple[LanguageTag, ...]:
        """Return the language and what it falls back to, without English, which always serves."""
        for one in self.languages:
            if one.tag == language:
                return (language, *one.fallback)
        return (language,)

    def find(
        self, language: LanguageTag, domain: str, context: str, source: str, n: int | None = None
    ) -> tuple[str | None, LanguageTag]:
        """Return the sentence and the language it is in; (None, English) when untranslated."""
        for tag in self.chain(language):
            if tag == SOURCE:
                break
            catalogue = self.by_name.get((tag, domain))
            entry = catalogue.get(context, source) if catalogue else None
            if entry is not None:
                index = 0 if n is None else forms(tag)[2](abs(n))
                return entry.strings[min(index, len(entry.strings) - 1)], tag
        return None, SOURCE

    def status(self, language: LanguageTag) -> str:
        """Return the review status that the language picker shows."""
        catalogue = self.by_name.get((language, "flows"))
        return catalogue.status if catalogue else "draft"


def load_catalogues(root: Path, cache: Path | None = None) -> tuple[Catalogues, list[Problem]]:
    """Read locales/ below `root`; parsed files are kept in `cache`."""
    languages, problems = _languages(root)
    found: dict[tuple[LanguageTag, str], Catalogue] = {}
    # All languages translate the same sentences: what they are found by is kept once.
    keys: dict[tuple[str, str], tuple[str, str]] = {}
    for language in languages:
        for domain in DOMAINS:
            path = root / "locales" / language.tag / "LC_MESSAGES" / f"{domain}.po"
            if not path.exists():
                continue
            catalogue, more = _load(path, root, language.tag, domain, cache, keys)
            problems += more
            if catalogue is not None:
                found[language.tag, domain] = catalogue
    return Catalogues(languages=tuple(languages), by_name=found), problems


def _languages(root: Path) -> tuple[list[Language], list[Problem]]:
    document, problems = marks.load(root / "locales" / "languages.yaml", root=root)
    if document is None:
        return [_english()], problems
    try:
        file = _Languages.model_validate(document.data)
    except ValidationError as error:
        return [_english()], [*problems, *marks.from_validation(document, error, rule="languages")]
    found = [
        Language(
            tag=LanguageTag(one.tag),
            name=one.name,
            english=one.english,
            fallback=tuple(LanguageTag(tag) for tag in one.fallback),
            complete=tuple(one.complete),
            place=document.place("languages", number),
        )
        for number, one in enumerate(file.languages)
    ]
    known = {one.tag for one in found}
    for one in found:
        for tag in set(one.fallback) - known:
            problems.append(
                Problem(place=one.place, rule="fallback", message=f"{tag} is not listed here",
                        remedy="Fall back to a language of this list.")
            )  # fmt: skip
    return found, problems


def _english() -> Language:
    place = Place(file="locales/languages.yaml")
    return Language(
        tag=SOURCE, name="English", english="English", fallback=(), complete=(), place=place
    )


def _load(
    path: Path,
    root: Path,
    tag: LanguageTag,
    domain: str,
    cache: Path | None,
    keys: dict[tuple[str, str], tuple[str, str]],
) -> tuple[Catalogue | None, list[Problem]]:
    file = path.relative_to(root).as_posix()
    raw = path.read_bytes()
    kept = cache / f"{hashlib.sha256(raw).hexdigest()[:24]}.{_CACHE_FORMAT}.json" if cache else None
    plain = _cached(kept)
    if plain is None:
        try:
            plain = _parse(raw, tag, domain)
        except (PoFileError, ValueError, UnicodeDecodeError) as error:
            line = getattr(error, "lineno", None) or 1
            return None, [
                Problem(place=Place(file=file, line=line), rule="po",
                        message="is not a PO file that can be read", remedy="Repair this line.")
            ]  # fmt: skip
        if kept is not None:
            _keep(plain, kept)
    catalogue = Catalogue(
        language=tag,
        domain=domain,
        file=file,
        status=plain["status"],
        plural_forms=plain["plural"],
        entries={
            keys.setdefault((context, source), (context, source)): Entry(
                strings=tuple(strings), fuzzy=fuzzy, line=line
            )
            for context, source, strings, fuzzy, line in plain["entries"]
        },
    )
    return catalogue, []


def _keep(plain: dict, kept: Path) -> None:  # type: ignore[type-arg]
    part = kept.with_suffix(f".{os.getpid()}.part")
    with suppress(OSError):  # a full disk costs time at the next start, nothing else
        kept.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(plain, ensure_ascii=False), encoding="utf-8")
        part.replace(kept)


def _cached(kept: Path | None) -> dict | None:  # type: ignore[type-arg]
    if kept is None or not kept.exists():
        return None
    try:
        return json.loads(kept.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except (OSError, ValueError):
        return None


def _parse(raw: bytes, tag: str, domain: str) -> dict:  # type: ignore[type-arg]
    # The table's own plural header is put in first: Babel's parser would else refuse or guess.
    catalogue = read_po(
        BytesIO(raw), locale=tag.replace("-", "_"), domain=domain, abort_invalid=True
    )
    headers = {name.lower(): value for name, value in catalogue.mime_headers}
    entries = []
    for message in catalogue:
        if not message.id:
            continue
        source = message.id[0] if isinstance(message.id, (list, tuple)) else message.id
        strings = message.string if isinstance(message.string, (list, tuple)) else [message.string]
        entries.append(
            [message.context or "", source, list(strings), message.fuzzy, message.lineno or 1]
        )
    return {
        "status": headers.get("x-review-status", "draft"),
        "plural": headers.get("plural-forms", ""),
        "entries": entries,
    }
