"""The keys of redis-limpyd 2, for `layout="limpyd2"`: both libraries can work on one database.

    blog:article:collection                             set     all primary keys
    blog:article:max_pk                                 string  last automatic primary key
    blog:article:<pk>:hash                              hash    the hash fields of an instance
    blog:article:<pk>:<field>                           any     any other field of an instance
    blog:article:<field>[:<sub-key>][:<prefix>][:<key>]:<value>    set    equality index
    blog:article:<field>[:<sub-key>][:<prefix>]:<key>   zset    index in order

Without a namespace they begin with a colon. Free text stands in the middle of them, so two things could share a key.
What could is refused: fields and primary keys of some names, and values that would meet another index.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from limpyd.exceptions import DeclarationError, InvalidPrimaryKey
from limpyd.keys import ModelKeys, Partition, literal_pattern, to_bytes, to_text
from limpyd.keys.templates import BARE, is_template, part_in
from limpyd.utils.cached_properties import cached_property

SEPARATOR = b":TEXT-RANGE-SEPARATOR:"
"""The separator of a value and its primary key in a text index."""

RESERVED = frozenset({"collection", "hash", "max_pk", "meta"})
"""Names of fields that would meet the keys of the model itself."""


def is_made_of(template: bytes, key: bytes) -> bool:
    """Returns whether a key is made of a template by some sub-key (see lua/library/template_match.lua)."""
    if is_template(template):
        return part_in(template, key, open_ended=True) is not None
    beginning, _, ending = template.partition(b"\0")
    return key.startswith(beginning) and (ending.endswith(b":") or key.endswith(ending))


class Limpyd2Partition(Partition):
    """The keys of a model. What the templates of keys have in place of a primary key, or of a sub-key, is a NUL."""

    trusts_indexes = True

    def __init__(self, tag: bytes) -> None:
        self.prefix = tag + b":"
        self.pks = self.prefix + b"collection"
        self.seq = self.prefix + b"max_pk"
        self.hash_prefix = self.prefix + b"\0:hash"
        self.meta = self.prefix + b"meta"
        self.nothing = self.prefix + b"nothing"
        self._index_prefixes: list[bytes] = []
        self.fields: tuple[bytes, ...] = ()
        self.dynamic: tuple[Callable[[str], bool], ...] = ()

    @property
    def index_prefixes(self) -> list[bytes]:
        return self._index_prefixes

    def know(self, fields: Sequence[bytes]) -> None:
        """Takes note of the fields; the keys of their indexes begin with their names."""
        self.fields = tuple(fields)
        self._index_prefixes = [b"%s%s:" % (self.prefix, field) for field in fields]

    def know_versions(self, accepted: Mapping[bytes, Callable[[str], bool]]) -> None:
        """Takes note of which names versions of dynamic fields have, by what their indexes begin with."""
        self.dynamic = tuple(accepted.values())
        self._index_prefixes += [b"%s%s:" % (self.prefix, template) for template in accepted]

    def is_version(self, name: bytes) -> bool:
        """Returns whether a name is one that versions of a dynamic field have."""
        return any(accepts(to_text(name)) for accepts in self.dynamic)

    def field_prefix(self, field: str) -> bytes:
        return b"%s\0:%s" % (self.prefix, to_bytes(field))

    def index(self, field: str, *parts: str, by_sub_key: bool) -> bytes:
        """The key of an index, or what stands around the sub-key in it."""
        beginning = b"%s%s" % (self.prefix, to_bytes(field))
        return b":".join((beginning, *((b"\0",) if by_sub_key else ()), *(to_bytes(part) for part in parts if part)))

    def owns(self, key: bytes) -> bool:
        if not key.startswith(self.prefix):
            return False
        rest = key[len(self.prefix) :]
        return (
            key in {self.pks, self.seq, self.meta, self.nothing}
            or rest.rpartition(b":")[2] in {b"hash", *self.fields}
            or any(key.startswith(beginning) for beginning in self.index_prefixes)
            or self.is_version(rest.rpartition(b":")[2])
            or self.is_version(rest.partition(b":")[0])
        )

    def stored_collection(self, name: str) -> bytes:
        return b"%smeta:stored:%s" % (self.prefix, to_bytes(name))

    @cached_property
    def pattern(self) -> bytes:
        return literal_pattern(self.prefix) + b"*"

    def reason_against(self, pk: bytes) -> str:
        """Returns the reason why an object cannot have a primary key; empty if it can."""
        if SEPARATOR in pk:
            return f"it contains {to_text(SEPARATOR)!r}, which separates the parts of entries in text indexes"
        for name in (b"meta", *self.fields):
            if pk == name or pk.startswith(name + b":"):
                return f"its keys would be those of the field or index {to_text(name)!r}"
        name = pk.partition(b":")[0]
        if self.dynamic and self.is_version(name):
            return f"its keys would be those of the dynamic field {to_text(name)!r}"
        return ""


class Limpyd2Keys(ModelKeys):
    """The keys of a model in the layout of limpyd 2."""

    layout = "limpyd2"
    _only: Limpyd2Partition

    def __init__(self, namespace: str, model: str) -> None:
        super().__init__(namespace, model)
        self._checked_pk: bytes | None = None

    def _partition_of(self, tag: str) -> Partition:
        return Limpyd2Partition(to_bytes(tag if ":" in tag else f":{tag}"))

    def know(self, fields: Sequence[str]) -> None:
        refused = sorted(RESERVED.intersection(fields))
        if refused:
            msg = f"a field cannot have the name {refused[0]!r} in the layout of limpyd 2, where it would share keys"
            raise DeclarationError(msg)
        self._only.know([to_bytes(field) for field in fields])

    def version_name(self, field: str, part: str | None, name_of: Callable[[str], str]) -> str:  # noqa: ARG002
        return name_of(BARE if part is None else part)

    def know_versions(self, accepted: Mapping[str, Callable[[str], bool]]) -> None:
        self._only.know_versions({to_bytes(template): accepts for template, accepts in accepted.items()})

    def refuses_part(self, part: str) -> str:
        return "it contains a colon, which separates the parts of keys in the layout of limpyd 2" if ":" in part else ""

    def partition(self, pk: bytes | None) -> Partition:
        if pk is not None and pk != self._checked_pk:
            reason = self._only.reason_against(pk)
            if reason:
                msg = f"{self.tag}: the layout of limpyd 2 does not support the primary key {to_text(pk)!r}: {reason}"
                raise InvalidPrimaryKey(msg)
            self._checked_pk = pk
        return self._only
