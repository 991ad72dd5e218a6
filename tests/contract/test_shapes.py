"""What the desk and the server say survives the way, and nothing else gets through."""

from __future__ import annotations

import json
import typing
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.contract.cases import AnswerPerson, AskQueue, CaseSummary, GiveCase, State, Urgency
from bot.contract.items import KINDS, Answers, CodedAnswer, WrittenWords, read_item, write_item
from bot.contract.operations import Nothing
from bot.contract.people import AskAudit, AskWrapped, PutWrapped, WrappedKey
from bot.contract.registry import OPERATIONS
from bot.contract.shapes import ShapeError, from_strings, hints, parse, plain

NOON = datetime(2026, 5, 3, 12, tzinfo=UTC)
SUMMARY = CaseSummary(
    case="7F3A-01", kind="report", urgency=Urgency.RED, state=State.WAITING, language="ar",
    created_at=NOON, answer_by=NOON, late=False, expires_at=NOON, size=4096, assigned_to=None,
    readers=3, unread=2, mine=False,
)  # fmt: skip


def test_what_is_written_is_read_back() -> None:
    assert parse(CaseSummary, json.loads(json.dumps(plain(SUMMARY)))) == SUMMARY


@given(st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=12,
))  # fmt: skip
def test_garbage_is_refused_with_a_shape_error(value: Any) -> None:
    for operation in OPERATIONS.values():
        if operation.request is Nothing:
            continue
        try:
            parse(operation.request, value)
        except ShapeError:
            continue
        # Only a request whose every field may be left out takes an empty object.
        assert value == {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("case", "../etc"), ("case", ""), ("case", 7), ("case", "x" * 65), ("case", None),
        ("readers", True), ("readers", -1), ("readers", 1.0), ("readers", "3"),
        ("urgency", "U9"), ("created_at", "2026-05-03T12:00:00"), ("created_at", "soon"),
        ("language", "fr_FR"), ("late", 1), ("mine", "yes!"), ("case", "a\0b"),
    ],
)  # fmt: skip
def test_a_value_out_of_bounds_is_named_and_not_repeated(field: str, value: object) -> None:
    written = plain(SUMMARY) | {field: value}
    with pytest.raises(ShapeError) as caught:
        parse(CaseSummary, written)
    assert caught.value.field == field
    assert len(str(value)) < 3 or str(value) not in str(caught.value)


def test_unknown_and_missing_fields_are_refused() -> None:
    with pytest.raises(ShapeError, match="not known"):
        parse(GiveCase, {"case": "a", "to": "b", "roles": ["lead"]})
    with pytest.raises(ShapeError, match="to: is missing"):
        parse(GiveCase, {"case": "a"})


def test_lists_are_bounded_and_errors_name_the_place() -> None:
    key = WrappedKey(case="a", wrapped=b"x" * 64)
    good = plain(PutWrapped(version=1, keys=(key,)))
    assert parse(PutWrapped, good).keys == (key,)
    good["keys"].append({"case": "b", "wrapped": "!!"})
    with pytest.raises(ShapeError) as caught:
        parse(PutWrapped, good)
    assert caught.value.field == "keys.1.wrapped"
    with pytest.raises(ShapeError, match="entries"):
        parse(PutWrapped, {"version": 1, "keys": []})


def test_addresses_hold_strings_and_become_what_is_declared() -> None:
    assert from_strings(AskAudit, {"limit": "7"}) == AskAudit(limit=7)
    assert from_strings(AskQueue, {"closed": "true"}) == AskQueue(closed=True)
    assert from_strings(AskWrapped, {"after": "17"}) == AskWrapped(after="17")
    for bad in ("x", "7.0", "", "٣"):
        with pytest.raises(ShapeError):
            from_strings(AskAudit, {"limit": bad})


def test_words_never_show_in_a_repr() -> None:
    asked = AnswerPerson(case="a", words="my words", language="en", sequence=1, sealed=b"s" * 32)
    item = WrittenWords(text="my words", language="en", at=NOON)
    coded = CodedAnswer(step="threat", name="threat", values=("my words",))
    held = Answers(flow="report", answers=(coded,), at=NOON)
    assert "my words" not in repr((asked, item, coded, held))


def test_an_item_is_read_back_under_its_kind_only() -> None:
    item = WrittenWords(text="كلماتي", language="ar", at=NOON)
    kind, clear = write_item(item)
    assert kind == "words"
    assert read_item(kind, clear) == item
    for other in (*(set(KINDS) - {kind}), "unheard-of"):
        with pytest.raises(ShapeError):
            read_item(other, clear)
    with pytest.raises(ShapeError):
        read_item(kind, b"\xff")


def test_every_text_of_a_request_is_bounded() -> None:
    """An unbounded field would let one request fill memory or a row."""
    for operation in OPERATIONS.values():
        for name, kind in hints(operation.request).items():
            if kind in {str, bytes, int}:
                pytest.fail(f"{operation.name}: {name} has no bounds")
            if typing.get_origin(kind) is tuple:
                pytest.fail(f"{operation.name}: {name} has no bounds")
