"""The references that the catalogs of models record, of which a mover may not declare all."""

from __future__ import annotations

from typing import Any, NamedTuple

from limpyd.deletions.relatives import known_references
from limpyd.exceptions import UnsupportedCommand
from limpyd.keys import to_text
from limpyd.lua.script import Script, evalsha
from limpyd.relocation.places import Catalog, Place, Steps
from limpyd.requests.request import Request

UNKNOWN = Script("unknown_references", flags="no-writes")


class Unknown(NamedTuple):
    """A reference that the process does not declare: the model and the field, the catalog of that model, its index."""

    label: str
    meta: bytes
    indexed: bytes


def check_references(origin: Place) -> Steps[None]:
    """Refuses to move models to which others may refer that this process does not declare.

    Raises:
        UnsupportedCommand: there is one.
    """
    catalogs = [Catalog(schema, each) for schema in origin.schemas for each in schema.keys.partitions]
    found = yield origin.ask(*(_unknown(each) for each in catalogs))
    for catalog, references in zip(catalogs, found, strict=True):
        for each in references:
            args = (b"HEXISTS", each.meta, each.indexed)
            [is_indexed] = yield origin.ask(Request(args, bool, readonly=True, subject=catalog.schema))
            if is_indexed:
                raise _undeclared(catalog, each)


def _undeclared(catalog: Catalog, reference: Unknown) -> UnsupportedCommand:
    model, _, field = reference.label.rpartition(".")
    return UnsupportedCommand(
        f"{catalog.schema.name} cannot be moved without the objects that refer to its own: {reference.label} may do "
        f"so, and this process does not know that reference. Import the module that declares {model} with its field "
        f"{field}, and move that model in the same migration. If no code declares {reference.label} any more: "
        f"{model}.clear_indexes(), then {catalog.schema.name}.database.connection.hdel({to_text(reference.meta)!r}, "
        f"{to_text(reference.indexed)!r})"
    )


def _unknown(catalog: Catalog) -> Request[list[Unknown]]:
    """Returns the references that a catalog records, and this process does not declare."""
    schema, partition = catalog

    def decode(reply: list[Any]) -> list[Unknown]:
        return [Unknown(to_text(label), meta, index) for label, meta, index in reply]

    args = evalsha(UNKNOWN, (partition.meta,), known_references(schema, partition)[1:])
    return Request(args, decode, readonly=True, script=UNKNOWN, subject=schema)
