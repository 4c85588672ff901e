"""Refuses attributes in the body of a model's class that would be silently ignored."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from limpyd.database.core import Database
from limpyd.exceptions import DeclarationError, shorten
from limpyd.fields import Field
from limpyd.indexes.base import Index
from limpyd.utils.suggestions import did_you_mean

SETTINGS: dict[str, Any] = {
    "abstract": bool,
    "colocate_with": type,
    "collection_manager": type,
    "database": Database,
    "default_indexes": (list, tuple),
    "lockable": bool,
    "model_name": str,
    "namespace": str,
    "partitions": int,
}
"""The settings of a model, and what each may be."""
DECLARED_BY: dict[str, tuple[type | tuple[type, ...], str]] = {
    "changes": ((bool, list, tuple), "changes = ChangeFeed()"),
    "expires": (bool, "expires = DeadlineField()"),
    "ttl": (timedelta, "expires = DeadlineField(ttl=timedelta(…))"),
}
"""Attributes that look like settings of what descriptors declare: with a value of which type, and the declaration."""
NAME_OF_CLASS = r"(?:Final\[)?(?:\w+\.)*(\w+)"


def check_body(model: type) -> None:
    """Refuses attributes that look like fields but are none.

    Raises:
        DeclarationError: there is such a thing.
    """
    for name, value in vars(model).items():
        reason = _against(model, name, value)
        if reason:
            msg = f"{model.__name__}.{name} is {reason}"
            raise DeclarationError(msg)
    if vars(model).get("abstract") is True:
        return  # a subclass may declare what is annotated
    for base in model.__mro__:
        if not base.__module__.startswith("limpyd."):
            _check_annotations(model, base)


def _against(model: type, name: str, value: Any) -> str:
    """Returns the reason why an attribute of a class is not a field, if it looks like one."""
    if name == "default_indexes":
        fits = value is None or isinstance(value, list | tuple)
        return "" if fits else f"a list of indexes, or None; not {shorten(value)}"
    if isinstance(value, type):
        own = value.__qualname__.startswith(f"{model.__qualname__}.") or name.startswith("_")
        if issubclass(value, Field) and not own:
            return f"the class {value.__name__}, not a field: write {value.__name__}()"
        if issubclass(value, Index) and not own:
            return (
                f"the index {value.__name__}, not a field: pass it to a field, StringField(indexes=[{value.__name__}])"
            )
    if isinstance(value, Field) and "declaration" not in vars(value):
        return f"a {type(value).__name__} whose __init__ does not call super().__init__(…)"
    if isinstance(value, Index):
        return f"the index {value}, not a field: pass it to a field, StringField(indexes=[…])"
    found = next(_unnamed(value), None)
    if found is not None:
        kind = type(found).__name__
        if isinstance(value, tuple) and len(value) == 1:
            return f"a tuple with a {kind}: leave out the comma after {kind}(…)"
        return f"a {type(value).__name__} with a {kind} in it: each field is a separate attribute, {name} = {kind}(…)"
    return _misspelt(name, value)


def _misspelt(name: str, value: Any) -> str:
    """Returns the reason why an attribute looks like a misspelt setting of a model, by its name and type."""
    of_type = [setting for setting, kind in SETTINGS.items() if isinstance(value, kind)]
    if name.startswith("database"):  # another one
        return ""
    if name in SETTINGS or name.startswith("_"):
        return ""
    kind, declaration = DECLARED_BY.get(name, ((), ""))
    if isinstance(value, kind):
        return f"not a setting of a model: write {declaration}"
    meant = did_you_mean(name, of_type, likeness=0.85)
    return f"not a setting of a model{meant}" if meant else ""


def _unnamed(value: Any) -> Iterator[Field[Any]]:
    """The fields in a container that have no name of their own in a class."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, tuple | list):
        yield from (each for each in value if isinstance(each, Field) and not each.name)


def _check_annotations(model: type, base: type) -> None:
    """Refuses a field that is annotated in a class but not created.

    Raises:
        DeclarationError: there is one.
    """
    for name, annotation in inspect.get_annotations(base).items():
        kind = _field_class(annotation)
        if kind and not any(name in vars(each) for each in model.__mro__):
            msg = f"{model.__name__}.{name} is annotated as a {kind}, but not created: write {name} = {kind}()"
            raise DeclarationError(msg)


def _field_class(annotation: Any) -> str:
    """The name of the class of fields that an annotation means; empty if it means something else."""
    if isinstance(annotation, str):
        found = re.match(NAME_OF_CLASS, annotation)
        name = found[1] if found else ""
        return name if name in {each.__name__ for each in _classes(Field)} else ""
    origin = getattr(annotation, "__origin__", annotation)
    return origin.__name__ if isinstance(origin, type) and issubclass(origin, Field) else ""


def _classes(base: type[Any]) -> Iterator[type[Any]]:
    yield base
    for each in base.__subclasses__():
        yield from _classes(each)
