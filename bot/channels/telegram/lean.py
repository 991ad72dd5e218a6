"""aiogram, imported without building validators for several hundred types that nobody asks for.

Its types are declared to be built when they are used, and rebuilt all at once when they are
imported (aiogram 3.31): 100 MB and four seconds of CPU. Here they wait; `need` builds one.
Whoever imports aiogram in the program imports this first.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, Optional, Union

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Iterator

_REBUILD = "model_rebuild"


@contextmanager
def _unbuilt() -> Iterator[None]:
    """Leave aiogram's types as they are declared; those of anybody else are built as ever."""
    rebuild = BaseModel.__dict__[_REBUILD]

    def later(cls: type[BaseModel], /, **how: Any) -> bool | None:
        if cls.__module__.startswith("aiogram."):
            return None
        built: bool | None = rebuild.__get__(None, cls)(**how)
        return built

    setattr(BaseModel, _REBUILD, classmethod(later))
    try:
        yield
    finally:
        setattr(BaseModel, _REBUILD, rebuild)


with _unbuilt():
    import aiogram.types
    from aiogram.client.default import Default


def need(*models: type[BaseModel]) -> None:
    """Build what is used, with all that it is made of."""
    names = {name: getattr(aiogram.types, name) for name in aiogram.types.__all__}
    # What aiogram itself gives its types to be resolved by.
    typing = {"List": list, "Optional": Optional, "Union": Union, "Literal": Literal}
    for model in models:
        model.model_rebuild(_types_namespace={**typing, "Default": Default, **names})
