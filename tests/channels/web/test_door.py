from __future__ import annotations

from typing import Any

import pytest

from bot.domain.messages import InboundFile, InboundKind


async def test_looking_writes_nothing_and_gives_a_strict_session_cookie(
    house: Any, visitor: Any
) -> None:
    answer = await visitor.http.get("/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert "Max-Age" not in cookie
    assert not house.script.taken
    assert not house.store.boxes


async def test_every_answer_is_dressed(visitor: Any) -> None:
    for path in ("/", "/blank", "/file/none", "/static/x/chat.js"):
        answer = await visitor.http.get(path)
        assert "no-store" in answer.headers["cache-control"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cross-origin-opener-policy"] == "same-origin"
        policy = answer.headers["content-security-policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy


async def test_the_page_has_no_inline_script_or_style_and_no_foreign_address(visitor: Any) -> None:
    await visitor.post("/say", text="hello")
    page = (await visitor.http.get("/")).text
    assert " style=" not in page
    assert "<style" not in page
    assert " on" + "click" not in page
    assert "<script src=" in page
    assert page.count("<script") == 1
    assert "http://chat.onion" not in page
    assert "javascript:" not in page


async def test_words_are_taken_and_only_the_bots_answer_is_listed(house: Any, visitor: Any) -> None:
    answer = await visitor.post("/say", text="my-secret-words")
    assert answer.status_code == 303
    assert house.script.taken[0].words.reveal() == "my-secret-words"
    page = (await visitor.http.get("/")).text
    assert "<b>I am here.</b> What do you need?<br>" in page
    assert "&lt;b&gt;now&lt;/b&gt;" in page
    assert '<bdi dir="ltr">+49 30 1234567</bdi>' in page
    assert "my-secret-words" not in page


async def test_the_same_form_twice_is_one_update(house: Any, visitor: Any) -> None:
    form = await visitor.form()
    await visitor.post("/say", form, text="hello")
    await visitor.post("/say", form, text="hello")
    await visitor.post("/say", form, text="something else")
    assert len(house.script.taken) == 2


async def test_a_press_arrives_as_what_the_button_carried(house: Any, visitor: Any) -> None:
    await visitor.post("/press", data="w.sos")
    await visitor.post("/press", data="x" * 65)
    assert [(one.kind, one.data) for one in house.script.taken] == [
        (InboundKind.BUTTON, "w.sos"),
        (InboundKind.BUTTON, ""),
    ]


@pytest.mark.parametrize(
    ("change", "headers"),
    [
        ({"token": "0" * 32}, {}),
        ({}, {"origin": "https://elsewhere.example"}),
        ({}, {"sec-fetch-site": "cross-site"}),
    ],
)
async def test_a_form_from_elsewhere_is_not_taken(
    house: Any, visitor: Any, change: dict[str, str], headers: dict[str, str]
) -> None:
    form = await visitor.form() | change
    answer = await visitor.http.post("/say", data={**form, "text": "hi"}, headers=headers)
    assert answer.status_code == 403
    assert not house.script.taken


async def test_too_long_words_are_given_back(house: Any, visitor: Any) -> None:
    answer = await visitor.post("/say", text="a" * 5_001)
    assert answer.status_code == 413
    assert "a" * 5_001 in answer.text
    assert not house.script.taken
    assert (await visitor.post("/say", text="a" * 5_000)).status_code == 303


async def test_a_huge_form_is_not_read(house: Any, visitor: Any) -> None:
    assert (await visitor.post("/say", text="a" * 200_000)).status_code == 403
    assert not house.script.taken


async def test_thirty_messages_in_a_second_are_all_taken(house: Any, visitor: Any) -> None:
    form = await visitor.form()
    for number in range(30):
        assert (await visitor.post("/say", form, text=f"m{number}")).status_code == 303
    assert len(house.script.taken) == 30


async def test_a_flood_gets_a_calm_answer_with_the_words_in_it(house: Any, visitor: Any) -> None:
    form = await visitor.form()
    answers = [await visitor.post("/say", form, text=f"m{number}") for number in range(80)]
    refused = [number for number, answer in enumerate(answers) if answer.status_code == 429]
    assert refused
    assert f">m{refused[0]}</textarea>" in answers[refused[0]].text
    assert len(house.script.taken) + len(refused) == 80


async def test_what_could_not_be_committed_is_given_back(house: Any, visitor: Any) -> None:
    house.script.failing = True
    answer = await visitor.post("/say", text="please take this")
    assert answer.status_code == 503
    assert ">please take this</textarea>" in answer.text


async def test_leaving_forgets_the_cookie_and_empties_the_mailbox(house: Any, visitor: Any) -> None:
    await visitor.post("/say", text="hello")
    before = visitor.http.cookies["chat"]
    answer = await visitor.post("/leave")
    assert answer.headers["location"] == "blank"
    assert not any(house.store.boxes.values())
    assert "chat" not in visitor.http.cookies
    await visitor.http.get("/")
    assert visitor.http.cookies["chat"] != before


async def test_an_attachment_is_given_to_its_owner_alone(house: Any, visitor: Any) -> None:
    await visitor.post("/say", text="letter")
    ref = next(iter(next(iter(house.store.boxes.values()))))
    answer = await visitor.http.get(f"/file/{ref}")
    assert answer.content == b"Dear body"
    assert answer.headers["content-disposition"].startswith("attachment")
    visitor.http.cookies.clear()
    assert (await visitor.http.get(f"/file/{ref}")).status_code == 404


async def test_files_are_refused_politely_unless_somebody_keeps_them(
    house: Any, visitor: Any
) -> None:
    form = await visitor.form()
    answer = await visitor.http.post("/file", data=form, files={"file": ("x.jpg", b"123")})
    assert "Files cannot be taken here" in answer.text
    assert not house.script.taken


async def test_the_language_follows_browser_then_choice(house: Any, visitor: Any) -> None:
    page = await visitor.http.get("/", headers={"accept-language": "xx, ar-EG;q=0.9, en;q=0.1"})
    assert '<html lang="ar" dir="rtl">' in page.text
    await visitor.post("/say", text="عربي")
    assert '<html lang="ar" dir="rtl">' in (await visitor.http.get("/")).text


async def test_first_load_is_under_sixty_kilobytes(visitor: Any) -> None:
    await visitor.post("/say", text="hello")
    page = await visitor.http.get("/")
    size = len(page.content)
    for name in ("chat.css", "chat.js", "icon.svg"):
        size += len((await visitor.http.get(f"/static/x/{name}")).content)
    assert size < 60_000, size


@pytest.mark.parametrize(("size", "status"), [(300_000, 303), (600_000, 413)])
async def test_a_file_streams_to_whoever_keeps_it(
    house: Any, visitor: Any, size: int, status: int
) -> None:
    kept: list[bytes] = []

    async def keep(address: str, stream: Any) -> InboundFile:
        kept.append(b"".join([piece async for piece in stream]))
        return InboundFile(ref="kept-1", kind="document", size=len(kept[0]))

    house.door.keep_file = keep
    house.door.largest_file = 500_000
    form = await visitor.form()
    body = bytes(range(256)) * (size // 256)
    answer = await visitor.http.post("/file", data=form, files={"file": ("who-i-am.jpg", body)})
    assert answer.status_code == status
    assert kept == ([body] if status == 303 else [])
    assert [one.file.ref for one in house.script.taken] == ["kept-1"] * len(kept)


async def test_a_foreign_link_does_not_replace_a_conversation(visitor: Any) -> None:
    answer = await visitor.http.get("/", headers={"sec-fetch-site": "cross-site"})
    assert "set-cookie" not in answer.headers
    assert 'content="0;url=./"' in answer.text
