from __future__ import annotations

import pytest

from bot.understand.folding import LONGEST, for_encoder, for_grams, shortened


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HELP ME", "help me"),
        ("¿Dónde está?", "donde esta"),
        ("أخذوه", "اخذوه"),
        ("مدرســة", "مدرسه"),
        ("کمک", "كمك"),
        ("helpppp", "helpp"),
        ("help 🆘🆘", "help"),
        ("l’aide", "l'aide"),
    ],
)
def test_what_people_write_alike_is_compared_alike(one: str, other: str) -> None:
    assert for_grams(one) == for_grams(other)


def test_marks_that_are_letters_stay() -> None:
    assert for_grams("हिन्दी") != for_grams("हनद")
    assert for_grams("ကယ်ပါ") == "ကယ်ပါ"


def test_emoji_say_nothing_to_the_encoder() -> None:
    assert for_encoder("Help 🆘 me") == "help me"
    assert for_encoder("🆘") == ""


def test_of_a_very_long_text_beginning_and_end_are_read() -> None:
    text = "begin " + "x" * 10_000 + " end"
    short = shortened(text)
    assert len(short) <= LONGEST + 1
    assert short.startswith("begin")
    assert short.endswith("end")
