"""The requests that create, find and delete an object: one function per Lua file, which documents the arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from limpyd.exceptions import LimpydError
from limpyd.keys import Partition
from limpyd.lua import arguments
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Assumption, Request
from limpyd.requests.step_results import Result
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.queries import Search, with_references
from limpyd.scripts.query_values import Arguments, Stored
from limpyd.scripts.settled import unless_settled
from limpyd.scripts.target_checks import with_checks
from limpyd.scripts.writes import Indexes

R = TypeVar("R")

CREATE = Script("create")
GET_OR_CREATE = Script("get_or_create")
DELETE = Script("delete")
READ = Script("read")
EXISTING_KEYS = Script("existing_keys")


class NewObject:
    """An object about to be created; without a primary key the server mints one.

    Attributes:
        pk: its primary key.
        hash: sub-keys and values, in turn.
        unset: the prefixes of its other keys, which get no value.
        strings: prefixes of keys and values, in turn.
        members: values of many members, each the prefix of its key, the command that stores it, and its arguments.
        entries: kind, key and entry of each index entry, in turn.
        claims: for each entry the field and the stored value, or the composite index and the entry; and the sub-key,
            if there is one.
    """

    __slots__ = ("claims", "entries", "hash", "members", "pk", "strings", "unset")

    def __init__(self, pk: bytes | None) -> None:
        self.pk = pk
        self.hash: list[bytes] = []
        self.unset: list[bytes] = []
        self.strings: list[bytes] = []
        self.members: list[tuple[bytes, str, Sequence[Argument]]] = []
        self.entries: list[bytes] = []
        self.claims: list[tuple[Any, bytes, bytes | None]] = []

    def claimed(self) -> list[Claim]:
        """Returns the written values, which may belong to another object."""
        return [Claim(field.model, field.name, stored, sub) for field, stored, sub in self.claims]

    def value_in(self, place: Stored) -> bytes | None:
        """Returns the value of a field of one value, or None."""
        name, pairs = (place.sub, self.hash) if place.stored == b"entry" else (place.prefix, self.strings)
        return dict(zip(pairs[::2], pairs[1::2], strict=True)).get(name)

    @property
    def empty(self) -> bool:
        """True if the object has no value."""
        return not (self.hash or self.strings or self.members)


UNIQUE_OVER_PARTITIONS = frozenset({b"@uniq", b"&@uniq"})
"""The kinds of indexes whose values are unique over several partitions (see limpyd.claims)."""


def create(model: Model, partition: Partition, new: NewObject) -> Request[bytes]:
    """Creates an object, and returns its primary key.

    Raises (from the reply):
        UniquenessError: the primary key or a unique value belongs to another object.
    """

    def decode(reply: Any) -> bytes:
        if reply[0] == b"ok":
            pk: bytes = reply[1]
            return pk
        raise refusal(model, reply, new.pk, new.claimed())

    request = scripted(CREATE, object_keys(partition, new.pk), object_args(partition, new), decode, model)
    request.result = Result(2, bytes, model)
    if partition.count > 1:
        request.retry_with = answer
    request = request.assuming(model.maintenance.at(partition).declared, *_claims_of(model, partition, new))
    return checked_creation(request, model, partition, new.pk)


def checked_creation(request: Request[R], model: Model, partition: Partition, pk: bytes | None) -> Request[R]:
    """Returns a creation with what is asked before it, which may take the primary key of an object that has expired."""
    checked = with_checks(request, model, partition, created=(pk,))
    if pk is None or not model.is_swept_by_creations:
        return checked
    from limpyd.scripts.sweeps import over_expired  # noqa: PLC0415 - the objects of most models do not expire

    return over_expired(checked, model, partition, pk)


def _claims_of(model: Model, partition: Partition, new: NewObject) -> Iterator[Assumption]:
    """Yields the claims of the unique values of a new object, if the model has several partitions."""
    if partition.count > 1:
        from limpyd.claims.claim import claim_of  # noqa: PLC0415 - few models have several partitions

        for kind, key, text in zip(new.entries[::3], new.entries[1::3], new.entries[2::3], strict=True):
            if kind in UNIQUE_OVER_PARTITIONS:
                yield claim_of(model, partition, key, text, new.pk)


def claims_within_write(model: Model, partition: Partition, new: NewObject) -> Iterator[Assumption]:
    """Yields the claims that need no request, of an object that may be created."""
    return (claim for claim in _claims_of(model, partition, new) if claim.guard() is not None)


def get_or_create(
    model: Model,
    partition: Partition,
    search: Search,
    new: NewObject,
    absent: LimpydError | None = None,
    *,
    sought: str,
) -> Request[tuple[bytes, bool]]:
    """Finds the only object that matches, or creates one; returns its primary key, and True if it was created.

    Args:
        model: the model.
        partition: the partition.
        search: the query.
        new: the object to create.
        absent: the error to raise if there is none, instead of creating it.
        sought: the filters, for messages.

    Raises (from the reply):
        MultipleObjectsReturned: several match.
        UniquenessError: the primary key or a unique value belongs to another object.
    """

    def decode(reply: list[Any]) -> tuple[bytes, bool]:
        if reply[0] == b"ok":
            return reply[1], bool(reply[2])
        if reply[0] == b"gone" and absent is not None:
            raise absent
        raise refusal(model, reply, new.pk, new.claimed(), sought=sought)

    body = Arguments()
    search.node.add_to(body)
    args = (*with_references([], body), int(absent is None), *object_args(partition, new))
    keys = (partition.pks, partition.seq if new.pk is None else partition.pks, *search.elsewhere)
    request = scripted(GET_OR_CREATE, keys, args, decode, model, retry_with=answer if partition.count > 1 else None)
    request = request.assuming(model.maintenance.at(partition).declared, *claims_within_write(model, partition, new))
    return checked_creation(request, model, partition, new.pk)


def delete(model: Model, partition: Partition, pk: bytes, layout: Sequence[Argument]) -> Request[None]:
    """Deletes an object.

    The layout contains the catalog, the keys and the indexed fields of the model (see `deletion_layout`).

    Raises (from the reply):
        DoesNotExist: it was deleted already.
        TooManyChanges: it has more index entries than a step may change.
    """

    def decode(reply: list[Any]) -> None:
        if reply[0] != b"ok":
            raise refusal(model, reply, pk)

    request = scripted(DELETE, (partition.pks,), (pk, model.max_changes, *layout), decode, model, retry_with=answer)
    return request.assuming(model.maintenance.at(partition).declared)


def deletion_layout(
    prefixes: Sequence[bytes],
    composites: Sequence[Argument],
    hash_fields: Sequence[tuple[bytes, Indexes]],
    keys: Sequence[tuple[bytes, bytes, Indexes]],
) -> tuple[Argument, ...]:
    """Returns the arguments of the deletion of an object after its primary key and the catalog of its model.

    Args:
        prefixes: the prefixes of all its keys; the hash first.
        composites: kind, form and key of each composite index, in turn.
        hash_fields: sub-key and indexes of each indexed entry of its hash.
        keys: for each indexed field with a separate key the prefix, how it is stored, and its indexes.
    """
    args: list[Argument] = []
    subs = [sub for sub, _ in hash_fields]
    arguments.lay_out(args, arguments.KeysAndIndexes(prefixes, arguments.rows(composites, 3), subs))
    for _, indexes in hash_fields:
        arguments.lay_out(args, arguments.Indexes(indexes))
    for field in keys:
        arguments.lay_out(args, arguments.IndexedField(*field))
    return tuple(args)


def read_existing(instances: Sequence[Any], key: bytes, command: Request[R]) -> Request[R]:
    """Runs a read command within a transaction, on objects that may not exist.

    Args:
        instances: the instances of the objects.
        key: the key to read, or the first one.
        command: the command.

    Raises (from the reply):
        DoesNotExist: one of them does not exist.
    """
    objects = [(one._schema, one._pk_bytes) for one in instances]
    model, pk = objects[0]

    def decode(reply: list[Any]) -> R:
        if reply[0] == b"ok":
            for instance in instances:
                instance._mark_existing()
            return command.decode(reply[1])
        raise refusal(model, reply, pk, others=objects, command=command.args[0], needs=command.needs)

    keys = [*(schema.keys.partition(stored).pks for schema, stored in objects), key]
    args = [*(stored for _, stored in objects), *command.args]
    name = command.name or str(command.args[0])
    others = [schema for schema, _ in objects[1:]]
    request = scripted(
        READ, keys, args, decode, model, subject=command.subject, name=name, readonly=True, others=others
    )
    request.result = Result(2, command.decode)
    return request


def existing_keys(
    model: Model,
    partition: Partition,
    keys: Sequence[bytes],
    must_exist: bytes | None,
    pk: bytes,
    dynamic: Sequence[bytes] = (),
) -> Request[list[bytes]]:
    """Returns the keys of an object that exist, with those of dynamic fields (see lua/library/dynamic_parts.lua).

    Raises (from the reply):
        DoesNotExist: there is no object with the primary key that must exist.
    """

    def decode(reply: list[Any]) -> list[bytes]:
        if reply[0] == b"ok":
            return reply[1:]
        raise refusal(model, reply, must_exist)

    args = (must_exist or b"", *((pk, *dynamic) if dynamic else ()))
    request = scripted(EXISTING_KEYS, (partition.pks, *keys), args, decode, model, readonly=True)
    return request.assuming(*unless_settled(model, partition))


def scripted(
    script: Script,
    keys: Sequence[Argument],
    args: Sequence[Argument],
    decode: Callable[[Any], R],
    model: Model,
    *,
    subject: Subject | None = None,
    name: str | None = None,
    readonly: bool = False,
    retry_with: Callable[[Request[Any], Any], Request[Any] | None] | None = None,
    others: Iterable[Model] = (),
) -> Request[R]:
    """Returns the request that runs a script of a model, which may change objects of other ones as well."""
    linked = script.of(model, *others)
    everything = evalsha(linked, keys, args)
    subject = subject or model
    return Request(
        everything, decode, script=linked, subject=subject, name=name, readonly=readonly, retry_with=retry_with
    )


def object_keys(partition: Partition, pk: bytes | None) -> tuple[bytes, ...]:
    """Returns the keys of the creation of an object, which has no primary key yet if it is minted."""
    return (partition.pks, partition.seq) if pk is None else (partition.pks,)


def object_args(partition: Partition, new: NewObject) -> list[Argument]:
    """Returns the arguments for a new object, as lua/library/create.lua reads them."""
    args: list[Argument] = []
    strings = arguments.rows(new.strings, 2)
    members = [arguments.NewMembers(*each) for each in new.members]
    arguments.lay_out(
        args, arguments.NewObject(new.pk or b"", partition.hash_prefix, new.unset, new.hash, strings, members)
    )
    return [*args, *new.entries]
