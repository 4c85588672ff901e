"""Programs of expressions, which lua/library/expressions.lua computes on the server."""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.exceptions import InvalidFilter, InvalidValue
from limpyd.expressions import Comparison
from limpyd.fields import Field, SingleValueField, ValueField
from limpyd.keys import Partition
from limpyd.lua.arguments import Value, packed
from limpyd.operands import Computed, Operand, shown_operand
from limpyd.query.computed.rules import COMPUTED, RULES, constant, type_of_field
from limpyd.query.filters.model import own_field
from limpyd.requests.request import Argument
from limpyd.scripts.updates import Program, Read
from limpyd.scripts.writes import WriteLayout


class Typed(NamedTuple):
    """A part of an expression: the type of its result, and the nodes that compute it."""

    kind: str
    nodes: list[Argument | Read]


def computed(model: Any, field: Any, value: Operand[Any]) -> Program:
    """Returns the program that computes the new value of a field.

    Raises:
        InvalidValue: the result does not fit the field's type, or the server cannot compute it.
    """
    shown = f"{field}={shown_operand(value)}"
    _refuse_unchecked(field, shown)
    if isinstance(value, Field) and _copied(model, field, value, shown):
        return Program(("stored", "stored", read(_own(model, value, shown))))
    kind = type_of_field(field)
    if kind not in COMPUTED:
        msg = f"{shown}: {_what(field)}, which the server does not compute; read the values, and give it a new one"
        raise InvalidValue(msg)
    found, nodes = operand(model, value, shown)
    if found == "int" and kind == "float":
        return Program((kind, "float", *nodes))
    if found != kind and (found, kind) != ("int", "Decimal"):
        msg = f"{shown}: the result is {_article(found)}, and {field} holds {kind}"
        raise InvalidValue(msg)
    return Program((kind, *nodes))


def operand(model: Any, value: Any, shown: str, *, in_arithmetic: bool = False) -> Typed:
    """A part of an expression: a field, arithmetic, or a constant. Raises as `computed`."""
    if isinstance(value, Computed):
        left = operand(model, value.left, shown, in_arithmetic=True)
        right = operand(model, value.right, shown, in_arithmetic=True)
        rule = RULES.get((left.kind, value.operator, right.kind))
        if rule is None:
            msg = f"{shown}: {_refused(value, left.kind, right.kind)}"
            raise InvalidValue(msg)
        sides = [_as_float(each) if rule.result == "float" else each.nodes for each in (left, right)]
        one, other = reversed(sides) if rule.turned else sides
        return Typed(rule.result, ["compute", rule.computed_as, rule.operation, *one, *other])
    if isinstance(value, Field):
        field = _own(model, value, shown)
        kind = type_of_field(field)
        if kind not in COMPUTED:
            msg = f"{shown}: {_what(field)}, with which the server does not compute; read it, and give the result"
            raise InvalidValue(msg)
        return Typed(kind, ["operand" if in_arithmetic else "field", kind, read(field)])
    if isinstance(value, Operand):
        msg = (
            f"{shown}: {shown_operand(value)} is no value of the object alone; an expression takes fields of one value"
        )
        raise InvalidValue(msg)
    kind, stored = constant(shown, value)
    return Typed(kind, ["constant", kind, stored])


def read(field: Any, sub: bytes | None = None) -> Read:
    """A field of the object, or a value under a sub-key, as a program reads it."""
    if sub is not None:

        def layout_in(partition: Partition) -> WriteLayout:
            return packed(Value(field.place_in(partition).prefix, b"entry", sub, ()))

        return Read(field.name, layout_in, sub)
    return Read(field.name, field.layout_in)


def _own(model: Any, field: Field[Any], shown: str) -> Field[Any]:
    """The model's own field."""
    try:
        return own_field(model, Comparison(field, (), "eq", None))
    except InvalidFilter as error:
        msg = f"{shown}: {error}, so it is no value of the object"
        raise InvalidValue(msg) from None


def _copied(model: Any, field: Any, value: Field[Any], shown: str) -> bool:
    """Returns whether a field gets the value of another as it is stored."""
    source = _own(model, value, shown)
    one_value = isinstance(field, SingleValueField) and isinstance(source, SingleValueField)
    return one_value and type(field).encode is type(source).encode and field.codec is source.codec and not field.refers


def _refuse_unchecked(field: Any, shown: str) -> None:
    """Refuses a field with a constraint that the server cannot check."""
    for each in field.constraints:
        if each.argument is None:
            msg = f"{shown}: only Python checks {each} of {field}; read the values, and give it a new one"
            raise InvalidValue(msg)


def _as_float(typed: Typed) -> list[Argument | Read]:
    return typed.nodes if typed.kind == "float" else ["float", *typed.nodes]


def _what(field: Any) -> str:
    if isinstance(field, ValueField) and not isinstance(field, SingleValueField):
        return f"{field} holds many values"
    return f"{field} holds {field.codec.name}"


def _article(kind: str) -> str:
    return f"an {kind}" if kind == "int" else f"a {kind}"


def _refused(value: Computed[Any], left: str, right: str) -> str:
    """Returns why two operands have no result, and the cure."""
    untyped = [each for each in (value.left, value.right) if isinstance(each, Field) and not each.typed]
    if untyped:
        name = untyped[0].name
        return f"{name} is declared without a type, so it is text; declare it with type=int to compute with it"
    if {left, right} == {"float", "Decimal"}:
        return "as in Python, a float and a Decimal are not computed together; write the float as a Decimal"
    return f"`{value.operator}` is not computed of {_article(left)} and {_article(right)}"
