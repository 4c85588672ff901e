"""The commands of an instance on the hash of its InstanceHashFields, several of them at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from limpyd.commands.descriptor import operation, operation_by
from limpyd.exceptions import MissingArgument
from limpyd.fields.bound.existence import require_existing
from limpyd.keys import key_from_template
from limpyd.model.instance import Instance
from limpyd.model.instance_hash import remove_entries, set_entries
from limpyd.requests.request import Request
from limpyd.statements.read import Load, LoadStatement, Read
from limpyd.statements.update import Update

R = TypeVar("R")
Names = TypeVar("Names", tuple[str, ...], dict[str, Any])


def _load(instance: Any, names: Any) -> LoadStatement | None:
    schema = instance._schema
    load: LoadStatement | None = schema.statements[schema.keys.partition(instance._pk_bytes)].direct_load(names)
    return load


def _update(instance: Any, values: Any) -> Update | None:
    if type(values) is not dict:
        return None
    schema = instance._schema
    statements = schema.statements[schema.keys.partition(instance._pk_bytes)]
    update: Update | None = statements.direct_update("hmset", values)
    return update


class HashCommands(Instance):
    """The part of a model with the commands of hashes."""

    @operation_by(_load)
    def hmget(self, *names: str) -> Request[list[Any]]:
        """The values of some InstanceHashFields, in the order of their names (HMGET); None where there is none.

        Raises:
            UnknownField: a name is no InstanceHashField.
            StoredValueError: what is stored does not fit a field's type.
        """
        schema, pk = self._schema, self._pk_bytes
        statement = schema.statements[schema.keys.partition(pk)].load(names or _some("hmget", names))
        if pk is None:
            return Request(
                ("HMGET", self._hash_key(), *names), list, readonly=True, may_be_stale=True, subject=statement.subject
            )
        load = Load(statement, pk)
        return load if self._seen is schema.era and schema.lapses is None else self._existing(load)

    @operation_by(_update)
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

    def _hash_key(self) -> bytes:
        partition = self._schema.keys.partition(self._pk_bytes)
        return partition.nothing if self._pk_bytes is None else key_from_template(partition.hash_prefix, self._pk_bytes)

    def _read_hash(self, command: str, decode: Callable[[Any], R]) -> Request[R]:
        pk = self._pk_bytes
        statements = self._schema.statements[self._schema.keys.partition(pk)]
        if pk is None:
            return Request((command, self._hash_key()), decode, readonly=True, subject=statements.subject)
        return self._existing(Read(statements.read(command), pk, (), decode))

    def _existing(self, request: Request[R]) -> Request[R]:
        if self._schema.lapses is not None:
            from limpyd.fields.bound.settled_reads import settled_read  # noqa: PLC0415 - the values of most do not lapse

            return settled_read(request, self._hash_key(), self)
        return request if self._checked else require_existing(request, self._hash_key(), [self])

    def _items(self, reply: Any) -> dict[str, Any]:
        """Decode: the values of the fields in the hash, by name."""
        schema, values = self._schema, {}
        for sub, stored in reply.items() if isinstance(reply, dict) else zip(reply[::2], reply[1::2], strict=True):
            field = schema.entry(sub)
            if field is not None:
                values[field.name] = field.decode(stored, self._hash_key())
        return values


def _some(operation_name: str, names: Names) -> Names:
    if not names:
        msg = f"{operation_name} needs the name of at least one InstanceHashField"
        raise MissingArgument(msg)
    return names
