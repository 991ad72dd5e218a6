"""Nobody sends an alert alone: every way to try it is asked over HTTP, refused and written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.contract.alerts import (
    ActOnAlert,
    AlertText,
    ApproveAlert,
    NameAlert,
    RecallAlert,
    Severity,
    WriteAlert,
)
from bot.contract.operations import Nothing
from bot.contract.registry import OPERATIONS
from bot.domain.broadcasts import Act, Rules, State
from bot.domain.ids import AlertId

if TYPE_CHECKING:
    import httpx

    from bot.domain.broadcasts import Alert
    from tests.api.desk_house import DeskHouse

A1 = "alert-one"


def draft(**more: Any) -> WriteAlert:
    written: dict[str, Any] = {
        "alert": A1, "severity": Severity.AMBER, "audience": "everyone", "fallback": "en",
        "texts": (AlertText(language="en", text="Stay away from Kestrel Square."),),
        "correction": (AlertText(language="en", text="It is over."),),
    }  # fmt: skip
    return WriteAlert(**(written | more))


@dataclass
class Newsroom:
    """Robin and Wren answer, Heron leads, Kite keeps the machine; each is signed in."""

    house: DeskHouse
    tokens: dict[str, str]

    async def ask(self, who: str, verb: str, asked: Any, kind: str = "alerts") -> httpx.Response:
        return await self.house.ask(self.tokens[who], f"{kind}.{verb}", asked)

    async def does(self, who: str, verb: str, asked: Any, kind: str = "alerts") -> Any:
        response = await self.ask(who, verb, asked, kind)
        assert response.status_code in {200, 204}, response.text
        return response.json() if response.status_code == 200 else None

    async def refuses(
        self, who: str, verb: str, asked: Any, code: str, kind: str = "alerts"
    ) -> None:
        """Ask it; nothing may have changed but the log, which says who tried what and why not."""
        before, entries = await self.alert(), await self.log()
        response = await self.ask(who, verb, asked, kind)
        assert (response.status_code >= 400, response.json()["code"]) == (True, code)
        assert await self.alert() == before
        new = (await self.log())[len(entries) :]
        noted = (f"{kind.removesuffix('s')}-{verb}-refused", f"c-{who}", code)
        assert [(one.act, one.actor, one.note) for one in new] == [noted]

    async def alert(self, id_: str = A1) -> Alert | None:
        return await self.house.store.read(lambda tx: tx.alerts.get(AlertId(id_)))

    async def log(self) -> list[Any]:
        found = await self.house.store.read(lambda tx: tx.audit.entries(limit=100_000))
        return list(reversed(found))

    async def submitted(self, who: str = "robin", **more: Any) -> Any:
        await self.does(who, "write", draft(**more))
        return await self.does(who, "submit", ActOnAlert(alert=A1, version=1))

    async def stands(self, state: State, **more: Any) -> None:
        """Put the alert where time and delivery would have brought it."""
        alert = await self.alert()
        assert alert is not None
        changed = replace(alert, state=state, **more)
        await self.house.store.write(lambda tx: tx.alerts.replace(changed))


def yes(version: int = 2, frozen: int = 8) -> ApproveAlert:
    return ApproveAlert(alert=A1, version=version, frozen=frozen)


@pytest.fixture
async def newsroom(make_house: Any) -> Newsroom:
    house = await make_house()
    await house.subscribers(8)
    names = ("robin", "wren", "heron", "kite")
    return Newsroom(house, {name: await house.token(name) for name in names})


async def test_one_writes_another_approves_and_it_goes(newsroom: Newsroom) -> None:
    shown = await newsroom.submitted()
    assert (shown["head"]["state"], shown["head"]["frozen"]) == ("submitted", 8)
    assert "approve" not in shown["may"]
    theirs = await newsroom.does("wren", "show", NameAlert(alert=A1))
    assert "approve" in theirs["may"]
    done = await newsroom.does("wren", "approve", yes())
    assert (done["head"]["state"], done["approved_by"]) == ("scheduled", "c-wren")
    acts = [one.act for one in await newsroom.log() if one.subject == A1]
    assert acts == ["alert-drafted", "alert-submitted", "alert-approved"]


async def test_nobody_approves_what_they_wrote_changed_or_submitted(newsroom: Newsroom) -> None:
    await newsroom.submitted()
    await newsroom.refuses("robin", "approve", yes(), "own-alert")
    await newsroom.does("wren", "return", ActOnAlert(alert=A1, version=2))
    # Whoever changes a word of somebody else's alert is one of its authors from then on.
    await newsroom.does("wren", "write", draft(version=3, audience="language is ar"))
    await newsroom.does("heron", "submit", ActOnAlert(alert=A1, version=4))
    for who in ("robin", "wren", "heron"):
        await newsroom.refuses(who, "approve", yes(5, 2), "own-alert")


async def test_also_a_lead_does_not_approve_their_own(newsroom: Newsroom) -> None:
    await newsroom.submitted("heron")
    await newsroom.refuses("heron", "approve", yes(), "own-alert")


async def test_a_small_list_may_go_alone_but_never_red(make_house: Any) -> None:
    house = await make_house(rules=Rules(alone_up_to=10))
    await house.subscribers(8)
    newsroom = Newsroom(house, {"robin": await house.token("robin")})
    await newsroom.submitted(severity=Severity.RED)
    await newsroom.refuses("robin", "approve", yes(), "own-alert")
    await newsroom.does("robin", "return", ActOnAlert(alert=A1, version=2))
    await newsroom.does("robin", "write", draft(version=3))
    await newsroom.does("robin", "submit", ActOnAlert(alert=A1, version=4))
    assert (await newsroom.does("robin", "approve", yes(5)))["head"]["state"] == "scheduled"


async def test_a_frozen_list_and_text_cannot_be_widened(newsroom: Newsroom) -> None:
    await newsroom.submitted(audience="language is ar")
    wider = draft(version=2, audience="everyone")
    await newsroom.refuses("robin", "write", wider, "state")
    # Somebody joins meanwhile: the list that was approved is the list that was shown.
    await newsroom.refuses("wren", "approve", yes(2, 8), "changed")
    await newsroom.refuses("wren", "approve", yes(1, 2), "changed")
    await newsroom.does("wren", "approve", yes(2, 2))
    for version in (0, 2, 3):
        await newsroom.refuses("robin", "write", replace(wider, version=version), "state")
    await newsroom.refuses("robin", "submit", ActOnAlert(alert=A1, version=3), "state")
    await newsroom.refuses("robin", "return", ActOnAlert(alert=A1, version=3), "state")


async def test_what_was_swapped_between_looking_and_approving_does_not_go(
    newsroom: Newsroom,
) -> None:
    await newsroom.submitted()
    await newsroom.does("robin", "return", ActOnAlert(alert=A1, version=2))
    other = (AlertText(language="en", text="Come to Kestrel Square."),)
    await newsroom.does("robin", "write", draft(version=3, texts=other))
    await newsroom.does("robin", "submit", ActOnAlert(alert=A1, version=4))
    await newsroom.refuses("wren", "approve", yes(2), "changed")


async def test_a_correction_has_no_new_words_and_goes_once(newsroom: Newsroom) -> None:
    await newsroom.submitted(correction=())
    await newsroom.does("wren", "approve", yes())
    await newsroom.refuses("robin", "correct", NameAlert(alert=A1), "state")
    await newsroom.stands(State.COMPLETE)
    await newsroom.refuses("robin", "correct", NameAlert(alert=A1), "no-text")


async def test_a_drill_never_becomes_an_alert_nor_is_one_found_among_the_other(
    newsroom: Newsroom,
) -> None:
    await newsroom.does("robin", "write", draft(), "drills")
    on_the_other_path = [
        ("show", NameAlert(alert=A1)), ("write", draft(version=1)),
        ("submit", ActOnAlert(alert=A1, version=1)), ("approve", yes(1)),
        ("return", ActOnAlert(alert=A1, version=1)), ("discard", NameAlert(alert=A1)),
        ("pause", NameAlert(alert=A1)), ("resume", NameAlert(alert=A1)),
        ("abort", NameAlert(alert=A1)), ("recall", RecallAlert(alert=A1)),
        ("correct", NameAlert(alert=A1)), ("picture", NameAlert(alert=A1)),
        ("board", NameAlert(alert=A1)), ("export", NameAlert(alert=A1)),
    ]  # fmt: skip
    for verb, asked in on_the_other_path:
        await newsroom.refuses("heron", verb, asked, "no-such-alert")
    assert (await newsroom.does("wren", "list", Nothing()))["alerts"] == []
    drills = (await newsroom.does("wren", "list", Nothing(), "drills"))["alerts"]
    assert [(one["alert"], one["drill"]) for one in drills] == [(A1, True)]


async def test_only_who_paused_it_or_a_lead_lets_it_go_on(newsroom: Newsroom) -> None:
    await newsroom.submitted()
    await newsroom.does("wren", "approve", yes())
    await newsroom.stands(State.PAUSED, paused_by="c-wren")
    await newsroom.refuses("robin", "resume", NameAlert(alert=A1), "not-yours")
    await newsroom.does("heron", "resume", NameAlert(alert=A1))


async def test_a_canary_that_the_house_stopped_is_not_widened_by_its_author(
    newsroom: Newsroom,
) -> None:
    await newsroom.submitted("heron")
    await newsroom.does("wren", "approve", yes())
    await newsroom.stands(State.PAUSED, paused_for="canary")
    await newsroom.refuses("heron", "resume", NameAlert(alert=A1), "own-alert")
    await newsroom.refuses("robin", "resume", NameAlert(alert=A1), "not-yours")


async def test_a_draft_of_somebody_else_is_not_thrown_away(newsroom: Newsroom) -> None:
    await newsroom.does("robin", "write", draft())
    await newsroom.refuses("wren", "discard", NameAlert(alert=A1), "not-yours")
    await newsroom.does("heron", "discard", NameAlert(alert=A1))
    assert await newsroom.alert() is None


EVERY_VERB = {
    "list": Nothing(), "write": draft(version=1), "show": NameAlert(alert=A1),
    "discard": NameAlert(alert=A1), "submit": ActOnAlert(alert=A1, version=1),
    "return": ActOnAlert(alert=A1, version=1), "approve": yes(1), "pause": NameAlert(alert=A1),
    "resume": NameAlert(alert=A1), "abort": NameAlert(alert=A1), "recall": RecallAlert(alert=A1),
    "correct": NameAlert(alert=A1), "picture": NameAlert(alert=A1), "board": NameAlert(alert=A1),
    "export": NameAlert(alert=A1),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["alerts", "drills"])
async def test_an_operator_may_nothing_and_each_try_is_written_down(
    newsroom: Newsroom, kind: str
) -> None:
    await newsroom.does("robin", "write", draft(), kind)
    verbs = {name.partition(".")[2] for name in OPERATIONS if name.startswith(f"{kind}.")}
    assert verbs - {"vocabulary"} == set(EVERY_VERB)
    for verb, asked in EVERY_VERB.items():
        await newsroom.refuses("kite", verb, asked, "not-allowed", kind)


async def test_whoever_lost_their_role_lost_alerts_with_it(newsroom: Newsroom) -> None:
    await newsroom.submitted()
    house = newsroom.house
    gone = house.coordinator("wren", frozenset())
    await house.store.write(lambda tx: tx.coordinators.put(gone))
    await newsroom.refuses("wren", "approve", yes(), "not-allowed")


async def test_forged_fields_are_refused_and_written_down(newsroom: Newsroom) -> None:
    await newsroom.submitted()
    headers = {"Authorization": f"Bearer {newsroom.tokens['robin']}"}
    http = newsroom.house.http
    forged: list[tuple[str, str, Any]] = [
        ("POST", f"/alerts/{A1}/approve", {"version": 2, "frozen": 8, "actor": "c-wren"}),
        ("POST", f"/alerts/{A1}/approve", {"version": 2, "frozen": -1}),
        ("POST", f"/alerts/{A1}/approve", {"version": 2, "frozen": 8, "alert": "another"}),
        ("PUT", f"/alerts/{A1}", {"approved_by": "c-wren", "state": "scheduled"}),
        ("POST", f"/alerts/{A1}/recall", {"edits": True, "text": "New words"}),
        ("POST", f"/alerts/{A1}/correct", {"texts": [{"language": "en", "text": "New words"}]}),
    ]  # fmt: skip
    before = await newsroom.alert()
    for number, (method, path, body) in enumerate(forged, 1):
        response = await http.request(method, path, json=body, headers=headers)
        assert (response.status_code, response.json()["code"]) == (422, "wrong")
        refusals = [one for one in await newsroom.log() if one.act.endswith("-refused")]
        assert [(one.actor, one.subject, one.note) for one in refusals] == (
            [("c-robin", A1, "wrong")] * number
        )
    assert await newsroom.alert() == before


async def test_what_stands_in_an_address_is_kept_only_when_it_can_be_an_id(
    newsroom: Newsroom,
) -> None:
    headers = {"Authorization": f"Bearer {newsroom.tokens['robin']}"}
    await newsroom.house.http.get("/alerts/some%20words%20here", headers=headers)
    last = (await newsroom.log())[-1]
    assert (last.act, last.subject, last.note) == ("alert-show-refused", "", "wrong")


async def test_nobody_floods_the_log_with_refusals(make_house: Any) -> None:
    from bot.services.floods import Floods  # noqa: PLC0415

    house = await make_house(options={"floods": Floods(burst=6, per_second=0.0)})
    newsroom = Newsroom(house, {"kite": await house.token("kite")})
    headers = {"Authorization": f"Bearer {newsroom.tokens['kite']}"}
    answers = [
        (await house.http.get("/alerts?x=1", headers=headers)).json()["code"] for _ in range(12)
    ]
    refusals = [one for one in await newsroom.log() if one.act == "alert-list-refused"]
    assert answers[-1] == "too-fast"
    assert len(refusals) == answers.count("wrong") < len(answers)


async def test_the_words_of_an_alert_are_in_no_log_and_no_entry(newsroom: Newsroom) -> None:
    await newsroom.submitted()
    await newsroom.refuses("robin", "approve", yes(), "own-alert")
    assert "Kestrel" not in repr(await newsroom.log()) + repr(await newsroom.alert())


def test_every_act_that_a_coordinator_has_is_an_operation() -> None:
    by_the_house = {Act.BEGIN, Act.WIDEN, Act.FINISH, Act.EMPTIED}
    served = {name.partition(".")[2] for name in OPERATIONS if name.startswith("alerts.")}
    assert {one.value for one in Act if one not in by_the_house} - {"edit"} <= served
