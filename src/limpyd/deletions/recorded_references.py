"""The references that the catalogs of models record, of which a process may not declare all."""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.deletions.relatives import known_references
from limpyd.keys import Partition, to_text
from limpyd.lua.script import Script, evalsha
from limpyd.requests.request import Request

UNKNOWN = Script("unknown_references", flags="no-writes")


class Unknown(NamedTuple):
    """A reference that the process does not declare: the model and the field, the catalog of that model, its index."""

    label: str
    meta: bytes
    indexed: bytes

    @property
    def names(self) -> tuple[str, str]:
        """The model and the field."""
        model, _, field = self.label.rpartition(".")
        return model, field

    def removal(self, target: str) -> str:
        """Returns the advice for a model that is referred to, if no code declares the reference any more."""
        return (
            f"If no code declares {self.label} any more: {self.names[0]}.clear_indexes(), then "
            f"{target}.database.connection.hdel({to_text(self.meta)!r}, {to_text(self.indexed)!r})"
        )


def unknown_references(schema: Any, partition: Partition, mover: Any = None) -> Request[list[Unknown]]:
    """Returns the references that a catalog records, and this process does not declare.

    Args:
        schema: the model that is referred to.
        partition: that of the catalog.
        mover: the model as movers see it, if it may not be as it is declared.
    """

    def decode(reply: list[Any]) -> list[Unknown]:
        return [Unknown(to_text(label), meta, index) for label, meta, index in reply]

    args = evalsha(UNKNOWN, (partition.meta,), known_references(schema, partition)[1:])
    return Request(args, decode, readonly=True, script=UNKNOWN, subject=mover or schema)


def is_kept(unknown: Unknown, schema: Any) -> Request[bool]:
    """Returns whether the catalog of the first partition of a model has the index of a reference (HMGET).

    If it has not, nobody refers by it; unless no process has declared the model there yet.
    """

    def decode(reply: list[Any]) -> bool:
        index, epoch = reply
        return index is not None or epoch is None

    args = (b"HMGET", unknown.meta, unknown.indexed, b":epoch")
    return Request(args, decode, readonly=True, subject=schema)
