"""The indexes of a field."""

from __future__ import annotations

from collections.abc import Sequence

from limpyd.exceptions import DeclarationError
from limpyd.indexes.base import Declared, Index
from limpyd.indexes.equality import EqualIndex, UniqueIndex
from limpyd.indexes.field_index import IndexedField
from limpyd.indexes.geo import GeoIndex
from limpyd.indexes.multi import declared
from limpyd.indexes.ranges import NumberRangeIndex, TextRangeIndex


def indexes_for(field: IndexedField, given: Sequence[Declared], *, unique: bool) -> list[Index]:
    """Returns the indexes of a field: the declared ones, or that of its type; and the one that makes it unique.

    Raises:
        DeclarationError: two of them would share a key, or none can make a unique field unique.
    """
    if isinstance(given, type | Index | str):
        msg = f"{field}: indexes takes a list of indexes, not {given!r}"
        raise DeclarationError(msg)
    indexes = [index for each in given for index in declared(each).expanded()] or default(field, unique=unique)
    if unique:
        deciding = next((index for index in indexes if index.handle_uniqueness), None)
        if deciding is None:
            msg = f"{field} is unique, but none of its indexes handles uniqueness; add EqualIndex to them"
            raise DeclarationError(msg)
        # The values of a field in the order of another one are still its own.
        of = deciding if deciding.alone else EqualIndex(prefix=deciding.prefix, key=deciding.key)
        indexes = [
            UniqueIndex(of, scored=not deciding.alone),
            *(index for index in indexes if not _is_equality(index, deciding)),
        ]
    seen: dict[tuple[object, ...], Index] = {}
    for index in indexes:
        same = seen.setdefault(index.identity, index)
        if same is not index:
            msg = f"{field}: {same} and {index} would share a key; give one of them another prefix or key"
            raise DeclarationError(msg)
    return indexes


def default(field: IndexedField, *, unique: bool) -> list[Index]:
    """Returns the default indexes for the type of a field."""
    if field.codec.name == "GeoPoint" and not field.many:
        return [EqualIndex(), GeoIndex()] if unique else [GeoIndex()]
    in_order = {"number": NumberRangeIndex, "text": TextRangeIndex}.get(field.codec.ordered)
    if in_order is None:
        return [EqualIndex()]
    return [EqualIndex(), in_order()] if unique else [in_order()]


def _is_equality(index: Index, deciding: Index) -> bool:
    """Returns whether a unique index makes an index unnecessary."""
    return index is deciding and index.only_equality
