from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from bot.content.place import content_root
from bot.content.teaching import load_lines
from bot.understand import cache
from bot.understand.folding import for_grams
from bot.understand.opening import open_embedded

if TYPE_CHECKING:
    from pathlib import Path

    from bot.understand.engine import Embedded


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("they took Amina from her house, please do something", "emergency_now"),
        ("could you find me a lawyer for thursday", "legal_help"),
        ("me gustaría hablar con alguien de verdad", "talk_to_human"),
        ("supprime toutes mes données", "delete_my_data"),
        ("мой телефон взломали", "digital_security"),
        ("请删除我的所有数据", "delete_my_data"),
        ("naomba kuongea na mtu halisi", "talk_to_human"),
        ("шо это hello", "greet"),
    ],
)
def test_free_text_lands_where_it_belongs(engine: Embedded, text: str, intent: str) -> None:
    assert intent in {name for name, _ in engine.understand(text).intents[:3]}


@pytest.mark.parametrize("text", ["", " ", "🙂", "?!", "\u200b", "x" * 100_000, "\ud83d", "0"])
def test_nonsense_is_understood_as_something_and_never_fails(engine: Embedded, text: str) -> None:
    found = engine.understand(text)
    assert len(found.intents) == 5
    assert all(0 <= share <= 1 for _, share in found.intents)


def test_capitals_and_emoji_change_nothing(engine: Embedded) -> None:
    plain = engine.understand("they are at my door")
    assert engine.understand("THEY ARE AT MY DOOR").intents[0][0] == plain.intents[0][0]
    assert engine.understand("they are at my door 😭🆘").urgent


@pytest.mark.parametrize(
    ("text", "urgent"),
    [
        ("Hi!", False),
        ("No, not now.", False),
        ("ahora no", False),
        ("Pardon, je me suis trompé de bouton", False),
        ("they are at the door", True),
        ("hi 🆘", True),
    ],
)
def test_a_taught_line_means_what_it_was_taught_as(
    engine: Embedded, text: str, *, urgent: bool
) -> None:
    assert engine.understand(text).urgent is urgent


def test_no_taught_line_sounds_otherwise_than_it_was_taught(engine: Embedded) -> None:
    lines, _ = load_lines(content_root())
    urgent = {for_grams(line.text) for line in lines if line.urgent}
    wrong = [
        line.text
        for line in lines[::25]
        if engine.understand(line.text).urgent is not (for_grams(line.text) in urgent)
    ]
    assert wrong == []


def test_lines_taught_both_ways_are_urgent(tmp_path: Path) -> None:
    folder = tmp_path / "flows" / "understanding"
    folder.mkdir(parents=True)
    block = (
        "nlu:\n- intent: {0}\n  metadata: {{urgent: {1}}}\n  examples: |\n    - {2}\n    - {3}\n"
    )
    (folder / "en.yml").write_text(block.format("greet", "false", "same words", "hello"))
    (folder / "es.yml").write_text(block.format("greet", "true", "Same words!", "hola"))
    engine = open_embedded(tmp_path, None, alarms={}, with_encoder=False)
    found = engine.explain("same words")
    assert found.understood.urgent
    assert "taught word for word as urgent, flagged" in found.why


def test_every_decision_can_be_explained(engine: Embedded) -> None:
    why = engine.explain("ils ont pris mon collègue").why
    assert any(reason.startswith("language: clearly fr") for reason in why)
    assert any(reason.startswith("intent: emergency_now") for reason in why)
    assert any(reason.startswith("likest line:") for reason in why)
    assert any("flagged" in reason for reason in why)


def test_without_the_encoder_letters_alone_serve(tmp_path: Path) -> None:
    (tmp_path / "flows" / "understanding").mkdir(parents=True)
    lines = {
        "greet": ["hello you", "hello dear", "hi there"],
        "sos": ["help me", "they took him", "they took all"],
    }
    blocks = "".join(
        f"- intent: {name}\n  examples: |\n" + "".join(f"    - {line}\n" for line in found)
        for name, found in lines.items()
    )
    (tmp_path / "flows" / "understanding" / "en.yml").write_text(f"nlu:\n{blocks}")
    engine = open_embedded(tmp_path, tmp_path, alarms={}, with_encoder=False)
    assert engine.understand("hello there").intents[0][0] == "greet"
    again = open_embedded(tmp_path, tmp_path, alarms={}, with_encoder=False)
    assert again.understand("they took her").intents == engine.understand("they took her").intents


def test_a_damaged_cache_is_learnt_anew(tmp_path: Path) -> None:
    path = tmp_path / "broken.npz"
    path.write_bytes(b"PK\x03\x04 not an archive")
    assert cache.load(path) is None
    assert cache.load(tmp_path / "missing.npz") is None


def test_understanding_needs_no_network(engine: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    assert engine.understand("help").intents
