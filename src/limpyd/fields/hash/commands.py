"""The commands of a Redis hash."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any, Literal, TypeVar

from limpyd.commands.calls import Direct
from limpyd.commands.descriptor import command, walk
from limpyd.commands.faces import Async, Face, Sync
from limpyd.commands.iteration import awaited
from limpyd.commands.overloads import overloaded
from limpyd.commands.replies import pairs
from limpyd.fields import checks
from limpyd.fields.amounts import integer_amount
from limpyd.fields.bound.arguments import scan_args, scanned, unpacked
from limpyd.fields.hash.expiry import BoundHashExpiry
from limpyd.fields.hash.keys import Key
from limpyd.keys import to_text
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request, Walk
from limpyd.requests.step_results import StepResult
from limpyd.server import Needs
from limpyd.types import SupportsItems, Use

T = TypeVar("T")
V = TypeVar("V")
NO_VALUES = Needs(redis=(7, 4), valkey=(8, 0))


class BoundHash(BoundHashExpiry[T, V, Face]):
    """The commands of a Redis hash. On the sync face also `len()`, `in` and iteration over its keys."""

    __slots__ = ()
    proxy_getter, proxy_setter = "hgetall", "hmset"

    # --- writing ---

    @command("HSET", Direct.WITH_KEY_AND_VALUE)
    def hset(
        self,
        key: Key | None = None,
        value: V | None = None,
        mapping: SupportsItems[Key, V] | None = None,
        items: Sequence[Any] | None = None,
    ) -> Request[int]:
        """Stores a value under a key, or several (HSET); returns how many keys are new.

        Args:
            key: a key.
            value: its value.
            mapping: more values, by key.
            items: more keys and values in turn, in one list.

        Raises:
            InvalidValue: there is nothing to store, or a value does not fit the field's type.
            UniquenessError: another object has one of the values under the same key; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        if key is not None and value is not None and mapping is None and items is None:
            field = self._field
            return self._write("HSET", (field.key_bytes(key), field.encode_new(value)), step=2)
        args = self._item_args("HSET", key, value, mapping, items)
        return self._write_many("HSET", (), args, step=2, member=1, combine=sum)

    @command("HSET")
    def hmset(self, mapping: SupportsItems[Key, V] | None = None, /, **values: V) -> Request[bool]:
        """Stores several values by key (HSET, the successor of HMSET); True. Raises as `hset`."""
        args = self._item_args("HSET", mapping={**self._field.checked(mapping or {}), **values})
        return self._write_many("HSET", (), args, step=2, member=1, combine=lambda _: True)

    @command("HSETNX")
    def hsetnx(self, key: Key, value: V) -> Request[bool]:
        """Stores a value under a key that has none (HSETNX); True if it was stored. Raises as `hset`."""
        args = (self._field.key_bytes(key), self._field.encode_new(value))
        return self._write("HSETNX", args, to_bool, step=2)

    @command("HDEL")
    def hdel(self, *keys: Key) -> Request[int]:
        """Removes keys (HDEL); returns how many there were.

        Raises:
            DoesNotExist: the object was deleted.
        """
        return self._write_many("HDEL", (), self._keys("HDEL", keys), combine=sum)

    @command("HGETDEL")
    def hgetdel(self, *keys: Key) -> Request[list[T | None]]:
        """Removes keys and returns their values, None where there was none (HGETDEL, from Redis 8.0 on).

        Raises:
            ServerTooOld: the server does not know the command.
            DoesNotExist: the object was deleted.
        """
        return self._write_many(
            "HGETDEL", (), self._keys("HGETDEL", keys), counted="FIELDS", combine=self._optional_of(keys)
        )

    @command("HINCRBY")
    def hincrby(self, key: Key, amount: int | StepResult[int] = 1) -> Request[int]:
        """Adds to the number under a key, 0 if there is none, and returns it (HINCRBY).

        Raises:
            UnsupportedCommand: the field's type holds no integer.
            ServerError: what is stored is no integer, or the result exceeds 64 bits.
            UniquenessError: another object has the resulting value under the same key; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        self._field.usable(Use.INTEGER, "HINCRBY")
        args = (self._field.key_bytes(key), integer_amount("HINCRBY's amount", amount))
        return self._write("HINCRBY", args, int, step=2)

    @command("HINCRBYFLOAT")
    def hincrbyfloat(self, key: Key, amount: float | str | StepResult[float] = 1.0) -> Request[float]:
        """Adds to the number under a key, 0 if there is none, and returns it (HINCRBYFLOAT). Raises as `hincrby`."""
        self._field.usable(Use.NUMBER, "HINCRBYFLOAT")
        args = (self._field.key_bytes(key), checks.number("HINCRBYFLOAT's amount", amount))
        return self._write("HINCRBYFLOAT", args, float, step=2)

    # --- reading ---

    @command("HGET")
    def hget(self, key: Key) -> Request[T | None]:
        """The value under a key, or None (HGET).

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        return self._read("HGET", (self._field.key_bytes(key),), self._value)

    @command("HMGET")
    def hmget(self, *keys: Key | list[Key] | list[str] | list[bytes]) -> Request[list[T | None]]:
        """The values under some keys, in their order; None where there is none (HMGET). It takes a list, too."""
        return self._read("HMGET", tuple(self._keys("HMGET", unpacked(keys))), self._optional)

    @command("HGETALL")
    def hgetall(self) -> Request[dict[str, T]]:
        """All values by key (HGETALL)."""
        return self._read("HGETALL", (), lambda reply: dict(self._items(reply)))

    @command("HKEYS")
    def hkeys(self) -> Request[list[str]]:
        """All keys (HKEYS)."""
        return self._read("HKEYS", (), _texts)

    @command("HVALS")
    def hvals(self) -> Request[list[T]]:
        """All values, in the order of `hkeys` (HVALS)."""
        return self._read("HVALS", (), self._values)

    @command("HLEN", Direct.WITHOUT_ARGUMENTS)
    def hlen(self) -> Request[int]:
        """Returns the number of keys (HLEN)."""
        return self._read("HLEN", (), int)

    @command("HEXISTS")
    def hexists(self, key: Key) -> Request[bool]:
        """Returns whether a key has a value (HEXISTS)."""
        return self._read("HEXISTS", (self._field.key_bytes(key),), to_bool)

    @command("EXISTS")
    def exists(self, key: Key | None = None) -> Request[bool]:  # pyright: ignore[reportIncompatibleVariableOverride, reportIncompatibleMethodOverride]
        """Returns whether there is a value (EXISTS); with a key, whether that has one, as `hexists` does (HEXISTS)."""
        if key is None:
            return self._read("EXISTS", (), to_bool)
        return self._read("HEXISTS", (self._field.key_bytes(key),), to_bool)

    @command("HSTRLEN")
    def hstrlen(self, key: Key) -> Request[int]:
        """Length of the value under a key, in bytes (HSTRLEN); 0 if there is none."""
        return self._read("HSTRLEN", (self._field.key_bytes(key),), int)

    @command("HRANDFIELD")
    def hrandfield_many(self, count: int, *, withvalues: Literal[False] = False) -> Request[list[str]]:
        """The same as `hrandfield` with `count` (HRANDFIELD with a count)."""
        return self._read("HRANDFIELD", (checks.count("HRANDFIELD's count", count),), _texts)

    @command("HRANDFIELD")
    def hrandfield_withvalues(self, count: int, *, withvalues: Literal[True] = True) -> Request[list[tuple[str, T]]]:
        """The same as `hrandfield` with `count` and `withvalues` (HRANDFIELD with WITHVALUES)."""
        args = (checks.count("HRANDFIELD's count", count), checks.on("HRANDFIELD", "withvalues", withvalues))
        return self._read("HRANDFIELD", args, self._items)

    @overloaded("HRANDFIELD", ("count", hrandfield_many), ("withvalues", hrandfield_withvalues))
    def hrandfield(self, count: None = None, *, withvalues: Literal[False] = False) -> Request[str | None]:
        """A random key, or None (HRANDFIELD).

        Args:
            count: return a list of up to so many keys; if negative, of so many, some perhaps repeated.
            withvalues: return pairs of a key and its value; needs a count.
        """
        return self._read("HRANDFIELD", (), lambda key: None if key is None else to_text(key))

    @walk("HSCAN")
    def hscan(self, match: str | bytes | None = None, count: int | None = None) -> Walk[tuple[str, T]]:
        """Yields keys and values in chunks (HSCAN), a request each; some perhaps twice.

        If another server process takes over meanwhile, the walk begins again, so that it misses nothing.

        Args:
            match: a glob pattern that the keys must match.
            count: about how many a chunk looks at.
        """
        args = scan_args("HSCAN", match, count)
        return lambda cursor: self._read("HSCAN", (cursor, *args), scanned(self._items))

    @walk("HSCAN")
    def hscan_no_values(self, match: str | bytes | None = None, count: int | None = None) -> Walk[str]:
        """Yields keys in chunks (HSCAN with NOVALUES, from Redis 7.4 on); otherwise like `hscan`."""
        args = (*scan_args("HSCAN", match, count), "NOVALUES")
        return lambda cursor: self._read("HSCAN", (cursor, *args), scanned(_texts), needs=NO_VALUES)

    # --- as in Python ---

    def __len__(self: BoundHash[T, V, Sync]) -> int:
        self._sync_only("await ….hlen()")
        hinted = self._hinted()
        return self.hlen() if hinted is None else hinted

    def __contains__(self: BoundHash[T, V, Sync], key: Key) -> bool:
        self._sync_only("await ….hexists(key)")
        return self.hexists(key)

    def __getitem__(self: BoundHash[T, V, Sync], key: Key) -> T:
        """The value under a key (HGET).

        Raises:
            KeyError: there is none.
        """
        self._sync_only("await ….hget(key)")
        value = self.hget(key)
        if value is None:
            raise KeyError(key)
        return value

    def __aiter__(self: BoundHash[T, V, Async]) -> AsyncIterator[str]:
        self._async_only()
        return awaited(self.hkeys())

    def __iter__(self: BoundHash[T, V, Sync]) -> Iterator[str]:
        self._sync_only("await ….hkeys()")
        return self._iterate(self.hkeys())

    # --- arguments and replies ---

    def _items(self, reply: Any) -> list[tuple[str, T]]:
        decode, key = self._field.decode, self._key()
        return [(to_text(sub), decode(value, key)) for sub, value in pairs(reply)]


def _texts(reply: Any) -> list[str]:
    return [to_text(text) for text in reply or ()]
