"""`vigil draft`: a letter from a file of coded facts, written beside nothing but its content.

Needs no database, no key and no running program. Says in plain sentences what was written, and why
a letter is in another language than the one that was asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import yaml

from bot.content.entries import load_knowledge
from bot.content.letters import LANGUAGES, load_letters
from bot.content.place import content_root
from bot.domain.errors import ContentError
from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.guidance.facts import parse_facts
from bot.guidance.letters import Draft, draft

if TYPE_CHECKING:
    from pathlib import Path

    from bot.guidance.facts import Facts

MOST_WORDS = 20_000
"""Characters of one's own account; more belongs into an annex."""

_NAMES = {"en": "English", "fr": "French", "es": "Spanish"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a case file holds."""

    facts: Facts
    words: Words | None = field(repr=False)
    words_language: LanguageTag | None
    ignored: tuple[str, ...]
    """Keys and values that mean nothing here."""


def draft_file(case: Path, body: str, language: str, out: Path) -> list[str]:
    """Write the letter and return what there is to say.

    Raises:
        ContentError: The case cannot be read, the body is unknown, or the file cannot be written.
    """
    kind = out.suffix.lower()
    if kind not in {".docx", ".txt"}:
        raise ContentError(f"{out.name}: a letter is written as .docx or as .txt.")
    root = content_root()
    knowledge, _ = load_knowledge(root)
    letters, problems = load_letters(root)
    if letters is None:
        raise ContentError(f"The letters cannot be read: {problems[0]}")
    read = read_case(case, knowledge)
    made = draft(
        letters,
        knowledge,
        body=body,
        facts=read.facts,
        wished=language,
        today=datetime.now(UTC).date(),
        words=read.words,
        words_language=read.words_language,
    )
    if made is None:
        known = [*knowledge.mechanisms, *knowledge.resources]
        near = get_close_matches(body, known, n=3, cutoff=0.5)
        hint = f" Did you mean {', '.join(near)}?" if near else ""
        raise ContentError(f"There is no body with the id {body!r}.{hint}")
    kept = _write(out, _bytes(made, kind))
    return [
        *(f"{one} is ignored." for one in read.ignored),
        *_about_language(made, language),
        *([f"The file that was there is now {kept}."] if kept else []),
        f"Written: {out} ({made.letter.title}).",
        "Fill in the blanks on your own device, and read its first page before you send it.",
    ]


def read_case(path: Path, knowledge: Any) -> Case:
    """Read a fact file of one case.

    Raises:
        ContentError: It cannot be read as one.
    """
    try:
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except OSError as error:
        raise ContentError(f"{path} cannot be read: {error.strerror}.") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, RecursionError):
        raise ContentError(f"{path} is neither YAML nor JSON.") from None
    if isinstance(raw, list) and len(raw) == 1:
        raw = raw[0]
    if isinstance(raw, list):
        raise ContentError(f"{path} holds {len(raw)} cases; a letter is about one.")
    if not isinstance(raw, dict):
        raise ContentError(f"{path} holds no case: write one fact a line, such as `country: KE`.")
    told = raw.pop("words", None)
    parsed = parse_facts(raw, knowledge)
    words, language = _words(path, told)
    return Case(
        facts=parsed.facts,
        words=words,
        words_language=language,
        ignored=(*parsed.unknown_keys, *parsed.unknown_values),
    )


def _words(path: Path, told: Any) -> tuple[Words | None, LanguageTag | None]:
    if told is None:
        return None, None
    if isinstance(told, str):
        told = {"text": told}
    text = told.get("text") if isinstance(told, dict) else None
    if not isinstance(text, str):
        raise ContentError(f"{path}: words are written as `words: {{text: …, lang: …}}`.")
    if len(text) > MOST_WORDS:
        raise ContentError(
            f"{path}: the words have {len(text)} characters; {MOST_WORDS} fit. Attach the rest."
        )
    tag = told.get("lang")
    language = LanguageTag(tag) if isinstance(tag, str) and tag.strip() else None
    return (Words(text) if text.strip() else None), language


def _bytes(made: Draft, kind: str) -> bytes:
    if kind == ".txt":
        from bot.documents.text import to_text  # noqa: PLC0415

        return to_text(made.letter)
    from bot.documents.docx import to_docx  # noqa: PLC0415

    return to_docx(made.letter)


def _about_language(made: Draft, wished: str) -> list[str]:
    tongue = made.tongue
    named = ", ".join(tongue.body_languages)
    name = _NAMES[tongue.language]
    if not tongue.accepted:
        return [
            f"This body accepts {named} only. The letter is in {name}: have it translated first."
        ]
    if tongue.wished:
        return []
    tag = wished.split("-", maxsplit=1)[0].lower()
    if tag in LANGUAGES:
        return [f"This body does not accept {_NAMES[tag]} (it accepts {named}): it is in {name}."]
    return [f"Letters are written in English, French and Spanish: this one is in {name}."]


def _write(out: Path, content: bytes) -> str | None:
    """Write a file for its owner alone; what was there is kept, since names may stand in it."""
    kept = None
    try:
        if out.is_file() and out.stat().st_size:
            number = 1
            while (earlier := out.with_stem(f"{out.stem}-{number}")).exists():
                number += 1
            out.rename(earlier)
            kept = earlier.name
        handle = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ContentError(f"{out} cannot be written: {reason}.") from None
    return kept
