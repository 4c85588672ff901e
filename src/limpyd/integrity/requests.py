"""The scripts of a check: one function per Lua file, which says what its arguments mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, NamedTuple, TypeVar

from limpyd.fields.declaration.constrained import has_size
from limpyd.indexes.maintenance.declarations import DeclaredIndex
from limpyd.integrity.expected_keys import Declared, Expected
from limpyd.lua.script import Linked, Script, evalsha
from limpyd.relations.deletion import clearing_command
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Argument, Request
from limpyd.scripts.error_mapping import refusal
from limpyd.scripts.python_transforms import answer
from limpyd.types import CODECS

R = TypeVar("R")

MOST = 500
"""About how many entries or members a step looks at."""
NO_WRITES = "no-writes"
"""A check that repairs nothing is one that a replica runs too."""
MAX_BYTES = 1_000_000
"""About how many bytes of values a step gives."""
CHECKED_CODECS = {
    CODECS[str]: b"^[%z\x01-\x7f]*$",
    CODECS[int]: b"^%-?%d+$",
    CODECS[timedelta]: b"^%-?%d+$",
    CODECS[float]: b"^%-?%d+%.?%d*$",
    CODECS[bool]: b"^[01]$",
}
"""Of some types the pattern of values that are plainly of it."""
VALUES = Script("check_values")
CLEAR_DANGLING = Script("clear_dangling")

Found = tuple[bytes, bytes, bytes | None, Any, Any, int]
"""A finding of a script: kind, key, primary key, two facts more, and whether it was repaired."""


class _Checking:
    """A script in its two forms: one that looks, and one that repairs.

    Args:
        name: its name.
        of_living: true if it looks only at objects that have not expired: from others nothing is expected.
    """

    def __init__(self, name: str, *, of_living: bool = False) -> None:
        self._of_living = of_living
        self._looks = Script(name, flags=NO_WRITES)
        self._repairs = Script(name)

    def of(self, repairs: bytes, model: Any) -> Linked:
        script = self._repairs if repairs else self._looks
        return script.of(model) if self._of_living else script.recording(model)


OBJECTS = _Checking("check_objects", of_living=True)
ENTRIES = _Checking("check_entries")
KEYS = _Checking("check_keys")
INVENTORIES = _Checking("check_inventories")
COUNTER = _Checking("check_counter")


class ObjectsDone(NamedTuple):
    """The position that a look at objects reached.

    Attributes:
        done: how many of them are done.
        at: with which index to go on in the next one, 0 for all of it.
        cursor: where in its value.
        existing: the number of objects that exist.
        found: what was found.
    """

    done: int
    at: int
    cursor: bytes
    existing: int
    found: list[Found]


def look_at_objects(
    declared: Declared,
    repairs: bytes,
    indexes: Sequence[tuple[Argument, ...]],
    begin: tuple[int, bytes],
    pks: Sequence[bytes],
    broken: Sequence[Argument] = (),
) -> Request[ObjectsDone]:
    """Looks at objects, from an index and a cursor on in the first one.

    Args:
        declared: the model.
        repairs: the kinds of findings to be repaired.
        indexes: the indexes and references to check: the name, and as lua/library/expected_entries.lua knows them.
        begin: where to begin in the first object.
        pks: the objects.
        broken: of each value that no index is to hold the primary key, the number of the index, and the text, or an
            empty one for all that the object gives to it.
    """
    partition, model = declared.partition, declared.model
    if any(not reference.is_local for reference in model.incoming):  # objects of other slots may refer to a bare one
        repairs = b" ".join(kind for kind in repairs.split() if kind != b"bare")
    prefixes, referring = [*model.key_prefixes(partition), *model.dynamic.inventories(partition)], declared.referring
    args: list[Argument] = [repairs, MOST, partition.hash_prefix, len(declared.subs), *declared.subs]
    args += (len(declared.lasting_subs), *declared.lasting_subs, len(prefixes), *prefixes)
    args += (len(referring) // 2, *referring, len(broken) // 3, *broken, len(indexes))
    for given in indexes:
        args += given
    args += (*begin, *pks)
    return _checking(
        OBJECTS, repairs, declared, [partition.pks, partition.meta], args, lambda reply: ObjectsDone(*reply[1:])
    )


class ValuesDone(NamedTuple):
    """The position that a look at values reached.

    Attributes:
        done: how many objects are done.
        at: with which field to go on in the next one.
        cursor: where in its value.
        values: what is to be judged, in turn: the primary key; the number of the field, counted from 1; the text; the
            part of the version of a dynamic field, or None. With the negative number of a field comes the number of its
            members, and without a text a version that was left for later.
    """

    done: int
    at: int
    cursor: bytes
    values: list[Any]


def look_at_values(
    declared: Declared, fields: Sequence[Any], begin: tuple[int, bytes], pks: Sequence[bytes]
) -> Request[ValuesDone]:
    """Reads the values of objects that are not plainly of their fields' types, from a field and a cursor on.

    Args:
        declared: the model.
        fields: its fields; what all versions have in common stands for a dynamic field.
        begin: where to begin in the first object.
        pks: the objects.
    """
    args: list[Argument] = [MOST, MAX_BYTES, len(fields)]
    for field in fields:
        place = (field.template_of or field).place_in(declared.partition)
        args += (place.prefix, place.stored, field.sub_key, _plain_values(field), int(has_size(field)))
    args += (*begin, *pks)
    partition, model = declared.partition, declared.model
    script = VALUES.linked_for(model)
    everything = evalsha(script, (partition.pks,), args)
    return Request(everything, lambda reply: ValuesDone(*reply), readonly=True, script=script, subject=model)


def _plain_values(field: Any) -> bytes:
    """Returns the pattern of values that need no judgement of Python."""
    return b"" if field.constraints else CHECKED_CODECS.get(field.codec, b"")


class EntriesDone(NamedTuple):
    """The position that a look at entries reached: how many keys are done, and the cursor in the next one."""

    done: int
    cursor: bytes
    looked: int
    found: list[Found]


def look_at_entries(
    declared: Declared, repairs: bytes, index: DeclaredIndex, cursor: bytes, keys: Sequence[bytes]
) -> Request[EntriesDone]:
    """Looks at the entries in some keys of an index, from a cursor on in the first one."""
    args: list[Argument] = [repairs, MOST, *index.given, cursor, *keys]
    return _checking(ENTRIES, repairs, declared, [declared.partition.pks], args, lambda reply: EntriesDone(*reply[1:]))


def look_at_keys(declared: Declared, repairs: bytes, keys: Sequence[tuple[bytes, Expected]]) -> Request[list[Found]]:
    """Compares keys with what they should be."""
    partition = declared.partition
    args: list[Argument] = [repairs]
    for key, expected in keys:
        args += (expected.role, key, expected.type, expected.about)
    return _plain(KEYS, repairs, declared, [partition.pks, partition.meta], args)


class InventoriesDone(NamedTuple):
    """The result of a look at inventories: objects that are too large to be looked at as a whole, and findings."""

    large: list[bytes]
    found: list[Found]


def look_at_inventories(
    declared: Declared, repairs: bytes, items: Sequence[tuple[bytes, int, bytes]]
) -> Request[InventoriesDone]:
    """Compares inventories of dynamic fields with what objects have.

    Args:
        declared: the model.
        repairs: the kinds of findings to be repaired.
        items: each a primary key, the number of a field, counted from 1, and a part; or 0 and no part for all that
            the object has.
    """
    partition = declared.partition
    fields = declared.model.dynamic.families(partition)
    args: list[Argument] = [repairs, MOST, len(fields), *fields]
    for item in items:
        args += item
    return _checking(INVENTORIES, repairs, declared, [partition.pks], args, lambda reply: InventoriesDone(*reply[1:]))


def look_at_counter(declared: Declared, repairs: bytes, highest: int) -> Request[list[Found]]:
    """Compares the last automatic primary key with the highest one, and with the numbers of the partition."""
    partition = declared.partition
    args: list[Argument] = [repairs, highest, partition.number + 1, partition.count]
    return _plain(COUNTER, repairs, declared, [partition.seq, partition.pks], args)


def clear_dangling(declared: Declared, field: ReferenceField[Any], pk: bytes, referred: bytes) -> Request[bool]:
    """Takes a reference to an object that is not there out of a field; False if it is no such one any more.

    Raises (from the reply):
        LimpydError: what any write of the field may raise.
    """
    model, partition = declared.model, declared.partition
    place = field.place_in(partition)
    ((kind, _, target),) = field.checks_in(partition)
    many = b"many" if field.many else b"one"
    args = [
        pk,
        referred,
        kind,
        target,
        place.prefix,
        place.stored,
        field.sub_key,
        many,
        *clearing_command(field, partition),
    ]

    def decode(reply: list[Any]) -> bool:
        if reply[0] != b"ok":
            raise refusal(model, reply, pk)
        return bool(reply[1])

    script = CLEAR_DANGLING.recording(model)
    everything = evalsha(script, (partition.pks,), args)
    return Request(
        everything,
        decode,
        script=script,
        subject=model,
        retry_with=answer,
        assumes=(model.maintenance.at(partition).declared,),
    )


def _checking(
    script: _Checking,
    repairs: bytes,
    declared: Declared,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[list[Any]], R],
) -> Request[R]:
    """Runs a script that is all or nothing, and may ask what only Python knows."""
    model = declared.model

    def decode_outcome(reply: list[Any]) -> R:
        if reply[0] != b"ok":
            raise refusal(model, reply, None, who=f"a check of {model.name}")
        return decode(reply)

    request = _plain(script, repairs, declared, keys, args, decode_outcome)
    request.retry_with = answer
    return request


def _plain(
    script: _Checking,
    repairs: bytes,
    declared: Declared,
    keys: Sequence[bytes],
    args: Sequence[Argument],
    decode: Callable[[list[Any]], Any] = list,
) -> Request[Any]:
    """Runs a script that does no harm when it is run twice, so that it may be sent again after a lost connection."""
    model = declared.model
    of_kind = script.of(repairs, model)
    everything = evalsha(of_kind, keys, args)
    indexes = model.maintenance.at(declared.partition)
    assumes = (indexes.assumed(writes=bool(repairs)),) if repairs or model.targets else ()
    return Request(everything, decode, readonly=True, script=of_kind, subject=model, assumes=assumes)
