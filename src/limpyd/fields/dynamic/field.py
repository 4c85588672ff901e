"""Dynamic fields: one declaration, and as many fields of each object as there are parts of names that fit a pattern."""

from __future__ import annotations

import builtins
import copy
import re
from collections.abc import Sequence
from typing import Any, ClassVar, Self, TypeVar, Unpack, cast, overload

from limpyd.exceptions import DeclarationError, InvalidFilter, UnknownField, shorten
from limpyd.expressions import Expression
from limpyd.fields.declaration.dynamic_version import Part
from limpyd.fields.declaration.field import Field
from limpyd.fields.declaration.options import CommonConstraints
from limpyd.fields.declaration.protocols import FieldModel
from limpyd.fields.declaration.value import FieldPlace, ValueField
from limpyd.fields.dynamic.commands import BoundDynamic
from limpyd.fields.dynamic.names import VersionNames
from limpyd.indexes.base import Declared
from limpyd.indexes.multi import declared
from limpyd.keys import Partition, to_text
from limpyd.keys.templates import family_of, part_in
from limpyd.scripts.writes import Indexes
from limpyd.types import Untyped

T = TypeVar("T")
MAX_VERSIONS = 1000
"""The most versions of a field that a process remembers; then it begins anew."""


class DynamicOptions(CommonConstraints, total=False):
    """The options in the declaration of a dynamic field, beside the type."""

    pattern: str | re.Pattern[str] | None
    format: str | None
    indexable: bool
    unique: bool
    indexes: Sequence[Declared]
    lockable: bool
    max_members: int


class DynamicField(Field[T]):
    """The declaration of a field of which each object can have any number of versions.

    For another type of fields, subclass it and set `of`.

    Args:
        type: the Python type of the values, or of their members; str by default.
        pattern: a regular expression that names of versions match as a whole; its first group is the part. By default
            the name of the field, an underscore, and any text.
        format: how the name is made of the part, with `%s` in its place; by default as the pattern says.
        indexable, unique, indexes, lockable: as of the field that each version is.
        constraints: those of the field that each version is; a pattern of values is given in the type,
            `Annotated[str, msgspec.Meta(pattern=…)]`.
    """

    dynamic = True
    of: ClassVar[type[ValueField[Any]]]
    """The class of the fields that versions are."""

    @overload
    def __init__(self: DynamicField[Untyped], **options: Unpack[DynamicOptions]) -> None: ...
    @overload
    def __init__(self, type: type[T], **options: Unpack[DynamicOptions]) -> None: ...
    def __init__(
        self,
        type: Any = Untyped,
        *,
        pattern: str | re.Pattern[str] | None = None,
        format: str | None = None,
        indexable: bool = False,
        unique: bool = False,
        indexes: Sequence[Declared] = (),
        lockable: bool = True,
        **constraints: Any,
    ) -> None:
        super().__init__(lockable=lockable)
        if "required" in constraints:
            msg = f"{builtins.type(self).__name__} takes no 'required': an object has any number of versions, or none"
            raise DeclarationError(msg)
        options: dict[str, Any] = {"indexable": indexable, "unique": unique, "indexes": indexes}
        options = {name: value for name, value in options.items() if value}  # some take none
        options |= {"lockable": lockable, **constraints}
        self._declare(self.of(**options) if type is Untyped else self.of(type, **options), pattern, format)

    def _declare(self, declared: ValueField[Any], pattern: Any, format: Any) -> None:
        """Notes what each version is, and how their names are made."""
        self._declared = declared
        self._declared_names = pattern, format
        self.names: VersionNames
        self._versions: dict[str, ValueField[Any]] = {}
        self._template: ValueField[Any]

    @property
    def redis_type(self) -> str:  # type: ignore[override]
        return self._declared.redis_type

    @property
    def indexed(self) -> bool:
        return self._declared.indexed

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else BoundDynamic(self, instance)

    def attach(self, model: FieldModel) -> Self:
        mine = super().attach(model)
        mine._versions = {}
        mine.names = VersionNames(self.name, *self._declared_names)
        return mine

    def as_it_was(self, name: str, declared: ValueField[Any] | None = None) -> Self:
        """A declaration of its own like this one, of a model as it was under another name or in another layout.

        Args:
            name: what the field was called. Its versions keep the names that they have now.
            declared: the field that each version was, if it was another.
        """
        was = copy.copy(self.declaration)
        was.declaration = was
        was.name = name
        was._declared_names = self.names.pattern, self.names.format
        was._declared = declared or self._declared
        return cast("Self", was)

    # --- names ---

    @property
    def pattern(self) -> re.Pattern[str]:
        """The regular expression that names of versions match."""
        return self.names.pattern

    @property
    def format(self) -> str:
        """The name of a version, with `%s` in the place of its part."""
        return self.names.format

    def get_name_for(self, part: Part) -> str:
        """The name of the version with a part.

        Raises:
            UnknownField: the part cannot be one, or the name would be that of something else.
        """
        text = self._text(part)
        name, model = self.names.name_for(text), self.model
        reason = self.names.reason_against(text)
        reason = reason or model.dynamic.reason_against(self, name) or model.keys.refuses_part(text)
        if reason:
            msg = f"{self} has no version for {shorten(part)}: {reason}"
            raise UnknownField(msg)
        return name

    def get_for(self, part: Part) -> ValueField[T]:
        """The declaration of the version with a part, for filters: `Person.score("ada") >= 3`.

        Raises as `get_name_for`.
        """
        text = self._text(part)
        known = self._versions.get(text)
        if known is None:
            known = self._version(text, self.get_name_for(text))
            if len(self._versions) >= MAX_VERSIONS:
                self._versions.clear()
            self._versions[text] = known
        return known

    __call__ = get_for

    def _text(self, part: Any) -> str:
        if isinstance(part, int) and not isinstance(part, bool):
            return str(part)
        if isinstance(part, str):
            return part
        pk = getattr(part, "_pk_bytes", None)  # of an instance, as limpyd-extensions takes them
        if isinstance(pk, bytes):
            return to_text(pk)
        msg = f"{self} has no version for {shorten(part)}: a part is a str, an int or an instance with a primary key"
        raise UnknownField(msg)

    # --- versions, for the model ---

    def settle(self) -> None:
        """Makes what all versions have in common, once the model is known.

        Raises:
            DeclarationError: an index does not fit the field.
        """
        self._template = self._version(None, self.names.name_for("*"))

    def _version(self, part: str | None, name: str) -> ValueField[Any]:
        keys = self.model.keys
        field = copy.copy(self._declared)
        field.declaration, field.declared_in = field, self.declared_in
        field.name = name
        field.template_of = None if part is not None else self
        field._key_name = keys.version_name(self.name, part, self.names.name_for)
        if part is not None:
            field.version_of, field.version_part = self, part
        field = field.attach(self.model)
        self._join(field)
        self.settle_version(field, keys.first)
        return field

    def settle_version(self, field: ValueField[Any], partition: Partition) -> None:
        """Sets the indexes of a version, or of what all have in common, in a partition.

        Raises:
            DeclarationError: one does not fit the field.
        """
        self._check_indexes(field.indexes_in(partition) if field.indexable else ())
        indexes = field.field_indexes(partition)
        if field.version_of is not None:
            for index, template in zip(indexes, self._template.place_in(partition).indexes, strict=True):
                index.declared_key = template.declared_key
        field.settle(partition, indexes, ())

    def _join(self, version: ValueField[Any]) -> None:
        """Tells a version, or what all have in common, what it has to know of other models."""

    def _check_indexes(self, indexes: Sequence[Declared]) -> None:
        for index in (index for each in indexes for index in declared(each).expanded()):
            if not index.alone:
                msg = f"{self}: {index} is an index of several fields, which a dynamic field cannot be part of"
                raise DeclarationError(msg)

    @property
    def declaring(self) -> Field[Any]:
        return self._template

    @property
    def template(self) -> ValueField[Any]:
        """The field that stands for all versions; its keys are templates."""
        return self._template

    def inventory_prefix(self, partition: Partition) -> bytes:
        """Returns the beginning of the keys of the sets of parts; the primary key follows."""
        return partition.field_prefix(self.name)

    def family_in(self, partition: Partition) -> bytes:
        """The field as the scripts know it, in the place of a prefix (see lua/library/dynamic_parts.lua)."""
        place = self._template.place_in(partition)
        return family_of(place.prefix, self._template.sub_key, self.inventory_prefix(partition))

    def place_in(self, partition: Partition) -> FieldPlace:
        """Returns the place of the values of all versions."""
        return self._template.place_in(partition)._replace(prefix=self.family_in(partition))

    def deletion_in(self, partition: Partition) -> tuple[bytes, bytes, Indexes]:
        """The field as a deletion knows it."""
        place = self._template.place_in(partition)
        return self.family_in(partition), place.stored, place.deletion_rows

    def part_at(self, partition: Partition, key: bytes, sub: bytes | None) -> str | None:
        """The part of the version whose value is under a key, or under a sub-key of the hash of an object."""
        template = self._template
        if template.sub_key:
            part = None if sub is None else part_in(template.sub_key, sub)
            return None if part is None else to_text(part)
        prefix = template.place_in(partition).prefix
        if b"\0:" in prefix:  # the layout of limpyd 2 has the primary key in the middle
            return self.names.part_of(to_text(key.rpartition(b":")[2]))
        part = part_in(prefix, key)
        return None if part is None else to_text(part)

    # --- what is refused ---

    def _compare(self, operator: str, value: Any) -> Expression:
        msg = f"{self} is a dynamic field: compare a version of it, {self.model.name}.{self.name}('…')"
        raise InvalidFilter(msg)
