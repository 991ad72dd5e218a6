from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.flow.conditions import ConditionError, holds, names, parse

ANSWERS = {"urgency": "hours", "threats": ("killing", "slapp"), "days": "3", "skipped": ""}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("urgency is hours", True),
        ("urgency is not hours", False),
        ("urgency in [days, hours]", True),
        ("threats has killing", True),
        ("threats has any of [smear, slapp]", True),
        ("threats is killing", False),
        ("country is known", False),
        ("country is unknown and not urgency is days", True),
        ("country is not UG", True),
        ("skipped is unknown", True),
        ("urgency is days or (threats has slapp and days < 4)", True),
        ("days >= 4", False),
        ("urgency > 1", False),
        ("urgency is not known", False),
    ],
)
def test_conditions_are_true_or_false(text: str, *, expected: bool) -> None:
    assert holds(parse(text), ANSWERS) is expected


@pytest.mark.parametrize(
    "text",
    ["", "urgency", "urgency is", "is hours", "a is b c", "(a is b", "a in []", "a < b", "a ~ b"],
)
def test_what_is_no_condition_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ConditionError):
        parse(text)


@given(st.text(max_size=80))
def test_any_text_is_a_condition_or_a_condition_error(text: str) -> None:
    try:
        condition = parse(text)
    except ConditionError:
        return
    assert holds(condition, {}) in {True, False}
    assert names(condition)
