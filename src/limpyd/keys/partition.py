"""The keys of one partition of a model."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from limpyd.keys.names import literal_pattern, to_bytes
from limpyd.keys.slots import slot_of
from limpyd.utils.cached_properties import cached_property

CLAIM_WORDS = frozenset({b"barred", b"claim", b"clock", b"forgotten", b"given_up", b"history", b"nonce", b"recent"})
"""Those of claims, which models of several partitions have (see limpyd.claims)."""
REFERENCE_WORDS = frozenset({b"closing", b"tomb"})
"""Those of references between partitions."""
FEED_WORDS = frozenset({b"changes", b"readers"})
"""Those of feeds of changes (see limpyd.changes)."""
DATA_WORDS = (
    frozenset({b"copied", b"field", b"hash", b"meta", b"nothing", b"parcel", b"pks", b"seq"})
    | CLAIM_WORDS
    | REFERENCE_WORDS
    | FEED_WORDS
)
"""The words that follow the hash tag in the keys of a model's data, but for those of indexes."""
TYPES = {
    b"barred": b"hash",
    b"changes": b"stream",
    b"claim": b"hash",
    b"clock": b"string",
    b"closing": b"hash",
    b"forgotten": b"hash",
    b"given_up": b"list",
    b"hash": b"hash",
    b"history": b"string",
    b"meta": b"hash",
    b"nonce": b"hash",
    b"parcel": b"hash",
    b"pks": b"set",
    b"readers": b"hash",
    b"recent": b"list",
    b"seq": b"string",
    b"tomb": b"hash",
}
"""The Redis types of those keys, but for fields."""
INDEX_WORDS: dict[bytes, None] = {}
"""Those in the keys of indexes; each kind of index declares its own (see limpyd.indexes.kind)."""
NAMELESS = frozenset({b"hash", b"readers", b"stored"})
"""Those after which free text follows at once."""
MARKED = rb"(\{[^{}]+\}[^{}:]*:)(?:pks|meta)"
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
    """The keys of one partition of a model. All carry one hash tag, so live on one node.

    Args:
        tag: the hash tag.
        name: what follows it, up to the first colon: the name of a model that is in the partitions of another one.

    Attributes:
        number: the number of the partition, from 0.
        count: the number of partitions of the model.
        recorded: the number that its catalog records; the negative of it, or a text, for those who move objects there.
    """

    number = 0
    count = 1
    recorded: int | bytes = 1
    trusts_indexes: ClassVar[bool] = False
    """True if indexes that nothing is known of count as built, although there are objects."""
    crosses_slots: ClassVar[bool] = False
    """All keys are in its slot."""
    may_be_stale: ClassVar[bool] = False
    """Writes go to its primary."""

    def __init__(self, tag: bytes, name: bytes = b"") -> None:
        self.prefix = b"{" + tag + b"}" + name + b":"
        self.pks = self.prefix + b"pks"
        self.seq = self.prefix + b"seq"
        self.hash_prefix = self.prefix + b"hash:"
        self.meta = self.prefix + b"meta"
        self.nothing = self.prefix + b"nothing"
        """A key that is never written: what an object without a primary key reads.

        Each script declares it too: so a node of a cluster that is moving the slot refuses it, where it would take keys
        that have moved for empty.
        """

    def field_prefix(self, field: str) -> bytes:
        """Followed by a primary key: the key of a field of its own."""
        return b"%sfield:%s:" % (self.prefix, to_bytes(field))

    def index_key(self, word: bytes, field: str, label: str = "") -> bytes:
        """The key of an index of a field, or the start of its keys; a colon and a value, or a sub-key, may follow."""
        name = f"{field}.{label}" if label else field
        return b"%s%s:%s" % (self.prefix, word, to_bytes(name))

    @cached_property
    def clock(self) -> bytes:
        """The key that counts the claims in the way of others (see limpyd.claims), and deletions of objects."""
        return self.prefix + b"clock"

    @cached_property
    def barred(self) -> bytes:
        """The hash of the times before which the promises of other partitions are void in this one.

        A partition of the same model, which keeps claims, is named by its number; one with objects that are referred to
        by its tag.
        """
        return self.prefix + b"barred"

    @cached_property
    def deadlines(self) -> bytes:
        """The sorted set of the moments when its objects expire (see indexes/deadlines.py), beside the set of all."""
        return self.prefix + b"deadline:object"

    @cached_property
    def tag(self) -> bytes:
        """The hash tag of its keys; and a brace and the name that follows it, if there is one."""
        return self.prefix[1:-1].removesuffix(b"}")

    @cached_property
    def closing(self) -> bytes:
        """The hash of the objects that are about to be deleted, with the token and the time of the deletion."""
        return self.prefix + b"closing"

    @cached_property
    def tomb(self) -> bytes:
        """The hash of deleted objects that others may still refer to, with the token and the time of the deletion."""
        return self.prefix + b"tomb"

    @cached_property
    def given_up(self) -> bytes:
        """The list of the values that were given up, whose claims have to be removed."""
        return self.prefix + b"given_up"

    @cached_property
    def history(self) -> bytes:
        """The key of the id of the history of the server's data in which it has all that it had of claims."""
        return self.prefix + b"history"

    @cached_property
    def recent(self) -> bytes:
        """The list of the claims by which values came last."""
        return self.prefix + b"recent"

    @cached_property
    def forgotten(self) -> bytes:
        """The hash of the latest times of claims that are not in that list any more, by the partition of the claims."""
        return self.prefix + b"forgotten"

    def nonces_of(self, index: bytes) -> bytes:
        """The key of the nonces of the claims by which an index of unique values has them."""
        return self.prefix + b"nonce:" + index.removeprefix(self.prefix + b"uniq:")

    def claims_of(self, name: bytes) -> list[bytes]:
        """The keys of claims of an index with a name in the catalog; none if its values are not unique."""
        word, _, name = name.partition(b":")
        return [b"%b%b:%b" % (self.prefix, each, name) for each in (b"claim", b"nonce") if word == b"uniq"]

    @property
    def changes(self) -> bytes:
        """The stream of the changes of its objects (see limpyd.changes)."""
        return self.prefix + b"changes"

    def readers(self, group: bytes) -> bytes:
        """The hash of what the workers of a group need to read it together."""
        return b"%sreaders:%b" % (self.prefix, group)

    @property
    def feed_origin(self) -> bytes:
        """The hash of the feed from which objects came (see limpyd.changes.origins): that of readers without a name."""
        return self.readers(b"")

    def parcel(self, target: Partition) -> bytes:
        """The hash of objects that are on their way to another partition (see limpyd.repartitioning)."""
        return b"%sparcel:%d" % (self.prefix, target.number)

    @property
    def copied(self) -> bytes:
        """The hash of the digests of objects that were copied here from another server (see limpyd.relocation)."""
        return self.prefix + b"copied"

    @property
    def index_prefixes(self) -> list[bytes]:
        """The starts of the keys of all indexes."""
        return [b"%s%s:" % (self.prefix, word) for word in INDEX_WORDS]

    def owns(self, key: bytes) -> bool:
        """Returns whether a key holds data of the model; stored collections do not."""
        word = key[len(self.prefix) :].partition(b":")[0] if key.startswith(self.prefix) else b""
        return word in DATA_WORDS or word in INDEX_WORDS

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

    @cached_property
    def slot(self) -> int:
        """The hash slot of all keys of the partition."""
        return slot_of(self.prefix)

    @cached_property
    def pattern(self) -> bytes:
        """Matches every key of the partition, and no other key."""
        return literal_pattern(self.prefix) + b"*"


def model_behind(key: bytes) -> bytes | None:
    """The prefix of the keys of a partition, if the key is one that only a model of limpyd has."""
    marked = re.fullmatch(MARKED, key)
    return marked[1] if marked else None
