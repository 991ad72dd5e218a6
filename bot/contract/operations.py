"""What one thing that a desk can ask is: its name, its address, who may, and about which cases.

Decides nothing by itself: the server denies whatever no rule here allows.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What somebody is here. A person can have several."""

    COORDINATOR = "coordinator"
    """Works on cases: those that wait, and those that are theirs."""
    LEAD = "lead"
    """Gives cases to people, keeps keys and lists in order."""
    OPERATOR = "operator"
    """Keeps the machine running; sees no case."""


class Reach(StrEnum):
    """Which cases a role may do a thing with."""

    NO_CASE = "no-case"
    """It is not about one case."""
    OWN = "own"
    """Those given to the one who asks."""
    WAITING = "waiting"
    """Those that nobody has taken, and one's own."""
    ANY = "any"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One thing that can be asked.

    `path` may hold `{field}`: such fields of the request stand in the address; the others stand in
    the query of a GET or DELETE, else in a JSON body.
    """

    name: str
    """`subject.verb`, unique."""
    method: str
    path: str
    summary: str
    """One sentence for the description of the API."""
    allowed: Mapping[Role, Reach]
    """Who may, and with which cases; what is not named here is denied."""
    request: type
    """A frozen dataclass; a field `case` names the case it is about."""
    answer: type | None = None
    """A frozen dataclass, `bytes` for a raw body, None for an empty one."""
    closed: bool = False
    """Also possible with a closed case."""
    public: bool = False
    """Before signing in. Only signing in itself is."""
    weight: int = 1
    """How much of a coordinator's allowance one request uses."""
    problems: frozenset[str] = field(default_factory=frozenset)
    """Codes of refusals of its own, beside those that every operation has."""
    watched: bool = False
    """Every refusal of it stands in the audit log, whichever rule refused."""

    @property
    def about_a_case(self) -> bool:
        """Whether it is about one case."""
        return any(reach is not Reach.NO_CASE for reach in self.allowed.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """A request without content."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Why something was not done. Never holds what was asked."""

    code: str
    """One of `PROBLEMS`, or of the operation's own."""
    field: str = ""
    """Which field of the request was wrong."""


PROBLEMS: Mapping[str, int] = {
    "not-signed-in": 401,
    "not-allowed": 403,
    "not-found": 404,
    "wrong-method": 405,
    "case-closed": 409,
    "changed-meanwhile": 409,
    "refused": 409,
    "too-large": 413,
    "not-json": 415,
    "wrong": 422,
    "too-fast": 429,
    "not-available": 409,
    "broken": 500,
}
"""Every code that any operation may answer, with its HTTP status."""

EVERYBODY: Mapping[Role, Reach] = dict.fromkeys(Role, Reach.NO_CASE)
