"""What the desk can ask about alerts and drills: the contract's operations, by name.

A refusal is raised and takes its transaction back; whoever serves the operations writes it into the
audit log in one of its own, because the contract says that they are watched.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bot.domain.broadcasts import Actor
from bot.services.broadcast_forms import head

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bot.domain.broadcasts import Alert
    from bot.domain.coordinators import Coordinator
    from bot.services.broadcast_views import Views
    from bot.services.ports import Tx

    Served = Callable[[Tx, Coordinator, Any], Any]


def actor_of(who: Coordinator) -> Actor:
    """Return a coordinator as the rules of alerts see one."""
    return Actor(id=who.id, roles=frozenset(role.value for role in who.roles))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDesk:
    """Serves alerts, or drills.

    Args:
        kind: `alerts` or `drills`, as the contract's names begin.
        views: Shows them; holds the acts.
        submitted: Told that something waits for a second person.
    """

    kind: str
    views: Views
    submitted: Callable[[Tx, Actor, Alert], None] = lambda _tx, _actor, _alert: None

    def operations(self) -> Mapping[str, Served]:
        """Return the service of every operation, by its name."""
        views, acts = self.views, self.views.acts

        def viewing(act: Callable[[Tx, Actor, Any], Any]) -> Callable[[Tx, Actor, Any], Any]:
            return lambda tx, actor, asked: views.view(tx, actor, act(tx, actor, asked))

        def picturing(act: Callable[[Tx, Actor, Any], Any]) -> Callable[[Tx, Actor, Any], Any]:
            return lambda tx, actor, asked: views.picture(tx, act(tx, actor, asked))

        found: dict[str, Callable[[Tx, Actor, Any], Any]] = {
            "list": lambda tx, _actor, _asked: views.heads(tx),
            "show": lambda tx, actor, asked: views.view(tx, actor, acts.read(tx, asked.alert)),
            "write": viewing(acts.write),
            "discard": acts.discard,
            "submit": viewing(self._submit),
            "return": viewing(acts.give_back),
            "approve": viewing(acts.approve),
            "pause": picturing(acts.pause),
            "resume": picturing(acts.resume),
            "abort": picturing(acts.abort),
            "recall": picturing(acts.recall),
            "correct": lambda tx, actor, asked: head(acts.correct(tx, actor, asked)),
            "picture": lambda tx, _actor, asked: views.picture(tx, acts.read(tx, asked.alert)),
            "board": lambda tx, _actor, asked: views.board(tx, acts.read(tx, asked.alert)),
            "export": lambda tx, _actor, asked: views.export(tx, acts.read(tx, asked.alert)),
        }
        served = {f"{self.kind}.{name}": _serve(act) for name, act in found.items()}
        if self.kind == "alerts":
            served["alerts.vocabulary"] = lambda tx, _who, _asked: views.vocabulary(tx)
        return served

    def _submit(self, tx: Tx, actor: Actor, asked: Any) -> Alert:
        alert = self.views.acts.submit(tx, actor, asked)
        self.submitted(tx, actor, alert)
        return alert


def _serve(act: Callable[[Tx, Actor, Any], Any]) -> Served:
    return lambda tx, who, asked: act(tx, actor_of(who), asked)
