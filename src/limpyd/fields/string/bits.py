"""The bits of strings: one by one, counted, combined, and as numbers of any width."""

from __future__ import annotations

from typing import Any, Literal

from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.bound.multi_key import BoundMultiKey
from limpyd.fields.bound.single_value import BoundSingleValue
from limpyd.fields.string.bitfield import LONGEST, Get, Operation, arguments, results
from limpyd.requests.request import Argument, Request
from limpyd.server import Needs
from limpyd.types import Use

Combination = Literal["AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE"]
COMBINATIONS = ("AND", "OR", "XOR", "NOT", "DIFF", "DIFF1", "ANDOR", "ONE")
OF_TWO = {"DIFF", "DIFF1", "ANDOR"}
"""Those that say how the first source differs from the others, of which there must be one."""
SINCE_8_2 = Needs(redis=(8, 2), valkey=None)


class BoundBits(BoundSingleValue[Face], BoundMultiKey[Face]):
    """The commands on the bits of a Redis string, for values of str or bytes."""

    __slots__ = ()

    @command("GETBIT")
    def getbit(self, offset: int) -> Request[int]:
        """The bit at a position: 0 or 1 (GETBIT)."""
        self._usable(Use.TEXT, "GETBIT")
        return self._read("GETBIT", (self._bit_offset("GETBIT", offset),), int)

    @command("SETBIT")
    def setbit(self, offset: int, value: int) -> Request[int]:
        """Sets the bit at a position to 0 or 1 and returns the old bit (SETBIT). Raises as `append`."""
        self._usable(Use.TEXT, "SETBIT")
        bit = checks.integer("SETBIT's value", value if type(value) is not bool else int(value), low=0, high=1)
        return self._write("SETBIT", (self._bit_offset("SETBIT", offset), bit), int)

    @command("BITCOUNT")
    def bitcount(
        self,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Request[int]:
        """Returns the number of bits that are 1 (BITCOUNT).

        Args:
            start: where to begin; negative counts from the end. Needs `end`.
            end: where to end, included.
            mode: whether start and end count bytes (the default) or bits.
        """
        self._usable(Use.TEXT, "BITCOUNT")
        if (start is None) != (end is None):
            msg = f"BITCOUNT on {self._field} takes both start and end, or neither; an end of -1 is the last byte"
            raise InvalidValue(msg)
        return self._read("BITCOUNT", tuple(self._bit_range("BITCOUNT", start, end, mode)), int)

    @command("BITPOS")
    def bitpos(
        self,
        bit: int,
        start: int | None = None,
        end: int | None = None,
        mode: Literal["BYTE", "BIT"] | None = None,
    ) -> Request[int]:
        """Position of the first bit that is 0 or 1, or -1 (BITPOS).

        Args:
            bit: which to look for.
            start: where to begin; negative counts from the end.
            end: where to end, included. Needs `start`.
            mode: whether start and end count bytes (the default) or bits. Needs both.
        """
        self._usable(Use.TEXT, "BITPOS")
        if end is not None and start is None:
            msg = f"BITPOS on {self._field} takes end only with start; a start of 0 is the first byte"
            raise InvalidValue(msg)
        wanted = checks.integer("BITPOS's bit", bit, low=0, high=1)
        return self._read("BITPOS", (wanted, *self._bit_range("BITPOS", start, end, mode)), int)

    @command("BITFIELD")
    def bitfield(self, *operations: Operation) -> Request[list[int | None]]:
        """Reads and changes numbers of any width among the bits (BITFIELD): the result of each operation, in turn.

        Args:
            operations: what to do, one after the other; see `Get`, `Set` and `IncrBy` of `limpyd.fields.string`.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            InvalidValue: there is no operation, or something else among them.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.TEXT, "BITFIELD")
        for operation in checks.some("BITFIELD", operations):
            if not isinstance(operation, Operation):
                msg = f"BITFIELD on {self._field} takes Get, Set and IncrBy, not {shorten(operation)}"
                raise InvalidValue(msg)
        return self._write("BITFIELD", tuple(arguments(operations)), lambda reply: results(operations, reply))

    @command("BITFIELD_RO")
    def bitfield_ro(self, *operations: Get) -> Request[list[int]]:
        """Reads numbers of any width among the bits (BITFIELD_RO): each one, in turn.

        Args:
            operations: which; see `Get` of `limpyd.fields.string`.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            InvalidValue: there is no operation, or something else among them.
        """
        self._usable(Use.TEXT, "BITFIELD_RO")
        for operation in checks.some("BITFIELD_RO", operations):
            if not isinstance(operation, Get):
                msg = f"BITFIELD_RO on {self._field} takes Get, not {shorten(operation)}"
                raise InvalidValue(msg)
        return self._read("BITFIELD_RO", tuple(arguments(operations)), lambda reply: results(operations, reply))

    @command("BITOP")
    def bitop(self, operation: Combination, *sources: BoundBits[Any]) -> Request[int]:
        """Becomes a combination of the bits of some fields; returns its length in bytes (BITOP).

        What it held is replaced; it takes part only if it is named among the sources. Shorter sources
        count as if zeros followed.

        Args:
            operation: AND, OR, XOR; NOT of one source. From Redis 8.2 on also, of the bits: DIFF, those of the
                first source that none of the others has; DIFF1, those that others have and the first has
                not; ANDOR, those that the first has and any of the others; ONE, those that exactly one has.
            sources: fields of the same type.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            InvalidValue: the operation is another, or takes more sources or fewer.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: one of the objects was deleted.
            ServerTooOld: the server does not know the operation.
        """
        self._usable(Use.TEXT, "BITOP")
        name = checks.one_of("BITOP's operation", operation, COMBINATIONS)
        fields = list(self._checked_fields("BITOP", checks.some("BITOP", sources), b"string"))
        if name == "NOT" and len(fields) > 1:
            msg = f"BITOP NOT on {self._field} takes one source, not {len(fields)}"
            raise InvalidValue(msg)
        if name in OF_TWO and len(fields) == 1:
            msg = f"BITOP {name} on {self._field} compares the first source with others; pass two or more, not one"
            raise InvalidValue(msg)
        needs = SINCE_8_2 if name in {*OF_TWO, "ONE"} else None
        keys = [field._key() for field in fields]
        return self._write_multi_key("BITOP", name, *keys, decode=int, reads=fields, key_at=2, needs=needs)

    @staticmethod
    def _bit_offset(command: str, offset: int) -> int:
        return checks.integer(f"{command}'s offset", offset, low=0, high=LONGEST * 8 - 1)

    def _bit_range(self, command: str, start: int | None, end: int | None, mode: str | None) -> list[Argument]:
        args: list[Argument] = [
            checks.integer(f"{command}'s {name}", value)
            for name, value in (("start", start), ("end", end))
            if value is not None
        ]
        if mode is not None:
            if end is None:
                msg = f"{command} on {self._field} takes mode only with start and end; pass these too"
                raise InvalidValue(msg)
            args.append(checks.one_of(f"{command}'s mode", mode, ("BYTE", "BIT")))
        return args
