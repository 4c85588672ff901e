"""The keys, indexes and references that a model declares, for a check to compare with the data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from limpyd.indexes.maintenance.declarations import DeclaredIndex, declared_indexes
from limpyd.keys import KeyParts, Partition, to_bytes, to_text
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.keys.partition import INDEX_WORDS, TYPES
from limpyd.keys.templates import is_template
from limpyd.relations.references import ReferenceField
from limpyd.requests.request import Argument
from limpyd.types import CODECS


class Expected(NamedTuple):
    """The expected kind of a key, as integrity/check_keys.lua takes it.

    Attributes:
        role: what it is for.
        type: the Redis type that it should have.
        about: the primary key in its name, or the name of an index that is not declared.
        kept_by: the declared index that it belongs to.
    """

    role: bytes
    type: bytes = b""
    about: bytes = b""
    kept_by: DeclaredIndex | None = None


UNEXPLAINED = Expected(b"unexplained")
NAMED = {b"stored": Expected(b"stored", b"list"), b"readers": Expected(b"own", TYPES[b"readers"])}
"""The keys whose names end in free text that is no primary key.

Those of a feed of changes (see limpyd.changes) belong to the model also where it declares none: another process may.
"""


def _of_index(index: DeclaredIndex) -> Expected:
    return Expected(b"index", index.field_index.kind.redis_type.encode(), kept_by=index)


class ExpectedReference(NamedTuple):
    """A field that refers, as lua/library/expected_entries.lua knows an index."""

    field: Any
    given: tuple[Argument, ...]


class Declared:
    """The declarations of a model in one partition.

    Attributes:
        model: the schema of the model.
        partition: the partition.
        indexes: its indexes, by name.
        references: its fields that refer to objects that must be there.
        decoded: its fields whose values may not be of their type, or break a constraint; what all versions have in
            common stands for a dynamic field.
        lasting: its indexed fields of values by key, as integrity/check_objects.lua reads them: none may expire.
    """

    def __init__(self, model: Any, partition: Partition) -> None:
        self.model = model
        self.partition = partition
        self.indexes = {index.name: index for index in declared_indexes(model, partition)}
        self.references = [
            ExpectedReference(field, (*checks[0], place.prefix, place.stored, sub or b""))
            for _, field, place, sub in model.layout(partition)
            if isinstance(field, ReferenceField) and (checks := field.checks_in(partition))
        ]
        self.lasting = [
            (b"", b"last", b"text", b"", place.prefix, place.stored, b"")
            for _, field, place, _ in model.layout(partition)
            if field.has_subkeys and field.indexed
        ]
        self.decoded = [
            field
            for field in (
                *(field for _, field, _, _ in model.layout(partition)),
                *(dynamic.template for dynamic in model.dynamic.values()),
            )
            if field.constraints or (field.codec is not CODECS[bytes] and field.decoded)
        ]
        fields = [(name.encode(), field) for name, field, _, sub in model.layout(partition) if sub is None]
        value = b"freed" if model.objects_expire else b"value"
        self._roles = {name: b"indexed" if field.indexed else value for name, field in fields}
        self._types = {name: field.redis_type.encode() for name, field in fields}
        in_hash = model.hash_fields.values()
        self.subs = [field.sub for field in in_hash]
        self.subs += [field.template.sub_key for field in model.dynamic.values() if field.template.sub_key]
        self.lasting_subs = [field.sub for field in in_hash if field.indexed]
        own = {b"changes", b"pks", b"meta", *([b"seq"] if model.mints_pks else ())}
        self._claims: dict[bytes, bytes] = {}
        """The types of keys of claims, of which there is one for each index of unique values (see limpyd.claims)."""
        if any(index.is_claimed for index in self.indexes.values()):
            own |= {b"barred", b"clock", b"forgotten", b"given_up", b"history", b"recent"}
            self._claims = {word: TYPES[word] for word in (b"claim", b"nonce")}
        references = [field for field in model.value_fields.values() if isinstance(field, ReferenceField)]
        known = [field for field in references if field.has_target]
        if model.targets or any(not field.is_local or field.target.deletions.are_steps for field in known):
            own.add(b"barred")
        if model.deletions.are_steps:
            own |= {b"clock", b"closing"}
        if model.deletions.leave_tombs:
            own.add(b"tomb")
        self._own = {word: TYPES[word] for word in own}

    @property
    def may_be_closing(self) -> bool:
        """True if objects may be closed for a deletion that concerns other partitions."""
        return b"closing" in self._own

    def expected(self, key: bytes) -> Expected:
        """Returns what a key of the partition should be."""
        if isinstance(self.partition, Limpyd2Partition):
            return self._expected_of_limpyd2(self.partition, key)
        parts = self.partition.parts(key)
        if parts is None:
            return UNEXPLAINED
        kind, name, text = parts
        if kind in self._own and not name and text is None:
            return Expected(b"own", self._own[kind])
        if kind in self._claims and b"uniq:" + name in self.indexes and text is None:
            return Expected(b"own", self._claims[kind])
        if kind in NAMED and text is not None:
            return NAMED[kind]
        if kind == b"hash" and text is not None:
            return Expected(b"indexed" if self.lasting_subs else b"value", b"hash", text)
        if kind == b"field" and name in self._roles and text is not None:
            return Expected(self._roles[name], self._types[name], text)
        if kind in INDEX_WORDS:
            return self._expected_of_index(kind, name, text) if not self.model.dynamic else self._of_index(key, parts)
        if kind == b"field" and text is not None and self.model.dynamic:
            return self._of_version(key, name, text)
        return UNEXPLAINED

    def version_at(self, key: bytes, expected: Expected) -> tuple[bytes, int, bytes] | None:
        """Primary key, number of the dynamic field, counted from 1, and part of the version that a key holds."""
        for number, field in enumerate(self.model.dynamic.values(), 1):
            if expected.role in {b"value", b"indexed"} and not field.template.sub_key:
                part = field.part_at(self.partition, key, None)
                if part is not None:
                    return expected.about, number, to_bytes(part)
        return None

    def _of_version(self, key: bytes, name: bytes, text: bytes) -> Expected:
        """Returns what a key should be that may hold a version of a dynamic field, or the inventory of one."""
        field = self.model.dynamic.get(name.partition(b".")[0].decode(errors="replace"))
        if field is None:
            return UNEXPLAINED
        if name == field.name.encode():
            return Expected(b"value", b"set", text)
        part = field.part_at(self.partition, key, None)
        if part is None:
            return UNEXPLAINED
        role = b"indexed" if field.indexed else b"value"
        return Expected(role, field.redis_type.encode(), text[len(to_bytes(part)) + 1 :])

    def _of_index(self, key: bytes, parts: KeyParts) -> Expected:
        """Returns what a key of an index should be, of a model with dynamic fields."""
        kind = parts.kind + b":"
        for index in self.indexes.values():
            if index.name.startswith(kind) and is_template(index.field_index.key) and index.field_index.owns(key):
                return _of_index(index)
        return self._expected_of_index(*parts)

    def _expected_of_index(self, kind: bytes, name: bytes, text: bytes | None) -> Expected:
        index = self.indexes.get(kind + b":" + name)
        if index is None:
            return Expected(b"orphan", about=kind + b":" + name)
        if not (index.keys if text is None else index.beginnings):
            return Expected(b"orphan")
        return _of_index(index)

    def _expected_of_limpyd2(self, partition: Limpyd2Partition, key: bytes) -> Expected:
        own = {partition.pks: b"pks", partition.meta: b"meta", partition.seq: b"seq"}.get(key)
        if own is not None:
            return Expected(b"own", self._own[own]) if own in self._own else UNEXPLAINED
        if key.startswith(partition.stored_collection("")):
            return Expected(b"stored", b"list")
        name = key.removeprefix(partition.prefix).partition(b":")[0]
        if any(key.startswith(beginning) for beginning in partition.index_prefixes) or partition.is_version(name):
            found = [index for index in self.indexes.values() if index.has(key)]
            if not found:
                return Expected(b"orphan")
            index = max(found, key=lambda one: len(one.field_index.template))
            return _of_index(index)
        pk, _, name = key.removeprefix(partition.prefix).rpartition(b":")
        if name == b"hash":
            return Expected(b"indexed" if self.lasting_subs else b"value", b"hash", pk)
        if name in self._roles:
            return Expected(self._roles[name], self._types[name], pk)
        for field in self.model.dynamic.values():
            if name == field.name.encode():
                return Expected(b"value", b"set", pk)
            if field.names.accepts(to_text(name)):
                return Expected(b"indexed" if field.indexed else b"value", field.redis_type.encode(), pk)
        return UNEXPLAINED

    def index_fields(self, index: DeclaredIndex) -> str:
        """Returns the field, or fields, of an index for messages."""
        return index.field_index.field_names

    def described(self, index: DeclaredIndex) -> str:
        """Returns an index for messages."""
        return f"{index.description} of {self.index_fields(index)}"

    @property
    def referring(self) -> Sequence[Argument]:
        """The indexes in the same slot that find who refers to objects of the model: kind and key of each."""
        found: list[Argument] = []
        for reference in filter(lambda each: each.is_local, self.model.incoming):
            index = reference.reverse_index(reference.model.keys.beside(self.partition))
            found += (index.kind.name, index.key)
        return found
