"""A letter on paper: it opens, has real headings and highlighted blanks, and tells of nobody."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from docx import Document
from docx.enum.text import WD_COLOR_INDEX

from bot.content.entries import load_knowledge
from bot.content.letters import load_letters
from bot.documents.docx import to_docx
from bot.documents.text import to_text
from bot.domain.ids import LanguageTag
from bot.domain.words import Words
from bot.guidance.facts import Facts
from bot.guidance.letters import Letter, draft

ROOT = Path(__file__).parents[2]
OWN = "Ils sont venus à l'aube \x00\x1b<b>&amp;\ud800\nÀ quatre."


KNOWLEDGE = lru_cache(maxsize=1)(lambda: load_knowledge(ROOT)[0])


def made(language: str = "en", words: str | None = None, words_language: str = "fr") -> Letter:
    letters, _ = load_letters(ROOT)
    assert letters is not None
    found = draft(
        letters,
        KNOWLEDGE(),
        body="un-sr-hrd-urgent-appeal",
        facts=Facts(threats=("arbitrary-arrest-detention",), country="KE", ongoing="ongoing"),
        wished=language,
        today=date(2026, 5, 4),
        words=Words(words) if words else None,
        words_language=LanguageTag(words_language),
    )
    assert found is not None
    return found.letter


@pytest.mark.parametrize("language", ["en", "fr", "es"])
def test_the_document_opens_with_headings_blanks_and_page_numbers(language: str) -> None:
    letter = made(language)
    document = Document(BytesIO(to_docx(letter)))
    styles = [line.style.name for line in document.paragraphs]
    assert styles.count("Title") == 1
    assert styles.count("Heading 1") >= 10
    assert "List Bullet" in styles
    assert document.tables == []
    blanks = [run for block in letter.blocks for run in block.runs if run.blank]
    shown = [run for line in document.paragraphs for run in line.runs]
    yellow = [run.text for run in shown if run.font.highlight_color == WD_COLOR_INDEX.YELLOW]
    assert yellow == [f"[{run.text}]" for run in blanks]
    assert "PAGE" in document.sections[0].footer._element.xml
    assert document.core_properties.language == language
    assert letter.title in {line.text for line in document.paragraphs}


def test_neither_author_nor_time_stands_anywhere_in_the_file() -> None:
    raw = to_docx(made())
    properties = Document(BytesIO(raw)).core_properties
    assert properties.author == properties.last_modified_by == properties.comments == ""
    assert {properties.created.year, properties.modified.year} == {2000}
    with ZipFile(BytesIO(raw)) as archive:
        assert {item.date_time for item in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        inside = b"".join(archive.read(item) for item in archive.infolist())
    assert b"python-docx" not in inside
    assert b"thumbnail" not in inside
    assert re.search(rb"20(1\d|2\d)-\d\d-\d\dT", inside) is None


def test_the_same_letter_is_the_same_bytes() -> None:
    assert to_docx(made()) == to_docx(made())


def test_own_words_are_kept_whatever_stands_in_them() -> None:
    document = Document(BytesIO(to_docx(made(words=OWN))))
    quotes = [line.text for line in document.paragraphs if line.style.name == "Quote"]
    assert quotes == ["Ils sont venus à l'aube <b>&amp;", "À quatre."]


def test_own_words_from_right_to_left_stand_so() -> None:
    document = Document(BytesIO(to_docx(made(words="جاؤوا", words_language="ar"))))
    (quote,) = [line for line in document.paragraphs if line.style.name == "Quote"]
    assert "<w:bidi/>" in quote._p.xml
    assert '<w:lang w:bidi="ar"/>' in quote._p.xml
    assert quote.style.font.cs_italic is False
    assert '<w:szCs w:val="22"/>' in quote.style.element.xml


def test_plain_text_holds_the_same_words() -> None:
    letter = made("fr", words="Ils sont venus.")
    text = to_text(letter).decode()
    for line in Document(BytesIO(to_docx(letter))).paragraphs:
        for part in re.split(r"\[|\]|\u2610\t|\n", line.text):
            assert part.strip() in text
    assert "  > Ils sont venus." in text
    assert "[ ] " in text
    assert "____]" in text
