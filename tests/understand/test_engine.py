from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from bot.understand import cache
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
