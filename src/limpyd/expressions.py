"""Conditions on objects, written in Python: `(Person.city == "Paris") | ~(Person.age < 18)`.

An expression holds no knowledge of indexes; a collection turns it into conditions, or refuses it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.utils.pickling import ByAttributes

SEPARATOR = "__"
EQUALITY = frozenset({"eq", "in"})
"""The operators that compare with single values."""
OPERATORS = frozenset(
    {
        "between",
        "box",
        "contains",
        "eq",
        "gt",
        "gte",
        "in",
        "isnull",
        "lt",
        "lte",
        "ne",
        "startswith",
        "within",
    }
)
"""The suffixes of filters' names. The indexes of a field decide which of them it serves."""


SIGNS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}
"""The operators of Python that stand for suffixes."""

MAX_DEPTH = 550
"""The deepest nesting of expressions: planning a query takes several Python calls for each level."""


class Expression(ByAttributes):
    """Something that holds of an object or does not; combined by `&`, `|` and `~`.

    Attributes:
        depth: how deep others stand in it.
    """

    __slots__ = ()
    depth: int = 0

    def __and__(self, other: Expression) -> Expression:
        return Both((self, _checked(other)))

    def __or__(self, other: Expression) -> Expression:
        return EitherOf((self, _checked(other)))

    def __invert__(self) -> Expression:
        return Negation(self)

    if not TYPE_CHECKING:  # type checkers report what these refuse

        def __rand__(self, other: Any) -> None:
            _checked(other)

        __ror__ = __rand__

    def __bool__(self) -> NoReturn:
        msg = (
            f"whether {self} holds is asked of the server, for each object: give it to collection(…); combine "
            f"expressions with & | ~ in parentheses, not with `and`, `or`, `not` or a chain such as 1 < x < 2"
        )
        raise TypeError(msg)


class Comparison(Expression):
    """A field compared with a value.

    Attributes:
        field: the declaration of the field.
        path: what stands between its name and the operator in a filter: a sub-key, or the prefix of an index.
        operator: the operator, as in a filter.
        value: the value.
        through: what stands before the name of the field in a filter, if another model refers to its model.
    """

    __slots__ = ("field", "operator", "path", "through", "value")

    def __init__(self, field: Any, path: tuple[str | bytes, ...], operator: str, value: Any, through: str = "") -> None:
        self.field = field
        self.path = path
        self.operator = operator
        self.value = value
        self.through = through

    @property
    def name(self) -> str:
        """The part of a filter's name before the operator."""
        parts = (part if isinstance(part, str) else part.decode("utf-8", "replace") for part in self.path)
        return self.through + SEPARATOR.join((self.field.name, *parts))

    @property
    def name_of_value(self) -> str:
        """The same without the part that an index keeps."""
        sub_key = self.path[:1] if self.field.has_subkeys else ()
        return Comparison(self.field, sub_key, self.operator, self.value, self.through).name

    def __repr__(self) -> str:
        suffix = "" if self.operator == "eq" else SEPARATOR + self.operator
        return f"{self.name}{suffix}={shorten(self.value)}"


class ComputedComparison(Expression):
    """A value that is computed of an object's own values, compared with another. No index answers it.

    Attributes:
        left: what is computed.
        operator: the operator, as in a filter.
        value: a value, or an operand.
    """

    __slots__ = ("left", "operator", "value")

    def __init__(self, left: Any, operator: str, value: Any) -> None:
        self.left = left
        self.operator = operator
        self.value = value

    def __repr__(self) -> str:
        return f"{self.left!r} {SIGNS.get(self.operator, self.operator)} {shorten(self.value)}"


class Both(Expression):
    """All of some expressions hold.

    Args:
        joined: the expressions; those of the same kind stand for their parts.
    """

    __slots__ = ("_joined", "_parts", "depth")
    sign = " & "

    def __init__(self, joined: tuple[Expression, ...]) -> None:
        kind = type(self)
        self.depth = _checked_depth(max(part.depth + (type(part) is not kind) for part in joined))
        self._joined = joined
        self._parts: tuple[Expression, ...] | None = None

    def __reduce__(self) -> Any:
        return type(self), (self.parts,)

    @property
    def parts(self) -> tuple[Expression, ...]:
        """The expressions, none of which is of the same kind; found when they are first asked for.

        To join one more costs the same however many there are.
        """
        if self._parts is None:
            kind, found, left = type(self), [], [*reversed(self._joined)]
            while left:
                part = left.pop()
                if type(part) is not kind:
                    found.append(part)
                elif part._parts is not None:
                    found += part._parts
                else:
                    left += reversed(part._joined)
            self._parts = tuple(found)
        return self._parts

    def __repr__(self) -> str:
        return "(" + self.sign.join(map(repr, self.parts)) + ")"


class EitherOf(Both):
    """At least one of some expressions holds."""

    __slots__ = ()
    sign = " | "


class Negation(Expression):
    """An expression does not hold."""

    __slots__ = ("depth", "part")

    def __init__(self, part: Expression) -> None:
        self.depth = _checked_depth(part.depth + 1)
        self.part = part

    def __invert__(self) -> Expression:
        return self.part

    def __repr__(self) -> str:
        return f"~{self.part!r}"


def too_deep() -> InvalidFilter:
    """The error for expressions that stand too deep within each other."""
    return InvalidFilter(
        "expressions stand too deep within each other, as in a & (b | (c & …)): join those of one kind by one & or |, "
        "or find primary keys with one collection and give them to another as pk__in"
    )


def _checked_depth(depth: int) -> int:
    if depth > MAX_DEPTH:
        raise too_deep()
    return depth


def _checked(other: Any) -> Expression:
    if not isinstance(other, Expression):
        raise not_compared(other)
    return other


def not_compared(other: Any) -> TypeError:
    """The error for something that is combined like an expression, but is none: a field, or what stood beside `&`."""
    comparison = "(A.y == 2)"
    if hasattr(other, "_compare"):
        value = "True" if getattr(getattr(other, "codec", None), "name", "") == "bool" else "…"
        comparison = f"({other} == {value})"
    return TypeError(
        f"{shorten(other)} is no expression; put comparisons in parentheses: (A.x == 1) & {comparison}. A field of "
        f"what a reference is to is compared as A.reference['name'], if it is named as an attribute of fields"
    )
