"""Filters through references: `author__name="x"` is a condition on the objects that a field refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from limpyd.exceptions import InvalidFilter, shorten
from limpyd.expressions import SEPARATOR, Comparison, Expression
from limpyd.fields import ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition, to_text
from limpyd.query.filters.comparisons import compared
from limpyd.query.filters.conditions import ByPk, Condition, Numbers
from limpyd.query.filters.lookups import serving, stored_in
from limpyd.query.filters.model import Queried, check_lasting, own_field
from limpyd.query.filters.readings import Asking, Found, Reading
from limpyd.requests.request import Assumption
from limpyd.scripts.query_nodes import All, Node, Via

MAX_REFERENCES = 30
"""The most references that a filter may go through."""


class Related(Condition):
    """A field refers to an object that meets conditions.

    Args:
        field: the field.
        parts: what that object must meet; all of them.
    """

    __slots__ = ("asks_first", "field", "parts", "target")

    def __init__(self, field: Any, parts: Sequence[Condition]) -> None:
        self.field = field
        self.parts = tuple(parts)
        if field.target.overdue is not None and field.is_local:
            for each in fields_of(self.parts):
                check_lasting(each, field)
        self.asks_first = not field.is_local or any(part.asks_first for part in self.parts)
        self.target = field.target  # whose fields the parts are of, also after its class was declared again

    def reads(self) -> Iterator[Reading | Asking]:
        if not self.field.is_local:
            yield self._asking
        else:
            for part in self.parts:
                yield from part.reads()

    @property
    def _asking(self) -> Asking:
        return Asking(self.field.model, self.field.name, self.target, self.parts, str(self))

    def resolved(self, found: Found) -> Condition:
        if self.field.is_local:
            return Related(self.field, [part.resolved(found) for part in self.parts])
        return compared(self.field, Comparison(self.field, (), "in", list(map(to_text, found[self._asking]))))

    def node(self, partition: Partition) -> Node:
        target_partition = self.target.keys.beside(partition)
        index = self.field.reverse_index(partition)
        nodes = [part.node(target_partition) for part in self.parts]
        stored = stored_in(self.field, partition, None)
        return Via(
            target_partition.pks, index.kind.name, index.key, stored, nodes[0] if len(nodes) == 1 else All(nodes)
        )

    def indexes(self) -> Iterator[FieldIndex]:
        yield self.field.reverse_index(self.field.model.keys.first)

    def assumes(self, partition: Partition) -> Iterator[Assumption]:
        target_partition = self.target.keys.beside(partition)
        maintenance = self.target.maintenance.at(target_partition)
        yield from maintenance.built(index for part in self.parts for index in part.indexes())
        for part in self.parts:
            yield from part.assumes(target_partition)

    def references(self) -> Iterator[bytes]:
        for part in self.parts:
            yield from part.references()

    def beside(self) -> Numbers | None:
        if not self.field.is_local:
            return None
        known = [numbers for part in self.parts if (numbers := self._numbers(part)) is not None]
        return frozenset.intersection(*known) if known else None

    def _numbers(self, part: Condition) -> Numbers | None:
        """Returns the numbers of the partitions of the objects that meet a part of it; None if that may be any."""
        pks = part.pks if isinstance(part, ByPk) else None
        return part.beside() if pks is None else self.field.partitions_of(pks)

    def __str__(self) -> str:
        return ", ".join(map(str, self.parts))


class ThroughReference(Expression):
    """A field refers to an object for which an expression holds."""

    __slots__ = ("field", "inner")

    def __init__(self, field: Any, inner: Comparison | ThroughReference) -> None:
        self.field = field
        self.inner = inner

    def __repr__(self) -> str:
        return repr(self.inner)


def fields_of(conditions: Iterable[Any]) -> Iterator[Any]:
    """Yields the fields whose values conditions depend on."""
    for condition in conditions:
        yield from (field for index in condition.indexes() for field in index.fields)
        if hasattr(condition, "_field"):  # that it has no value
            yield condition._field
        yield from fields_of(getattr(condition, "_parts", ()))
        yield from fields_of((condition._part,) if hasattr(condition, "_part") else ())


def through_reference(model: Queried, expression: Expression) -> Expression:
    """The expression; or what it says of an object that is referred to, if its path goes on to one's fields."""
    if not isinstance(expression, Comparison) or not expression.path:
        return expression
    field = own_field(model, expression)
    if not isinstance(field, ValueField) or not field.refers or names_index(field, expression):
        return expression
    target, (name, *rest) = target_of(field), expression.path
    through = checked_through(model, f"{expression.through}{field.name}{SEPARATOR}")
    inner = Comparison(target.field(str(name)), tuple(rest), expression.operator, expression.value, through)
    further = through_reference(target, inner)
    return ThroughReference(field, further if isinstance(further, ThroughReference) else inner)


def checked_through(model: Queried, through: str) -> str:
    """Returns the text before the name of a field beyond references, which must not be too many."""
    if through.count(SEPARATOR) > MAX_REFERENCES:
        msg = (
            f"{model.name}: a filter follows more than {MAX_REFERENCES} references, {shorten(through)}: find the "
            "primary keys for a part of the path with one collection, and pass them to another as …__in"
        )
        raise InvalidFilter(msg)
    return through


def names_index(field: ValueField[Any], comparison: Comparison) -> bool:
    """Returns whether the path of an expression names an index of the field itself."""
    text = SEPARATOR.join(str(part) for part in comparison.path)
    return any(prefix == text for prefix, _ in serving(field))


def target_of(field: Any) -> Any:
    """The schema of the model that a field refers to."""
    return field.target
