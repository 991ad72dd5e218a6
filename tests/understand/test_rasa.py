"""The contract with a Rasa server, on answers of the shape that Rasa 3.6 gives.

With RASA_URL set (`make rasa` does that) the same contract is asked of the real thing.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog

from bot.content.teaching import load_lines
from bot.domain.words import Words
from bot.flow.inputs import Understood
from bot.understand.rasa import PAUSE, RasaServer, ranking
from bot.understand.understanding import Understanding
from tests.understand.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.content.library import Library

REAL = os.environ.get("RASA_URL")
FIRST = 60.0
"""Seconds for an answer; the first after a start takes longer than anybody would wait."""

KNOWN = frozenset({"greet", "legal_help", "emergency_now", "report_threat"})
RECORDED = {
    "text": "…",
    "intent": {"name": "legal_help", "confidence": 0.81},
    "entities": [],
    "text_tokens": [[0, 1]],
    "intent_ranking": [
        {"name": "legal_help", "confidence": 0.81},
        {"name": "report_threat", "confidence": 0.11},
        {"name": "somebody_elses", "confidence": 0.05},
        {"name": "greet", "confidence": 0.03},
    ],
}


class Fake:
    """Answers like a Rasa server, and remembers what it was asked."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response] | None = None) -> None:
        self.asked: list[httpx.Request] = []
        self._answer = answer or (lambda _: httpx.Response(200, json=RECORDED))
        self.time = 0.0

    def server(self, address: str = "http://rasa.invalid:5005?token=secret-1") -> RasaServer:
        def handle(request: httpx.Request) -> httpx.Response:
            self.asked.append(request)
            return self._answer(request)

        return RasaServer(
            address, known=KNOWN, transport=httpx.MockTransport(handle), now=lambda: self.time
        )


@pytest.mark.skipif(REAL is not None, reason="the real thing is asked instead")
async def test_a_message_is_asked_the_way_rasa_wants_it() -> None:
    fake = Fake()
    server = fake.server()
    found = await server.ask(Words("I need a lawyer"))
    await server.close()
    assert found == (("legal_help", 0.81), ("report_threat", 0.11), ("greet", 0.03))
    (request,) = fake.asked
    assert (request.method, request.url.path) == ("POST", "/model/parse")
    assert request.url.params["token"] == "secret-1"
    assert json.loads(request.content) == {"text": "I need a lawyer"}


@pytest.mark.parametrize(
    "text", ["", " ", "🆘", "[x](y) {z}", "救命", "a\u0000b", "/greet", "мы " * 900, "\u202e"]
)
async def test_whatever_is_written_is_answered(text: str) -> None:
    known = {line.intent for line in load_lines(ROOT)[0]} if REAL else KNOWN
    server = RasaServer(str(REAL), known=known, patience=FIRST) if REAL else Fake().server()
    found = await server.ask(Words(text))
    await server.close()
    # A server that fails inside over odd words is one that people in danger cannot rely on.
    assert found is not None
    assert {name for name, _ in found} <= known


@pytest.mark.skipif(REAL is None, reason="only with a real Rasa server: make rasa")
async def test_the_real_server_wants_its_token() -> None:
    server = RasaServer(str(REAL).partition("?")[0], known=KNOWN)
    assert await server.ask(Words("I need a lawyer")) is None
    await server.close()


@pytest.mark.skipif(REAL is None, reason="only with a real Rasa server: make rasa")
async def test_the_real_server_answers_what_it_was_taught() -> None:
    lines, _ = load_lines(ROOT)
    taught = [line for line in lines if line.language == "en" and line.intent == "legal_help"]
    known = {line.intent for line in lines}
    server = RasaServer(str(REAL), known=known, patience=FIRST)
    found = [await server.ask(Words(line.text)) for line in taught[:10]]
    await server.close()
    assert sum(one is not None and one[0][0] == "legal_help" for one in found) >= 8


def refuse(_: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("secret-1 and the message")


@pytest.mark.parametrize(
    "answer",
    [
        refuse,
        lambda _: httpx.Response(401, json={"status": "failure", "code": 401}),
        lambda _: httpx.Response(409, json={"reason": "Conflict", "message": "No agent loaded."}),
        lambda _: httpx.Response(200, content=b"<html>"),
        lambda _: httpx.Response(200, json={"intent": None}),
        lambda _: httpx.Response(200, json={"intent": {"name": "greet", "confidence": "much"}}),
        lambda _: httpx.Response(200, content=b" " * 600_000),
    ],
)
async def test_a_server_that_fails_is_left_alone_for_a_while(answer: Any) -> None:
    fake = Fake(answer)
    server = fake.server()
    with structlog.testing.capture_logs() as logs:
        assert await server.ask(Words("they are at my door")) is None
        assert await server.ask(Words("they are at my door")) is None
    assert len(fake.asked) == 1
    fake.time = PAUSE + 1
    assert await server.ask(Words("again")) is None
    assert len(fake.asked) == 2
    told = repr(logs)
    assert "door" not in told
    assert "secret" not in told
    assert "rasa.invalid" not in told


def test_confidence_outside_its_bounds_is_left_out() -> None:
    answer = {"intent": {"name": "greet", "confidence": 7}, "intent_ranking": []}
    assert ranking(answer, KNOWN) == ()


class Quick:
    """An engine that is open already."""

    def understand(self, text: str) -> Understood:
        return Understood(urgent="door" in text, intents=(("greet", 0.5),))


def house(library: Library, fake: Fake) -> Understanding:
    understanding = Understanding(library.alarms, lambda: (Quick(), None), fake.server())  # type: ignore[arg-type, return-value]
    understanding.open()
    return understanding


async def test_the_servers_intents_are_taken_and_our_alarm_stays(library: Library) -> None:
    understanding = house(library, Fake())
    found = await understanding.hear(Words("somebody at the door"))
    assert found.urgent
    assert found.intents[0] == ("legal_help", 0.81)


async def test_an_emergency_is_one_if_the_server_says_so(library: Library) -> None:
    answer = {"intent": {"name": "emergency_now", "confidence": 0.7}, "intent_ranking": []}
    understanding = house(library, Fake(lambda _: httpx.Response(200, json=answer)))
    assert (await understanding.hear(Words("calm words"))).urgent


async def test_without_an_answer_the_embedded_engine_answers(library: Library) -> None:
    found = await house(library, Fake(refuse)).hear(Words("hello"))
    assert found == Understood(urgent=False, intents=(("greet", 0.5),))
