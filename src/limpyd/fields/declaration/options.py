"""The options in a field's declaration: those that its class takes."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable
from datetime import date, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypedDict

from limpyd.exceptions import DeclarationError
from limpyd.utils.suggestions import did_you_mean

Limit = int | float | Decimal | date | time | timedelta | str | bytes
"""The limits of values: of the type of the field."""
ORDERED, LENGTHS = ("ge", "gt", "le", "lt"), ("min_length", "max_length")
"""The constraints of the order of values, and of the lengths of texts."""


class CommonConstraints(TypedDict, total=False):
    """The constraints of values of fields of all kinds; see the guide to constraints."""

    ge: Limit
    gt: Limit
    le: Limit
    lt: Limit
    min_length: int
    max_length: int
    choices: Iterable[object]
    validator: Callable[..., object]


class ValueConstraints(CommonConstraints, total=False):
    """The constraints of a field of one value."""

    required: bool
    pattern: str | bytes | re.Pattern[str] | re.Pattern[bytes]


class MemberConstraints(ValueConstraints, total=False):
    """The constraints of a field of many members, or values by key: of each of them, and of their number."""

    max_members: int


class ReferenceConstraints(TypedDict, total=False):
    """The constraints of a reference to one object."""

    required: bool


class MemberReferenceConstraints(ReferenceConstraints, total=False):
    """The constraints of references to many objects."""

    max_members: int


def check_options(kind: Any, options: Iterable[str]) -> None:
    """Refuses an option that a class of fields does not take.

    Raises:
        DeclarationError: there is one.
    """
    known = options_of(kind)
    if known is None:
        return
    for name in sorted(set(options) - known):
        raise DeclarationError(_unknown_option(kind, name, known))


@lru_cache(maxsize=256)
def options_of(kind: Any) -> frozenset[str] | None:
    """The arguments that a class of fields takes by name; none if a class of a user's takes any."""
    names: set[str] = set()
    for base in kind.__mro__:
        init = vars(base).get("__init__")
        if init is None:
            continue
        parameters = inspect.signature(init).parameters.values()
        any_name = any(each.kind is each.VAR_KEYWORD for each in parameters)
        if any_name and not base.__module__.startswith("limpyd."):
            return None
        usual = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names |= {each.name for each in parameters if each.kind in usual} - {"self"}
        if not any_name:
            break
    return frozenset(names)


OTHER_NAMES = {
    **dict.fromkeys(("min", "min_value", "minimum"), "ge"),
    **dict.fromkeys(("max", "max_value", "maximum"), "le"),
    **dict.fromkeys(("regex", "regexp"), "pattern"),
    **dict.fromkeys(("db_index", "indexed"), "indexable"),
    **dict.fromkeys(("validators", "check"), "validator"),
    "enum": "choices",
}
"""The names of options in other libraries, and those of limpyd."""


def _unknown_option(kind: Any, name: str, known: frozenset[str]) -> str:
    """Returns the message for an argument that a class of fields does not take."""
    if name == "default":
        return (
            f"{kind.__name__} takes no 'default': only a field of one value has one (StringField, "
            "InstanceHashField, JSONField); pass the value when you create an object"
        )
    known = (kind.takes or known) - {"is_default"}
    takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
    other = OTHER_NAMES.get(name)
    meant = f"; did you mean {other!r}?" if other in known else did_you_mean(name, known)
    return f"{kind.__name__} takes no {name!r}; {takes}{meant}"
