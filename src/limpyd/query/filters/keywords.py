"""Keyword filters: `age__gte=18` as the expression `Person.age >= 18`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from limpyd.expressions import OPERATORS, SEPARATOR, Comparison
from limpyd.fields import ValueField
from limpyd.query.filters.model import Queried
from limpyd.query.filters.references import ThroughReference, checked_through, names_index, target_of


def comparison_of(model: Queried, name: str, value: Any, through: str = "") -> Comparison | ThroughReference:
    """A keyword filter as an expression."""
    if name in model.fields:
        return Comparison(model.fields[name], (), "eq", value, through)
    begun = [known for known in (*model.fields, "pk") if name.startswith(known + SEPARATOR)]
    field_name = max(begun, key=len, default=name.partition(SEPARATOR)[0])
    field = model.field(field_name)
    text = name[len(field_name + SEPARATOR) :]
    rest = text.split(SEPARATOR) if len(name) > len(field_name) else []
    operator = rest.pop() if rest and rest[-1] in OPERATORS else "eq"
    if rest and isinstance(field, ValueField) and field.refers:
        own = Comparison(field, tuple(rest), operator, value, through)
        further = checked_through(model, f"{through}{field_name}{SEPARATOR}")
        if names_index(field, own):
            return own
        return ThroughReference(field, comparison_of(target_of(field), text, value, further))
    if operator == "in" and isinstance(value, Iterator):
        value = list(value)
    if isinstance(field, ValueField) and field.has_subkeys:
        if not rest and operator != "eq":
            rest, operator = [operator], "eq"
        path = _sub_key_and_prefix(field, rest, name.removesuffix(SEPARATOR + operator))
        return Comparison(field, tuple(path), operator, value, through)
    return Comparison(field, tuple(rest), operator, value, through)


def _sub_key_and_prefix(field: ValueField[Any], rest: list[str], name: str) -> list[str]:
    """The sub-key that a name ends in, and the prefix of an index behind it; a sub-key may have separators itself."""
    prefixes = {index.index.prefix for index in field.place_in(field.model.keys.first).indexes} - {""}
    prefix = max((each for each in prefixes if name.endswith(SEPARATOR + each)), key=len, default="")
    if prefix and len(rest) > prefix.count(SEPARATOR) + 1:
        cut = len(rest) - prefix.count(SEPARATOR) - 1
        return [SEPARATOR.join(rest[:cut]), prefix]
    return [SEPARATOR.join(rest)] if rest else []
