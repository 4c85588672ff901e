"""The base of all fields: the declaration, and what is bound to an instance."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from functools import lru_cache
from pickle import PicklingError
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Never, Protocol, Self, TypeVar

from limpyd.commands.faces import Face, Faced
from limpyd.exceptions import DeclarationError, InvalidValue, StoredValueError, shorten
from limpyd.expressions import Comparison, Expression, Operand, Part
from limpyd.fields.bound.limpyd2_names import Limpyd2FieldNames
from limpyd.fields.declaration.custom import custom_class
from limpyd.indexes.base import Index
from limpyd.indexes.maintenance.fields import WithIndexes
from limpyd.keys import ModelKeys, Partition, to_text
from limpyd.requests.request import Request, Subject, Walk
from limpyd.scripts import object_requests
from limpyd.scripts.error_mapping import Model, refusal, shown
from limpyd.scripts.writes import Step, write
from limpyd.server import Needs
from limpyd.types import Codec, Untyped, codec_for
from limpyd.utils.pickling import field_of
from limpyd.utils.suggestions import did_you_mean

T = TypeVar("T")
R = TypeVar("R")


class Owner(Model, Protocol):
    """The attributes that a field uses of its model."""

    dynamic: Any
    fields: dict[str, Any]
    keys: ModelKeys
    model: Any
    mints_pks: bool
    pk_name: str

    def key_prefixes(self, where: Partition) -> list[bytes]: ...
    def must_have_or_mint(self, pk: bytes | None) -> None: ...
    def composites(self, where: Partition) -> Sequence[Any]: ...


class Holder(Protocol):
    """The attributes that a field uses of the instance that it is read from."""

    _pk_bytes: bytes | None
    _checked: bool
    _seen: object
    _schema: Any
    database: Any

    _awaits: bool

    def _run(self, request: Request[Any]) -> Any: ...
    def _walk(self, step: Walk[Any]) -> Any: ...
    def _made(self, pk: bytes) -> None: ...
    def _found(self) -> None: ...


class UndeclaredField(DeclarationError, AttributeError):
    """A field that was set on a class after the class was made is no field of the model."""


class _NoModel:
    """Stands for the model of a field that has none; that of an attached field is its own attribute."""

    def __get__(self, field: Any, owner: Any = None) -> Any:
        if field is None:
            return self
        kind = type(field).__name__
        msg = (
            f"this {kind} belongs to no model: a field is declared in the body of a class, `name = {kind}(…)`, not set "
            f"on the class afterwards; and an abstract class has no objects"
        )
        raise UndeclaredField(msg)


class Field(Operand, WithIndexes, Generic[T]):
    """The declaration of a field, which lives on the class.

    A model has its own copy of each declaration, which knows the model; a declaration itself does
    not change.
    """

    redis_type: ClassVar[str]
    dynamic: ClassVar[bool] = False
    """True for a dynamic field, which has versions and no value itself."""
    takes: ClassVar[frozenset[str]] = frozenset()
    """The arguments of its declaration, if they are fewer than its base classes take."""

    if not TYPE_CHECKING:
        model = _NoModel()

        def __new__(cls, *_: Any, **options: Any) -> Self:
            known = options_of(cls)
            unknown = [] if known is None else sorted(options.keys() - known)
            if unknown:
                raise DeclarationError(_unknown_option(cls, unknown[0], known))
            return super().__new__(cls)

    def __init__(self, type: Any = Untyped, *, lockable: bool = True) -> None:
        self.name = ""
        self._key_name = ""
        self.declared_in: Any = None
        """The class in whose body it was written."""
        self.typed = type is not Untyped
        """True if the declaration names the type of the values."""
        self.codec: Codec[T] = self._codec_for(type)
        self.lockable = lockable
        self.model: Owner
        self.declaration: Any = self
        """The field as it was written in the body of a class; that of a model is a copy of it."""

    def _codec_for(self, declared: Any) -> Codec[T]:
        """Returns the codec of the declared type."""
        if isinstance(declared, type) and issubclass(declared, Index):
            name, field = declared.__name__, type(self).__name__
            msg = f"{name} is an index, not a type: write {field}(indexes=[{name}])"
            raise DeclarationError(msg)
        return codec_for(declared)

    @property
    def key_name(self) -> str:
        """The name of the field in keys; that of a version of a dynamic field marks its part."""
        return self._key_name or self.name

    @property
    def declaring(self) -> Field[Any]:
        """The field that its indexes are declared on: itself; of a version of a dynamic one what all have in common."""
        return self

    def __set_name__(self, owner: Any, name: str) -> None:
        if "declaration" in vars(self):  # else the model refuses it
            self.name = self.name or name  # one object under two names is refused by the model
            self.declared_in = self.declared_in or owner

    def part(self, name: str) -> Part:
        """The part of the value that the index with this prefix keeps: `Person.created.part("year") == 2015`."""
        return Part(self, (name,))

    def _compare(self, operator: str, value: Any) -> Expression:
        return Comparison(self, (), operator, value)

    def __set__(self, instance: Any, value: Never) -> None:
        msg = f"{self} holds no value to replace; write it to Redis with one of the field's commands"
        raise AttributeError(msg)

    def __str__(self) -> str:
        model = getattr(self, "model", None)
        return f"{model.name}.{self.name}" if model is not None else self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> Any:
        if "model" not in vars(self):
            msg = f"this {type(self).__name__} belongs to no model, so it cannot be pickled; pickle those of a model"
            raise PicklingError(msg)
        return field_of, (self.model, self.name)

    def __copy__(self) -> Self:
        mine = object.__new__(type(self))
        vars(mine).update(vars(self))
        return mine

    def __deepcopy__(self, _memo: Any) -> Self:
        return self  # as of all that is declared

    def type_of(self, _key: bytes) -> str:
        """The Redis type of the field's keys."""
        return self.redis_type

    def attach(self, model: Owner) -> Self:
        """The copy of this declaration that belongs to a model.

        It is made of the declaration as it was written, so a subclass gets nothing that its base class has since
        worked out for itself.
        """
        mine: Self = copy.copy(self.declaration)
        mine.model = model
        mine.declaration = self.declaration
        custom = custom_class(mine, model.model)
        if custom is not None:
            mine.__class__ = custom
        return mine

    @property
    def indexed(self) -> bool:
        """True if writes have to update an index of the values."""
        return False

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

    def decode(self, stored: bytes, key: bytes, pk: bytes | None = None) -> T:
        """The value of a stored form, which is under a key, of the object with a primary key if that is known.

        Raises:
            StoredValueError: what is stored does not fit the field's type.
        """
        try:
            return self.codec.decode(stored)
        except (ValueError, OverflowError) as error:
            who = str(self) if pk is None else f"{self} of {shown(self.model, pk)}"
            msg = (
                f"{who}: the key {to_text(key)!r} holds {shorten(stored)}, which is no {self.codec.name}: {error}. "
                f"Set it anew, or declare the type that is stored"
            )
            raise StoredValueError(msg, to_text(key), None if pk is None else to_text(pk)) from error


@lru_cache(maxsize=256)
def options_of(kind: type[Field[Any]]) -> frozenset[str] | None:
    """The arguments that a class of fields takes by name; none if a class of a user's takes any."""
    names: set[str] = set()
    for base in kind.__mro__:
        init = vars(base).get("__init__")
        if init is None:
            continue
        parameters = inspect.signature(init).parameters.values()
        any_name = any(each.kind is each.VAR_KEYWORD for each in parameters)
        if any_name and not base.__module__.startswith("limpyd."):
            return None
        usual = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
        names |= {each.name for each in parameters if each.kind in usual} - {"self"}
        if not any_name:
            break
    return frozenset(names)


def _unknown_option(kind: type[Field[Any]], name: str, known: frozenset[str]) -> str:
    """Returns the message for an argument that a class of fields does not take."""
    if name == "default":
        return (
            f"{kind.__name__} takes no 'default': only a field of one value has one (StringField, InstanceHashField, "
            f"JSONField); give the value when an object is created"
        )
    known = (kind.takes or known) - {"is_default"}
    takes = f"it takes {', '.join(sorted(known))}" if known else "it takes none"
    return f"{kind.__name__} takes no {name!r}; {takes}{did_you_mean(name, known)}"


class BoundField(Limpyd2FieldNames, Faced[Face]):
    """A field of one instance: its commands. It holds no value."""

    __slots__ = ("_field", "_instance")

    def __init__(self, field: Any, instance: Any) -> None:
        self._field: Any = field  # its class is known, but type checkers would read it as a descriptor
        self._instance: Holder = instance

    def __reduce__(self) -> Any:
        return getattr, (self._instance, self._field.name)

    @property
    def key(self) -> str:
        """The name of the key in Redis that holds the value."""
        return to_text(self._key())

    def __repr__(self) -> str:
        return f"<{type(self._field).__name__} {self._field.name} of {self._instance!r}>"

    if not TYPE_CHECKING:

        def keys(self) -> Never:
            """Refuses `dict(…)`, and so an encoder that would take a field for its value."""
            msg = (
                f"{self!r} is no mapping and holds no value: ask for it by one of its commands, or by values(), "
                f"values_list() or rows() of a collection"
            )
            raise TypeError(msg)

    def _run(self, request: Request[Any]) -> Any:
        return self._instance.database._run(request)

    def _walk(self, step: Walk[Any]) -> Any:
        return self._instance._walk(step)

    def _key(self) -> bytes:
        raise NotImplementedError


def existing_only(request: Request[R], key: bytes, instances: Sequence[Any]) -> Request[R]:
    """Has a read raise `DoesNotExist` unless some objects exist, which is asked behind it, in the same packet.

    Args:
        request: the read.
        key: the key that it reads, or the first of them.
        instances: those of the objects.
    """
    instances = list({id(one): one for one in instances}.values())
    request.behind = tuple(map(check, instances))
    if len(request.args) <= MOST_PASSED_ON:
        request.transactional = lambda: object_requests.read_existing(instances, key, request)
    return request


MOST_PASSED_ON = 7000
"""The most arguments that a script can pass on to a command."""


def check(instance: Any, before: Request[Any] | None = None) -> Request[None]:
    """Asks whether the object of an instance exists.

    Raises (from the reply):
        DoesNotExist: it does not.
    """
    schema, pk = instance._schema, instance._pk_bytes

    def decode(found: int) -> None:
        if not found:
            raise refusal(schema, [b"gone"], pk)
        instance._found()

    where = schema.keys.partition(pk)
    return Request(("SISMEMBER", where.pks, pk), decode, readonly=True, subject=schema, preflight=before)


def writing(
    model: Owner,
    instance: Any,
    steps: list[Step],
    decode: Callable[[list[Any]], R],
    subject: Subject | None = None,
    needs: Needs | None = None,
) -> Request[R]:
    """Write commands on the fields of one value of an instance: all or nothing, with their indexes.

    Raises:
        InvalidPrimaryKey: the instance has no primary key, and the model does not give it one by itself.
    """
    pk: bytes | None = instance._pk_bytes
    model.must_have_or_mint(pk)
    request = write(model, model.keys.partition(pk), pk, steps, decode, instance._made, subject, needs)
    if pk is None:
        request.creates = instance
    return request
