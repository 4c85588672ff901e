"""RedisModel: models whose calls return their result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, ClassVar, Self

from limpyd.commands.faces import Sync
from limpyd.commands.foreign_key_values import NeedsReading, read_first, taking_foreign_keys
from limpyd.database.key_scan import WALK, scan
from limpyd.database.sync import RedisDatabase
from limpyd.exceptions import InvalidPrimaryKey
from limpyd.expressions import Expression
from limpyd.fields import AutoPKField
from limpyd.fields.pk import pk_bytes
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.integrity import Repair, Report
from limpyd.integrity.generators import check
from limpyd.migrations import from_field, from_limpyd2, from_model
from limpyd.migrations.generators import Moved
from limpyd.model import crud
from limpyd.model.bulk import (
    USUAL_CHUNK,
    BulkCreate,
    BulkCreated,
    BulkDelete,
    BulkDeleted,
    BulkUpdate,
    BulkUpdated,
    OnConflict,
    OnMissing,
    PkAndValues,
)
from limpyd.model.bulk import OnProgress as OnBulkProgress
from limpyd.model.class_body import checked_manager
from limpyd.model.core import ModelCore
from limpyd.model.creation_lock import CreationLock
from limpyd.model.get_or_create import get_or_create
from limpyd.model.updates import Update
from limpyd.query.filters import parse
from limpyd.query.query import Query
from limpyd.query.sync import Collection
from limpyd.requests.request import Request
from limpyd.types import Encodable

NEW: Any = object()
"""Stands for the primary key that a new object is still to get."""


class RedisModel(ModelCore[Sync]):
    """A class whose instances are objects in Redis.

    `Person(name="x")` creates one, `Person(1)` gets an existing one by its primary key.

    Attributes:
        database: where the objects are; mandatory, and inherited.
        namespace: groups models; models of one name can live in different namespaces.
        abstract: whether the class only passes its fields on; not inherited.
        lockable: accepted for limpyd 2's sake; see SingleValueField.
        collection_manager: the class of its collections, a subclass of Collection with methods of its own.
        default_indexes: the indexes of the fields in the body of the class, and of its subclasses, that are indexable
            and declare none; None for those of the database, or of the type of each.
        model_name: the name in the keys, instead of the class's own in lower case; not inherited.
        pk: the primary key; automatic unless the class declares a PKField.
    """

    abstract = True
    database: ClassVar[RedisDatabase]
    model_name: ClassVar[str]
    _database_type = RedisDatabase
    collection_manager: ClassVar[type[Collection[Any, Any]]] = Collection
    _awaits = False

    pk = AutoPKField(is_default=True)

    update = Update[int | None]()

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
        request: Request[Any]
        if pk is NEW:
            try:
                request = crud.creation(schema, values, self._begun)
            except NeedsReading as needed:
                read_first(needed, lambda replace: type(self).__init__(self, **replace(values)))
                return
        elif values:
            msg = (
                f"{schema.name}({pk!r}, …) gets an existing object, {schema.name}({next(iter(values))}=…, …) "
                f"creates one; not both at once"
            )
            raise InvalidPrimaryKey(msg)
        else:
            request = crud.lookup(schema, pk_bytes(schema.name, pk), {}, self._begun)
        pending: Any = self.database._run(request)
        if pending is not self:
            self._coming = pending
        self.__post_init__()

    @classmethod
    def create(cls, **values: Any) -> Self:
        """Creates an object with these values and the defaults of other fields. The same as `Person(…)`."""
        return cls(**values)

    @classmethod
    def get(cls, pk: Encodable | Expression | None = None, /, **filters: Any) -> Self:
        """The one object with a primary key, or that matches filters.

        Raises:
            DoesNotExist: there is none.
            MultipleObjectsReturned: several match; it is a ValueError.
            InvalidFilter: no index answers a filter, or neither key nor filters are given.
        """
        return cls.database._run(crud.lookup(cls._declared(), pk, filters, cls._connected))

    @classmethod
    @taking_foreign_keys
    def get_or_connect(
        cls, pk: Encodable | None = None, /, *, defaults: Mapping[str, Any] | None = None, **filters: Any
    ) -> Self:
        """The one object that matches, or a new one with the values it was sought by.

        Raises as `get_or_create`; but an automatic primary key finds its object, as `get` does, and is refused if
        there is none.
        """
        request = get_or_create(cls._declared(), "get_or_connect", pk, defaults, filters)
        return cls.database._run(request.then(lambda found: cls._connected(found[0])))

    @classmethod
    @taking_foreign_keys
    def get_or_create(
        cls, pk: Encodable | None = None, /, *, defaults: Mapping[str, Any] | None = None, **filters: Any
    ) -> tuple[Self, bool]:
        """The one object that matches, or a new one, and whether it is new.

        It is one step on the server: of several callers at once, one creates and the others find.

        Args:
            pk: the primary key.
            defaults: further values for a new object.
            filters: the values the object is sought by, and created with.

        Raises:
            InvalidPrimaryKey: it is automatic, so no object can be created with it.
            InvalidFilter: an object cannot be found, or not be created, by a value.
            MultipleObjectsReturned: several match.
            UniquenessError: a unique value of the new object belongs to another one.
        """
        request = get_or_create(cls._declared(), "get_or_create", pk, defaults, filters)
        return cls.database._run(request.then(lambda found: (cls._connected(found[0]), found[1])))

    @classmethod
    def bulk_create(
        cls,
        objects: Iterable[Mapping[str, Any]],
        *,
        chunk: int = USUAL_CHUNK,
        on_conflict: OnConflict = "raise",
        pks: bool = False,
        progress: OnBulkProgress | None = None,
    ) -> BulkCreated:
        """Creates many objects, chunk by chunk, each in one request: an iterable of any length, in constant memory.

        Each object is created as `create` does it, all or nothing by itself; defaults apply.

        Args:
            objects: the values of each object.
            chunk: how many objects a request carries at most; fewer if they are large.
            on_conflict: what becomes of an object whose primary key or unique value belongs to another one: "raise"
                ends with it, "skip" passes over it, "update" gives the values that one (as `update` does).
            pks: give the primary keys in the result.
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object was refused: it names the position, and its `__cause__` says why. Those before it
                are created, neither it nor any after it is.
        """
        return cls.database._run_program(BulkCreate(cls._declared(), chunk, on_conflict, pks, progress).all(objects))

    @classmethod
    def bulk_update(
        cls,
        objects: Iterable[PkAndValues],
        *,
        chunk: int = USUAL_CHUNK,
        on_missing: OnMissing = "raise",
        progress: OnBulkProgress | None = None,
    ) -> BulkUpdated:
        """Gives many objects new values, chunk by chunk, each in one request: an iterable of any length.

        Each object is updated as `update` does it, all or nothing by itself.

        Args:
            objects: pairs of a primary key, or instance, and values; or values, the primary key among them.
            chunk: how many objects a request carries at most; fewer if they are large.
            on_missing: whether an object that does not exist is refused, "raise", or counted, "skip".
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object was refused: it names the position, and its `__cause__` says why. Those before it
                are updated, neither it nor any after it is.
        """
        return cls.database._run_program(BulkUpdate(cls._declared(), chunk, on_missing, progress).all(objects))

    @classmethod
    def bulk_delete(
        cls,
        objects: Iterable[Encodable | Self],
        *,
        chunk: int = USUAL_CHUNK,
        on_missing: OnMissing = "raise",
        progress: OnBulkProgress | None = None,
    ) -> BulkDeleted:
        """Deletes many objects, chunk by chunk, each in one request and one atomic step.

        Args:
            objects: their primary keys, or instances.
            chunk: how many objects a request carries at most.
            on_missing: whether an object that does not exist is refused, "raise", or counted, "skip".
            progress: called after each chunk with the number of objects done so far.

        Raises:
            BulkError: an object does not exist: it names the position. Those before it are deleted, none after it is.
        """
        return cls.database._run_program(BulkDelete(cls._declared(), chunk, on_missing, progress).all(objects))

    @classmethod
    def exists(cls, pk: Encodable | Expression | None = None, /, **filters: Any) -> bool:
        """Returns whether there is an object with this primary key, or that matches the filters."""
        return cls.database._run(crud.existence(cls._declared(), pk, filters))

    @classmethod
    def lazy_connect(cls, pk: Encodable, /) -> Self:
        """An instance whose first operation checks that the object exists; nothing is sent before."""
        return cls._lazy(pk_bytes(cls._declared().name, pk))

    @classmethod
    def from_pks(cls, pks: Iterable[Encodable], lazy: bool = False) -> list[Self]:
        """The instances of these primary keys, without repetition, in their order; absent ones are left out.

        With `lazy` nothing is sent, and each checks at its first use that it exists.
        """
        wanted = crud.distinct(cls._declared(), pks)
        if lazy:
            return [cls._lazy(pk) for pk in wanted]
        request = crud.existing(cls._declared(), wanted)
        return cls.database._run(request.then(lambda found: [cls._connected(pk) for pk in found]))

    @classmethod
    def collection(cls, *expressions: Expression, **filters: Any) -> Collection[str, Self]:
        """The primary keys of the objects for which all expressions and filters hold; of all objects without any.

        Nothing is sent yet.

        Raises:
            UnknownField: a name is no field.
            InvalidFilter: the field has no index for it.
            InvalidValue: a value does not fit the field's type.
        """
        schema = cls._declared()
        manager = cls.collection_manager
        if "manager" in filters and "manager" not in schema.fields:
            manager = checked_manager(cls, filters.pop("manager"), manager)
        return manager(cls, schema, Query(parse(schema, filters, expressions)))

    @classmethod
    def instances(cls, lazy: bool = False, **filters: Any) -> Collection[Self, Self]:
        """The instances of the objects that match all filters; like `collection(…).instances(lazy)`."""
        return cls.collection(**filters).instances(lazy)

    @classmethod
    def rebuild_indexes(cls, progress: OnProgress | None = None) -> None:
        """Builds all indexes of the model, while others read and write.

        Objects are entered, and entries that none gives are removed, in short steps. If it is stopped, the next call
        goes on where it was. All processes should know the indexes by then: an older version of the class does not
        keep them.

        Args:
            progress: called from time to time with what is done and the whole: objects, once for each index.

        Raises:
            UniquenessError: two objects have one value, which should be unique.
            InvalidValue: an object has a value that an index cannot keep.
        """
        cls._declared().maintenance.rebuild(progress=progress)

    @classmethod
    def clear_indexes(cls) -> None:
        """Removes all that indexes of the model hold, also those that are no longer declared.

        Until they are built again, filters that need them raise `IndexNotBuilt`, and values are not unique.
        """
        cls._declared().maintenance.clear()

    @classmethod
    def check(cls, repair: Repair = False, progress: OnProgress | None = None) -> Report:
        """Compares the indexes of the model, and all its keys, with what its objects have, while others read and write.

        It goes in many short steps (SCAN, SSCAN and scripts), each of which judges by what there is in one moment.

        Args:
            repair: put right what can be without losing data, if True; also what only can by removing some, if
                "all"; or only findings of these kinds (see `limpyd.integrity.KINDS`).
            progress: called from time to time with what is done and the whole: keys of the database and objects.

        Raises:
            InvalidValue: `repair` names no kind of findings that can be repaired.
        """
        return cls.database._run_program(check([cls._declared()], repair, progress, all_models=False))

    @classmethod
    def rename_from(cls, former_name: str, /, progress: OnProgress | None = None) -> Moved:
        """Moves the objects of this model from the name that it had: its class, namespace or `model_name` has changed.

        It goes on while others read and write, in steps of some milliseconds. Each object is moved as a whole, its
        values with their expiries, its index entries and its membership, or stays as it is. If it is stopped, however,
        the next call goes on; called once more, it moves what processes with the old class have written meanwhile.
        References to the objects stay valid, since primary keys stay the same. When no object is left, so is nothing
        else of the former name (RENAMENX; on a cluster of one node RESTORE).

        Args:
            former_name: what the class was called, in the same namespace and in any case of letters; or
                `namespace:model` as in its keys, without a namespace `:model`.
            progress: called from time to time with the numbers of objects moved, and of all.

        Returns:
            A `Moved`: how many objects were moved; which ones were not, with the error of each, such as one whose
            primary key or unique value another object has under the new name; and which keys of no object had to stay.

        Raises:
            InvalidValue: the name is that of no model, or of one that is still declared on this database; or neither
                that name nor this one has any objects.
            ServerError: the new keys are on another node of a cluster, or the server refuses a command.
        """
        return cls.database._run_program(from_model(cls._declared(), former_name, progress))

    @classmethod
    def rename_field(cls, old: str, new: str, /, progress: OnProgress | None = None) -> Moved:
        """Moves the values of a field from the name that it had, in all objects.

        Like `rename_from`: while others read and write, each object as one step, and to be called again if it was
        stopped. Until it has come to its end, filters on an index of the field raise `IndexNotBuilt`.

        Args:
            old: what the field was called.
            new: what it is called now.
            progress: called from time to time with the numbers of objects checked, and of all.

        Returns:
            A `Moved`: how many objects had a value under the old name only; and those that have one under both, with
            the error of each, which were left as they are.

        Raises:
            UnknownField: `new` is no field of the model.
            InvalidValue: `old` is still one, or cannot have been one.
            ServerError: the server refuses a command.
        """
        return cls.database._run_program(from_field(cls._declared(), old, new, progress))

    @classmethod
    def migrate_from_limpyd2(cls, former_name: str | None = None, /, progress: OnProgress | None = None) -> Moved:
        """Moves the objects of this model from where redis-limpyd 2 keeps them, in this database.

        Like `rename_from`: while others read and write, each object as one step, and to be called again if it was
        stopped. Processes that still write with limpyd 2, or with `layout="limpyd2"`, do not see what was moved; called
        once more, it moves what they have written meanwhile. When no object is left, so is nothing of its indexes.

        Args:
            former_name: what the model is called there, `model` or `namespace:model`; by default as here.
            progress: called from time to time with the numbers of objects moved, and of all.

        Returns:
            A `Moved`: how many objects were moved; which ones were not, with the error of each, such as one with a
            value that does not fit an index here; and which keys of no object are left.

        Raises:
            InvalidValue: the model is declared on a database of that layout, or the name is that of no model.
            ServerError: the server refuses a command.
        """
        return cls.database._run_program(from_limpyd2(cls._declared(), former_name, progress))

    @classmethod
    def scan_model_keys(cls, count: int = 1000) -> Iterator[str]:
        """Yields the names of all keys of the model (SCAN): it walks the whole database, about `count` at a time."""
        for pattern in crud.patterns(cls._declared()):
            yield from cls.database._walk(scan(pattern, count))

    def _begun(self, pk: bytes | None) -> Self:
        self._pk_bytes = pk
        self._seen = self._schema.era
        if self._coming is not None:
            del self._coming
        if pk is None:
            self._making = CreationLock()
        return self

    def _run_making(self, describe: Callable[[], Request[Any]]) -> Any:
        if self.database._pipeline() is not None:
            return self._run(describe())
        with self._making.lock(self):
            return self._run(describe())

    def scan_keys(self, count: int | None = None) -> Iterator[str]:  # noqa: ARG002 - of limpyd 2
        """Yields the names of the keys that hold the values of this object, in one request, whatever `count` is."""
        self.database._at_once(*WALK)
        yield from self._run(self._existing_keys())
