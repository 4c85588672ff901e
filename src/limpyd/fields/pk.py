"""The primary key of a model, which is all that an instance holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Never, Self, Unpack, overload

from limpyd.commands.descriptor import operation
from limpyd.commands.faces import Async, Face, Faced, Sync
from limpyd.exceptions import ImplementationError, InvalidPrimaryKey, NotExecuted, shorten
from limpyd.fields.bound.field import BoundField
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.options import LENGTHS, ORDERED, ValueConstraints
from limpyd.keys import to_text
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request, resolved
from limpyd.requests.step_results import Result, as_result
from limpyd.scripts import object_requests
from limpyd.types import UNTYPED, Codec, Encodable


def pk_bytes(subject: str, pk: Any) -> bytes:
    """A primary key as it is stored; it may be given as whatever a field without a type takes.

    Raises:
        InvalidPrimaryKey: it is something else.
    """
    try:
        return UNTYPED.encode(pk)
    except TypeError as error:
        msg = f"{subject}: a primary key is a str, bytes, int, float or Decimal, not {shorten(pk)}"
        if as_result(pk) is not None:
            msg += ", which is known after the block; call the method of the instance, or read the primary key before"
        raise InvalidPrimaryKey(msg) from error
    except ValueError as error:
        if isinstance(pk, str):
            msg = f"{subject}: the primary key {shorten(pk)} is not text that can be stored: {error}"
        else:  # Python writes out no int of so many digits
            msg = f"{subject}: the primary key is {shorten(pk)}; pass it as text"
        raise InvalidPrimaryKey(msg) from error


def new_pk(field: PKField, pk: Any) -> bytes:
    """A primary key of a new object as it is stored.

    Raises:
        InvalidPrimaryKey: it is no text, or does not name the partition.
        ConstraintError: it breaks a constraint of the field.
    """
    stored = pk_bytes(field.model.name, pk)
    reason = field.model.keys.refuses_pk(stored)
    if reason:
        msg = f"{field.model.name}: no new object can have the primary key {shorten(to_text(stored))}: {reason}"
        raise InvalidPrimaryKey(msg)
    return field.encode_new(to_text(stored)) if field.constraints else stored


class BoundPK(BoundField[Face]):
    """The primary key of an instance."""

    __slots__ = ()

    @operation
    def get(self) -> Request[str]:
        """Returns the primary key as text. The instance holds it, so nothing is sent.

        Raises:
            InvalidPrimaryKey: the instance has no primary key yet.
        """
        try:
            pk = self._instance._pk_bytes
        except NotExecuted:
            return self._of_new_object()
        if pk is None:
            msg = f"{self._instance!r} has no primary key yet (`_pk` is None); it gets one with its first value"
            raise InvalidPrimaryKey(msg)
        return resolved(to_text(pk))

    def _of_new_object(self) -> Request[str]:
        """The primary key of an object that the open transaction creates.

        Raises:
            NotExecuted: a pipeline creates it, whose operations are separate.
        """
        instance: Any = self._instance
        pending = instance._pk_source
        if pending.transaction is None:
            return resolved(instance._pk_bytes)
        result = Result(0, bytes, same_as=pending)
        return Request((), lambda _: to_text(instance._pk_bytes), readonly=True, subject=self._field, result=result)

    @operation
    def set(self, value: Encodable) -> Request[None]:
        """Gives an instance without a primary key its own, and so creates the object (SADD).

        Raises:
            InvalidPrimaryKey: the model mints its keys, or the instance has one already.
            UniquenessError: another object has it.
            ConstraintError: it breaks a constraint of the field.
        """
        field, instance = self._field, self._instance
        model = field.model
        if model.mints_pks:
            msg = f"{field} is automatic; the object gets it with the first field that you set"
            raise InvalidPrimaryKey(msg)
        if instance._pk_bytes is not None:
            msg = f"{instance!r} already has its primary key, which cannot change; create another object"
            raise InvalidPrimaryKey(msg)
        pk = new_pk(field, value)
        partition = model.keys.partition(pk)
        model.check_required(())
        new = object_requests.NewObject(pk)
        new.unset += (*model.key_prefixes(partition), *model.dynamic.inventories(partition))
        request = object_requests.create(model, partition, new).then(instance._set_pk)
        request.creates = instance
        return request

    @operation
    def exists(self) -> Request[bool]:
        """Returns whether the object exists now (SISMEMBER)."""
        pk = self._instance._pk_bytes
        if pk is None:
            return resolved(False)
        model = self._instance._schema
        request = Request(("SISMEMBER", self._key(), pk), to_bool, readonly=True, may_be_stale=True, subject=model)
        if model.objects_expire:
            from limpyd.fields.bound.deadline_checks import deadline_checks  # noqa: PLC0415 - few have deadlines

            request.followups = deadline_checks(model, model.keys.partition(pk), pk, lambda _: 0)
        if model.has_unsure_objects:
            from limpyd.fields.bound.scripted_reads import settled_look  # noqa: PLC0415 - few refer to objects that expire

            return settled_look(request, self._key(), model, model.keys.partition(pk))
        return request

    def delete(self) -> Never:
        """Refused: an object keeps its primary key as long as it exists.

        Raises:
            ImplementationError: always.
        """
        msg = (
            f"{self._field} cannot be deleted: an object keeps its primary key as long as it exists. To delete the "
            "object, call delete() of the instance"
        )
        raise ImplementationError(msg)

    def _key(self) -> bytes:
        pk = self._instance._pk_bytes
        partition = self._field.model.keys.partition(pk)
        key: bytes = partition.nothing if pk is None else partition.pks
        return key


class PKField(Field[str]):
    """A primary key that the user gives, under any name; it is reached as `pk` too.

    Args:
        pattern, min_length, max_length, ge, gt, le, lt, choices, validator: the constraints of its text.
    """

    redis_type = "set"
    mints: ClassVar[bool] = False

    constraints_taken = frozenset({*ORDERED, *LENGTHS, "pattern", "choices", "validator"})

    def __init__(self, *, is_default: bool = False, **constraints: Unpack[ValueConstraints]) -> None:
        super().__init__(str, **constraints)
        self.is_default = is_default
        """It is the one that every model has until it declares its own."""

    def _codec_for(self, declared: Any) -> Codec[Any]:
        return UNTYPED

    def encode(self, value: Encodable) -> bytes:
        try:
            return UNTYPED.encode(value)
        except (TypeError, ValueError):
            return pk_bytes(str(self), value)  # which says what is wrong

    if TYPE_CHECKING:

        def __set__(self, instance: Never, value: Encodable) -> None: ...

    @overload
    def __get__(self, instance: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, instance: Faced[Sync], owner: Any = None) -> BoundPK[Sync]: ...
    @overload
    def __get__(self, instance: Faced[Async], owner: Any = None) -> BoundPK[Async]: ...
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundPK(self, instance)


class AutoPKField(PKField):
    """A primary key that the server gives: 1, 2, 3 and so on. The default."""

    mints = True
    constraints_taken = frozenset()
