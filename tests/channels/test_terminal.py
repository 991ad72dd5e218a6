from __future__ import annotations

import io

from bot.channels.terminal import Terminal
from bot.domain.ids import LanguageTag
from bot.domain.messages import Button, InboundKind, Outgoing
from bot.wiring import SystemClock


async def test_numbers_stand_before_buttons_that_do_something_when_their_number_is_typed() -> None:
    stream = io.StringIO()
    terminal = Terminal(clock=SystemClock(), language=LanguageTag("en"), stream=stream)
    rows = (
        (Button(label="+00 555 0100", copy="+00 555 0100"),),
        (Button(label="Line A (invented)", url="https://line.example/"),),
        (Button(label="Menu", data="w:menu"),),
    )
    await terminal.send("me", Outgoing(text="Who helps", language=LanguageTag("en"), buttons=rows))
    shown = stream.getvalue().splitlines()
    assert shown[-3:] == [
        "  · +00 555 0100",
        "  · Line A (invented)  https://line.example/",
        "  [1] Menu",
    ]
    pressed = terminal.inbound("1", "first")
    assert (pressed.kind, pressed.data) == (InboundKind.BUTTON, "w:menu")
    assert terminal.inbound("2", "second").kind is InboundKind.TEXT
