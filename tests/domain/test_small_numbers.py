"""Files hide counts that would tell who it is, and what would give the hidden ones away."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.small_numbers import LEAST, hidden


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([], ()),
        ([0, 5, 90], ("0", "5", "90")),
        ([1, 4, 90], ("<5", "<5", "90")),
        ([2, 7, 90], ("<5", "<10", "90")),
        ([90, 0, 3], ("<100", "0", "<5")),
        ([3, 0], ("<5", "0")),
    ],
)
def test_small_numbers_are_hidden_and_never_one_alone(
    numbers: list[int], shown: tuple[str, ...]
) -> None:
    assert hidden(numbers) == shown


@given(st.lists(st.integers(0, 500), max_size=9))
def test_nobody_works_a_small_number_out_from_the_sum(numbers: list[int]) -> None:
    shown = hidden(numbers)
    covered = [place for place, one in enumerate(shown) if one.startswith("<")]
    assert all(place in covered for place, number in enumerate(numbers) if 0 < number < LEAST)
    assert all(numbers[place] < int(shown[place][1:]) for place in covered)
    people = [number for number in numbers if number]
    if len(people) > 1:
        assert len(covered) != 1
