"""The base of all declarations of fields."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, ClassVar, Never, Self, TypeVar

from limpyd.exceptions import ConstraintError, DeclarationError, InvalidValue, StoredValueError, shorten
from limpyd.expressions import Comparison, Expression
from limpyd.fields.declaration import constrained, index_maintenance
from limpyd.fields.declaration.custom import custom_class
from limpyd.fields.declaration.options import check_options
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.step_targets import FieldTarget
from limpyd.indexes.base import Index
from limpyd.keys import to_text
from limpyd.operands import Operand, Part
from limpyd.requests.step_results import StepResult, as_result
from limpyd.scripts.error_mapping import shown
from limpyd.types import Codec, Untyped, codec_for
from limpyd.utils.pickling import field_of

T = TypeVar("T")


COMPUTED_BY_UPDATE = (
    "fields of the class, and expressions of them, are computed of an object that exists: as values of update and "
    "bulk_update, and in the condition of update(if_=…)"
)


class UndeclaredField(DeclarationError, AttributeError):
    """A field that was set on a class after the class was made is no field of the model."""


class _NoModel:
    """Stands for the model of a field that has none; that of an attached field is its own attribute."""

    def __get__(self, field: Any, owner: Any = None) -> Any:
        if field is None:
            return self
        kind = type(field).__name__
        msg = (
            f"this {kind} belongs to no model: declare a field in the body of a class, `name = {kind}(…)`, and do "
            "not set it on the class afterwards; an abstract class has no objects"
        )
        raise UndeclaredField(msg)


class Field(Operand[T]):
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
            check_options(cls, options)
            return super().__new__(cls)

    constraints_taken: ClassVar[frozenset[str] | None] = None
    """The constraints that its values can have, if they are fewer than their type allows."""
    keeps_annotations: ClassVar[bool] = False
    """True if its codec reads the metadata of an Annotated type itself."""
    constraints: tuple[Any, ...] = ()
    """The constraints that it declares (limpyd.constraints.kinds); of a field that belongs to a model."""

    can_lapse: ClassVar[bool] = False
    """True if it can be declared with expires=True."""
    lapses = False
    """True if its values have deadlines, or are such deadlines (see limpyd.fields.value_deadline)."""

    required = False
    """True if an object must have a value."""
    constraint_rows: tuple[Any, ...] = ()
    """Those that the server checks, as scripts know them (see lua/library/constraint_kind.lua)."""

    def __init__(
        self,
        type: Any = Untyped,
        *,
        lockable: bool = True,
        required: bool = False,
        ge: Any = None,
        gt: Any = None,
        le: Any = None,
        lt: Any = None,
        min_length: int | None = None,
        max_length: int | None = None,
        pattern: Any = None,
        choices: Any = None,
        validator: Any = None,
        max_members: int | None = None,
    ) -> None:
        self.name = ""
        self._key_name = ""
        self.declared_in: Any = None
        """The class in whose body it was written."""
        declared: dict[str, Any] = {
            "required": required or None,
            "ge": ge,
            "gt": gt,
            "le": le,
            "lt": lt,
            "min_length": min_length,
            "max_length": max_length,
            "pattern": pattern,
            "choices": choices,
            "validator": validator,
            "max_members": max_members,
        }
        self.declared_constraints = {name: value for name, value in declared.items() if value is not None}
        """The constraints as they are declared, by their names."""
        if hasattr(type, "__metadata__") and not self.keeps_annotations:
            type = constrained.without_annotations(self, type)  # noqa: A001 - as the parameter
        self.typed = type is not Untyped
        """True if the declaration names the type of the values."""
        self.codec: Codec[T] = self._codec_for(type)
        self.lockable = lockable
        self.model: FieldModel
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
        msg = f"{self} cannot be assigned to; write the value to Redis with one of the field's commands"
        raise AttributeError(msg)

    def __str__(self) -> str:
        model = getattr(self, "model", None)
        return f"{model.name}.{self.name}" if model is not None else self.name

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self}>"

    def __reduce__(self) -> Any:
        if "model" not in vars(self):
            from pickle import PicklingError  # noqa: PLC0415 - who pickles has imported it

            msg = (
                f"this {type(self).__name__} belongs to no model, so it cannot be pickled; pickle the fields of a model"
            )
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

    def attach(self, model: FieldModel) -> Self:
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
        mine.encode_new = mine.encode  # type: ignore[method-assign] # as fast as `encode`
        if mine.declared_constraints:
            constrained.constrain(mine)
        return mine

    rebuild_indexes = index_maintenance.rebuild_indexes
    clear_indexes = index_maintenance.clear_indexes
    get_index = index_maintenance.get_index

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
            result = as_result(value)
            if result is not None:
                return self.encode_result(result)
            why = COMPUTED_BY_UPDATE if isinstance(value, Operand) else error
            msg = f"{self} cannot hold {shorten(value)}: {why}"
            raise InvalidValue(msg) from error

    def encode_new(self, value: T) -> bytes:
        """The stored form of a value that is to be written.

        Raises:
            InvalidValue: the value does not fit the field's type.
            ConstraintError: it breaks a constraint of the field.
        """
        return self.encode(value)

    def broken(self, constraint: str, stored: bytes | None, pk: bytes | None) -> ConstraintError:
        """The error for what breaks a constraint of a name: a stored value, or a number of members."""
        return constrained.broken(self, constraint, stored, pk)

    def without_value(self, pk: bytes | None = None, reason: str = "") -> ConstraintError:
        """The error for an object without a value, which is required."""
        return constrained.broken(self, "required", None, pk, reason)

    def encode_result(self, result: StepResult[Any]) -> bytes:
        """The argument for a value that is the result of an earlier step of a transaction."""
        return result._argument_for(FieldTarget(self))

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
                f"{who}: the key {to_text(key)!r} holds {shorten(stored)}, which is not a valid {self.codec.name}: "
                f"{error}. Set a new value, or declare the type that is stored"
            )
            raise StoredValueError(msg, to_text(key), None if pk is None else to_text(pk)) from error
