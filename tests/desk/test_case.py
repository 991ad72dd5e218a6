"""A case is opened here, in the coordinator's language; what is written here leaves it sealed."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import docx
import pytest

from bot.contract.cases import State, Urgency
from bot.contract.items import Answered, FileHead, Note, read_item
from bot.contract.operations import Role
from bot.vault.envelope import open_item
from tests.desk.small_server import NOON

if TYPE_CHECKING:
    from tests.desk.conftest import Browser
    from tests.desk.small_server import SmallServer

CASE = "7f3a-0001"
AT = f"/cases/{CASE}"


def opened(server: SmallServer, place: int) -> Any:
    held = server.cases[CASE]
    kind = held.heads[place].kind
    clear = open_item(held.key, held.bodies[place], case=CASE, sequence=place, kind=kind)
    return read_item(kind, clear)


@pytest.fixture
async def taken(browser: Browser) -> Browser:
    await browser.post("/take", case=CASE)
    return browser


async def test_the_queue_shows_the_envelope_and_nothing_inside(browser: Browser) -> None:
    text = (await browser.get("/")).text
    assert "7F3A" in text
    assert "Red: hours" in text
    assert "Arabic" in text
    assert "Uganda" not in text
    assert "يراقبون" not in text


async def test_coded_answers_are_in_the_coordinators_language_and_words_as_written(
    taken: Browser,
) -> None:
    await taken.post("/language", language="fr")
    text = (await taken.get(AT)).text
    for label in ("Menace de mort", "Ouganda", "Police", "Un lieu sûr"):
        assert label in text
    assert '<blockquote lang="ar" dir="auto">يراقبون بيتي منذ أيام.' in text
    assert '<html lang="fr" dir="ltr">' in text
    await taken.post("/language", language="ar")
    assert '<html lang="ar" dir="rtl">' in (await taken.get(AT)).text


async def test_words_of_a_person_are_shown_and_never_run(
    taken: Browser, server: SmallServer
) -> None:
    server.append(CASE, "note", json.dumps({
        "text": "<script>alert(1)</script>", "by": '"><img src=x>', "at": "2031-05-04T12:00:00Z",
    }).encode())  # fmt: skip
    text = (await taken.get(AT)).text
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


async def test_an_answer_reaches_the_server_once_and_the_file_sealed(
    taken: Browser, server: SmallServer
) -> None:
    place = len(server.cases[CASE].heads)
    response = await taken.post(f"{AT}/answer", words="Nous vous lisons.", language="fr")
    assert response.url.path == AT
    assert "on its way" in response.text
    asked = dict(server.asked)["cases.answer"]
    assert (asked.words, asked.language, asked.sequence) == ("Nous vous lisons.", "fr", place)
    assert b"Nous" not in asked.sealed
    copy = opened(server, place)
    assert copy == Answered(text="Nous vous lisons.", language="fr", by="Robin", at=NOON)


async def test_a_note_leaves_the_desk_sealed_only(taken: Browser, server: SmallServer) -> None:
    before = len(server.asked)
    await taken.post(f"{AT}/note", text="Canary of a note")
    assert isinstance(opened(server, len(server.cases[CASE].heads) - 1), Note)
    assert "Canary" not in repr(server.asked[before:])


async def test_somebody_quicker_costs_no_words(taken: Browser, server: SmallServer) -> None:
    """The place in the file was taken meanwhile: the desk seals again for the next one."""
    real = server.do_cases_add
    calls = []

    def raced(who: Any, asked: Any) -> Any:
        if not calls:
            calls.append(asked)
            server.append(CASE, "note", b'{"text":"x","by":"Wren","at":"2031-05-04T12:00:00Z"}')
        return real(who, asked)

    server.do_cases_add = raced  # type: ignore[method-assign]
    response = await taken.post(f"{AT}/note", text="Mine")
    assert response.status_code == 200
    assert opened(server, len(server.cases[CASE].heads) - 1).text == "Mine"


@pytest.mark.parametrize("code", ["not-reachable", "too-fast", "case-closed", "refused"])
async def test_an_answer_that_is_refused_is_given_back(
    taken: Browser, server: SmallServer, code: str
) -> None:
    server.refuse["cases.answer"] = code
    response = await taken.post(f"{AT}/answer", words="Do not lose me", language="en")
    assert response.status_code == 409
    assert "Do not lose me</textarea>" in response.text


async def test_a_server_that_goes_away_costs_no_words(taken: Browser, server: SmallServer) -> None:
    server.refuse["cases.open"] = "no-server"
    response = await taken.post(f"{AT}/note", text="Do not lose me")
    assert response.status_code == 409
    server.refuse.clear()
    assert "Do not lose me</textarea>" in (await taken.get(AT)).text


async def test_an_item_that_was_changed_or_moved_is_said_to_be_unreadable(
    taken: Browser, server: SmallServer
) -> None:
    held = server.cases[CASE]
    held.bodies[0], held.bodies[1] = held.bodies[1], held.bodies[0]
    text = (await taken.get(AT)).text
    assert re.search(r"do not open with your key, or were changed:</p>|changed: 2", text)
    assert "يراقبون" not in text


async def test_a_case_wrapped_to_others_is_said_to_be_so(
    taken: Browser, server: SmallServer
) -> None:
    other = server.add_case("9999-0009").wrapped
    server.cases[CASE].wrapped = other[:-4] + b"xxxx"
    response = await taken.get(AT)
    assert response.status_code == 409
    assert "Your key does not open this" in response.text


async def test_lowering_the_urgency_needs_a_reason_that_is_sealed(
    taken: Browser, server: SmallServer
) -> None:
    none = await taken.post(f"{AT}/urgency", urgency="weeks", reason="")
    assert "why the urgency changes" in none.text
    assert server.cases[CASE].summary.urgency is Urgency.RED
    await taken.post(f"{AT}/urgency", urgency="weeks", reason="They are safe now")
    assert server.cases[CASE].summary.urgency is Urgency.YELLOW
    assert opened(server, len(server.cases[CASE].heads) - 1).text == "They are safe now"
    wrong = await taken.post(f"{AT}/urgency", urgency="purple", reason="x")
    assert wrong.status_code == 409


async def test_a_case_is_handed_over_closed_and_opened_again(
    taken: Browser, server: SmallServer
) -> None:
    none = await taken.post(f"{AT}/close", outcome="", text="last")
    assert "Choose how the case ended" in none.text
    closed = await taken.post(f"{AT}/close", outcome="advised", text="The last note")
    assert "This case is closed" in closed.text
    assert "The last note" in closed.text
    assert 'action="/cases/7f3a-0001/answer"' not in closed.text
    await taken.post(f"{AT}/reopen")
    assert server.cases[CASE].summary.state is State.TAKEN
    given = await taken.post(f"{AT}/give", to="c-wren")
    assert given.url.path == "/"
    assert server.cases[CASE].summary.assigned_to == "c-wren"


async def test_retention_is_shortened_and_nonsense_is_refused(
    taken: Browser, server: SmallServer
) -> None:
    before = server.cases[CASE].summary.expires_at
    for days in ("0", "366", "x", "", "-1", "٣x"):
        assert (await taken.post(f"{AT}/retention", days=days)).status_code == 409
    await taken.post(f"{AT}/retention", days="7")
    assert server.cases[CASE].summary.expires_at < before


@pytest.mark.parametrize("language", ["en", "ar"])
async def test_one_case_is_exported_with_the_mark_of_the_record(
    taken: Browser, server: SmallServer, language: str
) -> None:
    await taken.post("/language", language=language)
    response = await taken.post(f"{AT}/export", form="docx")
    assert [name for name, _ in server.asked][-1] == "exports.case"
    document = docx.Document(io.BytesIO(response.content))
    text = "\n".join(one.text for one in document.paragraphs)
    assert "يراقبون بيتي منذ أيام." in text
    assert "e-17" in document.sections[0].footer.paragraphs[0].text
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    assert ("Uganda" if language == "en" else "أوغندا") in cells
    plain = (await taken.post(f"{AT}/export", form="json")).json()
    assert plain["mark"] == "e-17"
    assert plain["cases"][0]["items"][1]["content"]["text"].startswith("يراقبون")


async def test_an_export_that_is_not_recorded_is_not_written(
    taken: Browser, server: SmallServer
) -> None:
    server.refuse["exports.case"] = "refused"
    response = await taken.post(f"{AT}/export", form="docx")
    assert response.headers["content-type"].startswith("text/html")


async def test_an_original_is_saved_and_a_clean_copy_is_shown(
    taken: Browser, server: SmallServer
) -> None:
    one = server.append(CASE, "file-part", b"GIF89a-first")
    two = server.append(CASE, "file-part", b"-second")
    clean = server.append(CASE, "file-clean", b"\x89PNG clean")
    head = FileHead(
        name="../<b>x</b>.html", media_type="image/gif", size=19, parts=(one, two),
        clean_parts=(clean,), clean_type="image/png", at=NOON,
    )  # fmt: skip
    place = server.append(CASE, "file", json.dumps(
        {"name": head.name, "media_type": head.media_type, "size": 19, "parts": [one, two],
         "clean_parts": [clean], "clean_type": "image/png", "at": "2031-05-04T12:00:00Z"},
    ).encode())  # fmt: skip
    original = await taken.get(f"{AT}/files/{place}")
    assert original.content == b"GIF89a-first-second"
    assert original.headers["content-type"] == "application/octet-stream"
    assert original.headers["content-disposition"].endswith(".original")
    assert "/" not in original.headers["content-disposition"].split("''")[1]
    shown = await taken.get(f"{AT}/images/{place}")
    assert (shown.content, shown.headers["content-type"]) == (b"\x89PNG clean", "image/png")
    assert "sandbox" in shown.headers["content-security-policy"]
    assert f'src="{AT}/images/{place}"' in (await taken.get(AT)).text
    assert (await taken.get(f"{AT}/images/0")).status_code == 409


async def test_an_html_file_is_never_shown_as_a_picture(
    taken: Browser, server: SmallServer
) -> None:
    clean = server.append(CASE, "file-clean", b"<script>")
    place = server.append(CASE, "file", json.dumps(
        {"name": "x", "media_type": "text/html", "size": 8, "clean_parts": [clean],
         "clean_type": "text/html", "at": "2031-05-04T12:00:00Z"},
    ).encode())  # fmt: skip
    assert (await taken.get(f"{AT}/images/{place}")).status_code == 409


async def test_a_set_of_cases_leaves_only_when_somebody_else_agrees(
    taken: Browser, server: SmallServer
) -> None:
    server.add_case("aaaa-0002", assigned_to="c-robin", state=State.TAKEN)
    one = await taken.post("/exports", case=CASE, form="json")
    assert "at least two cases" in one.text
    await taken.post("/exports", case=[CASE, "aaaa-0002"], form="json")
    assert "Waits for somebody else" in (await taken.get("/exports")).text
    own = await taken.post(
        "/exports/x-0/approve", headers={"referer": "http://127.0.0.1:5001/exports"}
    )
    assert "Somebody else must approve it" in own.text
    early = await taken.post("/exports/x-0/use")
    assert early.headers["content-type"].startswith("text/html")
    server.do_exports_approve(server.people["wren"], type("N", (), {"export": "x-0"}))
    written = await taken.post("/exports/x-0/use")
    assert [len(case["items"]) for case in written.json()["cases"]] == [3, 0]
    again = await taken.post("/exports/x-0/use")
    assert again.headers["content-type"].startswith("text/html")


async def test_an_operator_sees_people_and_keys_and_no_case(
    browser: Browser, server: SmallServer
) -> None:
    seat = browser.desk.seat
    assert seat.me is not None
    seat.me = replace(seat.me, roles=(Role.OPERATOR,))
    before = len(server.asked)
    assert (await browser.get("/")).url.path == "/keys"
    assert (await browser.get(AT)).status_code == 403
    assert (await browser.post(f"{AT}/answer", words="x")).status_code == 403
    assert (await browser.get("/exports")).status_code == 403
    assert not {name for name, _ in server.asked[before:]} & {"cases.open", "cases.answer"}


async def test_a_letter_is_made_here_from_what_was_opened_here(
    taken: Browser, server: SmallServer
) -> None:
    page = (await taken.get(f"{AT}/letter")).text
    assert "agreed to nothing beyond this team" in page
    body = re.search(r'<option value="([a-z0-9-]+)">', page)
    assert body is not None
    before = len(server.asked)
    response = await taken.post(f"{AT}/letter", body=body[1], language="fr", words="1")
    assert response.headers["content-disposition"].endswith("letter.docx")
    written = "\n".join(one.text for one in docx.Document(io.BytesIO(response.content)).paragraphs)
    assert "يراقبون بيتي منذ أيام." in written
    # The server hears that something was taken out, and nothing of it.
    assert [name for name, _ in server.asked[before:] if name.startswith("exports")] == [
        "exports.case"
    ]
    assert body[1] not in repr(server.asked[before:])
    without = await taken.post(f"{AT}/letter", body=body[1], language="fr")
    text = "\n".join(one.text for one in docx.Document(io.BytesIO(without.content)).paragraphs)
    assert "يراقبون" not in text
    assert (await taken.post(f"{AT}/letter", body="no-such-body")).status_code == 409


async def test_consent_is_shown_with_the_language_and_version_of_what_was_agreed_to(
    taken: Browser,
) -> None:
    assert "<small>(Arabic, 1)</small>" in (await taken.get(AT)).text
