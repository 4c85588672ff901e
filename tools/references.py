"""The pages that list what the library knows of itself: indexes and operators, exceptions.

python -m tools.references [--check]    writes docs/operators.md, exceptions.md, limpyd2.md, costs.md; or only tells
                                        which is stale
"""

from __future__ import annotations

import argparse
import inspect
import operator
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from limpyd import RedisDatabase, RedisModel, exceptions, fields, indexes
from limpyd.exceptions import DeclarationError, LimpydError
from limpyd.expressions import OPERATORS
from limpyd.indexes import EqualIndexWith, Index, MultiIndexes, ScoredEqualIndex, UniqueIndex
from limpyd.query.filters.lookups import serving
from limpyd.types import CODECS
from tools import costs, limpyd2
from tools.commands import table

DOCS = Path(__file__).parents[1] / "docs"

# --- indexes and operators ---

DECLARED: dict[type[Index], dict[str, Any]] = {
    UniqueIndex: {"unique": True},
    EqualIndexWith: {"indexes": [EqualIndexWith(other_fields=["other"])]},
    ScoredEqualIndex: {"indexes": [ScoredEqualIndex(score_field="other")]},
}
"""How a field is given an index, where that is not `indexes=[…]` alone."""

SYMBOLS: dict[str, tuple[Callable[[Any, Any], Any], str]] = {
    "==": (operator.eq, "Has the value."),
    "!=": (operator.ne, "Does not have the value."),
    ">": (operator.gt, "Has a greater value."),
    ">=": (operator.ge, "Has this value or a greater one."),
    "<": (operator.lt, "Has a smaller value."),
    "<=": (operator.le, "Has this value or a smaller one."),
}

ORDER = ("eq", "in", "gt", "gte", "lt", "lte", "between", "startswith", "within", "box")
"""How the operators of an index are told."""

METHODS = ("in_", "between", "startswith", "contains", "is_null", "within", "box")

BY_OTHERS = {
    "ne": "every index that supports `eq`",
    "contains": "every index that supports `eq`, on fields of many members",
    "isnull": "any index",
}
"""Who answers the operators that no index has of its own."""

OPERATORS_PAGE = """# Indexes and operators

(This page is generated from the library: `make references`.)

[Indexes](indexes.md) explains the declaration and the costs of indexes; [collections](collections.md) explains
filters.

## Operators

A filter is `field__operator=value`, or an expression. The indexes for dates and times are built from `TextRangeIndex`
and `NumberRangeIndex`, and support the same operators.

{operators}
## Indexes

In this table `thing` is a model with the field `field`. Write a filter with a prefix, such as `year__gte`, as
`field__year__gte=…`. Every index supports `isnull`. An index that supports `eq` supports `ne` too.

{indexes}
## Types

The table shows the possible indexes of a field of one value, by its `type=`, without a `transform`. *By default* is the
index that `indexable=True` adds. With `unique=True` a `UniqueIndex` supports `eq` and `in`.

{types}"""


class Answer(NamedTuple):
    """What an index does for a field of some type.

    Attributes:
        redis_types: of its keys.
        keys: their names.
        operators: what it answers, by prefix.
    """

    redis_types: list[str]
    keys: list[str]
    operators: dict[str, list[str]]


def public_indexes() -> dict[str, type[Index]]:
    """The indexes that can be declared, and the one that `unique=True` declares, by name."""
    public = {name: getattr(indexes, name) for name in indexes.__all__}
    abstract = {Index, MultiIndexes}
    classes = {name: cls for name, cls in public.items() if isinstance(cls, type) and issubclass(cls, Index)}
    return {name: cls for name, cls in classes.items() if cls not in abstract}


def declared_with(type_: type, **options: Any) -> Any:
    """A field of a type in a model of its own; nothing is sent.

    Raises:
        DeclarationError: it cannot be declared so.
    """
    other = fields.InstanceHashField(type=int)
    body = {"database": RedisDatabase(), "field": fields.InstanceHashField(type=type_, **options), "other": other}
    return type("Thing", (RedisModel,), body).get_field("field")


def answer(index: type[Index], type_: type) -> Answer | None:
    """What an index does for a field of a type; None if it does not take such a field."""
    try:
        field = declared_with(type_, **DECLARED.get(index, {"indexes": [index]}))
    except DeclarationError:
        return None
    field_indexes = [
        each for each in field.place(None).indexes if index is not UniqueIndex or each.kind is UniqueIndex.kind
    ]
    found: dict[str, list[str]] = {}
    for prefix, name in serving(field):
        if index is not UniqueIndex or name in UniqueIndex.operators:
            found.setdefault(prefix, []).append(name)
    return Answer([each.kind.redis_type for each in field_indexes], [_key(each) for each in field_indexes], found)


def _key(index: Any) -> str:
    key: str = index.key.decode()
    return f"{key}<value>" if key.endswith(":") else key


def operators_page() -> str:
    """The page of indexes and operators."""
    answers = {
        name: {type_: found for type_ in CODECS if (found := answer(index, type_)) is not None}
        for name, index in public_indexes().items()
    }
    return OPERATORS_PAGE.format(
        operators=table(("suffix", "expression", "the field", "index"), _operators(answers)),
        indexes=table(("index", "Redis type", "keys", "filters"), _indexes(answers)),
        types=table(("`type=`", "by default", "also"), _types(answers)),
    )


def _operators(answers: dict[str, dict[type, Answer]]) -> Iterator[tuple[str, ...]]:
    field = declared_with(str)
    written = {compare(field, 1).operator: (f"`field {sign} x`", about) for sign, (compare, about) in SYMBOLS.items()}
    for name in METHODS:
        method = getattr(type(field), name)
        arguments = [parameter for parameter in list(inspect.signature(method).parameters)[1:] if parameter != "null"]
        asked = method(field, *([1] * len(arguments))) if name != "in_" else method(field, [1])
        about = (inspect.getdoc(method) or "").partition("\n")[0]
        written[asked.operator] = f"`field.{name}({', '.join(arguments)})`", about
    if written.keys() != OPERATORS:
        msg = f"not all operators are told of: {sorted(OPERATORS ^ written.keys())}"
        raise AssertionError(msg)
    for name, (expression, about) in written.items():
        by = [index for index, each in answers.items() if _answers(index, each, name)]
        suffix = "none, or `__eq`" if name == "eq" else f"`__{name}`"
        yield suffix, expression, about, BY_OTHERS.get(name) or ", ".join(f"`{index}`" for index in by)


def _answers(index: str, by_type: dict[type, Answer], name: str) -> bool:
    composed = issubclass(public_indexes()[index], MultiIndexes)
    return not composed and any(name in one.operators.get("", ()) for one in by_type.values())


def _indexes(answers: dict[str, dict[type, Answer]]) -> Iterator[tuple[str, ...]]:
    for name, by_type in answers.items():
        found = max(by_type.values(), key=lambda each: sum(map(len, each.operators.values())))
        own = [f"`{one}`" for one in sorted(found.operators.get("", ()), key=ORDER.index)]
        by_part = [f"`{prefix}__…`" for prefix in found.operators if prefix]
        keys = "<br>".join(f"`{key}`" for key in found.keys)
        redis_types = ", ".join(dict.fromkeys(found.redis_types))
        filters = " ".join([*own, *by_part]) or "`eq` `in`, of all its fields at once"
        yield f"`{name}`", redis_types, keys, filters


def _types(answers: dict[str, dict[type, Answer]]) -> Iterator[tuple[str, ...]]:
    for type_ in CODECS:
        default = [str(index.index) for index in declared_with(type_, indexable=True).place(None).indexes]
        also = [name for name, by_type in answers.items() if type_ in by_type and name not in {*default, "UniqueIndex"}]
        yield f"`{type_.__name__}`", ", ".join(f"`{name}`" for name in default), ", ".join(f"`{name}`" for name in also)


# --- exceptions ---

EXCEPTIONS_PAGE = """# Exceptions

(This page is generated from the library: `make references`.)

Every error that limpyd raises is a `LimpydError`, and can be imported from `limpyd.exceptions`. Each message names the
model, the field and the value, gives the reason, and suggests what to do. *Also a* lists further base classes, from
Python or redis-py, for code that catches those. [The API reference](api/exceptions.md) lists the attributes.

"""

SECTION = re.compile(r"^# --- (.*) ---$|^class (\w+)\(", re.MULTILINE)


def exceptions_page() -> str:
    """The page of exceptions, in the order and under the titles of their module."""
    parts, rows, head = [EXCEPTIONS_PAGE], [], ("exception", "also a", "meaning")
    for match in SECTION.finditer(inspect.getsource(exceptions)):
        title, name = match.groups()
        if title:
            parts += [table(head, rows), f"\n## {title[0].upper()}{title[1:]}\n\n"]
            rows = []
        else:
            rows.append(_exception(getattr(exceptions, name)))
    return "".join([*parts, table(head, rows)])


def _exception(cls: type[LimpydError]) -> tuple[str, ...]:
    about = (inspect.getdoc(cls) or "").partition("\n\nAttributes:")[0]
    bases = [base for base in cls.__bases__ if base not in {LimpydError, Exception}]
    named = (f"redis.{base.__name__}" if base.__module__.startswith("redis.") else base.__name__ for base in bases)
    return f"`{cls.__name__}`", ", ".join(f"`{name}`" for name in named), " ".join(about.split())


# --- the program ---

PAGES: dict[Path, Callable[[], str]] = {
    DOCS / "operators.md": operators_page,
    DOCS / "exceptions.md": exceptions_page,
    DOCS / "limpyd2.md": limpyd2.page,
    DOCS / "costs.md": costs.page,
}


def main() -> int:
    """The program."""
    parser = argparse.ArgumentParser(prog="python -m tools.references")
    parser.add_argument("--check", action="store_true", help="only tell which page is stale")
    asked = parser.parse_args()
    stale = [page for page, text in PAGES.items() if not page.exists() or page.read_text() != text()]
    for page in stale:
        if asked.check:
            print(f"{page.name} is stale: make references")
        else:
            page.write_text(PAGES[page]())
    return 1 if asked.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
