"""Who works here and who can read: the signed list, the alarm, and wrapping keys anew.

When the readers change, every case key must be wrapped to the new ones. Only somebody who can read
can do that, so it is done here and never by the server. The list is checked here against the root
that this coordinator was told, because a server that was taken over would name readers of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.contract.operations import Nothing, Role
from bot.contract.people import AskWrapped, PutKeys, PutWrapped, WrappedKey
from bot.desk import notebook
from bot.desk.frame import EVERYBODY, Page
from bot.desk.readers import check_list, is_root, pin_root, pinned_root, trusted_readers
from bot.desk.server import AskError
from bot.vault import VaultError
from bot.vault.recipients import verify
from bot.vault.wrap import unwrap_inner, wrap_inner

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from bot.desk.frame import Desk, Form

_PAGES = 1_000


async def show(desk: Desk, request: Request, form: Form) -> Response:
    """Show people and keys."""
    del request, form
    keys = await desk.ask("keys.show", Nothing())
    found = await desk.ask("coordinators.list", Nothing())
    pinned = pinned_root(desk)
    readers, doubt = check_list(desk, keys, pinned)
    desk.seat.endangered = len(keys.endangered)
    now = desk.clock.now()
    return desk.show(
        "keys.html",
        here="keys",
        keys=keys,
        coordinators=found.coordinators,
        pinned=pinned,
        readers=readers,
        doubt=doubt,
        live={one.key for one in readers.live(now)} if readers else frozenset(),
        may_wrap=Role.LEAD in desk.roles,
        may_put=bool(desk.roles & {Role.LEAD, Role.OPERATOR}),
    )


async def pin(desk: Desk, request: Request, form: Form) -> Response:
    """Remember the root that this coordinator was told."""
    del request
    root = "".join(form.one("root").split()).lower()
    if not is_root(root):
        return desk.go("/keys", "wrong-root")
    pin_root(desk, root)
    return desk.go("/keys", "root-kept")


async def put(desk: Desk, request: Request, form: Form) -> Response:
    """Put a new signed list in place, after checking it here."""
    del request
    text, pinned = form.one("list").strip(), pinned_root(desk)
    if not pinned:
        return desk.go("/keys", "no-root")
    keys = await desk.ask("keys.show", Nothing())
    try:
        verify(text, root=bytes.fromhex(pinned), now=desk.clock.now(), last_seen=keys.version)
    except VaultError:
        return desk.go("/keys", "list-refused")
    await desk.ask("keys.put", PutKeys(signed_list=text))
    return desk.go("/keys", "list-put")


async def rewrap(desk: Desk, request: Request, form: Form) -> Response:
    """Wrap every case key to the present list."""
    del request, form
    readers, doubt = await trusted_readers(desk)
    if readers is None:
        return desk.go("/keys", doubt)
    to = [one.key for one in readers.live(desk.clock.now())]
    after = ""
    closed = 0
    for _ in range(_PAGES):
        page = await desk.ask("keys.wrapped", AskWrapped(after=after))
        if page.version != readers.version:
            raise AskError("changed-meanwhile")
        if not page.keys:
            break
        made = []
        for one in page.keys:
            try:
                key = unwrap_inner(one.wrapped, desk.seat.identity.secret)
            except VaultError:
                closed += 1
                continue
            made.append(WrappedKey(case=one.case, wrapped=wrap_inner(key, to)))
        if made:
            await desk.ask("keys.rewrap", PutWrapped(version=page.version, keys=tuple(made)))
        after = page.keys[-1].case
    closed += await notebook.seal_anew(desk)
    return desk.go("/keys", "rewrapped-some" if closed else "rewrapped")


PAGE = Page(
    name="keys",
    path="/keys",
    roles=EVERYBODY,
    order=80,
    routes=(
        ("GET", "/keys", show),
        ("POST", "/keys/root", pin),
        ("POST", "/keys/list", put),
        ("POST", "/keys/rewrap", rewrap),
    ),
)
