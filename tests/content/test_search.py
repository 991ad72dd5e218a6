from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bot.content.library import open_library
from bot.content.passages import entry_ids, load_questions
from bot.content.search import Search, pieces
from bot.domain.ids import LanguageTag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.content.library import Library

ROOT = Path(__file__).parents[2]
EN, ES = LanguageTag("en"), LanguageTag("es")


@pytest.fixture(scope="module")
def library() -> Library:
    return open_library(ROOT)


@pytest.fixture(scope="module")
def search(library: Library) -> Search:
    return Search(library.knowledge, library.questions, library.catalogues)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("arbitrary detention working group", "un-wgad"),
        ("Precautionary measures of the Inter-American Commission", "reg-iachr-precautionary"),
        ("someone follows me", "being-followed"),
    ],
)
def test_an_entry_is_found_by_its_own_words(search: Search, text: str, entry: str) -> None:
    assert entry in search(text, EN)[:3]


def test_a_misspelt_word_still_finds(search: Search) -> None:
    assert "passwords" in search("pasword managr", EN)[:3]


def test_a_translated_entry_is_found_in_its_language(search: Search) -> None:
    assert "being-followed" in search("creo que me siguen", ES)[:3]


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("who can read this chat", "en"),
        ("quién puede leer este chat", "es"),
        ("qui peut lire ce chat", "fr"),
        ("من يستطيع قراءة هذه المحادثة", "ar"),
        ("кто может прочитать этот чат", "ru"),
        ("quem pode ler este chat", "pt"),
        ("谁能看到这个聊天", "zh"),
        ("nani anaweza kusoma mazungumzo haya", "sw"),
    ],
)
def test_who_reads_along_is_answered_in_every_language(search: Search, text: str, tag: str) -> None:
    assert "use-telegram-bot-safely" in search(text, LanguageTag(tag))[:3]


@pytest.mark.parametrize("text", ["", "   ", "🙂", "?!"])
def test_a_text_without_letters_finds_nothing(search: Search, text: str) -> None:
    assert search(text, EN) == ()


def test_a_long_text_is_no_burden(search: Search) -> None:
    assert len(search("they follow me " * 5_000, EN)) == 10


def test_chinese_is_cut_into_pairs() -> None:
    assert list(pieces("人权捍卫")) == ["人权", "权捍", "捍卫"]


def test_meaning_and_letters_are_fused(library: Library) -> None:
    search = Search(library.knowledge, library.questions, library.catalogues)
    told = search.told()

    def embed(texts: Sequence[str]) -> np.ndarray:
        """Points where the passages of one entry point, whatever the letters say."""
        return np.array([[1.0, 0.0]] * len(texts), dtype=np.float32)

    vectors = np.array(
        [[1.0, 0.0] if one.entry == "passwords" else [-1.0, 0.0] for one in told], dtype=np.float16
    )
    search.with_meaning(embed, vectors)
    assert search("qqqq xxxx", EN)[0] == "passwords"
    assert "being-followed" in search("someone follows me", EN)[:3]
    assert "being-followed" in search("nimefuatwa someone follows me", LanguageTag("sw"))[:3]


def test_questions_of_unknown_entries_and_odd_shapes_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "knowledge" / "questions"
    folder.mkdir(parents=True)
    (folder / "en.yaml").write_text("passwords: [how long]\nnobody: [x]\nphishing: 3\n")
    found, problems = load_questions(tmp_path, {"passwords": "guides", "phishing": "guides"})
    assert found == {"en": {"passwords": ("how long",)}}
    assert [problem.place.line for problem in problems] == [2, 3]


def test_every_entry_can_be_found(library: Library, search: Search) -> None:
    assert {passage.entry for passage in search.told()} == set(entry_ids(library.knowledge))
