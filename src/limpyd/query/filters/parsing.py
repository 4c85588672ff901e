"""Parses filters: `name="x"`, `age__gte=18` or `Person.age >= 18` become conditions, or an error at the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from math import prod
from typing import Any, NamedTuple, Protocol

from limpyd.exceptions import InvalidFilter, InvalidValue, UnknownField, shorten
from limpyd.expressions import OPERATORS, SEPARATOR, Both, Comparison, EitherOf, Expression, Negation, too_deep
from limpyd.fields import BoundField, Field, ValueField
from limpyd.fields.checks import as_bytes
from limpyd.indexes.composite import CompositeFieldIndex
from limpyd.indexes.numbers import NeverStored, equal
from limpyd.keys import ModelKeys, Partition
from limpyd.query.filters.conditions import (
    ByIndex,
    ByPk,
    Condition,
    Fails,
    Joined,
    Missing,
    Nobody,
    OneHolds,
    Related,
    Together,
)
from limpyd.query.filters.errors import no_expression, of_none, unserved
from limpyd.query.filters.lookups import Lookup, serving
from limpyd.query.filters.operands import Values, is_instance
from limpyd.query.results.prefetch import target_of
from limpyd.utils.suggestions import did_you_mean

SEVERAL = frozenset({"in", "between", "within", "box"})
"""Operators that take several values."""
PLAIN = frozenset({str, int, float})
"""Types of values that are just values, as most are."""

MOST_TOGETHER = 1000
"""The most combinations of values that a composite index is asked for; beyond, other indexes answer."""
MOST_REFERENCES = 30
"""The most references that a filter may go through."""
MOST_NAMES = 1000
"""The most names of filters that are remembered; they may come from outside."""


class LookupCache(Protocol):
    """The lookups of filters that a model knows already, by their names."""

    lookups: dict[str, Any]


class Queried(Protocol):
    """The attributes that a filter uses of a model."""

    name: str
    model: Any
    keys: ModelKeys

    @property
    def queries(self) -> LookupCache: ...
    @property
    def fields(self) -> Mapping[str, Field[Any]]: ...

    def field(self, name: str) -> Field[Any]: ...
    def composites(self, where: Partition) -> list[CompositeFieldIndex]: ...


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
    if not expressions and not model.composites(model.keys.partitions[0]):
        found = [_by_name(model, name, value) for name, value in filters.items()]
        if Related not in map(type, found):
            return tuple(found)
    written: list[Expression] = []
    for expression in expressions:
        if not isinstance(expression, Expression):
            msg = f"{model.name}: {no_expression(model, expression)}"
            raise InvalidFilter(msg)
        written += expression.parts if type(expression) is Both else (expression,)
    written += (_comparison(model, name, value) for name, value in filters.items())
    return _joined(model, written)


class Named(NamedTuple):
    """The lookup of a filter's name, if one index answers it; found once for each name."""

    lookup: Lookup
    path: tuple[str | bytes, ...]
    operator: str


def _by_name(model: Queried, name: str, value: Any) -> Condition:
    """The condition that a keyword filter stands for."""
    known: Named | None = model.queries.lookups.get(name)
    if known is not None:
        lookup, path, operator = known
        try:
            if type(value) in PLAIN and operator != "between":
                texts = (lookup.field_index.filter_text(lookup.operator, value),)
                return ByIndex(lookup, texts, (), Comparison(lookup.field, path, operator, value))
            if operator == "between" and type(value) is tuple and len(value) == 2:  # noqa: PLR2004
                low, high = value
                if type(low) in PLAIN and type(high) in PLAIN:
                    ends = (lookup.field_index.filter_text("gte", low), lookup.field_index.filter_text("lte", high))
                    return ByIndex(lookup, ends, (), Comparison(lookup.field, path, operator, value))
        except NeverStored:
            return Nobody(Comparison(lookup.field, path, operator, value))
    comparison = _comparison(model, name, value)
    condition = condition_of(model, comparison)
    if known is None and isinstance(condition, ByIndex) and isinstance(comparison, Comparison):
        simple = comparison.operator not in SEVERAL - {"between"}
        if simple and len(model.queries.lookups) < MOST_NAMES:
            model.queries.lookups[name] = Named(condition.lookup, comparison.path, comparison.operator)
    return condition


def _joined(model: Queried, parts: Sequence[Expression]) -> tuple[Condition, ...]:
    """The conditions of expressions that must all hold.

    Those that one index keeps together become one, and so do those on the objects that a field refers to, which are
    about one of these.
    """
    own: list[Expression] = []
    beyond: dict[str, tuple[Any, list[Expression]]] = {}
    for part in parts:
        each = _beyond(model, part)
        if isinstance(each, Beyond):
            beyond.setdefault(each.field.name, (each.field, []))[1].append(each.inner)
        else:
            own.append(each)
    together, others = composites(model, own)
    related = (Related(field, _joined(target_of(field), inner)) for field, inner in beyond.values())
    return (*together, *(condition_of(model, part) for part in others), *related)


def composites(model: Queried, parts: Sequence[Expression]) -> tuple[list[Condition], Sequence[Expression]]:
    """The conditions that indexes of several fields answer, and the expressions that are left."""
    indexes = model.composites(model.keys.partitions[0])
    found: list[Condition] = []
    for number, kept in enumerate(indexes):
        if len(parts) < len(kept.fields) or kept.kind == b"&scored":
            continue
        compared: dict[str, Comparison] = {}
        for part in parts:
            if (
                isinstance(part, Comparison)
                and part.operator in {"eq", "in"}
                and not part.path
                and _known_values(part) is not None
            ):
                compared.setdefault(_own(model, part).name, part)
        wanted = [compared.get(field.name) for field in kept.fields]
        values = [None if each is None else _known_values(each) for each in wanted]
        if None in values:
            continue
        together = [part for part in wanted if part is not None]
        stored = [
            [text for value in each or () for text in _equal_to(model.fields[part.field.name], value)]
            for part, each in zip(together, values, strict=True)
        ]
        if prod(map(len, stored)) > MOST_TOGETHER:
            continue
        text = ", ".join(map(repr, together))
        entries = [entry for each in product(*stored) if (entry := kept.entry(each)) is not None]
        found.append(Together(model, number, entries, text))
        parts = [part for part in parts if not any(part is each for each in together)]
    return found, parts


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


def condition_of(model: Queried, expression: Expression) -> Condition:
    """The condition that an expression stands for. Raises as `parse`."""
    if isinstance(expression, Negation):
        return Fails(condition_of(model, expression.part))
    if isinstance(expression, EitherOf):
        return OneHolds([condition_of(model, part) for part in expression.parts])
    if isinstance(expression, Both):
        return Joined(_joined(model, expression.parts))
    expression = _beyond(model, expression)
    if isinstance(expression, Beyond):
        return Related(expression.field, [condition_of(target_of(expression.field), expression.inner)])
    if not isinstance(expression, Comparison):
        msg = f"{model.name}: {expression!r} cannot be used in a filter"
        raise InvalidFilter(msg)
    field = _own(model, expression)
    if not isinstance(field, ValueField):
        return _by_pk(field, expression)
    sub, prefix = _meaning(field, expression)
    operator, value = expression.operator, expression.value
    if operator == "isnull":
        return _missing(field, sub, prefix, expression)
    if operator == "ne":
        return Fails(_by_index(field, sub, prefix, "eq", value, expression), expression)
    if operator == "contains" and (field.many or field.has_subkeys):
        operator = "eq"
    return _by_index(field, sub, prefix, operator, value, expression)


def _is_prefix(field: ValueField[Any], comparison: Comparison) -> bool:
    """Returns whether the path of an expression names an index of the field itself."""
    text = SEPARATOR.join(str(part) for part in comparison.path)
    return any(prefix == text for prefix, _ in serving(field))


class Beyond(Expression):
    """A field refers to an object for which an expression holds."""

    __slots__ = ("field", "inner")

    def __init__(self, field: Any, inner: Comparison | Beyond) -> None:
        self.field = field
        self.inner = inner

    def __repr__(self) -> str:
        return repr(self.inner)


def _beyond(model: Queried, expression: Expression) -> Expression:
    """The expression; or what it says of an object that is referred to, if its path goes on to one's fields."""
    if not isinstance(expression, Comparison) or not expression.path:
        return expression
    field = _own(model, expression)
    if not isinstance(field, ValueField) or not field.refers or _is_prefix(field, expression):
        return expression
    target, (name, *rest) = target_of(field), expression.path
    through = _checked_through(model, f"{expression.through}{field.name}{SEPARATOR}")
    inner = Comparison(target.field(str(name)), tuple(rest), expression.operator, expression.value, through)
    further = _beyond(target, inner)
    return Beyond(field, further if isinstance(further, Beyond) else inner)


def _checked_through(model: Queried, through: str) -> str:
    """Returns the text before the name of a field beyond references, which must not be too many."""
    if through.count(SEPARATOR) > MOST_REFERENCES:
        msg = (
            f"{model.name}: a filter goes through more than {MOST_REFERENCES} references, {shorten(through)}: find the "
            f"primary keys of a part of that with one collection, and give them to another as …__in"
        )
        raise InvalidFilter(msg)
    return through


def _by_index(
    field: ValueField[Any], sub: bytes | None, prefix: str, operator: str, value: Any, written: Comparison
) -> Condition:
    serves = serving(field).get((prefix, operator))
    if serves is None:
        raise unserved(field, serving(field), prefix, written)
    if value is None:
        raise of_none(written)
    kept, lookup = serves.field_index, serves.under(sub)
    try:
        if type(value) in PLAIN and operator not in SEVERAL:
            return ByIndex(lookup, (kept.filter_text(operator, value),), (), written)
        values = Values(field, kept, operator, written)
        texts = kept.index.filter_values(kept, operator, values.unfolded(value), values.text)
    except NeverStored:
        return Nobody(written)
    return ByIndex(lookup, texts, values.elsewhere, written)


def _by_pk(field: Field[Any], comparison: Comparison) -> Condition:
    operator, value = comparison.operator, comparison.value
    if comparison.path or operator not in {"eq", "in", "ne"}:
        msg = f"{comparison}: a primary key is found by eq, ne and in"
        raise InvalidFilter(msg)
    values = Values(field, None, operator, comparison)
    if operator == "in":
        if isinstance(value, str | bytes) or not isinstance(value, Iterable | BoundField):
            msg = f"{comparison}: `in` takes several values, such as a list"
            raise InvalidFilter(msg)
        pks = [values.pk(each) for each in values.unfolded(value)]
        return ByPk(pks, values.elsewhere, comparison)
    one = ByPk([values.pk(value)], values.elsewhere, comparison)
    return Fails(one, comparison) if operator == "ne" else one


def _missing(field: ValueField[Any], sub: bytes | None, prefix: str, comparison: Comparison) -> Condition:
    if not field.indexable:
        raise unserved(field, serving(field), "", comparison)
    if prefix and not any(prefix == each for each, _ in serving(field)):
        raise unserved(field, serving(field), prefix, comparison)
    if not isinstance(comparison.value, bool):
        msg = f"{comparison}: isnull takes True or False"
        raise InvalidFilter(msg)
    missing = Missing(field, sub, comparison)
    return missing if comparison.value else Fails(missing, comparison)


def _own(model: Queried, comparison: Comparison) -> Field[Any]:
    """The model's own field that an expression means, which may have been written of a class it inherits from."""
    field = comparison.field
    owner = getattr(field, "model", None)
    if owner is model:
        return field  # type: ignore[no-any-return]
    name = field.name
    inherited = owner is None or issubclass(model.model, owner.model)
    if not inherited or not model.model.has_field(name):
        msg = f"{field} is no field of {model.name}"
        raise InvalidFilter(msg)
    return model.field(name)


def _comparison(model: Queried, name: str, value: Any, through: str = "") -> Comparison | Beyond:
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
        further = _checked_through(model, f"{through}{field_name}{SEPARATOR}")
        return own if _is_prefix(field, own) else Beyond(field, _comparison(target_of(field), text, value, further))
    if operator == "in" and isinstance(value, Iterator):
        value = list(value)
    if isinstance(field, ValueField) and field.has_subkeys:
        if not rest and operator != "eq":
            rest, operator = [operator], "eq"
        path: list[str | bytes] = list(rest)
        prefixes = {kept.index.prefix for kept in field.place(None).indexes} - {""}
        before = name.removesuffix(SEPARATOR + operator)
        fitting = [each for each in prefixes if before.endswith(SEPARATOR + each)]
        prefix = max(fitting, key=len, default="")
        if prefix and len(rest) > prefix.count(SEPARATOR) + 1:
            cut = len(rest) - prefix.count(SEPARATOR) - 1
            path = [SEPARATOR.join(rest[:cut]), prefix]
        else:
            path = [SEPARATOR.join(rest)] if rest else []
        return Comparison(field, tuple(path), operator, value, through)
    return Comparison(field, tuple(rest), operator, value, through)


def _meaning(field: ValueField[Any], comparison: Comparison) -> tuple[bytes | None, str]:
    """The sub-key and the prefix that the path of an expression means."""
    path = comparison.path
    if not field.has_subkeys:
        if "" in path:
            raise unserved(field, serving(field), SEPARATOR, comparison)
        return None, SEPARATOR.join(part if isinstance(part, str) else part.decode() for part in path)
    if not path:
        if comparison.operator == "isnull":
            return None, ""
        msg = f"{comparison}: {field} has values by key; name the key: {field.name}{SEPARATOR}<key>=…"
        raise InvalidFilter(msg)
    sub, *prefix = path
    return as_bytes(str(comparison), sub), SEPARATOR.join(str(part) for part in prefix)


def unknown_field(model: Queried, name: str) -> UnknownField:
    """The error for a name that is no field of the model."""
    meant = did_you_mean(name, model.fields)
    return UnknownField(f"{model.name} has no field {name!r}; it has {', '.join(model.fields)}{meant}")
