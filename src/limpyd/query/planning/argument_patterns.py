"""Patterns of arguments: where in those of a request the values of its conditions go, whatever those are, and how many.

A pattern is found by planning a query twice, with marks in the place of values: two for each condition that takes
several, and then more. Arguments that repeat for each value, and those that count them, show where the two differ.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from typing import Any, NamedTuple
from uuid import uuid4

from limpyd.requests.resp import Argument, pack_each

SECRET = uuid4().hex.encode()
MARK = b"\0value %d of condition %d in " + SECRET + b"\0"
"""Stands for a value while it is found out where in a request it goes."""
MARKED = rb"\0value (\d+) of condition (\d+) in " + SECRET + rb"\0"
TWO_OR_MORE = 2
"""The marks that a condition of several values has at first."""
WIDEST = 4
"""The most arguments that a value takes, where it is one of several."""


def marks(condition: int, count: int) -> list[bytes]:
    """Returns marks for some values of a condition."""
    return [MARK % (value, condition) for value in range(count)]


def more_than_several(condition: int) -> int:
    """Returns how many marks a condition of several values has at last: each condition another number."""
    return TWO_OR_MORE + 1 + condition


class Hole(NamedTuple):
    """An argument that holds a value.

    Attributes:
        before: what stands before the value.
        condition: which condition has the value.
        value: which of its values it is.
        after: what stands after it.
    """

    before: bytes
    condition: int
    value: int
    after: bytes


class Block(NamedTuple):
    """Arguments that are repeated for each value of a condition.

    Attributes:
        condition: the condition.
        parts: the arguments for one value.
    """

    condition: int
    parts: Sequence[Argument | Hole]

    def repeated(self, texts: Sequence[bytes]) -> list[Argument]:
        """Returns the arguments for some values."""
        repeated: list[list[Argument]] = [
            [part.before + text + part.after for text in texts] if isinstance(part, Hole) else [part] * len(texts)
            for part in self.parts
        ]
        return repeated[0] if len(repeated) == 1 else list(chain.from_iterable(zip(*repeated, strict=True)))


class Count(NamedTuple):
    """An argument that counts the values of a condition.

    Attributes:
        condition: the condition.
        more: what is added to their number.
        is_text: whether it is text.
    """

    condition: int
    more: int
    is_text: bool


PatternPart = Argument | Hole | Block | Count


class Pattern:
    """Arguments, and where the values go.

    Args:
        parts: the arguments, in order.
    """

    __slots__ = ("_args", "_form", "_holes", "_repeats", "_values")

    def __init__(self, parts: Sequence[PatternPart]) -> None:
        self._args: list[Any] = list(parts)
        self._holes = [(at, part) for at, part in enumerate(parts) if isinstance(part, Hole)]
        self._repeats = any(isinstance(part, Block | Count) for part in parts)
        self._form = b"" if self._repeats else b"*%d\r\n" + b"".join(map(_packed, parts))
        self._values = [(len(part.before) + len(part.after), part.condition, part.value) for _, part in self._holes]

    def filled(self, values: Sequence[Sequence[bytes]]) -> tuple[Argument, ...]:
        """Returns the arguments for the values of each condition."""
        args = self._args.copy()
        for at, part in self._holes:
            args[at] = part.before + values[part.condition][part.value] + part.after
        return tuple(_repeated(args, values) if self._repeats else args)

    def packed(self, values: Sequence[Sequence[bytes]], more: int = 0) -> bytes:
        """Returns them in the form of the protocol, as the beginning of a request of which more arguments follow."""
        if self._repeats:
            args = self.filled(values)
            return b"*%d\r\n%b" % (len(args) + more, pack_each(args))
        return self._form % tuple(_texts([len(self._args) + more], self._values, values))


class PatternSequence:
    """Patterns one after the other, as they are sent at once, filled with the same values.

    Args:
        patterns: each pattern, how many more arguments follow it, and what follows it in the form of the protocol.
    """

    __slots__ = ("_form", "_patterns", "_values")

    def __init__(self, patterns: Sequence[tuple[Pattern, int, bytes]]) -> None:
        self._patterns = patterns
        self._values = [place for pattern, _, _ in patterns for place in pattern._values]
        repeats = any(pattern._repeats for pattern, _, _ in patterns)
        self._form = None if repeats else b"".join([_form_of(*part) for part in patterns])

    def packed(self, values: Sequence[Sequence[bytes]]) -> bytes:
        """Returns them in the form of the protocol."""
        if self._form is None:
            return b"".join([pattern.packed(values, more) + after for pattern, more, after in self._patterns])
        return self._form % tuple(_texts([], self._values, values))


def _form_of(pattern: Pattern, more: int, after: bytes) -> bytes:
    return pattern._form.replace(b"%d", b"%d" % (len(pattern._args) + more), 1) + _literal(after)


def _texts(
    before: list[int | bytes], places: Sequence[tuple[int, int, int]], values: Sequence[Sequence[bytes]]
) -> list[int | bytes]:
    """Adds the values in their places, each after its length with what stands around it; returns the list."""
    for length, condition, value in places:
        text = values[condition][value]
        before += (length + len(text), text)
    return before


def _packed(part: Any) -> bytes:
    """An argument in the form of the protocol, as a format for its length and the value in it, if it holds one."""
    if isinstance(part, Hole):
        return b"$%%d\r\n%b%%b%b\r\n" % (_literal(part.before), _literal(part.after))
    return _literal(pack_each((part,)))


def _literal(text: bytes) -> bytes:
    """Bytes as they stand in a format."""
    return text.replace(b"%", b"%%")


def _repeated(parts: Sequence[Any], values: Sequence[Sequence[bytes]]) -> list[Argument]:
    """The arguments, with their blocks repeated."""
    args: list[Argument] = []
    for part in parts:
        if isinstance(part, Count):
            count = len(values[part.condition]) + part.more
            args.append(b"%d" % count if part.is_text else count)
        elif isinstance(part, Block):
            args += part.repeated(values[part.condition])
        else:
            args.append(part)
    return args


def pattern_of(first: Sequence[Argument], last: Sequence[Argument]) -> Pattern | None:
    """Returns the pattern of what a plan gives for the first and the last marks; None if they do not show one."""
    one, other = [_part(argument) for argument in first], [_part(argument) for argument in last]
    several = {part.condition for part in other if isinstance(part, Hole) and part.value >= TWO_OR_MORE}
    parts: list[PatternPart] = []
    at = at_other = 0
    while at < len(one):
        block = _block_at(one, at, several) if several else None
        if block is not None:
            parts.append(block)
            at += TWO_OR_MORE * len(block.parts)
            at_other += more_than_several(block.condition) * len(block.parts)
            continue
        part = _alike(one[at], other[at_other], several) if at_other < len(other) else None
        if part is None:
            return None
        parts.append(part)
        at, at_other = at + 1, at_other + 1
    return Pattern(parts) if at_other == len(other) else None


def _part(argument: Argument) -> Argument | Hole:
    """An argument, or what it is made of if it holds a mark."""
    if not isinstance(argument, bytes) or SECRET not in argument:
        return argument
    found = re.search(MARKED, argument)
    if found is None:
        return argument
    return Hole(argument[: found.start()], int(found[2]), int(found[1]), argument[found.end() :])


def _block_at(parts: Sequence[Argument | Hole], at: int, several: set[int]) -> Block | None:
    """The block that begins at a position, if one does: something that comes again with the next value."""
    if not any(isinstance(part, Hole) and part.condition in several for part in parts[at : at + WIDEST]):
        return None
    for width in range(1, WIDEST + 1):
        block, following = parts[at : at + width], parts[at + width : at + 2 * width]
        conditions = {part.condition for part in block if isinstance(part, Hole)}
        again = [part._replace(value=1) if isinstance(part, Hole) else part for part in block]
        if len(conditions) == 1 and conditions <= several and following == again != block:
            return Block(conditions.pop(), block)
    return None


def _alike(one: Argument | Hole, other: Argument | Hole, several: set[int]) -> PatternPart | None:
    """Returns the part of a pattern that stands for an argument of two requests; None if it is unclear."""
    if one == other and type(one) is type(other):
        return one
    if isinstance(one, Hole) or isinstance(other, Hole):
        return None
    try:
        before, after = int(one), int(other)
    except ValueError:
        return None
    counted = [each for each in several if more_than_several(each) - TWO_OR_MORE == after - before]
    return Count(counted[0], before - TWO_OR_MORE, isinstance(one, bytes)) if counted else None
