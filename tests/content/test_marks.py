"""YAML as editors write it: what is refused, and where it is said to stand."""

from __future__ import annotations

import pytest

from bot.content.marks import loads


@pytest.mark.parametrize(
    "text",
    ["&a [*a]", "a: &x 1\nb: *x", "a: &x [1]\nb: {<<: *x}", "? &x a\n: *x", "a: &x b\n*x : c"],
)
def test_an_alias_is_refused(text: str) -> None:
    document, problems = loads(text, file="flows/x.yaml")
    assert document is None
    assert ["alias" in problem.message for problem in problems] == [True]


def test_aliases_of_aliases_cost_nothing() -> None:
    lines = ["a0: &a0 [x, x]", *(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 60))]
    assert loads("\n".join(lines), file="flows/x.yaml")[0] is None


def test_a_list_as_a_name_is_named_with_its_line() -> None:
    document, problems = loads("a: 1\n? [b, c]\n: 2\n", file="flows/x.yaml")
    assert document is not None
    assert document.data == {"a": 1}
    assert [(problem.place.line, problem.rule) for problem in problems] == [(2, "yaml")]


def test_words_stay_words_and_numbers_numbers() -> None:
    document, problems = loads(
        'a: no\nb: true\nc: 12\nd: 1.5\ne: 2026-01-02\nf: "12"\ng:\nh: ""\n', file="flows/x.yaml"
    )
    assert document is not None
    assert not problems
    told = {name: str(value) for name, value in document.data.items()}
    assert told == {
        "a": "no", "b": "True", "c": "12", "d": "1.5", "e": "2026-01-02", "f": "12",
        "g": "None", "h": "",
    }  # fmt: skip
    assert document.data["c"] == 12
    assert document.data["f"] == "12"
    assert (document.place("e").line, document.place("e").column) == (5, 1)


@pytest.mark.parametrize("text", ["a: !!python/object:os.system x", "a: !own x", "a: !!int x"])
def test_a_tag_of_another_kind_is_a_problem_and_no_object(text: str) -> None:
    document, problems = loads(text, file="flows/x.yaml")
    assert document is not None
    assert document.data == {"a": None}
    assert len(problems) == 1
