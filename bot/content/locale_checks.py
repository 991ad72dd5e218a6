"""Whether translations are complete and sound: one function a check, with file and line."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from bot.content.marks import Place, Problem
from bot.content.plurals import forms
from bot.content.rendering import PLACEHOLDER
from bot.domain.languages import SOURCE
from bot.flow.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.content.catalogues import Catalogue, Entry, Language
    from bot.content.library import Library

_BOLD = re.compile(r"(?<!\\)\*")
_LINK = re.compile(r"https?://\S+")
MAX_TEXT = 4_096
MAX_LABEL = 64


def check_locales(library: Library, root: Path) -> Iterator[Problem]:
    """Run every check of translations against the sentences that exist."""
    from bot.content.library import all_texts, safety_texts  # noqa: PLC0415 - the Library calls us

    flows = all_texts(library)
    safety = {(text.context, text.source) for text in safety_texts(library)}
    sentences = {"flows": flows, **{domain: _extracted(root, domain) for domain in _OTHERS}}
    for language in library.catalogues.languages:
        if language.tag == SOURCE:
            continue
        yield from _unknown(language, {*sentences, *library.flows})
        for domain, texts in sentences.items():
            catalogue = library.catalogues.by_name.get((language.tag, domain))
            needed = safety if domain == "flows" else set()
            yield from _missing(texts, needed, language, domain, catalogue)
            if catalogue is not None:
                yield from _sound(texts, catalogue)
                yield from _left_over(texts, catalogue)
                yield from _header(catalogue)
    yield from _sources(flows)


_OTHERS = ("interface", "knowledge")
"""Domains whose sentences stand in templates and entries."""


def _extracted(root: Path, domain: str) -> list[Text]:
    from bot.content.extraction import messages  # noqa: PLC0415 - it reads flows, as the Library

    found = {
        (context, source): Text(source=source, context=context, domain=domain, plural=plural)
        for context, source, plural, _file, _line in messages(root, domain)
    }
    return list(found.values())


def _missing(
    sentences: list[Text],
    safety: set[tuple[str, str]],
    language: Language,
    domain: str,
    catalogue: Catalogue | None,
) -> Iterator[Problem]:
    """A sentence that must be there is not translated, or in doubt."""
    must = domain in language.complete
    whole = set(language.complete) if domain == "flows" else set()
    file = f"locales/{language.tag}/LC_MESSAGES/{domain}.po"
    if catalogue is None:
        if must:
            yield Problem(place=Place(file=file), rule="catalogue-missing",
                          message=f"{language.english} has no catalogue of {domain}",
                          remedy="Make one with `python -m bot.content.extraction`.")  # fmt: skip
        return
    partly = any(catalogue.get(context, source) for context, source in safety)
    here = 1
    for text in sentences:
        entry = catalogue.entries.get((text.context, text.source))
        # One that is not there belongs after its neighbour: catalogues keep the sentences' order.
        here = entry.line if entry else here
        if catalogue.get(text.context, text.source) is not None:
            continue
        is_safety = (text.context, text.source) in safety
        if not (must or (is_safety and partly) or text.context.split(".")[0] in whole):
            continue
        doubt = "in doubt (fuzzy)" if entry and entry.fuzzy else "not translated"
        named = f"{text.context}: " if text.context else ""
        yield Problem(
            place=Place(file=file, line=here),
            rule="safety-untranslated" if is_safety else "untranslated",
            message=f"{named}{_short(text.source)} is {doubt} in {language.english}",
            remedy="Translate it; take the fuzzy mark away when it is right.",
        )


def _unknown(language: Language, known: set[str]) -> Iterator[Problem]:
    """`complete` names something that is neither a catalogue nor a flow."""
    for name in language.complete:
        if name not in known:
            yield Problem(place=language.place, rule="complete",
                          message=f"{language.tag}: nothing is called {name!r}",
                          remedy="Name a catalogue or a flow.")  # fmt: skip


def _sound(sentences: list[Text], catalogue: Catalogue) -> Iterator[Problem]:
    """A translation lost a placeholder, a mark, a link or a plural form, or became too long."""
    wanted, _, _ = forms(catalogue.language)
    for text in sentences:
        entry = catalogue.entries.get((text.context, text.source))
        if entry is None or entry.fuzzy or not any(entry.strings):
            # One in doubt is shown to nobody; where it must be there, that is told above.
            continue
        expected = wanted if text.plural else 1
        if len(entry.strings) != expected:
            told = f"has {len(entry.strings)} plural forms, {expected} are needed"
            yield _wrong(catalogue, entry, text, "plural-forms", told)
        for string in filter(None, entry.strings):
            yield from _compare(catalogue, entry, text, string)


def _compare(catalogue: Catalogue, entry: Entry, text: Text, string: str) -> Iterator[Problem]:
    sources = [text.source, *([text.plural] if text.plural else [])]
    allowed = [Counter(PLACEHOLDER.findall(source)) for source in sources]
    if Counter(PLACEHOLDER.findall(string)) not in allowed:
        yield _wrong(catalogue, entry, text, "placeholders", "has other {placeholders}")
    if len(_BOLD.findall(string)) != len(_BOLD.findall(text.source)):
        yield _wrong(catalogue, entry, text, "markup", "has other *bold* marks")
    if sorted(_LINK.findall(string)) != sorted(_LINK.findall(text.source)):
        yield _wrong(catalogue, entry, text, "links", "has other links")
    is_label = ".options." in text.context or text.context.endswith(_LABELS)
    limit = MAX_LABEL if is_label and len(text.source) <= MAX_LABEL else MAX_TEXT
    if len(string) > limit:
        yield _wrong(catalogue, entry, text, "too-long", f"is longer than {limit} letters")


_LABELS = (".label", ".skip", ".title", ".short_name", "_button")


def _left_over(sentences: list[Text], catalogue: Catalogue) -> Iterator[Problem]:
    """A translation of a sentence that no longer exists."""
    known = {(text.context, text.source) for text in sentences}
    for (context, source), entry in catalogue.entries.items():
        if (context, source) not in known:
            yield Problem(place=Place(file=catalogue.file, line=entry.line), rule="left-over",
                          message=f"{context}: {_short(source)} is said nowhere any more",
                          remedy="Take it out with `python -m bot.content.extraction`.",
                          severity="warning")  # fmt: skip


def _header(catalogue: Catalogue) -> Iterator[Problem]:
    count, header, _ = forms(catalogue.language)
    found = re.search(r"nplurals\s*=\s*(\d+)", catalogue.plural_forms)
    if found and int(found[1]) != count:
        yield Problem(place=Place(file=catalogue.file), rule="plural-header",
                      message=f"the header says {found[1]} plural forms, the language has {count}",
                      remedy=f"Write Plural-Forms: {header}")  # fmt: skip


def _sources(sentences: list[Text]) -> Iterator[Problem]:
    """An English sentence has a mark without its partner."""
    for text in sentences:
        if len(_BOLD.findall(text.source)) % 2:
            flow = text.context.split(".", maxsplit=1)[0]
            yield Problem(place=Place(file=f"flows/{flow}.yaml"), rule="markup",
                          message=f"{text.context} has an odd number of * marks",
                          remedy="Close the bold text, or write \\* for a star.")  # fmt: skip


def _wrong(catalogue: Catalogue, entry: Entry, text: Text, rule: str, told: str) -> Problem:
    return Problem(
        place=Place(file=catalogue.file, line=entry.line),
        rule=rule,
        message=f"{text.context}: the translation of {_short(text.source)} {told}",
        remedy="Keep what the English sentence has.",
    )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= 40 else f"{line[:39]}…")  # noqa: PLR2004 - fits a terminal line
