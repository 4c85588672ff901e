"""The operations of BITFIELD on the numbers among the bits of a string.

Numbers of more than 53 bits would be rounded by the scripts that writes go through, since Lua knows only doubles. So
their two halves are read beside them, in the same command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.requests.request import Argument

LONGEST = 512 * 1024 * 1024
"""Bytes in the largest string that Redis takes by default."""
EXACT_BITS = 53
"""The widest numbers that a double holds all of."""
HIGH_BITS = 32
"""The bits of the first half of a wider number."""

FORMAT = r"[iu][1-9][0-9]?"
POSITION = r"#?[0-9]{1,10}"
Overflow = Literal["WRAP", "SAT", "FAIL"]


class Operation:
    """Something done to a number among the bits of a string.

    Attributes:
        args: its arguments.
        overflow: what is done with a number that does not fit, if there may be one.
    """

    __slots__ = ("_at", "_signed", "_width", "args", "overflow")

    def __init__(self, name: str, fmt: str, offset: int | str, *number: int, overflow: str | None = None) -> None:
        if not isinstance(fmt, str) or not re.fullmatch(FORMAT, fmt) or int(fmt[1:]) > (64 if fmt[0] == "i" else 63):
            msg = f"BITFIELD's fmt must be from 'i1' to 'i64' or from 'u1' to 'u63', not {shorten(fmt)}"
            raise InvalidValue(msg)
        width, position = int(fmt[1:]), offset
        if isinstance(offset, str):
            if not re.fullmatch(POSITION, offset):
                msg = f"BITFIELD's offset must be an int, or a text such as '#1', not {shorten(offset)}"
                raise InvalidValue(msg)
            position = int(offset.removeprefix("#")) * (width if offset[0] == "#" else 1)
        self._at = checks.integer("BITFIELD's offset, in bits,", position, low=0, high=LONGEST * 8 - width)
        self._width, self._signed = width, fmt[0] == "i"
        self.args: tuple[Argument, ...] = (name, fmt, offset, *number)
        self.overflow = overflow

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.args[1:]))})"

    @property
    def sent(self) -> tuple[Argument, ...]:
        """The arguments that are sent: where Lua could not hold the number, its two halves are read beside it."""
        return (*self.args, *self._halves) if self._halves else self.args

    def result(self, replies: Iterator[Any]) -> Any:
        """The result, from the replies to what is sent."""
        own = next(replies)
        return own if not self._halves else self._joined(replies, exists=own is not None)

    @property
    def _halves(self) -> tuple[Argument, ...]:
        if self._width <= EXACT_BITS:
            return ()
        low = self._width - HIGH_BITS
        return ("GET", f"u{HIGH_BITS}", self._at, "GET", f"u{low}", self._at + HIGH_BITS)

    def _joined(self, replies: Iterator[Any], *, exists: bool) -> int | None:
        number: int = next(replies) << (self._width - HIGH_BITS) | next(replies)
        if not exists:
            return None
        if self._signed and number >> (self._width - 1):
            number -= 1 << self._width
        return number


class Get(Operation):
    """Reads a number among the bits of a string (GET of BITFIELD).

    Args:
        fmt: its sign and width: "i1" to "i64" for signed, "u1" to "u63" for unsigned.
        offset: position of its first bit; or "#n", the n-th number of this width, counted from 0.

    Raises:
        InvalidValue: the format or the offset is something else.
    """

    __slots__ = ()

    def __init__(self, fmt: str, offset: int | str) -> None:
        super().__init__("GET", fmt, offset)

    @property
    def sent(self) -> tuple[Argument, ...]:
        return self._halves or self.args

    def result(self, replies: Iterator[Any]) -> Any:
        return self._joined(replies, exists=True) if self._halves else next(replies)


class Set(Operation):
    """Replaces a number among the bits of a string, and gives the one before (SET of BITFIELD).

    Args:
        fmt: its sign and width, as for `Get`.
        offset: where it begins, as for `Get`.
        value: the new number.
        overflow: what to do with one that does not fit: "WRAP" drops its higher bits, "SAT" takes the
            nearest one that fits, "FAIL" changes nothing and gives None.

    Raises:
        InvalidValue: an argument is something else.
    """

    __slots__ = ()

    def __init__(self, fmt: str, offset: int | str, value: int, overflow: Overflow = "WRAP") -> None:
        number = checks.integer("BITFIELD's value", value)
        super().__init__("SET", fmt, offset, number, overflow=_overflow(overflow))

    @property
    def sent(self) -> tuple[Argument, ...]:
        return (*self._halves, *self.args)  # the number before is what it gives

    def result(self, replies: Iterator[Any]) -> Any:
        if not self._halves:
            return next(replies)
        before = self._joined(replies, exists=True)
        return before if next(replies) is not None else None


class IncrBy(Operation):
    """Adds to a number among the bits of a string, and gives the result (INCRBY of BITFIELD).

    Args:
        fmt: its sign and width, as for `Get`.
        offset: where it begins, as for `Get`.
        increment: what to add.
        overflow: what to do with a result that does not fit, as for `Set`.

    Raises:
        InvalidValue: an argument is something else.
    """

    __slots__ = ()

    def __init__(self, fmt: str, offset: int | str, increment: int, overflow: Overflow = "WRAP") -> None:
        number = checks.integer("BITFIELD's increment", increment)
        super().__init__("INCRBY", fmt, offset, number, overflow=_overflow(overflow))


def _overflow(value: str) -> str:
    return checks.one_of("BITFIELD's overflow", value, ("WRAP", "SAT", "FAIL"))


def arguments(operations: Sequence[Operation]) -> list[Argument]:
    """The arguments of BITFIELD for some operations, one after the other."""
    args: list[Argument] = []
    overflow = "WRAP"
    for operation in operations:
        wanted = operation.overflow or overflow
        if wanted != overflow:  # Redis goes by the last one that it got
            args += ("OVERFLOW", wanted)
            overflow = wanted
        args += operation.sent
    return args


def results(operations: Sequence[Operation], reply: Sequence[Any]) -> list[Any]:
    """The result of each operation, from the reply to those arguments."""
    replies = iter(reply)
    return [operation.result(replies) for operation in operations]
