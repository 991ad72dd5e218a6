"""Languages of one script are told apart by what only one of them writes."""

from __future__ import annotations

import pytest

from bot.understand.language import Languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        # The word in the middle is "from" or "who" in Arabic and "I" in Persian.
        ("لا أعرف من هم", "ar"),
        ("فُصلت من عملي بسبب نشاطي", "ar"),
        ("الحقونا خدوه من البيت", "ar"),
        ("من در خطر هستم کمک کنید", "fa"),
        ("می‌خواهند مرا بگیرند", "fa"),
        ("не знаю кто это", "ru"),
        ("я не знаю що робити", "uk"),
    ],
)
def test_neighbours_of_one_script_are_told_apart(text: str, language: str) -> None:
    guess = Languages().guess(text)
    assert guess is not None
    assert guess.language == language


def test_arabic_with_a_word_that_persian_has_too_is_never_clearly_persian() -> None:
    guess = Languages().guess("سألوا من كان هناك")
    assert guess is not None
    assert (guess.language, guess.clear) != ("fa", True)
