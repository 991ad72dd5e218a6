"""A letter as plain text: for web forms that take no file, and for the simplest devices."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from bot.guidance.letters import Kind

if TYPE_CHECKING:
    from bot.guidance.letters import Block, Letter

MEDIA_TYPE = "text/plain; charset=utf-8"

_CUT = "-" * 60


def to_text(letter: Letter) -> bytes:
    """Return the letter as UTF-8 text; blanks stand in brackets with room after them."""
    return ("\n".join(_line(block) for block in letter.blocks).strip() + "\n").encode()


def _line(block: Block) -> str:
    text = "".join(f"[{run.text}: ____]" if run.blank else run.text for run in block.runs)
    match block.kind:
        case Kind.TITLE:
            return f"{text}\n{'=' * len(text)}\n"
        case Kind.HEADING:
            return f"\n{text}\n{'-' * len(text)}"
        case Kind.CHECK:
            return f"[ ] {text}"
        case Kind.ITEM:
            return f"  - {text}"
        case Kind.WORDS:
            return f"  > {text}"
        case Kind.PAGE:
            return f"\n{_CUT}\n"
        case Kind.PARAGRAPH | Kind.FIELD:
            return text
        case _ as never:
            assert_never(never)
