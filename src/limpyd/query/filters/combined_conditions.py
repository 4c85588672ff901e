"""Conditions that combine others: all of them, any of them, or not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.query.filters.conditions import Condition, Numbers
from limpyd.query.filters.lookups import MAX_CONDITIONS, QueryForm
from limpyd.query.filters.readings import Asking, Found, Reading
from limpyd.requests.request import Assumption
from limpyd.scripts.query_nodes import All, Either, Node, Not
from limpyd.scripts.query_values import Text


class AllOf(Condition):
    """All of some conditions hold."""

    __slots__ = ("_parts", "asks_first")
    _sign = ", "

    def __init__(self, parts: Sequence[Condition]) -> None:
        self._parts = tuple(parts)
        self.asks_first = any(part.asks_first for part in parts)

    def add_to(self, form: QueryForm) -> bool:
        if max(len(self._parts), len(form.values)) > MAX_CONDITIONS:
            return False
        form.parts += (type(self), len(self._parts))
        return all(part.add_to(form) for part in self._parts)

    def with_texts(self, texts: Iterator[Sequence[Text]]) -> Condition:
        return type(self)([part.with_texts(texts) for part in self._parts])

    def node(self, partition: Partition) -> Node:
        return All([part.node(partition) for part in self._parts])

    def indexes(self) -> Iterator[FieldIndex]:
        for part in self._parts:
            yield from part.indexes()

    def assumes(self, partition: Partition) -> Iterator[Assumption]:
        for part in self._parts:
            yield from part.assumes(partition)

    def elsewhere(self) -> Iterator[bytes]:
        for part in self._parts:
            yield from part.elsewhere()

    def references(self) -> Iterator[bytes]:
        for part in self._parts:
            yield from part.references()

    def reads(self) -> Iterator[Reading | Asking]:
        for part in self._parts:
            yield from part.reads()

    def resolved(self, found: Found) -> Condition:
        return type(self)([part.resolved(found) for part in self._parts])

    def beside(self) -> Numbers | None:
        known = [numbers for part in self._parts if (numbers := part.beside()) is not None]
        return frozenset.intersection(*known) if known else None

    def __str__(self) -> str:
        return self._sign.join(map(str, self._parts))


class AnyOf(AllOf):
    """At least one of some conditions holds."""

    __slots__ = ()
    _sign = " | "

    def beside(self) -> Numbers | None:
        known = [numbers for part in self._parts if (numbers := part.beside()) is not None]
        return frozenset.union(*known) if len(known) == len(self._parts) else None

    def node(self, partition: Partition) -> Node:
        return Either([part.node(partition) for part in self._parts])

    def __str__(self) -> str:
        return f"({super().__str__()})"


class Negated(Condition):
    """A condition does not hold.

    Args:
        part: the condition.
        text: what shows it in messages, if not `not` before the condition does.
    """

    __slots__ = ("_part", "_text", "asks_first")

    def __init__(self, part: Condition, text: object = None) -> None:
        self._part = part
        self._text = text
        self.asks_first = part.asks_first

    def add_to(self, form: QueryForm) -> bool:
        form.parts.append(Negated)
        return self._part.add_to(form)

    def with_texts(self, texts: Iterator[Sequence[Text]]) -> Condition:
        return Negated(self._part.with_texts(texts), self._text)

    def node(self, partition: Partition) -> Node:
        return Not(self._part.node(partition))

    def indexes(self) -> Iterator[FieldIndex]:
        return self._part.indexes()

    def whole_index(self, partition: Partition) -> FieldIndex | None:
        return self._part.whole_index(partition)

    def assumes(self, partition: Partition) -> Iterator[Assumption]:
        return self._part.assumes(partition)

    def elsewhere(self) -> Iterator[bytes]:
        return self._part.elsewhere()

    def references(self) -> Iterator[bytes]:
        return self._part.references()

    def reads(self) -> Iterator[Reading | Asking]:
        return self._part.reads()

    def resolved(self, found: Found) -> Condition:
        return Negated(self._part.resolved(found), self._text)

    def __str__(self) -> str:
        return f"not ({self._part})" if self._text is None else str(self._text)
