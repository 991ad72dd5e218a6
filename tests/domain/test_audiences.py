from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.audiences import (
    Audience,
    AudienceError,
    Both,
    Chose,
    Either,
    Everyone,
    Without,
    check,
    matches,
    parse,
    write,
)

UGANDA = Chose(name="country", values=("UG",))
CODES = {
    "country": ["UG", "KE", "PE"],
    "topic": ["arrests", "floods"],
    "group": ["lawyer", "youth"],
}


def leaves() -> st.SearchStrategy[Audience]:
    chosen = st.sampled_from(sorted(CODES)).flatmap(
        lambda name: st.lists(st.sampled_from(CODES[name]), min_size=1, unique=True).map(
            lambda values: Chose(name=name, values=tuple(values))
        )
    )
    return st.one_of(chosen, st.just(Everyone()))


AUDIENCES = st.recursive(
    leaves(),
    lambda inner: st.one_of(
        inner.map(lambda one: Without(inner=one)),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Both(parts=tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Either(parts=tuple(parts))),
    ),
    max_leaves=8,
)


def test_an_audience_reads_as_it_is_written() -> None:
    found = parse(
        "country is ug and (topic is Arrests or group in [lawyer, youth]) and not role is x"
    )
    assert found == Both(
        parts=(
            UGANDA,
            Either(
                parts=(
                    Chose(name="topic", values=("arrests",)),
                    Chose(name="group", values=("lawyer", "youth")),
                )
            ),
            Without(inner=Chose(name="role", values=("x",))),
        )
    )
    assert parse(write(found)) == found


@given(AUDIENCES)
def test_what_is_written_down_is_read_again_and_means_the_same(audience: Audience) -> None:
    again = parse(write(audience))
    for choices in (
        frozenset(),
        frozenset({("country", "UG"), ("topic", "floods")}),
        frozenset({("country", "PE"), ("group", "lawyer"), ("group", "youth")}),
    ):
        assert matches(again, choices) == matches(audience, choices)


@given(st.text(max_size=60))
def test_any_text_is_an_audience_or_says_where_it_is_none(text: str) -> None:
    places = [0]
    with contextlib.suppress(AudienceError):
        try:
            parse(text)
        except AudienceError as error:
            places.append(error.at)
            raise
    assert all(0 <= place <= len(text) for place in places)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", 0),
        ("country", 7),
        ("country UG", 8),
        ("tier is T2", 0),
        ("country is UG or", 16),
        ("country is UG)", 13),
        ("(country is UG", 14),
        ("country in [UG", 14),
        ("country is and", 11),
        ("country is UG; topic is x", 13),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, at: int) -> None:
    with pytest.raises(AudienceError) as caught:
        parse(text)
    assert caught.value.at == at


def test_a_code_that_nobody_can_have_chosen_is_refused() -> None:
    check(parse("country is UG and topic is arrests"), CODES)
    with pytest.raises(AudienceError, match="no country XX"):
        check(parse("topic is arrests or country is XX"), CODES)


def test_too_long_and_too_deep_texts_are_refused() -> None:
    for text in ("(" * 30 + "everyone" + ")" * 30, "not " * 100 + "everyone", "x" * 2_000):
        with pytest.raises(AudienceError):
            parse(text)
    many = " or ".join(["role is x"] * 61)
    with pytest.raises(AudienceError, match="more than"):
        parse(many)


def test_not_binds_to_the_next_test_alone() -> None:
    found = parse("not country is UG and topic is arrests")
    assert matches(found, frozenset({("topic", "arrests")}))
    assert not matches(found, frozenset({("country", "UG"), ("topic", "arrests")}))
