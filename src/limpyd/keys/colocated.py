"""The keys of a model that is declared with `colocate_with`: it has the hash tags of another model, its parent.

After the hash tag comes the name of the model, where the keys of the parent have a colon at once. A name is not empty,
and contains no colon, so no two models share a key.
"""

from __future__ import annotations

from limpyd.keys.model_keys import ModelKeys
from limpyd.keys.names import literal_pattern, prefix_of, to_bytes
from limpyd.keys.partition import Partition
from limpyd.keys.partitioned import PartitionedKeys, placed_tag
from limpyd.utils.cached_properties import cached_property


class Colocated(ModelKeys):
    """The part that does not depend on the number of partitions."""

    has_record = True
    namespace: str

    @cached_property
    def root(self) -> Partition:
        return Partition(to_bytes(self.tag))

    @property
    def pattern(self) -> bytes:
        start, name = (literal_pattern(to_bytes(text)) for text in (self.namespace, self.name))
        return b"{%s*%s[}:]*" % (start + b":" if start else b"", name)

    def has(self, key: bytes) -> bool:
        return prefix_of(key) in self._own_prefixes

    @cached_property
    def _own_prefixes(self) -> frozenset[bytes]:
        return frozenset(partition.prefix for partition in (self.root, *self.partitions))


class ColocatedKeys(Colocated):
    """The keys of a model that has the one hash tag of its parent.

    Args:
        namespace: the namespace of both models.
        model: the name of the model.
        parent: the keys of its parent.
    """

    def __init__(self, namespace: str, model: str, parent: ModelKeys) -> None:
        super().__init__(namespace, model)
        self.namespace = namespace
        self.parent = parent
        self._only = Partition(to_bytes(self.top.tag), to_bytes(model))


class ColocatedPartitions(Colocated, PartitionedKeys):
    """The keys of a model in the partitions of its parent.

    A primary key that is not minted is that of the parent's object, a colon, and text without a colon. So it names the
    partition, whatever the parent's primary key contains.

    Args:
        namespace: the namespace of both models.
        model: the name of the model.
        parent: the keys of its parent.
        mints: true if the model mints primary keys.
    """

    def __init__(self, namespace: str, model: str, parent: ModelKeys, *, mints: bool) -> None:
        super().__init__(namespace, model, parent.count, mints=mints)
        self.namespace = namespace
        self.parent = self._above = parent

    def refuses_pk(self, pk: bytes) -> str:
        if parent_pk(pk):
            return ""
        name = self._above.name
        return f"it does not name the {name} that it belongs to; begin it with the primary key of that and a colon"

    def _spread(self, pk: bytes) -> int:
        return self._above.partition(parent_pk(pk)).number

    def keys_of(self, number: int) -> Partition:
        return Partition(to_bytes(placed_tag(self.top.tag, number)), to_bytes(self.name))


def colocated_keys(namespace: str, model: str, parent: ModelKeys, *, mints: bool) -> ModelKeys:
    """Returns the keys of a model in the partitions of its parent."""
    if parent.count == 1:
        return ColocatedKeys(namespace, model, parent)
    return ColocatedPartitions(namespace, model, parent, mints=mints)


def parent_pk(pk: bytes) -> bytes:
    """Returns the primary key of the parent's object that a primary key names; empty if it names none."""
    return pk.rpartition(b":")[0]
