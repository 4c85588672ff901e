"""The requests that write to objects; an object without a primary key is created with its first value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from limpyd.commands.table import FREES_MEMORY, Scope
from limpyd.keys import Partition
from limpyd.lua.arguments import ChangedField, MembersCall, MembersCommand, Packed, lay_out
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Argument, Request
from limpyd.requests.subjects import Subject
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.scripts.python_transforms import answer
from limpyd.scripts.target_checks import with_checks
from limpyd.server import Needs

R = TypeVar("R")

WRITE = Script("write")
REMOVE = Script("write", flags="allow-oom")
"""The same for commands that only free memory, which a full server must not refuse."""
WRITE_MEMBERS = Script("write_members")
REMOVE_MEMBERS = Script("write_members", flags="allow-oom")

Indexes = Packed
"""The indexes of a field, laid out: a count, and of each an `Index`."""

WriteLayout = Packed
"""A field of one value, laid out as a `Value`."""


class WriteStep(NamedTuple):
    """One write command on one field of one value: its name, and a `ValueCommand`."""

    field: str
    layout: WriteLayout
    command: str
    args: tuple[Argument, ...]


def write(
    model: Model,
    partition: Partition,
    pk: bytes | None,
    steps: Sequence[WriteStep],
    decode: Callable[[list[Any]], R],
    made: Callable[[bytes], None],
    subject: Subject | None = None,
    needs: Needs | None = None,
) -> Request[R]:
    """Runs write commands on fields of one value; `made` is called with the primary key of the object.

    Raises (from the reply):
        DoesNotExist: the object was deleted.
        UniquenessError: a new value belongs to another object.
        InvalidValue: a new value cannot be indexed.
        WrongTypeError: a key holds something else than the field's type.
        ServerTooOld: the server does not know a command.
        ServerError: the server refused a command.
    """

    def decode_outcome(reply: Any) -> R:
        if reply[0] == b"ok":
            if reply[1] is not None:
                made(reply[1])
            return decode(reply[2:])
        claims = [Claim(model, step.field) for step in steps]
        raise refusal(model, reply, pk, claims, command=steps[0].command, needs=needs)

    script = (REMOVE if all(step.command in FREES_MEMORY for step in steps) else WRITE).of(model)
    keys = (partition.pks, partition.seq) if pk is None else (partition.pks,)
    request = Request(
        evalsha(script, keys, (pk or b"", *step_args(steps))),
        decode_outcome,
        script=script,
        subject=subject or model,
        name=steps[0].command,
        retry_with=answer,
        assumes=(model.maintenance.at(partition).declared,),
    )
    return with_checks(with_claims(request, model, partition, pk), model, partition)


def with_claims(request: Request[R], model: Model, partition: Partition, pk: bytes | None) -> Request[R]:
    """Returns a write to an object with the claims of the values that it names (see scripts/named_claims.py)."""
    if partition.count == 1 or model.claimed_index is None:
        return request
    from limpyd.scripts.named_claims import with_named_claims  # noqa: PLC0415 - few models have several partitions

    return with_named_claims(request, model, partition, pk)


def step_args(steps: Sequence[WriteStep]) -> list[Argument]:
    """Returns the arguments of some commands, as lua/library/scalar_commands.lua reads them."""
    args: list[Argument] = []
    for step in steps:
        lay_out(args, step[1:])
    return args


class Other(NamedTuple):
    """Another object that takes part in a write, and must exist."""

    model: Model
    partition: Partition
    pk: bytes


class CommandChange(NamedTuple):
    """The change that a command may make to one field.

    Attributes:
        model: the model of the field.
        field: its name.
        owner: the object of the field: 0 for the object written to, else the number of another one.
        prefix: the prefix of its key.
        stored: how it is stored (see lua/library/whole_value.lua).
        indexes: its indexes.
        scope: the part of it that the command can change.
        first: the position of the first member among the arguments of the command, without the first key.
        step: the distance from one member to the next.
    """

    model: Model
    field: str
    owner: int
    prefix: bytes
    stored: bytes
    indexes: Indexes
    scope: bytes
    first: int = 1
    step: int = 1


SCOPES = {
    Scope.READ: b"nothing",
    Scope.EXPIRY: b"expiry",
    Scope.WHOLE: b"whole",
    Scope.MEMBERS: b"members",
    Scope.RANGE: b"range",
    Scope.REPLY: b"reply",
}
"""The scopes as lua/library/change_detection.lua names them."""

REPLIED = b"replied"
"""The scope of the list that LMOVE moves a member to."""


class MembersStep(NamedTuple):
    """One write command, and its possible change of each field.

    Attributes:
        changes: the changes of fields; the key of the first field is inserted into the arguments.
        command: the Redis command.
        args: its other arguments.
        key_at: the position of that key among all arguments.
    """

    changes: tuple[CommandChange, ...]
    command: str
    args: tuple[Argument, ...]
    key_at: int = 1


def write_members(
    model: Model,
    partition: Partition,
    pk: bytes | None,
    others: Sequence[Other],
    elsewhere: Sequence[bytes],
    steps: Sequence[MembersStep],
    decode: Callable[[list[Any]], R],
    made: Callable[[bytes], None],
    subject: Subject | None = None,
    needs: Needs | None = None,
) -> Request[R]:
    """Runs write commands on fields of any type, of one object or of several. Raises as `write`.

    Args:
        model: the model of the object.
        partition: its partition.
        pk: its primary key, or None for a new object.
        others: other objects that must exist.
        elsewhere: other keys, which are only read.
        steps: the commands.
        decode: turns the replies into the result.
        made: called with the primary key of the object.
        subject: the field, for messages.
        needs: the servers that support the arguments, if fewer than support the commands.
    """

    def decode_outcome(reply: list[Any]) -> R:
        if reply[0] == b"ok":
            if reply[1] is not None:
                made(reply[1])
            return decode(reply[2:])
        claims = [Claim(change.model, change.field) for step in steps for change in step.changes]
        involved = [(other.model, other.pk) for other in others]
        raise refusal(model, reply, pk, claims, others=involved, command=steps[0].command, needs=needs)

    involved_in = [(model, partition), *((other.model, other.partition) for other in others)]
    freeing = all(step.command in FREES_MEMORY for step in steps)
    script = (REMOVE_MEMBERS if freeing else WRITE_MEMBERS).of(model, *(other.model for other in others))
    keys, args = _objects(model, partition, pk, others)
    keys += (key for key in elsewhere if key not in keys)
    for changes, command, command_args, key_at in steps:
        places = [
            ChangedField(one.owner, one.prefix, one.stored, one.scope, one.first, one.step, one.indexes)
            for one in changes
        ]
        name, *sub_command = command.split()
        call = MembersCall(name, key_at + len(sub_command), (*sub_command, *command_args))
        lay_out(args, MembersCommand(places, call))
    everything = evalsha(script, keys, args)
    request = Request(
        everything,
        decode_outcome,
        script=script,
        subject=subject or model,
        name=steps[0].command,
        retry_with=answer,
        assumes=tuple(dict.fromkeys(one.maintenance.at(where).declared for one, where in involved_in)),
    )
    return with_checks(with_claims(request, model, partition, pk), model, partition)


def _objects(
    model: Model, partition: Partition, pk: bytes | None, others: Sequence[Other]
) -> tuple[list[Argument], list[Argument]]:
    """Returns the keys and arguments for the object to write to, and for the others."""
    keys: list[Argument] = [partition.pks, partition.seq]
    args: list[Argument] = [int(pk is None), pk or b"", len(others)]
    for other in others:
        if model.crosses_slots:  # a cluster refuses keys of several slots among those of a script
            args += (other.partition.pks, other.pk)
        else:
            keys.append(other.partition.pks)
            args += (len(keys), other.pk)
    return keys, args
