"""The request of each script: one function per Lua file, which says what its arguments mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from limpyd.exceptions import (
    DoesNotExist,
    LimpydError,
    MultipleObjectsReturned,
    ServerError,
    UniquenessError,
    WrongTypeError,
)
from limpyd.keys import Partition, to_text
from limpyd.requests import Argument, Request, Subject
from limpyd.scripts.loader import Script, load

R = TypeVar("R")

CREATE = load("create")
GET_OR_CREATE = load("get_or_create")
WRITE = load("write")
REMOVE = load("write", flags="allow-oom")
"""The same for commands that only free memory, which a full server must not refuse."""
FREEING = frozenset({"DEL", "GETDEL", "HDEL"})
DELETE = load("delete")
READ = load("read")
FIND = load("find")
EXISTING_KEYS = load("existing_keys")


class Model(Subject, Protocol):
    """What the outcome of a script needs to know of the model."""

    name: str
    pk_name: str

    def value_of(self, field: str, stored: bytes) -> Any: ...


Indexes = tuple[Argument, ...]
"""The indexes of a field as the scripts know them: a count, and of each its kind, normal form and key."""

Upkeep = tuple[Argument, ...]
"""A field as the scripts know it: prefix of its key, how it is stored, sub-key, and its indexes."""


class Step(NamedTuple):
    """One write command on one field."""

    field: str
    upkeep: Upkeep
    command: str
    args: tuple[Argument, ...]


class NewObject:
    """An object about to be created; without a primary key the server mints one.

    Attributes:
        pk: its primary key.
        hash: sub-keys and values, in turn.
        unset: prefixes of the keys of its own that get no value.
        strings: prefixes of keys and values, in turn.
        entries: kind, key and entry of each index entry, in turn.
        entry_values: the field and the stored value of each entry.
    """

    __slots__ = ("entries", "entry_values", "hash", "pk", "strings", "unset")

    def __init__(self, pk: bytes | None) -> None:
        self.pk = pk
        self.hash: list[bytes] = []
        self.unset: list[bytes] = []
        self.strings: list[bytes] = []
        self.entries: list[bytes] = []
        self.entry_values: list[tuple[str, bytes | None]] = []


class Leaf(NamedTuple):
    """One condition of a query (see lib/query.lua)."""

    kind: bytes
    key: bytes
    texts: tuple[bytes, ...]


def create(model: Model, where: Partition, new: NewObject) -> Request[bytes]:
    """Creates an object; its primary key comes back.

    Raises (from the reply):
        UniquenessError: the primary key or a unique value belongs to another object.
    """

    def decode(reply: list[Any]) -> bytes:
        if reply[0] == b"ok":
            pk: bytes = reply[1]
            return pk
        raise _refusal(model, reply, new.pk, new.entry_values)

    return _request(CREATE, _object_keys(where, new.pk), _object_args(where, new), decode, model)


def get_or_create(
    model: Model,
    where: Partition,
    leaves: Sequence[Leaf],
    new: NewObject,
    *,
    may_create: bool,
    sought: str,
) -> Request[tuple[bytes, bool]]:
    """Finds the one object that matches, or creates it: its primary key, and whether it is new.

    Raises (from the reply):
        DoesNotExist: there is none, and it may not be created.
        MultipleObjectsReturned: several match.
        UniquenessError: the primary key or a unique value belongs to another object.
    """

    def decode(reply: list[Any]) -> tuple[bytes, bool]:
        if reply[0] == b"ok":
            return reply[1], bool(reply[2])
        raise _refusal(model, reply, new.pk, new.entry_values, sought)

    args = (*_leaf_args(leaves), int(may_create), *_object_args(where, new))
    return _request(GET_OR_CREATE, _object_keys(where, new.pk), args, decode, model)


def write(
    model: Model,
    where: Partition,
    pk: bytes | None,
    steps: Sequence[Step],
    decode: Callable[[list[Any]], R],
    made: Callable[[bytes], None],
    subject: Subject | None = None,
) -> Request[R]:
    """Runs write commands on one object; `made` is told its primary key once that is certain.

    Raises (from the reply):
        DoesNotExist: the object was deleted.
        UniquenessError: a new value belongs to another object.
        WrongTypeError: a key holds something else than the field's type.
        ServerError: the server refused a command.
    """

    def decode_outcome(reply: list[Any]) -> R:
        if reply[0] == b"ok":
            if reply[1] is not None:
                made(reply[1])
            return decode(reply[2:])
        raise _refusal(model, reply, pk, [(step.field, None) for step in steps])

    script = REMOVE if all(step.command in FREEING for step in steps) else WRITE
    args: list[Argument] = [b"EVALSHA", script.sha]
    args += (1, where.pks, pk) if pk is not None else (2, where.pks, where.seq, b"")
    for _, upkeep, command, command_args in steps:
        args += upkeep
        args += (command, len(command_args))
        args += command_args
    return Request(tuple(args), decode_outcome, script=script, subject=subject or model)


def delete(model: Model, where: Partition, pk: bytes, layout: Sequence[Argument]) -> Request[None]:
    """Deletes an object, whose keys and indexed fields the layout names (see `deletion_layout`).

    Raises (from the reply):
        DoesNotExist: it was deleted already.
    """

    def decode(reply: list[Any]) -> None:
        if reply[0] != b"ok":
            raise _refusal(model, reply, pk)

    return _request(DELETE, (where.pks,), (pk, *layout), decode, model)


def deletion_layout(
    prefixes: Sequence[bytes],
    hash_fields: Sequence[tuple[bytes, Indexes]],
    strings: Sequence[tuple[bytes, Indexes]],
) -> tuple[Argument, ...]:
    """What the deletion of any object of a partition says after its primary key.

    Args:
        prefixes: those of all its keys, that of its hash first.
        hash_fields: sub-key and indexes of each indexed entry of its hash.
        strings: prefix and indexes of each indexed string.
    """
    args: list[Argument] = [len(prefixes), *prefixes, len(hash_fields)]
    args += (sub for sub, _ in hash_fields)
    for _, indexes in hash_fields:
        args += indexes
    for prefix, indexes in strings:
        args += (prefix, *indexes)
    return tuple(args)


def read_existing(
    model: Model,
    where: Partition,
    pk: bytes,
    command: Request[R],
    found: Callable[[], None],
) -> Request[R]:
    """Runs a read command on an object whose existence is not known yet.

    Raises (from the reply):
        DoesNotExist: there is no such object.
    """
    name, key, *args = command.args

    def decode(reply: list[Any]) -> R:
        if reply[0] == b"ok":
            found()
            return command.decode(reply[1])
        raise _refusal(model, reply, pk)

    return _request(READ, (where.pks, key), (pk, name, *args), decode, model, readonly=True)


def find(model: Model, where: Partition, leaves: Sequence[Leaf], limit: int = 0) -> Request[list[bytes]]:
    """The primary keys that all leaves agree on; with a limit of 1 or more, at most so many."""
    args = (b"list", limit, *_leaf_args(leaves))
    return _request(FIND, (where.pks,), args, list, model, readonly=True)


def count(model: Model, where: Partition, leaves: Sequence[Leaf], limit: int = 0) -> Request[int]:
    """How many primary keys all leaves agree on; with a limit of 1 or more, at most so many."""
    args = (b"count", limit, *_leaf_args(leaves))
    return _request(FIND, (where.pks,), args, int, model, readonly=True)


def existing_keys(
    model: Model, where: Partition, keys: Sequence[bytes], must_exist: bytes | None
) -> Request[list[bytes]]:
    """Those of the keys that exist.

    Raises (from the reply):
        DoesNotExist: there is no object with the primary key that must exist.
    """

    def decode(reply: list[Any]) -> list[bytes]:
        if reply[0] == b"ok":
            return reply[1:]
        raise _refusal(model, reply, must_exist)

    args = () if must_exist is None else (must_exist,)
    return _request(EXISTING_KEYS, (where.pks, *keys), args, decode, model, readonly=True)


def _request(
    script: Script,
    keys: Sequence[Argument],
    args: Sequence[Argument],
    decode: Callable[[Any], R],
    subject: Subject,
    *,
    readonly: bool = False,
) -> Request[R]:
    everything = (b"EVALSHA", script.sha, len(keys), *keys, *args)
    return Request(everything, decode, script=script, subject=subject, readonly=readonly)


def _object_keys(where: Partition, pk: bytes | None) -> tuple[bytes, ...]:
    return (where.pks, where.seq) if pk is None else (where.pks,)


def _object_args(where: Partition, new: NewObject) -> list[Argument]:
    args: list[Argument] = [new.pk or b"", where.hash_prefix, len(new.unset)]
    args += new.unset
    args.append(len(new.hash))
    args += new.hash
    args.append(len(new.strings) // 2)
    args += new.strings
    args += new.entries
    return args


def _leaf_args(leaves: Sequence[Leaf]) -> list[Argument]:
    args: list[Argument] = [len(leaves)]
    for kind, key, texts in leaves:
        args += (kind, key, len(texts), *texts)
    return args


def _refusal(
    model: Model, reply: list[Any], pk: bytes | None, values: Sequence[tuple[str, bytes | None]] = (), sought: str = ""
) -> LimpydError:
    """The error that an outcome of lib/atomic.lua stands for.

    Args:
        model: the model it is about.
        reply: the outcome.
        pk: the primary key it is about.
        values: what `unique` counts: fields, and their stored values where they are known beforehand.
        sought: what a lookup was for.
    """
    outcome: Any = reply[0]
    facts: list[Any] = reply[1:]
    shown = f"{model.name}({to_text(pk)!r})" if pk is not None else f"a new {model.name}"
    if outcome == b"gone":
        if sought:
            return DoesNotExist(f"no {model.name} matches {sought}")
        return DoesNotExist(f"there is no {shown}: it was deleted, or never created")
    if outcome == b"taken":
        owner = to_text(pk or b"")
        return UniquenessError(model.name, model.pk_name, owner, owner)
    if outcome == b"unique":
        number: int = facts[0]
        name, stored = values[number]
        found, owner = facts[1:]
        value = model.value_of(name, found if stored is None else stored)
        return UniquenessError(model.name, name, value, to_text(owner))
    if outcome == b"many":
        return MultipleObjectsReturned(f"{facts[0]} {model.name} objects match {sought}; one was asked for")
    message = b"" if outcome == b"occupied" else facts.pop(0)
    key, found = to_text(facts[0]), to_text(facts[1])
    expected = model.type_of(facts[0])
    if message.startswith(b"WRONGTYPE") or (outcome == b"occupied" and found != expected):
        return WrongTypeError(shown, key, expected, found)
    if outcome == b"occupied":
        msg = f"{shown}: the key {key!r} holds data of no object; nothing was changed. Move or delete that key"
        return ServerError(msg)
    return ServerError(f"{shown}, key {key!r}: {to_text(message)}; nothing was changed")
