"""The class of a model's collections, `collection_manager` as in limpyd 2."""

from __future__ import annotations

from typing import Any, get_origin

from limpyd.exceptions import DeclarationError, shorten

OWN = ("__call__", "__init__", "__new__")
"""The methods that a class of collections cannot have of its own."""


def checked_manager(model: Any, manager: Any, otherwise: Any = None) -> Any:
    """The class of a model's collections.

    Args:
        model: the model.
        manager: the class, perhaps with type arguments: `Posts["Post"]`.
        otherwise: the class that is used if `manager` is None.

    Raises:
        DeclarationError: it is not a class of collections of the model's face, or it defines `__init__` or `__call__`.
    """
    manager = otherwise if manager is None else manager
    kind = get_origin(manager) or manager
    usual = next(vars(base)["collection_manager"] for base in reversed(model.__mro__) if _has_manager(base))
    if not isinstance(kind, type) or not issubclass(kind, usual):
        reason = f"is no subclass of {usual.__name__}, whose methods collections have"
    elif any(name in vars(base) for base in kind.__mro__[: kind.__mro__.index(usual)] for name in OWN):
        reason = (
            "defines __init__, __new__ or __call__, which limpyd defines; write methods that narrow self, such as "
            "`def published(self): return self.filter(published=True)`"
        )
    else:
        return kind
    msg = f"{model.__name__}: the collection_manager {shorten(manager)} {reason}"
    raise DeclarationError(msg)


def _has_manager(base: type[Any]) -> bool:
    return base.__module__.startswith("limpyd.") and "collection_manager" in vars(base)
