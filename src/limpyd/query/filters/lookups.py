"""Lookups: each is a field, an operator and the index that answers it, whatever the value."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from limpyd.exceptions import InvalidFilter
from limpyd.expressions import EQUALITY, SEPARATOR
from limpyd.fields import ValueField
from limpyd.indexes.field_index import FieldIndex
from limpyd.keys import Partition
from limpyd.scripts.query_nodes import Node
from limpyd.scripts.query_values import Stored, Text

NOT_TESTED = Stored(b"", b"")
MAX_SUBKEYS = 100
"""The most sub-keys of a field that are remembered; they may come from outside."""


MAX_CONDITIONS = 16
"""The most conditions of a query that has a form. Queries with more rarely come again."""


class QueryForm:
    """The form of a query, whatever its values.

    Args:
        asked: everything that the request depends on besides the conditions.

    Attributes:
        parts: the form itself.
        values: the values of each simple condition.
        several: the positions of the conditions that have two or more different values.
    """

    __slots__ = ("parts", "several", "values")

    def __init__(self, asked: Hashable) -> None:
        self.parts: list[Any] = [asked]
        self.values: list[Sequence[Any]] = []
        self.several: list[int] = []


class Lookup:
    """The lookup of a filter in a field, whatever its value.

    Attributes:
        field: the field.
        number: the position of the index that answers, among the field's indexes.
        operator: the operator.
        sub: the sub-key, if the field has sub-keys.
        field_index: that index.
        is_reusable: true if all filters with this field, operator and sub-key share the lookup, and ask the server
            in the same way whatever the value.
        names_targets: true if its values are the primary keys of objects that the field refers to.
        takes_several: true if the filter has any number of values, of which an object must have one.
    """

    __slots__ = (
        "_with_sub_keys",
        "field",
        "field_index",
        "is_reusable",
        "names_targets",
        "number",
        "operator",
        "sub",
        "takes_several",
    )

    def __init__(self, field: Any, number: int, operator: str, sub: bytes | None = None) -> None:
        self.field = field
        self.number = number
        self.operator = operator
        self.sub = sub
        self.takes_several = operator == "in"
        self.field_index: FieldIndex = field.place_in(field.model.keys.first).indexes[number]
        self.names_targets = (
            field.refers
            and operator in EQUALITY
            and self.field_index.form == b"text"
            and self.field_index.one_plain_text
        )
        # There may be many versions of a dynamic field.
        self.is_reusable = self.field_index.index.reuses_plans and field.version_of is None
        self._with_sub_keys: dict[bytes, Lookup] = {}

    def __reduce__(self) -> Any:
        return lookup_of, (self.field, self.field_index.index.prefix, self.operator, self.sub)

    def with_sub_key(self, sub: bytes | None) -> Lookup:
        """The same for a sub-key."""
        if sub is None:
            return self
        known = self._with_sub_keys.get(sub)
        if known is None:
            known = Lookup(self.field, self.number, self.operator, sub)
            if len(self._with_sub_keys) < MAX_SUBKEYS:
                self._with_sub_keys[sub] = known
            else:
                known.is_reusable = False
        return known

    def add_to(self, form: QueryForm, texts: Sequence[Text]) -> None:
        """Adds the lookup and its values to the form of a query."""
        count = len(texts)
        if self.takes_several and count > 1:
            texts = list(dict.fromkeys(texts))
            count = min(len(texts), 2)
            if count > 1:
                form.several.append(len(form.values))
        form.parts += (self, count)
        form.values.append(texts)

    def node(self, partition: Partition, texts: Sequence[Text]) -> Node:
        """Returns the query node for the objects of a partition, with certain values."""
        index = self.field.place_in(partition).indexes[self.number]
        stored = stored_in(self.field, partition, self.sub) if index.kind.tests_values(len(texts)) else NOT_TESTED
        node: Node = index.node(self.operator, texts, self.sub, stored)
        return node


def serving(field: ValueField[Any]) -> dict[tuple[str, str], Lookup]:
    """Returns the lookups of a field by prefix and operator: the first of its indexes that serves them answers."""
    found: dict[tuple[str, str], Lookup] | None = vars(field).get("_serving")
    if found is None:
        found = {}
        for number, index in enumerate(field.place_in(field.model.keys.first).indexes):
            for operator in index.index.operators:
                found.setdefault((index.index.prefix, operator), Lookup(field, number, operator))
        vars(field)["_serving"] = found
    return found


def lookup_of(field: ValueField[Any], prefix: str, operator: str, sub: bytes | None) -> Lookup:
    """Returns the lookup of a prefix and an operator, and of a sub-key if the field has sub-keys.

    Raises:
        InvalidFilter: no index of the field serves them. A query may have been pickled with another declaration.
    """
    lookup = serving(field).get((prefix, operator))
    if lookup is None:
        msg = (
            f"{field} has no index for {SEPARATOR.join(filter(None, (prefix, operator)))!r}, as the pickled query needs"
        )
        raise InvalidFilter(msg)
    return lookup.with_sub_key(sub)


def stored_in(field: ValueField[Any], partition: Partition, sub: bytes | None) -> Stored:
    """Returns where the values of a field are stored."""
    place = field.place_in(partition)
    return Stored(place.prefix, place.stored, field.sub_key if sub is None else sub)
