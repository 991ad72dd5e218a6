from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.telegram.markup import cut, length, read, to_html, utf16_length
from bot.channels.telegram.render import render, render_edit
from bot.domain.errors import SendError
from bot.domain.ids import LanguageTag
from bot.domain.languages import FSI, PDI, RLM, isolate
from bot.domain.messages import Attachment, Button, Keyboard, Outgoing
from bot.proofs.botapi.markup import parse_html
from bot.proofs.botapi.markup import utf16_length as as_telegram_counts
from bot.proofs.botapi.schema import load
from bot.proofs.botapi.sizes import check_markup, formatted

EN, AR = LanguageTag("en"), LanguageTag("ar")


def say(text: str, language: LanguageTag = EN, **more: object) -> Outgoing:
    return Outgoing(text=text, language=language, **more)  # type: ignore[arg-type]


def text_of(message: Outgoing) -> str:
    (part,) = render(message)
    return str(part.fields["text"])


@pytest.mark.parametrize(
    ("ours", "html"),
    [
        ("plain", "plain"),
        ("*bold* and not", "<b>bold</b> and not"),
        ("a < b & c > d", "a &lt; b &amp; c &gt; d"),
        ("*a<b*", "<b>a&lt;b</b>"),
        (r"5 \* 5", "5 * 5"),
        ("a lone * stays", "a lone * stays"),
        ("*one* two* three", "<b>one</b> two* three"),
        (r"back\slash", r"back\slash"),
        ("**", ""),
    ],
)
def test_bold_alone_is_markup(ours: str, html: str) -> None:
    assert to_html(read(ours)) == html


@given(st.text(alphabet=st.sampled_from("ab *\\<>&\n😀شä" + FSI + PDI), max_size=200), st.data())
def test_cutting_loses_nothing_but_white_space_and_fits(text: str, data: st.DataObject) -> None:
    most = data.draw(st.integers(8, 40))
    runs = read(text)
    parts = list(cut(runs, most))
    assert all(length(part) <= most for part in parts)
    joined = "".join(run.text for part in parts for run in part)
    assert re.sub(r"\s", "", joined) == re.sub(r"\s", "", "".join(run.text for run in runs))
    for part in parts:
        plain, entities = parse_html(to_html(part))
        assert plain == "".join(run.text for run in part)
        assert len(entities) == sum(run.bold for run in part)


@given(st.lists(st.text("abcdeشب", min_size=1, max_size=12), min_size=1, max_size=40))
def test_a_word_that_fits_is_never_cut(words: list[str]) -> None:
    whole = " ".join(f"*{word}*" if len(word) % 3 == 0 else word for word in words)
    seen = [
        word for part in cut(read(whole), 20) for word in "".join(run.text for run in part).split()
    ]
    assert seen == words


def test_an_isolated_name_with_spaces_is_never_cut() -> None:
    text = "x" * 15 + " " + isolate("two words")
    parts = ["".join(run.text for run in part) for part in cut(read(text), 20)]
    assert parts == ["x" * 15, isolate("two words")]


def test_a_word_bold_in_the_middle_stays_whole() -> None:
    parts = ["".join(run.text for run in part) for part in cut(read("xxxx un*believ*able"), 14)]
    assert parts == ["xxxx", "unbelievable"]


@given(st.text(max_size=300))
def test_we_count_as_the_server_counts(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    assert utf16_length(clean) == as_telegram_counts(clean)


def test_a_long_text_goes_in_parts_with_buttons_on_the_last() -> None:
    text = " ".join(["*important*", *["word"] * 3000])
    button = Button(label="Go on", data="w.menu")
    parts = render(say(text, buttons=((button,),)))
    assert len(parts) == 4
    for part in parts:
        formatted(part.fields["text"], "HTML", None, most=4096)
    assert ["reply_markup" in part.fields for part in parts] == [False, False, False, True]


@pytest.mark.parametrize("language", [EN, AR])
def test_every_call_is_right_by_the_schema(language: LanguageTag) -> None:
    rows = (
        (Button(label="SOS", data="w.sos", style="danger"), Button(label="OK", data="x")),
        (Button(label="Open", url="https://example.org"), Button(label="Copy", copy="+0 00")),
    )
    for keyboard in Keyboard:
        message = say("*Hello*", language, buttons=rows, keyboard=keyboard, silent=True)
        (part,) = render(message)
        fields = {"chat_id": 5, **part.fields}
        load().read_call("sendMessage", fields, {})
        check_markup(part.fields["reply_markup"])
        assert part.fields["protect_content"] is True
        assert part.fields["disable_notification"] is True


def test_danger_is_red_and_numbers_can_be_copied() -> None:
    row = (
        Button(label="SOS", data="w.sos", style="danger"),
        Button(label="Copy", copy="+0 00"),
        Button(label="Call", url="tel:+000"),
    )
    (part,) = render(say("x", buttons=(row,)))
    assert part.fields["reply_markup"]["inline_keyboard"] == [
        [
            {"text": "SOS", "style": "danger", "callback_data": "w.sos"},
            {"text": "Copy", "copy_text": {"text": "+0 00"}},
            {"text": "Call", "copy_text": {"text": "+000"}},
        ]
    ]


def test_rows_are_turned_round_for_languages_written_from_the_right() -> None:
    row = tuple(Button(label=label, data=label) for label in "abc")
    (part,) = render(say("مرحبا", AR, buttons=(row,)))
    labels = [button["text"] for button in part.fields["reply_markup"]["inline_keyboard"][0]]
    assert labels == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("مرحبا", False),
        ("*مرحبا*", False),
        ("1. مرحبا", False),
        ("Vigil مرحبا", True),
        ("123", True),
        (f"{RLM}Vigil", False),
        ("*SOS* مرحبا", True),
    ],
)
def test_a_text_starts_in_its_direction(
    text: str,
    marked: bool,  # noqa: FBT001 -- a column of the table
) -> None:
    plain, _ = parse_html(text_of(say(text, AR)))
    assert plain.startswith(RLM) == (marked or text.startswith(RLM))
    assert plain.count(RLM) <= 1


@pytest.mark.parametrize(
    "foreign",
    ["https://example.org/a_(b)", "desk@example.org", "+000 00 00 000", "2026-11-24", "/sos"],
)
def test_what_is_written_from_the_left_keeps_its_direction(foreign: str) -> None:
    whole, _ = parse_html(text_of(say(f"اتصل {foreign} الآن", AR)))
    assert f" {isolate(foreign)} " in whole
    already, _ = parse_html(text_of(say(f"اتصل {isolate(foreign)} الآن", AR)))
    assert already == whole
    bold, entities = parse_html(text_of(say(f"اتصل *{foreign}* الآن", AR)))
    assert isolate(foreign) in bold
    assert len(entities) == 1
    left = text_of(say(f"call {foreign} now"))
    assert left == f"call {foreign} now"


def test_a_long_text_from_the_right_fits_with_its_mark() -> None:
    for part in render(say("A" * 5000, AR)):
        formatted(part.fields["text"], "HTML", None, most=4096)


def test_reply_keyboards_carry_labels_alone_and_can_be_taken_away() -> None:
    row = (Button(label="I am safe", data="a.1.safe"),)
    (part,) = render(say("?", buttons=(row,), keyboard=Keyboard.REPLY))
    assert part.fields["reply_markup"]["keyboard"] == [[{"text": "I am safe"}]]
    (part,) = render(say("?", keyboard=Keyboard.REMOVE))
    assert part.fields["reply_markup"] == {"remove_keyboard": True}


def test_a_row_that_is_too_long_goes_on_below() -> None:
    row = tuple(Button(label=str(number), data=str(number)) for number in range(10))
    (part,) = render(say("?", buttons=(row,)))
    assert [len(row) for row in part.fields["reply_markup"]["inline_keyboard"]] == [8, 2]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (say("?", buttons=((Button(label="x", data="x"),),) * 101), "too-many-buttons"),
        (say("?", buttons=((Button(label="x", data=""),),)), "button-data"),
        (say("?", buttons=((Button(label="x", data="é" * 33),),)), "button-data"),
        (say(" "), "empty-message"),
    ],
)
def test_what_telegram_would_refuse_is_refused_before(message: Outgoing, reason: str) -> None:
    with pytest.raises(SendError) as caught:
        render(message)
    assert caught.value.reason == reason
    assert caught.value.rejected


def test_a_file_carries_a_short_text_and_follows_a_long_one() -> None:
    letter = Attachment(name="letter.docx", media_type="x/y", content=b"letter")
    (part,) = render(say("*Your letter*", attachment=letter, protect=False))
    assert part.method == "sendDocument"
    assert part.fields == {"parse_mode": "HTML", "caption": "<b>Your letter</b>"}
    first, second = render(say("word " * 400, attachment=letter))
    assert (first.method, second.method) == ("sendMessage", "sendDocument")
    assert "caption" not in second.fields


def test_an_edit_changes_text_and_buttons_alone() -> None:
    fields = render_edit(say("new", silent=True))
    assert fields is not None
    load().read_call("editMessageText", {"chat_id": 5, "message_id": 6, **fields}, {})
    assert render_edit(say("word " * 2000)) is None
    row = (Button(label="x"),)
    assert render_edit(say("x", buttons=(row,), keyboard=Keyboard.REPLY)) is None
