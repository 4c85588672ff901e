"""The statement that creates an object of a model: one for all subsets of its fields of one value."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import partial
from typing import Any, Never, TypeVar

from limpyd.keys import Partition
from limpyd.requests.request import Argument, IncompleteReply, Request
from limpyd.requests.resp import pack_bytes
from limpyd.scripts.error_mapping import Claim, Model, refusal
from limpyd.server import Needs
from limpyd.statements.creation_source import Layout, creation_source
from limpyd.statements.fast_call import FastCall, ValuesForm
from limpyd.statements.prepared_requests import Prepared
from limpyd.statements.script_source import CompiledScript
from limpyd.statements.statement import Statement

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)
S = TypeVar("S")

General = Callable[[Any, Partition, Mapping[str, Any]], Request[bytes]]
"""Gives the request of the general script for a model, a partition and the values of fields."""


class Creation(Statement):
    """The statement that creates objects; a call encodes the values of one."""

    __slots__ = (
        *("_blank", "_composites", "_encoders", "_gathered", "_names", "_scalar_fields", "_set", "_versioned"),
        "_whole",
    )

    def __init__(self, model: Model, partition: Partition, layout: Layout) -> None:
        scalar_fields = layout.scalar_fields
        crosses_slots = model.crosses_slots and any(field.checks for field in scalar_fields)
        flags = frozenset({"allow-cross-slot-keys"} if crosses_slots else ())
        source = creation_source(partition, layout)
        more_keys = (partition.seq,) if layout.mints else ()
        super().__init__(CompiledScript("create", source, flags), model, partition, "HSET", more_keys=more_keys)
        self._set = scalar_fields
        self._scalar_fields = [(field.name, field.encode_unchecked, field.computed) for field in scalar_fields]
        self._encoders = {field.name: field.encode for field in scalar_fields}
        self._blank = {field.name: (b"",) * (1 + len(field.computed)) for field in scalar_fields}
        self._whole = b"1" * len(scalar_fields)
        self._composites = [(index, [field.name for field in index.fields]) for index in layout.composites]
        self._gathered = [(each.name, each.make) for each in layout.gathered]
        self._versioned = layout.version is not None
        if not layout.gathered:
            self.pack = pack_bytes
        self._names = frozenset({*(field.name for field in scalar_fields), *(each.name for each in layout.gathered)})

    @property
    def is_plain(self) -> bool:
        """True if all that it sets are fields of one value."""
        return not (self._gathered or self._composites or self._versioned)

    def takes(self, values: Mapping[str, Any], pk_names: AbstractSet[str]) -> bool:
        """Returns whether the statement sets all named fields, besides the primary key."""
        names = values.keys()
        return names <= self._names or names - pk_names <= self._names

    def request(
        self, pk: bytes | None, values: Mapping[str, Any], convert: Callable[[bytes], R], general: General
    ) -> PreparedCreation[R] | None:
        """The request that creates an object with these values, defaults included; None if there is nothing to store.

        Args:
            pk: the primary key, unless it is minted.
            values: the values.
            convert: makes the result from the primary key.
            general: returns the request of the general script.

        Raises:
            InvalidValue: a value does not fit its field's type, or an index cannot keep it.
        """
        marks = self._whole
        given: list[Argument] = [marks]
        found: dict[str, bytes] = {}
        for name, encode, computed in self._scalar_fields:
            value = values.get(name)
            if value is None:
                given += self._blank[name]
            else:
                try:
                    stored = encode(value)
                except (TypeError, ValueError, OverflowError):
                    stored = self._encoders[name](value)  # which says what is wrong
                found[name] = stored
                given.append(stored)
                for index in computed:
                    given += index.indexed_texts(stored)
        if len(found) < len(self._scalar_fields):
            marks = b"".join([b"1" if name in found else b"0" for name, _, _ in self._scalar_fields])
        for index, names in self._composites:
            entry = index.entry([found.get(name) for name in names])
            marks += b"0" if entry is None else b"1"
            given.append(b"" if entry is None else entry)
        given[0] = marks
        is_empty = not found and not self._versioned
        if self._gathered:
            members, more = self._members(values)
            given = [marks, members, *given[1:], *more]
            is_empty = is_empty and not more
        if pk is None and is_empty:
            return None
        return PreparedCreation(self, pk, given, convert, values, general)

    def _members(self, values: Mapping[str, Any]) -> tuple[bytes, list[Argument]]:
        """Returns the arguments for the fields of many members: a mark for each, and the members to add."""
        marks = b""
        given: list[Argument] = []
        for name, make in self._gathered:
            value = values.get(name)
            made = None if value is None else make(value)
            marks += b"0" if made is None else b"1"
            if made is not None:
                command, args, keys = made
                given += (command, len(args), *args, len(keys), *keys)
        return marks, given

    def fast_call(self) -> FastCall:
        """Returns the common part of creations with a minted primary key and plain values of all fields.

        The holder, an instance or a class, takes the primary key (`_begun`).
        """

        def packed(_: Any, values: Mapping[str, Any]) -> bytes | None:
            return form.packed(b"", values)

        form = ValuesForm(self, (self._whole,), self._set)
        return FastCall(packed, lambda holder, pk: holder._begun(pk), self.model, self.partition, self)

    @property
    def name(self) -> str:
        return "create"

    @property
    def given_names(self) -> list[str]:
        marked = [*(name for name, _, _ in self._scalar_fields), *(str(index.index) for index, _ in self._composites)]
        names = [f"a 1 for each of {', '.join(marked)} that gets a value, else 0"]
        if self._gathered:
            names.append(f"a 1 for each of {', '.join(name for name, _ in self._gathered)} that gets members, else 0")
        for name, _, computed in self._scalar_fields:
            names += (name, *(f"the value as {index} stores it" for index in computed))
        names += (
            f"the values of {', '.join(fields)} as {index.index} stores them" for index, fields in self._composites
        )
        if self._gathered:
            names.append("of each that gets members: a command, a count and arguments, a count and keys of indexes …")
        return names

    def refusal(self, reply: list[Any], pk: bytes | None, values: Sequence[Argument], needs: Needs | None) -> Exception:
        claims, at = [], 1 + bool(self._gathered)
        for name, _, computed in self._scalar_fields:
            stored: Any = values[at]
            claims.append(Claim(self.model, name, stored))
            at += 1 + len(computed)
        for index, _ in self._composites:
            entry: Any = values[at]
            claims.append(Claim(self.model, index.name, entry))
            at += 1
        return refusal(self.model, reply, pk, claims, needs=needs)


class PreparedCreation(Prepared[R_co]):
    """The request that creates an object.

    Args:
        statement: the statement.
        pk: the primary key, unless it is minted.
        values: the arguments of the call, without the primary key.
        convert: makes the result from the primary key.
        fields: the values of the fields.
        general: returns the request of the general script for these fields.
    """

    __slots__ = ("_fields", "_general")

    statement: Creation

    def __init__(
        self,
        statement: Creation,
        pk: bytes | None,
        values: Sequence[Argument],
        convert: Callable[[bytes], R_co],
        fields: Mapping[str, Any],
        general: General,
    ) -> None:
        self.statement = statement
        self.needs = None
        self._instance = None
        self._pk = pk
        self._values = values
        self._convert = convert
        self._fields = fields
        self._general = general

    def transactional(self) -> Request[R_co]:
        request = self._in_general()
        return request if request.transactional is None else request.transactional()

    def _in_general(self) -> Request[R_co]:
        return self._general(self.statement.model, self.statement.partition, self._fields).then(self._convert)

    def then(self, convert: Callable[[R_co], S]) -> Request[S]:
        first = self._convert
        return PreparedCreation(
            self.statement, self._pk, self._values, lambda pk: convert(first(pk)), self._fields, self._general
        )

    def decode(self, reply: Any) -> R_co:
        if type(reply) is list:
            if reply[0] == b"taken" and self.statement.model.is_swept_by_creations:  # the other object may have expired
                raise IncompleteReply(lambda _: self._in_general(), partial(self._refuse, reply))
            self._refuse(reply)
        return self._convert(reply)

    def _refuse(self, reply: list[Any]) -> Never:
        raise self._refusal(reply)
