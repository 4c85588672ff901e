"""The common part of the declarations of fields that refer to objects of a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final, ForwardRef, Generic, Never, Self, TypeVar

from limpyd.commands.foreign_key_values import NeedsReading
from limpyd.exceptions import DeclarationError, InvalidPrimaryKey, InvalidValue, NotExecuted, shorten
from limpyd.fields.bound.field import BoundField
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.fields.pk import pk_bytes
from limpyd.fields.step_targets import ReferenceTarget
from limpyd.indexes.base import Declared, Index
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition, to_bytes, to_text
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.lua.arguments import IndexRow
from limpyd.relations.locality import Locality
from limpyd.relations.reference_path import ReferencePath
from limpyd.relations.reverse_index import best_reverse_index, with_reverse_index
from limpyd.requests.step_results import StepResult
from limpyd.scripts.object_requests import NewObject
from limpyd.targets.target import AWAY, BESIDE, REFERS, Target
from limpyd.types import Codec

M = TypeVar("M")

CLEAR: Final = "clear"
CASCADE: Final = "cascade"
RESTRICT: Final = "restrict"
POLICIES = (CLEAR, CASCADE, RESTRICT)
"""The policies for those who refer to a deleted object: clear the reference, go as well, or forbid the deletion."""
ITSELF = "self"
PRIMARY_KEY: Codec[Any] = Codec("str", to_bytes, to_text, number="numeral")
"""The codec of the primary keys of objects; `encode` of the field takes the objects as well."""


def referred(field: Any) -> Any:
    """Returns the model that a reference names as its type argument: `FKStringField["Person"]()`.

    Raises:
        DeclarationError: it names none.
    """
    kind = type(field).__name__
    of = getattr(vars(field).get("__orig_class__"), "__args__", (None,))[0]
    to = of.__forward_arg__.rpartition(".")[2] if isinstance(of, ForwardRef) else of
    if not (isinstance(to, str) or hasattr(to, "_declared")):
        msg = f'{field.name}: a {kind} names the model that it refers to: {kind}(Person), or {kind}["Person"]()'
        raise DeclarationError(msg)
    return to


class ReferenceField(Locality, ValueField[Any], Generic[M]):
    """A field that refers to objects of a model.

    Args:
        to: the model: the class, its name, `"namespace:Name"`, or `"self"`. A name may be that of a model that is
            declared later; without a namespace it is looked for in that of the field's own model. It may be left out
            if it is the type argument: `FKStringField["Person"]()`.
        related_name: the name under which the objects of that model find those that refer to them; it may hold
            `%(model)s` and `%(namespace)s`. By default `<model>_set`.
        on_delete: what happens to an object when one that it refers to is deleted: it loses the reference
            (`"clear"`), is deleted as well (`"cascade"`), or forbids the deletion (`"restrict"`).
        check: whether a reference to an object that does not exist is refused.
        unique: whether no two objects may refer to the same one.
        indexes: indexes to keep beside the one that finds who refers to an object.
        lockable: accepted for limpyd 2's sake; see ValueField.
        indexable: accepted for limpyd 2's sake; it always is.
    """

    refers = True
    constraints_taken = frozenset({"required", "max_members"})
    bound_reverse: Any = None
    """The class of its reverse side of one object, if not that of one field."""

    def __init__(
        self,
        to: Any = ...,
        related_name: str | None = None,
        *,
        on_delete: str = CLEAR,
        check: bool = True,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        indexable: bool = True,
        required: bool = False,
        max_members: int | None = None,
    ) -> None:
        if (
            to is not ...
            and not (isinstance(to, str) and to)
            and not (isinstance(to, type) and hasattr(to, "_declared"))
        ):
            msg = f"a reference takes a model: a class, its name, 'namespace:Name' or 'self'; not {shorten(to)}"
            raise DeclarationError(msg)
        if on_delete not in POLICIES:
            msg = f"on_delete is one of {', '.join(map(repr, POLICIES))}, not {shorten(on_delete)}"
            raise DeclarationError(msg)
        if not indexable:
            msg = "a reference is always indexed: its reverse side is read from the index"
            raise DeclarationError(msg)
        if required and on_delete == CLEAR:
            msg = (
                "a required reference cannot be cleared when the object that it refers to is deleted; declare it with "
                "on_delete='cascade' or on_delete='restrict'"
            )
            raise DeclarationError(msg)
        options: Any = {"unique": unique, "indexes": indexes, "lockable": lockable}
        super().__init__(str, indexable=True, required=required, max_members=max_members, **options)
        self.to: Any = to
        self.related_name = related_name
        self.on_delete = on_delete
        self.check = check
        self._target: Any = None
        self._settled: dict[Partition, tuple[tuple[FieldIndex, ...], Sequence[FieldIndex]]] = {}

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        mine.to = referred(self) if self.to is ... else self.to
        mine._target = None
        mine._settled = {}
        return mine

    def _codec_for(self, declared: Any) -> Codec[Any]:  # noqa: ARG002 - it holds primary keys
        return PRIMARY_KEY

    # --- what it refers to ---

    @property
    def target(self) -> Any:
        """The schema of the model it refers to.

        Raises:
            DeclarationError: the model is not declared, or is on another database.
        """
        target = self._target
        if target is None:
            msg = (
                f"{self} refers to {self.to!r}, which is not a model of this database: declare it, import the "
                "module that declares it, or add its namespace: 'namespace:Name'"
            )
            raise DeclarationError(msg)
        if target.model.database is not self.model.model.database:
            msg = f"{self} refers to {target.name}, which is on another database; both must be on the same database"
            raise DeclarationError(msg)
        return target

    @property
    def has_target(self) -> bool:
        """True if the model it refers to is declared, on the same database."""
        return self._target is not None and self._target.model.database is self.model.model.database

    def named(self) -> type[Any] | tuple[str, str]:
        """The model that it refers to, or the namespace and the name of one that may not be declared yet."""
        own: type[Any] = self.model.model
        if not isinstance(self.to, str):
            model: type[Any] = self.to
            return model
        if self.to == ITSELF:
            return own
        namespace, separator, name = self.to.rpartition(":")
        return namespace if separator else own.namespace, name

    def connect(self, target: Any) -> None:
        """Notes the model it refers to, which must have objects for references to be valid."""
        self._target = target
        self._is_local = None
        if self.check and not self.is_local:
            self.encode_new = self._encode_target  # type: ignore[method-assign]
        for partition, (indexes, composites) in list(self._settled.items()):
            self.settle(partition, indexes, composites)

    def accessor(self) -> str:
        """The name of the reverse side. What cannot stand in a name, such as the colons of a namespace, becomes `_`."""
        own = self.model.model
        name = self.related_name or "%(model)s_set"
        try:
            return name % {"model": own.__name__.lower(), "namespace": re.sub(r"\W", "_", own.namespace).lower()}
        except (KeyError, TypeError, ValueError):
            msg = f"{self}: related_name may contain %(model)s and %(namespace)s, and no other placeholder: {name!r}"
            raise DeclarationError(msg) from None

    def __getattr__(self, name: str) -> ReferencePath:
        """A field of the model it refers to, to compare with: `Group.owner.city == "Paris"`.

        Those that are named as something of the field itself, such as `name`, are reached by `Group.owner["name"]`.
        """
        if name.startswith("_") or vars(self).get("_target") is None:
            msg = f"{type(self).__name__} has no attribute {name!r}"
            raise AttributeError(msg)
        return ReferencePath(self, (), self.target)._to(name)

    def __getitem__(self, name: str) -> ReferencePath:
        """A field of the model it refers to, by its name."""
        return ReferencePath(self, (), self.target)._to(name)

    __iter__ = None  # or `__getitem__` would be taken for that of a sequence
    __contains__ = None

    # --- values ---

    def encode(self, value: Any) -> bytes:
        """Returns the stored form of a primary key, which is passed as an object or as the key itself.

        Raises:
            InvalidValue: it is none, or an object of another model, or one without a primary key.
            DeclarationError: the model it refers to is not declared.
        """
        target = self.target
        instance = value
        if isinstance(value, BoundField):
            if value._field is not value._instance._schema.pk_field:
                self._take_field(value)
            instance = value._instance
        try:
            is_object = hasattr(type(instance), "_schema") and hasattr(instance, "_pk_bytes")  # a collection has no key
        except NotExecuted:  # a transaction is to create it
            return self.encode_result(vars(instance)["_pk_source"])
        if not is_object:
            try:
                return pk_bytes(str(self), value)
            except InvalidPrimaryKey as error:
                if isinstance(value, StepResult):
                    return self.encode_result(value)
                raise InvalidValue(str(error)) from error
        if not target.is_same_model(instance._schema):
            msg = f"{self} refers to objects of {target.name}, not to {instance!r}"
            raise InvalidValue(msg)
        if instance._pk_bytes is None:
            msg = f"{self}: {instance!r} has no primary key yet; store it first"
            raise InvalidValue(msg)
        pk: bytes = instance._pk_bytes
        return pk

    def _encode_target(self, value: Any) -> bytes:
        stored = self.encode(value)
        return Target(stored, self.target) if type(stored) is bytes else stored

    def encode_result(self, result: StepResult[Any]) -> bytes:
        return result._argument_for(ReferenceTarget(self))

    def _take_field(self, bound: BoundField[Any]) -> Never:
        """Has a reference of another object be read, whose value is to be that of this field.

        Raises:
            NeedsReading: always, if it is one.
            InvalidValue: it is not a reference to one object of the same model.
        """
        msg = f"{self}: {bound!r} is a field; get its value first, or pass the object"
        other = bound._field
        if not isinstance(other, ReferenceField) or other.many:
            raise InvalidValue(msg)
        if other.target is not self.target:
            msg = f"{self} refers to objects of {self.target.name}, and {bound!r} to those of {other.target.name}"
            raise InvalidValue(msg)
        raise NeedsReading(msg, bound)

    # --- how references are indexed and checked ---

    def indexes_in(self, partition: Partition) -> Sequence[Declared]:
        """Returns the declared indexes, and one that finds the objects that refer to an object if none of them does."""
        indexes = super().indexes_in(partition)
        if isinstance(partition, Limpyd2Partition) or isinstance(indexes, type | Index | str):
            return indexes
        return with_reverse_index(indexes)

    def field_indexes(self, partition: Partition) -> tuple[FieldIndex, ...]:
        indexes = super().field_indexes(partition)
        best_reverse_index(self, indexes)
        return indexes

    def settle(self, partition: Partition, indexes: tuple[FieldIndex, ...], composites: Sequence[FieldIndex]) -> None:
        self._settled[partition] = (indexes, composites)
        super().settle(partition, indexes, composites)

    def checks_in(self, partition: Partition) -> Sequence[IndexRow]:
        if not self.check or self._target is None:
            return ()
        if not self.is_local:
            return (IndexRow(AWAY, b"text", partition.prefix + REFERS + to_bytes(self._target.keys.tag)),)
        kind = BESIDE if self.waits else b"ref"
        return (IndexRow(kind, b"text", self._target.keys.beside(partition).pks),)

    def _claim(self, new: NewObject, place: FieldPlace, stored: bytes, sub: bytes | None = None) -> None:
        for kind, _, key in place.checks:
            new.entries += (kind, key, stored)
            new.claims.append((self, stored, sub))
        super()._claim(new, place, stored, sub)

    def reverse_index(self, partition: Partition) -> FieldIndex:
        """The index that finds the objects that refer to an object."""
        return best_reverse_index(self, self.place_in(partition).indexes)
