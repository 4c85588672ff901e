"""The types of arithmetic: what the server adds, subtracts and multiplies, and what it compares."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import Field, SingleValueField
from limpyd.requests.step_results import StepResult
from limpyd.types import CODECS, UNTYPED, Codec
from limpyd.types.conversions import conversion

TYPES = (int, float, Decimal, str, bytes, datetime, date, timedelta)
"""The types of constants, each before those that it is a subclass of."""
CODEC_OF: dict[str, Codec[Any]] = {each.__name__: CODECS[each] for each in TYPES}
"""The codecs of these types, by their names."""
COMPUTED = frozenset(CODEC_OF)
"""The types that take part in arithmetic, by their names."""
EXACT = frozenset({"int", "Decimal"})
MAX_DIGITS = 1000
"""Of a constant; see lua/library/exact_type.lua."""


class Rule(NamedTuple):
    """The way in which the server computes a result.

    Attributes:
        result: its type.
        computed_as: the type of lua/library/expression_types.lua that has the operation.
        operation: the operation.
        turned: true if the operation takes the right operand first.
    """

    result: str
    computed_as: str
    operation: str
    turned: bool = False


def _rules() -> dict[tuple[str, str, str], Rule]:
    rules = {}
    for sign in "+-*":
        rules["int", sign, "int"] = Rule("int", "int", sign)
        for left, right in (("Decimal", "Decimal"), ("Decimal", "int"), ("int", "Decimal")):
            rules[left, sign, right] = Rule("Decimal", "Decimal", sign)
        for left, right in (("float", "float"), ("int", "float"), ("float", "int")):
            rules[left, sign, right] = Rule("float", "float", sign)
    for sign in "+-":
        for moment in ("datetime", "date", "timedelta"):
            rules[moment, sign, "timedelta"] = Rule(moment, moment, sign)
    for moment in ("datetime", "date"):
        rules["timedelta", "+", moment] = Rule(moment, moment, "+", turned=True)
        rules[moment, "-", moment] = Rule("timedelta", moment, "between")
    for left, right in (("timedelta", "int"), ("int", "timedelta")):
        rules[left, "*", right] = Rule("timedelta", "timedelta", "*")
    for text in ("str", "bytes"):
        rules[text, "+", text] = Rule(text, text, "+")
    return rules


RULES = _rules()
"""The rules by the types of the operands and the operator, as Python computes them."""


def type_of_field(field: Field[Any]) -> str:
    """The type of a field's values, if the server knows how to read and store them; else an empty text."""
    if not isinstance(field, SingleValueField) or type(field).encode is not Field.encode:
        return ""
    codec: Any = field.codec
    known = codec is UNTYPED or any(codec is each for each in CODECS.values())
    return str(codec.name) if known else ""


def constant(shown: str, value: Any) -> tuple[str, bytes]:
    """The type of a constant, and its text; also of the result of an earlier step, which is constant in its own step.

    Raises:
        InvalidValue: the server cannot compute with it.
    """
    if isinstance(value, StepResult):
        target = OperandTarget(shown)
        argument = value._argument_for(target)
        return target.kind, argument
    for each in TYPES:
        if isinstance(value, each) and not isinstance(value, bool):
            try:
                stored: bytes = CODECS[each].encode(value)
            except (TypeError, ValueError) as error:
                msg = f"{shown}: {shorten(value)}: {error}"
                raise InvalidValue(msg) from error
            if each in {int, Decimal} and len(stored) > MAX_DIGITS:
                msg = f"{shown}: {shorten(value)} has more than {MAX_DIGITS} digits, too many for the server to compute"
                raise InvalidValue(msg)
            return each.__name__, stored
    if hasattr(value, "_instance"):
        cure = "; a field of an instance is read by get(): give what that returns"
    else:
        cure = f"; the server computes with {', '.join(each.__name__ for each in TYPES)}"
    msg = f"{shown}: {shorten(value)} is no operand{cure}"
    raise InvalidValue(msg)


class OperandTarget:
    """The place of a result of an earlier step in an expression.

    Args:
        shown: the expression, for messages.

    Attributes:
        kind: the type of the result, once it is known.
    """

    def __init__(self, shown: str) -> None:
        self._shown = shown
        self.kind = ""

    def __str__(self) -> str:
        return f"{self._shown}: an operand"

    def encode(self, value: Any) -> bytes:
        self.kind, stored = constant(self._shown, int(value) if isinstance(value, bool) else value)
        return stored

    def conversions(self, codec: Any, _model: Any) -> tuple[str, ...] | None:
        self.kind = "int" if codec.name == "bool" else codec.name
        known = CODEC_OF.get(self.kind)
        return None if known is None else conversion(codec, known)


def comparison(left: str, right: str) -> tuple[str, bool] | None:
    """The kind of comparison of two types (see lua/library/object_conditions.lua), and true if it turns them round.

    None if they cannot be compared.
    """
    if {left, right} <= EXACT or left == right == "timedelta":
        return "exact", False
    if left == right:
        return ("float" if left == "float" else "text"), False
    if {left, right} == {"int", "float"}:
        return "mixed", left == "float"
    return None
