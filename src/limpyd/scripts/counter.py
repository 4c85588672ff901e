"""The request that raises the last automatic primary key."""

from __future__ import annotations

from limpyd.keys import Partition
from limpyd.lua.script import Script
from limpyd.requests.decoders import to_bool
from limpyd.requests.request import Request
from limpyd.scripts.error_mapping import Model
from limpyd.scripts.object_requests import scripted

RAISE_COUNTER = Script("raise_counter")


def raise_counter(model: Model, partition: Partition, pk: int) -> Request[bool]:
    """Raises the counter of automatic primary keys to a number, unless it is higher."""
    return scripted(RAISE_COUNTER, (partition.seq,), (pk,), to_bool, model)
