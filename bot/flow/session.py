"""Where a person stands in a conversation: coded answers and places, never words.

A session is one value; it is stored as one encrypted blob and can be written and read between any
two turns without a difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bot.domain.ids import FlowHash, FlowId, StepId

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = str | tuple[str, ...]
"""A code, several codes, an ISO date, a country; "given" for words and files, "" for skipped."""

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """One flow that is under way; called flows stand above their caller."""

    flow: FlowId
    hash: FlowHash
    step: StepId
    answers: Mapping[str, Answer] = field(default_factory=dict)
    trail: tuple[StepId, ...] = ()
    """Questions answered here, oldest first: the way back."""
    called: bool = False
    """True for a flow that its caller waits for; False for a matter of its own."""
    resume_at: StepId | None = None
    """While an answer is corrected: the step at which the person stood before."""
    stale: frozenset[str] = frozenset()
    """Answers that the correction made doubtful and that are asked again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A question of the engine's own that stands before the flow's: see `PendingKind`."""

    kind: str
    """resume, correct, country; paused: they went silent, and the next words lead back here."""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A conversation. No frames means that nothing is under way."""

    frames: tuple[Frame, ...] = ()
    turn: int = 0
    """Counts questions; a button or timer of an earlier turn is recognised by it."""
    misses: int = 0
    """Answers in a row that could not be read."""
    pending: Pending | None = None
    greeted: bool = False
    """The channel truth has been shown once."""

    @property
    def top(self) -> Frame | None:
        """Return the frame that is in front of the person, or None."""
        return self.frames[-1] if self.frames else None


def to_json(session: Session) -> dict[str, Any]:
    """Return plain data for storage; `from_json` is its inverse."""
    return {
        "v": FORMAT,
        "turn": session.turn,
        "misses": session.misses,
        "greeted": session.greeted,
        "pending": session.pending
        and {"kind": session.pending.kind, "options": list(session.pending.options)},
        "frames": [
            {
                "flow": frame.flow,
                "hash": frame.hash,
                "step": frame.step,
                "answers": {
                    name: list(value) if isinstance(value, tuple) else value
                    for name, value in frame.answers.items()
                },
                "trail": list(frame.trail),
                "called": frame.called,
                "resume_at": frame.resume_at,
                "stale": sorted(frame.stale),
            }
            for frame in session.frames
        ],
    }


def from_json(data: Mapping[str, Any]) -> Session:
    """Read what `to_json` wrote, of this format or an earlier one.

    Raises:
        ValueError: The data is of a later format or no session at all.
    """
    if data.get("v") != FORMAT:
        message = f"session format {data.get('v')!r} is not known here"
        raise ValueError(message)
    pending = data["pending"]
    return Session(
        turn=data["turn"],
        misses=data["misses"],
        greeted=data["greeted"],
        pending=Pending(kind=pending["kind"], options=tuple(pending["options"]))
        if pending
        else None,
        frames=tuple(
            Frame(
                flow=FlowId(frame["flow"]),
                hash=FlowHash(frame["hash"]),
                step=StepId(frame["step"]),
                answers={
                    name: tuple(value) if isinstance(value, list) else value
                    for name, value in frame["answers"].items()
                },
                trail=tuple(StepId(step) for step in frame["trail"]),
                called=frame["called"],
                resume_at=StepId(frame["resume_at"]) if frame["resume_at"] else None,
                stale=frozenset(frame["stale"]),
            )
            for frame in data["frames"]
        ),
    )
