"""The making of objects and instances on the sync face: the constructor and `create`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Self, TypeVar

from limpyd.commands.faces import Sync
from limpyd.commands.foreign_key_values import NeedsReading, read_first
from limpyd.database.sync import RedisDatabase
from limpyd.exceptions import InvalidPrimaryKey
from limpyd.fields.pk import pk_bytes
from limpyd.model import crud, lookups
from limpyd.model.core import ModelCore
from limpyd.model.creation_lock import CreationLock
from limpyd.model.creation_with_results import creation_with_results
from limpyd.requests.request import Request
from limpyd.requests.step_results import UnknownResult, taking_results
from limpyd.types import Encodable

R = TypeVar("R")

NEW: Any = object()
"""Stands for the primary key that a new object is still to get."""


class Construction(ModelCore[Sync]):
    """The part of a model whose constructor creates an object, or gets one."""

    abstract = True
    database: ClassVar[RedisDatabase]
    model_name: ClassVar[str]
    _database_type = RedisDatabase
    _awaits = False

    def __init__(self, pk: Encodable = NEW, /, **values: Any) -> None:
        """Gets the object with this primary key, or creates one with these values and the defaults.

        Raises:
            DoesNotExist: no object has this primary key.
            InvalidPrimaryKey: both a primary key and values are given, or the key is not as declared.
            UnknownField: a name is no field.
            InvalidValue: a value does not fit its field's type.
            UniquenessError: the primary key, or a unique value, belongs to another object.
        """
        schema = self._declared()
        if pk is NEW:
            create = schema.statements[schema.keys.first].direct_creation if values else None
            if create is None:
                self._created(values)
            else:
                created = create(self, values)
                if created is not self and created is not None:  # None if it was described, and is waited for
                    self._pk_source = created
        elif values:
            msg = (
                f"{schema.name}({pk!r}, …) gets an existing object, {schema.name}({next(iter(values))}=…, …) "
                f"creates one; not both at once"
            )
            raise InvalidPrimaryKey(msg)
        else:
            self._await_begun(lambda: lookups.lookup(schema, pk_bytes(schema.name, pk), {}, self._begun))
        self.__post_init__()

    @classmethod
    def create(cls, **values: Any) -> Self:
        """Creates an object with these values and the defaults of other fields. The same as `Person(…)`."""
        return cls(**values)

    def _created(self, values: dict[str, Any]) -> None:
        """Creates the object of this instance, by a request."""
        try:
            self._await_begun(lambda: self._creation(values))
        except NeedsReading as needed:
            read_first(needed, lambda replace: self._created(replace(values)))
        except UnknownResult as error:
            with taking_results(self.database, error):
                self._await_begun(lambda: creation_with_results(self._schema, values, self._begun))

    def _await_begun(self, describe: Callable[[], Request[Self]]) -> None:
        """Gets the primary key by a request; in a pipeline, when that is executed."""
        pending: Any = self.database._described(describe)
        if pending is not self:
            self._pk_source = pending

    def _creation(self, values: dict[str, Any]) -> Request[Self]:
        """The request that creates the object of this instance."""
        return crud.creation(self._schema, values, self._begun)

    def _begun(self, pk: bytes | None) -> Self:
        self._pk_bytes = pk
        self._seen = self._schema.era
        if self._pk_source is not None:
            del self._pk_source
        if pk is None:
            self._making = CreationLock()
        return self

    def _repr_html_(self) -> str:
        from limpyd.model.display import instance_html  # noqa: PLC0415 - only notebooks call this

        return instance_html(self)

    def _run_making(self, describe: Callable[[], Request[Any]]) -> Any:
        if self.database._pipeline() is not None:
            return self._run(describe(), describe)
        with self._making.lock(self):
            return self._run(describe(), describe)

    @classmethod
    def _answered(cls, result: R) -> R:
        """Gives a result for which nothing is sent."""
        return result
