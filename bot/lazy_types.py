"""aiogram's types, built when they are first used and not when aiogram is imported.

Importing aiogram has pydantic build a validator and a serializer for each of some 400 types, each
with its own copy of all types within: 3.5 s of processor time and 110 MB, most of it for types that
no bot ever sees (aiogram's issues 1513 and 1876). Left to their first use it is 1.2 s and 15 MB.
"""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

_namespace: dict[str, Any] = {}  # what aiogram's annotations mean


def build_when_used() -> None:
    """Have types of an aiogram that is yet to be imported built at their first use.

    When aiogram has been imported before, or comes to build its types in another way, nothing
    changes.
    """
    build = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]

    def model_rebuild(
        cls: type[BaseModel],
        *,
        _parent_namespace_depth: int = 2,
        _types_namespace: dict[str, Any] | None = None,
        **options: Any,
    ) -> bool | None:
        if cls.__module__.startswith("aiogram."):
            given = _types_namespace or {}
            if given.get(cls.__name__) is cls:  # aiogram, with all its types, for each of them
                _namespace.update(given)
                return None
            if _namespace:
                _types_namespace = _namespace | given
        built: bool | None = build(
            cls,
            _parent_namespace_depth=_parent_namespace_depth + 1,  # this function is one more
            _types_namespace=_types_namespace,
            **options,
        )
        return built

    BaseModel.model_rebuild = classmethod(model_rebuild)  # type: ignore[arg-type, assignment, method-assign]


def build_now(types: Iterable[type[BaseModel]]) -> None:
    """Build types before anybody waits for it; those that are built stay as they are."""
    for each in types:
        each.model_rebuild()
