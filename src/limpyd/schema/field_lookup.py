"""The fields of a model by name: their declarations, and what an instance has of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from limpyd.exceptions import UnknownField
from limpyd.fields import Field
from limpyd.fields.declaration.dynamic_version import Part

if TYPE_CHECKING:
    from limpyd.schema.schema import Schema


class GetField:
    """The descriptor of `get_field`: of a class the declaration of a field, of an instance the bound field."""

    @overload
    def __get__(self, instance: None, model: type[Any]) -> Callable[[str], Field[Any]]: ...
    @overload
    def __get__(self, instance: object, model: type[Any]) -> Callable[[str], Any]: ...
    def __get__(self, instance: Any, model: type[Any]) -> Callable[[str], Any]:
        def get_field(name: str) -> Any:
            """The field with a name, or `pk`; also a dynamic field, or a version of one.

            Asked of a class, it is the declaration; asked of an instance, the bound field, to run commands on.

            Raises:
                UnknownField: there is no such field.
            """
            schema = model._declared()
            field: Any = schema.dynamic.get(name) or schema.field(name)
            return field if instance is None else field.__get__(instance, model)

        return get_field


class WithFields:
    """The part of a model that finds fields by name."""

    if TYPE_CHECKING:

        @classmethod
        def _declared(cls) -> Schema: ...

    get_field = GetField()

    @classmethod
    def has_field(cls, name: str) -> bool:
        """Returns whether the model has a field, or can have a version of a dynamic one, of this name; `pk` always."""
        schema = cls._declared()
        if name == "pk" or name in schema.fields or name in schema.dynamic:
            return True
        try:
            return schema.dynamic.version(name) is not None
        except UnknownField:
            return False

    @classmethod
    def get_field_name_for(cls, field: str, part: Part, /) -> str:
        """The name of a version of a dynamic field, by the name of that and the part.

        Raises:
            UnknownField: it is no dynamic field, or has no version for the part.
        """
        schema = cls._declared()
        if field not in schema.dynamic:
            msg = f"{schema.name}.{field} is not a dynamic field; it has {', '.join(schema.dynamic) or 'none'}"
            raise UnknownField(msg)
        return schema.dynamic[field].get_name_for(part)
