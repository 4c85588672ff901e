"""The operations of a field's declaration on its indexes; `Field` has them as methods.

On the async face what they return is to be awaited.
"""

# ruff: noqa: D417 - the first argument is the `self` of a method

from __future__ import annotations

from typing import Any

from limpyd.exceptions import DeclarationError
from limpyd.indexes.base import Index
from limpyd.indexes.maintenance.generators import OnProgress
from limpyd.indexes.maintenance.index_maintenance import IndexMaintenance


def rebuild_indexes(
    field: Any,
    progress: OnProgress | None = None,
    *,
    chunk_size: int | None = None,
    aggressive_clear: bool = False,  # noqa: ARG001 - for limpyd 2's sake
) -> Any:
    """Builds the indexes of the field, composite ones included; see that of the model.

    Args:
        progress: called from time to time with what is done and the whole: objects, once for each index.
        chunk_size: about how many objects, or entries, a request looks at, 500 by default; meanwhile the server
            does nothing else.
        aggressive_clear: accepted for limpyd 2's sake: all entries that no object gives go in any case.

    Raises:
        InvalidValue: it has none; or a value cannot be indexed.
        UniquenessError: two objects have one value, which should be unique.
    """
    maintenance = _maintenance(field)
    return maintenance.rebuild(maintenance.of(field), progress, chunk_size)


def clear_indexes(
    field: Any,
    chunk_size: int | None = None,
    *,
    aggressive: bool = False,  # noqa: ARG001 - for limpyd 2's sake
) -> Any:
    """Removes all that the indexes of the field hold; see that of the model.

    Args:
        chunk_size: about how many keys of the database a request looks at, 500 by default; meanwhile the server
            does nothing else.
        aggressive: accepted for limpyd 2's sake: all keys of the indexes go in any case, whoever wrote them.

    Raises:
        InvalidValue: it has none.
    """
    maintenance = _maintenance(field)
    return maintenance.clear(maintenance.of(field), chunk_size)


def get_index(
    field: Any,
    index_class: type[Index] | None = None,
    key: str | None = None,
    prefix: str | None = None,
) -> Index:
    """One of the indexes of the field, to be rebuilt or cleared: it has `rebuild(progress)` and `clear()`.

    Args:
        index_class: of which class it is; may be left out if one index is left without that.
        key: the key that it is declared with.
        prefix: the prefix that it is declared with.

    Raises:
        InvalidValue: it has no such index, or several.
    """
    maintenance = _maintenance(field)
    return maintenance.one_of(field, index_class, key, prefix)


def _maintenance(field: Any) -> IndexMaintenance:
    model = getattr(field, "model", None)
    if model is None:
        msg = f"{field} belongs to no model that stores objects; use the field of a model that is not abstract"
        raise DeclarationError(msg)
    maintenance: IndexMaintenance = model.maintenance
    return maintenance
