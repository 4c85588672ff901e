"""The claim of a value, as an assumption of the write that is to store it.

The conversation about a claim is the question of the assumption: it ends with the claim, or with the object that has
the value.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Self

from limpyd.claims.conversation import claimed
from limpyd.claims.requests import NONCE, Wanted
from limpyd.claims.unique_value import UniqueValue
from limpyd.exceptions import UniquenessError
from limpyd.keys import Partition, to_text
from limpyd.requests.promise import Promise
from limpyd.requests.promise_guards import Bar, PromiseGuard
from limpyd.requests.scattered import Rounds


class PartitionClaim(Promise):
    """The assumption that a partition may have a value.

    A partition that keeps the claims of the value itself claims it within the write, so nothing has to be asked.

    Args:
        value: the value.
        partition: the partition that is to have it.
        pk: the primary key of the object; None for a new one whose key is minted.

    Attributes:
        value, partition: as passed.
        owner: the primary key of another object, which has the value; None if none is known.
    """

    __slots__ = ("_asks_within_write", "_home", "_may_get_free", "_nonce", "_pk", "owner", "partition", "value")

    def __init__(self, value: UniqueValue, partition: Partition, pk: bytes | None) -> None:
        super().__init__()
        self.value = value
        self.partition = partition
        self._pk = pk
        self.owner: bytes | None = None
        self._nonce = b""
        self._home = value.home
        self._may_get_free = False
        self._asks_within_write = self._home is partition
        if self._asks_within_write:
            self._nonce = os.urandom(NONCE)
            self._set_guard(b"%b%d" % (self._nonce, self._home.number), {})

    @property
    def key(self) -> bytes:
        """The key of the index in its partition."""
        return self.value.index_in(self.partition)

    @property
    def about(self) -> tuple[UniqueValue, Partition]:
        return self.value, self.partition

    @property
    def model(self) -> Any:
        return self.value.model

    def check(self) -> None:
        if self.owner is not None:
            model = self.value.model
            name = model.index_at(self.key).field_names
            value = model.value_of(name, self.value.text)
            raise UniquenessError(model.name, name, value, to_text(self.owner))

    def invalidate(self) -> None:
        super().invalidate()
        self.owner = None
        self._asks_within_write = False

    def demand(self) -> None:
        super().demand()
        self._may_get_free = False

    def keep_order(self, *, as_one_step: bool) -> None:
        self._may_get_free = True
        if self._asks_within_write and self._pk is not None and not as_one_step:
            self.invalidate()

    def merged(self, other: Self) -> Self:
        """Returns the one of both that a script has asked for, if one is."""
        is_asked_for = self._may_get_free and not other._may_get_free
        return other if self._asks_within_write or is_asked_for else self

    def conversation(self) -> Rounds[None]:
        return claimed([self])

    def wanted(self) -> Wanted:
        """Returns a new claim, in place of the last one."""
        barred, self._nonce, self._home = self._nonce, os.urandom(NONCE), self.value.home
        return Wanted(self.value, self._home, self.partition, self._nonce, barred)

    def hold(self, time: int) -> None:
        """Notes that the claim is made, and its time."""
        number = self._home.number
        self._set_guard(b"%b%d %d" % (self._nonce, number, time), {Bar(self.partition.prefix, b"%d" % number): time})

    def leave_to(self, owner: bytes) -> None:
        """Notes the object that has the value.

        If it is the one that is written, no claim is needed; nor if it may give the value up before: else the script of
        the write says that it has not, or asks for the claim.
        """
        if owner == self._pk or self._may_get_free:
            self._set_guard(b"", {})
        else:
            self.owner = owner

    def _set_guard(self, held: bytes, times: Mapping[Bar, int]) -> None:
        self._guard = PromiseGuard.of(b"\0%b\0%b" % (self.key, self.value.text), held, times)


def claim_of(model: Any, partition: Partition, key: bytes, text: bytes, pk: bytes | None) -> PartitionClaim:
    """Returns the claim of a text in an index of a partition.

    Args:
        model: the model.
        partition: the partition that is to have the value.
        key: the key of the index there.
        text: the value as the index keeps it.
        pk: the primary key of the object; None for a new one whose key is minted.
    """
    value = UniqueValue(model, key.removeprefix(partition.prefix + b"uniq:"), text)
    return PartitionClaim(value, partition, pk)
