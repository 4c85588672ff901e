"""The kinds of constraints: one table. Those that the server can check have a Lua file in lua/library/constraints/."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from limpyd.types import UNTYPED, Codec

ORDERS = {
    "int": "number",
    "timedelta": "number",
    "Decimal": "number",
    "float": "float",
    "datetime": "time",
    "time": "time",
    "date": "text",
    "str": "text",
    "bytes": "text",
}
"""The order in which values of a type are compared, by the name of its codec; other types have none."""
TEXTS = {"str": "characters", "bytes": "bytes"}
"""The unit in which the length of a value is counted, by the name of its codec; other types have no length."""


class Constraint(NamedTuple):
    """A constraint of a field's declaration.

    Attributes:
        kind: its kind.
        declared: the value of the option.
        limit: what Python compares with.
        of_stored: true if Python compares the stored form of a value, not the value.
        argument: the constraint as the server's check takes it (lua/library/constraints/); None if only Python knows.
    """

    kind: Kind
    declared: Any
    limit: Any
    of_stored: bool = False
    argument: bytes | None = None

    def __str__(self) -> str:
        declared = self.declared
        if isinstance(declared, re.Pattern) and not declared.flags & ~re.UNICODE:
            declared = declared.pattern
        elif callable(declared):
            declared = getattr(declared, "__qualname__", declared)
            return f"{self.kind.name}={declared}"
        return f"{self.kind.name}={declared!r}"

    @property
    def demand(self) -> str:
        """Returns the demand on a value, as messages say it."""
        return self.kind.demand.format(str(self).partition("=")[2])

    @property
    def row_name(self) -> bytes:
        """The name under which scripts know it as a check (see lua/library/index_kinds.lua)."""
        return b"?" + self.kind.name.encode()


class Kind(NamedTuple):
    """A kind of constraint.

    Attributes:
        name: the option of the declaration, and the name of its Lua file.
        demand: what it demands of a value; `{}` stands for the limit.
        declare: makes the constraint for a codec and the value of the option; raises ValueError or TypeError.
        passes: returns whether a value, or its stored form, satisfies a limit; may raise ValueError with the reason.
        of_field: true if it is about the field as a whole, not about one value.
    """

    name: str
    demand: str
    declare: Callable[[Kind, Codec[Any], Any], Constraint]
    passes: Callable[[Any, Any], bool] = lambda value, limit: value is not None and limit is not None
    of_field: bool = False


def _compared(kind: Kind, codec: Codec[Any], limit: Any) -> Constraint:
    """Returns a constraint that compares in the order of the type."""
    order = ORDERS.get(codec.name)
    if order is None:
        msg = f"values of {codec.name} have no order; use choices= or validator="
        raise ValueError(msg)
    if codec is UNTYPED and not isinstance(limit, str | bytes):
        msg = "without a type= values are texts, which compare by their characters; declare the type of the values"
        raise ValueError(msg)
    stored = _stored(codec, limit)
    if order == "float" and stored == b"nan":
        msg = "nothing compares with NaN"
        raise ValueError(msg)
    of_stored = order == "text"
    return Constraint(kind, limit, stored if of_stored else codec.decode(stored), of_stored, _argument(order, stored))


def _argument(word: str, text: bytes) -> bytes:
    return b"%s %s" % (word.encode(), text)


def _stored(codec: Codec[Any], value: Any) -> bytes:
    try:
        return codec.encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{error}"
        if codec.name == "str" and isinstance(value, int | float):
            msg += "; declare the type of the values, such as type=int"
        raise ValueError(msg) from error


def _length(kind: Kind, codec: Codec[Any], limit: Any) -> Constraint:
    unit = TEXTS.get(codec.name)
    if unit is None:
        msg = f"values of {codec.name} have no length; only those of str and bytes have"
        raise ValueError(msg)
    return Constraint(kind, limit, _count(limit), argument=_argument(unit, b"%d" % limit))


def _count(limit: Any, low: int = 0) -> int:
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < low:
        msg = f"it is an integer from {low} on"
        raise ValueError(msg)
    return limit


def _pattern(kind: Kind, codec: Codec[Any], pattern: Any) -> Constraint:
    text = {"str": str, "bytes": bytes}.get(codec.name)
    if text is None:
        msg = f"a pattern is for str and bytes, not for {codec.name}"
        raise ValueError(msg)
    try:
        compiled = re.compile(pattern)
    except (TypeError, re.error) as error:
        msg = f"it is no regular expression: {error}"
        raise ValueError(msg) from error
    if not isinstance(compiled.pattern, text):
        msg = f"the pattern of a field of {codec.name} is {codec.name}"
        raise TypeError(msg)
    return Constraint(kind, compiled, compiled)


def _choices(kind: Kind, codec: Codec[Any], choices: Any) -> Constraint:
    if isinstance(choices, str | bytes) or not isinstance(choices, Iterable):
        msg = "it takes several values, such as a list"
        raise TypeError(msg)
    values = tuple(choices)
    if not values:
        msg = "there is no value to choose from"
        raise ValueError(msg)
    stored = list(dict.fromkeys(_stored(codec, value) for value in values))
    order = ORDERS.get(codec.name, "text")
    argument = _argument(order, b"".join(b"%d:%s," % (len(each), each) for each in stored))
    of_stored = order == "text"
    return Constraint(kind, values, frozenset(stored if of_stored else map(codec.decode, stored)), of_stored, argument)


def _validator(kind: Kind, _: Codec[Any], validator: Any) -> Constraint:
    if not callable(validator):
        msg = "it is a function that takes a value, and returns False or raises ValueError for one that it refuses"
        raise TypeError(msg)
    return Constraint(kind, validator, validator)


def _max_members(kind: Kind, _: Codec[Any], limit: Any) -> Constraint:
    return Constraint(kind, limit, _count(limit, 1), argument=b"%d" % _count(limit, 1))


def _required(kind: Kind, _: Codec[Any], required: Any) -> Constraint:
    if required is not True:
        msg = "it is True or False"
        raise ValueError(msg)
    return Constraint(kind, True, True, argument=b"")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("required", "it must have a value", _required, of_field=True),
        Kind("ge", "it must be at least {}", _compared, lambda value, limit: value >= limit),
        Kind("gt", "it must be greater than {}", _compared, lambda value, limit: value > limit),
        Kind("le", "it must be at most {}", _compared, lambda value, limit: value <= limit),
        Kind("lt", "it must be less than {}", _compared, lambda value, limit: value < limit),
        Kind("min_length", "its length must be at least {}", _length, lambda value, limit: len(value) >= limit),
        Kind("max_length", "its length must be at most {}", _length, lambda value, limit: len(value) <= limit),
        Kind("pattern", "it must match {}", _pattern, lambda value, limit: limit.search(value) is not None),
        Kind("choices", "it must be one of {}", _choices, lambda value, limit: value in limit),
        Kind("validator", "{} must accept it", _validator, lambda value, limit: limit(value) is not False),
        Kind("max_members", "it must have at most {} members", _max_members, of_field=True),
    )
}
"""All kinds, by their names."""
