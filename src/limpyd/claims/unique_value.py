"""A value of an index of unique values, over all partitions."""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.keys import Partition


class UniqueValue(NamedTuple):
    """A value of an index of unique values.

    Attributes:
        model: the model.
        index_name: the name of the index, without what precedes it in its key: `email` of `{…}:uniq:email`.
        text: the value as the index keeps it.
    """

    model: Any
    index_name: bytes
    text: bytes

    @property
    def home(self) -> Partition:
        """The partition that keeps its claim."""
        partition: Partition = self.model.keys.keeper(self.text)
        return partition

    @property
    def former_home(self) -> int | None:
        """The number of the partition that kept it before objects began to move; None if that is the same one."""
        number: int | None = self.model.keys.former_keeper(self.text)
        return number

    def index_in(self, partition: Partition) -> bytes:
        """The key of the index in a partition."""
        return b"%buniq:%b" % (partition.prefix, self.index_name)

    def claims_in(self, partition: Partition) -> bytes:
        """The key of the claims of the index in a partition."""
        return b"%bclaim:%b" % (partition.prefix, self.index_name)
