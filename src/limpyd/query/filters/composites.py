"""Conditions on several fields that one composite index answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import product
from math import prod
from typing import Any

from limpyd.exceptions import InvalidFilter, InvalidValue
from limpyd.expressions import EQUALITY, Comparison, Expression
from limpyd.fields import BoundField, Field, ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.indexes.numbers import NeverStored, equal
from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition, Numbers
from limpyd.query.filters.model import Queried, own_field
from limpyd.query.filters.operands import is_instance
from limpyd.scripts.index_nodes import OneOf
from limpyd.scripts.query_nodes import Node

MAX_COMBINATIONS = 1000
"""The most combinations of values that a composite index is asked for; beyond, other indexes answer."""


class ByComposite(Condition):
    """Several fields have certain values, which one index keeps together.

    Args:
        model: the model.
        number: which of its indexes of several fields.
        entries: what it keeps of the values; any of them.
        text: how messages show it.
        beside: the numbers of the partitions that can have what meets it; None if that may be any.
    """

    __slots__ = ("_beside", "_entries", "_model", "_number", "_text")

    def __init__(
        self, model: Any, number: int, entries: Sequence[bytes], text: object, beside: Numbers | None = None
    ) -> None:
        self._model = model
        self._number = number
        self._entries = entries
        self._text = text
        self._beside = beside

    def __reduce__(self) -> Any:
        partition = self._model.keys.first
        index: Any = self._model.composites(partition)[self._number]
        return _by_composite, (self._model, index.name, self._entries, self._text, self._beside)

    def node(self, partition: Partition) -> Node:
        index = self._model.composites(partition)[self._number]
        return OneOf(index.kind, index.key, self._entries)

    def equal_to(self) -> tuple[FieldIndex | None, Sequence[bytes]]:
        return self._model.composites(self._model.keys.first)[self._number], self._entries

    def among_texts(self, texts: Sequence[bytes]) -> Condition:
        return ByComposite(self._model, self._number, texts, self._text)

    def indexes(self) -> Iterator[FieldIndex]:
        yield self._model.composites(self._model.keys.first)[self._number]

    def beside(self) -> Numbers | None:
        return self._beside

    def __str__(self) -> str:
        return str(self._text)


def _by_composite(
    model: Any, name: str, entries: Sequence[bytes], text: object, beside: Numbers | None = None
) -> ByComposite:
    """The condition on an index of several fields, by its name."""
    for number, index in enumerate(model.composites(model.keys.first)):
        if index.name == name:
            return ByComposite(model, number, entries, text, beside)
    msg = f"{model.name} has no index of {name}, which the pickled query needs"
    raise InvalidFilter(msg)


def composites(model: Queried, parts: Sequence[Expression]) -> tuple[list[Condition], Sequence[Expression]]:
    """The conditions that indexes of several fields answer, and the expressions that are left."""
    indexes = model.composites(model.keys.first)
    found: list[Condition] = []
    for number, index in enumerate(indexes):
        if len(parts) < len(index.fields) or index.score_field is not None:
            continue
        compared: dict[str, Comparison] = {}
        for part in parts:
            if (
                isinstance(part, Comparison)
                and part.operator in EQUALITY
                and not part.path
                and _known_values(part) is not None
            ):
                compared.setdefault(own_field(model, part).name, part)
        wanted = [compared.get(field.name) for field in index.fields]
        values = [None if each is None else _known_values(each) for each in wanted]
        if None in values:
            continue
        used = [part for part in wanted if part is not None]
        stored = [
            [text for value in each or () for text in _equal_to(model.fields[part.field.name], value)]
            for part, each in zip(used, values, strict=True)
        ]
        if prod(map(len, stored)) > MAX_COMBINATIONS:
            continue
        text = ", ".join(map(repr, used))
        entries = [entry for each in product(*stored) if (entry := index.entry(each)) is not None]
        found.append(ByComposite(model, number, entries, text, _beside(index.fields, stored)))
        parts = [part for part in parts if not any(part is each for each in used)]
    return found, parts


def _beside(fields: Sequence[Any], stored: Sequence[Sequence[bytes]]) -> Numbers | None:
    """Returns the numbers of the partitions of the objects that some fields refer to; None if that may be any."""
    for field, pks in zip(fields, stored, strict=True):
        numbers: Numbers | None = field.partitions_of(pks) if field.refers else None
        if numbers is not None:
            return numbers
    return None


def _equal_to(field: Field[Any], value: Any) -> list[bytes]:
    """The stored form of what equals a value; nothing if no object can have it."""
    try:
        return [field.encode(value)]
    except InvalidValue as refused:
        with suppress(NeverStored):
            return [equal(field.codec.name, value, refused)]
        return []


def _known_values(comparison: Comparison) -> list[Any] | None:
    """The values that are compared with, if they are known here."""
    given = comparison.value
    refers = isinstance(comparison.field, ValueField) and comparison.field.refers
    if comparison.operator == "in":
        if isinstance(given, str | bytes | BoundField) or not isinstance(given, Iterable):
            return None
        given = list(given)
    else:
        given = [given]
    unknown = any(
        value is None or isinstance(value, BoundField) or (is_instance(value) and not refers) for value in given
    )
    return None if unknown else given
