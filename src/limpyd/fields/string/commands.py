"""The commands of a Redis string: text, numbers, and those of its other parts."""

from __future__ import annotations

from typing import Generic, TypeVar

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.exceptions import InvalidValue, shorten
from limpyd.fields import checks
from limpyd.fields.amounts import integer_amount
from limpyd.fields.string.bitfield import LONGEST
from limpyd.fields.string.bits import BoundBits
from limpyd.fields.string.common_subsequence import BoundCommonSubsequence
from limpyd.fields.string.values import BoundWholeString
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request
from limpyd.requests.step_results import StepResult
from limpyd.types import Use

T = TypeVar("T")
V = TypeVar("V")


class BoundString(BoundBits[Face], BoundCommonSubsequence[T, Face], BoundWholeString[T, V, Face], Generic[T, V, Face]):
    """The commands of a Redis string."""

    __slots__ = ()

    @command("DELIFEQ")
    def delifeq(self, value: V) -> Request[bool]:
        """Removes the value if it equals this one (DELIFEQ); True if it was removed. The stored forms are compared.

        Raises:
            InvalidValue: the value does not fit the field's type.
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command, which is Valkey's from 9.0 on.
        """
        return self._write("DELIFEQ", (self._field.encode(value),), to_bool)

    @command("APPEND")
    def append(self, value: V | str | bytes) -> Request[int]:
        """Adds text at the end; returns the length in bytes after it (APPEND).

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("APPEND", (self._text("APPEND", value),), int)

    @command("GETRANGE")
    def getrange(self, start: int, end: int) -> Request[T]:
        """Part of the value, by the positions of its first and last byte (GETRANGE).

        Args:
            start: position of the first byte; negative counts from the end.
            end: position of the last byte, which is included.

        Raises:
            UnsupportedCommand: the field's type is not str or bytes.
            StoredValueError: the cut goes through a character of several bytes, and the field has type=str.
        """
        return self._part("GETRANGE", start, end)

    @command("GETRANGE")
    def substr(self, start: int, end: int = -1) -> Request[T]:
        """The same as `getrange`, to the end by default (GETRANGE, as SUBSTR is called today)."""
        return self._part("SUBSTR", start, end)

    @command("SETRANGE")
    def setrange(self, offset: int, value: V | str | bytes) -> Request[int]:
        """Overwrites part of the value from a position on; returns the length in bytes after it (SETRANGE).

        Raises as `append`, and InvalidValue if the result would exceed 512 MB.
        """
        text = self._text("SETRANGE", value)
        return self._write(
            "SETRANGE", (checks.integer("SETRANGE's offset", offset, low=0, high=LONGEST - len(text)), text), int
        )

    @command("INCRBY", Direct.WITHOUT_ARGUMENTS)
    def incr(self, amount: int | StepResult[int] = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "INCRBY")
        return self._write("INCRBY", (integer_amount("INCRBY's amount", amount),), int)

    incrby = incr

    @command("DECRBY")
    def decr(self, amount: int | StepResult[int] = 1) -> Request[int]:
        """Subtracts from the number that is stored, 0 if there is none, and returns it (DECRBY). Raises as `incr`."""
        self._usable(Use.INTEGER, "DECRBY")
        return self._write("DECRBY", (integer_amount("DECRBY's amount", amount, low=-checks.LARGEST),), int)

    decrby = decr

    @command("INCRBYFLOAT")
    def incrbyfloat(self, amount: float | str | StepResult[float] = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (INCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "INCRBYFLOAT")
        return self._write("INCRBYFLOAT", (checks.number("INCRBYFLOAT's amount", amount),), float)

    def _part(self, command: str, start: int, end: int) -> Request[T]:
        self._usable(Use.TEXT, command)
        args = (checks.integer(f"{command}'s start", start), checks.integer(f"{command}'s end", end))
        return self._read("GETRANGE", args, self._value)

    def _text(self, command: str, value: object) -> bytes:
        self._usable(Use.TEXT, command)
        if not self._field.typed:
            stored: bytes = self._field.encode(value)
            return stored
        if isinstance(value, str):
            try:
                return value.encode()
            except UnicodeEncodeError as error:
                msg = f"{command} on {self._field} cannot take {shorten(value)}: {error}"
                raise InvalidValue(msg) from error
        if isinstance(value, bytes):
            return value
        msg = f"{command} on {self._field} takes str or bytes, not {type(value).__name__}"
        raise InvalidValue(msg)
