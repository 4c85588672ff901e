"""The statement that deletes an object of a model that no reference leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.keys import Partition
from limpyd.requests.request import IncompleteReply, Request
from limpyd.scripts.error_mapping import Model
from limpyd.statements.composite_entries import CompositePart, composite_entry
from limpyd.statements.fast_call import FastCall, Form
from limpyd.statements.index_entries import EntryCode, locals_of, required
from limpyd.statements.lua_text import key, key_of, literal, tag
from limpyd.statements.prepared_requests import Prepared
from limpyd.statements.scalar_field import ScalarField
from limpyd.statements.script_source import CompiledScript, filled, indented
from limpyd.statements.statement import Statement

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")


def deletion(
    model: Model,
    partition: Partition,
    scalar_fields: Sequence[ScalarField],
    composites: Sequence[CompositeFieldIndex],
    prefixes: Sequence[bytes],
) -> Deletion:
    """Returns the statement.

    Args:
        model: the model.
        partition: the partition.
        scalar_fields: its indexed fields.
        composites: its composite indexes.
        prefixes: the prefixes of all keys of an object; the hash first.
    """
    source = _source(partition, scalar_fields, composites, prefixes)
    statement = Deletion(CompiledScript("delete", source, frozenset({"allow-oom"})), model, partition, "UNLINK")
    statement.complete = False
    return statement


class Deletion(Statement):
    """The statement."""

    __slots__ = ()

    def fast_call(self) -> FastCall:
        """Returns the common part of the deletions of objects to which no other object refers."""
        schema: Any = self.model
        form, maintenance = Form(self, (), 0), self.maintenance

        def packed(instance: Any, _: Any) -> bytes | None:
            catalog, made = form.known
            if catalog is not maintenance.catalog:
                made = form.renewed()
            pk = instance._pk_bytes
            return None if made is None or pk is None or schema.incoming else made % (len(pk), pk)

        return FastCall(packed, lambda _, _reply: schema.deletions.noted(None), schema, self.partition, self)

    @property
    def name(self) -> str:
        return "delete"

    @property
    def given_names(self) -> list[str]:
        return []


class PreparedDeletion(Prepared[R_co]):
    """The request that deletes an object.

    Args:
        statement: the statement.
        pk: the primary key.
        convert: makes the result from None.
        general: returns the request of the general script, which has the same result.
    """

    __slots__ = ("_general",)

    def __init__(
        self,
        statement: Statement,
        pk: bytes,
        convert: Callable[[None], R_co],
        general: Callable[[bytes], Request[R_co]],
    ) -> None:
        self.statement = statement
        self.needs = None
        self._instance = None
        self._pk = pk
        self._values = ()
        self._convert = convert
        self._general = general

    def transactional(self) -> Request[R_co]:
        return self._general(self._pk or b"")

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        first, general = self._convert, self._general
        return PreparedDeletion(
            self.statement, self._pk or b"", lambda _: convert(first(None)), lambda pk: general(pk).then(convert)
        )

    def decode(self, reply: Any) -> R_co:
        if type(reply) is list:
            if reply == [b"undecided"]:
                raise IncompleteReply(lambda _: self.transactional(), lambda: self._convert(None))
            raise self._refusal(reply)
        return self._convert(None)


def request(
    statement: Statement, pk: bytes, convert: Callable[[None], R], general: Callable[[bytes], Request[R]]
) -> Request[R]:
    """Returns the request that deletes an object; see PreparedDeletion."""
    return PreparedDeletion(statement, pk, convert, general)


READ_RECORDS = """\
local records = call('HMGET', KEYS[2], ':epoch', ':keys', ':references')
local epoch = records.err and records or records[1]
"""


def _keys_differ(count: int) -> str:
    """The Lua condition that the catalog has another number of keys of objects than this process declares.

    indexes/maintenance/declare.lua keeps them as cmsgpack packs a list: a short one begins with one byte, its length.
    """
    if 0 < count <= MAX_IN_A_BYTE:
        return f"string.byte(records[2]) ~= {FEW_PACKED + count}"
    return f"#cmsgpack.unpack(records[2]) ~= {count}"


FEW_PACKED, MAX_IN_A_BYTE = 0x90, 15


def _read_string(key: str, value: str) -> str:
    """Returns the lines that read a value with a key of its own into a local."""
    return f"at = {key}\n{value} = call('GET', at)\nif type({value}) == 'table' then failed = {value} break end\n"


def _source(
    partition: Partition,
    scalar_fields: Sequence[ScalarField],
    composites: Sequence[CompositeFieldIndex],
    prefixes: Sequence[bytes],
) -> str:
    in_hash = [field for field in scalar_fields if field.sub is not None]
    names, read, follow = [], "", ""
    entries: list[EntryCode] = []
    if in_hash:
        subs = ", ".join(literal(field.sub or b"") for field in in_hash)
        read = f"at = hash\nlocal held = call('HMGET', at, {subs})\nif held.err then failed = held break end\n"
    for number, field in enumerate(scalar_fields):
        value = f"value{number}"
        names.append(value)
        if field.sub is None:
            lines = _read_string(key_of(partition, field.prefix, "pk"), value)
        else:
            lines = f"{value} = held[{in_hash.index(field) + 1}]\n"
        steps = ""
        for index in field.indexes:
            at = key(partition, index.key)
            entry = EntryCode(at, index.kind_name, len(entries), number, before=value, index=index)
            entries.append(entry)
            steps += entry.check_old() + entry.lines("read score")
            steps += entry.remove(certain=True) or entry.lines("take out")
        follow += f"{lines}if {value} then\n{indented(steps, '  ')}end\n" if steps else lines
    values = {(field.prefix, field.sub or b""): name for field, name in zip(scalar_fields, names, strict=True)}
    functions: list[str] = []
    for index in composites:
        parts = [CompositePart(values[place.prefix, place.sub], "false", place.form) for place in index.places]
        one = composite_entry(index, key(partition, index.key), len(entries), parts)
        entries.append(one.entry)
        names += one.names
        functions += one.functions
        follow += one.make + one.remove()
    return filled(
        "delete",
        epoch=READ_RECORDS,
        keys_differ=_keys_differ(len(prefixes)),
        tag=tag(partition),
        requires=required(entries, functions),
        locals=locals_of(names, entries, arguments=max(len(prefixes), len(in_hash))),
        hash=key_of(partition, partition.hash_prefix, "pk"),
        keys=", ".join("hash" if each == partition.hash_prefix else key_of(partition, each, "pk") for each in prefixes),
        read=read,
        follow=follow,
        undo="".join(entry.undo() for entry in reversed(entries)),
    )
