"""The layouts of keys, by name."""

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError, shorten
from limpyd.keys import ModelKeys
from limpyd.keys.limpyd2 import Limpyd2Keys
from limpyd.keys.names import MAX_PARTITIONS

LAYOUTS: dict[str, type[ModelKeys]] = {layout.layout: layout for layout in (ModelKeys, Limpyd2Keys)}


def model_keys(
    layout: str, namespace: str, model: str, partitions: int, *, mints: bool, parent: ModelKeys | None = None
) -> ModelKeys:
    """Returns the keys of a model.

    Args:
        layout: the name of the layout.
        namespace: the namespace of the model.
        model: its name.
        partitions: the number of its partitions.
        mints: true if it mints primary keys.
        parent: the keys of the model whose hash tags it has, if it is declared with `colocate_with`.

    Raises:
        DeclarationError: a name cannot be part of keys, or the layout does not support so many partitions.
    """
    if parent is not None:
        from limpyd.keys.colocated import colocated_keys  # noqa: PLC0415 - most models have no parent

        return colocated_keys(namespace, model, parent, mints=mints)
    if partitions == 1:
        return LAYOUTS[layout](namespace, model)
    if layout != ModelKeys.layout:
        msg = (
            f"the layout {layout!r} has no partitions; leave out partitions={partitions}, or move the data to the "
            f"layout {ModelKeys.layout!r} first (migrate_from_limpyd2)"
        )
        raise DeclarationError(msg)
    from limpyd.keys.partitioned import PartitionedKeys  # noqa: PLC0415 - most models have one partition

    return PartitionedKeys(namespace, model, partitions, mints=mints)


def checked_partitions(partitions: Any) -> int:
    """Returns a number of partitions, if it is one.

    Raises:
        DeclarationError: it is none.
    """
    if type(partitions) is int and 1 <= partitions <= MAX_PARTITIONS and not partitions & (partitions - 1):
        return partitions
    msg = f"partitions takes a power of two from 1 to {MAX_PARTITIONS}, such as 16; not {shorten(partitions)}"
    raise DeclarationError(msg)
