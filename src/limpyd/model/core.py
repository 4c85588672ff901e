"""The core of models, on both faces: their settings, and operations that are described here as requests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from limpyd.commands.descriptor import operation_by
from limpyd.commands.faces import Face, Faced
from limpyd.database.core import Database
from limpyd.exceptions import DeclarationError, InvalidPrimaryKey, shorten
from limpyd.indexes.base import Declared
from limpyd.keys import key_from_template, to_text
from limpyd.keys.moving import Move
from limpyd.model.declaration import declare, move
from limpyd.model.hash_commands import HashCommands
from limpyd.requests.request import Request, resolved
from limpyd.requests.scattered import Rounds, rounds_of
from limpyd.schema.schema import Schema
from limpyd.scripts import object_requests
from limpyd.statements.delete import Deletion


def _deletion(instance: Any, given: Any) -> Deletion | None:
    schema, pk = instance._schema, instance._pk_bytes
    if given or pk is None or schema.incoming:
        return None
    deletion: Deletion | None = schema.statements[schema.keys.partition(pk)].deletion
    return deletion


class ModelCore(HashCommands, Faced[Face]):
    """A class mapped onto Redis: its fields are declared on it, its instances are objects in Redis.

    An instance holds only the primary key; each access reads from Redis.
    """

    _database_type: ClassVar[type[Database[Any]]]
    _awaits: ClassVar[bool]

    abstract: ClassVar[bool] = True
    lockable: ClassVar[bool] = True
    default_indexes: ClassVar[Sequence[Declared] | None] = None
    namespace: ClassVar[str] = ""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        declare(cls, ModelCore)

    @classmethod
    def use_database(cls, database: Any) -> None:
        """Moves the model, and its subclasses on the same database, to another database. Nothing is sent.

        Raises:
            DeclarationError: it is no database of this face, or has a model of the same name.
        """
        move(cls, database)

    @classmethod
    def _declared(cls) -> Schema:
        """The schema of a model that stores objects.

        Raises:
            DeclarationError: the class is abstract.
        """
        if cls.abstract:
            msg = f"{cls.__name__} is abstract: it stores nothing itself; use a subclass"
            raise DeclarationError(msg)
        return cls._schema

    @classmethod
    def _finish_slice(cls, move: Move, number: int) -> Rounds[None]:
        """Brings objects that are on their way from, or to, a partition there."""
        from limpyd.repartitioning.slices import finish_slice  # noqa: PLC0415 - only if a mover has died

        return rounds_of(finish_slice(cls._declared(), move, number))

    if not TYPE_CHECKING:

        def __class_getitem__(cls, item: Any) -> Any:
            try:
                return super().__class_getitem__(item)
            except TypeError:
                pass
            name = cls.__name__
            msg = (
                f"{name}[{shorten(item)}] is not an object: {name}.get(pk) returns one, {name}.collection(…)[:10] "
                "the first that match"
            )
            raise TypeError(msg)

    @operation_by(_deletion)
    def delete(self) -> Request[None]:
        """Deletes the object: all its values, their index entries, and its primary key in the set of the model.

        After that, each operation of this instance, and of other instances of the object in this process, raises
        `DoesNotExist`, reads included.

        Raises:
            DoesNotExist: it was deleted already.
            RestrictedError: a reference of another object forbids the deletion; nothing is deleted.
            InvalidPrimaryKey: the instance has no primary key, so there is nothing to delete.
        """
        schema = self._schema
        if self._pk_bytes is None:
            msg = f"{self!r} was never stored; there is nothing to delete"
            raise InvalidPrimaryKey(msg)
        partition = schema.keys.partition(self._pk_bytes)
        return schema.deletions.delete(partition, self._pk_bytes)

    def _existing_keys(self) -> Request[list[str]]:
        schema = self._schema
        partition = schema.keys.partition(self._pk_bytes)
        pk = self._pk_bytes
        if pk is None:
            return resolved([])
        keys = [key_from_template(prefix, pk) for prefix in schema.key_prefixes(partition)]
        request = object_requests.existing_keys(
            schema, partition, keys, None if self._checked else pk, pk, schema.dynamic.families(partition)
        )
        return request.then(lambda found: [to_text(key) for key in found])
