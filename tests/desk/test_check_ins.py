"""The board of check-ins as coordinators see it, and the sheet of somebody who is missed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.contract import checkins as said
from bot.contract.items import Note, PlanLine, PlanWords, SentPlace, read_item, write_item
from bot.vault.envelope import new_key, open_item, seal_item
from bot.vault.wrap import wrap_inner
from tests.desk.small_server import NOON, RefusedHereError, SmallServer
from tests.fixtures.chromium import ARGS, CHROMIUM, LAPTOP, PHONE, SHOTS

if TYPE_CHECKING:
    from tests.desk.conftest import Browser

MINUTE = timedelta(minutes=1)
SIZES = {"phone": PHONE, "laptop": LAPTOP}
SCHEMES = {"phone": "dark", "laptop": "light"}
BOX, ROUTE = "box-0001", "By bus to the lake, back on Friday."


def a_row(plan: str, **changes: Any) -> said.BoardRow:
    plain = said.BoardRow(
        plan=plan, tier="T1", state="armed", due_at=NOON + timedelta(hours=3), minutes_late=0,
        next_at=NOON + timedelta(hours=3),
        rungs=tuple(
            said.Rung(at=NOON + timedelta(hours=3) + offset, what=what)
            for offset, what in ((0 * MINUTE, "remind"), (30 * MINUTE, "remind"),
                                 (120 * MINUTE, "l1"), (240 * MINUTE, "l2"), (720 * MINUTE, "l3"))
        ),
        alarm=None, alarm_taken_by=None, taken_by=None, contacts=1, contacts_read=0, region="UG",
        authorities="no", approvals=(), pause_hours=0, drill=False,
    )  # fmt: skip
    return replace(plain, **changes)


ROWS = (
    a_row("c0de0001", tier="T3", state="l1", alarm="duress", due_at=NOON - 16 * MINUTE,
          minutes_late=16),
    a_row("beef0002", tier="T4", state="l2", due_at=NOON - 40 * MINUTE, minutes_late=40,
          taken_by="wren", contacts=2, contacts_read=1, authorities="lawyer"),
    a_row("f00d0003", tier="T2", state="grace", due_at=NOON - 12 * MINUTE, minutes_late=12),
    a_row("ace00004", pause_hours=24, tier="T2"),
    a_row("dad00005", drill=True),
    *(a_row(f"{number:08x}") for number in range(6, 14)),
)  # fmt: skip


class Board:
    """What a server with check-ins answers."""

    def __init__(self, server: SmallServer) -> None:
        self.rows, self.asked = ROWS, []  # type: ignore[var-annotated]
        self.key = new_key()
        readers = [one.public for one in server.identities.values()]
        self.wrapped = wrap_inner(self.key, readers)
        self.bodies: list[tuple[str, bytes]] = []
        for item in (
            PlanWords(
                lines=(PlanLine(name="route", text=ROUTE), PlanLine(name="publicity", text="ask")),
                language="en", at=NOON,
            ),
            PlanWords(
                lines=(PlanLine(name="route", text="I am at home."),), language="en", at=NOON,
                forced=True,
            ),
            SentPlace(latitude="0.313611", longitude="32.581111", within="20", at=NOON),
        ):  # fmt: skip
            kind, clear = write_item(item)
            self.bodies.append((kind, self._seal(clear, kind)))
        server.do_checkins_board = self.board  # type: ignore[attr-defined]
        server.do_checkins_open = self.open  # type: ignore[attr-defined]
        server.do_checkins_item = self.item  # type: ignore[attr-defined]
        server.do_checkins_note = self.note  # type: ignore[attr-defined]
        for name in ("take", "confirm", "pause", "approve", "tighten"):
            setattr(server, f"do_checkins_{name}", self._noted(name))
        server.do_checkins_stand_down = self._noted("stand-down", None)  # type: ignore[attr-defined]

    def _seal(self, clear: bytes, kind: str) -> bytes:
        return seal_item(self.key, clear, case=BOX, sequence=len(self.bodies), kind=kind)

    def _noted(self, name: str, answer: Any = ROWS[0]) -> Any:
        def act(who: Any, asked: Any) -> Any:
            del who
            self.asked.append((name, asked))
            return answer

        return act

    def board(self, who: Any, asked: Any) -> said.CheckInBoard:
        del who, asked
        return said.CheckInBoard(
            rows=self.rows, cut_off=("UG",), away_from=NOON - 50 * MINUTE,
            away_until=NOON - 45 * MINUTE, now=NOON,
        )  # fmt: skip

    def open(self, who: Any, asked: said.NamePlan) -> said.PlanSheet:
        del who
        if asked.plan != ROWS[0].plan:
            raise RefusedHereError("not-yet")
        items = tuple(
            said.SheetItem(sequence=place, kind=kind, at=NOON)
            for place, (kind, _) in enumerate(self.bodies)
        )
        return said.PlanSheet(
            box=BOX, wrapped=self.wrapped, items=items, next_sequence=len(self.bodies)
        )

    def item(self, who: Any, asked: said.AskSheetItem) -> bytes:
        del who
        return self.bodies[asked.sequence][1]

    def note(self, who: Any, asked: said.AddSheetNote) -> None:
        del who
        assert asked.sequence == len(self.bodies)
        self.bodies.append(("note", asked.sealed))


@pytest.fixture
def board(server: SmallServer) -> Board:
    return Board(server)


async def test_the_board_shows_alarm_rung_owner_outage_and_the_next_day(
    board: Board, browser: Browser
) -> None:
    text = (await browser.get("/check-ins")).text
    assert text.index("C0DE") < text.index("BEEF") < text.index("F00D")
    for seen in (
        "alarm: decide now", "minutes late:", "16", "answered for by", "nobody answers for it yet",
        "contacts who read it:", "1/2", "asks for a pause", "a drill", "UG",
        "The network may be down in:", "This service was last away until", "The next 24 hours",
        "<circle",
    ):  # fmt: skip
        assert seen in text, seen
    assert text.count("telling the authorities") == 1
    assert board.asked == []


async def test_every_decision_of_the_board_reaches_the_server(
    board: Board, browser: Browser
) -> None:
    plan = ROWS[0].plan
    await browser.post("/check-ins/take", plan=plan, alarm="1")
    await browser.post("/check-ins/confirm", plan=plan)
    await browser.post("/check-ins/pause", plan=plan)
    await browser.post("/check-ins/tighten", plan=plan)
    await browser.post("/check-ins/approve", plan=plan, what="publicity")
    await browser.post(
        "/check-ins/stand-down", plan=plan, outcome="safe", word="kestrel", way="voice"
    )
    assert [name for name, _ in board.asked] == [
        "take", "confirm", "pause", "tighten", "approve", "stand-down",
    ]  # fmt: skip
    assert board.asked[0][1] == said.TakePlan(plan=plan, alarm=True)
    assert board.asked[-1][1].way is said.Way.VOICE


async def test_the_sheet_opens_here_and_says_what_came_by_force(
    board: Board, browser: Browser
) -> None:
    shown = await browser.get(f"/check-ins/{ROWS[0].plan}/sheet")
    assert shown.status_code == 200
    for seen in (ROUTE, "only if the people named agree", "This came with the duress word",
                 "0.313611, 32.581111", "within metres:"):  # fmt: skip
        assert seen in shown.text, seen
    before = len(board.bodies)
    await browser.post(f"/check-ins/{ROWS[0].plan}/sheet", text="Called the lawyer.")
    assert len(board.bodies) == before + 1
    kind, sealed = board.bodies[-1]
    clear = open_item(board.key, sealed, case=BOX, sequence=before, kind=kind)
    note = read_item(kind, clear)
    assert isinstance(note, Note)
    assert note.text == "Called the lawyer."
    assert b"lawyer" not in sealed
    empty = await browser.post(f"/check-ins/{ROWS[0].plan}/sheet", text=" ")
    assert "Write a note first" in empty.text
    refused = await browser.get(f"/check-ins/{ROWS[3].plan}/sheet")
    assert ROUTE not in refused.text


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM.exists(), reason="NO CHROMIUM: THE BOARD IS NOT LOOKED AT")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
async def test_the_board_fits_a_phone_and_a_laptop_and_can_be_read_out(
    board: Board, browser: Browser
) -> None:
    del board
    pytest.importorskip("playwright")
    from axe_playwright_python.async_playwright import Axe  # noqa: PLC0415 - where it is installed
    from playwright.async_api import async_playwright  # noqa: PLC0415

    async def serve(route: Any) -> None:
        found = await browser.get(route.request.url.removeprefix("http://127.0.0.1:5001"))
        headers = {"content-type": found.headers["content-type"]}
        await route.fulfill(status=found.status_code, headers=headers, body=found.content)

    async with async_playwright() as play:
        chromium = await play.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        for name, size in SIZES.items():
            page = await chromium.new_page(
                viewport=size, reduced_motion="reduce", color_scheme=SCHEMES[name]
            )
            await page.route("**/*", serve)
            for what, path in (
                ("board", "/check-ins"),
                ("sheet", f"/check-ins/{ROWS[0].plan}/sheet"),
            ):
                shown = await page.goto(f"http://127.0.0.1:5001{path}")
                assert shown is not None
                assert shown.status == 200
                wide = await page.evaluate("document.documentElement.scrollWidth")
                assert wide <= size["width"], (name, what, wide)
                found = (await Axe().run(page)).response["violations"]
                grave = [one["id"] for one in found if one["impact"] in {"serious", "critical"}]
                assert grave == [], (name, what)
                if SHOTS:
                    shot = f"{SHOTS}/check-ins-{what}-{name}.png"
                    await page.screenshot(path=shot, full_page=True)
            await page.close()
        await chromium.close()
