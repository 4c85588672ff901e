"""Parses filters: `name="x"`, `age__gte=18` or `Person.age >= 18` become conditions, or an error at the call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from limpyd.exceptions import InvalidFilter
from limpyd.expressions import Both, Comparison, EitherOf, Expression, Negation, too_deep
from limpyd.indexes.numbers import NeverStored
from limpyd.query.filters.combined_conditions import AllOf, AnyOf, Negated
from limpyd.query.filters.comparisons import MULTI_VALUE_OPERATORS, UNCONVERTED_TYPES, compared
from limpyd.query.filters.composites import composites
from limpyd.query.filters.conditions import ByIndex, Condition, NoObject
from limpyd.query.filters.errors import no_expression
from limpyd.query.filters.keywords import comparison_of
from limpyd.query.filters.lookups import Lookup
from limpyd.query.filters.model import Queried, own_field
from limpyd.query.filters.references import Related, ThroughReference, target_of, through_reference

MAX_NAMES = 1000
"""The largest number of names in the cache; names may come from users."""


def parse(model: Queried, filters: Mapping[str, Any], expressions: Sequence[Expression] = ()) -> tuple[Condition, ...]:
    """The conditions that expressions and keyword filters stand for; all of them must hold.

    Raises:
        UnknownField: a name is no field.
        InvalidFilter: the field has no index for it.
        InvalidValue: the value does not fit the field's type.
    """
    try:
        return _parsed(model, filters, expressions)
    except RecursionError:
        raise too_deep() from None


def _parsed(model: Queried, filters: Mapping[str, Any], expressions: Sequence[Expression]) -> tuple[Condition, ...]:
    if not expressions and not model.composites(model.keys.first):
        found = [_by_name(model, name, value) for name, value in filters.items()]
        if Related not in map(type, found):
            return tuple(found)
    written: list[Expression] = []
    for expression in expressions:
        if not isinstance(expression, Expression):
            msg = f"{model.name}: {no_expression(model, expression)}"
            raise InvalidFilter(msg)
        written += expression.parts if type(expression) is Both else (expression,)
    written += (comparison_of(model, name, value) for name, value in filters.items())
    return _joined(model, written)


class Named(NamedTuple):
    """The lookup of a filter's name, if one index supports it. It is cached by name."""

    lookup: Lookup
    path: tuple[str | bytes, ...]
    operator: str


def _by_name(model: Queried, name: str, value: Any) -> Condition:
    """The condition that a keyword filter stands for."""
    known: Named | None = model.queries.lookups.get(name)
    if known is not None:
        lookup, path, operator = known
        try:
            if type(value) in UNCONVERTED_TYPES and operator != "between":
                texts = (lookup.field_index.filter_text(lookup.operator, value),)
                return ByIndex(lookup, texts, (), Comparison(lookup.field, path, operator, value))
            if operator == "between" and type(value) is tuple and len(value) == 2:  # noqa: PLR2004
                low, high = value
                if type(low) in UNCONVERTED_TYPES and type(high) in UNCONVERTED_TYPES:
                    ends = (lookup.field_index.filter_text("gte", low), lookup.field_index.filter_text("lte", high))
                    return ByIndex(lookup, ends, (), Comparison(lookup.field, path, operator, value))
        except NeverStored:
            return NoObject(Comparison(lookup.field, path, operator, value))
    comparison = comparison_of(model, name, value)
    condition = condition_of(model, comparison)
    if known is None and isinstance(condition, ByIndex) and isinstance(comparison, Comparison):
        simple = comparison.operator not in MULTI_VALUE_OPERATORS - {"between"}
        if simple and len(model.queries.lookups) < MAX_NAMES:
            model.queries.lookups[name] = Named(condition.lookup, comparison.path, comparison.operator)
    return condition


def _joined(model: Queried, parts: Sequence[Expression]) -> tuple[Condition, ...]:
    """The conditions of expressions that must all hold.

    Expressions on the fields of one composite index become one condition. So do expressions on the objects that one
    reference field refers to: the same referenced object has to meet them all.
    """
    own: list[Expression] = []
    referred: dict[str, tuple[Any, list[Expression]]] = {}
    for part in parts:
        each = through_reference(model, part)
        if isinstance(each, ThroughReference):
            referred.setdefault(each.field.name, (each.field, []))[1].append(each.inner)
        else:
            own.append(each)
    by_composites, others = composites(model, own)
    related = (Related(field, _joined(target_of(field), inner)) for field, inner in referred.values())
    return (*by_composites, *(condition_of(model, part) for part in others), *related)


def condition_of(model: Queried, expression: Expression) -> Condition:
    """The condition that an expression stands for. Raises as `parse`."""
    if isinstance(expression, Negation):
        return Negated(condition_of(model, expression.part))
    if isinstance(expression, EitherOf):
        return AnyOf([condition_of(model, part) for part in expression.parts])
    if isinstance(expression, Both):
        return AllOf(_joined(model, expression.parts))
    expression = through_reference(model, expression)
    if isinstance(expression, ThroughReference):
        return Related(expression.field, [condition_of(target_of(expression.field), expression.inner)])
    if not isinstance(expression, Comparison):
        msg = f"{model.name}: {expression!r} is computed, and no index answers it; update takes it as if_"
        raise InvalidFilter(msg)
    return compared(own_field(model, expression), expression)
