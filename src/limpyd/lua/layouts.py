"""The descriptions in the layouts of arguments: of each field its name, its meaning, and whether it is repeated."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import UnionType
from typing import Annotated, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from limpyd.lua.arguments import Packed
from limpyd.requests.resp import Argument


class Field(NamedTuple):
    """A field of a layout: its name, what it is, and of many what one of them is, if that is a row."""

    name: str
    meaning: str
    many: bool
    row: list[Field] | None

    @property
    def width(self) -> int | None:
        """The number of arguments of each of many; None if that differs."""
        if self.row is None:
            return 1
        return None if any(field.many for field in self.row) else len(self.row)

    @property
    def one(self) -> str:
        """The name of one of many."""
        for ending, singular in (("ies", "y"), ("xes", "x"), ("s", "")):
            if self.name.endswith(ending):
                return self.name.removesuffix(ending) + singular
        return self.name


def fields_of(layout: type) -> list[Field]:
    """The fields of a layout; those of rows within it in their place."""
    found: list[Field] = []
    for name, hint in get_type_hints(layout, include_extras=True).items():
        if get_origin(hint) is not Annotated:
            found += fields_of(_alternatives(hint)[0])
            continue
        kind, meaning = get_args(hint)
        (many,) = [each for each in _alternatives(kind) if get_origin(each) in {tuple, Sequence}] or [None]
        rows = [each for each in _alternatives(get_args(many)[0]) if hasattr(each, "_fields")] if many else []
        found.append(Field(name, meaning, many is not None, fields_of(rows[0]) if rows else None))
    return found


def _alternatives(hint: Any) -> Sequence[Any]:
    every = get_args(hint) if get_origin(hint) in {Union, UnionType} else [hint]
    return [each for each in every if each is not Packed]


def named(layout: type, args: Sequence[Argument]) -> Iterator[tuple[str, Argument]]:
    """Each of the arguments that begin with a layout, after what it is; those that follow after nothing."""
    found: list[tuple[str, Argument]] = []
    _named(found, fields_of(layout), args)
    yield from found
    for arg in args[len(found) :]:
        yield "", arg


def _named(found: list[tuple[str, Argument]], fields: Sequence[Field], args: Sequence[Argument]) -> None:
    for field in fields:
        if not field.many:
            found.append((field.meaning, args[len(found)]))
            continue
        count = int(args[len(found)])
        found.append((f"how many follow: {field.meaning}", args[len(found)]))
        for _ in range(count):
            if field.row is None:
                found.append((field.one, args[len(found)]))
            else:
                _named(found, field.row, args)
