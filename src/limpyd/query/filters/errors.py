"""Messages for filters that cannot be answered: the reason, and the cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from limpyd.exceptions import DeclarationError, InvalidFilter, shorten
from limpyd.expressions import OPERATORS, SEPARATOR, Comparison
from limpyd.fields import ValueField
from limpyd.indexes.base import Index
from limpyd.indexes.defaults import default
from limpyd.indexes.equality import EqualIndex
from limpyd.indexes.geo import GeoIndex
from limpyd.indexes.ranges import NumberRangeIndex, TextRangeIndex
from limpyd.keys.limpyd2 import Limpyd2Partition
from limpyd.utils.suggestions import did_you_mean

ORDER = frozenset({"gt", "gte", "lt", "lte", "between"})
PLACES = frozenset({"within", "box"})
TEXT_TYPES = frozenset({"str", "bytes"})

CANDIDATES: dict[str, tuple[type[Index], ...]] = {
    **dict.fromkeys(("eq", "in", "ne", "contains"), (EqualIndex,)),
    **dict.fromkeys(ORDER, (NumberRangeIndex, TextRangeIndex)),
    "startswith": (TextRangeIndex,),
    **dict.fromkeys(PLACES, (GeoIndex,)),
}
"""The indexes that answer an operator."""

CASELESS = "no operator ignores case: add TextRangeIndex(case_sensitive=False) to the indexes of the field, and use {}"
NOT_FOUND_BY = "no index finds values by what they contain or end with"
OTHER_WORDS = {
    "exact": "the operator is called `eq`, or left out",
    "range": "the operator is called `between`",
    "not": "the operator is called `ne`",
    "iexact": CASELESS.format("`eq`"),
    "istartswith": CASELESS.format("`startswith`"),
    **dict.fromkeys(("icontains", "endswith", "iendswith", "regex", "iregex"), NOT_FOUND_BY),
}
"""The advice on operators of other libraries."""

PARTS = {
    "date": "DateIndex",
    "time": "TimeIndex",
    **dict.fromkeys(("datetime", "str", "bytes"), "DateTimeIndex"),
}
"""The index that keeps the parts of a type."""
NAMES_OF_PARTS = frozenset({"date", "time", "year", "month", "day", "hour", "minute", "second"})

Served = Mapping[tuple[str, str], Any]
"""The lookups that the indexes of a field answer, by prefix and operator."""


def unserved(field: ValueField[Any], served: Served, prefix: str, written: Comparison) -> InvalidFilter:
    """The error for a filter that no index of a field answers.

    Args:
        field: the field.
        served: what its indexes answer.
        prefix: the part that the filter names; empty for the value as it is.
        written: the filter.
    """
    return InvalidFilter(f"{written}: {_reason(field, served, prefix, written)}")


def _reason(field: ValueField[Any], served: Served, prefix: str, written: Comparison) -> str:
    operator = written.operator
    prefixes = {each for each, _ in served}
    if prefix and prefix not in prefixes:
        return _unknown_part(field, served, prefix, written)
    senseless = "" if prefix else _senseless(field, operator, written)
    if senseless:
        return senseless
    composites = [index for index in field.model.composites(field.model.keys.first) if index.has(field)]
    if not served and composites and operator in {"eq", "in", "ne"}:
        names = composites[0].name.replace(", ", " and ")
        return (
            f"{field} is indexed only together with others; filter by {names} at once, or add EqualIndex to its indexes"
        )
    if not served:
        return f"{field} has no index, so objects cannot be found by it; {_cure(field, operator)}"
    asked = _stands_for(operator)
    under = sorted(each for each, known in served if each and known == asked)
    if not prefix and under:
        names = " or ".join(f"{_named(written, each)}{_suffix(operator)}" for each in under)
        return (
            f"{field} has no index that supports {operator!r} for the whole value, only for a part of it: use "
            f"{names}, or {_cure(field, operator)}"
        )
    answers = ", ".join(_operators(served, prefix)) or "isnull"
    whole = f"{field}, part {prefix!r}," if prefix else f"{field}"
    cure = "" if prefix else f"; {_cure(field, operator)}"
    return f"{whole} has no index that supports {operator!r}; it supports {answers}{cure}"


def _stands_for(operator: str) -> str:
    """The operator that indexes are asked for."""
    return "eq" if operator in {"ne", "contains"} else operator


def _suffix(operator: str) -> str:
    return "" if operator == "eq" else SEPARATOR + operator


def _named(written: Comparison, *further: str) -> str:
    """The name of a filter without its operator, and with other parts after it."""
    return SEPARATOR.join((written.name, *further))


def _operators(served: Served, prefix: str) -> list[str]:
    """Returns the operators that are answered for a part."""
    found = {known for each, known in served if each == prefix}
    return sorted(found | ({"ne"} if "eq" in found else set()) | (set() if prefix else {"isnull"}))


def _unknown_part(field: ValueField[Any], served: Served, prefix: str, written: Comparison) -> str:
    """Returns the fault of the text between the name of a field and an operator."""
    parts = prefix.split(SEPARATOR)
    neither = f"{prefix!r} is neither an operator nor a part in an index of {field}"
    if prefix == SEPARATOR:
        return f"{neither}; write {field.name}=…, or an operator after it, such as {field.name}{SEPARATOR}in=…"
    if OPERATORS.issuperset(parts) or parts[-1] in OPERATORS:
        return f"a filter of {field} has one operator, at its end; {parts[-1]!r} and {written.operator!r} are two"
    if prefix in OTHER_WORDS and written.operator == "eq":
        return f"{field} does not support {prefix!r}: {OTHER_WORDS[prefix]}"
    if prefix in NAMES_OF_PARTS and field.codec.name in PARTS and not field.has_subkeys:
        return f"{field} has no index of its {prefix}; add {PARTS[field.codec.name]} to its indexes"
    if prefix in {"len", "count"} and field.many:
        return (
            f"objects cannot be found by the number of members of {field}; only sort takes {field.name}{SEPARATOR}len. "
            f"Keep the number in another field"
        )
    known = sorted({each for each, _ in served if each})
    meant = did_you_mean(prefix, [*OPERATORS, *known])
    if meant:
        return neither + meant
    of_parts = f"; its parts are {', '.join(known)}" if known else ""
    return f"{neither}; it supports {', '.join(_operators(served, '')) or 'isnull'}{of_parts}"


def _senseless(field: ValueField[Any], operator: str, written: Comparison) -> str:
    """Returns the reason why an operator makes no sense for a field, whatever its indexes; empty if it does."""
    holds, name = field.codec.name, written.name
    one = not (field.many or field.has_subkeys)
    if operator == "contains" and one:
        if holds in TEXT_TYPES:
            return (
                f"`contains` is for members, and {field} holds one text: no index finds a part of a text; to find "
                f"its beginning, use {name}{SEPARATOR}startswith, with TextRangeIndex among its indexes"
            )
        return f"`contains` is for members, and {field} holds one {holds}: use {name}={shorten(written.value)}"
    if operator == "startswith" and (field.codec.ordered == "number" or holds == "bool"):
        return f"`startswith` is for texts, and {field} holds {holds}"
    if operator in ORDER and holds == "bool":
        return f"{field} holds bool, which has no order: use {name}=True or {name}=False"
    if operator in ORDER and holds == "GeoPoint":
        return f"{field} holds places, which have no order: use {name}{SEPARATOR}within or {name}{SEPARATOR}box"
    if operator in PLACES and not field.has_places and (holds != "GeoPoint" or not one):
        return f"`{operator}` is for places, and {field} holds {holds}; declare a field of type GeoPoint, or a GeoField"
    return ""


def _cure(field: ValueField[Any], operator: str) -> str:
    """Returns the declaration of a field that answers an operator."""
    asked = _stands_for(operator)
    old = isinstance(field.model.keys.first, Limpyd2Partition)
    usual: list[Index] = [EqualIndex()] if old else default(field, unique=False)
    if not field.indexable and (operator == "isnull" or any(asked in index.operators for index in usual)):
        return "declare it with indexable=True"
    fitting = [index for index in CANDIDATES[operator] if _fits(index, field)]
    if field.declared_indexes:
        return f"add {_either(fitting)} to its indexes"
    lost = [type(index) for index in usual if field.indexable and not index.operators <= fitting[0].operators]
    texts = [f"indexes=[{', '.join(each.__name__ for each in (*lost, index))}]" for index in fitting]
    return f"declare it with {texts[0]}" + (f", or {texts[1]} for texts" if len(texts) > 1 else "")


def _either(indexes: Iterable[type[Index]]) -> str:
    first, *others = (index.__name__ for index in indexes)
    return f"{first}, or {others[0]} for texts," if others else first


def _fits(index: type[Index], field: ValueField[Any]) -> bool:
    try:
        index().check_field(field)
    except DeclarationError:
        return False
    return index is not NumberRangeIndex or field.codec.name in TEXT_TYPES or bool(field.codec.ordered)


def of_none(written: Comparison) -> InvalidFilter:
    """The error for a filter that compares with None."""
    null = written.operator != "ne"
    return InvalidFilter(
        f"{written}: an index does not store None; use {written.name_of_value}{SEPARATOR}isnull={null}"
    )


def no_expression(model: Any, given: Any) -> str:
    """Returns why something is no expression. A bool may come of a field whose name the reference itself has."""
    text = f"{shorten(given)} is not an expression such as {model.name}.field == value"
    if not isinstance(given, bool):
        return text
    for field in model.fields.values():
        target: Any = getattr(field, "target", None) if getattr(field, "has_target", False) else None
        if target is None:
            continue
        hidden = next((name for name in target.fields if name in vars(field) or hasattr(type(field), name)), None)
        if hidden is not None:
            own, theirs = f"{model.name}.{field.name}", f"{target.name}.{hidden}"
            return (
                f"{text}. {own}.{hidden} is an attribute of the reference; {theirs} is compared with {own}[{hidden!r}]"
            )
    return text
