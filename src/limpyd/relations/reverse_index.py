"""The index of a reference that finds which objects refer to an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.indexes.base import Declared
from limpyd.indexes.equality import EqualIndex
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.multi import declared
from limpyd.keys import Partition
from limpyd.requests.request import Argument


def best_reverse_index(field: Any, indexes: Sequence[FieldIndex]) -> FieldIndex:
    """Returns the index that finds best which objects refer to an object.

    Raises:
        DeclarationError: none of them does.
    """
    own = [index for index in indexes if index.index.operators]  # it is found by this field alone
    ranks = {index: index.kind.owners_rank for index in own if not (index.transforms or index.ending)}
    best = min((index for index in ranks if ranks[index]), key=lambda index: ranks[index] or 0, default=None)
    if best is None:
        msg = (
            f"{field}: none of its indexes finds the objects that refer to an object; add EqualIndex to them, and "
            "build it with rebuild_indexes() of the field if there are objects already"
        )
        raise DeclarationError(msg)
    return best


def with_reverse_index(indexes: Sequence[Declared]) -> Sequence[Declared]:
    """The declared indexes of a reference, and one that finds the referring objects if none of them does.

    Indexes with scores come first, because their results are in their order.
    """
    expanded = [index for each in indexes for index in declared(each).expanded()]
    if not expanded or any(map(_finds_who_refers, expanded)):
        return expanded
    scored = [index for index in expanded if not index.alone]
    return [*scored, EqualIndex(), *(index for index in expanded if index.alone)]


def _finds_who_refers(index: Any) -> bool:
    """Returns whether an index finds all objects that refer to an object, whatever their other values are."""
    return index.only_equality and not (index.prefix or index.around or index.own_steps)


def recorded(field: Any, partition: Partition) -> tuple[Argument, ...]:
    """Returns what the catalog of the model that a reference is to records of it (see indexes/maintenance/declare.lua).

    Args:
        field: the reference.
        partition: a partition of its own model.
    """
    index = field.reverse_index(partition)
    name = index.key.removeprefix(partition.prefix).removesuffix(b":")
    label = f"{field.model.name}.{field.name}"
    return label, index.kind.name, index.key, partition.pks, partition.meta, name
