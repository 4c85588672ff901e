"""limpyd 2's names for what models have. A field may have one of these names, too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, overload

from limpyd import exceptions
from limpyd.commands.descriptor import operation
from limpyd.fields import Field
from limpyd.keys import to_text
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request, resolved
from limpyd.schema.field_lookup import GetField
from limpyd.utils import make_key as joined


class NameInKeys:
    """The descriptor of `_name`."""

    def __get__(self, instance: Any, model: Any) -> str:
        if model.abstract:
            msg = f"{model.__name__} is abstract: it has no keys"
            raise AttributeError(msg)
        tag: str = model._declared().keys.tag
        return tag if ":" in tag else f":{tag}"


class GetFields:
    """The descriptor of `get_fields`: of a class the declarations of its fields, of an instance the bound fields."""

    @overload
    def __get__(self, instance: None, model: type[Any]) -> Callable[[], list[Field[Any]]]: ...
    @overload
    def __get__(self, instance: object, model: type[Any]) -> Callable[[], list[Any]]: ...
    def __get__(self, instance: Any, model: type[Any]) -> Callable[[], list[Any]]:
        def get_fields() -> list[Any]:
            """The fields, the primary key first, then as they are declared.

            Asked of a class, they are declarations; asked of an instance, bound fields, to run commands on.
            """
            declared = model._declared().fields.values()
            return [field if instance is None else field.__get__(instance, model) for field in declared]

        return get_fields


class Limpyd2ModelNames:
    """The part of a model with limpyd 2's names."""

    _names_may_be_fields = True

    DoesNotExist = exceptions.DoesNotExist
    get_fields = GetFields()
    _name = NameInKeys()
    """`namespace:model`, in lower case: what keys begin with in limpyd 2, and in `layout="limpyd2"`."""

    @property
    def fields(self) -> list[Any]:
        """The bound fields of the instance, the primary key first, then as they are declared."""
        return GetFields().__get__(self, type(self))()

    def get_instance_fields(self) -> list[Any]:
        """The bound fields of the instance: `fields`."""
        return GetFields().__get__(self, type(self))()

    def get_instance_field(self, field_name: str) -> Any:
        """The bound field with a name: `get_field` of an instance."""
        return GetField().__get__(self, type(self))(field_name)

    @classmethod
    def get_class_fields(cls) -> list[Field[Any]]:
        """The declarations of the fields: `get_fields` of the class."""
        return GetFields().__get__(None, cls)()

    @classmethod
    def get_class_field(cls, field_name: str) -> Field[Any]:
        """The declaration of the field with a name: `get_field` of the class."""
        return GetField().__get__(None, cls)(field_name)

    @property
    def connected(self) -> bool:
        """True if the object was there when it was last asked for, and was not deleted by this process since."""
        instance: Any = self
        return instance._pk_bytes is not None and instance._checked is True

    @operation
    def connect(self: Any) -> Request[None]:
        """Checks that the object exists (SISMEMBER), unless this instance has found it; any other request does too.

        Raises:
            DoesNotExist: it was deleted, or never created.
            InvalidPrimaryKey: the instance has no primary key yet.
        """
        if self.connected:
            return resolved(None)
        if self._pk_bytes is None:
            msg = f"{self!r} has no primary key yet; store a value first"
            raise exceptions.InvalidPrimaryKey(msg)
        pks = self._schema.keys.partition(self._pk_bytes).pks

        def found(exists: bool) -> None:
            if not exists:
                msg = f"there is no {self!r}: it was deleted, or never created"
                raise exceptions.DoesNotExist(msg)
            self._mark_existing()

        return Request(("SISMEMBER", pks, self._pk_bytes), to_bool, readonly=True, subject=self._schema).then(found)

    @property
    def key(self) -> str:
        """The key of the hash with the values of all InstanceHashFields of the object.

        Raises:
            InvalidPrimaryKey: the instance has no primary key yet.
        """
        instance: Any = self
        if instance._pk_bytes is None:
            msg = f"{self!r} has no key before it has a primary key; store a value first"
            raise exceptions.InvalidPrimaryKey(msg)
        return to_text(instance._hash_key())

    @property
    def connection(self) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return getattr(self, "database").connection  # noqa: B009 - of the class that has this part

    @classmethod
    def get_connection(cls) -> Any:
        """The client of redis-py on the database of the model, `database.connection`."""
        return getattr(cls, "database").connection  # noqa: B009

    @classmethod
    def make_key(cls, *args: Any) -> str:
        """Parts joined by colons: `limpyd.utils.make_key`."""
        return joined(*args)
