"""Alerts at the desk, before the real server: written, looked at, approved by another, followed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from bot.contract.alerts import AlertCount, AnswersAt, Board
from bot.desk.pages import alert_audience, alert_chart
from bot.desk.pages.alerts import phone
from bot.domain import audiences
from bot.domain.broadcasts import Outcome, State
from bot.domain.ids import AlertId
from bot.domain.messages import Delivered
from bot.services.broadcast_ladder import Ladder
from bot.services.broadcast_recall import Recall
from bot.services.broadcast_send import Broadcasting
from bot.services.pace import UNLIMITED, Rate
from bot.storage.engine import open_store
from bot.vault.cipher import ApplicationCipher
from tests.api.desk_house import TELEGRAM, DeskHouse
from tests.desk.conftest import Browser, make_desk

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from bot.domain.messages import Outgoing

NOON = datetime(2031, 5, 4, 12, tzinfo=UTC)
ENGLISH = "Stay away from *Kestrel Square*. Call +000 555 0100."
ARABIC = "ابتعدوا عن *ساحة العوسق*. اتصلوا بـ +000 555 0100."
WRITTEN = {
    "severity": "amber", "fallback": "en", "text-en": ENGLISH, "text-ar": ARABIC, "when": "now",
    "lasts": "1440", "hold": "0", "version": "0",
}  # fmt: skip


class Phones:
    """A channel on which everything arrives."""

    name = TELEGRAM

    def __init__(self) -> None:
        self.shown: list[str] = []

    async def send(self, address: str, message: Outgoing) -> Delivered:
        del address
        self.shown.append(message.text)
        return Delivered(refs=(str(len(self.shown)),))

    async def delete(self, address: str, refs: Sequence[str]) -> None:
        del address, refs


class Newsroom:
    """Robin and Wren at their desks before one server."""

    def __init__(self, house: DeskHouse, folder: Path) -> None:
        self.house = house
        self.folder = folder
        self.desks: dict[str, Browser] = {}
        self.phones = Phones()
        shared: dict[str, Any] = {
            "store": house.store, "clock": house.clock, "channels": {TELEGRAM: self.phones},
            "worker": "w", "library": house.library, "rate": Rate(per_second=UNLIMITED),
        }  # fmt: skip
        self.sender = Broadcasting(
            **shared, chat_ttl=timedelta(hours=24), limits=None, recall=Recall(**shared),
            ladder=Ladder(library=house.library),
        )  # fmt: skip

    async def at(self, who: str) -> Browser:
        if who not in self.desks:
            app = Starlette(routes=[Mount("/desk/v1", app=self.house.api.app())])
            transport = httpx.ASGITransport(app=app)
            made = Browser(make_desk(self.house, self.folder, who, transport=transport))
            made.desk.seat.language = "en"
            await made.enter()
            await made.sign_in()
            self.desks[who] = made
        return self.desks[who]

    async def begun(self, who: str = "robin", kind: str = "alerts") -> str:
        """Open the empty form; return the address that it is sent to."""
        page = await (await self.at(who)).get(f"/{kind}/new")
        found = re.search(rf'action="(/{kind}/[0-9a-f]+)/write"', page.text)
        assert found is not None
        return found[1]

    async def written(self, who: str = "robin", kind: str = "alerts", **more: Any) -> str:
        at = await self.begun(who, kind)
        page = await (await self.at(who)).post(f"{at}/write", **(WRITTEN | more))
        assert page.url.path == at, page.text
        return at

    async def press(self, who: str, at: str, verb: str, **more: str) -> httpx.Response:
        """Press a button as it stands on the page of somebody."""
        desk = await self.at(who)
        page = (await desk.get(at)).text
        form = re.search(rf'action="{at}/{verb}">(.*?)</form>', page, re.DOTALL)
        assert form is not None, f"{who} is not offered {verb}"
        fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[1])) | more
        fields.pop("token")
        return await desk.post(f"{at}/{verb}", headers={"referer": f"http://x{at}"}, **fields)

    async def state(self, at: str) -> State:
        id_ = AlertId(at.rpartition("/")[2])
        found = await self.house.store.read(lambda tx: tx.alerts.get(id_))
        assert found is not None
        return found.state

    async def approved(self, **more: Any) -> str:
        at = await self.written(**more)
        await self.press("robin", at, "submit")
        await self.press("wren", at, "approve")
        return at


@pytest.fixture
async def newsroom(tmp_path: Path) -> AsyncIterator[Newsroom]:
    cipher = ApplicationCipher(bytes(range(32)))
    store = open_store(f"sqlite:///{tmp_path / 'vigil.db'}", cipher)
    house = DeskHouse(store=store, cipher=cipher, folder=tmp_path / "home")
    await house.people()
    await house.subscribers(8)
    house.library()  # reading all content takes longer than a desk waits for an answer
    made = Newsroom(house, tmp_path)
    yield made
    for browser in made.desks.values():
        await browser.desk.seat.lock()
        await browser.http.aclose()
    await store.close()


async def test_an_alert_is_written_looked_at_approved_by_another_and_sent(
    newsroom: Newsroom,
) -> None:
    at = await newsroom.written()
    page = (await (await newsroom.at("robin")).get(at)).text
    # Both phones, each in its own direction; the words in bold as people see them.
    assert '<div class="screen" lang="ar" dir="rtl">' in page
    assert '<div class="screen" lang="en" dir="ltr">' in page
    assert "<b>Kestrel Square</b>" in page
    assert "<b>ساحة العوسق</b>" in page
    assert (await newsroom.press("robin", at, "submit")).url.path == at
    mine = (await (await newsroom.at("robin")).get(at)).text
    assert f'action="{at}/approve"' not in mine
    assert "Waits for somebody who wrote none of it." in mine
    done = await newsroom.press("wren", at, "approve")
    assert "Approved. It goes out when its time has come." in done.text
    await newsroom.sender.deliver_due()
    assert len(newsroom.phones.shown) == 8
    assert await newsroom.state(at) is State.COMPLETE


async def test_the_desk_counts_by_language_and_by_reason_before_anything_is_frozen(
    newsroom: Newsroom,
) -> None:
    def silence(tx: Any) -> None:
        from bot.services.ports import Timer  # noqa: PLC0415

        person = tx.people.lock(TELEGRAM, "0")
        tx.timers.set(
            Timer(
                kind="check-in-silence", key=str(person), person=person, due_at=NOON + timedelta(9)
            )
        )

    await newsroom.house.store.write(silence)
    at = await newsroom.written()
    page = (await (await newsroom.at("robin")).get(at)).text
    rows = re.findall(r"<tr><th scope=\"row\">(\w+)</th>(.*?)</tr>", page)
    numbers = {name: re.findall(r">(\d+)<", cells) for name, cells in rows}
    # delivered, waiting, left out
    assert numbers == {
        "Arabic": ["0", "2", "0"],
        "English": ["0", "5", "1"],
        "All": ["0", "7", "1"],
    }
    assert "until somebody has heard the person’s voice" in page


async def test_a_form_that_is_sent_twice_makes_one_alert(newsroom: Newsroom) -> None:
    at, desk = await newsroom.begun(), await newsroom.at("robin")
    for _ in range(2):
        page = await desk.post(f"{at}/write", **WRITTEN)
        assert (page.status_code, page.url.path) == (200, at)
    for _ in range(2):
        await desk.post(f"{at}/submit", version="1", frozen="0")
    wren = await newsroom.at("wren")
    for _ in range(2):
        await wren.post(f"{at}/approve", version="2", frozen="8")
    await newsroom.sender.deliver_due()
    alerts = await newsroom.house.store.read(lambda tx: tx.alerts.all())
    assert (len(alerts), len(newsroom.phones.shown)) == (1, 8)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"text-ar": "بلا رقم ولا نجوم"}, "another number than in the other languages"),
        ({"text-ar": ARABIC.replace("0100", "0199")}, "another number"),
        ({"text-en": ENGLISH + " *"}, "the stars for bold"),
        ({"text-en": ENGLISH + " {name}"}, "curly brackets"),
        ({"text-en": ENGLISH + " https://one.example"}, "another link"),
        ({"text-en": "", "text-ar": ARABIC}, "there is no text in the language"),
    ],
)
async def test_texts_that_do_not_say_the_same_cannot_be_frozen(
    newsroom: Newsroom, changes: dict[str, str], told: str
) -> None:
    at = await newsroom.written(**changes)
    desk = await newsroom.at("robin")
    page = (await desk.get(at)).text
    assert told in page
    assert f'action="{at}/submit"' not in page
    refused = await desk.post(f"{at}/submit", version="1", headers={"referer": f"http://x{at}"})
    assert "Something is wrong with the texts." in refused.text
    assert await newsroom.state(at) is State.DRAFT


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"audience": "country is Kestrelia and ("}, "That is no audience"),
        ({"severity": "purple"}, "not as it should be"),
        ({"when": "at", "at": "tomorrow"}, "not as it should be"),
        ({"when": "own-clock", "own_clock": "25:99"}, "not as it should be"),
        ({"lasts": "1"}, "not as it should be"),
    ],
)
async def test_what_the_server_refuses_comes_back_with_every_word(
    newsroom: Newsroom, changes: dict[str, str], told: str
) -> None:
    at, desk = await newsroom.begun(), await newsroom.at("robin")
    page = await desk.post(f"{at}/write", **(WRITTEN | {"only-topic": "arrests"} | changes))
    assert page.status_code == 409
    assert told in page.text
    assert ENGLISH in page.text
    assert ARABIC in page.text
    assert re.search(r'name="only-topic" value="arrests" checked', page.text)
    assert await newsroom.house.store.read(lambda tx: tx.alerts.all()) == []


async def test_what_was_typed_survives_the_lock(newsroom: Newsroom) -> None:
    at, desk = await newsroom.begun(), await newsroom.at("robin")
    newsroom.house.clock.at += timedelta(minutes=20)
    await desk.post(f"{at}/write", **WRITTEN)
    assert await newsroom.house.store.read(lambda tx: tx.alerts.all()) == []
    page = await desk.sign_in()
    assert page.url.path == f"{at}/edit"
    assert ENGLISH in page.text
    assert ENGLISH not in (await desk.get("/alerts/new")).text


async def test_two_who_change_it_at_once_see_each_other(newsroom: Newsroom) -> None:
    at = await newsroom.written()
    wren = await newsroom.at("wren")
    await wren.post(f"{at}/write", **(WRITTEN | {"version": "1", "severity": "green"}))
    robin = await newsroom.at("robin")
    clash = await robin.post(f"{at}/write", **(WRITTEN | {"version": "1", "severity": "red"}))
    assert clash.status_code == 409
    assert "Somebody changed it meanwhile." in clash.text
    assert 'name="version" value="2"' in clash.text
    again = await robin.post(f"{at}/write", **(WRITTEN | {"version": "2", "severity": "red"}))
    assert "Red: act now" in again.text


async def test_ticks_become_an_audience_and_stand_in_the_form_again(newsroom: Newsroom) -> None:
    at = await newsroom.written(**{
        "only-topic": ["arrests", "law"], "only-country": "UG", "without-language": "sw",
    })  # fmt: skip
    desk = await newsroom.at("robin")
    asked = "country is UG and topic in [arrests, law] and not language is sw"
    assert asked in (await desk.get(at)).text
    form = (await desk.get(f"{at}/edit")).text
    ticked = re.findall(r'name="(\S+)" value="(\S+)" checked> ([^<]+)<', form)
    assert ("only-topic", "arrests", "Arrests and raids") in ticked
    assert ("only-country", "UG", "Uganda") in ticked
    assert ("without-language", "sw", "Swahili") in ticked


def test_everything_that_can_be_ticked_reads_back_as_it_was() -> None:
    names = ("country", "region", "language", "topic", "group", "role")
    for text in (
        "everyone", "country is UG", "topic in [arrests, law]", "not group is journalist",
        "region is mena and role is self and not language in [ar, fr]",
    ):  # fmt: skip
        chosen = alert_audience.of_text(text)
        assert (chosen.written, chosen.text) == ("", text)
        assert audiences.write(audiences.parse(chosen.text)) == text
    for text in (
        "topic is law or country is UG",
        "not (topic is law)",
        "topic is a and topic is b",
    ):
        assert alert_audience.of_text(text).written == text
        assert alert_audience.of_text(text).text == text
    assert set(names) == set(audiences.NAMES)


async def test_a_drill_is_marked_and_stays_on_its_own_path(newsroom: Newsroom) -> None:
    at = await newsroom.written(kind="drills")
    desk = await newsroom.at("robin")
    page = (await desk.get(at)).text
    assert "DRILL. Everybody reads that it is one." in page
    assert page.count("<b>DRILL. This is practice only. Nothing has happened.</b>") >= 2
    assert (await desk.get(at.replace("drills", "alerts"))).status_code == 409
    listed = (await desk.get("/alerts")).text
    assert at not in listed
    assert at in (await desk.get("/drills")).text


async def test_a_correction_is_shown_before_and_sent_after(newsroom: Newsroom) -> None:
    at = await newsroom.approved(**{"correction-en": "It is over. Call +000 555 0100."})
    page = (await (await newsroom.at("wren")).get(at)).text
    assert "It is over." in page
    await newsroom.sender.deliver_due()
    sent = await newsroom.press("robin", at, "correct")
    assert "The correction is on its way." in sent.text
    await newsroom.sender.deliver_due()
    assert sum("It is over." in text for text in newsroom.phones.shown) == 8


async def test_pause_go_on_stop_and_take_back(newsroom: Newsroom) -> None:
    at = await newsroom.approved(hold="900")
    await newsroom.sender.deliver_due()
    assert (await newsroom.state(at), len(newsroom.phones.shown)) == (State.CANARY, 1)
    await newsroom.press("wren", at, "pause")
    assert await newsroom.state(at) is State.PAUSED
    robin = (await (await newsroom.at("robin")).get(at)).text
    assert f'action="{at}/resume"' not in robin
    await newsroom.press("wren", at, "resume")
    assert await newsroom.state(at) is State.CANARY
    await newsroom.press("robin", at, "abort")
    assert await newsroom.state(at) is State.ABORTED
    await newsroom.press("robin", at, "recall")
    assert await newsroom.state(at) is State.RECALLING
    await newsroom.sender.deliver_due()
    await newsroom.sender.deliver_due()
    assert await newsroom.state(at) is State.RECALLED
    page = (await (await newsroom.at("robin")).get(at)).text
    assert "it was stopped before it came to them" in page


async def test_the_roll_call_board_counts_and_draws(newsroom: Newsroom) -> None:
    at = await newsroom.approved(roll_call="1")
    desk = await newsroom.at("robin")
    await newsroom.sender.deliver_due()
    assert "Nobody has answered yet." in (await desk.get(at)).text
    from bot.domain.broadcasts import Answer  # noqa: PLC0415

    answers = [Answer.SAFE] * 3 + [Answer.HELP, Answer.LATER]

    def answer(tx: Any) -> None:
        for place, one in enumerate(answers):
            person = tx.people.lock(TELEGRAM, str(place))
            tx.ledger.answer(person, one, at=NOON + timedelta(minutes=place))

    await newsroom.house.store.write(answer)
    page = (await desk.get(at)).text
    board = dict(re.findall(r'<div class="(\w+)"><dt>[^<]+</dt><dd>(\d+)</dd>', page))
    assert board == {"safe": "3", "help": "1", "later": "1", "silent": "3"}
    assert page.count("<polyline") == 3
    table = page[page.index("The same as a table") :]
    assert len(re.findall(r"<tr><th scope=\"row\">", table)) >= 5


async def test_files_hide_small_numbers(newsroom: Newsroom) -> None:
    at = await newsroom.approved()
    await newsroom.sender.deliver_due()
    desk = await newsroom.at("robin")
    text = (await desk.get(f"{at}/export.csv")).text
    assert text.splitlines()[0] == "reference,state,language,outcome,reason,people"
    rows = json.loads((await desk.get(f"{at}/export.json")).text)["rows"]
    assert [(one["language"], one["outcome"], one["people"]) for one in rows] == [
        ("ar", "delivered", "<5"), ("en", "delivered", "<10"),
    ]  # fmt: skip
    assert (await desk.get(f"{at}/export.exe")).status_code >= 400


async def test_a_time_is_of_this_machine_and_kept_in_utc(newsroom: Newsroom) -> None:
    at = await newsroom.written(when="at", at="2031-05-05T09:30")
    id_ = AlertId(at.rpartition("/")[2])
    alert = await newsroom.house.store.read(lambda tx: tx.alerts.get(id_))
    assert alert is not None
    expected = datetime(2031, 5, 5, 9, 30).astimezone(UTC)
    assert alert.content.plan.at == expected
    form = (await (await newsroom.at("robin")).get(f"{at}/edit")).text
    assert 'value="2031-05-05T09:30"' in form


async def test_an_open_page_hears_that_its_alert_moved_on(newsroom: Newsroom) -> None:
    from bot.desk.app import _news  # noqa: PLC0415

    at = await newsroom.approved()
    desk = (await newsroom.at("robin")).desk
    topic = at.strip("/")
    before = (await _news(desk, topic))["topics"][topic]
    assert (await _news(desk, topic))["topics"][topic] == before
    await newsroom.sender.deliver_due()
    assert (await _news(desk, topic))["topics"][topic] != before
    assert "alerts" in (await _news(desk, "alerts"))["topics"]
    assert topic not in (await _news(desk, ""))["topics"]
    assert (await _news(desk, "alerts/../cases"))["reached"]


async def test_words_of_an_alert_are_shown_and_never_run(newsroom: Newsroom) -> None:
    evil = '<script>alert(1)</script> *<img src=x onerror="x">*'
    at = await newsroom.written(**{"text-en": evil, "text-ar": ""})
    page = (await (await newsroom.at("robin")).get(at)).text
    assert "<script>alert" not in page
    assert "<img" not in page


async def test_an_operator_sees_no_alert(newsroom: Newsroom) -> None:
    desk = await newsroom.at("kite")
    for path in ("/alerts", "/drills", "/alerts/new", "/alerts/x"):
        assert (await desk.get(path)).status_code == 403


def test_a_phone_shows_bold_and_nothing_else_as_markup() -> None:
    assert phone(r"a *b* \* <i>c</i>") == "a <b>b</b> * &lt;i&gt;c&lt;/i&gt;"
    assert phone("*never closed") == "*never closed"
    assert phone("*Call +000 555 0100*") == (
        '<b>Call <bdi dir="ltr" class="number">+000 555 0100</bdi></b>'
    )
    assert phone('https://x.example/"<b>') == (
        '<bdi dir="ltr">https://x.example/</bdi>&#34;&lt;b&gt;'
    )


def test_a_table_adds_up_and_counts_what_is_under_way_as_waiting() -> None:
    counts = [
        AlertCount(language="ar", outcome="delivered", reason="", number=7),
        AlertCount(language="ar", outcome="claimed", reason="", number=1),
        AlertCount(language="en", outcome="waiting", reason="", number=2),
        AlertCount(language="en", outcome="excluded", reason="silence", number=3),
    ]
    found = alert_chart.table(counts)
    assert found.columns == ("delivered", "waiting", "excluded")
    assert found.lines == (("ar", (7, 1, 0)), ("en", (0, 2, 3)))
    assert (found.sums, found.total, found.reasons) == ((7, 3, 3), 13, (("silence", 3),))
    pieces = alert_chart.bar(found)
    assert sum(one.width for one in pieces) == pytest.approx(alert_chart.WIDE, abs=0.1)
    assert alert_chart.bar(alert_chart.table([])) == ()


def test_the_chart_climbs_and_never_leaves_its_frame() -> None:
    chart = [AnswersAt(at=NOON + timedelta(minutes=m), safe=m, help=1, later=0) for m in (0, 3, 9)]
    board = Board(reached=20, safe=12, help=3, later=0, silent=5, chart=tuple(chart))
    drawn = alert_chart.chart(board)
    assert drawn is not None
    assert [(line.answer, line.last) for line in drawn.lines] == [("safe", 12), ("help", 3)]
    assert [row[1:] for row in drawn.rows] == [(0, 1, 0), (3, 2, 0), (12, 3, 0)]
    for line in drawn.lines:
        places = [tuple(map(float, one.split(","))) for one in line.points.split()]
        assert all(0 <= x <= alert_chart.WIDE and 0 <= y <= alert_chart.HIGH for x, y in places)
        assert places == sorted(places, key=lambda place: (place[0], -place[1]))
    one = Board(reached=1, safe=1, help=0, later=0, silent=0, chart=(chart[1],))
    assert alert_chart.chart(one) is not None
    assert alert_chart.chart(Board(reached=0, safe=0, help=0, later=0, silent=0, chart=())) is None


def test_every_outcome_has_its_place_in_the_table() -> None:
    assert set(alert_chart.OUTCOMES) | {"claimed"} == {one.value for one in Outcome}
