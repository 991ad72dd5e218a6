"""What aiogram's import leaves unbuilt, and that nobody else's types are touched."""

from __future__ import annotations

import subprocess
import sys

_TOLD = """
from pydantic import BaseModel
before = BaseModel.__dict__["model_rebuild"]
from bot.channels.telegram import session
from aiogram.types import Message, Update
print(*(one.__pydantic_complete__ for one in (Message, session.SendDocument, Update)))
print(BaseModel.__dict__["model_rebuild"] is before)
class Own(BaseModel):
    next: "Own | None" = None
print(Own(next=Own()).next is not None)
"""


def test_only_what_is_used_is_built() -> None:
    told = subprocess.run([sys.executable, "-c", _TOLD], check=True, capture_output=True, text=True)
    built, restored, own = told.stdout.splitlines()
    assert built == "True True False"
    assert restored == "True"
    assert own == "True"
