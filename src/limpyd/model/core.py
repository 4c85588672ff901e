"""The operations of models, on both faces: each is described here as a request."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from limpyd.commands.descriptor import operation
from limpyd.commands.faces import Face, Faced
from limpyd.database.core import Database
from limpyd.exceptions import DeclarationError, InvalidPrimaryKey, MissingArgument, NotExecuted, shorten
from limpyd.fields.bound.existence import require_existing
from limpyd.indexes.base import Declared
from limpyd.keys import key_from_template, to_text
from limpyd.model.class_body import check_body, checked_manager
from limpyd.model.hooks import run_after_commands, run_hook
from limpyd.model.instance_hash import remove_entries, set_entries
from limpyd.model.limpyd2_names import Limpyd2ModelNames
from limpyd.pipelines.pending_result import Pending
from limpyd.relations.resolution import connect
from limpyd.relations.reverse import Reverse
from limpyd.requests.request import Request, Walk, resolved
from limpyd.schema.declared_fields import check_names
from limpyd.schema.dynamic import set_attribute
from limpyd.schema.field_lookup import WithFields
from limpyd.schema.schema import Schema
from limpyd.scripts import object_requests
from limpyd.statements.read import Load, Read
from limpyd.utils.conversion import holds_no_values
from limpyd.utils.suggestions import did_you_mean

R = TypeVar("R")
Names = TypeVar("Names", tuple[str, ...], dict[str, Any])


class ModelCore(Limpyd2ModelNames, WithFields, Faced[Face]):
    """A class mapped onto Redis: its fields are declared on it, its instances are objects in Redis.

    Nothing but the primary key is held in an instance; each access asks Redis.
    """

    _schema: ClassVar[Schema]
    _database_type: ClassVar[type[Database[Any]]]
    _awaits: ClassVar[bool]

    abstract: ClassVar[bool] = True
    lockable: ClassVar[bool] = True
    collection_manager: ClassVar[Any]
    _is_hooked: ClassVar[bool] = False
    default_indexes: ClassVar[Sequence[Declared] | None] = None
    namespace: ClassVar[str] = ""

    _pk_bytes: bytes | None
    _seen: object = None
    _making: Any  # a lock of the face's kind, on an instance without a primary key
    _prefetched: Mapping[str, Any] = {}
    _coming: Pending[Any] | None = None  # what gives it its primary key, in a pipeline

    # --- the class ---

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__module__.startswith("limpyd."):
            check_body(cls)
        check_names(cls)
        cls.abstract = vars(cls).get("abstract") is True
        if cls.abstract:
            return
        database = getattr(cls, "database", None)
        if not isinstance(database, cls._database_type):
            found = "it has none" if database is None else f"it has {_kind_of(database)}"
            msg = (
                f"{cls.__name__} needs a database: set `database = {cls._database_type.__name__}(…)` on it or on "
                f"a base class, or `abstract = True` if it stores nothing itself; {found}"
            )
            raise DeclarationError(msg)
        checked_manager(cls, cls.collection_manager)
        if cls.__post_init__ is not ModelCore.__post_init__:
            run_hook(cls, ModelCore)
        if hasattr(cls, "post_command"):
            run_after_commands(cls, ModelCore)
        name = vars(cls).get("model_name", cls.__name__.lower())
        schema = Schema(cls, name, cls.namespace, cls.lockable, database.layout)
        database._models.register(cls, schema.keys.tag)
        cls._schema = schema
        for field_name, field in schema.fields.items():
            setattr(cls, field_name, field)
        for field_name, dynamic in schema.dynamic.items():
            setattr(cls, field_name, dynamic)
        if schema.dynamic and cls.__setattr__ is object.__setattr__:
            setattr(cls, "__setattr__", set_attribute)  # noqa: B010 - other models pay nothing for it
        cls.pk = schema.pk_field  # type: ignore[attr-defined]
        try:
            connect(database, Reverse)
        except DeclarationError:
            database._models.unregister(schema.keys.tag)
            raise

    @classmethod
    def use_database(cls, database: Any) -> None:
        """Moves the model, and its subclasses on the same database, to another database. Nothing is sent.

        Raises:
            DeclarationError: it is no database of this face, or has a model of the same name.
        """
        if not isinstance(database, cls._database_type):
            msg = f"{cls.__name__}.use_database takes a {cls._database_type.__name__}, not {_kind_of(database)}"
            raise DeclarationError(msg)
        old = getattr(cls, "database", None)
        if old is database:
            return
        if old is not None and old.layout != database.layout:
            msg = (
                f"{cls.__name__} is declared for the layout {old.layout!r} of keys, and {database!r} has "
                f"{database.layout!r}; declare the model on a database of that layout"
            )
            raise DeclarationError(msg)
        moved = _with_subclasses(cls, old)
        concrete = [model for model in moved if not model.abstract]
        for model in concrete:
            database._models.check_free(model, model._schema.keys.tag)
        for model in concrete:
            if old is not None:
                old._models.unregister(model._schema.keys.tag)
            database._models.register(model, model._schema.keys.tag)
            model._schema.forget()
        for model in moved:
            model.database = database
        connect(database, Reverse)

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

    # --- instances ---

    def __post_init__(self) -> None:
        """Runs for each new instance of the class, however it is made; for subclasses to define.

        By a constructor, `create`, `get`, a collection, `lazy_connect`, a reference or anything else, where `__init__`
        runs for `Person(…)` only. It gets no values, and must send nothing. Of an instance that a pipeline creates,
        the primary key is not known yet. Copies and unpickled instances have the attributes of the original instead.
        """

    @classmethod
    def _connected(cls, pk: bytes) -> Self:
        """An instance of an object known to exist."""
        instance = object.__new__(cls)
        instance._pk_bytes = pk
        instance._seen = cls._schema.era
        return instance

    @classmethod
    def _lazy(cls, pk: bytes) -> Self:
        """An instance of an object whose existence its first operation checks."""
        instance = object.__new__(cls)
        instance._pk_bytes = pk
        instance._seen = cls._schema.unseen
        return instance

    @classmethod
    def _empty(cls) -> Self:
        """An instance without a primary key, which comes with the first field."""
        instance = object.__new__(cls)
        instance._pk_bytes = None
        instance._seen = cls._schema.era
        return instance

    def _comes_with(self, pending: Pending[Any]) -> None:
        """Until a request in a pipeline is executed nobody knows the primary key."""
        vars(self).pop("_pk_bytes", None)
        self._coming = pending
        pending.when_settled(self._come)

    def _come(self) -> None:
        if "_pk_bytes" not in vars(self):  # it was refused, or nothing was stored
            self._pk_bytes = None
        vars(self).pop("_coming", None)  # the pipeline may have done so already

    if not TYPE_CHECKING:

        def __class_getitem__(cls, item: Any) -> Any:
            try:
                return super().__class_getitem__(item)
            except TypeError:
                pass
            name = cls.__name__
            msg = (
                f"{name}[{shorten(item)}] is no object: {name}.get(pk) gets one, {name}.collection(…)[:10] the first "
                f"that match"
            )
            raise TypeError(msg)

        def __iter__(self) -> Any:
            raise TypeError(holds_no_values(self, type(self).__name__))

        def __getattr__(self, name: str) -> Any:
            # Only asked for what is not there: the primary key of an object that a pipeline is to create or look up.
            pending = vars(self).get("_coming")
            if name == "_pk_bytes" and pending is not None:
                if pending.error is not None:
                    raise pending.error
                msg = f"{self!r} gets its primary key when its pipeline is executed; give values when it is created"
                raise NotExecuted(msg)
            if not name.startswith("_") and type(self)._schema.dynamic:
                version = type(self)._schema.dynamic.version(name)
                if version is not None:
                    return version.__get__(self)
            meant = "" if name.startswith("_") else did_you_mean(name, dir(type(self)))
            msg = f"{type(self).__name__!r} object has no attribute {name!r}{meant}"
            raise AttributeError(msg, name=name, obj=self)

    def _made(self, pk: bytes) -> None:
        self._pk_bytes = pk
        self._found()

    def _found(self) -> None:
        self._seen = self._schema.era

    @property
    def _pk(self) -> str | None:
        """The primary key as text, or None without one: limpyd 2's name for what `pk.get()` returns."""
        pk = self._pk_bytes
        return None if pk is None else to_text(pk)

    @property
    def _checked(self) -> bool:
        """True if the object was there, and this process has deleted none of the model since."""
        return self._seen is self._schema.era

    def _run(self, request: Request[Any]) -> Any:
        return self.database._run(request)  # type: ignore[attr-defined]

    def _walk(self, step: Walk[Any]) -> Any:
        return self.database._walk(step)  # type: ignore[attr-defined]

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(self) is not type(other) or not isinstance(other, ModelCore):
            return NotImplemented
        return self._pk_bytes is not None and self._pk_bytes == other._pk_bytes

    def __hash__(self) -> int:
        if self._pk_bytes is None:
            msg = f"{self!r} cannot be hashed before it has a primary key"
            raise TypeError(msg)
        return hash((type(self), self._pk_bytes))

    def __repr__(self) -> str:
        if "_pk_bytes" not in vars(self):
            return f"<{type(self).__name__} of a pipeline>"
        if self._pk_bytes is None:
            return f"<{type(self).__name__} without pk>"
        return f"<{type(self).__name__} {to_text(self._pk_bytes)!r}>"

    @property
    def prefetched(self) -> Mapping[str, Any]:
        """The values that a collection read along with this instance (`instances(prefetch=[…])`), by name.

        They are as they were at that moment; the fields themselves ask Redis.
        """
        return self._prefetched

    # --- operations on an instance ---

    @operation
    def delete(self) -> Request[None]:
        """Deletes the object: all its values, their index entries and its place in the collection.

        From then on each operation of this instance, and of others of the object in this process, raises
        `DoesNotExist`, reads included.

        Raises:
            DoesNotExist: it was deleted already.
            RestrictedError: another object refers to it and forbids it; nothing is deleted.
            InvalidPrimaryKey: the instance has no primary key, so there is nothing to delete.
        """
        schema = self._schema
        if self._pk_bytes is None:
            msg = f"{self!r} was never stored; there is nothing to delete"
            raise InvalidPrimaryKey(msg)
        where = schema.keys.partition(self._pk_bytes)
        return schema.deletions.delete(where, self._pk_bytes)

    @operation
    def hmget(self, *names: str) -> Request[list[Any]]:
        """The values of some InstanceHashFields, in the order of their names (HMGET); None where there is none.

        Raises:
            UnknownField: a name is no InstanceHashField.
            StoredValueError: what is stored does not fit a field's type.
        """
        names, pk = _some("hmget", names), self._pk_bytes
        where = self._schema.keys.partition(pk)
        statement = self._schema.statements.load(where, names)
        if pk is None:
            return Request(("HMGET", self._hash_key(), *names), list, readonly=True, subject=statement.subject)
        return self._existing(Load(statement, pk))

    @operation
    def hmset(self, /, **values: Any) -> Request[bool]:
        """Stores the values of several InstanceHashFields: all of them, or none (HSET). Returns True.

        Raises:
            UnknownField: a name is no InstanceHashField.
            InvalidValue: a value does not fit its field's type.
            UniquenessError: another object has one of the values; nothing is changed.
            DoesNotExist: the object was deleted.
        """
        return set_entries(self, _some("hmset", values))

    @operation
    def hdel(self, *names: str) -> Request[int]:
        """Removes the values of some InstanceHashFields (HDEL); returns how many there were.

        Raises:
            UnknownField: a name is no InstanceHashField.
            DoesNotExist: the object was deleted.
        """
        return remove_entries(self, _some("hdel", names))

    @operation
    def hgetall(self) -> Request[dict[str, Any]]:
        """The values of all InstanceHashFields that have one, by name (HGETALL).

        Raises:
            StoredValueError: what is stored does not fit a field's type.
        """
        return self._read_hash("HGETALL", self._items)

    @operation
    def hkeys(self) -> Request[list[str]]:
        """The names of the InstanceHashFields that have a value (HKEYS)."""
        entry = self._schema.entry
        entry = self._schema.entry
        return self._read_hash("HKEYS", lambda subs: [field.name for sub in subs if (field := entry(sub))])

    @operation
    def hvals(self) -> Request[list[Any]]:
        """The values of all InstanceHashFields that have one (HGETALL), in the order of `hkeys`.

        Raises:
            StoredValueError: what is stored does not fit a field's type.
        """
        return self._read_hash("HGETALL", lambda reply: list(self._items(reply).values()))

    @operation
    def hlen(self) -> Request[int]:
        """Returns the number of entries of the hash (HLEN): one for each InstanceHashField that has a value."""
        return self._read_hash("HLEN", int)

    def _existing_keys(self) -> Request[list[str]]:
        schema = self._schema
        where = schema.keys.partition(self._pk_bytes)
        pk = self._pk_bytes
        if pk is None:
            return resolved([])
        keys = [key_from_template(prefix, pk) for prefix in schema.key_prefixes(where)]
        request = object_requests.existing_keys(
            schema, where, keys, None if self._checked else pk, pk, schema.dynamic.described(where)
        )
        return request.then(lambda found: [to_text(key) for key in found])

    def _hash_key(self) -> bytes:
        where = self._schema.keys.partition(self._pk_bytes)
        return where.nothing if self._pk_bytes is None else key_from_template(where.hash_prefix, self._pk_bytes)

    def _read_hash(self, command: str, decode: Callable[[Any], R]) -> Request[R]:
        pk, statements = self._pk_bytes, self._schema.statements
        if pk is None:
            return Request((command, self._hash_key()), decode, readonly=True, subject=statements.subject)
        where = self._schema.keys.partition(pk)
        return self._existing(Read(statements.read(where, command), pk, (), decode))

    def _existing(self, request: Request[R]) -> Request[R]:
        return request if self._checked else require_existing(request, self._hash_key(), [self])

    def _items(self, reply: Any) -> dict[str, Any]:
        """Decode: the values of the fields in the hash, by name."""
        schema, values = self._schema, {}
        for sub, stored in reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True):
            field = schema.entry(sub)
            if field is not None:
                values[field.name] = field.decode(stored, self._hash_key())
        return values


def _kind_of(database: Any) -> str:
    """Returns the name of what is given as a database for a message; a URL may hold a password, and is not quoted."""
    return f"the class {database.__name__}" if isinstance(database, type) else f"a {type(database).__name__}"


def _some(operation_name: str, names: Names) -> Names:
    if not names:
        msg = f"{operation_name} needs the name of at least one InstanceHashField"
        raise MissingArgument(msg)
    return names


def _with_subclasses(model: type[Any], database: Any) -> list[type[Any]]:
    """A model, and those of its subclasses that are on a database as their own base classes are."""
    found = [model]
    for subclass in model.__subclasses__():
        if getattr(subclass, "database", None) is database:
            found += _with_subclasses(subclass, database)
    return list(dict.fromkeys(found))
