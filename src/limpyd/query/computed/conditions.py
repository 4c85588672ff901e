"""Conditions of updates, which read the values of the object, not the indexes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from limpyd.commands.foreign_key_values import NeedsReading
from limpyd.exceptions import InvalidFilter, shorten
from limpyd.expressions import SIGNS, Both, Comparison, ComputedComparison, EitherOf, Expression, Negation, too_deep
from limpyd.fields import SingleValueField, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.operands import Operand
from limpyd.query.computed.arithmetic import Typed, operand, read
from limpyd.query.computed.rules import COMPUTED, comparison, constant, type_of_field
from limpyd.query.filters.model import own_field
from limpyd.requests.request import Argument
from limpyd.scripts.updates import Program, Read

TURNED = {"lt": "gt", "lte": "gte", "gt": "lt", "gte": "lte"}
WITH_MEMBERS = frozenset({b"set", b"zset", b"list"})
UNORDERED = frozenset({"bool", "UUID", "GeoPoint"})

Nodes = list[Argument | Read]


def condition(model: Any, given: Any) -> Program:
    """The program of a condition.

    Raises:
        InvalidFilter: it is not an expression, or needs more than the values of the object.
        InvalidValue: a value does not fit its field's type.
    """
    if not isinstance(given, Expression):
        msg = (
            f"{model.name}: if_ takes a condition such as {model.name}.field < value, not {shorten(given)}; a version "
            f"is given as if_version"
        )
        raise InvalidFilter(msg)
    try:
        return Program(_condition(model, given))
    except RecursionError:
        raise too_deep() from None
    except NeedsReading as error:
        msg = f"{model.name}: if_={given!r}: {shorten(error.bound)} is a field of another object; get its value first"
        raise InvalidFilter(msg) from None


def _condition(model: Any, given: Expression) -> Nodes:
    if isinstance(given, Negation):
        return ["not", *_condition(model, given.part)]
    if isinstance(given, Both):
        return _joined(
            "any" if isinstance(given, EitherOf) else "all", [_condition(model, each) for each in given.parts]
        )
    if isinstance(given, ComputedComparison):
        left = operand(model, given.left, repr(given))
        return _compared(model, left, given.operator, given.value, given)
    if not isinstance(given, Comparison):
        raise _not_alone(given, "is no condition on its own values")
    if given.through:
        raise _not_alone(given, "is about another object")
    field: Any = own_field(model, given)
    if not isinstance(field, ValueField):
        raise _not_alone(given, "is about its primary key, which never changes")
    return _of_field(model, field, given)


def _of_field(model: Any, field: Any, given: Comparison) -> Nodes:
    """The condition for a comparison of a field."""
    sub = _sub_key(field, given)
    one_value = isinstance(field, SingleValueField) or sub is not None
    if given.operator == "isnull":
        missing: Nodes = ["missing", read(field, sub)]
        return missing if given.value else ["not", *missing]
    if not one_value:
        if given.operator != "contains" or field.stored_as not in WITH_MEMBERS:
            raise _not_alone(given, f"is about {field}, which holds many values; it takes contains and is_null")
        return ["member", read(field), field.encode(given.value)]
    kind = "" if sub is not None else type_of_field(field)
    if kind in COMPUTED:
        return _compared(model, Typed(kind, ["field", kind, read(field)]), given.operator, given.value, given, field)
    return _opaque(field, sub, kind, given)


def _sub_key(field: Any, given: Comparison) -> bytes | None:
    if field.has_subkeys and len(given.path) == 1:
        return as_bytes(str(given), given.path[0])
    if given.path and field.refers:
        raise _not_alone(given, "is about another object")
    if given.path:
        raise _not_alone(given, "is about a part that an index keeps; it takes whole values")
    return None


def _compared(model: Any, left: Typed, operator: str, value: Any, given: Expression, field: Any = None) -> Nodes:
    """The condition that compares something with a value, or with several."""
    if operator == "in":
        return _joined("any", [_compared(model, left, "eq", each, given, field) for each in _several(value, given)])
    if operator == "between":
        low, high = value
        ends = (("gte", low), ("lte", high))
        return _joined("all", [_compared(model, left, each, end, given, field) for each, end in ends])
    if operator == "startswith" and left.kind in {"str", "bytes"}:
        return ["startswith", *left.nodes, _text(value, field, given)]
    if operator not in SIGNS:
        raise _not_alone(given, f"asks for {operator!r}, which only an index answers")
    if field is not None and not field.typed and operator in {"eq", "ne"} and not isinstance(value, Operand):
        right = Typed("str", ["constant", "str", field.encode(value)])
    elif isinstance(value, Operand):
        right = operand(model, value, repr(given))
    else:
        right = _constant(value, given, field)
    known = comparison(left.kind, right.kind)
    if known is None:
        raise _incomparable(given, left.kind, right.kind, field)
    kind, turned = known
    if turned:
        return ["compare", kind, TURNED.get(operator, operator), *right.nodes, *left.nodes]
    return ["compare", kind, operator, *left.nodes, *right.nodes]


def _constant(value: Any, given: Expression, field: Any) -> Typed:
    if value is None:
        msg = f"{given!r}: None is no value; ask for is_null()"
        raise InvalidFilter(msg)
    if field is not None and not isinstance(value, int | float):
        return Typed(field.codec.name, ["constant", field.codec.name, field.encode(value)])
    kind, stored = constant(repr(given), value)
    return Typed(kind, ["constant", kind, stored])


def _opaque(field: Any, sub: bytes | None, kind: str, given: Comparison) -> Nodes:
    """The condition that compares stored texts, for types without arithmetic."""
    operator, value = given.operator, given.value
    if operator == "in":
        return _joined(
            "any",
            [_opaque(field, sub, kind, Comparison(field, given.path, "eq", each)) for each in _several(value, given)],
        )
    ordered = kind == "time"
    if operator not in SIGNS or not (ordered or operator in {"eq", "ne"}):
        raise _not_alone(given, f"is about {field}, whose values are compared by ==, != and in_ only")
    if isinstance(value, Operand):
        raise _not_alone(
            given, f"compares {field} with a field; only numbers, texts, dates and moments are compared so"
        )
    if value is None:
        msg = f"{given!r}: None is no value; ask for is_null()"
        raise InvalidFilter(msg)
    return ["compare", "text", operator, "stored", read(field, sub), "constant", "str", field.encode(value)]


def _joined(name: str, parts: Sequence[Nodes]) -> Nodes:
    return [name, len(parts), *(node for part in parts for node in part)]


def _several(value: Any, given: Expression) -> Iterable[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        msg = f"{given!r}: `in` takes several values, such as a list"
        raise InvalidFilter(msg)
    return value


def _text(value: Any, field: Any, given: Expression) -> bytes:
    if field is None or isinstance(value, Operand):
        raise _not_alone(given, "asks for the beginning of what is computed")
    stored: bytes = field.encode(value)
    return stored


def _not_alone(given: Expression, why: str) -> InvalidFilter:
    return InvalidFilter(
        f"if_={given!r} {why}; the condition of an update is found out of the values of the object alone"
    )


def _incomparable(given: Expression, left: str, right: str, field: Any) -> InvalidFilter:
    untyped = field is not None and not field.typed
    cure = f"; declare {field} with type={right}" if untyped else ""
    return InvalidFilter(f"if_={given!r}: {left} and {right} are not compared{cure}")
