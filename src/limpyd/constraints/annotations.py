"""Constraints in `Annotated[int, Ge(0)]`: objects of annotated-types and msgspec.Meta, recognized by their classes.

Neither library is imported: whoever has such an object has imported it. Other metadata is ignored, as PEP 593 demands;
metadata that constrains values in a way that limpyd does not check is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, get_args, get_origin

from limpyd.exceptions import DeclarationError, shorten

NAMES = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
"""The constraints that these objects have as attributes of the same names."""
UNCHECKED = ("multiple_of", "tz")
"""The attributes of constraints that limpyd does not check."""
IGNORED = ("DocInfo", "Unit")
"""The classes of annotated-types that constrain nothing."""
LIBRARIES = {"annotated_types", "msgspec", "pydantic"}


def without_constraints(declared: Any) -> tuple[Any, dict[str, Any]]:
    """Returns a declared type without its metadata, and the constraints of this, by their names.

    Raises:
        DeclarationError: a constraint is not supported, or there are two of one kind.
    """
    if get_origin(declared) is not Annotated:
        return declared, {}
    kind, *metadata = get_args(declared)
    found: dict[str, Any] = {}
    for name, value in _constraints(metadata):
        if name in found:
            msg = f"type={declared!r} has two constraints of the kind {name}; leave one out"
            raise DeclarationError(msg)
        found[name] = value
    return kind, found


def refuse_unread(declared: Any) -> None:
    """Refuses constraints in a type, or within it, that msgspec does not check when it reads JSON.

    Raises:
        DeclarationError: there is one.
    """
    waiting = [declared]
    while waiting:
        each = waiting.pop()
        waiting += get_args(each) if get_origin(each) is not Annotated else [each.__origin__]
        for one in getattr(each, "__metadata__", ()):
            library, name = _class_of(one)
            if library not in {"", "msgspec"} and name not in IGNORED:
                options = [(option, getattr(one, option, None)) for option in (*NAMES, "multiple_of")]
                meta = ", ".join(f"{option}={value!r}" for option, value in options if value is not None)
                cure = f"write msgspec.Meta({meta})" if meta else "give a function that does as validator="
                msg = f"msgspec, which reads JSON, does not check {shorten(one)} in type={declared!r}; {cure}"
                raise DeclarationError(msg)


def _constraints(metadata: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for each in metadata:
        library, name = _class_of(each)
        if library == "annotated_types" and name in {"GroupedMetadata", "Interval", "Len"}:
            yield from _constraints(each)
        elif library and name not in IGNORED:
            yield from _constraints_of(each, library, name)


def _constraints_of(each: Any, library: str, name: str) -> Iterator[tuple[str, Any]]:
    found = [(option, value) for option in NAMES if (value := getattr(each, option, None)) is not None]
    if name == "Predicate":
        found.append(("validator", each.func))
    unchecked = [option for option in UNCHECKED if getattr(each, option, None) is not None]
    if library == "pydantic" or unchecked or (not found and name != "Meta"):
        msg = f"limpyd does not check {shorten(each)} in Annotated[…]; give a function that does as validator="
        raise DeclarationError(msg)
    yield from found


def _class_of(each: Any) -> tuple[str, str]:
    """Returns the library and the name of the first class of an object that is of one of the libraries."""
    for base in type(each).__mro__:
        library = base.__module__.partition(".")[0]
        if library in LIBRARIES:
            return library, base.__name__
    return "", ""
