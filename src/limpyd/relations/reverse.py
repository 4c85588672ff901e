"""The reverse side of a reference: the objects that refer to an object."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, Never, NoReturn, Self, TypeVar, overload

from limpyd.commands.descriptor import operation
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.commands.table import FREES_MEMORY
from limpyd.exceptions import InvalidValue, UnsupportedCommand, shorten
from limpyd.expressions import Comparison, Expression
from limpyd.fields import checks
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.setters import with_own_setters
from limpyd.keys import Partition, to_text
from limpyd.query.asynchronous import AsyncCollection
from limpyd.query.sync import Collection
from limpyd.requests.request import Request
from limpyd.scripts.reference_change import refer
from limpyd.scripts.writes import CommandChange, MembersStep, Other, write_members
from limpyd.targets.target import Target
from limpyd.utils.conversion import ITEMS

M = TypeVar("M")


class Reverse(Generic[M]):
    """The attribute of a model under which its objects find those that refer to them.

    A reference makes it. The model may annotate it, `posts: Reverse[Post]`, for type checkers; then it is checked.
    """

    def __init__(self, name: str, field: Any) -> None:
        self._name = name
        self.field = field

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundReverse[M, Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundReverse[M, Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        if not self.field.target.is_same_model(instance._schema):
            msg = f"{instance!r} has no {self._name}: {self.field} refers to {self.field.target.name}"
            raise AttributeError(msg)
        bound: Any = self.field.bound_reverse or BoundReverse
        return bound(self.field, instance)

    def __set__(self, instance: Any, value: Never) -> None:
        msg = f"{self._name} is the reverse side of {self.field}; change that field"
        raise AttributeError(msg)

    def __repr__(self) -> str:
        return f"<reverse side of {self.field}>"


class BoundReverse(Faced[Face], Generic[M, Face]):
    """The objects that refer to one object by a field.

    Call it to get their collection. You can also write to this side: a command adds the object to the field of each of
    some objects, or removes it, all in one step. A foreign key is set to the object, or cleared.
    """

    __slots__ = ("_field", "_instance")

    def __init__(self, field: Any, instance: Any) -> None:
        self._field = field
        self._instance = instance

    def __reduce__(self) -> Any:
        return type(self), (self._field, self._instance)

    @overload
    def __call__(self: BoundReverse[M, Sync], *expressions: Expression, **filters: Any) -> Collection[str, M]: ...
    @overload
    def __call__(self: BoundReverse[M, Async], *expressions: Expression, **filters: Any) -> AsyncCollection[str, M]: ...
    def __call__(self: Any, *expressions: Expression, **filters: Any) -> Any:
        """The collection of the objects that refer to this one, narrowed by expressions and filters."""
        own = Comparison(self._field, (), "eq", self._instance)
        return self._field.model.model.collection(own, *expressions, **filters)

    collection = __call__

    def __getattr__(self, name: str) -> Any:
        """A method of the collection: `author.posts.live()` is `author.posts().live()`."""
        if name.startswith("_"):
            msg = f"{type(self).__name__} has no attribute {name!r}"
            raise AttributeError(msg)
        reverse: Any = self
        return getattr(reverse(), name)

    def __repr__(self) -> str:
        return f"<{self._field} to {self._instance!r}>"

    if not TYPE_CHECKING:

        def keys(self) -> NoReturn:
            """Refuses `dict(…)`, and so an encoder that would take this for objects."""
            msg = f"{self!r} is not a mapping: call it to get a collection, and read its items with {ITEMS}"
            raise TypeError(msg)

    def _run(self, request: Request[Any], again: Callable[[], Request[Any]] | None = None) -> Any:
        return self._instance._run(request, again)

    @operation
    def sadd(self, *holders: Any) -> Request[int]:
        """Adds this object to the field of each of some objects (SADD); how many had it not yet.

        A foreign key is set to this object (SET, HSET), whatever it referred to before.

        Raises:
            UniquenessError: the field is unique, and another object already refers to it, or you pass several objects.

        Others as `zadd`.
        """
        if not self._field.many:
            return self._refer("sadd", holders, refers=True)
        return self._write("sadd", b"set", "SADD", holders, lambda pk: (pk,), first=1)

    @operation
    def srem(self, *holders: Any) -> Request[int]:
        """Takes this object out of the field of each of some objects (SREM); how many had it. Raises as `zadd`.

        A foreign key to this object is removed (DEL, HDEL); one to another object stays.
        """
        if not self._field.many:
            return self._refer("srem", holders, refers=False)
        return self._write("srem", b"set", "SREM", holders, lambda pk: (pk,), first=1)

    @operation
    def rpush(self, *holders: Any) -> Request[int]:
        """Appends this object to the field of each of some objects (RPUSH); how many they are. Raises as `zadd`."""
        return self._write("rpush", b"list", "RPUSH", holders, lambda pk: (pk,), first=1).then(lambda _: len(holders))

    @operation
    def lpush(self, *holders: Any) -> Request[int]:
        """Puts this object before the others in the field of each of some objects (LPUSH); how many they are.

        Raises as `zadd`.
        """
        return self._write("lpush", b"list", "LPUSH", holders, lambda pk: (pk,), first=1).then(lambda _: len(holders))

    @operation
    def lrem(self, count: int, *holders: Any) -> Request[int]:
        """Takes this object out of the field of each of some objects (LREM); how many times it was there.

        Args:
            count: how often at the most, from the first on; if negative, from the last on; 0 for always.
            holders: the objects, or their primary keys.

        Raises as `zadd`.
        """
        times = checks.integer("LREM's count", count)
        return self._write("lrem", b"list", "LREM", holders, lambda pk: (times, pk), first=2)

    @operation
    def zadd(self, score: float, *holders: Any) -> Request[int]:
        """Adds this object to the field of each of some objects with a score (ZADD); how many did not have it yet.

        Args:
            score: the score.
            holders: the objects, or their primary keys.

        Raises:
            UnsupportedCommand: the field is of another type.
            InvalidValue: something is no object of the model that refers, and no primary key.
            DoesNotExist: this object, or one of those, was deleted; nothing is changed.
        """
        text = checks.score(f"{self._field}'s score", score)
        return self._write("zadd", b"zset", "ZADD", holders, lambda pk: (text, pk), first=2)

    @operation
    def zrem(self, *holders: Any) -> Request[int]:
        """Takes this object out of the field of each of some objects (ZREM); how many had it. Raises as `zadd`."""
        return self._write("zrem", b"zset", "ZREM", holders, lambda pk: (pk,), first=1)

    def _write(
        self, name: str, stored_as: bytes, command: str, holders: Sequence[Any], args: Any, *, first: int
    ) -> Request[int]:
        field, instance = self._field, self._instance
        if field.stored_as != stored_as:
            cure = (
                "use the commands of its type"
                if field.many
                else ("use sadd and srem, or set it on the referring objects")
            )
            msg = f"{name}: {field} is a {type(field).__name__}; {cure}"
            raise UnsupportedCommand(msg)
        pks = self._pks_of(name, holders)
        target, model = field.target, field.model
        if not field.is_local:
            return self._write_away(name, command, pks, args, first)
        others = [Other(model, model.keys.partition(pk), pk) for pk in pks]
        steps = []
        for number, pk in enumerate(pks, 1):
            steps.append(MembersStep((self._change(pk, number, first),), command, args(instance._pk_bytes)))
        partition = target.keys.partition(instance._pk_bytes)
        return write_members(target, partition, instance._pk_bytes, others, (), steps, sum, instance._set_pk, field)

    def _write_away(self, name: str, command: str, pks: Sequence[bytes], args: Any, first: int) -> Request[int]:
        """The same where this object may be in another partition; those that refer are in one."""
        field = self._field
        model, pk = field.model, self._instance._pk_bytes
        if field.check and command not in FREES_MEMORY:
            pk = Target(pk, field.target)
        partition = self._one_partition(name, pks)
        steps = [
            MembersStep((self._change(holder, number, first),), command, args(pk)) for number, holder in enumerate(pks)
        ]
        others = [Other(model, partition, holder) for holder in pks[1:]]
        return write_members(model, partition, pks[0], others, (), steps, sum, lambda _: None, field)

    def _change(self, pk: bytes, number: int, first: int) -> CommandChange:
        """The change of the field of an object with a number."""
        field = self._field
        place = field.place(pk)
        scope = b"whole" if place.needs_whole_value else b"members"
        return CommandChange(
            field.model, field.name, number, place.prefix, place.stored, place.write_rows, scope, first
        )

    def _one_partition(self, name: str, pks: Sequence[bytes]) -> Partition:
        """Returns the partition of the objects that are to refer to this one.

        Raises:
            UnsupportedCommand: they are in several.
        """
        keys = self._field.model.keys
        partition: Partition = keys.partition(pks[0])
        for pk in pks:
            if keys.partition(pk) is not partition:
                msg = (
                    f"{self!r}.{name} is one step in one partition, and the objects {to_text(pks[0])!r} and "
                    f"{to_text(pk)!r} are in two; call it for each object, within a pipeline"
                )
                raise UnsupportedCommand(msg)
        return partition

    def _refer(self, name: str, holders: Sequence[Any], *, refers: bool) -> Request[int]:
        """Sets the field of each of some objects to this one, or removes it where it is this one."""
        field, instance = self._field, self._instance
        pks = self._pks_of(name, holders)
        pk, target, model = instance._pk_bytes, field.target, field.model
        value = with_own_setters(model, {field.name: instance}, defaults=False)[field.name] if refers else None
        partition, own = target.keys.partition(pk), self._one_partition(name, pks)
        step = field.setting(value, own)
        if not field.is_local:
            return refer(target, None, pk, model, own, pks, step, lambda _: None, field, refers=refers)
        return refer(target, partition, pk, model, own, pks, step, instance._set_pk, field, refers=refers)

    def _pks_of(self, name: str, holders: Sequence[Any]) -> list[bytes]:
        """The primary keys of some objects that are to refer to this one, which must have one itself.

        Raises:
            InvalidValue: it has none, or something is no object of the model that refers, or is in another partition.
        """
        if self._instance._pk_bytes is None:
            msg = f"{self._field}: {self._instance!r} has no primary key yet; store it first"
            raise InvalidValue(msg)
        pks = [self._pk_of(holder) for holder in checks.some(name, tuple(holders))]
        if self._field.model.keys.count > 1 and self._field.is_local:
            self._refuse_elsewhere(pks)
        return pks

    def _refuse_elsewhere(self, pks: Sequence[bytes]) -> None:
        """Refuses objects that cannot refer to this one.

        Raises:
            InvalidValue: one is in another partition.
        """
        field, model = self._field, self._field.model
        here = field.target.keys.partition(self._instance._pk_bytes).number
        for pk in pks:
            there = model.keys.partition(pk).number
            if there != here:
                msg = (
                    f"{field}: {model.name}({shorten(to_text(pk))}) is in partition {there} of {model.keys.count}, and "
                    f"{self._instance!r} in partition {here}; with colocate_with an object refers only to such as are "
                    "in its partition"
                )
                raise InvalidValue(msg)

    def _pk_of(self, holder: Any) -> bytes:
        model: Any = self._field.model
        if hasattr(type(holder), "_schema"):
            if not model.is_same_model(holder._schema) or holder._pk_bytes is None:
                msg = f"{self!r}: {shorten(holder)} is not a stored object of {model.name}"
                raise InvalidValue(msg)
            pk: bytes = holder._pk_bytes
            return pk
        pk_field: Field[Any] = model.pk_field
        return pk_field.encode(holder)
