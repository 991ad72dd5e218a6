"""The shape of a flow file, as editors write it. `docs/flow.schema.json` is made from it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,39}$")]
Sentence = Annotated[str, Field(min_length=1, max_length=4_096)]
Label = Annotated[str, Field(min_length=1, max_length=64)]
Duration = Annotated[str, Field(pattern=r"^[0-9]{1,3}[mhd]$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class OptionFile(_Strict):
    """One thing to choose."""

    id: Code
    label: Label
    goto: Id | None = None
    style: Literal["plain", "danger", "good"] = "plain"


class SilenceFile(_Strict):
    """What happens when nothing is answered for so long."""

    after: Duration
    goto: Id


class CaseFile(_Strict):
    """One way of a branch."""

    if_: str = Field(alias="if", min_length=1, max_length=500)
    goto: Id


class StepFile(_Strict):
    """One step; which one it is follows from the key that it has."""

    say: Sentence | None = None
    ask: Sentence | None = None
    branch: list[CaseFile] | None = None
    call: Id | None = None
    show: Id | None = None
    do: Id | None = None
    hand_over: Literal["hours", "days", "weeks", "months"] | None = None
    finish: Id | None = None

    keep: bool = False
    keep_place: bool = False
    everything: bool = False
    take_up: bool = False
    goto: Id | None = None
    kind: (
        Literal["choice", "choices", "country", "date", "words", "file", "confirm", "search"] | None
    ) = None
    save: Id | None = None
    label: Label | None = None
    options: list[OptionFile] | None = None
    from_: Id | None = Field(default=None, alias="from")
    invalid: Sentence | None = None
    skip: Label | None = None
    skip_to: Id | None = None
    silence: SilenceFile | None = None
    depends_on: list[Id] | None = None
    keyboard: Literal["reply"] | None = None
    days: bool = False
    else_: Id | None = Field(default=None, alias="else")
    limit: Annotated[int, Field(ge=1, le=20)] = 5
    empty: Sentence | None = None
    with_: dict[str, str] | None = Field(default=None, alias="with")
    answers: bool = False


class FlowFile(_Strict):
    """A whole flow."""

    flow: Id
    title: Label
    sensitive: bool = False
    seals: bool = False
    emergency: bool = False
    help: Sentence | None = None
    start: Id | None = None
    moves: dict[str, dict[str, str]] = Field(default_factory=dict)
    steps: Annotated[dict[Id, StepFile], Field(min_length=1, max_length=200)]


KINDS = ("say", "ask", "branch", "call", "show", "do", "hand_over", "finish")
ALLOWED = {
    "say": {"say", "keep", "goto"},
    "ask": {
        "ask", "kind", "save", "label", "options", "from_", "invalid", "skip", "skip_to",
        "silence", "depends_on", "keyboard", "days", "goto",
    },
    "branch": {"branch", "else_"},
    "call": {"call", "goto"},
    "show": {"show", "limit", "empty", "keep", "goto"},
    "do": {"do", "with_", "answers", "goto"},
    "hand_over": {"hand_over", "goto"},
    "finish": {"finish", "say", "keep_place", "everything", "take_up"},
}  # fmt: skip
"""Which keys may stand beside the one that gives a step its kind."""
