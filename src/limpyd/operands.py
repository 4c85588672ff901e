"""Operands of comparisons and of arithmetic: fields, parts of their values, and what is computed of them.

`Post.votes >= 10` is a comparison, see expressions.py. `Post.votes + 1` is computed by the server, of the values of an
object that is updated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

from limpyd.exceptions import shorten
from limpyd.expressions import Comparison, ComputedComparison, Expression, not_compared
from limpyd.utils.pickling import ByAttributes

if TYPE_CHECKING:
    from datetime import date, datetime, timedelta
    from decimal import Decimal

    from limpyd.types import Untyped

T_co = TypeVar("T_co", covariant=True)

MAX_SIZE = 200
"""The most operands of an expression: the server computes all of them in one step."""


class Operand(Generic[T_co]):
    """The left side of a comparison, or a part of arithmetic: a field, one of its sub-keys, or a part of its values."""

    __slots__ = ()

    def _compare(self, operator: str, value: Any) -> Expression:
        raise NotImplementedError

    def __eq__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compare("eq", value)

    def __ne__(self, value: object) -> Expression:  # type: ignore[override]
        return self._compare("ne", value)

    def __lt__(self, value: Any) -> Expression:
        return self._compare("lt", value)

    def __le__(self, value: Any) -> Expression:
        return self._compare("lte", value)

    def __gt__(self, value: Any) -> Expression:
        return self._compare("gt", value)

    def __ge__(self, value: Any) -> Expression:
        return self._compare("gte", value)

    __hash__ = object.__hash__

    def in_(self, values: Iterable[Any]) -> Expression:
        """Has one of these values; a bound field of many members stands for its members."""
        return self._compare("in", list(values) if isinstance(values, Iterator) else values)

    def between(self, lowest: Any, highest: Any) -> Expression:
        """Has a value from the lowest to the highest one, both included."""
        return self._compare("between", (lowest, highest))

    def startswith(self, text: str | bytes) -> Expression:
        """Has a value that begins with a text."""
        return self._compare("startswith", text)

    def contains(self, member: Any) -> Expression:
        """Has a member."""
        return self._compare("contains", member)

    def is_null(self, null: bool = True) -> Expression:
        """Has no value; or with False, has one."""
        return self._compare("isnull", null)

    def within(self, longitude: float, latitude: float, radius: float) -> Expression:
        """Has a place within so many metres of another."""
        return self._compare("within", (longitude, latitude, radius))

    def box(self, longitude: float, latitude: float, width: float, height: float) -> Expression:
        """Has a place within a box around another; its width and height are in metres."""
        return self._compare("box", (longitude, latitude, width, height))

    # --- arithmetic, typed as lua/library/expression_types.lua computes it ---

    @overload
    def __add__(self: Operand[int], other: int | Operand[int]) -> Computed[int]: ...
    @overload
    def __add__(self: Operand[float], other: float | Operand[float]) -> Computed[float]: ...
    @overload
    def __add__(self: Operand[Decimal], other: Decimal | int | Operand[Decimal | int]) -> Computed[Decimal]: ...
    @overload
    def __add__(self: Operand[int], other: Decimal | Operand[Decimal]) -> Computed[Decimal]: ...
    @overload
    def __add__(self: Operand[str], other: str | Operand[str]) -> Computed[str]: ...
    @overload
    def __add__(self: Operand[bytes], other: bytes | Operand[bytes]) -> Computed[bytes]: ...
    @overload
    def __add__(self: Operand[Untyped], other: str | Operand[str]) -> Computed[str]: ...
    @overload
    def __add__(self: Operand[datetime], other: timedelta | Operand[timedelta]) -> Computed[datetime]: ...
    @overload
    def __add__(self: Operand[date], other: timedelta | Operand[timedelta]) -> Computed[date]: ...
    @overload
    def __add__(self: Operand[timedelta], other: timedelta | Operand[timedelta]) -> Computed[timedelta]: ...
    @overload
    def __add__(self: Operand[timedelta], other: datetime | Operand[datetime]) -> Computed[datetime]: ...
    @overload
    def __add__(self: Operand[timedelta], other: date | Operand[date]) -> Computed[date]: ...
    def __add__(self, other: Any) -> Computed[Any]:
        return Computed("+", self, other)

    @overload
    def __radd__(self: Operand[int], other: int) -> Computed[int]: ...
    @overload
    def __radd__(self: Operand[float], other: float) -> Computed[float]: ...
    @overload
    def __radd__(self: Operand[Decimal], other: Decimal | int) -> Computed[Decimal]: ...
    @overload
    def __radd__(self: Operand[int], other: Decimal) -> Computed[Decimal]: ...
    @overload
    def __radd__(self: Operand[str], other: str) -> Computed[str]: ...
    @overload
    def __radd__(self: Operand[bytes], other: bytes) -> Computed[bytes]: ...
    @overload
    def __radd__(self: Operand[Untyped], other: str) -> Computed[str]: ...
    @overload
    def __radd__(self: Operand[datetime], other: timedelta) -> Computed[datetime]: ...
    @overload
    def __radd__(self: Operand[date], other: timedelta) -> Computed[date]: ...
    @overload
    def __radd__(self: Operand[timedelta], other: timedelta) -> Computed[timedelta]: ...
    @overload
    def __radd__(self: Operand[timedelta], other: datetime) -> Computed[datetime]: ...
    @overload
    def __radd__(self: Operand[timedelta], other: date) -> Computed[date]: ...
    def __radd__(self, other: Any) -> Computed[Any]:
        return Computed("+", other, self)

    @overload
    def __sub__(self: Operand[int], other: int | Operand[int]) -> Computed[int]: ...
    @overload
    def __sub__(self: Operand[float], other: float | Operand[float]) -> Computed[float]: ...
    @overload
    def __sub__(self: Operand[Decimal], other: Decimal | int | Operand[Decimal | int]) -> Computed[Decimal]: ...
    @overload
    def __sub__(self: Operand[int], other: Decimal | Operand[Decimal]) -> Computed[Decimal]: ...
    @overload
    def __sub__(self: Operand[datetime], other: timedelta | Operand[timedelta]) -> Computed[datetime]: ...
    @overload
    def __sub__(self: Operand[date], other: timedelta | Operand[timedelta]) -> Computed[date]: ...
    @overload
    def __sub__(self: Operand[timedelta], other: timedelta | Operand[timedelta]) -> Computed[timedelta]: ...
    @overload
    def __sub__(self: Operand[datetime], other: datetime | Operand[datetime]) -> Computed[timedelta]: ...
    @overload
    def __sub__(self: Operand[date], other: date | Operand[date]) -> Computed[timedelta]: ...
    def __sub__(self, other: Any) -> Computed[Any]:
        return Computed("-", self, other)

    @overload
    def __rsub__(self: Operand[int], other: int) -> Computed[int]: ...
    @overload
    def __rsub__(self: Operand[float], other: float) -> Computed[float]: ...
    @overload
    def __rsub__(self: Operand[Decimal], other: Decimal | int) -> Computed[Decimal]: ...
    @overload
    def __rsub__(self: Operand[int], other: Decimal) -> Computed[Decimal]: ...
    @overload
    def __rsub__(self: Operand[timedelta], other: timedelta) -> Computed[timedelta]: ...
    @overload
    def __rsub__(self: Operand[timedelta], other: datetime) -> Computed[datetime]: ...
    @overload
    def __rsub__(self: Operand[timedelta], other: date) -> Computed[date]: ...
    @overload
    def __rsub__(self: Operand[datetime], other: datetime) -> Computed[timedelta]: ...
    @overload
    def __rsub__(self: Operand[date], other: date) -> Computed[timedelta]: ...
    def __rsub__(self, other: Any) -> Computed[Any]:
        return Computed("-", other, self)

    @overload
    def __mul__(self: Operand[int], other: int | Operand[int]) -> Computed[int]: ...
    @overload
    def __mul__(self: Operand[float], other: float | Operand[float]) -> Computed[float]: ...
    @overload
    def __mul__(self: Operand[Decimal], other: Decimal | int | Operand[Decimal | int]) -> Computed[Decimal]: ...
    @overload
    def __mul__(self: Operand[int], other: Decimal | Operand[Decimal]) -> Computed[Decimal]: ...
    @overload
    def __mul__(self: Operand[timedelta], other: int | Operand[int]) -> Computed[timedelta]: ...
    @overload
    def __mul__(self: Operand[int], other: timedelta | Operand[timedelta]) -> Computed[timedelta]: ...
    def __mul__(self, other: Any) -> Computed[Any]:
        return Computed("*", self, other)

    @overload
    def __rmul__(self: Operand[int], other: int) -> Computed[int]: ...
    @overload
    def __rmul__(self: Operand[float], other: float) -> Computed[float]: ...
    @overload
    def __rmul__(self: Operand[Decimal], other: Decimal | int) -> Computed[Decimal]: ...
    @overload
    def __rmul__(self: Operand[int], other: Decimal) -> Computed[Decimal]: ...
    @overload
    def __rmul__(self: Operand[timedelta], other: int) -> Computed[timedelta]: ...
    @overload
    def __rmul__(self: Operand[int], other: timedelta) -> Computed[timedelta]: ...
    def __rmul__(self, other: Any) -> Computed[Any]:
        return Computed("*", other, self)

    def __neg__(self) -> Computed[T_co]:
        return Computed("*", self, -1)

    if not TYPE_CHECKING:  # type checkers report what these refuse

        def __truediv__(self, _other: object) -> NoReturn:
            msg = (
                f"{self!r}: the server computes + - and *, which are exact; divide in Python, and give update the "
                "result"
            )
            raise TypeError(msg)

        __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __pow__ = __rpow__ = __truediv__

        def __and__(self, _other: object = None) -> NoReturn:
            raise not_compared(self)

        __rand__ = __or__ = __ror__ = __xor__ = __rxor__ = __invert__ = __and__


class Part(ByAttributes, Operand[Any]):
    """A sub-key of a field, or what an index keeps of its values."""

    __slots__ = ("_field", "_path")

    def __init__(self, field: Any, path: tuple[str | bytes, ...]) -> None:
        self._field = field
        self._path = path

    def part(self, name: str) -> Part:
        """The part of the value that the index with this prefix keeps: `Person.created.part("year") == 2015`."""
        return Part(self._field, (*self._path, name))

    def _compare(self, operator: str, value: Any) -> Expression:
        return Comparison(self._field, self._path, operator, value)


class Computed(ByAttributes, Operand[T_co]):
    """A value that the server computes of an object's own values: `Post.votes + 1`, `Post.ups - Post.downs`.

    Attributes:
        operator: `+`, `-` or `*`.
        left: an operand, or a constant.
        right: another.
        size: the number of operands.
    """

    __slots__ = ("left", "operator", "right", "size")

    def __init__(self, operator: str, left: Any, right: Any) -> None:
        self.operator = operator
        self.left = left
        self.right = right
        self.size = _size(left) + _size(right)
        if self.size > MAX_SIZE:
            msg = f"an expression has at most {MAX_SIZE} operands, and this one has {self.size}"
            raise TypeError(msg)

    def _compare(self, operator: str, value: Any) -> Expression:
        return ComputedComparison(self, operator, value)

    def __bool__(self) -> NoReturn:
        msg = f"{self!r} is computed by the server, for each object; give it to update(…)"
        raise TypeError(msg)

    def __repr__(self) -> str:
        return f"({shown_operand(self.left)} {self.operator} {shown_operand(self.right)})"


def _size(part: Any) -> int:
    return part.size if isinstance(part, Computed) else 1


def shown_operand(part: Any) -> str:
    """Returns a part of an expression as messages show it."""
    name = getattr(part, "name", None) if isinstance(part, Operand) else None
    return shorten(part) if name is None else str(name)
