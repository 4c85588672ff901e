"""References of models that are not in the group that moves."""

from __future__ import annotations

from limpyd.deletions.recorded_references import Unknown, is_kept, unknown_references
from limpyd.exceptions import UnsupportedCommand
from limpyd.relocation.places import Catalog, Place, Steps


def check_references(origin: Place) -> Steps[None]:
    """Refuses to move models to which others may refer that this process does not declare.

    Raises:
        UnsupportedCommand: there is one.
    """
    catalogs = [Catalog(schema, each) for schema in origin.schemas for each in schema.keys.partitions]
    found = yield origin.ask(*(unknown_references(*each) for each in catalogs))
    for catalog, references in zip(catalogs, found, strict=True):
        for each in references:
            [is_indexed] = yield origin.ask(is_kept(each, catalog.schema))
            if is_indexed:
                raise _undeclared(catalog.schema.name, each)


def _undeclared(name: str, unknown: Unknown) -> UnsupportedCommand:
    model, field = unknown.names
    return UnsupportedCommand(
        f"{name} cannot be moved without the objects that refer to its own: {unknown.label} may do so, and this "
        f"process does not know that reference. Import the module that declares {model} with its field {field}, and "
        f"move that model in the same migration. {unknown.removal(name)}"
    )
