"""Every key name is made here; those of limpyd 2 in limpyd2.py.

A key is the hash tag of its model, then the kind, then identifiers (which cannot hold a colon),
and free text last; so whatever the free text holds, two different things never share a key.

    {blog:article}:pks                     set     all primary keys
    {blog:article}:seq                     string  last automatic primary key
    {blog:article}:hash:<pk>               hash    the hash fields of an instance
    {blog:article}:field:<field>:<pk>      any     any other field of an instance
    {blog:article}:eq:<field>:<value>      set     equality index: primary keys having the value
    {blog:article}:uniq:<field>            hash    unique field: value to primary key
    {blog:article}:num:<field>             zset    number index: primary keys by value; of a field of many
                                                   members <number>:<pk> by number
    {blog:article}:lex:<field>             zset    text index: <value><terminator><pk>, all of score 0
    {blog:article}:geo:<field>             zset    index of places: primary keys by geohash; of a field of
                                                   many members <geohash>:<pk>
    {blog:article}:scored:<field>:<value>  zset    equality index with scores: primary keys by another field
    {blog:article}:meta                    hash    which indexes are built
    {blog:article}:stored:<name>           list    a stored collection; it expires

    {blog:article}:field:<field>:<pk>      set     inventory of a dynamic field of an instance: its parts
    {blog:article}:field:<field>.<length of the part>:<part>:<pk>
                                           any     a version of a dynamic field; its sub-key, if it is in the hash, and
                                                   its indexes have the same name

An index that has a prefix or key of its own carries it after the field: `…:num:created.year`. An index of
several fields is named after all of them: `…:eq:name+city:<values>`.

The value under a key of a HashField is indexed as <length of the key>:<key>:<value>, since both are free text;
in sorted sets each sub-key has one of its own: `…:num:<field>:<sub-key>`.

In a text index a NUL in the value is kept as 00 FF, and the terminator is 00 00, so that the order of values is that
of bytes and no value can look like the end of another. (Were it a single 00, a primary key that begins with FF would.)

What needs a key asks for it by partition: a model has one today, but nothing outside this module
knows that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, NamedTuple

from limpyd.exceptions import DeclarationError
from limpyd.keys.templates import COUNTED
from limpyd.utils.cached_properties import cached_property

INDEX_KINDS = (b"eq", b"uniq", b"num", b"lex", b"geo", b"scored")
"""The kinds in the keys of indexes, where others have `pks` or `field`."""

GLOB_SPECIAL = re.compile(rb"([*?\[\]\\^-])")


def to_bytes(text: str) -> bytes:
    """The bytes of a name or key; undoes `to_text` for any bytes."""
    return text.encode("utf-8", "surrogateescape")


def to_text(raw: bytes) -> str:
    """A name or key as text; bytes that are not UTF-8 survive as surrogates."""
    return raw.decode("utf-8", "surrogateescape")


def encodable(text: str) -> bool:
    """Returns whether a text has a UTF-8 form."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def literal_pattern(raw: bytes) -> bytes:
    """The glob pattern (for SCAN … MATCH) that matches exactly these bytes."""
    return GLOB_SPECIAL.sub(rb"\\\1", raw)


def key_from_template(template: bytes, name: bytes) -> bytes:
    """The key that a name makes of what stands around it, as lua/library/key_template.lua does it."""
    before, in_the_middle, after = template.partition(b"\0")
    return before + name + after if in_the_middle else template + name


def nothing_beside(key: bytes) -> bytes:
    """The key that is never written of the model, or partition, that a key belongs to (see Partition.nothing).

    Without a hash tag, as in the layout of limpyd 2, one that begins as the key does.
    """
    if not key.startswith(b"{"):
        return key + b":nothing"
    return key[: key.index(b"}") + 1] + b":nothing"


def matches(key: bytes, template: bytes) -> bool:
    """Returns whether a key may be made of a template by some name."""
    before, _, after = template.partition(b"\0")
    return key.startswith(before) and key.endswith(after)


OWN_KINDS = frozenset(
    {b"eq", b"field", b"geo", b"hash", b"lex", b"meta", b"nothing", b"num", b"pks", b"scored", b"seq", b"uniq"}
)
"""The kinds that follow the hash tag in the keys of a model's data."""


NAMELESS = frozenset({b"hash", b"stored"})
"""The kinds of keys in which free text follows at once."""
MARKED = re.compile(rb"\{([^{}]+)\}:(?:pks|meta)")
"""Keys that only a model of limpyd has."""


class KeyParts(NamedTuple):
    """The parts of the name of a key.

    Attributes:
        kind: what follows the hash tag: `hash`, `field`, `eq`, ….
        name: the field, or the index with its label; empty in keys that name none.
        text: the free text at the end, such as a primary key; None where no colon precedes it.
    """

    kind: bytes
    name: bytes
    text: bytes | None


class Partition:
    """The keys of one partition of a model. All carry one hash tag, so live on one node."""

    trusts_indexes: ClassVar[bool] = False
    """True if indexes that nothing is known of count as built, although there are objects."""

    def __init__(self, tag: bytes) -> None:
        self.prefix = b"{" + tag + b"}:"
        self.pks = self.prefix + b"pks"
        self.seq = self.prefix + b"seq"
        self.hash_prefix = self.prefix + b"hash:"
        self.meta = self.prefix + b"meta"
        self.index_prefixes = [b"%s%s:" % (self.prefix, kind) for kind in INDEX_KINDS]
        self.nothing = self.prefix + b"nothing"
        """A key that is never written: what an object without a primary key reads.

        Each script declares it too: so a node of a cluster that is moving the slot refuses it, where it would take keys
        that have moved for empty.
        """

    def field_prefix(self, field: str) -> bytes:
        """Followed by a primary key: the key of a field of its own."""
        return b"%sfield:%s:" % (self.prefix, to_bytes(field))

    def equal_prefix(self, field: str, label: str = "") -> bytes:
        """Followed by a value: the key of the set of those who have it."""
        return self._index(b"eq", field, label) + b":"

    def scored_prefix(self, field: str, label: str = "") -> bytes:
        """Followed by a value: the key of the sorted set of those who have it."""
        return self._index(b"scored", field, label) + b":"

    def unique(self, field: str, label: str = "") -> bytes:
        """The hash from a unique field's values to their owners."""
        return self._index(b"uniq", field, label)

    def number(self, field: str, label: str = "") -> bytes:
        """The number index of a field; of a field with sub-keys, a colon and the sub-key follow."""
        return self._index(b"num", field, label)

    def text(self, field: str, label: str = "") -> bytes:
        """The text index of a field; of a field with sub-keys, a colon and the sub-key follow."""
        return self._index(b"lex", field, label)

    def places(self, field: str, label: str = "") -> bytes:
        """The index of places of a field."""
        return self._index(b"geo", field, label)

    def owns(self, key: bytes) -> bool:
        """Returns whether a key holds data of the model; stored collections do not."""
        return key.startswith(self.prefix) and key[len(self.prefix) :].partition(b":")[0] in OWN_KINDS

    def parts(self, key: bytes) -> KeyParts | None:
        """Returns the parts of the name of a key; None if it is no key of the partition."""
        if not key.startswith(self.prefix):
            return None
        kind, colon, rest = key[len(self.prefix) :].partition(b":")
        if not colon or kind in NAMELESS:
            return KeyParts(kind, b"", rest if colon else None)
        name, colon, text = rest.partition(b":")
        return KeyParts(kind, name, text if colon else None)

    def stored_collection(self, name: str) -> bytes:
        """The list that holds a stored collection."""
        return b"%sstored:%s" % (self.prefix, to_bytes(name))

    def _index(self, kind: bytes, field: str, label: str) -> bytes:
        name = f"{field}.{label}" if label else field
        return b"%s%s:%s" % (self.prefix, kind, to_bytes(name))

    @cached_property
    def pattern(self) -> bytes:
        """Matches every key of the partition, and no other key."""
        return literal_pattern(self.prefix) + b"*"


def model_behind(key: bytes) -> bytes | None:
    """The tag of a model, with its namespace, if the key is one that only a model of limpyd has."""
    marked = MARKED.fullmatch(key)
    return marked[1] if marked else None


class ModelKeys:
    """The keys of a model."""

    layout: ClassVar[str] = "limpyd"

    def __init__(self, namespace: str, model: str) -> None:
        for what, text in (("namespace", namespace), ("model name", model)):
            if not isinstance(text, str) or not encodable(text):
                msg = f"the {what} {text!r} is no text that a key can hold"
                raise DeclarationError(msg)
            if "\0" in text:
                msg = f"the {what} {text!r} holds a NUL, which stands for the primary key in the keys of a model"
                raise DeclarationError(msg)
            if "{" in text or "}" in text:
                msg = (
                    f"the {what} {text!r} holds a brace, which Redis Cluster reads as part of "
                    f"the hash tag of a key; choose a {what} without '{{' and '}}'"
                )
                raise DeclarationError(msg)
        if not model or ":" in model:
            msg = f"the model name {model!r} is empty or holds a colon, which separates it from its namespace"
            raise DeclarationError(msg)
        self.name = model
        self.tag = f"{namespace}:{model}" if namespace else model
        self._only = self._partition_of(self.tag)

    def _partition_of(self, tag: str) -> Partition:
        return Partition(to_bytes(tag))

    def version_name(self, field: str, part: str | None, name_of: Callable[[str], str]) -> str:  # noqa: ARG002 - some ask
        """Returns the name that keys of a version of a dynamic field have; without part their template."""
        return f"{field}.{COUNTED}" if part is None else f"{field}.{len(to_bytes(part))}:{part}"

    def know_versions(self, accepted: Mapping[str, Callable[[str], bool]]) -> None:
        """Takes note of which names versions of dynamic fields have, by their templates; a layout may ask that."""

    def refuses_part(self, part: str) -> str:  # noqa: ARG002 - some ask
        """Returns the reason why a dynamic field cannot have a part in this layout; empty if it can."""
        return ""

    def know(self, fields: Sequence[str]) -> None:
        """Takes note of the names of the model's fields, of which a layout may ask something.

        Raises:
            DeclarationError: a field cannot have its name in this layout.
        """

    @property
    def partitions(self) -> tuple[Partition, ...]:
        """All partitions; a query runs on each."""
        return (self._only,)

    def partition(self, _pk: bytes | None) -> Partition:
        """The partition where the object with this primary key lives; without one, where it will be made."""
        return self._only
