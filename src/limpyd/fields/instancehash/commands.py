"""The commands of an entry of the hash of an instance."""

from __future__ import annotations

from typing import TypeVar

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command
from limpyd.commands.faces import Face
from limpyd.fields import checks
from limpyd.fields.amounts import integer_amount
from limpyd.fields.instancehash.expiry import BoundHashEntryExpiry
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request
from limpyd.requests.step_results import StepResult
from limpyd.types import Use

T = TypeVar("T")
V = TypeVar("V")


class BoundHashEntry(BoundHashEntryExpiry[T, V, Face]):
    """The commands of one entry of a Redis hash. It can expire on its own from Redis 7.4 and Valkey 9.0 on."""

    __slots__ = ()
    proxy_getter, proxy_setter = "hget", "hset"

    @command("HGET", Direct.WITHOUT_ARGUMENTS)
    def hget(self) -> Request[T | None]:
        """The value (HGET), or None if there is none.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("HGET", (self._field.sub,), self._value)

    get = hget

    @command("HSET", Direct.WITH_VALUE)
    def hset(self, value: V) -> Request[bool]:
        """Stores a value (HSET); True if there was none before.

        Raises:
            InvalidValue: the value does not fit the field's type.
            UniquenessError: another object has the value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return self._write("HSET", (self._field.sub, self._field.encode_new(value)), to_bool)

    set = hset

    @command("HSETNX")
    def hsetnx(self, value: V) -> Request[bool]:
        """Stores a value if there is none (HSETNX); True if it was stored. Raises as `hset`."""
        return self._write("HSETNX", (self._field.sub, self._field.encode_new(value)), to_bool)

    @command("HDEL")
    def hdel(self) -> Request[bool]:
        """Removes the value (HDEL), and its index entry; True if there was one.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write("HDEL", (self._field.sub,), to_bool)

    delete = hdel

    @command("HEXISTS")
    def hexists(self) -> Request[bool]:
        """Returns whether there is a value (HEXISTS)."""
        return self._read("HEXISTS", (self._field.sub,), to_bool)

    exists = hexists

    @command("HINCRBY", Direct.WITHOUT_ARGUMENTS)
    def hincrby(self, amount: int | StepResult[int] = 1) -> Request[int]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.INTEGER, "HINCRBY")
        return self._write("HINCRBY", (self._field.sub, integer_amount("HINCRBY's amount", amount)), int)

    @command("HINCRBYFLOAT")
    def hincrbyfloat(self, amount: float | str | StepResult[float] = 1.0) -> Request[float]:
        """Adds to the number that is stored, 0 if there is none, and returns it (HINCRBYFLOAT).

        Raises:
            UnsupportedCommand: the field's type holds no fractions.
            ServerError: what is stored is no number.
            UniquenessError: another object has the resulting value; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._usable(Use.NUMBER, "HINCRBYFLOAT")
        added = checks.number("HINCRBYFLOAT's amount", amount)
        return self._write("HINCRBYFLOAT", (self._field.sub, added), float)

    @command("HSTRLEN")
    def hstrlen(self) -> Request[int]:
        """Length of the value in bytes (HSTRLEN); 0 if there is none."""
        return self._read("HSTRLEN", (self._field.sub,), int)

    @command("HGETDEL")
    def hgetdel(self) -> Request[T | None]:
        """Removes the value and returns it, or None (HGETDEL, from Redis 8.0 and Valkey 9.1 on).

        Raises:
            DoesNotExist: the object was deleted.
            ServerTooOld: the server does not know the command.
        """
        return self._write("HGETDEL", self._named(), self._only)
