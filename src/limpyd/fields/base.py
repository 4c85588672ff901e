"""What all fields have in common: the declaration, and what is bound when an instance is asked for it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any, ClassVar, Generic, Never, Protocol, Self, TypeVar

from limpyd.exceptions import InvalidPrimaryKey, InvalidValue, StoredValueError, shorten
from limpyd.faces import Face, Faced
from limpyd.keys import ModelKeys, Partition, to_text
from limpyd.requests import Argument, Request, Subject, returned
from limpyd.scripts import calls
from limpyd.types import Codec, codec_for

T = TypeVar("T")
R = TypeVar("R")


class Owner(calls.Model, Protocol):
    """What a field needs to know of its model."""

    keys: ModelKeys
    mints_pks: bool
    pk_name: str

    def key_prefixes(self, where: Partition) -> list[bytes]: ...


class Holder(Protocol):
    """What a field needs to know of the instance it is read from."""

    _pk: bytes | None
    _checked: bool

    def _run(self, request: Request[Any]) -> Any: ...
    def _made(self, pk: bytes) -> None: ...
    def _found(self) -> None: ...


class Field(Generic[T]):
    """The declaration of a field, which lives on the class.

    A model has its own copy of each declaration, which knows the model; a declaration itself does
    not change.
    """

    redis_type: ClassVar[str]

    def __init__(self, type: Any = str, *, lockable: bool = True) -> None:  # noqa: A002 - the name users know
        self.name = ""
        self.codec: Codec[T] = codec_for(type)
        self.lockable = lockable
        self.model: Owner

    def __set_name__(self, owner: Any, name: str) -> None:
        self.name = self.name or name  # one object under two names is refused by the model

    def __set__(self, instance: Any, value: Never) -> None:
        msg = f"{self} holds no value to replace; write it to Redis with one of the field's commands"
        raise AttributeError(msg)

    def __str__(self) -> str:
        model = getattr(self, "model", None)
        return f"{model.name}.{self.name}" if model is not None else self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def type_of(self, _key: bytes) -> str:
        """The Redis type of the field's keys."""
        return self.redis_type

    def attach(self, model: Owner) -> Self:
        """The copy of this declaration that belongs to a model."""
        mine = copy.copy(self)
        mine.model = model
        return mine

    @property
    def indexed(self) -> bool:
        """Whether writes have to keep an index of the values."""
        return False

    @property
    def operators(self) -> frozenset[str]:
        """The filter operators that objects can be found with by this field."""
        return frozenset()

    def encode(self, value: T) -> bytes:
        """The stored form of a value.

        Raises:
            InvalidValue: the value does not fit the field's type.
        """
        try:
            return self.codec.encode(value)
        except (TypeError, ValueError, OverflowError) as error:
            msg = f"{self} cannot hold {shorten(value)}: {error}"
            raise InvalidValue(msg) from error

    def decode(self, stored: bytes, key: bytes) -> T:
        """The value of a stored form.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        try:
            return self.codec.decode(stored)
        except (ValueError, OverflowError) as error:
            msg = (
                f"{self}: the key {to_text(key)!r} holds {shorten(stored)}, which is no {self.codec.name}: {error}. "
                f"Set it anew, or declare the type that is stored"
            )
            raise StoredValueError(msg, to_text(key)) from error


class BoundField(Faced[Face]):
    """A field of one instance: its commands. It holds no value."""

    __slots__ = ("_field", "_instance")

    def __init__(self, field: Any, instance: Any) -> None:
        self._field: Any = field  # its class is known, but type checkers would read it as a descriptor
        self._instance: Holder = instance

    @property
    def key(self) -> str:
        """The name of the key in Redis that holds the value."""
        return to_text(self._key())

    def __repr__(self) -> str:
        return f"<{type(self._field).__name__} {self._field.name} of {self._instance!r}>"

    def _run(self, request: Request[Any]) -> Any:
        return self._instance._run(request)

    def _key(self) -> bytes:
        raise NotImplementedError

    def _upkeep(self) -> calls.Upkeep:
        raise NotImplementedError

    def _read(self, command: str, *args: Argument, decode: Callable[[Any], R] = returned) -> Request[R]:
        """A command that changes nothing."""
        field, instance = self._field, self._instance
        request = Request((command, self._key(), *args), decode, readonly=True, subject=field)
        if instance._checked:
            return request
        return existing_only(field.model, instance, request)

    def _write(self, command: str, *args: Argument, decode: Callable[[Any], R] = returned) -> Request[R]:
        """A command that may change something, on an object that must exist."""
        step = calls.Step(self._field.name, self._upkeep(), command, args)
        field = self._field
        return writing(field.model, self._instance, [step], lambda replies: decode(replies[0]), field)

    def _value(self, stored: bytes | None) -> Any:
        """Decode: a stored value, or None where there is none."""
        return None if stored is None else self._field.decode(stored, self._key())


def existing_only(model: Owner, instance: Any, request: Request[R]) -> Request[R]:
    """The read, if the object exists; for an instance that was connected without asking."""
    pk: bytes = instance._pk
    return calls.read_existing(model, model.keys.partition(pk), pk, request, instance._found)


def writing(
    model: Owner,
    instance: Any,
    steps: list[calls.Step],
    decode: Callable[[list[Any]], R],
    subject: Subject | None = None,
) -> Request[R]:
    """Write commands on an instance: all or nothing, with their indexes.

    Raises:
        InvalidPrimaryKey: the instance has no primary key, and the model does not give it one by itself.
    """
    pk: bytes | None = instance._pk
    if pk is None and not model.mints_pks:
        msg = (
            f"this {model.name} has no primary key yet and its key is not automatic; set "
            f"{model.pk_name} first, or create it with {model.name}({model.pk_name}=…, …)"
        )
        raise InvalidPrimaryKey(msg)
    request = calls.write(model, model.keys.partition(pk), pk, steps, decode, instance._made, subject)
    if pk is None:
        request.makes = instance
    return request
